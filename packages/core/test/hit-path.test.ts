import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HitPath } from '../src/hit-path.ts'
import {
  createAutocache,
  type FunctionOptions,
  type Handle,
  type MemoryStore,
  memoryStore,
  type SyncScope,
} from '../src/index.ts'
import { putStamp, stampContract, through } from '../src/plumbing.ts'
import type { Slot } from '../src/slot.ts'
import { testClock } from '../src/testing.ts'

/** A memory store that counts what the general path asks of its handles. */
function counted(max: number): MemoryStore & { asked: number; read: number } {
  const store = memoryStore({ max })
  const watched = Object.assign(Object.create(store) as MemoryStore & { asked: number; read: number }, {
    asked: 0,
    read: 0,
    scope(prefix: string) {
      const scope = store.scope(prefix)
      return {
        ...scope,
        slot: (key: string) => {
          watched.asked += 1
          return scope.slot(key)
        },
        get: (key: string) => {
          watched.asked += 1
          watched.read += 1
          return scope.get(key)
        },
      }
    },
  })
  return watched
}

/** The same store without the places that the hit path leads to, so that every call goes the general way. */
function general(max: number): MemoryStore {
  const store = memoryStore({ max })
  const plain = (scope: SyncScope<'references', undefined>): SyncScope<'references', undefined> => ({
    get: (key) => scope.get(key),
    set: (key, entry, context) => scope.set(key, entry, context),
    delete: (key) => scope.delete(key),
  })
  return Object.assign(Object.create(store) as MemoryStore, { scope: (prefix: string) => plain(store.scope(prefix)) })
}

const argument = fc.oneof(
  fc.constantFrom<unknown>(0, -0, 1, '1', 1n, true, 'true', null, 'null', undefined, Number.NaN, '', 'a', Infinity),
  fc.integer({ min: 0, max: 3 }),
  fc.record({ a: fc.integer({ min: 0, max: 1 }) }),
)
/** Some come again and again. */
const args = fc.oneof(fc.constantFrom<unknown[]>(['a'], [1], ['a', 1]), fc.array(argument, { maxLength: 5 }))

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('call' as const), args }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('invalidate' as const), args }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('refresh' as const), args }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('prime' as const), args }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('clock' as const), by: fc.integer({ min: -5, max: 60 }) }) },
  { weight: 1, arbitrary: fc.constant({ type: 'clear' as const }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('world' as const), to: fc.integer({ min: 0, max: 2 }) }) },
)

/** Objects of three classes, of which a stamped function calls through one. */
const repos = ['s1-a', 's1-b', 's1-c'].map(
  (version) => new (putStamp(class Repo {}, { contract: stampContract, label: 'Repo', version }))(),
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/**
 * Plays the steps over one store and returns what every call answered, and how often the functions had run by then.
 * Without a listener, because one sends every call the general way.
 */
function play(steps: readonly Step[], store: MemoryStore, ttl: number): unknown[] {
  const clock = testClock()
  const cache = createAutocache({ store, ttl, clock, namespace: 'test' })
  let runs = 0
  /** What counts besides arguments and receiver. */
  let world = 0
  const calls = through([['this.repo', () => repos[world]]])
  const trace: unknown[] = []
  const functions = [
    cache.cached((...list: unknown[]) => `${runs++}:${list.length}`),
    cache.cached((a?: unknown, b?: unknown) => `${runs++}:${typeof a}:${typeof b}`),
    cache.cached(function (this: unknown, a?: unknown) {
      return `${runs++}:${typeof this}:${typeof a}`
    }),
    cache.cached((a?: unknown) => `${runs++}:${typeof a}`, { partition: () => world }),
    cache.cached((a?: unknown) => `${runs++}:${typeof a}`, { deps: () => (world === 0 ? [] : [world]) }),
    cache.cached(
      putStamp((a?: unknown) => `${runs++}:${typeof a}`, {
        contract: stampContract,
        label: 'through',
        version: 's1-through',
        calls,
      }),
    ),
  ] as ((...list: unknown[]) => string)[]
  const handles = functions as unknown as Handle<(...list: unknown[]) => string, false>[]
  const receivers = [undefined, { call: 1 }, undefined]
  for (const one of steps) {
    if (one.type === 'clock') clock.advance(one.by)
    else if (one.type === 'world') world = one.to
    else if (one.type === 'clear') store.clear()
    else {
      for (const [at, fn] of functions.entries()) {
        const handle = handles[at]!
        if (one.type === 'invalidate') handle.invalidate(...one.args)
        else if (one.type === 'refresh') trace.push(handle.refresh(...one.args))
        else if (one.type === 'prime') handle.prime(one.args, 'primed')
        else for (const self of receivers) trace.push(fn.apply(self, one.args), runs)
      }
    }
  }
  return [...trace, [...store.keys('')].length]
}

describe('the hit path', () => {
  test('answers as the general path does, over any calls, evictions, expiries and invalidations', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 2, max: 50 }),
        fc.constantFrom(Infinity, 100, 1),
        (steps, max, ttl) => {
          expect(play(steps, memoryStore({ max }), ttl)).toEqual(play(steps, general(max), ttl))
        },
      ),
      { numRuns: 600 },
    )
  })

  test.each<[string, unknown[]]>([
    ['a string', ['a']],
    ['a number', [1]],
    ['two numbers', [1, 2]],
    ['null and a boolean', [null, true]],
    ['four arguments', ['a', 1, 2n, false]],
  ])('is taken by the third call with %s: the store is not asked', (_name, list) => {
    const store = counted(10)
    const fn = createAutocache({ store }).cached((...all: unknown[]) => all.length)
    fn(...list)
    fn(...list)
    const { asked } = store
    expect(asked).toBeGreaterThan(0)
    for (let n = 0; n < 100; n++) expect(fn(...list)).toBe(list.length)
    expect(store.asked).toBe(asked)
  })

  test.each<[string, FunctionOptions]>([
    ['a partition', { partition: () => 'blue' }],
    ['what it depends on', { deps: () => [] }],
    ['a key', { key: (a: string) => a }],
  ])('is not taken with %s: the store is asked for the place, and not for the entry', (_name, options) => {
    const store = counted(10)
    const fn = createAutocache({ store }).cached((a: string) => a, options as never) as (a: string) => string
    fn('a')
    const { asked, read } = store
    for (let n = 1; n <= 5; n++) {
      fn('a')
      expect([store.asked, store.read]).toEqual([asked + n, read])
    }
  })

  test.each<[string, unknown[]]>([
    ['an object', [{ a: 1 }]],
    ['undefined', [undefined]],
    ['-0', [-0]],
    ['nothing', []],
    ['five arguments', [1, 2, 3, 4, 5]],
  ])('is not taken with %s', (_name, list) => {
    const store = counted(10)
    const fn = createAutocache({ store }).cached((...all: unknown[]) => all.length)
    fn(...list)
    fn(...list)
    const { asked } = store
    fn(...list)
    expect(store.asked).toBeGreaterThan(asked)
  })

  test('tells 0 and -0 apart', () => {
    const sign = createAutocache().cached((n: number) => Object.is(n, -0))
    for (let round = 0; round < 4; round++) {
      expect(sign(0)).toBe(false)
      expect(sign(-0)).toBe(true)
    }
  })

  test('is left while somebody listens, so that every hit is reported', () => {
    const cache = createAutocache()
    const fn = cache.cached((n: number) => n)
    for (let n = 0; n < 4; n++) fn(1)
    const seen: string[] = []
    const end = cache.on('hit', ({ label }) => seen.push(label))
    fn(1)
    expect(seen).toHaveLength(1)
    end()
    fn(1)
    expect(cache.stats().total.hit).toBe(5)
  })

  test('forgets the branches of evicted arguments, so that its memory is bounded by the store', () => {
    const index = new HitPath()
    for (let n = 0; n < 1000; n++) {
      const slot: Slot = { entry: {} as never, visited: false, indexes: undefined, checked: 0 }
      index.adopt([`first${n}`, n], slot)
      index.adopt([n], slot)
      expect(index.find([`first${n}`, n])).toBe(slot)
      for (const { key } of slot.indexes!) index.delete(key)
    }
    expect(index.size).toBe(0)
  })
})
