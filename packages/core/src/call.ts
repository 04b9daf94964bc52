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
import { Flight, type Landed, type Landing, type SharedLanding } from './flight.ts'
import { lifetime, plainTtl, type State, stateAt } from './freshness.ts'
import type { Inputs, InputsOf } from './inputs.ts'
import { drained, hush, isAsync, isThenable, type Lane } from './lane.ts'
import type { Slot } from './memory-store.ts'
import { type AnyFunction, type ResolvedOptions, toMilliseconds } from './options.ts'
import { createRefresh, outlive } from './refresh.ts'
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

/** An entry that may answer a call, at once or where the function fails. */
export interface Found {
  readonly opened: Opened
  readonly value: unknown
  readonly state: Exclude<State, 'miss'>
  /** Whether it answers without the function. */
  readonly answers: boolean
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
  /** What answers where the function fails. */
  readonly over: Found | undefined
  /** Whether it is a refresh that nobody waited for. */
  readonly background: boolean
}

/** The steps of a call, for the wrapper and its handle. */
export interface Caller {
  /** A whole call. */
  call(self: unknown, args: readonly unknown[]): unknown
  /** The key of a call. @throws UnkeyableValueError */
  prepare(self: unknown, args: readonly unknown[]): Call
  /** A call past its key. */
  answer(call: Call): unknown
  /**
   * A call that does not read: it fills, or waits for the refresh under way, and others may wait for it. Where it
   * `replaces`, nothing older is believed after. `over` answers where the function fails.
   */
  fill(call: Call, replaces: boolean, over?: Found): unknown
  /**
   * What the store's answer is worth to a call, or `undefined` for a miss. Unless it is only looked at it is reported, and
   * refreshed where that is due.
   */
  decide(call: Call, held: unknown, quietly?: boolean): Found | undefined
  /** The call past its key, or `undefined` where it goes straight through. @throws UnkeyableValueError */
  admit(self: unknown, args: readonly unknown[]): Call | undefined
  /** Runs the function outside autocache. */
  pass(self: unknown, args: readonly unknown[]): unknown
  /** How long a value may answer in any way, in milliseconds; `undefined` where `ttl` gives no duration. */
  lifetimeOf(value: unknown, args: readonly unknown[]): number | undefined
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
  const { store, storeTimeout, flightTimeout, partition, ttl, windows } = options
  const { counts } = report
  const shownKeys = options.keys === 'digest'
  const isAsyncFunction = Object.prototype.toString.call(fn) === '[object AsyncFunction]'
  /** What the function was seen to answer with: decides whether a fill needs the care of a flight from the start. */
  let answers: 'values' | 'promises' | 'both' | undefined = isAsyncFunction ? 'promises' : undefined
  const quick = definition.quick && typeof ttl === 'number'
  const plain = plainTtl(ttl as number, windows)
  /** A kept error expires like a value, and then it is worth nothing. */
  const errorWindows = { ...windows, staleTtl: 0, staleIfError: 0, earlyRefresh: 1 }
  const refresh = createRefresh(options, report, clock)
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
    if (plain !== Infinity && !(Math.abs(clock() - entry.createdAt) < plain)) return general
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
    let opened: Opened
    let value: unknown
    try {
      opened = sealer.open(held, keyOf(suffix))
      value = opened.take()
    } catch (error) {
      report({ type: 'unreadable-entry', key: shown(suffix), error })
      return missed(suffix, 'unreadable')
    }
    const { outcome, createdAt } = opened
    if (!laneOf().trusts(suffix, createdAt)) return missed(suffix, 'unsettled')
    const state = judge(call, outcome, createdAt, value)
    if (state === 'miss') return missed(suffix, 'expired')
    if (state === 'fresh') {
      if (!quietly) report({ type: 'hit', key: shown(suffix) })
      return { opened, value, state, answers: true }
    }
    const heldBack = laneOf().isHeldBack(suffix, clock())
    const answers = state !== 'error-only' || heldBack
    if (!quietly) {
      if (state === 'early') report({ type: 'hit', key: shown(suffix) })
      else if (answers) report({ type: 'stale-hit', key: shown(suffix), reason: heldBack ? 'back-off' : 'refresh' })
      else missedBy(suffix, 'expired')
      if (state !== 'error-only' && !heldBack) {
        refresh(laneOf(), suffix, shown(suffix), state, call.inputs.signals.length > 0, (flight) => rerun(call, flight))
      }
    }
    return { opened, value, state, answers }
  }

  /** What an entry is worth to a call under the current options. */
  function judge(call: Call, outcome: 'value' | 'error', createdAt: number, value: unknown): State {
    const kept = outcome === 'error' ? options.errorTtl : ttlOf(value, call.args)
    if (kept === Infinity) return 'fresh'
    const rules = outcome === 'error' ? errorWindows : windows
    return stateAt(keyOf(call.suffix), createdAt, kept ?? 0, rules, clock())
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

  /** How long a value is fresh, in milliseconds; `undefined` where the option's function gives no duration. */
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

  function lifetimeOf(value: unknown, args: readonly unknown[]): number | undefined {
    const fresh = ttlOf(value, args)
    return fresh === undefined ? undefined : lifetime(fresh, windows)
  }

  /**
   * What answers instead of an error: the entry a call fell back on, if it still may. After an invalidation it may not,
   * though it is this call's.
   */
  function standInFor(landing: SharedLanding, call: Call, over: Found | undefined, fenced: boolean): SharedLanding {
    if (!over || fenced || landing.outcome === 'value') return landing
    const { createdAt, take } = over.opened
    try {
      if (judge(call, 'value', createdAt, over.value) === 'miss') return landing
    } catch {
      return landing
    }
    report({ type: 'stale-hit', key: shown(call.suffix), reason: 'error' })
    return { shared: true, outcome: 'value', createdAt, take: firstly(over.value, take), by: options, failed: true }
  }

  /** What the store holds stays as it is although the function ran: it need not run again at once. */
  function holdBack(fill: Fill): void {
    try {
      if (isWritable(fill)) laneOf().fail(fill.call.suffix, clock())
    } catch {
      // A clock that fails: then nothing is held back.
    }
  }

  /**
   * After the function has thrown: every waiter gets the very error, or the value that stands in for it; only `errorTtl`
   * stores it for later callers.
   */
  function landError(fill: Fill, error: unknown, promised: boolean): Landed {
    const { call, createdAt, over, background, flight, fenced } = fill
    const key = shown(call.suffix)
    report(background ? { type: 'refresh-error', key, error } : { type: 'fill-error', key, error })
    const thrown: SharedLanding = { shared: true, outcome: 'error', createdAt, take: () => error }
    const landing = standInFor(thrown, call, over, flight ? flight.fenced : laneOf().fenced !== fenced)
    if (background || landing.failed) {
      holdBack(fill)
      return { landing }
    }
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
    const { call, createdAt, startedAt, background } = fill
    const key = shown(call.suffix)
    const duration = startedAt && performance.now() - startedAt
    report(background ? { type: 'fill', key, duration, background } : { type: 'fill', key, duration })
    laneOf().succeed(call.suffix)
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
        if (background) holdBack(fill)
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
      return { landing, written: wanted ? keep(fill, sealed.held, lifetimeOf(body, call.args)) : undefined }
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

  /** Where a refresh made nothing to keep, what it was to replace goes all the same; and so what a fill fell back on. */
  function discard(fill: Fill): void {
    if (!(fill.replaces || fill.background || fill.over) || !isWritable(fill)) return
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
  function keep(fill: Fill, held: unknown, life: number | undefined): Promise<unknown> | undefined {
    const { createdAt } = fill
    const { suffix } = fill.call
    const key = shown(suffix)
    const refusal = !isWritable(fill)
      ? 'superseded'
      : laneOf().isCongested
        ? 'backlog'
        : life === undefined && 'option-failed'
    if (refusal) {
      report({ type: 'unstored', key, reason: refusal })
      discard(fill)
      return undefined
    }
    if (!life || (life !== Infinity && createdAt + life <= clock())) {
      discard(fill)
      return undefined
    }
    const failed = (error: unknown) => {
      storeFailed('set', error)
      if (fill.background) holdBack(fill)
    }
    try {
      const context = { expiresAt: expiry(createdAt, life), setOptions: options.setOptions }
      const set = () => laneOf().set(suffix, held, context, Infinity)
      const answer = fill.replaces ? laneOf().replace(suffix, clock(), storeTimeout, set) : set()
      if (!isThenable(answer)) {
        report({ type: 'write', key })
        return undefined
      }
      const written = Promise.resolve(answer).then(
        (done) => report(done === false ? { type: 'unstored', key, reason: 'superseded' } : { type: 'write', key }),
        failed,
      )
      outlive(() => drained(written), options, report)
      return written
    } catch (error) {
      failed(error)
      return undefined
    }
  }

  /** A fill over a store that answers at once: plain while the function answers at once, a flight when it promises. */
  function fillNow(call: Call, replaces = false, over?: Found): unknown {
    const flight = answers === 'values' ? undefined : new Flight(call.inputs.signals.length > 0)
    const fill = begin(call, undefined, replaces, over)
    let result: unknown
    try {
      result = execute(call, flight)
    } catch (error) {
      const { landing } = landError(fill, error, false)
      return landing.shared && landing.failed ? reply(over!) : handOver(landing)
    }
    if (!sees(result)) {
      const { landing } = landValue(fill, result, false)
      if (!landing.shared) flight?.follow(call.inputs.signals)
      return handOver(landing)
    }
    // A function taken for one that answers at once ran without a flight's care: its promise is its caller's alone.
    if (!flight) return result
    fill.flight = flight
    // Fenced by the function itself, before its first await: nobody else may have it.
    if (laneOf().fenced !== fill.fenced) flight.writable = false
    else laneOf().enter(call.suffix, flight)
    flight.landing = Promise.resolve(result).then(
      (body) => arrive(call, flight, landValue(fill, body, true)).landing,
      (error: unknown) => arrive(call, flight, landError(fill, error, true)).landing,
    )
    return boardFirst(call, flight)
  }

  /** Whether the function answered with a promise; remembered for the fills to come. */
  function sees(result: unknown): result is PromiseLike<unknown> {
    const promised = isThenable(result)
    const seen = promised ? 'promises' : 'values'
    answers = answers === undefined || answers === seen ? seen : 'both'
    return promised
  }

  function begin(
    call: Call,
    flight: Flight | undefined,
    replaces: boolean,
    over: Found | undefined,
    background = false,
  ): Fill {
    const lane = laneOf()
    const createdAt = lane.begin(clock())
    const startedAt = report.observed() ? performance.now() : 0
    if (!background) lane.overtake(call.suffix)
    return { call, createdAt, startedAt, fenced: lane.fenced, flight, replaces, over, background }
  }

  /** Runs the function for a flight that is under way, and lands it. */
  async function fly(call: Call, flight: Flight, replaces: boolean, over?: Found, background = false): Promise<Landed> {
    const fill = begin(call, flight, replaces, over, background)
    let body: unknown
    try {
      body = execute(call, flight)
      if (isThenable(body)) {
        flight.promised = true
        body = await body
      }
    } catch (error) {
      return arrive(call, flight, landError(fill, error, flight.promised))
    }
    return arrive(call, flight, landValue(fill, body, flight.promised))
  }

  /** The run of a refresh: for the inputs of its call, unless they have changed since (R15). */
  async function rerun(call: Call, flight: Flight): Promise<Landed> {
    if (stillSame(call)) return fly(call, flight, false, undefined, true)
    report({ type: 'unstored', key: shown(call.suffix), reason: 'inputs-changed' })
    return arrive(call, flight, { landing: { shared: false, value: undefined } })
  }

  function arrive(call: Call, flight: Flight, landed: Landed): Landed {
    const { landing, written } = landed
    flight.land(landing)
    if (written) {
      flight.landedAt = performance.now()
      void written.then(() => leave(call, flight))
    } else leave(call, flight)
    return landed
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
  async function board(call: Call, flight: Flight, over?: Found): Promise<unknown> {
    const landing = flight.landed ?? (await flight.ride(call.inputs.signals, flightTimeout, () => leave(call, flight)))
    if (landing === undefined) {
      giveUp(call, flight)
      return answer(call)
    }
    if (!landing.shared) return fn.apply(call.self, call.args as unknown[])
    if (!isMine(call, landing)) return answer(call)
    return own(handOver(standInFor(landing, call, over, flight.fenced)))
  }

  function giveUp(call: Call, flight: Flight): void {
    flight.joinable = false
    report({ type: 'flight-timeout', key: shown(call.suffix) })
  }

  /** A value of a flight that may be that of a definition that hands out references. */
  function own(value: unknown): unknown {
    return options.clone && store.holds === 'references' ? clone(value) : value
  }

  /** Whether what a flight brought may answer under these options, where it is an entry that answers under others. */
  function isMine(call: Call, landing: SharedLanding): boolean {
    const { by, failed, outcome, createdAt } = landing
    if (by === undefined || by === options) return true
    const value = typeof ttl === 'function' ? landing.take() : undefined
    const state = judge(call, outcome, createdAt, value)
    return failed ? state !== 'miss' : isAnswer(state)
  }

  /** The flight of a key that a call may wait for. */
  function flightFor(call: Call): Flight | undefined {
    const { flights, refreshes } = laneOf()
    if (flights.size === 0 && refreshes.size === 0) return undefined
    const flight = flights.get(call.suffix)
    if (flight && mayJoin(call, flight, Flight.current)) return flight
    // One that has landed is the newest there is; before, the entry goes on to answer.
    const background = refreshes.get(call.suffix)
    return background?.landed && mayJoin(call, background, Flight.current) ? background : undefined
  }

  /** The refresh under way that a call waits for where no entry answers it, if it can wait. */
  function refreshFor(call: Call, inner = Flight.current): Flight | undefined {
    const { refreshes } = laneOf()
    const flight = refreshes.size > 0 ? refreshes.get(call.suffix) : undefined
    if (!flight || !(flight.promised || answers === 'promises' || isAsync(store))) return undefined
    return mayJoin(call, flight, inner) ? flight : undefined
  }

  function mayJoin(call: Call, flight: Flight, inner: Flight | undefined): boolean {
    if (!flight.joinable) return false
    if (flight.landed) {
      // Landed, and the write is under way: it answers like the entry it becomes.
      const { landed } = flight
      if (!landed.shared || performance.now() - flight.landedAt > storeTimeout) return false
      const value = typeof ttl === 'function' && landed.outcome === 'value' ? landed.take() : undefined
      return isAnswer(judge(call, landed.outcome, landed.createdAt, value))
    }
    if (performance.now() - flight.startedAt > flightTimeout) return false
    // A call from within the flight's own function, or around a ring of flights, would wait for itself (L1).
    return !(inner && flight.leadsTo(inner))
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

  /** Fills without another read, or waits for the refresh that is under way. */
  function fillAfter(call: Call, replaces = false, over?: Found): unknown {
    if (isAsync(store)) return answerLater(call, undefined, replaces, over)
    const flight = refreshFor(call)
    if (!flight) return fillNow(call, replaces, over)
    report({ type: 'join', key: shown(call.suffix) })
    return board(call, flight, over)
  }

  function answerNow(call: Call, held: unknown): unknown {
    const found = decide(call, held)
    return found?.answers ? reply(found) : fillAfter(call, false, found)
  }

  /** Answers with an entry as the function would have. */
  function reply({ opened, value }: Found): unknown {
    if (opened.outcome === 'error') {
      if (isPromised(opened)) return Promise.reject(value)
      throw value
    }
    return isPromised(opened) ? Promise.resolve(value) : value
  }

  /** Over a store that promises: the flight begins with the read, or without one where `read` is missing. */
  function answerLater(
    call: Call,
    read: PromiseLike<unknown> | undefined,
    replaces = false,
    over?: Found,
  ): Promise<unknown> {
    const flight = new Flight(call.inputs.signals.length > 0)
    const start = async (): Promise<Landed> => {
      let fallback = over
      if (read) {
        const found = await readLater(call, read)
        if (found?.answers) {
          const { opened, value } = found
          const { outcome, createdAt } = opened
          return arrive(call, flight, {
            landing: { shared: true, outcome, createdAt, take: firstly(value, opened.take), by: options },
          })
        }
        fallback = found
      }
      const background = refreshFor(call, flight)
      const landing = background && (await rideAlong(call, flight, background, fallback))
      return landing ? arrive(call, flight, { landing }) : fly(call, flight, replaces, fallback)
    }
    laneOf().enter(call.suffix, flight)
    flight.landing = start().then(
      ({ landing }) => landing,
      (error: unknown) => {
        // Only the clock, and the reason of an abort, get here: what else could throw is part of the landing.
        leave(call, flight)
        throw error
      },
    )
    return boardFirst(call, flight)
  }

  /** What the refresh under way brings to a flight that waits for it; nothing where the flight must run by itself. */
  async function rideAlong(
    call: Call,
    flight: Flight,
    background: Flight,
    over: Found | undefined,
  ): Promise<Landing | undefined> {
    report({ type: 'join', key: shown(call.suffix) })
    const signals = flight.controller ? [flight.controller.signal] : []
    const landing = background.landed ?? (await background.ride(signals, flightTimeout, () => {}, flight))
    if (landing === undefined) giveUp(call, background)
    if (!landing?.shared) return undefined
    const taken = standInFor(landing, call, over, background.fenced)
    return { ...taken, take: () => own(taken.take()) }
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
    lifetimeOf,
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

/** Whether an entry answers without the function. */
function isAnswer(state: State): boolean {
  return state === 'fresh' || state === 'early' || state === 'stale'
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
