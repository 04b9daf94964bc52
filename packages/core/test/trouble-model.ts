/**
 * The life of entries over a store in trouble: it fails, hangs, answers late, keeps what it says it did not, loses rows
 * and comes back empty, while two instances call, nest, invalidate, refresh and prime, and start anew.
 *
 * What exactly is stored then nobody can say, so the oracle says what no call may answer: the value of a run that began
 * before something of its names was invalidated, as far as that was acknowledged or made by the same process; one that is
 * past every window; an error that is not the function's. And no call waits longer than for its reads. It is asked after
 * every step. At the end the trouble is over, and then the cache is one again.
 *
 * Time is moved by hand, and only when the storage has nothing to do: a real server is never taken for a slow one.
 */
import fc from 'fast-check'
import { expect, vi } from 'vitest'
import {
  type AnyFunction,
  type AsyncStore,
  type Autocache,
  createAutocache,
  type Handle,
  memoryStore,
  type Store,
  StoreError,
  type StoreLocks,
  tieredStore,
} from '../src/index.ts'
import { testClock } from '../src/testing.ts'
import { idle } from './call-support.ts'
import { giveTimeBack, takeTime } from './hand-time.ts'
import type { Storage as Plain } from './life-model.ts'
import { type Line, Lines } from './lines.ts'

/** What is in trouble, and what each process has in front of that. */
interface Storage extends Plain {
  readonly front?: Front
}

interface Front {
  /** How late an acknowledged end may be in another process, in milliseconds. */
  readonly bound: number
  over(store: Store): { readonly store: Store; readonly line: Line }
}

/** Memory in front of a storage in trouble, in each process, and a bus between them that is in trouble as well. */
export function tiersOver(makeStorage: () => Plain): () => Storage {
  return () => {
    const lines = new Lines()
    const over = (far: Store) => {
      const line = lines.connect()
      const near = memoryStore({ max: 5 })
      const store = tieredStore([near, far as AsyncStore<'text'>], { bus: line, heartbeat: tierBound, ttl: 2000 })
      return { store, line }
    }
    return { ...makeStorage(), front: { bound: tierBound, over } }
  }
}

const tierBound = 600

/** What becomes of an operation: of reads, of writes, of removals, of locks. */
const moods = {
  get: ['well', 'fails', 'hangs', 'is late', 'forgets', 'fails for many'],
  set: ['well', 'fails', 'hangs', 'is late', 'lands but fails', 'is lost', 'fails for many'],
  delete: ['well', 'fails', 'hangs', 'is late', 'lands but fails', 'is lost'],
  // One that is lost is taken by everybody, as where a storage was parted.
  lock: ['well', 'fails', 'hangs', 'is late', 'lands but fails', 'is lost'],
} as const

/** What becomes of what the bus tells a process, and of what that tells. */
const lineMoods = ['well', 'cut', 'late', 'refuses'] as const

type Kind = keyof typeof moods
type Mood = (typeof moods)[Kind][number]

const peace = { get: 'well', set: 'well', delete: 'well', lock: 'well' } as const

/** A store with trouble between it and its caller. */
interface Troubled {
  readonly store: Store
  readonly mood: Record<Kind, Mood>
  readonly promises: boolean
  /** How many operations the storage is doing now. */
  readonly busy: number
  /** Lets what hangs go on: it is done now, where it was not before, and answered. */
  release(at?: number): void
  /** A row is lost. */
  lose(at: number): unknown
  /** Whoever used it is no more: what is on its way may land, and nothing follows. */
  end(): void
}

type Batch = readonly (string | { readonly key: string })[]

function troubled(inner: Store): Troubled {
  const mood: Record<Kind, Mood> = { ...peace }
  const hanging: (() => void)[] = []
  const rows = new Set<string>()
  let busy = 0
  let over = false
  const count = <T>(answer: T): T => {
    if (!(answer instanceof Promise)) return answer
    busy += 1
    const end = () => void (busy -= 1)
    answer.then(end, end)
    return answer
  }
  const promises = inner.get('trouble') instanceof Promise
  const down = () => {
    const error = new Error('The storage is in trouble.')
    if (promises) return Promise.reject(error)
    throw error
  }
  const held = <T>(work: () => T) =>
    new Promise<Awaited<T>>((resolve, reject) => {
      hanging.push(() => void Promise.resolve(work()).then(resolve as never, reject))
    })
  const strike = (kind: Kind, batch: boolean, work: () => unknown, lost: () => unknown): unknown => {
    if (over) return promises ? new Promise(() => {}) : down()
    const how = mood[kind]
    if (how === 'fails' || (how === 'fails for many' && batch)) return down()
    if (how === 'lands but fails') {
      const done = count(work())
      return done instanceof Promise ? done.then(down, down) : down()
    }
    if (how === 'is lost' || how === 'forgets') return lost()
    // A store that answers at once cannot hang without the program.
    if (!promises || how === 'well' || how === 'fails for many') return count(work())
    if (how === 'hangs') return held(() => count(work()))
    const done = count(work()) as Promise<unknown>
    done.catch(() => {})
    return held(() => done)
  }
  const answer = (value: unknown) => (promises ? Promise.resolve(value) : value)
  const lostOf = (kind: Kind, drop: (keys: readonly string[]) => unknown, keys: readonly string[], nothing: unknown) =>
    kind === 'set' ? () => drop(keys) : () => answer(nothing)
  /** The operations of a store, or of the part of it where its epochs stand. */
  const operations = (part: object) => {
    const own = part as Record<string, (...args: unknown[]) => unknown>
    // What was written and is gone at once: a store that says it wrote, and keeps what was there, is beyond help.
    const drop = (keys: readonly string[]): unknown => {
      const gone = keys.map((key) => count(own.delete ? inner.delete(key) : own.set!(key, '')))
      return promises ? Promise.all(gone).then(() => {}) : undefined
    }
    const single = (kind: Kind) => (key: string, entry?: unknown, context?: unknown) => {
      if (kind === 'set') rows.add(key)
      const nothing = kind === 'delete' ? false : undefined
      return strike(kind, false, () => own[kind]!(key, entry, context), lostOf(kind, drop, [key], nothing))
    }
    const many = (name: string, kind: Kind) =>
      own[name] && {
        [name](items: Batch) {
          const keys = items.map((item) => (typeof item === 'string' ? item : item.key))
          if (kind === 'set') for (const key of keys) rows.add(key)
          const nothing = keys.map(() => undefined)
          return strike(kind, true, () => own[name]!(items), lostOf(kind, drop, keys, nothing))
        },
      }
    return {
      get: single('get'),
      set: single('set'),
      ...(own.delete && { delete: single('delete') }),
      ...many('getMany', 'get'),
      ...many('setMany', 'set'),
    }
  }
  const { lifetime, holds, maxKeyBytes, wire, epochs, locks } = inner as AsyncStore<'text'>
  const lock = <T>(work: () => Promise<T>, lost: T) => strike('lock', false, work, () => answer(lost)) as Promise<T>
  const store = {
    lifetime,
    holds,
    ...(maxKeyBytes !== undefined && { maxKeyBytes }),
    ...(wire && { wire }),
    ...(epochs && { epochs: operations(epochs) }),
    ...(locks && {
      locks: {
        acquire: (...args) => lock(() => locks.acquire(...args), undefined),
        renew: (...args) => lock(() => locks.renew(...args), true),
        release: (...args) => lock(() => locks.release(...args), undefined),
      } satisfies StoreLocks,
    }),
    ...operations(inner),
  } as unknown as Store
  return {
    store,
    mood,
    promises,
    get busy() {
      return busy
    },
    release(at) {
      for (const go of at === undefined ? hanging.splice(0) : hanging.splice(at % Math.max(1, hanging.length), 1)) go()
    },
    lose(at) {
      const row = [...rows][at % Math.max(1, rows.size)]
      return row === undefined ? undefined : count(inner.delete(row))
    },
    end() {
      over = true
    },
  }
}

/** What one run of a function made, or `prime` was given. */
interface Made {
  readonly fn: Name
  readonly key: number
  readonly failed: boolean
  /** By the clock. */
  readonly at: number
  readonly by: Troubled
}

const names = ['plain', 'told', 'outer'] as const
type Name = (typeof names)[number]
const keys = [0, 1] as const

/** What something was ended by, and the number of the last run before that. */
type Floors = Map<string, number>

/** What a call is held against: the runs that there were when it began, and the first of them that may answer it. */
interface Floor {
  readonly ran: number
  readonly by: Troubled
  of(name: string): number
}

/** By what an answer is ended. */
function namesOf({ fn, key, failed }: Pick<Made, 'fn' | 'key' | 'failed'>): readonly string[] {
  const own = [`all ${fn}`, `call ${fn} ${key}`]
  if (fn === 'plain') return [...own, 'tag fixed']
  // Of an error nobody knows the tags, so it ends with any; the outer one may be from before the inner call that is told.
  if (fn === 'told') return [...own, failed ? 'any tag' : `tag told:${key}`]
  return [...own, 'tag fixed', ...(failed ? [] : [`tag told:${key}`])]
}

const windows = { ttl: 1000, staleTtl: 500, staleIfError: 2000, errorTtl: 300 }
const storeTimeout = 40
/**
 * What a call may wait for, each at most `storeTimeout`: its read, epochs of tags that it brought, epochs before a run; and over
 * tiers that the far one is read again.
 */
const waits = 3
/** How long a call waits for a run of another process. */
const lockWait = 200
/** How coarse a time-out is, at the most. */
const grain = 40

const text = ({ fn, key, failed }: Pick<Made, 'fn' | 'key' | 'failed'>, n: number) =>
  `${fn} ${key} ${failed ? 'failed' : 'made'} in run ${n}`

const told = /^(plain|told|outer) (\d) (made|failed) in run (\d+)$/

class World {
  readonly storage: Storage
  readonly asynchronous: boolean
  readonly clock = testClock(Date.now() + 1000 * 3_600_000)
  readonly namespace: string
  mood: 'well' | 'fails' = 'well'
  readonly made: Made[] = []
  readonly acknowledged: Floors = new Map()
  /** What was acknowledged so lately that another process need not know. */
  #lately: { readonly names: readonly string[]; readonly last: number; readonly at: number }[] = []
  /** What a process has ended, acknowledged or not: by its store, with which its knowledge ends. */
  readonly local = new Map<Troubled, Floors>()
  readonly troubles = new Map<Store, Troubled>()
  readonly processes: Process[]
  /** Whether the storage is being emptied. */
  wiping = false

  constructor(storage: Storage, asynchronous: boolean, namespace: string) {
    this.storage = storage
    this.asynchronous = asynchronous
    this.namespace = namespace
    this.processes = [this.start(), this.start()]
  }

  /** The storage loses all that it has. */
  async wipe(): Promise<void> {
    this.wiping = true
    try {
      await this.storage.wipe()
    } finally {
      this.wiping = false
    }
  }

  /** Another process, over a store that knows nothing; or another instance in this one, where what is stored ends with it. */
  start(): Process {
    const inner = this.storage.open()
    const known = inner.lifetime === 'process' ? this.troubles.get(inner) : undefined
    const trouble = known ?? troubled(inner)
    this.troubles.set(trouble.store, trouble)
    if (inner.lifetime === 'process') this.troubles.set(inner, trouble)
    const { store, line } = this.storage.front?.over(trouble.store) ?? { store: trouble.store, line: undefined }
    const cache = createAutocache({
      store,
      clock: this.clock,
      namespace: this.namespace,
      storeTimeout,
      lockWait,
      ...windows,
    })
    const run = (fn: Name, key: number) => {
      const failed = this.mood === 'fails' && fn !== 'outer'
      const n = this.made.push({ fn, key, failed, at: this.clock(), by: trouble }) - 1
      if (failed) throw new Error(text({ fn, key, failed }, n))
      return text({ fn, key, failed }, n)
    }
    const one = (fn: Name): AnyFunction =>
      this.asynchronous ? async (key: number) => run(fn, key) : (key: number) => run(fn, key)
    const define = (fn: AnyFunction, options: object) =>
      cache.cached(fn, { version: '1', ...options } as never) as unknown as Fn
    const plain = define(one('plain'), { name: 'plain', tags: ['fixed'] })
    const told = define(one('told'), { name: 'told', tags: (_value: unknown, key: number) => [`told:${key}`] })
    const join = (own: string, one: string, other: string) => [own, one, other].join('; ')
    const around = async (key: number) =>
      join(run('outer', key), (await plain(key)) as string, (await told(key)) as string)
    const aroundNow = (key: number) => join(run('outer', key), plain(key) as string, told(key) as string)
    const promises = this.asynchronous || trouble.promises
    return {
      cache,
      trouble,
      line,
      late: false,
      plain,
      told,
      outer: define(promises ? around : aroundNow, { name: 'outer' }),
    }
  }

  restart(who: number): void {
    const before = this.processes[who]!
    if (before.line) before.line.cut = true
    this.processes[who] = this.start()
    if (this.processes.every(({ trouble }) => trouble !== before.trouble)) before.trouble.end()
  }

  localOf({ trouble }: Process): Floors {
    let floors = this.local.get(trouble)
    if (!floors) this.local.set(trouble, (floors = new Map()))
    return floors
  }

  /** Something is ended now: runs up to here are over for the process, and for all once that is acknowledged. */
  end(process: Process, names: readonly string[], how: 'now' | 'acknowledged', last = this.made.length): void {
    raise(this.localOf(process), names, last)
    if (how === 'acknowledged') this.#lately.push({ names, last, at: performance.now() })
  }

  /** What bus and storage tell arrives, but for who hears it late. */
  deliver(): void {
    for (const { line, late } of this.processes) if (!late) line?.deliver()
  }

  /** The first run that a call of a process may be answered with from now on, by name. */
  floor(process: Process): Floor {
    const known = performance.now() - (this.storage.front?.bound ?? 0)
    for (const { names, last, at } of this.#lately) if (at <= known) raise(this.acknowledged, names, last)
    this.#lately = this.#lately.filter(({ at }) => at > known)
    const seen = [new Map(this.acknowledged), new Map(this.localOf(process))]
    return {
      ran: this.made.length,
      by: process.trouble,
      of: (name) => Math.max(...seen.map((floors) => floors.get(name) ?? 0)),
    }
  }

  /** Why an answer is wrong, if it is. */
  wrong(asked: Name, key: number, answer: Outcome, floor: Floor): string | undefined {
    if ('error' in answer && !(answer.error instanceof Error)) return `it failed with ${String(answer.error)}`
    const parts = 'error' in answer ? [(answer.error as Error).message] : String(answer.value).split('; ')
    const expected = 'error' in answer ? 1 : asked === 'outer' ? 3 : 1
    if (parts.length !== expected) return 'it is no answer of the function'
    // Another process, for which this one waited, may not know yet what this one has ended.
    const first = Number(told.exec(parts[0]!)?.[4])
    const ran = first >= floor.ran && this.made[first]?.by === floor.by
    for (const part of parts) {
      const [, fn, of, , number] = told.exec(part) ?? []
      const n = Number(number)
      const made = this.made[n]
      if (!made || part !== text(made, n) || Number(of) !== key) return 'it is no answer of the function'
      if (made.failed !== 'error' in answer || (fn !== asked && asked !== 'outer')) return 'it is another answer'
      // Of what an outer entry was made from only tags are known to it.
      const all = namesOf(made).filter((name) => fn === asked || ran || name.includes('tag'))
      const ended = all.find((name) => n < floor.of(name))
      if (ended !== undefined) return `run ${n} is older than the end of ${ended} before run ${floor.of(ended)}`
      const kept = made.failed ? windows.errorTtl : windows.ttl + Math.max(windows.staleTtl, windows.staleIfError)
      // A clock that went back and forth is as far from what was made out of as from what it was made of.
      if (Math.abs(this.clock() - made.at) >= kept * (asked === fn ? 1 : 2)) return `run ${n} is past every window`
    }
    return undefined
  }
}

const raise = (floors: Floors, names: readonly string[], last: number) => {
  for (const name of names) floors.set(name, Math.max(floors.get(name) ?? 0, last))
}

type Fn = ((key: number) => unknown) & Handle<(key: number) => Promise<string>, true>

interface Process {
  readonly cache: Autocache<Store>
  readonly trouble: Troubled
  /** Its way to and from the bus, and whether it hears late. */
  readonly line: Line | undefined
  late: boolean
  readonly plain: Fn
  readonly told: Fn
  readonly outer: Fn
}

type Outcome = { readonly value: unknown } | { readonly error: unknown }

const outcomeOf = async (run: () => unknown): Promise<Outcome> => {
  try {
    return { value: await run() }
  } catch (error) {
    return { error }
  }
}

/** Waits until something has settled, moving time where nothing else can happen; tells how much that took. */
async function settled<T>(world: World, work: Promise<T>, limit = 60_000): Promise<{ answer: T; took: number }> {
  let answer: { value: T } | undefined
  let failed: { error: unknown } | undefined
  work.then(
    (value) => (answer = { value }),
    (error) => (failed = { error }),
  )
  let took = 0
  for (let calm = 0; !answer && !failed; ) {
    world.deliver()
    await vi.advanceTimersByTimeAsync(0)
    await idle(1)
    calm = isBusy(world) ? 0 : calm + 1
    if (calm < 4 || answer || failed) continue
    if (took > limit) throw new Error(`Something hangs for more than ${limit} ms.`)
    took += 20
    await vi.advanceTimersByTimeAsync(20)
    calm = 2
  }
  if (failed) throw failed.error
  return { answer: answer!.value, took }
}

const isBusy = ({ troubles, wiping }: World) => wiping || [...troubles.values()].some(({ busy }) => busy > 0)

/** Lets everything go on that needs no time. */
async function rest(world: World): Promise<void> {
  for (let calm = 0; calm < 4; calm++) {
    world.deliver()
    await vi.advanceTimersByTimeAsync(0)
    await idle(1)
    if (isBusy(world)) calm = 0
  }
}

const who = fc.nat(1)
const fn = fc.constantFrom(...names)
const key = fc.constantFrom(...keys)
const trouble = fc.oneof(
  ...(Object.keys(moods) as Kind[]).map((kind) =>
    fc.record({ kind: fc.constant(kind), mood: fc.constantFrom<Mood>(...moods[kind]) }),
  ),
)
const tag = fc.constantFrom('fixed', 'told:0', 'told:1', 'none')
const end = fc.oneof(
  fc.record({ what: fc.constant('call' as const), fn, key }),
  fc.record({ what: fc.constant('all' as const), fn }),
  fc.record({ what: fc.constant('tag' as const), tag }),
)
const of = <T extends string, TRest extends object>(
  weight: number,
  type: T,
  rest: { [K in keyof TRest]: fc.Arbitrary<TRest[K]> },
) => ({
  weight,
  arbitrary: fc.record({ type: fc.constant(type), ...rest }) as unknown as fc.Arbitrary<{ type: T } & TRest>,
})
const commands = fc.oneof(
  of(10, 'call', { who, fn, key }),
  of(3, 'calls at once', { who, fn, key }),
  of(3, 'end', { who, end }),
  of(3, 'calls while it is ended', { who, end, key }),
  of(1, 'refresh', { who, fn, key }),
  of(1, 'prime', { who, fn: fc.constantFrom('plain' as const, 'told' as const), key }),
  of(6, 'trouble', { who, trouble }),
  of(2, 'bus', { who, mood: fc.constantFrom(...lineMoods) }),
  of(2, 'end that the bus loses', { who, end, key }),
  of(2, 'peace', { who }),
  of(2, 'release', { who, at: fc.option(fc.nat(9), { nil: undefined }) }),
  of(2, 'lose', { who, at: fc.nat(30) }),
  of(2, 'time', { by: fc.constantFrom(50, 600, 6000) }),
  of(2, 'clock', { by: fc.constantFrom(1, 299, 300, 999, 1000, 1500, 3000, -1, -700, -3_600_000, 3_600_000) }),
  of(2, 'mood', { mood: fc.constantFrom('well' as const, 'fails' as const) }),
  of(1, 'restart', { who }),
  of(1, 'repay', { who }),
  of(1, 'wipe', {}),
)

type Command = typeof commands extends fc.Arbitrary<infer T> ? T : never

const endedBy = (one: typeof end extends fc.Arbitrary<infer T> ? T : never): readonly string[] =>
  one.what === 'call'
    ? [`call ${one.fn} ${one.key}`]
    : one.what === 'all'
      ? [`all ${one.fn}`]
      : [`tag ${one.tag}`, 'any tag']

/** One call, checked. */
async function call(world: World, process: Process, name: Name, key: number): Promise<void> {
  const floor = world.floor(process)
  const { answer, took } = await settled(
    world,
    outcomeOf(() => process[name](key)),
  )
  expect(world.wrong(name, key, answer, floor) ?? 'right').toBe('right')
  // The outer function waits for the two that it calls.
  const { locks } = world.processes[0]!.trouble.store as AsyncStore<'text'>
  const reads = waits + (world.storage.front || locks ? 1 : 0)
  const most = reads * (storeTimeout + grain) + (locks ? lockWait + storeTimeout + grain : 0)
  expect(took).toBeLessThanOrEqual((name === 'outer' ? 3 : 1) * most)
}

/** Something is ended in a process. */
async function ended(world: World, process: Process, one: Parameters<typeof endedBy>[0]): Promise<void> {
  const last = world.made.length
  world.end(process, endedBy(one), 'now', last)
  const run = () =>
    one.what === 'call'
      ? process[one.fn].invalidate(one.key)
      : one.what === 'all'
        ? process[one.fn].invalidateAll()
        : process.cache.invalidateTags(one.tag)
  const { answer } = await settled(world, outcomeOf(run))
  if ('error' in answer) expect(answer.error).toBeInstanceOf(StoreError)
  else world.end(process, endedBy(one), 'acknowledged', last)
}

/** What nobody may be shown, by any process, of any call. */
async function look(world: World): Promise<void> {
  for (const process of world.processes) {
    // Where reads are in trouble there is nothing to see, and looking would open every breaker.
    if (process.trouble.mood.get !== 'well') continue
    const floor = world.floor(process)
    const all = names.flatMap((name) => keys.map((key) => ({ name, key })))
    const { answer } = await settled(
      world,
      Promise.all(all.map(async ({ name, key }) => ({ name, key, seen: await process[name].peek(key) }))),
    )
    for (const { name, key, seen } of answer) {
      if (seen.state === 'miss') continue
      const outcome = 'error' in seen ? { error: seen.error } : { value: seen.value }
      expect(world.wrong(name, key, outcome, floor) ?? 'right').toBe('right')
    }
  }
}

/** How a process and the bus hear of each other from now on. */
function hear(process: Process, mood: (typeof lineMoods)[number]): void {
  const { line } = process
  process.late = mood === 'late'
  if (line) Object.assign(line, { cut: mood === 'cut', refuses: mood === 'refuses' })
}

async function act(world: World, one: Command): Promise<void> {
  const process = world.processes['who' in one ? one.who : 0]!
  const { mood } = process.trouble
  if (one.type === 'call') await call(world, process, one.fn, one.key)
  else if (one.type === 'calls at once')
    await Promise.all([
      ...[0, 1].map(() => call(world, process, one.fn, one.key)),
      call(world, process, 'outer', one.key),
      call(world, world.processes[1 - one.who]!, one.fn, one.key),
    ])
  else if (one.type === 'end') await ended(world, process, one.end)
  else if (one.type === 'calls while it is ended')
    await Promise.all([
      call(world, process, 'outer', one.key),
      ended(world, process, one.end),
      ...names.flatMap((name) => world.processes.map((process) => call(world, process, name, one.key))),
    ])
  else if (one.type === 'refresh') {
    const floor = world.floor(process)
    const last = world.made.length
    const { answer } = await settled(
      world,
      outcomeOf(() => process[one.fn].refresh(one.key)),
    )
    expect(world.wrong(one.fn, one.key, answer, floor) ?? 'right').toBe('right')
    if ('value' in answer) {
      expect(Number(told.exec(String(answer.value).split('; ')[0]!)![4])).toBeGreaterThanOrEqual(last)
      world.end(process, [`call ${one.fn} ${one.key}`], 'now', last)
    }
  } else if (one.type === 'prime') {
    const made = { fn: one.fn, key: one.key, failed: false, at: world.clock(), by: process.trouble }
    const n = world.made.push(made) - 1
    const value: unknown = text(made, n)
    const given = world.asynchronous ? Promise.resolve(value) : value
    const { answer } = await settled(
      world,
      outcomeOf(() => process[one.fn].prime([one.key], given as never)),
    )
    if ('error' in answer) expect(answer.error).toBeInstanceOf(StoreError)
    else world.end(process, [`call ${one.fn} ${one.key}`], 'acknowledged', n)
  } else if (one.type === 'trouble') mood[one.trouble.kind] = one.trouble.mood
  else if (one.type === 'bus') hear(process, one.mood)
  else if (one.type === 'end that the bus loses') {
    const other = world.processes[1 - one.who]!
    const asked = () => Promise.all(names.map((name) => call(world, other, name, one.key)))
    hear(other, 'well')
    for (let n = 0; n < 2; n++) {
      await asked()
      await vi.advanceTimersByTimeAsync(world.storage.front ? world.storage.front.bound / 2 : 0)
    }
    hear(other, 'cut')
    await ended(world, process, one.end)
    hear(other, 'well')
    for (let n = 0; n < 3; n++) {
      await vi.advanceTimersByTimeAsync(world.storage.front ? world.storage.front.bound / 2 : 0)
      await rest(world)
      await asked()
    }
  } else if (one.type === 'peace') Object.assign(mood, peace)
  else if (one.type === 'release') process.trouble.release(one.at)
  else if (one.type === 'lose') await settled(world, Promise.resolve(process.trouble.lose(one.at)))
  else if (one.type === 'time') await vi.advanceTimersByTimeAsync(one.by)
  else if (one.type === 'clock') world.clock.advance(one.by)
  else if (one.type === 'mood') world.mood = one.mood
  else if (one.type === 'restart') world.restart(one.who)
  else if (one.type === 'repay') await settled(world, process.cache.close())
  else if (one.type === 'wipe') await settled(world, world.wipe())
  await rest(world)
}

/** Everything is well again: then nothing is owed after a while, every breaker closes, and what is asked twice runs once. */
async function recovers(world: World): Promise<void> {
  world.mood = 'well'
  for (const { mood, release } of world.troubles.values()) {
    Object.assign(mood, peace)
    release()
  }
  for (const process of world.processes) hear(process, 'well')
  await rest(world)
  const round = async () => {
    for (const process of world.processes)
      for (const name of names) for (const key of keys) await call(world, process, name, key)
    await rest(world)
  }
  // Past what a function that failed, or could not be stored, is held back, wherever the clock was then.
  world.clock.advance(1000 * 3_600_000)
  for (let tries = 0; tries < 3; tries++) {
    await vi.advanceTimersByTimeAsync(1100)
    await round()
    for (const { cache } of world.processes) await settled(world, cache.close())
  }
  for (const { cache } of world.processes) {
    const { stores } = cache.stats()
    expect(stores.map(({ breaker, owed }) => ({ breaker, owed }))).toEqual(
      stores.map(() => ({ breaker: 'closed', owed: 0 })),
    )
  }
  await round()
  const ran = world.made.length
  await round()
  expect(world.made.slice(ran)).toEqual([])
}

let faked = false
let played = 0

/** Gives time back to the machine, after the last of it was moved by hand. */
export async function endTrouble(): Promise<void> {
  if (!faked) return
  // Until nothing of core waits: what waits for a clock that is gone waits for ever.
  await vi.advanceTimersByTimeAsync(600_000)
  giveTimeBack()
  faked = false
}

/** Plays random steps over a storage in trouble, and asks the oracle after each of them. */
export async function checkTrouble(
  makeStorage: () => Storage,
  { numRuns, asynchronous = true }: { numRuns: number; asynchronous?: boolean },
): Promise<void> {
  if (!faked) takeTime('performance')
  faked = true
  await fc.assert(
    fc.asyncProperty(fc.array(commands, { maxLength: 40, size: 'max' }), async (steps) => {
      const world = new World(makeStorage(), asynchronous, `trouble-${(played += 1)}`)
      await settled(world, world.wipe())
      for (const one of steps) {
        await act(world, one)
        await look(world)
        await rest(world)
      }
      await recovers(world)
    }),
    { numRuns },
  )
}
