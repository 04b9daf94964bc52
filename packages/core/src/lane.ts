/**
 * A lane is what one function's keys have in common over one store: the prefix of the key, the flights that are under
 * way, and the fences that keep out what was computed before an invalidation. Two definitions of one label and version
 * over one store share a lane, so that they share flights and see each other's invalidations.
 *
 * A fence is an instant: no entry whose fill began at or before it is believed (R18). It is raised before a removal is
 * sent and lowered when the removal is acknowledged and no earlier write can still land; so a write that timed out and
 * arrives late, or a removal the store never took, cannot bring an old value back in this process (R20). A write begun
 * after it lowers it as well when it lands, because it replaced what stood there. Fills after a fence get a later
 * `createdAt`, even in the same millisecond.
 */
import type { Flight } from './flight.ts'
import { StoreError } from './errors.ts'
import type { SetContext, Store, SyncScope } from './store.ts'
import { after, turn } from '#platform'

/** How many writes of a store may be under way, and how many fences a lane keeps apart, before it is careful at large. */
const backlog = 10_000

/** What a store call may answer: a value at once, or a promise. */
export type Answer<T> = T | PromiseLike<T>

/** Whether a value is a promise of any make. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}

/** The operations of a store below one prefix; sync or async as the store is. */
interface Operations {
  get(key: string): Answer<unknown>
  set(key: string, entry: unknown, context: SetContext): Answer<void>
  delete(key: string): Answer<boolean>
}

/** What autocache knows of a store besides its contract. */
export interface StoreState {
  readonly lanes: Map<string, Lane>
  /** The writes that have not settled. */
  readonly writes: Set<Promise<unknown>>
  /** Whether it answers with promises, once that was seen. */
  asynchronous: boolean | undefined
}

const states = new WeakMap<Store, StoreState>()

/** The state of a store, shared by every instance that uses it. */
export function stateOf(store: Store): StoreState {
  let state = states.get(store)
  if (!state) {
    // An async function answers with a promise whatever happens in it.
    const asynchronous = Object.prototype.toString.call(store.get) === '[object AsyncFunction]' || undefined
    states.set(store, (state = { lanes: new Map(), writes: new Set(), asynchronous }))
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
      state.asynchronous = false
    }
  }
  return state.asynchronous
}

/** A fence, and whether writes were under way when it was raised that may land after the removal. */
interface Fence {
  readonly instant: number
  readonly doubtful: boolean
}

export class Lane {
  readonly flights = new Map<string, Flight>()
  readonly #state: StoreState
  /** Counts what was fenced, for fills that answer at once and have no flight. */
  fenced = 0
  readonly #operations: Operations
  readonly #fences = new Map<string, Fence>()
  readonly #writes = new Map<string, Promise<unknown>>()
  /** The fence of every key of the lane. */
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
    this.#operations = 'scope' in store && store.scope ? (store.scope(prefix) as SyncScope) : prefixed(store, prefix)
  }

  /** The lane of a prefix that other definitions may share. */
  static of(store: Store, prefix: string): Lane {
    const { lanes } = stateOf(store)
    let lane = lanes.get(prefix)
    if (!lane) lanes.set(prefix, (lane = new Lane(store, prefix)))
    return lane
  }

  /** Asks the store. What it throws or rejects with becomes a `StoreError`; a promise is given `timeout` milliseconds. */
  get(key: string, timeout: number): Answer<unknown> {
    const answer = this.#ask('get', () => this.#operations.get(key))
    this.#state.asynchronous ??= isThenable(answer)
    return this.#within('get', timeout, answer)
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
  set(key: string, entry: unknown, createdAt: number, context: SetContext, timeout: number): Answer<void> {
    const answer = this.#ask('set', () => this.#operations.set(key, entry, context))
    if (!isThenable(answer)) return this.#acknowledged(key, createdAt)
    const write = Promise.resolve(answer).then(() => this.#acknowledged(key, createdAt))
    const all: Promise<unknown> = Promise.allSettled([this.#writes.get(key), write]).then(() => {
      this.#state.writes.delete(all)
      if (this.#writes.get(key) !== all) return
      this.#writes.delete(key)
      this.#clearUp(key)
    })
    this.#writes.set(key, all)
    this.#state.writes.add(all)
    return this.#within('set', timeout, write)
  }

  /** Removes an entry; resolves when the store acknowledged it. */
  delete(key: string, timeout: number): Answer<void> {
    const fence = this.#fences.get(key)
    const lower = () => {
      if (!this.#writes.has(key)) this.#lower(key, fence)
    }
    const answer = this.#within('delete', timeout, this.#ask('delete', () => this.#operations.delete(key)))
    return isThenable(answer) ? answer.then(lower) : lower()
  }

  /** Whether so many writes of this store have not settled that no further one should be started. */
  get isCongested(): boolean {
    return this.#state.writes.size >= backlog
  }

  /** The writes of a key that may still land. */
  pending(key: string): Promise<unknown> | undefined {
    return this.#writes.get(key)
  }

  /** The instant a fill of this key begins: later than every fence that stands for it. */
  begin(key: string, now: number): number {
    const createdAt = Math.max(now, this.#floor + 1, (this.#fences.get(key)?.instant ?? -Infinity) + 1)
    if (createdAt > this.#latest) this.#latest = createdAt
    return createdAt
  }

  /** Whether an entry of this key may be believed. */
  trusts(key: string, createdAt: number): boolean {
    if (createdAt <= this.#floor) return false
    const fence = this.#fences.size > 0 ? this.#fences.get(key) : undefined
    return !fence || createdAt > fence.instant
  }

  /** Raises the fence of a key: no flight of it is joined, and nothing that began before is believed or written. */
  fence(key: string, now: number): void {
    this.fenced += 1
    const flight = this.flights.get(key)
    if (flight) {
      flight.writable = false
      this.flights.delete(key)
    }
    const instant = Math.max(now, this.#latest)
    if (this.#fences.size >= backlog) {
      this.#fences.clear()
      this.#floor = instant
    }
    this.#fences.set(key, { instant, doubtful: this.#writes.has(key) })
  }

  /** A write landed: what stood there before is gone, unless an earlier write can still come. */
  #acknowledged(key: string, createdAt: number): void {
    const fence = this.#fences.get(key)
    if (fence && !fence.doubtful && fence.instant < createdAt) this.#lower(key, fence)
  }

  /** Every write of a key has settled, in whatever order: where a fence was raised among them, nothing there is known. */
  #clearUp(key: string): void {
    if (!this.#fences.get(key)?.doubtful) return
    try {
      const removed = this.delete(key, 2 ** 31 - 1)
      if (isThenable(removed)) removed.then(undefined, () => {})
    } catch {
      // The fence stays, and with it the distrust.
    }
  }

  #lower(key: string, fence: Fence | undefined): void {
    if (this.#fences.get(key) === fence) this.#fences.delete(key)
  }

  #failed(operation: string, cause: unknown): StoreError {
    if (cause instanceof StoreError) return cause
    const name = nameOf(this.store)
    return new StoreError(name, operation, `${name} failed to ${operation}; its own error is the cause.`, { cause })
  }

  #ask<T>(operation: string, run: () => Answer<T>): Answer<T> {
    try {
      const answer = run()
      return isThenable(answer) ? Promise.resolve(answer).catch((cause) => Promise.reject(this.#failed(operation, cause))) : answer
    } catch (cause) {
      throw this.#failed(operation, cause)
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
        const advice = operation === 'get' || operation === 'getMany' ? ' Raise `storeTimeout` if that is its usual pace.' : ''
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
