import { createAutocache } from '@autocache/core'
import { createClient } from 'redis'
import { describeWithOwnRedis, RedisServer } from 'servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { redisStore } from '../src/index.ts'

describeWithOwnRedis()('what goes over the wire', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server?.end())

  /** An instance, and the commands that it sends while something runs, one list for each turn of the loop. */
  async function wired() {
    const client = createClient({ url: server.url })
    client.on('error', () => {})
    await client.connect()
    const sent: string[][][] = []
    let turn: string[][] | undefined
    const send = client.sendCommand.bind(client)
    client.sendCommand = ((args: string[], options: object) => {
      if (!turn) {
        sent.push((turn = []))
        setImmediate(() => (turn = undefined))
      }
      turn.push([...args])
      return send(args, options)
    }) as typeof client.sendCommand
    const cache = createAutocache({
      store: redisStore(client),
      namespace: 'wire',
      version: '1',
      ttl: '1h',
      storeTimeout: '10s',
    })
    const during = async (run: () => unknown) => {
      await cache.close()
      sent.length = 0
      await run()
      return sent.map((list) => list.map(([name]) => name))
    }
    return { client, cache, sent, during }
  }

  it('a hit is one round trip, with its tags, and so are a hundred of one turn', async () => {
    const { client, cache, during } = await wired()
    const load = cache.cached(async (id: number) => id, { name: 'load', tags: ['one', 'two'] })
    for (let id = 0; id < 100; id++) await load(id)
    expect(await during(() => load(1))).toEqual([['MGET', 'INFO']])
    const hundred = () => Promise.all(Array.from({ length: 100 }, (_, id) => load(id)))
    expect(await during(hundred)).toEqual([['MGET', 'INFO']])
    expect(cache.stats().total.fill).toBe(100)
    client.destroy()
  })

  it('an invalidation is two writes, however many entries it ends', async () => {
    const { client, cache, during } = await wired()
    const load = cache.cached(async (id: number) => id, { name: 'many', tags: ['t'] })
    await Promise.all(Array.from({ length: 1000 }, (_, id) => load(id)))
    const twice = [
      ['SET', 'INFO'],
      ['SET', 'INFO'],
    ]
    expect(await during(() => cache.invalidateTags('t'))).toEqual(twice)
    expect(await during(() => load.invalidate(7))).toEqual([['UNLINK', 'SET', 'INFO'], twice[1]])
    expect(await during(() => load.invalidateAll())).toEqual(twice)
    client.destroy()
  })

  it('an invalidation and the reads after it cost the server the same however many entries there are', async () => {
    const client = createClient({ url: server.url })
    client.on('error', () => {})
    await client.connect()
    const most = process.env.AUTOCACHE_LONG ? 100_000 : 5000
    /** What the server has executed of each command while something ran. */
    const executed = async (run: () => Promise<unknown>) => {
      await server.ask('CONFIG RESETSTAT')
      await run()
      const stats = await server.ask('INFO commandstats')
      return Object.fromEntries(
        [...stats.matchAll(/cmdstat_([\w|]+):calls=(\d+)/g)]
          .map(([, name, calls]) => [name!, Number(calls)] as const)
          .filter(([name]) => !/^(config|quit)/.test(name)),
      )
    }
    const costs = []
    for (const entries of [100, most]) {
      const options = { version: '1', ttl: '1h', storeTimeout: '30s' } as const
      const cache = createAutocache({ store: redisStore(client), namespace: `n${entries}`, ...options })
      const load = cache.cached(async (id: number) => id, { name: 'load', tags: ['t'], lockWait: 0 })
      for (let id = 0; id < entries; id += 500)
        await load.many(Array.from({ length: Math.min(500, entries - id) }, (_, at) => [id + at]))
      await cache.close()
      expect(await client.dbSize()).toBeGreaterThan(entries)
      const hundred = () => Promise.all(Array.from({ length: 100 }, (_, id) => load(id)))
      costs.push({
        hit: await executed(() => load(1)),
        hits: await executed(hundred),
        invalidation: await executed(() => cache.invalidateTags('t')),
      })
      expect(cache.stats().total.fill).toBe(entries)
    }
    expect(costs[1]).toEqual(costs[0])
    expect(costs[1]).toEqual({
      hit: { mget: 1, info: 1 },
      hits: { mget: 1, info: 1 },
      invalidation: { set: 2, info: 2 },
    })
    client.destroy()
  }, 120_000)

  it('rows live as long as the server counts, whatever the time is here', async () => {
    const { client } = await wired()
    const store = redisStore(client, { prefix: 'life:' })
    await store.set('short', 'x', { expiresAt: Date.now() + 60_000 })
    await store.set('gone', 'x', { expiresAt: Date.now() - 5 })
    await store.set('long', 'x', { expiresAt: Number.POSITIVE_INFINITY })
    const ttl = Number((await server.ask('PTTL life:short')).slice(1))
    expect(ttl).toBeGreaterThan(50_000)
    expect(ttl).toBeLessThanOrEqual(60_000)
    expect(await server.ask('PTTL life:long')).toBe(':-1\r\n')
    await expect.poll(() => store.get('gone')).toBeUndefined()
    client.destroy()
  })
})
