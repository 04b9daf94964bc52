import { sleep } from 'servers/redis-server'
import type { Measured } from '../plan.ts'
import type { Scenario } from '../stage.ts'

const minute = 60_000
/** In each of the two processes. */
const callers = 25
/** How often the server is killed and restarted empty, in minutes. */
const restarts = 5
/** The bus's heartbeat, and so how late an invalidation may be in the process with memory in front, in milliseconds. */
const heartbeat = 1000
/** By which share of itself the heap may seem to grow over the soak: what is held differs a little from one minute to the next. */
export const flat = 0.05
/** The share of the soak in which what is bounded fills up. */
const warming = 0.2

export const soak: Scenario = {
  name: 'soak',
  title: 'Full load for a long time, with a restart every five minutes',
  long: true,
  async play(stage) {
    const { minutes } = stage.scale
    const play = async (playing: Parameters<Parameters<typeof stage.round>[1]>[0]) => {
      const { account, fleet } = playing
      const server = await playing.server()
      const { url } = server
      // Neither closes its instance: a process that is idle ends all the same. They share nothing but the server.
      const other = { pause: 0, own: 2, mutate: 20, processes: 1, callers, closes: false }
      const flags = { flags: ['--expose-gc'] }
      fleet.add(playing.plan({ kind: 'redis', make: 'node-redis', url }, 0, other), flags)
      const tiered = { namespace: 'tiered', register: playing.another(), bound: heartbeat }
      fleet.add(playing.plan({ kind: 'redis', make: 'ioredis', url, heartbeat }, 0, { ...other, ...tiered }), flags)
      await fleet.ready()
      fleet.start()
      fleet.phase('before')
      const measured: (readonly Measured[])[] = []
      for (let at = 1; at <= minutes; at++) {
        await sleep(minute)
        measured.push(await fleet.measure())
        for (const [which, { heap, rss, listeners }] of measured.at(-1)!.entries())
          console.log(
            `chaos: soak, minute ${at}, process ${which}: heap ${mib(heap)}, rss ${mib(rss)}, ${listeners} listeners`,
          )
        if (at % restarts !== 0 || at === minutes) continue
        account.fault('restarted')
        await server.kill()
        await sleep(1000)
        await server.start()
        account.mended()
      }
      const { stayed } = await fleet.stop()
      for (const [which, name] of ['redisStore', 'tieredStore with a bus'].entries()) {
        const own = measured.map((all) => all[which]!)
        const settled = own.slice(Math.floor(own.length * warming))
        const { slope, share, first, last } = growthOf(own.map(({ heap }) => heap))
        account.claim(
          `${name}: growth of the heap over ${settled.length} minutes, after collection`,
          `at most ${flat * 100} %`,
          `${(slope / 1024).toFixed(1)} KiB a minute, ${(share * 100).toFixed(2)} % in all (${mib(first)} to ${mib(last)})`,
          share <= flat,
        )
        const [early, late] = [settled[0]!, settled.at(-1)!]
        account.claim(
          `${name}: listeners`,
          `${early.listeners}, as at first, and one for each caller that waits`,
          `${late.listeners}`,
          late.listeners <= early.listeners + callers,
        )
        const [most, many] = [2 * callers, Math.max(...settled.map(countOf))]
        account.claim(
          `${name}: timers, sockets and requests that keep the process`,
          `at most ${most}, two for each caller`,
          `${many}`,
          many <= most,
        )
        account.series.push({ title: `heap, ${name}`, mib: own.map(({ heap }) => Number((heap / 2 ** 20).toFixed(2))) })
      }
      account.claim('processes that did not end by themselves when they were idle', '0', `${stayed}`, stayed === 0)
    }
    await stage.round(`${minutes} minutes`, play, 1000)
  },
}

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MiB`
const countOf = ({ resources }: Measured) => Object.values(resources).reduce((sum, count) => sum + count, 0)

/**
 * What a line through the figures of every minute says that they grew, after what is bounded has filled up: by minute, and in all as
 * a share of what they were.
 */
export function growthOf(figures: readonly number[]) {
  const settled = figures.slice(Math.floor(figures.length * warming))
  const slope = slopeOf(settled)
  const first = settled[0]!
  return { slope, share: (slope * settled.length) / first, first, last: settled.at(-1)! }
}

/** The slope of a line through figures, by least squares. */
function slopeOf(figures: readonly number[]): number {
  const middle = (figures.length - 1) / 2
  const mean = figures.reduce((sum, figure) => sum + figure, 0) / figures.length
  const over = figures.reduce((sum, figure, at) => sum + (at - middle) * (figure - mean), 0)
  const under = figures.reduce((sum, _, at) => sum + (at - middle) ** 2, 0)
  return under === 0 ? 0 : over / under
}
