/**
 * The store contract: what autocache asks of somebody's storage.
 *
 * The rule: a store returns what was set under exactly this key, or `undefined`; it never rewrites a key and never
 * changes what it was handed. Core does the rest: it decides freshness, encodes values, and verifies on every read that
 * an entry is whole and carries the key it was asked for, so a store that folds case, truncates or corrupts costs
 * misses and never a wrong value (R09).
 *
 * A synchronous store returns plain values and an asynchronous one promises; core sees which from what `get` returns
 * and keeps synchronous functions synchronous over the former. Whether a store is shared is a different question and is
 * declared by `lifetime`: an SQLite file can be synchronous and shared.
 *
 * What core knows of a store (writes under way, fences) hangs on the store object, so an adapter answers the same object
 * for the same client.
 *
 * `memory-store.ts` is the example to read before writing one; `@autocache/conformance` is the suite to run after.
 */

/** What a store keeps: live references to values, text, or bytes. Core hands over exactly that. */
export type Holds = 'references' | 'text' | 'bytes'

/** The stored envelope around a value. A store that holds references is handed this object as it is. */
export interface Entry {
  /** The version of this envelope's layout. An entry of another format is a miss. */
  readonly format: 2
  /** The full key the entry was written under; verified on read. */
  readonly key: string
  /** Epoch milliseconds of the moment the fill that made it began. */
  readonly createdAt: number
  /** The codec that wrote `body`; `'reference'` where the body is the value itself. */
  readonly codec: string
  /** Whether `body` is what the function returned or what it threw. */
  readonly outcome: 'value' | 'error'
  /** Whether the function answered with a promise, so that a hit does the same (R13). */
  readonly promised: boolean
  /**
   * What was not invalidated when its fill began, and has not been since if the entry still counts: tokens of the store's
   * epochs, or, where entries end with the process, the instant at which the fill began.
   */
  readonly epochs: string | number
  /** The tags it is invalidated by; absent where it has none. */
  readonly tags?: readonly string[] | undefined
  /** What stands for a function given as the option `tags` that gave them: under another option the entry is a miss (R07). */
  readonly tagPolicy?: string | undefined
  /** Epoch milliseconds at which a cached call that its function made expires: it is fresh no longer than that (R21). */
  readonly until?: number | undefined
  /** The value, or its encoded form in a store that holds text or bytes. */
  readonly body: unknown
}

/** The form in which a store of a kind receives and returns an entry. */
export type Held<THolds extends Holds = Holds> = THolds extends 'references'
  ? Entry
  : THolds extends 'text'
    ? string
    : Uint8Array

/** What accompanies a write. */
export interface SetContext<TSetOptions = unknown> {
  /** Epoch milliseconds after which the store may drop the entry. Absent: never. */
  readonly expiresAt?: number | undefined
  /** Tags of the entry, for stores that index them. */
  readonly tags?: readonly string[] | undefined
  /** The caller's `setOptions`, passed through untouched. */
  readonly setOptions?: TSetOptions | undefined
}

/** What every store declares. */
export interface StoreTraits<THolds extends Holds = Holds> {
  /**
   * What it is called in errors, events, `stats()` and `explain`, such as the class of the client beneath.
   * @default the name of its class
   */
  readonly name?: string | undefined
  /** Whether entries end with this process or can be read by other processes and later releases. */
  readonly lifetime: 'process' | 'shared'
  /** The form in which entries are handed over. */
  readonly holds: THolds
  /**
   * The longest key the store takes, in bytes, after subtracting any prefix of its own.
   * @default 250 over a shared store, unlimited in process
   */
  readonly maxKeyBytes?: number | undefined
  /**
   * `wire` of `@autocache/core/plumbing`, for stores that others use or that hold text or bytes: it lets the bare `cached`
   * use the store.
   * Instances made by `createAutocache` have it anyway.
   */
  readonly wire?: object | undefined
  /**
   * Where the epochs of a shared store stand, if it answers from something that does not see at once what others write, such
   * as memory in front of a server or a replica: the part that does. Rows that say what was invalidated are written and
   * read there and nowhere else.
   * @default the store itself
   */
  readonly epochs?: EpochRows<THolds> | undefined
  /**
   * Locks that others see, so that of many processes one runs a function for a key and the others get what it wrote. They
   * decide who works and never what is believed, so one that is lost costs a run more.
   * @default each process fills for itself
   */
  readonly locks?: StoreLocks | undefined
}

/** Locks of a shared store that answers with promises, by the keys of entries. A note says who has one, and is never the same twice. */
export interface StoreLocks {
  /**
   * Takes the lock of a key for `lease` milliseconds where nobody has it, or where the one that stands is `instead`.
   * Resolves to `undefined` where it was taken, else to the note that stands. Sent before a read of the same turn, it is
   * done before that read.
   */
  acquire(key: string, note: string, lease: number, instead?: string): Promise<string | undefined>
  /** Begins the lease anew; `false` where the lock is no longer this one. */
  renew(key: string, note: string, lease: number): Promise<boolean>
  /** Gives the lock back, where it is still this one. */
  release(key: string, note: string): Promise<void>
  /**
   * Calls `wake` when the lock of a key was given back, until what it returns is called.
   * @default who waits looks again by himself, every 20 to 250 milliseconds
   */
  watch?(key: string, wake: () => void): () => void
}

/** Where the epochs of a shared store stand; it answers as the store does. */
export interface EpochRows<THolds extends Holds = Holds> {
  get(key: string): Held<THolds> | undefined | Promise<Held<THolds> | undefined>
  set(key: string, row: Held<THolds>, context?: SetContext<any>): void | Promise<void>
  getMany?(
    keys: readonly string[],
  ): readonly (Held<THolds> | undefined)[] | Promise<readonly (Held<THolds> | undefined)[]>
  /**
   * The same rows as they were a stated while ago at most, for a store that is told of changes: by them hits are judged, and
   * nothing that is written.
   * @default as they are now
   */
  readonly recent?: Pick<EpochRows<THolds>, 'get' | 'getMany'> | undefined
}

/** The three operations of a synchronous store on the keys below one prefix. */
export interface SyncScope<THolds extends Holds = Holds, TSetOptions = unknown> {
  get(key: string): Held<THolds> | undefined
  set(key: string, entry: Held<THolds>, context?: SetContext<TSetOptions>): void
  delete(key: string): boolean
}

/** A store that answers at once: memory, lru-cache, an in-process database. */
export interface SyncStore<THolds extends Holds = Holds, TSetOptions = unknown>
  extends StoreTraits<THolds>,
    SyncScope<THolds, TSetOptions> {
  /** A handle on the keys that begin with `prefix`; its operations take the rest of the key. */
  scope?(prefix: string): SyncScope<THolds, TSetOptions>
  getMany?(keys: readonly string[]): readonly (Held<THolds> | undefined)[]
  setMany?(entries: readonly { key: string; entry: Held<THolds>; context?: SetContext<TSetOptions> }[]): void
  deleteMany?(keys: readonly string[]): void
  /** Removes every entry, or those whose key begins with `prefix`. */
  clear?(prefix?: string): void
  /** The keys that begin with `prefix`. */
  keys?(prefix: string): Iterable<string>
}

/** A store that answers with promises: a database, a network. It rejects when it failed; `undefined` means absent. */
export interface AsyncStore<THolds extends Holds = Holds, TSetOptions = unknown> extends StoreTraits<THolds> {
  get(key: string): Promise<Held<THolds> | undefined>
  /** Resolves when the write is acknowledged. */
  set(key: string, entry: Held<THolds>, context?: SetContext<TSetOptions>): Promise<void>
  /** Resolves when the removal is acknowledged, to whether there was an entry. */
  delete(key: string): Promise<boolean>
  getMany?(keys: readonly string[]): Promise<readonly (Held<THolds> | undefined)[]>
  setMany?(entries: readonly { key: string; entry: Held<THolds>; context?: SetContext<TSetOptions> }[]): Promise<void>
  deleteMany?(keys: readonly string[]): Promise<void>
  /** Removes every entry, or those whose key begins with `prefix`. */
  clear?(prefix?: string): Promise<void>
  /** The keys that begin with `prefix`. */
  keys?(prefix: string): AsyncIterable<string>
}

/** Somebody's storage, as autocache sees it. */
export type Store<THolds extends Holds = Holds, TSetOptions = any> =
  | SyncStore<THolds, TSetOptions>
  | AsyncStore<THolds, TSetOptions>
