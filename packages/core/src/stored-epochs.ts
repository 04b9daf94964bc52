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

import { type Answer, each, follow, isThenable, rescue } from './answer.ts'
import { Debts } from './debts.ts'
import type { StoreError } from './errors.ts'
import type { Gate } from './gate.ts'
import type { Names, Naming } from './names.ts'
import { type Read, Rows, type Seen } from './rows.ts'
import { newToken, type Token } from './token.ts'

/** How long nothing is made for a run to begin after that failed, in milliseconds. */
const pause = 1000

const minute = 60_000
const month = 30 * 86_400_000

/** The epochs of one namespace in one store. */
export class StoredEpochs {
  readonly #gate: Gate
  readonly #debts: Debts
  /** The names of what it can be asked about. */
  readonly naming: Naming
  readonly #rows: Rows
  #failedAt = -Infinity

  constructor(gate: Gate, naming: Naming) {
    this.#gate = gate
    this.#debts = Debts.of(gate)
    this.naming = naming
    this.#rows = new Rows(gate)
  }

  /**
   * Reads an entry and the epochs it is to be held against, in one round trip, and goes on with that.
   * @throws StoreError at once, where the store says so at once or is not asked
   */
  read<T>(
    entryKey: string,
    { keys }: Names,
    timeout: number,
    failed: (error: StoreError) => void,
    next: (read: Read) => Answer<T>,
    lost: (error: unknown) => Answer<T>,
  ): Answer<T> {
    return this.#rows.read(entryKey, keys, timeout, failed, next, lost)
  }

  /** What is at hand of a call's epochs and of those of other tags; nothing where one of them is not. */
  atHand(rowOf: (key: string) => unknown, { keys }: Names, others: readonly string[]): Seen | undefined {
    const all = others.length === 0 ? keys : [...keys, ...others.map((tag) => this.naming.tag(tag))]
    return this.#rows.atHand(all, rowOf)
  }

  /** Whether what was read of a name is distrusted: its invalidation was not acknowledged before. */
  owes({ all, call, tags }: Names, { at }: Seen): boolean {
    const debts = this.#debts
    return debts.owedSince(at) && [all, call, ...tags].some((key) => debts.owes(key, at))
  }

  /** Whether what was read of a tag is distrusted. */
  owesTag(tag: string, { at }: Seen): boolean {
    const debts = this.#debts
    return debts.owedSince(at) && (tag === '' || debts.owes(this.naming.tag(tag), at))
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
      tokens.get(key)?.text === text && (this.#rows.putSince(key, seen)?.text ?? text) === text
    if (!matches(all, carried[0]) || !matches(call, carried[1])) return false
    if (tags.length === 0 && others.length === 0) return true
    const match = (tokens: Seen['tokens'], list: readonly string[], from: number) =>
      list.every((key, at) => matches(key, carried[from + at], tokens))
    if (!match(seen.tokens, tags, 2)) return false
    const rest = others.map((tag) => this.naming.tag(tag))
    const from = 2 + tags.length
    const unread = rest.filter((key) => !seen.tokens.has(key))
    if (unread.length === 0) return match(seen.tokens, rest, from)
    return follow(this.#rows.look(unread, timeout, true), ({ tokens }) =>
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
    return [newToken(0).text, ...tokens].join(' ')
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
    return follow(this.#active(seen, names, timeout, failed), (known) => {
      if (!known) return undefined
      const early = this.#early(known, names, life, now, timeout)
      // Nobody waits for it but who closes: a run that fails leaves it behind.
      if (isThenable(early)) this.#gate.keep(Promise.resolve(early), this.#gate.puts)
      return { ...known, early }
    })
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
          each(missing, (key) => this.#rows.putSince(key, seen) ?? this.#rows.make(key, Infinity, timeout)),
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
          each(
            missing,
            (key) => this.#rows.putSince(key, seen) ?? this.#rows.make(key, this.#end(key, names, life, now), timeout),
          ),
          (made) =>
            follow(this.#rows.look(activities, timeout), ({ tokens }) => {
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
    const keys = [all, call, ...tags, ...others.map((tag) => this.naming.tag(tag))]
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
      // Seen before the run and the same now: it was not invalidated.
      if (!this.#rows.stood(key, text, seen)) unsure.add(this.#activityOf(key, names))
    }
    const unread = rest.filter((key) => !seen.tokens.has(key))
    return follow(unread.length === 0 ? undefined : this.#rows.look(unread, timeout), (read) => {
      for (const key of unread) {
        const token = read!.tokens.get(key)
        if (token && lasts(token)) take(key, token.text)
      }
      for (const key of rest) {
        const known = found.has(key) || seen.tokens.get(key) || (seen.replaces && key === call)
        const token = known ? undefined : this.#rows.putSince(key, seen)
        if (token && lasts(token)) take(key, token.text)
      }
      const missing = rest.filter((key) => !found.has(key))
      const ending = (key: string) => (seen.replaces && key === call ? seen.at : undefined)
      const made = each(missing, (key) => this.#rows.make(key, this.#end(key, names, life, now), timeout, ending(key)))
      return follow(made, (tokens) => {
        for (const [at, key] of missing.entries()) {
          found.set(key, tokens[at]!.text)
          unsure.add(this.#activityOf(key, names))
        }
        if (unsure.size === 0) return carried()
        return follow(this.#rows.look([...unsure], timeout), (then) => {
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
    const { activity, all } = this.naming.ofAll(label)
    return this.#renew(activity, [all], Infinity, timeout)
  }

  /** Replaces the epochs of tags. @throws StoreError, at once or later, where that is not acknowledged */
  renewTags(tags: readonly string[], now: number, timeout: number): Answer<void> {
    const keys = tags.map((tag) => this.naming.tag(tag))
    return this.#renew(this.naming.tag(''), keys, now + month, timeout)
  }

  /**
   * Begins what is to replace the entry of a call: what is known before its value is made, without the epoch of the call,
   * so that one is made for it, and with it every other value of the call is over. @throws StoreError, at once or later
   */
  replace(names: Names, timeout: number): Answer<Seen> {
    const { activity, all, tagActivity, tags } = names
    const made = newToken(Infinity)
    return follow(
      this.#gate.insist('set', timeout, () => this.#rows.write(activity, made)),
      () =>
        follow(this.#rows.look([all, tagActivity, ...tags], timeout), ({ at, tokens }) => {
          const seen: Seen = {
            at,
            tokens: new Map([...tokens, [activity, made], [names.call, undefined]]),
            replaces: true,
          }
          if (tokens.get(tagActivity)) return seen
          // Tags that only the value tells are ruled out by it, also where nothing ran before.
          return rescue<Seen>(
            () =>
              follow(this.#rows.make(tagActivity, Infinity, timeout), (put) => ({
                ...seen,
                tokens: new Map([...seen.tokens, [tagActivity, put]]),
              })),
            () => seen,
          )
        }),
    )
  }

  /**
   * Ends what there is of a call where `replace` was asked and something came between, which may be about to replace it as well:
   * so nothing but the epoch of the call is replaced, unless that was since, or is being. Where it cannot be, it is tried again as
   * an invalidation is. @throws StoreError, at once or later, where that is not acknowledged
   */
  overtaken(names: Names, seen: Seen, life: number, now: number, timeout: number): Answer<void> {
    const { call } = names
    if (this.#rows.renewedSince(call, seen)) return undefined
    return rescue<void>(
      () => follow(this.#rows.make(call, this.#end(call, names, life, now), timeout, seen.at), () => {}),
      () => this.renewCall(names, life, now, timeout),
    )
  }

  /**
   * Replaces tokens: activity first, then theirs. Until that is acknowledged the names are distrusted in this process, and
   * where it is not it is tried again, each time with new tokens.
   */
  #renew(activity: string, keys: readonly string[], until: number, timeout: number): Answer<void> {
    const gate = this.#gate
    const debts = keys.map((key) => {
      const redo = () =>
        follow(this.#rows.write(activity, newToken(Infinity)), () => this.#rows.write(key, newToken(until)))
      this.#debts.owe(key, redo)
      return { key, redo }
    })
    return follow(
      gate.insist('set', timeout, () => this.#rows.write(activity, newToken(Infinity))),
      () =>
        follow(
          each(keys, (key) => gate.insist('set', timeout, () => this.#rows.write(key, newToken(until)))),
          () => {
            for (const { key, redo } of debts) this.#debts.settle(key, redo)
          },
        ),
    )
  }
}
