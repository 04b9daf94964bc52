/** Runs of the function: what is noted before one begins, and in which surroundings it runs. What becomes of it: `land.ts`. */

import { detached } from '#platform'
import { type Answer, isThenable } from './answer.ts'
import type { Call, Definition, Found } from './definition.ts'
import type { Finder } from './find.ts'
import type { Flight, Landed } from './flight.ts'
import { lifetime } from './freshness.ts'
import { nextInstant } from './instants.ts'
import type { Fill, Landings } from './land.ts'
import { Gathering } from './nested.ts'
import type { AnyFunction } from './options.ts'
import type { Seen } from './rows.ts'
import { replaceSignals } from './signals.ts'

/** What a function was seen to answer with: decides whether a fill needs the care of a flight from the start. */
export class Manner {
  readonly isAsyncFunction: boolean
  #answers: 'values' | 'promises' | 'both' | undefined

  constructor(fn: AnyFunction) {
    this.isAsyncFunction = Object.prototype.toString.call(fn) === '[object AsyncFunction]'
    if (this.isAsyncFunction) this.#answers = 'promises'
  }

  /** Whether it never was seen to answer otherwise than with promises. */
  get promises(): boolean {
    return this.#answers === 'promises'
  }

  /** Whether it never was seen to answer otherwise than at once. */
  get values(): boolean {
    return this.#answers === 'values'
  }

  /** Whether it answered with a promise; remembered for the fills to come. */
  sees(result: unknown): result is PromiseLike<unknown> {
    const promised = isThenable(result)
    const seen = promised ? 'promises' : 'values'
    this.#answers = this.#answers === undefined || this.#answers === seen ? seen : 'both'
    return promised
  }

  /** Whether a hit answers with a promise: as the fill did, or, of a primed value, as the function always does. */
  isPromised({ promised }: { readonly promised: boolean }): boolean {
    return promised || this.#answers === 'promises'
  }
}

/** How a run begins. */
export interface Start {
  /** What was seen of its epochs, where others use the store. */
  readonly seen: Seen | undefined
  /** Whether what was written before must not come back once it is stored. */
  readonly replaces?: boolean
  /** What answers where the function fails. */
  readonly over?: Found | undefined
  /** Whether nobody waits for it. */
  readonly background?: boolean
}

/** How the function of a definition is run. */
export interface Runs {
  /** Notes that a run begins. Whoever calls this ends it: `Gathering.active` counts it. */
  begin(call: Call, flight: Flight | undefined, start: Start): Fill
  /** Runs the function for a fill: apart from the caller's async context unless that is part of the key (R08). */
  execute(fill: Fill): unknown
  /** What a run is to know of the epochs in a store that others use; nothing where that cannot be known. */
  known(call: Call, seen: Seen | undefined): Answer<Seen | undefined>
  /** Runs the function for a flight that is under way, and lands it. */
  fly(call: Call, flight: Flight, start: Start): Promise<Landed>
}

/** Puts together how the function of a definition is run. */
export function createRuns(definition: Definition, landings: Landings, { storeFailed }: Finder): Runs {
  const { fn, options, report, clock } = definition
  const { storeTimeout, partition, ttl, windows } = options
  /** How long an entry is going to live, as far as that is known before it is there. */
  const usual = typeof ttl === 'number' ? lifetime(ttl, windows) : 86_400_000

  function begin(call: Call, flight: Flight | undefined, start: Start): Fill {
    const { seen, replaces = false, over, background = false } = start
    const { lane, suffix } = call
    const createdAt = lane.begin(clock())
    const startedAt = report.observed() ? performance.now() : 0
    if (!background) lane.overtake(suffix)
    const gathering = new Gathering(lane.epochs.space)
    Gathering.active += 1
    const begun = nextInstant()
    if (flight) {
      flight.begun = begun
      flight.seen = seen
      flight.gathering = gathering
    }
    const { fenced } = lane
    return { call, createdAt, startedAt, begun, fenced, flight, replaces, over, background, seen, gathering }
  }

  function execute({ call, flight, gathering }: Fill): unknown {
    const signal = flight?.controller?.signal
    const args = signal ? replaceSignals(call.args, signal) : call.args
    const run = flight
      ? () => flight.run(() => fn.apply(call.self, args as unknown[]))
      : () => fn.apply(call.self, args as unknown[])
    return Gathering.during(flight ? undefined : gathering, () => (partition ? run() : detached(run)))
  }

  function known(call: Call, seen: Seen | undefined): Answer<Seen | undefined> {
    const { lane, names } = call
    const failed = (error: unknown) => storeFailed(call, 'set', error)
    return seen && names ? lane.epochs.space.stored!.begin(seen, names, usual, clock(), storeTimeout, failed) : seen
  }

  return {
    begin,
    execute,
    known,
    async fly(call, flight, start) {
      const fill = begin(call, flight, { ...start, seen: call.names ? await known(call, start.seen) : undefined })
      let body: unknown
      try {
        body = execute(fill)
        if (isThenable(body)) {
          flight.promised = true
          body = await body
        }
      } catch (error) {
        Gathering.active -= 1
        return arrive(call, flight, landings.error(fill, error, flight.promised))
      }
      Gathering.active -= 1
      return arrive(call, flight, landings.value(fill, body, flight.promised))
    },
  }
}

/** Lands a flight; it stays open to later callers while what it brought is being written. */
export function arrive(call: Call, flight: Flight, landed: Landed): Landed {
  const { landing, written } = landed
  flight.land(landing)
  if (written) {
    flight.landedAt = performance.now()
    void written.then(() => leave(call, flight))
  } else leave(call, flight)
  return landed
}

/** Ends that a key leads to a flight. */
export function leave({ lane, suffix }: Call, flight: Flight): void {
  lane.retire(suffix, flight)
}
