import { sleep } from 'servers/redis-server'
import type { Make } from '../plan.ts'
import type { Playing, Scenario } from '../stage.ts'
import { claims, withEach } from './outages.ts'

/** The bus's heartbeat, and so how late an invalidation may be elsewhere, in milliseconds. */
const heartbeat = 1000

/** Processes with memory of their own; the bus of all but the first is cut off, in a way, and comes back. */
async function play(playing: Playing, make: Make): Promise<void> {
  const { account, fleet, scale } = playing
  const server = await playing.server()
  const way = await playing.way(server.port)
  for (let index = 0; index < scale.processes; index++) {
    const subscriberUrl = index === 0 ? server.url : way.url
    const store = { kind: 'redis', make, url: server.url, subscriberUrl, heartbeat } as const
    fleet.add(playing.plan(store, index, { bound: heartbeat }))
  }
  await fleet.ready()
  fleet.start()
  await sleep(Math.max(1500, scale.phase / 2))
  fleet.phase('before')
  await sleep(scale.phase)
  for (const [title, fail] of [
    ['half-open', () => (way.mode = 'swallow')],
    ['cut', () => way.cut()],
  ] as const) {
    account.fault(title)
    fleet.phase('during')
    fail()
    await sleep(scale.phase + heartbeat)
    way.cut()
    way.mode = 'pass'
    account.mended()
    fleet.phase('after')
    await sleep(scale.phase)
  }
  const { stayed } = await fleet.stop()
  claims(playing, stayed)
  const behind = account.behind()
  account.claim(
    'the oldest answer after an acknowledged invalidation',
    `at most ${heartbeat} ms behind`,
    `${behind.toFixed(0)} ms`,
    behind <= heartbeat,
  )
}

export const tiers: Scenario = {
  name: 'tiers',
  title: 'Memory in front of Redis, and the bus is cut off',
  play: (stage) => withEach(stage, 'node-redis', play),
}
