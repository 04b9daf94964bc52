/**
 * A lane is what one function's keys have in common over one store: the prefix of the key, the flights that are under
 * way, and the fences that keep out what was computed before an invalidation. Two definitions of one label and version
 * over one store share a lane, so that they share flights and see each other's invalidations.
 *
 * While the fence of a key stands, nothing that the store holds for it is believed (R18, R20). It is raised before a
 * removal is sent, or before a value is written that replaces another, and it falls when the store acknowledged that and
 * no earlier write can still land. So a write that timed out and arrives late, or a removal the store never took, cannot
 * bring an old value back in this process. No clock takes part in it.
 *
 * Over a store that others use an invalidation needs no fence that closes: a value of before it is known by the epochs that
 * it carries, whoever wrote it and whenever that landed, and with one a write that never settles would keep its key cold.
 * What goes or is replaced without that (`prime`, `refresh`, a value that is not to be kept) still needs it.
 */

import { type Answer, follow, isThenable } from './answer.ts'
import type { FunctionEpochs, Space } from './epochs.ts'
import type { Flight } from './flight.ts'
import { backOff } from './freshness.ts'
import { backlog, type Gate, gateOf } from './gate.ts'
import { HitPath } from './hit-path.ts'
import type { Slot, SlotScope } from './slot.ts'
import type { SetContext, Store, SyncScope } from './store.ts'
import type { Claims } from './version.ts'

/** Resolves when a promise has settled, either way. */
function settled(answer: Answer<unknown>): Promise<void> {
  return Promise.resolve(answer).then(
    () => {},
    () => {},
  )
}

/** The operations of a store below one prefix; sync or async as the store is. */
interface Operations {
  get(key: string): Answer<unknown>
  set(key: string, entry: unknown, context: SetContext): Answer<void>
  delete(key: string): Answer<boolean>
  readonly slot?: SlotScope['slot']
  readonly full?: SlotScope['full']
}

/** What definitions share. */
export interface Shared {
  readonly lanes: Map<string, Lane>
  /** What stands behind each label and version, for R02. */
  readonly claims: Claims
  /** By namespace. */
  readonly spaces: Map<string, Space>
}

/** What definitions of a store share, and, apart from it, those that one object of this process tells apart (L7). */
interface Sharing extends Shared {
  readonly owned: WeakMap<object, Shared>
}

const share = (): Shared => ({ lanes: new Map(), claims: new Map(), spaces: new Map() })

const sharings = new WeakMap<Store, Sharing>()

/** What the definitions of a store share, or those among them that one object of this process tells apart. */
export function sharedBy(store: Store, owner: object | undefined): Shared {
  let sharing = sharings.get(store)
  if (!sharing) sharings.set(store, (sharing = { ...share(), owned: new WeakMap() }))
  if (!owner) return sharing
  let shared = sharing.owned.get(owner)
  // Tags are by namespace, whoever has them.
  if (!shared) sharing.owned.set(owner, (shared = { ...share(), spaces: sharing.spaces }))
  return shared
}

/** How many keys of a lane whose function fails are remembered. */
const remembered = 1000

/** How often in a row a function has failed for a key, and when it did so last. */
interface Failure {
  readonly count: number
  readonly at: number
}

interface Fence {
  /** Whether the key is to be emptied once every write that was under way has settled. */
  emptying: boolean
  /** Whether it keeps out what the store holds. */
  readonly closes: boolean
}

export class Lane {
  readonly flights = new Map<string, Flight>()
  /** The flights that began to read in this turn of the microtask queue, over a store that others use. */
  readonly reading = new Map<string, Flight>()
  /** The flights in the background, whose keys have an entry that answers meanwhile. */
  readonly refreshes = new Map<string, Flight>()
  /** The notes of the locks that runs of this process have, by key. */
  readonly locks = new Map<string, string>()
  readonly #failures = new Map<string, Failure>()
  /** The way from arguments to entries, shared like the entries are. */
  readonly hits = new HitPath()
  /** The way to the store. */
  readonly gate: Gate
  /** What can be invalidated of the function, whatever its version. */
  readonly epochs: FunctionEpochs
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

  constructor(store: Store, prefix: string, epochs: FunctionEpochs) {
    this.store = store
    this.prefix = prefix
    this.epochs = epochs
    this.gate = gateOf(store)
    this.#operations = scoped(store, prefix) ?? prefixed(store, prefix)
  }

  /** The lane of a prefix among those that other definitions may share. */
  static of(store: Store, prefix: string, epochs: FunctionEpochs, { lanes }: Shared): Lane {
    let lane = lanes.get(prefix)
    if (!lane) lanes.set(prefix, (lane = new Lane(store, prefix, epochs)))
    return lane
  }

  /** Asks the store. @throws StoreError, at once or later; a promise is given `timeout` milliseconds */
  get(key: string, timeout: number): Answer<unknown> {
    const { gate } = this
    const answer = gate.ask<unknown>('get', timeout, () => this.#operations.get(key))
    if (isThenable(answer)) gate.asynchronous = true
    else gate.asynchronous ??= false
    return answer
  }

  /** The whole key. */
  keyOf(key: string): string {
    return this.#operations.full ? this.#operations.full(key) : this.prefix + key
  }

  /** The place of an entry; `null` where it has none, `undefined` in a store without places. */
  slot(key: string): Slot | null | undefined {
    return this.#operations.slot?.(key)
  }

  /** Asks for several whole keys at once, of whatever lane; `undefined` where the store cannot. */
  getMany(keys: readonly string[], timeout: number): Answer<readonly unknown[]> | undefined {
    const { store } = this
    if (!store.getMany) return undefined
    return this.gate.ask<readonly unknown[]>('getMany', timeout, () => store.getMany!(keys))
  }

  /**
   * Writes an entry. After `timeout` the promise rejects; the write itself counts as able to land until the store
   * settles it.
   */
  set(key: string, entry: unknown, context: SetContext, timeout: number): Answer<void> {
    const lower = this.#lowering(key)
    const { gate } = this
    const answer = gate.ask<void>('set', Infinity, () => this.#operations.set(key, entry, context))
    if (!isThenable(answer)) return lower()
    const write = Promise.resolve(answer).then(lower)
    const all: Promise<unknown> = Promise.allSettled([this.#writes.get(key), write]).then(() => {
      gate.writes.delete(all)
      if (this.#writes.get(key) !== all) return
      this.#writes.delete(key)
      this.#empty(key)
    })
    this.#writes.set(key, all)
    gate.writes.add(all)
    return gate.within('set', timeout, write)
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
    return settled(this.gate.within('set', patience, earlier)).then(() => {
      if (!this.stands(key, fence)) return false
      fence.emptying = this.#writes.has(key)
      return done()
    })
  }

  /** Removes an entry; resolves when the store acknowledged it. */
  delete(key: string, timeout: number): Answer<void> {
    const lower = this.#lowering(key)
    return follow(
      this.gate.insist<boolean>('delete', timeout, () => this.#operations.delete(key)),
      lower,
    )
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

  /** The instant a fill begins. */
  begin(now: number): number {
    const createdAt = Math.max(now, this.#floor + 1)
    if (createdAt > this.#latest) this.#latest = createdAt
    return createdAt
  }

  /** Whether a fence keeps out all that the store holds for a key, so that it need not be asked. */
  isClosed(key: string): boolean {
    return this.#fences.size > 0 && this.#fences.get(key)?.closes === true
  }

  /** Whether an entry may be believed: no fence keeps it out, and no run that is to replace it is under way. */
  trusts(key: string, createdAt: number): boolean {
    const flight = this.flights.size > 0 ? this.flights.get(key) : undefined
    return createdAt > this.#floor && !this.isClosed(key) && !flight?.replaces
  }

  /** Whether nothing is under way that a hit would have to know of: no flight, no fence. */
  get isQuiet(): boolean {
    return this.flights.size === 0 && this.#fences.size === 0 && this.#floor === -Infinity
  }

  /** Lets go of the flights of a key: nobody joins them any more, and what they make is not written. */
  supersede(key: string): void {
    this.fenced += 1
    this.#failures.delete(key)
    this.reading.delete(key)
    this.#replace(key, this.flights, true)
    this.#replace(key, this.refreshes, true)
  }

  /** Leads a key to a flight; an earlier one goes on for those who wait for it, and is not written. */
  enter(key: string, flight: Flight, flights = this.flights): void {
    this.#replace(key, flights)
    flight.home = flights
    flights.set(key, flight)
  }

  /** Leads a key to a flight until the event loop may bring something new. */
  share(key: string, flight: Flight): void {
    if (this.reading.size === 0) void Promise.resolve().then(() => this.reading.clear())
    this.reading.set(key, flight)
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

  /** Work in the background, until it has ended. */
  watch(work: Promise<unknown>): void {
    this.gate.keep(work, this.gate.refreshes)
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
  fence(key: string, now: number, closes = true): Fence {
    this.supersede(key)
    return this.raise(key, now, closes)
  }

  /** Raises the fence of a key. */
  raise(key: string, now: number, closes = true): Fence {
    if (this.#fences.size >= backlog) {
      if ([...this.#fences.values()].some((fence) => fence.closes)) this.#floor = Math.max(now, this.#latest)
      this.#fences.clear()
    }
    const fence = { emptying: this.#writes.has(key), closes }
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
