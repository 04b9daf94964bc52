/** Waiting for a flight, as its first caller, as a later one or as another flight; and what each of them is handed. */

import { clone } from './clone.ts'
import type { Call, Definition, Found } from './definition.ts'
import type { Flight, Landing, SharedLanding } from './flight.ts'
import { instant } from './instants.ts'
import type { Joined, Joins } from './join.ts'
import { firstly, type Landings } from './land.ts'
import type { Gathering } from './nested.ts'
import { leave } from './run.ts'

/** How the calls of one function wait for flights. */
export interface Boarding {
  /** Gives a landing to a caller. */
  handOver(call: Call, landing: Landing): unknown
  /** Waits for a flight as its first caller. */
  first(call: Call, flight: Flight): Promise<unknown>
  /** Waits for a flight as a later caller, who runs the function himself where he must. */
  later(call: Call, flight: Flight, exact: boolean, over?: Found): Promise<unknown>
  /** What a run under way brings to a flight that waits for it; nothing where the flight must run by itself. */
  along(call: Call, flight: Flight, other: Joined, over: Found | undefined): Promise<SharedLanding | undefined>
}

/** What waiting needs of the call it belongs to. */
interface Means {
  readonly joins: Joins
  readonly landings: Landings
  shown(call: Call): string | undefined
  /** A call past its key, once more from the start. */
  answer(call: Call): unknown
  /** Tells the cached function that made a call that it got what has no entry. */
  unknownTo(outer: Gathering | undefined): void
}

/** Puts together how the calls of one function wait. */
export function createBoarding({ fn, options, report }: Definition, means: Means): Boarding {
  const { joins, landings, shown, answer, unknownTo } = means
  const { store, flightTimeout } = options

  function handOver(call: Call, landing: Landing): unknown {
    if (landing.depends) call.outer?.add(landing.depends)
    else if (!landing.shared) unknownTo(call.outer)
    if (!landing.shared) return landing.value
    if (landing.outcome === 'error') throw landing.take()
    return landing.take()
  }

  /** Runs the function for one caller, whose value may be another than that of the flight and have other tags. */
  function alone(call: Call): unknown {
    unknownTo(call.outer)
    return fn.apply(call.self, call.args as unknown[])
  }

  function giveUp(call: Call, flight: Flight): void {
    flight.joinable = false
    report({ type: 'flight-timeout', key: shown(call) })
  }

  /**
   * What a flight brought, which may be that of a definition that hands out references, as copies where this one hands out
   * those; nothing where there can be none.
   */
  function own(landing: SharedLanding): SharedLanding | undefined {
    if (!options.clone || store.holds !== 'references' || landing.outcome === 'error') return landing
    const take = () => clone(landing.take())
    try {
      return { ...landing, take: firstly(take(), take) }
    } catch (error) {
      if (options.strict) throw error
      return undefined
    }
  }

  return {
    handOver,

    first(call, flight) {
      const { signals } = call.inputs
      if (signals.length === 0 && !call.inner) return flight.stay().then((landing) => handOver(call, landing))
      return flight
        .ride(signals, undefined, () => leave(call, flight), call.inner)
        .then((landing) => {
          if (!landing!.shared) flight.follow(signals)
          return handOver(call, landing!)
        })
    },

    async later(call, flight, exact, over) {
      const { signals } = call.inputs
      report({ type: 'join', key: shown(call) })
      const landing =
        flight.landed ?? (await flight.ride(signals, flightTimeout, () => leave(call, flight), call.inner))
      if (landing === undefined) {
        giveUp(call, flight)
        return answer(call)
      }
      if (!landing.shared) return alone(call)
      if (!joins.isMine(call, flight, landing, exact)) return answer(call)
      const taken = own(landings.standInFor(landing, call, over, flight.fenced))
      return taken ? handOver(call, taken) : alone(call)
    },

    async along(call, flight, other, over) {
      report({ type: 'join', key: shown(call) })
      // Who joins this flight gets what the other brings.
      flight.begun = Math.min(instant(), other.flight.begun)
      const signals = flight.controller ? [flight.controller.signal] : []
      const landing = other.flight.landed ?? (await other.flight.ride(signals, flightTimeout, () => {}, flight))
      if (landing === undefined) giveUp(call, other.flight)
      if (!landing?.shared || !joins.isMine(call, other.flight, landing, other.exact)) return undefined
      return own(landings.standInFor(landing, call, over, other.flight.fenced))
    },
  }
}
