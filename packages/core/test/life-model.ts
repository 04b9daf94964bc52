import fc from 'fast-check'
import { expect } from 'vitest'
import { type AnyFunction, createAutocache, type Handle, type Store } from '../src/index.ts'
import { testClock } from '../src/testing.ts'

/** What the life of an entry is checked over: storage, and stores that lead to it. */
export interface Storage {
  /** A store over the storage: the same as before, or another one, as another process would have it. */
  open(): Store
  /** Empties the storage. */
  wipe(): unknown
}

interface Policy {
  readonly ttl: number
  readonly staleTtl: number
  readonly staleIfError: number
  readonly earlyRefresh: number
  readonly errorTtl: number
}

const none: Policy = { ttl: 1000, staleTtl: 0, staleIfError: 0, earlyRefresh: 1, errorTtl: 0 }

/** The oracle: what there is to know, as plainly as it can be said. */
interface Model {
  now: number
  policy: Policy
  /** What the function does next: throws, or makes what is not to be kept. */
  mood: 'well' | 'fails' | 'refused'
  /** How often it ran for each key. */
  readonly runs: Map<number, number>
  /** The keys whose refresh begins when the step is over. */
  readonly due: Set<number>
  readonly entries: Map<number, { outcome: 'value' | 'error'; value: string; createdAt: number }>
  /** Whether the store is one that others use: then what replaces a value ends that of every version. */
  readonly shared: boolean
  /** Until when the epoch of a call stands, by its argument: what would live longer replaces it. */
  readonly epochs: Map<number, number>
  /** What is remembered of failures, by the store that is in use. */
  failures: Failures
}

type Failures = Map<number, { count: number; at: number }>

/** The real thing, and how to come at it. */
interface Real {
  readonly storage: Storage
  readonly clock: ReturnType<typeof testClock>
  readonly asynchronous: boolean
  readonly namespace: string
  /** What is remembered of failures over each store. */
  readonly remembered: Map<Store, Failures>
  world: Pick<Model, 'mood' | 'runs'>
  cache: ReturnType<typeof createAutocache>
  loads: readonly Load[]
}

type Load = ((key: number) => string | Promise<string>) & Handle<(key: number) => Promise<string>, true>

/** Keys from ten up are those of another version of the function, for the same arguments: a canary, or what is rolled back to. */
const argument = (key: number) => key % 10
const loadOf = (real: Pick<Real, 'loads'>, key: number): Load => real.loads[key < 10 ? 0 : 1]!

/** An hour ahead at the least, so that stores that expire by themselves never come to it. */
const ahead = 1000 * 3_600_000

function count(runs: Map<number, number>, key: number): number {
  const ran = (runs.get(key) ?? 0) + 1
  runs.set(key, ran)
  return ran
}

/** Opens a store, and gives what is remembered of failures over it. */
function open(real: Real, policy: Policy): Failures {
  const store = real.storage.open()
  real.cache = createAutocache({ store, clock: real.clock, namespace: real.namespace, ...policy })
  real.loads = functions(real, real.cache)
  const failures: Failures = real.remembered.get(store) ?? new Map()
  real.remembered.set(store, failures)
  return failures
}

/** The function in two versions, with tags that its result gives. */
function functions({ world, asynchronous }: Real, cache: Real['cache']): readonly Load[] {
  const run = (key: number) => {
    const ran = count(world.runs, key)
    if (world.mood === 'fails') throw new Error(`${key} failed in run ${ran}`)
    return `${world.mood === 'refused' ? 'refused' : 'value'} of ${key} from run ${ran}`
  }
  return [0, 10].map((version) => {
    const one = (key: number) => run(version + key)
    const fn: AnyFunction = asynchronous ? async (key: number) => one(key) : one
    return cache.cached(fn, {
      name: 'load',
      version: `${version}`,
      cacheIf: (value) => !String(value).startsWith('refused'),
      tags: (_value, key) => ['any', `key:${key}`],
    }) as unknown as Load
  })
}

/** What something came to. */
type Outcome = { readonly value: unknown } | { readonly error: string }

async function outcomeOf(run: () => unknown): Promise<Outcome> {
  try {
    return { value: await run() }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

function stateOf(model: Model, key: number): 'fresh' | 'early' | 'stale' | 'error-only' | 'miss' {
  const entry = model.entries.get(key)
  const { ttl, staleTtl, staleIfError, earlyRefresh, errorTtl } = model.policy
  if (!entry) return 'miss'
  const age = Math.abs(model.now - entry.createdAt)
  if (entry.outcome === 'error') return age < errorTtl ? 'fresh' : 'miss'
  if (ttl === 0) return 'miss'
  if (age < ttl) return age >= ttl * earlyRefresh ? 'early' : 'fresh'
  if (age < ttl + staleTtl) return 'stale'
  return age < ttl + staleIfError ? 'error-only' : 'miss'
}

/** Whether the function has failed so lately that it is not asked where something else can answer. */
function isHeldBack({ failures, now }: Model, key: number): boolean {
  const failure = failures.get(key)
  return failure !== undefined && Math.abs(now - failure.at) < Math.min(60_000, 500 * 2 ** failure.count)
}

function fail({ failures, now }: Model, key: number): void {
  failures.set(key, { count: (failures.get(key)?.count ?? 0) + 1, at: now })
}

/** The function runs: what the caller gets, and what is stored then. */
function run(model: Model, key: number, how: { background?: boolean; replaces?: boolean } = {}): Outcome {
  const { entries, policy, mood } = model
  const state = stateOf(model, key)
  const ran = count(model.runs, key)
  if (mood === 'fails') {
    const error = `${key} failed in run ${ran}`
    if (how.background) fail(model, key)
    else if (state === 'error-only' && !how.replaces) {
      fail(model, key)
      return { value: entries.get(key)!.value }
    } else if (policy.errorTtl > 0) keep(model, key, 'error', error, how.replaces)
    return { error }
  }
  const value = `${mood === 'refused' ? 'refused' : 'value'} of ${key} from run ${ran}`
  model.failures.delete(key)
  if (mood === 'well' && policy.ttl > 0) keep(model, key, 'value', value, how.replaces)
  else if (how.background || how.replaces || state === 'error-only') {
    entries.delete(key)
    if (how.replaces) renew(model, key, 0)
  }
  return { value }
}

function call(model: Model, key: number): Outcome {
  const state = stateOf(model, key)
  const entry = model.entries.get(key)
  const heldBack = isHeldBack(model, key)
  if (!entry || state === 'miss' || (state === 'error-only' && !heldBack)) return run(model, key)
  if ((state === 'early' || state === 'stale') && !heldBack) model.due.add(key)
  return entry.outcome === 'error' ? { error: entry.value } : { value: entry.value }
}

/** One call is ended, whatever version stored it (R17). */
function endCall(model: Model, key: number, life: number): void {
  renew(model, key, life)
  for (const one of [argument(key), argument(key) + 10]) model.entries.delete(one)
}

/** The epoch of a call is replaced, for what lives so long: over a store that others use that ends it in every version. */
function renew(model: Model, key: number, life: number): void {
  if (!model.shared) return
  model.entries.delete(key < 10 ? key + 10 : key - 10)
  model.epochs.set(argument(key), model.now + Math.max(4 * life, 60_000))
}

/** Something is kept: under the epoch of its call where that stands long enough. */
function keep(model: Model, key: number, outcome: 'value' | 'error', value: string, replaces = false): void {
  const { ttl, staleTtl, staleIfError, errorTtl } = model.policy
  const life = outcome === 'error' ? errorTtl : ttl + Math.max(staleTtl, staleIfError)
  if (replaces || !(model.epochs.get(argument(key))! >= model.now + life)) renew(model, key, life)
  model.entries.set(key, { outcome, value, createdAt: model.now })
}

/** A tag is ended; of an error nobody knows the tags, so it ends with any. */
function endTag({ entries }: Model, tag: string): void {
  for (const [key, { outcome }] of entries)
    if (outcome === 'error' || tag === 'any' || tag === `key:${argument(key)}`) entries.delete(key)
}

/** A step: it is done to both, everything that it started ends, and both are compared, key by key. */
function step(name: string, act: (model: Model, real: Real) => unknown): fc.AsyncCommand<Model, Real> {
  return {
    check: () => true,
    async run(model, real) {
      await act(model, real)
      for (const key of model.due) run(model, key, { background: true })
      model.due.clear()
      await settle(real)
      expect([...real.world.runs].sort()).toEqual([...model.runs].sort())
      for (const key of keys) {
        const state = stateOf(model, key)
        const entry = model.entries.get(key)
        const { createdAt, ...peeked } = (await loadOf(real, key).peek(argument(key))) as { createdAt?: number; error?: Error }
        if (state === 'miss' || !entry) expect(peeked).toEqual({ state: 'miss' })
        else {
          const { outcome, value } = entry
          const shown = state === 'fresh' || state === 'early' ? 'fresh' : 'stale'
          expect({ ...peeked, createdAt }).toMatchObject({ state: shown, outcome, createdAt: entry.createdAt })
          expect(outcome === 'error' ? peeked.error!.message : (peeked as { value?: string }).value).toBe(value)
        }
      }
    },
    toString: () => name,
  }
}

async function settle(real: Real): Promise<void> {
  // A refresh that a landing starts, and the removal that a refresh may end in.
  for (let round = 0; round < 3; round++) {
    await real.cache.close()
    if (real.asynchronous) await new Promise((resolve) => setImmediate(resolve))
  }
}

const keys = [0, 1, 2, 10, 11] as const
const key = fc.constantFrom(...keys)
const window = fc.constantFrom(0, 500, 1000, 5000, 100_000)
const policy: fc.Arbitrary<Policy> = fc.record({
  ttl: fc.constantFrom(0, 1, 1000, 1000, 1000),
  staleTtl: window,
  staleIfError: window,
  earlyRefresh: fc.constantFrom(0.5, 0.9, 1),
  errorTtl: fc.constantFrom(0, 0, 500, 3000),
})

const both = async (expected: Outcome, act: () => unknown) => expect(await outcomeOf(act)).toEqual(expected)

const commands: fc.Arbitrary<fc.AsyncCommand<Model, Real>>[] = [
  ...Array.from({ length: 6 }, () =>
    key.map((key) => step(`call(${key})`, (model, real) => both(call(model, key), () => loadOf(real, key)(argument(key))))),
  ),
  key.map((key) =>
    step(`call(${key}) twice at once`, async (model, real) => {
      // A sync function over a sync store has answered the first before the second comes; elsewhere they share.
      const before = model.runs.get(key)
      const first = call(model, key)
      const shares = real.asynchronous && model.runs.get(key) !== before
      const second = shares ? first : call(model, key)
      const one = () => outcomeOf(() => loadOf(real, key)(argument(key)))
      const answers = await Promise.all([one(), one()])
      expect(answers).toEqual([first, second])
    }),
  ),
  fc.tuple(key, key).map(([one, other]) =>
    step(`many(${one}, ${other})`, async (model, real) => {
      const keys = [...new Set([one % 10, other % 10])]
      const expected = keys.map((key) => call(model, key))
      const settled = await real.loads[0]!.many(keys.map((key) => [key]))
      expect(
        settled.map((item) => (item.status === 'fulfilled' ? { value: item.value } : { error: item.reason.message })),
      ).toEqual(expected)
    }),
  ),
  key.map((key) =>
    step(`invalidate(${key})`, (model, real) => {
      const { ttl, staleTtl, staleIfError } = model.policy
      endCall(model, key, ttl + Math.max(staleTtl, staleIfError))
      model.failures.delete(key)
      return loadOf(real, key).invalidate(argument(key))
    }),
  ),
  fc.constantFrom('any', 'key:0', 'key:1', 'none').map((tag) =>
    step(`invalidateTags(${tag})`, (model, real) => {
      endTag(model, tag)
      return real.cache.invalidateTags(tag)
    }),
  ),
  fc.constantFrom(0, 10).map((version) =>
    step(`invalidateAll() of version ${version}`, (model, real) => {
      model.entries.clear()
      return loadOf(real, version).invalidateAll()
    }),
  ),
  fc.constantFrom('call', 'tag', 'all').map((what) =>
    step(`another process ends by ${what}`, async (model, real) => {
      const store = real.storage.open()
      const cache = createAutocache({ store, namespace: real.namespace, ttl: '1h', clock: real.clock })
      const [load] = functions(real, cache)
      if (what === 'call') {
        endCall(model, 1, 3_600_000)
        // Where it is the same store it is the same process.
        real.remembered.get(store)?.delete(1)
        await load!.invalidate(1)
      } else if (what === 'tag') {
        endTag(model, 'key:0')
        await cache.invalidateTags('key:0')
      } else {
        model.entries.clear()
        await load!.invalidateAll()
      }
    }),
  ),
  key.map((key) =>
    step(`refresh(${key})`, (model, real) => {
      model.failures.delete(key)
      return both(run(model, key, { replaces: true }), () => loadOf(real, key).refresh(argument(key)))
    }),
  ),
  key.map((key) =>
    step(`prime(${key})`, (model, real) => {
      if (model.policy.ttl === 0) return
      const value = `primed ${key} at ${model.now}`
      model.failures.delete(key)
      keep(model, key, 'value', value, true)
      return loadOf(real, key).prime([argument(key)], Promise.resolve(value))
    }),
  ),
  ...Array.from({ length: 3 }, () =>
    fc.constantFrom(1, 499, 500, 501, 999, 1000, 1001, 2000, 5000, 100_000, -1, -700, -3_600_000, 3_600_000).map((by) =>
      step(`clock by ${by}`, (model, real) => {
        model.now += by
        real.clock.advance(by)
      }),
    ),
  ),
  ...Array.from({ length: 2 }, () =>
    fc.constantFrom<Model['mood']>('well', 'fails', 'refused').map((mood) =>
      step(`the function is ${mood}`, (model, real) => {
        model.mood = mood
        real.world.mood = mood
      }),
    ),
  ),
  policy.map((policy) =>
    step(`restart with ${JSON.stringify(policy)}`, async (model, real) => {
      await real.cache.close()
      model.policy = policy
      model.failures = open(real, policy)
    }),
  ),
  fc.constant(
    step('wipe', async (model, real) => {
      model.epochs.clear()
    model.entries.clear()
      await real.storage.wipe()
    }),
  ),
]

/** How often the model is run: `AUTOCACHE_LONG=1` for the long form. */
export const lives = (fast: number): number => (globalThis.process?.env.AUTOCACHE_LONG ? 10_000 : fast)

let played = 0

/** Plays random steps over a storage and checks it against the oracle after each of them. */
export async function checkLife(
  makeStorage: () => Storage,
  { numRuns, asynchronous = true }: { numRuns: number; asynchronous?: boolean },
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(policy, fc.commands(commands, { maxCommands: 40, size: 'max' }), async (policy, steps) => {
      const start = Date.now() + ahead
      const real = {
        storage: makeStorage(),
        clock: testClock(start),
        asynchronous,
        // Stores may be used again for the next life, and remember the failures of this one.
        namespace: `life-${(played += 1)}`,
        remembered: new Map(),
        world: { mood: 'well', runs: new Map() },
      } as unknown as Real
      const failures = open(real, policy)
      await real.storage.wipe()
      const model: Model = {
        now: start,
        policy: { ...none, ...policy },
        mood: 'well',
        runs: new Map(),
        due: new Set(),
        entries: new Map(),
        epochs: new Map(),
        shared: real.storage.open().lifetime === 'shared',
        failures,
      }
      await fc.asyncModelRun(() => ({ model, real }), steps)
    }),
    { numRuns },
  )
}
