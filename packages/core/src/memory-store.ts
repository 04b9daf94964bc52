import { invalidOption } from './options.ts'
import type { Slot, SlotScope } from './slot.ts'
import type { Entry, SyncStore } from './store.ts'

/** The bounds of a memory store. */
export interface MemoryStoreOptions {
  /** The most entries it keeps. @default 10_000 */
  readonly max?: number
  /** The most bytes its entries may take by {@link estimateBytes}. @default no bound */
  readonly maxBytes?: number
}

/** The default store: a bounded map of references in this process. */
export interface MemoryStore extends SyncStore<'references', undefined> {
  scope(prefix: string): SlotScope<undefined>
  clear(prefix?: string): void
  keys(prefix: string): IterableIterator<string>
  /** How many entries it holds now. */
  readonly size: number
}

/** An entry in the store: a link of the eviction list. */
interface Node extends Slot {
  readonly key: string
  entry: Entry
  bytes: number
  newer: Node | undefined
  older: Node | undefined
}

/**
 * Creates the default store. When it is full it evicts by SIEVE (Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024):
 * entries stand in order of arrival, a read marks its entry, and a hand that moves from the oldest to the newest takes
 * the first entry without a mark. A hit therefore moves nothing.
 *
 * It keeps no clock: core judges freshness from the entry, and an expired entry stays until it is overwritten or its
 * place is needed.
 * @throws AutocacheError `INVALID_OPTION` where a bound is not a number from 1 up.
 * @example
 * ```ts
 * import { createAutocache, memoryStore } from '@autocache/core'
 * const cache = createAutocache({ store: memoryStore({ max: 500 }) })
 * ```
 */
export function memoryStore({ max = 10_000, maxBytes = Infinity }: MemoryStoreOptions = {}): MemoryStore {
  for (const [name, bound] of Object.entries({ max, maxBytes })) {
    if (typeof bound !== 'number' || !(bound >= 1)) throw invalidOption(name, 'a number from 1 up')
  }

  const nodes = new Map<string, Node>()
  let bytes = 0
  let newest: Node | undefined
  let oldest: Node | undefined
  let hand: Node | undefined

  function remove(node: Node): void {
    nodes.delete(node.key)
    if (node.indexes) for (const { index, key } of node.indexes) index.delete(key)
    bytes -= node.bytes
    if (node === hand) hand = node.newer
    if (node.newer) node.newer.older = node.older
    else newest = node.older
    if (node.older) node.older.newer = node.newer
    else oldest = node.newer
  }

  function evict(): void {
    let node = hand ?? oldest!
    while (node.visited) {
      node.visited = false
      node = node.newer ?? oldest!
    }
    hand = node
    remove(node)
  }

  function write(key: string, entry: Entry): void {
    const size = maxBytes === Infinity ? 0 : estimateBytes(entry.body) + 2 * key.length
    const known = nodes.get(key)
    if (known && size <= known.bytes) {
      bytes += size - known.bytes
      known.bytes = size
      known.entry = entry
      known.checked = 0
      known.visited = true
      return
    }
    if (known) remove(known)
    if (size > maxBytes) return
    while (nodes.size >= max || bytes + size > maxBytes) evict()
    const node: Node = {
      key,
      entry,
      bytes: size,
      visited: false,
      checked: 0,
      newer: undefined,
      older: newest,
      note: undefined,
      indexes: undefined,
    }
    if (newest) newest.newer = node
    else oldest = node
    newest = node
    bytes += size
    nodes.set(key, node)
  }

  return {
    name: 'memory',
    lifetime: 'process',
    holds: 'references',

    get size() {
      return nodes.size
    },

    get(key) {
      const node = nodes.get(key)
      if (!node) return undefined
      node.visited = true
      return node.entry
    },

    set(key, entry) {
      write(key, entry)
    },

    delete(key) {
      const node = nodes.get(key)
      if (node) remove(node)
      return node !== undefined
    },

    // A handle of one function: what it answers from most often is found by its arguments, see `hit-path.ts`.
    scope(prefix) {
      // A miss asks for a key and then writes it: the same string is hashed once.
      let lastKey = ''
      let lastFull = prefix
      const full = (key: string) => {
        if (key !== lastKey) lastFull = prefix + (lastKey = key)
        return lastFull
      }
      const find = (key: string) => nodes.get(full(key))
      return {
        full,
        slot: (key) => find(key) ?? null,
        get(key) {
          const node = find(key)
          if (!node) return undefined
          node.visited = true
          return node.entry
        },
        set(key, entry) {
          write(full(key), entry)
        },
        delete(key) {
          const node = find(key)
          if (node) remove(node)
          return node !== undefined
        },
      }
    },

    clear(prefix = '') {
      for (const node of nodes.values()) if (node.key.startsWith(prefix)) remove(node)
    },

    *keys(prefix) {
      for (const key of nodes.keys()) if (key.startsWith(prefix)) yield key
    },
  }
}

/**
 * About how many bytes a value takes in memory, counting each object once: strings by two bytes a unit, numbers by
 * eight, buffers by their length (all of it, though a view shows a part), objects and collections by their parts. An estimate for bounding a cache; engines
 * differ, and what hangs behind a class's private fields is not seen.
 * @example
 * ```ts
 * import { estimateBytes } from '@autocache/core'
 * estimateBytes('abcd') // 24
 * ```
 */
export function estimateBytes(value: unknown): number {
  const seen = new Set<object>()
  const rest: unknown[] = [value]
  let total = 0
  while (rest.length > 0) {
    const part = rest.pop()
    if (typeof part === 'string') total += 16 + 2 * part.length
    else if (typeof part !== 'object' || part === null) total += 8
    else if (!seen.has(part)) {
      seen.add(part)
      total += 48
      if (ArrayBuffer.isView(part)) rest.push(part.buffer)
      else if (/^\[object (?:Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(part))) {
        total += (part as ArrayBuffer).byteLength
      } else if (part instanceof Map) for (const pair of part) rest.push(...pair)
      else if (part instanceof Set) for (const item of part) rest.push(item)
      else {
        for (const key of Object.keys(part)) {
          const property = Object.getOwnPropertyDescriptor(part, key)
          total += 8
          if (property && 'value' in property) rest.push(property.value)
        }
      }
    }
  }
  return total
}
