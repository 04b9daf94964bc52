/**
 * Where a call is made, as Next keeps it: which request or render, whether there is a cache at all, and which tags were ended. These modules of Next are
 * not documented, so everything in them is optional here: without it a call goes the way of plain `unstable_cache`. The modules
 * themselves must be there, which a build says at once.
 */
import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js'
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js'
import * as manifest from 'next/dist/server/lib/incremental-cache/tags-manifest.external.js'

/** What is used of the cache behind `unstable_cache`. */
interface IncrementalCache {
  readonly cacheHandler?: unknown
  readonly hasCustomCacheHandler?: boolean
}

/** What is used of a request or render. */
export interface Work {
  readonly page?: string
  readonly isDraftMode?: boolean
  readonly incrementalCache?: IncrementalCache
}

/** What runs within it. */
export interface Unit {
  readonly type?: string
}

interface Storage {
  getStore?(): unknown
  run?<T>(store: unknown, run: () => T): T
}

const works = workAsyncStorage as Storage | undefined
const units = workUnitAsyncStorage as Storage | undefined

export const workNow = (): Work | undefined => works?.getStore?.() as Work | undefined
export const unitNow = (): Unit | undefined => units?.getStore?.() as Unit | undefined

/** Both, read once for a call: each reading counts on the way of a hit. */
export interface Site {
  readonly work: Work | undefined
  readonly unit: Unit | undefined
}

export const siteNow = (): Site => ({ work: workNow(), unit: unitNow() })

/**
 * Runs something as another request or render would, and not as the cached function that is being filled; without one, as what
 * no render is told of.
 */
export function asUnit<T>(unit: Unit | undefined, run: () => T): T {
  return units?.run ? units.run(unit, run) : run()
}

/** The cache that `unstable_cache` would use here; nothing outside of Next. */
export function cacheHere(work: Work | undefined): IncrementalCache | undefined {
  return work?.incrementalCache ?? (globalThis as { __incrementalCache?: IncrementalCache }).__incrementalCache
}

/** Our own tags are ended by `invalidate` alone, which leaves fences with the instant of the call; Next carries it out later. */
const isTheirs = (tag: string) => !tag.startsWith('autocache:')

/** When a tag was ended, in epoch milliseconds; Next 15 has the instant alone. */
type Ended = number | { readonly stale?: number; readonly expired?: number }

const tagsManifest = (manifest as { tagsManifest?: ReadonlyMap<string, Ended> }).tagsManifest

const past = (instant: number | undefined): number =>
  instant !== undefined && instant <= performance.timeOrigin + performance.now() ? instant : -Infinity

/** The instant of a run that begins now, and so after what was ended: Next's instants are whole milliseconds. */
export function afterEnds(tags: readonly string[], now: number): number {
  let begun = now
  if (!tagsManifest || tagsManifest.size === 0) return begun
  for (const tag of tags.filter(isTheirs)) {
    const known = tagsManifest.get(tag)
    const { stale, expired } = typeof known === 'object' ? known : { stale: known, expired: known }
    begun = Math.max(begun, past(stale) + 1, past(expired) + 1)
  }
  return begun
}

/**
 * Whether one of the tags was ended in this process since then. Next compares with the instant at which an entry was written, and so
 * believes what a run left that had begun before.
 * @param refreshed whether what is merely stale is being refreshed
 */
export function wasEnded(tags: readonly string[], begun: number, refreshed: boolean): boolean {
  if (!tagsManifest || tagsManifest.size === 0) return false
  return tags.filter(isTheirs).some((tag) => {
    const known = tagsManifest.get(tag)
    if (known === undefined) return false
    if (typeof known === 'number') return known >= begun
    if (!refreshed && past(known.stale) >= begun) return true
    return past(known.expired) >= begun
  })
}
