/**
 * An entry as a framework's cache holds it: a structure that JSON writes, and not text within text, so that the framework's one
 * `JSON.parse` is the only reading of it. Of plain data the body is the value itself.
 */
import { type Codec, codec as defaultCodec } from './codec.ts'

/** An entry at rest; without a codec the body is plain data. */
export type Parcel = readonly [
  format: 1,
  key: string,
  createdAt: number,
  until: number | null,
  tags: readonly string[],
  codec: string | 0,
  body: unknown,
]

/** An entry taken apart. */
export interface Opened {
  readonly createdAt: number
  /** Epoch milliseconds at which a cached call that its function made expires. */
  readonly until: number
  /** The tags of those calls. */
  readonly tags: readonly string[]
  /** Whether a run of this process has just made it. */
  readonly isNew: boolean
  /** The value, a copy for each caller. @throws EntryFormatError */
  readonly take: () => unknown
}

/** The text of what this process made: until the framework has read it back, it may be handed to several. */
const made = new WeakMap<object, string>()

/** @throws UnstorableValueError */
export function pack(
  value: unknown,
  codec: Codec,
  facts: { readonly key: string; readonly createdAt: number; readonly until: number; readonly tags: readonly string[] },
): Parcel {
  const encoded = codec.encode(value)
  const plain = codec === defaultCodec && isPlain(value, new Set(), 0)
  const text = plain ? JSON.stringify(value) : encoded
  const body: unknown = plain || codec.hydrate ? JSON.parse(text) : text
  const { key, createdAt, until, tags } = facts
  const parcel: Parcel = [1, key, createdAt, until === Infinity ? null : until, tags, plain ? 0 : codec.id, body]
  made.set(parcel, text)
  return parcel
}

/** Whether a framework that puts the entry into a text may do so in so many characters. */
export function fits(parcel: Parcel, maxSize: number): boolean {
  // An escape is at most six characters, and is escaped again.
  if (maxSize === Infinity || made.get(parcel)!.length < maxSize / 16) return true
  return JSON.stringify(JSON.stringify(parcel)).length <= maxSize
}

/** Takes apart what a framework answered; nothing where it is anything but the entry of that key. */
export function unpack(found: unknown, key: string, codec: Codec): Opened | undefined {
  if (!Array.isArray(found) || found[0] !== 1 || found[1] !== key) return undefined
  // By index: every hit is here, and taking a list apart by its iterator costs as much as all the rest.
  const parcel = found as unknown as Parcel
  const createdAt = parcel[2]
  const until = parcel[3]
  const tags = parcel[4]
  const codecId = parcel[5]
  const body = parcel[6]
  if (typeof createdAt !== 'number' || !Array.isArray(tags)) return undefined
  if (codecId !== 0 && codecId !== codec.id) return undefined
  const text = made.get(found)
  const take = () => {
    if (codecId === 0) return text === undefined ? body : (JSON.parse(text) as unknown)
    if (text !== undefined) return codec.decode(text)
    return codec.hydrate ? codec.hydrate(body) : codec.decode(body as string)
  }
  return { createdAt, until: until ?? Infinity, tags, isNew: text !== undefined, take }
}

/**
 * Whether JSON writes and reads a storable value without loss.
 * @param seen objects so far: one that stands in two places is one object, which JSON cannot say
 */
function isPlain(value: unknown, seen: Set<object>, depth: number): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object' || depth > 100 || seen.has(value)) return false
  seen.add(value)
  const inner = (part: unknown) => isPlain(part, seen, depth + 1)
  if (Array.isArray(value)) return Object.keys(value).length === value.length && value.every(inner)
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(inner)
}
