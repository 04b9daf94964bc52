import {
  asyncMapStore,
  hangingStore,
  lossyStore,
  mapStore,
  reorderingStore,
  throwingStore,
} from '@autocache/conformance'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { gateOf } from '../src/gate.ts'
import { memoryStore, type Store, StoreError } from '../src/index.ts'
import { sharedBy } from '../src/lane.ts'
import { testClock, testScope } from '../src/testing.ts'
import {
  type Deferred,
  deferred,
  eachKind,
  entryKeys,
  idle,
  isPending,
  type Step,
  type SteppedStore,
  steppedStore,
  wait,
} from './call-support.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** A function whose value is the world at the moment it begins, and that answers when told. */
function world(store: Store, options: object = {}) {
  const scope = testScope({ store, ttl: Infinity, ...options })
  const state = { now: 1, runs: 0 }
  const fills: Deferred<void>[] = []
  const look = scope.cache.cached(
    async (_id: string) => {
      const seen = state.now
      state.runs += 1
      const gate = deferred()
      fills.push(gate)
      await gate.promise
      return seen
    },
    { name: 'world', version: '1' },
  )
  const finish = async () => {
    await idle()
    for (const gate of fills.splice(0)) gate.resolve()
    await idle()
  }
  return { ...scope, state, fills, look, finish }
}

describe.each(eachKind)('R18 over %s', (name, makeStore) => {
  test('R18 a fill that began before an invalidation is not stored', async () => {
    const { look, state, finish, events } = world(makeStore())
    const early = look('a')
    await idle()
    state.now = 2
    await look.invalidate('a')
    await finish()
    expect(await early).toBe(1)
    expect(events).toContainEqual(expect.objectContaining({ type: 'unstored', reason: 'superseded' }))
    expect(await look.peek('a')).toEqual({ state: 'miss' })
    const late = look('a')
    await finish()
    expect(await late).toBe(2)
  })

  test('R18 a caller that starts after an invalidation does not join the earlier flight', async () => {
    const { look, state, finish } = world(makeStore())
    const early = look('a')
    await idle()
    state.now = 2
    const invalidated = look.invalidate('a')
    const late = look('a')
    await finish()
    await invalidated
    expect(await early).toBe(1)
    expect(await late).toBe(2)
    expect(state.runs).toBe(2)
    // Where the store promises and others use it, a run that began before the acknowledgement may have read what stood there
    // before, and is not kept; one that began after it is, everywhere.
    const after = look('a')
    await finish()
    expect(await after).toBe(2)
    expect(state.runs).toBe(['async text', 'async bytes'].includes(name) ? 3 : 2)
    const { runs } = state
    expect(await look('a')).toBe(2)
    expect(state.runs).toBe(runs)
  })

  test('R18 callers that joined before an invalidation keep their flight, and it is not stored', async () => {
    const { look, state, finish } = world(makeStore())
    const early = [look('a'), look('a')]
    await idle()
    state.now = 2
    await look.invalidate('a')
    await finish()
    expect(await Promise.all(early)).toEqual([1, 1])
    const late = look('a')
    await finish()
    expect(await late).toBe(2)
  })

  test('R18 a fill that began before a refresh neither overwrites nor is joined', async () => {
    const { look, state, fills, finish } = world(makeStore())
    const early = look('a')
    await idle()
    state.now = 2
    const refreshed = look.refresh('a')
    const late = look('a')
    await idle()
    const [first, ...rest] = fills.splice(0)
    for (const gate of rest) gate.resolve()
    await idle()
    expect(await refreshed).toBe(2)
    expect(await late).toBe(2)
    first!.resolve()
    expect(await early).toBe(1)
    await finish()
    expect(await look('a')).toBe(2)
    expect(state.runs).toBe(2)
  })

  test('R18 a fill that began before a prime does not overwrite it', async () => {
    const { look, state, finish } = world(makeStore())
    const early = look('a')
    await idle()
    await look.prime(['a'], Promise.resolve(7))
    await finish()
    expect(await early).toBe(1)
    expect(await look('a')).toBe(7)
    expect(state.runs).toBe(1)
  })

  test('R18 a prime whose promise resolves after an invalidation is not stored', async () => {
    const { look, finish } = world(makeStore())
    const value = deferred<number>()
    const primed = Promise.resolve(look.prime(['a'], value.promise)).catch(() => {})
    await idle()
    await look.invalidate('a')
    value.resolve(-1)
    await primed
    const late = look('a')
    await finish()
    expect(await late).toBe(1)
  })

  test('R18 a prime whose promise resolves after a refresh does not overwrite it', async () => {
    const { look, finish } = world(makeStore())
    const value = deferred<number>()
    const primed = Promise.resolve(look.prime(['a'], value.promise)).catch(() => {})
    const refreshed = look.refresh('a')
    await finish()
    expect(await refreshed).toBe(1)
    value.resolve(-1)
    await primed
    const late = look('a')
    await finish()
    expect(await late).toBe(1)
  })

  test('R18 the later of two primes stands, in whatever order their promises resolve', async () => {
    const { look } = world(makeStore())
    const first = deferred<number>()
    const second = deferred<number>()
    const primed = [look.prime(['a'], first.promise), look.prime(['a'], second.promise)]
    second.resolve(2)
    await idle()
    first.resolve(1)
    await Promise.allSettled(primed)
    expect(await look('a')).toBe(2)
  })

  test('R18 an invalidation of one call leaves others alone', async () => {
    const { look, state, finish } = world(makeStore())
    const calls = [look('a'), look('b')]
    await finish()
    await Promise.all(calls)
    state.now = 2
    await look.invalidate('a')
    expect(await look('b')).toBe(1)
    const again = look('a')
    await finish()
    expect(await again).toBe(2)
  })

  test('R18 two definitions of one label and version see the invalidations of each other', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let now = 1
    const define = () => cache.cached(async () => now, { name: 'twin', version: '1' })
    const [one, two] = [define(), define()]
    expect(await one()).toBe(1)
    expect(await two()).toBe(1)
    now = 2
    await two.invalidate()
    expect(await one()).toBe(2)
  })

  test('R18 an invalidation in the same millisecond as a fill is after it', async () => {
    const { look, state, finish } = world(makeStore(), { clock: testClock(1000) })
    for (let round = 1; round <= 3; round++) {
      const call = look('a')
      await finish()
      expect(await call).toBe(round)
      state.now = round + 1
      await look.invalidate('a')
    }
  })

  test('R18 an invalidation holds though the clock goes back', async () => {
    const clock = testClock(1_000_000)
    const { look, state, finish } = world(makeStore(), { clock })
    const first = look('a')
    await finish()
    expect(await first).toBe(1)
    clock.advance(-500_000)
    state.now = 2
    await look.invalidate('a')
    const late = look('a')
    await finish()
    expect(await late).toBe(2)
    expect(await look('a')).toBe(2)
    const early = look('b')
    await idle()
    clock.advance(-100_000)
    state.now = 3
    await look.invalidate('b')
    await finish()
    expect(await early).toBe(2)
    const last = look('b')
    await finish()
    expect(await last).toBe(3)
  })

  test('R18 a refresh that fails leaves what is stored', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let fails = false
    const look = cache.cached(
      async () => {
        if (fails) throw new Error('down')
        return 1
      },
      { name: 'look', version: '1' },
    )
    expect(await look()).toBe(1)
    await idle()
    fails = true
    await expect(look.refresh()).rejects.toThrow('down')
    expect(await look()).toBe(1)
  })
})

describe.each(eachKind)('R18 what a function does to its own key while it runs, over %s', (_name, makeStore) => {
  test.each(['before', 'after'] as const)(
    'R18 an invalidation from %s its first await forbids to store',
    async (when) => {
      const { cache } = testScope({ store: makeStore(), ttl: Infinity })
      let now = 1
      let invalidates = true
      const look = cache.cached(
        async () => {
          const seen = now
          if (when === 'after') await idle(1)
          if (invalidates) {
            invalidates = false
            now = 2
            const done = look.invalidate()
            if (when === 'after') await done
            else await idle(1)
          }
          await idle(1)
          return seen
        },
        { name: 'look', version: '1' },
      )
      expect(await look()).toBe(1)
      expect(await look()).toBe(2)
    },
  )

  test('R18 a caller that starts after such an invalidation does not join', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let now = 1
    const gate = deferred()
    const look = cache.cached(
      async () => {
        const seen = now
        if (now === 1) {
          now = 2
          void look.invalidate()
          await gate.promise
        }
        return seen
      },
      { name: 'look', version: '1' },
    )
    const early = look()
    await idle()
    const late = look()
    await idle()
    gate.resolve()
    expect(await early).toBe(1)
    expect(await late).toBe(2)
  })

  test('R18 a prime from before its first await is not overwritten', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const look = cache.cached(
      async (): Promise<string> => {
        const primed = look.prime([], Promise.resolve('primed'))
        await idle()
        await primed
        return 'filled'
      },
      { name: 'look', version: '1' },
    )
    expect(await look()).toBe('filled')
    expect(await look()).toBe('primed')
  })
})

test.each([
  ['memory', () => memoryStore()],
  ['sync shared text', () => mapStore({ holds: 'text' })],
])('R18 a sync fill in which its key is invalidated, primed or refreshed is not stored over %s', (_name, makeStore) => {
  const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
  let act: (() => unknown) | undefined
  let now = 1
  const look = cache.cached(
    () => {
      const seen = now
      const once = act
      act = undefined
      once?.()
      return seen
    },
    { name: 'look', version: '1' },
  ) as unknown as (() => number) & { invalidate(): void; prime(args: [], value: number): void; refresh(): number }
  act = () => {
    now = 2
    look.invalidate()
  }
  expect(look()).toBe(1)
  expect(look()).toBe(2)
  look.invalidate()
  act = () => look.prime([], 7)
  expect(look()).toBe(2)
  expect(look()).toBe(7)
  look.invalidate()
  act = () => {
    now = 3
    look.refresh()
  }
  expect(look()).toBe(2)
  expect(look()).toBe(3)
})

test('R18 a sync fill during which another key is invalidated answers, whether stored or not', () => {
  const { cache } = testScope()
  const other = cache.cached((n: number) => n)
  const look = cache.cached((n: number): number => {
    look.invalidate(n + 1)
    other.invalidate(n)
    return n
  })
  expect(look(1)).toBe(1)
  expect(look(1)).toBe(1)
})

/** The writes a stepped store holds back, once there are two: a later one may wait a while for an earlier one. */
async function twoWrites(store: SteppedStore): Promise<[Step, Step]> {
  for (let waited = 0; waited < 200; waited++) {
    const [first, second] = store.steps.filter(({ operation }) => operation === 'set')
    if (first && second) return [first, second]
    await wait(5)
  }
  throw new Error('There was no second write.')
}

describe('R20 a time-out is not a cancellation', () => {
  async function filled(options: object = {}) {
    const store = steppedStore()
    const it = world(store, options)
    return { store, ...it }
  }

  test('R20 a write that lands after the invalidation is not served', async () => {
    const { store, look, state, finish } = await filled()
    store.held.add('set')
    const early = look('a')
    await finish()
    expect(await early).toBe(1)
    state.now = 2
    await look.invalidate('a')
    store.next('set').acknowledge()
    expect(entryKeys(store.rows).length).toBe(1)
    expect(await look.peek('a')).toEqual({ state: 'miss' })
    const late = look('a')
    await finish()
    expect(await late).toBe(2)
  })

  test('R20 such a late write is removed from the store once nothing else can land', async () => {
    const { store, look, state, finish } = await filled()
    store.held.add('set')
    const early = look('a')
    await finish()
    await early
    state.now = 2
    await look.invalidate('a')
    store.next('set').acknowledge()
    await idle()
    expect(entryKeys(store.rows)).toEqual([])
  })

  test('R20 a write that lands after a refresh has been written does not come back', async () => {
    const { store, look, state, finish } = await filled({ storeTimeout: 20 })
    store.held.add('set')
    const early = look('a')
    await finish()
    await early
    state.now = 2
    const refreshed = look.refresh('a')
    await finish()
    expect(await refreshed).toBe(2)
    // It waited for the first write to settle, and has given that up.
    await vi.waitFor(() => expect(store.steps.length).toBe(2))
    const [first, second] = await twoWrites(store)
    second.acknowledge()
    await idle()
    first.apply()
    expect(await look.peek('a')).toEqual({ state: 'miss' })
    first.acknowledge()
    await idle()
    const late = look('a')
    await finish()
    expect(await late).toBe(2)
  })

  test('R20 the same where the clock stands still or has gone back in between', async () => {
    for (const step of [0, 1, -1000]) {
      const clock = testClock(1_000_000)
      const { store, look, state, finish } = await filled({ clock, storeTimeout: 20 })
      store.held.add('set')
      const early = look('a')
      await finish()
      await early
      clock.advance(step)
      state.now = 2
      const refreshed = look.refresh('a')
      await finish()
      expect(await refreshed).toBe(2)
      // It waited for the first write to settle, and has given that up.
      await vi.waitFor(() => expect(store.steps.length).toBe(2))
      const [first, second] = await twoWrites(store)
      second.acknowledge()
      await idle()
      first.acknowledge()
      await idle()
      const late = look('a')
      await finish()
      expect(await late).toBe(2)
    }
  })

  test('R20 a write that lands after a prime does not come back', async () => {
    const { store, look, state, finish } = await filled({ storeTimeout: 20 })
    store.held.add('set')
    const early = look('a')
    await finish()
    await early
    const primed = Promise.resolve(look.prime(['a'], Promise.resolve(7))).catch(() => {})
    await idle()
    // It waited for the first write to settle, and has given that up.
    await vi.waitFor(() => expect(store.steps.length).toBe(2))
    const [first, second] = await twoWrites(store)
    second.acknowledge()
    await primed
    first.acknowledge()
    await idle()
    // 7 where it still stands, 2 where the store was cleared to be sure; never the 1 that was written late.
    state.now = 2
    const late = look('a')
    await finish()
    expect([2, 7]).toContain(await late)
  })

  test('R20 a prime or refresh just after a call waits for the write of that call and stays', async () => {
    const { store, look, finish } = await filled({ storeTimeout: 20 })
    store.held.add('set')
    const early = look('a')
    await finish()
    await early
    const primed = Promise.resolve(look.prime(['a'], Promise.resolve(7))).catch(() => {})
    await idle()
    expect(store.steps.length).toBe(1)
    store.next('set').acknowledge()
    await idle()
    store.next('set').acknowledge()
    await primed
    await idle()
    expect(await look('a')).toBe(7)
  })

  test('R20 a prime that waits for such a write gives way to an invalidation', async () => {
    const { store, look, state, finish } = await filled({ storeTimeout: 20 })
    store.held.add('set')
    const early = look('a')
    await finish()
    await early
    const primed = Promise.resolve(look.prime(['a'], Promise.resolve(7))).catch(() => {})
    await idle()
    state.now = 2
    await look.invalidate('a')
    store.next('set').acknowledge()
    await primed
    await idle()
    const late = look('a')
    await finish()
    expect(await late).toBe(2)
  })

  test.each(['prime', 'refresh'] as const)(
    'R18 a %s whose write waits for an earlier one is not stored once an invalidation has come in between',
    async (operation) => {
      const { store, look, state, finish } = await filled({ storeTimeout: Infinity })
      store.held.add('set')
      const early = look('a')
      await finish()
      await early
      state.now = 2
      const later =
        operation === 'prime'
          ? Promise.resolve(look.prime(['a'], Promise.resolve(2))).catch(() => {})
          : look.refresh('a')
      await finish()
      state.now = 3
      await look.invalidate('a')
      store.held.clear()
      for (const step of [...store.steps]) step.acknowledge()
      await later
      await idle()
      const last = look('a')
      await finish()
      expect(await last).toBe(3)
    },
  )

  test('R20 a prime that timed out and lands after an invalidation is not served', async () => {
    const { store, look, finish } = await filled({ storeTimeout: 20 })
    store.held.add('set')
    await expect(look.prime(['a'], Promise.resolve(7))).rejects.toThrow(StoreError)
    await look.invalidate('a')
    store.next('set').apply()
    expect(await look.peek('a')).toEqual({ state: 'miss' })
    store.next('set').acknowledge()
    const late = look('a')
    await finish()
    expect(await late).toBe(1)
  })

  test('R20 an invalidation whose removal timed out rejects with StoreError, and the old value is not served again', async () => {
    const { store, look, state, finish } = await filled({ storeTimeout: 20 })
    const early = look('a')
    await finish()
    await early
    store.held.add('delete')
    state.now = 2
    const failure = await look.invalidate('a').then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(StoreError)
    expect(failure).toMatchObject({ code: 'STORE_FAILED', operation: 'delete' })
    expect(entryKeys(store.rows).length).toBe(1)
    expect(await look.peek('a')).toEqual({ state: 'miss' })
    const late = look('a')
    await finish()
    expect(await late).toBe(2)
    expect(await look('a')).toBe(2)
  })

  test('R20 a removal that lands late takes a newer value along and brings none back', async () => {
    const { store, look, state, finish } = await filled({ storeTimeout: 20 })
    const early = look('a')
    await finish()
    await early
    store.held.add('delete')
    state.now = 2
    await expect(look.invalidate('a')).rejects.toThrow(StoreError)
    const late = look('a')
    await finish()
    expect(await late).toBe(2)
    store.next('delete').acknowledge()
    await idle()
    state.now = 3
    const last = look('a')
    await finish()
    expect(await last).toBe(3)
  })
})

test('R20 a removal sent while an older write was under way settles nothing when it is acknowledged after that write', async () => {
  const store = steppedStore('set', 'delete')
  const { look, state, finish } = world(store)
  const early = look('a')
  await finish()
  expect(await early).toBe(1)
  state.now = 2
  void look.invalidate('a')
  await idle()
  const removal = store.next('delete')
  removal.apply()
  store.next('set').acknowledge()
  await idle()
  // The storage holds the old value again, and the removal that was done before it is acknowledged only now.
  removal.acknowledge()
  await idle()
  expect(entryKeys(store.rows).length).toBe(1)
  const late = look('a')
  await finish()
  expect(await late).toBe(2)
})

test('R20 a write that never settles keeps no key cold over a store that others use: its value is known by its epochs', async () => {
  const store = steppedStore('set')
  const { look, state, finish } = world(store)
  const early = look('a')
  await finish()
  expect(await early).toBe(1)
  const hung = store.next('set')
  state.now = 2
  await look.invalidate('a')
  const late = look('a')
  await finish()
  expect(await late).toBe(2)
  store.steps.at(-1)!.acknowledge()
  await idle()
  expect(await look('a')).toBe(2)
  expect(state.runs).toBe(2)
  // And where it lands after all, it is not believed.
  hung.apply()
  const last = look('a')
  await finish()
  expect([await last, state.runs]).toEqual([2, 3])
})

describe('R20 a failed invalidation', () => {
  test('R20 rejects with StoreError and the old value is not served afterwards, over an async store', async () => {
    const store = throwingStore(asyncMapStore({ holds: 'text' }), { operations: ['delete'] })
    const { look, state, finish, events } = world(store)
    const early = look('a')
    await finish()
    await early
    state.now = 2
    await expect(look.invalidate('a')).rejects.toMatchObject({
      code: 'STORE_FAILED',
      operation: 'delete',
      cause: expect.objectContaining({ message: 'The storage is down.' }),
    })
    expect(events.map(({ type }) => type)).not.toContain('invalidate')
    expect(await look.peek('a')).toEqual({ state: 'miss' })
    const late = look('a')
    await finish()
    expect(await late).toBe(2)
    expect(events).toContainEqual(expect.objectContaining({ type: 'miss', reason: 'invalidated' }))
    // The newer value has replaced the old one: it is a hit.
    expect(await look('a')).toBe(2)
    expect(state.runs).toBe(2)
  })

  test('R20 throws StoreError and the old value is not served afterwards, over a sync store', () => {
    const store = throwingStore(mapStore({ holds: 'text' }), { operations: ['delete'] })
    const { cache } = testScope({ store, ttl: Infinity })
    let now = 1
    const look = cache.cached(() => now, { name: 'look', version: '1' })
    expect(look()).toBe(1)
    now = 2
    expect(() => look.invalidate()).toThrow(StoreError)
    expect(look.peek()).toEqual({ state: 'miss' })
    expect(look()).toBe(2)
    expect(look()).toBe(2)
  })

  test('R20 keeps the old value out while no write succeeds either', async () => {
    const store = throwingStore(asyncMapStore({ holds: 'text' }), { operations: ['delete', 'set'] })
    store.fault.on = false
    const { look, state, finish } = world(store)
    const early = look('a')
    await finish()
    await early
    store.fault.on = true
    for (let round = 2; round < 5; round++) {
      state.now = round
      await expect(look.invalidate('a')).rejects.toThrow(StoreError)
      const late = look('a')
      await finish()
      expect(await late).toBe(round)
    }
  })

  test('R20 keeps the old values out of more keys than fences are kept apart', async () => {
    const store = throwingStore(mapStore({ holds: 'text' }), { operations: ['delete'] })
    const { cache } = testScope({ store, ttl: Infinity })
    let now = 1
    const look = cache.cached((_n: number) => now, { name: 'look', version: '1' })
    for (let n = 0; n < 10_010; n++) look(n)
    now = 2
    for (let n = 0; n < 10_010; n++) expect(() => look.invalidate(n)).toThrow(StoreError)
    for (let n = 0; n < 10_010; n++) if (look(n) !== 2) throw new Error(`The old value of ${n} was served.`)
  })

  test('R20 a second invalidation that succeeds settles it', async () => {
    const store = throwingStore(asyncMapStore({ holds: 'text' }), { operations: ['delete'] })
    const { look, state, finish } = world(store)
    const early = look('a')
    await finish()
    await early
    state.now = 2
    await expect(look.invalidate('a')).rejects.toThrow(StoreError)
    store.fault.on = false
    await look.invalidate('a')
    const late = look('a')
    await finish()
    expect(await late).toBe(2)
    expect(await look('a')).toBe(2)
  })

  test('R20 keeps out an old value that was written by a clock ahead of ours', async () => {
    const rows = new Map()
    const ahead = testClock(1_060_000)
    const writer = testScope({ store: asyncMapStore({ holds: 'text', rows }), ttl: Infinity, clock: ahead })
    await writer.cache.cached(async () => 1, { name: 'look', version: '1' })()
    await idle()
    const store = throwingStore(asyncMapStore({ holds: 'text', rows }), { operations: ['delete'] })
    const reader = testScope({ store, ttl: Infinity, clock: testClock(1_000_000) })
    const look = reader.cache.cached(async () => 2, { name: 'look', version: '1' })
    await expect(look.invalidate()).rejects.toThrow(StoreError)
    expect(await look()).toBe(2)
  })
})

test('R18 an entry written by another process after our invalidation is served', async () => {
  const rows = new Map()
  const here = testScope({ store: asyncMapStore({ holds: 'text', rows }), ttl: Infinity, clock: testClock(1_000_000) })
  const there = testScope({ store: asyncMapStore({ holds: 'text', rows }), ttl: Infinity, clock: testClock(1_000_000) })
  let runs = 0
  const one = here.cache.cached(async () => (runs += 1), { name: 'look', version: '1' })
  const two = there.cache.cached(async () => (runs += 1), { name: 'look', version: '1' })
  expect(await one()).toBe(1)
  await idle()
  await one.invalidate()
  expect(await two()).toBe(2)
  await idle()
  expect(await one()).toBe(2)
})

test('R20 a store that acknowledges removals out of order, or does writes late, never brings an old value back', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const store = reorderingStore(asyncMapStore({ holds: 'text' }), { reorders: 'acks', window: 3, seed })
    const { look, state, finish } = world(store, { storeTimeout: Infinity })
    for (let round = 1; round < 8; round++) {
      state.now = round
      const done = look.invalidate('a')
      const call = look('a')
      await finish()
      expect(await call).toBe(round)
      if (seed % 2) await store.fault.release()
      void done
    }
    await store.fault.release()
  }
})

test('R20 a removal that a store acknowledges and loses is beyond detection, yet other keys are safe', async () => {
  const store = lossyStore(asyncMapStore({ holds: 'text' }), { probability: 1, operations: ['delete'] })
  const { look, finish } = world(store)
  const calls = [look('a'), look('b')]
  await finish()
  await Promise.all(calls)
  await look.invalidate('a')
  expect(await look('b')).toBe(1)
})

test('an invalidation over a hung store ends after storeTimeout', async () => {
  const store = hangingStore(asyncMapStore({ holds: 'text' }), { operations: ['delete'] })
  const { look } = world(store, { storeTimeout: 20 })
  const began = performance.now()
  await expect(look.invalidate('a')).rejects.toThrow(/did not answer delete within 20 ms/)
  expect(performance.now() - began).toBeLessThan(1000)
})

test('an invalidation is reported once the store has acknowledged it, and only then', async () => {
  const store = steppedStore('delete')
  const { look, types } = world(store)
  const done = look.invalidate('a')
  expect(await isPending(done)).toBe(true)
  expect(types()).not.toContain('invalidate')
  store.next('delete').acknowledge()
  await done
  expect(types()).toEqual(['invalidate'])
})

test('fences do not pile up: what is acknowledged leaves nothing behind', async () => {
  const store = asyncMapStore({ holds: 'text' })
  const { look, finish } = world(store)
  for (let n = 0; n < 50; n++) {
    const call = look(`${n}`)
    await finish()
    await call
    await look.invalidate(`${n}`)
  }
  const [lane] = sharedBy(store, undefined).lanes.values()
  expect(lane!.flights.size).toBe(0)
  expect(gateOf(store).writes.size).toBe(0)
})

test('R20 a clean-up removal that hangs keeps no timer running', async () => {
  const store = steppedStore('set')
  const { look, finish } = world(store, { storeTimeout: Infinity })
  const early = look('a')
  await finish()
  await early
  await look.invalidate('a')
  store.held.add('delete')
  store.next('set').acknowledge()
  await idle()
  expect(store.next('delete')).toBeDefined()
  // What other tests have left waiting ends first.
  await wait(300)
  const timer = vi.spyOn(globalThis, 'setTimeout')
  await new Promise((resolve) => setImmediate(resolve))
  const began = performance.now()
  while (performance.now() - began < 90) await new Promise((resolve) => setImmediate(resolve))
  expect(timer.mock.calls.length).toBeLessThanOrEqual(1)
})

test('R20 past ten thousand failed invalidations the entry of another store object over the same data is not believed', async () => {
  const rows = new Map()
  const clock = testClock()
  let now = 1
  const look = async (id: number) => `${id} ${now}`
  const define = (store: Store) =>
    testScope({ store, clock, ttl: Infinity }).cache.cached(look, { name: 'look', version: '1' })
  const mine = define(throwingStore(asyncMapStore({ holds: 'text', rows }), { operations: ['delete'] }))
  const theirs = define(asyncMapStore({ holds: 'text', rows }))
  await mine(1)
  await idle()
  clock.advance(1000)
  await theirs(0)
  await idle()
  expect(await mine(0)).toBe('0 1')
  now = 2
  for (let n = 0; n < 10_010; n++) await Promise.resolve(mine.invalidate(n)).catch(() => {})
  expect(await mine.peek(0)).toEqual({ state: 'miss' })
  expect(await mine(0)).toBe('0 2')
})

describe.each(eachKind)('a refresh over %s', (_name, makeStore) => {
  const kept = { name: 'look', version: '1' }
  const body = { open: new ReadableStream() }
  test.each<[string, object, unknown]>([
    ['`cacheIf` refuses', { cacheIf: (value: unknown) => value !== 2 }, 2],
    ['has no ttl', { ttl: (value: unknown) => (value === 2 ? 0 : Infinity) }, 2],
    ['can be read only once', {}, body],
    ['cannot be stored', { clone: true }, { open: Symbol('unstorable') }],
  ])('does not leave the old value to answer where its result %s', async (_what, options, next) => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    let now: unknown = 1
    // Once as a function that promises, once as one that does not.
    for (const fn of [async () => now, () => now]) {
      now = 1
      const look = cache.cached(fn, { ...kept, name: String(fn), ...options })
      expect(await look()).toBe(1)
      await idle()
      expect(await look.peek()).toMatchObject({ state: 'fresh', value: 1 })
      now = next
      expect(await look.refresh()).toBe(next)
      await idle()
      expect(await look.peek()).toEqual({ state: 'miss' })
      now = 3
      expect(await look()).toBe(3)
    }
  })

  test('leaves the old value to answer where it throws', async () => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    let down = false
    const look = cache.cached(async () => {
      if (down) throw new Error('down')
      return 1
    }, kept)
    await look()
    await idle()
    down = true
    await expect(look.refresh()).rejects.toThrow('down')
    await idle()
    expect(await look()).toBe(1)
  })
})
