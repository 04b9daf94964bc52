import { asyncMapStore, mapStore } from '@autocache/conformance'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Debts } from '../src/debts.ts'
import { gateOf } from '../src/gate.ts'
import type { AutocacheEvent, Store } from '../src/index.ts'
import { createAutocache, StoreError } from '../src/index.ts'
import { testScope } from '../src/testing.ts'
import { type Deferred, deferred, idle, wait } from './call-support.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** A text store that fails, hangs and counts as it is told. */
function moody(asynchronous = true) {
  const rows = asynchronous ? asyncMapStore({ holds: 'text' }) : mapStore({ holds: 'text' })
  const asked = { get: 0, set: 0, delete: 0 }
  const mood: { reads: 'well' | 'fail' | 'hang'; writes: 'well' | 'fail' | 'hang'; poison: string } = {
    reads: 'well',
    writes: 'well',
    poison: '\0',
  }
  const hung: Deferred<never>[] = []
  const go = (operation: keyof typeof asked, how: string, work: () => unknown): unknown => {
    asked[operation] += 1
    if (how === 'well') return work()
    if (how === 'hang') {
      const one = deferred<never>()
      hung.push(one)
      return one.promise
    }
    const error = new Error('The store is down.')
    if (asynchronous) return Promise.reject(error)
    throw error
  }
  const store = {
    lifetime: 'shared',
    holds: 'text',
    get: (key: string) => go('get', mood.reads, () => rows.get(key)),
    set: (key: string, entry: string) =>
      go('set', key === mood.poison ? 'fail' : mood.writes, () => rows.set(key, entry)),
    delete: (key: string) => go('delete', mood.writes, () => rows.delete(key)),
  } as unknown as Store
  const total = () => asked.get + asked.set + asked.delete
  return { store, mood, asked, total, hung }
}

/** The time of the machine, moved by hand. */
function stopwatch() {
  const real = performance.now.bind(performance)
  let by = 0
  vi.spyOn(performance, 'now').mockImplementation(() => real() + by)
  return (ms: number) => void (by += ms)
}

function setUp(options: object = {}, asynchronous = true) {
  const kit = moody(asynchronous)
  const scope = testScope({ store: kit.store, ttl: '1h', storeTimeout: 30, ...options })
  const fn = scope.cache.cached(async (n: number) => n, { name: 'fn', version: '1', tags: ['t'] })
  const breaks = () =>
    scope.events.filter(({ type }) => type === 'breaker').map((event) => 'state' in event && event.state)
  const state = () => scope.cache.stats().stores[0]!.breaker
  const open = async () => {
    kit.mood.reads = 'fail'
    for (let n = 0; n < 10 && state() !== 'open'; n++) await fn(1000 + n)
    await idle()
    expect(state()).toBe('open')
  }
  return { ...kit, ...scope, fn, breaks, state, open }
}

describe('the breaker of a store', () => {
  test('opens after five failures in a row; a success between them begins the row anew', async () => {
    const { store, mood, state } = setUp()
    const gate = gateOf(store)
    const read = async () => await Promise.resolve(gate.ask('get', 30, () => store.get('k'))).catch(() => {})
    for (const [fails, expected] of [
      [4, 'closed'],
      [0, 'closed'],
      [4, 'closed'],
      [1, 'open'],
    ] as const) {
      mood.reads = fails ? 'fail' : 'well'
      for (let n = 0; n < (fails || 1); n++) await read()
      expect(state()).toBe(expected)
    }
  })

  test('counts time-outs as failures', async () => {
    const { mood, fn, state } = setUp()
    mood.reads = 'hang'
    for (let n = 0; n < 5 && state() === 'closed'; n++) expect(await fn(n)).toBe(n)
    expect(state()).toBe('open')
  })

  test('asks nothing while it is open, and every call is answered', async () => {
    const { open, total, fn, types, reset } = setUp()
    await open()
    const before = total()
    reset()
    for (let n = 0; n < 20; n++) expect(await fn(n)).toBe(n)
    await idle()
    expect(total()).toBe(before)
    expect(new Set(types())).toEqual(new Set(['miss', 'fill', 'unstored']))
  })

  test('probes once, whoever and how many come by, and none of them waits for it', async () => {
    const forward = stopwatch()
    const { open, mood, asked, fn, state, hung } = setUp()
    await open()
    mood.reads = 'hang'
    forward(600)
    const before = asked.get
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => fn(n)))
    expect(answers).toEqual(Array.from({ length: 100 }, (_, n) => n))
    expect(state()).toBe('half-open')
    expect(asked.get - before).toBe(1)
    for (const one of hung) one.reject(new Error('still down') as never)
    await idle()
    expect(state()).toBe('open')
  })

  test('closes when the probe is answered, and hits are hits again', async () => {
    const forward = stopwatch()
    const { open, mood, fn, state, breaks, settle, reset, types } = setUp()
    await open()
    mood.reads = 'well'
    forward(600)
    await fn(1)
    await idle()
    expect(state()).toBe('closed')
    expect(breaks()).toEqual(['open', 'half-open', 'closed'])
    await fn(1)
    await settle()
    reset()
    await fn(1)
    expect(types()).toEqual(['hit'])
  })

  test('a probe that gets no answer is given up, and made again later', async () => {
    const forward = stopwatch()
    const { open, mood, fn, state } = setUp()
    await open()
    mood.reads = 'hang'
    forward(600)
    await fn(1)
    expect(state()).toBe('half-open')
    await vi.waitFor(() => expect(state()).toBe('open'), 3000)
    mood.reads = 'well'
    forward(600)
    await fn(1)
    await idle()
    expect(state()).toBe('closed')
  })

  test('a probe gives a store as long as calls give it, and not longer', async () => {
    const forward = stopwatch()
    const { store, state, fn, mood, open } = setUp({ storeTimeout: '4s' })
    const { get } = store
    let answer = deferred()
    let probed = 0
    store.get = (async (key: string) => {
      if (key !== 'autocache') return get(key)
      probed += 1
      await answer.promise
      return undefined
    }) as never
    await open()
    mood.reads = 'well'
    forward(600)
    await fn(1)
    // By the clock of the machine; its timers do not know.
    forward(4001)
    answer.resolve()
    await idle()
    expect([probed, state()]).toEqual([1, 'open'])
    answer = deferred()
    forward(600)
    await fn(1)
    // Longer than the usual budget, which is not this store's.
    await wait(400)
    expect(state()).toBe('half-open')
    answer.resolve()
    await vi.waitFor(() => expect([probed, state()]).toEqual([2, 'closed']))
  })

  test('a listener that throws disturbs neither it nor the calls', async () => {
    const forward = stopwatch()
    const { cache, open, mood, fn, state } = setUp()
    cache.on('breaker', () => {
      throw new Error('mine')
    })
    await open()
    mood.reads = 'well'
    forward(600)
    expect(await fn(1)).toBe(1)
    await idle()
    expect(state()).toBe('closed')
    expect(cache.stats().total['listener-error']).toBeGreaterThanOrEqual(3)
  })

  test('is told under the name that the store has, or else that of its class', async () => {
    class Drawer {
      readonly lifetime = 'process'
      readonly holds = 'text'
      readonly name: string | undefined
      constructor(name?: string) {
        this.name = name
      }
      get = () => undefined
      set = () => {}
      delete = () => false
    }
    const { cache } = testScope()
    for (const store of [new Drawer('top'), new Drawer()]) cache.cached(() => 1, { store: store as Store })
    expect(cache.stats().stores.map(({ store }) => store)).toEqual(['top', 'Drawer'])
  })

  test('is told by `stats` and in words by `explain`', async () => {
    const { cache, open, fn } = setUp()
    expect(cache.stats().stores).toEqual([{ store: 'The store', breaker: 'closed', owed: 0, writes: 0, refreshes: 0 }])
    await open()
    const failed = await cache.invalidateTags('t').catch((error: unknown) => error)
    expect(failed).toBeUndefined()
    const told = await fn.explain(1)
    expect(told).toMatchObject({ breaker: 'open', state: 'miss', reason: 'breaker-open' })
    expect(told.text).toContain('the store is not asked now: its breaker is open')
  })

  test('a sync store that others use and that blocks for longer than `storeTimeout` opens it as well', async () => {
    const rows = mapStore({ holds: 'text' })
    let slow = true
    const block = () => {
      const until = performance.now() + 12
      while (slow && performance.now() < until);
    }
    const get = (key: string) => {
      block()
      return rows.get(key)
    }
    const store = { ...rows, get, getMany: undefined } as unknown as Store
    const { cache } = testScope({ store, ttl: '1h', storeTimeout: 5 })
    const fn = cache.cached((n: number) => n, { name: 'fn', version: '1' })
    for (let n = 0; n < 3; n++) expect(fn(n)).toBe(n)
    expect(cache.stats().stores[0]!.breaker).toBe('open')
    slow = false
  })

  test('is one for all instances over a store, and each of them hears of it', async () => {
    const { store, open } = setUp()
    const other = createAutocache({ store, namespace: 'other', ttl: '1h' })
    const heard: AutocacheEvent[] = []
    other.on('breaker', (event) => void heard.push(event))
    other.cached(async (n: number) => n, { name: 'fn', version: '1' })
    await open()
    expect(heard).toEqual([{ type: 'breaker', label: 'The store', state: 'open', owed: 0 }])
    expect(other.stats().stores[0]!.breaker).toBe('open')
  })
})

describe('R20 an invalidation that a store does not acknowledge', () => {
  for (const how of ['fail', 'hang'] as const) {
    for (const what of ['invalidate', 'invalidateAll', 'invalidateTags'] as const) {
      test(`rejects with StoreError, is distrusted, and is made again: ${what}, writes that ${how}`, async () => {
        const { cache, mood, fn, settle, store, hung } = setUp()
        let runs = 0
        const seen = cache.cached(async (_id: string) => (runs += 1), { name: 'seen', version: '1', tags: ['t'] })
        await fn(1)
        await seen('a')
        await settle()
        expect(await seen('a')).toBe(1)
        mood.writes = how
        const invalidate = () =>
          what === 'invalidateTags'
            ? cache.invalidateTags('t')
            : what === 'invalidate'
              ? seen.invalidate('a')
              : seen.invalidateAll()
        const error = await Promise.resolve(invalidate()).catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(StoreError)
        expect(cache.stats().stores[0]!.owed).toBe(1)
        expect(await seen('a')).toBe(2)
        expect(await seen.explain('a')).toMatchObject({ state: 'miss', reason: 'unsettled' })
        expect((await seen.explain('a')).text).toContain('invalidations it did not acknowledge are made again')
        // Another process does not know, and may go on.
        mood.writes = 'well'
        for (const one of hung) one.reject(new Error('The connection is gone.') as never)
        await idle()
        await Debts.of(gateOf(store)).repay()
        expect(cache.stats().stores[0]!.owed).toBe(0)
        expect(await seen('a')).toBe(3)
        await settle()
        expect(await seen('a')).toBe(3)
      })
    }
  }

  test('is made again by itself, with epochs that were never there before', async () => {
    const { cache, mood, fn, store, settle } = setUp()
    await fn(1)
    await settle()
    const written: string[] = []
    const set = store.set.bind(store) as (key: string, entry: never, context: never) => never
    store.set = ((key: string, entry: string, context: never) => {
      written.push(`${key} ${entry}`)
      return set(key, entry as never, context)
    }) as never
    mood.writes = 'fail'
    await expect(cache.invalidateTags('t')).rejects.toBeInstanceOf(StoreError)
    await wait(700)
    mood.writes = 'well'
    await wait(700)
    expect(cache.stats().stores[0]!.owed).toBe(0)
    expect(written.length).toBeGreaterThan(2)
    expect(new Set(written).size).toBe(written.length)
  })

  test('is made again before an open breaker closes', async () => {
    const forward = stopwatch()
    const { cache, mood, fn, open, settle, state } = setUp()
    await fn(1)
    await settle()
    await open()
    mood.writes = 'fail'
    await expect(cache.invalidateTags('t')).rejects.toBeInstanceOf(StoreError)
    mood.reads = mood.writes = 'well'
    const owed: number[] = []
    cache.on('breaker', (event) => void (event.state === 'closed' && owed.push(event.owed)))
    forward(600)
    await fn(2)
    await idle()
    expect(state()).toBe('closed')
    expect(owed).toEqual([0])
  })

  test('one that the store always refuses does not keep its breaker open, and stays distrusted', async () => {
    const forward = stopwatch()
    const { cache, mood, fn, open, settle, state, store } = setUp()
    await fn(1)
    await settle()
    const set = store.set.bind(store) as (key: string, entry: never, context: never) => never
    let poison = ''
    store.set = ((key: string, entry: string, context: never) => {
      if (entry.startsWith('e1.') && (poison === '' || key === poison) && mood.writes === 'fail') poison = key
      return set(key, entry as never, context)
    }) as never
    await open()
    mood.writes = 'fail'
    await expect(cache.invalidateTags('t')).rejects.toBeInstanceOf(StoreError)
    mood.poison = poison
    mood.reads = mood.writes = 'well'
    forward(600)
    await fn(2)
    await idle(10)
    expect(state()).toBe('closed')
    expect(cache.stats().stores[0]!.owed).toBe(1)
    expect(await fn.explain(1)).toMatchObject({ state: 'miss', reason: 'unsettled' })
  })

  test('is attempted also while the breaker is open', async () => {
    const { cache, open, asked } = setUp()
    await open()
    const before = asked.set
    await cache.invalidateTags('t')
    expect(asked.set).toBeGreaterThan(before)
  })

  test('those that the store refuses do not open its breaker while it can be read', async () => {
    const { cache, mood, state, store } = setUp()
    const fn = cache.cached(async (n: number) => n, { name: 'many', version: '1' })
    mood.writes = 'fail'
    for (let n = 0; n < 10; n++) {
      await Promise.resolve(fn.invalidate(n)).catch(() => {})
      await fn(n)
    }
    expect(cache.stats().stores[0]!.owed).toBe(10)
    await Debts.of(gateOf(store)).repay()
    expect(state()).toBe('closed')
  })

  test('writes that hang do not pile up by being made again', async () => {
    const { cache, mood, asked, fn, settle } = setUp()
    await fn(1)
    await settle()
    mood.writes = 'hang'
    await expect(cache.invalidateTags('t')).rejects.toBeInstanceOf(StoreError)
    const before = asked.set
    await wait(2200)
    expect(asked.set - before).toBeLessThanOrEqual(1)
  })
})

describe('late successes', () => {
  test('a store whose every answer comes after `storeTimeout` opens its breaker', async () => {
    const rows = asyncMapStore({ holds: 'text' })
    const held: (() => void)[] = []
    const late = async <T>(answer: T): Promise<T> => {
      await new Promise<void>((resolve) => held.push(resolve))
      return answer
    }
    const store = {
      ...rows,
      get: async (key: string) => late(await rows.get(key)),
      getMany: undefined,
      set: async (key: string, entry: string) => void (await late(await rows.set(key, entry as never))),
    } as unknown as Store
    const { cache } = testScope({ store, ttl: '1h', storeTimeout: 30 })
    // Once it counts as late it answers.
    cache.on('store-error', () => {
      for (const release of held.splice(0)) release()
    })
    const fn = cache.cached(async (n: number) => n, { name: 'fn', version: '1' })
    for (let n = 0; n < 8; n++) expect(await fn(n)).toBe(n)
    expect(cache.stats().stores[0]!.breaker).toBe('open')
  })
})
