/**
 * What this adapter needs of a cache-manager cache and of the Keyvs it reads and writes, and the facts it takes from them:
 * never from the name of a class.
 */

/** A cache of cache-manager 6.4 or later or 7, typed by what is used of it. */
export interface CacheManagerLike {
  /** The Keyvs, in the order in which they are read. */
  readonly stores: readonly KeyvLike[]
  /** Takes a listener off, and answers with the emitter; so the events of the cache can be emitted. */
  off(event: 'set', listener: () => void): unknown
}

/** A Keyv, typed by what is used of it, so that any copy of Keyv 5 and 6 is accepted. */
export interface KeyvLike {
  /** The storage adapter beneath. */
  readonly store: unknown
  /** The namespace the user gave. */
  readonly namespace?: string | undefined
  get(key: string): Promise<unknown>
  getMany(keys: string[]): Promise<readonly unknown[]>
  set(key: string, value: string, ttl?: number): Promise<boolean>
  setMany(entries: { key: string; value: string; ttl?: number }[]): Promise<unknown>
  delete(key: string): Promise<boolean>
}

/** An object of which nothing is known but its members. */
export type Members = Record<PropertyKey, unknown>

/** `value` with its members readable, or nothing where it has none. */
export function membersOf(value: unknown): Members | undefined {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? (value as Members) : undefined
}

const has = (value: unknown, ...names: string[]) =>
  names.every((name) => typeof membersOf(value)?.[name] === 'function')

/** Whether a value can be asked like a Keyv: one with a storage adapter of its own beneath. */
export function isKeyv(value: unknown): value is KeyvLike {
  const members = membersOf(value)
  if (membersOf(members?.store) === undefined || membersOf(members?.stats) === undefined) return false
  return has(value, 'get', 'getMany', 'set', 'setMany', 'delete')
}

/** Whether a value is a cache of cache-manager 6.4 or later: those before do not show their Keyvs, or have none. */
export function isCacheManager(value: unknown): value is CacheManagerLike {
  if (!has(value, 'get', 'mget', 'set', 'mset', 'del', 'mdel', 'wrap', 'off')) return false
  const { stores } = value as { stores?: unknown }
  return Array.isArray(stores) && stores.length > 0 && stores.every(isKeyv)
}

/**
 * Whether a Keyv keeps its entries in a collection of this process: a Map, an LRUCache, a CacheableMemory, itself or within
 * an adapter. A collection knows its `size` at once, which nothing behind a socket or a file does.
 */
function isInMemory({ store }: KeyvLike): boolean {
  const adapter = membersOf(store)
  const inner = adapter && isBridge(adapter) ? membersOf(adapter._store) : adapter
  return [inner, membersOf(inner?.store)].some((collection) => typeof collection?.size === 'number')
}

/**
 * How long entries live. Collections end with the process. One storage that is anything else may be shared, for all that
 * can be seen from here: whoever knows better says so with the `lifetime` option.
 */
export function lifetimeOf({ stores }: CacheManagerLike): 'process' | 'shared' {
  return stores.every(isInMemory) ? 'process' : 'shared'
}

/** The `ttl` that a Keyv has of its own, in milliseconds. */
export function ttlOf(keyv: KeyvLike): number | undefined {
  const { ttl } = keyv as { ttl?: unknown }
  return typeof ttl === 'number' && ttl > 0 ? ttl : undefined
}

/** A Keyv of a cache that is read and written, and how. */
export interface Used {
  readonly keyv: KeyvLike
  /** How cache-manager names it in events. */
  readonly label: string
  /** The longest that it keeps an entry, in milliseconds: its own `ttl`, where it stands in front of another. */
  readonly longest: number | undefined
}

/** The Keyvs of a cache, in their order. */
export function usedOf({ stores }: CacheManagerLike): Used[] {
  return stores.map((keyv, at) => ({
    keyv,
    label: at === 0 ? 'primary' : `secondary:${at - 1}`,
    longest: at === stores.length - 1 ? undefined : ttlOf(keyv),
  }))
}

/**
 * The Keyv of which a shared cache says what was invalidated: the last one that is not known to be in the memory of this
 * process. Those in front of it may not see what other processes write: memory, a file, a server of this region.
 */
export function commonOf(cache: CacheManagerLike): Used[] {
  const all = usedOf(cache)
  const common = all.findLast(({ keyv }) => !isInMemory(keyv)) ?? all.at(-1)
  return common ? [{ ...common, longest: undefined }] : []
}

/** Whether a Keyv has lost `get(key, { raw: true })`, which `wrap` and `ttl` of cache-manager read with: Keyv 6. */
export function lacksRawReads(keyv: KeyvLike): boolean {
  return has(keyv, 'getRaw', 'setRaw')
}

/** What Keyv 5 itself puts before each key; Keyv 6 leaves that to its storage adapter. */
function keyvPrefix(keyv: KeyvLike): string {
  const { namespace } = keyv
  return (keyv as { useKeyPrefix?: unknown }).useKeyPrefix === true && namespace ? `${namespace}:` : ''
}

/** What the storage adapter and its client can put before each key, at most: some of them only read `namespace`. */
function adapterPrefix(store: Members | undefined): string {
  if (store === undefined) return ''
  const client = membersOf(store.client) ?? membersOf(store.redis)
  const clientPrefix = membersOf(client?.options)?.keyPrefix
  const label = membersOf(store.opts)?.useRedisSets === false ? 'namespace:' : ''
  const separator =
    [store.keyPrefixSeparator, store.namespaceSeparator].find((text) => typeof text === 'string') ?? '::'
  const namespace = typeof store.namespace === 'string' && store.namespace ? `${store.namespace}${separator}` : ''
  return `${typeof clientPrefix === 'string' ? clientPrefix : ''}${label}${namespace}`
}

const utf8 = new TextEncoder()

/** The bytes that every storage leaves for a key: 250, or its `keySize` where that is less, without the prefixes. */
export function maxKeyBytesOf({ stores }: CacheManagerLike): number {
  const bytes = stores.map((keyv) => {
    const store = membersOf(keyv.store)
    const declared = membersOf(store?.opts)?.keySize ?? membersOf(membersOf(store?.store)?.opts)?.keySize
    const keySize = typeof declared === 'number' ? Math.min(declared, 250) : 250
    return keySize - utf8.encode(keyvPrefix(keyv) + adapterPrefix(store)).length
  })
  return Math.max(0, Math.min(...bytes))
}

/**
 * Whether Keyv 5 would look for a key in two places: its single operations take a key that begins with its namespace
 * for one that has the prefix already, its `getMany` does not.
 */
export function readsAsPrefixed(keyv: KeyvLike, keys: readonly string[]): boolean {
  const prefix = keyvPrefix(keyv)
  return prefix !== '' && keys.some((key) => key.startsWith(prefix))
}

/** Whether a storage adapter is the bridge that Keyv 6 puts over one made for Keyv 5, which is its `_store`. */
export function isBridge(adapter: Members): boolean {
  return typeof adapter._storeHandlesNamespace === 'boolean'
}

/** The class of the storage adapter, for texts; nothing is decided by it. */
export function nameOf(keyv: KeyvLike): string {
  const adapter = membersOf(keyv.store)
  const named = adapter && isBridge(adapter) ? membersOf(adapter._store) : adapter
  const name = (named?.constructor as { name?: unknown } | undefined)?.name
  return typeof name === 'string' && name !== '' ? name : 'Keyv'
}
