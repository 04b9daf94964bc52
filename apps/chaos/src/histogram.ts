/** How many buckets there are for each doubling: percentiles are within 3 per cent. */
const fine = 24
/** The least time that is told apart, in milliseconds. */
const least = 0.01

/** Times of calls, as counts by bucket, so that those of many processes add up. */
export type Histogram = Map<number, number>

export function note(times: Histogram, milliseconds: number): void {
  const bucket = Math.max(0, Math.round(Math.log2(Math.max(least, milliseconds) / least) * fine))
  times.set(bucket, (times.get(bucket) ?? 0) + 1)
}

/** Adds what another process counted. */
export function add(times: Histogram, others: Iterable<readonly [number, number]>): void {
  for (const [bucket, count] of others) times.set(bucket, (times.get(bucket) ?? 0) + count)
}

export function countOf(times: Histogram): number {
  let count = 0
  for (const each of times.values()) count += each
  return count
}

/** The time in milliseconds that this share of the calls took at most; 0 where there were none. */
export function percentile(times: Histogram, share: number): number {
  let left = share * countOf(times)
  let time = 0
  for (const [bucket, count] of [...times].sort(([a], [b]) => a - b)) {
    if (left <= 0) break
    time = least * 2 ** (bucket / fine)
    left -= count
  }
  return time
}
