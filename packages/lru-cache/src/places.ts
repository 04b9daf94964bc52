/**
 * Places: what core's fast path keeps of an entry in an LRUCache.
 *
 * Core leads the primitive arguments of a hit straight to the place of its entry (`hit-path.ts` of core). The memory store
 * can hand out the place itself, because it knows when an entry goes. An LRUCache does not tell: its `dispose` is the
 * user's. So the place here is only the key, and each look at its entry is a `get`: recency, expiry, `allowStale`, a
 * `clear()` by the user and all else that an LRUCache does on a read happen as on any other.
 *
 * The rule: a place answers with what the LRUCache answers for that key at this moment, if it is the entry of that key, or
 * with nothing. It is never a second opinion, so it can be kept after its entry went, and answers again when it is back. That
 * an entry was seen not to be invalidated is known of no other: it is forgotten as soon as a look finds other epochs or tags.
 *
 * Places of entries that went and are not asked for again are swept out whenever there are twice as many as there were
 * after the last sweep, so there are never many more than entries.
 */
import type { Entry } from '@autocache/core'
import type { Slot } from '@autocache/core/plumbing'
import type { LruCacheLike } from './lru-cache-like.ts'

/** Stands for "no entry": core takes the general path for whatever is not a value. */
const nothing: Entry = Object.freeze({
  format: 2,
  key: '',
  createdAt: 0,
  codec: 'none',
  outcome: 'error',
  promised: false,
  epochs: 0,
  body: undefined,
})

/** How many places there may be before the first sweep. */
const few = 1000

/** The place of one key. */
export class Place implements Slot {
  /** Set by core when it answers from here; the `get` has moved the entry to the front already. */
  visited = false
  /** Set by core when it found that the entry is not invalidated. */
  checked = 0
  /** The indexes of core that lead here. */
  indexes: Slot['indexes'] = undefined
  /** What `checked` was found by: not the entry itself, which nothing here keeps in memory. */
  #epochs: unknown = undefined
  #tags: Entry['tags'] = undefined
  readonly #lru: LruCacheLike
  readonly #key: string

  constructor(lru: LruCacheLike, key: string) {
    this.#lru = lru
    this.#key = key
  }

  /** What a `get` answers now. */
  get entry(): Entry {
    const entry = this.#look()
    if (entry.epochs !== this.#epochs || entry.tags !== this.#tags) {
      this.checked = 0
      this.#epochs = entry.epochs
      this.#tags = entry.tags
    }
    return entry
  }

  #look(): Entry {
    try {
      const entry = this.#lru.get(this.#key)
      const isOurs = entry?.key === this.#key && entry.format === 2 && typeof entry.epochs === 'number'
      return isOurs ? entry : nothing
    } catch {
      // A `dispose` that threw: the general path asks again, and reports it.
      return nothing
    }
  }

  /** Tells core to lead no arguments here any more. */
  leave(): void {
    if (this.indexes) for (const { index, key } of this.indexes) index.delete(key)
    this.indexes = undefined
  }
}

/** The places of one LRUCache. */
export class Places {
  readonly #lru: LruCacheLike
  readonly #places = new Map<string, Place>()
  #bound = few

  constructor(lru: LruCacheLike) {
    this.#lru = lru
  }

  /** How many there are, those of entries that went included. */
  get size(): number {
    return this.#places.size
  }

  /** The place of a key, or `null` where a `get` finds nothing. */
  find(key: string): Place | null {
    let entry: Entry | undefined
    try {
      entry = this.#lru.get(key)
      if (entry === undefined) return null
    } catch {
      // As in `entry` above.
    }
    let place = this.#places.get(key)
    if (place === undefined) {
      if (this.#places.size >= this.#bound) this.#sweep()
      // The very string that the LRUCache and the entry have: they compare it by identity then.
      const own = entry?.key === key ? entry.key : key
      this.#places.set(own, (place = new Place(this.#lru, own)))
    }
    return place
  }

  #sweep(): void {
    for (const [key, place] of this.#places) {
      if (this.#lru.peek(key, { allowStale: true }) !== undefined) continue
      this.#places.delete(key)
      place.leave()
    }
    this.#bound = Math.max(few, 2 * this.#places.size)
  }
}
