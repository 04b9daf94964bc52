import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { memoryStore } from '../src/index.ts'
import { testClock, testScope } from '../src/testing.ts'
import { type Deferred, deferred, idle, steppedStore } from './call-support.ts'

/**
 * The world is one number that only grows. The function reads it when it begins and answers later. After an
 * invalidation, refresh or prime that was made at `n`, no call that starts later may answer with less than `n`.
 */
const command = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ type: 'call' as const }) },
  { weight: 2, arbitrary: fc.constant({ type: 'invalidate' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'refresh' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'prime' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'prime-later' as const }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('return' as const), at: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('apply' as const), at: fc.nat(9) }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('acknowledge' as const), at: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('fail' as const), at: fc.nat(9) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('clock' as const), by: fc.integer({ min: -1000, max: 1000 }) }),
  },
)

const failure = new Error('The function failed.')

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never

/** With these, hits start refreshes, and what was stored stands in for errors. */
const windows = { ttl: 100, staleTtl: 400, staleIfError: 2000, earlyRefresh: 0.5, jitter: 0.3 }

async function play(
  commands: readonly Command[],
  asynchronous: boolean,
  primesLate: boolean,
  fails = false,
): Promise<void> {
  const clock = testClock()
  const store = steppedStore('get', 'set', 'delete')
  const { cache } = testScope({
    store: asynchronous ? store : memoryStore(),
    clock,
    ttl: Infinity,
    ...(fails && windows),
    storeTimeout: Infinity,
    flightTimeout: Infinity,
  })
  let world = 1
  let floor = 0
  const fills: Deferred<void>[] = []
  const late: (() => void)[] = []
  const look = cache.cached(
    async () => {
      const seen = world
      const gate = deferred()
      fills.push(gate)
      await gate.promise
      return seen
    },
    { name: 'world', version: '1' },
  )
  const calls: Promise<void>[] = []
  const violations: string[] = []
  const check = (answer: Promise<number>, least: number, now: number) =>
    calls.push(
      answer.then(
        (value) => {
          if (value < least)
            violations.push(`A call at world ${now} answered ${value} after an invalidation at ${least}.`)
        },
        (error) => {
          if (error !== failure) throw error
        },
      ),
    )
  const quiet = (answer: unknown) => void Promise.resolve(answer).catch(() => {})
  for (const one of commands) {
    if (one.type === 'call') check(look(), floor, world)
    else if (one.type === 'invalidate') {
      floor = world += 1
      quiet(look.invalidate())
    } else if (one.type === 'refresh') {
      world += 1
      // One that fails leaves what is stored.
      if (!fails) floor = world
      check(look.refresh(), floor, world)
    } else if (one.type === 'prime') {
      floor = world += 1
      quiet(look.prime([], Promise.resolve(world)))
    } else if (one.type === 'prime-later' && primesLate) {
      floor = world += 1
      const value = deferred<number>()
      const made = world
      late.push(() => value.resolve(made))
      quiet(look.prime([], value.promise))
    } else if (one.type === 'return') {
      if (late.length > 0 && one.at > 6) late.shift()!()
      else {
        const [gate] = fills.splice(one.at % Math.max(1, fills.length), 1)
        if (fails && one.at > 4) gate?.reject(failure)
        else gate?.resolve()
      }
    } else if (one.type === 'clock') clock.advance(one.by)
    else if (one.type === 'apply' || one.type === 'acknowledge' || one.type === 'fail') {
      const step = store.steps[one.at % Math.max(1, store.steps.length)]
      if (one.type === 'fail' && step?.operation === 'set') {
        // A write that failed without having been done; one that is done later is pending, not failed.
        if (!step.applied) step.fail()
      } else step?.[one.type]()
    }
    await idle(1)
  }
  // Everything ends, and what is stored at the end is looked at as well.
  store.held.clear()
  for (let round = 0; round < 20; round++) {
    for (const resolve of late.splice(0)) resolve()
    for (const gate of fills.splice(0)) gate.resolve()
    for (const step of [...store.steps]) step.acknowledge()
    await idle(2)
    if (round === 10) check(look(), floor, world)
  }
  await Promise.all(calls)
  expect(violations).toEqual([])
}

describe('R18 R20 no call that starts after an invalidation, refresh or prime gets an older value', () => {
  test('over an async store, in any order of reads, writes, removals, failures and clocks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), (commands) => play(commands, true, false)),
      { numRuns: 4000 },
    )
  })

  test('over an async store, also where primed promises resolve late', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), (commands) => play(commands, true, true)),
      { numRuns: 4000 },
    )
  })

  test('over memory, also where primed promises resolve late', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 30 }), (commands) => play(commands, false, true)),
      { numRuns: 500 },
    )
  })

  test('over an async store, with refreshes in the background and stale values for errors', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), (commands) => play(commands, true, true, true)),
      { numRuns: 4000 },
    )
  })

  test('over memory, with refreshes in the background and stale values for errors', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), (commands) => play(commands, false, true, true)),
      { numRuns: 1000 },
    )
  })
})
