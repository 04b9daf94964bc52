/** Instants of invalidations in this process, by tag: what was begun before one never answers after it (R18). */
import { common } from './version.ts'

const fences = common('autocache.fences', () => ({
  at: new Map<string, number>(),
  /** The instant before which nothing is believed, once more tags were invalidated than are kept. */
  floor: -Infinity,
  last: -Infinity,
}))

const most = 10_000

/** What bears one of these tags and was begun until now does not answer any more. */
export function raiseFences(tags: readonly string[], now: number): void {
  if (fences.at.size > most) {
    fences.at.clear()
    fences.floor = now
  }
  if (now > fences.last) fences.last = now
  for (const tag of tags) fences.at.set(tag, now)
}

export function isFenced(tags: readonly string[], begun: number): boolean {
  if (fences.floor >= begun) return true
  if (fences.at.size === 0) return false
  return tags.some((tag) => (fences.at.get(tag) ?? -Infinity) >= begun)
}

/** When a run begins: after every invalidation so far, also those of the same millisecond. */
export function beginning(now: number): number {
  return Math.max(now, fences.last + 1)
}
