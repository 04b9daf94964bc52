export type { KeyvLike } from './keyv-like.ts'
export { type KeyvStore, type KeyvStoreOptions, type KeyvWrite, keyvStore } from './keyv-store.ts'
