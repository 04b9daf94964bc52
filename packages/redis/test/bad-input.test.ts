import { createAutocache, isAutocacheError } from '@autocache/core'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { redisStore } from '../src/index.ts'
import { describeWithOwnRedis, RedisServer, startCluster } from './support/server.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
const own = async (...options: string[]) => {
  const server = await RedisServer.start(...options)
  closing.push(() => server.end())
  return server
}
const nodeRedis = (url: string) => {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => {})
  closing.unshift(() => client.isOpen && client.destroy())
  return client
}
const ioredis = (port: number, settings = {}) => {
  const client = new Redis(port, '127.0.0.1', { retryStrategy: null, ...settings } as object)
  client.on('error', () => {})
  closing.unshift(() => client.disconnect())
  return client
}

/** Calls go on over a store that cannot be used, and the error says why. */
async function answers(store: ReturnType<typeof redisStore>, why: RegExp) {
  const said: unknown[] = []
  const cache = createAutocache({ store, namespace: 'bad', version: '1', ttl: '1h' })
  cache.on('store-error', ({ error }) => said.push(error))
  let runs = 0
  const fn = cache.cached(async () => (runs += 1), { name: 'fn' })
  expect([await fn(), await fn()]).toEqual([1, 2])
  expect(said.length).toBeGreaterThan(0)
  for (const error of said) {
    expect(isAutocacheError(error) && error.code).toBe('STORE_FAILED')
    expect((error as Error).message).toMatch(why)
  }
}

describeWithOwnRedis()('what is wrong is named, and calls go on', { timeout: 30_000 }, () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server?.end())

  it('what is no client, at once', () => {
    for (const nothing of [undefined, null, 'redis://localhost', new Map(), {}, { client: undefined }, () => {}])
      expect(() => redisStore(nothing as never)).toThrow(/takes a client of node-redis/)
    expect(() => redisStore(nodeRedis(server.url), { prefix: 'x'.repeat(126) })).toThrow(/at most 125 bytes/)
    expect(() => redisStore(nodeRedis(server.url), { failover: 'warm' as never })).toThrow(/'cold' or 'keep'/)
  })

  it('a client that reads from replicas, at once', () => {
    const roots = [{ url: server.url }]
    expect(() => redisStore(createCluster({ rootNodes: roots, useReplicas: true }))).toThrow(/`useReplicas`/)
    const cluster = new Cluster([{ host: '127.0.0.1', port: 1 }], { scaleReads: 'slave', lazyConnect: true })
    expect(() => redisStore(cluster)).toThrow(/`scaleReads`/)
    const replica = new Redis({
      sentinels: [{ host: '127.0.0.1', port: 1 }],
      name: 'a',
      role: 'slave',
      lazyConnect: true,
    })
    expect(() => redisStore(replica)).toThrow(/`role: 'slave'`/)
  })

  it('a client that was never connected, or is closed', async () => {
    const client = nodeRedis(server.url)
    await answers(redisStore(client), /closed, or was never connected/)
    await client.connect()
    client.destroy()
    await answers(redisStore(client, { prefix: 'a:' }), /closed, or was never connected/)
    const other = ioredis(server.port)
    await other.ping()
    other.disconnect()
    await answers(redisStore(other), /closed, or was never connected/)
  })

  it('wrong credentials', async () => {
    const guarded = await own('--requirepass', 'secret')
    const client = nodeRedis(guarded.url)
    await expect(client.connect()).rejects.toThrow('NOAUTH')
    await answers(redisStore(client), /closed, or was never connected/)
    await answers(redisStore(ioredis(guarded.port, { enableReadyCheck: false })), /refuses the credentials/)
  })

  it('a user that may not ask', async () => {
    const guarded = await own()
    await guarded.ask('ACL SETUSER default on nopass ~* &* +@all -info')
    const client = nodeRedis(guarded.url)
    await client.connect()
    await answers(redisStore(client), /lacks a permission/)
  })

  it('a server without memory, or without writes', async () => {
    const full = await own('--maxmemory', '1mb', '--maxmemory-policy', 'noeviction')
    const client = nodeRedis(full.url)
    await client.connect()
    await answers(redisStore(client), /out of memory/)
  })

  it('a cluster behind a client for one server', async () => {
    const servers = await startCluster(3)
    closing.push(...servers.map((one) => () => one.end()))
    const client = nodeRedis(servers[0]!.url)
    await client.connect()
    await answers(redisStore(client), /Use createCluster\(\) or Redis\.Cluster/)
  })

  it('a subscribed client', async () => {
    const client = nodeRedis(server.url)
    await client.connect()
    const other = ioredis(server.port, { protocol: 2 })
    await other.subscribe('somewhere')
    await answers(redisStore(other), /a connection for each/)
  })

  it('rows that others wrote, or damaged, are misses', async () => {
    const client = nodeRedis(server.url)
    await client.connect()
    const store = redisStore(client, { prefix: 'damaged:' })
    await store.set('a', 'entry')
    const row = (await client.get('damaged:a'))!
    for (const other of [
      '',
      'x',
      'entry',
      row.slice(0, 8),
      `${row.slice(0, 7)}g:entry`,
      row.slice(1),
      `00000000:entry`,
    ]) {
      await client.set('damaged:a', other)
      expect([other, await store.get('a')]).toEqual([other, undefined])
    }
    await client.del('damaged:a')
    await client.lPush('damaged:a', 'list')
    expect(await store.getMany(['a', 'b'])).toEqual([undefined, undefined])
    await store.set('a', 'again')
    expect(await store.get('a')).toBe('again')
  })
})
