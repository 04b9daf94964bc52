/**
 * The rows of a store in which epochs stand: read with entries and alone, put where one is missing, and remembered as they
 * were last seen. What follows from them is said in `stored-epochs.ts`.
 */

import { type Answer, each, every, follow, hush, isThenable } from './answer.ts'
import { StoreError } from './errors.ts'
import type { Gate } from './gate.ts'
import { instant, nextInstant } from './instants.ts'
import { Reader, readerOf } from './reader.ts'
import { decodeToken, encodeToken, newToken, type Token } from './token.ts'

/** What was read of a store: tokens by key, and when. */
export interface Seen {
  /** The instant before it was read. */
  readonly at: number
  readonly tokens: ReadonlyMap<string, Token | undefined>
  /** What was put beside the run because it was missing, and is sure not to have been invalidated since the run began. */
  readonly early?: Answer<ReadonlyMap<string, Token>> | undefined
  /** Whether what follows replaces what there is: then a token of the call that others put meanwhile is no new one. */
  readonly replaces?: true
}

/** An entry as it was read, with the epochs it is to be held against. */
export interface Read {
  readonly held: unknown
  readonly seen: Seen | undefined
  readonly made: Map<string, unknown> | undefined
  /** Whether something kept out what the store holds when it was asked: the answer may be from before that. */
  readonly unsettled?: boolean
}

/** The token that was last seen of a name, what the store held then, and since when. */
interface Known {
  readonly token: Token
  held: unknown
  readonly since: number
}

/** A token on its way into the store. */
interface Making {
  readonly sent: number
  /** Whether it is to end what carries another. */
  readonly renews: boolean
  readonly answer: Answer<Token>
}

/** How many names are remembered. */
const remembered = 10_000

/** Keeps the latest. */
function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  if (map.size >= remembered) map.delete(map.keys().next().value as string)
  map.set(key, value)
}

/** The rows of epochs in one store, as one namespace knows them. */
export class Rows {
  readonly #gate: Gate
  /** Reads entries. */
  readonly #reader: Reader
  /** Reads epochs: the same, where they stand beside the entries. */
  readonly #rows: Reader
  /** Reads the epochs that entries are held against: the same, where none that are a while old will do. */
  readonly #recent: Reader
  /** The tokens last seen, and since when. */
  readonly #known = new Map<string, Known>()
  /** Tokens on their way into the store because they were missing. */
  readonly #making = new Map<string, Making>()
  /** When a token that was to end what carries another was last sent, of those that the store has acknowledged. */
  readonly #renewed = new Map<string, number>()
  /** Tokens that go out together at the end of this turn of the microtask queue, by their time-out. */
  readonly #puts = new Map<number, { readonly list: (readonly [string, Token])[]; readonly done: Promise<void> }>()

  constructor(gate: Gate) {
    this.#gate = gate
    this.#reader = readerOf(gate)
    const { epochs } = gate.store
    this.#rows = epochs ? new Reader(gate, epochs) : this.#reader
    this.#recent = epochs?.recent ? new Reader(gate, epochs.recent) : this.#rows
  }

  /**
   * Reads an entry and the epochs it is to be held against, in one round trip, and goes on with that.
   * @param failed hears why things could not be read together
   * @param lost goes on where they could not be read at all
   * @throws StoreError at once, where the store says so at once or is not asked
   */
  read<T>(
    entryKey: string,
    keys: readonly string[],
    timeout: number,
    failed: (error: StoreError) => void,
    next: (read: Read) => Answer<T>,
    lost: (error: unknown) => Answer<T>,
  ): Answer<T> {
    const at = instant()
    if (this.#rows === this.#reader && this.#gate.asynchronous) {
      const turn = this.#reader.turn(timeout, failed)
      turn.want(entryKey)
      for (const key of keys) turn.want(key)
      return turn.ended.then(() => {
        let read: Read
        try {
          const { tokens, made } = turn
          for (const key of keys) if (!tokens.has(key)) tokens.set(key, this.#tokenOf(key, turn.of(key)))
          read = { held: turn.of(entryKey), seen: { at, tokens }, made }
        } catch (error) {
          return lost(error)
        }
        return next(read)
      }, lost)
    }
    const read = this.#readApart(entryKey, keys, at, timeout, failed)
    return isThenable(read) ? Promise.resolve(read as PromiseLike<Read>).then(next, lost) : next(read as Read)
  }

  #readApart(
    entryKey: string,
    keys: readonly string[],
    at: number,
    timeout: number,
    failed: (error: StoreError) => void,
  ): Answer<Read> {
    if (this.#rows !== this.#reader) {
      const entry = this.#reader.read([entryKey], timeout, failed)
      hush(entry)
      return follow(every([entry, this.#recent.read(keys, timeout, failed)]), ([found, rows]) => ({
        held: found!.held[0],
        seen: this.#see(at, keys, rows!.held),
        made: found!.made,
      }))
    }
    return follow(this.#reader.read([entryKey, ...keys], timeout, failed), ({ held: [held, ...tokens], made }) => ({
      held,
      seen: this.#see(at, keys, tokens),
      made,
    }))
  }

  /**
   * Reads epochs alone.
   * @param recent whether those that are a while old will do, where the store has such
   * @throws StoreError, at once or later
   */
  look(keys: readonly string[], timeout: number, recent = false): Answer<Seen> {
    const at = instant()
    const reader = recent ? this.#recent : this.#rows
    return follow(reader.read(keys, timeout), ({ held }) => this.#see(at, keys, held))
  }

  /** What rows say that are here, as something else than a store has them; nothing where one is missing. */
  atHand(keys: readonly string[], rowOf: (key: string) => unknown): Seen | undefined {
    const at = instant()
    const tokens = new Map<string, Token | undefined>()
    for (const key of keys) {
      const row = rowOf(key)
      if (row === undefined) return undefined
      tokens.set(key, this.#tokenOf(key, row))
    }
    return { at, tokens }
  }

  #see(at: number, keys: readonly string[], held: readonly unknown[]): Seen {
    const tokens = new Map<string, Token | undefined>()
    for (const [place, key] of keys.entries()) tokens.set(key, this.#tokenOf(key, held[place]))
    return { at, tokens }
  }

  /** What a row that was read says; it is remembered. */
  #tokenOf(key: string, held: unknown): Token | undefined {
    const known = this.#known.get(key)
    // The usual row is the one that was there the last time, and need not be taken apart again.
    if (known && known.held === held && typeof held === 'string') return known.token
    const token = decodeToken(held)
    if (token) this.#remember(key, token, held)
    return token
  }

  #remember(key: string, token: Token, held?: unknown): void {
    const known = this.#known.get(key)
    if (known?.token.text === token.text) {
      known.held = held
      return
    }
    keep(this.#known, key, { token, held, since: nextInstant() })
  }

  /** What was put where one look found nothing, since then and by somebody else. */
  putSince(key: string, seen: Seen): Token | undefined {
    const known = this.#known.get(key)
    return known && known.since > seen.at ? known.token : undefined
  }

  /** Whether a token was seen before one look, and is the one that was seen last. */
  stood(key: string, text: string, seen: Seen): boolean {
    const known = this.#known.get(key)
    return known?.token.text === text && known.since <= seen.at
  }

  /**
   * Puts a token where none is; the same for all who find it missing at a time.
   * @param ending the instant since which nothing that carries another token may stand: one that was sent for that alone
   *   will do, and only after it
   * @throws StoreError, at once or later
   */
  make(key: string, until: number, timeout: number, ending?: number): Answer<Token> {
    const renews = ending !== undefined
    const underWay = this.#making.get(key)
    if (underWay && (!renews || (underWay.renews && underWay.sent > ending)))
      return this.#gate.within('set', timeout, underWay.answer)
    const made = newToken(until)
    const sent = nextInstant()
    const put = this.#put(key, made, timeout)
    const done = () => {
      this.#remember(key, made)
      if (renews) keep(this.#renewed, key, Math.max(sent, this.#renewed.get(key) ?? 0))
      return made
    }
    if (!isThenable(put)) return done()
    const answer = Promise.resolve(put).then(done)
    const own = { sent, renews, answer }
    const end = () => {
      if (this.#making.get(key) === own) this.#making.delete(key)
    }
    answer.then(end, end)
    this.#making.set(key, own)
    return answer
  }

  /** Whether this process has put a token since one look that was to end what carries another, as far as it remembers. */
  renewedSince(key: string, { at }: Seen): boolean {
    return (this.#renewed.get(key) ?? 0) > at
  }

  /** Puts a token, together with those of the same turn where the store can. */
  #put(key: string, token: Token, timeout: number): Answer<void> {
    const gate = this.#gate
    const { store } = gate
    if (!gate.asynchronous || store.epochs || !store.setMany)
      return gate.ask('set', timeout, () => this.write(key, token))
    if (gate.isOpen) return gate.ask('set', timeout, () => {})
    let turn = this.#puts.get(timeout)
    if (!turn) {
      const list: (readonly [string, Token])[] = []
      const done = Promise.resolve().then(async () => {
        this.#puts.delete(timeout)
        if (list.length > 1) {
          try {
            const rows = list.map(([key, token]) => this.#row(key, token))
            return await gate.ask('setMany', timeout, () => store.setMany!(rows as never) as Answer<void>)
          } catch (error) {
            // Late, or not asked: then it is no better one by one.
            if (!(error instanceof StoreError) || error.cause === undefined) throw error
          }
        }
        await each(list, ([key, token]) => gate.ask('set', timeout, () => this.write(key, token)))
      })
      this.#puts.set(timeout, (turn = { list, done }))
    }
    turn.list.push([key, token])
    return turn.done
  }

  #row(key: string, token: Token) {
    const { entry, expiresAt } = encodeToken(this.#gate.store.holds, key, token)
    return { key, entry, context: { expiresAt } }
  }

  /** Puts a token, whatever stands there. */
  write(name: string, token: Token): Answer<void> {
    const { store } = this.#gate
    const { key, entry, context } = this.#row(name, token)
    return (store.epochs ?? store).set(key, entry as never, context) as Answer<void>
  }
}
