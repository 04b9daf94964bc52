import { type Answer, every, follow, hush, isThenable, rescue } from './answer.ts'
import type { Caller } from './call.ts'
import type { Call, Definition, Found } from './definition.ts'
import { isOneShot, oneShotError } from './entry.ts'
import { AutocacheError, StoreError } from './errors.ts'
import type { BreakerState, MissReason } from './events.ts'
import type { Look } from './find.ts'
import type { Flight } from './flight.ts'
import { gateOf, isAsync } from './gate.ts'
import { nextInstant } from './instants.ts'
import { expiry } from './land.ts'
import { invalidOption, someTags } from './options.ts'
import type { Read, Seen } from './rows.ts'

/**
 * What `peek` finds: `fresh` within its ttl, a value or a kept error; `stale` after it, where a call would be answered by
 * the value while a refresh runs, or if the function failed.
 */
export type Peeked<TResult = unknown> =
  | {
      readonly state: 'fresh' | 'stale'
      readonly outcome: 'value'
      readonly value: TResult
      readonly createdAt: number
    }
  | { readonly state: 'fresh'; readonly outcome: 'error'; readonly error: unknown; readonly createdAt: number }
  | { readonly state: 'miss' }

/** What `explain` tells of a call. */
export interface Explanation {
  readonly label: string
  readonly version: string
  /** Where the version came from. */
  readonly source: 'explicit' | 'stamp' | 'process'
  readonly key: string
  readonly state: 'fresh' | 'stale' | 'miss'
  /** Why no entry could answer, on a miss. */
  readonly reason?: MissReason
  /** Epoch milliseconds; absent on a miss. */
  readonly createdAt?: number
  /** Epoch milliseconds until which it is fresh, `jitter` aside; absent on a miss. */
  readonly freshUntil?: number
  /** The tags of the entry; absent on a miss. */
  readonly tags?: readonly string[]
  /** Whether the store is asked. */
  readonly breaker: BreakerState
  /** The same in words. */
  readonly text: string
}

/** The operations behind a cached function's own methods, for one receiver. */
export interface Operations {
  keyOf(self: unknown, args: readonly unknown[]): string
  peek(self: unknown, args: readonly unknown[]): Answer<Peeked>
  refresh(self: unknown, args: readonly unknown[]): unknown
  prime(self: unknown, args: readonly unknown[], value: unknown): Answer<void>
  invalidate(self: unknown, args: readonly unknown[]): Answer<void>
  invalidateAll(): Answer<void>
  many(
    self: unknown,
    calls: readonly (readonly unknown[])[],
    concurrency: number,
  ): Promise<PromiseSettledResult<unknown>[]>
  explain(self: unknown, args: readonly unknown[]): Answer<Explanation>
}

/** Creates the operations of one cached function. */
export function createOperations(definition: Definition, caller: Caller): Operations {
  const { options, enabled, identity, report, sealer, clock, tags } = definition
  const { store, storeTimeout, ttl, windows } = options
  const { prepare, decide, judge } = caller
  const gate = gateOf(store)
  const shown = ({ lane, suffix }: Call) => (options.keys === 'digest' ? lane.prefix + suffix : undefined)
  /** How long the entries of a call live, as far as that is known without one. */
  const usual = typeof ttl === 'number' ? ttl + Math.max(windows.staleTtl, windows.staleIfError) : 0

  /** Over a store that promises, what is thrown on the way to an answer is its rejection. */
  function settled<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      if (isAsync(gate)) return Promise.reject(error) as T
      throw error
    }
  }

  /** Looks an entry up and tells of it; nothing runs and nothing is counted. */
  function look<T>(call: Call, tell: (found: Found | undefined, look: Look) => T): Answer<T> {
    const { lane, suffix } = call
    const note: Look = {}
    if (!enabled || lane.isClosed(suffix)) {
      if (enabled) note.reason = 'unsettled'
      return isAsync(gate) ? Promise.resolve(tell(undefined, note)) : tell(undefined, note)
    }
    const failed = (error: unknown): undefined => {
      caller.storeFailed(call, 'get', error)
      note.reason = error instanceof StoreError && error.refused ? 'breaker-open' : 'store-error'
    }
    const read = rescue<Read | undefined>(() => caller.read(call), failed)
    return follow(
      follow(read, (held) => held && decide(call, held, note)),
      (found) => tell(found, note),
    )
  }

  function peeked(found: Found | undefined): Peeked {
    if (!found) return { state: 'miss' }
    const { createdAt, outcome } = found.opened
    return outcome === 'error'
      ? { state: 'fresh', outcome, error: found.value, createdAt }
      : { state: isFresh(found) ? 'fresh' : 'stale', outcome, value: found.value, createdAt }
  }

  /** Ends what the store holds for a call. @throws StoreError, at once or later */
  function end({ lane, suffix, names }: Call): Answer<void> {
    const done = both(
      () => names && lane.epochs.space.stored!.renewCall(names, usual, clock(), storeTimeout),
      () => lane.delete(suffix, storeTimeout),
    )
    return follow(done, () => {})
  }

  /** Stores a primed value, unless something newer was stored or invalidated while it was on its way. */
  function prime(call: Call, value: unknown): Answer<void> {
    const { lane, suffix, names, inputs, args } = call
    const { stored } = lane.epochs.space
    const fence = lane.fence(suffix, clock())
    const createdAt = lane.begin(clock())
    const begun = nextInstant()
    const seen = stored && names && enabled ? stored.replace(names, storeTimeout) : undefined
    /** What it was to replace is over all the same, also where another release keeps it under another key. */
    const giveUp = (known: Seen | undefined, life: number): Answer<void> =>
      stored && names && known
        ? stored.overtaken(names, known, life, clock(), storeTimeout)
        : isAsync(gate)
          ? Promise.resolve()
          : undefined
    const put = (body: unknown, promised: boolean): Answer<void> => {
      if (isOneShot(body)) throw oneShotError()
      const life = judge.lifetimeOf(body, args)
      const list = judge.tagsOf(body, args)
      if (life === undefined)
        throw new AutocacheError('INVALID_OPTION', 'Option `ttl` gave no duration for the primed value.')
      if (!list) throw invalidOption('tags', `a function that returns ${someTags}, also for a primed value`)
      const { held } = sealer.seal(body)
      return follow(seen, (known) => {
        if (!enabled) return isAsync(gate) ? Promise.resolve() : undefined
        if (!lane.stands(suffix, fence) || lane.epochs.changed(inputs.subject, list) > begun) return giveUp(known, life)
        if (life === 0) return end(call)
        const carried =
          stored && names && known
            ? stored.settle(names, list.slice(names.tags.length), new Map(), known, life, clock(), storeTimeout)
            : begun
        return follow(carried, (epochs): Answer<void> => {
          if (epochs === undefined || !lane.stands(suffix, fence)) return undefined
          const given = list.length > 0 ? list : undefined
          const entry = held({
            key: lane.keyOf(suffix),
            createdAt,
            outcome: 'value',
            promised,
            epochs,
            tags: given,
            tagPolicy: tags.policy,
          })
          const expiresAt = expiry(createdAt, life)
          const context = { expiresAt, tags: given, setOptions: options.setOptions }
          const set = () => lane.set(suffix, entry, context, storeTimeout)
          return follow(lane.replace(suffix, clock(), storeTimeout, set), () => {})
        })
      })
    }
    // Told where it is awaited, above.
    hush(seen)
    return isThenable(value) ? Promise.resolve(value).then((body) => put(body, true)) : put(value, caller.promises)
  }

  return {
    keyOf(self, args) {
      const { lane, suffix } = prepare(self, args)
      return lane.prefix + suffix
    },

    peek: (self, args) =>
      settled(() => {
        const call = prepare(self, args)
        return look(call, (found) => {
          // A cached function that asks is made from what it is told.
          if (found) call.outer?.add(judge.dependsOf(call, found.opened, found.value))
          return peeked(found)
        })
      }),

    refresh: (self, args) =>
      settled(() => {
        const call = enabled ? caller.admit(self, args) : undefined
        if (!call) return caller.pass(self, args)
        const { lane, suffix, names } = call
        lane.supersede(suffix)
        const seen =
          names &&
          rescue(
            () => lane.epochs.space.stored!.replace(names, storeTimeout),
            (error) => {
              caller.storeFailed(call, 'set', error)
              return undefined
            },
          )
        return caller.fill(call, seen, true)
      }),

    prime: (self, args, value) => settled(() => prime(prepare(self, args), value)),

    invalidate: (self, args) =>
      settled(() => {
        const call = prepare(self, args)
        const { lane, suffix, inputs, names } = call
        // Over a store that others use, what is to end is known by its epochs.
        lane.fence(suffix, clock(), names === undefined)
        lane.epochs.invalidate(inputs.subject)
        return follow(end(call), () => report({ type: 'invalidate', key: shown(call) }))
      }),

    invalidateAll: () =>
      settled(() => {
        const { epochs } = definition.lane()
        epochs.invalidateAll()
        const renewed = epochs.space.stored?.renewAll(epochs.label, storeTimeout)
        const done = () => report({ type: 'invalidate', all: true })
        return renewed === undefined && isAsync(gate) ? Promise.resolve().then(done) : follow(renewed, done)
      }),

    async many(self, calls, concurrency) {
      if (!Array.isArray(calls) || !calls.every(Array.isArray)) throw invalidOption('calls', 'a list of argument lists')
      if (!(concurrency >= 1)) throw invalidOption('concurrency', 'a number from 1 up')
      const prepared = calls.map((args) => {
        try {
          return enabled ? caller.admit(self, args) : undefined
        } catch (error) {
          return { refused: error }
        }
      })
      const reads = await readMany(prepared.filter((call): call is Call => call !== undefined && !('refused' in call)))
      const readAt = performance.now()
      const results: PromiseSettledResult<unknown>[] = new Array(calls.length)
      let next = 0
      const work = async () => {
        for (let at = next++; at < calls.length; at = next++) {
          const call = prepared[at]
          try {
            if (!call) results[at] = fulfilled(await caller.pass(self, calls[at]!))
            else if ('refused' in call) throw call.refused
            else {
              // What has become old while others were filled is read anew.
              const read = performance.now() - readAt > storeTimeout ? undefined : reads.get(wholeKey(call))
              // What the batch has answered it does not answer again: the next call of this key reads for itself.
              reads.delete(wholeKey(call))
              results[at] = fulfilled(await caller.answer(call, read))
            }
          } catch (reason) {
            results[at] = { status: 'rejected', reason }
          }
        }
      }
      await Promise.all(Array.from({ length: Math.min(concurrency, calls.length) }, work))
      return results
    },

    explain: (self, args) =>
      settled(() => {
        const { label, source } = identity
        const call = prepare(self, args)
        const { lane, suffix } = call
        const key = lane.keyOf(suffix)
        return look(call, (found, { reason }): Explanation => {
          const version = definition.version(call.inputs.code)
          const breaker = lane.gate.state
          const facts = { label, version, source, key, breaker }
          const freshUntil = found && judge.dependsOf(call, found.opened, found.value).until
          const text = [
            `${label} has version ${version} (${origins[source]})`,
            `key ${shown(call) ?? '(readable in process, not shown)'} over ${lane.gate.name}`,
            ...(breaker === 'closed' ? [] : [`the store is not asked now: its breaker is ${breaker}`]),
            ...(lane.gate.owed > 0 ? ['invalidations it did not acknowledge are made again'] : []),
            ...underWay(lane.flights.get(suffix) ?? lane.refreshes.get(suffix)),
            told(found, reason, freshUntil, lane.isHeldBack(suffix, clock()) ? 'not due: it failed' : 'due'),
          ].join('; ')
          if (!found) return { ...facts, text: `${text}.`, state: 'miss', ...(reason && { reason }) }
          const { createdAt, tags: list = [] } = found.opened
          const state = isFresh(found) ? 'fresh' : 'stale'
          return { ...facts, text: `${text}.`, state, createdAt, freshUntil: freshUntil!, tags: list.filter(Boolean) }
        })
      }),
  }

  /** One batched read of all calls, by their keys, where the store has one; what is not in it each call reads for itself. */
  async function readMany(calls: readonly Call[]): Promise<Map<string, Answer<Read>>> {
    const reads = new Map<string, Answer<Read>>()
    const [first] = calls
    if (!first) return reads
    const { lane } = first
    if (first.names) {
      // What is asked in one turn goes out together. What failed has failed for its call: it does not ask again.
      for (const call of calls) {
        if (reads.has(wholeKey(call))) continue
        const read = rescue<Read | PromiseLike<never>>(
          () => caller.read(call),
          (error) => Promise.reject(error),
        )
        hush(read)
        reads.set(wholeKey(call), read as Answer<Read>)
      }
      await Promise.allSettled(reads.values())
      return reads
    }
    const keys = [...new Set(calls.filter(({ lane, suffix }) => !lane.isClosed(suffix)).map(wholeKey))]
    if (keys.length === 0) return reads
    const answer = (held: readonly unknown[] | undefined) => {
      for (const [at, key] of keys.entries()) reads.set(key, { held: held?.[at], seen: undefined, made: undefined })
      return reads
    }
    try {
      const held = await lane.getMany(keys, storeTimeout)
      if (held === undefined) return reads
      if (!Array.isArray(held)) throw new TypeError('getMany answered with something that is not a list.')
      return answer(held)
    } catch (error) {
      // Failed once for all of them: none asks again.
      caller.storeFailed(first, 'getMany', error)
      return answer(undefined)
    }
  }
}

/** The key of a call, which may be of another lane than the next: where its arguments are of other classes. */
function wholeKey({ lane, suffix }: Call): string {
  return lane.prefix + suffix
}

/** Both are done whether or not the other fails; then it fails as the first that did. */
function both(...runs: (() => Answer<unknown>)[]): Answer<unknown> {
  const answers: Answer<unknown>[] = []
  let failed: { readonly error: unknown } | undefined
  for (const run of runs) {
    try {
      const answer = run()
      hush(answer)
      answers.push(answer)
    } catch (error) {
      failed ??= { error }
    }
  }
  if (failed) throw failed.error
  return every(answers)
}

const origins = { explicit: 'given by hand', stamp: 'stamped by the compiler', process: 'this process alone has it' }

function isFresh({ state }: Found): boolean {
  return state === 'fresh' || state === 'early'
}

const misses: { readonly [reason in MissReason]: string } = {
  absent: 'nothing is stored',
  expired: 'what is stored is past its ttl',
  invalidated: 'what is stored was invalidated',
  'tags-changed': 'what is stored was written under other `tags`',
  unreadable: 'what is stored cannot be read',
  unsettled: 'what is stored is not believed until the store has acknowledged what was sent',
  'store-error': 'the store failed',
  'breaker-open': 'the store is not asked',
}

/** What goes on for a key, in words. */
function underWay(flight: Flight | undefined): string[] {
  if (!flight) return []
  return [flight.landed ? 'what a run of the function made is being stored' : 'a run of the function is under way']
}

/** What a call would find, in words. */
function told(
  found: Found | undefined,
  reason: MissReason | undefined,
  until: number | undefined,
  refresh: string,
): string {
  if (!found) return `${misses[reason ?? 'absent']}, so the function would run`
  const tags = found.opened.tags?.filter(Boolean) ?? []
  const by = tags.length > 0 ? ` with ${tags.length === 1 ? 'a tag' : `${tags.length} tags`}` : ''
  const entry = `an entry of ${instant(found.opened.createdAt)}${by}`
  const fresh = until === Infinity ? 'fresh for ever' : `fresh until ${instant(until!)}`
  if (found.state === 'fresh') return `${entry}, ${fresh}, would answer it`
  if (found.state === 'early') return `${entry}, ${fresh}, would answer it, and a refresh is ${refresh}`
  return found.answers
    ? `${entry} is past its ttl and would answer it, and a refresh is ${refresh}`
    : `the function would run; ${entry} is past its ttl and would answer if it failed`
}

function fulfilled(value: unknown): PromiseFulfilledResult<unknown> {
  return { status: 'fulfilled', value }
}

function instant(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? 'an instant that no calendar has' : date.toISOString()
}
