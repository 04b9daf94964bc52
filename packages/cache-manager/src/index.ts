export type { CacheManagerLike, KeyvLike } from './cache-manager-like.ts'
export {
  type CacheManagerStore,
  type CacheManagerStoreOptions,
  type CacheManagerWrite,
  cacheManagerStore,
} from './cache-manager-store.ts'
