/**
 * The second seam: a framework's cache that runs the call itself, such as Next's `unstable_cache`. Types and rules, no code:
 * `delegation.ts` is what core does with one.
 */
import type { Hub, Stats } from './events.ts'
import type { AnyFunction, FunctionOptions } from './options.ts'

/** What the cached calls of one run leave with its entry (R21). */
export interface Gathered {
  readonly tags: Set<string>
  /** Epoch milliseconds at which the first of them expires. */
  until: number
}

/** Why a result was not kept. */
export type Unkept = 'one-shot' | 'inputs-changed' | 'too-large' | 'too-many-tags' | 'unfaithful' | 'request-state'

/** A framework's cache. */
export interface Delegate {
  /**
   * Answers what `compute` answered under this key, now or earlier, as `JSON.parse(JSON.stringify(answer))` gives it back; what
   * `compute` rejects with is rejected and not kept.
   * @param ttl milliseconds after which the framework is to refresh; 0: it runs `compute` whatever it holds
   * @param compute the same function for the same key, for as long as core remembers the key
   * @param site what {@link Delegated.call} was given, where this is its first question
   */
  run(
    key: string,
    tags: readonly string[],
    ttl: number,
    compute: () => Promise<unknown>,
    site?: unknown,
  ): Promise<unknown>
  /** Ends what has one of these tags. */
  invalidate(tags: readonly string[]): Promise<void>
  /** Runs a fill; whatever it calls finds `gathered` by {@link gathering}. */
  within<T>(gathered: Gathered, run: () => T): T
  /** What gathers for the fill under way, if this is in one. */
  gathering(): Gathered | undefined
  /** How many characters of JSON an entry may have. */
  readonly maxSize?: number | undefined
  /** How many tags an entry may have. @default 128 */
  readonly maxTags?: number | undefined
  /**
   * Whether the framework itself has ended one of the tags since then, which whoever writes later would not notice (R18).
   * @param refreshed whether a run that began later is under way, which is all that a merely stale entry needs
   */
  hasEnded?(tags: readonly string[], begun: number, refreshed: boolean): boolean
  /** When a run begins that begins now: after whatever the framework has ended of these tags, also in the same millisecond. */
  begin?(tags: readonly string[], now: number): number
  /** Whether what runs now sees what others do not (a draft): it then shares its run with nobody. */
  isApart?(): boolean
  /** Tells the user, in the framework's own way, that a result was not kept. */
  notice?(label: string, reason: Unkept): void
  /** Whether an error of the function says that it reads what belongs to one request, which the framework refuses in a cache. */
  isRefusal?(error: unknown): boolean
}

/** One function over a delegate. */
export interface Delegated {
  readonly label: string
  readonly version: string
  /** @param site what the framework's face has read of the place of the call, so that its delegate need not read it again */
  call(args: readonly unknown[], site?: unknown): Promise<unknown>
  keyOf(args: readonly unknown[]): string
  invalidate(args: readonly unknown[]): Promise<void>
  invalidateAll(): Promise<void>
}

/** Functions over one delegate, and what is told of them. */
export interface Delegation {
  /**
   * @throws UnversionedFunctionError for a function without a version or a lasting name
   * @throws AutocacheError `INVALID_OPTION`
   */
  define(fn: AnyFunction, options: FunctionOptions): Delegated
  readonly on: Hub['on']
  readonly hub: Hub
  stats(): Pick<Stats, 'total' | 'functions'>
}
