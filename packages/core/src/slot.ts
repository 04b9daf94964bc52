/**
 * Slots: what a store may offer to the fast path of a hit (`hit-path.ts`). A scope that has `slot` and `full` is asked for
 * the place of an entry instead of for the entry, and the place is kept under the arguments that led to it.
 *
 * The rule: a slot answers with the entry that the store has for its key now, or with what is no value, and knows of no entry
 * what it knew of the one before. What core may answer from, it reads in this order: `entry`, then `checked`.
 */
import type { Entry, SyncScope } from './store.ts'

/** The place of one key in a store of references in this process. */
export interface Slot {
  /** The entry that stands there now; core reads it before `checked`. */
  readonly entry: Entry
  /** Whether it was read since the store last looked; core sets it when it answers from it. */
  visited: boolean
  /**
   * The instant at which the entry that stands there was last seen not to be invalidated; core sets it. 0 as soon as the
   * entry is another one: one with other `epochs` or `tags`, which are all that it was judged by.
   */
  checked: number
  /** What core noted of the entry that stood here when it did so; it says itself which that was. */
  note?: object | undefined
  /** The indexes that lead here; each is told when the slot ends. */
  indexes: { readonly index: SlotIndex; readonly key: unknown }[] | undefined
}

/** Something that finds slots and forgets them when they go. */
export interface SlotIndex {
  delete(key: unknown): void
}

/** A handle on the keys below one prefix that also knows their places. */
export interface SlotScope<TSetOptions = unknown> extends SyncScope<'references', TSetOptions> {
  /** The place of an entry, or `null` where it has none; without marking it as read, if the store can. */
  slot(key: string): Slot | null
  /** The whole key: for the same key in a row the same string, which is hashed and kept once. */
  full(key: string): string
}
