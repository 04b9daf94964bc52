import fc from 'fast-check'
import { expect } from 'vitest'
import {
  type AnyFunction,
  type AsyncStore,
  type Bus,
  createAutocache,
  type Handle,
  memoryStore,
  type Store,
  tieredStore,
} from '../src/index.ts'
import { testClock } from '../src/testing.ts'

/** What the life of an entry is checked over: storage, and stores that lead to it. */
export interface Storage {
  /** A store over the storage: the same as before, or another one, as another process would have it. */
  open(): Store
  /** Empties the storage; where it ends with its process, that of the store opened last. */
  wipe(): unknown
  /** Whether what is stored ends with its process: then each store is an empty one, and no process knows of another. */
  readonly ends?: boolean
}

/** Text stores over rows that outlive them, each as another process has it. */
export function rows(asynchronous: boolean): Storage {
  const rows = new Map<string, string>()
  const open = (): Store => {
    const operations = {
      get: (key: string) => rows.get(key),
      set: (key: string, entry: string) => void rows.set(key, entry),
      delete: (key: string) => rows.delete(key),
    }
    if (!asynchronous) return { lifetime: 'shared', holds: 'text', ...operations }
    const store: AsyncStore<'text'> = {
      lifetime: 'shared',
      holds: 'text',
      get: async (key) => operations.get(key),
      set: async (key, entry) => operations.set(key, entry),
      delete: async (key) => operations.delete(key),
      getMany: async (keys) => keys.map(operations.get),
    }
    return store
  }
  return { open, wipe: () => rows.clear() }
}

/** One process with memory in front of rows that outlive it, and a bus that tells at once. */
export function tiers(): Storage {
  const far = rows(true)
  const near = memoryStore()
  let tell = (_message: string) => {}
  const bus: Bus = {
    publish: async (message) => tell(message),
    listen(hear) {
      tell = hear
      return () => {
        tell = () => {}
      }
    },
    beat: async () => {},
  }
  const store = tieredStore([near, far.open() as AsyncStore<'text'>], { bus })
  const wipe = () => {
    far.wipe()
    near.clear()
    // Rows of epochs that are gone are not told of: a process that begins anew has none.
    for (const key of told) tell(key)
  }
  const told = new Set<string>()
  const set = store.epochs!.set.bind(store.epochs)
  store.epochs!.set = (key, ...rest) => {
    told.add(key)
    return set(key, ...rest)
  }
  return { open: () => store, wipe }
}

/** Memory, which all instances of a process share. */
export function memory(): Storage {
  const store = memoryStore()
  return { open: () => store, wipe: () => store.clear() }
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
  readonly entries: Map<number, Kept>
  /** Whether the store is one that others use: then what replaces a value ends that of every version. */
  readonly shared: boolean
  /** Until when the epoch of a call stands, by its argument: what would live longer replaces it. */
  readonly epochs: Map<number, number>
  /** What is remembered of failures, by the store that is in use. */
  failures: Failures
}

/** What is kept of a run. */
interface Kept {
  readonly outcome: 'value' | 'error'
  readonly value: string
  readonly createdAt: number
  /** By what it is ended besides its own call. */
  readonly tags: readonly string[]
  /** Until when what it was made from is fresh. */
  readonly until: number
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
  store: Store
  cache: ReturnType<typeof createAutocache>
  loads: readonly Load[]
}

type Load = ((key: number) => string | Promise<string>) & Handle<(key: number) => Promise<string>, true>

/**
 * Keys from ten up are those of another version of the function, for the same arguments: a canary, or what is rolled back
 * to. Those from twenty up are of a function that calls the first.
 */
const argument = (key: number) => key % 10
const isOuter = (key: number) => key >= 20
const loadOf = (real: Pick<Real, 'loads'>, key: number): Load => real.loads[Math.floor(key / 10)]!
/** The keys of one call, in every version. */
const versionsOf = (key: number) => (isOuter(key) ? [key] : [argument(key), argument(key) + 10])
/** What names a call, whatever its version. */
const callOf = (key: number) => versionsOf(key)[0]!

/** An hour ahead at the least, so that stores that expire by themselves never come to it. */
const ahead = 1000 * 3_600_000

function count(runs: Map<number, number>, key: number): number {
  const ran = (runs.get(key) ?? 0) + 1
  runs.set(key, ran)
  return ran
}

/** Opens a store, and gives what is remembered of failures over it. */
function open(real: Real, policy: Policy): Failures {
  const store = (real.store = real.storage.open())
  real.cache = createAutocache({ store, clock: real.clock, namespace: real.namespace, ...policy })
  real.loads = functions(real, real.cache)
  const failures: Failures = real.remembered.get(store) ?? new Map()
  real.remembered.set(store, failures)
  return failures
}

/** The function in two versions, with tags that its result gives, and one that calls the first. */
function functions({ world, asynchronous }: Real, cache: Real['cache']): readonly Load[] {
  const run = (key: number) => {
    const ran = count(world.runs, key)
    if (world.mood === 'fails') throw new Error(`${key} failed in run ${ran}`)
    return `${world.mood === 'refused' ? 'refused' : 'value'} of ${key} from run ${ran}`
  }
  const loads = [0, 10].map((version) => {
    const one = (key: number) => run(version + key)
    const fn: AnyFunction = asynchronous ? async (key: number) => one(key) : one
    return cache.cached(fn, {
      name: 'load',
      version: `${version}`,
      cacheIf: (value) => !String(value).startsWith('refused'),
      tags: (_value, key) => ['any', `key:${key}`],
    }) as unknown as Load
  })
  const around = (key: number, inner: string) => `outer of ${key} from run ${world.runs.get(key + 20)}: ${inner}`
  const outer: AnyFunction = asynchronous
    ? async (key: number) => {
        count(world.runs, key + 20)
        return around(key, await loads[0]!(key))
      }
    : (key: number) => {
        count(world.runs, key + 20)
        return around(key, loads[0]!(key) as string)
      }
  return [...loads, cache.cached(outer, { name: 'outer', version: '0' }) as unknown as Load]
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
  const { staleTtl, staleIfError, earlyRefresh } = model.policy
  if (!entry) return 'miss'
  const age = Math.abs(model.now - entry.createdAt)
  const fresh = freshFor(model, entry)
  if (entry.outcome === 'error') return age < fresh ? 'fresh' : 'miss'
  if (fresh === 0) return 'miss'
  if (age < fresh) return age >= fresh * earlyRefresh ? 'early' : 'fresh'
  if (age < fresh + staleTtl) return 'stale'
  return age < fresh + staleIfError ? 'error-only' : 'miss'
}

/** How long something is fresh: no longer than what it was made from. */
function freshFor({ policy }: Model, { outcome, createdAt, until }: Omit<Kept, 'value' | 'tags'>): number {
  return Math.max(0, Math.min(outcome === 'error' ? policy.errorTtl : policy.ttl, until - createdAt))
}

/** Whether the function has failed so lately that it is not asked where something else can answer. */
function isHeldBack({ failures, now }: Model, key: number): boolean {
  const failure = failures.get(key)
  return failure !== undefined && Math.abs(now - failure.at) < Math.min(60_000, 500 * 2 ** failure.count)
}

function fail({ failures, now }: Model, key: number): void {
  failures.set(key, { count: (failures.get(key)?.count ?? 0) + 1, at: now })
}

/** What a call comes to, and until when that is fresh for who calls from within a cached function. */
type Answered = Outcome & { readonly until: number }

const told = ({ until: _, ...outcome }: Answered): Outcome => outcome

/** The function itself: what it returns or throws, and what that was made from. */
function perform(model: Model, key: number): { outcome: 'value' | 'error'; value: string; until: number } {
  const ran = count(model.runs, key)
  if (isOuter(key)) {
    const inner = answer(model, argument(key))
    if ('error' in inner) return { outcome: 'error', value: inner.error, until: inner.until }
    return {
      outcome: 'value',
      value: `outer of ${argument(key)} from run ${ran}: ${inner.value}`,
      until: inner.until,
    }
  }
  if (model.mood === 'fails') return { outcome: 'error', value: `${key} failed in run ${ran}`, until: Infinity }
  return {
    outcome: 'value',
    value: `${model.mood === 'refused' ? 'refused' : 'value'} of ${key} from run ${ran}`,
    until: Infinity,
  }
}

/** The function runs: what the caller gets, and what is stored then. */
function run(model: Model, key: number, how: { background?: boolean; replaces?: boolean } = {}): Answered {
  const { entries, policy, now } = model
  const state = stateOf(model, key)
  const over = entries.get(key)
  if (!how.replaces) begin(model, key)
  const { outcome, value, until } = perform(model, key)
  const tags = ['any', `key:${argument(key)}`]
  if (outcome === 'error') {
    if (how.background) fail(model, key)
    else if (state === 'error-only' && !how.replaces) {
      fail(model, key)
      return { value: over!.value, until: over!.createdAt + freshFor(model, over!) }
    } else if (policy.errorTtl > 0 && !how.replaces) keep(model, key, { outcome, value, createdAt: now, tags, until })
    return { error: value, until: Math.min(now + (policy.errorTtl || Infinity), until) }
  }
  model.failures.delete(key)
  const made = { outcome, value, createdAt: now, tags, until }
  // What is refused keeps nothing that is made of it.
  const fresh = value.startsWith('refused') ? 0 : freshFor(model, made)
  if (fresh > 0) keep(model, key, made, how.replaces)
  else if (how.background || how.replaces || state === 'error-only') {
    entries.delete(key)
    if (how.replaces) renew(model, key, 0)
  }
  return { value, until: now + fresh }
}

function answer(model: Model, key: number): Answered {
  const state = stateOf(model, key)
  const entry = model.entries.get(key)
  const heldBack = isHeldBack(model, key)
  if (!entry || state === 'miss' || (state === 'error-only' && !heldBack)) return run(model, key)
  if ((state === 'early' || state === 'stale') && !heldBack) model.due.add(key)
  const until = entry.createdAt + freshFor(model, entry)
  return entry.outcome === 'error' ? { error: entry.value, until } : { value: entry.value, until }
}

const call = (model: Model, key: number): Outcome => told(answer(model, key))

/** One call is ended, whatever version stored it (R17). */
function endCall(model: Model, key: number, life: number): void {
  renew(model, key, life)
  for (const one of versionsOf(key)) model.entries.delete(one)
}

/** Every call of a function is ended. */
function endAll({ entries }: Model, ends: (key: number) => boolean): void {
  for (const key of entries.keys()) if (ends(key)) entries.delete(key)
}

/** The epoch of a call is replaced, for what lives so long: over a store that others use that ends it in every version. */
function renew(model: Model, key: number, life: number): void {
  if (!model.shared) return
  for (const one of versionsOf(key)) model.entries.delete(one)
  model.epochs.set(callOf(key), model.now + Math.max(4 * life, 60_000))
}

/** A run begins: the epoch of its call is made to stand as long as what it may make. */
function begin(model: Model, key: number): void {
  const { ttl, staleTtl, staleIfError } = model.policy
  const life = ttl && ttl + Math.max(staleTtl, staleIfError)
  if (!(model.epochs.get(callOf(key))! >= model.now + life)) renew(model, key, life)
}

/** Something is kept: under the epoch of its call where that stands long enough. */
function keep(model: Model, key: number, made: Kept, replaces = false): void {
  const { staleTtl, staleIfError, errorTtl } = model.policy
  const life = made.outcome === 'error' ? errorTtl : freshFor(model, made) + Math.max(staleTtl, staleIfError)
  if (replaces || !(model.epochs.get(callOf(key))! >= model.now + life)) renew(model, key, life)
  model.entries.set(key, made)
}

/** A tag is ended; of an error nobody knows the tags, so it ends with any. */
function endTag({ entries }: Model, tag: string): void {
  for (const [key, { outcome, tags }] of entries) if (outcome === 'error' || tags.includes(tag)) entries.delete(key)
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
        const { createdAt, ...peeked } = (await loadOf(real, key).peek(argument(key))) as {
          createdAt?: number
          error?: Error
        }
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

const keys = [0, 1, 2, 10, 11, 20, 21] as const
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
    key.map((key) =>
      step(`call(${key})`, (model, real) => both(call(model, key), () => loadOf(real, key)(argument(key)))),
    ),
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
  fc.constantFrom(0, 10, 20).map((key) =>
    step(`invalidateAll() of ${key < 20 ? `version ${key}` : 'the outer function'}`, (model, real) => {
      endAll(model, (one) => isOuter(one) === isOuter(key))
      return loadOf(real, key).invalidateAll()
    }),
  ),
  fc.constantFrom('call', 'tag', 'all').map((what) =>
    step(`another process ends by ${what}`, async (model, real) => {
      if (real.storage.ends) return
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
        endAll(model, (one) => !isOuter(one))
        await load!.invalidateAll()
      }
    }),
  ),
  key.map((key) =>
    step(`refresh(${key})`, (model, real) => {
      model.failures.delete(key)
      return both(told(run(model, key, { replaces: true })), () => loadOf(real, key).refresh(argument(key)))
    }),
  ),
  key.map((key) =>
    step(`prime(${key})`, (model, real) => {
      if (model.policy.ttl === 0) return
      const value = `primed ${key} at ${model.now}`
      model.failures.delete(key)
      const tags = isOuter(key) ? [] : ['any', `key:${argument(key)}`]
      keep(model, key, { outcome: 'value', value, createdAt: model.now, tags, until: Infinity }, true)
      // A function that answers at once may be called by one that does.
      const given = (real.asynchronous ? Promise.resolve(value) : value) as Promise<string>
      return loadOf(real, key).prime([argument(key)], given)
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
      if (real.storage.ends) model.entries.clear()
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
        shared: real.store.lifetime === 'shared',
        failures,
      }
      await fc.asyncModelRun(() => ({ model, real }), steps)
    }),
    { numRuns },
  )
}
