/**
 * Whether a value made at `createdAt` is still fresh at `now` under the current `ttl` (R07: current options decide, not
 * those of the writer). The distance counts in both directions: an entry from a clock that runs ahead of ours is not
 * kept longer than its ttl after that clock, and one of another hour is a miss.
 */
export function isFresh(createdAt: number, ttl: number, now: number): boolean {
  return Math.abs(now - createdAt) < ttl
}
