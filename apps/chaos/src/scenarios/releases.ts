import { sleep } from 'servers/redis-server'
import type { Make, StorePlan, WorkerPlan } from '../plan.ts'
import type { Playing, Scenario } from '../stage.ts'
import { withEach } from './outages.ts'

type Kind = readonly [other: Partial<WorkerPlan>, store?: Partial<StorePlan>]

/** Processes that differ, over one server, which change data and invalidate all the while. */
async function side(playing: Playing, make: Make, kinds: readonly Kind[], most: number): Promise<void> {
  const { account, fleet, scale } = playing
  const server = await playing.server()
  for (const [index, [other, store]] of kinds.entries()) {
    const own = { kind: 'redis', make, url: server.url, ...store } as StorePlan
    fleet.add(playing.plan(own, index, { processes: kinds.length, ...other }))
  }
  await fleet.ready()
  fleet.start()
  await sleep(Math.max(1000, scale.phase / 2))
  fleet.phase('before')
  await sleep(scale.phase * (scale.short ? 2 : 4))
  const { stayed } = await fleet.stop()
  const behind = account.behind()
  const { calls = 0 } = account.latency('before') ?? {}
  account.claim('calls', 'some', `${calls}, ${account.seen.hits} hits in all`, calls > 0)
  account.claim(
    'the oldest answer after an acknowledged invalidation',
    most === 0 ? 'never behind' : `at most ${most} ms behind`,
    `${behind.toFixed(0)} ms`,
    behind <= most,
  )
  account.claim('processes that did not end by themselves', '0', `${stayed}`, stayed === 0)
}

export const releases: Scenario = {
  name: 'releases',
  title: 'Releases with other entry formats, codecs and versions on one Redis',
  play: (stage) =>
    withEach(stage, 'ioredis', async (playing, make) => {
      await side(playing, make, [[{}], [{}, { otherFormat: true }], [{ codec: 'another' }], [{ release: '2' }]], 0)
      const unreadable = playing.account.events('unreadable-entry')
      playing.account.claim('entries that could not be read, each a miss', 'some', `${unreadable}`, unreadable > 0)
    }),
}

const hour = 3_600_000

export const clocks: Scenario = {
  name: 'clocks',
  title: 'Processes whose clocks are an hour apart',
  async play(stage) {
    for (const [name, ttl] of [
      ['ttl 2 s', 2000],
      ['ttl 3 h', 3 * hour],
    ] as const) {
      const kinds = [0, hour, -hour].map((shift): Kind => [{ shift, options: { ttl } }])
      await stage.round(name, (playing) => side(playing, 'node-redis', kinds, 0))
    }
  },
}

const heartbeat = 1000
const near = 2000

export const beside: Scenario = {
  name: 'beside-the-bus',
  title: 'A release with memory in front and a bus beside one that has neither',
  play: (stage) =>
    withEach(stage, 'ioredis', (playing, make) => {
      const tiered = [{ bound: near }, { heartbeat, near }] as const
      return side(playing, make, [[{}], tiered, tiered], near)
    }),
}
