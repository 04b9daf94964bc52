import { describeStore } from '@autocache/conformance'
import type { Entry } from '@autocache/core'
import { LRUCache } from 'lru-cache'
import { LRUCache as LRUCache10 } from 'lru-cache10'
import { describe } from 'vitest'
import { entrySize, type LruCacheLike, lruCacheStore } from '../src/index.ts'

const bounds = { max: 100, ttlResolution: 0 }
const shapes: Record<string, () => LruCacheLike> = {
  'lru-cache 11 with max': () => new LRUCache<string, Entry>(bounds),
  'lru-cache 10 with max': () => new LRUCache10<string, Entry>(bounds),
  'lru-cache 11 with maxSize and no measure': () => new LRUCache<string, Entry>({ ...bounds, maxSize: 1e9 }),
  'lru-cache 11 with maxSize and entrySize': () =>
    new LRUCache<string, Entry>({ ...bounds, maxSize: 1e9, sizeCalculation: entrySize }),
  'lru-cache 11 with everything that reads change': () =>
    new LRUCache<string, Entry>({ ...bounds, noDisposeOnSet: true, dispose: () => {}, onInsert: () => {} }),
  'lru-cache 11 with ttlAutopurge': () =>
    new LRUCache<string, Entry>({ ...bounds, ttl: 3_600_000, ttlAutopurge: true }),
}

for (const [title, make] of Object.entries(shapes)) {
  // Most of a clause is waiting for entries to expire.
  describe.concurrent(`the contract over ${title}`, () => {
    describeStore(
      'lruCacheStore',
      () => {
        return { store: lruCacheStore(make()) }
      },
      {
        mode: 'sync',
        lifetime: 'process',
        holds: 'references',
        exactKeys: true,
        expires: true,
        bounded: 100,
        scope: true,
        clear: true,
        keys: true,
      },
    )
  })
}
