import type { AsyncStore, Store } from '@autocache/core'
import { createCache } from 'cache-manager'
import { createCache as createCache6 } from 'cache-manager6'
import { Keyv } from 'keyv'
import { expectTypeOf, test } from 'vitest'
import { type CacheManagerStore, cacheManagerStore } from '../src/index.ts'

test('every cache of cache-manager 6 and 7 is accepted', () => {
  expectTypeOf(cacheManagerStore(createCache())).toEqualTypeOf<CacheManagerStore>()
  expectTypeOf(cacheManagerStore(createCache({ stores: [new Keyv()] }))).toEqualTypeOf<CacheManagerStore>()
  expectTypeOf(cacheManagerStore(createCache6())).toEqualTypeOf<CacheManagerStore>()
})

test('what is no cache is refused', () => {
  // @ts-expect-error a Keyv alone
  cacheManagerStore(new Keyv())
  // @ts-expect-error a list of Keyvs
  cacheManagerStore([new Keyv()])
  // @ts-expect-error an option that does not exist
  cacheManagerStore(createCache(), { ttl: 5 })
  // @ts-expect-error a lifetime that does not exist
  cacheManagerStore(createCache(), { lifetime: 'forever' })
})

test('a cacheManagerStore is an asynchronous store of text with batches, without clear, keys and set options', () => {
  const store = cacheManagerStore(createCache())
  expectTypeOf(store).toExtend<AsyncStore<'text'>>()
  expectTypeOf(store).toExtend<Store>()
  expectTypeOf(store.get).returns.resolves.toEqualTypeOf<string | undefined>()
  expectTypeOf(store.getMany).returns.resolves.toEqualTypeOf<readonly (string | undefined)[]>()
  // @ts-expect-error there are none
  void store.set('k', 'v', { setOptions: { raw: true } })
})
