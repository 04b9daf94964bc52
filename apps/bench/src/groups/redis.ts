import { randomBytes } from 'node:crypto'
import { createAutocache, memoryStore, tieredStore } from '@autocache/core'
import { redisBus, redisStore } from '@autocache/redis'
import KeyvRedis from '@keyv/redis'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis'
import { createCache } from 'cache-manager'
import { Cacheable } from 'cacheable'
import { Redis } from 'ioredis'
import { Keyv } from 'keyv'
import { createClient } from 'redis'
import type { Contender, Group, Setting } from '../contender.ts'
import { record } from '../inputs.ts'
import { asyncHit } from './async.ts'
import { callers, manyKeys, oneKey, redisUrl, unreachable } from './keyv.ts'

const tenMinutes = 600_000

/** A prefix that nobody else uses; what stands under it is removed when the contender is done with. */
function ownPrefix({ onClose }: Setting): string {
  const prefix = `autocache-bench-${randomBytes(6).toString('hex')}:`
  onClose(async () => {
    const client = new Redis(redisUrl)
    const pages: AsyncIterable<string[]> = client.scanStream({ match: `${prefix}*`, count: 1000 })
    for await (const keys of pages) if (keys.length > 0) await client.unlink(keys)
    client.disconnect()
  })
  return prefix
}

async function nodeRedis({ onClose }: Setting) {
  const client = createClient({ url: redisUrl })
  client.on('error', (error) => console.error(`bench: Redis: ${error}`))
  await client.connect()
  onClose(() => client.destroy())
  return client
}

function ioredis({ onClose }: Setting, options: { enableAutoPipelining?: boolean } = {}) {
  const client = new Redis(redisUrl, options)
  client.on('error', (error) => console.error(`bench: Redis: ${error}`))
  onClose(() => client.disconnect())
  return client
}

/** What a client's own GET is: a text under a key made by hand. Only `parses` makes of it what the function returned. */
function bare(name: string, connect: (setting: Setting) => Promise<Texts> | Texts, parses = false): Contender {
  return {
    name,
    async create(setting) {
      const prefix = ownPrefix(setting)
      const client = await connect(setting)
      for (const args of setting.calls) await client.set(prefix + args[0], JSON.stringify(await setting.fn(...args)))
      if (!parses) return (key: string) => client.get(prefix + key)
      return async (key: string) => JSON.parse((await client.get(prefix + key))!)
    },
    ...(!parses && { reads: (text: string) => JSON.parse(text) }),
  }
}

/** What is used of a client by who uses it bare. */
interface Texts {
  get(key: string): Promise<string | null>
  set(key: string, text: string): Promise<unknown>
}

type Store = ReturnType<typeof redisStore> | ReturnType<typeof tieredStore>

/** One function over a store; what it writes is there before its clients are closed. */
function cachedOver(setting: Setting, store: Store) {
  const cache = createAutocache({ store, namespace: 'bench', ttl: '10m' })
  setting.onClose(() => cache.close())
  return cache.cached(setting.fn, { name: 'find', version: 'bench' })
}

const overNodeRedis: Contender = {
  name: 'autocache over redisStore (node-redis)',
  async create(setting) {
    const prefix = ownPrefix(setting)
    return cachedOver(setting, redisStore(await nodeRedis(setting), { prefix }))
  },
}

const overIoredis: Contender = {
  name: 'autocache over redisStore (ioredis)',
  create(setting) {
    const prefix = ownPrefix(setting)
    return cachedOver(setting, redisStore(ioredis(setting), { prefix }))
  },
}

const common = {
  fn: async (key: string) => record(Number(key.slice(5))),
  args: (n: number) => [`user-${n}`],
  calls: callers,
  unavailable: () => unreachable(redisUrl),
} satisfies Partial<Group>

function besideBareGet(id: string, client: string, contenders: readonly Contender[]): Group[] {
  const rest = { ...common, reference: contenders[0]!.name, contenders }
  const title = `Hit over Redis with ${client}, ${callers} concurrent callers of`
  return [
    { ...rest, id: `${id}-one-key`, title: `${title} one key`, loop: oneKey },
    { ...rest, id: `${id}-many-keys`, title: `${title} ${callers} keys`, loop: manyKeys },
  ]
}

const nodeRedisGroups = besideBareGet('redis-node-redis', 'node-redis', [
  bare('GET', nodeRedis as (setting: Setting) => Promise<Texts>),
  bare('GET and JSON.parse', nodeRedis as (setting: Setting) => Promise<Texts>, true),
  overNodeRedis,
])

const ioredisGroups = besideBareGet('redis-ioredis', 'ioredis', [
  bare('GET', (setting) => ioredis(setting)),
  bare('GET and JSON.parse', (setting) => ioredis(setting), true),
  bare('GET, with automatic pipelines', (setting) => ioredis(setting, { enableAutoPipelining: true })),
  overIoredis,
])

/** Redis alone: no peer has memory of its own in front of it. */
const peers: readonly Contender[] = [
  {
    name: 'bentocache (ioredis)',
    create(setting) {
      const { onClose, fn } = setting
      const driver = redisDriver({ connection: ioredis(setting) as never, prefix: ownPrefix(setting) })
      const bento = new BentoCache({ default: 'redis', stores: { redis: bentostore().useL2Layer(driver) } })
      onClose(() => bento.disconnectAll())
      return (key: string) => bento.getOrSet({ key, ttl: tenMinutes, factory: () => fn(key) })
    },
  },
  {
    name: 'cacheable (Keyv, node-redis)',
    create(setting) {
      const cache = new Cacheable({ primary: overRedis(setting) })
      return (key: string) => cache.getOrSet(key, () => setting.fn(key), { ttl: tenMinutes })
    },
  },
  {
    name: 'cache-manager, wrap (Keyv, node-redis)',
    create(setting) {
      const cache = createCache({ stores: [overRedis(setting)] })
      return (key: string) => cache.wrap(key, () => setting.fn(key), tenMinutes)
    },
  },
]

function overRedis(setting: Setting): Keyv {
  const prefix = ownPrefix(setting)
  const keyv = new Keyv({ store: new KeyvRedis(redisUrl), namespace: prefix, useKeyPrefix: false })
  keyv.on('error', (error) => console.error(`bench: Redis: ${error}`))
  setting.onClose(() => keyv.disconnect())
  return keyv
}

/** What the bar asks: every one of ours ahead of every peer. */
export const peersOverRedis: Group = {
  ...common,
  id: 'redis-peers',
  title: `Hit over Redis, ${callers} concurrent callers of ${callers} keys`,
  reference: overNodeRedis.name,
  loop: manyKeys,
  contenders: [overNodeRedis, overIoredis, ...peers],
}

const inMemory: Contender = {
  name: 'autocache over memoryStore',
  create: ({ fn }) => createAutocache({ store: memoryStore({ max: 10_000 }), ttl: '10m' }).cached(fn),
}

/** Hits that ask nobody: the bus says that what is in memory still counts. */
export const tierHit: Group = {
  ...asyncHit,
  id: 'redis-tiers-hit',
  title: 'Hit of an async function in the memory of tiers over Redis with a bus',
  reference: inMemory.name,
  unavailable: common.unavailable,
  contenders: [
    inMemory,
    {
      name: 'autocache over tieredStore',
      async create(setting) {
        const prefix = ownPrefix(setting)
        const [client, subscriber] = await Promise.all([nodeRedis(setting), nodeRedis(setting)])
        const far = redisStore({ client, subscriber }, { prefix })
        const bus = redisBus({ client, subscriber }, { channel: `${prefix}bus` })
        return cachedOver(setting, tieredStore([memoryStore({ max: 10_000 }), far], { bus }))
      },
    },
    {
      name: 'bentocache, two layers and a bus',
      create(setting) {
        const { onClose, fn } = setting
        const connection = ioredis(setting) as never
        const tiers = bentostore()
          .useL1Layer(memoryDriver({ maxItems: 10_000 }))
          .useL2Layer(redisDriver({ connection, prefix: ownPrefix(setting) }))
          .useBus(
            redisBusDriver({
              connection: { host: new URL(redisUrl).hostname, port: Number(new URL(redisUrl).port || 6379) },
            }),
          )
        const bento = new BentoCache({ default: 'tiers', stores: { tiers } })
        onClose(() => bento.disconnectAll())
        return (key: string) => bento.getOrSet({ key, ttl: tenMinutes, factory: () => fn(key) })
      },
    },
    {
      name: 'cacheable, memory before Keyv',
      create(setting) {
        const cache = new Cacheable({ secondary: overRedis(setting) })
        return (key: string) => cache.getOrSet(key, () => setting.fn(key), { ttl: tenMinutes })
      },
    },
    {
      name: 'cache-manager, memory before Keyv',
      create(setting) {
        const cache = createCache({ stores: [new Keyv(), overRedis(setting)] })
        return (key: string) => cache.wrap(key, () => setting.fn(key), tenMinutes)
      },
    },
  ],
}

export const redisGroups: readonly Group[] = [...nodeRedisGroups, ...ioredisGroups, peersOverRedis, tierHit]
