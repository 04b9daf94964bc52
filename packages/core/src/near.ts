/**
 * What a store has in memory of this process, in front of a store that others use, and can vouch for without asking anybody
 * (`tiered-store.ts`). Hits from there are answered at once (`near-path.ts`).
 */

import type { Call, Definition } from './definition.ts'
import type { Finder } from './find.ts'
import type { Judge } from './judge.ts'
import type { Lane } from './lane.ts'
import type { SlotScope } from './slot.ts'
import type { Entry, Store } from './store.ts'

/** What is known of the epochs that are kept near. */
export interface Vouching {
  /**
   * Counts whatever may end what was found good: a change that was told, a gap in what is told. What stood under a count
   * stands as long as it is that, and is believed.
   */
  readonly changes: number
  /** Until when what is kept is believed, by `performance.now()`; it moves on as long as the bus is heard. */
  readonly until: number
  /** When it was last asked for. */
  usedAt: number
}

/** An epoch as it was read, and until when it is kept, by `performance.now()`. */
export interface KeptRow {
  readonly row: string
  readonly until: number
}

/** The near part of a store. */
export interface Near {
  readonly vouching: Vouching
  /** What is kept of an epoch. */
  row(key: string): KeptRow | undefined
  /** The handle on the places of entries below a prefix, where the near tier has places. */
  scope(prefix: string): SlotScope | undefined
  /** What an entry of the near tier holds, and until when it is kept there, by `performance.now()`. */
  kept(entry: Entry): { readonly held: unknown; readonly until: number }
  /** The short way of one function's hits. */
  path(definition: Definition, judge: Judge, finder: Finder): NearPath
}

/** Answers hits at once, each with a promise of its own value; with nothing where the long way must. */
export interface NearPath {
  /** By the arguments alone, where they led to an entry before that still stands. */
  from(args: readonly unknown[], lane: Lane): Promise<unknown> | undefined
  /** A call past its key. */
  answer(call: Call): Promise<unknown> | undefined
}

const nears = new WeakMap<Store, Near>()

/** Says what a store has near. */
export function bringNear(store: Store, near: Near): void {
  nears.set(store, near)
}

/** What a store has near, if anything. */
export function nearOf(store: Store): Near | undefined {
  return nears.get(store)
}
