import { describeWithOwnRedis, RedisServer } from 'servers'
import { afterAll, beforeAll, it } from 'vitest'
import { lives } from '../../core/test/life-model.ts'
import { checkTrouble, endTrouble, tiersOver } from '../../core/test/trouble-model.ts'
import { redisStore } from '../src/index.ts'
import { type Connected, makes } from './support/clients.ts'

const describe = describeWithOwnRedis()

describe('R17 R18 R20 R21 no trouble of a store makes an answer old, a failure its own or a wait long', {
  timeout: 3_600_000,
}, () => {
  let server: RedisServer
  const connections: Connected[] = []
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(async () => {
    await endTrouble()
    for (const { close } of connections) close()
    await server?.end()
  })

  for (const make of [makes[0]!, makes[4]!]) {
    const storage = async () => {
      const pair = await Promise.all([0, 1].map(() => make.connect(server.port)))
      connections.push(...pair)
      const stores = pair.map(({ client }) => redisStore(client))
      let opens = 0
      return () => ({ open: () => stores[opens++ % 2]!, wipe: () => stores[0]!.clear() })
    }

    it(`through ${make.name}`, async () => {
      await checkTrouble(await storage(), { numRuns: lives(15) })
    })

    it(`R22 through ${make.name} with memory in front and a bus`, async () => {
      await checkTrouble(tiersOver(await storage()), { numRuns: lives(15) })
    })
  }
})
