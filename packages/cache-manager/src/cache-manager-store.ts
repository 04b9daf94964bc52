/**
 * A cache-manager cache as a store.
 *
 * The rule: the Keyvs are read in their order until one has the entry; all of them are written and cleaned. An answer is
 * believed where it was given: an entry that one Keyv has is an entry, also where another failed; "absent" needs every one
 * of them. A write or a removal counts when all have acknowledged it, and fails only when all have settled, because one
 * that is still under way could land later (R20).
 *
 * What stands in front answers with what other processes have invalidated since. So a cache of several Keyvs has `epochs`:
 * core holds every entry, wherever it was found, against rows that are written to and read from one of them alone, the one
 * that all processes have in common. Without `epochs` there is no other than that one.
 *
 * The operations go to `cache.stores` and not through `cache.get` and `cache.set`: those keep failures to themselves, with
 * `nonBlocking` they answer with whichever Keyv is fastest and wait for no write, and `wrap` copies what it finds in a
 * later Keyv to the earlier ones, for a full `ttl` and also when it was invalidated meanwhile. So nothing is copied here,
 * and the events of the cache are emitted from here. See docs/decisions/0021-lru-cache-and-cache-manager.md.
 */
import { type AsyncStore, AutocacheError, type SetContext, StoreError } from '@autocache/core'
import {
  type CacheManagerLike,
  commonOf,
  isCacheManager,
  lacksRawReads,
  lifetimeOf,
  maxKeyBytesOf,
  membersOf,
  nameOf,
  type Used,
  usedOf,
} from './cache-manager-like.ts'
import { read, readMany, remove, timeToLive, write, writeMany } from './one-keyv.ts'

/** What `cacheManagerStore` cannot know by itself. */
export interface CacheManagerStoreOptions {
  /**
   * Whether entries end with this process or can be read by other processes and later releases. Over a shared store a
   * cached function needs a version and a `ttl`.
   * @default 'process' where every Keyv is over a Map, an LRUCache or another collection in memory, else 'shared'
   */
  readonly lifetime?: 'process' | 'shared' | undefined
  /**
   * Called, when a cache is first handed over, with what is wrong with it though it works as a store: `wrap` and `ttl` of
   * cache-manager over Keyv 6.
   * @default `process.emitWarning`, or `console.warn` where there is none
   */
  readonly onWarning?: ((warning: AutocacheError) => void) | undefined
}

/** A cache as a store. It has no `clear`, which removes what is not autocache's, and no `keys`. */
export interface CacheManagerStore extends AsyncStore<'text', never> {
  getMany(keys: readonly string[]): Promise<readonly (string | undefined)[]>
  setMany(entries: readonly CacheManagerWrite[]): Promise<void>
  deleteMany(keys: readonly string[]): Promise<void>
}

/** One entry of `setMany`. */
export interface CacheManagerWrite {
  readonly key: string
  readonly entry: string
  readonly context?: SetContext<never>
}

/** One store for each cache: what core knows of a store, such as writes under way, is then known to all who use it. */
const stores = new WeakMap<CacheManagerLike, { process?: CacheManagerStore; shared?: CacheManagerStore }>()

/**
 * Stores entries in the user's cache of cache-manager 6.4 or later or 7, over one or several Keyvs. Cache and Keyvs stay as they are.
 * Unlike cache-manager itself, an operation that failed rejects.
 *
 * The same cache gives the same store, so that invalidations from one module hold back the late writes of another.
 * @throws AutocacheError with code `INVALID_OPTION` where `cache` is no such cache or an option is wrong.
 * @example
 * ```ts
 * import { cacheManagerStore } from '@autocache/cache-manager'
 * import { createCache } from 'cache-manager'
 *
 * const store = cacheManagerStore(createCache())
 * await store.set('answer', '42', { expiresAt: Date.now() + 60_000 })
 * await store.get('answer') // '42'
 * store.lifetime // 'process': this cache keeps its entries in a Map
 * ```
 */
export function cacheManagerStore(cache: CacheManagerLike, options: CacheManagerStoreOptions = {}): CacheManagerStore {
  if (!isCacheManager(cache)) {
    throw new AutocacheError(
      'INVALID_OPTION',
      'cacheManagerStore() takes a cache of cache-manager 6.4 or later, over Keyv 5.6 or later: ' +
        'cacheManagerStore(createCache({ stores: [keyv] })).',
    )
  }
  const { lifetime = lifetimeOf(cache), onWarning = warn } = options
  if (lifetime !== 'process' && lifetime !== 'shared') {
    throw new AutocacheError('INVALID_OPTION', "The lifetime of a cacheManagerStore() is 'process' or 'shared'.")
  }
  if (typeof onWarning !== 'function') {
    throw new AutocacheError('INVALID_OPTION', 'Option `onWarning` of cacheManagerStore() must be a function.')
  }
  let known = stores.get(cache)
  if (!known) {
    stores.set(cache, (known = {}))
    if (cache.stores.some(lacksRawReads)) onWarning(wrapWarning())
  }
  known[lifetime] ??= create(cache, lifetime)
  return known[lifetime]
}

function create(cache: CacheManagerLike, lifetime: 'process' | 'shared'): CacheManagerStore {
  const several = cache.stores.length > 1
  const isShared = lifetime === 'shared'
  const all = isShared && !several ? () => commonOf(cache) : () => usedOf(cache)
  const { get, set, getMany } = operationsOn(cache, () => commonOf(cache))
  return {
    get name() {
      return cache.stores.map(nameOf).join(', ')
    },
    lifetime,
    holds: 'text',
    // As the namespaces are when a function is cached.
    get maxKeyBytes() {
      return isShared ? maxKeyBytesOf(cache) : undefined
    },
    epochs: isShared && several ? { get, set, getMany } : undefined,
    ...operationsOn(cache, all),
  }
}

type Operations = Omit<CacheManagerStore, 'name' | 'lifetime' | 'holds' | 'maxKeyBytes' | 'epochs' | 'wire'>

/** The operations of a store on some of a cache's Keyvs, which are looked up at each. */
function operationsOn(cache: CacheManagerLike, usedNow: () => Used[]): Operations {
  /** Emits what cache-manager would have; a listener that throws fails no operation. */
  const emit = (event: string, data: object): void => {
    try {
      // Taking off a listener that is not there answers with the emitter, which is not reached otherwise.
      const emitter = membersOf(cache.off('set', nobody))
      if (typeof emitter?.emit === 'function') emitter.emit(event, data)
    } catch {
      // The listener's own affair.
    }
  }

  /** Runs an operation on every Keyv, and answers when all have settled. */
  async function everywhere<T>(
    operation: string,
    event: string,
    data: object,
    run: (used: Used) => Promise<T>,
  ): Promise<T[]> {
    const all = usedNow()
    const settled = await Promise.allSettled(all.map(run))
    const errors = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
    if (errors.length > 0) {
      const error = joined(operation, errors, settled.length)
      emit(event, { ...data, error })
      throw error
    }
    if (event === 'set') for (const { label } of all) emit('set', { ...data, store: label })
    emit(event, data)
    return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  }

  return {
    async get(key) {
      const all = usedNow()
      const errors: unknown[] = []
      for (const { keyv, label } of all) {
        try {
          const value = await read(keyv, key)
          if (value === undefined) continue
          emit('get', { key, value, store: label })
          return value
        } catch (error) {
          errors.push(error)
          emit('get', { key, error, store: label })
        }
      }
      if (errors.length > 0) throw joined('get', errors, all.length)
      return undefined
    },

    async set(key, entry, context) {
      await everywhere('set', 'set', { key, value: entry }, (used) => write(used, { key, entry, context }))
    },

    async delete(key) {
      return (await everywhere('delete', 'del', { key }, ({ keyv }) => remove(keyv, key))).includes(true)
    },

    async getMany(keys) {
      if (keys.length === 0) return []
      const held = new Map<string, string>()
      const errors: unknown[] = []
      const all = usedNow()
      let missing = [...new Set(keys)]
      for (const { keyv } of all) {
        try {
          for (const [at, value] of (await readMany(keyv, missing)).entries()) {
            if (value !== undefined) held.set(missing[at] as string, value)
          }
        } catch (error) {
          errors.push(error)
          emit('mget', { keys: missing, error })
        }
        missing = missing.filter((key) => !held.has(key))
        if (missing.length === 0) break
      }
      if (missing.length > 0 && errors.length > 0) throw joined('getMany', errors, all.length)
      const values = keys.map((key) => held.get(key))
      emit('mget', { keys, values })
      return values
    },

    async setMany(entries) {
      if (entries.length === 0) return
      // Some storages refuse a key that occurs twice in one statement.
      const writes = [...new Map(entries.map((one) => [one.key, one])).values()]
      const list = writes.map(({ key, entry, context }) => ({ key, value: entry, ttl: timeToLive(context) }))
      await everywhere('setMany', 'mset', { list }, (used) => writeMany(used, writes))
    },

    async deleteMany(keys) {
      if (keys.length === 0) return
      // One by one, as cache-manager does: what Keyv's own deleteMany answers differs by storage and tells nothing.
      const each = [...new Set(keys)]
      await everywhere('deleteMany', 'mdel', { keys }, async ({ keyv }) => {
        const settled = await Promise.allSettled(each.map((key) => remove(keyv, key)))
        for (const one of settled) if (one.status === 'rejected') throw one.reason
      })
    },
  }
}

function nobody(): void {}

/** The error of an operation that some of several Keyvs failed. */
function joined(operation: string, errors: readonly unknown[], of: number): unknown {
  const [first] = errors
  if (of === 1 || !(first instanceof StoreError)) return first
  const names = errors.map((error) => (error as StoreError).store).join(', ')
  const text = `${errors.length} of the ${of} stores of the cache failed in ${operation}: ${names}.`
  return errors.length === 1
    ? new StoreError(first.store, operation, `${text} Its own error is the cause.`, { cause: first.cause })
    : new StoreError(first.store, operation, `${text} Their own errors are in the cause.`, {
        cause: new AggregateError(errors),
      })
}

function wrapWarning(): AutocacheError {
  return new AutocacheError(
    'INVALID_OPTION',
    'This cache is over Keyv 6, whose `get` has no `raw` any more, and cache-manager 6 and 7 read with it: `cache.wrap` ' +
      'runs its function at every call, `refreshThreshold` never refreshes and `cache.ttl` answers nothing. Functions that ' +
      'are cached through cacheManagerStore() are not concerned. Use Keyv 5 (5.6) with cache-manager, or `cached` in the ' +
      'place of `wrap`.',
  )
}

function warn(warning: AutocacheError): void {
  if (typeof process === 'object' && typeof process.emitWarning === 'function') {
    process.emitWarning(warning.message, { type: 'AutocacheWarning', code: 'AUTOCACHE_CACHE_MANAGER' })
  } else console.warn(`autocache: ${warning.message}`)
}
