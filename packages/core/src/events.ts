import { isThenable } from './answer.ts'
import type { StoreError } from './errors.ts'

/**
 * Everything autocache has to say about its work, as one union. Logs, `stats()`, `onEvent`, `on()` and the
 * `node:diagnostics_channel` channel `autocache` all derive from it. `label` is the function's label. `key` stands only
 * where argument parts are digests (over shared stores by default), because a readable key shows the arguments.
 */
export type AutocacheEvent =
  /** An entry answered the call. */
  | { readonly type: 'hit'; readonly label: string; readonly key?: string | undefined }
  /**
   * An entry past its ttl answered the call: while a refresh runs, because the function failed just now, or because it
   * failed so lately that it was not asked again.
   */
  | {
      readonly type: 'stale-hit'
      readonly label: string
      readonly key?: string | undefined
      readonly reason: 'refresh' | 'error' | 'back-off'
    }
  /**
   * No entry could answer, and why: nothing there, past its ttl, invalidated, written under other `tags`, unreadable, withheld
   * while a write or an invalidation is unsettled; or the store failed, or is not asked because it fails.
   */
  | {
      readonly type: 'miss'
      readonly label: string
      readonly key?: string | undefined
      readonly reason: MissReason
    }
  /** A call waited for the flight of another one. */
  | { readonly type: 'join'; readonly label: string; readonly key?: string | undefined }
  /** The function ran and returned; `duration` in milliseconds, and whether it was a refresh that nobody waited for. */
  | {
      readonly type: 'fill'
      readonly label: string
      readonly key?: string | undefined
      readonly duration: number
      readonly background?: true
    }
  /** The function ran and threw; the same error reached the callers, or a stale value did (`stale-hit`). */
  | { readonly type: 'fill-error'; readonly label: string; readonly key?: string | undefined; readonly error: unknown }
  /** A hit started a refresh in the background: early, or because it was stale. */
  | {
      readonly type: 'refresh'
      readonly label: string
      readonly key?: string | undefined
      readonly reason: 'early' | 'stale'
    }
  /** The function threw in a refresh; only callers who had nothing else to answer them and waited for it got the error. */
  | {
      readonly type: 'refresh-error'
      readonly label: string
      readonly key?: string | undefined
      readonly error: unknown
    }
  /** The store acknowledged an entry. */
  | { readonly type: 'write'; readonly label: string; readonly key?: string | undefined }
  /**
   * The call went straight through to the function; `path` names the argument that was too large or unreadable. Over a framework's
   * cache also because the function has no version, reads what belongs to one request, is called within a cache of somebody
   * else, or where that framework keeps nothing.
   */
  | {
      readonly type: 'bypass'
      readonly label: string
      readonly reason: 'bounds' | 'unreadable' | 'aborted' | 'unversioned' | 'request-state' | 'nested' | 'no-cache'
      readonly path?: string | undefined
    }
  /** The result was returned and not stored; `path` names the part that cannot be stored. */
  | {
      readonly type: 'unstored'
      readonly label: string
      readonly key?: string | undefined
      readonly reason:
        | 'unfaithful'
        | 'one-shot'
        | 'inputs-changed'
        | 'superseded'
        | 'backlog'
        | 'option-failed'
        | 'breaker-open'
        | 'epochs-unknown'
        | 'too-large'
        | 'too-many-tags'
      readonly path?: string | undefined
      readonly error?: unknown
    }
  /** A store operation threw, rejected or timed out; the call went on without it. */
  | { readonly type: 'store-error'; readonly label: string; readonly operation: string; readonly error: StoreError }
  /** An entry was found that cannot be used: another format, key or codec, or damaged. */
  | {
      readonly type: 'unreadable-entry'
      readonly label: string
      readonly key?: string | undefined
      readonly error: unknown
    }
  /** A shared value was changed by somebody who received it (reported in development only). */
  | { readonly type: 'mutated'; readonly label: string; readonly key?: string | undefined }
  /** A flight is older than `flightTimeout`: a waiter runs the function himself, or a refresh was given up. */
  | { readonly type: 'flight-timeout'; readonly label: string; readonly key?: string | undefined }
  /** `invalidate` or, with `all`, `invalidateAll` was acknowledged by the store. */
  | { readonly type: 'invalidate'; readonly label: string; readonly key?: string | undefined; readonly all?: true }
  /** `invalidateTags` was acknowledged by the store that `label` names, for so many tags. */
  | { readonly type: 'invalidate-tags'; readonly label: string; readonly count: number }
  /**
   * The store that `label` names is asked no more (`open`), is tried (`half-open`), or is asked again (`closed`); `owed`
   * invalidations were not acknowledged and are made again.
   */
  | { readonly type: 'breaker'; readonly label: string; readonly state: BreakerState; readonly owed: number }
  /** The same function text was defined again under one label and version (R02). */
  | { readonly type: 'duplicate-definition'; readonly label: string; readonly version: string }
  /** A listener, logger or `waitUntil` threw; nothing else noticed. */
  | { readonly type: 'listener-error'; readonly label: string; readonly error: unknown }

/** Why no entry could answer. */
export type MissReason =
  | 'absent'
  | 'expired'
  | 'invalidated'
  | 'tags-changed'
  | 'unreadable'
  | 'unsettled'
  | 'store-error'
  | 'breaker-open'

/** Whether a store is asked: `closed` for yes, `open` for no, `half-open` while it is tried. */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** The name of an event. */
export type EventType = AutocacheEvent['type']

/** The event of one name. */
export type EventOf<TType extends EventType> = Extract<AutocacheEvent, { type: TType }>

/** Where `logger` sends its lines; `console` is one. */
export interface Logger {
  debug?(message: string): void
  warn?(message: string): void
}

/** How often each event happened. */
export type Counts = { readonly [type in EventType]?: number }

/** A store that an instance uses, as it is now. */
export interface StoreStats {
  /** By its `name`, else that of its class. */
  readonly store: string
  readonly breaker: BreakerState
  /** Invalidations that it did not acknowledge and that are made again. */
  readonly owed: number
  /** Writes that it has not acknowledged yet. */
  readonly writes: number
  /** Refreshes under way. */
  readonly refreshes: number
}

/** What `stats()` returns: counts since the instance was created, together and per label, and the stores it uses. */
export interface Stats {
  readonly total: Counts
  readonly functions: { readonly [label: string]: Counts }
  readonly stores: readonly StoreStats[]
}

type Without<TEvent> = TEvent extends AutocacheEvent ? Omit<TEvent, 'label'> : never

/** Reports events of one function. Never throws. */
export interface Reporter {
  (event: Without<AutocacheEvent>): void
  /** Whether anything besides the counters would notice an event. */
  observed(): boolean
  /** The counters of the function's label. */
  readonly counts: { [type in EventType]?: number }
}

/** One instance's events: counters, listeners and the way out to logs and diagnostics. */
export interface Hub {
  on<TType extends EventType>(type: TType | '*', listener: (event: EventOf<TType>) => void): () => void
  reporter(label: string, onEvent: ((event: AutocacheEvent) => void) | undefined): Reporter
  stats(): Pick<Stats, 'total' | 'functions'>
}

const warnings: readonly EventType[] = [
  'store-error',
  'unreadable-entry',
  'unstored',
  'mutated',
  'flight-timeout',
  'refresh-error',
  'duplicate-definition',
  'listener-error',
  'breaker',
]

function describe(event: AutocacheEvent): string {
  const detail =
    event.type === 'breaker'
      ? ` (${event.state})`
      : event.type === 'store-error'
        ? ` (${event.operation} of ${event.error.store})`
        : 'reason' in event
          ? ` (${event.reason}${'path' in event && event.path ? ` at ${event.path}` : ''})`
          : ''
  return `autocache ${event.type}: ${event.label}${detail}`
}

/** Creates the event side of an instance. `publish` is the platform's diagnostics channel, where it has one. */
export function createHub(
  logger: Logger | undefined,
  publish: { readonly hasSubscribers: boolean; publish(event: unknown): void } | undefined,
): Hub {
  const listeners = new Map<EventType | '*', Set<(event: never) => unknown>>()
  const counters = new Map<string, { [type in EventType]?: number }>()

  function deliver(event: AutocacheEvent, onEvent: ((event: AutocacheEvent) => unknown) | undefined): void {
    const failed = (error: unknown) => {
      if (event.type === 'listener-error') return
      count(countersOf(event.label), 'listener-error')
      deliver({ type: 'listener-error', label: event.label, error }, undefined)
    }
    const guarded = (listener: (event: never) => unknown) => {
      try {
        const answer = listener(event as never)
        if (isThenable(answer)) Promise.resolve(answer).catch(failed)
      } catch (error) {
        failed(error)
      }
    }
    // A copy: a listener may subscribe another.
    for (const listener of [...(listeners.get(event.type) ?? []), ...(listeners.get('*') ?? [])]) guarded(listener)
    if (onEvent) guarded(onEvent)
    if (logger) {
      const level = warnings.includes(event.type) ? 'warn' : 'debug'
      guarded(() => logger[level]?.(describe(event)))
    }
    if (publish?.hasSubscribers) guarded(() => publish.publish(event))
  }

  function countersOf(label: string) {
    let counts = counters.get(label)
    if (!counts) counters.set(label, (counts = {}))
    return counts
  }

  return {
    on(type, listener) {
      let set = listeners.get(type)
      if (!set) listeners.set(type, (set = new Set()))
      set.add(listener)
      const own = set
      return () => {
        own.delete(listener)
        // Without anybody who listens, hits take their short way again.
        if (own.size === 0 && listeners.get(type) === own) listeners.delete(type)
      }
    },

    reporter(label, onEvent) {
      const counts = countersOf(label)
      const observed = () =>
        listeners.size > 0 || onEvent !== undefined || logger !== undefined || publish?.hasSubscribers === true
      const report = (event: Without<AutocacheEvent>) => {
        count(counts, event.type)
        if (observed()) deliver({ label, ...event } as AutocacheEvent, onEvent)
      }
      return Object.assign(report, { observed, counts })
    },

    stats() {
      const total: { [type in EventType]?: number } = {}
      const functions: { [label: string]: Counts } = Object.create(null)
      for (const [label, counts] of counters) {
        functions[label] = { ...counts }
        for (const type of Object.keys(counts) as EventType[]) total[type] = (total[type] ?? 0) + (counts[type] ?? 0)
      }
      return { total, functions }
    },
  }
}

function count(counts: { [type in EventType]?: number }, type: EventType): void {
  counts[type] = (counts[type] ?? 0) + 1
}
