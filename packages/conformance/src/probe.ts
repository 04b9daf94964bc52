import type { Entry, Held, SetContext, Store } from '@autocache/core'
import type { Capabilities, Harness } from './capabilities.ts'
import { type Check, createCheck } from './check.ts'

/** The store as clauses talk to it: every operation is awaited, whether the store is synchronous or not. */
export interface AwaitedStore {
  get(key: string): Promise<Held | undefined>
  set(key: string, entry: Held, context?: SetContext): Promise<void>
  delete(key: string): Promise<boolean>
  getMany(keys: readonly string[]): Promise<readonly (Held | undefined)[]>
  setMany(entries: readonly { key: string; entry: Held; context?: SetContext }[]): Promise<void>
  deleteMany(keys: readonly string[]): Promise<void>
  clear(prefix?: string): Promise<void>
  /** All keys, in the order the store lists them. */
  keys(prefix: string): Promise<string[]>
}

/** What a clause works with. */
export interface Probe {
  readonly store: AwaitedStore
  /** The store itself, for clauses about the shape of its answers. */
  readonly raw: Store
  readonly harness: Harness
  readonly capabilities: Capabilities
  readonly check: Check
  /** A new entry in the form the store holds. `content` is never empty, because no entry of core is. */
  entry(key: string, content?: string): Held
  now(): number
  advance(ms: number): Promise<void>
}

/** A probe for one run of one clause. */
export function createProbe(harness: Harness, capabilities: Capabilities): Probe {
  const now = harness.now ?? Date.now
  return {
    store: awaited(harness.store),
    raw: harness.store,
    harness,
    capabilities,
    check: createCheck(capabilities.holds),
    entry: (key, content = `the entry of ${key}`) => entryOf(capabilities, key, content, now()),
    now,
    advance: async (ms) => {
      await (harness.advance ? harness.advance(ms) : new Promise((resolve) => setTimeout(resolve, ms)))
    },
  }
}

function entryOf({ holds }: Capabilities, key: string, content: string, createdAt: number): Held {
  if (holds === 'text') return content
  if (holds === 'bytes') return new TextEncoder().encode(content)
  const facts = { createdAt, outcome: 'value', promised: false, epochs: 0 } as const
  return { format: 2, key, ...facts, codec: 'reference', body: content } satisfies Entry
}

/** `store` with every operation awaited. */
export function awaited(store: Store): AwaitedStore {
  return {
    get: async (key) => store.get(key),
    set: async (key, entry, context) => store.set(key, entry, context),
    delete: async (key) => store.delete(key),
    getMany: async (keys) => (store.getMany ? store.getMany(keys) : missing('getMany')),
    setMany: async (entries) => (store.setMany ? store.setMany(entries) : missing('setMany')),
    deleteMany: async (keys) => (store.deleteMany ? store.deleteMany(keys) : missing('deleteMany')),
    // Without a prefix the argument is left out, as core leaves it out.
    clear: async (...prefix) => (store.clear ? store.clear(...prefix) : missing('clear')),
    keys: async (prefix) => {
      const listed: string[] = []
      for await (const key of store.keys ? store.keys(prefix) : missing('keys')) listed.push(key)
      return listed
    },
  }
}

function missing(method: string): never {
  throw new Error(`The capability '${method}' is claimed, but the store has no method ${method}.`)
}
