import { createAutocache, type Entry, type Handle } from '@autocache/core'
import fc from 'fast-check'
import { LRUCache } from 'lru-cache'
import { afterEach, describe, expect, test, vi } from 'vitest'
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
const args = fc.oneof(
  // Often the same, so that a place has seen several entries.
  { weight: 3, arbitrary: fc.constantFrom<unknown[]>([1], [1, '0']) },
  { weight: 2, arbitrary: fc.array(argument, { maxLength: 3 }) },
)
/** Which of the functions: of one label in two versions, and of another label. */
const of = fc.constantFrom(0, 1, 2)
const tag = fc.constantFrom('list', 'length 1', 'length 2', 'nobody has it')
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('call' as const), of, args }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('invalidate' as const), of, args }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('invalidateAll' as const), of }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('invalidateTags' as const), tag }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refresh' as const), of, args }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), by: fc.integer({ min: -5, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pop' as const) }) },
  // The user puts back what he took out before, whatever has been invalidated since.
  { weight: 2, arbitrary: fc.record({ do: fc.constant('takeOut' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('putBack' as const) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
type Tags = readonly string[] | ((value: string, ...list: unknown[]) => readonly string[])

/** How the functions are tagged. */
const tagsOf = {
  none: [],
  'a list': ['list'],
  'by the arguments': (_value, ...list) => (list.length === 3 ? [] : [`length ${list.length}`]),
} satisfies Record<string, Tags>

/** Plays the steps, and returns every answer, how often the functions had run by then, and what is left in which order. */
function play(
  steps: readonly Step[],
  { max, ttl, tags }: { max: number; ttl: number; tags: keyof typeof tagsOf },
  wrap: (store: LruCacheStore) => LruCacheStore,
) {
  // One clock for all: without a resolution the LRUCache looks at it each time.
  const lru = lruOf(max, { ttlResolution: 0 })
  let now = 1_000_000
  vi.spyOn(Date, 'now').mockImplementation(() => now)
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  let runs = 0
  const cache = createAutocache({ store: wrap(lruCacheStore(lru)), ttl })
  const define = (name: string, version: string) =>
    cache.cached((...list: unknown[]) => `${name} ${version} ${runs++}:${list.length}`, {
      ...{ name, version },
      tags: tagsOf[tags] as Tags as readonly string[],
    }) as unknown as ((...list: unknown[]) => string) & Handle<(...list: unknown[]) => string, false>
  const fns = [define('f', '1'), define('f', '2'), define('g', '1')] as const
  const trace: unknown[] = []
  let taken: readonly (readonly [string, Entry])[] = []
  for (const one of steps) {
    if (one.do === 'call') trace.push(fns[one.of]!(...one.args), runs)
    else if (one.do === 'wait') now += one.by
    else if (one.do === 'clear') lru.clear()
    else if (one.do === 'pop') lru.pop()
    else if (one.do === 'takeOut') taken = [...lru.entries()]
    else if (one.do === 'putBack') for (const [key, entry] of taken) lru.set(key, entry)
    else if (one.do === 'refresh') trace.push(fns[one.of]!.refresh(...one.args))
    else if (one.do === 'invalidateAll') fns[one.of]!.invalidateAll()
    else if (one.do === 'invalidateTags') void cache.invalidateTags(one.tag)
    else fns[one.of]!.invalidate(...one.args)
  }
  const left = Array.from(lru.values(), ({ body }) => body)
  vi.restoreAllMocks()
  return [...trace, ...left]
}

afterEach(() => void vi.restoreAllMocks())

describe('the fast path over an LRUCache', () => {
  test('answers and evicts as the general path does, whatever the user does to the LRUCache meanwhile', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.record({
          max: fc.integer({ min: 1, max: 12 }),
          ttl: fc.constantFrom(Infinity, 100, 1),
          tags: fc.constantFrom(...(Object.keys(tagsOf) as (keyof typeof tagsOf)[])),
        }),
        (steps, settings) => {
          expect(play(steps, settings, (store) => store)).toEqual(play(steps, settings, general))
        },
      ),
      { numRuns: 1000 },
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

  test('R18 answers with no entry that was invalidated, also where it stands in the place of one that was not', async () => {
    const lru = lruOf()
    const cache = createAutocache({ store: lruCacheStore(lru) })
    let runs = 0
    const fn = cache.cached((n: number) => `${n}:${runs++}`, { tags: (_value, n) => [`number ${n}`] })
    const end: (() => unknown)[] = [
      () => fn.invalidate(1),
      () => fn.invalidateAll(),
      () => cache.invalidateTags('number 1'),
    ]
    for (const invalidate of end) {
      const before = fn(1)
      for (let n = 0; n < 3; n++) expect(fn(1)).toBe(before)
      const [[key, old] = ['', undefined]] = [...lru.entries()]
      await invalidate()
      const after = fn(1)
      for (let n = 0; n < 3; n++) expect(fn(1)).toBe(after)
      expect(after).not.toBe(before)
      // Once in the place of the newer one, and once after a look that found nothing there.
      lru.set(key, old!)
      expect(fn(1)).not.toBe(before)
      lru.delete(key)
      cache.stats()
      for (let n = 0; n < 3; n++) fn(1)
      lru.set(key, old!)
      expect(fn(1)).not.toBe(before)
    }
  })

  test('keeps being taken after an invalidation of something else, and looks once at what that leaves standing', async () => {
    const lru = lruOf()
    const cache = createAutocache({ store: lruCacheStore(lru) })
    const fn = cache.cached((n: number) => n, { tags: ['numbers'] })
    for (let n = 0; n < 3; n++) fn(1)
    await cache.invalidateTags('others')
    fn(1)
    const get = vi.spyOn(lru, 'get')
    for (let n = 0; n < 100; n++) expect(fn(1)).toBe(1)
    expect(get).toHaveBeenCalledTimes(100)
  })

  test('has no more places than about twice the entries, and those that go are taken from the index', () => {
    const lru = lruOf(10)
    const places = new Places(lru)
    const gone: unknown[] = []
    for (let n = 0; n < 10_000; n++) {
      const key = `k${n}`
      lru.set(key, {
        format: 2,
        key,
        createdAt: 0,
        codec: 'reference',
        outcome: 'value',
        promised: false,
        epochs: 0,
        body: n,
      })
      const place = places.find(key)
      if (place) place.indexes = [{ index: { delete: (at) => gone.push(at) }, key: n }]
    }
    expect(places.size).toBeLessThanOrEqual(1000)
    expect(gone.length).toBe(10_000 - places.size)
    expect(places.find('never')).toBeNull()
  })
})
