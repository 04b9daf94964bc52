/**
 * What a store did not acknowledge and has to be made again (R20): invalidations, by name. While one is owed, what the store
 * holds of that name is distrusted in this process. It is tried again by itself, and before a breaker closes (`gate.ts`).
 */

import { later } from '#platform'
import { type Answer, every, follow, hush, isThenable } from './answer.ts'
import { drain, type Gate, pause } from './gate.ts'
import { Instants, instant } from './instants.ts'

/** How many invalidations that the store did not acknowledge are kept. */
const most = 100_000

/** The debts of one store. */
export class Debts {
  readonly #gate: Gate
  readonly #owed = new Map<string, () => Answer<unknown>>()
  /** When what was owed was acknowledged: what was read before may be of before. */
  readonly #settled = new Instants()
  #settledLast = 0
  /** What is being made again: how often that was begun, and when last. */
  readonly #underWay = new Map<() => Answer<unknown>, { readonly times: number; readonly at: number }>()
  /** Whether more was owed than is kept: from then on this process believes nothing that the store holds. */
  #lost = false
  #waiting = false

  private constructor(gate: Gate) {
    this.#gate = gate
  }

  /** The debts of a gate's store: one for all who use it. */
  static of(gate: Gate): Debts {
    return (gate.debts ??= new Debts(gate)) as Debts
  }

  /** How many invalidations the store has not acknowledged and will be asked for again. */
  get owed(): number {
    return this.#lost ? Infinity : this.#owed.size
  }

  /** Notes what has to be made again until the store acknowledges it. */
  owe(name: string, redo: () => Answer<unknown>): void {
    if (this.#owed.size >= most && !this.#owed.has(name)) this.#lost = true
    else this.#owed.set(name, redo)
    this.wait()
  }

  /** Whether anything is owed, or was at an instant. */
  owedSince(at: number): boolean {
    return this.owed > 0 || this.#settledLast > at
  }

  /**
   * Whether something is to be made again, or was at an instant; past so many that they are not kept apart, everything is.
   */
  owes(name: string, at: number): boolean {
    return this.#lost || this.#owed.has(name) || this.#settled.of(name) > at
  }

  /** This debt has been acknowledged by another way; a later one of the same name stands. */
  settle(name: string, redo: () => Answer<unknown>): void {
    if (this.#owed.get(name) !== redo) return
    this.#owed.delete(name)
    this.#underWay.delete(redo)
    this.#settled.mark(name)
    this.#settledLast = instant()
  }

  /** Makes again what the store owes; resolves when it was tried, and says whether nothing is owed any more. */
  repay(): Answer<boolean> {
    const tries = [...this.#owed].map(([name, redo]): Answer<boolean> => {
      const { times, at } = this.#underWay.get(redo) ?? { times: 0, at: 0 }
      // One that hangs is tried beside itself, ever more rarely.
      if (times > 0 && performance.now() - at < drain * 2 ** (times - 1)) return false
      this.#underWay.set(redo, { times: times + 1, at: performance.now() })
      const done = () => {
        this.#underWay.delete(redo)
        this.settle(name, redo)
        return true
      }
      const failed = () => {
        this.#underWay.delete(redo)
        return false
      }
      // What it refuses to be told says nothing about what it can be asked: failures are not counted here.
      try {
        const answer = redo()
        return isThenable(answer) ? Promise.resolve(answer).then(done, failed) : done()
      } catch {
        return failed()
      }
    })
    return follow(every(tries), (done) => !done.includes(false) && this.#owed.size === 0)
  }

  /** While something is owed it is tried again by itself; that keeps no program from ending. */
  wait(): void {
    if (this.#waiting || this.#owed.size === 0) return
    this.#waiting = true
    later(pause, () => {
      this.#waiting = false
      if (this.#owed.size === 0) return
      if (!this.#gate.isOpen) hush(this.repay())
      this.wait()
    })
  }
}
