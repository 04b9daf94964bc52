import { createAutocache, memoryStore } from '@autocache/core'
import { buildQuery, record } from './inputs.ts'
import type { HeapResult } from './results.ts'

/** How many different calls there are for the 10,000 places of the store: two of three calls hit, the others evict. */
const different = 15_000

/**
 * Calls functions over one store of 10,000 entries in random order, with texts, numbers and objects as arguments, and
 * weighs the heap after each tenth. Needs `--expose-gc`.
 */
export async function weighHeap(calls: number): Promise<HeapResult> {
  const { gc } = globalThis
  if (!gc) throw new Error('The heap is weighed with --expose-gc.')
  const { cached } = createAutocache({ store: memoryStore({ max: 10_000 }) })
  const byText = cached((key: string) => record(Number(key.slice(5))))
  const byNumbers = cached((a: number, b: number) => record(a + b))
  const byObject = cached((query: ReturnType<typeof buildQuery>) => record(query.page.number))
  const later = cached(async (key: string) => record(Number(key.slice(5))))

  const bytes: number[] = []
  let state = 42
  for (let call = 1; call <= calls; call++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const n = (state >>> 8) % different
    const kind = state & 7
    if (kind === 0) byObject(buildQuery(n))
    else if (kind === 1) await later(`user-${n}`)
    else if (kind < 4) byNumbers(n, 7 * n)
    else byText(`user-${n}`)
    if (call % (calls / 10) === 0) {
      // Twice, with a turn of the event loop between: what finalizers and microtasks held is then gone too.
      gc()
      await new Promise(setImmediate)
      gc()
      bytes.push(process.memoryUsage().heapUsed)
    }
  }
  return { calls, bytes }
}
