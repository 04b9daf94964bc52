import { UnkeyableValueError } from '../src/errors.ts'
import { cacheKey, defaultKeyBounds, encodeArguments } from '../src/key.ts'

/** A class without a hook. */
export class Point {
  readonly x: number
  readonly y: number
  constructor(x: number, y: number) {
    this.x = x
    this.y = y
  }
}

/** A class with one. */
export class User {
  readonly id: unknown
  constructor(id: unknown) {
    this.id = id
  }
  [cacheKey](): unknown {
    return this.id
  }
}

/** The arguments of a call as text, with the signals that were found. */
export function argumentsOf(args: unknown[], trailing: 'drop' | 'keep' = 'keep') {
  const signals: AbortSignal[] = []
  return { text: encodeArguments(args, defaultKeyBounds, { trailing, signals }), signals }
}

/** The refusal that this ends in. */
export function refusal(read: () => unknown): UnkeyableValueError {
  try {
    read()
  } catch (error) {
    if (error instanceof UnkeyableValueError) return error
    throw error
  }
  throw new Error('Nothing was refused.')
}

/** A list with holes: of these elements, `length` long. */
export function sparse(length: number, elements: Record<number, unknown>): unknown[] {
  return Object.assign(new Array(length), elements)
}
