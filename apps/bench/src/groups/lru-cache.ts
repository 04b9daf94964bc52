import { createAutocache, type Entry } from '@autocache/core'
import { lruCacheStore } from '@autocache/lru-cache'
import { LRUCache } from 'lru-cache'
import type { Contender, Group } from '../contender.ts'
import { asyncHit } from './async.ts'
import { autocache, lru, oneString } from './sync.ts'

const max = 10_000

const overLru: Contender = {
  name: 'autocache over lruCacheStore',
  keys: 'structure',
  create: ({ fn }) => createAutocache({ store: lruCacheStore(new LRUCache<string, Entry>({ max })) }).cached(fn),
}

const fetching: Contender = {
  name: 'lru-cache, fetch',
  create({ fn }) {
    const cache = new LRUCache<string, object>({ max, fetchMethod: (key) => fn(key) })
    return (key: string) => cache.fetch(key)
  },
}

/** What an LRUCache costs as a store, beside the default store and beside itself. */
export const lruHit: Group = {
  ...oneString,
  id: 'lru-cache-hit',
  title: 'Hit over an LRUCache, one string',
  contenders: [lru, autocache, overLru],
}

export const lruAsyncHit: Group = {
  ...asyncHit,
  id: 'lru-cache-async-hit',
  title: 'Hit of an async function over an LRUCache',
  reference: fetching.name,
  contenders: [fetching, autocache, overLru],
}
