/** Scripts and tests run cached functions without Next. */
import { cached, stats } from '@autocache/next'
import { expect, test, vi } from 'vitest'

test('outside of Next entries live in memory, also those of functions without a version', async () => {
  let runs = 0
  const one = cached(async (id: string) => ({ id, at: new Date(0), run: (runs += 1) }), { ttl: '1m', tags: ['a'] })
  expect(await one('a')).toEqual({ id: 'a', at: new Date(0), run: 1 })
  expect(await one('a')).toMatchObject({ run: 1 })
  await one.invalidate('a')
  expect(await one('a')).toMatchObject({ run: 2 })
  await one('b')
  await one.invalidateAll()
  expect([(await one('a')).run, (await one('b')).run]).toEqual([4, 5])
})

test('nobody gets the object of another caller', async () => {
  const one = cached(async () => [1], { ttl: '1m' })
  ;(await one()).push(2)
  expect(await one()).toEqual([1])
})

test.each([
  [{ ttl: '1m', tags: ['x'.repeat(257)] }, 'a tag has 257 characters'],
  [{ ttl: '1m', tags: Array.from({ length: 127 }, (_, at) => `${at}`) }, 'at most 126 texts'],
  [{ ttl: () => 1 }, '`ttl` must be a duration above 0'],
  [{ ttl: '1m', peek: true }, '`peek` is not possible here'],
])('%o is refused where it is written', (options, message) => {
  expect(() => cached(async () => 1, { version: '1', name: 'refused', ...options } as never)).toThrow(message)
})

test('without withAutocache a function has no version: it runs, and one line says what to do', async () => {
  const host = globalThis as { __incrementalCache?: object }
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  // As Next has it outside of a request.
  host.__incrementalCache = { cacheHandler: {} }
  try {
    let runs = 0
    const bare = cached(async () => (runs += 1), { ttl: '1m' })
    expect([await bare(), await bare()]).toEqual([1, 2])
    expect(warn.mock.calls.flat()).toEqual([
      expect.stringMatching(
        /^Warning: autocache: `anonymous` has no version and is not cached.*withAutocache\(nextConfig\)/,
      ),
    ])
    expect(stats().total).toMatchObject({ bypass: 2 })
    expect(bare.version).toBeUndefined()
    expect(() => bare.keyOf()).toThrow('has no version')
  } finally {
    delete host.__incrementalCache
    warn.mockRestore()
  }
})
