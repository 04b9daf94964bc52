import { createAutocache, type Entry, type Store, type SyncStore } from '@autocache/core'
import { LRUCache } from 'lru-cache'
import { LRUCache as LRUCache10 } from 'lru-cache10'
import { expectTypeOf, test } from 'vitest'
import { entrySize, type LruCacheStore, type LruSetOptions, lruCacheStore } from '../src/index.ts'

test('an LRUCache of entries is accepted, of 10 and 11, with a context or without', () => {
  expectTypeOf(lruCacheStore(new LRUCache<string, Entry>({ max: 1 }))).toEqualTypeOf<LruCacheStore>()
  expectTypeOf(lruCacheStore(new LRUCache10<string, Entry>({ max: 1 }))).toEqualTypeOf<LruCacheStore>()
  expectTypeOf(lruCacheStore(new LRUCache<string, Entry, { user: string }>({ max: 1 }))).toEqualTypeOf<LruCacheStore>()
  new LRUCache<string, Entry>({ maxSize: 1, sizeCalculation: entrySize })
})

test('what is no LRUCache of entries is refused', () => {
  // @ts-expect-error other values
  lruCacheStore(new LRUCache<string, { user: string }>({ max: 1 }))
  // @ts-expect-error other keys
  lruCacheStore(new LRUCache<number, Entry>({ max: 1 }))
  // @ts-expect-error a Map
  lruCacheStore(new Map<string, Entry>())
  // @ts-expect-error its options
  lruCacheStore({ max: 500 })
})

test('it is a synchronous store, so that a synchronous function stays so', () => {
  const store = lruCacheStore(new LRUCache<string, Entry>({ max: 1 }))
  expectTypeOf(store).toExtend<SyncStore<'references', LruSetOptions>>()
  expectTypeOf(store).toExtend<Store>()
  const square = createAutocache({ store }).cached((n: number) => n * n)
  expectTypeOf(square(4)).toEqualTypeOf<number>()
})

test('setOptions are those of the LRUCache', () => {
  const cache = createAutocache({ store: lruCacheStore(new LRUCache<string, Entry>({ max: 1 })) })
  expectTypeOf<LruSetOptions>().toEqualTypeOf<LRUCache.SetOptions<string, Entry, any>>()
  cache.cached((n: number) => n, { setOptions: { size: 3, ttl: 5, noDisposeOnSet: true } })
  // @ts-expect-error no option of set
  cache.cached((n: number) => n, { setOptions: { max: 3 } })
  // @ts-expect-error a size is a number
  cache.cached((n: number) => n, { setOptions: { size: 'large' } })
})
