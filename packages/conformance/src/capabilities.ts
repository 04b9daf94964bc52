import type { Holds, Store } from '@autocache/core'

/**
 * What a store claims to do, as data. The first three describe every store; each of the others is a promise that at
 * least one clause checks. A claim that no clause can check is refused, and so is an optional method that is there but
 * not claimed.
 * @example
 * ```ts
 * import { mapStore, runStoreSuite } from '@autocache/conformance'
 * const capabilities = { mode: 'sync', lifetime: 'process', holds: 'references', exactKeys: true, expires: true,
 *   getMany: true, setMany: true, deleteMany: true, clear: true, keys: true, scope: true }
 * const report = await runStoreSuite(() => ({ store: mapStore() }), capabilities)
 * report.failed // []
 * ```
 */
export interface Capabilities {
  /** Whether operations answer at once or with promises. */
  readonly mode: 'sync' | 'async'
  /** The store's own `lifetime`. */
  readonly lifetime: 'process' | 'shared'
  /** The store's own `holds`. */
  readonly holds: Holds

  /**
   * Different keys are different entries, to the last byte. A store that folds case, trims or truncates keys leaves
   * this out: core verifies the key inside the entry (R09), so folding costs misses and never a wrong value.
   */
  readonly exactKeys?: boolean
  /** An entry is gone soon after `expiresAt`. Without it the store may keep entries longer; never shorter. */
  readonly expires?: boolean
  /** It keeps at most this many entries. At least 64, because clauses use up to that many keys at a time. */
  readonly bounded?: number
  /** Entries are there for a second handle on the same storage ({@link Harness.reopen}). */
  readonly survivesReopen?: boolean
  /** Bytes that `get` returned are the reader's own: changing them does not reach the entry. */
  readonly copies?: boolean
  /** When the storage fails, operations throw or reject ({@link Harness.breakIt}). */
  readonly reportsFailures?: boolean
  /**
   * The largest entry it takes, in bytes. A larger one is refused, never cut.
   * @default 1 MiB
   */
  readonly maxEntryBytes?: number

  /**
   * It answers from something that does not see at once what others write, such as memory in front of a server, and its
   * `epochs` do ({@link Harness.reopen}). What one handle deletes, another may then still find; core holds it against rows.
   */
  readonly epochs?: boolean

  /** It has `locks` that a second handle sees ({@link Harness.reopen}). */
  readonly locks?: boolean

  readonly getMany?: boolean
  readonly setMany?: boolean
  readonly deleteMany?: boolean
  readonly clear?: boolean
  readonly keys?: boolean
  /** Synchronous stores only. */
  readonly scope?: boolean
}

/** A promise a store can make beyond the contract's minimum. */
export type Capability = Exclude<keyof Capabilities, 'mode' | 'lifetime' | 'holds'>

/** One empty store to run one clause against, and what the suite may do around it. */
export interface Harness {
  /** The store, empty. */
  readonly store: Store
  /** Releases everything, second handles included. Runs after each clause, passed or failed. */
  close?(): void | Promise<void>
  /** A second handle on the same storage, as another process would have it, for `survivesReopen`, `epochs` and `locks`. */
  reopen?(): Store | Promise<Store>
  /** Makes the storage fail from now on, for `reportsFailures`: close the connection, stop the server. */
  breakIt?(): void | Promise<void>
  /**
   * Lets this many milliseconds pass on the store's clock.
   * @default really waiting
   */
  advance?(ms: number): void | Promise<void>
  /**
   * The store's clock in epoch milliseconds. Given with {@link Harness.advance} when that clock is not `Date.now`.
   * @default Date.now
   */
  now?(): number
}

/** Makes the harness of one clause; called anew for each. */
export type MakeHarness = () => Harness | Promise<Harness>

/** The optional methods of the store contract, each a capability of the same name. */
export const optionalMethods = ['getMany', 'setMany', 'deleteMany', 'clear', 'keys', 'scope'] as const

const minimumBound = 64

/** The capabilities that `capabilities` claims. */
export function claimed(capabilities: Capabilities): Capability[] {
  const { mode: _mode, lifetime: _lifetime, holds: _holds, ...claims } = capabilities
  return (Object.keys(claims) as Capability[]).filter((name) => claims[name] !== undefined && claims[name] !== false)
}

/** @throws when the declaration cannot be checked at all. */
export function assertCheckable(capabilities: Capabilities): void {
  if (capabilities.bounded !== undefined && !(capabilities.bounded >= minimumBound)) {
    throw new Error(
      `The capability 'bounded' is ${capabilities.bounded}; clauses use up to ${minimumBound} keys at a time. ` +
        `Give the suite a store with room for at least ${minimumBound} entries.`,
    )
  }
}
