import KeyvRedis, { createClient } from '@keyv/redis'
import { createCache } from 'cache-manager'
import { createCache as createCache6 } from 'cache-manager6'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { redisUrl } from 'servers'
import type { CacheManagerLike } from '../../src/index.ts'

/** What a test may say of a cache. */
export interface CacheSettings {
  readonly nonBlocking?: boolean
  readonly ttl?: number
}

/** A pair of releases that a cache is made of. */
export interface Pair {
  readonly title: string
  readonly manager: 6 | 7
  readonly keyv: 5 | 6
  makeKeyv(store: object, options?: { namespace?: string; ttl?: number }): Keyv
  makeCache(keyvs: readonly Keyv[], settings?: CacheSettings): ReturnType<typeof createCache>
}

export const pairs: readonly Pair[] = ([6, 7] as const).flatMap((manager) =>
  ([5, 6] as const).map((keyv): Pair => {
    const create = manager === 7 ? createCache : (createCache6 as unknown as typeof createCache)
    return {
      title: `cache-manager ${manager}, Keyv ${keyv}`,
      manager,
      keyv,
      makeKeyv(store, options = {}) {
        const made =
          keyv === 5 ? new Keyv({ store, ...options }) : (new Keyv6({ store, ...options }) as unknown as Keyv)
        made.on('error', () => {})
        return made
      },
      makeCache: (keyvs, settings = {}) => create({ stores: [...keyvs], ...settings }),
    }
  }),
)

/** A cache over storage of its own, and what can be done with that. */
export interface Opened {
  readonly cache: CacheManagerLike
  /** A second cache over the same storage. */
  reopen(): CacheManagerLike
  /** Empties what stands in the memory of one cache, in front of what all have in common, as the start of a process does. */
  restart?(cache: CacheManagerLike): void
  /** Makes the storage fail from now on. */
  breakIt?(): Promise<void>
  /** Removes everything. */
  close(): Promise<void>
}

/** A kind of storage that tests run over. */
export interface Backend {
  readonly name: string
  /** Where the server is expected, for those that need one. */
  readonly url?: string
  readonly lifetime: 'process' | 'shared'
  /** Whether something in front of it does not see what others write. */
  readonly epochs: boolean
  open(pair: Pair): Promise<Opened>
}

let opened = 0
export const unique = () => `autocache_${process.pid}_${Date.now().toString(36)}_${opened++}`

const memory: Backend = {
  name: 'a Map',
  lifetime: 'process',
  epochs: false,
  async open(pair) {
    const rows = new Map()
    const make = () => pair.makeCache([pair.makeKeyv(rows)])
    return { cache: make(), reopen: make, close: async () => {} }
  },
}

/** A cache over Redis, and over as many Maps before it as is said: each cache has its own, as each process would. */
function redis(name: string, maps: number): Backend {
  return {
    name,
    url: redisUrl,
    lifetime: 'shared',
    epochs: maps > 0,
    async open(pair) {
      const namespace = unique()
      const adapters: KeyvRedis<unknown>[] = []
      const fronts = new Map<CacheManagerLike, Map<unknown, unknown>[]>()
      const make = () => {
        const adapter = new KeyvRedis(redisUrl)
        adapters.push(adapter)
        const own = Array.from({ length: maps }, () => new Map())
        const before = own.map((map) => pair.makeKeyv(map, { namespace }))
        const cache = pair.makeCache([...before, pair.makeKeyv(adapter, { namespace })])
        fronts.set(cache, own)
        return cache
      }
      return {
        cache: make(),
        reopen: make,
        restart(cache) {
          for (const map of fronts.get(cache)!) map.clear()
        },
        async breakIt() {
          for (const map of [...fronts.values()].flat()) map.clear()
          for (const adapter of adapters) {
            await adapter.disconnect(true)
            // Nothing listens there.
            const nowhere = createClient({ url: 'redis://127.0.0.1:1', socket: { reconnectStrategy: false } })
            adapter.client = nowhere as unknown as typeof adapter.client
          }
        },
        async close() {
          const sweeper = new KeyvRedis(redisUrl)
          sweeper.namespace = namespace
          await sweeper.clear()
          for (const adapter of [...adapters, sweeper]) await adapter.disconnect(true)
        },
      }
    },
  }
}

export const backends: readonly Backend[] = [memory, redis('Redis', 0), redis('a Map and Redis', 1)]
