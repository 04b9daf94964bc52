/**
 * Functions over a `Delegate`: a framework's cache that runs the call itself.
 *
 * The rule (R25): what identifies a call, what a value looks like at rest and when it is too old are decided here, and the
 * framework is left with what it does well: to keep a text under a key, with tags, and to start a refresh. It is handed one
 * digest, no arguments and no function text. Its answer is believed only after a look into the envelope: the key must be the
 * one that was asked for (R09), and what is older than `ttl` and `staleTtl` does not answer, however long the framework would
 * go on serving it: the refresh is awaited.
 *
 * What is deliberately less than over a `Store`: how entries are invalidated is the framework's affair, and so what an
 * invalidation reaches. In this process a fill that began before it never answers afterwards (R18); elsewhere the framework's
 * own order of writes and tags decides.
 *
 * Values travel as structures and not as text within text, so that the framework's one `JSON.parse` is the only reading of
 * them; plain data needs no other step. Decision: docs/decisions/0025-delegate.md.
 */
import { diagnostics } from '#platform'
import { codec as defaultCodec } from './codec.ts'
import type { Delegate, Delegated, Delegation, Gathered, Unkept } from './delegate.ts'
import { digest } from './digest.ts'
import { isOneShot, oneShotError } from './entry.ts'
import { AutocacheError, EntryFormatError, StoreError, UnkeyableValueError, UnstorableValueError } from './errors.ts'
import { createHub, type Hub } from './events.ts'
import { beginning, isFenced, raiseFences } from './fences.ts'
import { createInputs, type Inputs, joinedVersions } from './inputs.ts'
import { defaultKeyBounds } from './key.ts'
import { type AnyFunction, type FunctionOptions, invalidOption, resolveOptions } from './options.ts'
import { fits, type Opened, type Parcel, pack, unpack } from './parcel.ts'
import { replaceSignals } from './signals.ts'
import type { AsyncStore } from './store.ts'
import { identify } from './version.ts'
import { keyPrefix } from './whole-key.ts'

/** A result on its way out of the framework's cache without being kept. */
class Passed extends Error {
  readonly value: unknown
  constructor(value: unknown) {
    super('The result was handed out and not stored.')
    this.name = 'AutocacheUnstored'
    this.value = value
  }
}

/** What the function threw, told from what the framework throws. */
class Thrown extends Error {
  constructor(cause: unknown) {
    super('The cached function threw.', { cause })
    this.name = 'AutocacheFillError'
  }
}

/** A key that core remembers, with the work under way for it. */
interface Slot {
  readonly key: string
  /** What the envelope is known by: the framework finds it by the key, and a short digest of that tells a mix-up. */
  readonly seal: string
  readonly inputs: Inputs
  tags: readonly string[]
  args: readonly unknown[]
  calls: number
  running: { readonly begun: number; readonly parcel: Promise<Parcel> } | undefined
  readonly compute: () => Promise<unknown>
}

/** How many keys of a function are remembered, and how long the text of one may be. */
const remembered = 1000
const longest = 2048

const nothing: readonly never[] = []

/** Stands where options ask for a store: entries outlive the process. */
const elsewhere = {
  lifetime: 'shared',
  holds: 'text',
  get: async () => undefined,
  set: async () => {},
  delete: async () => false,
} satisfies AsyncStore<'text'>

/** The options that a framework's cache leaves room for. */
const possible = new Set([
  ...['name', 'version', 'key', 'deps', 'partition', 'ttl', 'staleTtl', 'tags'],
  ...['strict', 'namespace', 'codec', 'flightTimeout', 'onEvent'],
])

/** Puts functions over a framework's cache. */
export function createDelegation(
  delegate: Delegate,
  settings: { readonly clock?: () => number; readonly hub?: Hub } = {},
): Delegation {
  const { clock = () => Date.now(), hub = createHub(undefined, diagnostics) } = settings
  const { maxTags = 128 } = delegate

  function define(fn: AnyFunction, given: FunctionOptions): Delegated {
    for (const [option, value] of Object.entries(given)) {
      if (value !== undefined && !possible.has(option)) {
        throw new AutocacheError(
          'INVALID_OPTION',
          `Option \`${option}\` is not possible here: the framework's cache runs the call. A function over a store of yours has it.`,
        )
      }
    }
    const options = resolveOptions(given, {}, () => elsewhere)
    const { ttl: lifetime, tags, strict, flightTimeout, namespace = 'app' } = options
    if (typeof lifetime !== 'number' || lifetime === 0) {
      throw invalidOption(
        'ttl',
        'a duration above 0: the framework is told before there is a value, so it cannot depend on one',
      )
    }
    const ttl: number = lifetime
    if (typeof tags === 'function') {
      throw invalidOption('tags', 'a list: the framework is told before there is a value, so they cannot depend on one')
    }
    const own: readonly string[] = tags
    if (own.length > maxTags - 2) throw invalidOption('tags', `a list of at most ${maxTags - 2} texts`)
    const { staleTtl } = options.windows
    const codec = options.codec ?? defaultCodec
    const identity = identify(fn, options, undefined, true)
    const { label } = identity
    const joined = joinedVersions(options, digest)
    const report = hub.reporter(label, options.onEvent)
    const inputsOf = createInputs(fn, options, defaultKeyBounds, digest)
    const nameOf = (...parts: string[]) =>
      `autocache:${digest(JSON.stringify([namespace, label, ...parts])).slice(0, 22)}`
    const allTag = nameOf()
    const slots = new Map<string, Slot>()
    const prefixes = new Map<string, string>()

    function prefixOf(code: string): string {
      let prefix = prefixes.get(code)
      if (prefix === undefined) {
        const version = identity.version() + joined + code
        prefixes.set(code, (prefix = keyPrefix({ namespace, label, version, digest, maxBytes: 250 })))
      }
      return prefix
    }

    const keyFor = ({ text, code }: Inputs) => `${prefixOf(code)}~${digest(text)}`

    function slotOf(inputs: Inputs, args: readonly unknown[]): Slot {
      const id = inputs.code === '' ? inputs.text : `${inputs.code} ${inputs.text}`
      const known = slots.get(id)
      if (known) return known
      const key = keyFor(inputs)
      const slot: Slot = {
        key,
        seal: digest(key).slice(0, 22),
        inputs,
        tags: [nameOf(inputs.subject), allTag, ...own],
        args,
        calls: 0,
        running: undefined,
        compute: () => join(slot),
      }
      if (id.length <= longest) {
        if (slots.size >= remembered)
          for (const [oldest, { calls }] of slots) if (calls === 0 && slots.delete(oldest)) break
        slots.set(id, slot)
      }
      return slot
    }

    /** The run under way for a key, or a new one. */
    function join(slot: Slot): Promise<Parcel> {
      const { running } = slot
      // What begins after an invalidation of the same millisecond is newer than it.
      const instant = beginning(clock())
      const now = delegate.begin?.(slot.tags, instant) ?? instant
      const apart = delegate.isApart?.() === true
      if (!running || apart || isEnded(slot.tags, running.begun) || now - running.begun > flightTimeout)
        return start(slot, now, apart)
      report({ type: 'join', key: slot.key })
      // What can be had only once belongs to who ran it.
      return running.parcel.catch((error: unknown) => {
        if (error instanceof Passed) return fill(slot, slot.args, clock())
        throw error
      })
    }

    function start(slot: Slot, begun: number, apart: boolean): Promise<Parcel> {
      const flight = { begun, parcel: fill(slot, slot.args, begun) }
      if (apart) return flight.parcel
      slot.running = flight
      const ended = () => {
        if (slot.running === flight) slot.running = undefined
      }
      flight.parcel.then(ended, ended)
      return flight.parcel
    }

    async function fill(slot: Slot, args: readonly unknown[], begun: number): Promise<Parcel> {
      const gathered: Gathered = { tags: new Set(), until: Infinity }
      const startedAt = performance.now()
      let value: unknown
      try {
        value = await delegate.within(gathered, () => fn(...args))
      } catch (error) {
        report({ type: 'fill-error', key: slot.key, error })
        throw new Thrown(error)
      }
      report({ type: 'fill', key: slot.key, duration: performance.now() - startedAt })
      const tags = [...gathered.tags].filter((tag) => !slot.tags.includes(tag))
      if (slot.tags.length + tags.length > maxTags) throw passed(slot, value, 'too-many-tags')
      return seal(slot, args, value, begun, tags, gathered.until)
    }

    function passed(slot: Slot, value: unknown, reason: Exclude<Unkept, 'unfaithful' | 'request-state'>): Passed {
      report({ type: 'unstored', key: slot.key, reason })
      delegate.notice?.(label, reason)
      return new Passed(value)
    }

    function seal(
      slot: Slot,
      args: readonly unknown[],
      value: unknown,
      begun: number,
      tags: readonly string[],
      until: number,
    ): Parcel {
      if (isOneShot(value)) {
        if (strict) throw new Thrown(oneShotError())
        throw passed(slot, value, 'one-shot')
      }
      if (!isStill(slot, args)) throw passed(slot, value, 'inputs-changed')
      let parcel: Parcel
      try {
        parcel = pack(value, codec, { key: slot.seal, createdAt: begun, until, tags })
      } catch (error) {
        const path = error instanceof UnstorableValueError ? error.path : undefined
        report({ type: 'unstored', key: slot.key, reason: 'unfaithful', path, error })
        delegate.notice?.(label, 'unfaithful')
        throw strict ? new Thrown(error) : new Passed(value)
      }
      if (!fits(parcel, delegate.maxSize ?? Infinity)) throw passed(slot, value, 'too-large')
      return parcel
    }

    /** Whether the inputs are still what the call was keyed by (R15). */
    function isStill({ inputs }: Slot, args: readonly unknown[]): boolean {
      if (inputs.fixed) return true
      try {
        const { text, code } = inputsOf(undefined, args)
        return text === inputs.text && code === inputs.code
      } catch {
        return false
      }
    }

    const open = (found: unknown, slot: Slot): Opened | undefined => unpack(found, slot.seal, codec)

    /** Whether what was found may answer: within its time, and begun after the last invalidation. */
    const stands = (slot: Slot, { createdAt, until }: Opened, now: number) =>
      now <= Math.min(createdAt + ttl, until) + staleTtl && !isEnded(slot.tags, createdAt, slot.running)

    /** A hit is one promise: where async context is tracked, as in Next, each costs about as much as all that is done here. */
    function call(args: readonly unknown[], site?: unknown): Promise<unknown> {
      let slot: Slot
      try {
        const inputs = inputsOf(undefined, args)
        if (inputs.signals.length > 0) return heeding(inputs, args, site)
        slot = slotOf(inputs, args)
      } catch (error) {
        if (!(error instanceof UnkeyableValueError) || error.reason === 'kind') return Promise.reject(error)
        report({ type: 'bypass', reason: error.reason, path: error.path })
        return direct(args)
      }
      return ask(slot, args, site)
    }

    function ask(slot: Slot, args: readonly unknown[], site: unknown): Promise<unknown> {
      slot.args = args
      slot.calls += 1
      const left = (error: unknown) => {
        leave(slot)
        return rescue(slot, args, error)
      }
      try {
        return delegate.run(slot.key, slot.tags, ttl, slot.compute, site).then((found) => {
          try {
            const opened = open(found, slot)
            const now = clock()
            if (opened && missing(slot, opened).length === 0 && stands(slot, opened, now)) {
              leave(slot)
              return answer(slot, opened, now)
            }
            return renew(slot, opened).then((value) => {
              leave(slot)
              return value
            }, left)
          } catch (error) {
            return left(error)
          }
        }, left)
      } catch (error) {
        return Promise.resolve(left(error))
      }
    }

    /**
     * A call with abort signals among its arguments (R16): a run is for all who ask for it, so it gets a signal that nobody
     * aborts, as the framework keeps what it returns; who gives up stops waiting.
     */
    function heeding(inputs: Inputs, args: readonly unknown[], site: unknown): Promise<unknown> {
      const { signals } = inputs
      if (signals.some(({ aborted }) => aborted)) {
        report({ type: 'bypass', reason: 'aborted' })
        return direct(args)
      }
      const shared = replaceSignals(args, new AbortController().signal)
      const answer = ask(slotOf(inputs, shared), shared, site)
      return new Promise((resolve, reject) => {
        const listening = new AbortController()
        for (const signal of signals) {
          signal.addEventListener('abort', () => reject(signal.reason as Error), { signal: listening.signal })
        }
        const settled = () => listening.abort()
        answer.then(resolve, reject).then(settled, settled)
      })
    }

    const direct = async (args: readonly unknown[]): Promise<unknown> => fn(...args)

    function leave(slot: Slot): void {
      slot.calls -= 1
      if (slot.calls === 0) slot.args = nothing
    }

    /** Tags of an entry that the framework is not told of yet. */
    const missing = ({ tags: known }: Slot, { tags }: Opened): readonly string[] =>
      tags.length === 0 ? nothing : tags.filter((tag) => !known.includes(tag))

    /** What is found in a second look: with all tags of the entry, or by a run of its own. */
    async function renew(slot: Slot, first: Opened | undefined): Promise<unknown> {
      let opened = first
      const unknown = opened ? missing(slot, opened) : nothing
      if (unknown.length > 0) {
        // It depends on cached calls that only the entry knows of. From now on the framework is told.
        slot.tags = [...slot.tags, ...unknown]
        if (!opened!.isNew) opened = open(await delegate.run(slot.key, slot.tags, ttl, slot.compute), slot)
      }
      if (opened && (opened.isNew || stands(slot, opened, clock()))) return answer(slot, opened, clock())
      if (!opened)
        report({ type: 'unreadable-entry', key: slot.key, error: new EntryFormatError('another entry', 'format 1') })
      else
        report({
          type: 'miss',
          key: slot.key,
          reason: isEnded(slot.tags, opened.createdAt, slot.running) ? 'invalidated' : 'expired',
        })
      if (!slot.running || isEnded(slot.tags, slot.running.begun)) {
        const again = open(await delegate.run(slot.key, slot.tags, 0, slot.compute), slot)
        if (again?.isNew) return answer(slot, again, clock())
      }
      const own = open(await (slot.running?.parcel ?? join(slot)), slot)!
      return answer(slot, own, clock())
    }

    function answer(slot: Slot, opened: Opened, now: number): unknown {
      const { createdAt, until, isNew } = opened
      const fresh = Math.min(createdAt + ttl, until)
      const outer = delegate.gathering()
      if (outer) {
        for (const tag of slot.tags) outer.tags.add(tag)
        if (fresh < outer.until) outer.until = fresh
      }
      const value = opened.take()
      if (!isNew) {
        if (now <= fresh) report({ type: 'hit', key: slot.key })
        else report({ type: 'stale-hit', key: slot.key, reason: 'refresh' })
      }
      return value
    }

    /** What reached the call instead of an entry. */
    function rescue(slot: Slot, args: readonly unknown[], error: unknown): unknown {
      if (error instanceof Passed) {
        forbid()
        return error.value
      }
      if (error instanceof Thrown) {
        if (!delegate.isRefusal?.(error.cause)) throw error.cause
        report({ type: 'bypass', reason: 'request-state' })
        delegate.notice?.(label, 'request-state')
      } else {
        const message = `The framework's cache failed. The function answers without it.`
        report({
          type: 'store-error',
          operation: 'run',
          error: new StoreError('delegate', 'run', message, { cause: error }),
        })
      }
      forbid()
      slot.running = undefined
      return direct(args)
    }

    /** Nothing that is made from an answer of which no entry exists may be kept for long: nobody could end it. */
    function forbid(): void {
      const outer = delegate.gathering()
      if (outer) outer.until = -Infinity
    }

    return {
      label,
      get version() {
        return identity.version()
      },
      call,
      keyOf: (args) => keyFor(inputsOf(undefined, args)),
      async invalidate(args) {
        await end([nameOf(inputsOf(undefined, args).subject)])
        report({ type: 'invalidate' })
      },
      async invalidateAll() {
        await end([allTag])
        report({ type: 'invalidate', all: true })
      },
    }
  }

  /** @param running a run under way, which may be later than what is asked about */
  const isEnded = (tags: readonly string[], begun: number, running?: Slot['running']) =>
    isFenced(tags, begun) || delegate.hasEnded?.(tags, begun, running !== undefined && running.begun > begun) === true

  async function end(tags: readonly string[]): Promise<void> {
    await delegate.invalidate(tags)
    raiseFences(tags, clock())
  }

  return { define, on: hub.on, hub, stats: hub.stats }
}
