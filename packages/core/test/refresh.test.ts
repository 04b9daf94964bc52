import { AsyncLocalStorage } from 'node:async_hooks'
import { asyncMapStore } from '@autocache/conformance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gateOf } from '../src/gate.ts'
import { type CommonOptions, cached, memoryStore, type Store } from '../src/index.ts'
import { sharedBy } from '../src/lane.ts'
import { expectHit, expectMiss, testClock, testScope } from '../src/testing.ts'
import { copying, deferred, eachKind, isPending, kinds, steppedStore, idle as turns, wait } from './call-support.ts'

/** Until a refresh has begun as well: a browser delays timers by some milliseconds, whatever turns pass. */
async function idle(count?: number): Promise<void> {
  await turns(count)
  if ('window' in globalThis) await wait(20)
}

const unhandled: unknown[] = []
const note = (error: unknown) => unhandled.push(error)
beforeAll(() => void process.on('unhandledRejection', note))
afterAll(async () => {
  await idle()
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

const named = { name: 'load', version: '1' } as const

/** A function that counts its runs and fails when told. */
function source() {
  const state = { runs: 0, fails: undefined as unknown }
  const run = () => {
    state.runs += 1
    if (state.fails !== undefined) throw state.fails
    return state.runs
  }
  return Object.assign(state, { run })
}

describe.each(eachKind)('over %s', (_name, makeStore) => {
  const open = (options: Parameters<typeof testScope>[0] = {}) =>
    // Ahead of the machine, whose clock the stores go by: they keep an entry as long as the test takes.
    testScope({
      store: makeStore(),
      ttl: 100,
      storeTimeout: '1m',
      clock: testClock(Date.now() + 3_600_000),
      ...options,
    })

  test('within `staleTtl` a stale value answers at once, and one refresh makes it anew', async () => {
    const scope = open({ staleTtl: 50 })
    const from = source()
    const load = scope.cache.cached(async (_id: string) => from.run(), named)
    expect(await load('a')).toBe(1)
    await scope.settle()
    scope.clock.advance(120)
    scope.reset()
    expect(await load('a')).toBe(1)
    expect(from.runs).toBe(1)
    await scope.settle()
    expect(from.runs).toBe(2)
    expect(scope.types()).toEqual(['stale-hit', 'refresh', 'fill', 'write'])
    expect(await load('a')).toBe(2)
    await scope.settle()
    expect(from.runs).toBe(2)
  })

  test('past `staleTtl` a call waits for the function', async () => {
    const scope = open({ staleTtl: 50 })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    scope.clock.advance(150)
    expect(await expectMiss(scope, () => load())).toBe(2)
  })

  test('a hundred stale hits start one refresh', async () => {
    const scope = open({ staleTtl: 50 })
    const from = source()
    const gate = deferred()
    const load = scope.cache.cached(async () => {
      const value = from.run()
      if (value > 1) await gate.promise
      return value
    }, named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    expect(await Promise.all(Array.from({ length: 50 }, () => load()))).toEqual(Array(50).fill(1))
    await idle()
    for (let n = 0; n < 50; n++) expect(await load()).toBe(1)
    gate.resolve()
    await scope.settle()
    expect(from.runs).toBe(2)
    expect(scope.cache.stats().total).toMatchObject({ refresh: 1, fill: 2 })
  })

  test('a caller past the stale window waits for the refresh that is under way', async () => {
    const scope = open({ staleTtl: 50 })
    const from = source()
    const gate = deferred()
    const load = scope.cache.cached(async () => {
      const value = from.run()
      if (value > 1) await gate.promise
      return value
    }, named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    await load()
    await idle()
    scope.clock.advance(100)
    const late = [load(), load()]
    expect(await isPending(late[0]!)).toBe(true)
    gate.resolve()
    expect(await Promise.all(late)).toEqual([2, 2])
    expect(from.runs).toBe(2)
    await scope.settle()
    expect(scope.cache.stats().total.join).toBeGreaterThan(0)
  })

  test('a refresh that fails is an event and nobody’s error, and the stale value goes on to answer', async () => {
    const scope = open({ staleTtl: 5000 })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    const failure = new Error('down')
    from.fails = failure
    scope.reset()
    expect(await load()).toBe(1)
    await scope.settle()
    expect(scope.events.find(({ type }) => type === 'refresh-error')).toMatchObject({ error: failure, label: 'load' })
    expect(await load()).toBe(1)
    expect(scope.types()).not.toContain('fill-error')
  })

  test('a failing refresh is tried again after 1 s, 2 s, 4 s and so on, not for every call', async () => {
    const scope = open({ staleTtl: Infinity })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    from.fails = new Error('down')
    const runs: number[] = []
    for (let second = 0; second < 10; second++) {
      for (let n = 0; n < 3; n++) {
        expect(await load()).toBe(1)
        await scope.settle()
      }
      runs.push(from.runs - 1)
      scope.clock.advance(1000)
    }
    expect(runs).toEqual([1, 2, 2, 3, 3, 3, 3, 4, 4, 4])
    scope.reset()
    await load()
    expect(scope.events).toMatchObject([{ type: 'stale-hit', reason: 'back-off' }])
    from.fails = undefined
    scope.clock.advance(60_000)
    await load()
    await scope.settle()
    expect(await load()).toBe(from.runs)
  })

  test('within `staleIfError` the value answers where the function throws, and after it the error goes through', async () => {
    const scope = open({ staleIfError: 5000 })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    const failure = new Error('down')
    from.fails = failure
    scope.reset()
    expect(await load()).toBe(1)
    expect(scope.types()).toEqual(['miss', 'fill-error', 'stale-hit'])
    expect(scope.events[2]).toMatchObject({ reason: 'error' })
    scope.clock.advance(5000)
    await expect(load()).rejects.toBe(failure)
    await expect(load()).rejects.toBe(failure)
    expect(from.runs).toBe(4)
  })

  test('with `staleIfError` alone an expired entry is made anew while the caller waits', async () => {
    const scope = open({ staleIfError: 5000 })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    expect(await load()).toBe(2)
    await scope.settle()
    expect(await expectHit(scope, () => load())).toBe(2)
  })

  test('where a stale value stands in, the failing function is not run again for every call', async () => {
    const scope = open({ staleIfError: Infinity })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    from.fails = new Error('down')
    for (let n = 0; n < 10; n++) expect(await load()).toBe(1)
    expect(from.runs).toBe(2)
    scope.reset()
    await expectHit(scope, () => load())
    expect(scope.events).toMatchObject([{ type: 'stale-hit', reason: 'back-off' }])
    scope.clock.advance(1000)
    for (let n = 0; n < 10; n++) expect(await load()).toBe(1)
    expect(from.runs).toBe(3)
    scope.clock.advance(1000)
    await load()
    expect(from.runs).toBe(3)
    from.fails = undefined
    scope.clock.advance(1000)
    expect(await load()).toBe(4)
  })

  test('all who wait for a flight that fails get the stale value', async () => {
    const scope = open({ staleIfError: Infinity })
    const from = source()
    const gate = deferred()
    const load = scope.cache.cached(async () => {
      if (from.runs > 0) await gate.promise
      return from.run()
    }, named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    from.fails = new Error('down')
    const all = Array.from({ length: 5 }, () => load())
    await idle()
    gate.resolve()
    expect(await Promise.all(all)).toEqual(Array(5).fill(1))
    expect(from.runs).toBe(2)
  })

  test('where a stale value stands in the error is not kept; with none it is, for `errorTtl`', async () => {
    const scope = open({ staleIfError: 1000, errorTtl: 10_000 })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    from.fails = new Error('down')
    expect(await load()).toBe(1)
    await scope.settle()
    expect(await load.peek()).toMatchObject({ state: 'stale', value: 1 })
    scope.clock.advance(5000)
    await expect(load()).rejects.toThrow('down')
    await scope.settle()
    expect(await load.peek()).toMatchObject({ state: 'fresh', outcome: 'error' })
    await expect(load()).rejects.toThrow('down')
    expect(from.runs).toBe(3)
  })

  test('a kept error is never stale', async () => {
    const scope = open({ errorTtl: 100, staleTtl: Infinity, staleIfError: Infinity, earlyRefresh: 0.1 })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    from.fails = new Error('down')
    await expect(load()).rejects.toThrow('down')
    await scope.settle()
    scope.clock.advance(99)
    await expect(load()).rejects.toThrow('down')
    await scope.settle()
    expect(from.runs).toBe(1)
    scope.clock.advance(1)
    from.fails = undefined
    expect(await load()).toBe(2)
  })

  test('`earlyRefresh` makes a hot entry anew before it expires, so that nobody waits', async () => {
    const scope = open({ earlyRefresh: 0.5 })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    for (let round = 1; round < 5; round++) {
      scope.clock.advance(49)
      await expectHit(scope, () => load())
      await scope.settle()
      expect(from.runs).toBe(round)
      scope.clock.advance(1)
      scope.reset()
      expect(await expectHit(scope, () => load())).toBe(round)
      await scope.settle()
      expect(from.runs).toBe(round + 1)
      expect(scope.types()).toEqual(['hit', 'refresh', 'fill', 'write'])
    }
  })

  test('`jitter` lets entries of one instant expire apart, never after their ttl', async () => {
    const scope = open({ jitter: 0.5 })
    const load = scope.cache.cached(async (n: number) => n, named)
    const all = Array.from({ length: 40 }, (_, n) => n)
    for (const n of all) await load(n)
    await scope.settle()
    const fresh = async () => {
      const states = await Promise.all(all.map((n) => load.peek(n)))
      return states.filter(({ state }) => state === 'fresh').length
    }
    scope.clock.advance(50)
    expect(await fresh()).toBe(40)
    scope.clock.advance(25)
    const half = await fresh()
    expect(half).toBeGreaterThan(8)
    expect(half).toBeLessThan(32)
    scope.clock.advance(25)
    expect(await fresh()).toBe(0)
  })

  test('R07 the windows are those of the reader', async () => {
    const store = makeStore()
    const writer = testScope({ store, ttl: 100, staleTtl: Infinity })
    const from = source()
    const write = writer.cache.cached(async () => from.run(), named)
    await write()
    await writer.settle()
    const { clock } = writer
    clock.advance(150)
    const strict = testScope({ store, clock, ttl: 100 }).cache.cached(async () => from.run(), named)
    const loose = testScope({ store, clock, ttl: 200 }).cache.cached(async () => from.run(), named)
    expect(await strict.peek()).toEqual({ state: 'miss' })
    expect(await loose.peek()).toMatchObject({ state: 'fresh' })
    expect(await write.peek()).toMatchObject({ state: 'stale' })
  })

  test('R07 a caller whose own options forbid a stale value does not get one from another’s flight', async () => {
    const store = makeStore()
    const scope = testScope({ store, ttl: 100, staleIfError: Infinity })
    const from = source()
    const gate = deferred()
    const run = async () => {
      if (from.runs > 0) await gate.promise
      return from.run()
    }
    const loose = scope.cache.cached(run, named)
    const strict = testScope({ store, clock: scope.clock, ttl: 100 }).cache.cached(run, named)
    await loose()
    await scope.settle()
    scope.clock.advance(120)
    from.fails = new Error('down')
    const one = loose()
    const other = strict()
    const refused = expect(other).rejects.toThrow('down')
    await idle()
    gate.resolve()
    expect(await one).toBe(1)
    await refused
  })

  test('R08 a refresh runs outside the async context of the hit that started it', async () => {
    const request = new AsyncLocalStorage<string>()
    const scope = open({ staleTtl: Infinity })
    const seen: (string | undefined)[] = []
    const load = scope.cache.cached(async () => seen.push(request.getStore()), named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    await request.run('a request', () => load())
    await scope.settle()
    expect(seen).toEqual([undefined, undefined])
  })

  test('R08 with `partition` it runs inside: what it may read there is in its key', async () => {
    const request = new AsyncLocalStorage<string>()
    const scope = open({ staleTtl: Infinity, partition: () => request.getStore() })
    const load = scope.cache.cached(async () => `${request.getStore()}`, named)
    for (const tenant of ['a', 'b']) expect(await request.run(tenant, () => load())).toBe(tenant)
    await scope.settle()
    scope.clock.advance(120)
    for (const tenant of ['a', 'b']) expect(await request.run(tenant, () => load())).toBe(tenant)
    await scope.settle()
    for (const tenant of ['a', 'b']) {
      expect(await request.run(tenant, () => load.peek())).toMatchObject({ state: 'fresh', value: tenant })
    }
  })

  test('R15 a refresh does not run for arguments that changed before it began', async () => {
    const scope = open({ staleTtl: Infinity })
    const seen: number[] = []
    const load = scope.cache.cached(async (query: { n: number }) => seen.push(query.n), named)
    await load({ n: 1 })
    await scope.settle()
    scope.clock.advance(120)
    const query = { n: 1 }
    const stale = load(query)
    await stale
    query.n = 2
    await scope.settle()
    expect(seen).toEqual([1])
    expect(await load.peek({ n: 2 })).toEqual({ state: 'miss' })
  })

  test('R15 where they change while it runs nothing is stored', async () => {
    const scope = open({ staleTtl: Infinity })
    const gate = deferred()
    let runs = 0
    const load = scope.cache.cached(async (query: { n: number }) => {
      runs += 1
      const { n } = query
      if (runs > 1) await gate.promise
      return n
    }, named)
    await load({ n: 1 })
    await scope.settle()
    scope.clock.advance(120)
    const query = { n: 1 }
    await load(query)
    await idle()
    query.n = 2
    gate.resolve()
    await scope.settle()
    expect(scope.events.filter(({ type }) => type === 'unstored')).toMatchObject([{ reason: 'inputs-changed' }])
    expect(await load.peek({ n: 1 })).toMatchObject({ state: 'stale', value: 1 })
    expect(await load.peek({ n: 2 })).toEqual({ state: 'miss' })
  })

  test('R16 a refresh has a signal of its own, which no caller’s abort reaches', async () => {
    const scope = open({ staleTtl: Infinity })
    const signals: AbortSignal[] = []
    const gate = deferred()
    const load = scope.cache.cached(async (signal: AbortSignal) => {
      signals.push(signal)
      if (signals.length > 1) await gate.promise
      return signals.length
    }, named)
    await load(new AbortController().signal)
    await scope.settle()
    scope.clock.advance(120)
    const controller = new AbortController()
    expect(await load(controller.signal)).toBe(1)
    await idle()
    controller.abort()
    await idle()
    expect(signals).toHaveLength(2)
    expect(signals[1]).not.toBe(controller.signal)
    expect(signals[1]!.aborted).toBe(false)
    gate.resolve()
    await scope.settle()
    expect(await load.peek(controller.signal)).toMatchObject({ state: 'fresh', value: 2 })
  })

  test('R16 who waits for a refresh and aborts goes with his own reason, and the refresh goes on', async () => {
    const scope = open({ staleTtl: 50 })
    const from = source()
    const gate = deferred()
    const load = scope.cache.cached(async (_signal?: AbortSignal) => {
      const value = from.run()
      if (value > 1) await gate.promise
      return value
    }, named)
    await load(new AbortController().signal)
    await scope.settle()
    scope.clock.advance(120)
    await load(new AbortController().signal)
    await idle()
    scope.clock.advance(100)
    const controller = new AbortController()
    const late = load(controller.signal)
    await idle()
    controller.abort('gone')
    await expect(late).rejects.toBe('gone')
    gate.resolve()
    await scope.settle()
    expect(await load(new AbortController().signal)).toBe(2)
    expect(from.runs).toBe(2)
  })

  test('R18 a refresh that began before an invalidation is not stored', async () => {
    const scope = open({ staleTtl: Infinity })
    const from = source()
    const gate = deferred()
    const load = scope.cache.cached(async () => {
      const value = from.run()
      if (value === 2) await gate.promise
      return value
    }, named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    await load()
    await idle()
    await load.invalidate()
    expect(await load()).toBe(3)
    gate.resolve()
    await scope.settle()
    expect(await load()).toBe(3)
    expect(scope.events.filter(({ type }) => type === 'unstored')).toMatchObject([{ reason: 'superseded' }])
  })

  test('R18 a refresh that was not begun when an invalidation came does not run', async () => {
    const scope = open({ staleTtl: Infinity })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    const stale = load()
    // Over a store that promises, the hit is found after a turn of microtasks: wait for it, not for the refresh.
    await stale
    const done = load.invalidate()
    await done
    await scope.settle()
    expect(from.runs).toBe(1)
    expect(await load.peek()).toEqual({ state: 'miss' })
  })

  test('R18 a stale value does not stand in for an error when it was invalidated meanwhile', async () => {
    const scope = open({ staleIfError: Infinity })
    const from = source()
    const gate = deferred()
    const load = scope.cache.cached(async () => {
      if (from.runs > 0) await gate.promise
      return from.run()
    }, named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    from.fails = new Error('down')
    const late = load()
    const refused = expect(late).rejects.toThrow('down')
    await idle()
    await load.invalidate()
    gate.resolve()
    await refused
  })

  test('R18 `prime` and `refresh` are newer than a refresh under way', async () => {
    for (const way of ['prime', 'refresh'] as const) {
      const scope = open({ staleTtl: Infinity })
      const from = source()
      const gate = deferred()
      const load = scope.cache.cached(async () => {
        const value = from.run()
        if (value === 2) await gate.promise
        return value
      }, named)
      await load()
      await scope.settle()
      scope.clock.advance(120)
      await load()
      await idle()
      if (way === 'prime') await load.prime([], 50)
      else await load.refresh()
      gate.resolve()
      await scope.settle()
      expect(await load()).toBe(way === 'prime' ? 50 : 3)
    }
  })

  test('L1 a refresh whose function calls itself does not wait for itself', async () => {
    const scope = open({ staleTtl: 50 })
    const from = source()
    const load: () => Promise<number> = scope.cache.cached(async (): Promise<number> => {
      const value = from.run()
      if (value === 2) {
        scope.clock.advance(200)
        await Promise.resolve()
        return (await load()) + 100
      }
      return value
    }, named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    await load()
    await idle(10)
    expect(from.runs).toBe(3)
    await scope.settle()
  })

  test('L1 a refresh whose function calls itself while a caller waits for the refresh waits for neither', async () => {
    const scope = open({ staleTtl: 50 })
    const from = source()
    const gate = deferred()
    const load: () => Promise<number> = scope.cache.cached(async (): Promise<number> => {
      const value = from.run()
      if (value !== 2) return value
      await gate.promise
      return (await load()) + 100
    }, named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    await load()
    await idle()
    scope.clock.advance(100)
    const late = load()
    await idle()
    gate.resolve()
    await idle(10)
    expect(from.runs).toBe(3)
    expect(await late).toBe(103)
    await scope.settle()
  })

  test('L1 a refresh that hangs is given up after `flightTimeout`, and another one runs', async () => {
    const scope = open({ staleTtl: Infinity, flightTimeout: 30 })
    const from = source()
    const load = scope.cache.cached(async () => {
      const value = from.run()
      if (value === 2) await new Promise(() => {})
      return value
    }, named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    await load()
    while (!scope.types().includes('flight-timeout')) await wait(10)
    expect(await load()).toBe(1)
    await scope.settle()
    expect(from.runs).toBe(2)
    scope.clock.advance(1000)
    expect(await load()).toBe(1)
    await scope.settle()
    expect(await load()).toBe(3)
  })

  test('a value that is not to be kept removes the entry it would have replaced', async () => {
    const scope = open({ staleTtl: Infinity, cacheIf: (value: number) => value !== 2 })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    await load()
    await scope.settle()
    await idle()
    expect(await load.peek()).toEqual({ state: 'miss' })
    expect(await load()).toBe(3)
  })

  test('so it is where a caller waited for it, and the removed value stands in for nothing', async () => {
    const scope = open({ staleIfError: Infinity, cacheIf: (value: number) => value !== 2 })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    expect(await load()).toBe(2)
    await scope.settle()
    await idle()
    from.fails = new Error('down')
    await expect(load()).rejects.toThrow('down')
  })

  test('R14 a stream that a refresh came to is stored for nobody, and who waited for it runs his own', async () => {
    const scope = open({ staleTtl: 50 })
    const from = source()
    const gate = deferred()
    const load = scope.cache.cached(async (): Promise<unknown> => {
      const value = from.run()
      if (value === 1) return value
      await gate.promise
      return new ReadableStream()
    }, named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    await load()
    await idle()
    scope.clock.advance(100)
    const late = [load(), load()]
    await idle()
    gate.resolve()
    const [one, other] = await Promise.all(late)
    expect(one).toBeInstanceOf(ReadableStream)
    expect(other).toBeInstanceOf(ReadableStream)
    expect(one).not.toBe(other)
    await scope.settle()
    expect(await load.peek()).toEqual({ state: 'miss' })
  })

  test('a caller who gives up on a refresh after `flightTimeout` runs the function', async () => {
    const scope = open({ staleTtl: 50, flightTimeout: 40 })
    const from = source()
    const load = scope.cache.cached(async () => {
      const value = from.run()
      if (value === 2) await new Promise(() => {})
      return value
    }, named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    await load()
    await idle()
    scope.clock.advance(100)
    expect(await load()).toBe(3)
    await scope.settle()
    expect(await load()).toBe(3)
  })

  test('a ttl of 0 keeps nothing, with windows or without', async () => {
    const scope = open({ ttl: 0, staleTtl: Infinity, staleIfError: Infinity })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    expect(await load()).toBe(2)
    from.fails = new Error('down')
    await expect(load()).rejects.toThrow('down')
    expect(scope.types()).not.toContain('write')
  })

  test('a ttl function that fails for a stale entry is a miss', async () => {
    const scope = open()
    const from = source()
    let ttl: () => number = () => 100
    const load = scope.cache.cached(async () => from.run(), {
      ...named,
      ttl: () => ttl(),
      staleTtl: Infinity,
      staleIfError: Infinity,
    })
    await load()
    await scope.settle()
    scope.clock.advance(120)
    expect(await load.peek()).toMatchObject({ state: 'stale', value: 1 })
    for (const broken of [
      () => Number.NaN,
      () => {
        throw new Error('no ttl')
      },
    ]) {
      ttl = broken
      expect(await load.peek()).toEqual({ state: 'miss' })
    }
    ttl = () => 0
    expect(await load.peek()).toEqual({ state: 'miss' })
  })

  test('a clock that jumps an hour, either way, makes an entry stale and not fresh', async () => {
    for (const jump of [3_600_000, -3_600_000]) {
      const scope = open({ ttl: 1000, staleTtl: 7_200_000 })
      const from = source()
      const load = scope.cache.cached(async () => from.run(), named)
      await load()
      await scope.settle()
      scope.clock.advance(jump)
      expect(await load.peek()).toMatchObject({ state: 'stale' })
      expect(await load()).toBe(1)
      await scope.settle()
      expect(from.runs).toBe(2)
      scope.clock.advance(-2 * jump)
      expect(await load.peek()).toMatchObject({ state: jump > 0 ? 'stale' : 'stale' })
    }
  })

  test('the back-off ends when the clock jumps, either way', async () => {
    for (const jump of [3_600_000, -3_600_000]) {
      const scope = open({ staleIfError: Infinity })
      const from = source()
      const load = scope.cache.cached(async () => from.run(), named)
      await load()
      await scope.settle()
      scope.clock.advance(120)
      from.fails = new Error('down')
      await load()
      await load()
      expect(from.runs).toBe(2)
      scope.clock.advance(jump)
      await load()
      expect(from.runs).toBe(3)
    }
  })

  test('a success ends the back-off: the next failure waits a second again', async () => {
    const scope = open({ staleIfError: Infinity })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    for (let round = 0; round < 3; round++) {
      from.fails = new Error('down')
      scope.clock.advance(120)
      await load()
      const before = from.runs
      scope.clock.advance(999)
      await load()
      expect(from.runs).toBe(before)
      from.fails = undefined
      scope.clock.advance(1)
      expect(await load()).toBe(before + 1)
      await scope.settle()
    }
  })

  test('an invalidation ends the back-off', async () => {
    const scope = open({ staleIfError: Infinity })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    from.fails = new Error('down')
    await load()
    await load.invalidate()
    from.fails = undefined
    expect(await load()).toBe(3)
  })

  test('R13 every caller gets what the refresh stored, as copies where the store copies', async () => {
    const scope = open({ staleTtl: Infinity })
    const from = source()
    const load = scope.cache.cached(async () => ({ at: new Date(from.run()), list: [1] }), named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    const stale = await load()
    await scope.settle()
    expect(stale.at.getTime()).toBe(1)
    const [one, other] = [await load(), await load()]
    expect(one).toEqual({ at: new Date(2), list: [1] })
    expect(other).toEqual(one)
    if (copying.includes(_name as never)) expect(other).not.toBe(one)
  })

  test('`waitUntil` receives the refresh, which ends with its write', async () => {
    const kept: Promise<unknown>[] = []
    const scope = open({ staleTtl: Infinity, waitUntil: (work) => kept.push(work) })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    await load()
    await scope.settle()
    scope.clock.advance(120)
    kept.length = 0
    await load()
    expect(kept).toHaveLength(1)
    await kept[0]
    expect(await load.peek()).toMatchObject({ state: 'fresh', value: 2 })
    from.fails = new Error('down')
    scope.clock.advance(120)
    await load()
    await Promise.all(kept)
  })

  test('`peek` and `explain` tell stale from fresh and start nothing', async () => {
    const scope = open({ staleTtl: 50, staleIfError: 100, earlyRefresh: 0.5 })
    const from = source()
    const load = scope.cache.cached(async () => from.run(), named)
    const look = async () => [
      (await load.peek()).state,
      (await load.explain()).text.split(/ over (?:memory|The store); /).at(-1),
    ]
    await load()
    await scope.settle()
    scope.reset()
    expect(await look()).toEqual(['fresh', expect.stringMatching(/would answer it\.$/)])
    scope.clock.advance(50)
    expect(await look()).toEqual(['fresh', expect.stringMatching(/would answer it, and a refresh is due\.$/)])
    scope.clock.advance(50)
    expect(await look()).toEqual(['stale', expect.stringMatching(/past its ttl and would answer it, and a refresh/)])
    scope.clock.advance(50)
    expect(await look()).toEqual(['stale', expect.stringMatching(/^the function would run; .* if it failed\.$/)])
    expect(await load.explain()).toMatchObject({ state: 'stale', createdAt: expect.any(Number) })
    expect(scope.events).toEqual([])
    from.fails = new Error('down')
    await load()
    expect(await look()).toEqual(['stale', expect.stringMatching(/a refresh is not due: it failed\.$/)])
    scope.clock.advance(50)
    expect(await look()).toEqual(['miss', expect.stringMatching(/so the function would run\.$/)])
    expect(from.runs).toBe(2)
  })

  test('`explain` tells a refresh that is due from one that is under way and from one that waits for a failure', async () => {
    const scope = open({ staleTtl: 1000, earlyRefresh: 0.5 })
    const gate = deferred()
    let runs = 0
    const load = scope.cache.cached(async () => {
      if ((runs += 1) === 1) return runs
      await gate.promise
      throw new Error('down')
    }, named)
    const end = async () => (await load.explain()).text.split(', ').slice(-2).join()
    await load()
    await scope.settle()
    scope.clock.advance(50)
    expect(await end()).toBe('would answer it,and a refresh is due.')
    scope.clock.advance(50)
    expect(await end()).toMatch(/would answer it,and a refresh is due\.$/)
    await load()
    await idle()
    expect((await load.explain()).text).toContain('; a run of the function is under way; ')
    gate.resolve()
    await scope.settle()
    expect(await end()).toEqual(expect.stringMatching(/would answer it,and a refresh is not due: it failed\.$/))
  })

  test('`explain` says that nothing is stored where `enabled` is false', async () => {
    const scope = open({ enabled: false })
    const load = scope.cache.cached(async () => 1, named)
    const { state, reason, text } = await load.explain()
    expect([state, reason, text.split('; ').at(-1)]).toEqual([
      'miss',
      undefined,
      'nothing is stored, so the function would run.',
    ])
  })

  test('`many` answers with stale values, refreshes them, and lets them stand in for errors', async () => {
    const scope = open({ staleTtl: 50, staleIfError: Infinity })
    let fails = false
    let runs = 0
    const load = scope.cache.cached(async (n: number) => {
      runs += 1
      if (fails) throw new Error('down')
      return n * 10
    }, named)
    await load.many([[1], [2]])
    await scope.settle()
    scope.clock.advance(120)
    const values = async () =>
      (await load.many([[1], [2]])).map((one) => (one.status === 'fulfilled' ? one.value : one.reason))
    expect(await values()).toEqual([10, 20])
    expect(runs).toBe(2)
    await scope.settle()
    expect(runs).toBe(4)
    scope.clock.advance(200)
    fails = true
    expect(await values()).toEqual([10, 20])
    expect(runs).toBe(6)
    expect(await values()).toEqual([10, 20])
    expect(runs).toBe(6)
  })

  test('options of an instance are defaults, and a function may turn them off', async () => {
    const scope = open({ staleTtl: Infinity, staleIfError: Infinity, earlyRefresh: 0.5, jitter: 1 })
    const load = scope.cache.cached(async () => 1, {
      ...named,
      staleTtl: 0,
      staleIfError: 0,
      earlyRefresh: 1,
      jitter: 0,
    })
    await load()
    await scope.settle()
    scope.clock.advance(99)
    await load()
    await scope.settle()
    expect(scope.types()).not.toContain('refresh')
    scope.clock.advance(1)
    expect(await load.peek()).toEqual({ state: 'miss' })
  })

  test('nothing of a refresh stays behind, whatever it came to', async () => {
    const store = makeStore()
    const scope = testScope({ store, ttl: 100, staleTtl: Infinity })
    const from = source()
    const load = scope.cache.cached(async (_n: number) => from.run(), named)
    for (let n = 0; n < 20; n++) await load(n)
    await scope.settle()
    scope.clock.advance(120)
    for (let n = 0; n < 20; n++) {
      from.fails = n % 2 ? new Error('down') : undefined
      await load(n)
      if (n % 3 === 0) await load.invalidate(n)
      await scope.settle()
    }
    await idle()
    expect(gateOf(store).refreshes.size).toBe(0)
    for (const lane of sharedBy(store, undefined).lanes.values()) {
      expect(lane.refreshes.size).toBe(0)
      expect(lane.flights.size).toBe(0)
    }
  })
})

describe('a synchronous function over a store that answers at once', () => {
  const open = (options: CommonOptions = {}) => testScope({ ttl: 100, ...options })

  test('answers with the stale value at once and is run after the current turn', async () => {
    const scope = open({ staleTtl: 50 })
    const from = source()
    const load = scope.cache.cached(from.run)
    load()
    scope.clock.advance(120)
    expect(load()).toBe(1)
    expect(load()).toBe(1)
    await Promise.resolve()
    expect(from.runs).toBe(1)
    await scope.settle()
    expect(from.runs).toBe(2)
    expect(load()).toBe(2)
  })

  test('past the stale window runs for its caller, and the refresh that waits for its turn is dropped', async () => {
    const scope = open({ staleTtl: 50 })
    const from = source()
    const load = scope.cache.cached(from.run)
    load()
    scope.clock.advance(120)
    expect(load()).toBe(1)
    scope.clock.advance(100)
    expect(load()).toBe(2)
    await scope.settle()
    expect(from.runs).toBe(2)
    expect(load()).toBe(2)
  })

  test('gets the stale value for its error, at once', () => {
    const scope = open({ staleIfError: 5000 })
    const from = source()
    const load = scope.cache.cached(from.run)
    load()
    scope.clock.advance(120)
    from.fails = new Error('down')
    expect(load()).toBe(1)
    expect(load()).toBe(1)
    expect(from.runs).toBe(2)
    scope.clock.advance(5000)
    expect(load).toThrow('down')
    expect(load).toThrow('down')
    expect(from.runs).toBe(4)
  })

  test('that fails in a refresh throws at nobody', async () => {
    const scope = open({ staleTtl: Infinity })
    const from = source()
    const load = scope.cache.cached(from.run)
    load()
    scope.clock.advance(120)
    from.fails = new Error('down')
    expect(load()).toBe(1)
    await scope.settle()
    expect(scope.types()).toContain('refresh-error')
    expect(load()).toBe(1)
  })

  test('R18 an invalidation within its own refresh keeps that from being stored', async () => {
    const scope = open({ staleTtl: Infinity })
    const from = source()
    const load: { (): number; invalidate(): void } = scope.cache.cached((): number => {
      const value = from.run()
      if (value === 2) load.invalidate()
      return value
    })
    load()
    scope.clock.advance(120)
    expect(load()).toBe(1)
    await scope.settle()
    expect(from.runs).toBe(2)
    expect(load()).toBe(3)
  })

  test('L1 that calls itself in a refresh, past the window, does not wait', async () => {
    const scope = open({ staleTtl: 50 })
    const from = source()
    const load: () => number = scope.cache.cached((): number => {
      const value = from.run()
      if (value !== 2) return value
      scope.clock.advance(200)
      return load() + 100
    })
    load()
    scope.clock.advance(120)
    load()
    await scope.settle()
    expect(from.runs).toBe(3)
  })

  test('a plain function that promises gets the stale value as a promise, also for a synchronous throw (R13)', async () => {
    const scope = open({ staleIfError: 5000 })
    let fails = false
    const load = scope.cache.cached((): Promise<number> => {
      if (fails) throw new Error('down')
      return Promise.resolve(1)
    })
    await load()
    scope.clock.advance(120)
    fails = true
    const stale = load()
    expect(stale).toBeInstanceOf(Promise)
    expect(await stale).toBe(1)
  })
})

describe('the hit path', () => {
  test('stays taken for fresh entries of functions that use the windows', () => {
    const store = memoryStore()
    const scopes: string[] = []
    const watched = Object.assign(Object.create(store) as typeof store, {
      scope(prefix: string) {
        const scope = store.scope(prefix)
        return {
          ...scope,
          slot(key: string) {
            scopes.push('slot')
            return scope.slot(key)
          },
          get(key: string) {
            scopes.push('get')
            return scope.get(key)
          },
        }
      },
    })
    const quiet = cached((n: number) => n, {
      store: watched,
      ttl: '1h',
      staleTtl: 500,
      staleIfError: 500,
      earlyRefresh: 0.8,
      jitter: 0.1,
    })
    quiet(1)
    quiet(1)
    scopes.length = 0
    for (let n = 0; n < 50; n++) quiet(1)
    expect(scopes).toEqual([])
  })
})

describe('a store that is slow or fails', () => {
  test('the expiry that a store is told covers the stale windows', async () => {
    const store = steppedStore()
    const { cache, clock, settle } = testScope({ store, ttl: 100, staleTtl: 50, staleIfError: 900, jitter: 0.5 })
    const load = cache.cached(async () => 1, named)
    const now = clock()
    await load()
    await settle()
    await load.prime([], 2)
    expect(store.contexts.map((context) => (context?.expiresAt ?? Number.NaN) - now)).toEqual([
      1000,
      expect.closeTo(1000, -1),
    ])
  })

  test('a refresh that cannot be written waits like one that failed', async () => {
    const store = steppedStore()
    const { cache, clock, settle } = testScope({ store, ttl: 100, staleTtl: Infinity })
    const from = source()
    const load = cache.cached(async () => from.run(), named)
    await load()
    await settle()
    clock.advance(120)
    store.held.add('set')
    expect(await load()).toBe(1)
    await idle()
    store.next('set').fail()
    await settle()
    for (let n = 0; n < 5; n++) {
      expect(await load()).toBe(1)
      await idle()
    }
    expect(from.runs).toBe(2)
  })

  test('while a refresh is being written its value answers', async () => {
    const store = steppedStore()
    const { cache, clock, settle } = testScope({ store, ttl: 100, staleTtl: Infinity })
    const from = source()
    const load = cache.cached(async () => from.run(), named)
    await load()
    await settle()
    clock.advance(120)
    store.held.add('set')
    await load()
    await idle()
    expect(await load()).toBe(2)
    store.next('set').acknowledge()
    await settle()
    expect(await load()).toBe(2)
    expect(from.runs).toBe(2)
  })

  test('a store that fails to answer makes the function run, and no stale value is made up', async () => {
    const store = steppedStore('get')
    const { cache, clock } = testScope({ store, ttl: 100, staleIfError: Infinity })
    const from = source()
    const load = cache.cached(async () => from.run(), named)
    const first = load()
    await idle()
    store.next('get').acknowledge()
    await first
    clock.advance(120)
    from.fails = new Error('down')
    const second = load()
    const refused = expect(second).rejects.toThrow('down')
    await idle()
    store.next('get').fail()
    await refused
  })
})

test('a lane remembers a bounded number of failures', async () => {
  const store = asyncMapStore({ holds: 'references' })
  const scope = testScope({ store, ttl: 100, staleIfError: Infinity })
  let fails = false
  let runs = 0
  const load = scope.cache.cached(async (_n: number) => {
    runs += 1
    if (fails) throw new Error('down')
  }, named)
  for (let n = 0; n < 1500; n++) await load(n)
  await scope.settle()
  scope.clock.advance(120)
  fails = true
  for (let n = 0; n < 1500; n++) await load(n)
  expect(runs).toBe(3000)
  // The last thousand are held back, the earlier ones are forgotten.
  await load(1499)
  await load(500)
  expect(runs).toBe(3000)
  await load(0)
  expect(runs).toBe(3001)
})

test('a clock that fails in a refresh is an event', async () => {
  let broken = false
  const store: Store = kinds.memory!()
  let now = 0
  const scope = testScope({
    store,
    ttl: 100,
    staleTtl: Infinity,
    clock: Object.assign(
      () => {
        if (broken) throw new Error('no time')
        return now
      },
      { advance() {} },
    ),
  })
  const from = source()
  const load = scope.cache.cached(async () => from.run())
  await load()
  now = 120
  await load()
  broken = true
  await scope.settle()
  expect(scope.types()).toContain('refresh-error')
  broken = false
  await load()
  await scope.settle()
  expect(from.runs).toBe(2)
})
