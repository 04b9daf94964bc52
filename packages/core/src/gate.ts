/**
 * The way to a store: every operation goes through its gate. The gate gives what a store does in its own time a bound,
 * makes one error of what it throws, and counts.
 *
 * It is a circuit breaker (Nygard, "Release It!", 2007). Five failures or time-outs in a row open it, and a store that is
 * down is then asked nothing: a call goes on at once, as without a cache. Half a second later the next call that comes
 * by has it probed, without waiting for that: first the invalidations that the store did not acknowledge are made again
 * (R20), then something is read, and if all of it was answered the gate closes. A store that comes back is so believed
 * again only when it knows what was invalidated meanwhile.
 *
 * Decision: docs/decisions/0014-invalidation.md.
 */

import { after, later, turn } from '#platform'
import { type Answer, every, follow, hush, isThenable } from './answer.ts'
import { StoreError } from './errors.ts'
import type { BreakerState } from './events.ts'
import { Instants, instant } from './instants.ts'
import type { Store } from './store.ts'

/** How many failures in a row open a gate. */
const failuresToOpen = 5

/** How long an open gate waits before the store is probed, and what failed is made again, in milliseconds. */
const pause = 500

/** How many invalidations that the store did not acknowledge are kept. */
const mostOwed = 100_000

/** How long a probe waits for an answer, in milliseconds. */
const patience = 250

/** How many writes of a store may be under way before no further one is started. */
export const backlog = 10_000

/** How long a shutdown waits for work under way, in milliseconds; a store that hangs must not hang it. */
const drain = 5000

/** Resolves when some work has settled, or when it has had its time. */
export function drained(work: PromiseLike<unknown>, patience = drain): Promise<void> {
  return new Promise((resolve) => {
    const cancel = patience < 2 ** 31 ? after(patience, resolve) : () => {}
    const done = () => {
      cancel()
      resolve()
    }
    work.then(done, done)
  })
}

/** One store and all that is under way to it. */
export class Gate {
  readonly store: Store
  /** The writes that have not settled. */
  readonly writes = new Set<Promise<unknown>>()
  /** The refreshes that have not ended. */
  readonly refreshes = new Set<Promise<unknown>>()
  /** What runs came to and is on its way into the store: what that has to say of epochs before, and the write. */
  readonly landings = new Set<Promise<unknown>>()
  /** Whether the store answers with promises, once that was seen. */
  asynchronous: boolean | undefined
  state: BreakerState = 'closed'
  /** What hears of a change of state, as long as something else holds on to it. */
  readonly #watchers = new Set<WeakRef<(state: BreakerState) => void>>()
  /** What the store did not acknowledge and has to be made again, by name. */
  readonly #owed = new Map<string, () => Answer<unknown>>()
  /** When what was owed was acknowledged: what was read before may be of before. */
  readonly #settled = new Instants()
  #settledLast = 0
  /** What is being made again: how often that was begun, and when last. */
  readonly #underWay = new Map<() => Answer<unknown>, { readonly times: number; readonly at: number }>()
  /** Whether more was owed than is kept: from then on this process believes nothing that the store holds. */
  #lost = false
  #failures = 0
  #openedAt = 0
  #waiting = false

  constructor(store: Store) {
    this.store = store
    // An async function answers with a promise whatever happens in it.
    if (Object.prototype.toString.call(store.get) === '[object AsyncFunction]') this.asynchronous = true
  }

  /** How it is called in errors and events. */
  get name(): string {
    const { name: own, constructor: Class } = this.store
    if (typeof own === 'string' && own !== '') return own
    const name = (Class as { name?: string } | undefined)?.name
    return name && name !== 'Object' ? name : 'The store'
  }

  /** Whether so many writes have not settled, or wait for epochs, that no further one should be started. */
  get isCongested(): boolean {
    return this.writes.size >= backlog || this.landings.size >= backlog
  }

  /** Whether so many refreshes are under way that no further one should be started. */
  get isBusy(): boolean {
    return this.refreshes.size >= backlog
  }

  /** Tells of changes of state, as long as something else holds on to the watcher. */
  watch(watcher: (state: BreakerState) => void): void {
    for (const known of this.#watchers) if (known.deref() === undefined) this.#watchers.delete(known)
    this.#watchers.add(new WeakRef(watcher))
  }

  /** Keeps some work among what is under way until it has ended, however it does. */
  keep(work: Promise<unknown>, among: Set<Promise<unknown>>): void {
    among.add(work)
    const end = () => void among.delete(work)
    work.then(end, end)
  }

  /** How many invalidations the store has not acknowledged and will be asked for again. */
  get owed(): number {
    return this.#lost ? Infinity : this.#owed.size
  }

  /** Whether the store is not asked now. Whoever comes by when it is time starts the probe. */
  get isOpen(): boolean {
    if (this.state === 'closed') return false
    if (this.state === 'open' && performance.now() - this.#openedAt >= pause) this.#probe()
    return (this.state as BreakerState) !== 'closed'
  }

  /**
   * Asks the store. What it throws or rejects with becomes a `StoreError`; a promise is given `timeout` milliseconds.
   * @param turn what is asked with others at a time; however many of them fail, that is one failure
   * @throws StoreError at once, without asking, while the gate is open
   */
  ask<T>(operation: string, timeout: number, run: () => Answer<T>, turn?: { failed: boolean }): Answer<T> {
    if (this.isOpen) throw this.#refused(operation)
    return this.#run(operation, timeout, run, turn)
  }

  /** Asks the store also where the gate is open, for what must not be lost: whether it is back shows by this too. */
  insist<T>(operation: string, timeout: number, run: () => Answer<T>): Answer<T> {
    return this.#run(operation, timeout, run)
  }

  /** Gives an answer that is under way so many milliseconds; who runs out of them is no failure of the store. */
  within<T>(operation: string, timeout: number, answer: Answer<T>): Answer<T> {
    if (!isThenable(answer) || timeout >= 2 ** 31) return answer
    return new Promise<T>((resolve, reject) => {
      // Two turns of the loop before a time-out counts: what arrived while it was blocked is delivered first (L2).
      const expire = async () => {
        await turn()
        await turn()
        reject(this.#late(operation, timeout))
      }
      const cancel = after(timeout, () => void expire())
      answer.then(
        (value) => {
          cancel()
          resolve(value as T)
        },
        (error) => {
          cancel()
          reject(error)
        },
      )
    })
  }

  /** What a store threw, as a `StoreError`. */
  failed(operation: string, cause: unknown): StoreError {
    if (cause instanceof StoreError) return cause
    return new StoreError(this.name, operation, `${this.name} failed to ${operation}; its own error is the cause.`, {
      cause,
    })
  }

  /** Notes what has to be made again until the store acknowledges it. */
  owe(name: string, redo: () => Answer<unknown>): void {
    if (this.#owed.size >= mostOwed && !this.#owed.has(name)) this.#lost = true
    else this.#owed.set(name, redo)
    this.#wait()
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

  /** Waits for what is under way, at most five seconds for each. */
  async drain(): Promise<void> {
    const work: PromiseLike<unknown>[] = [...this.writes, ...this.landings, ...this.refreshes]
    if (this.#owed.size > 0 && !this.isOpen) work.push(Promise.resolve(this.repay()))
    await Promise.all(work.map((one) => drained(one)))
  }

  #run<T>(operation: string, timeout: number, run: () => Answer<T>, turn?: { failed: boolean }): Answer<T> {
    // Only reads tell that a store is well: a slow write that comes through in the end does not.
    const isRead = operation === 'get' || operation === 'getMany'
    const startedAt = isRead && this.#isBlocking ? performance.now() : undefined
    let answer: Answer<T>
    try {
      answer = run()
    } catch (cause) {
      this.#failure()
      throw this.failed(operation, cause)
    }
    if (!isThenable(answer)) {
      if (startedAt !== undefined && performance.now() - startedAt > timeout) this.#failure()
      else if (isRead) this.#failures = 0
      return answer
    }
    const succeed = (value: unknown): T => {
      if (isRead) this.#failures = 0
      return value as T
    }
    const fail = (cause: unknown): never => {
      if (!turn?.failed) this.#failure()
      if (turn) turn.failed = true
      throw this.failed(operation, cause)
    }
    return Promise.resolve(this.within(operation, timeout, answer)).then(succeed, fail)
  }

  /** Whether nothing else can happen while the store is asked, so that what it takes has to be measured. */
  get #isBlocking(): boolean {
    return this.asynchronous === false && this.store.lifetime === 'shared'
  }

  #failure(): void {
    this.#failures += 1
    if (this.state === 'closed' && this.#failures >= failuresToOpen) this.#turn('open')
  }

  #turn(state: BreakerState): void {
    this.state = state
    if (state === 'open') {
      this.#openedAt = performance.now()
      if (this.#owed.size > 0) this.#wait()
    }
    for (const watcher of this.#watchers) watcher.deref()?.(state)
  }

  /** Something is read, then what is owed is made again, then the gate closes; what is still owed then is distrusted. */
  #probe(): void {
    this.#turn('half-open')
    const end = (good: boolean) => {
      if (good) this.#failures = 0
      this.#turn(good ? 'closed' : 'open')
    }
    try {
      const answer = follow(
        this.#run('get', patience, () => this.store.get('autocache')),
        () => this.within('set', drain, this.repay()),
      )
      if (isThenable(answer))
        answer.then(
          () => end(true),
          () => end(false),
        )
      else end(true)
    } catch {
      end(false)
    }
  }

  /** While something is owed it is tried again by itself; that keeps no program from ending. */
  #wait(): void {
    if (this.#waiting) return
    this.#waiting = true
    later(pause, () => {
      this.#waiting = false
      if (this.#owed.size === 0) return
      if (!this.isOpen) hush(this.repay())
      if (this.#owed.size > 0) this.#wait()
    })
  }

  #refused(operation: string): StoreError {
    return new StoreError(
      this.name,
      operation,
      `${this.name} was not asked to ${operation}: it failed ${failuresToOpen} times in a row, and is probed until it answers.`,
      { refused: true },
    )
  }

  #late(operation: string, timeout: number): StoreError {
    const advice =
      operation === 'get' || operation === 'getMany' ? ' Raise `storeTimeout` if that is its usual pace.' : ''
    return new StoreError(
      this.name,
      operation,
      `${this.name} did not answer ${operation} within ${timeout} ms.${advice}`,
    )
  }
}

const gates = new WeakMap<Store, Gate>()

/** The gate of a store: one for all instances that use it. */
export function gateOf(store: Store): Gate {
  let gate = gates.get(store)
  if (!gate) gates.set(store, (gate = new Gate(store)))
  return gate
}

/** Whether a store answers with promises; asks it once where no answer has been seen yet. */
export function isAsync(store: Store): boolean {
  const gate = gateOf(store)
  if (gate.asynchronous === undefined) {
    try {
      const answer: unknown = store.get('autocache')
      gate.asynchronous = isThenable(answer)
      hush(answer)
    } catch {
      // It has not said: the next answer tells.
    }
  }
  return gate.asynchronous ?? false
}
