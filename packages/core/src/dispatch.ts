/**
 * The code behind the objects that a stamped function calls through (R04). `this.repo.find()` runs the code of whatever
 * class `this.repo` is of, which is known when the call is made: the stamps of that class and of those below it join the
 * version, and what those classes in turn call through does as well. The data that their members read joins the key: two
 * objects of one class need not answer alike. What is read and is no data, a function or an object, is code.
 *
 * A class of a package is in the static version where it is declared as one; a class of the platform needs no version.
 * Whatever else has no stamp is code that nobody knows: over a shared store an error, else itself.
 */
import { UnversionedFunctionError } from './errors.ts'
import { cacheKey } from './key.ts'
import type { AnyFunction } from './options.ts'
import { type Calls, cachedKey, type Dispatch, isClass, type Stamp, stampOf, type Through, written } from './version.ts'

/** Paths for a stamp. */
export function through(calls: Calls): Through {
  return { calls, follow }
}

/** Follows the paths of a stamp from a receiver. */
function follow(calls: Calls, self: unknown, label: string, to: Dispatch): void {
  const ways: Way[] = [{ calls, self, at: 'this' }]
  const held = new Held(to, ways)
  const seen = new Map<unknown, number>()
  for (let next = ways.pop(); next; next = ways.pop()) {
    for (const [name, read, known] of next.calls) {
      const path = next.at + name.slice('this'.length)
      let value: unknown
      try {
        value = read(next.self)
      } catch {
        // The function, or the member, throws there as well.
        to.code('!')
        continue
      }
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
        to.code(value === null || value === undefined ? '-' : typeof value)
        continue
      }
      const earlier = seen.get(value)
      if (earlier !== undefined) {
        to.code(`=${earlier}`)
        continue
      }
      seen.set(value, seen.size)
      const line = lineOf(value, known)
      if (!line.stamps) {
        if (to.isAccepted(path)) to.code('?')
        else if (to.itself) to.itself(value)
        else throw unknown(label, path)
        continue
      }
      // So is what a package made, as far as it is data.
      if (held.meet(value, line, line.stamps, path) || known === true) to.data(value)
    }
  }
}

/** Where to go on. */
interface Way {
  readonly calls: Calls
  readonly self: unknown
  readonly at: string
}

/** What members of stamped classes may do with the values that they read. */
class Held {
  readonly #to: Dispatch
  readonly #ways: Way[]
  #seen: Map<unknown, number> | undefined

  constructor(to: Dispatch, ways: Way[]) {
    this.#to = to
    this.#ways = ways
  }

  /**
   * Notes the code of an object or function, and what its members read and call through in turn.
   * @returns whether its class says itself what it is keyed by
   */
  meet(value: object, line: Line, stamps: readonly Stamp[], path: string): boolean {
    this.#to.code(line.text)
    if (typeof value === 'function') {
      for (const stamp of stamps) this.#closure(value, stamp, path)
      return false
    }
    const keyed = typeof (value as { [cacheKey]?: unknown })[cacheKey] === 'function'
    for (const { captures = [], held, receiver, calls } of stamps) {
      for (const read of captures) this.pour(readOf(read, undefined), path)
      if (held) this.#to.held(held)
      if (receiver && !keyed) for (const field of receiver) this.pour(readOf(field, value), path)
      if (calls) this.#ways.push({ calls: calls.calls, self: value, at: path })
    }
    for (const [name, own] of givenTo(value, line, stamps)) this.pour(own, `${path}.${name}`)
    return keyed
  }

  /** Two functions of one stamp differ by what they captured; by what else they read, this process knows them apart. */
  #closure(fn: object, { captures = [], held, receiver, calls }: Stamp, path: string): void {
    for (const read of captures) this.pour(readOf(read, undefined), path)
    if (held) this.#to.held(held)
    if (receiver || calls) this.#to.own(fn)
  }

  /**
   * Notes a value. Data joins the key. Where no key can be made of it, it is code, or holds some: of what has a stamp, the
   * stamp; what else a function or an object may do is known to this process alone.
   */
  pour(given: unknown, path: string): void {
    const to = this.#to
    const pending = [given]
    let budget = largest
    while (pending.length > 0) {
      const value = pending.pop()
      if (to.data(value)) continue
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
        to.code(typeof value)
        continue
      }
      this.#seen ??= new Map()
      const earlier = this.#seen.get(value)
      if (earlier !== undefined) {
        to.code(`=${earlier}`)
        continue
      }
      this.#seen.set(value, this.#seen.size)
      const isPlain = typeof value === 'object' && isCollection(value)
      const line = isPlain || isGlobal(value) ? nothing : lineOf(value, false)
      const { stamps } = line
      const parts = isPlain ? partsOf(value) : stamps && stamps.length > 0 ? partsOf(value, line.calledThrough) : []
      budget -= parts.length + 1
      if (!stamps || value instanceof Promise || budget < 0) {
        if (to.isAccepted(path)) to.code('?')
        else to.own(value)
        continue
      }
      this.meet(value, line, stamps, path)
      to.data(parts.length)
      pending.push(...parts)
    }
  }
}

/** What a class gave to an object of its own; of a bound method, its name and what it was. */
interface Made {
  readonly fn: unknown
  readonly self: object
  readonly name: string
  readonly bound: { readonly name: string; readonly of: unknown } | undefined
}

/** On the function, which the class has just made: a weak map with an entry for each object costs microseconds. */
const made = Symbol.for('autocache.made')

function note<T>(self: object, holder: Readonly<Record<string, T>>, bound?: Made['bound']): T {
  const name = Object.keys(holder)[0]!
  const fn = holder[name]!
  if (typeof fn === 'function') Reflect.set(fn, made, { fn, self, name, bound } satisfies Made)
  return fn
}

/** Notes that the code of a class gives its object this function, `rate = (n) => n * this.k`: the version of the class says it. */
export function ownFunction<T>(self: object, holder: Readonly<Record<string, T>>): T {
  return note(self, holder)
}

/**
 * Notes that a constructor bound a method of its object to that, `this.load = this.find.bind(this)`.
 * @param from has the name of the method, where that is another one
 */
export function ownBound<T>(
  self: object,
  holder: Readonly<Record<string, T>>,
  from: Readonly<Record<string, unknown>> = holder,
): T {
  const name = Object.keys(from)[0]!
  if (!Object.hasOwn(self, name)) return note(self, holder, { name, of: methodOf(self, name)?.value })
  // A function of its own: one that was noted, or somebody else's.
  const before = heldIn(self, name)
  return isMade(self, name, before) ? note(self, holder, noteOf(before)?.bound) : holder[Object.keys(holder)[0]!]!
}

const noteOf = (fn: unknown): Made | undefined =>
  typeof fn === 'function' ? (Object.getOwnPropertyDescriptor(fn, made)?.value as Made | undefined) : undefined

/** What a name means above an object, with the object that has it. */
function methodOf(self: object, name: string): { readonly value: unknown; readonly at: object } | undefined {
  let at = Object.getPrototypeOf(self) as object | null
  for (; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const found = Object.getOwnPropertyDescriptor(at, name)
    if (found) return { value: found.value, at }
  }
  return undefined
}

/** Whether a function is what the class of an object gave that under this name. What copies properties copies no note. */
function isMade(self: object, name: string, fn: unknown): boolean {
  const known = noteOf(fn)
  if (!known || known.fn !== fn || known.self !== self || known.name !== name) return false
  return !known.bound || known.bound.of === methodOf(self, known.bound.name)?.value
}

/**
 * Functions that an object has and no version of its classes tells of: in the place of a method, `repo.find = other`, a spy, what an
 * instrumentation wraps, also where that is not enumerable, or stands on an object that this one was made of; in the
 * place of what a field was made with; and, of a class with a stamp, whatever it was given besides. Nobody can
 * see what a bound one is of: it is one of its class where that noted it, or where the class is one of a package,
 * which notes nothing.
 */
function givenTo(
  value: object,
  line: Line,
  stamps: readonly Stamp[],
): readonly (readonly [name: string, own: unknown])[] {
  const found: [string, unknown][] = []
  const judged = stamps.length > 0 ? line.calledThrough : undefined
  let prototype: object | null
  for (let at: object | null = value; at !== null; at = prototype) {
    prototype = Object.getPrototypeOf(at) as object | null
    // From the prototype of a class on its stamps say it all; a module and what has no prototype have no class at all.
    if (prototype === null || (at !== value && Object.hasOwn(at, 'constructor'))) break
    for (const name of Object.getOwnPropertyNames(at)) {
      const isMethod = name in prototype
      if (!isMethod && (!judged || judged.has(name))) continue
      const own = isMethod ? readOf((self) => (self as Record<string, unknown>)[name], at) : heldIn(at, name)
      if (typeof own !== 'function' || isMade(value, name, own)) continue
      if (isMethod && own.name === `bound ${name}` && isOfPackage(methodOf(at, name)?.at)) continue
      found.push([name, own])
    }
  }
  for (const name of line.given) {
    const now = heldIn(value, name)
    if (!isMade(value, name, now)) found.push([name, now])
  }
  return found
}

/** Whether a method stands in no class of the program. */
function isOfPackage(at: object | undefined): boolean {
  const Class: unknown = at && Object.getOwnPropertyDescriptor(at, 'constructor')?.value
  return typeof Class !== 'function' || !stampOf(Class)
}

/** What an object holds itself under a name, without running an accessor. */
function heldIn(self: object, name: PropertyKey): unknown {
  const own = Object.getOwnPropertyDescriptor(self, name)
  return own && ('value' in own ? own.value : own.get)
}

/**
 * All that an object holds, as a plain one: what is hidden as well, and what a collection of the language holds. The
 * functions that its class gave it are in the version of that.
 */
export function whole(self: unknown): object {
  if (typeof self !== 'object' || self === null) return {}
  return Object.defineProperties(
    {},
    Object.fromEntries(
      [...namesIn(self), ...contentsOf(self).map((value, at) => [`[${at}]`, value] as const)].map(([name, value]) => [
        name,
        { value, enumerable: true },
      ]),
    ),
  )
}

/** The names of an object, with what is there. Accessors that are hidden do not run: they are code. */
function namesIn(self: object): readonly (readonly [name: string | symbol, value: unknown])[] {
  const isHiddenToo = typeof self === 'object' && !Array.isArray(self)
  return Reflect.ownKeys(self).flatMap((name) => {
    const isShown = Object.prototype.propertyIsEnumerable.call(self, name)
    // What an engine puts into errors differs from run to run.
    if (!isShown && (!isHiddenToo || (name === 'stack' && self instanceof Error))) return []
    const value = isShown ? readOf((it) => (it as Record<string | symbol, unknown>)[name], self) : heldIn(self, name)
    return typeof name === 'string' && isMade(self, name, value) ? [] : [[name, value] as const]
  })
}

/** What a collection holds that is under no name. */
function contentsOf(value: object): readonly unknown[] {
  if (value instanceof Map) return [...value].flat()
  if (value instanceof Set) return [...value]
  return value instanceof Date ? [value.getTime()] : []
}

/** More parts than this are not looked through. */
const largest = 10_000

/** What an object holds, with the names of it; what a cached function has is ours. */
function partsOf(value: object, without?: ReadonlySet<string | undefined>): unknown[] {
  if (Object.hasOwn(value, cachedKey)) return []
  const named = namesIn(value).flatMap(([name, part]) =>
    typeof name === 'string' && without?.has(name) && isUnstamped(part) ? [] : [String(name), part],
  )
  return [...contentsOf(value), ...named]
}

const isUnstamped = (value: unknown): boolean =>
  (typeof value === 'function' || (typeof value === 'object' && value !== null && !isCollection(value))) &&
  !lineOf(value, false).stamps

/** Whether an object is a plain one or a collection of the language, and of no class that could do more. */
function isCollection(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (
    prototype === null ||
    isRoot(prototype as object) ||
    prototype === Map.prototype ||
    prototype === Set.prototype ||
    prototype === Array.prototype
  )
}

/** A function of the platform that is written in JavaScript, such as `fetch` of Node. */
const isGlobal = (value: object): boolean =>
  typeof value === 'function' && (globalThis as Record<string, unknown>)[value.name] === value

function readOf(field: (self: unknown) => unknown, self: unknown): unknown {
  try {
    return field(self)
  } catch {
    return undefined
  }
}

/** The stamps of an object or function, the lowest first, and their versions as they join that of a call. */
interface Line {
  readonly stamps: readonly Stamp[] | undefined
  readonly text: string
  /** The fields that members of the classes call through: what is there without a stamp is judged where it is called. */
  readonly calledThrough: ReadonlySet<string | undefined>
  /** The names of the functions that the classes give their objects. */
  readonly given: readonly string[]
}

const line = (stamps: readonly Stamp[] | undefined, given: readonly string[] = []): Line => ({
  stamps,
  given,
  text: `(${stamps ? stamps.map(({ version }) => version).join() : ''})`,
  calledThrough: new Set(stamps?.flatMap(({ calls }) => calls?.calls.map(([name]) => name.split('.')[1]) ?? [])),
})

/** Of what is no class's: a plain object, a function of the platform. */
const nothing = line([])
/** Of what no stamp tells of. */
const unstamped = line(undefined)

function lineOf(value: object, known: boolean | string | undefined): Line {
  if (typeof value === 'function') {
    const stamps = stampsOfFunction(value, known)
    return stamps ? line(stamps) : unstamped
  }
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === null || isRoot(prototype)) return known === true ? nothing : unstamped
  let below = descents.get(prototype)
  if (!below) descents.set(prototype, (below = new Map()))
  let descent = below.get(known)
  if (!descent || !isStill(descent, prototype)) below.set(known, (descent = descend(prototype, known)))
  return descent
}

/** What was found on a chain of prototypes, and the chain: whoever changes one of them is seen at the next call. */
interface Descent extends Line {
  readonly links: readonly Link[]
  /** Where the chain ended: a root, or nothing. */
  readonly end: object | null
}

/** A prototype, its class, and the stamp that had. */
interface Link {
  readonly prototype: object
  readonly Class: unknown
  readonly stamp: Stamp | undefined
}

/** By the prototype of objects, and by what was known of their class. */
const descents = new WeakMap<object, Map<boolean | string | undefined, Descent>>()

const classAt = (prototype: object): unknown => Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value

function isStill({ links, end }: Descent, prototype: object): boolean {
  let at: object | null = prototype
  for (const link of links) {
    if (at !== link.prototype || classAt(at) !== link.Class) return false
    if (typeof link.Class === 'function' && stampOf(link.Class) !== link.stamp) return false
    at = Object.getPrototypeOf(at) as object | null
  }
  return end === at && (end === null || isRoot(end))
}

/**
 * The stamps of the classes on a chain of prototypes. None where the first class has none and comes neither from the platform
 * nor, as declared, from a package.
 */
function descend(prototype: object, known: boolean | string | undefined): Descent {
  const found: Stamp[] = []
  const links: Link[] = []
  const given: string[] = []
  let at: object | null = prototype
  let isAccepted = known === true
  let isUnknown = false
  /** Whether what is further on adds no stamp. */
  let isTold = false
  for (; at !== null && !isRoot(at); at = Object.getPrototypeOf(at) as object | null) {
    const Class = classAt(at)
    const stamp = typeof Class === 'function' ? stampOf(Class) : undefined
    links.push({ prototype: at, Class, stamp })
    if (stamp?.given) given.push(...Object.keys(stamp.given))
    if (isTold || typeof Class !== 'function') continue
    if (stamp && stamp.version === known) isAccepted = isTold = true
    else if (stamp) found.push(stamp)
    else if (found.length > 0) continue
    else if (known === true || isNative(Class)) isAccepted = true
    else isUnknown = isTold = true
  }
  const stamps = !isUnknown && (isAccepted || found.length > 0) ? found : undefined
  return { ...line(stamps, given), links, end: at }
}

/**
 * What counts of an object whose class uses members of one elsewhere: nothing besides what is told, where every class of it has a
 * stamp, since those list what their members read and call through (R03, R04); else all of it.
 */
export function inherited(self: unknown): unknown {
  if (typeof self !== 'object' || self === null || cacheKey in self) return self
  let prototype: object | null = Object.getPrototypeOf(self)
  if (prototype === null || isRoot(prototype)) return self
  for (; prototype !== null && !isRoot(prototype); prototype = Object.getPrototypeOf(prototype)) {
    const Class = classAt(prototype)
    if (typeof Class !== 'function' || Class.prototype !== prototype || !stampOf(Class)) return self
  }
  return undefined
}

/** A class that static members are called on, or a function with members. */
function stampsOfFunction(fn: object, known: boolean | string | undefined): Stamp[] | undefined {
  const found: Stamp[] = []
  const first = written(fn as AnyFunction)
  for (let at: object | null = first; at !== null && at !== Function.prototype; at = Object.getPrototypeOf(at)) {
    const stamp = stampOf(at)
    if (!stamp) {
      if (found.length === 0 && known !== true && !isNative(at)) return undefined
      continue
    }
    if (stamp.version === known) return found
    found.push(
      at === first && !isClass(first)
        ? stamp
        : { contract: stamp.contract, label: stamp.label, version: stamp.version, ...inputsOf(stamp) },
    )
  }
  return found
}

const inputsOf = ({ captures, held }: Stamp): Pick<Stamp, 'captures' | 'held'> => ({ captures, held })

/** The prototype of plain objects, of whatever realm. */
function isRoot(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf')
}

function isNative(fn: object): boolean {
  return /^function \w+\(\) {\s+\[native code]\s+}$/.test(Function.prototype.toString.call(fn))
}

function unknown(label: string, path: string): UnversionedFunctionError {
  return new UnversionedFunctionError(
    label,
    'no version',
    `\`${label}\` calls through \`${path}\`, and what is there has no version: no class of this program that was compiled ` +
      'with autocache, and none of a package by its declared type. Give what it does a version in `deps`, such as the ' +
      `\`sourceVersion\` of its functions, or leave it out with \`deps: { ignore: ['${path}'] }\`.`,
  )
}
