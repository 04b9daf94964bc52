import type { Entry } from '@autocache/core'
import type { LRUCache } from 'lru-cache'

/** What an LRUCache's own `set` takes: `size`, `ttl`, `noDisposeOnSet` and so on. Its `context` may be any. */
export type LruSetOptions = LRUCache.SetOptions<string, Entry, any>

/**
 * An `LRUCache<string, Entry>`, typed by what is used of it, so that any copy of lru-cache 10 and 11 is accepted, whatever
 * its `context` is. An LRUCache of other values is refused.
 */
export interface LruCacheLike {
  /** The bound of one entry's size; 0 where sizes are not tracked. */
  readonly maxEntrySize: number
  /** Whether entries are removed by a timer each. */
  readonly ttlAutopurge: boolean
  /** What measures an entry, where the user gave something. */
  readonly sizeCalculation?: ((entry: Entry, key: string) => number) | undefined
  get(key: string): Entry | undefined
  set(key: string, entry: Entry, options?: LruSetOptions): unknown
  peek(key: string, options?: { allowStale?: boolean }): Entry | undefined
  delete(key: string): boolean
  clear(): void
  keys(): Iterable<string>
}

/** Whether a value can be asked like an LRUCache. */
export function isLruCache(value: unknown): value is LruCacheLike {
  if (typeof value !== 'object' || value === null) return false
  const members = value as Record<string, unknown>
  return (
    typeof members.maxEntrySize === 'number' &&
    ['get', 'set', 'peek', 'delete', 'clear', 'keys'].every((name) => typeof members[name] === 'function')
  )
}
