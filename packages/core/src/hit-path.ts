/**
 * The fast path of a hit: from primitive arguments to the entry's place in a memory store, without a key text, a promise
 * or a clock that is not needed. It is an index in front of the general path (`call.ts`), never another opinion: a slot
 * gets into it only after the general path answered these very arguments from it, and leaves it when the store drops the
 * entry, by whichever way (eviction, deletion, overwriting by another key). Whatever is not plain, such as an object, an
 * `undefined`, `-0` (which a `Map` takes for `0`) or a receiver that matters, goes the general way.
 *
 * `test/hit-path.test.ts` runs both side by side over random calls, evictions, expiries and invalidations, and shows that
 * this one was taken.
 */
import type { Slot, SlotIndex } from './slot.ts'

type Branch = Map<unknown, Branch | Slot>

/** Whether an argument is told apart by a `Map` exactly as it is by a key. */
function isIndexable(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return true
    case 'number':
      return value !== 0 || 1 / value > 0
    default:
      return value === null
  }
}

/** Slots by lists of primitive arguments. */
export class HitPath implements SlotIndex {
  /** Lists of one argument, the usual ones. */
  readonly #one: Branch = new Map()
  /** Longer lists, by their length, then argument by argument. */
  readonly #longer: Branch[] = []

  /** The slot of an argument list that was adopted before. Short, so that engines put it where it is called. */
  find(args: readonly unknown[]): Slot | undefined {
    if (args.length !== 1) return this.#find(args)
    const value = args[0]
    return value === 0 && 1 / (value as number) < 0 ? undefined : (this.#one.get(value) as Slot | undefined)
  }

  #find(args: readonly unknown[]): Slot | undefined {
    const { length } = args
    let branch = this.#longer[length]
    for (let at = 0; branch !== undefined && at < length; at++) {
      const value = args[at]
      if (value === 0 && 1 / (value as number) < 0) return undefined
      branch = branch.get(value) as Branch | undefined
    }
    return branch as Slot | undefined
  }

  /** Leads these arguments to a slot from now on, where they are all plain. */
  adopt(args: readonly unknown[], slot: Slot): void {
    const { length } = args
    if (length === 0 || length > 4 || !args.every(isIndexable)) return
    let branch = length === 1 ? this.#one : (this.#longer[length] ??= new Map())
    for (let at = 0; at < length - 1; at++) {
      let next = branch.get(args[at]) as Branch | undefined
      if (!next) branch.set(args[at], (next = new Map()))
      branch = next
    }
    const last = args[length - 1]
    if (branch.get(last) === slot) return
    branch.set(last, slot)
    ;(slot.indexes ??= []).push({ index: this, key: args })
  }

  /** How many first arguments it knows, over all lengths. */
  get size(): number {
    return this.#longer.reduce((sum, branch) => sum + branch.size, this.#one.size)
  }

  /** Forgets an argument list, and the branches that led only to it. */
  delete(key: unknown): void {
    const args = key as readonly unknown[]
    if (args.length === 1) this.#one.delete(args[0])
    else prune(this.#longer[args.length], args, 0)
  }
}

function prune(branch: Branch | undefined, args: readonly unknown[], at: number): void {
  if (!branch) return
  if (at < args.length - 1) {
    const next = branch.get(args[at]) as Branch | undefined
    prune(next, args, at + 1)
    if (next && next.size > 0) return
  }
  branch.delete(args[at])
}
