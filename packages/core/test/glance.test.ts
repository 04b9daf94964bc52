import { asyncMapStore } from '@autocache/conformance'
import { describe, expect, test } from 'vitest'
import type { Store } from '../src/index.ts'
import { testScope } from '../src/testing.ts'
import { deferred, idle } from './call-support.ts'

const kinds = ['process', 'shared'] as const

/** A function over a store that promises and counts what it is asked. */
function world(lifetime: (typeof kinds)[number], options: object = {}) {
  const rows = asyncMapStore({ holds: 'text' })
  const asked: number[] = []
  const store = {
    ...rows,
    lifetime,
    async get(key: string) {
      asked.push(1)
      return rows.get(key)
    },
    async getMany(keys: readonly string[]) {
      asked.push(keys.length)
      return Promise.all(keys.map((key) => rows.get(key)))
    },
  } as unknown as Store
  const scope = testScope({ store, ttl: '1h', ...options })
  const state = { runs: 0 }
  const find = scope.cache.cached(
    async (id: string) => {
      state.runs += 1
      return { id, roles: ['reader'], at: new Date(0) }
    },
    { name: 'find', version: '1' },
  )
  const plain = scope.cache.cached(async (id: string) => ({ id, roles: ['reader', { deep: 1 }] }), {
    name: 'plain',
    version: '1',
  })
  return { ...scope, rows, asked, state, find, plain }
}

describe.each(kinds)('hits over a %s store that promises', (lifetime) => {
  test('hits of one turn ask the store once', async () => {
    const { find, asked, state } = world(lifetime)
    const ids = Array.from({ length: 20 }, (_, n) => `user ${n % 10}`)
    await Promise.all(ids.map((id) => find(id)))
    await idle()
    asked.length = 0
    const found = await Promise.all(ids.map((id) => find(id)))
    expect(found.map(({ id }) => id)).toEqual(ids)
    expect([asked.length, state.runs]).toEqual([1, 10])
  })

  test('R12 each hit gets a value of its own, however often the same text is read', async () => {
    const { find, plain } = world(lifetime)
    for (let time = 0; time < 6; time++) {
      const [one, other] = await Promise.all([find('a'), find('a')])
      expect([one, other]).toEqual(Array(2).fill({ id: 'a', roles: ['reader'], at: new Date(0) }))
      one!.roles.push('writer')
      one!.at.setTime(1)
      const [first, second] = await Promise.all([plain('a'), plain('a')])
      expect([first, second]).toEqual(Array(2).fill({ id: 'a', roles: ['reader', { deep: 1 }] }))
      ;(first!.roles[1] as { deep: number }).deep = 2
      first!.roles.push('writer')
      await idle()
    }
  })

  test('R09 what was taken apart before answers only while the store holds the very text', async () => {
    const { find, rows, state, events } = world(lifetime)
    for (let time = 0; time < 4; time++) {
      await find('a')
      await idle()
    }
    expect(state.runs).toBe(1)
    const key = find.keyOf('a')
    const text = (await rows.get(key)) as string
    await rows.set(key, text.replace('reader', 'writer') as never)
    expect((await find('a')).roles).toEqual(['reader'])
    expect(state.runs).toBe(2)
    expect(events.map(({ type }) => type)).toContain('unreadable-entry')
    await rows.delete(key)
    await find('a')
    expect(state.runs).toBe(3)
  })

  test('R18 a call that begins after an invalidation is not answered by what an earlier one reads', async () => {
    const { cache } = world(lifetime)
    let now = 1
    const look = cache.cached(async (_id: string) => now, { name: 'look', version: '1' })
    expect(await look('a')).toBe(1)
    await idle()
    const early = look('a')
    now = 2
    const ended = look.invalidate('a')
    const late = look('a')
    await ended
    expect([await late, await look('a')]).toEqual([2, 2])
    await early
  })

  test('a read that fails is a miss, where the store says it later and where it has its epochs elsewhere', async () => {
    for (const apart of [false, true]) {
      const rows = asyncMapStore({ holds: 'text' })
      const broken = async (): Promise<never> => Promise.reject(new Error('The storage is down.'))
      const state = { broken: false, runs: 0 }
      const read = (key: string) => (state.broken ? broken() : rows.get(key))
      const store = {
        ...rows,
        getMany: undefined,
        lifetime,
        get: read,
        ...(apart && { epochs: { get: read, set: rows.set } }),
      }
      const { cache, events } = testScope({ store: store as unknown as Store, ttl: '1h' })
      const count = cache.cached(async (_id: string) => (state.runs += 1), { name: 'count', version: '1' })
      await count('a')
      await idle()
      expect(await count('a')).toBe(1)
      state.broken = true
      expect(await Promise.all([count('a'), count('a')])).toEqual([2, 2])
      expect(events).toContainEqual(expect.objectContaining({ type: 'miss', reason: 'store-error' }))
    }
  })

  test('calls of one turn that find nothing share one run, and say so', async () => {
    const { find, state, cache } = world(lifetime)
    await Promise.all(Array.from({ length: 50 }, () => find('a')))
    expect(state.runs).toBe(1)
    expect(cache.stats().total).toMatchObject({ miss: 1, fill: 1, join: 49 })
  })

  test('a call that comes while another reads and then runs waits for that run', async () => {
    const gate = deferred()
    const { cache } = world(lifetime)
    let runs = 0
    const slow = cache.cached(
      async (_id: string) => {
        runs += 1
        await gate.promise
        return runs
      },
      { name: 'slow', version: '1' },
    )
    const first = slow('a')
    await Promise.resolve()
    const second = slow('a')
    await idle()
    const third = slow('a')
    await idle()
    gate.resolve()
    expect(await Promise.all([first, second, third])).toEqual([1, 1, 1])
  })
})
