import { clone } from './clone.ts'
import { EntryFormatError, UnstorableValueError } from './errors.ts'
import { defaultKeyBounds, encodeKey } from './key.ts'
import type { Entry } from './store.ts'

/** What is known of an entry besides its value. */
export type EntryFacts = Pick<Entry, 'key' | 'createdAt' | 'outcome' | 'promised'>

/** An entry taken apart. */
export interface Opened {
  readonly createdAt: number
  readonly outcome: Entry['outcome']
  readonly promised: boolean
  /** The value or error, a copy for each caller where the store copies. @throws EntryFormatError */
  readonly take: () => unknown
}

/** How values get in and out of the entries of one store. */
export interface Sealer {
  /**
   * The envelope around a value, in the form the store holds, and what reading it back will give.
   * @throws UnstorableValueError
   */
  seal(facts: EntryFacts, value: unknown): { readonly held: unknown; readonly take: () => unknown }
  /** Takes apart what a store returned for `key`. @throws EntryFormatError where it is anything but that key's entry */
  open(held: unknown, key: string): Opened
}

/** What this release reads. */
export const supported = 'format 1'

/** For stores that hold references: the entry is the envelope. */
export function referenceSealer(copies: boolean, onMutated?: (entry: Entry) => void): Sealer {
  const prints = onMutated && new WeakMap<Entry, string>()
  const copy = copies ? clone : <T>(value: T) => value
  return {
    seal(facts, value) {
      const entry: Entry = { format: 1, ...facts, codec: 'reference', body: copy(value) }
      const print = prints && fingerprint(entry.body)
      if (print) prints.set(entry, print)
      return { held: entry, take: () => copy(entry.body) }
    },
    open(held, key) {
      if (typeof held !== 'object' || held === null) throw new EntryFormatError(`a ${typeof held}`, supported)
      const entry = held as Entry
      const { format, key: own, codec, createdAt, outcome, promised, body } = entry
      if (
        format !== 1 ||
        codec !== 'reference' ||
        !Number.isFinite(createdAt) ||
        (outcome !== 'value' && outcome !== 'error') ||
        typeof promised !== 'boolean'
      ) {
        throw new EntryFormatError('something that is not an entry', supported)
      }
      if (own !== key) throw new EntryFormatError('the entry of another key', supported)
      const print = prints?.get(entry)
      if (print !== undefined && print !== fingerprint(body)) {
        prints!.delete(entry)
        onMutated!(entry)
      }
      return { createdAt, outcome, promised, take: () => copy(body) }
    },
  }
}

/** A text that changes when a small value is changed; nothing for what is large or cannot be told. */
function fingerprint(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  try {
    return encodeKey(value, { ...defaultKeyBounds, nodes: 1000, size: 100_000 })
  } catch {
    return undefined
  }
}

/** Whether a result can be read only once, so that it must not be shared or stored (R14). */
export function isOneShot(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (isStream(value)) return true
  // One level down: a stream handed out in a plain envelope such as `{ status, body }`, among its first hundred parts.
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null && !Array.isArray(value)) return false
  for (const key of Object.keys(value).slice(0, 100)) {
    const part: unknown = Object.getOwnPropertyDescriptor(value, key)?.value
    if (typeof part === 'object' && part !== null && isStream(part)) return true
  }
  return false
}

/** Why a one-shot result is refused where it must be stored. */
export function oneShotError(): UnstorableValueError {
  return new UnstorableValueError(
    'value',
    'The value can be read only once (a stream, an iterator, a response), so it cannot be stored. Return what is in it.',
  )
}

function isStream(value: object): boolean {
  const like = value as { [name: PropertyKey]: unknown }
  const has = (name: PropertyKey) => typeof like[name] === 'function'
  return (
    // Iterators and generators, also asynchronous ones.
    (has('next') && (has(Symbol.iterator) || has(Symbol.asyncIterator))) ||
    // Streams of the web and of Node.
    (has('getReader') && has('cancel')) ||
    (has('getWriter') && has('abort')) ||
    ('readable' in like &&
      'writable' in like &&
      typeof like.readable === 'object' &&
      typeof like.writable === 'object') ||
    (has('pipe') && has('on')) ||
    (has('write') && has('end') && has('on')) ||
    // Bodies: Request and Response.
    (has('arrayBuffer') && has('clone') && 'bodyUsed' in like)
  )
}
