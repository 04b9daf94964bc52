export { entrySize } from './entry-size.ts'
export type { LruCacheLike, LruSetOptions } from './lru-cache-like.ts'
export { type LruCacheStore, lruCacheStore } from './lru-cache-store.ts'
