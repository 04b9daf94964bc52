import type { Codec } from './codec.ts'
import { AutocacheError } from './errors.ts'
import type { AutocacheEvent, Logger } from './events.ts'
import type { Windows } from './freshness.ts'
import { defaultKeyBounds, type KeyBounds } from './key.ts'
import type { AsyncStore, Store, SyncStore } from './store.ts'

/** Any function. */
export type AnyFunction = (this: any, ...args: any[]) => any

type Unit = 'ms' | 's' | 'm' | 'h' | 'd' | 'w'

/** A length of time: milliseconds, or a number with a unit such as `'250ms'`, `'5m'`, `'1.5h'`, `'7d'`. */
export type Duration = number | `${number}${Unit}`

/** The options of one function that shape its calls, by argument and result type. */
export interface CallOptions<TArgs extends readonly unknown[] = any[], TResult = any> {
  /**
   * What to key by instead of the arguments (and of `this`): any keyable value. It is bound to the call's `this`. What
   * it throws reaches the caller.
   */
  readonly key?: ((this: any, ...args: TArgs) => unknown) | undefined
  /**
   * How long a value is fresh, or a function of the value and the arguments. `0` keeps nothing, not for `staleTtl` or
   * `staleIfError` either.
   * @default Infinity in process; must be given over a shared store
   */
  readonly ttl?: Duration | ((value: TResult, ...args: TArgs) => Duration) | undefined
  /**
   * Whether to keep this value.
   * @default always: `undefined` and `null` are values
   */
  readonly cacheIf?: ((value: TResult, ...args: TArgs) => boolean) | undefined
  /**
   * What `invalidateTags` ends the entry by: names, at most 128 of any length, or a function of the value and the arguments
   * that returns them. They reach the entries of cached functions that call this one.
   * @default none
   */
  readonly tags?: readonly string[] | ((value: TResult, ...args: TArgs) => readonly string[]) | undefined
}

/** The options that do not depend on the function's signature; also the defaults an instance can set. */
export interface CommonOptions {
  /** Pins the version: a string, or a function of the cached function that returns one. */
  readonly version?: string | ((fn: AnyFunction) => string) | undefined
  /**
   * Hidden inputs by hand, as a list or a thunk that is called for every call: values enter the key (digested over
   * shared stores), functions the version. `{ ignore: ['logger'] }` excludes captures the compiler found.
   */
  readonly deps?: readonly unknown[] | (() => readonly unknown[]) | { readonly ignore: readonly string[] } | undefined
  /** A thunk whose value is in every key: tenant, user, locale. The fill then runs in the caller's async context. */
  readonly partition?: (() => unknown) | undefined
  /**
   * How long after its `ttl` a value still answers, at once, while one refresh runs in the background.
   * @default 0
   */
  readonly staleTtl?: Duration | undefined
  /**
   * How long after its `ttl` a value answers where the function throws; then the error goes through.
   * @default 0
   */
  readonly staleIfError?: Duration | undefined
  /**
   * The share of `ttl` after which a hit starts one refresh in the background, so that what is often asked for never
   * expires: above 0, up to 1.
   * @default 1, which is never
   */
  readonly earlyRefresh?: number | undefined
  /**
   * The share of `ttl` by which entries expire sooner, each by a part of it that is its own: 0 to 1.
   * @default 0
   */
  readonly jitter?: number | undefined
  /**
   * How long a thrown error is kept and thrown again. Where a stale value answers instead, the error is not kept.
   * @default never
   */
  readonly errorTtl?: Duration | undefined
  /**
   * Whether each caller gets its own copy from a store that holds references.
   * @default false
   */
  readonly clone?: boolean | undefined
  /**
   * Whether the argument part of a key stands in clear or as a SHA-256 digest.
   * @default 'readable' in process, 'digest' over a shared store
   */
  readonly keys?: 'readable' | 'digest' | undefined
  /**
   * Whether a result that cannot be stored faithfully is an error (`UnstorableValueError`) instead of an event.
   * @default false
   */
  readonly strict?: boolean | undefined
  /** The first part of every key. @default the name of the nearest package */
  readonly namespace?: string | undefined
  /** How long a store may take to answer a read before the call goes on without it. @default 250 */
  readonly storeTimeout?: Duration | undefined
  /** How long later calls wait for the fill of an earlier one before they run their own. @default '30s' */
  readonly flightTimeout?: Duration | undefined
  /**
   * How long a call waits for another process that runs the function for the same key, over a store with locks, before it
   * runs its own. `0` takes no locks.
   * @default '5s'
   */
  readonly lockWait?: Duration | undefined
  /** How values become text, for stores that hold text or bytes. @default the codec of `@autocache/core/codec` */
  readonly codec?: Codec | undefined
  /** Called with every event of the function. */
  readonly onEvent?: ((event: AutocacheEvent) => void) | undefined
  /** Receives the promise of every refresh and every write that outlives its call, as serverless platforms want (`ctx.waitUntil`). */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined
}

/** What a store's own `set` takes, as the store types it. */
export type SetOptionsOf<TStore> =
  TStore extends SyncStore<any, infer TSetOptions>
    ? TSetOptions
    : TStore extends AsyncStore<any, infer TSetOptions>
      ? TSetOptions
      : unknown

/** The options of `cached(fn, options)`. */
export interface FunctionOptions<TArgs extends readonly unknown[] = any[], TResult = any, TStore extends Store = Store>
  extends CommonOptions,
    CallOptions<TArgs, TResult> {
  /** The label in the key, where none can be derived or it must survive a rename. */
  readonly name?: string | undefined
  /** The store of this function instead of the instance's. */
  readonly store?: TStore | undefined
  /** Passed through to the store's own `set`, typed by the store. */
  readonly setOptions?: SetOptionsOf<TStore> | undefined
}

/** The options of `createAutocache`. Every option but these four is a default for the instance's functions. */
export interface AutocacheOptions<TStore extends Store = Store> extends CommonOptions, CallOptions {
  /** Where entries live. @default a `memoryStore()` of the instance's own */
  readonly store?: TStore | undefined
  readonly setOptions?: SetOptionsOf<TStore> | undefined
  /** `false` sends every call straight through. @default true */
  readonly enabled?: boolean | undefined
  /** Receives one line per event, without arguments, values or keys. `console` is one. */
  readonly logger?: Logger | undefined
  /** How deep, how many-parted and how large a keyed value may be before its call is bypassed. */
  readonly keyBounds?: Partial<KeyBounds> | undefined
  /** The current instant in epoch milliseconds. @default Date.now */
  readonly clock?: (() => number) | undefined
}

/** Every option of one function with its default filled in; durations in milliseconds. */
export interface ResolvedOptions {
  readonly name: string | undefined
  readonly version: CommonOptions['version']
  readonly key: CallOptions['key']
  readonly deps: CommonOptions['deps']
  readonly partition: CommonOptions['partition']
  readonly ttl: number | ((value: unknown, ...args: unknown[]) => Duration)
  readonly cacheIf: CallOptions['cacheIf']
  readonly tags: readonly string[] | ((value: unknown, ...args: unknown[]) => unknown)
  readonly errorTtl: number
  readonly windows: Windows
  readonly clone: boolean
  readonly keys: 'readable' | 'digest'
  readonly strict: boolean
  readonly setOptions: unknown
  readonly namespace: string | undefined
  readonly storeTimeout: number
  readonly flightTimeout: number
  readonly lockWait: number
  readonly codec: Codec | undefined
  readonly onEvent: CommonOptions['onEvent']
  readonly waitUntil: CommonOptions['waitUntil']
  readonly store: Store
}

const units = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 }

/**
 * A duration in milliseconds, or `undefined` where it is none: negative, `NaN`, or text that is not a number and a unit.
 */
export function toMilliseconds(duration: unknown): number | undefined {
  if (typeof duration === 'number') return duration >= 0 ? duration : undefined
  const match = typeof duration === 'string' && /^(\d+(?:\.\d+)?)(ms|[smhdw])$/.exec(duration)
  return match ? Number(match[1]) * units[match[2] as Unit] : undefined
}

/** An `AutocacheError` that says which option is wrong and what it takes. */
export function invalidOption(option: string, expected: string): AutocacheError {
  return new AutocacheError('INVALID_OPTION', `Option \`${option}\` must be ${expected}.`)
}

/** How many tags an entry may have. */
const mostTags = 128

/** What a list of tags is, in words. */
export const someTags = `a list of at most ${mostTags} texts that are not empty`

/** Whether something is a list of tags. */
export function isTags(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= mostTags && value.every(isText)
}

type Rule = readonly [fits: (value: unknown) => boolean, expected: string]
type Rules = Readonly<Record<string, Rule>>

const isFunction = (value: unknown) => typeof value === 'function'
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isShare = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1
const isDuration = (value: unknown) => toMilliseconds(value) !== undefined
/** Whether a value is an object with these members, each a function. */
const offers = (value: unknown, ...members: string[]) =>
  typeof value === 'object' && value !== null && members.every((member) => isFunction(Reflect.get(value, member)))

const aText = 'a text that is not empty'
const aDuration = "a duration: milliseconds from 0 up, or text such as '250ms', '5m', '1.5h', '7d'"
const bool: Rule = [(value) => typeof value === 'boolean', 'true or false']
const fun: Rule = [isFunction, 'a function']
const time: Rule = [isDuration, aDuration]

/** Tables, so that a bundle without options is one without them. */
const commonRules: Rules = {
  version: [(value) => isText(value) || isFunction(value), `${aText}, or a function that returns one`],
  key: fun,
  deps: [isDeps, "a list, a function that returns one, or `{ ignore: ['name'] }`"],
  partition: fun,
  ttl: [(value) => isDuration(value) || isFunction(value), `${aDuration}; or a function that returns one`],
  cacheIf: fun,
  tags: [(value) => isFunction(value) || isTags(value), `${someTags}, or a function that returns such a list`],
  staleTtl: time,
  staleIfError: time,
  earlyRefresh: [(value) => value !== 0 && isShare(value), 'a share of `ttl` above 0 and up to 1, such as 0.8'],
  jitter: [isShare, 'a share of `ttl` from 0 to 1, such as 0.1'],
  errorTtl: time,
  clone: bool,
  keys: [(value) => value === 'readable' || value === 'digest', "'readable' or 'digest'"],
  strict: bool,
  setOptions: [() => true, ''],
  namespace: [isText, aText],
  storeTimeout: time,
  flightTimeout: time,
  lockWait: time,
  codec: [
    (value) => offers(value, 'encode', 'decode') && isText((value as Codec).id),
    'a codec: `id`, `encode` and `decode`',
  ],
  onEvent: fun,
  waitUntil: fun,
  store: [
    isStore,
    "a store: `get`, `set`, `delete`, `lifetime` ('process' or 'shared') and `holds` ('references', 'text' or 'bytes'). " +
      'A client becomes one through its adapter, such as `keyvStore(keyv)` of @autocache/keyv',
  ],
}

const rules: Readonly<Record<'function' | 'instance', Rules>> = {
  function: { name: [isText, aText] },
  instance: {
    enabled: bool,
    logger: [(value) => offers(value), 'a logger: an object with `debug` and `warn`, such as `console`'],
    keyBounds: [(value) => offers(value), 'an object of bounds: `depth`, `nodes`, `size`'],
    clock: fun,
  },
}

function isDeps(value: unknown): boolean {
  if (isFunction(value) || Array.isArray(value)) return true
  return (
    offers(value) &&
    Object.keys(value as object).join() === 'ignore' &&
    Array.isArray((value as { ignore: unknown }).ignore)
  )
}

function isStore(value: unknown): boolean {
  if (!offers(value, 'get', 'set', 'delete')) return false
  const { lifetime, holds } = value as Store
  return ['process', 'shared'].includes(lifetime) && ['references', 'text', 'bytes'].includes(holds)
}

/** The bounds of keys with their defaults. Throws for one that does not exist or is no number above 0. */
export function resolveBounds(bounds: Partial<KeyBounds> = {}): KeyBounds {
  for (const [name, bound] of Object.entries(bounds)) {
    const most = name === 'depth' ? 1000 : Infinity
    if (!Object.hasOwn(defaultKeyBounds, name) || typeof bound !== 'number' || !(bound > 0 && bound <= most)) {
      throw invalidOption(`keyBounds.${name}`, 'one of `depth` (up to 1000), `nodes` and `size`, and a number above 0')
    }
  }
  return { ...defaultKeyBounds, ...bounds }
}

/** Throws for an option that does not exist or is not what it must be: where it is written, not at the first call. */
export function checkOptions(options: unknown, of: 'function' | 'instance'): void {
  if (!offers(options))
    throw new AutocacheError(
      'INVALID_OPTION',
      `The options of ${of === 'function' ? 'a function' : 'an instance'} are an object.`,
    )
  for (const [option, value] of Object.entries(options as object)) {
    const table = [rules[of], commonRules].find((one) => Object.hasOwn(one, option))
    const rule = table?.[option]
    if (!rule) {
      throw new AutocacheError(
        'INVALID_OPTION',
        `There is no option \`${option}\` for ${of === 'function' ? 'a function' : 'an instance'}.`,
      )
    }
    if (value !== undefined && !rule[0](value)) throw invalidOption(option, rule[1])
  }
}

/** Fills in every default of a function over its instance. Throws for what is wrong (bad input is an error where it is written). */
export function resolveOptions(
  options: FunctionOptions,
  defaults: AutocacheOptions,
  ownStore: () => Store,
): ResolvedOptions {
  checkOptions(options, 'function')
  const all: AutocacheOptions & FunctionOptions = { ...defaults }
  for (const [option, value] of Object.entries(options))
    if (value !== undefined) Object.assign(all, { [option]: value })
  const store = all.store ?? ownStore()
  const shared = store.lifetime === 'shared'
  const { ttl } = all
  if (ttl === undefined && shared) {
    throw new AutocacheError(
      'INVALID_OPTION',
      "Option `ttl` is missing: over a shared store say how long values are fresh, here or on the instance (`ttl: '10m'`, " +
        '`ttl: Infinity` where data never change), because versions follow code and not data.',
    )
  }
  return {
    name: all.name,
    version: all.version,
    key: all.key,
    deps: all.deps,
    partition: all.partition,
    ttl: typeof ttl === 'function' ? ttl : toMilliseconds(ttl ?? Infinity)!,
    cacheIf: all.cacheIf,
    tags: typeof all.tags === 'function' ? all.tags : [...new Set(all.tags)].sort(),
    errorTtl: toMilliseconds(all.errorTtl ?? 0)!,
    windows: {
      staleTtl: toMilliseconds(all.staleTtl ?? 0)!,
      staleIfError: toMilliseconds(all.staleIfError ?? 0)!,
      earlyRefresh: all.earlyRefresh ?? 1,
      jitter: all.jitter ?? 0,
    },
    clone: all.clone ?? false,
    keys: all.keys ?? (shared ? 'digest' : 'readable'),
    strict: all.strict ?? false,
    setOptions: all.setOptions,
    namespace: all.namespace,
    storeTimeout: toMilliseconds(all.storeTimeout ?? 250)!,
    flightTimeout: toMilliseconds(all.flightTimeout ?? '30s')!,
    lockWait: toMilliseconds(all.lockWait ?? '5s')!,
    codec: all.codec,
    onEvent: all.onEvent,
    waitUntil: all.waitUntil,
    store,
  }
}
