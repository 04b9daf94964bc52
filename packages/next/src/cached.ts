/** `cached(fn, options)` over `unstable_cache`. */
import {
  type AnyFunction,
  type ArgumentsOf,
  AutocacheError,
  type CommonOptions,
  createAutocache,
  type Duration,
  type EventOf,
  type EventType,
  memoryStore,
  type Stats,
  UnversionedFunctionError,
} from '@autocache/core'
import { createDelegation, type Delegated } from '@autocache/core/plumbing'
import { createClock } from './clock.ts'
import { delegate } from './delegate.ts'
import { cacheHere, siteNow, workNow } from './storages.ts'
import { remedies, warnOnce } from './warnings.ts'

/**
 * Options of a function. What Next cannot do is not among them: see {@link Support}.
 */
export interface NextOptions<TArgs extends readonly unknown[] = any[]>
  extends Pick<
    CommonOptions,
    'version' | 'deps' | 'partition' | 'strict' | 'namespace' | 'codec' | 'flightTimeout' | 'onEvent' | 'staleTtl'
  > {
  /** The label in the key, where none can be derived or it must survive a rename. */
  readonly name?: string | undefined
  /** What to key by instead of the arguments. */
  readonly key?: ((...args: TArgs) => unknown) | undefined
  /** How long a value is fresh: above 0. Next is told before there is a value, so it cannot depend on one. */
  readonly ttl: Duration
  /** What `revalidateTag` and `updateTag` of Next end the entries by: at most 126, of at most 256 characters. */
  readonly tags?: readonly string[] | undefined
}

/** What a cached function offers besides being called. */
export interface CachedHandle<TFunction extends AnyFunction> {
  readonly label: string
  /** The version of its code; `undefined` where it has none, and every call goes through. */
  readonly version: string | undefined
  readonly original: TFunction
  /** The key of a call. @throws UnkeyableValueError @throws UnversionedFunctionError */
  keyOf(...args: ArgumentsOf<TFunction>): string
  /**
   * Ends the entry of a call, of every version: in a Server Action at once and for what it renders (`updateTag`), in a Route
   * Handler for the calls of later requests (`revalidateTag`). Outside of Next it ends the entry in memory.
   * @throws (as a rejection) what Next throws where it does not allow that, as while rendering
   */
  invalidate(...args: ArgumentsOf<TFunction>): Promise<void>
  /** The same for all entries of the function. */
  invalidateAll(): Promise<void>
}

/** What a cached function is: it always promises. A generic or overloaded function keeps its type if it promises already. */
export type CachedFunction<TFunction extends AnyFunction> = (ReturnType<TFunction> extends Promise<any>
  ? TFunction
  : (...args: Parameters<TFunction>) => Promise<Awaited<ReturnType<TFunction>>>) &
  CachedHandle<TFunction>

/** What of autocache is possible over `unstable_cache`, as data: the option or member, and what stands in its way. */
export interface Support {
  readonly 'ttl (static)': true
  readonly staleTtl: true
  readonly 'tags (static)': true
  readonly invalidate: true
  readonly invalidateAll: true
  readonly 'ttl(value)': 'Next is told before there is a value'
  readonly 'tags(value)': 'Next is told before there is a value'
  readonly cacheIf: 'Next stores whatever is returned'
  readonly errorTtl: 'Next does not store what is thrown'
  readonly staleIfError: 'Next refreshes without asking whether it failed'
  readonly earlyRefresh: 'Next refreshes after the time is over'
  readonly jitter: 'Next takes one time for all entries'
  readonly peek: 'Next has no read that never runs'
  readonly prime: 'Next has no write'
  readonly refresh: 'invalidate, then call'
  readonly many: 'Next has no batched read'
  readonly decorators: 'a receiver has no place in a cache of Next'
}

const delegation = createDelegation(delegate, { clock: createClock() })
const fallback = createAutocache({ store: memoryStore() })

/** Listens to events of every function of this bundle. Returns what ends that. */
export const on: <TType extends EventType>(type: TType | '*', listener: (event: EventOf<TType>) => void) => () => void =
  delegation.on

/** Counts of events of this bundle, together and per label. */
export const stats: () => Pick<Stats, 'total' | 'functions'> = delegation.stats

/** The name of the program, as `withAutocache` puts it into the bundle. */
const namespace = process.env.AUTOCACHE_NAMESPACE
const isConfigured = process.env.AUTOCACHE_NEXT !== undefined

/**
 * Caches a function in Next's data cache. One entry answers wherever it is called from: server components, Route Handlers and
 * Server Actions; whatever the bundler made of its text; and after every deploy that leaves its code, and what that reaches, as it was.
 * @throws AutocacheError `INVALID_OPTION`
 * @example
 * ```ts
 * import { cached } from '@autocache/next'
 * const area = cached((shape: { width: number; height: number }) => shape.width * shape.height, { ttl: '5m' })
 * await area({ width: 2, height: 3 }) // 6
 * ```
 */
export function cached<TFunction extends AnyFunction>(
  fn: TFunction,
  options: NextOptions<Parameters<TFunction>>,
): CachedFunction<TFunction> {
  if (typeof fn !== 'function') throw new AutocacheError('INVALID_OPTION', '`cached` takes a function and its options.')
  checkTags(options.tags)
  const { label, delegated, refused } = definitionOf(fn, options)
  let report: ReturnType<typeof delegation.hub.reporter> | undefined
  /** Runs the function without a cache, and says why. */
  const bypass = (reason: keyof typeof remedies, args: unknown[]): unknown => {
    report ??= delegation.hub.reporter(label, options.onEvent)
    report({ type: 'bypass', reason })
    warnOnce(label, remedies[reason](label, isConfigured))
    return fn(...args)
  }
  let outside:
    | (((...args: any[]) => unknown) & { invalidate(...args: any[]): unknown; invalidateAll(): unknown })
    | undefined
  const outsideOf = () => (outside ??= inMemory(fn, options))

  async function around(args: unknown[], cache: { readonly cacheHandler?: unknown } | undefined): Promise<unknown> {
    // Within Next, as in instrumentation or a script that it runs, there may be none either.
    if (!cache) return outsideOf()(...args)
    return bypass(refused ? 'unversioned' : cache.cacheHandler ? 'nested' : 'no-cache', args)
  }

  function call(...args: unknown[]): Promise<unknown> {
    const site = siteNow()
    const cache = cacheHere(site.work)
    if (delegated && cache?.cacheHandler) {
      if (site.unit?.type !== 'unstable-cache' || delegate.gathering()) return delegated.call(args, site)
    }
    return around(args, cache)
  }

  const known = () => {
    if (delegated) return delegated
    throw refused
  }
  Object.defineProperties(call, {
    name: { value: fn.name, configurable: true },
    length: { value: fn.length, configurable: true },
  })
  return Object.assign(call, {
    label,
    version: delegated?.version,
    original: fn,
    keyOf: (...args: unknown[]) => known().keyOf(args),
    async invalidate(...args: unknown[]) {
      if (isWithinNext()) await delegated?.invalidate(args)
      if (outside || !isWithinNext()) await outsideOf().invalidate(...args)
    },
    async invalidateAll() {
      if (isWithinNext()) await delegated?.invalidateAll()
      if (outside || !isWithinNext()) await outsideOf().invalidateAll()
    },
  }) as unknown as CachedFunction<TFunction>
}

const isWithinNext = () => process.env.NEXT_RUNTIME !== undefined || workNow() !== undefined

interface Definition {
  readonly label: string
  readonly delegated?: Delegated
  readonly refused?: UnversionedFunctionError
}

/** A function without a version must not fail the page that calls it: it is not cached. */
function definitionOf(fn: AnyFunction, options: NextOptions): Definition {
  try {
    const delegated = delegation.define(fn, { ...(namespace !== undefined && { namespace }), ...options } as object)
    return { label: delegated.label, delegated }
  } catch (error) {
    if (error instanceof UnversionedFunctionError) return { label: error.functionName, refused: error }
    throw error
  }
}

/** Over a store that ends with the process, so that scripts and tests need no Next. */
function inMemory(fn: AnyFunction, options: NextOptions) {
  const { version, name, deps, partition, key, ttl, staleTtl, tags, strict, flightTimeout, onEvent } = options
  const given = { version, name, deps, partition, key, ttl, staleTtl, tags, strict, flightTimeout, onEvent }
  return fallback.cached(fn, { ...given, clone: true })
}

/** Next drops tags that are too long, with a line in the log; what has them could then not be ended. */
function checkTags(tags: unknown): void {
  const long = Array.isArray(tags) ? tags.find((tag) => typeof tag === 'string' && tag.length > 256) : undefined
  if (long === undefined) return
  throw new AutocacheError(
    'INVALID_OPTION',
    `Option \`tags\`: a tag has ${(long as string).length} characters, and Next drops those of more than 256. Give a digest of it.`,
  )
}
