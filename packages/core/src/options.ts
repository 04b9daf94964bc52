import type { Codec } from './codec.ts'
import { AutocacheError } from './errors.ts'
import type { AutocacheEvent, Logger } from './events.ts'
import type { KeyBounds } from './key.ts'
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
   * How long a value is fresh, or a function of the value and the arguments. `0` keeps nothing.
   * @default Infinity in process; must be given over a shared store
   */
  readonly ttl?: Duration | ((value: TResult, ...args: TArgs) => Duration) | undefined
  /**
   * Whether to keep this value.
   * @default always: `undefined` and `null` are values
   */
  readonly cacheIf?: ((value: TResult, ...args: TArgs) => boolean) | undefined
}

/** The options that do not depend on the function's signature; also the defaults an instance can set. */
export interface CommonOptions {
  /** Pins the version: a string, or a function of the cached function such as `sourceVersion`. */
  readonly version?: string | ((fn: AnyFunction) => string) | undefined
  /**
   * Hidden inputs by hand, as a list or a thunk that is called for every call: values enter the key (digested over
   * shared stores), functions the version. `{ ignore: ['logger'] }` excludes captures the compiler found.
   */
  readonly deps?: readonly unknown[] | (() => readonly unknown[]) | { readonly ignore: readonly string[] } | undefined
  /** A thunk whose value is in every key: tenant, user, locale. The fill then runs in the caller's async context. */
  readonly partition?: (() => unknown) | undefined
  /**
   * How long a thrown error is kept and thrown again.
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
  /** How values become text, for stores that hold text or bytes. @default the codec of `@autocache/core/codec` */
  readonly codec?: Codec | undefined
  /** Called with every event of the function. */
  readonly onEvent?: ((event: AutocacheEvent) => void) | undefined
  /** Receives the promise of every write that outlives its call, as serverless platforms want (`ctx.waitUntil`). */
  readonly waitUntil?: ((work: Promise<unknown>) => void) | undefined
}

/** What a store's own `set` takes, as the store types it. */
export type SetOptionsOf<TStore> = TStore extends SyncStore<any, infer TSetOptions>
  ? TSetOptions
  : TStore extends AsyncStore<any, infer TSetOptions>
    ? TSetOptions
    : unknown

/** The options of `cached(fn, options)`. */
export interface FunctionOptions<
  TArgs extends readonly unknown[] = any[],
  TResult = any,
  TStore extends Store = Store,
> extends CommonOptions,
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
  readonly errorTtl: number
  readonly clone: boolean
  readonly keys: 'readable' | 'digest'
  readonly strict: boolean
  readonly setOptions: unknown
  readonly namespace: string | undefined
  readonly storeTimeout: number
  readonly flightTimeout: number
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

const duration = "a duration: milliseconds from 0 up, or text such as '250ms', '5m', '1.5h', '7d'"

// What each option must be: the name of a type, or 'duration'. An option may be any of several.
const kinds: Record<string, string> = {
  name: 'string',
  version: 'string function',
  key: 'function',
  deps: 'object function',
  partition: 'function',
  ttl: 'duration function',
  cacheIf: 'function',
  errorTtl: 'duration',
  clone: 'boolean',
  keys: 'string',
  strict: 'boolean',
  setOptions: 'any',
  namespace: 'string',
  storeTimeout: 'duration',
  flightTimeout: 'duration',
  codec: 'object',
  onEvent: 'function',
  waitUntil: 'function',
  store: 'object',
}
const instanceKinds: Record<string, string> = { enabled: 'boolean', logger: 'object', keyBounds: 'object', clock: 'function' }

/** Throws for an option that does not exist or is not what it must be: where it is written, not at the first call. */
export function checkOptions(options: object, of: 'function' | 'instance'): void {
  for (const [option, value] of Object.entries(options)) {
    const kind = kinds[option] ?? (of === 'instance' ? instanceKinds[option] : undefined)
    if (!kind || (of === 'instance' && option === 'name')) {
      throw new AutocacheError('INVALID_OPTION', `There is no option \`${option}\` for ${of === 'function' ? 'a function' : 'an instance'}.`)
    }
    if (value === undefined || kind === 'any') continue
    const found = value === null ? 'null' : typeof value
    const fits = kind.split(' ').some((one) => (one === 'duration' ? toMilliseconds(value) !== undefined : one === found))
    if (!fits) throw invalidOption(option, kind.replace('duration', duration).replace(/ (?=function$)/, ' or a '))
    if (option === 'keys' && value !== 'readable' && value !== 'digest') throw invalidOption(option, "'readable' or 'digest'")
    if (value === '' && (option === 'version' || option === 'name')) throw invalidOption(option, 'a text that is not empty')
  }
}

/** Fills in every default of a function over its instance. Throws for what is wrong (bad input is an error where it is written). */
export function resolveOptions(options: FunctionOptions, defaults: AutocacheOptions, ownStore: () => Store): ResolvedOptions {
  checkOptions(options, 'function')
  const all: AutocacheOptions & FunctionOptions = { ...defaults }
  for (const [option, value] of Object.entries(options)) if (value !== undefined) Object.assign(all, { [option]: value })
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
    errorTtl: toMilliseconds(all.errorTtl ?? 0)!,
    clone: all.clone ?? false,
    keys: all.keys ?? (shared ? 'digest' : 'readable'),
    strict: all.strict ?? false,
    setOptions: all.setOptions,
    namespace: all.namespace,
    storeTimeout: toMilliseconds(all.storeTimeout ?? 250)!,
    flightTimeout: toMilliseconds(all.flightTimeout ?? '30s')!,
    codec: all.codec,
    onEvent: all.onEvent,
    waitUntil: all.waitUntil,
    store,
  }
}
