/**
 * What becomes of a run of the function: what each of its callers receives, and whether and how it is stored. Nobody waits
 * for a write, and nothing here throws but the clock.
 */

import { follow, hush, isThenable } from './answer.ts'
import type { Call, Definition, Found } from './definition.ts'
import { type EntryFacts, isOneShot, oneShotError, type Sealed } from './entry.ts'
import { UnstorableValueError } from './errors.ts'
import type { Flight, Landed, SharedLanding } from './flight.ts'
import { lifetime } from './freshness.ts'
import { drained } from './gate.ts'
import type { Judge } from './judge.ts'
import type { Depends, Gathering } from './nested.ts'
import { outlive } from './refresh.ts'
import type { Seen } from './rows.ts'

/** A run of the function on its way. */
export interface Fill {
  readonly call: Call
  readonly createdAt: number
  /** For the duration in the event, if anybody hears it. */
  readonly startedAt: number
  /** The instant it began. */
  readonly begun: number
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
  /** The epochs that were read before it began, over a store that others use and that could say. */
  readonly seen: Seen | undefined
  /** What the cached calls that it makes leave with it. */
  readonly gathering: Gathering
}

/** How the runs of one function land. */
export interface Landings {
  /** After the function has returned: what is kept of it, and what each caller gets. Never throws. */
  value(fill: Fill, body: unknown, promised: boolean): Landed
  /**
   * After the function has thrown: every waiter gets the very error, or the value that stands in for it; only `errorTtl`
   * stores it for later callers.
   */
  error(fill: Fill, error: unknown, promised: boolean): Landed
  /** What answers instead of an error: the entry a call fell back on, if it still may. */
  standInFor(landing: SharedLanding, call: Call, over: Found | undefined, fenced: boolean): SharedLanding
}

/** What landings need of the call they belong to. */
interface Means {
  readonly judge: Judge
  /** Whether the inputs of a finished call are still what it was keyed by (R15). */
  stillSame(call: Call): boolean
  shown(call: Call): string | undefined
  storeFailed(call: Call, operation: string, cause: unknown): void
}

/** Puts the landings of one function together. */
export function createLandings(definition: Definition, { judge, stillSame, shown, storeFailed }: Means): Landings {
  const { options, sealer, report, clock, tags } = definition
  const { storeTimeout } = options

  function standInFor(landing: SharedLanding, call: Call, over: Found | undefined, fenced: boolean): SharedLanding {
    // After an invalidation it may not answer, though it is this call's.
    if (!over || fenced || landing.outcome === 'value') return landing
    const { opened } = over
    if (call.lane.epochs.changed(call.inputs.subject, opened.tags ?? []) > call.begun) return landing
    try {
      if (judge.stateOf(call, opened, over.value) === 'miss') return landing
    } catch {
      return landing
    }
    report({ type: 'stale-hit', key: shown(call), reason: 'error' })
    return {
      shared: true,
      outcome: 'value',
      createdAt: opened.createdAt,
      take: firstly(over.value, opened.take),
      by: options,
      failed: true,
      until: opened.until,
      depends: judge.dependsOf(call, opened, over.value),
    }
  }

  /** Whether nothing has come between, as far as this process knows, that forbids to store what a run made. */
  function isWritable({ flight, fenced, call }: Fill): boolean {
    return flight ? flight.writable : call.lane.fenced === fenced
  }

  /** What the store holds stays as it is although the function ran: it need not run again at once. */
  function holdBack(fill: Fill): void {
    try {
      if (isWritable(fill)) fill.call.lane.fail(fill.call.suffix, clock())
    } catch {
      // A clock that fails: then nothing is held back.
    }
  }

  /** Where a refresh made nothing to keep, what it was to replace goes all the same; and so what a fill fell back on. */
  function discard(fill: Fill): void {
    const { call, replaces, background, over } = fill
    if (!(replaces || background || over) || !isWritable(fill)) return
    try {
      call.lane.raise(call.suffix, clock())
      const { stored } = call.lane.epochs.space
      if (replaces && stored && call.names) {
        const renewed = stored.renewCall(call.names, 0, clock(), storeTimeout)
        if (isThenable(renewed)) renewed.then(undefined, (error) => storeFailed(call, 'set', error))
      }
      if (call.lane.gate.isOpen) return
      const removed = call.lane.delete(call.suffix, storeTimeout)
      if (isThenable(removed)) removed.then(undefined, (error) => storeFailed(call, 'delete', error))
    } catch (error) {
      storeFailed(call, 'delete', error)
    }
  }

  /** The tags of an answer: its own, then those of the cached calls it was made from. */
  function tagsOf({ gathering }: Fill, own: readonly string[]): readonly string[] {
    if (gathering.tags.size === 0) return own
    return [...own, ...[...gathering.tags.keys()].filter((tag) => !own.includes(tag))]
  }

  /** What a cached function that made the call is to know of its answer. */
  function dependsOf(fill: Fill, own: readonly string[] | undefined, fresh: number): Depends {
    const { call, seen, gathering, createdAt } = fill
    const { space } = call.lane.epochs
    const known = call.names?.tags ?? []
    const list = own ? tagsOf(fill, own) : []
    // Of a tag that its own value gave it is not known whether it was invalidated before a nested call brought it.
    const tokenOf = (tag: string, at: number) =>
      at < known.length ? seen?.tokens.get(known[at]!)?.text : at < own!.length ? undefined : gathering.tags.get(tag)
    // Where its tags are not known nothing that was made from it may be kept.
    const until = own ? Math.min(createdAt + fresh, gathering.until) : createdAt
    return { space, tags: list, tokens: list.length > 0 ? list.map(tokenOf) : [], until }
  }

  /** Starts the write of what a fill made, where it may still be stored; nobody waits for it. */
  function keep(
    fill: Fill,
    sealed: Sealed,
    facts: Pick<EntryFacts, 'outcome' | 'promised'>,
    fresh: number | undefined,
    own: readonly string[] | undefined,
  ): Promise<unknown> | undefined {
    const { call, createdAt, gathering, seen, begun } = fill
    const { lane, suffix, inputs, names } = call
    const { gate, epochs } = lane
    const key = shown(call)
    const list = own && tagsOf(fill, own)
    const refusal =
      !isWritable(fill) || gathering.torn || (list && epochs.changed(inputs.subject, list) > begun)
        ? 'superseded'
        : gate.isOpen
          ? 'breaker-open'
          : gate.isCongested
            ? 'backlog'
            : fresh === undefined || list === undefined
              ? 'option-failed'
              : names && !seen && 'epochs-unknown'
    if (refusal || fresh === undefined || !list) {
      report({ type: 'unstored', key, reason: refusal || 'option-failed' })
      discard(fill)
      return undefined
    }
    const { until } = gathering
    const life = lifetime(Math.max(0, Math.min(fresh, until - createdAt)), options.windows)
    const kept = facts.outcome === 'error' ? fresh : life
    if (!kept || (kept !== Infinity && createdAt + kept <= clock())) {
      discard(fill)
      return undefined
    }
    const failed = (error: unknown) => {
      storeFailed(call, 'set', error)
      if (fill.background) holdBack(fill)
    }
    const given = list.length > 0 ? list : undefined
    const write = (carried: string | number | undefined): unknown => {
      if (carried === undefined || !isWritable(fill)) return false
      const held = sealed.held({
        key: lane.keyOf(suffix),
        createdAt,
        outcome: facts.outcome,
        promised: facts.promised,
        epochs: carried,
        tags: given,
        tagPolicy: tags.policy,
        until: until === Infinity ? undefined : until,
      })
      const context = { expiresAt: expiry(createdAt, kept), tags: given, setOptions: options.setOptions }
      const set = () => lane.set(suffix, held, context, Infinity)
      return fill.replaces ? lane.replace(suffix, clock(), storeTimeout, set) : set()
    }
    const done = (answer: unknown) => {
      if (answer !== false) return report({ type: 'write', key })
      report({ type: 'unstored', key, reason: 'superseded' })
      discard(fill)
    }
    const { stored } = epochs.space
    try {
      const carried =
        stored && names && seen
          ? // Like the write itself: nobody waits for it, so it is given the time that it takes.
            stored.settle(names, list.slice(names.tags.length), givenOf(fill, own!), seen, kept, clock(), Infinity)
          : begun
      const written = follow(carried, write)
      if (!isThenable(written)) {
        done(written)
        return undefined
      }
      const ended = Promise.resolve(written).then(done, failed)
      gate.keep(ended, gate.landings)
      outlive(() => drained(ended), options, report)
      return ended
    } catch (error) {
      failed(error)
      return undefined
    }
  }

  /**
   * The tokens that the cached calls of a run brought, by their keys in the store; not of tags that its own value gave,
   * because what it is itself made of may be older than those calls.
   */
  function givenOf({ call, gathering }: Fill, own: readonly string[]): ReadonlyMap<string, string> {
    const { stored } = call.lane.epochs.space
    const given = new Map<string, string>()
    for (const [tag, token] of gathering.tags) {
      if (token !== undefined && !(tags.of && own.includes(tag))) given.set(stored!.naming.tag(tag), token)
    }
    return given
  }

  return {
    standInFor,

    error(fill, error, promised) {
      const { call, createdAt, over, background, flight, fenced } = fill
      const key = shown(call)
      report(background ? { type: 'refresh-error', key, error } : { type: 'fill-error', key, error })
      // Which tags its value would have had is not known: any of them ends it.
      const list = tags.of ? [''] : tags.fixed
      const depends = dependsOf(fill, list, options.errorTtl || Infinity)
      const thrown: SharedLanding = { shared: true, outcome: 'error', createdAt, take: () => error, depends }
      const landing = standInFor(thrown, call, over, flight ? flight.fenced : call.lane.fenced !== fenced)
      if (background || landing.failed) {
        holdBack(fill)
        return { landing }
      }
      if (!options.errorTtl || !stillSame(call)) return { landing }
      try {
        const sealed = sealer.seal(error)
        return { landing, written: keep(fill, sealed, { outcome: 'error', promised }, options.errorTtl, list) }
      } catch (cause) {
        report({ type: 'unstored', key, reason: 'unfaithful', path: pathOf(cause), error: cause })
        return { landing }
      }
    },

    value(fill, body, promised) {
      const { call, createdAt, startedAt, background } = fill
      const { args, lane, suffix } = call
      const key = shown(call)
      const duration = startedAt && performance.now() - startedAt
      report(background ? { type: 'fill', key, duration, background } : { type: 'fill', key, duration })
      lane.succeed(suffix)
      let depends: Depends | undefined
      try {
        const once = isOneShot(body)
        // What can be read only once is its caller's: no option may look at it.
        const fresh = once && typeof options.ttl === 'function' ? 0 : judge.ttlOf(body, args)
        const list = once && tags.of ? undefined : judge.tagsOf(body, args)
        depends = dependsOf(fill, list, fresh ?? 0)
        if (once) {
          report({ type: 'unstored', key, reason: 'one-shot' })
          discard(fill)
          return options.strict ? failing(oneShotError(), createdAt) : alone(body, depends)
        }
        if (!stillSame(call)) {
          report({ type: 'unstored', key, reason: 'inputs-changed' })
          if (background) holdBack(fill)
          return alone(body, depends)
        }
        const verdict: unknown = !options.cacheIf || options.cacheIf(body, ...args)
        hush(verdict)
        if (isThenable(verdict)) report({ type: 'unstored', key, reason: 'option-failed' })
        const wanted = Boolean(verdict) && !isThenable(verdict)
        let sealed: Sealed
        let taken: unknown
        try {
          sealed = sealer.seal(body)
          taken = sealed.take()
        } catch (error) {
          discard(fill)
          if (!wanted) return alone(body, depends)
          report({ type: 'unstored', key, reason: 'unfaithful', path: pathOf(error), error })
          return options.strict ? failing(error, createdAt) : alone(body, depends)
        }
        if (!wanted) discard(fill)
        const written = wanted ? keep(fill, sealed, { outcome: 'value', promised }, fresh, list) : undefined
        return {
          landing: {
            shared: true,
            outcome: 'value',
            createdAt,
            take: firstly(taken, sealed.take),
            until: fill.gathering.until,
            depends,
          },
          written,
        }
      } catch (error) {
        report({ type: 'unstored', key, reason: 'option-failed', error })
        discard(fill)
        return alone(body, depends)
      }
    },
  }
}

/** What its caller alone receives. */
const alone = (value: unknown, depends: Depends | undefined): Landed => ({ landing: { shared: false, value, depends } })

/** What all receive where a result must be stored and cannot be. */
const failing = (error: unknown, createdAt: number): Landed => ({
  landing: { shared: true, outcome: 'error', createdAt, take: () => error },
})

/** The instant after which an entry may be dropped. */
export function expiry(createdAt: number, ttl: number): number | undefined {
  // Past the last instant that a calendar has there is no use in naming one.
  return createdAt + ttl > 8.64e15 ? undefined : createdAt + ttl
}

/** Gives the value that was already taken to the first who asks, and takes anew for everybody after. */
export function firstly(taken: unknown, take: () => unknown): () => unknown {
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
