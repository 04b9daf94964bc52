export type { AutocacheEvent } from '@autocache/core'
export { type CachedFunction, type CachedHandle, cached, type NextOptions, on, type Support, stats } from './cached.ts'
