import { describe, expect, test, vi } from 'vitest'
import { createAutocache, isAutocacheError, memoryStore } from '../src/index.ts'
import { expectHit, expectMiss, expectPure, testClock, testScope } from '../src/testing.ts'
import { asyncStore } from './version-support.ts'

const failing = async (run: () => Promise<unknown>): Promise<Error> => {
  const error: unknown = await run().then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!isAutocacheError(error)) throw new Error('did not fail', { cause: error })
  expect(error.code).toBe('EXPECTATION_FAILED')
  return error
}

describe('testClock', () => {
  test('stands still, and moves when told, both ways', () => {
    const clock = testClock(1000)
    expect([clock(), clock()]).toEqual([1000, 1000])
    clock.advance(500)
    expect(clock()).toBe(1500)
    clock.advance(-1500)
    expect(clock()).toBe(0)
  })

  test('starts now', () => {
    const before = Date.now()
    const now = testClock()()
    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(Date.now())
  })

  test('is the clock of an instance', () => {
    const clock = testClock(0)
    const fn = createAutocache({ clock, ttl: 10 }).cached(() => ({}))
    const first = fn()
    clock.advance(9)
    expect(fn()).toBe(first)
    clock.advance(1)
    expect(fn()).not.toBe(first)
  })
})

describe('testScope', () => {
  test('shares nothing with another', () => {
    const make = () => testScope().cache.cached(() => ({}), { name: 'own', version: '1' })
    const [one, other] = [make(), make()]
    expect(one()).not.toBe(other())
  })

  test('records every event, and forgets when told', () => {
    const { cache, events, types, reset } = testScope()
    const fn = cache.cached(() => 1, { name: 'own' })
    fn()
    expect(types()).toEqual(['miss', 'fill', 'write'])
    expect(events[0]).toMatchObject({ type: 'miss', label: 'own', reason: 'absent' })
    reset()
    expect([events.length, types()]).toEqual([0, []])
    fn()
    expect(types()).toEqual(['hit'])
  })

  test('settle waits for refreshes and writes', async () => {
    const { cache, clock, types, settle } = testScope({ ttl: 100, staleTtl: 100 })
    const fn = cache.cached(() => 1)
    fn()
    clock.advance(100)
    fn()
    expect(types().slice(3)).toEqual(['stale-hit', 'refresh'])
    await settle()
    expect(types().slice(3)).toEqual(['stale-hit', 'refresh', 'fill', 'write'])
  })

  test('moves its own clock', () => {
    const { cache, clock, types } = testScope({ ttl: '1s' })
    const fn = cache.cached(() => 1)
    fn()
    clock.advance(999)
    fn()
    clock.advance(1)
    fn()
    expect(types().filter((type) => type === 'hit')).toHaveLength(1)
  })

  test('takes every option of an instance, and a clock', () => {
    const clock = testClock(5)
    const store = memoryStore()
    const scope = testScope({ store, clock, enabled: false })
    expect(scope.clock).toBe(clock)
    scope.cache.cached(() => 1)()
    expect([store.size, scope.types()]).toEqual([0, []])
    const on = testScope({ store, namespace: 'own' })
    on.cache.cached(() => 1)()
    expect([...store.keys('own:')]).toHaveLength(1)
  })

  test('with options that are `undefined` is as without', () => {
    const { cache, clock } = testScope({ clock: undefined, store: undefined, ttl: '1s' })
    const fn = cache.cached(() => ({}))
    const first = fn()
    clock.advance(1000)
    expect(fn()).not.toBe(first)
  })

  test('needs no package name over a shared store', async () => {
    const { cache } = testScope({ store: asyncStore(), ttl: '1m', version: '1' })
    expect(cache.cached(async (id: string) => id, { name: 'load' }).keyOf('1')).toMatch(/^test:load:/)
  })
})

describe('expectHit and expectMiss', () => {
  test('give what the call gave', async () => {
    const scope = testScope()
    const fn = scope.cache.cached((n: number) => n + 1)
    expect(await expectMiss(scope, () => fn(1))).toBe(2)
    expect(await expectHit(scope, () => fn(1))).toBe(2)
  })

  test('wait for a promise', async () => {
    const scope = testScope({ store: asyncStore(), ttl: '1m', version: '1' })
    const fn = scope.cache.cached(async (n: number) => n + 1, { name: 'next' })
    expect(await expectMiss(scope, () => fn(1))).toBe(2)
    await vi.waitFor(() => expect(scope.types()).toContain('write'))
    expect(await expectHit(scope, () => fn(1))).toBe(2)
  })

  test('fail on the other, and tell what happened instead', async () => {
    const scope = testScope()
    const fn = scope.cache.cached((n: number) => n)
    const missed = await failing(() => expectHit(scope, () => fn(1)))
    expect(missed.message).toContain('miss, fill, write')
    const hit = await failing(() => expectMiss(scope, () => fn(1)))
    expect(hit.message).toContain('hit')
    expect((await failing(() => expectHit(scope, () => 5))).message).toContain('none')
  })

  test('go by the call itself and not by one before', async () => {
    const scope = testScope()
    const fn = scope.cache.cached((n: number) => n)
    fn(1)
    fn(1)
    await failing(() => expectHit(scope, () => fn(2)))
    fn(3)
    await failing(() => expectMiss(scope, () => fn(3)))
  })

  test('go by the call itself and not by those it makes', async () => {
    const scope = testScope()
    const inner = scope.cache.cached((n: number) => n)
    const outer = scope.cache.cached((n: number) => inner(n) + 1)
    inner(1)
    await failing(() => expectHit(scope, () => outer(1)))
    await expectHit(scope, () => outer(1))
    await expectMiss(scope, () => outer(2))
  })

  test('expectHit fails where any part of the call ran the function', async () => {
    const scope = testScope()
    const fn = scope.cache.cached((n: number) => n)
    fn(1)
    await failing(() => expectHit(scope, () => fn(1) + fn(2)))
  })

  test('expectHit takes a stale value for a hit, and a refresh for no part of the call', async () => {
    const scope = testScope({ ttl: 100, staleTtl: 100 })
    let runs = 0
    const fn = scope.cache.cached(async () => (runs += 1))
    await fn()
    scope.clock.advance(100)
    const slowly = async () => {
      const value = await fn()
      await scope.settle()
      return value
    }
    expect(await expectHit(scope, slowly)).toBe(1)
    expect(runs).toBe(2)
  })

  test('expectHit fails where a stale value stood in for an error, because the function ran', async () => {
    const scope = testScope({ ttl: 100, staleIfError: 100 })
    let fails = false
    const fn = scope.cache.cached(() => {
      if (fails) throw new Error('down')
      return 1
    })
    fn()
    scope.clock.advance(100)
    fails = true
    await failing(() => expectHit(scope, () => fn()))
  })

  test('expectMiss takes a call that went straight through for what it is: one that ran the function', async () => {
    const scope = testScope({ keyBounds: { nodes: 3 } })
    const fn = scope.cache.cached((list: number[]) => list.length)
    expect(await expectMiss(scope, () => fn([1, 2, 3, 4]))).toBe(4)
    await failing(() => expectHit(scope, () => fn([1, 2, 3, 4])))
  })

  test("pass the call's own error on", async () => {
    const scope = testScope()
    const own = new Error('mine')
    const fn = scope.cache.cached((): number => {
      throw own
    })
    await expect(expectMiss(scope, () => fn())).rejects.toBe(own)
  })
})

describe('expectPure', () => {
  test('is content with a function that answers the same and changes nothing', async () => {
    await expectPure((a: number, b: { c: number[] }) => ({ sum: a + b.c.length }), 1, { c: [1] })
    await expectPure(async (n: number) => new Date(n), 5)
  })

  test('fails where the answers differ', async () => {
    let count = 0
    const error = await failing(() =>
      expectPure(function tick() {
        return ++count
      }),
    )
    expect(error.message).toContain('`tick`')
    await failing(() => expectPure(async () => ++count))
  })

  test('fails where an argument is changed', async () => {
    const error = await failing(() =>
      expectPure(
        function sort(list: number[]) {
          return [...list.sort()]
        },
        [3, 1, 2],
      ),
    )
    expect(error.message).toContain('`sort`')
    expect(error.message).toMatch(/argument/)
    await failing(() =>
      expectPure(async (list: number[]) => {
        await null
        list.push(1)
      }, []),
    )
  })

  test("passes the function's own error on", async () => {
    const own = new Error('mine')
    await expect(
      expectPure(() => {
        throw own
      }),
    ).rejects.toBe(own)
  })

  test('says where an answer cannot be compared', async () => {
    await expect(expectPure(() => () => 1)).rejects.toMatchObject({
      code: 'UNKEYABLE_VALUE',
      path: expect.stringContaining('result'),
    })
  })
})
