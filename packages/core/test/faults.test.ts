import { MessageChannel } from 'node:worker_threads'
import {
  asyncMapStore,
  corruptingStore,
  type FaultStore,
  hangingStore,
  keyFoldingStore,
  lossyStore,
  mapStore,
  reorderingStore,
  slowStore,
  throwingStore,
} from '@autocache/conformance'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { gateOf } from '../src/gate.ts'
import type { Store } from '../src/index.ts'
import { testScope } from '../src/testing.ts'
import { eachKind, idle, kinds } from './call-support.ts'

const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)
beforeAll(() => void process.on('unhandledRejection', note))
afterAll(async () => {
  await idle()
  process.off('unhandledRejection', note)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await idle()
  expect(unhandled).toEqual([])
})

const storeKinds: [string, () => Store][] = [
  ['a sync store of references', () => mapStore()],
  ['a sync text store', () => mapStore({ holds: 'text' })],
  ['an async text store', () => asyncMapStore({ holds: 'text' })],
  ['an async bytes store', () => asyncMapStore({ holds: 'bytes' })],
  ['an async store of references', () => asyncMapStore({ holds: 'references' })],
]

const faulty: [string, (store: Store) => FaultStore<Store>][] = [
  ['throws on every operation', (store) => throwingStore(store)],
  ['throws on get', (store) => throwingStore(store, { operations: ['get', 'getMany'] })],
  ['throws on set', (store) => throwingStore(store, { operations: ['set', 'setMany'] })],
  ['throws undefined', (store) => throwingStore(store, { makeError: () => undefined })],
  ['loses every write', (store) => lossyStore(store, { probability: 1, operations: ['set'] })],
  [
    'loses half of everything',
    (store) => lossyStore(store, { probability: 0.5, operations: ['get', 'set', 'delete'] }),
  ],
  ['truncates', (store) => corruptingStore(store, { damage: 'truncate' })],
  ['flips bits', (store) => corruptingStore(store, { damage: 'flip' })],
  ['swaps entries', (store) => corruptingStore(store, { damage: 'swap' })],
  ['answers with rubbish', (store) => corruptingStore(store, { damage: 'rubbish' })],
  ['folds case', (store) => keyFoldingStore(store)],
  ['truncates keys', (store) => keyFoldingStore(store, (key) => key.slice(0, 16))],
  ['gives every key one place', (store) => keyFoldingStore(store, () => 'one')],
  ['reorders writes', (store) => reorderingStore(store, { reorders: 'writes' })],
]

describe.each(storeKinds)('over %s that', (_kind, makeStore) => {
  test.each(faulty)('%s a call answers what the function answers', async (fault, spoil) => {
    const store = spoil(makeStore())
    const { cache } = testScope<Store>({ store, ttl: Infinity, keys: 'readable', errorTtl: Infinity })
    const truth = (name: string, n: number) => ({ name, n, list: [n, name] })
    const plain = cache.cached(truth, { name: 'plain', version: '1' })
    const later = cache.cached(async (name: string, n: number) => truth(name, n), { name: 'later', version: '1' })
    const fails = cache.cached(
      async (name: string): Promise<string> => {
        throw new RangeError(name)
      },
      { name: 'fails', version: '1' },
    )
    for (let round = 0; round < 6; round++) {
      for (const name of ['a', 'A', 'aa', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaab']) {
        expect(await plain(name, round % 2)).toEqual(truth(name, round % 2))
        expect(await Promise.all([later(name, 1), later(name, 1), later(name, 2)])).toEqual([
          truth(name, 1),
          truth(name, 1),
          truth(name, 2),
        ])
        await expect(fails(name)).rejects.toMatchObject({ name: 'RangeError', message: name })
        await idle(1)
      }
    }
    for (const settled of await later.many([
      ['a', 1],
      ['A', 1],
      ['a', 1],
      ['b', 3],
    ])) {
      expect(settled).toMatchObject({ status: 'fulfilled' })
    }
    expect(
      (
        await later.many([
          ['a', 1],
          ['A', 1],
        ])
      ).map((one) => one.status === 'fulfilled' && one.value),
    ).toEqual([truth('a', 1), truth('A', 1)])
    const look = async () => {
      const [peeked, explained] = [await later.peek('A', 1), await later.explain('A', 1)]
      if (peeked.state !== 'miss') expect(peeked).toMatchObject({ state: 'fresh', value: truth('A', 1) })
      return [peeked.state, explained.state]
    }
    const [peeked, explained] = await look()
    // Where it is chance what a read brings, the next may bring something else, and never more than there is.
    if (fault === 'flips bits') expect(['fresh', 'miss']).toContain(explained)
    else expect(explained).toBe(peeked)
    store.fault.on = false
    const [whole, told] = await look()
    expect(told).toBe(whole)
    store.fault.on = true
    expect(await later.refresh('A', 1)).toEqual(truth('A', 1))
    // These two may say that they failed, and in no other way.
    for (const run of [() => later.invalidate('A', 1), () => later.prime(['A', 1], Promise.resolve(truth('A', 1)))]) {
      try {
        await run()
      } catch (error) {
        expect(error).toMatchObject({ code: 'STORE_FAILED' })
      }
    }
    expect(await later('A', 1)).toEqual(truth('A', 1))
    await cache.close()
  })
})

describe('R09 an entry of another key is a miss', () => {
  test.each(storeKinds)('R09 over %s that folds case', async (_kind, makeStore) => {
    const { cache, events } = testScope<Store>({ store: keyFoldingStore(makeStore()), ttl: Infinity, keys: 'readable' })
    const load = cache.cached(async (name: string) => `value of ${name}`, { name: 'load', version: '1' })
    expect(await load('ann')).toBe('value of ann')
    await idle()
    expect(await load('ANN')).toBe('value of ANN')
    expect(events).toContainEqual(expect.objectContaining({ type: 'unreadable-entry' }))
    expect(events).toContainEqual(expect.objectContaining({ type: 'miss', reason: 'unreadable' }))
    await idle()
    expect(await load('ANN')).toBe('value of ANN')
    expect(events.at(-1)).toMatchObject({ type: 'hit' })
  })

  test.each(storeKinds)('R09 over %s whose batches are out of order', async (_kind, makeStore) => {
    const inner = makeStore()
    const getMany = (keys: readonly string[]) => {
      const answer = inner.getMany!(keys) as unknown[] | Promise<unknown[]>
      return answer instanceof Promise ? answer.then((list) => [...list].reverse()) : [...answer].reverse()
    }
    const store = { ...inner, getMany } as unknown as Store
    const { cache } = testScope<Store>({ store, ttl: Infinity })
    const load = cache.cached(async (n: number) => n * 10, { name: 'load', version: '1' })
    await Promise.all([load(1), load(2), load(3)])
    await idle()
    expect((await load.many([[1], [2], [3]])).map((one) => one.status === 'fulfilled' && one.value)).toEqual([
      10, 20, 30,
    ])
  })
})

describe('a store that answers with rubbish', () => {
  const thrower = () => {
    throw new Error('getter')
  }
  const trap = new Proxy({}, { get: thrower, has: thrower, ownKeys: thrower, getPrototypeOf: thrower })
  const withGetter = (name: string, rest: object = {}) =>
    Object.defineProperty({ ...rest }, name, { get: thrower, enumerable: true })
  const envelope = (key: string) => ({
    format: 1,
    key,
    createdAt: Date.now(),
    codec: 'reference',
    outcome: 'value',
    promised: true,
    body: 'rubbish',
  })
  const rubbish: [string, (key: string) => unknown][] = [
    ['null', () => null],
    ['a number', () => 7],
    ['NaN', () => Number.NaN],
    ['a bigint', () => 7n],
    ['true', () => true],
    ['a symbol', () => Symbol('s')],
    ['an empty text', () => ''],
    ['text', () => 'rubbish'],
    ['a marker alone', () => 'a1.'],
    ['a huge text', () => 'x'.repeat(5_000_000)],
    ['a huge text with a marker', () => `a1.${'x'.repeat(5_000_000)}`],
    ['a text object', () => Object('a1.')],
    ['an empty object', () => ({})],
    ['an array', () => []],
    ['a function', () => () => 1],
    ['a class', () => class {}],
    ['a Date', () => new Date()],
    ['bytes', () => new Uint8Array([0xff, 0xfe])],
    ['no bytes', () => new Uint8Array()],
    ['a view of another kind', () => new DataView(new ArrayBuffer(3))],
    ['floats', () => new Float64Array([1])],
    ['a node buffer', () => Buffer.from('rubbish')],
    [
      'a detached buffer',
      () => {
        const bytes = new Uint8Array(8)
        structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
        return bytes
      },
    ],
    ['a proxy whose traps throw', () => trap],
    [
      'a revoked proxy',
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {})
        revoke()
        return proxy
      },
    ],
    ['an object whose format throws', () => withGetter('format')],
    ['an object whose key throws', () => withGetter('key', { format: 1 })],
    ['an object whose codec throws', (key) => withGetter('codec', { format: 1, key })],
    ['an entry whose createdAt throws', (key) => withGetter('createdAt', { ...envelope(key), createdAt: undefined })],
    ['an entry whose outcome throws', (key) => withGetter('outcome', { ...envelope(key), outcome: undefined })],
    ['an entry whose body throws', (key) => withGetter('body', { ...envelope(key), body: undefined })],
    ['an object whose then throws', () => withGetter('then')],
    ['an entry without body', (key) => ({ format: 1, key })],
    ['an entry of a later format', (key) => ({ ...envelope(key), format: 2 })],
    ['an entry whose format is text', (key) => ({ ...envelope(key), format: '1' })],
    ['an entry of another key', (key) => ({ ...envelope(key), key: `${key}x` })],
    ['an entry of another codec', (key) => ({ ...envelope(key), codec: 'devalue1' })],
    ['an entry without an instant', (key) => ({ ...envelope(key), createdAt: undefined })],
    ['an entry of no instant', (key) => ({ ...envelope(key), createdAt: Number.NaN })],
    ['an entry whose instant is text', (key) => ({ ...envelope(key), createdAt: '0' })],
    ['an entry of no outcome', (key) => ({ ...envelope(key), outcome: 'other' })],
    ['an entry of no kind of answer', (key) => ({ ...envelope(key), promised: 'yes' })],
  ]

  const forms: [string, Partial<Store>, boolean][] = [
    ['sync references', { lifetime: 'process', holds: 'references' }, false],
    ['sync text', { lifetime: 'shared', holds: 'text' }, false],
    ['sync bytes', { lifetime: 'shared', holds: 'bytes' }, false],
    ['async references', { lifetime: 'process', holds: 'references' }, true],
    ['async text', { lifetime: 'shared', holds: 'text' }, true],
    ['async bytes', { lifetime: 'shared', holds: 'bytes' }, true],
  ]

  describe.each(forms)('%s', (_form, traits, asynchronous) => {
    test.each(rubbish)('%s: the function answers, and an event says so', async (what, make) => {
      const store = {
        ...traits,
        get: asynchronous ? async (key: string) => make(key) : (key: string) => make(key),
        set: asynchronous ? async () => {} : () => {},
        delete: asynchronous ? async () => false : () => false,
        getMany: asynchronous
          ? async (keys: readonly string[]) => keys.map(make)
          : (keys: readonly string[]) => keys.map(make),
      } as unknown as Store
      const { cache, types } = testScope<Store>({ store, ttl: Infinity, storeTimeout: 40 })
      let runs = 0
      const load = cache.cached(async (n: number) => n + (runs += 1), { name: 'load', version: '1' })
      expect(await load(10)).toBe(11)
      expect(types().some((type) => ['unreadable-entry', 'store-error'].includes(type)) || what === 'null').toBe(true)
      await idle()
      expect(await load(10)).toBe(12)
      await idle()
      expect((await load.many([[10], [20]])).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
      await idle()
      expect(await load.peek(10)).toEqual({ state: 'miss' })
      expect((await load.explain(10)).state).toBe('miss')
      if (!asynchronous) {
        const plain = cache.cached((n: number) => n, { name: 'plain', version: '1' })
        expect(await plain(5)).toBe(5)
      }
    })
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 5],
    ['text', 'abc'],
    ['an object', {}],
    ['a shorter list', []],
    ['a longer list', [null, 1, 2, 3, 4, 5]],
    ['a proxy whose traps throw', trap],
    [
      'a proxy whose traps throw nothing',
      new Proxy(
        {},
        {
          get: (_, name) => {
            if (name === 'then') return undefined
            throw undefined
          },
        },
      ),
    ],
  ])('`many` over a batch that is %s answers what the function answers', async (_what, batch) => {
    for (const asynchronous of [true, false]) {
      const inner: Store = asynchronous ? asyncMapStore({ holds: 'text' }) : mapStore({ holds: 'text' })
      const store = { ...inner, getMany: asynchronous ? async () => batch : () => batch } as unknown as Store
      const { cache } = testScope<Store>({ store, ttl: Infinity })
      const load = cache.cached(async (n: number) => n * 2, { name: 'load', version: '1' })
      expect(await load.many([[1], [2], [3]])).toEqual([2, 4, 6].map((value) => ({ status: 'fulfilled', value })))
    }
  })

  test('an error that was kept is never returned as a value', async () => {
    const store = corruptingStore(mapStore(), { damage: 'flip' })
    store.fault.on = false
    const { cache } = testScope({ store, errorTtl: Infinity })
    const load = cache.cached((): string => {
      throw new Error('mine')
    })
    expect(() => load()).toThrow('mine')
    store.fault.on = true
    for (let read = 0; read < 40; read++) expect(() => load()).toThrow('mine')
  })

  test('a store whose operations answer with rubbish acknowledges all the same', async () => {
    for (const answer of [undefined, null, 0, 'OK', trap]) {
      const store = {
        lifetime: 'process',
        holds: 'references',
        get: () => undefined,
        set: () => answer,
        delete: () => answer,
      } as unknown as Store
      const { cache } = testScope<Store>({ store })
      const load = cache.cached((n: number) => n)
      expect(load(1)).toBe(1)
    }
  })

  test('a flight that met rubbish is not left behind for later callers', async () => {
    const inner = asyncMapStore({ holds: 'references' })
    let spoiled = true
    const store = {
      ...inner,
      get: async (key: string) => (spoiled ? withGetter('format') : inner.get(key)),
    } as unknown as Store
    const { cache } = testScope<Store>({ store })
    const load = cache.cached(async (n: number) => n)
    await load(1).catch(() => {})
    spoiled = false
    expect(await load(1)).toBe(1)
  })
})

describe('a store that fails in its own way', () => {
  test.each<[string, () => unknown]>([
    ['undefined', () => undefined],
    ['null', () => null],
    ['text', () => 'down'],
    ['a frozen error', () => Object.freeze(new Error('frozen'))],
    [
      'an error whose message throws',
      () =>
        Object.defineProperty(new Error('x'), 'message', {
          get() {
            throw new Error('getter')
          },
        }),
    ],
  ])('failing with %s is a miss and an event with that cause', async (_what, makeError) => {
    for (const inner of [mapStore({ holds: 'text' }), asyncMapStore({ holds: 'text' })] as Store[]) {
      const { cache, events } = testScope<Store>({ store: throwingStore(inner, { makeError }), ttl: Infinity })
      const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
      expect(await load(1)).toBe(1)
      await idle()
      const failures = events.filter((event) => event.type === 'store-error')
      // What was invalidated before the run is not known, so nothing is written.
      expect(failures.map(({ operation }) => operation)).toEqual(['get'])
      expect(events).toContainEqual(expect.objectContaining({ type: 'unstored', reason: 'epochs-unknown' }))
      for (const { error } of failures) expect(error).toMatchObject({ code: 'STORE_FAILED', store: expect.any(String) })
      expect(events.filter(({ type }) => type === 'miss')).toEqual([expect.objectContaining({ reason: 'store-error' })])
      await expect((async () => load.invalidate(1))()).rejects.toMatchObject({
        code: 'STORE_FAILED',
        operation: 'set',
      })
      await expect((async () => load.prime([1], Promise.resolve(2)))()).rejects.toMatchObject({
        code: 'STORE_FAILED',
        operation: 'set',
      })
    }
  })

  test('one that takes no writes is told of, and every call is answered', async () => {
    for (const inner of [mapStore({ holds: 'text' }), asyncMapStore({ holds: 'text' })] as Store[]) {
      const { cache, events } = testScope<Store>({
        store: throwingStore(inner, { operations: ['set'] }),
        ttl: Infinity,
      })
      const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
      expect([await load(1), await load(1)]).toEqual([1, 1])
      await idle()
      expect(events).toContainEqual(expect.objectContaining({ type: 'store-error', operation: 'set' }))
      expect(events.map(({ type }) => type)).not.toContain('write')
    }
  })

  test('one whose writes take longer than `storeTimeout` is written to all the same', async () => {
    const store = slowStore(asyncMapStore({ holds: 'text' }), 60, { operations: ['set'] })
    store.fault.on = false
    const { cache, events, settle } = testScope({ store, ttl: Infinity, storeTimeout: 20 })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    await load(0)
    await settle()
    store.fault.on = true
    expect(await load(1)).toBe(1)
    await settle()
    expect(await load.peek(1)).toMatchObject({ state: 'fresh', value: 1 })
    expect(events.map(({ type }) => type)).not.toContain('store-error')
  })

  test('what one call reads at a time is one failure, with and without `getMany`', async () => {
    const { getMany: _, ...single } = asyncMapStore({ holds: 'text' })
    for (const inner of [single, asyncMapStore({ holds: 'text' })] as Store[]) {
      const store = throwingStore(inner)
      const { cache } = testScope<Store>({ store, ttl: Infinity })
      const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
      const states: string[] = []
      for (let call = 0; call < 5; call++) {
        await load(1)
        states.push(cache.stats().stores[0]!.breaker)
      }
      expect(states).toEqual(['closed', 'closed', 'closed', 'closed', 'open'])
    }
  })

  test('an async store that throws before it promises is an async store that failed', async () => {
    const inner = asyncMapStore({ holds: 'text' })
    let down = true
    const guard = <T>(run: () => T): T => {
      if (down) throw new Error('not connected')
      return run()
    }
    const store = {
      lifetime: 'shared',
      holds: 'text',
      get: (key: string) => guard(() => inner.get(key)),
      set: (key: string, entry: string) => guard(() => inner.set(key, entry)),
      delete: (key: string) => guard(() => inner.delete(key)),
    } as unknown as Store
    const { cache, events } = testScope<Store>({ store, ttl: Infinity })
    const load = cache.cached((n: number) => n, { name: 'load', version: '1' })
    expect(await load(1)).toBe(1)
    expect(events.map(({ type }) => type)).toContain('store-error')
    down = false
    // From here on it is known to promise.
    expect(await load(2)).toBe(2)
    await idle()
    expect(load(3)).toBeInstanceOf(Promise)
    down = true
    const answer: unknown = load(4)
    expect(answer).toBeInstanceOf(Promise)
    expect(await answer).toBe(4)
  })

  test('a store whose `scope` throws is asked without it', () => {
    const store = {
      ...mapStore(),
      scope: () => {
        throw new Error('scope')
      },
    } as unknown as Store
    const { cache } = testScope<Store>({ store })
    let runs = 0
    const load = cache.cached((n: number) => n + (runs += 1))
    expect(load(1)).toBe(2)
  })

  test('a sync store that hands out a promise that never settles holds nobody', async () => {
    const store = { ...mapStore(), scope: undefined, get: () => new Promise(() => {}) } as unknown as Store
    const { cache } = testScope<Store>({ store, storeTimeout: 20 })
    const load = cache.cached(async (n: number) => n)
    expect(await load(1)).toBe(1)
  })
})

describe('L4 a hung store', () => {
  test('L4 a call takes the function’s time and storeTimeout, not more', async () => {
    const store = hangingStore(asyncMapStore({ holds: 'text' }))
    const { cache, events } = testScope({ store, ttl: Infinity, storeTimeout: 40 })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    expect(await Promise.all(Array.from({ length: 50 }, (_, n) => load(n)))).toEqual(
      Array.from({ length: 50 }, (_, n) => n),
    )
    // Each has waited once: what hangs never answers, and nothing else was waited for.
    const failures = events.filter((event) => event.type === 'store-error')
    expect(failures.length).toBe(50)
    expect(failures[0]!.error.message).toMatch(/did not answer get within 40 ms/)
  })

  test('L4 `many` waits for it once and not once per call', async () => {
    const store = hangingStore(asyncMapStore({ holds: 'text' }))
    const { cache } = testScope({ store, ttl: Infinity, storeTimeout: 40 })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    const settled = await load.many(
      Array.from({ length: 20 }, (_, n) => [n] as [number]),
      { concurrency: 1 },
    )
    expect(settled.map((one) => one.status === 'fulfilled' && one.value)).toEqual(
      Array.from({ length: 20 }, (_, n) => n),
    )
    // An entry and its four epochs one by one, because a store that has not answered yet does not say how it does; then once.
    expect(store.fault.calls).toMatchObject({ get: 5, getMany: 1 })
  })

  test('L4 peek, explain, invalidate and prime end after storeTimeout', async () => {
    const store = hangingStore(asyncMapStore({ holds: 'text' }))
    const { cache } = testScope({ store, ttl: Infinity, storeTimeout: 20 })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    // What hangs never answers: each of these ends by its time-out or not at all.
    expect(await load.peek(1)).toEqual({ state: 'miss' })
    expect((await load.explain(1)).state).toBe('miss')
    await expect(load.invalidate(1)).rejects.toMatchObject({ operation: 'set' })
    await expect(load.prime([1], Promise.resolve(1))).rejects.toMatchObject({ operation: 'set' })
  })

  test('L4 what is released late answers nobody twice and spoils nothing', async () => {
    const store = hangingStore(asyncMapStore({ holds: 'text' }))
    const { cache } = testScope({ store, ttl: Infinity, storeTimeout: 20 })
    let runs = 0
    const load = cache.cached(async (n: number) => n + (runs += 1), { name: 'load', version: '1' })
    expect(await load(10)).toBe(11)
    await store.fault.release()
    store.fault.on = false
    await idle()
    expect([11, 12]).toContain(await load(10))
  })
})

describe('L2 a blocked event loop is not a slow store', () => {
  const block = (ms: number) => {
    const until = performance.now() + ms
    while (performance.now() < until);
  }

  test.each([0, 1, 5])(
    'L2 a read that answers in %i ms is a hit though the loop is blocked beyond storeTimeout',
    async (ms) => {
      const store = slowStore(asyncMapStore({ holds: 'text' }), ms, { operations: ['get', 'getMany'] })
      const { cache, types, settle } = testScope({ store, ttl: Infinity, storeTimeout: 40 })
      let runs = 0
      const load = cache.cached(async () => (runs += 1), { name: 'load', version: '1' })
      await load()
      await settle()
      for (let round = 0; round < 5; round++) {
        const call = load()
        block(90)
        expect(await call).toBe(1)
      }
      expect(types()).not.toContain('store-error')
    },
  )

  test('L2 blocked again and again while the read is under way', async () => {
    const store = slowStore(asyncMapStore({ holds: 'text' }), 1, { operations: ['get', 'getMany'] })
    const { cache, types, settle } = testScope({ store, ttl: Infinity, storeTimeout: 60 })
    const load = cache.cached(async () => 1, { name: 'load', version: '1' })
    await load()
    await settle()
    const calls = Array.from({ length: 20 }, () => load())
    for (let n = 0; n < 3; n++) {
      block(80)
      await Promise.resolve()
    }
    await Promise.all(calls)
    expect(types()).not.toContain('store-error')
  })

  test('L2 a time-out that falls due in a blocked loop lets what has arrived be delivered first', async () => {
    const inner = asyncMapStore({ holds: 'text' })
    let steps = 0
    // A read of three round trips, each of which has arrived at the next turn of the loop, however slow the machine is.
    const trip = async () => {
      for (let step = 0; step < steps; step++) {
        const { port1, port2 } = new MessageChannel()
        const answered = new Promise((resolve) => port1.once('message', resolve))
        port2.postMessage('answer')
        await answered
        port1.close()
      }
    }
    const store = {
      ...inner,
      get: (key: string) => trip().then(() => inner.get(key)),
      getMany: (keys: readonly string[]) => trip().then(() => inner.getMany(keys)),
    }
    const { cache, types, settle } = testScope({ store, ttl: Infinity, storeTimeout: 15 })
    const load = cache.cached(async () => 1, { name: 'load', version: '1' })
    await load()
    await settle()
    steps = 3
    for (let round = 0; round < 3; round++) {
      let busy = true
      const work = () => {
        block(30)
        if (busy) setImmediate(work)
      }
      const call = load()
      setImmediate(work)
      expect(await call).toBe(1)
      busy = false
    }
    expect(types()).not.toContain('store-error')
  })

  test('a store within storeTimeout is never timed out early, whenever its read began', async () => {
    const store = slowStore(asyncMapStore({ holds: 'text' }), 4, { operations: ['get', 'getMany'] })
    const { cache, events } = testScope({ store, ttl: Infinity, storeTimeout: 20 })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    const calls: Promise<number>[] = []
    for (let n = 0; n < 60; n++) {
      calls.push(load(n))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await Promise.all(calls)
    expect(events.filter(({ type }) => type === 'store-error').length).toBe(0)
  })
})

describe.each(eachKind)('a store that comes and goes, over %s', (_name, makeStore) => {
  test('calls never fail, and the store is used again once it is back', async () => {
    const openedAt = performance.now()
    const machine = vi.spyOn(performance, 'now').mockReturnValue(openedAt)
    const store = throwingStore(makeStore())
    const { cache, types } = testScope<Store>({ store, ttl: Infinity })
    let runs = 0
    const load = cache.cached(async (n: number) => n + 0 * (runs += 1), { name: 'load', version: '1' })
    store.fault.on = false
    await load(1)
    await idle()
    store.fault.on = true
    for (let n = 0; n < 5; n++) {
      expect(await load(1)).toBe(1)
      await idle()
    }
    expect(runs).toBe(6)
    store.fault.on = false
    // Its breaker is open: nothing is asked for half a second. Then who comes by has it probed, and does not wait for that.
    const waits = gateOf(store).asynchronous
    for (const [at, ran] of [
      [0, 7],
      [499, 8],
      [500, waits ? 9 : 8],
    ] as const) {
      machine.mockReturnValue(openedAt + at)
      expect(await load(1)).toBe(1)
      expect([at, runs]).toEqual([at, ran])
      await idle()
    }
    const before = runs
    expect(await load(1)).toBe(1)
    expect(types().at(-1)).toBe('hit')
    expect(runs).toBe(before)
  })
})

test('a clock that throws reaches the caller and leaves no flight behind', async () => {
  for (const kind of ['memory', 'async text']) {
    let broken = true
    const { cache } = testScope<Store>({
      store: kinds[kind]!(),
      ttl: 1000,
      clock: (() => {
        if (broken) throw new Error('clock')
        return 5
      }) as never,
    })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    await expect((async () => load(1))()).rejects.toThrow('clock')
    broken = false
    expect(await load(1)).toBe(1)
  }
})
