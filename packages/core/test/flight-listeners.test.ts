import { afterEach, expect, test, vi } from 'vitest'
import { testScope } from '../src/testing.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

test('R16 a signal that lives on is listened to no longer than somebody has what came of the call', async () => {
  // What the collector does when it likes, here when the test does.
  const gone: (() => void)[] = []
  class Registry {
    readonly #end: (held: unknown) => void
    constructor(end: (held: unknown) => void) {
      this.#end = end
    }
    register(_target: object, held: unknown) {
      gone.push(() => this.#end(held))
    }
  }
  vi.stubGlobal('FinalizationRegistry', Registry)
  const { cache } = testScope()
  const seen: AbortSignal[] = []
  const rows = cache.cached(async (count: number, { signal }: { signal: AbortSignal }) => {
    seen.push(signal)
    return Array.from({ length: count }, (_, at) => at).values()
  })
  const program = new AbortController()
  const added = vi.spyOn(program.signal, 'addEventListener')
  const removed = vi.spyOn(program.signal, 'removeEventListener')
  const listening = () => {
    const ends = new Set(removed.mock.calls.map(([, listener]) => listener))
    return added.mock.calls.filter(([, listener]) => !ends.has(listener)).length
  }
  const { signal } = program
  for (let count = 0; count < 5; count++) expect([...(await rows(count, { signal }))]).toHaveLength(count)
  expect(listening()).toBe(5)
  for (const end of gone.splice(1)) end()
  expect(listening()).toBe(1)
  program.abort('enough')
  expect(seen.map((signal) => signal.aborted)).toEqual([true, false, false, false, false])
})
