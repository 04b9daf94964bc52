import { flights } from '../data.ts'
import { makeReport, type Report } from './report.ts'

/** The delays of a group of flights, in minutes; negative ones are early. */
export interface Delays {
  readonly flights: number
  readonly median: number
  /** Nine of ten flights are not later. */
  readonly ninth: number
  readonly mean: number
  /** Where the mean would lie in 95 of 100 such samples. */
  readonly between: readonly [number, number]
}

/** The groups of flights, in miles. */
export const bands = { 'to 500 miles': [0, 500], 'to 1000 miles': [500, 1000], farther: [1000, 1e5] } as const

/** How late are short and long flights, and how sure is that? The mean's interval is a bootstrap. */
export function typicalDelays(bootstrap: { resamples: number; seed: number }): Report<Map<string, Delays>> {
  return makeReport(
    () => {
      const all = flights()
      return new Map(
        Object.entries(bands).map(([name, [from, to]]) => {
          const delays = all.filter(({ distance }) => distance >= from && distance < to).map(({ delay }) => delay)
          return [name, delaysOf(delays, bootstrap)]
        }),
      )
    },
    (findings) =>
      `Half of the flights of more than 1000 miles are no later than ${findings.get('farther')!.median} min, nine of ten no later than ${findings.get('farther')!.ninth} min.`,
  )
}

/** What can be said of a list of delays. */
export function delaysOf(delays: readonly number[], { resamples, seed }: { resamples: number; seed: number }): Delays {
  const sorted = Int32Array.from(delays).sort()
  const size = sorted.length
  const random = randomIndexes(size, seed)
  const means = new Float64Array(resamples)
  for (let resample = 0; resample < resamples; resample += 1) {
    let sum = 0
    for (let draw = 0; draw < size; draw += 1) sum += sorted[random()]!
    means[resample] = sum / size
  }
  means.sort()
  return {
    flights: size,
    median: quantile(sorted, 0.5),
    ninth: quantile(sorted, 0.9),
    mean: sorted.reduce((sum, delay) => sum + delay, 0) / size,
    between: [quantile(means, 0.025), quantile(means, 0.975)],
  }
}

/** The smallest value that is not exceeded by this part of all. */
const quantile = (sorted: ArrayLike<number>, part: number) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]!

/** Whole numbers from 0 to below `size`, the same ones for the same seed (mulberry32). */
export function randomIndexes(size: number, seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * size)
  }
}
