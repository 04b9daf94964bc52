import { asyncMapStore, hangingStore, mapStore } from '@autocache/conformance'
import { describe, expect, test, vi } from 'vitest'
import { createCodec } from '../src/codec.ts'
import { gateOf } from '../src/gate.ts'
import { createAutocache, memoryStore, type Store, UnstorableValueError } from '../src/index.ts'
import { sharedBy } from '../src/lane.ts'
import { type TestScope, testClock, testScope } from '../src/testing.ts'
import { copying, eachKind, idle, isPending, kinds, steppedStore } from './call-support.ts'

describe.each(eachKind)('errors over %s', (_name, makeStore) => {
  test('a thrown error reaches the caller unchanged, and nothing is stored', async () => {
    const { cache, types } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    const error = Object.assign(new TypeError('mine'), { code: 'E_MINE' })
    let runs = 0
    const plain = cache.cached(
      () => {
        runs += 1
        throw error
      },
      { name: 'plain', version: '1' },
    )
    const later = cache.cached(
      async () => {
        runs += 1
        throw error
      },
      { name: 'later', version: '1' },
    )
    for (let round = 0; round < 2; round++) {
      await expect((async () => plain())()).rejects.toBe(error)
      await expect((async () => later())()).rejects.toBe(error)
      await idle()
    }
    expect(runs).toBe(4)
    expect(types()).not.toContain('write')
    expect(types().filter((type) => type === 'fill-error').length).toBe(4)
  })

  test('an async function that throws before its first await rejects', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const load = cache.cached(
      async (id: string) => {
        if (!id) throw new Error('at once')
        return id
      },
      { name: 'load', version: '1' },
    )
    const answer = load('')
    expect(answer).toBeInstanceOf(Promise)
    await expect(answer).rejects.toThrow('at once')
  })

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['0', 0],
    ['an empty text', ''],
    ['false', false],
  ])('%s can be thrown and kept', async (_what, thrown) => {
    for (const errorTtl of [0, Infinity]) {
      const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity, errorTtl })
      let runs = 0
      const plain = cache.cached(
        (): number => {
          runs += 1
          throw thrown
        },
        { name: 'plain', version: '1' },
      )
      const later = cache.cached(async () => plain.original(), { name: 'later', version: '1' })
      const answers: unknown[] = []
      for (let round = 0; round < 2; round++) {
        for (const fn of [plain, later]) {
          try {
            await fn()
            answers.push('returned')
          } catch (error) {
            answers.push(error)
          }
          await idle()
        }
      }
      expect(answers).toEqual([thrown, thrown, thrown, thrown])
      expect(runs).toBe(errorTtl ? 2 : 4)
    }
  })

  test('`errorTtl` keeps an error, under the current options, and then the function runs again', async () => {
    const store = makeStore()
    const clock = testClock()
    let runs = 0
    const fail = async () => {
      runs += 1
      throw new RangeError(`run ${runs}`)
    }
    const define = (errorTtl: number) =>
      testScope({ store, clock, ttl: Infinity, errorTtl }).cache.cached(fail, { name: 'fail', version: '1' })
    const minute = define(60_000)
    await expect(minute()).rejects.toThrow('run 1')
    await idle()
    clock.advance(59_999)
    const kept = await minute().catch((error: unknown) => error)
    expect(kept).toBeInstanceOf(RangeError)
    expect(kept).toMatchObject({ message: 'run 1' })
    expect(await minute.peek()).toMatchObject({ state: 'fresh', outcome: 'error' })
    const second = define(1000)
    await expect(second()).rejects.toThrow('run 2')
    await idle()
    clock.advance(1000)
    await expect(second()).rejects.toThrow('run 3')
    await idle()
    const never = define(0)
    await expect(never()).rejects.toThrow('run 4')
  })

  test('an error that cannot be stored reaches the caller as it is', async () => {
    class Refused extends Error {
      readonly callback = () => {}
    }
    const { cache } = testScope({ store: makeStore(), ttl: Infinity, errorTtl: Infinity, strict: true })
    const load = cache.cached(
      async () => {
        throw new Refused('refused')
      },
      { name: 'load', version: '1' },
    )
    for (let call = 0; call < 2; call++) {
      await expect(load()).rejects.toBeInstanceOf(Refused)
      await idle()
    }
  })
})

describe.each(eachKind)('time over %s', (_name, makeStore) => {
  test('an entry is fresh for its ttl and not a millisecond longer', async () => {
    const { cache, clock } = testScope({ store: makeStore(), ttl: '1m' })
    let runs = 0
    const load = cache.cached(async () => (runs += 1), { name: 'load', version: '1' })
    await load()
    await idle()
    clock.advance(59_999)
    expect(await load()).toBe(1)
    clock.advance(1)
    expect(await load()).toBe(2)
  })

  test('R07 shortening the ttl takes effect on old entries, and lengthening too', async () => {
    const store = makeStore()
    const clock = testClock()
    let runs = 0
    const load = async () => (runs += 1)
    const define = (ttl: number) => testScope({ store, clock, ttl }).cache.cached(load, { name: 'load', version: '1' })
    const hour = define(3_600_000)
    expect(await hour()).toBe(1)
    await idle()
    clock.advance(60_000)
    expect(await hour()).toBe(1)
    expect(await define(60_000)()).toBe(2)
    await idle()
    clock.advance(59_000)
    expect(await define(60_000)()).toBe(2)
    expect(await define(120_000)()).toBe(2)
  })

  test('R07 a ttl function is asked again at every read', async () => {
    const { cache, clock } = testScope({ store: makeStore() })
    let lasts = 10_000
    let runs = 0
    const load = cache.cached(async (n: number) => n + (runs += 1), {
      name: 'load',
      version: '1',
      ttl: (value, n) => (value === n + 1 ? lasts : 0),
    })
    expect(await load(5)).toBe(6)
    await idle()
    clock.advance(5000)
    expect(await load(5)).toBe(6)
    lasts = 5000
    expect(await load(5)).toBe(7)
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('ttl')
      },
    ],
    ['returns NaN', () => Number.NaN],
    ['returns a negative number', () => -1],
    ['returns no duration', () => 'soon' as never],
    ['returns undefined', () => undefined as never],
    ['returns a promise that rejects', () => Promise.reject(new Error('ttl')) as never],
  ])('where a ttl function %s the value is returned, not stored, and reported', async (_what, ttl) => {
    const { cache, events } = testScope({ store: makeStore() })
    let runs = 0
    const load = cache.cached(async () => (runs += 1), { name: 'load', version: '1', ttl })
    expect(await load()).toBe(1)
    await idle()
    expect(await load()).toBe(2)
    expect(events).toContainEqual(expect.objectContaining({ type: 'unstored', reason: 'option-failed' }))
    expect(events.filter(({ type }) => type === 'write')).toEqual([])
  })

  test('where a ttl function fails for an entry that is stored the function runs', async () => {
    const { cache } = testScope({ store: makeStore() })
    let broken = false
    let runs = 0
    const load = cache.cached(async () => (runs += 1), {
      name: 'load',
      version: '1',
      ttl: () => {
        if (broken) throw new Error('ttl')
        return Infinity
      },
    })
    expect(await load()).toBe(1)
    await idle()
    broken = true
    expect(await load()).toBe(2)
  })

  test('a ttl of 0 keeps nothing, and concurrent callers share one run all the same', async () => {
    const { cache, types } = testScope({ store: makeStore(), ttl: 0 })
    let runs = 0
    const load = cache.cached(
      async () => {
        await idle(1)
        return (runs += 1)
      },
      { name: 'load', version: '1' },
    )
    expect(await Promise.all([load(), load()])).toEqual([1, 1])
    expect(await load()).toBe(2)
    expect(types()).not.toContain('write')
  })

  test('a fill that takes longer than the ttl is not stored', async () => {
    const { cache, clock, types } = testScope({ store: makeStore(), ttl: 1000 })
    let runs = 0
    const load = cache.cached(
      async () => {
        clock.advance(1000)
        return (runs += 1)
      },
      { name: 'load', version: '1' },
    )
    expect(await load()).toBe(1)
    await idle()
    expect(await load()).toBe(2)
    expect(types()).not.toContain('write')
  })

  test('an entry is as old as the beginning of its fill', async () => {
    const { cache, clock } = testScope({ store: makeStore(), ttl: 1000 })
    let runs = 0
    const load = cache.cached(
      async () => {
        if (runs === 0) clock.advance(900)
        return (runs += 1)
      },
      { name: 'load', version: '1' },
    )
    await load()
    await idle()
    clock.advance(99)
    expect(await load()).toBe(1)
    clock.advance(1)
    expect(await load()).toBe(2)
  })

  test('a clock that goes back does not keep an entry beyond its ttl from then', async () => {
    // Ahead of the machine's clock, by which the map stores drop what has expired.
    const clock = testClock(Date.now() + 1e9)
    const { cache } = testScope({ store: makeStore(), ttl: 1000, clock })
    let runs = 0
    const load = cache.cached(async () => (runs += 1), { name: 'load', version: '1' })
    await load()
    await idle()
    clock.advance(-500)
    expect(await load()).toBe(1)
    clock.advance(-500)
    expect(await load()).toBe(2)
    await idle()
    expect(await load()).toBe(2)
    clock.advance(1_000_000)
    expect(await load()).toBe(3)
  })
})

describe.each(eachKind)('what is kept over %s', (_name, makeStore) => {
  test('`cacheIf` decides by value and arguments', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached(
      async (n: number) => {
        runs += 1
        return n
      },
      { name: 'load', version: '1', cacheIf: (value, n) => value === n && n > 1 },
    )
    for (let round = 0; round < 2; round++) {
      for (const n of [1, 2]) {
        expect(await load(n)).toBe(n)
        await idle()
      }
    }
    expect(runs).toBe(3)
  })

  test('where `cacheIf` throws the value is returned, not stored, and reported', async () => {
    const { cache, events } = testScope({ store: makeStore(), ttl: Infinity })
    const failure = new Error('cacheIf')
    const load = cache.cached(async () => 1, {
      name: 'load',
      version: '1',
      cacheIf: () => {
        throw failure
      },
    })
    expect(await Promise.all([load(), load()])).toEqual([1, 1])
    await idle()
    expect(await load.peek()).toEqual({ state: 'miss' })
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'unstored', reason: 'option-failed', error: failure }),
    )
  })

  test('an async `cacheIf` is no verdict: not stored, reported, and its rejection is nobody’s', async () => {
    for (const cacheIf of [async () => true, async () => Promise.reject(new Error('cacheIf'))]) {
      const { cache, events } = testScope({ store: makeStore(), ttl: Infinity })
      const load = cache.cached(async () => 1, { name: 'load', version: '1', cacheIf: cacheIf as never })
      expect(await load()).toBe(1)
      await idle()
      expect(await load.peek()).toEqual({ state: 'miss' })
      expect(events).toContainEqual(expect.objectContaining({ type: 'unstored', reason: 'option-failed' }))
    }
  })
})

describe.each(copying)('strict over %s', (name) => {
  const makeStore = kinds[name]!

  test('what cannot be stored faithfully is returned with an event that names the path', async () => {
    const { cache, events } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    const load = cache.cached(async () => ({ rows: [{ open: () => 1 }] }), { name: 'load', version: '1' })
    expect((await load()).rows[0]!.open()).toBe(1)
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'unstored', reason: 'unfaithful', path: 'value.rows[0].open' }),
    )
  })

  test('with `strict` it is an error for every waiter', async () => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity, strict: true })
    const load = cache.cached(async () => ({ rows: [{ open: () => 1 }] }), { name: 'load', version: '1' })
    for (const settled of await Promise.allSettled([load(), load()])) {
      expect(settled).toMatchObject({
        status: 'rejected',
        reason: { code: 'UNSTORABLE_VALUE', path: 'value.rows[0].open' },
      })
      expect((settled as PromiseRejectedResult).reason).toBeInstanceOf(UnstorableValueError)
    }
  })

  test('with `strict` a stream is an error as well', async () => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity, strict: true })
    const load = cache.cached(async () => new ReadableStream(), { name: 'load', version: '1' })
    await expect(load()).rejects.toMatchObject({ code: 'UNSTORABLE_VALUE' })
  })

  test('with `strict` what is not to be kept is returned', async () => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity, strict: true, cacheIf: () => false })
    const load = cache.cached(async () => ({ open: () => 1 }), { name: 'load', version: '1' })
    expect((await load()).open()).toBe(1)
  })

  test('R07 an entry of another codec is a miss', async () => {
    const store = makeStore()
    class Money {
      readonly cents: number
      constructor(cents: number) {
        this.cents = cents
      }
    }
    const types = [
      {
        name: 'Money',
        class: Money,
        encode: (money: Money) => money.cents,
        decode: (cents: unknown) => new Money(cents as number),
      },
    ]
    const load = async () => ({ n: (runs += 1) })
    let runs = 0
    const define = (codec?: ReturnType<typeof createCodec>) => {
      const scope = testScope<Store>({ store, ttl: Infinity, ...(codec && { codec }) })
      return { ...scope, load: scope.cache.cached(load, { name: 'load', version: '1' }) }
    }
    const plain = define()
    const typed = define(createCodec(types))
    expect(await plain.load()).toEqual({ n: 1 })
    await idle()
    expect(await typed.load()).toEqual({ n: 2 })
    expect(typed.events).toContainEqual(expect.objectContaining({ type: 'unreadable-entry' }))
    await idle()
    expect(await plain.load()).toEqual({ n: 3 })
  })
})

test('with `strict` and `clone` a reference that cannot be copied is an error', () => {
  const { cache } = testScope({ clone: true, strict: true })
  const load = cache.cached(() => ({ open: () => 1 }))
  expect(() => load()).toThrow(UnstorableValueError)
})

describe('keys', () => {
  test('in process arguments stand in clear, over a shared store they are digested', () => {
    const process = testScope().cache.cached((name: string) => name)
    expect(process.keyOf('ann').endsWith(':"ann"')).toBe(true)
    const shared = testScope({ store: mapStore({ holds: 'text' }), ttl: 1 }).cache.cached((name: string) => name, {
      name: 'load',
      version: '1',
    })
    expect(shared.keyOf('ann')).toMatch(/^test:load:x-1:~[\w-]{43}$/)
  })

  test('`keys` decides otherwise', async () => {
    const readable = testScope({ store: asyncMapStore({ holds: 'text' }), ttl: Infinity, keys: 'readable' })
    const load = readable.cache.cached(async (name: string) => name, { name: 'load', version: '1' })
    expect(load.keyOf('ann')).toBe('test:load:x-1:"ann"')
    await load('ann')
    await idle()
    await load('ann')
    expect(readable.events.map((event) => 'key' in event && event.key).filter(Boolean)).toEqual([])
    expect(readable.types()).toContain('hit')

    const digested = testScope({ keys: 'digest' })
    const twice = digested.cache.cached((name: string) => name + name)
    expect(twice.keyOf('ann')).toMatch(/:~[\w-]{43}$/)
    expect([twice('ann'), twice('ann')]).toEqual(['annann', 'annann'])
    expect(digested.events.at(-1)).toMatchObject({ type: 'hit', key: twice.keyOf('ann') })
  })

  test('a readable key that does not fit is digested', () => {
    const { cache } = testScope({ store: mapStore({ holds: 'text' }), ttl: 1, keys: 'readable' })
    const load = cache.cached((name: string) => name, { name: 'load', version: '1' })
    expect(load.keyOf('a'.repeat(300))).toMatch(/^test:load:x-1:~[\w-]{43}$/)
    expect(load.keyOf('a'.repeat(300))).not.toBe(load.keyOf('a'.repeat(301)))
  })
})

describe('what reaches the store', () => {
  test('`setOptions` and the instant of expiry', async () => {
    const store = steppedStore()
    const { cache, clock } = testScope({ store, ttl: '1m', setOptions: { priority: 1 } })
    const minute = cache.cached(async () => 1, { name: 'minute', version: '1', setOptions: { priority: 2 } })
    const ever = cache.cached(async () => 1, { name: 'ever', version: '1', ttl: Infinity })
    await minute()
    await ever()
    await minute.prime([], Promise.resolve(2))
    const at = clock() + 60_000
    expect(store.contexts.map((context) => context?.setOptions)).toEqual([
      { priority: 2 },
      { priority: 1 },
      { priority: 2 },
    ])
    expect(store.contexts[0]!.expiresAt).toBe(at)
    expect(store.contexts[1]!.expiresAt).toBeUndefined()
    expect(store.contexts[2]!.expiresAt).toBeGreaterThanOrEqual(at)
  })

  test('an error is written with the expiry of `errorTtl`', async () => {
    const store = steppedStore()
    const { cache, clock, settle } = testScope({ store, ttl: Infinity, errorTtl: 5000 })
    const load = cache.cached(
      async () => {
        throw new Error('down')
      },
      { name: 'load', version: '1' },
    )
    await load().catch(() => {})
    await settle()
    expect(store.contexts.map((context) => context?.expiresAt)).toEqual([clock() + 5000])
  })
})

describe('writes that outlive the call', () => {
  test('`waitUntil` receives each of them and ends with it', async () => {
    const store = steppedStore('set')
    const work: Promise<unknown>[] = []
    const { cache } = testScope({ store, ttl: Infinity, waitUntil: (promise) => void work.push(promise) })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    expect(await Promise.all([load(1), load(1), load(2)])).toEqual([1, 1, 2])
    expect(work.length).toBe(2)
    expect(await isPending(work[0]!)).toBe(true)
    store.next('set').acknowledge()
    store.next('set').fail()
    await Promise.all(work)
  })

  test('a `waitUntil` that throws or rejects is reported and harms nothing', async () => {
    for (const waitUntil of [
      () => {
        throw new Error('waitUntil')
      },
      async () => {
        throw new Error('waitUntil')
      },
    ]) {
      const { cache, events } = testScope({ store: asyncMapStore({ holds: 'text' }), ttl: Infinity, waitUntil })
      const load = cache.cached(async () => 1, { name: 'load', version: '1' })
      expect(await load()).toBe(1)
      await idle()
      expect(await load()).toBe(1)
      expect(events.map(({ type }) => type)).toContain('hit')
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'listener-error', error: expect.objectContaining({ message: 'waitUntil' }) }),
      )
    }
  })

  test('`close` waits for the writes under way', async () => {
    const store = steppedStore('set')
    const { cache } = testScope({ store, ttl: Infinity })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    await Promise.all([load(1), load(2)])
    const closed = cache.close()
    expect(await isPending(closed)).toBe(true)
    store.next('set').acknowledge()
    expect(await isPending(closed)).toBe(true)
    store.next('set').fail()
    await closed
    await testScope().cache.close()
  })

  test('a write that cannot keep up with is not started: at most ten thousand are under way', async () => {
    const store = steppedStore('set')
    const { cache, events } = testScope({ store, ttl: Infinity, storeTimeout: Infinity })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    for (let n = 0; n < 10_100; n += 100) await Promise.all(Array.from({ length: 100 }, (_, at) => load(n + at)))
    expect(store.steps.length).toBe(10_000)
    expect(events.filter((event) => event.type === 'unstored' && event.reason === 'backlog').length).toBe(100)
  })

  test('neither are more than ten thousand kept that wait for their epochs', async () => {
    const rows = asyncMapStore({ holds: 'text' })
    let hangs = false
    const answer = <T>(run: () => Promise<T>) => (hangs ? new Promise<T>(() => {}) : run())
    const store: typeof rows = {
      ...rows,
      set: (...args) => answer(() => rows.set(...args)),
      setMany: (...args) => answer(() => rows.setMany(...args)),
    }
    const { cache, events } = testScope({ store, ttl: Infinity, storeTimeout: Infinity })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    await load(-1)
    await idle()
    hangs = true
    for (let n = 0; n < 10_100; n += 100) await Promise.all(Array.from({ length: 100 }, (_, at) => load(n + at)))
    expect(events.filter((event) => event.type === 'unstored' && event.reason === 'backlog').length).toBe(100)
  })
})

test('`enabled: false` sends every call through and stores nothing', async () => {
  const store = asyncMapStore({ holds: 'text' })
  const set = vi.spyOn(store, 'set')
  const { cache, events } = testScope({ store, enabled: false })
  let runs = 0
  const load = cache.cached((n: number) => n + (runs += 1), { name: 'load', version: '1', ttl: Infinity })
  const answers = [load(1), load(1)]
  for (const answer of answers) expect(answer).toBeInstanceOf(Promise)
  expect(await Promise.all(answers)).toEqual([2, 3])
  expect(await load.refresh(1)).toBe(4)
  expect(await load.many([[1], [2]])).toEqual([
    { status: 'fulfilled', value: 5 },
    { status: 'fulfilled', value: 7 },
  ])
  await load.prime([1], 5)
  expect(await load.peek(1)).toEqual({ state: 'miss' })
  expect(set).not.toHaveBeenCalled()
  expect(events.map(({ type }) => type)).not.toContain('hit')
})

test('L7 `cached` inside a handler, ten thousand times, adds up under one label and grows nothing per call', async () => {
  for (const [name, makeStore] of Object.entries(kinds)) {
    const store = makeStore()
    const { cache } = testScope<Store>({ store, ttl: Infinity })
    let runs = 0
    const handler = (n: number) => {
      const load = cache.cached(
        (m: number) => {
          runs += 1
          return m
        },
        { name: 'load', version: '1' },
      )
      return load(n)
    }
    for (let n = 0; n < 10_000; n++) {
      const answer = handler(n % 3)
      if (answer instanceof Promise) await answer
    }
    await idle()
    expect(runs, name).toBe(3)
    const { functions, total } = cache.stats()
    expect(Object.keys(functions), name).toEqual(['load'])
    expect(total['duplicate-definition'], name).toBe(1)
    expect(sharedBy(store, undefined).lanes.size, name).toBe(1)
    expect(gateOf(store).writes.size, name).toBe(0)
  }
}, 60_000)

test('L7 without a version they stay within the bound of the memory store', async () => {
  const store = memoryStore({ max: 100 })
  const { cache } = testScope({ store })
  for (let n = 0; n < 10_000; n++) {
    const load = cache.cached((m: number) => ({ m }), { name: 'load' })
    expect(load(n)).toBe(load(n))
  }
  expect(store.size).toBeLessThanOrEqual(100)
  expect(sharedBy(store, undefined).lanes.size).toBe(0)
  expect(Object.keys(cache.stats().functions)).toEqual(['load'])
})

test('L7 an entry that ten thousand definitions have answered from does not remember them', () => {
  const store = memoryStore()
  const cache = createAutocache({ store })
  let key = ''
  for (let n = 0; n < 10_000; n++) {
    const load = cache.cached((m: number) => m, { name: 'load', version: '1' })
    for (let call = 0; call < 3; call++) load(1)
    key = load.keyOf(1)
  }
  expect(cache.stats().total).toMatchObject({ fill: 1, hit: 29_999 })
  const slot = store.scope('').slot(key)
  expect(slot!.indexes?.length ?? 0).toBeLessThan(100)
})

test.each([1e300, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Infinity])(
  'a ttl of %s stores without an expiry',
  async (ttl) => {
    const store = steppedStore()
    const { cache } = testScope({ store, ttl })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    await load(1)
    await idle()
    await load.prime([2], 2)
    expect(store.contexts.map((context) => context?.expiresAt)).toEqual([undefined, undefined])
    expect(await load.peek(1)).toMatchObject({ value: 1 })
  },
)

describe('L4 over a store whose writes hang', () => {
  /** Under timers of its own from the start. */
  async function under(store: Store, then: (scope: TestScope<Store>, work: Promise<unknown>[]) => Promise<void>) {
    vi.resetModules()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { testScope } = await import('../src/testing.ts')
      const work: Promise<unknown>[] = []
      await then(testScope({ store, ttl: Infinity, waitUntil: (one) => void work.push(one) }), work)
    } finally {
      vi.useRealTimers()
      vi.resetModules()
    }
  }

  test('L4 close() and what `waitUntil` receives end, where those of entries hang', () =>
    under(steppedStore('set'), async ({ cache }, work) => {
      const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
      expect(await load(1)).toBe(1)
      await idle()
      const ends: Promise<unknown>[] = [cache.close(), ...work]
      expect(ends.length).toBe(2)
      await vi.advanceTimersByTimeAsync(4000)
      for (const end of ends) expect(await isPending(end)).toBe(true)
      await vi.advanceTimersByTimeAsync(2000)
      for (const end of ends) expect(await isPending(end)).toBe(false)
      await expect(Promise.all(ends)).resolves.toBeDefined()
    }))

  test('L4 a call waits no longer than `storeTimeout` and close() ends, where all of them hang', () =>
    under(hangingStore(asyncMapStore({ holds: 'text' }), { operations: ['set'] }), async ({ cache, types }, work) => {
      const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
      const call = load(1)
      await vi.advanceTimersByTimeAsync(300)
      expect(await isPending(call)).toBe(false)
      expect(await call).toBe(1)
      expect(types()).not.toContain('write')
      const ends: Promise<unknown>[] = [cache.close(), ...work]
      await vi.advanceTimersByTimeAsync(6000)
      for (const end of ends) expect(await isPending(end)).toBe(false)
      await expect(Promise.all(ends)).resolves.toBeDefined()
    }))
})

describe('an option that promises where a value is asked', () => {
  const rejects = () => Promise.reject(new Error('later'))
  test.each<[string, object, string]>([
    ['key', { key: rejects }, 'UNKEYABLE_VALUE'],
    ['partition', { partition: rejects }, 'UNKEYABLE_VALUE'],
    ['deps', { deps: () => [rejects()] }, 'UNKEYABLE_VALUE'],
    ['deps as a whole', { deps: rejects }, 'INVALID_OPTION'],
  ])('%s is refused, and no rejection is left to nobody', async (_, options, code) => {
    const unhandled: unknown[] = []
    const listen = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', listen)
    try {
      for (const [name, makeStore] of eachKind) {
        const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
        const fn = vi.fn((id: string) => id)
        const load = cache.cached((id: string) => fn(id), { name: `load ${name}`, version: '1', ...options })
        await expect((async () => load('a'))()).rejects.toMatchObject({ code })
        await expect((async () => load.peek('a'))()).rejects.toMatchObject({ code })
        expect(fn).not.toHaveBeenCalled()
      }
      await idle()
      expect(unhandled).toEqual([])
    } finally {
      process.off('unhandledRejection', listen)
    }
  })
})
