import { RedisServer, sleep } from 'servers/redis-server'
import { missing, networks } from '../network.ts'
import type { Make, StorePlan } from '../plan.ts'
import type { Playing, Scenario } from '../stage.ts'
import { claimRecovery, claims, withEach } from './outages.ts'

const heartbeat = 1000

/** Processes on two sides of a network; the way of one side to the server is cut, and mended. */
async function play(playing: Playing, make: Make, tiered: boolean): Promise<void> {
  const { account, fleet, scale } = playing
  const net = networks(2)
  process.once('exit', net.end)
  playing.closing(() => {
    process.off('exit', net.end)
    net.end()
  })
  const server = playing.own(await RedisServer.within(net.server, net.address))
  const processes = Math.max(2, scale.processes)
  for (let index = 0; index < processes; index++) {
    const store: StorePlan = { kind: 'redis', make, url: server.url, ...(tiered && { heartbeat }) }
    const plan = playing.plan(store, index, { processes, bound: tiered ? heartbeat : 0 })
    fleet.add(plan, { within: net.sides[index % 2]! })
  }
  await fleet.ready()
  fleet.start()
  await sleep(Math.max(1000, scale.phase / 2))
  fleet.phase('before')
  await sleep(scale.phase)
  account.fault('one side cut off')
  fleet.phase('during')
  net.cut(1)
  await sleep(scale.phase)
  net.mend(1)
  account.mended()
  fleet.phase('after')
  const back = await fleet.recovered(15_000)
  await sleep(scale.phase / 2)
  await fleet.settle()
  const { stayed } = await fleet.stop()
  claims(playing, stayed)
  claimRecovery(playing, back)
}

export const network: Scenario = {
  name: 'network',
  title: 'The network is cut between half of the processes and Redis',
  missing,
  play: (stage) => withEach(stage, 'ioredis', (playing, make) => play(playing, make, false)),
}

export const networkTiers: Scenario = {
  name: 'network-tiers',
  title: 'The same with memory in front and a bus',
  missing,
  play: (stage) => withEach(stage, 'node-redis', (playing, make) => play(playing, make, true)),
}
