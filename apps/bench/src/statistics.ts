/** The least, the middle and the greatest of some figures. */
export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

/** The middle figure; of an even number of them the mean of the two in the middle. */
export function median(figures: readonly number[]): number {
  if (figures.length === 0) throw new RangeError('There is no median of no figures.')
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function spread(figures: readonly number[]): Spread {
  return { min: Math.min(...figures), median: median(figures), max: Math.max(...figures) }
}

/** What one contender took in each round, by its name; every list has a figure for every round. */
export type Rounds = Readonly<Record<string, readonly number[]>>

/** One contender's times, and how often the reference's time of the same round they were. */
export interface Comparison {
  readonly name: string
  readonly nanoseconds: Spread
  readonly ratio: Spread
}

/**
 * Compares by round: what slows the machine down for a while slows both figures of a ratio, because they were measured
 * a moment apart.
 */
export function compare(rounds: Rounds, reference: string): Comparison[] {
  const against = rounds[reference]
  if (!against) throw new RangeError(`The reference ${reference} was not measured.`)
  return Object.entries(rounds).map(([name, times]) => {
    if (times.length !== against.length) throw new RangeError(`${name} was not measured in every round.`)
    return { name, nanoseconds: spread(times), ratio: spread(times.map((time, round) => time / against[round]!)) }
  })
}
