import { cached } from '@autocache/next'
import { read } from './data'
import { mean } from './mean'

interface Flight {
  readonly delay: number
  readonly distance: number
  readonly time: number
}

/** The mean delay by the hour of departure over 200,000 flights: what is worth caching. */
export const report = cached(
  async (farther: number) => {
    const flights = (await read<Flight[]>('flights-200k.json')).filter(({ distance }) => distance >= farther)
    const hours = new Map<number, number[]>()
    for (const { time, delay } of flights) {
      const hour = Math.floor(time)
      const list = hours.get(hour)
      if (list) list.push(delay)
      else hours.set(hour, [delay])
    }
    const delays = [...hours].sort(([a], [b]) => a - b).map(([hour, list]) => [hour, mean(list)] as const)
    return { flights: flights.length, delays: new Map(delays), computedAt: new Date() }
  },
  { ttl: '10s', staleTtl: '1h', tags: ['report'] },
)
