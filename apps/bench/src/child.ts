// One group, or the heap test, in a process of its own: `fork(child, [what, how much])`, which sends the result back.
import { groups } from './groups/index.ts'
import { weighHeap } from './heap.ts'
import { measureGroup } from './measure.ts'

const [what, amount] = process.argv.slice(2)
const group = groups.find(({ id }) => id === what)
const result = group ? await measureGroup(group, Number(amount)) : await weighHeap(Number(amount))
process.send?.(result, () => process.exit())
