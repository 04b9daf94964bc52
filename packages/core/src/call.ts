/**
 * The life of one call, in order: key, flight, read, decide, fill, write, report.
 *
 * The rule: the caller gets what the function returns or throws, or an entry of exactly this version and these inputs
 * that is fresh under the current options, or stale where they allow it; and he never waits longer than for the function
 * and the stated budgets. So every way in which a store can fail ends in running the function, and nothing is written
 * that could not be read back as what the first caller received.
 *
 * Two shapes share these steps. Over a store that answers at once, a function that answers at once is called without any
 * promise in between (`answerNow`). Everything else goes through a flight: concurrent calls of a key wait for one read
 * and one fill (`answerLater`). Hits have short ways of their own: in memory `quick.ts`, over a store that promises `glance.ts`.
 *
 * The steps: `admit.ts` makes the call, `find.ts` asks the store and decides, `join.ts` looks for a run under way, `board.ts`
 * waits for it, `run.ts` runs the function, `land.ts` says what becomes of that. The order of a flight and an invalidation is
 * kept by fences, see `lane.ts`.
 *
 * A store that others use is asked by every call, also by one that then waits for a run that is under way here: only its
 * epochs say what was invalidated elsewhere. A call may wait for a run that began after it, or before which nothing of its
 * names has been invalidated since (`join.ts`).
 *
 * Deliberately inexact: arguments that a caller changes between its call and the moment the function runs (over an
 * asynchronous store, after the read) are seen changed by the function; the result is then not stored (R15).
 */

import { createAdmission } from './admit.ts'
import { type Answer, isThenable } from './answer.ts'
import { createBoarding } from './board.ts'
import type { Call, Definition, Found } from './definition.ts'
import { createFinder, type Look } from './find.ts'
import { Flight, gathering, type Landed, type SharedLanding } from './flight.ts'
import { gateOf, isAsync } from './gate.ts'
import { instant, nextInstant } from './instants.ts'
import { createJoins } from './join.ts'
import { createJudge, type Judge } from './judge.ts'
import { createLandings, firstly } from './land.ts'
import type { Turn } from './lock.ts'
import { Gathering } from './nested.ts'
import { check, createQuick, general } from './quick.ts'
import { createRefresh } from './refresh.ts'
import type { Read, Seen } from './rows.ts'
import { arrive, createRuns, leave, Manner } from './run.ts'
import type { Wire } from './wire.ts'

/** The steps of a call, for the wrapper and its handle. */
export interface Caller {
  readonly judge: Judge
  /** A whole call. */
  call(self: unknown, args: readonly unknown[]): unknown
  /** The key of a call. @throws UnkeyableValueError */
  prepare(self: unknown, args: readonly unknown[]): Call
  /** A call past its key; with what was read for it, where that was done before. */
  answer(call: Call, read?: Answer<Read>): unknown
  /** Asks the store for a call's entry. @throws StoreError, at once or later */
  read(call: Call): Answer<Read>
  /**
   * A call that does not read: it fills, or waits for a run under way, and others may wait for it. Where it `replaces`,
   * nothing older is believed after. `over` answers where the function fails.
   */
  fill(call: Call, seen: Answer<Seen | undefined>, replaces: boolean, over?: Found): unknown
  /**
   * What the store's answer is worth to a call, or `undefined` for a miss. It is reported, unless it is only looked at.
   */
  decide(call: Call, read: Read, look?: Look): Answer<Found | undefined>
  /** The call past its key, or `undefined` where it goes straight through. @throws UnkeyableValueError */
  admit(self: unknown, args: readonly unknown[]): Call | undefined
  /** Runs the function outside autocache. */
  pass(self: unknown, args: readonly unknown[]): unknown
  /** Reports a failure of the store. */
  storeFailed(call: Call, operation: string, cause: unknown): void
  /** Whether the function was seen to answer with promises. */
  readonly promises: boolean
}

/**
 * Puts the steps together for one cached function.
 * @param wire what calls take over stores that others use, or that promise, where the store or the instance brings it
 */
export function createCaller(
  definition: Definition,
  wire: Pick<Wire, 'glance' | 'near' | 'turns'> | undefined,
): Caller {
  const { fn, options, enabled, inputsOf, report, clock, tags } = definition
  const { store, ttl } = options
  const gate = gateOf(store)
  const manner = new Manner(fn)
  const judge = createJudge(definition)
  const refresh = createRefresh(options, report, clock)
  const admission = createAdmission(definition)
  const { lane: laneOf, prepare, admit, stillSame, shown } = admission
  const finder = createFinder(definition, judge, admission)
  const { read, decide, storeFailed, unread } = finder
  const landings = createLandings(definition, { judge, stillSame, shown, storeFailed })
  const joins = createJoins(definition, judge, manner)
  const { flightFor, newestFor, runFor, mayJoin } = joins
  const runs = createRuns(definition, landings, finder)
  const boarding = createBoarding(definition, { joins, landings, shown, answer, unknownTo })
  const { handOver } = boarding
  const turns = wire?.turns?.(definition, { nextInstant, read, decide, shown, landingOf })
  const quick = createQuick(definition, manner)
  /** Where its arguments alone lead to an entry. */
  const direct = inputsOf.plain ? quick : undefined
  const near = wire?.near?.(store)?.path(definition, judge, finder)
  const glance = wire?.glance?.(definition, {
    gate,
    judge,
    finder,
    joins,
    join,
    fill: (call, seen, over, origin) => fillAfter(call, seen, false, over, origin),
    later: (call, read) => answerLater(call, read, undefined),
    refresh: refreshAfter,
  })

  /** A cached function made this call, and got what has no entry: what is known of it reaches the outer one all the same. */
  function unknownTo(outer: Gathering | undefined): void {
    if (!outer) return
    // Where its value would have said what ends it, nothing that is made from it may be kept.
    const fresh = tags.of || options.cacheIf || typeof ttl === 'function' ? 0 : ttl
    const until = fresh === Infinity ? fresh : clock() + fresh
    outer.add({ space: laneOf().epochs.space, tags: tags.fixed, tokens: [], until })
  }

  /** Runs the function outside autocache; over an asynchronous store it answers with a promise all the same. */
  function pass(self: unknown, args: readonly unknown[]): unknown {
    unknownTo(gathering())
    if (!isAsync(gate)) return fn.apply(self, args as unknown[])
    try {
      const result: unknown = fn.apply(self, args as unknown[])
      return isThenable(result) ? result : Promise.resolve(result)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  function answer(call: Call, early?: Answer<Read>): unknown {
    const { lane, suffix, names } = call
    if (!names) {
      const flight = flightFor(call)
      if (flight) return join(call, flight)
      if (lane.isClosed(suffix)) {
        finder.missed(call, 'unsettled')
        return fillAfter(call, undefined)
      }
    }
    // Nothing from outside can have come between two calls of one turn: they share what is read.
    if (!early && glance?.suits(call)) return glance.answer(call)
    const reading = names && !early && lane.reading.get(suffix)
    if (reading && lane.epochs.space.latest <= reading.asked && mayJoin(call, reading, call.inner))
      return join(call, reading)
    let found: Answer<Read>
    try {
      found = early ?? read(call)
    } catch (error) {
      unread(call, error)
      return fillAfter(call, undefined)
    }
    if (!isThenable(found)) return answerNow(call, found as Read)
    return answerLater(call, found, undefined, false, undefined, early === undefined)
  }

  /** Waits for a run of which nothing that is known of the call was invalidated since. */
  function join(call: Call, flight: Flight): Promise<unknown> {
    return boarding.later(call, flight, joins.isExact(call, flight))
  }

  /** Fills without another read, or waits for a run that is under way. */
  function fillAfter(
    call: Call,
    seen: Answer<Seen | undefined>,
    replaces = false,
    over?: Found,
    origin?: object,
  ): unknown {
    if (isThenable(seen) || isAsync(gate)) return answerLater(call, undefined, seen, replaces, over, false, origin)
    const other = replaces ? undefined : runFor(call, seen as Seen | undefined)
    if (!other) return fillNow(call, seen as Seen | undefined, replaces, over)
    return boarding.later(call, other.flight, other.exact, over)
  }

  function answerNow(call: Call, read: Read): unknown {
    const found = decide(call, read)
    if (isThenable(found)) return answerLater(call, Promise.resolve(read), undefined)
    const { seen } = read
    const answered = found as Found | undefined
    if (!answered?.answers) return fillAfter(call, seen, false, answered)
    refreshAfter(call, answered, seen)
    return reply(call, answered)
  }

  function reply(call: Call, { opened, value }: Found): unknown {
    if (call.outer) call.outer.add(judge.dependsOf(call, opened, value))
    if (opened.outcome === 'error') {
      if (manner.isPromised(opened)) return Promise.reject(value)
      throw value
    }
    return manner.isPromised(opened) ? Promise.resolve(value) : value
  }

  /** A fill over a store that answers at once: plain while the function answers at once, a flight when it promises. */
  function fillNow(call: Call, seen: Seen | undefined, replaces = false, over?: Found): unknown {
    const flight = manner.values ? undefined : new Flight(call.inputs.signals.length > 0, false, call.inner)
    const fill = runs.begin(call, flight, { seen: runs.known(call, seen) as Seen | undefined, replaces, over })
    const { lane, suffix, inputs } = call
    let result: unknown
    try {
      result = runs.execute(fill)
    } catch (error) {
      Gathering.active -= 1
      fill.flight = undefined
      const { landing } = landings.error(fill, error, false)
      return landing.shared && landing.failed ? reply(call, over!) : handOver(call, landing)
    }
    if (!manner.sees(result)) {
      Gathering.active -= 1
      // Nothing led to it: what the function itself primed or made anew is known by the lane alone.
      fill.flight = undefined
      const { landing } = landings.value(fill, result, false)
      if (!landing.shared) flight?.follow(inputs.signals)
      return handOver(call, landing)
    }
    // A function taken for one that answers at once ran without a flight's care: its promise is its caller's alone.
    if (!flight) {
      Gathering.active -= 1
      // And what it depends on is not known before the outer function may have ended.
      call.outer?.add({ space: lane.epochs.space, tags: [], tokens: [], until: fill.createdAt })
      return result
    }
    flight.replaces = replaces
    // Fenced by the function itself, before its first await: nobody else may have it.
    if (lane.fenced !== fill.fenced) flight.writable = false
    else lane.enter(suffix, flight)
    flight.landing = Promise.resolve(result).then(
      (body) => {
        Gathering.active -= 1
        return arrive(call, flight, landings.value(fill, body, true)).landing
      },
      (error: unknown) => {
        Gathering.active -= 1
        return arrive(call, flight, landings.error(fill, error, true)).landing
      },
    )
    return boarding.first(call, flight)
  }

  /** Starts the refresh that is due after a hit. */
  function refreshAfter(call: Call, { state }: Found, seen: Seen | undefined): void {
    const { lane, suffix, inputs } = call
    if ((state !== 'early' && state !== 'stale') || lane.isHeldBack(suffix, clock())) return
    refresh(lane, suffix, shown(call), state, inputs.signals.length > 0, (flight) => rerun(call, flight, seen))
  }

  /** The run of a refresh: for the inputs of its call, unless they have changed since (R15). */
  async function rerun(call: Call, flight: Flight, seen: Seen | undefined): Promise<Landed> {
    if (stillSame(call)) {
      return seen ? takeTurn(call, flight, seen, undefined, true) : runs.fly(call, flight, { seen, background: true })
    }
    report({ type: 'unstored', key: shown(call), reason: 'inputs-changed' })
    return arrive(call, flight, { landing: { shared: false, value: undefined } })
  }

  /** Over a store that promises: a flight that begins with the read, or without one where `read` is missing. */
  function answerLater(
    call: Call,
    read: Answer<Read> | undefined,
    seen: Answer<Seen | undefined>,
    replaces = false,
    over?: Found,
    shared = false,
    origin?: object,
  ): Promise<unknown> {
    const { lane, suffix, names } = call
    const flight = new Flight(call.inputs.signals.length > 0, false, call.inner)
    flight.origin = origin
    // Its entry may be written, and the flight gone, between what this call reads and what it makes of that.
    const earlier = names && lane.flights.get(suffix)
    const start = async (): Promise<Landed> => {
      let fallback = over
      let known: Seen | undefined
      if (read) {
        let answered: Read | undefined
        try {
          answered = isThenable(read) ? await read : (read as Read)
        } catch (error) {
          unread(call, error)
        }
        known = answered?.seen
        const newest = names && newestFor(call, known, flight)
        const newer = newest && (await boarding.along(call, flight, newest, undefined))
        if (newer) return arrive(call, flight, { landing: newer })
        // What is invalidated from here on may not show in the entry that is found good now.
        flight.begun = instant()
        const found = answered && (await decide(call, answered))
        if (found?.answers) {
          refreshAfter(call, found, known)
          return arrive(call, flight, { landing: landingOf(call, found) })
        }
        fallback = found
      } else known = isThenable(seen) ? await seen : (seen as Seen | undefined)
      const other = replaces ? undefined : runFor(call, known, flight, earlier)
      const landing = other && (await boarding.along(call, flight, other, fallback))
      if (landing) return arrive(call, flight, { landing })
      // What it brings is of a run that has not begun.
      flight.begun = Infinity
      // A run that cannot be stored does not take the place of one that can.
      if (names && !replaces && (known || !lane.flights.has(suffix))) lane.enter(suffix, flight)
      if (!known || replaces) return runs.fly(call, flight, { seen: known, replaces, over: fallback })
      return takeTurn(call, flight, known, fallback, false)
    }
    flight.replaces = replaces
    // Where others use the store a call is joined when it runs the function: until then nobody else learns from its read.
    if (!names || replaces) lane.enter(suffix, flight)
    // One that was read for a batch may be older than who comes now.
    else if (shared) {
      flight.asked = call.begun
      lane.share(suffix, flight)
    }
    flight.landing = start().then(
      ({ landing }) => landing,
      (error: unknown) => {
        // Only the clock, and the reason of an abort, get here: what else could throw is part of the landing.
        leave(call, flight)
        throw error
      },
    )
    return boarding.first(call, flight)
  }

  /** Runs the function of a flight, if no other process has done so when it is its turn. */
  async function takeTurn(
    call: Call,
    flight: Flight,
    seen: Seen,
    over: Found | undefined,
    background: boolean,
  ): Promise<Landed> {
    const turn: Turn = turns ? await turns.wait(call, flight, seen, over, background) : { seen, over }
    if (turn.landing) return arrive(call, flight, { landing: turn.landing })
    if (background && !flight.writable && !flight.isAwaited) {
      // Something newer came while it waited.
      if (turn.lock) turns!.leave(turn.lock)
      return arrive(call, flight, { landing: { shared: false, value: undefined } })
    }
    // Nothing stands in where nobody waits; who does has what he fell back on himself.
    const run = () => runs.fly(call, flight, { seen: turn.seen, over: background ? undefined : turn.over, background })
    return turn.lock ? turns!.under(turn.lock, run) : run()
  }

  /** An entry that answers, as a flight brings it. */
  function landingOf(call: Call, { opened, value }: Found): SharedLanding {
    const { outcome, createdAt, until } = opened
    const depends = judge.dependsOf(call, opened, value)
    return { shared: true, outcome, createdAt, take: firstly(value, opened.take), by: options, until, depends }
  }

  /** A call that no slot answers by its arguments alone. */
  function whole(self: unknown, args: readonly unknown[]): unknown {
    if (near && (self === undefined || inputsOf.ignore(self))) {
      const answered = near.from(args, laneOf())
      if (answered) return answered
    }
    let call: Call | undefined
    try {
      call = admit(self, args)
    } catch (error) {
      if (manner.isAsyncFunction || isAsync(gate)) return Promise.reject(error)
      throw error
    }
    if (!call) return pass(self, args)
    if (quick) {
      const slot = call.lane.slot(call.suffix)
      if (slot) check(call, slot)
      const answered = quick(slot, call.lane)
      if (answered !== general) {
        if (direct && call.inputs.fixed) call.lane.hits.adopt(args, slot!)
        return answered
      }
      // No place for it, and no flight: the store need not be asked again.
      if (slot === null && call.lane.flights.size === 0)
        return answerNow(call, { held: undefined, seen: undefined, made: undefined })
    }
    return near?.answer(call) ?? answer(call)
  }

  return {
    judge,
    prepare,
    admit,
    answer,
    read,
    decide,
    pass,
    storeFailed,
    fill: fillAfter,
    // Short, so that engines put it where it is called: a hit in memory takes half as long again otherwise.
    call(self, args) {
      if (!enabled) return pass(self, args)
      if (direct && (self === undefined || inputsOf.ignore(self))) {
        const here = laneOf()
        const answered = direct(here.hits.find(args), here)
        if (answered !== general) return answered
      }
      return whole(self, args)
    },
    get promises() {
      return manner.promises
    },
  }
}
