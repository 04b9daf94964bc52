/**
 * The instants of entries. `Date.now()` may not be asked while a page is prerendered with `cacheComponents`, and the steady clock
 * that may be loses the time that a machine sleeps, and every correction of the machine's clock: an entry would outlive
 * its `ttl` by that, and an invalidation in another instance would seem older than what it ends. So the steady clock is used, and set
 * by the wall clock every second, asked where no render is told of it.
 */
import { asUnit } from './storages.ts'

/** For how long the steady clock is trusted, in milliseconds. */
const trusted = 1000

/** @returns whole epoch milliseconds: those of the wall clock, or of what it was before a correction of the last second */
export function createClock(
  wall: () => number = () => asUnit(undefined, Date.now),
  steady: () => number = () => performance.now(),
): () => number {
  let set = -Infinity
  let ahead = 0
  return () => {
    const now = steady()
    if (now - set > trusted) {
      set = now
      ahead = wall() - now
    }
    return Math.floor(now + ahead)
  }
}
