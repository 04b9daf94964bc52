/**
 * Reads of one turn, together. What is asked of an asynchronous store within one turn of the microtask queue goes out as
 * one `getMany`, each key once (the idea of facebook/dataloader): an entry and its epochs are one round trip, and so are
 * a hundred calls made at once.
 */

import { type Answer, every, follow, isThenable } from './answer.ts'
import { StoreError } from './errors.ts'
import type { Gate } from './gate.ts'
import type { EpochRows, Store } from './store.ts'

/** How many keys one `getMany` asks for. */
const most = 256

/** What was read, in the order of the keys asked for. */
export interface Values {
  readonly held: readonly unknown[]
  /** What those who read the same thing in one turn need make of it only once. */
  readonly made: Map<string, unknown>
}

type Failed = (error: StoreError) => void

interface Turn {
  readonly places: Map<string, number>
  readonly made: Map<string, unknown>
  readonly held: Promise<readonly unknown[]>
}

/** Reads from one store. */
export class Reader {
  readonly #gate: Gate
  readonly #from: Store | Pick<EpochRows, 'get' | 'getMany'>
  readonly #turns = new Map<number, Turn>()
  /** Whether the store was seen to fail for several keys where it answers for each. */
  #single = false

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
    if (!gate.asynchronous) return { held: this.#now(keys, timeout), made: new Map() }
    if (gate.isOpen) gate.ask('get', timeout, () => undefined)
    let turn = this.#turns.get(timeout)
    if (!turn) {
      const places = new Map<string, number>()
      // Those who come in this turn of the queue are all in before it goes out.
      const held = Promise.resolve().then(() => {
        this.#turns.delete(timeout)
        return this.#later([...places.keys()], timeout, failed)
      })
      this.#turns.set(timeout, (turn = { places, made: new Map(), held }))
    }
    const { places, made } = turn
    for (const key of keys) if (!places.has(key)) places.set(key, places.size)
    return turn.held.then((all) => {
      const held = keys.map((key) => all[places.get(key)!])
      for (const value of held) if (value instanceof Unread) throw value.error
      return { held, made }
    })
  }

  /** The first answer of a store tells whether it promises. */
  #first(keys: readonly string[], timeout: number): Answer<Values> {
    const gate = this.#gate
    const turn = { failed: false }
    const answers = keys.map((key) => gate.ask<unknown>('get', timeout, () => this.#from.get(key), turn))
    gate.asynchronous ??= answers.some(isThenable)
    return follow(every(answers), (held) => ({ held, made: new Map() }))
  }

  #now(keys: readonly string[], timeout: number): readonly unknown[] {
    const gate = this.#gate
    const store = this.#from
    if (keys.length === 1 || !store.getMany || this.#single)
      return keys.map((key) => gate.ask<unknown>('get', timeout, () => store.get(key)))
    const held: unknown = gate.ask<unknown>('getMany', timeout, () => store.getMany!(keys))
    return this.#listed(keys, held)
  }

  async #later(keys: readonly string[], timeout: number, failed: Failed | undefined): Promise<readonly unknown[]> {
    const gate = this.#gate
    const store = this.#from
    const turn = { failed: false }
    const one = (key: string) => gate.ask<unknown>('get', timeout, () => store.get(key), turn)
    if (keys.length === 1 || !store.getMany || this.#single) return settle(keys.map(one))
    const parts: (readonly string[])[] = []
    for (let at = 0; at < keys.length; at += most) parts.push(keys.slice(at, at + most))
    const answers = parts.map(async (part) => {
      try {
        return this.#listed(part, await gate.ask<unknown>('getMany', timeout, () => store.getMany!(part), turn))
      } catch (error) {
        // Late, or not asked: then it is no better one by one.
        if (!(error instanceof StoreError) || error.cause === undefined) throw error
        failed?.(error)
        // One key that cannot be read, or keys that cannot be read together, must not fail all the others.
        const held = await settle(part.map(one))
        if (!held.some((value) => value instanceof Unread)) this.#single = true
        return held
      }
    })
    return (await Promise.all(answers)).flat()
  }

  #listed(keys: readonly string[], held: unknown): readonly unknown[] {
    if (Array.isArray(held) && held.length === keys.length) return held as readonly unknown[]
    throw this.#gate.failed(
      'getMany',
      new TypeError('getMany answered with something that is not a list of as many as were asked for.'),
    )
  }
}

/** A key that could not be read while others could. */
class Unread {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

function settle(answers: readonly Answer<unknown>[]): Promise<readonly unknown[]> {
  return Promise.all(answers.map((answer) => Promise.resolve(answer).catch((error: unknown) => new Unread(error))))
}
