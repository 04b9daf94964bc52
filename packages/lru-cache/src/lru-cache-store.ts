import {
  AutocacheError,
  type Entry,
  type SetContext,
  StoreError,
  type SyncScope,
  type SyncStore,
} from '@autocache/core'
import type { SlotScope } from '@autocache/core/plumbing'
import { entrySize } from './entry-size.ts'
import { isLruCache, type LruCacheLike, type LruSetOptions } from './lru-cache-like.ts'
import { Places } from './places.ts'

/** An LRUCache as a store. `setOptions` of a cached function is what the LRUCache's own `set` takes. */
export interface LruCacheStore extends SyncStore<'references', LruSetOptions> {
  scope(prefix: string): SyncScope<'references', LruSetOptions>
  clear(prefix?: string): void
  keys(prefix: string): IterableIterator<string>
}

/** The longest time that a timer takes. */
const longestTimer = 2 ** 31 - 2

/** One store for each LRUCache: what core knows of a store, such as flights and fences, is then known to all who use it. */
const stores = new WeakMap<LruCacheLike, LruCacheStore>()

/**
 * Stores entries in the user's LRUCache, of lru-cache 10 or 11. It stays as it is: `max`, `maxSize`, `ttl`, `dispose`,
 * `allowStale` and the rest apply, also when they change later. `fetchMethod` and `memoMethod` are never called.
 *
 * The same LRUCache gives the same store, so that invalidations from one module are known to another.
 *
 * Entries written without an `expiresAt` get the LRUCache's own default `ttl`, where it has one.
 * @throws AutocacheError with code `INVALID_OPTION` where `lru` is no LRUCache.
 * @example
 * ```ts
 * import { createAutocache, type Entry } from '@autocache/core'
 * import { lruCacheStore } from '@autocache/lru-cache'
 * import { LRUCache } from 'lru-cache'
 *
 * const lru = new LRUCache<string, Entry>({ max: 500 })
 * const cache = createAutocache({ store: lruCacheStore(lru) })
 * const square = cache.cached((n: number) => n * n)
 * square(4) // 16
 * square(4) // 16
 * lru.size // 1
 * ```
 */
export function lruCacheStore(lru: LruCacheLike): LruCacheStore {
  if (!isLruCache(lru)) {
    throw new AutocacheError(
      'INVALID_OPTION',
      'lruCacheStore() takes an LRUCache of lru-cache 10 or 11: lruCacheStore(new LRUCache<string, Entry>({ max: 500 })).',
    )
  }
  let store = stores.get(lru)
  if (!store) stores.set(lru, (store = create(lru)))
  return store
}

function create(lru: LruCacheLike): LruCacheStore {
  const places = new Places(lru)

  function set(key: string, entry: Entry, context?: SetContext<LruSetOptions>): void {
    try {
      lru.set(key, entry, optionsOf(lru, key, entry, context))
    } catch (error) {
      throw failed('set', error)
    }
  }

  function remove(key: string): boolean {
    try {
      return lru.delete(key)
    } catch (error) {
      throw failed('delete', error)
    }
  }

  return {
    name: 'LRUCache',
    lifetime: 'process',
    holds: 'references',
    get: (key) => lru.get(key),
    set,
    delete: remove,

    scope(prefix): SlotScope<LruSetOptions> {
      // A miss asks for a key and then writes it: the same string is hashed once.
      let lastKey = ''
      let lastFull = prefix
      const full = (key: string) => {
        if (key !== lastKey) lastFull = prefix + (lastKey = key)
        return lastFull
      }
      return {
        full,
        slot: (key) => places.find(full(key)),
        get: (key) => lru.get(full(key)),
        set: (key, entry, context) => set(full(key), entry, context),
        delete: (key) => remove(full(key)),
      }
    },

    clear(prefix = '') {
      try {
        if (prefix === '') return lru.clear()
        for (const key of [...lru.keys()]) if (key.startsWith(prefix)) lru.delete(key)
      } catch (error) {
        throw failed('clear', error)
      }
    },

    *keys(prefix) {
      for (const key of lru.keys()) if (key.startsWith(prefix)) yield key
    },
  }
}

/** What the LRUCache's `set` is told: the caller's own options, a time to live, and a size where nothing else gives one. */
function optionsOf(
  lru: LruCacheLike,
  key: string,
  entry: Entry,
  context: SetContext<LruSetOptions> | undefined,
): LruSetOptions {
  // A copy: an LRUCache writes into what it is handed.
  const options: LruSetOptions = { ...context?.setOptions }
  const ttl = options.ttl ?? ttlOf(lru, context?.expiresAt)
  if (ttl !== undefined) options.ttl = ttl
  // An LRUCache that is bounded by size and can measure nothing refuses every entry.
  const measures = options.size || options.sizeCalculation || lru.sizeCalculation
  if (lru.maxEntrySize > 0 && !measures) options.size = entrySize(entry, key)
  return options
}

/** The time to live in whole milliseconds: rounded up, and never 0, which an LRUCache takes for "for ever". */
function ttlOf(lru: LruCacheLike, expiresAt: number | undefined): number | undefined {
  if (expiresAt === undefined || expiresAt === Number.POSITIVE_INFINITY) return undefined
  const ttl = Math.max(1, Math.ceil(expiresAt - Date.now()))
  // With `ttlAutopurge` each entry has a timer, and one that is longer than timers can be fires at once, again and again.
  return lru.ttlAutopurge ? Math.min(ttl, longestTimer) : ttl
}

function failed(operation: string, cause: unknown): StoreError {
  return new StoreError(
    'LRUCache',
    operation,
    `LRUCache failed in ${operation}; its own error, or that of its sizeCalculation, dispose or onInsert, is the cause.`,
    { cause },
  )
}
