import { clone } from './clone.ts'
import { EntryFormatError, UnstorableValueError } from './errors.ts'
import { defaultKeyBounds, encodeKey } from './key.ts'
import type { Entry } from './store.ts'

/** What is known of an entry besides its value. */
export type EntryFacts = Omit<Entry, 'format' | 'codec' | 'body'>

/** An entry taken apart. */
export interface Opened extends Omit<EntryFacts, 'key'> {
  /** The value or error, a copy for each caller where the store copies. @throws EntryFormatError */
  readonly take: () => unknown
  /** The tokens among its epochs, once they were told apart. */
  carried?: readonly string[]
}

/** A value on its way into an entry. */
export interface Sealed {
  /** The envelope around it, in the form the store holds. */
  readonly held: (facts: EntryFacts) => unknown
  /** What reading it back will give. */
  readonly take: () => unknown
}

/** How values get in and out of the entries of one store. */
export interface Sealer {
  /** Encodes a value. @throws UnstorableValueError */
  seal(value: unknown): Sealed
  /** Takes apart what a store returned for `key`. @throws EntryFormatError where it is anything but that key's entry */
  open(held: unknown, key: string): Opened
}

/** What this release reads. */
export const supported = 'format 2'

/** For stores that hold references: the entry is the envelope. */
export function referenceSealer(copies: boolean, onMutated?: (entry: Entry) => void): Sealer {
  const prints = onMutated && new WeakMap<Entry, string>()
  const copy = copies ? clone : <T>(value: T) => value
  return {
    seal(value) {
      const body = copy(value)
      const held = (facts: EntryFacts): Entry => {
        const { key, createdAt, outcome, promised, epochs, tags, tagPolicy, until } = facts
        const codec = 'reference'
        const entry: Entry = {
          format: 2,
          key,
          createdAt,
          codec,
          outcome,
          promised,
          epochs,
          tags,
          tagPolicy,
          until,
          body,
        }
        const print = prints && fingerprint(body)
        if (print) prints.set(entry, print)
        return entry
      }
      return { held, take: () => copy(body) }
    },
    open(held, key) {
      if (typeof held !== 'object' || held === null) throw new EntryFormatError(`a ${typeof held}`, supported)
      const entry = held as Entry
      const { format, key: own, codec, body } = entry
      if (format !== 2 || codec !== 'reference' || !isFacts(entry)) {
        throw new EntryFormatError('something that is not an entry', supported)
      }
      if (own !== key) throw new EntryFormatError('the entry of another key', supported)
      const print = prints?.get(entry)
      if (print !== undefined && print !== fingerprint(body)) {
        prints!.delete(entry)
        onMutated!(entry)
      }
      const { createdAt, outcome, promised, epochs, tags, tagPolicy, until } = entry
      return { createdAt, outcome, promised, epochs, tags, tagPolicy, until, take: () => copy(body) }
    },
  }
}

/** Whether an envelope that came from anywhere has what one has. */
export function isFacts(value: Partial<EntryFacts>): value is EntryFacts {
  const { key, createdAt, outcome, promised, epochs, tags, tagPolicy, until } = value
  return (
    typeof key === 'string' &&
    Number.isFinite(createdAt) &&
    (outcome === 'value' || outcome === 'error') &&
    typeof promised === 'boolean' &&
    (typeof epochs === 'string' || Number.isFinite(epochs)) &&
    (tags === undefined || (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'))) &&
    (tagPolicy === undefined || typeof tagPolicy === 'string') &&
    (until === undefined || Number.isFinite(until))
  )
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
  if (isStream(value)) return true
  // One level down: a stream handed out in a plain envelope such as `{ status, body }`, among its first hundred parts.
  if (Array.isArray(value)) return value.slice(0, 100).some(isStream)
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  let seen = 0
  for (const key in value) {
    if ((seen += 1) > 100) break
    if (isStream(Object.getOwnPropertyDescriptor(value, key)?.value)) return true
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

/** Whether a value is an iterator, a stream or a body; no code of its own is run to see that. */
function isStream(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  // Most values have none of these names at all, which is much quicker to see than what they stand for.
  if (!('next' in value || 'pipe' in value || 'write' in value || Symbol.toStringTag in value)) return false
  const has = (name: PropertyKey) => typeof memberOf(value, name) === 'function'
  return (
    // Iterators and generators, also asynchronous ones.
    (has('next') && (has(Symbol.iterator) || has(Symbol.asyncIterator))) ||
    // Streams of Node.
    (has('pipe') && has('on')) ||
    (has('write') && has('end') && has('on')) ||
    // Streams and bodies of the web, by the tag on their class.
    /Stream$|^Re(?:quest|sponse)$/.test(String(memberOf(value, Symbol.toStringTag)))
  )
}

/** What a data property of an object or its prototypes holds. */
function memberOf(value: object, name: PropertyKey): unknown {
  for (let object: object | null = value; object; object = Object.getPrototypeOf(object) as object | null) {
    const property = Object.getOwnPropertyDescriptor(object, name)
    if (property) return property.value
  }
  return undefined
}
