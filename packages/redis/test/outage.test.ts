import { describeWithOwnRedis, RedisServer, startCluster, until, Way } from 'servers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { clusterMakes, type Make, makes } from './support/clients.ts'
import { play, traffic } from './support/traffic.ts'

const closing: (() => unknown)[] = []
const unhandled: unknown[] = []
const note = (reason: unknown) => void unhandled.push(reason)
beforeEach(() => {
  unhandled.length = 0
  process.on('unhandledRejection', note)
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

const own = (server: RedisServer) => {
  closing.push(() => server.end())
  return server
}

/** Traffic through one client, with a subscriber. */
async function over(make: Make, port: number, keys?: number) {
  const [client, subscriber] = await Promise.all([make.connect(port), make.connect(port)])
  const t = traffic({ client: client.client, subscriber: subscriber.client }, keys)
  closing.unshift(
    () => client.close(),
    () => subscriber.close(),
  )
  closing.unshift(() => t.stop())
  return t
}

const [nodeRedis, ioredis] = [makes[0]!, makes[4]!]

describeWithOwnRedis()('no call fails, hangs or gets an old value while a server', { timeout: 90_000 }, () => {
  for (const make of [nodeRedis, ioredis]) {
    it(`is killed and comes back empty, with ${make.name}`, async () => {
      const server = own(await RedisServer.start())
      await play('killed', await over(make, server.port), { fail: () => server.kill(), mend: () => server.start() })
    })

    it(`is killed and comes back with what it had before an invalidation, with ${make.name}`, async () => {
      const server = own(await RedisServer.start())
      const t = await over(make, server.port)
      await until(t.hits)
      const fail = async () => {
        await server.ask('SAVE')
        expect(await t.end()).toBe('acknowledged')
        await server.kill()
      }
      await play('restarted', t, { fail, mend: () => server.start() })
    })

    it(`is stopped and goes on, with ${make.name}`, async () => {
      const server = own(await RedisServer.start())
      closing.unshift(() => server.thaw())
      const outage = { fail: () => server.freeze(), mend: () => server.thaw() }
      await play('stopped', await over(make, server.port), outage)
    })

    it(`is behind a half-open connection, with ${make.name}`, async () => {
      const server = own(await RedisServer.start())
      const way = await Way.to(server.port)
      closing.push(() => way.close())
      const mend = () => {
        way.cut()
        way.mode = 'pass'
      }
      const fail = () => (way.mode = 'swallow')
      await play('half-open', await over(make, Number(new URL(way.url).port)), { fail, mend })
    })

    it(`is 300 ms away, with ${make.name}`, async () => {
      const server = own(await RedisServer.start())
      const way = await Way.to(server.port)
      closing.push(() => way.close())
      const outage = { fail: () => (way.delay = 300), mend: () => (way.delay = 0), partly: true }
      await play('300 ms slow', await over(make, Number(new URL(way.url).port)), outage)
    })

    it(`is out of memory, with ${make.name}`, async () => {
      const server = own(await RedisServer.start())
      const fail = () => server.ask('CONFIG SET maxmemory 1')
      const mend = () => server.ask('CONFIG SET maxmemory 0')
      await play('out of memory', await over(make, server.port), { fail, mend, partly: true })
    })

    it(`becomes a replica that takes no writes, with ${make.name}`, async () => {
      const [server, other] = [own(await RedisServer.start()), own(await RedisServer.start())]
      const fail = () => server.ask(`REPLICAOF 127.0.0.1 ${other.port}`)
      const mend = () => server.ask('REPLICAOF NO ONE')
      await play('read-only', await over(make, server.port), { fail, mend })
    })
  }

  it('refuses connections at boot', async () => {
    const server = own(await RedisServer.reserve())
    const t = await over(ioredis, server.port)
    await until(() => t.breaker() !== 'closed')
    expect(await t.end()).toBe('STORE_FAILED')
    await server.start()
    const back = await t.timed(t.hits, 60_000)
    console.info(`refusing at boot: ${t.seen.calls} calls; hits ${back.toFixed(0)} ms after it was there`)
    expect([t.seen.failed, t.seen.wrong]).toEqual([[], []])
  })
})

describeWithOwnRedis()(
  'no call fails or gets an old value while a cluster of 3 masters and 3 replicas',
  {
    timeout: 120_000,
  },
  () => {
    for (const make of [clusterMakes[0]!, clusterMakes[1]!, clusterMakes[2]!]) {
      it(`loses a master, with ${make.name}`, async () => {
        const servers = await startCluster(3, 1)
        for (const server of servers) own(server)
        const whole = async () => (await servers[0]!.ask('CLUSTER INFO')).includes('cluster_slots_fail:0')
        const mend = async () => {
          await until(async () => !(await whole()), 20_000).catch(() => {})
          await until(whole, 30_000)
        }
        const outage = { fail: () => servers[1]!.kill(), mend, partly: true }
        await play('master killed', await over(make, servers[0]!.port, 60), outage)
      })
    }
  },
)
