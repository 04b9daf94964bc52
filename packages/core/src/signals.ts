/**
 * Abort signals among the arguments: they say how long a caller cares, not what he asks for, so they are not part of
 * the key, and the function receives the flight's own signal in their place (R16). They are known as arguments and as
 * properties of plain-object arguments (`load(id, { signal })`).
 */

/** Whether a value is an `AbortSignal`, of whichever realm. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  return (
    Object.prototype.toString.call(value) === '[object AbortSignal]' &&
    typeof (value as AbortSignal).aborted === 'boolean'
  )
}

function isPlain(value: unknown): value is { [key: string]: unknown } {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** The abort signals of a call. */
export function signalsIn(args: readonly unknown[]): AbortSignal[] {
  return args.flatMap((arg) => (isPlain(arg) ? Object.values(arg) : [arg]).filter(isAbortSignal))
}

/** The arguments with another signal in place of every one of theirs. */
export function replaceSignals(args: readonly unknown[], signal: AbortSignal): unknown[] {
  const replaced = (value: unknown) => (isAbortSignal(value) ? signal : value)
  return args.map((arg) => {
    if (!isPlain(arg) || !Object.values(arg).some(isAbortSignal)) return replaced(arg)
    const copy = Object.create(Object.getPrototypeOf(arg) as object | null) as { [key: string]: unknown }
    for (const key of Object.keys(arg)) {
      Object.defineProperty(copy, key, {
        value: replaced(arg[key]),
        enumerable: true,
        writable: true,
        configurable: true,
      })
    }
    return copy
  })
}
