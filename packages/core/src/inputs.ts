/**
 * What a call is keyed by: its arguments, or what `key` makes of them; the receiver (R03); the captures of the stamp
 * (R05); `deps` and `partition`. Everything but the arguments is hidden behind a digest before it stands in a readable
 * key, because it may be secret.
 */

import { hush } from './answer.ts'
import { AutocacheError, UnkeyableValueError, UnversionedFunctionError } from './errors.ts'
import { encodeArguments, encodeKey, isOpaque, type KeyBounds } from './key.ts'

import type { AnyFunction, ResolvedOptions } from './options.ts'
import { isAbortSignal, signalsIn } from './signals.ts'
import { type Dispatch, processId, type Stamp, sourceText, stampOf, textFacts } from './version.ts'

/** The inputs of one call. */
export interface Inputs {
  /** Their canonical text: equal for equal inputs, different for different ones. */
  readonly text: string
  /**
   * What an invalidation names a call by: `partition`, and the arguments or what `key` makes of them. Captures, `deps` and
   * the receiver are not in it, because they differ with the code (R17); but the receiver is where it counts by identity,
   * which no other code of the process can tell otherwise.
   */
  readonly subject: string
  /** The abort signals among the arguments; they are not inputs (R16). */
  readonly signals: readonly AbortSignal[]
  /**
   * What joins the version for this call: the versions of the code behind the objects that the function calls through
   * (R04), and of the classes of arguments that say their own key. Empty where there are none.
   */
  readonly code: string
  /** Whether nothing can change them: every one is a primitive argument. */
  readonly fixed: boolean
}

/** Hides a text that may be secret; absent where nothing can digest and keys never leave the process. */
export type Digest = ((text: string) => string) | undefined

const identities = new WeakMap<object, number>()
let identified = 0

/** A number for an object, for as long as it lives in this process. */
function identityOf(object: object): number {
  let identity = identities.get(object)
  if (identity === undefined) identities.set(object, (identity = identified += 1))
  return identity
}

/** What stands for a function among `deps`: its stamp; in process else its identity. */
function dependencyOf(fn: AnyFunction, shared: boolean, where = 'among `deps`'): string {
  const stamp = stampOf(fn)
  if (stamp) return stamp.version
  if (!shared) return `p-${identityOf(fn)}`
  throw new UnversionedFunctionError(
    fn.name,
    'no version',
    `\`${fn.name || 'a function'}\` (${where}) has no version of its own. Put a text there that changes whenever the ` +
      'function does, such as the `sourceVersion` of it (`@autocache/compiler/runtime`).',
  )
}

/**
 * What joins the version: the source of `key` (R07), and the versions of the functions listed in `deps`.
 * @throws UnversionedFunctionError over a shared store, where one of them has none
 */
export function joinedVersions(options: ResolvedOptions, digest: Digest): string {
  const { key, deps } = options
  const shared = options.store.lifetime === 'shared'
  const list = Array.isArray(deps) ? (deps as readonly unknown[]) : []
  const functions = list.filter((value) => typeof value === 'function') as AnyFunction[]
  const versions = functions.map((fn) => `+${dependencyOf(fn, shared)}`)
  if (key) {
    const text = stampOf(key) ? undefined : sourceText(key)
    versions.unshift(
      text === undefined ? `+${dependencyOf(key, shared, '`key`')}` : `+k-${digest ? digest(text).slice(0, 22) : text}`,
    )
  }
  return versions.join('')
}

/**
 * What stands for a function given as `tags` in an entry, so that under another it is a miss (R07); a list is compared.
 * @throws UnversionedFunctionError over a shared store, for a function that says nothing of itself
 */
export function tagPolicyOf({ tags, store }: ResolvedOptions, digest: Digest): string | undefined {
  if (typeof tags !== 'function') return undefined
  const text = stampOf(tags) ? undefined : sourceText(tags)
  if (text === undefined) return dependencyOf(tags, store.lifetime === 'shared', '`tags`')
  return `k-${digest ? digest(text).slice(0, 22) : text}`
}

/** The object of this process that a version names: a function among `deps`, or `key`, that says nothing of itself. */
export function ownerOf({ key, deps, store }: ResolvedOptions): object | undefined {
  if (store.lifetime === 'shared') return undefined
  const list = Array.isArray(deps) ? (deps as readonly unknown[]) : []
  // The last one: what a handler makes for each call usually stands after what it imports.
  const functions = list.filter(
    (value) => typeof value === 'function' && !stampOf(value as AnyFunction),
  ) as AnyFunction[]
  return functions.at(-1) ?? (key && !stampOf(key) && sourceText(key) === undefined ? key : undefined)
}

/** Reads the inputs of a call. It throws what `key`, `deps` or `partition` throw. */
export interface InputsOf {
  (self: unknown, args: readonly unknown[]): Inputs
  /** Whether a receiver is no input. */
  ignore(self: unknown): boolean
  /** Whether arguments and receiver are the only inputs. */
  readonly plain: boolean
}

/** The stamp of an object's class. */
function classStamp(value: object): Stamp | undefined {
  const Class: unknown = value.constructor
  return typeof Class === 'function' ? stampOf(Class as AnyFunction) : undefined
}

/** Creates what reads the inputs of a function's calls. */
export function createInputs(fn: AnyFunction, options: ResolvedOptions, bounds: KeyBounds, digest: Digest): InputsOf {
  const { key, deps, partition } = options
  const shared = options.store.lifetime === 'shared'
  const stamp: Stamp | undefined = stampOf(fn)
  /** Of what hardly ever differs between two calls: the code behind an object, and its data. */
  const codeText = lastOf((text) => `+${digest ? `c-${digest(text).slice(0, 22)}` : text}`)
  const dataDigest = digest && lastOf(digest)
  const hide = (text: string, by = digest) => (options.keys === 'digest' || !by ? text : `#${by(text)}`)
  let facts: ReturnType<typeof textFacts> | undefined
  const factsOf = () => (facts ??= textFacts(fn))

  /** The versions found during one reading. */
  let codes: string[] = []
  const calls = options.version === undefined ? stamp?.calls : undefined
  const ignored = new Set(deps && 'ignore' in deps ? deps.ignore : [])
  const isIgnored = (path: string) => ignored.has(path) || ignored.has(path.replace(/^this\./, ''))
  const followed = calls?.calls.filter(([path]) => !isIgnored(path))

  /** The label joins the tag of what `[cacheKey]` returns; the version of the class is code that the function may run. */
  const labelOf = (value: object) => {
    const found = classStamp(value)
    if (found && stamp && options.version === undefined) codes.push(found.version + inputText(found))
    return found?.label
  }

  const reading = new Set<Stamp>()
  /** What the members of a class, or a function, read besides: what no key can be made of is known to this process. */
  function inputText(of: Stamp): string {
    if (reading.has(of)) return ''
    reading.add(of)
    try {
      const values = (of.captures ?? []).map((read) => {
        let value: unknown
        try {
          value = read()
        } catch {
          return '!'
        }
        return (
          dataText(value) ?? (isPrimitive(value) ? typeof value : `p-${processId()}-${identityOf(value as object)}`)
        )
      })
      if (of.held) values.push(of.held(moduleText))
      return values.map((text) => `;${text}`).join('')
    } finally {
      reading.delete(of)
    }
  }

  /** The data found during one following. */
  let data = ''
  const itself = (object: object) => {
    data += `#${identityOf(object)},`
  }
  const dispatch: Dispatch = {
    code: (text) => void codes.push(text),
    data(value) {
      const text = dataText(value)
      data += `${text ?? '-'},`
      return text !== undefined
    },
    held(read) {
      data += `${read(moduleText)},`
    },
    itself: shared ? undefined : itself,
    own: shared ? (object) => void codes.push(`p-${processId()}-${identityOf(object)}`) : itself,
    // A list of `deps` says what the version of unknown code is.
    isAccepted: (path) => (deps !== undefined && !('ignore' in deps)) || isIgnored(path),
  }

  /** Follows the objects that the function calls through. @returns the text of their data */
  function behind(self: unknown): string {
    if (!followed) return ''
    const before = data
    data = ''
    try {
      calls!.follow(followed, self, options.name ?? stamp!.label, dispatch)
      return data
    } finally {
      // A getter may have called this function.
      data = before
    }
  }

  /** Data of an object that the function calls through; undefined where no key can be made of it. */
  function dataText(value: unknown): string | undefined {
    // A pool or a client is told here: the error that its key would be is most of a call.
    if (isHandle(value)) return undefined
    try {
      return keyText(value, 'this')
    } catch (error) {
      if (error instanceof UnkeyableValueError && error.reason === 'kind') return undefined
      throw error
    }
  }

  /** One text for all code of a call: short, because it stands in keys. */
  const codeOf = () => (codes.length === 0 ? '' : codeText(codes.join()))

  /** The text of a value that the program gave. A promise is refused like any other; its rejection is nobody's. */
  const keyText = (value: unknown, root: string): string => {
    hush(value)
    return encodeKey(value, bounds, { labelOf, root })
  }

  /**
   * The text of what a stamp reads. What cannot be keyed is itself over a store that ends with the process. A reader that
   * throws (a variable before its declaration, a member of nothing) throws for the function too: what it threw tells it
   * apart from every value.
   */
  function readText(readers: readonly ((self: unknown) => unknown)[], self: unknown, root: string): string {
    return readers
      .map((read, at) => {
        let value: unknown
        try {
          value = read(self)
        } catch (error) {
          return `!${encodeKey(thrownText(error), bounds)}`
        }
        try {
          return keyText(value, `${root}[${at}]`)
        } catch (error) {
          if (!(error instanceof UnkeyableValueError) || error.reason !== 'kind') throw error
          // Who gives a key answers for what no key can be made of.
          if (key) return '?'
          if (shared || isPrimitive(value)) throw error
          return `#${identityOf(value as object)}`
        }
      })
      .join()
  }

  /** The text of a value that belongs to a module. It is kept, and its classes are in the static version. */
  function moduleText(value: unknown): string | undefined {
    const before = codes
    codes = []
    try {
      const text = keyText(value, 'held')
      return digest ? digest(text) : text
    } catch (error) {
      if (!(error instanceof UnkeyableValueError)) throw error
      return undefined
    } finally {
      codes = before
    }
  }

  /** The text of the hidden inputs. The functions of a list are in the version instead. */
  function hiddenInputs(): string {
    const list: unknown = typeof deps === 'function' ? deps() : deps
    if (!Array.isArray(list)) {
      hush(list)
      if (typeof deps !== 'function') return ''
      throw new AutocacheError('INVALID_OPTION', 'The function given as `deps` must return a list.')
    }
    return list
      .map((value: unknown, at) => {
        if (typeof value !== 'function') return keyText(value, `deps[${at}]`)
        const own = stampOf(value)
        const text = own ? inputText(own) : ''
        return deps === list ? text : `(${dependencyOf(value as AnyFunction, shared)}${text})`
      })
      .join()
  }

  function receiver(self: unknown): string {
    if (ignore(self)) return ''
    if (stamp) {
      const data = behind(self)
      const own = stamp.receiver ? readText(stamp.receiver, self, 'this') : ''
      return `${own && `;t${hide(own)}`}${data && `;b${hide(data, dataDigest)}`}`
    }
    if (isPrimitive(self)) return `;t${keyText(self, 'this')}`
    if (!shared) return `;t#${identityOf(self!)}`
    try {
      return `;t${hide(keyText(self, 'this'))}`
    } catch (error) {
      if (!(error instanceof UnkeyableValueError) || error.reason !== 'kind') throw error
      throw new UnkeyableValueError(
        'this',
        'kind',
        '`this` is an input of the method and cannot be told apart from other objects over a shared store. Give the ' +
          'option `key`, or give the class a `[cacheKey]()` that returns what its results depend on.',
        { cause: error },
      )
    }
  }

  const ignore = (self: unknown) => (stamp ? !stamp.receiver && !followed : self === undefined || factsOf().ignoresThis)

  const plain = !key && !deps && !partition && !stamp?.captures && !stamp?.held && !followed
  return Object.assign(read, { ignore, plain })

  function read(self: unknown, args: readonly unknown[]): Inputs {
    const before = codes
    codes = []
    try {
      return readAll(self, args)
    } finally {
      // What `key` or a getter called may have been this function.
      codes = before
    }
  }

  function readAll(self: unknown, args: readonly unknown[]): Inputs {
    const signals: AbortSignal[] = []
    if (plain && ignore(self)) {
      const text = argumentsText(args, signals)
      return { text, subject: text, code: codeOf(), signals, fixed: args.every(isPrimitive) }
    }
    const apart = partition && keyText(partition(), 'partition')
    let text = apart === undefined ? '' : `;p${hide(apart)}`
    // A name is digested whole, or stays in the process: it is the same whatever `keys` says (R17).
    const part = apart === undefined ? '' : `;p${apart}`
    const hidden = deps && hiddenInputs()
    if (hidden) text += `;d${hide(hidden)}`
    if (stamp?.captures) text += `;c${hide(readText(stamp.captures, undefined, 'captures'))}`
    if (stamp?.held) text += `;h${hide(stamp.held(moduleText))}`
    if (key) {
      // What it calls is code, whatever the key.
      behind(self)
      const keyed = `;=${keyText(key.apply(self, args as unknown[]), 'key')}`
      return { text: text + keyed, subject: part + keyed, code: codeOf(), signals: signalsIn(args), fixed: false }
    }
    const own = receiver(self)
    text += own
    const fixed = text === '' && !followed && args.every(isPrimitive)
    const encoded = argumentsText(args, signals)
    const named = shared || stamp ? part : part + own
    const subject = named === '' ? encoded : `${named};${encoded}`
    return { text: text === part ? subject : `${text};${encoded}`, subject, code: codeOf(), signals, fixed }
  }

  /** The text of a function is read only where the last argument is one that may be absent. */
  function trailingOf(args: readonly unknown[]): 'drop' | 'keep' {
    const last = args[args.length - 1]
    const missing = args.length > 0 && (last === undefined || isAbortSignal(last))
    return missing && factsOf().dropsTrailing ? 'drop' : 'keep'
  }

  function argumentsText(args: readonly unknown[], signals: AbortSignal[]): string {
    return encodeArguments(args, bounds, { signals, trailing: stamp?.trailing ?? trailingOf(args), labelOf })
  }
}

/** What makes one text of another and remembers the last. */
function lastOf(make: (text: string) => string): (text: string) => string {
  let last: string | undefined
  let made = ''
  return (text) => {
    if (text !== last) {
      made = make(text)
      last = text
    }
    return made
  }
}

/** What was thrown, in words: which member of what was read. */
function thrownText(error: unknown): string {
  try {
    return String(error)
  } catch {
    return 'something without a text'
  }
}

function isHandle(value: unknown): boolean {
  try {
    return isOpaque(value)
  } catch {
    // A proxy that throws says so where its key is made.
    return false
  }
}

function isPrimitive(value: unknown): boolean {
  return (typeof value !== 'object' && typeof value !== 'function') || value === null
}
