/**
 * Reads of one turn, together. What is asked of an asynchronous store within one turn of the microtask queue goes out as
 * one `getMany`, each key once (the idea of facebook/dataloader): an entry and its epochs are one round trip, and so are
 * a hundred calls made at once.
 */

import { type Answer, each, follow, isThenable, rescue } from './answer.ts'
import { StoreError } from './errors.ts'
import type { Gate } from './gate.ts'
import type { EpochRows, Store } from './store.ts'
import type { Token } from './token.ts'

const atOnce = Promise.resolve()

/** How many keys one `getMany` asks for. */
const most = 256

/**
 * For how many turns keys are read one by one after a failure of `getMany` alone: twice as many after each that follows. So
 * a failure that was one costs little, and a store that has no working `getMany` hardly more than one without.
 */
const leastApart = 8
const mostApart = 4096

/** What was read, in the order of the keys asked for. */
export interface Values {
  readonly held: readonly unknown[]
  readonly made: Map<string, unknown>
}

type Failed = (error: StoreError) => void

/** What is asked for in one turn. */
export class Turn {
  /** What those who read the same thing need make of it only once. */
  readonly made = new Map<string, unknown>()
  /** The same of epochs. */
  readonly tokens = new Map<string, Token | undefined>()
  /** Resolves when it was answered. */
  ended!: Promise<void>
  readonly #places = new Map<string, number>()
  #held: readonly unknown[] = []

  want(key: string): void {
    if (!this.#places.has(key)) this.#places.set(key, this.#places.size)
  }

  get wanted(): readonly string[] {
    return [...this.#places.keys()]
  }

  answer(held: readonly unknown[]): void {
    this.#held = held
  }

  /** What was read of a key that was asked for. @throws StoreError where it could not be read */
  of(key: string): unknown {
    const held = this.#held[this.#places.get(key)!]
    if (held instanceof Unread) throw held.error
    return held
  }
}

/** Reads from one store. */
export class Reader {
  readonly #gate: Gate
  readonly #from: Store | Pick<EpochRows, 'get' | 'getMany'>
  readonly #turns = new Map<number, Turn>()
  /** How many turns are still read one by one, because the store failed for several keys where it answered for each. */
  #apart = 0
  /** For how many turns the next such failure does that. */
  #penalty = leastApart

  /** @param from the store of the gate, or its part that has the epochs */
  constructor(gate: Gate, from: Store | Pick<EpochRows, 'get' | 'getMany'> = gate.store) {
    this.#gate = gate
    this.#from = from
  }

  /**
   * Asks for keys.
   * @param failed hears, for all of a turn, why they could not be read together; they are read one by one then
   * @throws StoreError, at once or later
   */
  read(keys: readonly string[], timeout: number, failed?: Failed): Answer<Values> {
    const gate = this.#gate
    if (gate.asynchronous === undefined) return this.#first(keys, timeout)
    if (!gate.asynchronous) return { held: this.#now(keys, timeout, failed), made: new Map() }
    const turn = this.turn(timeout, failed)
    for (const key of keys) turn.want(key)
    return turn.ended.then(() => ({ held: keys.map((key) => turn.of(key)), made: turn.made }))
  }

  /** What goes out at the end of this turn of the queue, where the store promises. @throws StoreError while the gate is open */
  turn(timeout: number, failed?: Failed): Turn {
    const gate = this.#gate
    if (gate.isOpen) gate.ask('get', timeout, () => undefined)
    const known = this.#turns.get(timeout)
    if (known) return known
    const turn = new Turn()
    turn.ended = new Promise((resolve, reject) => {
      const answered = (held: readonly unknown[]) => {
        turn.answer(held)
        resolve()
      }
      // Those who come in this turn of the queue are all in before it goes out.
      void atOnce.then(() => {
        this.#turns.delete(timeout)
        const keys = turn.wanted
        const [key] = keys
        if (keys.length > 1) return void this.#later(keys, timeout, failed).then(answered, reject)
        const held = this.#ask(key!, timeout)
        if (isThenable(held)) held.then((value) => answered([value]), reject)
        else answered([held])
      }, reject)
    })
    this.#turns.set(timeout, turn)
    return turn
  }

  /** Asks for one key; why that failed is an answer. */
  #ask(key: string, timeout: number, turn?: { failed: boolean }): Answer<unknown> {
    return rescue<unknown>(
      () => this.#gate.ask<unknown>('get', timeout, () => this.#from.get(key), turn),
      (error) => new Unread(error),
    )
  }

  /** Asks a store that promises for one key, and goes on with what it holds. @throws StoreError while the gate is open */
  one<T>(
    key: string,
    timeout: number,
    failed: Failed,
    next: (held: unknown, made: Map<string, unknown>) => Answer<T>,
    lost: (error: unknown) => Answer<T>,
  ): Answer<T> {
    const turn = this.turn(timeout, failed)
    turn.want(key)
    return turn.ended.then(() => {
      let held: unknown
      try {
        held = turn.of(key)
      } catch (error) {
        return lost(error)
      }
      return next(held, turn.made)
    }, lost)
  }

  /** The first answer of a store tells whether it promises. */
  #first(keys: readonly string[], timeout: number): Answer<Values> {
    const gate = this.#gate
    const turn = { failed: false }
    let promises = false
    const answers = each(keys, (key) => {
      const answer = gate.ask<unknown>('get', timeout, () => this.#from.get(key), turn)
      promises ||= isThenable(answer)
      return answer
    })
    gate.asynchronous ??= promises
    return follow(answers, (held) => ({ held, made: new Map() }))
  }

  #now(keys: readonly string[], timeout: number, failed: Failed | undefined): readonly unknown[] {
    const gate = this.#gate
    const store = this.#from
    const turn = { failed: false }
    const apart = () => keys.map((key) => gate.ask<unknown>('get', timeout, () => store.get(key), turn))
    if (keys.length === 1 || !this.#together()) return apart()
    let held: readonly unknown[]
    try {
      held = this.#listed(
        keys,
        gate.ask<unknown>('getMany', timeout, () => store.getMany!(keys), turn),
      )
    } catch (error) {
      if (!isItsOwn(error)) throw error
      failed?.(error)
      held = apart()
      this.#separate()
      return held
    }
    this.#penalty = leastApart
    return held
  }

  #later(keys: readonly string[], timeout: number, failed: Failed | undefined): Promise<readonly unknown[]> {
    const gate = this.#gate
    const store = this.#from
    const turn = { failed: false }
    const apart = (some: readonly string[]) => Promise.all(some.map((key) => this.#ask(key, timeout, turn)))
    if (!this.#together()) return apart(keys)
    const together = async (part: readonly string[]) => {
      try {
        const held = this.#listed(part, await gate.ask<unknown>('getMany', timeout, () => store.getMany!(part), turn))
        this.#penalty = leastApart
        return held
      } catch (error) {
        if (!isItsOwn(error)) throw error
        failed?.(error)
        // One key that cannot be read, or keys that cannot be read together, must not fail all the others.
        const held = await apart(part)
        if (!held.some((value) => value instanceof Unread)) this.#separate()
        return held
      }
    }
    if (keys.length <= most) return together(keys)
    const parts: (readonly string[])[] = []
    for (let at = 0; at < keys.length; at += most) parts.push(keys.slice(at, at + most))
    return Promise.all(parts.map(together)).then((held) => held.flat())
  }

  /** Whether the keys of a turn are asked for together. */
  #together(): boolean {
    if (!this.#from.getMany) return false
    if (this.#apart === 0) return true
    this.#apart -= 1
    return false
  }

  /** Keys that could not be read together were read one by one. */
  #separate(): void {
    this.#apart = this.#penalty
    this.#penalty = Math.min(2 * this.#penalty, mostApart)
  }

  #listed(keys: readonly string[], held: unknown): readonly unknown[] {
    if (Array.isArray(held) && held.length === keys.length) return held as readonly unknown[]
    throw this.#gate.failed(
      'getMany',
      new TypeError('getMany answered with something that is not a list of as many as were asked for.'),
    )
  }
}

/** Whether the store itself failed, and was neither late nor not asked: then it may do better one by one. */
function isItsOwn(error: unknown): error is StoreError {
  return error instanceof StoreError && error.cause !== undefined
}

const readers = new WeakMap<Gate, Reader>()

/** The reader of a store's entries: one for all, so that those of a turn are read together. */
export function readerOf(gate: Gate): Reader {
  let reader = readers.get(gate)
  if (!reader) readers.set(gate, (reader = new Reader(gate)))
  return reader
}

/** A key that could not be read while others could. */
class Unread {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}
