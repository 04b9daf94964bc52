// One job of `npm run bench -- compiler` in a process of its own: `fork(compiler, [job as JSON])`, which sends the result back.
import { measure } from './compiler/measure.ts'

const result = await measure(JSON.parse(process.argv[2]!))
process.send?.(result, () => process.exit())
