import { asyncMapStore } from '@autocache/conformance'
import { describe, expect, test } from 'vitest'
import { createAutocache, type Store, StoreError } from '../src/index.ts'
import { testClock, testScope } from '../src/testing.ts'
import { type Deferred, deferred, idle, isPending } from './call-support.ts'
import { storage } from './processes.ts'

/** A process whose one function answers with the world as it was when it began, when told. */
function process(store: Store, world: { now: number }, options: object = {}) {
  const { cache, events } = testScope({ store, ttl: '1h', version: '1', storeTimeout: Infinity, ...options })
  const running: Deferred<void>[] = []
  const state = { runs: 0 }
  const look = cache.cached(
    async (_id: string) => {
      const { now } = world
      state.runs += 1
      const gate = deferred()
      running.push(gate)
      await gate.promise
      return now
    },
    { name: 'look', tags: ['fixed'] },
  )
  const finish = async () => {
    await idle()
    for (const gate of running.splice(0)) gate.resolve()
    await idle()
  }
  return { cache, events, look, running, state, finish }
}

function two(options: object = {}) {
  const shared = storage()
  shared.prompt = true
  const world = { now: 1 }
  return {
    shared,
    world,
    one: process(shared.connect(), world, options),
    other: process(shared.connect(), world, options),
  }
}

describe('two processes', () => {
  test('what one process stored the other is answered with, and what one invalidates the other makes anew', async () => {
    const { world, one, other } = two()
    const first = one.look('a')
    await one.finish()
    expect([await first, await other.look('a')]).toEqual([1, 1])
    for (const invalidate of [
      () => other.look.invalidate('a'),
      () => one.look.invalidateAll(),
      () => other.cache.invalidateTags('fixed'),
    ]) {
      world.now += 1
      await invalidate()
      const again = one.look('a')
      await one.finish()
      expect([await again, await other.look('a')]).toEqual([world.now, world.now])
    }
    expect([one.state.runs, other.state.runs]).toEqual([4, 0])
  })

  test('R18 a thousand calls that may not join an earlier run share one of their own', async () => {
    const { world, one, other } = two()
    const early = one.look('a')
    await idle()
    world.now = 2
    await other.look.invalidate('a')
    const late = Array.from({ length: 1000 }, () => one.look('a'))
    await one.finish()
    expect(await early).toBe(1)
    expect(new Set(await Promise.all(late))).toEqual(new Set([2]))
    expect(one.state.runs).toBe(2)
  })

  test('R18 a run does not outlast a refresh of another process that never saw the call', async () => {
    const { shared, world, one, other } = two()
    const first = one.look('a')
    await one.finish()
    expect(await first).toBe(1)
    for (const [key, row] of shared.rows) if (!row.startsWith('e1.')) shared.rows.delete(key)
    // Knows the epoch of the call, and is slow.
    const slow = one.look('a')
    await idle()
    world.now = 2
    const refreshed = other.look.refresh('a')
    await idle()
    // Reads the epoch of the call while the refresh runs.
    const joined = other.look('a')
    await other.finish()
    expect([await refreshed, await joined]).toEqual([2, 2])
    await one.finish()
    expect(await slow).toBe(1)
    const after = [one.look('a'), other.look('a')]
    await one.finish()
    await other.finish()
    expect(await Promise.all(after)).toEqual([2, 2])
  })

  test('R18 a run does not outlast a refresh whose value is not to be kept', async () => {
    const shared = storage()
    shared.prompt = true
    const world = { now: 1 }
    const keep = { cacheIf: (value: number) => value !== 2 }
    const [one, other] = [process(shared.connect(), world, keep), process(shared.connect(), world, keep)]
    const first = one.look('a')
    await one.finish()
    await first
    for (const [key, row] of shared.rows) if (!row.startsWith('e1.')) shared.rows.delete(key)
    const slow = one.look('a')
    await idle()
    world.now = 2
    const refreshed = other.look.refresh('a')
    await other.finish()
    expect(await refreshed).toBe(2)
    await one.finish()
    expect(await slow).toBe(1)
    world.now = 3
    const after = other.look('a')
    await other.finish()
    expect(await after).toBe(3)
  })

  test('R18 a primed value that is not to be kept ends what was there, in every process', async () => {
    const shared = storage()
    shared.prompt = true
    const world = { now: 1 }
    const short = { ttl: (value: number) => (value === 2 ? 0 : 3_600_000) }
    const [one, other] = [process(shared.connect(), world, short), process(shared.connect(), world, short)]
    const first = one.look('a')
    await one.finish()
    await first
    await other.look.prime(['a'], Promise.resolve(2))
    world.now = 3
    const after = one.look('a')
    await one.finish()
    expect(await after).toBe(3)
  })

  test('R17 an invalidation reaches the entries of other versions', async () => {
    const shared = storage()
    shared.prompt = true
    const load = (version: string) => {
      const { cache } = testScope({ store: shared.connect(), ttl: '1h' })
      const state = { runs: 0 }
      const fn = cache.cached(async (_id: string) => (state.runs += 1), { name: 'load', version, tags: ['t'] })
      return { cache, fn, state }
    }
    const [canary, stable] = [load('2'), load('1')]
    for (const invalidate of [
      () => canary.fn.invalidate('a'),
      () => canary.fn.invalidateAll(),
      () => canary.cache.invalidateTags('t'),
    ]) {
      const before = await stable.fn('a')
      await canary.fn('a')
      await idle()
      expect(await stable.fn('a')).toBe(before)
      await invalidate()
      // Rolled back: the process is a new one as well.
      const rolledBack = load('1')
      await rolledBack.fn('a')
      expect(rolledBack.state.runs).toBe(1)
      expect(await stable.fn('a')).toBe(1)
      stable.state.runs = 1
      await idle()
    }
  })
})

describe('R20 in the process that invalidates', () => {
  test('a call that read before an invalidation was acknowledged, and began after it was made, is not answered by what it ends', async () => {
    const shared = storage()
    shared.prompt = true
    const world = { now: 1 }
    const one = process(shared.connect(), world)
    for (const invalidate of [
      () => one.look.invalidate('a'),
      () => one.look.invalidateAll(),
      () => one.cache.invalidateTags('fixed'),
    ]) {
      const first = one.look('a')
      await one.finish()
      await first
      shared.prompt = false
      world.now += 1
      const invalidated = Promise.resolve(invalidate())
      const late = one.look('a')
      await idle()
      const reads = shared.sent.filter(({ kind }) => kind === 'get')
      for (const read of reads) read.land()
      for (let round = 0; round < 4; round++) {
        for (const sent of [...shared.sent]) if (sent.kind !== 'get') sent.answer()
        await idle()
      }
      await invalidated
      for (const read of reads) read.answer()
      shared.prompt = true
      shared.flush()
      await one.finish()
      expect(await late).toBe(world.now)
    }
  })

  test('a name whose invalidation was not acknowledged is distrusted until it is, also by reads under way then', async () => {
    const shared = storage()
    shared.prompt = true
    const world = { now: 1 }
    const one = process(shared.connect(), world)
    const first = one.look('a')
    await one.finish()
    await first
    shared.prompt = false
    world.now = 2
    const invalidated = one.cache.invalidateTags('fixed')
    await idle()
    for (const sent of [...shared.sent]) sent.fail()
    await expect(invalidated).rejects.toBeInstanceOf(StoreError)
    const late = one.look('a')
    await idle()
    const reads = shared.sent.filter(({ kind, told }) => kind === 'get' && !told)
    for (const read of reads) read.land()
    const closed = one.cache.close()
    for (let round = 0; round < 4; round++) {
      await idle()
      for (const sent of [...shared.sent]) if (sent.kind !== 'get') sent.answer()
    }
    await idle()
    expect(one.cache.stats().stores[0]).toMatchObject({ owed: 0 })
    for (const read of reads) read.answer()
    shared.prompt = true
    shared.flush()
    await one.finish()
    await closed
    expect(await late).toBe(2)
  })
})

describe('a store that does less than it should', () => {
  test('one that takes no writes is waited for once a second, not by every call', async () => {
    const held = asyncMapStore({ holds: 'text' })
    let puts = 0
    const set = () => {
      puts += 1
      return new Promise<void>(() => {})
    }
    const store = { ...held, set, setMany: undefined }
    const { cache } = testScope({ store: store as unknown as Store, ttl: '1h', storeTimeout: 40 })
    const fn = cache.cached(async (n: number) => n, { name: 'fn', version: '1' })
    const began = performance.now()
    await fn(0)
    expect(performance.now() - began).toBeGreaterThanOrEqual(39)
    for (let n = 1; n <= 50; n++) await fn(n)
    expect(puts).toBeLessThanOrEqual(2 + (performance.now() - began) / 1000)
  })

  test('one key that cannot be read fails no other', async () => {
    const held = asyncMapStore({ holds: 'text' })
    let poison: string | undefined
    const store = {
      ...held,
      get: async (key: string) => {
        if (key === poison) throw new Error('WRONGTYPE')
        return held.get(key)
      },
      getMany: async (keys: readonly string[]) => {
        if (poison !== undefined && keys.includes(poison)) throw new Error('WRONGTYPE')
        return Promise.all(keys.map((key) => held.get(key)))
      },
    }
    const { cache, settle } = testScope({ store: store as Store, ttl: '1h' })
    let runs = 0
    const fn = cache.cached(async (n: number) => (runs += 1) * 0 + n, { name: 'fn', version: '1' })
    await Promise.all([fn(1), fn(2), fn(3)])
    await settle()
    poison = fn.keyOf(2)
    runs = 0
    expect(await Promise.all([fn(1), fn(2), fn(3)])).toEqual([1, 2, 3])
    expect(runs).toBe(1)
  })

  test('R19 one that comes back empty makes everything anew, and keeps it again', async () => {
    const { shared, world, one, other } = two()
    const first = one.look('a')
    await one.finish()
    await first
    shared.rows.clear()
    world.now = 2
    const again = one.look('a')
    await one.finish()
    expect([await again, await other.look('a')]).toEqual([2, 2])
  })

  test('a clock an hour behind or ahead makes nothing older answer', async () => {
    const shared = storage()
    shared.prompt = true
    const world = { now: 1 }
    const now = Date.now()
    const clocks = [0, -3_600_000, 3_600_000].map((by) => testClock(now + by))
    const processes = clocks.map((clock) => process(shared.connect(), world, { clock, ttl: '10m' }))
    for (const process of processes) {
      world.now += 1
      await process.look.invalidate('a')
      await process.cache.invalidateTags('fixed')
      for (const other of processes) {
        const answer = other.look('a')
        await other.finish()
        expect(await answer).toBe(world.now)
      }
    }
  })

  test('a kept error whose tags nobody can know ends with any tag', async () => {
    const shared = storage()
    shared.prompt = true
    const { cache, settle } = testScope({ store: shared.connect(), ttl: '1h', errorTtl: '1h' })
    let runs = 0
    const fn = cache.cached(
      async (_id: string): Promise<string> => {
        runs += 1
        throw new Error(`run ${runs}`)
      },
      { name: 'fn', version: '1', tags: (value) => [`tag of ${value}`] },
    )
    await expect(fn('a')).rejects.toThrow('run 1')
    await settle()
    await expect(fn('a')).rejects.toThrow('run 1')
    const elsewhere = createAutocache({ store: shared.connect(), namespace: 'test' })
    await elsewhere.invalidateTags('any')
    await expect(fn('a')).rejects.toThrow('run 2')
  })
})

describe('nested calls over two storages', () => {
  test('R21 an outer value made while a tag was invalidated in one storage and not yet in the other is over with the acknowledgement', async () => {
    const [near, far] = [storage(), storage()]
    near.prompt = far.prompt = true
    const world = { now: 1 }
    const start = () => {
      const { cache } = testScope({ store: near.connect(), ttl: '1h', version: '1', storeTimeout: Infinity })
      const inner = cache.cached(async () => world.now, { name: 'inner', tags: ['t'], store: far.connect() })
      const outer = cache.cached(async () => await inner(), { name: 'outer' })
      return { cache, inner, outer }
    }
    const [one, other] = [start(), start()]
    expect(await one.inner()).toBe(1)
    await idle()
    world.now = 2
    // Both are known to the one that invalidates.
    await other.cache.cached(async () => 0, { name: 'any' })()
    far.prompt = false
    const invalidated = other.cache.invalidateTags('t')
    await idle()
    const writes = far.sent.filter(({ kind }) => kind === 'set')
    const outer = one.outer()
    const done = async () => {
      for (let round = 0; round < 6; round++) {
        for (const sent of [...far.sent]) if (!writes.includes(sent)) sent.answer()
        await idle()
      }
    }
    await done()
    await outer
    expect(await isPending(invalidated)).toBe(true)
    far.prompt = true
    far.flush()
    await idle()
    far.flush()
    await invalidated
    expect(await one.outer()).toBe(2)
  })
})
