/**
 * The codec: a value to text and back, for stores that hold text or bytes.
 *
 * The rule: what `decode` returns is what `encode` was given, type for type; or `encode` refused, with the path of the
 * part that is in the way. `decode` answers any string with a value or an `EntryFormatError`, and nothing else: it runs
 * no code that came with the text, touches no prototype, and takes time and memory in proportion to the text.
 *
 * devalue writes and reads the text. What it may see is decided in `storable.ts`, which also lists what is inexact; what
 * it does not know it is shown as `["~", parts]`, made into the value by `make` below.
 *
 * Decision and figures: docs/decisions/0003-codec.md. Tests: test/codec.test.ts, test/codec-hostile.test.ts.
 */
import { parse, stringify, unflatten } from 'devalue'
import { AutocacheError, EntryFormatError, UnstorableValueError } from './errors.ts'
import { type Class, type CodecType, errorNames, host, Made, storable } from './storable.ts'

export type { CodecType } from './storable.ts'

/** Turns values into text and back. */
export interface Codec {
  /** Names the format and the registered types. Stored with each entry; an entry of another id is a miss. */
  readonly id: string
  /**
   * The value as text: well-formed UTF-16, so that UTF-8 carries it.
   * @throws UnstorableValueError where the decoded copy would differ
   */
  encode(value: unknown): string
  /**
   * A new copy of the value that `encode` wrote as this text.
   * @throws EntryFormatError for any other text, and nothing else
   */
  decode(text: string): unknown
  /**
   * The same from what `JSON.parse` makes of the text, for a codec whose texts are JSON: where a value already lies within somebody
   * else's JSON it need not be read twice.
   * @throws EntryFormatError for anything else
   */
  hydrate?(parsed: unknown): unknown
}

/** Changes whenever an old text would be read differently; the golden vectors pin it. */
const FORMAT = 'devalue1'

/** The codecs without types of somebody's. */
const simple = new WeakSet<Codec>()

/** Makes a value from its tag and parts, which are as hostile as the text they came from. */
function make(tag: string, parts: unknown[]): unknown {
  switch (tag) {
    case 'Symbol':
      return Symbol.for(textOf(parts[0]))
    case 'Buffer':
      Reflect.get(ArrayBuffer.prototype, 'byteLength', parts[0]) // throws unless it is an ArrayBuffer
      return (host.Buffer as unknown as { from(bytes: unknown): object }).from(parts[0])
    case 'Headers': {
      const headers = new Headers()
      for (let i = 0; i < parts.length; i += 2) headers.append(textOf(parts[i]), textOf(parts[i + 1]))
      return headers
    }
    case 'Duration':
      return Reflect.construct(host.Temporal?.Duration as Class, parts)
    case 'Error': {
      const name = textOf(parts[0])
      if (!errorNames.includes(name)) throw new TypeError('No error')
      const error = Reflect.construct(host[name] as Class, [''])
      for (const key of Reflect.ownKeys(error)) Reflect.deleteProperty(error, key)
      for (let i = 1; i < parts.length; i += 3) {
        const attributes = {
          value: parts[i + 2],
          enumerable: parts[i + 1] === true,
          writable: true,
          configurable: true,
        }
        Object.defineProperty(error, textOf(parts[i]), attributes)
      }
      return error
    }
    default:
      throw new TypeError('Unknown tag')
  }
}

function textOf(part: unknown): string {
  if (typeof part !== 'string') throw new TypeError('No text')
  return part
}

/**
 * A codec that also stores values of the given types. Their order does not matter, except where two match one value.
 * @throws AutocacheError `INVALID_OPTION` for a name that is malformed or given twice
 * @example
 * ```ts
 * import { createCodec } from '@autocache/core/codec'
 * const codec = createCodec()
 * codec.encode({ tags: new Set(['a']) }) // '[{"tags":1},["Set",2],"a"]'
 * const rows = [{ load: () => 1 }] // codec.encode({ rows }) throws: Cannot store value.rows[0].load: it is a function.
 * ```
 */
export function createCodec(types: readonly CodecType[] = []): Codec {
  const byTag = new Map(types.map((type) => [`+${type.name}`, type]))
  if (byTag.size !== types.length || types.some((type) => !/^[A-Za-z][\w.-]*$/.test(type.name))) {
    const rule = 'a letter, then letters, digits, "_", "." and "-"'
    throw new AutocacheError('INVALID_OPTION', `Give every codec type a name of its own: ${rule}.`)
  }
  const names = types.map((type) => type.name).sort()
  const id = names.length === 0 ? FORMAT : `${FORMAT}+${names.join()}`

  function revive(list: unknown[], spent: Set<unknown>): unknown {
    // A list serves once and has no holes, so that a short text cannot ask for the same long work many times.
    if (spent.has(list) || Object.keys(list).length !== list.length) throw new TypeError('No parts')
    spent.add(list)
    const [tag, ...parts] = list
    const type = byTag.get(textOf(tag))
    if (type === undefined) return make(textOf(tag), parts)
    try {
      return type.decode(parts[0])
    } catch (cause) {
      throw new EntryFormatError(`data that the codec type ${type.name} does not decode`, id, { cause })
    }
  }

  /** What a reading gives; without a cause where it fails: that message could quote the text. */
  function read(reading: (spent: Set<unknown>) => unknown): unknown {
    try {
      return reading(new Set())
    } catch (error) {
      throw error instanceof EntryFormatError ? error : new EntryFormatError('a body that no encode wrote', id)
    }
  }

  const made: Codec = {
    id,
    encode(value) {
      const copy = storable(value, types)
      try {
        return stringify(copy, { '~': (part: unknown) => part instanceof Made && part.parts })
      } catch (cause) {
        const message = 'Cannot store value: it is more than one text can hold. Return less, or store it in parts.'
        throw new UnstorableValueError('value', message, { cause })
      }
    },
    decode: (text) => read((spent) => parse(text, { '~': (list) => revive(list, spent) })),
    hydrate: (parsed) => read((spent) => unflatten(parsed as unknown[], { '~': (list) => revive(list, spent) })),
  }
  // What a type of somebody's decodes to could be anything.
  if (types.length === 0) simple.add(made)
  return made
}

/** The codec without types of yours. */
export const codec: Codec = createCodec()

/**
 * Decodes one text again and again. What our codec made of it is mostly plain data: then the second value is kept, and
 * copied for all who come after, which takes a tenth of the time.
 */
export function decoder(by: Codec, text: string): () => unknown {
  let times = 0
  let copies: (() => unknown) | undefined
  return () => {
    if (copies) return copies()
    const value = by.decode(text)
    times += 1
    if (times !== 2 || !simple.has(by) || !isPlainTree(value, new Set())) return value
    copies = copier(value)
    return copies()
  }
}

/** Whether a decoded value is made of plain objects and lists, each in one place only and not too deep for a copy. */
function isPlainTree(value: unknown, seen: Set<unknown>, depth = 100): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (seen.has(value) || depth === 0) return false
  seen.add(value)
  const parts: unknown[] = Object.values(value)
  if (Array.isArray(value) ? parts.length !== value.length : Object.getPrototypeOf(value) !== Object.prototype)
    return false
  return parts.every((part) => isPlainTree(part, seen, depth - 1))
}

/** What copies a plain tree: which of its parts have parts themselves is found out once. */
function copier(value: unknown): () => unknown {
  if (typeof value !== 'object' || value === null) return () => value
  const parts = Object.entries(value).filter(([, part]) => typeof part === 'object' && part !== null)
  const inner = parts.map(([, part]) => copier(part))
  const keys = parts.map(([key]) => key)
  // devalue makes no object with a `__proto__` of its own.
  const copy = Array.isArray(value) ? () => value.slice() : () => ({ ...value })
  if (keys.length === 0) return copy
  return () => {
    const made = copy() as Record<string, unknown>
    for (let at = 0; at < keys.length; at++) made[keys[at]!] = inner[at]!()
    return made
  }
}
