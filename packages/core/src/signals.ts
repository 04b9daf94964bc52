/**
 * Abort signals among the arguments: they say how long a caller cares, not what he asks for, so they are not part of
 * the key, and the function receives the flight's own signal in their place (R16). They are known as arguments and as
 * properties of plain-object arguments (`load(id, { signal })`); such an object is copied with all its properties, so
 * the function sees another object of the same content.
 */

/** Whether a value is an `AbortSignal`, of whichever realm. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false
  try {
    return (
      Object.prototype.toString.call(value) === '[object AbortSignal]' &&
      typeof (value as AbortSignal).aborted === 'boolean'
    )
  } catch {
    return false
  }
}

/** The signals that stand in a plain object as data; nothing is run to find them. */
function signalsOf(value: unknown): [name: PropertyKey, signal: AbortSignal][] {
  if (typeof value !== 'object' || value === null) return []
  try {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return []
    return Reflect.ownKeys(value).flatMap((name) => {
      const part: unknown = Object.getOwnPropertyDescriptor(value, name)?.value
      return isAbortSignal(part) ? [[name, part] as [PropertyKey, AbortSignal]] : []
    })
  } catch {
    return []
  }
}

/** The abort signals of a call. */
export function signalsIn(args: readonly unknown[]): AbortSignal[] {
  return args.flatMap((arg) => (isAbortSignal(arg) ? [arg] : signalsOf(arg).map(([, signal]) => signal)))
}

/** The arguments with another signal in place of every one of theirs. */
export function replaceSignals(args: readonly unknown[], signal: AbortSignal): unknown[] {
  return args.map((arg) => {
    if (isAbortSignal(arg)) return signal
    const found = signalsOf(arg)
    if (found.length === 0) return arg
    const properties: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(arg as object)
    for (const [name] of found) properties[name as string] = { ...properties[name as string], value: signal }
    return Object.create(Object.getPrototypeOf(arg) as object | null, properties) as object
  })
}
