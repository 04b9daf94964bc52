/**
 * The life of one call, in order: key, flight, read, decide, fill, write, report.
 *
 * The rule: the caller gets what the function returns or throws, or an entry of exactly this version and these inputs
 * that is fresh under the current options; and he never waits longer than for the function and the stated budgets. So
 * every way in which a store can fail ends in running the function, and nothing is written that could not be read back
 * as what the first caller received.
 *
 * Two shapes share these steps. Over a store that answers at once, a function that answers at once is called without any
 * promise in between (`answerNow`). Everything else goes through a flight: concurrent calls of a key wait for one read
 * and one fill (`answerLater`). The order of a flight and an invalidation is kept by fences, see `lane.ts`; what a flight
 * hands to each of its callers is in `flight.ts`.
 *
 * Deliberately inexact: arguments that a caller changes between its call and the moment the function runs (over an
 * asynchronous store, after the read) are seen changed by the function; the result is then not stored (R15).
 */

import { detached } from '#platform'
import { clone } from './clone.ts'
import { isOneShot, type Opened, oneShotError, type Sealer } from './entry.ts'
import { UnkeyableValueError, UnstorableValueError } from './errors.ts'
import type { Reporter } from './events.ts'
import { Flight, type Landing } from './flight.ts'
import { isFresh } from './freshness.ts'
import type { Inputs, InputsOf } from './inputs.ts'
import { drained, hush, isAsync, isThenable, type Lane } from './lane.ts'
import type { Slot } from './memory-store.ts'
import { type AnyFunction, type ResolvedOptions, toMilliseconds } from './options.ts'
import { replaceSignals } from './signals.ts'
import type { Identity } from './version.ts'

/** All that is fixed when a function is cached. */
export interface Definition {
  readonly fn: AnyFunction
  readonly identity: Identity
  /** The version with those of `deps`. */
  readonly version: () => string
  readonly options: ResolvedOptions
  readonly enabled: boolean
  readonly lane: () => Lane
  readonly inputsOf: InputsOf
  /** The end of the key, after the lane's prefix, for the text of some inputs. */
  readonly suffixOf: (text: string) => string
  readonly sealer: Sealer
  readonly report: Reporter
  readonly clock: () => number
  /** Whether an entry's body is the answer as it stands, in a memory store of ours: then hits take the short way. */
  readonly quick: boolean
}

/** One call on its way. */
export interface Call {
  readonly self: unknown
  readonly args: readonly unknown[]
  readonly inputs: Inputs
  readonly suffix: string
}

/** What an entry or a fill came to, before it is handed to a caller. */
export interface Found {
  readonly opened: Opened
  readonly value: unknown
}

/** A run of the function on its way. */
interface Fill {
  readonly call: Call
  readonly createdAt: number
  /** For the duration in the event, if anybody hears it. */
  readonly startedAt: number
  /** How often its lane had been fenced when it began; decides for a run without a flight whether it may be stored. */
  readonly fenced: number
  /** The flight it belongs to, whose word goes for all that come between. */
  flight: Flight | undefined
  /** Whether what was written before must not come back once this is stored. */
  readonly replaces: boolean
}

/** What a run came to, and the write it started. */
interface Landed {
  readonly landing: Landing
  readonly written?: Promise<unknown> | undefined
}

/** The steps of a call, for the wrapper and its handle. */
export interface Caller {
  /** A whole call. */
  call(self: unknown, args: readonly unknown[]): unknown
  /** The key of a call. @throws UnkeyableValueError */
  prepare(self: unknown, args: readonly unknown[]): Call
  /** A call past its key. */
  answer(call: Call): unknown
  /** A call that does not read: it fills, and others may wait for it. Where it `replaces`, nothing older is believed after. */
  fill(call: Call, replaces: boolean): unknown
  /** What the store's answer is worth to a call, or `undefined` for a miss; reported unless it is only looked at. */
  decide(call: Call, held: unknown, quietly?: boolean): Found | undefined
  /** The call past its key, or `undefined` where it goes straight through. @throws UnkeyableValueError */
  admit(self: unknown, args: readonly unknown[]): Call | undefined
  /** Runs the function outside autocache. */
  pass(self: unknown, args: readonly unknown[]): unknown
  /** How long a result is kept, in milliseconds. */
  ttlOf(outcome: 'value' | 'error', value: unknown, args: readonly unknown[]): number | undefined
  /** Reports a failure of the store. */
  storeFailed(operation: string, cause: unknown): void
  /** Whether the function was seen to answer with promises. */
  readonly promises: boolean
}

/** What the hit path answers where the general one must. */
const general = Symbol('general')

/** Puts the steps together for one cached function. */
export function createCaller(definition: Definition): Caller {
  const { fn, options, enabled, inputsOf, suffixOf, sealer, report, clock } = definition
  const { store, storeTimeout, flightTimeout, partition, ttl } = options
  const { counts } = report
  const shownKeys = options.keys === 'digest'
  const isAsyncFunction = Object.prototype.toString.call(fn) === '[object AsyncFunction]'
  /** What the function was seen to answer with: decides whether a fill needs the care of a flight from the start. */
  let answers: 'values' | 'promises' | 'both' | undefined = isAsyncFunction ? 'promises' : undefined
  const quick = definition.quick && typeof ttl === 'number'
  let lane: Lane | undefined
  const laneOf = (): Lane => (lane ??= definition.lane())
  const keyOf = (suffix: string): string => laneOf().keyOf(suffix)
  const shown = (suffix: string): string | undefined => (shownKeys ? keyOf(suffix) : undefined)

  function prepare(self: unknown, args: readonly unknown[]): Call {
    const inputs = inputsOf(self, args)
    return { self, args, inputs, suffix: suffixOf(inputs.text) }
  }

  /** The call, or the reason it goes straight through; throws what cannot be keyed at all. */
  function admit(self: unknown, args: readonly unknown[]): Call | undefined {
    try {
      const call = prepare(self, args)
      if (!call.inputs.signals.some((signal) => signal.aborted)) return call
      report({ type: 'bypass', reason: 'aborted' })
    } catch (error) {
      if (!(error instanceof UnkeyableValueError) || error.reason === 'kind') throw error
      report({ type: 'bypass', reason: error.reason, path: error.path })
    }
    return undefined
  }

  /** Whether the inputs of a finished call are still what it was keyed by (R15). */
  function stillSame(call: Call): boolean {
    if (call.inputs.fixed) return true
    try {
      return inputsOf(call.self, call.args).text === call.inputs.text
    } catch {
      return false
    }
  }

  /** Runs the function outside autocache; over an asynchronous store it answers with a promise all the same. */
  function pass(self: unknown, args: readonly unknown[]): unknown {
    if (!isAsync(store)) return fn.apply(self, args as unknown[])
    try {
      const result: unknown = fn.apply(self, args as unknown[])
      return isThenable(result) ? result : Promise.resolve(result)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Runs the function for a fill: apart from the caller's async context unless that is part of the key (R08). */
  function execute(call: Call, flight: Flight | undefined): unknown {
    const signal = flight?.controller?.signal
    const args = signal ? replaceSignals(call.args, signal) : call.args
    const run = flight
      ? () => flight.run(() => fn.apply(call.self, args as unknown[]))
      : () => fn.apply(call.self, args as unknown[])
    return partition ? run() : detached(run)
  }

  /**
   * The hit path: answers from a slot of a memory store where nothing asks for more than its value; else `general`.
   * See `hit-path.ts`.
   */
  function answerFrom(slot: Slot | null | undefined, here: Lane): unknown {
    if (!slot || !here.isQuiet || report.observed()) return general
    const { entry } = slot
    if (entry.outcome !== 'value') return general
    if (ttl !== Infinity && !isFresh(entry.createdAt, ttl as number, clock())) return general
    slot.visited = true
    counts.hit = (counts.hit ?? 0) + 1
    return isPromised(entry) ? Promise.resolve(entry.body) : entry.body
  }

  /** Whether a hit answers with a promise: as the fill did, or, of a primed value, as the function always does. */
  function isPromised({ promised }: { readonly promised: boolean }): boolean {
    return promised || answers === 'promises'
  }

  /** Takes apart what the store answered: the entry and its value where a call may be answered by it. */
  function decide(call: Call, held: unknown, quietly = false): Found | undefined {
    const { suffix } = call
    const missed = quietly ? () => undefined : missedBy
    if (held === undefined || held === null) return missed(suffix, 'absent')
    let found: Found
    try {
      const opened = sealer.open(held, keyOf(suffix))
      found = { opened, value: opened.take() }
    } catch (error) {
      report({ type: 'unreadable-entry', key: shown(suffix), error })
      return missed(suffix, 'unreadable')
    }
    const { outcome, createdAt } = found.opened
    if (!laneOf().trusts(suffix, createdAt)) return missed(suffix, 'unsettled')
    const ttl = ttlOf(outcome, found.value, call.args)
    if (ttl !== Infinity && !isFresh(createdAt, ttl ?? 0, clock())) return missed(suffix, 'expired')
    if (!quietly) report({ type: 'hit', key: shown(suffix) })
    return found
  }

  function missedBy(
    suffix: string,
    reason: 'absent' | 'expired' | 'unreadable' | 'unsettled' | 'store-error',
  ): undefined {
    report({ type: 'miss', key: shown(suffix), reason })
    return undefined
  }

  function storeFailed(operation: string, cause: unknown): void {
    const error = laneOf().failed(operation, cause)
    report({ type: 'store-error', operation: error.operation, error })
  }

  /** How long a result is kept, in milliseconds; `undefined` where the option's function gives no duration. */
  function ttlOf(outcome: 'value' | 'error', value: unknown, args: readonly unknown[]): number | undefined {
    if (outcome === 'error') return options.errorTtl
    if (typeof options.ttl !== 'function') return options.ttl
    try {
      const duration: unknown = options.ttl(value, ...args)
      hush(duration)
      return toMilliseconds(duration)
    } catch {
      return undefined
    }
  }

  /** After the function has thrown: every waiter gets the very error; only `errorTtl` stores it for later callers. */
  function landError(fill: Fill, error: unknown, promised: boolean): Landed {
    const { call, createdAt } = fill
    const key = shown(call.suffix)
    report({ type: 'fill-error', key, error })
    const landing: Landing = { shared: true, outcome: 'error', createdAt, take: () => error }
    if (!options.errorTtl || !stillSame(call)) return { landing }
    try {
      const facts = { key: keyOf(call.suffix), createdAt, outcome: 'error', promised } as const
      return { landing, written: keep(fill, sealer.seal(facts, error).held, options.errorTtl) }
    } catch (cause) {
      report({ type: 'unstored', key, reason: 'unfaithful', path: pathOf(cause), error: cause })
      return { landing }
    }
  }

  /** After the function has returned: what is kept of it, and what each caller gets. Never throws. */
  function landValue(fill: Fill, body: unknown, promised: boolean): Landed {
    const { call, createdAt, startedAt } = fill
    const key = shown(call.suffix)
    report({ type: 'fill', key, duration: startedAt && performance.now() - startedAt })
    const own: Landed = { landing: { shared: false, value: body } }
    const thrown = (error: unknown): Landed => ({
      landing: { shared: true, outcome: 'error', createdAt, take: () => error },
    })
    try {
      if (isOneShot(body)) {
        report({ type: 'unstored', key, reason: 'one-shot' })
        discard(fill)
        return options.strict ? thrown(oneShotError()) : own
      }
      if (!stillSame(call)) {
        report({ type: 'unstored', key, reason: 'inputs-changed' })
        return own
      }
      const verdict: unknown = !options.cacheIf || options.cacheIf(body, ...call.args)
      hush(verdict)
      if (isThenable(verdict)) report({ type: 'unstored', key, reason: 'option-failed' })
      const wanted = Boolean(verdict) && !isThenable(verdict)
      let sealed: ReturnType<Sealer['seal']>
      let taken: unknown
      try {
        sealed = sealer.seal({ key: keyOf(call.suffix), createdAt, outcome: 'value', promised }, body)
        taken = sealed.take()
      } catch (error) {
        discard(fill)
        if (!wanted) return own
        report({ type: 'unstored', key, reason: 'unfaithful', path: pathOf(error), error })
        return options.strict ? thrown(error) : own
      }
      const landing: Landing = { shared: true, outcome: 'value', createdAt, take: firstly(taken, sealed.take) }
      if (!wanted) discard(fill)
      return { landing, written: wanted ? keep(fill, sealed.held, ttlOf('value', body, call.args)) : undefined }
    } catch (error) {
      report({ type: 'unstored', key, reason: 'option-failed', error })
      discard(fill)
      return own
    }
  }

  /** Whether nothing has come between that forbids to store what a run made. */
  function isWritable({ flight, fenced }: Fill): boolean {
    return flight ? flight.writable : laneOf().fenced === fenced
  }

  /** Where a refresh made nothing to keep, what it was to replace goes all the same. */
  function discard(fill: Fill): void {
    if (!fill.replaces || !isWritable(fill)) return
    const { suffix } = fill.call
    try {
      laneOf().raise(suffix, clock())
      const removed = laneOf().delete(suffix, storeTimeout)
      if (isThenable(removed)) removed.then(undefined, (error) => storeFailed('delete', error))
    } catch (error) {
      storeFailed('delete', error)
    }
  }

  /** Starts the write of what a fill made, where it may still be stored; nobody waits for it. */
  function keep(fill: Fill, held: unknown, ttl: number | undefined): Promise<unknown> | undefined {
    const { createdAt } = fill
    const { suffix } = fill.call
    const key = shown(suffix)
    const refusal = !isWritable(fill)
      ? 'superseded'
      : laneOf().isCongested
        ? 'backlog'
        : ttl === undefined && 'option-failed'
    if (refusal) {
      report({ type: 'unstored', key, reason: refusal })
      discard(fill)
      return undefined
    }
    if (!ttl || (ttl !== Infinity && createdAt + ttl <= clock())) {
      discard(fill)
      return undefined
    }
    try {
      const context = { expiresAt: expiry(createdAt, ttl), setOptions: options.setOptions }
      const set = () => laneOf().set(suffix, held, context, Infinity)
      const answer = fill.replaces ? laneOf().replace(suffix, clock(), storeTimeout, set) : set()
      if (!isThenable(answer)) {
        report({ type: 'write', key })
        return undefined
      }
      const written = Promise.resolve(answer).then(
        (done) => report(done === false ? { type: 'unstored', key, reason: 'superseded' } : { type: 'write', key }),
        (error) => storeFailed('set', error),
      )
      try {
        const kept: unknown = options.waitUntil?.(drained(written))
        if (isThenable(kept)) kept.then(undefined, (error) => report({ type: 'listener-error', error }))
      } catch (error) {
        report({ type: 'listener-error', error })
      }
      return written
    } catch (error) {
      storeFailed('set', error)
      return undefined
    }
  }

  /** A fill over a store that answers at once: plain while the function answers at once, a flight when it promises. */
  function fillNow(call: Call, replaces = false): unknown {
    const flight = answers === 'values' ? undefined : new Flight(call.inputs.signals.length > 0)
    const fill = begin(call, replaces, undefined)
    let result: unknown
    try {
      result = execute(call, flight)
    } catch (error) {
      return handOver(landError(fill, error, false).landing)
    }
    if (!isThenable(result)) {
      answers = answers === undefined || answers === 'values' ? 'values' : 'both'
      const { landing } = landValue(fill, result, false)
      if (!landing.shared) flight?.follow(call.inputs.signals)
      return handOver(landing)
    }
    answers = answers === undefined || answers === 'promises' ? 'promises' : 'both'
    // A function taken for one that answers at once ran without a flight's care: its promise is its caller's alone.
    if (!flight) return result
    fill.flight = flight
    // Fenced by the function itself, before its first await: nobody else may have it.
    if (laneOf().fenced !== fill.fenced) flight.writable = false
    else laneOf().enter(call.suffix, flight)
    flight.landing = Promise.resolve(result).then(
      (body) => arrive(call, flight, landValue(fill, body, true)),
      (error: unknown) => arrive(call, flight, landError(fill, error, true)),
    )
    return boardFirst(call, flight)
  }

  function begin(call: Call, replaces: boolean, flight: Flight | undefined): Fill {
    const lane = laneOf()
    const createdAt = lane.begin(clock())
    const startedAt = report.observed() ? performance.now() : 0
    return { call, createdAt, startedAt, fenced: lane.fenced, flight, replaces }
  }

  function arrive(call: Call, flight: Flight, { landing, written }: Landed): Landing {
    flight.land(landing)
    if (written) {
      flight.landedAt = performance.now()
      void written.then(() => leave(call, flight))
    } else leave(call, flight)
    return landing
  }

  function leave(call: Call, flight: Flight): void {
    laneOf().retire(call.suffix, flight)
  }

  /** Gives a landing to the caller who flew first. */
  function handOver(landing: Landing): unknown {
    if (!landing.shared) return landing.value
    if (landing.outcome === 'error') throw landing.take()
    return landing.take()
  }

  /** Waits for a flight as its first caller. */
  function boardFirst(call: Call, flight: Flight): Promise<unknown> {
    const { signals } = call.inputs
    if (signals.length === 0 && !Flight.current) return flight.stay().then(handOver)
    return flight
      .ride(signals, undefined, () => leave(call, flight))
      .then((landing) => {
        if (!landing!.shared) flight.follow(signals)
        return handOver(landing!)
      })
  }

  /** Waits for a flight as a later caller, who runs the function himself where he must. */
  async function board(call: Call, flight: Flight): Promise<unknown> {
    const landing = flight.landed ?? (await flight.ride(call.inputs.signals, flightTimeout, () => leave(call, flight)))
    if (landing === undefined) {
      flight.joinable = false
      report({ type: 'flight-timeout', key: shown(call.suffix) })
      return answer(call)
    }
    if (!landing.shared) return fn.apply(call.self, call.args as unknown[])
    const value = handOver(landing)
    // The flight may be that of a definition that hands out references.
    return options.clone && store.holds === 'references' ? clone(value) : value
  }

  /** The flight of a key that a call may wait for. */
  function flightFor(call: Call): Flight | undefined {
    const { flights } = laneOf()
    if (flights.size === 0) return undefined
    const flight = flights.get(call.suffix)
    if (!flight?.joinable) return undefined
    if (flight.landed) {
      // Landed, and the write is under way: it answers like the entry it becomes.
      const { landed } = flight
      if (!landed.shared || performance.now() - flight.landedAt > storeTimeout) return undefined
      const value = typeof options.ttl === 'function' && landed.outcome === 'value' ? landed.take() : undefined
      const ttl = ttlOf(landed.outcome, value, call.args)
      return ttl === Infinity || isFresh(landed.createdAt, ttl ?? 0, clock()) ? flight : undefined
    }
    if (performance.now() - flight.startedAt > flightTimeout) return undefined
    // A call from within the flight's own function, or around a ring of flights, would wait for itself (L1).
    const inner = Flight.current
    return inner && flight.leadsTo(inner) ? undefined : flight
  }

  function answer(call: Call): unknown {
    const flight = flightFor(call)
    if (flight) {
      report({ type: 'join', key: shown(call.suffix) })
      return board(call, flight)
    }
    if (laneOf().isClosed(call.suffix)) {
      missedBy(call.suffix, 'unsettled')
      return fillAfter(call)
    }
    let held: unknown
    try {
      held = laneOf().get(call.suffix, storeTimeout)
    } catch (error) {
      storeFailed('get', error)
      missedBy(call.suffix, 'store-error')
      return fillAfter(call)
    }
    return isThenable(held) ? answerLater(call, held) : answerNow(call, held)
  }

  /** Fills without another read. */
  function fillAfter(call: Call, replaces = false): unknown {
    return isAsync(store) ? answerLater(call, undefined, replaces) : fillNow(call, replaces)
  }

  function answerNow(call: Call, held: unknown): unknown {
    const found = decide(call, held)
    if (!found) return fillNow(call)
    const { opened, value } = found
    if (opened.outcome === 'error') {
      if (isPromised(opened)) return Promise.reject(value)
      throw value
    }
    return isPromised(opened) ? Promise.resolve(value) : value
  }

  /** Over a store that promises: the flight begins with the read, or without one where `read` is missing. */
  function answerLater(call: Call, read: PromiseLike<unknown> | undefined, replaces = false): Promise<unknown> {
    const flight = new Flight(call.inputs.signals.length > 0)
    const fly = async (): Promise<Landing> => {
      if (read) {
        const found = await readLater(call, read)
        if (found) {
          const { opened, value } = found
          const { outcome, createdAt } = opened
          return arrive(call, flight, {
            landing: { shared: true, outcome, createdAt, take: firstly(value, opened.take) },
          })
        }
      }
      const fill = begin(call, replaces, flight)
      let promised = false
      let body: unknown
      try {
        const result = execute(call, flight)
        promised = isThenable(result)
        body = await result
      } catch (error) {
        return arrive(call, flight, landError(fill, error, promised))
      }
      return arrive(call, flight, landValue(fill, body, promised))
    }
    laneOf().enter(call.suffix, flight)
    flight.landing = fly().catch((error: unknown) => {
      // Only the clock gets here: what else could throw is part of the landing.
      leave(call, flight)
      throw error
    })
    return boardFirst(call, flight)
  }

  async function readLater(call: Call, read: PromiseLike<unknown>): Promise<Found | undefined> {
    let held: unknown
    try {
      held = await read
    } catch (error) {
      storeFailed('get', error)
      return missedBy(call.suffix, 'store-error')
    }
    return decide(call, held)
  }

  return {
    prepare,
    admit,
    answer,
    decide,
    pass,
    ttlOf,
    storeFailed,
    fill: fillAfter,
    call(self, args) {
      if (!enabled) return pass(self, args)
      if (quick && (self === undefined || inputsOf.ignore(self))) {
        const here = lane ?? laneOf()
        const answered = answerFrom(here.hits.find(args), here)
        if (answered !== general) return answered
      }
      let call: Call | undefined
      try {
        call = admit(self, args)
      } catch (error) {
        if (isAsyncFunction || isAsync(store)) return Promise.reject(error)
        throw error
      }
      if (!call) return pass(self, args)
      if (quick) {
        const slot = laneOf().slot(call.suffix)
        const answered = answerFrom(slot, laneOf())
        if (answered !== general) {
          if (call.inputs.fixed) laneOf().hits.adopt(args, slot!)
          return answered
        }
        // No place for it, and no flight: the store need not be asked again.
        if (slot === null && laneOf().flights.size === 0) return answerNow(call, undefined)
      }
      return answer(call)
    },
    get promises() {
      return answers === 'promises'
    },
  }
}

/** The instant after which an entry may be dropped. */
export function expiry(createdAt: number, ttl: number): number | undefined {
  // Past the last instant that a calendar has there is no use in naming one.
  return createdAt + ttl > 8.64e15 ? undefined : createdAt + ttl
}

/** Gives the value that was already taken to the first who asks, and takes anew for everybody after. */
function firstly(taken: unknown, take: () => unknown): () => unknown {
  let unclaimed = true
  return () => {
    if (!unclaimed) return take()
    unclaimed = false
    return taken
  }
}

function pathOf(error: unknown): string | undefined {
  return error instanceof UnstorableValueError ? error.path : undefined
}
