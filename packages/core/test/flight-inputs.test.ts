import { describe, expect, test } from 'vitest'
import { testScope } from '../src/testing.ts'
import { eachKind, entryKeys, idle, steppedStore } from './call-support.ts'

describe.each(eachKind)('R15 moving inputs over %s', (_name, makeStore) => {
  test('R15 where a caller changes his arguments during the fill nothing is stored', async () => {
    const { cache, events } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const total = cache.cached(
      async (cart: { items: number[] }) => {
        runs += 1
        await idle(2)
        return cart.items.length
      },
      { name: 'total', version: '1' },
    )
    const cart = { items: [1] }
    const call = total(cart)
    await idle(1)
    cart.items.push(2)
    expect(await call).toBe(2)
    await idle()
    expect(events).toContainEqual(expect.objectContaining({ type: 'unstored', reason: 'inputs-changed' }))
    expect(await total({ items: [1] })).toBe(1)
    expect(await total({ items: [1, 2] })).toBe(2)
    expect(runs).toBe(3)
  })

  test('R15 where the function changes its arguments nothing is stored', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const drain = cache.cached(
      async (queue: number[]) => {
        const all = [...queue]
        queue.length = 0
        return all
      },
      { name: 'drain', version: '1' },
    )
    expect(await drain([1, 2])).toEqual([1, 2])
    expect(await drain([])).toEqual([])
    const again = [1, 2]
    expect(await drain(again)).toEqual([1, 2])
    expect(again).toEqual([])
  })

  test('R15 waiters run their own, each with his own arguments', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const total = cache.cached(
      async (cart: { items: number[] }) => {
        runs += 1
        await idle(2)
        return cart.items.length
      },
      { name: 'total', version: '1' },
    )
    const mine = { items: [1] }
    const calls = [total(mine), total({ items: [1] }), total({ items: [1] })]
    await idle(1)
    mine.items.push(2, 3)
    expect(await Promise.all(calls)).toEqual([3, 1, 1])
    expect(runs).toBe(3)
  })

  test('R15 where an argument cannot be keyed any more after the fill nothing is stored', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const take = cache.cached(
      async (box: { value?: unknown }) => {
        box.value = () => {}
        return 1
      },
      { name: 'take', version: '1' },
    )
    expect(await take({})).toBe(1)
    await idle()
    expect(await take.peek({})).toEqual({ state: 'miss' })
  })

  test('R15 an error of a run whose arguments changed is not kept', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity, errorTtl: Infinity })
    let fails = true
    const load = cache.cached(
      async (box: { n: number }) => {
        box.n += 1
        if (fails) throw new Error('down')
        return 'up'
      },
      { name: 'load', version: '1' },
    )
    await expect(load({ n: 1 })).rejects.toThrow('down')
    fails = false
    expect(await load({ n: 1 })).toBe('up')
  })

  test('R15 arguments that did not change are stored, also where copies of them were made', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const sort = cache.cached(
      async (list: number[]) => {
        runs += 1
        return [...list].sort()
      },
      { name: 'sort', version: '1' },
    )
    expect(await sort([2, 1])).toEqual([1, 2])
    await idle()
    expect(await sort([2, 1])).toEqual([1, 2])
    expect(runs).toBe(1)
  })
})

test('R15 a sync function that changes its arguments is not stored', () => {
  const { cache, events } = testScope()
  const shift = cache.cached((list: number[]) => list.shift())
  expect(shift([1, 2])).toBe(1)
  expect(shift([1, 2])).toBe(1)
  expect(events.filter(({ type }) => type === 'write')).toEqual([])
  expect(shift([2])).toBe(2)
})

test('R15 arguments changed between the call and the read’s answer are not stored under the old key', async () => {
  const store = steppedStore('get')
  const { cache } = testScope({ store, ttl: Infinity })
  const total = cache.cached(async (cart: { n: number }) => cart.n, { name: 'total', version: '1' })
  const cart = { n: 1 }
  const call = total(cart)
  cart.n = 2
  await idle()
  store.next('get').acknowledge()
  await call
  await idle()
  expect(entryKeys(store.rows)).toEqual([])
})

test('R15 a hit answers for the arguments as they were when called', async () => {
  const store = steppedStore()
  const { cache } = testScope({ store, ttl: Infinity })
  const total = cache.cached(async (cart: { n: number }) => cart.n, { name: 'total', version: '1' })
  await total({ n: 1 })
  await idle()
  store.held.add('get')
  const cart = { n: 1 }
  const call = total(cart)
  cart.n = 2
  await idle()
  store.next('get').acknowledge()
  expect(await call).toBe(1)
})
