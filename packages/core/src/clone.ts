import { UnstorableValueError } from './errors.ts'

/** What engines give their errors; anything else on one is its author's. */
const errorKeys: ReadonlySet<PropertyKey> = new Set(
  'stack message cause line column sourceURL originalLine originalColumn'.split(' '),
)

/**
 * A deep copy that is equal in kind, or an `UnstorableValueError` with the path of the part that cannot be copied.
 * `structuredClone` alone would turn a class instance into a plain object; here that is refused.
 */
export function clone<T>(value: T): T {
  const copies = new Map<object, object>()

  function refuse(path: string, cause?: unknown): never {
    throw new UnstorableValueError(
      path,
      `${path} cannot be copied faithfully. Return plain data, arrays, maps, sets, dates or buffers, or drop \`clone\`.`,
      { cause },
    )
  }

  function copy(part: unknown, path: string): unknown {
    if (typeof part === 'function' || typeof part === 'symbol') return refuse(path)
    if (typeof part !== 'object' || part === null) return part
    const known = copies.get(part)
    if (known) return known
    const prototype: unknown = Object.getPrototypeOf(part)
    if (Array.isArray(part) ? prototype === Array.prototype : prototype === Object.prototype || prototype === null) {
      const result: object = Array.isArray(part) ? new Array(part.length) : Object.create(prototype as object | null)
      copies.set(part, result)
      for (const key of Reflect.ownKeys(part)) {
        const property = Object.getOwnPropertyDescriptor(part, key)!
        const where = Array.isArray(part) ? `${path}[${String(key)}]` : `${path}.${String(key)}`
        if (!('value' in property)) refuse(where)
        Object.defineProperty(result, key, { ...property, value: copy(property.value, where) })
      }
      return result
    }
    // Engines differ in which properties of an author's on a collection `structuredClone` keeps.
    if ((prototype === Map.prototype || prototype === Set.prototype) && Reflect.ownKeys(part).length > 0) refuse(path)
    if (prototype === Map.prototype) {
      const result = new Map()
      copies.set(part, result)
      let at = 0
      for (const [key, item] of part as Map<unknown, unknown>) {
        result.set(copy(key, `${path}.key(${at})`), copy(item, `${path}.entry(${at++})`))
      }
      return result
    }
    if (prototype === Set.prototype) {
      const result = new Set()
      copies.set(part, result)
      let at = 0
      for (const item of part as Set<unknown>) result.add(copy(item, `${path}.item(${at++})`))
      return result
    }
    const memory: unknown = ArrayBuffer.isView(part) ? part.buffer : part
    if (Object.prototype.toString.call(memory) === '[object SharedArrayBuffer]') refuse(path)
    let result: object
    try {
      result = globalThis.Buffer?.isBuffer(part) ? globalThis.Buffer.from(part) : structuredClone(part)
    } catch (cause) {
      return refuse(path, cause)
    }
    const own = Reflect.ownKeys(part)
    const isError = result instanceof Error
    const faithful = isError ? own.every((key) => errorKeys.has(key)) : Reflect.ownKeys(result).length === own.length
    if (Object.getPrototypeOf(result) !== prototype || !faithful) refuse(path)
    copies.set(part, result)
    // Engines differ in which of these `structuredClone` keeps of an error, and make some of them enumerable.
    for (const key of isError ? own : []) {
      const was = Object.getOwnPropertyDescriptor(part, key)!
      if (Object.hasOwn(result, key)) Object.defineProperty(result, key, { enumerable: was.enumerable! })
      else if ('value' in was) Object.defineProperty(result, key, was)
    }
    // Of an error `structuredClone` keeps the cause, and what that is has to be looked at like any other part.
    const cause = Object.getOwnPropertyDescriptor(part, 'cause')
    if (cause) Object.defineProperty(result, 'cause', { ...cause, value: copy(cause.value, `${path}.cause`) })
    return result
  }

  return copy(value, 'value') as T
}
