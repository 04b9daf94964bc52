/**
 * Which run under way may answer a call. The rule: one that began after the call, or before which nothing of its names has
 * been invalidated since. A store that others use says that by its epochs; where all who use it are in this process, its
 * instants do.
 */

import type { Call, Definition } from './definition.ts'
import type { Flight, SharedLanding } from './flight.ts'
import { gateOf, isAsync } from './gate.ts'
import { isAnswer, type Judge } from './judge.ts'
import type { Seen } from './rows.ts'
import type { Manner } from './run.ts'

/** A run that a call waits for, and whether nothing of the namespace was invalidated between. */
export interface Joined {
  readonly flight: Flight
  readonly exact: boolean
}

/** What finds the runs that the calls of one function may wait for. */
export interface Joins {
  /** The flight of a key that a call may wait for, where all who use the store are in this process. */
  flightFor(call: Call): Flight | undefined
  /** A refresh that has landed and is being written: it answers before what it replaces. */
  newestFor(call: Call, seen: Seen | undefined, inner: Flight): Joined | undefined
  /** The run under way that a call waits for where no entry answers it, if it can wait. */
  runFor(call: Call, seen: Seen | undefined, inner?: Flight, earlier?: Flight): Joined | undefined
  /** Whether a call may wait for a flight, as far as this process knows. */
  mayJoin(call: Call, flight: Flight, inner: Flight | undefined): boolean
  /** Whether nothing of the namespace was invalidated in this process since a run began. */
  isExact(call: Call, flight: Flight): boolean
  /**
   * Whether what a flight brought may answer a call that joined it: under its options, where it is an entry that answers
   * under others, and where no tag that only the result told was invalidated before the call began.
   */
  isMine(call: Call, flight: Flight, landing: SharedLanding, exact: boolean): boolean
}

/** Puts together what finds the runs that calls may wait for. */
export function createJoins({ options, tags }: Definition, judge: Judge, manner: Manner): Joins {
  const { store, storeTimeout, flightTimeout, ttl } = options
  const gate = gateOf(store)

  function isExact({ lane }: Call, flight: Flight): boolean {
    return lane.epochs.space.latest <= flight.begun
  }

  function mayJoin(call: Call, flight: Flight, inner: Flight | undefined): boolean {
    if (!flight.joinable) return false
    // Invalidated in this process since the run began: also where that was last after the call, which hides one before it.
    if (call.lane.epochs.changed(call.inputs.subject, tags.fixed) > flight.begun) return false
    if (flight.landed) {
      // Landed, and the write is under way: it answers like the entry it becomes.
      const { landed } = flight
      if (!landed.shared || performance.now() - flight.landedAt > storeTimeout) return false
      const value = typeof ttl === 'function' && landed.outcome === 'value' ? landed.take() : undefined
      return isAnswer(judge.stateOf(call, landed, value))
    }
    if (performance.now() - flight.startedAt > flightTimeout) return false
    // A call from within the flight's own function, or around a ring of flights, would wait for itself (L1).
    return !(inner && flight.leadsTo(inner))
  }

  /**
   * Whether a run can answer a call, by the epochs of a store that others use: `all` where it began after the call, or
   * nothing of the namespace was invalidated between; `names` where nothing that is known of the call was. A store that is
   * not asked does not say; its runs are shared while they last as if it were this process's alone.
   */
  function shares(call: Call, seen: Seen | undefined, flight: Flight): 'all' | 'names' | 'no' {
    const { lane, names, begun } = call
    if (flight.begun > begun) return 'all'
    if (names && seen && flight.seen) return lane.epochs.space.stored!.same(seen, flight.seen, names)
    if (names && (!lane.gate.isOpen || flight.landed)) return 'no'
    return isExact(call, flight) ? 'all' : 'names'
  }

  return {
    mayJoin,
    isExact,

    flightFor(call) {
      const { suffix, lane } = call
      const { flights, refreshes } = lane
      if (flights.size === 0 && refreshes.size === 0) return undefined
      const flight = flights.get(suffix)
      if (flight && mayJoin(call, flight, call.inner)) return flight
      // One that has landed is the newest there is; before, the entry goes on to answer.
      const background = refreshes.get(suffix)
      return background?.landed && mayJoin(call, background, call.inner) ? background : undefined
    },

    newestFor(call, seen, inner) {
      const { refreshes } = call.lane
      const flight = refreshes.size > 0 && refreshes.get(call.suffix)
      if (!flight || flight.landed === undefined || !mayJoin(call, flight, inner)) return undefined
      const shared = shares(call, seen, flight)
      return shared === 'no' ? undefined : { flight, exact: shared === 'all' }
    },

    runFor(call, seen, inner = call.inner, earlier?) {
      const { lane, suffix, names } = call
      const { flights, refreshes } = lane
      const waits = (flight: Flight) => flight.promised || manner.promises || isAsync(gate)
      const found = [
        names && flights.size > 0 && flights.get(suffix),
        refreshes.size > 0 && refreshes.get(suffix),
        earlier,
      ]
      for (const flight of found) {
        if (!flight || !waits(flight) || !mayJoin(call, flight, inner)) continue
        const shared = shares(call, seen, flight)
        if (shared !== 'no') return { flight, exact: shared === 'all' }
      }
      return undefined
    },

    isMine(call, flight, landing, exact) {
      const { by, failed, outcome, createdAt, until, depends, asOf } = landing
      // What was read before the call began does not show what was invalidated since.
      if (asOf !== undefined && asOf <= call.begun) return false
      if (depends && depends.tags.length > tags.fixed.length) {
        if (!exact && call.names && !gate.isOpen) return false
        const at = call.lane.epochs.changed(call.inputs.subject, depends.tags)
        // Only the last is known of what was invalidated: where it is after the call, one before it may be hidden.
        if (at > flight.begun && (at <= call.begun || !exact)) {
          // Nor is it of anybody who begins after.
          flight.joinable = false
          return false
        }
      }
      if (by === undefined || by === options) return true
      const value = typeof ttl === 'function' ? landing.take() : undefined
      const state = judge.stateOf(call, { outcome, createdAt, until }, value)
      return failed ? state !== 'miss' : isAnswer(state)
    },
  }
}
