/**
 * What core needs only with stores that others use, or that hold text or bytes: the codec, SHA-256 and the sealed form of an
 * entry; epochs that stand in a store; reads and hits together by turns; turns by locks. `createAutocache` and the adapters
 * bring it; `cached` over memory does without, which is what keeps it small.
 */
import { type Codec, decoder, codec as defaultCodec } from './codec.ts'
import { digest } from './digest.ts'
import { type EntryFacts, isFacts, type Sealer, supported } from './entry.ts'
import { EntryFormatError, UnstorableValueError } from './errors.ts'
import type { Gate } from './gate.ts'
import { createGlance } from './glance.ts'
import { createTurns } from './lock.ts'
import { Naming } from './names.ts'
import { nearOf } from './near.ts'
import { type Reader, readerOf } from './reader.ts'
import type { Holds } from './store.ts'
import { StoredEpochs } from './stored-epochs.ts'

/** The part of core that encodes. */
export interface Wire {
  /** SHA-256 of a text as base64url. */
  digest(text: string): string
  /** Seals for a store of a kind. */
  sealer(holds: Exclude<Holds, 'references'>, codec: Codec | undefined): Sealer
  /** The reads of a store that promises, together by turns. */
  reader(gate: Gate): Reader
  /** The epochs of a namespace that stand in a store which others use. */
  epochs(gate: Gate, prefixOf: (label: string) => string): StoredEpochs
  /** Hits over a store that promises. */
  readonly glance: typeof createGlance
  /** Hits in memory in front of a store that others use. */
  readonly near: typeof nearOf
  /** One fill among processes, over a store with locks. */
  readonly turns: typeof createTurns
}

/**
 * For stores that hold text: `a2.<checksum>.<header>\n<body>`, where the header is one line of JSON and the checksum is
 * 128 bits of the SHA-256 of all that follows it. Any damage, another format, key or codec is an `EntryFormatError`.
 */
function textSealer(codec: Codec): Sealer {
  return {
    seal(value) {
      let body: string
      try {
        body = codec.encode(value)
      } catch (error) {
        if (error instanceof UnstorableValueError) throw error
        throw new UnstorableValueError('value', `The codec ${codec.id} could not encode the value.`, { cause: error })
      }
      const held = ({ key, createdAt, outcome, promised, epochs, tags, tagPolicy, until }: EntryFacts) => {
        const header = { key, createdAt, codec: codec.id, outcome, promised, epochs, tags, tagPolicy, until }
        const rest = `${JSON.stringify(header)}\n${body}`
        return `a2.${checksum(rest)}.${rest}`
      }
      return { held, take: taking(codec, body) }
    },
    open(held, key) {
      if (typeof held !== 'string') throw new EntryFormatError(`a ${typeof held}`, supported)
      if (!held.startsWith('a2.')) throw new EntryFormatError('text of another format', supported)
      const rest = held.slice(26)
      if (held[25] !== '.' || held.slice(3, 25) !== checksum(rest)) {
        throw new EntryFormatError('a damaged entry', supported)
      }
      const line = rest.indexOf('\n')
      const header = headerOf(rest.slice(0, line))
      if (header.key !== key) throw new EntryFormatError('the entry of another key', supported)
      if (header.codec !== codec.id) throw new EntryFormatError('the entry of another codec', `codec ${codec.id}`)
      const body = rest.slice(line + 1)
      const { createdAt, outcome, promised, epochs, tags, tagPolicy, until } = header
      return { createdAt, outcome, promised, epochs, tags, tagPolicy, until, take: taking(codec, body) }
    },
  }
}

/** Gives each who asks a value of his own. */
function taking(codec: Codec, body: string): () => unknown {
  const decode = decoder(codec, body)
  return () => {
    try {
      return decode()
    } catch (error) {
      if (error instanceof EntryFormatError) throw error
      throw new EntryFormatError('a body the codec refuses', `codec ${codec.id}`, { cause: error })
    }
  }
}

/** For stores that hold bytes: the text form as UTF-8. */
function bytesSealer(codec: Codec): Sealer {
  const text = textSealer(codec)
  return {
    seal(value) {
      const { held, take } = text.seal(value)
      return { held: (facts) => new TextEncoder().encode(held(facts) as string), take }
    },
    open(held, key) {
      // By brand and not by class: bytes may come from another realm.
      if (!ArrayBuffer.isView(held)) throw new EntryFormatError(`a ${typeof held}`, supported)
      let decoded: string
      try {
        decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(held)
      } catch (cause) {
        throw new EntryFormatError('bytes that are not UTF-8', supported, { cause })
      }
      return text.open(decoded, key)
    },
  }
}

function checksum(text: string): string {
  return digest(text).slice(0, 22)
}

/** The header of a text whose checksum was right. It may still have been written by somebody else. */
function headerOf(line: string): EntryFacts & { codec: string } {
  let header: Partial<EntryFacts & { codec: string }> | null
  try {
    header = JSON.parse(line) as typeof header
  } catch (cause) {
    throw new EntryFormatError('a header that is not JSON', supported, { cause })
  }
  if (typeof header !== 'object' || header === null || typeof header.codec !== 'string' || !isFacts(header)) {
    throw new EntryFormatError('a header with other fields', supported)
  }
  return header as EntryFacts & { codec: string }
}

/** The part of core that encodes. Adapters of stores that hold text or bytes put it on their store. */
export const wire: Wire = {
  digest,
  sealer: (holds, codec = defaultCodec) => (holds === 'text' ? textSealer(codec) : bytesSealer(codec)),
  reader: readerOf,
  epochs: (gate, prefixOf) => new StoredEpochs(gate, new Naming(prefixOf, digest)),
  glance: createGlance,
  near: nearOf,
  turns: createTurns,
}
