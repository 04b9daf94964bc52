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

import { after, turn } from '#platform'
import { type Answer, follow, hush, isThenable } from './answer.ts'
import { StoreError } from './errors.ts'
import type { BreakerState } from './events.ts'
import type { Store } from './store.ts'

/** How many failures in a row open a gate. */
const failuresToOpen = 5

/** How long an open gate waits before the store is probed, and what failed is made again, in milliseconds. */
export const pause = 500

/** How many writes of a store may be under way before no further one is started. */
export const backlog = 10_000

/** How long a shutdown waits for work under way, in milliseconds; a store that hangs must not hang it. */
export const drain = 5000

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

/** What a store has to be told again, as the gate sees it (`debts.ts`). */
interface Debts {
  readonly owed: number
  repay(): Answer<boolean>
  wait(): void
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
  /** The epochs that runs put while they are under way. */
  readonly puts = new Set<Promise<unknown>>()
  /** Whether the store answers with promises, once that was seen. */
  asynchronous: boolean | undefined
  state: BreakerState = 'closed'
  /** What hears of a change of state, as long as something else holds on to it. */
  readonly #watchers = new Set<WeakRef<(state: BreakerState) => void>>()
  /** What the store did not acknowledge and has to be made again, where anything ever had to be. */
  debts: Debts | undefined
  #failures = 0
  #openedAt = 0
  /** The longest time that a call gives a read, in milliseconds: a probe gives as much. */
  #patience = 0

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
    return this.debts?.owed ?? 0
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
    if (timeout > this.#patience && isRead(operation)) this.#patience = Math.min(timeout, drain)
    return this.#run(operation, timeout, run, turn)
  }

  /** Asks the store also where the gate is open, for what must not be lost: whether it is back shows by this too. */
  insist<T>(operation: string, timeout: number, run: () => Answer<T>): Answer<T> {
    return this.#run(operation, timeout, run)
  }

  /** Gives an answer that is under way so many milliseconds; who runs out of them is no failure of the store. */
  within<T>(operation: string, timeout: number, answer: Answer<T>): Answer<T> {
    return isThenable(answer)
      ? this.#within(operation, timeout, answer as PromiseLike<T>, undefined, undefined)
      : answer
  }

  /** The same, for who looks at how it ended first. */
  #within<T>(
    operation: string,
    timeout: number,
    answer: PromiseLike<T>,
    succeeded: (() => void) | undefined,
    failed: ((cause: unknown) => unknown) | undefined,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let ended = false
      const fail = (cause: unknown) => {
        if (ended) return
        ended = true
        reject(failed ? failed(cause) : cause)
      }
      // Two turns of the loop before a time-out counts: what arrived while it was blocked is delivered first (L2).
      const expire = async () => {
        await turn()
        await turn()
        fail(this.#late(operation, timeout))
      }
      const cancel = timeout < 2 ** 31 ? after(timeout, () => void expire()) : undefined
      Promise.resolve(answer).then(
        (value) => {
          cancel?.()
          if (ended) return
          ended = true
          succeeded?.()
          resolve(value)
        },
        (cause) => {
          cancel?.()
          fail(cause)
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

  /** Waits for what is under way, at most five seconds for each. */
  async drain(): Promise<void> {
    const work: PromiseLike<unknown>[] = [...this.writes, ...this.landings, ...this.puts, ...this.refreshes]
    if (this.owed > 0 && !this.isOpen) work.push(Promise.resolve(this.debts!.repay()))
    await Promise.all(work.map((one) => drained(one)))
  }

  #run<T>(operation: string, timeout: number, run: () => Answer<T>, turn?: { failed: boolean }): Answer<T> {
    // Only reads tell that a store is well: a slow write that comes through in the end does not.
    const tells = isRead(operation)
    const startedAt = tells && this.#isBlocking ? performance.now() : undefined
    const fail = (cause: unknown): StoreError => {
      if (!turn?.failed) this.#failure()
      if (turn) turn.failed = true
      return this.failed(operation, cause)
    }
    let answer: Answer<T>
    try {
      answer = run()
    } catch (cause) {
      throw fail(cause)
    }
    if (!isThenable(answer)) {
      if (startedAt !== undefined && performance.now() - startedAt > timeout) this.#failure()
      else if (tells) this.#succeed()
      return answer
    }
    return this.#within(operation, timeout, answer as PromiseLike<T>, tells ? this.#succeed : undefined, fail)
  }

  readonly #succeed = (): void => {
    this.#failures = 0
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
      this.debts?.wait()
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
    const began = performance.now()
    const patience = this.#patience || drain
    try {
      const answer = follow(
        this.#run('get', patience, () => this.store.get('autocache')),
        () => {
          // Delivered all the same, because the loop was blocked; calls would have waited for it in vain.
          if (performance.now() - began > patience) throw this.#late('get', patience)
          return this.within('set', drain, this.debts ? this.debts.repay() : true)
        },
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

  #refused(operation: string): StoreError {
    return new StoreError(
      this.name,
      operation,
      `${this.name} was not asked to ${operation}: it failed ${failuresToOpen} times in a row, and is probed until it answers.`,
      { refused: true },
    )
  }

  #late(operation: string, timeout: number): StoreError {
    const advice = isRead(operation) ? ' Raise `storeTimeout` if that is its usual pace.' : ''
    return new StoreError(
      this.name,
      operation,
      `${this.name} did not answer ${operation} within ${timeout} ms.${advice}`,
    )
  }
}

function isRead(operation: string): boolean {
  return operation === 'get' || operation === 'getMany'
}

const gates = new WeakMap<Store, Gate>()

/** The gate of a store: one for all instances that use it. */
export function gateOf(store: Store): Gate {
  let gate = gates.get(store)
  if (!gate) gates.set(store, (gate = new Gate(store)))
  return gate
}

/** Whether a store answers with promises; asks it once where no answer has been seen yet. */
export function isAsync(gate: Gate): boolean {
  if (gate.asynchronous === undefined) {
    try {
      const answer: unknown = gate.store.get('autocache')
      gate.asynchronous = isThenable(answer)
      hush(answer)
    } catch {
      // It has not said: the next answer tells.
    }
  }
  return gate.asynchronous ?? false
}
