/**
 * Failures beneath a cache, seen.
 *
 * cache-manager's `get` answers `undefined` (6: `null`) for a Keyv that threw, and with `nonBlocking` it waits for no
 * write. That is the upper half only: Keyv itself answers a storage adapter's error with `undefined`, `false` or `true`,
 * and `@keyv/redis` turns it into an `error` event and answers as if there were nothing.
 *
 * The rule: one operation on one Keyv runs on a view of it whose storage adapter is a view too. The views belong to that
 * operation and note what the adapter's methods threw or rejected while they were asked. An `error` event that the adapter
 * emitted meanwhile makes an answer a failure where that answer proves nothing: `undefined` from a read, anything but
 * `true` from a write or a removal. An operation that did not reach the adapter is a failure as well. Nothing of the user's
 * is changed; the listener stands only while operations are under way.
 *
 * Deliberately inexact: an `error` event fails every operation under way on that adapter whose answer proves nothing, its
 * own or not. That costs an event and a run of the function. Not seen: an adapter that answers `undefined` while it is
 * disconnected and says nothing. See docs/decisions/0021-lru-cache-and-cache-manager.md.
 */
import { isBridge, isKeyv, type KeyvLike, type Members, membersOf } from './cache-manager-like.ts'

/** What is asked of the adapter; Keyv may do more, such as deleting an expired entry that was read. */
export type Purpose = 'read' | 'write' | 'remove'

const purposes = new Map<PropertyKey, Purpose>([
  ['get', 'read'],
  ['getMany', 'read'],
  ['set', 'write'],
  ['setMany', 'write'],
  ['delete', 'remove'],
  // What Keyv 6 drops an expired entry with, where the adapter has it.
  ['deleteMany', 'remove'],
])

/** Whether an adapter's answer cannot come from a failure it kept to itself. */
function proves(purpose: Purpose, answer: unknown): boolean {
  if (Array.isArray(answer)) return answer.length > 0 && answer.every((one) => proves(purpose, one))
  return purpose === 'read' ? answer !== undefined && answer !== null : answer === true
}

interface Emitter {
  on(event: 'error', listener: (error: unknown) => void): unknown
  off(event: 'error', listener: (error: unknown) => void): unknown
}

/** The errors that one adapter emits while operations are under way. */
class Watch {
  static readonly #watches = new WeakMap<object, Watch>()
  errors = 0
  latest: unknown
  #operations = 0
  readonly #adapter: Emitter
  readonly #listener = (error: unknown): void => {
    this.errors += 1
    this.latest = error
  }

  private constructor(adapter: Emitter) {
    this.#adapter = adapter
  }

  static on(store: unknown): Watch | undefined {
    const adapter = membersOf(store)
    if (typeof adapter?.on !== 'function' || typeof adapter.off !== 'function') return undefined
    let watch = Watch.#watches.get(adapter)
    if (!watch) Watch.#watches.set(adapter, (watch = new Watch(adapter as unknown as Emitter)))
    if (watch.#operations === 0) watch.#adapter.on('error', watch.#listener)
    watch.#operations += 1
    return watch
  }

  leave(): void {
    this.#operations -= 1
    if (this.#operations === 0) this.#adapter.off('error', this.#listener)
  }
}

/** One operation on one Keyv, and what became of it beneath. */
export class Witness<TResult> {
  /** What Keyv answered. */
  result: TResult | undefined
  /** Whether Keyv threw, and what. */
  thrown = false
  error: unknown
  /** Whether Keyv asked its storage adapter at all. */
  reached = false
  /** Whether a read brought something back. */
  answered = false
  /** Whether Keyv then deleted what it had read: it had expired. */
  dropped = false
  /** Whether something went wrong in what was asked for, and what went wrong first. */
  failed = false
  failure: unknown
  readonly #purpose: Purpose
  readonly #watch: Watch | undefined

  private constructor(purpose: Purpose, watch: Watch | undefined) {
    this.#purpose = purpose
    this.#watch = watch
  }

  /** Runs `ask` on a view of `keyv`, and notes what happens beneath until it settles. It never rejects. */
  static async of<TResult>(keyv: KeyvLike, purpose: Purpose, ask: (view: KeyvLike) => Promise<TResult>) {
    const watch = Watch.on(keyv.store)
    const witness = new Witness<TResult>(purpose, watch)
    try {
      witness.result = await ask(witness.#keyvView(keyv))
    } catch (error) {
      witness.thrown = true
      witness.error = error
    } finally {
      watch?.leave()
    }
    return witness
  }

  /** A Keyv as it appears to this operation: itself, but for its storage adapter. Keyv 5 reaches that in two ways. */
  #keyvView(keyv: KeyvLike): KeyvLike {
    const members = keyv as unknown as Members
    let options: unknown
    let store: unknown
    return new Proxy(members, {
      get: (_, property) => {
        const member = members[property]
        if (property === 'opts') {
          const own = membersOf(member)
          if (own?.store === undefined) return member
          options ??= { __proto__: own, store: this.#adapterView(own.store) }
          return options
        }
        if (property !== '_store' && property !== 'store') return member
        store ??= this.#adapterView(member)
        return store
      },
    }) as unknown as KeyvLike
  }

  #adapterView(store: unknown): unknown {
    const adapter = membersOf(store)
    if (adapter === undefined) return store
    if (isKeyv(adapter)) return this.#keyvView(adapter)
    // A bridge turns the `undefined` of what is beneath it into `true`, so both are asked through views.
    const bridges = isBridge(adapter)
    return new Proxy(adapter, {
      get: (_, property, view) => {
        const member = adapter[property]
        if (bridges && property === '_store') return this.#adapterView(member)
        if (typeof member !== 'function' || property === 'constructor') return member
        const purpose = purposes.get(property)
        // An adapter runs on itself: one with private fields could not run on a view.
        const self = bridges ? view : adapter
        if (purpose === undefined) return member.bind(self)
        return (...args: unknown[]) => this.#ask(purpose, () => Reflect.apply(member, self, args))
      },
    })
  }

  #ask(purpose: Purpose, run: () => unknown): unknown {
    if (purpose !== this.#purpose) {
      if (purpose === 'remove') this.dropped = true
      return run()
    }
    this.reached = true
    const before = this.#watch?.errors
    const settle = (answer: unknown): unknown => {
      if (answer !== undefined && answer !== null) this.answered = true
      if (this.#watch?.errors !== before && !proves(purpose, answer)) this.#fail(this.#watch?.latest)
      return answer
    }
    const refuse = (error: unknown): never => {
      this.#fail(error)
      throw error
    }
    try {
      const answer = run()
      return typeof membersOf(answer)?.then === 'function'
        ? (answer as Promise<unknown>).then(settle, refuse)
        : settle(answer)
    } catch (error) {
      return refuse(error)
    }
  }

  #fail(error: unknown): void {
    if (this.failed) return
    this.failed = true
    this.failure = error
  }
}
