export { type Autocache, type Cached, cached, createAutocache, type MethodDecorator } from './autocache.ts'
export {
  AutocacheError,
  type AutocacheErrorCode,
  EntryFormatError,
  isAutocacheError,
  StoreError,
  UnkeyableValueError,
  UnstorableValueError,
  UnversionedFunctionError,
} from './errors.ts'
export type {
  AutocacheEvent,
  BreakerState,
  Counts,
  EventOf,
  EventType,
  Logger,
  MissReason,
  Stats,
  StoreStats,
} from './events.ts'
export type { Explanation, Peeked } from './handle.ts'
export { cacheKey, encodeKey, type KeyBounds, registerKeyer } from './key.ts'
export { estimateBytes, type MemoryStore, type MemoryStoreOptions, memoryStore } from './memory-store.ts'
export type {
  AnyFunction,
  AutocacheOptions,
  CallOptions,
  CommonOptions,
  Duration,
  FunctionOptions,
  SetOptionsOf,
} from './options.ts'
export type {
  AsyncStore,
  Entry,
  EpochRows,
  Held,
  Holds,
  SetContext,
  Store,
  StoreLocks,
  StoreTraits,
  SyncScope,
  SyncStore,
} from './store.ts'
export { type Bus, type TieredOptions, tieredStore } from './tiered-store.ts'
export type { ArgumentsOf, CachedFunction, CachedMember, Handle, IsAsync } from './types.ts'
