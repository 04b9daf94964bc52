import type { AsyncStore, Store, StoreTraits, SyncStore } from '@autocache/core'

/** The operations a fault can strike. Scopes are struck through `get`, `set` and `delete`. */
export const operations = ['get', 'set', 'delete', 'getMany', 'setMany', 'deleteMany', 'clear', 'keys'] as const

const traits = ['lifetime', 'holds', 'maxKeyBytes', 'wire'] as const satisfies readonly (keyof StoreTraits)[]

/** An operation of a store. */
export type Operation = (typeof operations)[number]

/** The switch and the counters of a fault store. */
export interface Fault {
  /** Whether the fault strikes; off, the store behaves like the one it wraps. @default true */
  on: boolean
  /** How often each operation was called, struck or not. */
  readonly calls: Readonly<Record<Operation, number>>
  /** How many operations the fault changed. */
  readonly struck: number
}

/** What every fault store takes. */
export interface FaultOptions {
  /** The operations it strikes. The others pass. @default all that the fault knows */
  readonly operations?: readonly Operation[]
}

/** The members of the store contract that a store has; of each kind for a store that may be either. */
type Contract<TStore> = TStore extends unknown
  ? Pick<TStore, Extract<keyof TStore, keyof SyncStore | keyof AsyncStore>>
  : never

/** A store with a fault: the same operations and traits, `epochs` struck like the rest, and the switch. */
export type FaultStore<TStore extends Store, TFault extends Fault = Fault> = Contract<TStore> & {
  readonly fault: TFault
}

/** One call on its way to the wrapped store. */
export interface Call {
  readonly operation: Operation
  readonly args: readonly unknown[]
  /** Calls the wrapped store, with other arguments where some are given. */
  proceed(...args: readonly unknown[]): unknown
  /** Counts the call as changed by the fault. */
  strike(): void
  /** `value` in the way the store answers: itself, or a promise of it. */
  answer(value: unknown): unknown
}

/** The single operation that a batch stands for. */
const singles: Partial<Record<Operation, Operation>> = { getMany: 'get', setMany: 'set', deleteMany: 'delete' }

type Item = string | { readonly key: string; readonly entry: unknown; readonly context?: unknown }

const argumentsOf = (item: Item) => (typeof item === 'string' ? [item] : [item.key, item.entry, item.context])

interface Interposition extends FaultOptions {
  /** Whether batches are struck entry by entry, as the single operations they stand for. */
  readonly itemwise?: boolean
  /** What happens to a call while the fault is on. */
  handle(call: Call): unknown
}

/** `store` with `handle` between it and its caller. */
export function interpose<TStore extends Store, TExtra extends object = object>(
  store: TStore,
  { operations: chosen = operations, itemwise = false, handle }: Interposition,
  extra: TExtra = {} as TExtra,
): FaultStore<TStore, Fault & TExtra> {
  const calls = Object.fromEntries(operations.map((name) => [name, 0])) as Record<Operation, number>
  let struck = 0
  // Not spread: an accessor of the fault's own (`held`) would be read once and frozen.
  const fault = Object.defineProperties(extra, {
    on: { value: true, writable: true, enumerable: true },
    calls: { value: calls, enumerable: true },
    struck: { get: () => struck, enumerable: true },
  }) as Fault & TExtra

  type Method = (...args: readonly unknown[]) => unknown
  const methodOf = (operation: Operation) =>
    (store as unknown as Record<string, unknown>)[operation] as Method | undefined

  const pass = (operation: Operation, args: readonly unknown[], on: object = store): unknown => {
    const method = (on as Record<string, unknown>)[operation] as Method
    const proceed = (...changed: readonly unknown[]) => method.apply(on, changed.length > 0 ? [...changed] : [...args])
    if (!fault.on || !chosen.includes(operation)) return proceed()
    return handle({
      operation,
      args,
      proceed,
      strike: () => {
        struck++
      },
      answer: (value) => (answersWithPromises(store) ? Promise.resolve(value) : value),
    })
  }

  const each = (operation: Operation, list: readonly (readonly unknown[])[], on: object = store): unknown => {
    const answers = list.map((args) => pass(operation, args, on))
    return answersWithPromises(store) ? Promise.all(answers) : answers
  }
  const batchOf = (operation: Operation) => {
    const single = singles[operation]
    return itemwise && fault.on && single && chosen.includes(single) ? single : undefined
  }

  const wrapped: Record<string, unknown> = {}
  for (const trait of traits) if (store[trait] !== undefined) wrapped[trait] = store[trait]
  for (const operation of operations) {
    if (methodOf(operation) === undefined) continue
    wrapped[operation] = (...args: readonly unknown[]) => {
      calls[operation]++
      const single = batchOf(operation)
      return single ? each(single, (args[0] as readonly Item[]).map(argumentsOf)) : pass(operation, args)
    }
  }
  const { epochs } = store
  if (epochs) {
    const rows: Record<string, unknown> = {}
    for (const operation of ['get', 'set', 'getMany'] as const) {
      if (epochs[operation] === undefined) continue
      rows[operation] = (...args: readonly unknown[]) => {
        calls[operation]++
        const single = batchOf(operation)
        if (!single) return pass(operation, args, epochs)
        return each(single, (args[0] as readonly Item[]).map(argumentsOf), epochs)
      }
    }
    wrapped.epochs = rows
  }
  if ((store as { scope?: unknown }).scope !== undefined) wrapped.scope = (prefix: string) => scopeOf(wrapped, prefix)
  wrapped.fault = fault
  modes.set(wrapped, () => answersWithPromises(store))
  return wrapped as FaultStore<TStore, Fault & TExtra>
}

/** A scope is its prefix and nothing else, so that a fault strikes it like the store. */
function scopeOf(wrapped: object, prefix: string) {
  const store = wrapped as SyncStore
  return {
    get: (key: string) => store.get(prefix + key),
    set: (key: string, ...rest: [never]) => store.set(prefix + key, ...rest),
    delete: (key: string) => store.delete(prefix + key),
  }
}

const modes = new WeakMap<object, () => boolean>()

/**
 * Whether a store answers with promises. It declares no such thing, so one read of a key nobody uses is spent to see;
 * a fault store asks the one it wraps.
 */
export function answersWithPromises(store: Store): boolean {
  let mode = modes.get(store)
  if (mode === undefined) {
    const answer: unknown = store.get.constructor.name === 'AsyncFunction' || probe(store)
    mode = () => Boolean(answer)
    modes.set(store, mode)
  }
  return mode()
}

function probe(store: Store): boolean {
  try {
    const answer: unknown = store.get('autocache-conformance-probe')
    if (!(answer instanceof Promise)) return false
    answer.catch(() => {})
    return true
  } catch {
    return false
  }
}

/** The call made only once `gate` opens; for asynchronous stores. */
export function behind(gate: () => Promise<unknown>, { operation, proceed }: Call): unknown {
  if (operation !== 'keys') return gate().then(() => proceed())
  return (async function* () {
    await gate()
    yield* proceed() as AsyncIterable<string>
  })()
}
