import { describeStore } from '@autocache/conformance'
import { describeWithOwnRedis, RedisServer, startCluster, until } from 'servers'
import { afterAll, beforeAll } from 'vitest'
import { redisStore } from '../src/index.ts'
import { type Connected, clusterMakes, type Make, makes, sentinelMakes } from './support/clients.ts'

const describe = describeWithOwnRedis()

const capabilities = {
  mode: 'async',
  lifetime: 'shared',
  holds: 'text',
  exactKeys: true,
  expires: true,
  survivesReopen: true,
  reportsFailures: true,
  getMany: true,
  setMany: true,
  deleteMany: true,
  clear: true,
  keys: true,
  locks: true,
} as const

let opened = 0

/** The suite over one make of client; the client stays, and each clause has a prefix of its own. */
function conforms(make: Make, port: () => number, hears = false): void {
  const name = `${make.name}${hears ? ' and a subscriber' : ''}`
  describe.concurrent(name, () => {
    const connections: Connected[] = []
    afterAll(() => {
      for (const { close } of connections) close()
    })
    const fresh = async () => {
      const one = await make.connect(port())
      connections.push(one)
      return one
    }
    let shared: Promise<[Connected, Connected]> | undefined
    describeStore(
      `redisStore over ${make.name}`,
      async () => {
        const prefix = `t${opened++}*[${make.name}]:`
        const [one, two] = await (shared ??= Promise.all([fresh(), fresh()]))
        let own: Connected | undefined
        // What is broken is one connection alone.
        const lazily = await fresh()
        own = lazily
        const store = redisStore(own.client, { prefix })
        return {
          store,
          reopen: () => redisStore(two.client, { prefix }),
          breakIt: () => own?.close(),
          async close() {
            await redisStore(one.client, { prefix }).clear()
            own?.close()
          },
        }
      },
      capabilities,
    )
  })
}

describe('the contract over one server', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server?.end())
  for (const make of makes) conforms(make, () => server.port)
})

describe('the contract over a Sentinel', () => {
  const servers: RedisServer[] = []
  beforeAll(async () => {
    const master = await RedisServer.start()
    servers.push(master, await RedisServer.start('--replicaof', `127.0.0.1 ${master.port}`))
    servers.push(await RedisServer.sentinel(master))
    await until(async () => (await servers[2]!.ask('SENTINEL REPLICAS main')).includes('127.0.0.1'), 30_000)
  }, 60_000)
  afterAll(() => Promise.all(servers.map((server) => server.end())))
  for (const make of sentinelMakes) conforms(make, () => servers[2]!.port)
})

describe('the contract over a cluster', () => {
  let servers: RedisServer[] = []
  beforeAll(async () => {
    servers = await startCluster(3)
  }, 60_000)
  afterAll(() => Promise.all(servers.map((server) => server.end())))
  for (const make of clusterMakes) conforms(make, () => servers[0]!.port)
})
