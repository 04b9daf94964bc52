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
 * `[a, copyOfA]`). A third is forced: properties of one's own on a byte view are noticed up to 4,096 elements (by name;
 * by symbol always), because finding one lists every element: 200 ms for 750 kB.
 *
 * What was refused, and the key around it: docs/decisions/0004-keys.md.
 */
import { AutocacheError, UnkeyableValueError } from './errors.ts'

/** How much of a value is read before it counts as too much (`reason: 'bounds'`). */
export interface KeyBounds {
  /** Levels of nesting. At most a thousand, since reading recurs. */
  readonly depth: number
  /** Values altogether: properties, elements, holes, entries. */
  readonly nodes: number
  /** Characters altogether: of strings, property names, digits and base64. */
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

// biome-ignore lint/suspicious/noExplicitAny: whatever is found by looking at a value, a prototype or a global by name
type Untyped = any
const host: Untyped = globalThis
const typedArray = Object.getPrototypeOf(Uint8Array.prototype)
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
  if (isPlain(prototype) || Array.isArray(prototype)) throw new AutocacheError('INVALID_OPTION', 'registerKeyer takes a class.')
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
  return guarded(startWalk(bounds, options, options.root ?? 'value'), (walk) => encode(value, walk))
}

/**
 * The canonical text of a list of arguments: their texts, joined by commas; of the empty list `''`. An AbortSignal that
 * is an argument reads like `undefined`, one that is a property of a plain object argument like no property.
 * @throws UnkeyableValueError and others as {@link encodeKey}
 */
export function encodeArguments(
  args: readonly unknown[],
  bounds: KeyBounds,
  options: EncodeArgumentsOptions,
): string {
  if (args.length === 1 && args[0] !== undefined) {
    const text = leaf(args[0])
    if (text !== undefined && text.length <= bounds.size) return text
  }
  const root = options.root ?? 'args'
  return guarded(startWalk(bounds, options, root, options.signals), (walk) => {
    let text = ''
    let kept = 0
    count(walk, args.length)
    for (let index = 0; index < args.length; index++) {
      walk.root = `${root}[${index}]`
      const item = encode(args[index], walk) || 'undefined'
      text += index ? `,${item}` : item
      if (item !== 'undefined' || options.trailing === 'keep') kept = text.length
    }
    return text.slice(0, kept)
  })
}

/** One reading. `trail[n]` is the step down from `ancestors[n]`: a path is made of it only where something is refused. */
interface Walk {
  root: string
  readonly trail: (string | number | symbol)[]
  readonly ancestors: object[]
  readonly depth: number
  nodes: number
  size: number
  readonly labelOf: EncodeOptions['labelOf']
  readonly signals: AbortSignal[] | undefined
  /** Whether a hook or keyer is running, whose throw is not ours. */
  hooked: boolean
}

function startWalk(
  { depth, nodes, size }: KeyBounds,
  { labelOf }: EncodeOptions,
  root: string,
  signals?: AbortSignal[],
): Walk {
  return { root, trail: [], ancestors: [], depth, nodes, size, labelOf, signals, hooked: false }
}

function guarded(walk: Walk, read: (walk: Walk) => string): string {
  try {
    return read(walk)
  } catch (error) {
    if (walk.hooked || error instanceof UnkeyableValueError) throw error
    return refuse(walk, 'unreadable', 'reading it threw', { cause: error })
  }
}

function refuse(walk: Walk, reason: UnkeyableValueError['reason'], what: string, options?: ErrorOptions): never {
  let path = walk.root
  for (const step of walk.trail.slice(0, walk.ancestors.length)) {
    path += typeof step === 'symbol' ? '[cacheKey]()' : /^[a-z_$][\w$]*$/i.test(`${step}`) ? `.${step}` : `[${JSON.stringify(step)}]`
  }
  const remedy = reason === 'bounds' ? 'raise the bounds' : 'pass plain data, give its class a [cacheKey]() method or registerKeyer'
  throw new UnkeyableValueError(path, reason, `Not a key: ${path} is ${what}. Remedy: ${remedy}, or set the option \`key\`.`, options)
}

/** Counts values, before they are read. */
function count(walk: Walk, values: number): void {
  walk.nodes -= values
  if (walk.nodes < 0) refuse(walk, 'bounds', 'too many values')
}

function spend(walk: Walk, size: number): void {
  walk.size -= size
  if (walk.size < 0) refuse(walk, 'bounds', 'too large')
}

/** The text of what needs no walk, or `undefined`. */
function leaf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length < 10_000 ? quote(value) : undefined
  if (typeof value === 'number') return value === 0 && 1 / value < 0 ? '-0' : `${value}`
  return value == null || typeof value === 'boolean' ? `${value}` : undefined
}

function quote(text: string): string {
  return /["\\\u0000-\u001f\ud800-\udfff]/.test(text) ? JSON.stringify(text) : `"${text}"`
}

function encode(value: Untyped, walk: Walk): string {
  let text = leaf(value)
  if (text === undefined) {
    if (typeof value === 'string') {
      spend(walk, value.length)
      return quote(value)
    }
    if (typeof value === 'bigint') {
      // Refused by its bits, because to make a million digits takes long.
      if (BigInt.asIntN(walk.size * 3, value) !== value) spend(walk, Infinity)
      text = `${value}n`
    } else if (typeof value === 'symbol') {
      const name = Symbol.keyFor(value)
      if (name === undefined) return refuse(walk, 'kind', 'a symbol without Symbol.for')
      text = `Symbol(${quote(name)})`
    } else return encodeReference(value, walk)
  }
  spend(walk, text.length)
  return text
}

function encodeReference(value: Untyped, walk: Walk): string {
  const { ancestors } = walk
  const level = ancestors.lastIndexOf(value)
  if (level >= 0) return `^${ancestors.length - level}`
  if (ancestors.length >= walk.depth) refuse(walk, 'bounds', 'too deep')
  const prototype = Object.getPrototypeOf(value)
  let what = typeof value === 'function' && 'a function'
  if (Array.isArray(value)) {
    // Before its keys are listed, because a list of 2 ** 32 - 1 holes is quickly made.
    count(walk, value.length)
    // The Array.prototype of any realm is itself an array; `length` is the first name after the elements.
    if (Array.isArray(prototype) && isPlain(Object.getPrototypeOf(prototype))) {
      if (Reflect.ownKeys(value).at(-1) === 'length') return `[${encodeList(value, value, walk)}]`
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
    walk.trail[ancestors.push(value) - 1] = cacheKey
    const text = encode(key, walk)
    ancestors.pop()
    return `Key(${label === undefined ? '' : `${quote(label)};`}${text})`
  }
  return what ? refuse(walk, 'kind', what) : encodeBuiltIn(value, prototype, walk)
}

function encodeRecord(value: Untyped, names: string[], walk: Walk): string {
  count(walk, names.length)
  const level = walk.ancestors.push(value) - 1
  let text = ''
  for (const name of sort(names)) {
    walk.trail[level] = name
    spend(walk, name.length)
    const item = encode(value[name], walk)
    // The one empty text is that of an AbortSignal.
    if (item) text += `${text && ','}${quote(name)}:${item}`
  }
  walk.ancestors.pop()
  return `{${text}}`
}

/** The elements of a list whose number was counted before. */
function encodeList(value: object, items: readonly unknown[], walk: Walk): string {
  const level = walk.ancestors.push(value) - 1
  let text = ''
  for (let index = 0; index < items.length; index++) {
    walk.trail[level] = index
    const item = items[index]
    if (index) text += ','
    text += item === undefined && !Object.hasOwn(items, index) ? '<hole>' : encode(item, walk)
  }
  walk.ancestors.pop()
  return text
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

/** Whether this prototype makes plain objects: null, any realm's Object.prototype, or as empty as null (node:querystring). */
function isPlain(prototype: object | null | undefined): boolean {
  return (
    prototype == null ||
    prototype === Object.prototype ||
    (Object.getPrototypeOf(prototype) === null &&
      (Object.hasOwn(prototype, 'isPrototypeOf') || !Reflect.ownKeys(prototype).length))
  )
}

function encodeBuiltIn(value: Untyped, prototype: object, walk: Walk): string {
  const { ancestors, signals } = walk
  const Class = prototype.constructor
  const name = String(Class?.name)
  const own = (host[name] ?? host.Temporal?.[name])?.prototype
  // Native code with the prototype that belongs to it is a class of some realm; our own may be written in JavaScript.
  const isNative =
    Class?.prototype === prototype &&
    /^function \w+\(\) {\s+\[native code]\s+}$/.test(Function.prototype.toString.call(Class))
  const isError = isNative && Object.prototype.toString.call(value) === '[object Error]'
  const content = isError || ((isNative || prototype === own) && contentOf(value, name, own))
  if (!content) return refuse(walk, 'kind', `an instance of ${name}`)

  if (name === 'AbortSignal') {
    const [holder] = ancestors
    if (!signals || (holder && (ancestors.length > 1 || !isPlain(Object.getPrototypeOf(holder))))) {
      return refuse(walk, 'kind', 'an AbortSignal too deep in the arguments')
    }
    signals.push(value)
    return ''
  }

  const length = ArrayBuffer.isView(value) ? Reflect.get(own, 'length', value) : 0
  // Own names begin with elements and what such a value is born with, so the last one tells whether there are others.
  const born = name === 'RegExp' ? 'lastIndex' : name === 'String' ? 'length' : length ? `${length - 1}` : undefined
  if (
    (!isError && !(length > 4096) && Object.getOwnPropertyNames(value).at(-1) !== born) ||
    // Node and Deno keep the state of web classes under symbols.
    (!/^(URL|Head)/.test(name) && Object.getOwnPropertySymbols(value).length)
  ) {
    refuse(walk, 'kind', `a ${name} with properties of its own`)
  }
  if (isError) {
    const names = Object.getOwnPropertyNames(value).filter(
      (name) =>
        name !== 'stack' && (/^(message|name|cause|errors?|suppressed)$/.test(name) || Object.prototype.propertyIsEnumerable.call(value, name)),
    )
    return name + encodeRecord(value, names, walk)
  }
  if (content instanceof Uint8Array) {
    spend(walk, (content.length / 3) * 4)
    return `${name}("${toBase64(content)}")`
  }
  count(walk, Reflect.get(own, 'size', value) ?? 1)
  return `${name}(${encodeList(value, [...content], walk)})`
}

/** What a built-in holds: its bytes or its values. Nothing where it only looks like one, without the internal slots. */
function contentOf(value: Untyped, name: string, own: Untyped): Untyped {
  const get = (property: PropertyKey): Untyped => Reflect.get(own, property, value)
  try {
    if (ArrayBuffer.isView(value)) {
      const kind = Reflect.get(typedArray, Symbol.toStringTag, value) ?? 'DataView'
      if (kind !== (name === 'Buffer' ? 'Uint8Array' : name)) return
      return new Uint8Array(get('buffer'), get('byteOffset'), get('byteLength'))
    }
    if (/^(Shared)?ArrayBuffer$/.test(name)) return get('byteLength') >= 0 && new Uint8Array(value)
    if (/^(Map|Set|Headers|URLSearchParams)$/.test(name)) return own[Symbol.iterator].call(value)
    if (/^(Date|Number|String|Boolean|BigInt|Symbol)$/.test(name)) return [own.valueOf.call(value)]
    if (name === 'RegExp') return [get('source'), get('flags'), value.lastIndex]
    if (name === 'AbortSignal') return [get('aborted')]
    if (name !== 'URL' && own !== host.Temporal?.[name].prototype) return
    const text = own.toString.call(value, { calendarName: 'always' })
    // The text of a Duration is balanced (1,000 ms read like 1 s); that of a ZonedDateTime rounds its offset to minutes.
    return [text, ...['milliseconds', 'microseconds', 'nanoseconds', 'epochNanoseconds'].map(get).filter((part) => part !== undefined)]
  } catch {}
}

function toBase64(bytes: Untyped): string {
  if (bytes.toBase64) return bytes.toBase64()
  if (host.Buffer) return host.Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** The parts of a key before its arguments, and what the store takes. */
export interface KeyPrefixParts {
  readonly namespace: string
  readonly label: string
  readonly version: string
  /** SHA-256 as 43 characters of base64url. */
  readonly digest: (text: string) => string
  /** The longest key, in bytes, without the store's own prefix. @default Infinity */
  readonly maxBytes?: number | undefined
}

/** All parts of a key. */
export interface KeyParts extends KeyPrefixParts {
  readonly argumentsText: string
  /** Whether the arguments stand in clear where they fit. */
  readonly readable: boolean
}

const digestLength = 44

/** Printable ASCII without spaces, `%`, `~` and what `unsafe` adds; by UTF-16 unit, so that no two texts meet. */
function escape(text: string, unsafe: RegExp): string {
  return text.replace(unsafe, (unit) => {
    return `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/**
 * `<namespace>:<label>:<version>:`, the same for every call of a function whatever its arguments: room for the digest of
 * the arguments is always kept. A part that does not fit is digested, never cut: label, then namespace, then version.
 * @throws AutocacheError `INVALID_OPTION` where even the digests do not fit
 */
export function keyPrefix({ namespace, label, version, digest, maxBytes = Infinity }: KeyPrefixParts): string {
  const raw = [namespace, label, version]
  const parts = raw.map((part) => escape(part, /[^!-$&-9;-}]/g))
  const prefix = (): string => `${parts.join(':')}:`
  for (const at of [1, 0, 2]) {
    if (prefix().length + digestLength <= maxBytes) break
    if ((parts[at] as string).length > digestLength) parts[at] = `~${digest(raw[at] as string)}`
  }
  if (prefix().length + digestLength <= maxBytes) return prefix()
  throw new AutocacheError('INVALID_OPTION', `A key does not fit into ${maxBytes} bytes. Use a store that takes 180.`)
}

/** The whole key: {@link keyPrefix}, then the arguments in clear where that is wanted and fits, else `~` and a digest. */
export function composeKey(parts: KeyParts): string {
  return completeKey(keyPrefix(parts), parts)
}

/** {@link composeKey} with the prefix made before, as a call does. */
export function completeKey(
  prefix: string,
  { argumentsText, readable, digest, maxBytes = Infinity }: Omit<KeyParts, 'namespace' | 'label' | 'version'>,
): string {
  if (readable) {
    // No store rewrites what stays in this process, and nothing follows the arguments.
    const text = maxBytes === Infinity ? argumentsText : escape(argumentsText, /[^!-$&-}]/g)
    if (prefix.length + text.length <= maxBytes) return prefix + text
  }
  return `${prefix}~${digest(argumentsText)}`
}
