import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describeWithOwnRedis, type RedisServer, startCluster } from 'servers'
import { afterEach, expect, it } from 'vitest'
import { clusterMakes } from './support/clients.ts'
import { traffic } from './support/traffic.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** Moves slots from one node to another, as an operator would, under traffic. */
async function reshard(from: RedisServer, to: RedisServer, slots: number): Promise<void> {
  const id = async (server: RedisServer) => /([0-9a-f]{40})/.exec(await server.ask('CLUSTER MYID'))![1]!
  const words = ['--cluster', 'reshard', `127.0.0.1:${from.port}`, '--cluster-from', await id(from)]
  words.push('--cluster-to', await id(to), '--cluster-slots', `${slots}`, '--cluster-yes')
  const child = spawn('redis-cli', words, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [status] = await once(child, 'exit')
  expect(status).toBe(0)
}

describeWithOwnRedis()('R19 slots that move while they are read, written and locked', { timeout: 120_000 }, () => {
  for (const make of clusterMakes) {
    it(`bring no old value and fail no call, with ${make.name}`, async () => {
      const servers = await startCluster(3)
      closing.push(...servers.map((server) => () => server.end()))
      const [one, two] = await Promise.all([make.connect(servers[0]!.port), make.connect(servers[0]!.port)])
      closing.unshift(one.close, two.close)
      const t = traffic({ client: one.client, subscriber: two.client }, 200)
      closing.unshift(() => t.stop())
      await t.timed(t.hits, 20_000)
      let moving = true
      const moved = reshard(servers[0]!, servers[1]!, 2000).finally(() => (moving = false))
      while (moving) {
        await t.end()
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      await moved
      expect(await t.end()).toBe('acknowledged')
      await t.timed(t.hits, 20_000)
      expect([t.seen.failed, t.seen.wrong]).toEqual([[], []])
    })
  }
})
