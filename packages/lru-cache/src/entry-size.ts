import { type Entry, estimateBytes } from '@autocache/core'

/**
 * About how many bytes an entry takes: its value, by `estimateBytes` of core, and its key. For `sizeCalculation`, so that
 * `maxSize` is in bytes.
 * @example
 * ```ts
 * import type { Entry } from '@autocache/core'
 * import { entrySize, lruCacheStore } from '@autocache/lru-cache'
 * import { LRUCache } from 'lru-cache'
 *
 * const lru = new LRUCache<string, Entry>({ maxSize: 50_000_000, sizeCalculation: entrySize })
 * const store = lruCacheStore(lru)
 * store.set('k', { format: 2, key: 'k', createdAt: 0, codec: 'reference', outcome: 'value', promised: false, epochs: 0, body: 'abcd' })
 * lru.calculatedSize // 26
 * ```
 */
export function entrySize(entry: Entry, key: string): number {
  return estimateBytes(entry.body) + 2 * key.length
}
