import { asyncMapStore } from '@autocache/conformance'
import { describe, expect, test } from 'vitest'
import { cacheKey, type Store } from '../src/index.ts'
import { putStamp } from '../src/plumbing.ts'
import { testScope } from '../src/testing.ts'
import { eachKind, idle } from './call-support.ts'

describe.each(eachKind)('`many` over %s', (_name, makeStore) => {
  function setUp() {
    const scope = testScope({ store: makeStore(), ttl: '1h', version: '1' })
    const state = { runs: [] as number[], now: 0, most: 0 }
    const square = scope.cache.cached(
      async (n: number) => {
        state.runs.push(n)
        state.most = Math.max(state.most, (state.now += 1))
        await idle(1)
        state.now -= 1
        if (n < 0) throw new Error(`${n} has no square here`)
        return n * n
      },
      { name: 'square', tags: (_value, n) => [`n:${n}`] },
    )
    return { ...scope, state, square }
  }

  test('answers what is stored from the store, and fills the rest', async () => {
    const { cache, state, square, settle } = setUp()
    await square(2)
    await settle()
    const all = await square.many([[1], [2], [3]])
    expect(all).toEqual([1, 4, 9].map((value) => ({ status: 'fulfilled', value })))
    expect(state.runs).toEqual([2, 1, 3])
    await settle()
    await cache.invalidateTags('n:3')
    await square.many([[1], [2], [3]])
    expect(state.runs).toEqual([2, 1, 3, 3])
  })

  test('an error is that of its call alone', async () => {
    const { square } = setUp()
    const [one, other, third] = await square.many([[1], [-2], [3]])
    expect([one, third]).toEqual([1, 9].map((value) => ({ status: 'fulfilled', value })))
    expect(other).toMatchObject({ status: 'rejected', reason: new Error('-2 has no square here') })
  })

  test('the same call twice runs once', async () => {
    const { state, square } = setUp()
    expect(await square.many([[5], [5], [5]])).toHaveLength(3)
    expect(state.runs).toEqual([5])
  })

  test('runs no more at a time than `concurrency`, and keeps the order', async () => {
    const { state, square } = setUp()
    const numbers = Array.from({ length: 20 }, (_, n) => n)
    const all = await square.many(
      numbers.map((n) => [n]),
      { concurrency: 3 },
    )
    expect(state.most).toBeLessThanOrEqual(3)
    expect(all.map((one) => one.status === 'fulfilled' && one.value)).toEqual(numbers.map((n) => n * n))
  })
})

test('`many` reads entries and epochs in one batch, over a store that others use', async () => {
  const rows = asyncMapStore({ holds: 'text' })
  const asked: (readonly string[])[] = []
  const singles: string[] = []
  const store = {
    ...rows,
    get: (key: string) => {
      singles.push(key)
      return rows.get(key)
    },
    getMany: async (keys: readonly string[]) => {
      asked.push(keys)
      return Promise.all(keys.map((key) => rows.get(key)))
    },
  } as unknown as Store
  const { cache, settle } = testScope({ store, ttl: '1h' })
  const square = cache.cached(async (n: number) => n * n, { name: 'square', version: '1', tags: ['t'] })
  const calls = Array.from({ length: 50 }, (_, n) => [n] as [number])
  await square.many(calls)
  await settle()
  asked.length = singles.length = 0
  await square.many(calls)
  expect(singles).toEqual([])
  expect(asked).toHaveLength(1)
  // Each entry and its own epoch, and four that they have in common.
  expect(asked[0]).toHaveLength(50 + 50 + 4)
  expect(new Set(asked[0]).size).toBe(asked[0]!.length)
})

test.each(['process', 'shared'] as const)(
  '`many` finds each entry where the classes of the arguments lead to several versions, over a store of lifetime %s',
  async (lifetime) => {
    const store = asyncMapStore({ holds: 'text', lifetime }) as Store
    const { cache, types, reset, settle } = testScope({ store, ttl: '1h' })
    const account = (version: string) => {
      class Account {
        readonly id: number
        constructor(id: number) {
          this.id = id
        }
        [cacheKey]() {
          return this.id
        }
      }
      return putStamp(Account, { contract: 2, label: 'Account', version })
    }
    const [One, Other] = [account('s1-one'), account('s1-other')]
    type Either = InstanceType<typeof One>
    const describe = async (account: Either) => `${account instanceof One ? 'one' : 'other'} ${account.id}`
    const told = cache.cached(putStamp(describe, { contract: 2, label: 'describe', version: 's1-describe' }))
    const calls = [[new One(1)], [new Other(1)], [new Other(2)]] as [Either][]
    for (const expected of [['miss', 'fill', 'write'], ['hit']]) {
      const all = await told.many(calls)
      expect(all.map((one) => one.status === 'fulfilled' && one.value)).toEqual(['one 1', 'other 1', 'other 2'])
      await settle()
      expect(new Set(types())).toEqual(new Set(expected))
      reset()
    }
  },
)
