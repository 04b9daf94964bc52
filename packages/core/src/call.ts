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
 * hands to each of its callers is in `flight.ts`, what becomes of a run in `land.ts`.
 *
 * A store that others use is asked by every call, also by one that then waits for a run that is under way here: only its
 * epochs say what was invalidated elsewhere. A call may wait for a run that began after it, or before which nothing of its
 * names has been invalidated since (`shares`).
 *
 * Deliberately inexact: arguments that a caller changes between its call and the moment the function runs (over an
 * asynchronous store, after the read) are seen changed by the function; the result is then not stored (R15).
 */

import { detached } from '#platform'
import { type Answer, follow, isThenable, rescue } from './answer.ts'
import { clone } from './clone.ts'
import type { Address, Call, Definition, Found } from './definition.ts'
import type { Opened, Sealer } from './entry.ts'
import { StoreError, UnkeyableValueError } from './errors.ts'
import type { MissReason } from './events.ts'
import { Flight, gathering, type Landed, type Landing, type SharedLanding } from './flight.ts'
import { lifetime, plainTtl } from './freshness.ts'
import { gateOf, isAsync } from './gate.ts'
import type { Inputs } from './inputs.ts'
import { instant, nextInstant } from './instants.ts'
import { createJudge, isAnswer, type Judge } from './judge.ts'
import { createLandings, type Fill, firstly } from './land.ts'
import type { Lane } from './lane.ts'
import { createTurns } from './lock.ts'
import { Gathering } from './nested.ts'
import { Recent } from './recent.ts'
import { createRefresh } from './refresh.ts'
import { replaceSignals } from './signals.ts'
import type { Slot } from './slot.ts'
import type { Names, Read, Seen } from './stored-epochs.ts'

/** A look at an entry that is no call: nothing is reported, and why it was none is noted here. */
export interface Look {
  reason?: MissReason
}

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
  /** Answers with an entry as the function would have. */
  reply(call: Call, found: Found): unknown
  /** Reports a failure of the store. */
  storeFailed(call: Call, operation: string, cause: unknown): void
  /** Whether the function was seen to answer with promises. */
  readonly promises: boolean
}

/** A run that a call waits for, and whether nothing of the namespace was invalidated between. */
interface Joined {
  readonly flight: Flight
  readonly exact: boolean
}

/** How long a text of inputs, and a text that a store holds, may be to be kept. */
const mostText = 1000
const mostHeld = 4000

/** What such a text and what is made of it take, for each of its characters. */
const kept = 6

/** What the hit path answers where the general one must. */
const general = Symbol('general')

/** Puts the steps together for one cached function. */
export function createCaller(definition: Definition): Caller {
  const { fn, options, enabled, inputsOf, suffixOf, sealer, report, clock, tags, reader } = definition
  const { store, storeTimeout, flightTimeout, partition, ttl, windows } = options
  const { counts } = report
  const gate = gateOf(store)
  const shownKeys = options.keys === 'digest'
  const isAsyncFunction = Object.prototype.toString.call(fn) === '[object AsyncFunction]'
  /** What the function was seen to answer with: decides whether a fill needs the care of a flight from the start. */
  let answers: 'values' | 'promises' | 'both' | undefined = isAsyncFunction ? 'promises' : undefined
  const quick = definition.quick && typeof ttl === 'number'
  const plain = plainTtl(ttl as number, windows)
  /** How long an entry is going to live, as far as that is known before it is there. */
  const usual = typeof ttl === 'number' ? lifetime(ttl, windows) : 86_400_000
  const refresh = createRefresh(options, report, clock)
  const judge = createJudge(definition)
  let lane: Lane | undefined
  const laneOf = (): Lane => (lane ??= definition.lane())
  let naming: ReturnType<NonNullable<Lane['epochs']['space']['stored']>['naming']> | undefined
  const laneFor = (code: string): Lane => (code === '' ? laneOf() : definition.lane(code))
  const keyOf = ({ lane, suffix, address }: Call): string => address?.key ?? lane.keyOf(suffix)
  const shown = (call: Call): string | undefined => (shownKeys ? keyOf(call) : undefined)
  /** Where entries are, by the texts of inputs: what makes that out takes longer than a hit without it. */
  const keepsAddresses = store.holds !== 'references'
  const addresses = new WeakMap<Lane, Recent<Address>>()
  let latest: { readonly lane: Lane; readonly addresses: Recent<Address> } | undefined
  const landings = createLandings(definition, { judge, stillSame, shown, storeFailed })
  const { standInFor } = landings
  const turns = createTurns(definition, { read, decide, shown, landingOf })

  function prepare(self: unknown, args: readonly unknown[]): Call {
    const outer = gathering()
    const inner = Flight.current
    const inputs = inputsOf(self, args)
    const lane = laneFor(inputs.code)
    // Below one lane the text says all: what names the call is a part of it.
    const { text } = inputs
    const below = keepsAddresses && text.length <= mostText ? addressesOf(lane) : undefined
    const known = below?.get(text)
    const at = known ?? locate(inputs, lane)
    const address = known ?? below?.keep(text, at)
    return { self, args, inputs, suffix: at.suffix, lane, address, names: at.names, begun: instant(), outer, inner }
  }

  /** The addresses below a lane: that of the code behind the objects of a call, which hardly ever differs. */
  function addressesOf(lane: Lane): Recent<Address> {
    if (latest?.lane !== lane) {
      const known = addresses.get(lane) ?? new Recent<Address>()
      addresses.set(lane, known)
      latest = { lane, addresses: known }
    }
    return latest.addresses
  }

  /** Where the entry of some inputs is. */
  function locate({ text, subject }: Inputs, lane: Lane): Address {
    const suffix = suffixOf(text, lane)
    const { stored } = lane.epochs.space
    let names: Names | undefined
    if (stored) {
      naming ??= stored.naming(lane.epochs.label, tags.fixed)
      // Where nothing hidden is in the key, the digest of what names the call is there already.
      names = naming(subject, subject === text && suffix.startsWith('~') ? suffix.slice(1) : undefined)
    }
    return { suffix, key: lane.keyOf(suffix), names, held: undefined, opened: undefined }
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

  function stillSame(call: Call): boolean {
    if (call.inputs.fixed) return true
    try {
      const { text, code } = inputsOf(call.self, call.args)
      return text === call.inputs.text && code === call.inputs.code
    } catch {
      return false
    }
  }

  /** A cached function made this call, and got what has no entry: what is known of it reaches the outer one all the same. */
  function unknownTo(outer: Gathering | undefined): void {
    if (!outer) return
    // Where its value would have said what ends it, nothing that is made from it may be kept.
    const fresh = tags.of || typeof ttl === 'function' ? 0 : ttl
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

  /** Runs the function for a fill: apart from the caller's async context unless that is part of the key (R08). */
  function execute({ call, flight, gathering }: Fill): unknown {
    const signal = flight?.controller?.signal
    const args = signal ? replaceSignals(call.args, signal) : call.args
    const run = flight
      ? () => flight.run(() => fn.apply(call.self, args as unknown[]))
      : () => fn.apply(call.self, args as unknown[])
    return Gathering.during(flight ? undefined : gathering, () => (partition ? run() : detached(run)))
  }

  /**
   * The hit path: answers from a slot where nothing asks for more than its value; else `general`.
   * See `hit-path.ts`.
   */
  function answerFrom(slot: Slot | null | undefined, here: Lane): unknown {
    if (!slot || !here.isQuiet || report.observed()) return general
    const { entry } = slot
    // After the entry: an LRUCache's slot sees only then that it is another one.
    if (slot.checked < here.epochs.space.latest) return general
    if (entry.outcome !== 'value' || entry.until !== undefined || !isTagged(entry)) return general
    if (plain !== Infinity && !(Math.abs(clock() - entry.createdAt) < plain)) return general
    if (Gathering.active > 0 && (plain !== Infinity || entry.tags !== undefined) && gathering()) return general
    slot.visited = true
    counts.hit = (counts.hit ?? 0) + 1
    return isPromised(entry) ? Promise.resolve(entry.body) : entry.body
  }

  /** Whether an entry in memory has the tags that the options of now give, as far as that is plain. */
  function isTagged({ tagPolicy, tags: own }: Slot['entry']): boolean {
    if (tagPolicy !== tags.policy) return false
    return tagPolicy !== undefined || (own === undefined ? tags.fixed.length === 0 : own === tags.fixed)
  }

  /** Whether a hit answers with a promise: as the fill did, or, of a primed value, as the function always does. */
  function isPromised({ promised }: { readonly promised: boolean }): boolean {
    return promised || answers === 'promises'
  }

  /** Asks the store: for the entry, and where others use it for the epochs it is held against, in one round trip. */
  function read(call: Call): Answer<Read> {
    const { lane, suffix, names } = call
    if (names) {
      const unsettled = !lane.trusts(suffix, Infinity)
      return readWith(
        call,
        names,
        (read) => (unsettled ? { ...read, unsettled } : read),
        (error) => Promise.reject(error),
      )
    }
    return follow(lane.get(suffix, storeTimeout), (held) => ({ held, seen: undefined, made: undefined }))
  }

  /** Asks a store that others use, and goes on with what it answers. */
  function readWith<T>(
    call: Call,
    names: Names,
    next: (read: Read) => Answer<T>,
    lost: (error: unknown) => Answer<T>,
  ): Answer<T> {
    const failed = (error: unknown) => storeFailed(call, 'getMany', error)
    return call.lane.epochs.space.stored!.read(keyOf(call), names, storeTimeout, failed, next, lost)
  }

  function decide(call: Call, read: Read, look?: Look): Answer<Found | undefined> {
    const { held, seen, made, unsettled } = read
    if (held === undefined || held === null) return missed(call, 'absent', look)
    const { lane, suffix, names } = call
    let opened: Opened
    try {
      opened = open(call, held, made)
    } catch (error) {
      return unreadable(call, error, look)
    }
    const stored = lane.epochs.space.stored
    if (unsettled || !lane.trusts(suffix, opened.createdAt) || (names && seen && stored!.owes(names, seen)))
      return missed(call, 'unsettled', look)
    if (opened.tagPolicy !== tags.policy || tags.fixed.some((tag, at) => opened.tags?.[at] !== tag))
      return missed(call, 'tags-changed', look)
    const good = stands(call, opened, seen)
    return isThenable(good)
      ? Promise.resolve(good).then((good) => taken(call, opened, good as boolean, look))
      : taken(call, opened, good as boolean, look)
  }

  /** What an entry is worth once it is known whether it stands. */
  function taken(call: Call, opened: Opened, good: boolean, look: Look | undefined): Found | undefined {
    if (!good) return missed(call, 'invalidated', look)
    let value: unknown
    try {
      value = opened.take()
    } catch (error) {
      return unreadable(call, error, look)
    }
    return weigh(call, opened, value, look)
  }

  function missed(call: Call, reason: MissReason, look: Look | undefined): undefined {
    if (!look) return missedBy(call, reason)
    look.reason = reason
  }

  function unreadable(call: Call, error: unknown, look: Look | undefined): undefined {
    report({ type: 'unreadable-entry', key: shown(call), error })
    return missed(call, 'unreadable', look)
  }

  /** Takes an entry apart: once for all who read it in one turn, and once for as long as the store holds the very text. */
  function open(call: Call, held: unknown, made: Map<string, unknown> | undefined): Opened {
    const { address } = call
    if (address?.opened && address.held === held) return address.opened
    const key = keyOf(call)
    const known = made?.get(key) as { readonly by: Sealer; readonly opened: Opened } | undefined
    if (known?.by === sealer) return known.opened
    const opened = sealer.open(held, key)
    if (address && typeof held === 'string' && held.length <= mostHeld) {
      Recent.grow(kept * held.length)
      address.held = held
      address.opened = opened
    } else made?.set(key, { by: sealer, opened })
    return opened
  }

  /** Whether nothing of what an entry depends on was invalidated since its fill began. */
  function stands(call: Call, opened: Opened, seen: Seen | undefined): Answer<boolean> {
    const { epochs, tags: own = [] } = opened
    const { lane, inputs, names } = call
    const { stored } = lane.epochs.space
    if (!stored || !names) return typeof epochs === 'number' && lane.epochs.changed(inputs.subject, own) <= epochs
    if (typeof epochs !== 'string' || !seen) return false
    const carried = (opened.carried ??= epochs.split(' '))
    if (own.length === tags.fixed.length) return stored.stand(carried, names, [], seen, storeTimeout)
    const others = own.slice(tags.fixed.length)
    if (others.some((tag) => stored.owesTag(tag, seen))) return false
    return rescue(
      () => stored.stand(carried, names, others, seen, storeTimeout),
      (error) => {
        storeFailed(call, 'get', error)
        return false
      },
    )
  }

  /** What an entry that stands is worth under the options of now. */
  function weigh(call: Call, opened: Opened, value: unknown, look: Look | undefined): Found | undefined {
    const { lane, suffix } = call
    const quietly = look !== undefined
    const state = judge.stateOf(call, opened, value)
    if (state === 'miss') return missed(call, 'expired', look)
    if (state === 'fresh') {
      if (!quietly) hit(call)
      return { opened, value, state, answers: true }
    }
    const heldBack = lane.isHeldBack(suffix, clock())
    const answers = state !== 'error-only' || heldBack
    if (!quietly) {
      if (state === 'early') hit(call)
      else if (answers) report({ type: 'stale-hit', key: shown(call), reason: heldBack ? 'back-off' : 'refresh' })
      else missedBy(call, 'expired')
    }
    return { opened, value, state, answers }
  }

  /** Starts the refresh that is due after a hit. */
  function refreshAfter(call: Call, { state }: Found, seen: Seen | undefined): void {
    const { lane, suffix, inputs } = call
    if ((state !== 'early' && state !== 'stale') || lane.isHeldBack(suffix, clock())) return
    refresh(lane, suffix, shown(call), state, inputs.signals.length > 0, (flight) => rerun(call, flight, seen))
  }

  function hit(call: Call): void {
    if (report.observed()) report({ type: 'hit', key: shown(call) })
    else counts.hit = (counts.hit ?? 0) + 1
  }

  function missedBy(call: Call, reason: MissReason): undefined {
    report({ type: 'miss', key: shown(call), reason })
    return undefined
  }

  function storeFailed({ lane }: Call, operation: string, cause: unknown): void {
    const error = lane.gate.failed(operation, cause)
    // A store that is not asked has failed before, and that was told.
    if (!error.refused) report({ type: 'store-error', operation: error.operation, error })
  }

  /** A read that brought nothing but an error. */
  function unread(call: Call, cause: unknown): undefined {
    storeFailed(call, 'get', cause)
    return missedBy(call, cause instanceof StoreError && cause.refused ? 'breaker-open' : 'store-error')
  }

  /** A fill over a store that answers at once: plain while the function answers at once, a flight when it promises. */
  function fillNow(call: Call, seen: Seen | undefined, replaces = false, over?: Found): unknown {
    const flight = answers === 'values' ? undefined : new Flight(call.inputs.signals.length > 0, false, call.inner)
    const fill = begin(call, flight, known(call, seen) as Seen | undefined, replaces, over)
    const { lane, suffix, inputs } = call
    let result: unknown
    try {
      result = execute(fill)
    } catch (error) {
      Gathering.active -= 1
      const { landing } = landings.error(fill, error, false)
      return landing.shared && landing.failed ? reply(call, over!) : handOver(call, landing)
    }
    if (!sees(result)) {
      Gathering.active -= 1
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
    fill.flight = flight
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
    return boardFirst(call, flight)
  }

  /** What a run is to know of the epochs in a store that others use; nothing where that cannot be known. */
  function known(call: Call, seen: Seen | undefined): Answer<Seen | undefined> {
    const { lane, names } = call
    const failed = (error: unknown) => storeFailed(call, 'set', error)
    return seen && names ? lane.epochs.space.stored!.begin(seen, names, usual, clock(), storeTimeout, failed) : seen
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
    seen: Seen | undefined,
    replaces: boolean,
    over: Found | undefined,
    background = false,
  ): Fill {
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

  /** Runs the function for a flight that is under way, and lands it. */
  async function fly(
    call: Call,
    flight: Flight,
    seen: Seen | undefined,
    replaces: boolean,
    over?: Found,
    background = false,
  ): Promise<Landed> {
    const fill = begin(call, flight, call.names ? await known(call, seen) : undefined, replaces, over, background)
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
  }

  /** The run of a refresh: for the inputs of its call, unless they have changed since (R15). */
  async function rerun(call: Call, flight: Flight, seen: Seen | undefined): Promise<Landed> {
    if (stillSame(call)) {
      return seen ? takeTurn(call, flight, seen, undefined, true) : fly(call, flight, seen, false, undefined, true)
    }
    report({ type: 'unstored', key: shown(call), reason: 'inputs-changed' })
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

  function leave({ lane, suffix }: Call, flight: Flight): void {
    lane.retire(suffix, flight)
  }

  /** Gives a landing to a caller. */
  function handOver(call: Call, landing: Landing): unknown {
    if (landing.depends) call.outer?.add(landing.depends)
    else if (!landing.shared) unknownTo(call.outer)
    if (!landing.shared) return landing.value
    if (landing.outcome === 'error') throw landing.take()
    return landing.take()
  }

  /** Waits for a flight as its first caller. */
  function boardFirst(call: Call, flight: Flight): Promise<unknown> {
    const { signals } = call.inputs
    if (signals.length === 0 && !call.inner) return flight.stay().then((landing) => handOver(call, landing))
    return flight
      .ride(signals, undefined, () => leave(call, flight), call.inner)
      .then((landing) => {
        if (!landing!.shared) flight.follow(signals)
        return handOver(call, landing!)
      })
  }

  /** Waits for a flight as a later caller, who runs the function himself where he must. */
  async function board(call: Call, flight: Flight, exact: boolean, over?: Found): Promise<unknown> {
    const { signals } = call.inputs
    const landing = flight.landed ?? (await flight.ride(signals, flightTimeout, () => leave(call, flight), call.inner))
    if (landing === undefined) {
      giveUp(call, flight)
      return answer(call)
    }
    if (!landing.shared) {
      if (landing.depends) call.outer?.add(landing.depends)
      else unknownTo(call.outer)
      return fn.apply(call.self, call.args as unknown[])
    }
    if (!isMine(call, flight, landing, exact)) return answer(call)
    const taken = own(standInFor(landing, call, over, flight.fenced))
    return taken ? handOver(call, taken) : fn.apply(call.self, call.args as unknown[])
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

  /**
   * Whether what a flight brought may answer a call that joined it: under its options, where it is an entry that answers
   * under others, and where no tag that only the result told was invalidated before the call began.
   */
  function isMine(call: Call, flight: Flight, landing: SharedLanding, exact: boolean): boolean {
    const { by, failed, outcome, createdAt, until, depends, asOf } = landing
    // What was read before the call began does not show what was invalidated since.
    if (asOf !== undefined && asOf <= call.begun) return false
    if (depends && depends.tags.length > tags.fixed.length) {
      if (!exact) return false
      const at = call.lane.epochs.changed(call.inputs.subject, depends.tags)
      if (at > flight.begun && at <= call.begun) {
        // Nor is it of anybody who begins after.
        flight.joinable = false
        return false
      }
    }
    if (by === undefined || by === options) return true
    const value = typeof ttl === 'function' ? landing.take() : undefined
    const state = judge.stateOf(call, { outcome, createdAt, until }, value)
    return failed ? state !== 'miss' : isAnswer(state)
  }

  /** The flight of a key that a call may wait for, where all who use the store are in this process. */
  function flightFor(call: Call): Flight | undefined {
    const { suffix, lane } = call
    const { flights, refreshes } = lane
    if (flights.size === 0 && refreshes.size === 0) return undefined
    const flight = flights.get(suffix)
    if (flight && mayJoin(call, flight, call.inner)) return flight
    // One that has landed is the newest there is; before, the entry goes on to answer.
    const background = refreshes.get(suffix)
    return background?.landed && mayJoin(call, background, call.inner) ? background : undefined
  }

  /** A refresh that has landed and is being written: it answers before what it replaces. */
  function newestFor(call: Call, seen: Seen | undefined, inner: Flight): Joined | undefined {
    const { refreshes } = call.lane
    const flight = refreshes.size > 0 && refreshes.get(call.suffix)
    if (!flight || flight.landed === undefined || !mayJoin(call, flight, inner)) return undefined
    const shared = shares(call, seen, flight)
    return shared === 'no' ? undefined : { flight, exact: shared === 'all' }
  }

  /** The run under way that a call waits for where no entry answers it, if it can wait. */
  function runFor(call: Call, seen: Seen | undefined, inner = call.inner, earlier?: Flight): Joined | undefined {
    const { lane, suffix, names } = call
    const { flights, refreshes } = lane
    const waits = (flight: Flight) => flight.promised || answers === 'promises' || isAsync(gate)
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
  }

  /**
   * Whether a run can answer a call, by the epochs of a store that others use: `all` where it began after the call, or
   * nothing of the namespace was invalidated between; `names` where nothing that is known of the call was. A store that is
   * not asked does not say; its runs are shared while they last as if it were this process's alone.
   */
  function shares({ lane, names, begun }: Call, seen: Seen | undefined, flight: Flight): 'all' | 'names' | 'no' {
    if (!names || flight.begun > begun) return 'all'
    if (seen && flight.seen) return lane.epochs.space.stored!.same(seen, flight.seen, names)
    return lane.gate.isOpen && !flight.landed ? 'all' : 'no'
  }

  function mayJoin(call: Call, flight: Flight, inner: Flight | undefined): boolean {
    if (!flight.joinable) return false
    // Invalidated in this process between the beginning of the run and that of the call.
    const changed = call.lane.epochs.changed(call.inputs.subject, tags.fixed)
    if (changed > flight.begun && changed <= call.begun) return false
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

  function answer(call: Call, early?: Answer<Read>): unknown {
    const { lane, suffix, names } = call
    if (!names) {
      const flight = flightFor(call)
      if (flight) return join(call, flight)
      if (lane.isClosed(suffix)) {
        missedBy(call, 'unsettled')
        return fillAfter(call, undefined)
      }
    }
    // Nothing from outside can have come between two calls of one turn: they share what is read.
    if (!early && gate.asynchronous && (names || reader) && isAlone(call)) return glance(call)
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

  /** Waits for a run of which nothing can have been invalidated since. */
  function join(call: Call, flight: Flight): Promise<unknown> {
    report({ type: 'join', key: shown(call) })
    return board(call, flight, true)
  }

  /** Whether a call can begin with its read and nothing else: none of its key is under way, and nobody can abort it. */
  function isAlone({ lane, suffix, inputs }: Call): boolean {
    if (inputs.signals.length > 0 || !lane.trusts(suffix, Infinity)) return false
    const { flights, refreshes, reading } = lane
    if (flights.size === 0 && refreshes.size === 0 && reading.size === 0) return true
    return !flights.has(suffix) && !refreshes.has(suffix) && !reading.has(suffix)
  }

  /**
   * Over a store that promises: reads, and answers with what is there. Most calls end here, with one promise; the others
   * go on as if they had come with what was read.
   */
  function glance(call: Call): unknown {
    const { lane, names } = call
    const lost = (error: unknown): unknown => {
      unread(call, error)
      const other = names ? undefined : flightFor(call)
      return other ? join(call, other) : fillAfter(call, undefined)
    }
    const next = (read: Read): unknown => {
      const { flights, refreshes } = lane
      if (flights.size > 0 || refreshes.size > 0) {
        const other = names ? flights.get(call.suffix) : flightFor(call)
        // One that began with what this call has read as well, or any where all who use the store are in this process.
        if (other && (!names || (other.origin === read.made && mayJoin(call, other, call.inner))))
          return join(call, other)
        if (names && (other || refreshes.has(call.suffix))) return answerLater(call, read, undefined)
      }
      const found = decide(call, read)
      return isThenable(found)
        ? Promise.resolve(found as PromiseLike<Found | undefined>).then((found) => conclude(read, found))
        : conclude(read, found as Found | undefined)
    }
    const conclude = (read: Read, found: Found | undefined): unknown => {
      if (!found?.answers) return fillAfter(call, read.seen, false, found, read.made)
      refreshAfter(call, found, read.seen)
      const { opened, value } = found
      if (call.outer) call.outer.add(judge.dependsOf(call, opened, value))
      if (opened.outcome === 'error') throw value
      return value
    }
    try {
      if (names) return readWith(call, names, next, lost)
      const failed = (error: unknown) => storeFailed(call, 'getMany', error)
      return reader!.one(keyOf(call), storeTimeout, failed, (held, made) => next({ held, seen: undefined, made }), lost)
    } catch (error) {
      return lost(error)
    }
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
    report({ type: 'join', key: shown(call) })
    return board(call, other.flight, other.exact, over)
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
      if (isPromised(opened)) return Promise.reject(value)
      throw value
    }
    return isPromised(opened) ? Promise.resolve(value) : value
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
        const newer = newest && (await rideAlong(call, flight, newest, undefined))
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
      const landing = other && (await rideAlong(call, flight, other, fallback))
      if (landing) return arrive(call, flight, { landing })
      // What it brings is of a run that has not begun.
      flight.begun = Infinity
      // A run that cannot be stored does not take the place of one that can.
      if (names && !replaces && (known || !lane.flights.has(suffix))) lane.enter(suffix, flight)
      if (!known || replaces) return fly(call, flight, known, replaces, fallback)
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
    return boardFirst(call, flight)
  }

  /** Runs the function of a flight, if no other process has done so when it is its turn. */
  async function takeTurn(
    call: Call,
    flight: Flight,
    seen: Seen,
    over: Found | undefined,
    background: boolean,
  ): Promise<Landed> {
    const turn = await turns.wait(call, flight, seen, over, background)
    if (turn.landing) return arrive(call, flight, { landing: turn.landing })
    if (background && !flight.writable && !flight.isAwaited) {
      // Something newer came while it waited.
      if (turn.lock) turns.leave(turn.lock)
      return arrive(call, flight, { landing: { shared: false, value: undefined } })
    }
    const run = () => fly(call, flight, turn.seen, false, turn.over, background)
    return turn.lock ? turns.under(turn.lock, run) : run()
  }

  /** An entry that answers, as a flight brings it. */
  function landingOf(call: Call, { opened, value }: Found): SharedLanding {
    const { outcome, createdAt, until } = opened
    const depends = judge.dependsOf(call, opened, value)
    return { shared: true, outcome, createdAt, take: firstly(value, opened.take), by: options, until, depends }
  }

  /** What a run under way brings to a flight that waits for it; nothing where the flight must run by itself. */
  async function rideAlong(
    call: Call,
    flight: Flight,
    other: Joined,
    over: Found | undefined,
  ): Promise<Landing | undefined> {
    report({ type: 'join', key: shown(call) })
    // Who joins this flight gets what the other brings.
    flight.begun = Math.min(instant(), other.flight.begun)
    const signals = flight.controller ? [flight.controller.signal] : []
    const landing = other.flight.landed ?? (await other.flight.ride(signals, flightTimeout, () => {}, flight))
    if (landing === undefined) giveUp(call, other.flight)
    if (!landing?.shared || !isMine(call, other.flight, landing, other.exact)) return undefined
    return own(standInFor(landing, call, over, other.flight.fenced))
  }

  return {
    judge,
    prepare,
    admit,
    answer,
    read,
    decide,
    pass,
    reply,
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
        if (isAsyncFunction || isAsync(gate)) return Promise.reject(error)
        throw error
      }
      if (!call) return pass(self, args)
      if (quick) {
        const slot = call.lane.slot(call.suffix)
        if (slot) check(call, slot)
        const answered = answerFrom(slot, call.lane)
        if (answered !== general) {
          if (call.inputs.fixed) call.lane.hits.adopt(args, slot!)
          return answered
        }
        // No place for it, and no flight: the store need not be asked again.
        if (slot === null && call.lane.flights.size === 0)
          return answerNow(call, { held: undefined, seen: undefined, made: undefined })
      }
      return answer(call)
    },
    get promises() {
      return answers === 'promises'
    },
  }
}

/** Notes that an entry in memory still stands, so that the hit path need not look until something is invalidated again. */
function check({ lane, inputs }: Call, slot: Slot): void {
  const { epochs, tags = [] } = slot.entry
  if (slot.checked >= lane.epochs.space.latest || typeof epochs !== 'number') return
  if (lane.epochs.changed(inputs.subject, tags) <= epochs) slot.checked = instant()
}
