import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { asyncMapStore, hangingStore, mapStore } from '@autocache/conformance'
import { describe, expect, test, vi } from 'vitest'
import { gateOf } from '../src/gate.ts'
import { memoryStore, type Store } from '../src/index.ts'
import { sharedBy } from '../src/lane.ts'
import { testScope } from '../src/testing.ts'
import { deferred, eachKind, idle, isEpoch, isPending, steppedStore, wait } from './call-support.ts'

describe.each(eachKind)('single flight over %s', (_name, makeStore) => {
  test('a hundred concurrent callers share one fill', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached(
      async (id: string) => {
        runs += 1
        await idle(1)
        return { id, runs }
      },
      { name: 'load', version: '1' },
    )
    const answers = await Promise.all(Array.from({ length: 100 }, () => load('a')))
    expect(runs).toBe(1)
    expect(answers).toEqual(Array.from({ length: 100 }, () => ({ id: 'a', runs: 1 })))
    await idle()
    expect(await load('a')).toEqual({ id: 'a', runs: 1 })
    expect(runs).toBe(1)
  })

  test('a plain function that returns promises flies once too, from its first call on', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached((id: string) => idle(1).then(() => `${id}${(runs += 1)}`), { name: 'load', version: '1' })
    expect(await Promise.all([load('a'), load('a'), load('b'), load('a')])).toEqual(['a1', 'a1', 'b2', 'a1'])
  })

  test('calls with different arguments fly apart', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const load = cache.cached(async (n: number) => n * 2, { name: 'load', version: '1' })
    expect(await Promise.all([1, 2, 3].map((n) => load(n)))).toEqual([2, 4, 6])
  })

  test('every waiter of a flight that throws gets the very same error', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached(
      async () => {
        runs += 1
        await idle(1)
        throw new RangeError('mine')
      },
      { name: 'load', version: '1' },
    )
    const errors = await Promise.all(Array.from({ length: 20 }, () => load().catch((error: unknown) => error)))
    expect(runs).toBe(1)
    expect(new Set(errors).size).toBe(1)
    expect(errors[0]).toBeInstanceOf(RangeError)
    await expect(load()).rejects.toThrow('mine')
    expect(runs).toBe(2)
  })

  test('nothing of a flight stays behind, whatever it came to', async () => {
    const store = makeStore()
    const { cache } = testScope({ store, ttl: Infinity })
    const load = cache.cached(
      async (n: number) => {
        await idle(1)
        if (n % 3 === 0) throw new Error('third')
        if (n % 3 === 1) return new ReadableStream()
        return n
      },
      { name: 'load', version: '1' },
    )
    await Promise.allSettled(Array.from({ length: 30 }, (_, n) => load(n)))
    await idle()
    for (const lane of sharedBy(store, undefined).lanes.values()) expect(lane.flights.size).toBe(0)
    expect(gateOf(store).writes.size).toBe(0)
  })

  test('a recursive function is stored at every level', async () => {
    const { cache, types } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const sum = cache.cached(
      async (n: number): Promise<number> => {
        runs += 1
        return n === 0 ? 0 : n + (await sum(n - 1))
      },
      { name: 'sum', version: '1' },
    )
    expect(await sum(10)).toBe(55)
    await idle()
    expect(runs).toBe(11)
    for (let n = 0; n <= 10; n++) await sum(n)
    expect(runs).toBe(11)
    expect(types()).not.toContain('unstored')
  })

  test('a function that fills other keys of its own in its first turn is stored', async () => {
    const { cache, types } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const other = cache.cached(async (n: number) => n, { name: 'other', version: '1' })
    const load = cache.cached(
      async (n: number) => {
        runs += 1
        const [one, two] = await Promise.all([other(n), other(n + 1)])
        return one + two
      },
      { name: 'load', version: '1' },
    )
    const warm = load(100)
    expect(await Promise.all([load(1), load(2)])).toEqual([3, 5])
    await warm
    await idle()
    expect(await Promise.all([load(1), load(2)])).toEqual([3, 5])
    expect(runs).toBe(3)
    expect(types()).not.toContain('unstored')
  })
})

test('a recursive function over a sync store is stored at every level while an async one flies', async () => {
  const { cache } = testScope()
  let runs = 0
  const sum = cache.cached((n: number): number => {
    runs += 1
    return n === 0 ? 0 : n + sum(n - 1)
  })
  const slow = cache.cached(async () => idle(2))
  const flying = slow()
  expect(sum(10)).toBe(55)
  expect(sum(9)).toBe(45)
  expect(runs).toBe(11)
  await flying
})

test('over an async store a hundred concurrent callers share one read', async () => {
  const store = hangingStore(asyncMapStore({ holds: 'text' }), { operations: [] })
  const { cache } = testScope({ store, ttl: Infinity })
  const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
  const [get, getMany, set] = [vi.spyOn(store, 'get'), vi.spyOn(store, 'getMany'), vi.spyOn(store, 'set')]
  const reads = () => [...get.mock.calls.flat(), ...getMany.mock.calls.flat(2)].filter((key) => !isEpoch(key))
  const writes = () => set.mock.calls.map(([key]) => key).filter((key) => !isEpoch(key))
  await Promise.all(Array.from({ length: 100 }, () => load(1)))
  await idle()
  expect([reads().length, writes().length]).toEqual([1, 1])
  const before = { ...store.fault.calls }
  await Promise.all(Array.from({ length: 100 }, () => load(1)))
  expect([reads().length, writes().length]).toEqual([2, 1])
  // The entry and its epochs in one round trip.
  expect(store.fault.calls).toEqual({ ...before, getMany: before.getMany + 1 })
})

describe('a flight stays open until its write has settled', () => {
  test('later callers read what was just computed while the write is slow', async () => {
    const store = steppedStore('set')
    const { cache, events } = testScope({ store, ttl: Infinity })
    let runs = 0
    const load = cache.cached(async () => ({ runs: (runs += 1) }), { name: 'load', version: '1' })
    const first = await load()
    await idle()
    const second = await load()
    expect(second).toEqual({ runs: 1 })
    expect(second).not.toBe(first)
    expect(events).toContainEqual(expect.objectContaining({ type: 'join' }))
    store.next('set').acknowledge()
    await idle()
    expect(await load()).toEqual({ runs: 1 })
    expect(runs).toBe(1)
  })

  test('a fill that is not stored keeps nothing open', async () => {
    const store = steppedStore('set')
    const { cache } = testScope({ store, ttl: Infinity })
    let runs = 0
    const load = cache.cached(async () => (runs += 1), { name: 'load', version: '1', cacheIf: () => false })
    expect(await load()).toBe(1)
    expect(await load()).toBe(2)
    expect(store.steps).toEqual([])
  })

  test('a write slower than storeTimeout holds nobody up and is asked for again', async () => {
    const store = steppedStore('set')
    const { cache } = testScope({ store, ttl: Infinity, storeTimeout: 20 })
    let runs = 0
    const load = cache.cached(async () => (runs += 1), { name: 'load', version: '1' })
    expect(await load()).toBe(1)
    await wait(40)
    expect(await load()).toBe(2)
  })

  test('it answers only while its value is fresh', async () => {
    const store = steppedStore('set')
    const { cache, clock } = testScope({ store, ttl: 1000 })
    let runs = 0
    const load = cache.cached(async () => (runs += 1), { name: 'load', version: '1' })
    expect(await load()).toBe(1)
    clock.advance(999)
    expect(await load()).toBe(1)
    clock.advance(1)
    expect(await load()).toBe(2)
  })

  test('a write that fails is forgotten, and the next call fills again', async () => {
    const store = steppedStore('set')
    const { cache } = testScope({ store, ttl: Infinity })
    let runs = 0
    const load = cache.cached(async () => (runs += 1), { name: 'load', version: '1' })
    expect(await load()).toBe(1)
    await idle()
    store.next('set').fail()
    await idle()
    expect(await load()).toBe(2)
  })
})

describe('L1 a hung fill does not block its key', () => {
  test.each(eachKind)('L1 past flightTimeout later callers start their own, over %s', async (_name, makeStore) => {
    const { cache, types } = testScope({ store: makeStore(), ttl: Infinity, flightTimeout: 40 })
    let runs = 0
    const hung = deferred<string>()
    const load = cache.cached(
      async () => {
        runs += 1
        return runs === 1 ? hung.promise : `run ${runs}`
      },
      { name: 'load', version: '1' },
    )
    const first = load()
    await idle()
    const waiter = load()
    // What hangs does so for good: a waiter that it held would never get here.
    expect(await waiter).toBe('run 2')
    expect(types()).toContain('flight-timeout')
    expect(await load()).toBe('run 2')
    hung.resolve('late')
    expect(await first).toBe('late')
    await idle()
    expect(await load()).toBe('run 2')
    expect(runs).toBe(2)
  })

  test('L1 a caller that comes after flightTimeout does not wait at all', async () => {
    const { cache, types } = testScope({ flightTimeout: 20 })
    let runs = 0
    const hung = deferred<number>()
    const load = cache.cached(async () => ((runs += 1) === 1 ? hung.promise : runs))
    const first = load()
    await wait(40)
    expect(await load()).toBe(2)
    expect(types()).not.toContain('join')
    hung.resolve(0)
    await first
  })

  test('L1 many waiters of a hung fill share the next one', async () => {
    const { cache } = testScope({ flightTimeout: 40 })
    let runs = 0
    const hung = deferred<number>()
    const load = cache.cached(async () => {
      runs += 1
      if (runs === 1) return hung.promise
      await idle(2)
      return runs
    })
    const first = load()
    const waiters = Array.from({ length: 50 }, () => load())
    expect(new Set(await Promise.all(waiters))).toEqual(new Set([2]))
    expect(runs).toBe(2)
    hung.resolve(0)
    await first
  })

  test('L1 a hung read does not hold a flight longer than storeTimeout', async () => {
    const store = hangingStore(asyncMapStore({ holds: 'text' }), { operations: ['get'] })
    const { cache, types } = testScope({ store, ttl: Infinity, storeTimeout: 20, flightTimeout: '1h' })
    const load = cache.cached(async () => 1, { name: 'load', version: '1' })
    expect(await Promise.all([load(), load()])).toEqual([1, 1])
    expect(types()).toContain('store-error')
    expect(types()).not.toContain('flight-timeout')
  })
})

describe.each(eachKind)('L1 re-entrance over %s', (_name, makeStore) => {
  /** Fails where a promise takes longer than any machine; a deadlock would last for flightTimeout, which is longer. */
  const soon = async <T>(promise: Promise<T>): Promise<T> => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('deadlock')), 20_000)
    })
    return Promise.race([promise, late]).finally(() => clearTimeout(timer))
  }

  for (const when of ['before', 'after'] as const) {
    test(`L1 a call to the same key from within, ${when} the first await, does not deadlock`, async () => {
      const { cache } = testScope({ store: makeStore(), ttl: Infinity })
      let depth = 0
      const self = cache.cached(
        async (): Promise<string> => {
          if (when === 'after') await idle(1)
          depth += 1
          return depth < 3 ? `(${await self()})` : 'end'
        },
        { name: 'self', version: '1' },
      )
      expect(await soon(self())).toContain('end')
    })

    test(`L1 a ring of two functions, ${when} the first await, does not deadlock`, async () => {
      const { cache } = testScope({ store: makeStore(), ttl: Infinity })
      let depth = 0
      const one = cache.cached(
        async (): Promise<string> => {
          await idle(1)
          depth += 1
          return depth < 3 ? `1${await two()}` : 'end'
        },
        { name: 'one', version: '1' },
      )
      const two = cache.cached(
        async (): Promise<string> => {
          if (when === 'after') await idle(1)
          return `2${await one()}`
        },
        { name: 'two', version: '1' },
      )
      expect(await soon(one())).toContain('end')
    })

    test(`L1 a ring of three functions, ${when} the first await, does not deadlock`, async () => {
      const { cache } = testScope({ store: makeStore(), ttl: Infinity })
      let depth = 0
      const pause = () => (when === 'after' ? idle(1) : undefined)
      const one = cache.cached(
        async (): Promise<string> => {
          await idle(1)
          depth += 1
          return depth < 3 ? `1${await two()}` : 'end'
        },
        { name: 'one', version: '1' },
      )
      const two = cache.cached(
        async (): Promise<string> => {
          await pause()
          return `2${await three()}`
        },
        { name: 'two', version: '1' },
      )
      const three = cache.cached(
        async (): Promise<string> => {
          await pause()
          return `3${(await Promise.all([one(), one()]))[0]}`
        },
        { name: 'three', version: '1' },
      )
      expect(await soon(one())).toContain('end')
    })
  }

  test('L1 a ring through a function over another store does not deadlock', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const other = testScope({ store: memoryStore() })
    let depth = 0
    const one = cache.cached(
      async (): Promise<string> => {
        depth += 1
        return depth < 3 ? `1${await two()}` : 'end'
      },
      { name: 'one', version: '1' },
    )
    const two = other.cache.cached(async (): Promise<string> => `2${await one()}`)
    expect(await soon(one())).toContain('end')
  })

  test('L1 refresh and many from within do not deadlock or fail', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const other = testScope({ store: memoryStore() })
    let depth = 0
    const one = cache.cached(
      async (): Promise<string> => {
        depth += 1
        if (depth === 1) return `r${await one.refresh()}`
        if (depth === 2) return `m${JSON.stringify(await one.many([[]]))}`
        if (depth === 3) return `2${await two()}`
        return 'end'
      },
      { name: 'one', version: '1' },
    )
    const two = other.cache.cached(async (): Promise<string> => `2${await one()}`)
    expect(await soon(one.refresh())).toContain('end')
  })

  test('L1 two flights that wait for each other from the start do not deadlock', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity, flightTimeout: 10_000 })
    let left = 4
    const one = cache.cached(
      async (): Promise<string> => {
        await idle(1)
        return left-- > 0 ? `1${await two()}` : 'end'
      },
      { name: 'one', version: '1' },
    )
    const two = cache.cached(
      async (): Promise<string> => {
        await idle(1)
        return left-- > 0 ? `2${await one()}` : 'end'
      },
      { name: 'two', version: '1' },
    )
    const answers = await soon(Promise.all([one(), two(), one(), two()]))
    for (const answer of answers) expect(answer).toContain('end')
  })
})

test.each([
  ['memory', () => memoryStore()],
  ['sync shared text', () => mapStore({ holds: 'text' })],
])('L1 a sync re-entrant call to the same key runs again and does not deadlock over %s', (_name, makeStore) => {
  const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
  let depth = 0
  const self = cache.cached((): string => ((depth += 1) < 3 ? `(${self()})` : 'end'), { name: 'self', version: '1' })
  expect(self()).toBe('((end))')
})

test('a waiter of a slow flight waits for it and not for its own time-out', async () => {
  const { cache } = testScope({ flightTimeout: '10s' })
  const gate = deferred<number>()
  const load = cache.cached(() => gate.promise)
  const calls = [load(), load()]
  expect(await isPending(calls[1]!)).toBe(true)
  gate.resolve(5)
  expect(await Promise.all(calls)).toEqual([5, 5])
})

test('a function that schedules its own next call keeps no chain of what it computed', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { cache } = testScope({ ttl: 0 })
  const seen: WeakRef<object>[] = []
  const done = deferred()
  const end = deferred()
  const poll = cache.cached(async (n: number) => {
    const value = { n, bulk: new Array(1000).fill(n) }
    seen.push(new WeakRef(value))
    if (n < 60) setImmediate(() => void poll(n + 1))
    else {
      done.resolve()
      await end.promise
    }
    return value
  })
  void poll(0)
  // The last call is still under way.
  await done.promise
  await idle()
  for (let round = 0; round < 3; round++) {
    collect()
    await idle()
  }
  expect(seen.length).toBe(61)
  // A chain would keep all forty; a place on the stack that was not written over yet may keep one.
  expect(seen.slice(0, 40).filter((value) => value.deref()).length).toBeLessThan(5)
  end.resolve()
})
