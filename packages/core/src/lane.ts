/**
 * A lane is what one function's keys have in common over one store: the prefix of the key, the flights that are under
 * way, and the fences that keep out what was computed before an invalidation. Two definitions of one label and version
 * over one store share a lane, so that they share flights and see each other's invalidations.
 *
 * While the fence of a key stands, nothing that the store holds for it is believed (R18, R20). It is raised before a
 * removal is sent, or before a value is written that replaces another, and it falls when the store acknowledged that and
 * no earlier write can still land. So a write that timed out and arrives late, or a removal the store never took, cannot
 * bring an old value back in this process. No clock takes part in it.
 */

import { after, turn } from '#platform'
import { StoreError } from './errors.ts'
import type { Flight } from './flight.ts'
import { backOff } from './freshness.ts'
import { HitPath } from './hit-path.ts'
import type { Slot } from './memory-store.ts'
import type { SetContext, Store, SyncScope } from './store.ts'
import type { Claims } from './version.ts'

/** How many writes of a store may be under way, and how many fences a lane keeps apart, before it is careful at large. */
const backlog = 10_000

/** What a store call may answer: a value at once, or a promise. */
export type Answer<T> = T | PromiseLike<T>

/** Whether a value is a promise of any make. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return (
      ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
      typeof (value as { then?: unknown }).then === 'function'
    )
  } catch {
    // A result that throws for what it does not know is no promise.
    return false
  }
}

/** Lets the rejection of a promise that should not have been one be nobody's. */
export function hush(value: unknown): void {
  if (isThenable(value)) value.then(undefined, () => {})
}

/** Resolves when a promise has settled, either way. */
function settled(answer: Answer<unknown>): Promise<void> {
  return Promise.resolve(answer).then(
    () => {},
    () => {},
  )
}

/** How long a shutdown waits for writes under way, in milliseconds; a store that hangs must not hang it. */
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

/** The operations of a store below one prefix; sync or async as the store is. */
interface Operations {
  get(key: string): Answer<unknown>
  set(key: string, entry: unknown, context: SetContext): Answer<void>
  delete(key: string): Answer<boolean>
  slot?(key: string): Slot | null
  full?(key: string): string
}

/** What definitions share. */
export interface Shared {
  readonly lanes: Map<string, Lane>
  /** What stands behind each label and version, for R02. */
  readonly claims: Claims
}

/** What autocache knows of a store besides its contract. */
export interface StoreState extends Shared {
  /** What is shared by definitions whose version names an object of this process; it ends with that object (L7). */
  readonly owned: WeakMap<object, Shared>
  /** The writes that have not settled. */
  readonly writes: Set<Promise<unknown>>
  /** The refreshes that have not ended. */
  readonly refreshes: Set<Promise<unknown>>
  /** Whether it answers with promises, once that was seen. */
  asynchronous: boolean | undefined
}

const share = (): Shared => ({ lanes: new Map(), claims: new Map() })

/** What the definitions of a store share, or those among them that one object of this process tells apart. */
export function sharedBy(store: Store, owner: object | undefined): Shared {
  const state = stateOf(store)
  if (!owner) return state
  let shared = state.owned.get(owner)
  if (!shared) state.owned.set(owner, (shared = share()))
  return shared
}

const states = new WeakMap<Store, StoreState>()

/** The state of a store, shared by every instance that uses it. */
export function stateOf(store: Store): StoreState {
  let state = states.get(store)
  if (!state) {
    // An async function answers with a promise whatever happens in it.
    const asynchronous = Object.prototype.toString.call(store.get) === '[object AsyncFunction]' || undefined
    state = { ...share(), owned: new WeakMap(), writes: new Set(), refreshes: new Set(), asynchronous }
    states.set(store, state)
  }
  return state
}

/** Whether a store answers with promises; asks it once where no answer has been seen yet. */
export function isAsync(store: Store): boolean {
  const state = stateOf(store)
  if (state.asynchronous === undefined) {
    try {
      const answer: unknown = store.get('autocache')
      state.asynchronous = isThenable(answer)
      if (isThenable(answer)) answer.then(undefined, () => {})
    } catch {
      // It has not said: the next answer tells.
    }
  }
  return state.asynchronous ?? false
}

/** How many keys of a lane whose function fails are remembered. */
const remembered = 1000

/** How often in a row a function has failed for a key, and when it did so last. */
interface Failure {
  readonly count: number
  readonly at: number
}

/** A fence, and whether the key is to be emptied once every write that was under way has settled. */
interface Fence {
  emptying: boolean
}

export class Lane {
  readonly flights = new Map<string, Flight>()
  /** The flights in the background, whose keys have an entry that answers meanwhile. */
  readonly refreshes = new Map<string, Flight>()
  readonly #failures = new Map<string, Failure>()
  /** The way from arguments to entries, shared like the entries are. */
  readonly hits = new HitPath()
  readonly #state: StoreState
  /** Counts what was fenced, for fills that answer at once and have no flight. */
  fenced = 0
  readonly #operations: Operations
  readonly #fences = new Map<string, Fence>()
  readonly #writes = new Map<string, Promise<unknown>>()
  /** No entry that began up to this instant is believed: what is left of fences that were too many to keep apart. */
  #floor = -Infinity
  /** The latest `createdAt` given out. */
  #latest = -Infinity
  readonly store: Store
  /** What every key of the lane begins with. */
  readonly prefix: string

  constructor(store: Store, prefix: string) {
    this.store = store
    this.prefix = prefix
    this.#state = stateOf(store)
    this.#operations = scoped(store, prefix) ?? prefixed(store, prefix)
  }

  /** The lane of a prefix among those that other definitions may share. */
  static of(store: Store, prefix: string, { lanes }: Shared): Lane {
    let lane = lanes.get(prefix)
    if (!lane) lanes.set(prefix, (lane = new Lane(store, prefix)))
    return lane
  }

  /** Asks the store. What it throws or rejects with becomes a `StoreError`; a promise is given `timeout` milliseconds. */
  get(key: string, timeout: number): Answer<unknown> {
    const answer = this.#ask('get', () => this.#operations.get(key))
    if (isThenable(answer)) this.#state.asynchronous = true
    else this.#state.asynchronous ??= false
    return this.#within('get', timeout, answer)
  }

  /** The whole key. */
  keyOf(key: string): string {
    return this.#operations.full ? this.#operations.full(key) : this.prefix + key
  }

  /** The place of an entry in a memory store of ours; `null` where it has none, `undefined` in another store. */
  slot(key: string): Slot | null | undefined {
    return this.#operations.slot?.(key)
  }

  /** Asks for several keys at once; `undefined` where the store cannot. */
  getMany(keys: readonly string[], timeout: number): Answer<readonly unknown[]> | undefined {
    const { store } = this
    if (!store.getMany) return undefined
    const answer = this.#ask<readonly unknown[]>('getMany', () => store.getMany!(keys.map((key) => this.prefix + key)))
    return this.#within('getMany', timeout, answer)
  }

  /**
   * Writes an entry. After `timeout` the promise rejects; the write itself counts as able to land until the store
   * settles it.
   */
  set(key: string, entry: unknown, context: SetContext, timeout: number): Answer<void> {
    const lower = this.#lowering(key)
    const answer = this.#ask('set', () => this.#operations.set(key, entry, context))
    if (!isThenable(answer)) return lower()
    const write = Promise.resolve(answer).then(lower)
    const all: Promise<unknown> = Promise.allSettled([this.#writes.get(key), write]).then(() => {
      this.#state.writes.delete(all)
      if (this.#writes.get(key) !== all) return
      this.#writes.delete(key)
      this.#empty(key)
    })
    this.#writes.set(key, all)
    this.#state.writes.add(all)
    return this.#within('set', timeout, write)
  }

  /**
   * Writes what replaces whatever stands there: behind a fence, and after the writes that are under way, so that none of
   * them can come after it. What is still under way after `patience` milliseconds is emptied out when it has settled.
   * @returns whether it was written; not where something newer came while it waited
   */
  replace(key: string, now: number, patience: number, write: () => Answer<void>): Answer<boolean> {
    const earlier = this.#writes.get(key)
    const fence = this.raise(key, now)
    const done = () => {
      const answer = write()
      return isThenable(answer) ? answer.then(() => true) : true
    }
    if (!earlier) return done()
    fence.emptying = false
    return settled(this.#within('set', patience, earlier)).then(() => {
      if (!this.stands(key, fence)) return false
      fence.emptying = this.#writes.has(key)
      return done()
    })
  }

  /** Removes an entry; resolves when the store acknowledged it. */
  delete(key: string, timeout: number): Answer<void> {
    const lower = this.#lowering(key)
    const answer = this.#within(
      'delete',
      timeout,
      this.#ask('delete', () => this.#operations.delete(key)),
    )
    return isThenable(answer) ? answer.then(lower) : lower()
  }

  /**
   * What lowers the fence of a key when an operation that is sent now is acknowledged; nothing where a write is under
   * way, which the store may do after it.
   */
  #lowering(key: string): () => void {
    const fence = this.#writes.has(key) ? undefined : this.#fences.get(key)
    return () => {
      if (fence) this.#lower(key, fence)
    }
  }

  /** Whether so many writes of this store have not settled that no further one should be started. */
  get isCongested(): boolean {
    return this.#state.writes.size >= backlog
  }

  /** The instant a fill begins. */
  begin(now: number): number {
    const createdAt = Math.max(now, this.#floor + 1)
    if (createdAt > this.#latest) this.#latest = createdAt
    return createdAt
  }

  /** Whether a fence keeps out all that the store holds for a key, so that it need not be asked. */
  isClosed(key: string): boolean {
    return this.#fences.size > 0 && this.#fences.has(key)
  }

  /** Whether an entry may be believed. */
  trusts(key: string, createdAt: number): boolean {
    return createdAt > this.#floor && !this.isClosed(key)
  }

  /** Whether nothing is under way that a hit would have to know of: no flight, no fence. */
  get isQuiet(): boolean {
    return this.flights.size === 0 && this.#fences.size === 0 && this.#floor === -Infinity
  }

  /** Lets go of the flights of a key: nobody joins them any more, and what they make is not written. */
  supersede(key: string): void {
    this.fenced += 1
    this.#failures.delete(key)
    this.#replace(key, this.flights, true)
    this.#replace(key, this.refreshes, true)
  }

  /** Leads a key to a flight; an earlier one goes on for those who wait for it, and is not written. */
  enter(key: string, flight: Flight, flights = this.flights): void {
    this.#replace(key, flights)
    flight.home = flights
    flights.set(key, flight)
  }

  /** A run of the function begins in the foreground: what a refresh makes would be older. */
  overtake(key: string): void {
    this.#replace(key, this.refreshes)
  }

  #replace(key: string, flights: Map<string, Flight>, fenced = false): void {
    const flight = flights.size > 0 && flights.get(key)
    if (!flight) return
    flight.writable = false
    flight.fenced ||= fenced
    this.retire(key, flight)
  }

  /** Ends that a key leads to this flight. */
  retire(key: string, flight: Flight): void {
    flight.home?.delete(key)
    flight.home = undefined
  }

  /** Whether so many refreshes are under way that no further one should be started. */
  get isBusy(): boolean {
    return this.#state.refreshes.size >= backlog
  }

  /** Work in the background, until it has ended. */
  watch(work: Promise<unknown>): void {
    this.#state.refreshes.add(work)
    void work.then(() => this.#state.refreshes.delete(work))
  }

  /** The function has failed for a key. */
  fail(key: string, at: number): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1
    this.succeed(key)
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size < remembered) break
      this.#failures.delete(oldest)
    }
    this.#failures.set(key, { count, at })
  }

  /** The function has not failed for a key, or what it makes is there. */
  succeed(key: string): void {
    if (this.#failures.size > 0) this.#failures.delete(key)
  }

  /** Whether the function has failed for a key so lately that it should not run where something else can answer. */
  isHeldBack(key: string, now: number): boolean {
    const failure = this.#failures.size > 0 && this.#failures.get(key)
    return failure ? Math.abs(now - failure.at) < backOff(failure.count) : false
  }

  /** Lets go of the flight of a key and raises its fence. */
  fence(key: string, now: number): Fence {
    this.supersede(key)
    return this.raise(key, now)
  }

  /** Raises the fence of a key. */
  raise(key: string, now: number): Fence {
    if (this.#fences.size >= backlog) {
      this.#fences.clear()
      this.#floor = Math.max(now, this.#latest)
    }
    const fence = { emptying: this.#writes.has(key) }
    this.#fences.set(key, fence)
    return fence
  }

  /** Whether this fence of a key still stands: nothing was stored, removed or fenced since. */
  stands(key: string, fence: Fence): boolean {
    return this.#fences.get(key) === fence
  }

  /** Every write of a key has settled, in whatever order: where a fence was raised among them, nothing there is known. */
  #empty(key: string): void {
    if (!this.#fences.get(key)?.emptying) return
    try {
      const removed = this.delete(key, Infinity)
      if (isThenable(removed)) removed.then(undefined, () => {})
    } catch {
      // The fence stays, and with it the distrust.
    }
  }

  #lower(key: string, fence: Fence): void {
    if (this.#fences.get(key) === fence) this.#fences.delete(key)
  }

  /** What a store threw, as a `StoreError`. */
  failed(operation: string, cause: unknown): StoreError {
    if (cause instanceof StoreError) return cause
    const name = nameOf(this.store)
    return new StoreError(name, operation, `${name} failed to ${operation}; its own error is the cause.`, { cause })
  }

  #ask<T>(operation: string, run: () => Answer<T>): Answer<T> {
    try {
      const answer = run()
      return isThenable(answer)
        ? Promise.resolve(answer).catch((cause) => Promise.reject(this.failed(operation, cause)))
        : answer
    } catch (cause) {
      throw this.failed(operation, cause)
    }
  }

  #within<T>(operation: string, timeout: number, answer: Answer<T>): Answer<T> {
    if (!isThenable(answer) || timeout >= 2 ** 31) return answer
    return new Promise<T>((resolve, reject) => {
      // Two turns of the loop before a time-out counts: what arrived while it was blocked is delivered first (L2).
      const expire = async () => {
        await turn()
        await turn()
        const name = nameOf(this.store)
        const advice =
          operation === 'get' || operation === 'getMany' ? ' Raise `storeTimeout` if that is its usual pace.' : ''
        reject(new StoreError(name, operation, `${name} did not answer ${operation} within ${timeout} ms.${advice}`))
      }
      const cancel = after(timeout, () => void expire())
      answer.then(
        (value) => {
          cancel()
          resolve(value)
        },
        (error) => {
          cancel()
          reject(error)
        },
      )
    })
  }
}

/** The store's own handle on a prefix, where it has one. */
function scoped(store: Store, prefix: string): Operations | undefined {
  try {
    return 'scope' in store ? (store.scope?.(prefix) as SyncScope | undefined) : undefined
  } catch {
    return undefined
  }
}

function prefixed(store: Store, prefix: string): Operations {
  return {
    get: (key) => store.get(prefix + key),
    set: (key, entry, context) => store.set(prefix + key, entry as never, context),
    delete: (key) => store.delete(prefix + key),
  }
}

function nameOf(store: Store): string {
  const name = (store as object).constructor?.name
  return name && name !== 'Object' ? name : 'The store'
}
