/** Kinds of values: plain objects, and what built-ins hold. By internal slots and genuine prototypes of any realm. */

/** Whatever is found by looking at a value, a prototype or a global by name. */
type Untyped = any
const host: Untyped = globalThis
const typedArray = Object.getPrototypeOf(Uint8Array.prototype)

/** Whether this prototype makes plain objects: null, any realm's Object.prototype, or as empty as null (node:querystring). */
export function isPlain(prototype: object | null | undefined): boolean {
  return (
    prototype == null ||
    prototype === Object.prototype ||
    (Object.getPrototypeOf(prototype) === null &&
      (Object.hasOwn(prototype, 'isPrototypeOf') || !Reflect.ownKeys(prototype).length))
  )
}

/** Whether a function is native code with a name. */
export function isNativeText(fn: object): boolean {
  return /^function \w+\(\) {\s+\[native code]\s+}$/.test(Function.prototype.toString.call(fn))
}

/** A built-in's own prototype by the name of its class, where this realm has such a class. */
export function builtIn(name: string): Untyped {
  return (host[name] ?? host.Temporal?.[name])?.prototype
}

/** Whether a class is a built-in of this realm. */
export function isBuiltIn(Class: Untyped): boolean {
  return host[Class.name] === Class || host.Temporal?.[Class.name] === Class
}

/** What a built-in holds: its bytes or its values. Nothing where it only looks like one, without the internal slots. */
export function contentOf(value: Untyped, name: string, own: Untyped): Untyped {
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
    return [
      text,
      ...['milliseconds', 'microseconds', 'nanoseconds', 'epochNanoseconds']
        .map(get)
        .filter((part) => part !== undefined),
    ]
  } catch {}
}

/** Bytes as base64. */
export function toBase64(bytes: Untyped): string {
  if (bytes.toBase64) return bytes.toBase64()
  if (host.Buffer) return host.Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
