import { createAutocache, type Entry } from '@autocache/core'
import { LRUCache } from 'lru-cache'
import { describe, expect, it } from 'vitest'
import { lruCacheStore } from '../src/index.ts'

/** A counting function over an LRUCache, and what happened to its store. */
function setUp(options: Partial<LRUCache.Options<string, Entry, unknown>>) {
  const lru = new LRUCache<string, Entry>({ max: 10, ...options })
  const cache = createAutocache({ store: lruCacheStore(lru), ttl: '1m' })
  const failed: string[] = []
  cache.on('store-error', ({ operation }) => failed.push(operation))
  let runs = 0
  return { lru, failed, fn: cache.cached((n: number) => `${n}:${runs++}`) }
}

const fails = () => {
  throw new Error('mine')
}

describe('a call over an LRUCache never fails because of it', () => {
  it.each<[string, () => number]>([
    ['throws', fails],
    ['gives 0', () => 0],
    ['gives NaN', () => Number.NaN],
    ['gives a fraction', () => 1.5],
  ])('where sizeCalculation %s: nothing is kept, and an event says so', (_what, sizeCalculation) => {
    const { fn, failed, lru } = setUp({ maxSize: 100, sizeCalculation })
    expect([fn(1), fn(1)]).toEqual(['1:0', '1:1'])
    expect(failed).toEqual(['set', 'set'])
    expect(lru.size).toBe(0)
  })

  it('where dispose throws: the value is returned, and the removal that failed is an error', () => {
    const { fn, failed } = setUp({ dispose: fails })
    for (let n = 0; n < 3; n++) expect(fn(1)).toBe('1:0')
    expect(() => fn.invalidate(1)).toThrow(
      expect.objectContaining({
        code: 'STORE_FAILED',
        store: 'LRUCache',
        operation: 'delete',
        cause: expect.objectContaining({ message: 'mine' }),
      }),
    )
    // What was invalidated is not believed any more, though it is still there.
    expect(fn(1)).toBe('1:1')
    expect(failed).toContain('set')
  })

  it('where dispose throws for an entry that expired: a read that fails is a miss', () => {
    let broken = false
    let now = 1_000
    const lru = new LRUCache<string, Entry>({
      max: 10,
      ttl: 5,
      ttlResolution: 0,
      perf: { now: () => now },
      dispose: () => {
        if (broken) fails()
      },
    })
    const cache = createAutocache({ store: lruCacheStore(lru) })
    let runs = 0
    const fn = cache.cached((n: number) => `${n}:${runs++}`)
    for (let n = 0; n < 3; n++) expect(fn(1)).toBe('1:0')
    broken = true
    now += 10
    expect(fn(1)).toBe('1:1')
    expect(cache.stats().total['store-error']).toBeGreaterThan(0)
  })
})
