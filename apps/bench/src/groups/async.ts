import { cached, createAutocache, memoryStore } from '@autocache/core'
import { cachified, totalTtl } from '@epic-web/cachified'
import { createCache as createDedupe } from 'async-cache-dedupe'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { createCache } from 'cache-manager'
import { Cacheable } from 'cacheable'
import { Keyv } from 'keyv'
import { LRUCache } from 'lru-cache'
import { defineCachedFunction } from 'ocache'
import pMemoize from 'p-memoize'
import type { Contender, Group } from '../contender.ts'
import { distinct, record } from '../inputs.ts'

const hour = 3_600_000
const keys = Array.from({ length: distinct }, (_, n) => `user-${n}`)

const map: Contender = {
  name: 'async function around Map.get',
  async create({ fn, calls }) {
    const results = new Map<string, object>()
    for (const args of calls) results.set(args[0], await fn(...args))
    return async (key: string) => results.get(key)
  },
}

const contenders: Contender[] = [
  map,
  { name: 'p-memoize', create: ({ fn }) => pMemoize(fn) },
  {
    name: 'lru-cache, fetch',
    create({ fn }) {
      const lru = new LRUCache<string, object>({ max: 10_000, fetchMethod: (key) => fn(key) })
      return (key: string) => lru.fetch(key)
    },
  },
  {
    name: 'async-cache-dedupe, memory',
    keys: 'structure',
    unary: true,
    create({ fn }) {
      const cache = createDedupe({ ttl: 3600, storage: { type: 'memory', options: { size: 10_000 } } })
      return cache.define('find', (key: unknown) => fn(key)).find
    },
  },
  {
    name: 'cache-manager, wrap',
    create({ fn, onClose }) {
      const cache = createCache()
      onClose(() => cache.disconnect())
      return (key: string) => cache.wrap(key, () => fn(key), hour)
    },
  },
  {
    name: 'keyv, get',
    async create({ fn, calls }) {
      const keyv = new Keyv()
      for (const args of calls) await keyv.set(args[0], await fn(...args))
      return (key: string) => keyv.get(key)
    },
  },
  {
    name: 'cacheable, getOrSet',
    create({ fn, onClose }) {
      const cache = new Cacheable()
      onClose(() => cache.disconnect())
      return (key: string) => cache.getOrSet(key, () => fn(key), { ttl: hour })
    },
  },
  {
    name: 'cacheable, wrap',
    keys: 'structure',
    create({ fn, onClose }) {
      const cache = new Cacheable()
      onClose(() => cache.disconnect())
      return cache.wrap(fn, { ttl: hour, keyPrefix: 'find' })
    },
  },
  {
    name: 'bentocache, memory',
    create({ fn, onClose }) {
      const bento = new BentoCache({
        default: 'memory',
        stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: 10_000 })) },
      })
      onClose(() => bento.disconnectAll())
      return (key: string) => bento.getOrSet({ key, ttl: hour, factory: () => fn(key) })
    },
  },
  {
    name: 'ocache',
    keys: 'structure',
    create: ({ fn }) => defineCachedFunction(fn, { name: `find-${Math.random()}`, maxAge: 3600 }),
  },
  {
    name: 'cachified over lru-cache',
    create({ fn }) {
      const lru = new LRUCache<string, { metadata: { createdTime: number }; value: unknown }>({ max: 10_000 })
      const cache = {
        get: (key: string) => lru.get(key),
        set(key: string, entry: { metadata: { createdTime: number }; value: unknown }) {
          const ttl = totalTtl(entry.metadata)
          lru.set(key, entry, {
            ...(ttl === Number.POSITIVE_INFINITY ? {} : { ttl }),
            start: entry.metadata.createdTime,
          })
        },
        delete: (key: string) => lru.delete(key),
      }
      return (key: string) => cachified({ key, cache, ttl: hour, getFreshValue: () => fn(key) })
    },
  },
  { name: 'autocache', keys: 'structure', create: ({ fn }) => cached(fn) },
]

export const asyncHit: Group = {
  id: 'async-hit',
  title: 'Hit of an async function, in memory',
  reference: map.name,
  fn: async (key: string) => record(Number(key.slice(5))),
  args: (n) => [keys[n]],
  build: (n) => keys[n],
  loop: (answer, build, order) => {
    const strings = order.map(build)
    let at = 0
    return () => {
      at = (at + 1) & 1023
      return answer(strings[at])
    }
  },
  contenders,
}

const max = 10_000

export const miss: Group = {
  id: 'miss',
  title: 'Miss of a trivial async function, in memory',
  // The time of more than 10,000 calls, so that every sample has its share of filling, growing, emptying and collecting.
  sampleMilliseconds: 25,
  reference: 'p-memoize',
  fn: async (key: string) => key.length,
  args: (n) => [`call-${n}`],
  loop: (answer) => {
    let n = 1000
    return () => answer(`call-${n++}`)
  },
  contenders: [
    {
      name: 'p-memoize',
      // Its Map has no bound. Emptying it where the others are full keeps it as fast as it can be: a Map that grows to
      // millions of entries is slower than any bound.
      create({ fn }) {
        const cache = new Map()
        const memoized = pMemoize(fn, { cache })
        return (key: string) => {
          if (cache.size >= max) cache.clear()
          return memoized(key)
        }
      },
    },
    {
      name: 'p-memoize over lru-cache',
      create: ({ fn }) => pMemoize(fn, { cache: new LRUCache<any, any>({ max }) }),
    },
    {
      name: 'lru-cache, fetch',
      create({ fn }) {
        const lru = new LRUCache<string, object>({ max, fetchMethod: (key) => fn(key) })
        return (key: string) => lru.fetch(key)
      },
    },
    {
      name: 'async-cache-dedupe, memory',
      create({ fn }) {
        const cache = createDedupe({ ttl: 3600, storage: { type: 'memory', options: { size: max } } })
        return cache.define('find', (key: unknown) => fn(key)).find
      },
    },
    {
      name: 'autocache',
      create: ({ fn }) => createAutocache({ store: memoryStore({ max }) }).cached(fn),
    },
  ],
}
