import { cached, createAutocache, type Entry, estimateBytes } from '@autocache/core'
import { LRUCache } from 'lru-cache'
import { LRUCache as LRUCache10 } from 'lru-cache10'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { entrySize, type LruCacheLike, lruCacheStore } from '../src/index.ts'

type Options = LRUCache.OptionsBase<string, Entry, unknown>
const versions: { version: number; make: (options: Options) => LRUCache<string, Entry> }[] = [
  { version: 11, make: (options) => new LRUCache<string, Entry>({ max: 100, ...options }) },
  {
    version: 10,
    make: (options) => new LRUCache10({ max: 100, ...options } as never) as unknown as LRUCache<string, Entry>,
  },
]

const entryOf = (key: string, body: unknown = key): Entry => ({
  format: 2,
  key,
  createdAt: Date.now(),
  codec: 'reference',
  outcome: 'value',
  promised: false,
  epochs: 0,
  body,
})

/** The clock that both releases took hold of when they were imported. */
const clock = performance

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(clock, 'now').mockImplementation(() => Date.now())
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** What an LRUCache's clock is cached for; it starts at the first look. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

for (const { version, make } of versions) {
  describe(`the settings of an LRUCache of lru-cache ${version}`, () => {
    /** A counting function over such an LRUCache. */
    const setUp = (options: Options, of: Parameters<typeof createAutocache>[0] = {}) => {
      const lru = make(options)
      let runs = 0
      const cache = createAutocache({ ...of, store: lruCacheStore(lru) })
      return { lru, cache, fn: cache.cached((key: string) => `${key}${runs++}`) }
    }

    it('max: the least recently used entry goes', () => {
      const { lru, fn } = setUp({ max: 2 })
      fn('a')
      fn('b')
      fn('a')
      fn('c')
      expect(lru.size).toBe(2)
      expect(fn('a')).toBe('a0')
      expect(fn('b')).toBe('b3')
    })

    it('maxSize with entrySize: bytes of the values, and what is larger is not kept', () => {
      const lru = make({ maxSize: 10_000, sizeCalculation: entrySize })
      const store = lruCacheStore(lru)
      store.set('k', entryOf('k', 'x'.repeat(1000)))
      expect(lru.calculatedSize).toBe(estimateBytes('x'.repeat(1000)) + 2)
      for (let n = 0; n < 20; n++) store.set(`k${n}`, entryOf(`k${n}`, 'x'.repeat(1000)))
      expect(lru.calculatedSize).toBeLessThanOrEqual(10_000)
      expect(lru.size).toBe(4)
      store.set('k19', entryOf('k19', 'x'.repeat(100_000)))
      expect(store.get('k19')).toBeUndefined()
    })

    it('maxSize without a measure: entries are measured, where lru-cache would refuse every one', () => {
      const lru = make({ maxSize: 10_000 })
      lruCacheStore(lru).set('k', entryOf('k', 'abcd'))
      expect(lru.calculatedSize).toBe(26)
    })

    it("the user's own sizeCalculation, and a size in setOptions, are not overruled", () => {
      const lru = make({ maxSize: 100, sizeCalculation: () => 7 })
      const store = lruCacheStore(lru)
      store.set('k', entryOf('k'))
      expect(lru.calculatedSize).toBe(7)
      store.set('k', entryOf('k'), { setOptions: { size: 3 } })
      expect(lru.calculatedSize).toBe(3)
      store.set('k', entryOf('k'), { setOptions: { sizeCalculation: () => 5 } })
      expect(lru.calculatedSize).toBe(5)
    })

    it('ttl: for entries without an expiry of their own only', async () => {
      const { fn } = setUp({ ttl: 100 })
      const own = setUp({ ttl: 100 }, { ttl: '1h' })
      expect([fn('a'), own.fn('a')]).toEqual(['a0', 'a0'])
      await pass(150)
      expect([fn('a'), own.fn('a')]).toEqual(['a1', 'a0'])
    })

    it('an expiry is rounded up to whole milliseconds and never 0, which would be for ever', async () => {
      const lru = make({})
      const store = lruCacheStore(lru)
      store.set('fraction', entryOf('fraction'), { expiresAt: Date.now() + 100.25 })
      store.set('past', entryOf('past'), { expiresAt: Date.now() - 1000 })
      store.set('now', entryOf('now'), { expiresAt: Date.now() })
      store.set('never', entryOf('never'), { expiresAt: Number.POSITIVE_INFINITY })
      expect(lru.info?.('fraction')?.ttl).toBe(101)
      await pass(5)
      expect([store.get('past'), store.get('now')]).toEqual([undefined, undefined])
      expect(store.get('fraction')?.body).toBe('fraction')
      await pass(1_000_000)
      expect([store.get('fraction'), store.get('never')?.body]).toEqual([undefined, 'never'])
    })

    it('ttlAutopurge: entries go by a timer, and one that lives longer than timers can be has a single one', async () => {
      const lru = make({ ttl: 50, ttlAutopurge: true })
      const store = lruCacheStore(lru)
      store.set('short', entryOf('short'), { expiresAt: Date.now() + 100 })
      await pass(200)
      expect(lru.size).toBe(0)
      store.set('long', entryOf('long'), { expiresAt: Date.now() + 2 ** 33 })
      const timers = vi.spyOn(globalThis, 'setTimeout')
      await pass(100)
      expect(timers).not.toHaveBeenCalled()
      expect(store.get('long')?.body).toBe('long')
    })

    it('allowStale: hands out what expired, and core still decides what is fresh', async () => {
      const { lru, fn } = setUp({ allowStale: true }, { ttl: 100 })
      expect(fn('a')).toBe('a0')
      await pass(150)
      expect(lru.peek([...lru.keys()][0] as string)).toBeDefined()
      expect(fn('a')).toBe('a1')
      await pass(150)
      for (let n = 0; n < 3; n++) expect(fn('a')).toBe('a2')
    })

    it('updateAgeOnGet and noUpdateTTL: entries stay longer or shorter, and are fresh no longer than core says', async () => {
      for (const options of [{ updateAgeOnGet: true }, { noUpdateTTL: true }, { ttlResolution: 10_000 }]) {
        const { fn } = setUp({ ttl: 60, ...options }, { ttl: 100 })
        const answers: string[] = []
        for (let n = 0; n < 12; n++) {
          answers.push(fn('a'))
          await pass(30)
        }
        const longest = Math.max(...answers.map((answer) => answers.filter((other) => other === answer).length))
        expect(longest).toBeLessThanOrEqual(4)
      }
    })

    it('noDeleteOnStaleGet: an expired entry that is kept is still no answer', async () => {
      const { fn } = setUp({ allowStale: true, noDeleteOnStaleGet: true }, { ttl: 100 })
      fn('a')
      await pass(150)
      expect([fn('a'), fn('a')]).toEqual(['a1', 'a1'])
    })

    it('dispose, disposeAfter and onInsert: called as ever, with the reasons of lru-cache', async () => {
      const seen: string[] = []
      const note = (what: string) => (entry: Entry, _key: string, reason: string) =>
        seen.push(`${what} ${entry.body} ${reason}`)
      const { fn, cache } = setUp(
        { max: 1, dispose: note('dispose'), disposeAfter: note('after'), onInsert: note('insert') },
        { ttl: 1000 },
      )
      void cache
      fn('a')
      fn('b')
      fn.invalidate('b')
      const inserts = version === 11 ? ['insert a0 add', 'insert b1 add'] : []
      expect(seen.filter((line) => line.startsWith('insert'))).toEqual(inserts)
      expect(seen.filter((line) => !line.startsWith('insert'))).toEqual([
        'dispose a0 evict',
        'after a0 evict',
        'dispose b1 delete',
        'after b1 delete',
      ])
    })

    it('noDisposeOnSet: an overwritten entry is disposed of only without it', () => {
      for (const noDisposeOnSet of [true, false]) {
        const dispose = vi.fn()
        const { fn } = setUp({ dispose, noDisposeOnSet })
        fn('a')
        fn.refresh('a')
        expect(dispose).toHaveBeenCalledTimes(noDisposeOnSet ? 0 : 1)
      }
    })

    it('fetchMethod and memoMethod: never called', async () => {
      const other = vi.fn(() => entryOf('other'))
      const { fn, cache } = setUp({ fetchMethod: other, memoMethod: other, allowStale: true }, { ttl: 10 })
      for (let n = 0; n < 3; n++) {
        fn('a')
        fn.peek('a')
        fn.refresh('a')
        fn.prime(['b'], 'b')
        fn.invalidate('a')
        await pass(20)
      }
      await cache.close()
      expect(other).not.toHaveBeenCalled()
    })

    it('apply when they change later', async () => {
      const { lru, fn } = setUp({})
      fn('a')
      lru.ttl = 50
      fn('b')
      await pass(100)
      expect([fn('a'), fn('b')]).toEqual(['a0', 'b2'])
    })

    it('setOptions go to set, and what was handed over is not written into', () => {
      const lru = make({ maxSize: 100, sizeCalculation: () => 1 })
      const set = vi.spyOn(lru, 'set')
      const setOptions = Object.freeze({ size: 9, noDisposeOnSet: true })
      const fn = createAutocache({ store: lruCacheStore(lru) }).cached((n: number) => n, { ttl: '1m', setOptions })
      fn(1)
      expect(lru.calculatedSize).toBe(9)
      expect(set.mock.calls[0]?.[2]).toMatchObject({ size: 9, noDisposeOnSet: true, ttl: 60_000 })
      const own = createAutocache({ store: lruCacheStore(lru) }).cached((n: number) => n, {
        ttl: '1m',
        setOptions: { ttl: 5 },
      })
      own(1)
      expect(set.mock.calls[1]?.[2]).toMatchObject({ ttl: 5 })
    })
  })
}

describe('lruCacheStore', () => {
  it('is a store of references in this process', () => {
    const { lifetime, holds, maxKeyBytes } = lruCacheStore(new LRUCache<string, Entry>({ max: 1 }))
    expect({ lifetime, holds, maxKeyBytes }).toEqual({
      lifetime: 'process',
      holds: 'references',
      maxKeyBytes: undefined,
    })
  })

  it('is enough for the bare `cached`', () => {
    const lru = new LRUCache<string, Entry>({ max: 10 })
    const square = cached((n: number) => n * n, { store: lruCacheStore(lru) })
    expect([square(3), square(3), lru.size]).toEqual([9, 9, 1])
  })

  it('refuses what is no LRUCache, at once', () => {
    for (const wrong of [undefined, null, {}, new Map(), 500, { max: 500 }]) {
      expect(() => lruCacheStore(wrong as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
  })

  it('R18 is one store for one LRUCache, so that an invalidation by one module is known to the other', async () => {
    const lru: LruCacheLike = new LRUCache<string, Entry>({ max: 10 })
    expect(lruCacheStore(lru)).toBe(lruCacheStore(lru))
    expect(lruCacheStore(new LRUCache<string, Entry>({ max: 10 }))).not.toBe(lruCacheStore(lru))
    let now = 1
    const waiting: (() => void)[] = []
    const look = async (_id: string) => {
      const seen = now
      await new Promise<void>((resolve) => waiting.push(resolve))
      return seen
    }
    const define = () =>
      createAutocache({ store: lruCacheStore(lru), namespace: 'test' }).cached(look, { name: 'look', version: '1' })
    const [one, other] = [define(), define()]
    const early = one('a')
    now = 2
    other.invalidate('a')
    const late = other('a')
    for (const land of waiting) land()
    expect([await early, await late]).toEqual([1, 2])
    expect(await one('a')).toBe(2)
  })
})
