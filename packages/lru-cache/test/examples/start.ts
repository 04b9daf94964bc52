import { createAutocache, type Entry } from '@autocache/core'
import { LRUCache } from 'lru-cache'
import { entrySize, lruCacheStore } from '../../src/index.ts'

const lru = new LRUCache<string, Entry>({ maxSize: 50_000_000, sizeCalculation: entrySize })
const cache = createAutocache({ store: lruCacheStore(lru), ttl: '10m' })

const area = cache.cached((shape: { width: number; height: number }) => shape.width * shape.height)

console.log(area({ width: 3, height: 4 }), area({ height: 4, width: 3 }), lru.size)
