import { type AsyncStore, AutocacheError, type SetContext, type StoreLocks } from '@autocache/core'
import { type Driver, driverOf, isClient, type RedisClientLike } from './client.ts'
import { failed, storeName } from './explain.ts'
import { createLocks } from './locks.ts'
import { bySlot, type Failover, type Row, Rows } from './rows.ts'
import { type Signals, signalsOf } from './signals.ts'

/** What `redisStore` can be told. */
export interface RedisStoreOptions {
  /**
   * What every key in Redis begins with.
   * @default 'autocache:'
   */
  readonly prefix?: string | undefined
  /**
   * What becomes of entries when the server was restarted with its data, or a replica took its place: `'cold'` begins
   * anew, because invalidations may have been lost; `'keep'` goes on with them, and a lost invalidation is bounded by the
   * entry's `ttl`. The same for all who use a server.
   * @default 'cold'
   */
  readonly failover?: Failover | undefined
}

/** A Redis client as a store. */
export interface RedisStore extends AsyncStore<'text', never> {
  getMany(keys: readonly string[]): Promise<readonly (string | undefined)[]>
  setMany(entries: readonly RedisWrite[]): Promise<void>
  deleteMany(keys: readonly string[]): Promise<void>
  clear(prefix?: string): Promise<void>
  keys(prefix: string): AsyncIterable<string>
  readonly locks: StoreLocks
}

/** One entry of `setMany`. */
export interface RedisWrite {
  readonly key: string
  readonly entry: string
  readonly context?: SetContext<never>
}

/** A client, and a second connection of it that subscribes: by it who waits for another process hears that it is done. */
export interface RedisClients {
  readonly client: RedisClientLike
  readonly subscriber?: RedisClientLike | undefined
}

/** The longest key, with every prefix, in bytes: what core's keys are made for. */
const longest = 250

/** How many keys one SCAN looks at, and one UNLINK removes. */
const page = 500

const utf8 = new TextEncoder()

/** One store for each client and way to use it: what core knows of a store is then known to all who use it. */
const stores = new WeakMap<object, Map<string, RedisStore>>()

/**
 * Stores entries in Redis or Valkey through the user's own client: node-redis 5 or 6, ioredis 5 or 6; one server, Sentinel
 * or Cluster. Reads of one turn, with all that says whether they still count, are one round trip.
 *
 * The same client gives the same store. It opens no connection, and closes none.
 * @throws AutocacheError with code `INVALID_OPTION` where it is no client, reads from replicas, or an option is wrong.
 * @example
 * ```ts
 * import { redisStore } from '@autocache/redis'
 * import { createClient } from 'redis'
 *
 * const client = await createClient({ url: process.env.REDIS_URL }).on('error', () => {}).connect()
 * const store = redisStore(client, { prefix: 'example:' })
 * await store.set('answer', '42', { expiresAt: Date.now() + 60_000 })
 * await store.get('answer') // '42'
 * await store.clear()
 * client.destroy()
 * ```
 */
export function redisStore(clients: RedisClientLike | RedisClients, options: RedisStoreOptions = {}): RedisStore {
  const { prefix = 'autocache:', failover = 'cold' } = options
  if (typeof prefix !== 'string' || utf8.encode(prefix).length > longest / 2) {
    throw new AutocacheError('INVALID_OPTION', 'The prefix of a redisStore() is a text of at most 125 bytes.')
  }
  if (failover !== 'cold' && failover !== 'keep') {
    throw new AutocacheError('INVALID_OPTION', "The failover of a redisStore() is 'cold' or 'keep'.")
  }
  const { client, subscriber } = isPair(clients) ? clients : { client: clients, subscriber: undefined }
  const driver = driverOf(client)
  let known = stores.get(client)
  if (!known) stores.set(client, (known = new Map()))
  const way = `${failover} ${subscriber ? 'heard' : 'unheard'} ${prefix}`
  let store = known.get(way)
  if (!store) known.set(way, (store = create(driver, prefix, failover, subscriber && signalsOf(subscriber))))
  return store
}

function isPair(clients: RedisClientLike | RedisClients): clients is RedisClients {
  // A client of ioredis has a member `client` as well: the command.
  return !isClient(clients) && typeof clients === 'object' && clients !== null && 'client' in clients
}

function create(driver: Driver, prefix: string, failover: Failover, signals: Signals | undefined): RedisStore {
  const rows = new Rows(driver, failover)
  const keyOf = (key: string) => prefix + key

  /** Removes keys as they stand in Redis, and says how many there were. */
  async function remove(keys: readonly string[], operation: string): Promise<number> {
    rows.check(operation)
    const parts = driver.kind === 'cluster' ? [...bySlot(keys, driver.keyPrefix)] : [keys]
    const commands = parts.map((part) => ({ key: part[0]!, args: ['UNLINK', ...part] }))
    const settled = await Promise.allSettled(driver.send(commands))
    let removed = 0
    for (const one of settled) {
      if (one.status === 'rejected') throw failed(operation, one.reason)
      removed += Number(one.value)
    }
    return removed
  }

  /** The keys as they stand in Redis, without the client's own prefix, page by page. */
  async function* pages(start: string, operation: string): AsyncGenerator<string[], void> {
    rows.check(operation)
    const { keyPrefix } = driver
    const pattern = `${(keyPrefix + prefix + start).replaceAll(/[\\*?[\]]/g, '\\$&')}*`
    try {
      for (const send of driver.masters()) {
        let cursor = '0'
        do {
          const reply = (await send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', `${page}`])) as [unknown, string[]]
          cursor = String(reply[0])
          yield reply[1].map((key) => key.slice(keyPrefix.length))
        } while (cursor !== '0')
      }
    } catch (error) {
      throw failed(operation, error)
    }
  }

  return {
    name: storeName,
    lifetime: 'shared',
    holds: 'text',
    locks: createLocks(driver, prefix, () => rows.check('lock'), signals),
    maxKeyBytes: Math.max(0, longest - utf8.encode(driver.keyPrefix + prefix).length),

    async get(key) {
      const [held] = await rows.read([keyOf(key)], 'get')
      return held
    },

    async set(key, entry, context) {
      await rows.write([rowOf(keyOf(key), entry, context)], 'set')
    },

    async delete(key) {
      return (await remove([keyOf(key)], 'delete')) > 0
    },

    async getMany(keys) {
      return keys.length === 0 ? [] : await rows.read(keys.map(keyOf), 'getMany')
    },

    async setMany(entries) {
      if (entries.length === 0) return
      await rows.write(
        entries.map(({ key, entry, context }) => rowOf(keyOf(key), entry, context)),
        'setMany',
      )
    },

    async deleteMany(keys) {
      if (keys.length > 0) await remove(keys.map(keyOf), 'deleteMany')
    },

    async clear(start = '') {
      for await (const keys of pages(start, 'clear')) if (keys.length > 0) await remove(keys, 'clear')
    },

    async *keys(start) {
      for await (const keys of pages(start, 'keys')) for (const key of keys) yield key.slice(prefix.length)
    },
  }
}

/** A row as Redis takes it: its life is a length, so that the server's clock alone counts it. */
function rowOf(key: string, text: string, context: SetContext<never> | undefined): Row {
  const expiresAt = context?.expiresAt
  if (expiresAt === undefined || expiresAt === Number.POSITIVE_INFINITY) return { key, text, life: undefined }
  return { key, text, life: Math.max(1, Math.ceil(expiresAt - Date.now())) }
}
