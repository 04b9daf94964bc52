import { RedisServer, sleep, startCluster, until } from 'servers/redis-server'
import type { Make } from '../plan.ts'
import type { Playing, Scenario } from '../stage.ts'
import { play, withEach } from './outages.ts'

/** For how long a replica hears nothing before its master dies: what was acknowledged then is lost, in milliseconds. */
const lag = 600

/** A master with a replica, and the one way by which processes find whichever is the master. */
async function pair(playing: Playing) {
  const master = await playing.server()
  const replica = playing.own(await RedisServer.reserve('--replicaof', '127.0.0.1', `${master.port}`))
  await replica.start()
  await until(async () => (await replica.ask('INFO replication')).includes('link_status:up'), 10_000, 'it follows')
  return { master, replica, way: await playing.way(master.port) }
}

/** Stops a replica, and breaks its connection: what it has not read yet is not in a buffer either. */
async function deafen(master: RedisServer, replica: RedisServer): Promise<void> {
  replica.freeze()
  await master.ask('CLIENT KILL TYPE replica')
}

/** The replica hears nothing for a while, the master dies, and the replica is promoted. */
async function lose(playing: Playing, make: Make, failover: 'cold' | 'keep', ttl: number) {
  const { master, replica, way } = await pair(playing)
  const fail = async () => {
    await deafen(master, replica)
    await sleep(lag)
    await master.kill()
    replica.thaw()
  }
  const mend = async () => {
    await until(async () => (await replica.ask('REPLICAOF NO ONE')).startsWith('+OK'), 5000, 'it is promoted')
    way.target = replica.port
    way.cut()
  }
  playing.closing(() => replica.thaw())
  const bound = failover === 'keep' ? ttl : 0
  await play(playing, make, {
    store: { url: way.url, failover },
    fail,
    mend,
    other: { options: { ttl }, bound, mutate: 60 },
  })
  const behind = playing.account.behind()
  playing.account.claim(
    'the oldest answer after an acknowledged invalidation',
    bound === 0 ? 'never behind' : `at most the ttl, ${ttl} ms, behind`,
    `${behind.toFixed(0)} ms`,
    behind <= bound + 20,
  )
}

export const failover: Scenario = {
  name: 'failover',
  title: 'A master dies with invalidations that its replica has not heard of, and the replica takes its place',
  play: (stage) => withEach(stage, 'ioredis', (playing, make) => lose(playing, make, 'cold', 3_600_000)),
}

export const failoverKept: Scenario = {
  name: 'failover-keep',
  title: "The same with failover: 'keep' and a ttl of 10 s",
  play: (stage) => withEach(stage, 'node-redis', (playing, make) => lose(playing, make, 'keep', 10_000)),
}

export const cluster: Scenario = {
  name: 'cluster',
  title: 'A cluster of 3 masters and 3 replicas loses a master, whose replica lags behind',
  play: (stage) =>
    withEach(stage, 'ioredis', async (playing, make) => {
      const servers = (await startCluster(3, 1)).map((server) => playing.own(server))
      const nodes = (await servers[0]!.ask('CLUSTER NODES')).split('\n')
      const [master] = servers.slice(1)
      const id = nodes.find((line) => line.includes(`:${master!.port}@`))!.split(' ')[0]!
      const follower = nodes.find((line) => line.split(' ')[3] === id)!
      const replica = servers.find(({ port }) => follower.includes(`:${port}@`))!
      playing.closing(() => replica.thaw())
      const fail = async () => {
        await deafen(master!, replica)
        await sleep(lag)
        await master!.kill()
        replica.thaw()
      }
      // It is back when its replica has taken its place; until then the callers of its slots run the function.
      const mend = () =>
        until(
          async () =>
            (await replica.ask('ROLE')).includes('master') &&
            /cluster_slots_ok:16384/.test(await servers[0]!.ask('CLUSTER INFO')),
          20_000,
          'the replica takes its place',
        )
      await play(playing, make, { store: { url: servers[0]!.url, cluster: true }, fail, mend, other: { mutate: 60 } })
    }),
}
