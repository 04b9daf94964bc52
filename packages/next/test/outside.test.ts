/** Scripts and tests run cached functions without Next. */
import { cached } from '@autocache/next'
import { expect, test } from 'vitest'

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
