import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAutocache, memoryStore, tieredStore } from '../src/index.ts'
import { type Deferred, deferred, idle, wait } from './call-support.ts'
import { type Storage, storage } from './processes.ts'

/**
 * The world is one number that only grows. Functions read it when they begin. Two processes call them over one storage
 * that does things in any order, loses keys, and tells of failure what it does all the same later. A call that begins
 * after an acknowledged invalidation made at `n` never answers with less than `n`, in either process.
 */
const who = fc.nat(1)
const id = fc.constantFrom('a', 'b')
const at = fc.nat(30)
const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('call' as const),
      who,
      id,
      which: fc.constantFrom('plain', 'told', 'outer'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('invalidate' as const), who, id }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('invalidate-all' as const), who }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('tags' as const), who, tag: fc.constantFrom('fixed', 'told') }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('refresh' as const), who, id }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('prime' as const), who, id, late: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('return' as const), at }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('land' as const), at }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('answer' as const), at }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('fail' as const), at }) },
  { weight: 7, arbitrary: fc.record({ type: fc.constant('flush' as const), of: fc.option(who), runs: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('evict' as const), at }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const), who }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('repay' as const), who }) },
  { weight: 1, arbitrary: fc.constant({ type: 'wipe' as const }) },
)

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never

/** An acknowledged invalidation: when it was made, and by whom. */
interface Ended {
  readonly made: number
  readonly by: object
  /** Whether it binds only calls of the same process: nobody waits until what a refresh made is written. */
  readonly here: boolean
}

/**
 * A value that was given to `prime`, not made by a run: what others invalidate before the storage has told where its
 * epochs stand counts as earlier than it.
 */
interface Primed {
  readonly by: object
  until: number
}

interface World {
  now: number
  readonly running: Deferred<void>[]
  runs: number
}

/** One process: an instance over a connection of its own. */
function start(world: World, shared: Storage, tiered: boolean) {
  const store = shared.connect()
  const cache = createAutocache({
    store: tiered ? tieredStore([memoryStore(), store]) : store,
    namespace: 'world',
    version: '1',
    ttl: '1h',
    storeTimeout: Infinity,
    flightTimeout: Infinity,
    lockWait: 50,
  })
  const seen = async () => {
    const { now } = world
    world.runs += 1
    const gate = deferred()
    world.running.push(gate)
    await gate.promise
    return now
  }
  const plain = cache.cached(async (_id: string) => seen(), { name: 'plain', tags: ['fixed'] })
  const told = cache.cached(async (_id: string) => seen(), { name: 'told', tags: () => ['told'] })
  const outer = cache.cached(async (id: string) => [await plain(id), await told(id)], { name: 'outer' })
  return { store, cache, plain, told, outer }
}

async function play(commands: readonly Command[], replaces: boolean, locked = false, tiered = false): Promise<void> {
  const shared = storage(locked)
  const world: World = { now: 1, running: [], runs: 0 }
  const processes = [start(world, shared, tiered), start(world, shared, tiered)]
  const ended = new Map<string, Ended[]>()
  const primed = new Map<number, Primed>()
  const late: (() => void)[] = []
  const calls: Promise<void>[] = []
  const violations: string[] = []
  // Five failures in a row would end the game: nothing is asked then.
  let failures = 4
  const quiet = (answer: unknown) => void Promise.resolve(answer).catch(() => {})
  const acknowledged = (answer: PromiseLike<unknown>, by: object, name: string, here = false) => {
    const made = world.now
    quiet(answer.then(() => ended.set(name, [...(ended.get(name) ?? []), { made, by, here }])))
  }
  const before = (...names: string[]) => names.flatMap((name) => ended.get(name) ?? [])
  const call = (who: number, which: string, id: string) => {
    const process = processes[who]!
    const least = {
      plain: which === 'plain' ? before('all', `call ${id}`, 'fixed') : before('fixed'),
      told: before('told'),
    }
    const check = (what: 'plain' | 'told', value: number) => {
      const given = what === 'plain' ? primed.get(value) : undefined
      for (const { made, by, here } of least[what]) {
        if (here && by !== process) continue
        if (value >= made || (given && by !== given.by && made <= given.until)) continue
        violations.push(`${which}(${id}) in process ${who}: ${value} of ${what} after an invalidation at ${made}.`)
      }
    }
    const answer = process[which as 'plain' | 'told' | 'outer'](id)
    calls.push(
      answer.then((value) => {
        if (which !== 'outer') return check(which as 'plain' | 'told', value as number)
        const [plain, told] = value as number[]
        check('plain', plain!)
        check('told', told!)
      }),
    )
  }
  for (const one of commands) {
    const process = processes['who' in one ? one.who : 0]!
    const step = 'at' in one ? shared.sent[one.at % Math.max(1, shared.sent.length)] : undefined
    if (one.type === 'call') call(one.who, one.which, one.id)
    else if (one.type === 'invalidate') {
      world.now += 1
      acknowledged(process.plain.invalidate(one.id), process, `call ${one.id}`)
    } else if (one.type === 'invalidate-all') {
      world.now += 1
      acknowledged(process.plain.invalidateAll(), process, 'all')
    } else if (one.type === 'tags') {
      world.now += 1
      acknowledged(process.cache.invalidateTags(one.tag), process, one.tag)
    } else if (one.type === 'refresh' && replaces) {
      world.now += 1
      acknowledged(process.plain.refresh(one.id), process, `call ${one.id}`, true)
    } else if (one.type === 'prime' && replaces) {
      world.now += 1
      const value = deferred<number>()
      const made = world.now
      const given: Primed = { by: process, until: Infinity }
      primed.set(made, given)
      if (one.late) late.push(() => value.resolve(made))
      else value.resolve(made)
      const prime = process.plain.prime([one.id], value.promise)
      const over = () => void (given.until = Math.min(given.until, world.now))
      quiet(prime.then(over))
      acknowledged(prime, process, `call ${one.id}`)
    } else if (one.type === 'return') {
      if (late.length > 0 && one.at > 20) late.shift()!()
      else world.running.splice(one.at % Math.max(1, world.running.length), 1)[0]?.resolve()
    } else if (one.type === 'land') step?.land()
    else if (one.type === 'answer') step?.answer()
    else if (one.type === 'fail') {
      if (step && !step.told && failures-- > 0) step.fail()
    } else if (one.type === 'flush') {
      for (let round = 0; round < 8; round++) {
        shared.flush(one.of === null ? undefined : processes[one.of]!.store)
        if (one.runs) for (const gate of world.running.splice(0)) gate.resolve()
        await idle(1)
      }
      if (one.of === null) for (const given of primed.values()) given.until = Math.min(given.until, world.now)
    } else if (one.type === 'evict') shared.rows.delete([...shared.rows.keys()][one.at % (shared.rows.size || 1)] ?? '')
    else if (one.type === 'restart') processes[one.who] = start(world, shared, tiered)
    else if (one.type === 'repay') quiet(process.cache.close())
    else if (one.type === 'wipe') shared.rows.clear()
    await idle(1)
  }
  // Everything ends, and what is stored then is looked at as well.
  const end = async () => {
    let waiting = locked
    const over = () => {
      waiting = false
    }
    if (locked) Promise.all(calls).then(over, over)
    const began = performance.now()
    for (let round = 0; round < 25 || (waiting && performance.now() - began < 5000); round++) {
      // Who waits for a lock does so in real time.
      if (round >= 25) await wait(5)
      for (const resolve of late.splice(0)) resolve()
      for (const gate of world.running.splice(0)) gate.resolve()
      shared.flush()
      await idle(1)
    }
  }
  await end()
  for (const who of [0, 1])
    for (const which of ['plain', 'told', 'outer']) for (const id of ['a', 'b']) call(who, which, id)
  await end()
  await Promise.all(calls)
  expect(violations).toEqual([])
  // And it is a cache: with nothing invalidated, nothing lost and nothing owed the next round runs nothing.
  if (processes.some(({ cache }) => cache.stats().stores.some(({ owed, breaker }) => owed > 0 || breaker !== 'closed')))
    return
  for (let round = 0; round < 2; round++) {
    if (round > 0) world.runs = 0
    for (const process of processes) for (const id of ['a', 'b']) calls.push(process.outer(id).then(() => {}))
    await end()
  }
  await Promise.all(calls)
  expect(world.runs).toBe(0)
}

const numRuns = globalThis.process?.env.AUTOCACHE_LONG ? 20_000 : 300

describe('R17 R18 R20 R21 no call that begins after an acknowledged invalidation gets an older value, in any process', {
  timeout: 3_600_000,
}, () => {
  test('by invalidate, invalidateAll and invalidateTags, in any order of landing', () =>
    fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 60 }), (commands) => play(commands, false)),
      { numRuns },
    ))

  test('by any of them where runs take turns by locks', () =>
    fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 60 }), (commands) => play(commands, true, true)),
      { numRuns: numRuns / 3 },
    ))

  test('by any of them over tiers, which take turns as well', () =>
    fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 60 }), (commands) => play(commands, true, true, true)),
      { numRuns: numRuns / 3 },
    ))

  test('also by refresh and prime', () =>
    fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 60 }), (commands) => play(commands, true)),
      { numRuns },
    ))
})
