import { createAutocache } from '@autocache/core'
import { redisStore } from '@autocache/redis'
import { Redis } from 'ioredis'
import { sleep, until } from 'servers/redis-server'
import type { Make } from '../plan.ts'
import type { Playing, Scenario } from '../stage.ts'
import { withEach } from './outages.ts'

/** How often the hot key is asked for, in calls a second. */
const wanted = 2000
const ttl = 4000
const earlyRefresh = 0.5

/** One key that all ask for, and that is refreshed before it expires. */
async function play(playing: Playing, make: Make): Promise<void> {
  const { account, fleet, scale } = playing
  const server = await playing.server()
  const callers = Math.max(25, scale.callers)
  // From one call of a caller to his next.
  const pause = (1000 * scale.processes * callers) / wanted
  for (let index = 0; index < scale.processes; index++) {
    // A machine that is busy elsewhere for a moment is no store that fails.
    const options = { ttl, earlyRefresh, storeTimeout: 10_000 }
    const own = { hot: true, own: 20, mutate: 0, announce: true, pause, callers, options }
    fleet.add(playing.plan({ kind: 'redis', make, url: server.url }, index, own))
  }
  await fleet.ready()
  fleet.burst(0, 1)
  await until(() => fleet.bursts.length === scale.processes, 10_000, 'it was filled')
  // What was written is acknowledged a moment after its caller was answered.
  await sleep(100)
  fleet.phase('before')
  fleet.start()
  const seconds = scale.short ? 6 : 20
  await sleep(seconds * 1000)
  const rate = account.seen.calls / seconds
  const { stayed } = await fleet.stop()
  const runs = fleet.runs.filter(({ ended }) => ended !== undefined).sort((a, b) => a.at - b.at)
  const together = runs.filter(({ at }, n) => n > 0 && at < runs[n - 1]!.ended!).length
  const misses = account.misses('before')
  account.claim('calls a second', `${wanted}, less 5 %`, rate.toFixed(0), rate >= wanted * 0.95, true)
  account.claim('runs of the function', 'more than one', `${runs.length}`, runs.length > 1)
  account.claim('runs that began while another was under way', '0', `${together}`, together === 0)
  account.claim('misses after the first', '0', `${misses}`, misses === 0)
  account.claim('processes that did not end by themselves', '0', `${stayed}`, stayed === 0)
}

export const hot: Scenario = {
  name: 'hot-key',
  title: 'A hot key with earlyRefresh, 2,000 calls a second',
  play: (stage) => withEach(stage, 'node-redis', play),
}

export const jitter: Scenario = {
  name: 'jitter',
  title: 'Expiries that were written together are spread as jitter says',
  async play(stage) {
    await stage.round('ioredis', async (playing) => {
      const { account, scale } = playing
      const count = scale.short ? 2000 : 10_000
      const server = await playing.server()
      const client = new Redis(server.port)
      playing.closing(() => client.disconnect())
      const hour = 3_600_000
      const began = Date.now()
      let now = began
      const store = redisStore(client)
      const cache = createAutocache({ store, namespace: 'jitter', version: '1', ttl: hour, clock: () => now })
      for (const share of [0.5, 0.1]) {
        const load = cache.cached(async (key: number) => key, { name: `spread by ${share}`, jitter: share })
        const keys = Array.from({ length: count }, (_, key) => key)
        const inParts = async <T>(what: (key: number) => Promise<T>) => {
          const all: T[] = []
          for (let at = 0; at < count; at += 500) {
            const part = keys.slice(at, at + 500)
            all.push(...(await Promise.all(part.map((key) => what(key)))))
          }
          return all
        }
        now = began
        await inParts(load)
        await cache.close()
        // The least time at which each is no longer fresh lies between these, and is to be spread evenly there.
        let apart = 0
        for (let step = 0; step <= 20; step++) {
          const part = step / 20
          now = began + hour * (1 - share + share * part) - 1
          const fresh = (await inParts((key) => load.peek(key))).filter(({ state }) => state === 'fresh').length
          apart = Math.max(apart, Math.abs(1 - fresh / count - part))
        }
        // Kolmogorov and Smirnov: an even spread is further off than this once in a million times.
        const most = Math.sqrt(-Math.log(1e-6 / 2) / 2 / count)
        account.claim(
          `jitter ${share}, ${count.toLocaleString('en')} entries: distance from an even spread`,
          `at most ${most.toFixed(4)}`,
          apart.toFixed(4),
          apart <= most,
        )
      }
    })
  },
}
