/**
 * Hits over a store that promises: reads, and answers with what is there. Most calls end here, with one promise; the others
 * go on as if they had come with what was read.
 */

import { type Answer, isThenable } from './answer.ts'
import type { Call, Definition, Found } from './definition.ts'
import type { Finder } from './find.ts'
import type { Flight } from './flight.ts'
import type { Gate } from './gate.ts'
import type { Joins } from './join.ts'
import type { Judge } from './judge.ts'
import type { Read, Seen } from './rows.ts'

/** What a call goes on with where an entry does not simply answer it. */
interface Means {
  readonly gate: Gate
  readonly judge: Judge
  readonly finder: Finder
  readonly joins: Joins
  /** Waits for a run of which nothing that is known of the call was invalidated since. */
  join(call: Call, flight: Flight): Promise<unknown>
  /** Fills without another read. */
  fill(call: Call, seen: Seen | undefined, over?: Found, origin?: object): unknown
  /** Goes the way of a flight with what was read. */
  later(call: Call, read: Read): Promise<unknown>
  /** Starts the refresh that is due after a hit. */
  refresh(call: Call, found: Found, seen: Seen | undefined): void
}

/** What answers calls that begin with their read and nothing else. */
export interface Glance {
  /** Whether a call is such a one: none of its key is under way, and nobody can abort it. */
  suits(call: Call): boolean
  answer(call: Call): unknown
}

/** Puts together the hits of one function over a store that promises. */
export function createGlance({ reader }: Definition, means: Means): Glance {
  const { gate, judge, finder, joins, join, fill, later, refresh } = means

  /** What a call whose read failed goes on with. */
  function lost(call: Call, error: unknown): unknown {
    finder.unread(call, error)
    const other = call.names ? undefined : joins.flightFor(call)
    return other ? join(call, other) : fill(call, undefined)
  }

  function next(call: Call, read: Read): unknown {
    const { lane, names, suffix, inner } = call
    const { flights, refreshes } = lane
    if (flights.size > 0 || refreshes.size > 0) {
      const other = names ? flights.get(suffix) : joins.flightFor(call)
      // One that began with what this call has read as well, or any where all who use the store are in this process.
      if (other && (!names || (other.origin === read.made && joins.mayJoin(call, other, inner))))
        return join(call, other)
      if (names && (other || refreshes.has(suffix))) return later(call, read)
    }
    const found = finder.decide(call, read)
    return isThenable(found)
      ? Promise.resolve(found as PromiseLike<Found | undefined>).then((found) => conclude(call, read, found))
      : conclude(call, read, found as Found | undefined)
  }

  function conclude(call: Call, read: Read, found: Found | undefined): unknown {
    if (!found?.answers) return fill(call, read.seen, found, read.made)
    refresh(call, found, read.seen)
    const { opened, value } = found
    if (call.outer) call.outer.add(judge.dependsOf(call, opened, value))
    if (opened.outcome === 'error') throw value
    return value
  }

  return {
    suits({ lane, suffix, names, inputs }) {
      if (!gate.asynchronous || !(names || reader)) return false
      if (inputs.signals.length > 0 || !lane.trusts(suffix, Infinity)) return false
      const { flights, refreshes, reading } = lane
      if (flights.size === 0 && refreshes.size === 0 && reading.size === 0) return true
      return !flights.has(suffix) && !refreshes.has(suffix) && !reading.has(suffix)
    },

    answer(call) {
      const failed = (error: unknown): Answer<unknown> => lost(call, error)
      try {
        return finder.readThen(call, (read) => next(call, read) as Answer<unknown>, failed)
      } catch (error) {
        return failed(error)
      }
    },
  }
}
