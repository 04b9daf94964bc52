/**
 * Arguments to one canonical string: the part of a key that says which call this is.
 *
 * The rule: two values get the same text exactly when a function cannot be expected to tell them apart, in every
 * process, on every runtime and in every release; what cannot be told apart is refused with its path and never guessed
 * at (R10). Golden vectors pin the text; to change it is to change a format.
 *
 * The text is a grammar that can be read back, which is why nothing can imitate anything else:
 *
 *     value  = string | number | digits "n" | "undefined" | "null" | "true" | "false"
 *            | "[" (value | "<hole>"),* "]"  |  "{" (string ":" value),* "}"    properties sorted by UTF-16 unit
 *            | "^" digits                                                       the ancestor so many levels up
 *            | Name "(" value,* ")"  |  Name "{" (string ":" value),* "}"       everything else, by its kind
 *            | "Key(" value ")"  |  "Key(" string ";" value ")"                 what a hook returned, with a label
 *
 * Text that a user controls stands in JSON quotes only (lone surrogates escaped), so a name, a bracket or a comma
 * outside quotes is always ours. No text of a value is empty or begins with `~`, the tag of a digest.
 *
 * A kind is recognised by its internal slots together with a genuine built-in prototype of any realm. `instanceof`
 * misses the values of `node:vm` and Jest, a `toStringTag` can be put on anything, and a subclass has fields that are
 * not seen here.
 *
 * Deliberately inexact, twice: the order of properties is ignored, and shared references read as copies (`[a, a]` equals
 * `[a, copyOfA]`). What is not enumerable is not seen, but for what an error is born with.
 *
 * What was refused, and the key around it: docs/decisions/0004-keys.md.
 */
import { AutocacheError, UnkeyableValueError } from './errors.ts'
import { builtIn, contentOf, isBuiltIn, isNativeText, isPlain, toBase64 } from './kinds.ts'

/** How much of a value is read before it counts as too much (`reason: 'bounds'`). */
export interface KeyBounds {
  /** Levels of nesting; an entry of a Map is one more. At most a thousand, since reading recurs. */
  readonly depth: number
  /** Values altogether: properties, elements, holes, entries, arguments. */
  readonly nodes: number
  /** Characters of the text. */
  readonly size: number
}

/** What keys are held to unless told otherwise. */
export const defaultKeyBounds: KeyBounds = { depth: 64, nodes: 10_000, size: 1_000_000 }

/** What both encoders take besides the bounds. */
export interface EncodeOptions {
  /** The stamped label of a value's class, where there is one: joins the tag of what its hook returns. */
  readonly labelOf?: ((value: object) => string | undefined) | undefined
  /** What paths begin with. @default 'value' for a value, 'args' for arguments */
  readonly root?: string | undefined
}

/** What {@link encodeArguments} takes besides the bounds. */
export interface EncodeArgumentsOptions extends EncodeOptions {
  /** Whether `f(1, undefined)` is the call `f(1)`. Not for a function that can count its arguments. */
  readonly trailing: 'drop' | 'keep'
  /** Receives every AbortSignal among the arguments; none is part of the text (R16). */
  readonly signals: AbortSignal[]
}

/** The symbol of the key hook: `[cacheKey]() { return this.id }` says what identifies an instance. */
export const cacheKey: unique symbol = Symbol.for('autocache.cacheKey') as never

/** Whatever is found by looking at a value, a prototype or a global by name. */
type Untyped = any
const keyers = new WeakMap<object, (value: Untyped) => unknown>()

/**
 * Says what identifies the instances of a class that one does not own. It holds for direct instances, and before a hook:
 * a subclass may have fields that `toKey` does not know, so it is refused until it is registered itself.
 * @throws AutocacheError `INVALID_OPTION` for Object and Array, whose instances are keyed by content
 */
export function registerKeyer<T extends object>(
  Class: abstract new (...args: never) => T,
  toKey: (value: T) => unknown,
): void {
  const { prototype } = Class
  if (isPlain(prototype) || Array.isArray(prototype))
    throw new AutocacheError('INVALID_OPTION', 'registerKeyer takes a class.')
  keyers.set(prototype, toKey)
}

/**
 * The canonical text of a value.
 * @throws UnkeyableValueError with the path of what cannot be a key, is too large or cannot be read
 * @throws whatever a hook or keyer throws, unchanged
 * @example
 * ```ts
 * import { encodeKey } from '@autocache/core'
 * encodeKey({ b: 1n, a: [new Date(0), -0] }) // '{"a":[Date(0),-0],"b":1n}'
 * ```
 */
export function encodeKey(value: unknown, bounds: KeyBounds = defaultKeyBounds, options: EncodeOptions = {}): string {
  const text = leaf(value)
  if (text !== undefined && text.length <= bounds.size) return text
  const walk = startWalk(bounds, options, options.root ?? 'value')
  try {
    const text = encode(value, walk)
    fit(walk, text.length)
    return text
  } catch (error) {
    return explain(walk, error)
  }
}

/**
 * The canonical text of a list of arguments: their texts, joined by commas; of the empty list `''`. An AbortSignal that
 * is an argument reads like `undefined`, one that is a property of a plain object argument like no property.
 * @throws UnkeyableValueError and others as {@link encodeKey}
 */
export function encodeArguments(args: readonly unknown[], bounds: KeyBounds, options: EncodeArgumentsOptions): string {
  if (args.length === 1 && args[0] !== undefined) {
    const text = leaf(args[0])
    if (text !== undefined && text.length <= bounds.size) return text
  }
  const walk = startWalk(bounds, options, options.root ?? 'args', options.signals)
  try {
    let text = ''
    let kept = 0
    count(walk, args.length)
    for (let index = 0; index < args.length; index++) {
      walk.index = index
      const item = encode(args[index], walk) || 'undefined'
      text += index ? `,${item}` : item
      fit(walk, text.length)
      if (item !== 'undefined' || options.trailing === 'keep') kept = text.length
    }
    return text.slice(0, kept)
  } catch (error) {
    return explain(walk, error)
  }
}

/** One reading of a value. */
interface Walk {
  readonly bounds: KeyBounds
  readonly labelOf: EncodeOptions['labelOf']
  readonly signals: AbortSignal[] | undefined
  readonly root: string
  /** Which argument is being read. */
  index: number | undefined
  /** The container being read, in the one around it, and so on. */
  top: Frame | undefined
  nodes: number
  /** Whether a hook or keyer is running, whose throw is not ours. */
  hooked: boolean
}

/** A container under way. A path is made of the steps where something is refused, and nowhere else. */
interface Frame {
  readonly value: object
  readonly up: Frame | undefined
  step: string | number | symbol
}

function startWalk(bounds: KeyBounds, { labelOf }: EncodeOptions, root: string, signals?: AbortSignal[]): Walk {
  return { bounds, labelOf, signals, root, index: undefined, top: undefined, nodes: bounds.nodes, hooked: false }
}

function explain(walk: Walk, error: unknown): never {
  if (walk.hooked || error instanceof UnkeyableValueError) throw error
  return refuse(walk, 'unreadable', 'unreadable', { cause: error })
}

function refuse(walk: Walk, reason: UnkeyableValueError['reason'], what: string, options?: ErrorOptions): never {
  let path = ''
  for (let { top } = walk; top; top = top.up) {
    const { step } = top
    path =
      (typeof step === 'symbol'
        ? '[cacheKey]()'
        : /^[a-z_$][\w$]*$/i.test(`${step}`)
          ? `.${step as string}`
          : `[${JSON.stringify(step)}]`) + path
  }
  path = walk.root + (walk.index === undefined ? '' : `[${walk.index}]`) + path
  const remedy =
    reason === 'bounds' ? 'raise the bounds' : 'pass plain data, give its class a [cacheKey]() method or registerKeyer'
  throw new UnkeyableValueError(
    path,
    reason,
    `Not a key: ${path} is ${what}. Remedy: ${remedy}, or set the option \`key\`.`,
    options,
  )
}

/** Counts values, before they are read. */
function count(walk: Walk, values: number): void {
  walk.nodes -= values
  if (walk.nodes < 0) refuse(walk, 'bounds', 'too many values')
}

function fit(walk: Walk, length: number): void {
  if (length > walk.bounds.size) refuse(walk, 'bounds', 'too large')
}

/** The text of what needs no walk, or `undefined`. */
function leaf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length < 10_000 ? quote(value) : undefined
  if (typeof value === 'number') return value === 0 && 1 / value < 0 ? '-0' : `${value}`
  return value == null || typeof value === 'boolean' ? `${value}` : undefined
}

/** A quote, a backslash, a control character, a surrogate: whatever JSON escapes. */
const mustEscape = /[^ !#-[\]-\ud7ff\ue000-\uffff]/

function quote(text: string): string {
  return mustEscape.test(text) ? JSON.stringify(text) : `"${text}"`
}

const quotedNames = new Map<string, string>()

/** A property name in quotes with its colon. Names come again and again, so the first thousand are remembered. */
function quoteName(name: string): string {
  if (name.length > 64) return `${quote(name)}:`
  let text = quotedNames.get(name)
  if (text === undefined) {
    text = `${quote(name)}:`
    if (quotedNames.size < 1000) quotedNames.set(name, text)
  }
  return text
}

function encode(value: Untyped, walk: Walk): string {
  const text = leaf(value)
  if (text !== undefined) return text
  if (typeof value === 'string') {
    fit(walk, value.length)
    return quote(value)
  }
  if (typeof value === 'bigint') {
    // By its bits, because to make a million digits takes long.
    if (BigInt.asIntN(Math.min(walk.bounds.size * 4, 2 ** 50), value) !== value) fit(walk, Infinity)
    return `${value}n`
  }
  if (typeof value === 'symbol') {
    const name = Symbol.keyFor(value)
    return name === undefined ? refuse(walk, 'kind', 'a symbol without Symbol.for') : `Symbol(${quote(name)})`
  }
  return encodeReference(value, walk)
}

function encodeReference(value: Untyped, walk: Walk): string {
  let levels = 1
  for (let { top } = walk; top; top = top.up) {
    if (top.value === value) return `^${levels}`
    levels++
  }
  if (levels > walk.bounds.depth) refuse(walk, 'bounds', 'too deep')
  const prototype = Object.getPrototypeOf(value)
  let what = typeof value === 'function' && 'a function'
  if (Array.isArray(value)) {
    // Before its keys are listed, because a list of 2 ** 32 - 1 holes is quickly made.
    count(walk, value.length)
    // The Array.prototype of any realm is itself an array.
    if (prototype === Array.prototype || (Array.isArray(prototype) && isPlain(Object.getPrototypeOf(prototype)))) {
      if (isMereList(value)) return `[${encodeList(value, value, walk)}]`
      what = 'an array with properties of its own'
    }
  } else if (isPlain(prototype)) {
    if (!Object.getOwnPropertySymbols(value).length) return encodeRecord(value, Object.keys(value), walk)
    what = 'an object with symbol keys'
  }
  const keyer = keyers.get(prototype)
  if (keyer || typeof value[cacheKey] === 'function') {
    walk.hooked = true
    const key: unknown = keyer ? keyer(value) : value[cacheKey]()
    walk.hooked = false
    if (key === value) refuse(walk, 'kind', 'its own key')
    const label = walk.labelOf?.(value)
    const { up } = enter(value, walk, cacheKey)
    const text = encode(key, walk)
    walk.top = up
    return `Key(${label === undefined ? '' : `${quote(label)};`}${text})`
  }
  return what ? refuse(walk, 'kind', what) : encodeBuiltIn(value, prototype, walk)
}

function enter(value: object, walk: Walk, step: Frame['step']): Frame {
  return (walk.top = { value, up: walk.top, step })
}

function encodeRecord(value: Untyped, names: string[], walk: Walk): string {
  count(walk, names.length)
  const frame = enter(value, walk, 0)
  let text = ''
  for (const name of sort(names)) {
    frame.step = name
    fit(walk, name.length)
    const item = encode(value[name], walk)
    // The one empty text is that of an AbortSignal.
    if (item) text += (text && ',') + quoteName(name) + item
    fit(walk, text.length)
  }
  walk.top = frame.up
  return `{${text}}`
}

/** The elements of a list whose number was counted before. */
function encodeList(value: object, items: readonly unknown[], walk: Walk): string {
  const frame = enter(value, walk, 0)
  let text = ''
  for (let index = 0; index < items.length; index++) {
    frame.step = index
    const item = items[index]
    if (index) text += ','
    text += item === undefined && !Object.hasOwn(items, index) ? '<hole>' : encode(item, walk)
    fit(walk, text.length)
  }
  walk.top = frame.up
  return text
}

/** Whether an array has nothing besides elements. The strings of a template have `raw`, which is not enumerable. */
function isMereList(value: unknown[]): boolean {
  // Elements come first, so the last name tells.
  const last = Object.keys(value).at(-1) ?? -1
  return (
    ((+last < value.length && `${+last >>> 0}` === last) || last === -1) &&
    !('raw' in value) &&
    !Object.getOwnPropertySymbols(value).length
  )
}

/** Sorts by UTF-16 unit, in place; in one pass where it is sorted already, as literals often are. */
function sort(names: string[]): string[] {
  if (names.length > 50) return names.sort()
  for (let index = 1; index < names.length; index++) {
    const name = names[index] as string
    let at = index
    while (at && (names[at - 1] as string) > name) names[at] = names[--at] as string
    names[at] = name
  }
  return names
}

/**
 * Whether a value is a function, or of a class of the program, and nothing says what it is keyed by: {@link encodeKey}
 * refuses it, which takes ten times as long where it happens at every call.
 */
export function isOpaque(value: Untyped): boolean {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function') || Array.isArray(value)) return false
  const prototype = Object.getPrototypeOf(value)
  if (keyers.has(prototype) || typeof value[cacheKey] === 'function') return false
  if (typeof value === 'function') return true
  const Class = !isPlain(prototype) && prototype.constructor
  if (typeof Class !== 'function' || Class.prototype !== prototype) return false
  let foreign = foreigners.get(Class)
  if (foreign === undefined) foreigners.set(Class, (foreign = !isNativeText(Class)))
  return foreign && !isBuiltIn(Class)
}

const foreigners = new WeakMap<object, boolean>()

function encodeBuiltIn(value: Untyped, prototype: Untyped, walk: Walk): string {
  const { signals, top } = walk
  const Class = prototype?.constructor
  const hasClass = Class?.prototype === prototype
  const name = hasClass ? Class.name : 'no known class'
  const own = builtIn(name)
  // Native code with the prototype that belongs to it is a class of some realm; our own may be written in JavaScript.
  const isNative = () => hasClass && isNativeText(Class)
  const isError = Object.prototype.toString.call(value) === '[object Error]' && isNative()
  const content = isError || ((prototype === own || isNative()) && contentOf(value, name, own))
  if (!content) return refuse(walk, 'kind', `an instance of ${name}`)

  if (name === 'AbortSignal') {
    if (!signals || (top && (top.up || typeof top.step !== 'string' || !isPlain(Object.getPrototypeOf(top.value))))) {
      return refuse(walk, 'kind', 'an AbortSignal too deep in the arguments')
    }
    signals.push(value)
    return ''
  }

  const isBytes = content instanceof Uint8Array
  if (isBytes) fit(walk, (content.length / 3) * 4)
  // The values of a view are listed ten times faster than its names.
  const length = ArrayBuffer.isView(value) ? Reflect.get(own, 'length', value) : name === 'String' && value.length
  if (
    (!isError && Object.values(value).length !== (length || 0)) ||
    // Node and Deno keep the state of web classes under symbols.
    (!/^(URL|Head)/.test(name) && Object.getOwnPropertySymbols(value).length)
  ) {
    refuse(walk, 'kind', `a ${name} with properties of its own`)
  }
  if (isError) {
    const names = Object.getOwnPropertyNames(value).filter(
      (name) =>
        name !== 'stack' &&
        (/^(message|name|cause|errors?|suppressed)$/.test(name) ||
          Object.prototype.propertyIsEnumerable.call(value, name)),
    )
    return name + encodeRecord(value, names, walk)
  }
  if (isBytes) return `${name}("${toBase64(content)}")`
  count(walk, Reflect.get(own, 'size', value) ?? 1)
  return `${name}(${encodeList(value, [...content], walk)})`
}
