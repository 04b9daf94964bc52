/** What an entry is worth to a call under the options that its function has now. */

import { hush, isThenable } from './answer.ts'
import type { Call, Definition } from './definition.ts'
import type { Opened } from './entry.ts'
import { lifetime, type State, stateAt } from './freshness.ts'
import type { Depends } from './nested.ts'
import { isTags, toMilliseconds } from './options.ts'

/** What is judged of an entry. */
export type Judged = Pick<Opened, 'outcome' | 'createdAt' | 'until'>

/** The judge of one function's entries. */
export interface Judge {
  /** What an entry is worth now. */
  stateOf(call: Call, entry: Judged, value: unknown): State
  /** How long a value is fresh, in milliseconds; `undefined` where the option's function gives no duration. */
  ttlOf(value: unknown, args: readonly unknown[]): number | undefined
  /** How long a value may answer in any way, in milliseconds; `undefined` where `ttl` gives no duration. */
  lifetimeOf(value: unknown, args: readonly unknown[]): number | undefined
  /** Every tag of a value, those known before it first; `undefined` where the option's function gives no list. */
  tagsOf(value: unknown, args: readonly unknown[]): readonly string[] | undefined
  /** What a cached function that made the call is to know of its answer. */
  dependsOf(call: Call, entry: Opened, value: unknown): Depends
}

/** Whether an entry answers without the function. */
export function isAnswer(state: State): boolean {
  return state === 'fresh' || state === 'early' || state === 'stale'
}

/** Puts together the judge of one function. */
export function createJudge({ options, clock, tags }: Definition): Judge {
  const { ttl, windows, errorTtl } = options
  /** A kept error expires like a value, and then it is worth nothing. */
  const errorWindows = { ...windows, staleTtl: 0, staleIfError: 0, earlyRefresh: 1 }

  function ttlOf(value: unknown, args: readonly unknown[]): number | undefined {
    if (typeof ttl !== 'function') return ttl
    try {
      const duration: unknown = ttl(value, ...args)
      hush(duration)
      return toMilliseconds(duration)
    } catch {
      return undefined
    }
  }

  /** How long an entry is fresh: no longer than what it was made from. */
  function freshFor(call: Call, { outcome, createdAt, until = Infinity }: Judged, value: unknown): number {
    const own = (outcome === 'error' ? errorTtl : ttlOf(value, call.args)) ?? 0
    return until === Infinity ? own : Math.max(0, Math.min(own, until - createdAt))
  }

  return {
    ttlOf,

    stateOf(call, entry, value) {
      const kept = freshFor(call, entry, value)
      if (kept === Infinity) return 'fresh'
      const rules = entry.outcome === 'error' ? errorWindows : windows
      return stateAt(call.lane.keyOf(call.suffix), entry.createdAt, kept, rules, clock())
    },

    lifetimeOf(value, args) {
      const fresh = ttlOf(value, args)
      return fresh === undefined ? undefined : lifetime(fresh, windows)
    },

    tagsOf(value, args) {
      if (!tags.of) return tags.fixed
      try {
        const found: unknown = tags.of(value, ...args)
        hush(found)
        return !isThenable(found) && isTags(found) ? [...new Set(found)] : undefined
      } catch {
        return undefined
      }
    },

    dependsOf(call, entry, value) {
      const { tags: list = [], epochs } = entry
      const tokens = typeof epochs === 'string' ? epochs.split(' ').slice(2) : []
      const until = entry.createdAt + freshFor(call, entry, value)
      return { space: call.lane.epochs.space, tags: list, tokens, until }
    },
  }
}
