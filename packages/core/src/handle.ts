import { type Call, type Caller, type Definition, expiry, type Found } from './call.ts'
import { isOneShot, oneShotError } from './entry.ts'
import { AutocacheError } from './errors.ts'
import { type Answer, isAsync, isThenable } from './lane.ts'
import { invalidOption } from './options.ts'

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
  /** Epoch milliseconds; absent on a miss. */
  readonly createdAt?: number
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
  many(
    self: unknown,
    calls: readonly (readonly unknown[])[],
    concurrency: number,
  ): Promise<PromiseSettledResult<unknown>[]>
  explain(self: unknown, args: readonly unknown[]): Answer<Explanation>
}

/** Creates the operations of one cached function. */
export function createOperations(definition: Definition, caller: Caller): Operations {
  const { options, enabled, identity, report, sealer, clock } = definition
  const { store, storeTimeout } = options
  const { prepare, decide } = caller
  const lane = definition.lane
  const shown = (call: Call) => (options.keys === 'digest' ? lane().prefix + call.suffix : undefined)

  /** Over a store that promises, what is thrown on the way to an answer is its rejection. */
  function settled<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      if (isAsync(store)) return Promise.reject(error) as T
      throw error
    }
  }

  /** Looks an entry up and tells of it; nothing runs and nothing is counted. */
  function look<T>(call: Call, tell: (found: Found | undefined) => T): Answer<T> {
    const failed = (error: unknown): T => {
      caller.storeFailed('get', error)
      return tell(undefined)
    }
    const show = (held: unknown): T => tell(decide(call, held, true))
    if (!enabled || lane().isClosed(call.suffix)) {
      return isAsync(store) ? Promise.resolve(tell(undefined)) : tell(undefined)
    }
    let held: unknown
    try {
      held = lane().get(call.suffix, storeTimeout)
    } catch (error) {
      return failed(error)
    }
    return isThenable(held) ? Promise.resolve(held).then(show, failed) : show(held)
  }

  function peeked(found: Found | undefined): Peeked {
    if (!found) return { state: 'miss' }
    const { createdAt, outcome } = found.opened
    return outcome === 'error'
      ? { state: 'fresh', outcome, error: found.value, createdAt }
      : { state: isFresh(found) ? 'fresh' : 'stale', outcome, value: found.value, createdAt }
  }

  const keyOf = (self: unknown, args: readonly unknown[]) => lane().prefix + prepare(self, args).suffix

  return {
    keyOf,

    peek: (self, args) => settled(() => look(prepare(self, args), peeked)),

    refresh: (self, args) =>
      settled(() => {
        const call = enabled ? caller.admit(self, args) : undefined
        if (!call) return caller.pass(self, args)
        lane().supersede(call.suffix)
        return caller.fill(call, true)
      }),

    prime: (self, args, value) =>
      settled(() => {
        const call = prepare(self, args)
        const { suffix } = call
        const fence = lane().fence(suffix, clock())
        const createdAt = lane().begin(clock())
        const put = (body: unknown, promised: boolean): Answer<void> => {
          if (isOneShot(body)) throw oneShotError()
          const life = caller.lifetimeOf(body, args)
          if (life === undefined) {
            throw new AutocacheError('INVALID_OPTION', 'Option `ttl` gave no duration for the primed value.')
          }
          // Whatever was stored or invalidated while a promised value was on its way is newer.
          if (life === 0 || !enabled || !lane().stands(suffix, fence))
            return isAsync(store) ? Promise.resolve() : undefined
          const { held } = sealer.seal({ key: lane().keyOf(suffix), createdAt, outcome: 'value', promised }, body)
          const context = { expiresAt: expiry(createdAt, life), setOptions: options.setOptions }
          const set = () => lane().set(suffix, held, context, storeTimeout)
          const written = lane().replace(suffix, clock(), storeTimeout, set)
          return isThenable(written) ? written.then(() => {}) : undefined
        }
        return isThenable(value) ? Promise.resolve(value).then((body) => put(body, true)) : put(value, caller.promises)
      }),

    invalidate: (self, args) =>
      settled(() => {
        const call = prepare(self, args)
        const { suffix } = call
        lane().fence(suffix, clock())
        const done = () => report({ type: 'invalidate', key: shown(call) })
        const removed = lane().delete(suffix, storeTimeout)
        return isThenable(removed) ? Promise.resolve(removed).then(done) : done()
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
      const keyed = prepared.filter((call): call is Call => call !== undefined && !('refused' in call))
      const held = await readMany(keyed)
      const results: PromiseSettledResult<unknown>[] = new Array(calls.length)
      let next = 0
      const work = async () => {
        for (let at = next++; at < calls.length; at = next++) {
          const call = prepared[at]
          try {
            if (!call) results[at] = fulfilled(await caller.pass(self, calls[at]!))
            else if ('refused' in call) throw call.refused
            else results[at] = fulfilled(await answerOne(call, held))
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
        const key = lane().keyOf(call.suffix)
        return look(call, (found): Explanation => {
          const version = definition.version()
          const text = `${label} ${version} (${source}), key ${shown(call) ?? '(readable in process, not shown)'}: ${told(found)}.`
          if (!found) return { label, version, source, key, text, state: 'miss' }
          const { createdAt } = found.opened
          return { label, version, source, key, text, state: isFresh(found) ? 'fresh' : 'stale', createdAt }
        })
      }),
  }

  /** One batched read; `undefined` where the store has none, so that each call reads for itself. */
  async function readMany(calls: readonly Call[]): Promise<Map<string, unknown> | undefined> {
    if (calls.length === 0) return undefined
    const suffixes = [...new Set(calls.map((call) => call.suffix))].filter((suffix) => !lane().isClosed(suffix))
    if (suffixes.length === 0) return undefined
    try {
      const answers = await lane().getMany(suffixes, storeTimeout)
      if (answers === undefined) return undefined
      if (!Array.isArray(answers)) throw new TypeError('getMany answered with something that is not a list.')
      return new Map(suffixes.map((suffix, at) => [suffix, answers[at]]))
    } catch (error) {
      // Failed once for all of them: none asks again.
      caller.storeFailed('getMany', error)
      return new Map(suffixes.map((suffix) => [suffix, undefined]))
    }
  }

  function answerOne(call: Call, held: Map<string, unknown> | undefined): unknown {
    // A flight under way, or none of the batch: as any other call.
    if (!held?.has(call.suffix) || lane().flights.has(call.suffix)) return caller.answer(call)
    const found = decide(call, held.get(call.suffix))
    // What the batch has answered it does not answer again: the next call of this key reads for itself.
    held.delete(call.suffix)
    if (!found?.answers) return caller.fill(call, false, found)
    if (found.opened.outcome === 'error') throw found.value
    return found.value
  }
}

function isFresh({ state }: Found): boolean {
  return state === 'fresh' || state === 'early'
}

/** What a call would find, in words. */
function told(found: Found | undefined): string {
  if (!found) return 'no entry can answer it, so the function would run'
  const entry = `an entry of ${instant(found.opened.createdAt)}`
  if (found.state === 'fresh') return `${entry} would answer it`
  if (found.state === 'early') return `${entry} would answer it, and a refresh is due`
  if (found.state === 'stale') return `${entry} is past its ttl and would answer it, and a refresh is due`
  return found.answers
    ? `${entry} is past its ttl and would answer it, because the function failed lately`
    : `the function would run; ${entry} is past its ttl and would answer if it failed`
}

function fulfilled(value: unknown): PromiseFulfilledResult<unknown> {
  return { status: 'fulfilled', value }
}

function instant(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? 'an instant that no calendar has' : date.toISOString()
}
