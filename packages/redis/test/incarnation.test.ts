import { createAutocache } from '@autocache/core'
import { describeWithOwnRedis, RedisServer, startCluster, until } from 'servers'
import { afterEach, expect, it } from 'vitest'
import { type Failover, redisStore } from '../src/index.ts'
import { clusterMakes, type Make, makes, sentinelMakes } from './support/clients.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
const own = (server: RedisServer) => {
  closing.push(() => server.end())
  return server
}

/** A function over a store through one client, whose world moves on. */
async function reader(make: Make, port: number, failover?: Failover) {
  const { client, close } = await make.connect(port)
  closing.unshift(close)
  const cache = createAutocache({
    store: redisStore(client, { failover }),
    namespace: 'life',
    version: '1',
    ttl: '1h',
    storeTimeout: 1000,
  })
  const world = { now: 1, runs: 0 }
  const load = cache.cached(
    async (id: number) => {
      if (id > 0) world.runs += 1
      return `${id} of ${world.now}`
    },
    { name: 'load', tags: ['t'] },
  )
  /** A call after which its entry is written. */
  const settled = async (id: number) => {
    const value = await load(id)
    await cache.close()
    return value
  }
  const closed = () => cache.stats().stores[0]!.breaker === 'closed'
  const back = () =>
    until(async () => {
      const before = cache.stats().total.hit ?? 0
      await load(0)
      return closed() && (cache.stats().total.hit ?? 0) > before
    })
  return { cache, world, load, settled, back }
}

const describe = describeWithOwnRedis()

describe('R19 what a server brings from another life of it does not count', { timeout: 60_000 }, () => {
  for (const make of makes.slice(0, 5)) {
    it(`a snapshot that lost an invalidation, read by ${make.name}`, async () => {
      const server = own(await RedisServer.start())
      const { cache, world, settled, back } = await reader(make, server.port)
      expect(await settled(1)).toBe('1 of 1')
      expect(await server.ask('SAVE')).toContain('OK')
      world.now = 2
      await cache.invalidateTags('t')
      await server.kill()
      await server.start()
      expect(await server.ask('DBSIZE')).not.toContain(':0')
      await back()
      expect(await settled(1)).toBe('1 of 2')
      expect(await settled(1)).toBe('1 of 2')
      expect(world.runs).toBe(2)
    })
  }

  it("with failover: 'keep' entries outlive a restart, and a lost invalidation with them", async () => {
    const server = own(await RedisServer.start())
    const { cache, world, settled, load } = await reader(makes[0]!, server.port, 'keep')
    expect(await settled(1)).toBe('1 of 1')
    expect(await server.ask('SAVE')).toContain('OK')
    world.now = 2
    await cache.invalidateTags('t')
    await server.kill()
    await server.start()
    const again = await reader(makes[0]!, server.port, 'keep')
    expect(await again.load(1)).toBe('1 of 1')
    expect(again.world.runs).toBe(0)
    expect(load.version).toBe(again.load.version)
  })

  it('a replica that was promoted, and the master of before that was demoted and promoted again', async () => {
    const master = own(await RedisServer.start())
    const replica = own(await RedisServer.start('--replicaof', `127.0.0.1 ${master.port}`))
    await until(async () => (await replica.ask('INFO replication')).includes('master_link_status:up'))
    const first = await reader(makes[0]!, master.port)
    expect(await first.settled(1)).toBe('1 of 1')
    await until(async () => {
      const [one, two] = await Promise.all([master, replica].map((server) => server.ask('DBSIZE')))
      return one === two
    })
    // The invalidation reaches the master alone.
    replica.freeze()
    await first.cache.invalidateTags('t')
    await master.ask('CLIENT PAUSE 1 ALL')
    replica.thaw()
    await replica.ask('REPLICAOF NO ONE')
    const second = await reader(makes[0]!, replica.port)
    second.world.now = 2
    expect(await second.settled(1)).toBe('1 of 2')
    // Back again: a number that the first master had before would now count once more.
    await second.cache.invalidateTags('t')
    await master.ask(`REPLICAOF 127.0.0.1 ${replica.port}`)
    await until(async () => (await master.ask('INFO replication')).includes('master_link_status:up'))
    await master.ask('REPLICAOF NO ONE')
    const third = await reader(makes[0]!, master.port)
    third.world.now = 3
    expect(await third.settled(1)).toBe('1 of 3')
    first.world.now = 3
    await first.back()
    expect(await first.load(1)).toBe('1 of 3')
  })

  it('a replica is not read', async () => {
    const master = own(await RedisServer.start())
    const replica = own(await RedisServer.start('--replicaof', `127.0.0.1 ${master.port}`))
    await until(async () => (await replica.ask('INFO replication')).includes('master_link_status:up'))
    const { client, close } = await makes[0]!.connect(replica.port)
    closing.unshift(close)
    await expect(redisStore(client).get('a')).rejects.toThrow(/replica, which lags/)
  })
})

describe('R22 after a failover nothing of before it answers', { timeout: 120_000 }, () => {
  for (const make of sentinelMakes) {
    it(`of a master that a Sentinel replaced, through ${make.name}`, async () => {
      const master = own(await RedisServer.start())
      const replica = own(await RedisServer.start('--replicaof', `127.0.0.1 ${master.port}`))
      await until(async () => (await replica.ask('INFO replication')).includes('master_link_status:up'))
      const sentinel = own(await RedisServer.sentinel(master))
      await until(
        async () => (await sentinel.ask('SENTINEL REPLICAS main')).includes(`127.0.0.1:${replica.port}`),
        30_000,
      )
      const { cache, world, settled, back } = await reader(make, sentinel.port)
      expect(await settled(1)).toBe('1 of 1')
      await until(async () => (await replica.ask('DBSIZE')) === (await master.ask('DBSIZE')))
      replica.freeze()
      await cache.invalidateTags('t')
      world.now = 2
      await master.kill()
      replica.thaw()
      await until(async () => (await replica.ask('ROLE')).includes('master'), 30_000)
      await back()
      expect(await settled(1)).toBe('1 of 2')
    })
  }

  // The cluster client of node-redis 5 waits for the master that is gone.
  for (const make of clusterMakes.filter(({ name }) => name !== 'a cluster of node-redis 5')) {
    it(`of one of three masters, through ${make.name}`, async () => {
      const servers = await startCluster(3, 1)
      for (const server of servers) own(server)
      const { cache, world, load, settled, back } = await reader(make, servers[0]!.port)
      const ids = Array.from({ length: 30 }, (_, id) => id)
      for (const id of ids) await load(id)
      await cache.close()
      world.now = 2
      await cache.invalidateTags('t')
      const seen = await Promise.all(ids.map(load))
      expect(seen).toEqual(ids.map((id) => `${id} of 2`))
      await cache.close()
      await servers[1]!.kill()
      await until(async () => (await servers[0]!.ask('CLUSTER NODES')).includes('fail'), 30_000)
      await until(async () => (await servers[0]!.ask('CLUSTER INFO')).includes('cluster_slots_ok:16384'), 30_000)
      world.now = 3
      await until(() =>
        cache.invalidateTags('t').then(
          () => true,
          () => false,
        ),
      )
      await back()
      for (const id of ids) expect(await settled(id)).toBe(`${id} of 3`)
      // And it answers from the cluster again, all of it.
      await until(async () => {
        const { runs } = world
        await Promise.all(ids.map(load))
        return world.runs === runs
      })
    })
  }
})
