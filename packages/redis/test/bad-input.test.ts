import { createAutocache, isAutocacheError } from '@autocache/core'
import { Cluster, Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { createClient, createCluster } from 'redis'
import { describeWithOwnRedis, RedisServer, startCluster } from 'servers'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { redisStore } from '../src/index.ts'

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
  expect((await fn.explain()).text).toContain('over RedisStore')
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
    // Version 5 of ioredis connects, and is then told with each command.
    const older = new Redis5(guarded.port, '127.0.0.1', { retryStrategy: () => null, enableReadyCheck: false })
    older.on('error', () => {})
    closing.unshift(() => older.disconnect())
    await answers(redisStore(older), /refuses the credentials/)
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

  it.each([
    ['a server without scripts', ['--rename-command', 'EVAL', ''], '', /Without scripts \(EVAL\) there are no locks/],
    ['a user who may run no scripts', [], 'ACL SETUSER default on nopass ~* &* +@all -eval', /lacks a permission/],
    ['a user without scripting', [], 'ACL SETUSER default on nopass ~* &* +@all -@scripting', /lacks a permission/],
  ] as const)('%s: no locks, and all else as ever', async (_, options, setting, why) => {
    const bare = await own(...options)
    if (setting) await bare.ask(setting)
    const client = nodeRedis(bare.url)
    await client.connect()
    const said: string[] = []
    const cache = createAutocache({ store: redisStore(client), namespace: 'bare', version: '1', ttl: '1h' })
    cache.on('store-error', ({ error }) => said.push((error as Error).message))
    let runs = 0
    const fn = cache.cached(async (id: number) => `${id} ${(runs += 1)}`, { name: 'fn' })
    expect([await fn(1), await fn(2)]).toEqual(['1 1', '2 2'])
    await cache.close()
    expect([await fn(1), await fn(2)]).toEqual(['1 1', '2 2'])
    await fn.invalidate(1)
    expect(await fn(1)).toBe('1 3')
    // It is said once, and not tried again.
    expect(said).toEqual([expect.stringMatching(why)])
  })

  it('clocks an hour apart, which cost misses and never bring an old value', async () => {
    const client = nodeRedis(server.url)
    await client.connect()
    const world = { now: 1 }
    const at = (ahead: number) => {
      const store = redisStore(client, { prefix: `clock${ahead}:`.slice(0, 5) })
      const clock = () => Date.now() + ahead
      const cache = createAutocache({ store, namespace: 'clock', version: '1', ttl: '10m', storeTimeout: '10s', clock })
      return { cache, fn: cache.cached(async () => world.now, { name: 'fn', tags: ['t'] }) }
    }
    const machines = [at(-3_600_000), at(0), at(3_600_000)]
    for (let round = 0; round < 5; round++) {
      for (const { cache, fn } of machines) {
        expect(await fn()).toBe(world.now)
        await cache.close()
        expect(await fn()).toBe(world.now)
        for (const other of machines) expect(await other.fn()).toBe(world.now)
        world.now += 1
        await cache.invalidateTags('t')
      }
    }
    expect(machines[1]!.cache.stats().total.hit).toBeGreaterThan(0)
  })

  it('entries that are cut, changed, or of another key, which are misses', async () => {
    const client = nodeRedis(server.url)
    await client.connect()
    const prefix = 'rot:'
    const cache = createAutocache({
      store: redisStore(client, { prefix }),
      namespace: 'rot',
      version: '1',
      ttl: '1h',
      storeTimeout: '10s',
    })
    const fn = cache.cached(async (id: number) => ({ id, at: new Date(id) }), { name: 'fn' })
    for (const id of [1, 2]) await fn(id)
    await cache.close()
    const [one, two] = [1, 2].map((id) => prefix + fn.keyOf(id)) as [string, string]
    const row = (await client.get(one))!
    const damages = [
      (await client.get(two))!,
      ...Array.from({ length: row.length }, (_, at) => row.slice(0, at)),
      ...Array.from({ length: row.length }, (_, at) => {
        const flipped = String.fromCharCode(row.charCodeAt(at) ^ 1)
        return row.slice(0, at) + flipped + row.slice(at + 1)
      }),
    ]
    const { fill = 0 } = cache.stats().total
    for (const damaged of damages) {
      await client.set(one, damaged)
      expect(await fn(1)).toEqual({ id: 1, at: new Date(1) })
      await cache.close()
    }
    expect(cache.stats().total.fill! - fill).toBeGreaterThan(damages.length * 0.9)
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
