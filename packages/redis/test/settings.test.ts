import { createAutocache } from '@autocache/core'
import { Cluster, Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { createClient, createCluster } from 'redis'
import { createClient as createClient5 } from 'redis5'
import { describeWithOwnRedis, RedisServer, startCluster, until } from 'servers'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type RedisClientLike, redisStore } from '../src/index.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** The type of a reply that is a text, as RESP numbers it. */
const blob = 36

async function nodeRedis(create: typeof createClient, url: string, settings: object): Promise<RedisClientLike> {
  const client = create({ url, ...settings })
  client.on('error', () => {})
  closing.unshift(() => client.isOpen && client.destroy())
  await client.connect()
  return client
}

function ioredis(Client: typeof Redis, port: number, settings: object): RedisClientLike {
  const client = new Client(port, '127.0.0.1', settings)
  client.on('error', () => {})
  closing.unshift(() => client.disconnect())
  return client
}

const create5 = createClient5 as unknown as typeof createClient
const Client5 = Redis5 as unknown as typeof Redis

/** Clients that are set up otherwise than by default. */
const settings: Record<string, (server: RedisServer) => Promise<RedisClientLike> | RedisClientLike> = {
  'node-redis 6, RESP 2': ({ url }) => nodeRedis(createClient, url, { RESP: 2 }),
  'node-redis 6, RESP 3': ({ url }) => nodeRedis(createClient, url, { RESP: 3 }),
  'node-redis 5, RESP 3': ({ url }) => nodeRedis(create5, url, { RESP: 3 }),
  'node-redis 6, replies as Buffers': ({ url }) =>
    nodeRedis(createClient, url, { commandOptions: { typeMapping: { [blob]: Buffer } } }),
  'node-redis 6, no offline queue': ({ url }) => nodeRedis(createClient, url, { disableOfflineQueue: true }),
  'node-redis 6, a bound of its queue': ({ url }) => nodeRedis(createClient, url, { commandsQueueMaxLength: 50 }),
  'ioredis 6, automatic pipelines': ({ port }) => ioredis(Redis, port, { enableAutoPipelining: true }),
  'ioredis 6, automatic pipelines without MGET': ({ port }) =>
    ioredis(Redis, port, { enableAutoPipelining: true, autoPipeliningIgnoredCommands: ['mget', 'info'] }),
  'ioredis 5, automatic pipelines': ({ port }) => ioredis(Client5, port, { enableAutoPipelining: true }),
  'ioredis 6, connecting with the first command': ({ port }) => ioredis(Redis, port, { lazyConnect: true }),
  'ioredis 6, a time-out of each command': ({ port }) => ioredis(Redis, port, { commandTimeout: 5000 }),
  'ioredis 6, numbers as texts': ({ port }) => ioredis(Redis, port, { stringNumbers: true }),
  'ioredis 6, another database': ({ port }) => ioredis(Redis, port, { db: 3 }),
  'ioredis 6, stacks of who called': ({ port }) => ioredis(Redis, port, { showFriendlyErrorStack: true }),
  'ioredis 6, RESP 3': ({ port }) => ioredis(Redis, port, { protocol: 3 }),
  'ioredis 6, a prefix with braces': ({ port }) => ioredis(Redis, port, { keyPrefix: '{app}:' }),
}

const value = (id: number) => ({
  id,
  at: new Date(0),
  lone: 'a\ud800b',
  zero: 'a\0b\r\n$3\r\nfoo',
  big: 'ß'.repeat(50_000),
})

describeWithOwnRedis()('a client works as it is set up', { timeout: 30_000 }, () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server?.end())

  for (const [name, connect] of Object.entries(settings)) {
    it(`${name}: hits, invalidations, locks and batches`, async () => {
      const client = await connect(server)
      const store = redisStore(client, { prefix: 'settings:' })
      const cache = createAutocache({ store, namespace: name, version: '1', ttl: '1h', storeTimeout: '10s' })
      const failures: unknown[] = []
      cache.on('store-error', ({ error }) => failures.push(error))
      let runs = 0
      const load = cache.cached(
        async (id: number) => {
          runs += 1
          return value(id)
        },
        { name: 'load', tags: ['t'] },
      )
      expect(await load(1)).toEqual(value(1))
      await cache.close()
      expect(await Promise.all(Array.from({ length: 20 }, () => load(1)))).toEqual(Array(20).fill(value(1)))
      expect(runs).toBe(1)
      await cache.invalidateTags('t')
      expect(await load(1)).toEqual(value(1))
      expect(runs).toBe(2)
      await load.many(Array.from({ length: 10 }, (_, id) => [id]))
      await cache.close()
      const before = runs
      await load.many(Array.from({ length: 10 }, (_, id) => [id]))
      expect(runs).toBe(before)
      const { locks } = store
      expect(await locks.acquire('k', 'mine', 5000)).toBeUndefined()
      expect(await locks.acquire('k', 'other', 5000)).toBe('mine')
      expect(await locks.renew('k', 'mine', 5000)).toBe(true)
      expect(await locks.renew('k', 'other', 5000)).toBe(false)
      await locks.release('k', 'other')
      expect(await locks.acquire('k', 'other', 5000)).toBe('mine')
      await locks.release('k', 'mine')
      expect(await locks.acquire('k', 'other', 5000)).toBeUndefined()
      await locks.release('k', 'other')
      const keys: string[] = []
      for await (const key of store.keys('')) keys.push(key)
      expect(keys.length).toBeGreaterThan(10)
      expect(keys.every((key) => !key.startsWith('settings:'))).toBe(true)
      await store.clear()
      for await (const key of store.keys('')) expect(key).toBeUndefined()
      expect(failures).toEqual([])
    })
  }

  it('ioredis without an offline queue: calls before it is connected run their function, and later ones hit', async () => {
    const client = ioredis(Redis, server.port, { enableOfflineQueue: false })
    const store = redisStore(client, { prefix: 'offline:' })
    const cache = createAutocache({ store, namespace: 'offline', version: '1', ttl: '1h', storeTimeout: '10s' })
    let runs = 0
    const load = cache.cached(async (id: number) => (runs += 1) && id, { name: 'load' })
    expect(await load(1)).toBe(1)
    await until(async () => {
      await load(1)
      await cache.close()
      return (cache.stats().total.hit ?? 0) > 0
    }, 25_000)
    const before = runs
    expect(await load(1)).toBe(1)
    expect(runs).toBe(before)
  })

  it('a value of many megabytes goes there and back', async () => {
    const client = ioredis(Redis, server.port, {})
    const cache = createAutocache({
      store: redisStore(client, { prefix: 'huge:' }),
      namespace: 'huge',
      version: '1',
      ttl: '1h',
      storeTimeout: '20s',
    })
    const load = cache.cached(async (size: number) => 'x'.repeat(size), { name: 'load' })
    const size = 8_000_000
    expect((await load(size)).length).toBe(size)
    await cache.close()
    expect((await load(size)).length).toBe(size)
    expect(cache.stats().total.fill).toBe(1)
  })

  it('what looks like a hash tag in a name, a key or a prefix is only text, also in a cluster', async () => {
    const servers = await startCluster(3)
    closing.push(...servers.map((one) => () => one.end()))
    const port = servers[0]!.port
    const io = new Cluster([{ host: '127.0.0.1', port }], { keyPrefix: '{p}:' })
    io.on('error', () => {})
    const node = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }] })
    node.on('error', () => {})
    await node.connect()
    closing.unshift(
      () => io.disconnect(),
      () => node.destroy(),
    )
    for (const client of [io, node]) {
      const cache = createAutocache({
        store: redisStore(client, { prefix: 'a{b}c:' }),
        namespace: '{n}',
        version: '1',
        ttl: '1h',
        keys: 'readable',
        storeTimeout: '10s',
      })
      const failures: unknown[] = []
      cache.on('store-error', ({ error }) => failures.push(error))
      const load = cache.cached(async (key: string) => key, { name: '{x}{y}', tags: (_, key) => [`{k}${key}`, '{t}'] })
      const keys = ['{', '}', '{}', '{a}', '}{', '{{a}}', 'a{b', '{user1}:x', '']
      for (const key of keys) expect(await load(key)).toBe(key)
      await cache.close()
      expect(await Promise.all(keys.map((key) => load(key)))).toEqual(keys)
      expect(cache.stats().total.fill).toBe(keys.length)
      await cache.invalidateTags('{t}')
      expect(await load('{a}')).toBe('{a}')
      expect(cache.stats().total.fill).toBe(keys.length + 1)
      expect(failures).toEqual([])
    }
  })
})
