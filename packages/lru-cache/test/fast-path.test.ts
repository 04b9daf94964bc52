import { createAutocache, type Entry, type Handle } from '@autocache/core'
import { testClock } from '@autocache/core/testing'
import fc from 'fast-check'
import { LRUCache } from 'lru-cache'
import { describe, expect, test, vi } from 'vitest'
import { type LruCacheStore, lruCacheStore } from '../src/index.ts'
import { Places } from '../src/places.ts'

const lruOf = (max = 100, options = {}) => new LRUCache<string, Entry>({ max, ...options })

/** The same store without places, so that every call goes the general way. */
function general(store: LruCacheStore): LruCacheStore {
  return {
    ...store,
    scope(prefix) {
      const { get, set, delete: remove } = store.scope(prefix)
      return { get, set, delete: remove }
    },
  }
}

const argument = fc.oneof(
  fc.constantFrom<unknown>(0, -0, '0', 1n, true, null, undefined, ''),
  fc.integer({ min: 0, max: 3 }),
  fc.record({ a: fc.integer({ min: 0, max: 1 }) }),
)
const args = fc.array(argument, { maxLength: 3 })
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('call' as const), args }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('invalidate' as const), args }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refresh' as const), args }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), by: fc.integer({ min: -5, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pop' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Plays the steps, and returns every answer, how often the function had run by then, and what is left in which order. */
function play(steps: readonly Step[], max: number, ttl: number, wrap: (store: LruCacheStore) => LruCacheStore) {
  const lru = lruOf(max)
  const clock = testClock()
  let runs = 0
  // Arguments tell: the prefix of a key differs between two plays.
  const fn = createAutocache({ store: wrap(lruCacheStore(lru)), ttl, clock }).cached((...list: unknown[]) => {
    return `${runs++}:${list.length}`
  })
  const handle = fn as unknown as Handle<(...list: unknown[]) => string, false>
  const trace: unknown[] = []
  for (const one of steps) {
    if (one.do === 'call') trace.push(fn(...one.args), runs)
    else if (one.do === 'wait') clock.advance(one.by)
    else if (one.do === 'clear') lru.clear()
    else if (one.do === 'pop') lru.pop()
    else if (one.do === 'refresh') trace.push(handle.refresh(...one.args))
    else handle.invalidate(...one.args)
  }
  return [...trace, ...Array.from(lru.values(), ({ body }) => body)]
}

describe('the fast path over an LRUCache', () => {
  test('answers and evicts as the general path does, whatever the user does to the LRUCache meanwhile', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom(Infinity, 100, 1),
        (steps, max, ttl) => {
          expect(play(steps, max, ttl, (store) => store)).toEqual(play(steps, max, ttl, general))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('is taken by the third call: one get of the LRUCache and nothing else', () => {
    const lru = lruOf()
    const key = vi.spyOn(lruCacheStore(lru), 'scope')
    const fn = createAutocache({ store: lruCacheStore(lru) }).cached((a: string, b: number) => a + b)
    fn('a', 1)
    fn('a', 1)
    expect(key).toHaveBeenCalledTimes(1)
    const get = vi.spyOn(lru, 'get')
    const others = (['peek', 'has', 'set', 'delete', 'keys'] as const).map((name) => vi.spyOn(lru, name))
    for (let n = 0; n < 100; n++) expect(fn('a', 1)).toBe('a1')
    expect(get).toHaveBeenCalledTimes(100)
    for (const other of others) expect(other).not.toHaveBeenCalled()
  })

  test('keeps what is asked for: a hit is a use, so another entry is evicted', () => {
    const lru = lruOf(3)
    let runs = 0
    const fn = createAutocache({ store: lruCacheStore(lru) }).cached((n: number) => [n, runs++])
    for (let n = 0; n < 3; n++) fn(n)
    for (let n = 0; n < 3; n++) fn(0)
    fn(3)
    fn(4)
    expect(fn(0)).toEqual([0, 0])
    expect(runs).toBe(5)
  })

  test('ends where the user empties the LRUCache, and begins again after', () => {
    const lru = lruOf()
    let runs = 0
    const fn = createAutocache({ store: lruCacheStore(lru) }).cached((_n: number) => runs++)
    for (let n = 0; n < 4; n++) expect(fn(1)).toBe(0)
    lru.clear()
    for (let n = 0; n < 4; n++) expect(fn(1)).toBe(1)
    lru.delete([...lru.keys()][0] as string)
    expect(fn(1)).toBe(2)
  })

  test('R09 answers with nothing but the entry of its own key', () => {
    const lru = lruOf()
    let runs = 0
    const fn = createAutocache({ store: lruCacheStore(lru) }).cached((n: number) => `${n}:${runs++}`)
    for (let n = 0; n < 4; n++) {
      fn(1)
      fn(2)
    }
    const [two = '', one = ''] = lru.keys()
    lru.set(one, lru.get(two) as Entry)
    expect(fn(1)).toBe('1:2')
    lru.set(one, 'rubbish' as never)
    expect(fn(1)).toBe('1:3')
  })

  test('has no more places than about twice the entries, and those that go are taken from the index', () => {
    const lru = lruOf(10)
    const places = new Places(lru)
    const gone: unknown[] = []
    for (let n = 0; n < 10_000; n++) {
      const key = `k${n}`
      lru.set(key, { format: 1, key, createdAt: 0, codec: 'reference', outcome: 'value', promised: false, body: n })
      const place = places.find(key)
      if (place) place.indexes = [{ index: { delete: (at) => gone.push(at) }, key: n }]
    }
    expect(places.size).toBeLessThanOrEqual(1000)
    expect(gone.length).toBe(10_000 - places.size)
    expect(places.find('never')).toBeNull()
  })
})
