/**
 * A copy of plain data, for stores that hold references: what an interceptor outside does to a body it was given must not
 * reach the next caller. Core's own `clone` says more of what it cannot copy and takes ten times as long.
 * @returns the copy, or where the part stands that cannot be copied as what it is
 */
export function copyOf(value: unknown): { readonly copy: unknown } | { readonly path: string } {
  try {
    return { copy: copy(value, undefined) }
  } catch (error) {
    if (error instanceof Uncopiable) return { path: `body${error.path.join('')}` }
    throw error
  }
}

class Uncopiable extends Error {
  readonly path: string[] = []
}

type Seen = { readonly part: object; readonly outer: Seen } | undefined

function copy(part: unknown, outer: Seen): unknown {
  if (typeof part === 'function' || typeof part === 'symbol') throw new Uncopiable()
  if (typeof part !== 'object' || part === null) return part
  for (let around = outer; around; around = around.outer) if (around.part === part) throw new Uncopiable()
  const seen: Seen = { part, outer }
  if (Array.isArray(part)) {
    const made: unknown[] = new Array(part.length)
    for (let at = 0; at < part.length; at += 1) made[at] = within(part[at], seen, at)
    return made
  }
  const prototype: unknown = Object.getPrototypeOf(part)
  if (prototype === Date.prototype) return new Date((part as Date).getTime())
  if (globalThis.Buffer?.isBuffer(part)) return Buffer.from(part)
  if (prototype !== Object.prototype && prototype !== null) throw new Uncopiable()
  if (Object.getOwnPropertySymbols(part).length > 0) throw new Uncopiable()
  const made = Object.create(prototype as object | null) as Record<string, unknown>
  for (const key of Object.keys(part)) {
    const item = within((part as Record<string, unknown>)[key], seen, key)
    if (key === '__proto__')
      Object.defineProperty(made, key, { value: item, enumerable: true, configurable: true, writable: true })
    else made[key] = item
  }
  return made
}

function within(part: unknown, outer: Seen, key: string | number): unknown {
  try {
    return copy(part, outer)
  } catch (error) {
    if (error instanceof Uncopiable) error.path.unshift(typeof key === 'number' ? `[${key}]` : `.${key}`)
    throw error
  }
}
