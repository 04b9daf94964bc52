/**
 * Where a version comes from.
 *
 * The rule (R01): a function answers from a store that outlives the process only under a version that follows its code:
 * one given by hand (`x-`), one the compiler stamped on it (`s1-`, `t1-`), or one computed from its source by a
 * function given as `version` (`r1-`). Everything else gets a version of its own (`p-`): 128 random bits and a counter
 * per definition, so that two closures of one factory never meet, and is refused over a shared store. Core never
 * hashes `fn.toString()`: that text cannot see helpers, constants or captured values, and after bundling two different
 * functions can share it.
 *
 * The text of a function is read for four facts only, each of which errs on the safe side: whether it can tell a
 * missing argument from `undefined`, whether it can see `this`, whether its name was written by a person, and whether
 * it is under mutation testing.
 *
 * The schemes and the stamp are described in `docs/decisions/0001-core.md`.
 */
import { AutocacheError, UnversionedFunctionError } from './errors.ts'
import type { AnyFunction, ResolvedOptions } from './options.ts'

/** The shape of {@link Stamp} this release reads. A stamp of another contract counts as none. */
export const stampContract = 2

/** A short text for a value that can be keyed. */
export type TextOf = (value: unknown) => string | undefined

/**
 * The objects that code calls through, by their paths: `this`, `this.repo`. `true`: what it is declared as comes from a
 * package, which is in the version of the stamp. A version: that of the class that the function is a member of, up to
 * which nothing is new.
 */
export type Calls = readonly (readonly [
  path: string,
  read: (self: any) => unknown,
  known?: boolean | string | undefined,
])[]

/** What a call does with the objects it reaches. */
export interface Dispatch {
  /** Notes code that joins the version. */
  code(text: string): void
  /** Notes a value that joins the key. @returns whether a key can be made of it */
  data(value: unknown): boolean
  /** Notes the values of modules that a stamp reads; they join the key. */
  held(read: NonNullable<Stamp['held']>): void
  /** Notes an object for what it is in this process; absent over a shared store. */
  readonly itself: ((object: object) => void) | undefined
  /** The same over any store: entries are then found by this process alone. */
  own(object: object): void
  /** Whether the user answers for what has no stamp. */
  isAccepted(path: string): boolean
}

/** Paths with what follows them: a program that no stamp tells of any carries none of it. */
export interface Through {
  readonly calls: Calls
  follow(calls: Calls, self: unknown, label: string, to: Dispatch): void
}

/** What the compiler says of a function or class. */
export interface Stamp {
  /** The number of this contract: {@link stampContract}. */
  readonly contract: number
  /** The readable name: `getUser`, `UserService.find`. */
  readonly label: string
  /** The version of the code, with its scheme: `s1-...`. */
  readonly version: string
  /**
   * What reads the captured values and the environment, each for itself, for every call; always digested into the key
   * (R05). One that throws has thrown for the function as well, and what it threw stands for the value.
   */
  readonly captures?: readonly (() => unknown)[] | undefined
  /**
   * Reads the values of modules that differ from process to process (R06), as one text; made by `held`. One that cannot
   * be keyed keeps the entries to this process.
   */
  readonly held?: ((textOf: TextOf) => string) | undefined
  /** What reads the data fields of `this` that the function reads (R03). Absent: it reads none. */
  readonly receiver?: readonly ((self: any) => unknown)[] | undefined
  /** Of a class: has the names of the functions that it gives to its objects. */
  readonly given?: Readonly<Record<string, unknown>> | undefined
  /** The objects that the function, or any member of the class, calls through (R04); made by `through`. */
  readonly calls?: Through | undefined
  /** Whether a missing trailing argument is the same as `undefined`: no rest parameter, no `arguments`. */
  readonly trailing?: 'drop' | 'keep' | undefined
}

/**
 * Something that every copy of this package in the process has in common. It hangs on the global object and not on the
 * functions: those may be frozen, belong to somebody else, or have their properties copied to other functions.
 */
export function common<T extends object>(name: string, create: () => T): T {
  const key = Symbol.for(name)
  const known = Object.getOwnPropertyDescriptor(globalThis, key)?.value as T | undefined
  if (known) return known
  const made = create()
  // Where the global object is frozen, each copy has its own, and knows its own stamps.
  Reflect.defineProperty(globalThis, key, { value: made })
  return made
}

const stamps = common('autocache.stamps', () => new WeakMap<object, Stamp>())

/** Puts a stamp on a function or class, and returns it. What is neither is returned as it is: whoever gets it refuses it. */
export function putStamp<T>(subject: T, stamp: Stamp): T {
  if (typeof subject === 'function') stamps.set(subject, stamp)
  return subject
}

/** Puts a stamp on a function among the options, unless it has one that says more. */
export function stampCode<T>(subject: T, stamp: Stamp): T {
  return typeof subject === 'function' && stampOf(subject) ? subject : putStamp(subject, stamp)
}

/** A decorator of both kinds that puts a stamp on the method below it. */
export function stampMember(stamp: Stamp): (method: unknown, context: unknown, descriptor?: unknown) => void {
  return (method, _, descriptor) => {
    const own = descriptor as PropertyDescriptor | undefined
    putStamp(own ? own.value : method, stamp)
  }
}

/**
 * A decorator as compilers of decorators leave it, as an expression: it puts a stamp on the method below it before it does
 * what it does. Of a class, what it puts in the place of that class has the stamp of the class.
 */
export function stampDecorator<T>(decorator: T, stamp?: Stamp): T {
  if (typeof decorator !== 'function') return decorator
  return function (this: unknown, ...given: [unknown, unknown, unknown?]): unknown {
    if (stamp) stampMember(stamp)(...given)
    const made: unknown = Reflect.apply(decorator, this, given)
    const own = stamp || typeof given[0] !== 'function' ? undefined : stampOf(given[0])
    return own ? putStamp(made, own) : made
  } as T
}

/** The stamp of a function or class itself, if it carries one of this contract. */
export function stampOf(subject: object): Stamp | undefined {
  const stamp = stamps.get(subject)
  return stamp?.contract === stampContract ? stamp : undefined
}

/** What the text of a function tells for certain. */
export interface TextFacts {
  /** It cannot tell `f(1)` from `f(1, undefined)`. */
  readonly dropsTrailing: boolean
  /** It cannot see `this`. */
  readonly ignoresThis: boolean
  /** Its name may be a minifier's. */
  readonly minified: boolean
}

/** What a cached function carries; by a shared symbol, so that every copy of this package knows those of another. */
export const cachedKey = Symbol.for('autocache.cached')

/** The function that was written: a cached function stands for the one it wraps. */
export function written(fn: AnyFunction): AnyFunction {
  let inner = fn
  while (Object.hasOwn(inner, cachedKey))
    inner = (inner as unknown as { [cachedKey]: { fn: AnyFunction } })[cachedKey].fn
  return inner
}

const sourceOf = (fn: AnyFunction): string => Function.prototype.toString.call(written(fn))

/** The text of a function as its author wrote it, or nothing where it is hidden. */
export function sourceText(fn: AnyFunction): string | undefined {
  const text = sourceOf(fn)
  return isHidden(text) ? undefined : text
}

const isHidden = (text: string): boolean => /\{\s*\[native code\]\s*\}\s*$/.test(text)

/** Reads {@link TextFacts}. Native, bound and proxied functions hide their text: nothing is certain of them. */
export function textFacts(fn: AnyFunction): TextFacts {
  const text = sourceOf(fn)
  const unquoted = text.replace(/(["'`])(?:\\.|(?!\1)[^\\])*\1/gs, '')
  const hidden = isHidden(text) || /\beval\b|\\u/.test(text)
  const arrow = /^(?:async\s*)?(?:\([^()]*\)|[\w$]+)\s*=>/.test(text)
  return {
    dropsTrailing: !hidden && !/\barguments\b|\.\.\./.test(text),
    ignoresThis: !hidden && (arrow || !/\bthis\b|\bsuper\b/.test(text)),
    // Spaced as people write, or, where a tool such as tsx took the spaces, with a first parameter of a person's.
    minified:
      fn.name.length < 3 ||
      !(/\s=>\s|\)\s+\{/.test(unquoted) || /^[^({=]*\(?(?:\.\.\.)?[A-Za-z_$][\w$]+[,)=]/.test(text)),
  }
}

/** Whether a value is a class: it cannot be called, so it cannot be cached. */
export function isClass(fn: AnyFunction): boolean {
  // A method may be called `class`.
  return /^class(?:\s*\{|\s+[^\s(])/.test(sourceOf(fn))
}

/**
 * Whether Stryker put mutants into a function. It chooses one while the program runs, so that no version and no process
 * tells them apart: cached, the answer of one would hide the next.
 */
export function isMutated(fn: AnyFunction): boolean {
  return /\bstryMutAct_/.test(sourceOf(fn))
}

/** Where a version came from. */
export type VersionSource = 'explicit' | 'stamp' | 'process'

/** How a function is named in the key. */
export interface Identity {
  readonly label: string
  /** The version; the process-unique one is drawn at the first use, because workers have no randomness at start-up. */
  readonly version: () => string
  readonly source: VersionSource
}

let definitions = 0
let bits: string | undefined

/** 128 bits of this process, drawn at the first use, because workers have no randomness at start-up. */
export function processId(): string {
  // base64url without padding: 22 characters.
  return (bits ??= btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)))).replace(/[+/=]/g, (sign) =>
    sign === '+' ? '-' : sign === '/' ? '_' : '',
  ))
}

function processVersion(): () => string {
  const number = (definitions += 1)
  return () => `p-${processId()}-${number}`
}

/** The version of an explicit option. Only a function may answer with the runtime-source scheme. */
function explicitVersion(version: NonNullable<ResolvedOptions['version']>, fn: AnyFunction): string {
  if (typeof version === 'string') return `x-${escaped(version)}`
  const computed: unknown = version(fn)
  if (typeof computed !== 'string' || computed === '') {
    throw new AutocacheError('INVALID_OPTION', 'The function given as `version` must return a text that is not empty.')
  }
  return /^r\d+-[a-z2-7]{26}$/.test(computed) ? computed : `x-${escaped(computed)}`
}

/** Without `+`, which joins the versions of `deps`. */
function escaped(version: string): string {
  return version.replace(/[%+]/g, (sign) => (sign === '+' ? '%2b' : '%25'))
}

/** What stands behind each label and version, for R02: a text, or the function itself where it hides its text. */
export type Claims = Map<string, { readonly code: string | AnyFunction; readonly keys: string; told: boolean }>

/**
 * Notes that `fn` is known by this label and version (R02).
 * @returns whether the same code was known before, the first time that happens
 * @throws AutocacheError `DUPLICATE_DEFINITION` where other code was
 */
export function claim(
  known: Claims,
  namespace: string,
  label: string,
  version: string,
  keys: ResolvedOptions['keys'],
  fn: AnyFunction,
): boolean {
  const name = JSON.stringify([namespace, label, version])
  const code = sourceText(fn) ?? written(fn)
  const earlier = known.get(name)
  if (!earlier) {
    known.set(name, { code, keys, told: false })
    return false
  }
  if (earlier.keys !== keys) {
    throw new AutocacheError(
      'DUPLICATE_DEFINITION',
      `\`${label}\` is cached twice under one version in one store, with two kinds of \`keys\`: neither would find or ` +
        'invalidate the entries of the other. Give both the same.',
    )
  }
  if (earlier.code !== code) {
    throw new AutocacheError(
      'DUPLICATE_DEFINITION',
      `Two different functions are cached as \`${label}\` under one version in one store, and would answer for ` +
        'each other. Give one of them another `name`, or raise the `version` of the one that changed.',
    )
  }
  const first = !earlier.told
  earlier.told = true
  return first
}

/**
 * The label and version of a function over its store.
 * @throws UnversionedFunctionError over a shared store, where there is no version or no name that survives a build
 */
export function identify(
  fn: AnyFunction,
  options: ResolvedOptions,
  method: string | undefined,
  enabled: boolean,
): Identity {
  const stamp = stampOf(fn)
  const shared = options.store.lifetime === 'shared'
  const label = options.name ?? stamp?.label ?? (method || fn.name || 'anonymous')

  if (options.version === undefined && !stamp) {
    // Switched off, nothing is kept: a program runs as if it were not wrapped.
    if (!shared || !enabled) return { label, version: processVersion(), source: 'process' }
    throw new UnversionedFunctionError(
      label,
      'no version',
      `\`${label}\` has no version, and its store outlives this process: a later release could read what this code ` +
        'computed. Let the build stamp it (`@autocache/unplugin/vite` and others), or the loader ' +
        "(`node --import @autocache/unplugin/register`); or give `version: '1'`, and raise it whenever the result can " +
        'change, or `version: sourceVersion` of `@autocache/compiler/runtime`, which follows the source of the function.',
    )
  }
  if (shared && enabled && options.name === undefined && !stamp && (method !== undefined || textFacts(fn).minified)) {
    const why =
      method !== undefined
        ? `The method \`${method}\` needs one over a shared store: a decorator does not know its class, and methods of two classes may share a name.`
        : fn.name === ''
          ? 'A function without a name of its own needs one over a shared store.'
          : `\`${fn.name}\` needs one over a shared store: that name may be a minifier's, and another build could give it to another function.`
    throw new UnversionedFunctionError(
      label,
      'no name',
      `${why} Give the option \`name\`, such as \`name: 'findUser'\`.`,
    )
  }
  if (options.version !== undefined) {
    const version = explicitVersion(options.version, fn)
    return { label, version: () => version, source: 'explicit' }
  }
  // Under a test runner modules may be mocked, and no version says by what: what it computes is nobody else's (R24).
  const own = () => (shared && stamp!.version.startsWith('t1-') ? `${stamp!.version}+${processId()}` : stamp!.version)
  return { label, version: own, source: 'stamp' }
}
