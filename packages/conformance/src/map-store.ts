import type { AsyncStore, Held, Holds, SetContext, StoreLocks, SyncStore } from '@autocache/core'

/** The storage of a map store; two stores over the same rows are two handles on one storage. */
export type Rows<THolds extends Holds> = Map<string, { held: Held<THolds>; expiresAt: number | undefined }>

/** How a map store is made. */
export interface MapStoreOptions<THolds extends Holds> {
  /** @default 'references' */
  readonly holds?: THolds
  /** @default 'process' for references, else 'shared' */
  readonly lifetime?: 'process' | 'shared'
  /** @default an empty map */
  readonly rows?: Rows<THolds>
  /** The greatest number of entries; the oldest write goes first. @default unlimited */
  readonly max?: number
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number
  /** Of an asynchronous store: locks, which all stores with the same table see. @default none */
  readonly locks?: LockTable
}

/** The locks of a map store by key: who has one, and until when in epoch milliseconds. */
export type LockTable = Map<string, { note: string; until: number }>

/** A synchronous store with every optional method. */
export interface MapStore<THolds extends Holds = 'references'> extends SyncStore<THolds> {
  scope: NonNullable<SyncStore<THolds>['scope']>
  getMany: NonNullable<SyncStore<THolds>['getMany']>
  setMany: NonNullable<SyncStore<THolds>['setMany']>
  deleteMany: NonNullable<SyncStore<THolds>['deleteMany']>
  clear: NonNullable<SyncStore<THolds>['clear']>
  keys: NonNullable<SyncStore<THolds>['keys']>
}

/** An asynchronous store with every optional method it can have. */
export interface AsyncMapStore<THolds extends Holds> extends AsyncStore<THolds> {
  getMany: NonNullable<AsyncStore<THolds>['getMany']>
  setMany: NonNullable<AsyncStore<THolds>['setMany']>
  deleteMany: NonNullable<AsyncStore<THolds>['deleteMany']>
  clear: NonNullable<AsyncStore<THolds>['clear']>
  keys: NonNullable<AsyncStore<THolds>['keys']>
}

/**
 * The reference store: the whole contract over a Map, synchronous, for any form of entry. It is what the suite's
 * mutants are made from and what fault stores wrap in tests; in a program use core's `memoryStore`.
 * @example
 * ```ts
 * import { mapStore } from '@autocache/conformance'
 * const store = mapStore({ holds: 'text' })
 * store.set('greeting', 'hello')
 * store.get('greeting') // 'hello'
 * ```
 */
export function mapStore<THolds extends Holds = 'references'>(options: MapStoreOptions<THolds> = {}): MapStore<THolds> {
  const holds = options.holds ?? ('references' as THolds)
  const { rows = new Map() as Rows<THolds>, max = Number.POSITIVE_INFINITY, now = Date.now } = options

  const get = (key: string): Held<THolds> | undefined => {
    const row = rows.get(key)
    if (row === undefined) return undefined
    if (row.expiresAt === undefined || now() < row.expiresAt) return copy(row.held)
    rows.delete(key)
    return undefined
  }
  const set = (key: string, held: Held<THolds>, context?: SetContext) => {
    rows.delete(key)
    rows.set(key, { held: copy(held), expiresAt: context?.expiresAt })
    if (rows.size > max) rows.delete(rows.keys().next().value as string)
  }
  const remove = (key: string) => get(key) !== undefined && rows.delete(key)
  const keys = (prefix: string) => [...rows.keys()].filter((key) => key.startsWith(prefix) && get(key) !== undefined)

  return {
    lifetime: options.lifetime ?? (holds === 'references' ? 'process' : 'shared'),
    holds,
    get,
    set,
    delete: remove,
    scope: (prefix) => ({
      get: (key) => get(prefix + key),
      set: (key, held, context) => set(prefix + key, held, context),
      delete: (key) => remove(prefix + key),
    }),
    getMany: (list) => list.map(get),
    setMany: (entries) => {
      for (const { key, entry, context } of entries) set(key, entry, context)
    },
    deleteMany: (list) => {
      for (const key of list) rows.delete(key)
    },
    clear: (prefix = '') => {
      for (const key of rows.keys()) if (key.startsWith(prefix)) rows.delete(key)
    },
    keys,
  }
}

/**
 * The reference store behind promises, as a database would be.
 * @example
 * ```ts
 * import { asyncMapStore } from '@autocache/conformance'
 * const rows = new Map()
 * await asyncMapStore({ holds: 'text', rows }).set('greeting', 'hello')
 * await asyncMapStore({ holds: 'text', rows }).get('greeting') // 'hello'
 * ```
 */
export function asyncMapStore<THolds extends Holds>(
  options: MapStoreOptions<THolds> & { readonly holds: THolds },
): AsyncMapStore<THolds> {
  const store = mapStore(options)
  return {
    ...(options.locks && { locks: locksOf(options.locks, options.now ?? Date.now) }),
    lifetime: store.lifetime,
    holds: store.holds,
    get: async (key) => store.get(key),
    set: async (key, held, context) => store.set(key, held, context),
    delete: async (key) => store.delete(key),
    getMany: async (list) => store.getMany(list),
    setMany: async (entries) => store.setMany(entries),
    deleteMany: async (list) => store.deleteMany(list),
    clear: async (prefix) => store.clear(prefix),
    async *keys(prefix) {
      yield* store.keys(prefix)
    },
  }
}

function locksOf(table: LockTable, now: () => number): StoreLocks {
  const standing = (key: string) => {
    const lock = table.get(key)
    return lock && now() < lock.until ? lock.note : undefined
  }
  return {
    async acquire(key, note, lease, instead) {
      const held = standing(key)
      if (held !== undefined && held !== instead) return held
      table.set(key, { note, until: now() + lease })
      return undefined
    },
    async renew(key, note, lease) {
      if (standing(key) !== note) return false
      table.set(key, { note, until: now() + lease })
      return true
    },
    async release(key, note) {
      if (standing(key) === note) table.delete(key)
    },
  }
}

/** Bytes are the caller's to change; text cannot be, and references are shared by declaration. */
function copy<THeld extends Held>(held: THeld): THeld {
  return held instanceof Uint8Array ? (held.slice() as THeld) : held
}
