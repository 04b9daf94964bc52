import { after, context } from '#platform'
import { isThenable } from './answer.ts'
import { type Depends, Gathering } from './nested.ts'
import type { Seen } from './rows.ts'

/** What a flight brings to those who wait for it. */
export type Landing =
  /** A value or an error; `take` gives each caller what is his. */
  | {
      readonly shared: true
      readonly outcome: 'value' | 'error'
      readonly createdAt: number
      readonly take: () => unknown
      /** For an entry: whose options said that it may answer. Callers with other options ask theirs. */
      readonly by?: object
      /** For an entry: whether it answers because the function failed. */
      readonly failed?: boolean
      /** Epoch milliseconds at which something it was made from expires. */
      readonly until?: number | undefined
      /** For an entry that somebody else wrote while the flight waited: the instant before it was read. */
      readonly asOf?: number
      /** What a cached function that asked for it is to know. */
      readonly depends?: Depends | undefined
    }
  /** A value for the first caller alone; the others run the function themselves (R14, R15). */
  | { readonly shared: false; readonly value: unknown; readonly depends?: Depends | undefined }

/** What a flight brings to all. */
export type SharedLanding = Extract<Landing, { shared: true }>

/** What a run came to, and the write it started. */
export interface Landed {
  readonly landing: Landing
  readonly written?: Promise<unknown> | undefined
}

/** What async context carries: the flight, until it has landed. Runtimes keep it with every promise made in between. */
interface Trace {
  flight: Flight | undefined
}

/** What gathers for the run in which we are, if it is one of ours. */
export function gathering(): Gathering | undefined {
  return Gathering.active === 0 ? undefined : (Gathering.running ?? Flight.current?.gathering)
}

/** A controller for as long as its signal is in use. */
const controllers = new WeakMap<AbortSignal, AbortController>()
let unused: FinalizationRegistry<() => void> | undefined

/** Passes an abort on as long as there is somebody to hear it: the signal of a caller may live as long as the program. */
function passOn(signal: AbortSignal, controller: AbortController): void {
  if (signal.aborted) return controller.abort(signal.reason)
  controllers.set(controller.signal, controller)
  const listen = (to: WeakRef<AbortController>) => {
    const pass = () => to.deref()?.abort(signal.reason)
    signal.addEventListener('abort', pass, { once: true })
    return () => signal.removeEventListener('abort', pass)
  }
  unused ??= new FinalizationRegistry((end) => end())
  unused.register(controller, listen(new WeakRef(controller)))
}

/**
 * The one fill that concurrent calls of a key wait for: over a store that answers with promises it covers the read as
 * well, and it stays open to later callers until its write has settled, so that they read what was just written.
 */
export class Flight {
  /** Whether its result may still be written: nothing newer or fenced has come between. */
  writable = true
  /** Whether its key was fenced since it began. */
  fenced = false
  /** Whether other calls may wait for it. */
  joinable = true
  /** Where its key leads to it. */
  home: Map<string, Flight> | undefined
  landing!: Promise<Landing>
  landed: Landing | undefined
  /** What aborts the fill when every caller has gone (R16); only where the first call brought a signal. */
  readonly controller: AbortController | undefined
  readonly startedAt = performance.now()
  /** The instant its function began; what was invalidated later may not show in what it brings. */
  begun = Infinity
  /** The instant its call began, where others of the same turn share what it reads: unless something is invalidated between. */
  asked = 0
  /** Whether what is stored is not to answer while it is under way. */
  replaces = false
  /** The epochs that were read before its function began, over a store that others use. */
  seen: Seen | undefined
  /** What its call was read with. */
  origin: object | undefined
  /** What the cached calls of its function leave with it. */
  gathering: Gathering | undefined
  /** Whether the function has answered with a promise, so that who waits here waits for nothing that is not under way. */
  promised = false
  /** When the landing came, for how long a write may keep the flight open. */
  landedAt = 0
  #riders = 0
  #waitsFor: Set<Flight> | undefined
  /** The flight whose function made the call that began this one. */
  #outer: Flight | undefined
  readonly #trace: Trace = { flight: this }
  /** Whether async context carries it. */
  #carried = false
  static #carriedNow = 0

  /**
   * @param background whether nobody waits for it from the start, and nobody's abort ends it
   * @param outer the flight whose function made the call that begins this one
   */
  constructor(abortable: boolean, background = false, outer?: Flight) {
    this.controller = abortable ? new AbortController() : undefined
    if (background) this.#riders = 1
    else this.#outer = outer
  }

  /** Whether somebody besides the background waits for it. */
  get isAwaited(): boolean {
    return this.#riders > 1
  }

  /** The flight in whose function we are, if any and if it is still under way. */
  static get current(): Flight | undefined {
    // Async context is not asked where no function of ours runs.
    if (Gathering.active === 0) return undefined
    return (context.getStore() as Trace | undefined)?.flight
  }

  /** Whether a call made from within `inner` would wait for itself here, directly or around a ring of flights (L1). */
  leadsTo(inner: Flight): boolean {
    // Whoever made a call that is still under way is taken to wait for it.
    const waiting = new Set<Flight>()
    for (let flight: Flight | undefined = inner; flight; flight = flight.#outer) waiting.add(flight)
    const seen = new Set<Flight>([this])
    for (const flight of seen) {
      if (waiting.has(flight)) return true
      for (const next of flight.#waitsFor ?? []) seen.add(next)
    }
    return false
  }

  /** Ends the flight: it waits for nothing any more, and whatever still runs in its context does not hold on to it. */
  land(landing: Landing): void {
    this.landed = landing
    this.#outer = undefined
    this.#trace.flight = undefined
    this.#drop()
  }

  /** Runs the function of this flight, so that calls it makes know where they come from. */
  run<T>(fn: () => T): T {
    if (!this.#carried) Flight.#carriedNow += 1
    this.#carried = true
    let result: T | undefined
    try {
      return (result = context.run(this.#trace, fn))
    } finally {
      if (!isThenable(result)) this.#drop()
    }
  }

  /** Its function has ended, and with the last one the need for async context. */
  #drop(): void {
    if (!this.#carried) return
    this.#carried = false
    Flight.#carriedNow -= 1
    if (Flight.#carriedNow === 0) context.rest?.(() => Flight.#carriedNow === 0)
  }

  /** Goes on passing aborts to the function: what it returned is this caller's alone, and may still be under way (R14). */
  follow(signals: readonly AbortSignal[]): void {
    if (this.controller) for (const signal of signals) passOn(signal, this.controller)
  }

  /** Waits for the landing as one who stays to the end. */
  stay(): Promise<Landing> {
    this.#riders += 1
    return this.landing
  }

  /**
   * Waits for the landing. A caller whose signal aborts stops waiting; the last one to go aborts the function instead and
   * waits for what it makes of that (R16).
   * @param timeout milliseconds after the flight's start at which the caller gives up; then the answer is `undefined`
   * @param inner the flight that does the waiting, if any
   */
  async ride(
    signals: readonly AbortSignal[],
    timeout: number | undefined,
    gone: () => void,
    inner: Flight | undefined,
  ): Promise<Landing | undefined> {
    if (inner) (inner.#waitsFor ??= new Set()).add(this)
    this.#riders += 1
    let aboard = true
    const leave = () => {
      aboard = false
      this.#riders -= 1
    }
    const endings: (() => void)[] = []
    try {
      if (signals.length === 0 && timeout === undefined) return await this.landing
      return await new Promise<Landing | undefined>((resolve, reject) => {
        this.landing.then(resolve, reject)
        for (const signal of signals) {
          const onAbort = () => {
            if (!aboard || this.landed) return
            if (this.#riders > 1) {
              leave()
              reject(signal.reason)
            } else {
              this.writable = false
              this.joinable = false
              gone()
              this.controller?.abort(signal.reason)
            }
          }
          signal.addEventListener('abort', onAbort, { once: true })
          endings.push(() => signal.removeEventListener('abort', onAbort))
          // It may have aborted since the call was admitted.
          if (signal.aborted) onAbort()
        }
        if (timeout !== undefined && timeout < 2 ** 31) {
          const left = timeout - (performance.now() - this.startedAt)
          endings.push(after(Math.max(0, left), () => resolve(undefined)))
        }
      })
    } finally {
      for (const end of endings) end()
      if (aboard) leave()
      if (inner) inner.#waitsFor!.delete(this)
    }
  }
}
