import { asyncMapStore, mapStore } from '@autocache/conformance'
import { describe, expect, test } from 'vitest'
import { createAutocache, memoryStore, type Store } from '../src/index.ts'
import { testClock, testScope } from '../src/testing.ts'
import { deferred, eachKind, idle } from './call-support.ts'
import { storage } from './processes.ts'

const asyncKinds = eachKind.filter(([name]) => name !== 'sync shared text')

describe.each(asyncKinds)('R21 over %s', (_name, makeStore) => {
  /** An outer function over an inner one, both with what they ran. */
  function nest(inner: object = {}, outer: object = {}, shared: object = {}) {
    const scope = testScope({ store: makeStore(), ttl: '1h', version: '1', ...shared })
    const world = { now: 1, inner: 0, outer: 0 }
    const within = scope.cache.cached(
      async (_id: string) => {
        world.inner += 1
        return world.now
      },
      { name: 'inner', ...inner },
    )
    const around = scope.cache.cached(
      async (id: string) => {
        world.outer += 1
        return { value: await within(id) }
      },
      { name: 'outer', ...outer },
    )
    return { ...scope, world, within, around }
  }

  for (const [how, tags] of [
    ['known', ['t']],
    ['that the result gives', () => ['t']],
  ] as const) {
    test(`tags ${how} reach the outer entry, whether the inner call ran`, async () => {
      const { cache, around, world, settle } = nest({ tags })
      expect(await around('a')).toEqual({ value: 1 })
      await settle()
      await around('a')
      expect(world.outer).toBe(1)
      expect((await around.explain('a')).tags).toEqual(['t'])
      world.now = 2
      await cache.invalidateTags('t')
      expect(await around('a')).toEqual({ value: 2 })
    })

    test(`tags ${how} reach the outer entry, where the inner call was a hit`, async () => {
      const { cache, within, around, world, settle } = nest({ tags })
      await within('a')
      await settle()
      await around('a')
      await settle()
      expect(world.inner).toBe(1)
      expect((await around.explain('a')).tags).toEqual(['t'])
      world.now = 2
      await cache.invalidateTags('t')
      expect(await around('a')).toEqual({ value: 2 })
    })

    test(`tags ${how} reach the outer entry, where the inner call joined another`, async () => {
      const { cache, within, around, world, settle } = nest({ tags })
      const [one] = await Promise.all([within('a'), around('a')])
      expect(one).toBe(1)
      await settle()
      expect((await around.explain('a')).tags).toEqual(['t'])
      world.now = 2
      await cache.invalidateTags('t')
      expect(await around('a')).toEqual({ value: 2 })
    })
  }

  test('the outer entry is fresh no longer than the inner one', async () => {
    const { clock, within, around, world, settle } = nest({ ttl: '10m' })
    await within('a')
    await settle()
    clock.advance(6 * 60_000)
    await around('a')
    await settle()
    clock.advance(3 * 60_000)
    await around('a')
    expect(world.outer).toBe(1)
    world.now = 2
    clock.advance(60_000)
    expect(await around('a')).toEqual({ value: 2 })
  })

  test('what an inner function kept of an error ends the outer entry that was made of it', async () => {
    const { cache, clock, settle } = testScope({ store: makeStore(), ttl: '1h', version: '1' })
    let well = false
    const inner = cache.cached(
      async () => {
        if (!well) throw new Error('down')
        return 'well'
      },
      { name: 'inner', errorTtl: '1m', tags: ['t'] },
    )
    const outer = cache.cached(async () => await inner().catch(() => 'no answer'), { name: 'outer' })
    expect(await outer()).toBe('no answer')
    await settle()
    well = true
    clock.advance(60_000)
    expect(await outer()).toBe('well')
  })

  test('what a nested call hands to its caller alone brings its tags and its expiry all the same', async () => {
    const { cache, clock, settle } = testScope({ store: makeStore(), ttl: '1h', version: '1' })
    const world = { now: 1 }
    const inner = cache.cached(async () => [world.now].values(), { name: 'inner', tags: ['t'], ttl: '10m' })
    const outer = cache.cached(async () => [...(await inner())], { name: 'outer' })
    expect(await outer()).toEqual([1])
    await settle()
    world.now = 2
    expect(await outer()).toEqual([1])
    await cache.invalidateTags('t')
    expect(await outer()).toEqual([2])
    await settle()
    world.now = 3
    clock.advance(600_000)
    expect(await outer()).toEqual([3])
  })

  test.each<[string, object, (scope: Pick<ReturnType<typeof testScope>, 'cache' | 'clock'>) => unknown]>([
    ['known tags', { tags: ['t'] }, ({ cache }) => cache.invalidateTags('t')],
    ['tags that the result gives', { tags: () => ['t'] }, ({ cache }) => cache.invalidateTags('t')],
    ['its ttl', { ttl: '10m' }, ({ clock }) => clock.advance(600_000)],
    ['a ttl that the result gives', { ttl: () => '10m' }, ({ clock }) => clock.advance(600_000)],
    ['`cacheIf`, which does not see its value', { cacheIf: () => false }, () => {}],
  ])(
    'an inner call that goes straight through ends the outer entry by %s all the same',
    async (_how, options, ends) => {
      const keyBounds = { size: 100 }
      const { cache, clock, settle } = testScope({ store: makeStore() as Store, ttl: '1h', version: '1', keyBounds })
      const world = { now: 1 }
      const inner = cache.cached(async (_large: string) => world.now, { name: 'inner', ...options })
      const outer = cache.cached(async (id: string) => [await inner(id.repeat(200))], { name: 'outer' })
      expect(await outer('a')).toEqual([1])
      await settle()
      expect(cache.stats().functions.inner).toMatchObject({ bypass: 1 })
      world.now = 2
      await ends({ cache: cache as never, clock })
      expect(await outer('a')).toEqual([2])
    },
  )

  test.each([
    ['refuses it', () => false],
    [
      'throws',
      () => {
        throw new Error('cacheIf')
      },
    ],
  ])('what is made of a value that is not kept is not kept, where `cacheIf` %s', async (_how, cacheIf) => {
    const { around, world, settle } = nest({ cacheIf })
    expect(await around('a')).toEqual({ value: 1 })
    await settle()
    world.now = 2
    expect(await around('a')).toEqual({ value: 2 })
  })

  test('what is made of a value that `cacheIf` lets keep is kept, and no longer than that', async () => {
    const { around, world, clock, settle } = nest({ cacheIf: () => true, ttl: '1m' })
    await around('a')
    await settle()
    world.now = 2
    expect(await around('a')).toEqual({ value: 1 })
    clock.advance(60_000)
    expect(await around('a')).toEqual({ value: 2 })
  })

  test('a stale inner value makes an outer entry that is not kept past it', async () => {
    const { clock, around, within, world, settle } = nest({ ttl: '1m', staleTtl: '1h' })
    await within('a')
    await settle()
    clock.advance(90_000)
    world.now = 2
    expect(await around('a')).toEqual({ value: 1 })
    await settle()
    expect(await around('a')).toEqual({ value: 2 })
  })

  test('an outer run between whose inner calls a tag was invalidated is not stored', async () => {
    const { cache, settle } = testScope({ store: makeStore(), ttl: '1h', version: '1' })
    const world = { now: 1 }
    const inner = cache.cached(async (_id: string) => world.now, { name: 'inner', tags: ['t'] })
    const gate = deferred()
    let runs = 0
    const outer = cache.cached(
      async () => {
        runs += 1
        const first = await inner('a')
        if (runs === 1) await gate.promise
        return [first, await inner('a')]
      },
      { name: 'outer' },
    )
    const torn = outer()
    await idle()
    world.now = 2
    await cache.invalidateTags('t')
    gate.resolve()
    expect(await torn).toEqual([1, 2])
    await settle()
    expect(await outer()).toEqual([2, 2])
    expect(runs).toBe(2)
  })

  test('they pass through as many functions as there are', async () => {
    const { cache, settle } = testScope({ store: makeStore(), ttl: '1h', version: '1' })
    const world = { now: 1 }
    const one = cache.cached(async () => world.now, { name: 'one', tags: ['one'], ttl: '5m' })
    const two = cache.cached(async () => await one(), { name: 'two', tags: ['two'] })
    const three = cache.cached(async () => await two(), { name: 'three' })
    await three()
    await settle()
    for (const tag of ['one', 'two']) {
      await three()
      await settle()
      const told = await three.explain()
      expect([told.state, [...told.tags!].sort()]).toEqual(['fresh', ['one', 'two']])
      expect(told.freshUntil! - told.createdAt!).toBe(300_000)
      world.now += 1
      await cache.invalidateTags(tag)
      expect(await three()).toBe(tag === 'one' ? world.now : world.now - 1)
    }
  })

  test('calls of two outer functions at once do not mix', async () => {
    const { cache, settle } = testScope({ store: makeStore(), ttl: '1h', version: '1' })
    const slowly = async (id: string) => {
      await idle(1)
      return id
    }
    const inner = cache.cached(slowly, { name: 'inner', tags: (id) => [id] })
    const outer = cache.cached(async (id: string) => inner(await slowly(id)), { name: 'outer' })
    const ids = ['a', 'b', 'c', 'd']
    await Promise.all(ids.map((id) => outer(id)))
    await settle()
    for (const id of ids) expect((await outer.explain(id)).tags).toEqual([id])
  })
})

describe('R21 a tag that a function and a cached call of it have', () => {
  /** Two processes; in the first the outer function waits between what it reads itself and its inner call. */
  function setup() {
    const shared = storage()
    shared.prompt = true
    const world = { now: 1, held: undefined as Promise<void> | undefined }
    const connect = () => {
      const { cache, settle } = testScope({ store: shared.connect(), ttl: '1h', version: '1', storeTimeout: Infinity })
      const inner = cache.cached(async (_id: string) => world.now, { name: 'inner', tags: ['t'] })
      const middle = cache.cached(
        async (id: string) => {
          const own = world.now
          await world.held
          return [own, await inner(id)]
        },
        { name: 'middle', tags: () => ['t'] },
      )
      const outer = cache.cached(async (id: string) => [...(await middle(id))], { name: 'outer' })
      return { cache, settle, inner, middle, outer }
    }
    return { world, here: connect(), there: connect() }
  }

  test.each(['middle', 'outer'] as const)(
    'ends the entry of the %s one where another process invalidated it before that call',
    async (which) => {
      const { world, here, there } = setup()
      await here.inner('x')
      await here.settle()
      const held = deferred()
      world.held = held.promise
      const torn = here[which]('a')
      await idle()
      world.now = 2
      await there.cache.invalidateTags('t')
      held.resolve()
      expect(await torn).toEqual([1, 2])
      await here.settle()
      world.held = undefined
      expect(await here[which]('a')).toEqual([2, 2])
    },
  )

  test('lets it be stored where nothing was invalidated', async () => {
    const { here, there } = setup()
    await here.outer('a')
    await here.settle()
    expect((await there.outer('a')).length).toBe(2)
    expect(there.cache.stats().total).toEqual({ hit: 1 })
  })
})

describe('R21 over functions that answer at once', () => {
  for (const [name, makeStore] of [
    ['memory', () => memoryStore()],
    ['a store that others use', () => mapStore({ holds: 'text' })],
  ] as const) {
    test(`tags and expiry reach the outer entry over ${name}, by runs and by hits`, async () => {
      const { cache, clock } = testScope({ store: makeStore() as Store, ttl: '1h', version: '1' })
      const world = { now: 1, outer: 0 }
      const inner = cache.cached((_id: string) => world.now, { name: 'inner', tags: ['t'], ttl: '10m' })
      const outer = cache.cached(
        (id: string) => {
          world.outer += 1
          return [inner(id)]
        },
        { name: 'outer' },
      )
      inner('hit')
      for (const id of ['run', 'hit']) {
        expect(outer(id)).toEqual([world.now])
        outer(id)
      }
      expect(world.outer).toBe(2)
      world.now = 2
      await cache.invalidateTags('t')
      for (const id of ['run', 'hit']) expect(outer(id)).toEqual([2])
      world.now = 3
      clock.advance(599_999)
      for (const id of ['run', 'hit']) expect(outer(id)).toEqual([2])
      clock.advance(1)
      for (const id of ['run', 'hit']) expect(outer(id)).toEqual([3])
    })
  }

  test('a hit on the short way of memory brings its tags as well', async () => {
    const cache = createAutocache({ version: '1', clock: testClock() })
    const world = { now: 1 }
    const inner = cache.cached((_id: string) => world.now, { name: 'inner', tags: ['t'] })
    const outer = cache.cached((id: string) => inner(id), { name: 'outer' })
    for (let n = 0; n < 3; n++) inner('a')
    expect(outer('a')).toBe(1)
    world.now = 2
    await cache.invalidateTags('t')
    expect(outer('a')).toBe(2)
  })
})

describe('R21 who joined a run and has to run the function himself', () => {
  /** An inner function whose second caller waits for the first, and an outer one around each; with what ends the run. */
  function joined(store: Store, options: object, inner: (world: string) => unknown, ofFirst: object = options) {
    const { cache, settle } = testScope({ store, ttl: '1h', version: '1' })
    const gate = deferred()
    const world = { now: 'first' }
    const run = async () => {
      const { now } = world
      if (now === 'first') await gate.promise
      return inner(now)
    }
    const around = (own: object) => {
      const within = cache.cached(run, { name: 'inner', ...own })
      return cache.cached(async (_who: string) => ((await within()) as { readonly tag: string }).tag, { name: 'outer' })
    }
    const [first, second] = [around(ofFirst), around(options)]
    const answers = async () => {
      const both = [first('first'), second('second')]
      await idle()
      world.now = 'second'
      gate.resolve()
      const values = await Promise.all(both)
      await settle()
      return values
    }
    return { cache, world, second, answers }
  }

  test('depends on the tags of what that brought, where it is his alone', async () => {
    const store = asyncMapStore({ holds: 'text', lifetime: 'process' })
    const tags = (value: { tag: string }) => [value.tag]
    const { cache, world, second, answers } = joined(store, { tags }, (tag) => ({ tag, open: () => tag }))
    expect(await answers()).toEqual(['first', 'second'])
    world.now = 'third'
    await cache.invalidateTags('second')
    expect(await second('second')).toBe('third')
  })

  test('depends on its tags and its expiry, where there is no copy of what he waited for', async () => {
    const options = { tags: ['t'], clone: true }
    const { cache, world, second, answers } = joined(memoryStore(), options, (tag) => ({ tag, open: () => tag }), {
      tags: ['t'],
    })
    expect(await answers()).toEqual(['first', 'second'])
    world.now = 'third'
    await cache.invalidateTags('t')
    expect(await second('second')).toBe('third')
  })
})

describe('R21 over several stores and namespaces of one instance', () => {
  for (const [name, makeInner, makeOuter] of [
    ['memory in memory', () => memoryStore(), () => memoryStore()],
    ['shared in shared', () => asyncMapStore({ holds: 'text' }), () => asyncMapStore({ holds: 'text' })],
    ['shared in memory', () => asyncMapStore({ holds: 'text' }), () => memoryStore()],
    ['memory in shared', () => memoryStore(), () => asyncMapStore({ holds: 'text' })],
  ] as const) {
    test(`tags and expiry reach the outer entry: ${name}`, async () => {
      const { cache, clock, settle } = testScope({ store: makeOuter() as Store, ttl: '1h', version: '1' })
      const world = { now: 1 }
      const inner = cache.cached(async () => world.now, {
        name: 'inner',
        tags: ['t'],
        ttl: '10m',
        store: makeInner() as Store,
        namespace: 'elsewhere',
      })
      const outer = cache.cached(async () => await inner(), { name: 'outer' })
      expect(await outer()).toBe(1)
      await settle()
      world.now = 2
      expect(await outer()).toBe(1)
      await cache.invalidateTags('t')
      expect(await outer()).toBe(2)
      await settle()
      world.now = 3
      clock.advance(600_000)
      expect(await outer()).toBe(3)
    })
  }
})
