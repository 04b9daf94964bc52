import { asyncMapStore, mapStore } from '@autocache/conformance'
import type { AsyncStore, SetContext, Store } from '../src/index.ts'
import { memoryStore } from '../src/index.ts'

/** One store of each kind: sync and async, process and shared, references, text and bytes. */
export const kinds: Readonly<Record<string, () => Store>> = {
  memory: () => memoryStore(),
  'async text': () => asyncMapStore({ holds: 'text' }),
  'async bytes': () => asyncMapStore({ holds: 'bytes' }),
  'sync shared text': () => mapStore({ holds: 'text' }),
  'async references': () => asyncMapStore({ holds: 'references' }),
}

/** The kinds that give every caller a copy. */
export const copying = ['async text', 'async bytes', 'sync shared text'] as const

export const eachKind: readonly (readonly [string, () => Store])[] = Object.entries(kinds)

/** A promise with its ends. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** Lets everything that is ready run: some turns of the event loop. */
export async function idle(turns = 4): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** A real wait, for liveness only. */
export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Whether a promise is still pending once everything that is ready has run. */
export async function isPending(promise: PromiseLike<unknown>): Promise<boolean> {
  let pending = true
  promise.then(
    () => (pending = false),
    () => (pending = false),
  )
  await idle()
  return pending
}

/** Whether a key is that of an epoch (see `src/epochs.ts`) and not that of an entry. */
export const isEpoch = (key: string): boolean => /^[^:]*:[^:]*:epochs:/.test(key)

/** The keys of the entries in a storage, without those of the epochs beside them. */
export const entryKeys = (rows: ReadonlyMap<string, unknown>): string[] =>
  [...rows.keys()].filter((key) => !isEpoch(key))

type Operation = 'get' | 'set' | 'delete'

/** An operation a stepped store has received. */
export interface Step {
  readonly operation: Operation
  readonly key: string
  /** Whether the storage has done it. */
  readonly applied: boolean
  /** The storage does it; nobody is told yet. */
  apply(): void
  /** The caller is told what happened when it was applied; applies it first where that is still due. */
  acknowledge(): void
  /** The caller is told that it failed, applied or not. */
  fail(error?: unknown): void
}

export interface SteppedStore extends AsyncStore<'text'> {
  readonly rows: Map<string, string>
  /** What is held back and not acknowledged yet, in order of arrival. */
  readonly steps: Step[]
  /** The first step of an operation that is held back. */
  next(operation: Operation): Step
  /** The operations that are held back; the others are done at once, and so is what is asked of epochs. */
  readonly held: Set<Operation>
  /** What accompanied the entries. */
  readonly contexts: (SetContext | undefined)[]
}

/** An asynchronous text store whose operations on entries are done and acknowledged when the test says so. */
export function steppedStore(...operations: Operation[]): SteppedStore {
  const rows = new Map<string, string>()
  const steps: Step[] = []
  const held = new Set(operations)
  const contexts: (SetContext | undefined)[] = []
  const run = <T>(operation: Operation, key: string, work: () => T): Promise<T> => {
    if (!held.has(operation) || isEpoch(key)) return Promise.resolve().then(work)
    const { promise, resolve, reject } = deferred<T>()
    let result: { value: T } | undefined
    const leave = () => void steps.splice(steps.indexOf(step), 1)
    const step: Step = {
      operation,
      key,
      get applied() {
        return result !== undefined
      },
      apply() {
        result ??= { value: work() }
      },
      acknowledge() {
        leave()
        step.apply()
        resolve(result!.value)
      },
      fail(error = new Error('The storage is down.')) {
        leave()
        reject(error)
      },
    }
    steps.push(step)
    return promise
  }
  return {
    lifetime: 'shared',
    holds: 'text',
    rows,
    steps,
    held,
    contexts,
    next(operation) {
      const step = steps.find((one) => one.operation === operation)
      if (!step) throw new Error(`No ${operation} is held back.`)
      return step
    },
    get: (key) => run('get', key, () => rows.get(key)),
    set(key, entry, context) {
      if (!isEpoch(key)) contexts.push(context)
      return run('set', key, () => void rows.set(key, entry))
    },
    delete: (key) => run('delete', key, () => rows.delete(key)),
  }
}
