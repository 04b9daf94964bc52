/**
 * Epochs in a store that others use (see `epochs.ts` for what they are): a random token under a key of its own for each
 * name. They need of a store no more than an entry does: no counter, no transaction, no order of arrival.
 *
 * - **Read with the entry.** An entry answers while the tokens it carries are those that stand in the store. One that is
 *   not there is a miss: a store that dropped it, or that came back empty, cannot say what was invalidated meanwhile.
 * - **Known before the function runs.** What was read with the miss is known then, and any later invalidation replaces
 *   it. Of what was not (a token that is missing and has to be made, a tag that the result gave) nothing is known about
 *   the time of the run. So every invalidation first replaces one token more: the *activity* of the function, or of all tags. Where that
 *   is still the one from before the run once the unknown tokens have been read or made, none of them was invalidated
 *   meanwhile, because its invalidation would have shown there first; otherwise the entry is not written. Of a tag that
 *   this process saw before the run, and that is the same now, nothing has to be ruled out, however busy the others are.
 * - **Late writes are harmless.** A token that lands late, of a call that was given up, matches no entry but those that
 *   carry it, and they are made after it was acknowledged.
 * - **Not acknowledged is not forgotten.** The names of an invalidation that failed are distrusted in this process until
 *   the store took it, which is tried again (R20, `gate.ts`).
 *
 * Decision: docs/decisions/0014-invalidation.md, with what was refused (counters, clocks, tombstones).
 */

import { type Answer, every, follow, hush, isThenable, rescue } from './answer.ts'
import { Debts } from './debts.ts'
import { StoreError } from './errors.ts'
import type { Gate } from './gate.ts'
import { instant, nextInstant } from './instants.ts'
import { Reader, readerOf, type Token } from './reader.ts'

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

/** The names of one call by their keys in the store, and where it stands that something like them was invalidated. */
export interface Names {
  /** The activity of the function: replaced before `all` or a call's is. */
  readonly activity: string
  readonly all: string
  readonly call: string
  /** The activity of tags: replaced before a tag's is. */
  readonly tagActivity: string
  /** Those tags that are known before a run. */
  readonly tags: readonly string[]
  /** All of them. */
  readonly keys: readonly string[]
}

/** The token that was last seen of a name, what the store held then, and since when. */
interface Known {
  readonly token: Token
  held: unknown
  readonly since: number
}

/** How many keys and tokens are remembered. */
const remembered = 10_000

/** How long nothing is made for a run to begin after that failed, in milliseconds. */
const pause = 1000

const minute = 60_000
const month = 30 * 86_400_000

/** The epochs of one namespace in one store. */
export class StoredEpochs {
  readonly #gate: Gate
  readonly #debts: Debts
  /** Reads entries. */
  readonly #reader: Reader
  /** Reads epochs: the same, where they stand beside the entries. */
  readonly #rows: Reader
  /** Reads the epochs that entries are held against: the same, where none that are a while old will do. */
  readonly #recent: Reader
  /** The beginning of the keys of a label's names. */
  readonly #prefixOf: (label: string) => string
  readonly #digest: (text: string) => string
  /** The tokens last seen, and since when. */
  readonly #known = new Map<string, Known>()
  readonly #tagKeys = new Map<string, string>()
  /** Tokens on their way into the store because they were missing. */
  readonly #making = new Map<string, Answer<Token>>()
  /** Tokens that go out together at the end of this turn of the microtask queue, by their time-out. */
  readonly #puts = new Map<number, { readonly list: (readonly [string, Token])[]; readonly done: Promise<void> }>()
  #failedAt = -Infinity

  constructor(gate: Gate, prefixOf: (label: string) => string, digest: (text: string) => string) {
    this.#gate = gate
    this.#debts = Debts.of(gate)
    this.#prefixOf = prefixOf
    this.#digest = digest
    this.#reader = readerOf(gate)
    const { epochs } = gate.store
    this.#rows = epochs ? new Reader(gate, epochs) : this.#reader
    this.#recent = epochs?.recent ? new Reader(gate, epochs.recent) : this.#rows
  }

  /** What makes the names of a function's calls, from what an invalidation names them by and its digest, if that is known. */
  naming(label: string, tags: readonly string[]): (subject: string, digested?: string) => Names {
    const prefix = this.#prefixOf(label)
    const fixed = {
      activity: `${prefix}a`,
      all: `${prefix}f`,
      tagActivity: this.tagKey(''),
      tags: tags.map((tag) => this.tagKey(tag)),
    }
    const { activity, all, tagActivity } = fixed
    return (subject, digested = this.#digest(subject)) => {
      const call = `${prefix}~${digested}`
      return { ...fixed, call, keys: [activity, all, call, tagActivity, ...fixed.tags] }
    }
  }

  /** The key under which the epoch of a tag stands; that of `''`, which is no tag, is the activity of them all. */
  tagKey(tag: string): string {
    let key = this.#tagKeys.get(tag)
    if (key === undefined) {
      if (this.#tagKeys.size >= remembered) this.#tagKeys.clear()
      // No label is empty.
      this.#tagKeys.set(tag, (key = `${this.#prefixOf('')}~${this.#digest(tag)}`))
    }
    return key
  }

  /**
   * Reads an entry and the epochs it is to be held against, in one round trip, and goes on with that.
   * @param failed hears why things could not be read together
   * @param lost goes on where they could not be read at all
   * @throws StoreError at once, where the store says so at once or is not asked
   */
  read<T>(
    entryKey: string,
    names: Names,
    timeout: number,
    failed: (error: StoreError) => void,
    next: (read: Read) => Answer<T>,
    lost: (error: unknown) => Answer<T>,
  ): Answer<T> {
    const { keys } = names
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

  /** What is at hand of a call's epochs and of those of other tags; nothing where one of them is not. */
  atHand(rowOf: (key: string) => unknown, { keys }: Names, others: readonly string[]): Seen | undefined {
    const at = instant()
    const tokens = new Map<string, Token | undefined>()
    for (const key of others.length === 0 ? keys : [...keys, ...others.map((tag) => this.tagKey(tag))]) {
      const row = rowOf(key)
      if (row === undefined) return undefined
      tokens.set(key, this.#tokenOf(key, row))
    }
    return { at, tokens }
  }

  /** Reads epochs alone. @throws StoreError, at once or later */
  #look(keys: readonly string[], timeout: number, reader = this.#rows): Answer<Seen> {
    const at = instant()
    return follow(reader.read(keys, timeout), ({ held }) => this.#see(at, keys, held))
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
    const token = parse(held)
    if (token) this.#remember(key, token, held)
    return token
  }

  #remember(key: string, token: Token, held?: unknown): void {
    const known = this.#known.get(key)
    if (known?.token.text === token.text) {
      known.held = held
      return
    }
    this.#known.delete(key)
    if (this.#known.size >= remembered) this.#known.delete(this.#known.keys().next().value as string)
    this.#known.set(key, { token, held, since: nextInstant() })
  }

  /** What was put where one look found nothing, since then and by somebody else. */
  #putSince(key: string, seen: Seen): Token | undefined {
    const known = this.#known.get(key)
    return known && known.since > seen.at ? known.token : undefined
  }

  /** Whether what was read of a name is distrusted: its invalidation was not acknowledged before. */
  owes({ all, call, tags }: Names, { at }: Seen): boolean {
    const debts = this.#debts
    return debts.owedSince(at) && [all, call, ...tags].some((key) => debts.owes(key, at))
  }

  /** Whether what was read of a tag is distrusted. */
  owesTag(tag: string, { at }: Seen): boolean {
    const debts = this.#debts
    return debts.owedSince(at) && (tag === '' || debts.owes(this.tagKey(tag), at))
  }

  /**
   * Whether the tokens that an entry carries stand: those of its names, then those of its other tags, in order. What was
   * not read yet is read now, in one round trip.
   */
  stand(
    carried: readonly string[],
    names: Names,
    others: readonly string[],
    seen: Seen,
    timeout: number,
  ): Answer<boolean> {
    const { all, call, tags } = names
    if (carried.length !== 2 + tags.length + others.length) return false
    // Where this process has put or seen another token since then, what was read is older than that.
    const matches = (key: string, text: string | undefined, tokens = seen.tokens) =>
      tokens.get(key)?.text === text && (this.#putSince(key, seen)?.text ?? text) === text
    if (!matches(all, carried[0]) || !matches(call, carried[1])) return false
    if (tags.length === 0 && others.length === 0) return true
    const match = (tokens: Seen['tokens'], list: readonly string[], from: number) =>
      list.every((key, at) => matches(key, carried[from + at], tokens))
    if (!match(seen.tokens, tags, 2)) return false
    const rest = others.map((tag) => this.tagKey(tag))
    const from = 2 + tags.length
    const unread = rest.filter((key) => !seen.tokens.has(key))
    if (unread.length === 0) return match(seen.tokens, rest, from)
    return follow(this.#look(unread, timeout, this.#recent), ({ tokens }) =>
      match(new Map([...seen.tokens, ...tokens]), rest, from),
    )
  }

  /** Whether nothing of a call's names was invalidated between two looks at them; `all` where no tag was either. */
  same(one: Seen, other: Seen, { activity, all, call, tagActivity, tags }: Names): 'all' | 'names' | 'no' {
    const equal = (key: string) => {
      const token = one.tokens.get(key)
      return token !== undefined && token.text === other.tokens.get(key)?.text
    }
    if (!equal(activity) && !(equal(all) && equal(call))) return 'no'
    if (equal(tagActivity)) return 'all'
    return tags.every(equal) ? 'names' : 'no'
  }

  /** What was seen of a call's names before its run, as one text without line breaks; with 128 random bits before it. */
  note(seen: Seen, names: Names): string {
    const tokens = names.keys.map((key) => seen.tokens.get(key)?.text ?? '-')
    return [token(0).text, ...tokens].join(' ')
  }

  /** Whether something of a call's names was invalidated since a run began that left this note, as far as that is known. */
  isPast(note: string, seen: Seen, names: Names): boolean {
    const keys = names.keys
    const before = note.split(' ').slice(1)
    if (before.length !== keys.length) return false
    const differs = (key: string) => {
      const text = before[keys.indexOf(key)]
      const token = seen.tokens.get(key)
      return text !== '-' && token !== undefined && token.text !== text
    }
    const { activity, all, call, tagActivity, tags } = names
    // A token alone may be another one because the run itself put it.
    return (differs(activity) && (differs(all) || differs(call))) || (differs(tagActivity) && tags.some(differs))
  }

  /**
   * Makes sure that activity is known before a function runs: what was seen then, or nothing where it cannot be. What else
   * is missing is put while the function runs, so that it is known at the end and hardly anything can have come between.
   * @param life how long the entry is going to live, in milliseconds, as far as that is known
   */
  begin(
    seen: Seen,
    names: Names,
    life: number,
    now: number,
    timeout: number,
    failed: (error: unknown) => void,
  ): Answer<Seen | undefined> {
    return follow(
      this.#active(seen, names, timeout, failed),
      (known) => known && { ...known, early: this.#early(known, names, life, now, timeout) },
    )
  }

  /** What was seen, with activity, which is put where it is missing. */
  #active(
    seen: Seen,
    { activity, tagActivity }: Names,
    timeout: number,
    failed: (error: unknown) => void,
  ): Answer<Seen | undefined> {
    const missing = [activity, tagActivity].filter((key) => !seen.tokens.get(key))
    if (missing.length === 0) return seen
    // A store that takes no writes is not waited for by every call.
    if (performance.now() - this.#failedAt < pause) return undefined
    return rescue<Seen | undefined>(
      () =>
        follow(
          every(missing.map((key) => this.#putSince(key, seen) ?? this.#make(key, Infinity, timeout))),
          (made) => ({
            ...seen,
            tokens: new Map([...seen.tokens, ...missing.map((key, at): [string, Token] => [key, made[at]!])]),
          }),
        ),
      (error) => {
        this.#failedAt = performance.now()
        failed(error)
        return undefined
      },
    )
  }

  #early(
    seen: Seen,
    names: Names,
    life: number,
    now: number,
    timeout: number,
  ): Answer<ReadonlyMap<string, Token>> | undefined {
    const { all, call, tags } = names
    const missing = [all, ...(seen.replaces ? [] : [call]), ...tags].filter((key) => {
      const own = seen.tokens.get(key)
      return !own || own.until < now + life
    })
    if (missing.length === 0) return undefined
    const activities = [...new Set(missing.map((key) => this.#activityOf(key, names)))]
    const none: ReadonlyMap<string, Token> = new Map()
    return rescue<ReadonlyMap<string, Token>>(
      () =>
        follow(
          every(
            missing.map(
              (key) => this.#putSince(key, seen) ?? this.#make(key, this.#end(key, names, life, now), timeout),
            ),
          ),
          (made) =>
            follow(this.#look(activities, timeout), ({ tokens }) => {
              const rested = activities.every((key) => tokens.get(key)?.text === seen.tokens.get(key)?.text)
              return rested ? new Map(missing.map((key, at) => [key, made[at]!])) : none
            }),
        ),
      // It is tried again at the end.
      () => none,
    )
  }

  #activityOf(key: string, { activity, all, call, tagActivity }: Names): string {
    return key === all || key === call ? activity : tagActivity
  }

  /** Until when a token stands: of one call few entries hang on it, and it goes with them; a function's stays. */
  #end(key: string, { all, call }: Names, life: number, now: number): number {
    const least = key === call ? minute : key === all ? Infinity : month
    return now + Math.max(4 * life, least)
  }

  /** Puts a token where none is; the same for all who find it missing at a time. @throws StoreError, at once or later */
  #make(key: string, until: number, timeout: number): Answer<Token> {
    const underWay = this.#making.get(key)
    if (underWay) return this.#gate.within('set', timeout, underWay)
    const made = token(until)
    const put = this.#put(key, made, timeout)
    if (!isThenable(put)) {
      this.#remember(key, made)
      return made
    }
    const end = () => void this.#making.delete(key)
    const answer = Promise.resolve(put).then(() => {
      this.#remember(key, made)
      return made
    })
    answer.then(end, end)
    this.#making.set(key, answer)
    return answer
  }

  /** Writes a token, together with those of the same turn where the store can. */
  #put(key: string, token: Token, timeout: number): Answer<void> {
    const gate = this.#gate
    const { store } = gate
    if (!gate.asynchronous || store.epochs || !store.setMany)
      return gate.ask('set', timeout, () => this.#write(key, token))
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
        await every(list.map(([key, token]) => gate.ask('set', timeout, () => this.#write(key, token))))
      })
      this.#puts.set(timeout, (turn = { list, done }))
    }
    turn.list.push([key, token])
    return turn.done
  }

  /**
   * The tokens that an entry of a run may carry, or nothing where something of it may have been invalidated since the run
   * began.
   * @param others tags that are known only now
   * @param given tokens of tags that cached calls of the run brought with them, by key
   * @param life how long the entry lives, in milliseconds
   */
  settle(
    names: Names,
    others: readonly string[],
    given: ReadonlyMap<string, string>,
    seen: Seen,
    life: number,
    now: number,
    timeout: number,
  ): Answer<string | undefined> {
    return follow(seen.early, (early) => this.#settle(names, others, given, seen, early, life, now, timeout))
  }

  #settle(
    names: Names,
    others: readonly string[],
    given: ReadonlyMap<string, string>,
    seen: Seen,
    early: ReadonlyMap<string, Token> | undefined,
    life: number,
    now: number,
    timeout: number,
  ): Answer<string | undefined> {
    const { all, call, tags } = names
    const keys = [all, call, ...tags, ...others.map((tag) => this.tagKey(tag))]
    const found = new Map<string, string>()
    const lasts = (token: Token) => token.until >= now + life
    for (const key of keys) {
      const own = seen.tokens.get(key)
      const brought = given.get(key)
      // The run and a cached call of it saw different epochs: between them it was invalidated.
      if (brought !== undefined && own !== undefined && brought !== own.text) return undefined
      const put = early?.get(key)
      // What was put has replaced what was there.
      const known = brought ?? [put, own].find((one) => one && lasts(one))?.text
      if (known !== undefined) found.set(key, known)
    }
    const carried = () => keys.map((key) => found.get(key)).join(' ')
    const rest = keys.filter((key) => !found.has(key))
    if (rest.length === 0) return carried()
    /** Whose invalidation since the run began has to be ruled out, and shows in their activity. */
    const unsure = new Set<string>()
    const take = (key: string, text: string) => {
      found.set(key, text)
      const known = this.#known.get(key)
      // Seen before the run and the same now: it was not invalidated.
      if (known?.token.text !== text || known.since > seen.at) unsure.add(this.#activityOf(key, names))
    }
    const unread = rest.filter((key) => !seen.tokens.has(key))
    return follow(unread.length === 0 ? undefined : this.#rows.read(unread, timeout), (values) => {
      for (const [place, key] of unread.entries()) {
        const token = parse(values!.held[place])
        if (!token || !lasts(token)) continue
        take(key, token.text)
        this.#remember(key, token, values!.held[place])
      }
      for (const key of rest) {
        const known = found.has(key) || seen.tokens.get(key) || (seen.replaces && key === call)
        const token = known ? undefined : this.#putSince(key, seen)
        if (token && lasts(token)) take(key, token.text)
      }
      const missing = rest.filter((key) => !found.has(key))
      const made = missing.map((key) => this.#make(key, this.#end(key, names, life, now), timeout))
      return follow(every(made), (tokens) => {
        for (const [at, key] of missing.entries()) {
          found.set(key, tokens[at]!.text)
          unsure.add(this.#activityOf(key, names))
        }
        if (unsure.size === 0) return carried()
        return follow(this.#look([...unsure], timeout), (then) => {
          const rested = [...unsure].every((key) => {
            const before = seen.tokens.get(key)
            return before !== undefined && before.text === then.tokens.get(key)?.text
          })
          return rested ? carried() : undefined
        })
      })
    })
  }

  /** Replaces the epochs of a call. @throws StoreError, at once or later, where that is not acknowledged */
  renewCall({ activity, call }: Names, life: number, now: number, timeout: number): Answer<void> {
    return this.#renew(activity, [call], now + Math.max(4 * life, minute), timeout)
  }

  /** Replaces the epoch of a function. @throws StoreError, at once or later, where that is not acknowledged */
  renewAll(label: string, timeout: number): Answer<void> {
    const prefix = this.#prefixOf(label)
    return this.#renew(`${prefix}a`, [`${prefix}f`], Infinity, timeout)
  }

  /** Replaces the epochs of tags. @throws StoreError, at once or later, where that is not acknowledged */
  renewTags(tags: readonly string[], now: number, timeout: number): Answer<void> {
    const keys = tags.map((tag) => this.tagKey(tag))
    return this.#renew(this.tagKey(''), keys, now + month, timeout)
  }

  /**
   * Begins what is to replace the entry of a call: what is known before its value is made, without the epoch of the call,
   * so that one is made for it, and with it every other value of the call is over. @throws StoreError, at once or later
   */
  replace(names: Names, timeout: number): Answer<Seen> {
    const { activity, all, tagActivity, tags } = names
    const made = token(Infinity)
    return follow(
      this.#gate.insist('set', timeout, () => this.#write(activity, made)),
      () =>
        follow(this.#look([all, tagActivity, ...tags], timeout), ({ at, tokens }) => {
          const seen: Seen = {
            at,
            tokens: new Map([...tokens, [activity, made], [names.call, undefined]]),
            replaces: true,
          }
          if (tokens.get(tagActivity)) return seen
          // Tags that only the value tells are ruled out by it, also where nothing ran before.
          return rescue<Seen>(
            () =>
              follow(this.#make(tagActivity, Infinity, timeout), (put) => ({
                ...seen,
                tokens: new Map([...seen.tokens, [tagActivity, put]]),
              })),
            () => seen,
          )
        }),
    )
  }

  /**
   * Replaces tokens: activity first, then theirs. Until that is acknowledged the names are distrusted in this process, and
   * where it is not it is tried again, each time with new tokens.
   */
  #renew(activity: string, keys: readonly string[], until: number, timeout: number): Answer<void> {
    const gate = this.#gate
    const debts = keys.map((key) => {
      const redo = () => follow(this.#write(activity, token(Infinity)), () => this.#write(key, token(until)))
      this.#debts.owe(key, redo)
      return { key, redo }
    })
    return follow(
      gate.insist('set', timeout, () => this.#write(activity, token(Infinity))),
      () =>
        follow(every(keys.map((key) => gate.insist('set', timeout, () => this.#write(key, token(until))))), () => {
          for (const { key, redo } of debts) this.#debts.settle(key, redo)
        }),
    )
  }

  #row(key: string, { text, until }: Token) {
    const expiresAt = until < 8.64e15 ? Math.ceil(until) : undefined
    const entry = form(this.#gate.store.holds, key, `e1.${text}.${expiresAt ?? ''}`)
    return { key, entry, context: { expiresAt } }
  }

  #write(name: string, token: Token): Answer<void> {
    const { store } = this.#gate
    const { key, entry, context } = this.#row(name, token)
    return (store.epochs ?? store).set(key, entry as never, context) as Answer<void>
  }
}

/** A token that was never given out before: 128 random bits. */
function token(until: number): Token {
  const text = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
  return { text: text.slice(0, 22).replace(/\+/g, '-').replace(/\//g, '_'), until }
}

/** A token as the store holds things. */
function form(holds: 'references' | 'text' | 'bytes', key: string, text: string): unknown {
  if (holds === 'text') return text
  if (holds === 'bytes') return new TextEncoder().encode(text)
  const facts = { format: 2, key, createdAt: 0, outcome: 'value', promised: false, epochs: 0 }
  return { ...facts, codec: 'epoch', body: text }
}

/** The token in what a store returned; nothing where it is none. */
function parse(held: unknown): Token | undefined {
  let text: unknown = held
  if (ArrayBuffer.isView(held)) text = new TextDecoder().decode(held)
  else if (typeof held === 'object' && held !== null && 'body' in held) text = held.body
  const match = typeof text === 'string' && /^e1\.([\w-]{22})\.(\d*)$/.exec(text)
  return match ? { text: match[1]!, until: match[2] === '' ? Infinity : Number(match[2]) } : undefined
}
