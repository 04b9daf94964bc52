/**
 * What this adapter needs of a Keyv, and the facts it reads from one: never from the name of a class.
 */

/**
 * A Keyv, typed by what is used of it, so that any copy of Keyv 5.6 and 6 is accepted.
 */
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
  deleteMany(keys: string[]): Promise<unknown>
}

/** An object of which nothing is known but its members. */
export type Members = Record<PropertyKey, unknown>

/** `value` with its members readable, or nothing where it has none. */
export function membersOf(value: unknown): Members | undefined {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? (value as Members) : undefined
}

/** Whether `value` can be asked like a Keyv: one with a storage adapter of its own beneath. */
export function isKeyv(value: unknown): value is KeyvLike {
  const members = membersOf(value)
  if (membersOf(members?.store) === undefined || membersOf(members?.stats) === undefined) return false
  return ['get', 'getMany', 'set', 'setMany', 'delete', 'deleteMany'].every(
    (name) => typeof members?.[name] === 'function',
  )
}

/** Whether a storage adapter is a Map that nobody has changed: what it answers is what is in it, and it cannot fail. */
export function isPlainMap(store: unknown): boolean {
  return store instanceof Map && store.get === Map.prototype.get
}

/** The Map beneath a Keyv that keeps its entries in this process, or nothing. Keyv 6 wraps the Map in an adapter. */
function mapBeneath(store: unknown): Map<unknown, unknown> | undefined {
  if (store instanceof Map) return store
  const inner = membersOf(store)?.store
  return inner instanceof Map ? inner : undefined
}

/**
 * How long entries live. A Map ends with the process. Anything else may be shared, for all that can be seen from here:
 * whoever knows better says so with the `lifetime` option.
 */
export function lifetimeOf(keyv: KeyvLike): 'process' | 'shared' {
  return mapBeneath(keyv.store) === undefined ? 'shared' : 'process'
}

/** What Keyv 5 itself puts before each key; Keyv 6 leaves that to its storage adapter. */
export function keyvPrefix(keyv: KeyvLike): string {
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

/**
 * The bytes that are left for a key: 250, or the adapter's `keySize` where that is less, without the prefixes.
 */
export function maxKeyBytesOf(keyv: KeyvLike): number {
  const store = membersOf(keyv.store)
  const declared = membersOf(store?.opts)?.keySize ?? membersOf(membersOf(store?.store)?.opts)?.keySize
  const keySize = typeof declared === 'number' ? Math.min(declared, 250) : 250
  const prefix = utf8.encode(keyvPrefix(keyv) + adapterPrefix(store)).length
  return Math.max(0, keySize - prefix)
}

/**
 * Whether Keyv 5 would look for `key` in two places: its single operations take a key that begins with its namespace
 * for one that has the prefix already, its `getMany` and `deleteMany` do not.
 */
export function readsAsPrefixed(keyv: KeyvLike, keys: readonly string[]): boolean {
  const prefix = keyvPrefix(keyv)
  return prefix !== '' && keys.some((key) => key.startsWith(prefix))
}

/** The adapter's own listing of its keys, or nothing where it has none that can be trusted to be whole. */
export function listingOf(
  keyv: KeyvLike,
): ((store: Members) => Iterable<unknown> | AsyncIterable<unknown>) | undefined {
  const { store } = keyv
  if (store instanceof Map) return () => store
  const adapter = membersOf(store)
  if (typeof adapter?.iterator !== 'function') return undefined
  const list = (namespace?: unknown) => (view: Members) =>
    (view.iterator as (namespace?: unknown) => AsyncIterable<unknown>)(namespace)
  const capabilities = membersOf(adapter.capabilities)
  if (capabilities !== undefined) {
    const declared = membersOf(membersOf(capabilities.methods)?.iterator)?.exists === true
    return declared || mapBeneath(store) !== undefined ? list() : undefined
  }
  const dialect = membersOf(adapter.opts)?.dialect
  if (dialect === 'sqlite' || dialect === 'postgres' || dialect === 'mysql') {
    return list(keyvPrefix(keyv) === '' ? undefined : adapter.namespace)
  }
  return dialect === 'redis' && typeof adapter.createKeyPrefix === 'function' ? list(adapter.namespace) : undefined
}
