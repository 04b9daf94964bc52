import type { Held, Holds } from '@autocache/core'

/** The assertions of a clause. They are counted: a clause that made none proves nothing and fails. */
export interface Check {
  /** How many assertions were made. */
  readonly count: number
  equal(actual: unknown, expected: unknown, what: string): void
  /** `actual` is the entry that was set: the same object, the same string, or the same bytes. */
  held(actual: unknown, expected: Held, what: string): void
  absent(actual: unknown, what: string): void
  /** `operation` throws or rejects, within five seconds. */
  fails(operation: () => unknown, what: string): Promise<void>
}

const failureLimit = 5_000

/** Assertions for a store that holds `holds`. */
export function createCheck(holds: Holds): Check {
  let count = 0
  const verify = (holdsTrue: boolean, message: () => string) => {
    count++
    if (!holdsTrue) throw new Error(message())
  }
  return {
    get count() {
      return count
    },
    equal(actual, expected, what) {
      verify(Object.is(actual, expected), () => `${what}: expected ${show(expected)}, got ${show(actual)}`)
    },
    held(actual, expected, what) {
      verify(sameHeld(holds, actual, expected), () => `${what}: expected ${show(expected)}, got ${show(actual)}`)
    },
    absent(actual, what) {
      verify(actual === undefined, () => `${what}: expected undefined, got ${show(actual)}`)
    },
    async fails(operation, what) {
      const outcome = await withinLimit(failureLimit, async () => {
        await operation()
      }).then(
        () => 'it reported success',
        (error: unknown) => (error === tooLate ? `it did not answer within ${failureLimit} ms` : undefined),
      )
      verify(outcome === undefined, () => `${what}: expected a failure, but ${outcome}`)
    },
  }
}

function sameHeld(holds: Holds, actual: unknown, expected: Held): boolean {
  if (holds !== 'bytes') return actual === expected
  return isBytes(actual) && isBytes(expected) && sameBytes(actual, expected)
}

/** By tag and not by `instanceof`: bytes may come from another realm, and a Buffer is one of them. */
export function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === '[object Uint8Array]'
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

/** A short description of a value for a failure message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `${JSON.stringify(value.slice(0, 60))} (${value.length} code units)`
  if (isBytes(value)) return `bytes [${value.subarray(0, 12).join(' ')}] (${value.length})`
  if (typeof value === 'object' && value !== null) {
    return value instanceof Promise ? 'a promise' : `an object {${Object.keys(value).slice(0, 8).join(', ')}}`
  }
  return String(value)
}

/** The rejection of {@link withinLimit}. */
export const tooLate = new Error('It did not answer in time.')

/** What `run` answers, or a rejection with {@link tooLate} after `limit` milliseconds. */
export async function withinLimit<T>(limit: number, run: () => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate), limit)
  })
  try {
    return await Promise.race([run(), late])
  } finally {
    clearTimeout(timer)
  }
}
