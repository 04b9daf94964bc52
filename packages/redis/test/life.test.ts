import { describeWithOwnRedis, RedisServer, startCluster } from 'servers'
import { afterAll, beforeAll, it } from 'vitest'
import { checkLife, lives } from '../../core/test/life-model.ts'
import { redisStore } from '../src/index.ts'
import { type Connected, clusterMakes, makes } from './support/clients.ts'

const describe = describeWithOwnRedis()

describe('the life of an entry is what the oracle says after every step', { timeout: 3_600_000 }, () => {
  let servers: RedisServer[] = []
  const connections: Connected[] = []
  beforeAll(async () => {
    servers = [await RedisServer.start(), ...(await startCluster(3))]
  }, 60_000)
  afterAll(async () => {
    for (const { close } of connections) close()
    for (const server of servers) await server.end()
  })

  for (const [make, at] of [
    [makes[0]!, 0],
    [makes[4]!, 0],
    [clusterMakes[2]!, 1],
  ] as const) {
    it(`through ${make.name}`, async () => {
      // Two clients take turns, as two processes would.
      const pair = await Promise.all([0, 1].map(() => make.connect(servers[at]!.port)))
      connections.push(...pair)
      const stores = pair.map(({ client }) => redisStore(client))
      let opens = 0
      await checkLife(() => ({ open: () => stores[opens++ % 2]!, wipe: () => stores[0]!.clear() }), {
        numRuns: lives(20),
      })
    })
  }
})
