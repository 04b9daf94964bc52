import { asyncMapStore, hangingStore, mapStore, type Rows, throwingStore } from '@autocache/conformance'
import { describe, expect, test, vi } from 'vitest'
import { type Store, StoreError } from '../src/index.ts'
import { testScope } from '../src/testing.ts'
import { wire } from '../src/wire.ts'
import { copying, deferred, eachKind, idle, isEpoch, isPending, kinds, steppedStore } from './call-support.ts'

const values = (settled: readonly PromiseSettledResult<unknown>[]) =>
  settled.map((one) => (one.status === 'fulfilled' ? one.value : one.reason))

describe.each(eachKind)('many over %s', (_name, makeStore) => {
  test('answers in the order of the list, from entries and fills', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const runs: number[] = []
    const load = cache.cached(
      async (n: number) => {
        runs.push(n)
        await idle(5 - n)
        return { n }
      },
      { name: 'load', version: '1' },
    )
    await load(2)
    await idle()
    expect(values(await load.many([[3], [2], [1], [4]]))).toEqual([{ n: 3 }, { n: 2 }, { n: 1 }, { n: 4 }])
    expect(runs).toEqual([2, 3, 1, 4])
    await idle()
    expect(values(await load.many([[4], [3], [2], [1]]))).toEqual([{ n: 4 }, { n: 3 }, { n: 2 }, { n: 1 }])
    expect(runs.length).toBe(4)
  })

  test.each([1, 2, Infinity])('computes duplicates once, %s at a time', async (concurrency) => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached(
      async (n: number) => {
        await idle(1)
        return n * 10 + 0 * (runs += 1)
      },
      { name: 'load', version: '1' },
    )
    expect(values(await load.many([[1], [1], [2], [1], [2]], { concurrency }))).toEqual([10, 10, 20, 10, 20])
    expect(runs).toBe(2)
  })

  test('shares flights with calls that are under way', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const gate = deferred()
    let runs = 0
    const load = cache.cached(
      async (n: number) => {
        runs += 1
        await gate.promise
        return n
      },
      { name: 'load', version: '1' },
    )
    const single = load(1)
    await idle()
    const many = load.many([[1], [2]])
    await idle()
    const later = load(2)
    await idle()
    expect(runs).toBe(2)
    gate.resolve()
    expect(values(await many)).toEqual([1, 2])
    expect(await Promise.all([single, later])).toEqual([1, 2])
  })

  test('settles each call by itself: errors, unkeyable and oversized arguments included', async () => {
    const { cache, events } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    const load = cache.cached(
      (what: unknown) => {
        if (what === 'boom') throw new RangeError('boom')
        return typeof what
      },
      { name: 'load', version: '1' },
    )
    const settled = await load.many([['a'], ['boom'], [() => {}], ['x'.repeat(2_000_000)], ['b']])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled', 'fulfilled'])
    expect(values(settled)).toEqual([
      'string',
      expect.objectContaining({ message: 'boom' }),
      expect.objectContaining({ code: 'UNKEYABLE_VALUE', path: 'args[0]' }),
      'string',
      'string',
    ])
    expect(events).toContainEqual(expect.objectContaining({ type: 'bypass', reason: 'bounds' }))
  })

  test('runs at most so many fills at once', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let running = 0
    let most = 0
    const load = cache.cached(
      async (n: number) => {
        most = Math.max(most, (running += 1))
        await idle(1)
        running -= 1
        return n
      },
      { name: 'load', version: '1' },
    )
    const calls = Array.from({ length: 20 }, (_, n) => [n] as [number])
    expect(values(await load.many(calls, { concurrency: 3 }))).toEqual(calls.flat())
    expect(most).toBe(3)
    expect(await load.many([])).toEqual([])
  })

  test('answers with kept errors', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity, errorTtl: Infinity })
    let runs = 0
    const load = cache.cached(
      async (): Promise<number> => {
        throw new Error(`run ${(runs += 1)}`)
      },
      { name: 'load', version: '1' },
    )
    await load().catch(() => {})
    await idle()
    expect(await load.many([[]])).toMatchObject([{ status: 'rejected', reason: { message: 'run 1' } }])
  })

  test('gives duplicates their own copies where the store copies', async () => {
    const store = makeStore()
    if (store.holds === 'references') return
    const { cache } = testScope({ store, ttl: Infinity })
    const load = cache.cached(async (n: number) => ({ n }), { name: 'load', version: '1' })
    await load(1)
    await idle()
    const [one, two] = values(await load.many([[1], [1]]))
    expect(one).toEqual({ n: 1 })
    expect(two).toEqual({ n: 1 })
    expect(one).not.toBe(two)
  })
})

describe('many and the batched read', () => {
  test.each([0, -1, Number.NaN])('refuses a concurrency of %s', async (concurrency) => {
    const { cache } = testScope()
    const load = cache.cached(async (n: number) => n)
    await expect((async () => load.many([[1], [2]], { concurrency }))()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })

  test('asks for all of them at once, each key once', async () => {
    const store = hangingStore(asyncMapStore({ holds: 'text' }), { operations: [] })
    const { cache } = testScope({ store, ttl: Infinity })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    await Promise.all([load(1), load(2)])
    await idle()
    const before = { ...store.fault.calls }
    const getMany = vi.spyOn(store, 'getMany')
    await load.many([[1], [2], [1]])
    const [together = [], ...others] = getMany.mock.calls.map(([keys]) => keys.filter((key) => !isEpoch(key)))
    expect([...together].sort()).toEqual([load.keyOf(1), load.keyOf(2)].sort())
    // The third is a second question for one key.
    expect(others.length).toBeLessThanOrEqual(1)
    expect(others.flat()).toEqual(others.map(() => load.keyOf(1)))
    expect(store.fault.calls.get).toBe(before.get)
  })

  test('without `getMany` each call reads for itself', async () => {
    for (const inner of [mapStore({ holds: 'text' }), asyncMapStore({ holds: 'text' })]) {
      const { getMany: _getMany, ...store } = inner as ReturnType<typeof mapStore>
      const { cache } = testScope<Store>({ store: store as unknown as Store, ttl: Infinity })
      let runs = 0
      const load = cache.cached(async (n: number) => n + 0 * (runs += 1), { name: 'load', version: '1' })
      expect(values(await load.many([[1], [2]]))).toEqual([1, 2])
      await idle()
      expect(values(await load.many([[1], [2]]))).toEqual([1, 2])
      expect(runs).toBe(2)
    }
  })

  test('a batched read that fails is an event, and every call is answered', async () => {
    const inner = (['process', 'shared'] as const).flatMap((lifetime) => [
      mapStore({ holds: 'text', lifetime }),
      asyncMapStore({ holds: 'text', lifetime }),
    ])
    for (const one of inner as Store[]) {
      const store = throwingStore(one, { operations: ['getMany'] })
      const { cache, events } = testScope<Store>({ store, ttl: Infinity })
      const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
      // By then it is known whether the store promises.
      await load(0)
      await idle()
      expect(values(await load.many([[1], [2], [1]]))).toEqual([1, 2, 1])
      expect(events).toContainEqual(expect.objectContaining({ type: 'store-error', operation: 'getMany' }))
    }
  })
})

describe.each(eachKind)('peek and explain over %s', (_name, makeStore) => {
  test('peek never fills', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: '1m' })
    let runs = 0
    const load = cache.cached(async (n: number) => n + 0 * (runs += 1), { name: 'load', version: '1' })
    expect(await load.peek(1)).toEqual({ state: 'miss' })
    expect(runs).toBe(0)
    await load(1)
    await idle()
    expect(await load.peek(1)).toMatchObject({
      state: 'fresh',
      outcome: 'value',
      value: 1,
      createdAt: expect.any(Number),
    })
    expect(runs).toBe(1)
  })

  test('peek goes by the clock', async () => {
    const { cache, clock } = testScope({ store: makeStore(), ttl: '1m' })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    await load(1)
    await idle()
    clock.advance(60_000)
    expect(await load.peek(1)).toEqual({ state: 'miss' })
    expect((await load.explain(1)).state).toBe('miss')
  })

  test('explain tells label, version, source, key and state, and never fills', async () => {
    const { cache, clock } = testScope({ store: makeStore(), ttl: '1m' })
    let runs = 0
    const load = cache.cached(async (n: number) => n + 0 * (runs += 1), { name: 'load', version: '7' })
    expect(await load.explain(1)).toMatchObject({
      label: 'load',
      version: 'x-7',
      source: 'explicit',
      key: load.keyOf(1),
      state: 'miss',
      text: expect.stringContaining('load has version x-7'),
    })
    expect(runs).toBe(0)
    await load(1)
    await idle()
    expect(await load.explain(1)).toMatchObject({ state: 'fresh', createdAt: clock() })
    expect(runs).toBe(1)
  })

  test('both refuse what cannot be keyed, without the function', async () => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    const load = cache.cached(async (_what: unknown) => 1, { name: 'load', version: '1' })
    for (const ask of [load.peek, load.explain, load.invalidate]) {
      await expect((async () => ask(() => {}))()).rejects.toMatchObject({ code: 'UNKEYABLE_VALUE' })
    }
    expect(() => load.keyOf(() => {})).toThrow(expect.objectContaining({ code: 'UNKEYABLE_VALUE' }))
  })
})

test('explain speaks of an entry from an instant that no calendar has', async () => {
  const rows: Rows<'text'> = new Map()
  const { cache } = testScope({ store: asyncMapStore({ holds: 'text', rows }), ttl: Infinity })
  const load = cache.cached(async () => 1, { name: 'load', version: '1' })
  await load()
  await idle()
  const { epochs } = JSON.parse(rows.get(load.keyOf())!.held.slice(26).split('\n')[0]!) as { epochs: string }
  for (const createdAt of [8.64e15 + 1, -1e300, 1e300]) {
    const facts = { key: load.keyOf(), createdAt, outcome: 'value', promised: true, epochs } as const
    const held = wire.sealer('text', undefined).seal(5).held(facts) as string
    rows.set(load.keyOf(), { held, expiresAt: undefined })
    expect(await load()).toBe(5)
    await expect(load.explain()).resolves.toMatchObject({ text: expect.stringContaining('no calendar has') })
  }
})

describe.each(eachKind)('refresh and prime over %s', (_name, makeStore) => {
  test('refresh runs the function whatever is stored, and stores what it returns', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached(async () => (runs += 1), { name: 'load', version: '1' })
    expect(await load()).toBe(1)
    await idle()
    expect(await load.refresh()).toBe(2)
    await idle()
    expect(await load()).toBe(2)
    expect(runs).toBe(2)
  })

  test('callers who come while a refresh runs join it', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const gate = deferred()
    let runs = 0
    const load = cache.cached(
      async () => {
        runs += 1
        if (runs > 1) await gate.promise
        return runs
      },
      { name: 'load', version: '1' },
    )
    await load()
    await idle()
    const refreshed = load.refresh()
    await idle()
    const call = load()
    await idle()
    gate.resolve()
    expect(await Promise.all([refreshed, call])).toEqual([2, 2])
  })

  test('a refresh that fails keeps no error, so that what is stored goes on to answer', async () => {
    const { cache, settle } = testScope({ store: makeStore(), ttl: Infinity, errorTtl: Infinity })
    let fails = false
    const load = cache.cached(
      async () => {
        if (fails) throw new Error('down')
        return 1
      },
      { name: 'load', version: '1' },
    )
    await load()
    await settle()
    fails = true
    await expect(load.refresh()).rejects.toThrow('down')
    await settle()
    expect(await load()).toBe(1)
  })

  test('prime stores a value as if the function had returned it', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached(async (n: number) => ({ n: n + 0 * (runs += 1) }), { name: 'load', version: '1' })
    await load.prime([1], { n: 10 })
    await load.prime([2], Promise.resolve({ n: 20 }))
    expect(load(1)).toBeInstanceOf(Promise)
    expect([await load(1), await load(2)]).toEqual([{ n: 10 }, { n: 20 }])
    expect(runs).toBe(0)
    await load.prime([1], { n: 11 })
    expect(await load(1)).toEqual({ n: 11 })
  })

  test('prime rejects as the promise it was given does, and stores nothing', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const load = cache.cached(async () => 1, { name: 'load', version: '1' })
    await expect((async () => load.prime([], Promise.reject(new Error('mine'))))()).rejects.toThrow('mine')
    expect(await load.peek()).toEqual({ state: 'miss' })
    expect(await load()).toBe(1)
    await idle()
    expect(await load.peek()).toMatchObject({ value: 1 })
  })

  test('prime goes by the ttl, and one that is no duration is an error', async () => {
    const { cache, clock } = testScope({ store: makeStore(), ttl: Infinity })
    const minute = cache.cached(async () => 1, { name: 'minute', version: '1', ttl: '1m' })
    await minute.prime([], 5)
    clock.advance(59_999)
    expect(await minute()).toBe(5)
    clock.advance(1)
    expect(await minute()).toBe(1)
    const none = cache.cached(async () => 1, { name: 'none', version: '1', ttl: 0 })
    await none.prime([], 5)
    expect(await none()).toBe(1)
    const broken = cache.cached(async () => 1, { name: 'broken', version: '1', ttl: () => Number.NaN })
    await expect((async () => broken.prime([], 5))()).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})

test.each(copying)('prime refuses what cannot be stored faithfully, with its path, over %s', async (name) => {
  const { cache } = testScope<Store>({ store: kinds[name]!(), ttl: Infinity })
  const load = cache.cached(async () => ({ open: () => 1 }), { name: 'load', version: '1' })
  await expect((async () => load.prime([], { open: () => 1 }))()).rejects.toMatchObject({
    code: 'UNSTORABLE_VALUE',
    path: 'value.open',
  })
})

describe('prime and acknowledgement', () => {
  test('prime ends when the store has acknowledged it', async () => {
    const store = steppedStore('set')
    const { cache } = testScope({ store, ttl: Infinity })
    const load = cache.cached(async () => 1, { name: 'load', version: '1' })
    const primed = load.prime([], 5)
    expect(await isPending(primed as Promise<void>)).toBe(true)
    store.next('set').acknowledge()
    await primed
  })

  test('prime fails with StoreError where the store did not', async () => {
    const asynchronous = testScope({ store: throwingStore(asyncMapStore({ holds: 'text' })), ttl: Infinity })
    const later = asynchronous.cache.cached(async () => 1, { name: 'load', version: '1' })
    await expect(later.prime([], 5)).rejects.toThrow(StoreError)
    expect(await later()).toBe(1)
    const synchronous = testScope({ store: throwingStore(mapStore({ holds: 'text' })), ttl: Infinity })
    const plain = synchronous.cache.cached(() => 1, { name: 'load', version: '1' })
    expect(() => plain.prime([], 5)).toThrow(StoreError)
    expect(plain()).toBe(1)
  })
})

test.each(['memory', 'sync shared text'])(
  'what a run primes or refreshes for its own call is newer than what it comes to, in the first run too, over %s',
  (name) => {
    const { cache } = testScope<Store>({ store: kinds[name]!(), ttl: Infinity, errorTtl: Infinity })
    const primes = cache.cached(
      (): string => {
        primes.prime([], 'primed')
        return 'ran'
      },
      { name: 'primes', version: '1' },
    )
    expect([primes(), primes()]).toEqual(['ran', 'primed'])
    const throws = cache.cached(
      (): string => {
        throws.prime([], 'primed')
        throw new Error('ran')
      },
      { name: 'throws', version: '1' },
    )
    expect(throws).toThrow('ran')
    expect(throws()).toBe('primed')
    let runs = 0
    const refreshes = cache.cached(
      (): string => {
        runs += 1
        if (runs > 1) return 'refreshed'
        refreshes.refresh()
        return 'ran'
      },
      { name: 'refreshes', version: '1' },
    )
    expect([refreshes(), refreshes()]).toEqual(['ran', 'refreshed'])
    expect(runs).toBe(2)
  },
)

test('over a sync store every operation but `many` answers at once', () => {
  const { cache } = testScope({ store: mapStore({ holds: 'text' }), ttl: Infinity })
  const load = cache.cached((n: number) => ({ n }), { name: 'load', version: '1' })
  expect(load.prime([1], { n: 5 })).toBeUndefined()
  expect(load.peek(1)).toMatchObject({ value: { n: 5 } })
  expect(load.explain(1).state).toBe('fresh')
  expect(load(1)).toEqual({ n: 5 })
  expect(load.refresh(1)).toEqual({ n: 1 })
  expect(load.invalidate(1)).toBeUndefined()
  expect(load.peek(1)).toEqual({ state: 'miss' })
})

test('R13 a promise primed for a plain function that promises is answered as a promise before its first call', async () => {
  const { cache } = testScope()
  const load = cache.cached((n: number) => Promise.resolve(n))
  await load.prime([1], Promise.resolve(5))
  expect(load(1)).toBeInstanceOf(Promise)
  expect(await load(1)).toBe(5)
})

test('the handle needs no receiver', async () => {
  const { cache } = testScope()
  const { peek, refresh, prime, invalidate, many, keyOf, explain } = cache.cached((n: number) => n)
  prime([1], 5)
  expect(peek(1)).toMatchObject({ value: 5 })
  expect(refresh(1)).toBe(1)
  invalidate(1)
  expect(values(await many([[1]]))).toEqual([1])
  expect(keyOf(1)).toBe(explain(1).key)
})

test.each<[string, unknown]>([
  ['a text', 'x'],
  ['a list with a text for a list', ['12']],
  ['a list with nothing for a list', [undefined]],
  ['an object', {}],
  ['nothing', undefined],
])('many refuses %s for the lists of arguments', async (_, calls) => {
  const { cache } = testScope()
  let runs = 0
  const load = cache.cached((n: unknown) => [n, (runs += 1)])
  await expect(load.many(calls as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  expect(runs).toBe(0)
})

test.each(eachKind)(
  'R13 a plain value primed for a function that promises is answered as a promise, over %s',
  async (_, makeStore) => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const options = { name: 'load', version: '1' }
    const plain = cache.cached((n: number) => Promise.resolve(n), { ...options, name: 'plain' })
    const declared = cache.cached(async (n: number) => n, options)
    await plain.prime([1], 5)
    await plain(0)
    await idle()
    await plain.prime([2], 5)
    await declared.prime([2], 5)
    // Twice, because the second may come from elsewhere.
    for (const answer of [plain(1), plain(1), plain(2), plain(2), declared(2), declared(2)]) {
      expect(answer).toBeInstanceOf(Promise)
      expect(await answer).toBe(5)
    }
  },
)

describe.each([
  ['a store that promises', () => asyncMapStore({ holds: 'text' }) as Store],
  [
    'a sync store',
    () => ({ ...mapStore({ holds: 'text' }), lifetime: 'shared', scope: undefined }) as unknown as Store,
  ],
])('R17 a primed value that another operation of its call overtook, over %s', (_name, makeStore) => {
  /** Two releases over one store, which the second one finds failing from time to time. */
  function releases() {
    const held = makeStore() as { set(...given: unknown[]): unknown; delete(key: string): unknown }
    const world = { refuses: false, runs: 0 }
    const unless = <T>(run: () => T): T => {
      if (world.refuses) throw new Error('not now')
      return run()
    }
    const failing = {
      ...held,
      setMany: undefined,
      set: (...given: unknown[]) => unless(() => held.set(...given)),
      delete: (key: string) => unless(() => held.delete(key)),
    }
    const release = (store: object, version: string) =>
      testScope({ store: store as Store, ttl: '1h', storeTimeout: 50 }).cache.cached(
        async (n: number) => `${n} by ${version}, ${(world.runs += 1)}`,
        { name: 'load', version },
      )
    return { world, old: release({ ...held }, '1'), now: release(failing, '2'), beside: release(failing, '1') }
  }

  test.each(['prime', 'invalidate'] as const)(
    'ends what another release has itself, where that %s fails',
    async (by) => {
      const { world, old, now, beside } = releases()
      const overtake = async () => {
        await (by === 'prime' ? now.prime([1], 'other') : now.invalidate(1))
      }
      const before = await old(1)
      await idle()
      expect(await old(1)).toBe(before)
      const body = deferred<string>()
      const primed = now.prime([1], body.promise)
      await idle()
      // What this process sees for the first time is no newer for that.
      expect(await beside(1)).toBe(before)
      world.refuses = true
      await expect(overtake()).rejects.toThrow()
      world.refuses = false
      body.resolve('primed')
      await primed
      expect(await old(1)).not.toBe(before)
      // Where that cannot be done either, it is told.
      const again = await old(1)
      const late = deferred<string>()
      const untold = now.prime([1], late.promise)
      await idle()
      world.refuses = true
      const last = overtake()
      late.resolve('late')
      expect((await Promise.allSettled([untold, last])).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
      expect(await old(1)).toBe(again)
    },
  )

  test('leaves the value of a later one, however long that takes, and one that waits for it', async () => {
    const { old, now } = releases()
    const before = await old(1)
    const [one, other] = [deferred<string>(), deferred<string>()]
    const primes = [now.prime([1], one.promise), now.prime([1], other.promise)]
    one.resolve('one')
    await primes[0]
    // What it was to replace is over as soon as it says so.
    expect(await old(1)).not.toBe(before)
    await new Promise((resolve) => setTimeout(resolve, 100))
    other.resolve('other')
    await primes[1]
    expect(await now(1)).toBe('other')

    const third = deferred<string>()
    const primed = Promise.resolve(now.prime([1], third.promise))
    const chained = now.prime(
      [1],
      primed.then(() => 'fourth'),
    )
    third.resolve('third')
    await chained
    expect(await now(1)).toBe('fourth')
  })
})

describe.each([
  ['a store that promises', () => asyncMapStore({ holds: 'text' }) as Store],
  [
    'a sync store',
    () => ({ ...mapStore({ holds: 'text' }), lifetime: 'shared', scope: undefined }) as unknown as Store,
  ],
])(
  'R17 a primed value that was awaited ends what calls made of what was there meanwhile, over %s',
  (_name, makeStore) => {
    test.each(['cold', 'warm'])('of a %s key, here, elsewhere and in another release', async (kind) => {
      let data = 'before'
      const release = (store: Store, version: string) =>
        testScope({ store, ttl: '1h' }).cache.cached(async (_id: number) => data, { name: 'load', version })
      const one = makeStore()
      const [here, other, elsewhere] = [release(one, '2'), release(one, '1'), release({ ...one } as Store, '2')]
      if (kind === 'warm') await here(1)
      await idle()
      const body = deferred<string>()
      const primed = here.prime([1], body.promise)
      await idle()
      expect(await Promise.all([here(1), other(1)])).toEqual(['before', 'before'])
      await idle()
      data = 'after'
      body.resolve('after')
      await primed
      expect(await Promise.all([here(1), other(1), elsewhere(1)])).toEqual(['after', 'after', 'after'])
    })
  },
)

test('R17 a primed value shares no epoch with a run that has begun before it was there', async () => {
  const held = asyncMapStore({ holds: 'text' })
  let landing: Promise<unknown> | undefined
  const store = {
    ...held,
    setMany: undefined,
    set: async (key: string, entry: string) => {
      if (isEpoch(key)) await landing
      return held.set(key, entry)
    },
  } as unknown as Store
  let data = 'before'
  const release = (version: string) =>
    testScope({ store, ttl: '1h' }).cache.cached(async (_id: number) => data, { name: 'load', version })
  const [old, now] = [release('1'), release('2')]
  await now(9)
  await idle()
  const body = deferred<string>()
  const primed = now.prime([1], body.promise)
  await idle()
  const landed = deferred()
  landing = landed.promise
  const call = old(1)
  await idle()
  data = 'after'
  body.resolve('after')
  await idle()
  landing = undefined
  landed.resolve()
  await primed
  expect(await call).toBe('before')
  await idle()
  expect(await Promise.all([old(1), now(1)])).toEqual(['after', 'after'])
})

test('R17 a primed value ends what another release has, also where a write of before ends in between', async () => {
  const held = asyncMapStore({ holds: 'text' })
  const landed = deferred()
  let isHeld = false
  const one = {
    ...held,
    setMany: undefined,
    set: async (key: string, entry: string) => {
      if (isHeld && !isEpoch(key)) await landed.promise
      return held.set(key, entry)
    },
  } as unknown as Store
  const runs: string[] = []
  const release = (store: Store, version: string) =>
    testScope({ store, ttl: '1h' }).cache.cached(
      async (n: number) => {
        runs.push(version)
        return `${n} by ${version}`
      },
      { name: 'load', version },
    )
  const [old, now] = [release({ ...held } as Store, '1'), release(one, '2')]
  await old(1)
  await idle()
  expect(await old(1)).toBe('1 by 1')
  expect(runs).toEqual(['1'])
  isHeld = true
  await now(1)
  const primed = now.prime([1], 'primed')
  isHeld = false
  landed.resolve(undefined)
  await primed
  await idle()
  expect(await old(1)).toBe('1 by 1')
  expect(runs).toEqual(['1', '2', '1'])
})
