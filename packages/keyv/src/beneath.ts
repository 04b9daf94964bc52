/**
 * Failures beneath Keyv, seen.
 *
 * Keyv 5 answers a storage adapter's error with `undefined`, `false` or `true`, depending on the method; Keyv 6 turns it
 * into an event; `@keyv/redis` turns it into an event of its own and answers as if there were nothing. Each looks like
 * a miss or an acknowledgement.
 *
 * The rule: an operation runs on a view of the user's Keyv whose storage adapter is a view too. The views belong to that
 * one operation, hold nothing, write through, and note what the adapter threw, rejected or emitted while it was asked.
 * So two concurrent operations are never confused, the user's settings, hooks, events and later changes all apply, and
 * nothing of theirs is touched.
 *
 * An `error` event that no operation caused (a socket closed) is known by a listener on the adapter that stands only
 * while operations are under way. It makes an answer a failure only where that answer proves nothing: `undefined` from a
 * read, anything but `true` from a write.
 *
 * Deliberately inexact: such an event fails an operation that was truthfully told "absent" while it waited. Not seen: an
 * adapter that answers `undefined` while it is disconnected and says nothing. See docs/decisions/0005-keyv.md.
 */
import { isKeyv, type KeyvLike, type Members, membersOf } from './keyv-like.ts'
import { isSqlite, together } from './together.ts'

/** What is asked of Keyv; Keyv may do more, such as deleting an expired entry that was read. */
export type Purpose = 'read' | 'write' | 'remove' | 'list'

const methods = new Map<PropertyKey, Purpose>([
  ['get', 'read'],
  ['getMany', 'read'],
  ['set', 'write'],
  ['setMany', 'write'],
  ['delete', 'remove'],
  ['deleteMany', 'remove'],
])

/**
 * Methods that make a text of another and ask nothing: they run on what is behind a view, which is quicker for each row of
 * a read. One that a user has put in their place runs so too, and only what it did to the storage would go unnoticed.
 */
const textual = new Set<PropertyKey>(['deserializeData', '_getKeyPrefix', '_getKeyPrefixArray', 'createKeyPrefix'])

const onOriginals = new WeakMap<object, Map<unknown, Method>>()

/** A method that runs on what is behind a view: always the same function for the same method. */
function onOriginal(original: Members, method: Method): Method {
  let known = onOriginals.get(original)
  if (!known) onOriginals.set(original, (known = new Map()))
  let bound = known.get(method)
  if (!bound) known.set(method, (bound = method.bind(original) as Method))
  return bound
}

/** Adapters whose methods cannot run on a view, because they have private fields. */
const opaque = new WeakSet<object>()

/** Whether an adapter's answer cannot come from a failure it kept to itself. */
function proves(purpose: Purpose, answer: unknown): boolean {
  if (Array.isArray(answer)) return answer.length > 0 && answer.every((one) => proves(purpose, one))
  return purpose === 'read' ? answer !== undefined && answer !== null : answer === true
}

/** The errors that an adapter emits on its own account while operations are under way. */
class Watch {
  static readonly #watches = new WeakMap<object, Watch>()
  errors = 0
  latest: unknown
  /** Above zero while an operation's own error is emitted: it is noted already, and concerns no other operation. */
  attributed = 0
  #operations = 0
  readonly #adapter: Members
  readonly #listener = (error: unknown): void => {
    if (this.attributed > 0) return
    this.errors += 1
    this.latest = error
  }

  private constructor(adapter: Members) {
    this.#adapter = adapter
  }

  static on(store: unknown): Watch | undefined {
    const adapter = membersOf(store)
    if (typeof adapter?.on !== 'function' || typeof adapter.off !== 'function') return undefined
    let watch = Watch.#watches.get(adapter)
    if (watch === undefined) {
      watch = new Watch(adapter)
      Watch.#watches.set(adapter, watch)
    }
    if (watch.#operations === 0) (adapter as unknown as Emitter).on('error', watch.#listener)
    watch.#operations += 1
    return watch
  }

  leave(): void {
    this.#operations -= 1
    if (this.#operations === 0) (this.#adapter as unknown as Emitter).off('error', this.#listener)
  }
}

interface Emitter {
  on(event: 'error', listener: (error: unknown) => void): unknown
  off(event: 'error', listener: (error: unknown) => void): unknown
}

/** One operation on a Keyv, and what became of it beneath. */
export class Operation {
  /** Whether Keyv asked its storage adapter at all. */
  reached = false
  /** Whether a read brought something back. */
  answered = false
  /** Whether Keyv then deleted what it had read: it had expired. */
  dropped = false
  /** Whether something went wrong in what was asked for. */
  failed = false
  /** What went wrong first. */
  failure: unknown
  readonly #purpose: Purpose
  readonly #watch: Watch | undefined
  #asked = 0
  #ended = false

  constructor(keyv: KeyvLike, purpose: Purpose) {
    this.#purpose = purpose
    this.#watch = Watch.on(keyv.store)
  }

  /** Runs `ask` on a view of `keyv`, and notes what happens beneath until it settles. */
  static async run<TResult>(
    keyv: KeyvLike,
    purpose: Purpose,
    ask: (view: KeyvLike) => Promise<TResult>,
  ): Promise<{ operation: Operation; result?: TResult; thrown: boolean; error?: unknown }> {
    const operation = new Operation(keyv, purpose)
    try {
      return { operation, result: await ask(keyvView(keyv, operation)), thrown: false }
    } catch (error) {
      return { operation, thrown: true, error }
    } finally {
      operation.end()
    }
  }

  end(): void {
    this.#ended = true
    this.#watch?.leave()
  }

  /** Brackets a use of the adapter that is no method call, such as walking through its iterator. */
  async *walk<TItem>(items: Iterable<TItem> | AsyncIterable<TItem>): AsyncGenerator<TItem, void> {
    this.reached = true
    this.#asked += 1
    const before = this.#watch?.errors
    try {
      yield* items
      if (this.#watch?.errors !== before) this.#fail(this.#watch?.latest)
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#asked -= 1
    }
  }

  call(adapter: Members, view: Members, name: PropertyKey, method: Method, args: unknown[]): unknown {
    const purpose = methods.get(name)
    if (purpose !== this.#purpose) {
      if (purpose === 'remove') this.dropped = true
      return ask(adapter, view, method, args, purpose)
    }
    this.reached = true
    this.#asked += 1
    const before = this.#watch?.errors
    const settle = (answer: unknown): unknown => {
      this.#asked -= 1
      if (answer !== undefined && answer !== null) this.answered = true
      if (this.#watch?.errors !== before && !proves(purpose, answer)) this.#fail(this.#watch?.latest)
      return answer
    }
    const refuse = (error: unknown): never => {
      this.#asked -= 1
      this.#fail(error)
      throw error
    }
    let answer: unknown
    try {
      answer = ask(adapter, view, method, args, purpose)
    } catch (error) {
      return refuse(error)
    }
    // An adapter that answers at once goes on doing so: its own methods may count on it.
    return isPromise(answer) ? answer.then(settle, refuse) : settle(answer)
  }

  emit(adapter: Members, emit: Method, args: unknown[]): unknown {
    if (args[0] !== 'error' || this.#ended || (this.#asked === 0 && !this.failed)) {
      return Reflect.apply(emit, adapter, args)
    }
    this.#fail(args[1])
    if (this.#watch === undefined) return Reflect.apply(emit, adapter, args)
    this.#watch.attributed += 1
    try {
      return Reflect.apply(emit, adapter, args)
    } finally {
      this.#watch.attributed -= 1
    }
  }

  #fail(error: unknown): void {
    if (this.failed) return
    this.failed = true
    this.failure = error
  }
}

type Method = (...args: unknown[]) => unknown

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof membersOf(value)?.then === 'function'
}

/** Whether a method refused to run on a view, because it reads `#private` fields: before it did anything. */
function isRefusedReceiver(error: unknown): boolean {
  return error instanceof TypeError && /private (?:member|method|field|name)|Receiver must be/.test(error.message)
}

/** Views on which a write is under way: what it writes in its turn waits for nobody. */
const within = new WeakSet<object>()

function viewWithin(adapter: Members, view: Members): Members {
  const inner: Members = new Proxy(adapter, { get: (_, property) => Reflect.get(view, property, inner) as unknown })
  within.add(inner)
  return inner
}

/** Asks an adapter; what writes to SQLite goes with what is written at the same time. */
function ask(adapter: Members, view: Members, method: Method, args: unknown[], purpose: Purpose | undefined): unknown {
  const writes = purpose === 'write' || purpose === 'remove'
  if (writes && !within.has(view) && isSqlite(adapter)) {
    const inner = viewWithin(adapter, view)
    return together(adapter, () => apply(adapter, inner, method, args))
  }
  return apply(adapter, view, method, args)
}

function apply(adapter: Members, view: Members, method: Method, args: unknown[]): unknown {
  // Only an adapter that emits can keep a failure to itself, so only such a one runs on the view.
  if (typeof adapter.emit !== 'function' || opaque.has(adapter)) return Reflect.apply(method, adapter, args)
  const again = (error: unknown): unknown => {
    if (!isRefusedReceiver(error)) throw error
    opaque.add(adapter)
    return Reflect.apply(method, adapter, args)
  }
  let answer: unknown
  try {
    answer = Reflect.apply(method, view, args)
  } catch (error) {
    return again(error)
  }
  return isPromise(answer) ? answer.then(undefined, again) : answer
}

/** A storage adapter, or a Keyv used as one, as it appears to one operation. */
export function viewBeneath(store: unknown, operation: Operation): unknown {
  const adapter = membersOf(store)
  if (adapter === undefined) return store
  if (isKeyv(adapter)) return keyvView(adapter, operation)
  // Keyv 6 puts a bridge over an adapter made for Keyv 5; what that one keeps to itself is seen beneath the bridge.
  const bridges = typeof adapter._storeHandlesNamespace === 'boolean'
  return new Proxy(adapter, new AdapterView(operation, bridges))
}

class AdapterView implements ProxyHandler<Members> {
  readonly #operation: Operation
  readonly #bridges: boolean

  constructor(operation: Operation, bridges: boolean) {
    this.#operation = operation
    this.#bridges = bridges
  }

  get(adapter: Members, property: PropertyKey, view: Members): unknown {
    const operation = this.#operation
    const member = adapter[property]
    if (typeof member !== 'function')
      return this.#bridges && property === '_store' ? viewBeneath(member, operation) : member
    if (textual.has(property)) return onOriginal(adapter, member as Method)
    if (methods.has(property)) {
      return (...args: unknown[]) => operation.call(adapter, view, property, member as Method, args)
    }
    return property === 'emit' ? (...args: unknown[]) => operation.emit(adapter, member as Method, args) : member
  }
}

/** A Keyv as it appears to one operation: itself, but for its storage adapter. Keyv 5 reaches that in two ways. */
function keyvView(keyv: KeyvLike, operation: Operation): KeyvLike {
  return new Proxy(keyv as unknown as Members, new KeyvView(operation)) as unknown as KeyvLike
}

class KeyvView implements ProxyHandler<Members> {
  readonly #operation: Operation
  #options: unknown
  #store: unknown

  constructor(operation: Operation) {
    this.#operation = operation
  }

  get(keyv: Members, property: PropertyKey): unknown {
    const member = keyv[property]
    switch (property) {
      case 'opts': {
        const own = membersOf(member)
        if (own?.store === undefined) return member
        this.#options ??= { __proto__: own, store: viewBeneath(own.store, this.#operation) }
        return this.#options
      }
      case '_store':
      case 'store':
        this.#store ??= viewBeneath(member, this.#operation)
        return this.#store
      case 'emit':
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => this.#operation.emit(keyv, member as Method, args)
      default:
        return typeof member === 'function' && textual.has(property) ? onOriginal(keyv, member as Method) : member
    }
  }
}
