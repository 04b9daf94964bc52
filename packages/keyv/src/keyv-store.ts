import { type AsyncStore, AutocacheError, type SetContext, StoreError } from '@autocache/core'
import { Operation, type Purpose, viewBeneath } from './beneath.ts'
import {
  isKeyv,
  isPlainMap,
  type KeyvLike,
  keyvPrefix,
  lifetimeOf,
  listingOf,
  type Members,
  maxKeyBytesOf,
  membersOf,
  readsAsPrefixed,
} from './keyv-like.ts'

/** What `keyvStore` cannot know by itself. */
export interface KeyvStoreOptions {
  /**
   * Whether entries end with this process or can be read by other processes and later releases. Over a shared store a
   * cached function needs a version and a `ttl`.
   * @default 'process' where the Keyv keeps its entries in a Map, else 'shared'
   */
  readonly lifetime?: 'process' | 'shared' | undefined
}

/** A Keyv as a store. It has no `clear`: what Keyv's removes differs by adapter and can be more than its namespace. */
export interface KeyvStore extends AsyncStore<'text', never> {
  getMany(keys: readonly string[]): Promise<readonly (string | undefined)[]>
  setMany(entries: readonly KeyvWrite[]): Promise<void>
  deleteMany(keys: readonly string[]): Promise<void>
}

/** One entry of `setMany`. */
export interface KeyvWrite {
  readonly key: string
  readonly entry: string
  readonly context?: SetContext<never>
}

/** What stands for a stored thing that is no text: not absent, and no entry that core could read. */
const unreadable = ''

/** What is stored as text, or what stands for anything else. */
function textOf(value: unknown): string | undefined {
  return value === undefined || typeof value === 'string' ? value : unreadable
}

/** One store for each Keyv: what core knows of a store, such as writes under way, is then known to all who use it. */
const stores = new WeakMap<KeyvLike, { process?: KeyvStore; shared?: KeyvStore }>()

/**
 * Stores entries in the user's Keyv, 5.6 or 6, over any storage adapter. The Keyv stays as it is: its namespace,
 * serializer, compression, hooks, events and error settings apply, also when they change later. Unlike Keyv itself, an
 * operation that failed rejects.
 *
 * The same Keyv gives the same store, so that invalidations from one module hold back the late writes of another.
 *
 * Entries written without an `expiresAt` get the Keyv's own default `ttl`, where it has one.
 * @throws AutocacheError with code `INVALID_OPTION` where `keyv` is no Keyv or `lifetime` is none.
 * @example
 * ```ts
 * import { keyvStore } from '@autocache/keyv'
 * import { Keyv } from 'keyv'
 *
 * const store = keyvStore(new Keyv({ namespace: 'shop' }))
 * await store.set('answer', '42', { expiresAt: Date.now() + 60_000 })
 * await store.get('answer') // '42'
 * store.lifetime // 'process': this Keyv keeps its entries in a Map
 * ```
 */
export function keyvStore(keyv: KeyvLike, options: KeyvStoreOptions = {}): KeyvStore {
  if (!isKeyv(keyv)) {
    throw new AutocacheError('INVALID_OPTION', 'keyvStore() takes a Keyv (5.6 or later): keyvStore(new Keyv(...)).')
  }
  const lifetime = options.lifetime ?? lifetimeOf(keyv)
  if (lifetime !== 'process' && lifetime !== 'shared') {
    throw new AutocacheError('INVALID_OPTION', "The lifetime of a keyvStore() is 'process' or 'shared'.")
  }

  let known = stores.get(keyv)
  if (!known) stores.set(keyv, (known = {}))
  const earlier = known[lifetime]
  if (earlier) return earlier

  const store: KeyvStore = {
    get name() {
      return nameOf(keyv)
    },
    lifetime,
    holds: 'text',
    // As the namespace is when a function is cached.
    get maxKeyBytes() {
      return lifetime === 'shared' ? maxKeyBytesOf(keyv) : undefined
    },

    async get(key) {
      if (isPlainMap(keyv.store)) {
        try {
          return textOf(await keyv.get(key))
        } catch {
          // What it was is seen beneath.
        }
      }
      const { operation, result, thrown, error } = await Operation.run(keyv, 'read', (view) => view.get(key))
      if (operation.answered && thrown) return unreadable
      if (typeof result === 'string') return result
      if (operation.failed) throw failed(keyv, 'get', operation.failure)
      if (thrown) throw failed(keyv, 'get', error)
      if (!operation.reached) throw unasked(keyv, 'get')
      if (result !== undefined) return unreadable
      return operation.answered && !operation.dropped ? unreadable : undefined
    },

    async set(key, entry, context) {
      const result = await perform('write', 'set', (view) => view.set(key, entry, ttlOf(context)))
      if (result === false) throw unacknowledged(keyv, 'set')
    },

    async delete(key) {
      return (await perform('remove', 'delete', (view) => view.delete(key))) !== false
    },

    async getMany(keys) {
      if (keys.length === 0) return []
      if (readsAsPrefixed(keyv, keys)) return await Promise.all(keys.map(store.get))
      if (isPlainMap(keyv.store)) {
        const result = await keyv.getMany([...keys])
        if (Array.isArray(result) && result.length === keys.length) return result.map(textOf)
      }
      const { operation, result, thrown, error } = await Operation.run(keyv, 'read', (view) => view.getMany([...keys]))
      // One text that the serializer cannot read fails them all; alone each says for itself.
      if (thrown && operation.answered && !operation.failed) return await Promise.all(keys.map(store.get))
      if (thrown) throw failed(keyv, 'getMany', operation.failed ? operation.failure : error)
      if (!operation.reached) throw unasked(keyv, 'getMany')
      if (!Array.isArray(result) || result.length !== keys.length) throw unacknowledged(keyv, 'getMany')
      const held = result.map(textOf)
      if (operation.failed && held.includes(undefined)) throw failed(keyv, 'getMany', operation.failure)
      return held
    },

    async setMany(entries) {
      if (entries.length === 0) return
      // PostgreSQL refuses a key that occurs twice in one statement.
      const last = new Map(entries.map((one) => [one.key, one]))
      const writes = Array.from(last.values(), ({ key, entry, context }) => {
        const ttl = ttlOf(context)
        return ttl === undefined ? { key, value: entry } : { key, value: entry, ttl }
      })
      const result = await perform('write', 'setMany', (view) => view.setMany(writes))
      if (Array.isArray(result) && result.includes(false)) throw unacknowledged(keyv, 'setMany')
    },

    async deleteMany(keys) {
      if (keys.length === 0) return
      if (readsAsPrefixed(keyv, keys)) await Promise.all(keys.map(store.delete))
      // What Keyv answers here differs by adapter (all of them, any of them, one by one) and tells nothing.
      else await perform('remove', 'deleteMany', (view) => view.deleteMany([...keys]))
    },
  }
  if (listingOf(keyv) !== undefined) store.keys = (prefix) => keysOf(keyv, prefix)
  known[lifetime] = store
  return store

  async function perform<TResult>(
    purpose: Purpose,
    method: string,
    ask: (view: KeyvLike) => Promise<TResult>,
  ): Promise<TResult> {
    const { operation, result, thrown, error } = await Operation.run(keyv, purpose, ask)
    if (operation.failed) throw failed(keyv, method, operation.failure)
    if (thrown) throw failed(keyv, method, error)
    if (!operation.reached) throw unasked(keyv, method)
    return result as TResult
  }
}

/**
 * The time to live in Keyv's terms. Whole milliseconds, which Redis insists on, and never 0, which Keyv stores for ever.
 */
function ttlOf(context: SetContext<never> | undefined): number | undefined {
  const expiresAt = context?.expiresAt
  if (expiresAt === undefined || expiresAt === Number.POSITIVE_INFINITY) return undefined
  return Math.max(1, Math.ceil(expiresAt - Date.now()))
}

/**
 * The keys beneath, from the adapter's own iterator: Keyv's would decode every value, and cuts a namespace with a colon
 * or a key without one at the wrong place. Entries that have expired and were not read since are among them.
 */
async function* keysOf(keyv: KeyvLike, prefix: string): AsyncGenerator<string, void> {
  const list = listingOf(keyv)
  if (list === undefined) throw unacknowledged(keyv, 'keys')
  const before = keyvPrefix(keyv)
  const operation = new Operation(keyv, 'list')
  try {
    const view = keyv.store instanceof Map ? keyv.store : viewBeneath(keyv.store, operation)
    for await (const item of operation.walk(list(view as Members))) {
      const key = Array.isArray(item) ? item[0] : item
      if (typeof key !== 'string' || !key.startsWith(before + prefix)) continue
      yield key.slice(before.length)
    }
  } catch (error) {
    throw failed(keyv, 'keys', error)
  } finally {
    operation.end()
  }
  if (operation.failed) throw failed(keyv, 'keys', operation.failure)
}

/** The class of the storage adapter, for texts; nothing is decided by it. */
function nameOf(keyv: KeyvLike): string {
  const name = (membersOf(keyv.store)?.constructor as { name?: unknown } | undefined)?.name
  return typeof name === 'string' && name !== '' ? name : 'Keyv'
}

function failed(keyv: KeyvLike, operation: string, cause: unknown): StoreError {
  const store = nameOf(keyv)
  return new StoreError(
    store,
    operation,
    `${store}, beneath Keyv, failed in ${operation}; its own error is the cause.`,
    {
      cause,
    },
  )
}

function unacknowledged(keyv: KeyvLike, operation: string): StoreError {
  const store = nameOf(keyv)
  return new StoreError(
    store,
    operation,
    `${store}, beneath Keyv, did not acknowledge ${operation} and gave no reason.`,
  )
}

function unasked(keyv: KeyvLike, operation: string): StoreError {
  const store = nameOf(keyv)
  return new StoreError(
    store,
    operation,
    `Keyv did not ask ${store} for ${operation}, so its answer proves nothing. Is the key emptied by Keyv's sanitize option, or is this a Keyv of another make?`,
  )
}
