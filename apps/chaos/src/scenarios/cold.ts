import { until } from 'servers/redis-server'
import type { Make } from '../plan.ts'
import type { Playing, Scenario } from '../stage.ts'

/** How long the lock of a process that died stands, in milliseconds: the lease, as decision 0032 states it. */
const lease = 2000

/** A fleet that waits to be told to call, over a server of its own. */
async function waiting(playing: Playing, make: Make, own: number): Promise<void> {
  const redis = await playing.server()
  for (let index = 0; index < playing.scale.processes; index++) {
    const store = { kind: 'redis', make, url: redis.url } as const
    // A read may wait for its turn behind so many others.
    const options = { ttl: 3_600_000, lockWait: 10_000, storeTimeout: 10_000 }
    playing.fleet.add(playing.plan(store, index, { own, mutate: 0, announce: true, options }))
  }
  await playing.fleet.ready()
}

export const cold: Scenario = {
  name: 'cold-key',
  title: 'One cold key, asked for by all callers of all processes at once',
  async play(stage) {
    const { short } = stage.scale
    for (const make of ['node-redis', 'ioredis'] as const) {
      await stage.round(make, async (playing) => {
        const { account, fleet, scale } = playing
        await waiting(playing, make, 500)
        const rounds = short ? 2 : 10
        for (let key = 0; key < rounds; key++) {
          fleet.burst(key, scale.callers)
          await until(() => fleet.bursts.length === (key + 1) * scale.processes, 30_000, 'all were answered')
        }
        const { stayed } = await fleet.stop()
        const made = new Set(fleet.bursts.flatMap((burst) => burst.made))
        const calls = fleet.bursts.reduce((sum, burst) => sum + burst.calls, 0)
        const runs = fleet.runs.filter(({ ended }) => ended === undefined).length
        account.claim(
          'calls that were answered',
          `${rounds * scale.processes * scale.callers}`,
          `${calls}`,
          calls === rounds * scale.processes * scale.callers,
        )
        account.claim('runs of the function', `${rounds}: one for each key`, `${runs}`, runs === rounds)
        account.claim('values that were handed out', `${rounds}`, `${made.size}`, made.size === rounds)
        const longest = Math.max(...fleet.bursts.map((burst) => burst.longest))
        account.claim(
          'the longest wait, for a run of 500 ms',
          'at most 2,000 ms',
          `${longest.toFixed(0)} ms`,
          longest <= 2000,
          true,
        )
        account.claim('processes that did not end by themselves', '0', `${stayed}`, stayed === 0)
      })
    }
  },
}

export const killed: Scenario = {
  name: 'killed-holder',
  title: 'The process that fills a cold key is killed (SIGKILL)',
  async play(stage) {
    for (const make of ['node-redis', 'ioredis'] as const) {
      await stage.round(make, async (playing) => {
        const { account, fleet, scale } = playing
        await waiting(playing, make, 800)
        const rounds = 1
        fleet.burst(0, scale.callers)
        await until(() => fleet.runs.length > 0, 10_000, 'one of them runs')
        const [first] = fleet.runs
        fleet.kill(first!.by)
        account.fault('killed')
        await until(() => fleet.bursts.length === scale.processes - 1, 30_000, 'the others were answered')
        account.mended()
        const begun = fleet.runs.filter(({ ended }) => ended === undefined)
        const late = begun.length < 2 ? Number.POSITIVE_INFINITY : begun[1]!.at - first!.at
        const made = new Set(fleet.bursts.flatMap((burst) => burst.made))
        await fleet.stop()
        account.claim('runs of the function', `${2 * rounds}: one more`, `${begun.length}`, begun.length === 2)
        account.claim('values that were handed out', '1', `${made.size}`, made.size === 1)
        // It had begun its lease before its run.
        account.claim(
          'the second run began',
          `within the lease (${lease} ms) and a look around`,
          `after ${late.toFixed(0)} ms`,
          late <= lease + 500,
          true,
        )
      })
    }
  },
}
