/**
 * Where a call is made, as Next keeps it: which request or render, and whether there is a cache at all. These modules of Next are
 * not documented, so everything in them is optional here: without it a call goes the way of plain `unstable_cache`.
 */
import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js'
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js'

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

/** Runs something as the request or render itself would, and not as the cached function that is being filled. */
export function asUnit<T>(unit: Unit, run: () => T): T {
  return units?.run ? units.run(unit, run) : run()
}

/** The cache that `unstable_cache` would use here; nothing outside of Next. */
export function cacheHere(work: Work | undefined): IncrementalCache | undefined {
  return work?.incrementalCache ?? (globalThis as { __incrementalCache?: IncrementalCache }).__incrementalCache
}
