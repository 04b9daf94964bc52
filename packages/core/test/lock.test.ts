import { asyncMapStore } from '@autocache/conformance'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createAutocache, type FunctionOptions } from '../src/index.ts'
import { type Deferred, deferred, idle, isPending, wait } from './call-support.ts'
import { world } from './lock-world.ts'
import { storage } from './processes.ts'
import { race } from './race.ts'

afterEach(() => void vi.restoreAllMocks())

const settled = async (answers: Promise<unknown>[]) => Promise.all(answers)

describe('L5 of many processes one runs the function', () => {
  test('L5 for a cold key, and the others get what it wrote', async () => {
    const { start, running, runs, table } = world()
    const processes = Array.from({ length: 8 }, (_, at) => start(`p${at}`))
    const answers = processes.flatMap(({ load }) => Array.from({ length: 100 }, () => load(1)))
    await vi.waitUntil(() => runs.length > 0)
    await wait(100)
    expect(runs).toHaveLength(1)
    running[0]!.resolve(undefined)
    const values = await settled(answers)
    expect(new Set(values)).toEqual(new Set([`1 by ${runs[0]}`]))
    expect(runs).toHaveLength(1)
    await Promise.all(processes.map(({ cache }) => cache.close()))
    expect(table.size).toBe(0)
    expect(processes.map(({ cache }) => cache.stats().total.fill ?? 0).reduce((a, b) => a + b)).toBe(1)
  })

  test('L5 what was written between the read of a call and its lock is found', async () => {
    const { start, running, runs } = world()
    const [one, two] = [start('one'), start('two')]
    const first = one.load(1)
    await vi.waitUntil(() => running.length > 0)
    // Its first read is of before the write, its lock of after the release.
    const { acquire } = two.store.locks!
    const gate = deferred()
    vi.spyOn(two.store.locks!, 'acquire').mockImplementation(async (...args) => {
      await gate.promise
      return acquire(...args)
    })
    const getMany = two.store.getMany!.bind(two.store)
    let reads = 0
    two.store.getMany = async (keys) => {
      if ((reads += 1) > 1) await gate.promise
      return getMany(keys)
    }
    const second = two.load(1)
    await idle()
    running[0]!.resolve(undefined)
    await first
    await one.cache.close()
    gate.resolve()
    expect(await second).toBe('1 by one')
    expect(runs).toEqual(['one'])
  })

  test('L5 a refresh is made by one, and the others wait for nothing', async () => {
    const now = { value: Date.now() }
    const { start, running, runs } = world({
      ttl: 60_000,
      earlyRefresh: 0.5,
      clock: () => now.value,
    } as FunctionOptions)
    const [one, two] = [start('one'), start('two')]
    const first = one.load(1)
    await vi.waitUntil(() => running.length > 0)
    running[0]!.resolve(undefined)
    await first
    await one.cache.close()
    now.value += 40_000
    expect(await settled([one.load(1), two.load(1)])).toEqual(['1 by one', '1 by one'])
    await vi.waitUntil(() => running.length > 1)
    await wait(60)
    expect(await two.load(1)).toBe('1 by one')
    expect(runs).toHaveLength(2)
    running[1]!.resolve(undefined)
    await Promise.all([one.cache.close(), two.cache.close()])
    expect(runs).toHaveLength(2)
    expect(await one.load(1)).toBe(`1 by ${runs[1]}`)
    expect(await two.load(1)).toBe(`1 by ${runs[1]}`)
  })

  test('L5 a refresh that fails answers nobody', async () => {
    const now = { value: Date.now() }
    const { start, running } = world({
      ttl: '1m',
      staleTtl: '1h',
      clock: () => now.value,
    } as FunctionOptions)
    const one = start('one')
    const first = one.load(1)
    await vi.waitUntil(() => running.length > 0)
    running[0]!.resolve(undefined)
    await first
    await one.cache.close()
    now.value += 61_000
    expect(await one.load(1)).toBe('1 by one')
    await vi.waitUntil(() => running.length > 1)
    running[1]!.reject(new Error('down'))
    await one.cache.close()
    expect(one.cache.stats().total).toMatchObject({ 'refresh-error': 1, 'stale-hit': 1 })
  })

  test('L5 `many` takes turns for each call', async () => {
    const { start, running, runs } = world()
    const [one, two] = [start('one'), start('two')]
    const both = [one.load.many([[1], [2], [3]]), two.load.many([[1], [2], [3]])]
    await vi.waitUntil(() => running.length === 3)
    await wait(50)
    for (const gate of running) gate.resolve(undefined)
    const values = (await settled(both)).map((list) => (list as { value: unknown }[]).map(({ value }) => value))
    expect(values[0]).toEqual(values[1])
    expect(runs).toHaveLength(3)
  })
})

describe('L5 waiting for another process has a budget', () => {
  test('L5 after lockWait the function runs', async () => {
    const { start, running, runs } = world({ lockWait: 150 })
    const [one, two] = [start('one'), start('two')]
    const first = one.load(1)
    await vi.waitUntil(() => running.length === 1)
    const began = performance.now()
    const second = two.load(1)
    await vi.waitUntil(() => running.length === 2)
    expect(performance.now() - began).toBeGreaterThan(100)
    for (const gate of running) gate.resolve(undefined)
    expect(await settled([first, second])).toEqual(['1 by one', '1 by two'])
    expect(runs).toEqual(['one', 'two'])
  })

  test('L5 a lock whose holder died is free after its lease', async () => {
    const { start, running, runs, table } = world()
    const two = start('two')
    // Left by somebody who is gone.
    const { locks } = two.store
    const key = two.load.keyOf(1)
    await locks!.acquire(key, 'gone', 300)
    const began = performance.now()
    const answers = [two.load(1), start('three').load(1)]
    await vi.waitUntil(() => running.length === 1)
    expect(performance.now() - began).toBeGreaterThan(250)
    running[0]!.resolve(undefined)
    await settled(answers)
    expect(runs).toHaveLength(1)
    expect(table.has(key)).toBe(runs.length > 1)
  })

  test('L5 a run that is longer than the lease keeps its lock', async () => {
    const { start, running, runs } = world()
    const [one, two] = [start('one'), start('two')]
    const answers = [one.load(1), two.load(1)]
    await vi.waitUntil(() => running.length === 1)
    await wait(2600)
    expect(runs).toHaveLength(1)
    running[0]!.resolve(undefined)
    await settled(answers)
    expect(runs).toHaveLength(1)
  })

  test('L5 with `lockWait: 0` no lock is taken', async () => {
    const acquire = vi.fn()
    const { start, running, runs } = world({ lockWait: 0 }, () => ({ acquire }))
    const answers = [start('one').load(1), start('two').load(1)]
    await vi.waitUntil(() => running.length === 2)
    for (const gate of running) gate.resolve(undefined)
    await settled(answers)
    expect(runs).toHaveLength(2)
    expect(acquire).not.toHaveBeenCalled()
  })

  test('L5 results that are not kept are made by all at once, and not one after the other', async () => {
    const { start, running, runs } = world({ cacheIf: () => false })
    const processes = Array.from({ length: 5 }, (_, at) => start(`p${at}`))
    const answers = processes.map(({ load }) => load(1))
    await vi.waitUntil(() => running.length === 1)
    running[0]!.resolve(undefined)
    await vi.waitUntil(() => running.length === 5)
    for (const gate of running) gate.resolve(undefined)
    await settled(answers)
    expect(runs).toHaveLength(5)
    // Nor does who comes next wait for anybody.
    const next = processes.map(({ load }) => load(1))
    await vi.waitUntil(() => running.length === 10, { timeout: 500 })
    for (const gate of running) gate.resolve(undefined)
    await settled(next)
  })

  test('L5 what the function throws reaches its callers, and the others run their own', async () => {
    const { start, running } = world()
    const [one, two] = [start('one'), start('two')]
    const answers = [one.load(1), two.load(1)]
    for (const answer of answers) answer.catch(() => {})
    await vi.waitUntil(() => running.length === 1)
    const error = new Error('mine')
    running[0]!.reject(error)
    await vi.waitUntil(() => running.length === 2)
    running[1]!.resolve(undefined)
    const ends = await Promise.allSettled(answers)
    expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(1)
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({ reason: error })
  })
})

describe('L5 a lock that cannot be had is none', () => {
  test.each<[string, () => Promise<undefined>]>([
    ['rejects', () => Promise.reject(new Error('no scripts'))],
    [
      'throws',
      () => {
        throw new Error('no scripts')
      },
    ],
    ['hangs', () => new Promise(() => {})],
  ])('L5 where taking it %s, the function runs', async (_how, acquire) => {
    const { start, running } = world({ storeTimeout: 50 }, () => ({ acquire }))
    const { cache, load } = start('one')
    const answer = load(1)
    await vi.waitUntil(() => running.length === 1)
    running[0]!.resolve(undefined)
    expect(await answer).toBe('1 by one')
    await cache.close()
    expect(await load(1)).toBe('1 by one')
    expect(cache.stats().total).toMatchObject({ fill: 1, hit: 1, 'store-error': 1 })
  })

  test('L5 one that was taken after its time is given back', async () => {
    const late = deferred()
    const { start, running, table } = world({ storeTimeout: 50 }, (locks) => ({
      async acquire(...args) {
        await late.promise
        return locks.acquire(...args)
      },
    }))
    const answer = start('one').load(1)
    await vi.waitUntil(() => running.length === 1)
    late.resolve()
    await vi.waitUntil(() => table.size === 0)
    await idle()
    expect(table.size).toBe(0)
    running[0]!.resolve(undefined)
    await answer
  })

  test('L5 one that cannot be renewed or given back harms nobody', async () => {
    const fails = () => Promise.reject(new Error('lost'))
    const { start, running } = world({}, () => ({ renew: fails, release: fails }))
    const { cache, load } = start('one')
    const answer = load(1)
    await vi.waitUntil(() => running.length === 1)
    await wait(600)
    running[0]!.resolve(undefined)
    await answer
    await cache.close()
    expect(await load(1)).toBe('1 by one')
  })
})

describe('L5 a lock decides who works, and never what is believed', () => {
  test('L5 R18 a call after an invalidation does not wait for a run from before', async () => {
    const { start, running, runs } = world()
    const [one, two] = [start('one'), start('two')]
    // Epochs are known from then on.
    const before = one.load(2)
    await vi.waitUntil(() => running.length === 1)
    running[0]!.resolve(undefined)
    await before
    await one.cache.close()
    const first = one.load(1)
    await vi.waitUntil(() => running.length === 2)
    await one.cache.invalidateTags('t')
    const [second, third] = [two.load(1), one.load(1)]
    await vi.waitUntil(() => running.length >= 3)
    running[2]!.resolve(undefined)
    const [, , by] = runs
    expect(await settled([second, third])).toEqual([`1 by ${by}`, `1 by ${by}`])
    expect(await isPending(first)).toBe(true)
    running[1]!.resolve(undefined)
    expect(await first).toBe('1 by one')
    await Promise.all([one.cache.close(), two.cache.close()])
    expect(await two.load(1)).toBe(`1 by ${by}`)
    expect(runs).toHaveLength(3)
  })

  test('L5 R18 a call does not get what a waiting call had read before it began', async () => {
    const shared = storage(true)
    const state = { now: 1 }
    const running: Deferred<void>[] = []
    const [a, b] = [0, 1].map(() => {
      const store = shared.connect()
      const cache = createAutocache({ store, namespace: 'w', version: '1', ttl: '1h', storeTimeout: Infinity })
      const load = cache.cached(
        async (_id: number) => {
          const { now } = state
          const gate = deferred()
          running.push(gate)
          await gate.promise
          return now
        },
        { name: 'load' },
      )
      return { store, load }
    }) as [{ store: object; load: any }, { store: object; load: any }]
    const flush = async (from?: object) => {
      for (let round = 0; round < 12; round++) {
        shared.flush(from)
        await idle(1)
      }
    }
    const first = a.load(1)
    await flush()
    const second = b.load(1)
    await flush()
    running[0]!.resolve()
    await flush(a.store)
    expect(await first).toBe(1)
    // It looks again, and the storage has done that, but has not told.
    await vi.waitUntil(() => shared.sent.some(({ kind, from }) => kind === 'lock' && from === b.store))
    await idle()
    const early = shared.sent.filter(({ from }) => from === b.store)
    for (const one of early) one.land()
    state.now = 2
    const ended = a.load.invalidate(1)
    await flush(a.store)
    await ended
    const third: Promise<number> = b.load(1)
    for (let round = 0; round < 12; round++) {
      for (const one of [...shared.sent]) if (!early.includes(one)) one.answer()
      await idle(1)
    }
    for (const one of early) one.answer()
    expect(await second).toBe(1)
    const over = third.then((value) => expect(value).toBe(2))
    for (let round = 0; round < 50; round++) {
      await flush()
      for (const gate of running) gate.resolve()
    }
    await over
  })

  test('L1 a call that its own run makes does not wait for it', async () => {
    const { start } = world({ flightTimeout: '1h', lockWait: '1h' })
    const { cache } = start('one')
    let runs = 0
    const fn: (n: number) => Promise<number> = cache.cached(
      async (n: number) => {
        runs += 1
        return runs === 1 ? (await fn(n)) + 1 : 1
      },
      { name: 'again' },
    )
    expect(await fn(1)).toBe(2)
  })

  test('R18 invalidations race fills that take turns', { timeout: 120_000 }, async () => {
    const [rows, locks] = [new Map(), new Map()]
    const stores = [0, 1, 2].map(() => asyncMapStore({ holds: 'text', rows, locks }))
    const { stale, hits } = await race(stores, 500)
    expect(stale).toEqual([])
    expect(hits).toBeGreaterThan(0)
  })
})
