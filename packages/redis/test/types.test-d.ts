import type { AsyncStore, Store } from '@autocache/core'
import { Cluster, Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { createClient as createClient5 } from 'redis5'
import { expectTypeOf, test } from 'vitest'
import { type RedisStore, redisStore } from '../src/index.ts'

test('every client of node-redis and ioredis is accepted, alone or with a subscriber', () => {
  expectTypeOf(redisStore(createClient())).toEqualTypeOf<RedisStore>()
  expectTypeOf(redisStore(createClient5())).toEqualTypeOf<RedisStore>()
  expectTypeOf(redisStore(createClientPool())).toEqualTypeOf<RedisStore>()
  expectTypeOf(redisStore(createCluster({ rootNodes: [] }))).toEqualTypeOf<RedisStore>()
  expectTypeOf(redisStore(createSentinel({ name: 'main', sentinelRootNodes: [] }))).toEqualTypeOf<RedisStore>()
  expectTypeOf(redisStore(new Redis())).toEqualTypeOf<RedisStore>()
  expectTypeOf(redisStore(new Redis5())).toEqualTypeOf<RedisStore>()
  expectTypeOf(redisStore(new Cluster([]))).toEqualTypeOf<RedisStore>()
  redisStore({ client: createClient(), subscriber: createClient() })
  redisStore({ client: new Redis(), subscriber: new Redis() }, { prefix: 'a:', failover: 'keep' })
})

test('what is no client, and what is no option, is refused', () => {
  // @ts-expect-error a URL
  redisStore('redis://localhost')
  // @ts-expect-error a Map
  redisStore(new Map())
  // @ts-expect-error an option that does not exist
  redisStore(createClient(), { namespace: 'shop' })
  // @ts-expect-error a way that does not exist
  redisStore(createClient(), { failover: 'warm' })
})

test('a redisStore is an asynchronous store of text, without set options', () => {
  const store = redisStore(new Redis())
  expectTypeOf(store).toExtend<AsyncStore<'text'>>()
  expectTypeOf(store).toExtend<Store>()
  expectTypeOf(store.get).returns.resolves.toEqualTypeOf<string | undefined>()
  // @ts-expect-error it takes no options
  void store.set('k', 'v', { setOptions: { raw: true } })
})
