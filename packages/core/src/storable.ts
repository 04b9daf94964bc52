/**
 * What can be stored: a copy of a value made of kinds that the codec writes faithfully, or a refusal that says where.
 *
 * devalue alone drops what it does not look for (extra properties of an array, the class of a subclass, Buffer, hidden
 * properties), runs getters, writes out all the memory around a view, and overflows the stack. So it never meets the
 * caller's value, only the copy made here. Each property is read once, through its descriptor, so no getter runs and a
 * Proxy cannot show two faces. A kind is told by its internal slot and its intrinsic prototype, never by `instanceof`,
 * so values of other realms are welcome; they come back as this realm's.
 *
 * Deliberately inexact:
 * - What was frozen, sealed or read-only comes back ordinary, and the guard of a Headers is lost.
 * - A view comes back over its own bytes at offset 0, so Buffer's pool is never written out. Views that overlap are
 *   refused, except those that span their whole buffer: they go on sharing it.
 * - Named properties of a typed array are looked for up to 4,096 elements; listing keys costs 80 ns an element.
 * - `url.searchParams` beside its `url` in one value becomes independent of it. Symbols put on a web or Temporal value
 *   are dropped.
 * - Where V8 shows the stack of an Error through an accessor, the copy has a plain property.
 *
 * Refused for its bounds: more than 500 levels, more than 65,536 holes in one array, a cycle that passes through an Error
 * or a registered type.
 *
 * Decision and figures: docs/decisions/0003-codec.md. Tests: test/codec.test.ts.
 */
import { UnstorableValueError } from './errors.ts'

/**
 * How the values of one type are stored. They are told by `class` (direct instances; a subclass is another type) or by
 * `test`. A change of what `encode` returns needs a new name: the name is part of the codec's id.
 * @example
 * ```ts
 * import { createCodec, type CodecType } from '@autocache/core/codec'
 * class Money {
 *   cents: bigint
 *   constructor(cents: bigint) {
 *     this.cents = cents
 *   }
 * }
 * const money: CodecType<Money> = {
 *   name: 'Money',
 *   class: Money,
 *   encode: (money) => money.cents,
 *   decode: (cents) => new Money(cents as bigint),
 * }
 * const codec = createCodec([money])
 * codec.id // 'devalue1+Money'
 * codec.decode(codec.encode(new Money(5n))) // Money { cents: 5n }
 * ```
 */
export type CodecType<T = unknown> = {
  /** A letter, then letters, digits, `_`, `.` and `-`. */
  readonly name: string
  /** What to store instead: anything that can be stored itself. */
  encode(value: T): unknown
  /**
   * The value again. The data comes from a store: throw for what `encode` never returned. Where it leads into a cycle
   * around this value, the others of the cycle may not be complete yet.
   */
  decode(data: unknown): T
} & ({ readonly class: abstract new (...args: never) => T } | { test(value: object): boolean })

const MAX_DEPTH = 500
const MAX_HOLES = 65_536
const MAX_LISTED = 4_096

/** A constructor found on the global object. */
export type Class = new (...args: unknown[]) => object
type Copier = (value: object, intake: Intake, name: string) => object
type Path = readonly (string | number)[]

/** The global object, for what not every runtime has. */
export const host = globalThis as unknown as Record<string, Class | undefined> & {
  Temporal?: Record<string, Class | undefined>
}
const tagOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1)
/** Runs a built-in getter on `value`, which throws unless `value` has the internal slot. */
const slot = (prototype: object, name: PropertyKey, value: unknown): unknown => Reflect.get(prototype, name, value)

/** Stands in the copy for what devalue does not know: a tag, then what to make the value from. */
export class Made {
  readonly parts: readonly unknown[]
  constructor(...parts: readonly [tag: string, ...rest: unknown[]]) {
    this.parts = parts
  }
}

/**
 * The copy of a value that devalue writes without loss.
 * @throws UnstorableValueError with the path of the first part that is in the way
 */
export function storable(value: unknown, types: readonly CodecType[]): unknown {
  const intake = new Intake(types)
  try {
    const copy = intake.copy(value)
    intake.refuseOverlaps()
    return copy
  } catch (error) {
    if (error instanceof UnstorableValueError) throw error
    return intake.refuse('something that threw while it was read', error)
  }
}

/** One pass over a value, which copies what can be stored and refuses the rest. */
class Intake {
  readonly #types: readonly CodecType[]
  readonly #path: (string | number)[] = []
  readonly #open: object[] = []
  readonly #copies = new Map<object, object>()
  readonly #views = new Map<object, { start: number; end: number; path: Path }[]>()
  /** How many of `#open` may not be referred to, because something that is made last stands below them. */
  #sealed = 0

  constructor(types: readonly CodecType[]) {
    this.#types = types
  }

  refuse(what: string, cause?: unknown, path: Path = this.#path): never {
    const steps = path.map((step) => {
      if (typeof step === 'number') return `[${step}]`
      return /^[\w$]+(\(\)(\[\d+\])*)?$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
    })
    const place = `value${steps.join('')}`
    const message = `Cannot store ${place}: it is ${what}. Return plain data instead, or give the codec a type for it.`
    throw new UnstorableValueError(place, message, cause === undefined ? {} : { cause })
  }

  copy(value: unknown): unknown {
    if (typeof value === 'symbol') {
      return new Made('Symbol', Symbol.keyFor(value) ?? this.refuse('a symbol that is not registered'))
    }
    if (typeof value === 'function') this.refuse('a function')
    if (typeof value !== 'object' || value === null) return value
    if (this.#sealed > 0 && this.#open.slice(0, this.#sealed).includes(value)) {
      this.refuse('part of a cycle through an Error or a registered type')
    }
    const known = this.#copies.get(value)
    if (known !== undefined) return known
    if (this.#open.length >= MAX_DEPTH) this.refuse(`nested more than ${MAX_DEPTH} levels deep`)
    this.#open.push(value)
    const copy = this.begin(value, this.#copyObject(value))
    this.#open.pop()
    return copy
  }

  #copyObject(value: object): object {
    const prototype: object | null = Object.getPrototypeOf(value)
    for (const type of this.#types) {
      if ('class' in type ? prototype === type.class.prototype : type.test(value)) {
        return this.madeLast(() => new Made(`+${type.name}`, this.copy(type.encode(value))))
      }
    }
    if (prototype === null) return copyPlain(value, this, Object.create(null))
    const { name, copier } = kindOf(prototype)
    return copier === undefined ? this.refuse(`an instance of ${name}`) : copier(value, this, name)
  }

  /** Makes a copy known; that of a container before its parts are copied, so that a cycle finds it. */
  begin<T extends object>(value: object, copy: T): T {
    this.#copies.set(value, copy)
    return copy
  }

  /** Copies the parts of what can only be made after them: no part may refer to it, or to what it stands in. */
  madeLast(make: () => Made): Made {
    const outer = this.#sealed
    this.#sealed = this.#open.length
    const made = make()
    this.#sealed = outer
    return made
  }

  /** The copy of a part, which stands at `step` in the path. */
  part(step: string | number, value: unknown): unknown {
    this.#path.push(step)
    const copy = this.copy(value)
    this.#path.pop()
    return copy
  }

  /** The copy of an own property, read without running a getter. */
  property(value: object, key: string, step: string | number = key, hidden = false): unknown {
    this.#path.push(step)
    const own = Reflect.getOwnPropertyDescriptor(value, key)
    if (own === undefined || !('value' in own)) return this.refuse('computed by a getter or setter')
    if (!own.enumerable && !hidden) this.refuse('not enumerable')
    if (key === '__proto__') this.refuse('a property that some readers take for a prototype')
    const copy = this.copy(own.value)
    this.#path.pop()
    return copy
  }

  keys(value: object): string[] {
    const keys = Reflect.ownKeys(value)
    if (keys.some((key) => typeof key === 'symbol')) this.refuse('an object with a symbol as a key')
    return keys as string[]
  }

  /** Refuses own properties beyond those that every value of the kind has. */
  bare(value: object, expected = 0): void {
    if (this.keys(value).length !== expected) this.refuse(`${tagOf(value)} with properties of its own`)
  }

  /** The bytes of a view: the buffer's own copy where it spans all of it, else a buffer that holds no others. */
  bytes(buffer: ArrayBuffer, start: number, length: number): ArrayBuffer {
    if (tagOf(buffer) !== 'ArrayBuffer') this.refuse('a view of shared memory')
    if (length === buffer.byteLength) return this.copy(buffer) as ArrayBuffer
    this.view(buffer, start, start + length)
    return ArrayBuffer.prototype.slice.call(buffer, start, start + length)
  }

  view(buffer: ArrayBuffer, start: number, end: number): void {
    if (slot(ArrayBuffer.prototype, 'resizable', buffer)) this.refuse('memory that can be resized')
    const views = this.#views.get(buffer)
    const view = { start, end, path: [...this.#path] }
    if (views === undefined) this.#views.set(buffer, [view])
    else views.push(view)
  }

  /** Two views of the same bytes would come back as views of separate ones. */
  refuseOverlaps(): void {
    for (const views of this.#views.values()) {
      let reached = 0
      for (const { start, end, path } of views.sort((a, b) => a.start - b.start || b.end - a.end)) {
        if (start < Math.min(reached, end)) this.refuse('a view of bytes that another part views too', undefined, path)
        reached = Math.max(reached, end)
      }
    }
  }
}

function copyPlain(value: object, intake: Intake, empty: Record<string, unknown>): object {
  const copy = intake.begin(value, empty)
  for (const key of intake.keys(value)) copy[key] = intake.property(value, key)
  return copy
}

/** A kind without parts or own properties; Deno keeps what is in a web class under symbols of its own. */
const leaf = (make: (value: object) => object): Copier => {
  return (value, intake) => {
    if (Object.getOwnPropertyNames(value).length > 0) intake.refuse(`${tagOf(value)} with properties of its own`)
    return make(value)
  }
}

/** Typed arrays, and Buffer, which is a Uint8Array by its slot. */
const copyTyped: Copier = (value, intake, name) => {
  const prototype: object = Object.getPrototypeOf(Uint8Array.prototype)
  const read = (property: PropertyKey) => slot(prototype, property, value)
  if (read(Symbol.toStringTag) !== name.replace('Buffer', 'Uint8Array'))
    intake.refuse(`not the ${name} that its prototype says`)
  const length = read('length') as number
  if (length <= MAX_LISTED) intake.bare(value, length)
  else if (Object.getOwnPropertySymbols(value).length > 0) intake.refuse('an object with a symbol as a key')
  const bytes = intake.bytes(read('buffer') as ArrayBuffer, read('byteOffset') as number, read('byteLength') as number)
  return name === 'Buffer' ? new Made('Buffer', bytes) : new (host[name] as Class)(bytes)
}

const copyBoxed: Copier = (value, intake, name) => {
  const primitive: unknown = (host[name] as Class).prototype.valueOf.call(value)
  intake.bare(value, typeof primitive === 'string' ? primitive.length + 1 : 0)
  return Object(primitive) as object
}

/** An Error with every own property, hidden or not, in order. Some engines show `stack` as an accessor. */
const copyError: Copier = (value, intake, name) => {
  if (tagOf(value) !== 'Error') intake.refuse(`not the ${name} that its prototype says`)
  return intake.madeLast(() => {
    const properties = intake.keys(value).flatMap((key) => {
      const copy = key === 'stack' ? intake.part(key, Reflect.get(value, key)) : intake.property(value, key, key, true)
      return [key, Object.prototype.propertyIsEnumerable.call(value, key), copy]
    })
    return new Made('Error', name, ...properties)
  })
}

const words = (text: string) => text.split(' ')
const each = (names: readonly string[], copier: Copier) => Object.fromEntries(names.map((name) => [name, copier]))
const durationFields = words('years months weeks days hours minutes seconds milliseconds microseconds nanoseconds')
/** The built-in classes of errors. */
export const errorNames: readonly string[] = words(
  'Error EvalError RangeError ReferenceError SyntaxError TypeError URIError AggregateError SuppressedError',
)

/** Every kind of object that can be stored, by the name of its intrinsic constructor. */
const copiers: Record<string, Copier> = {
  Object(value, intake) {
    if (tagOf(value) !== 'Object') intake.refuse(`not the plain object that its prototype says`)
    return copyPlain(value, intake, {})
  },
  Array(value, intake) {
    const keys = intake.keys(value)
    if (!Array.isArray(value) || keys.pop() !== 'length') return intake.refuse('an array with properties of its own')
    const { length } = value
    if (length - keys.length > MAX_HOLES) intake.refuse(`an array with more than ${MAX_HOLES} holes`)
    const copy = intake.begin(value, new Array<unknown>(length))
    for (const key of keys) {
      const index = Number(key)
      if (index >>> 0 !== index || index >= length) intake.refuse('an array that misstates its keys')
      copy[index] = intake.property(value, key, index)
    }
    return copy
  },
  Map(value, intake) {
    intake.bare(value)
    const copy = intake.begin(value, new Map<unknown, unknown>())
    let at = 0
    Map.prototype.forEach.call(value, (item, key) => {
      const step = `entries()[${at++}]`
      copy.set(intake.part(`${step}[0]`, key), intake.part(`${step}[1]`, item))
    })
    return copy
  },
  Set(value, intake) {
    intake.bare(value)
    const copy = intake.begin(value, new Set<unknown>())
    let at = 0
    Set.prototype.forEach.call(value, (item) => {
      copy.add(intake.part(`values()[${at++}]`, item))
    })
    return copy
  },
  RegExp(value, intake) {
    intake.bare(value, 1)
    const { source, flags, lastIndex } = value as RegExp
    if (tagOf(value) !== 'RegExp') intake.refuse('not the RegExp that its prototype says')
    if (lastIndex !== 0) intake.refuse('a RegExp in the middle of a search (its lastIndex is not 0)')
    return new RegExp(source, flags)
  },
  ArrayBuffer(value, intake) {
    intake.bare(value)
    const copy = ArrayBuffer.prototype.slice.call(value, 0)
    intake.view(value as ArrayBuffer, 0, copy.byteLength)
    return copy
  },
  DataView(value, intake) {
    intake.bare(value)
    const { buffer, byteOffset, byteLength } = value as DataView<ArrayBuffer>
    return new DataView(intake.bytes(buffer, byteOffset, byteLength))
  },
  Date(value, intake) {
    // Under fake timers every Date has a `constructor` of its own.
    intake.bare(value, Object.hasOwn(value, 'constructor') ? 1 : 0)
    return new Date(Date.prototype.getTime.call(value))
  },
  URL: leaf((url) => new URL(slot(URL.prototype, 'href', url) as string)),
  URLSearchParams: leaf((search) => new URLSearchParams(URLSearchParams.prototype.toString.call(search))),
  Headers: leaf((headers) => {
    const parts: string[] = []
    Headers.prototype.forEach.call(headers, (value, name) => parts.push(name, value))
    return new Made('Headers', ...parts)
  }),
  // devalue knows Temporal's types by their text; but that of a Duration turns 1,500 ms into 1.5 s.
  Duration: leaf((value) => {
    const prototype: object = host.Temporal?.Duration?.prototype
    return new Made('Duration', ...durationFields.map((field) => slot(prototype, field, value)))
  }),
  ...each(
    words('Instant PlainDate PlainTime PlainDateTime PlainMonthDay PlainYearMonth ZonedDateTime'),
    leaf((value) => value),
  ),
  ...each(words('Number String Boolean BigInt'), copyBoxed),
  ...each(words('Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array'), copyTyped),
  ...each(words('Float16Array Float32Array Float64Array BigInt64Array BigUint64Array Buffer'), copyTyped),
  ...each(errorNames, copyError),
}

type Kind = { readonly name: string; readonly copier?: Copier | undefined }
const kinds = new WeakMap<object, Kind>()

/** The kind of the values under a prototype. It has no copier unless the prototype is intrinsic, in whichever realm. */
function kindOf(prototype: object): Kind {
  const known = kinds.get(prototype)
  if (known !== undefined) return known
  const kind = findKind(prototype)
  kinds.set(prototype, kind)
  return kind
}

function findKind(prototype: object): Kind {
  if (prototype === Date.prototype) return { name: 'Date', copier: copiers.Date } // of fake timers as well
  const maker: unknown = Reflect.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  if (typeof maker !== 'function' || maker.prototype !== prototype) return { name: 'no known class' }
  const name: unknown = Reflect.getOwnPropertyDescriptor(maker, 'name')?.value
  if (typeof name !== 'string' || name === '') return { name: 'a nameless class' }
  const text = Function.prototype.toString.call(maker)
  const intrinsic = /^function \w+\(\) \{\s*\[native code\]\s*\}$/.test(text) || host[name] === maker
  return { name, copier: intrinsic && Object.hasOwn(copiers, name) ? copiers[name] : undefined }
}
