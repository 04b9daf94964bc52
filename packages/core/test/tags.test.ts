import { asyncMapStore, mapStore } from '@autocache/conformance'
import { describe, expect, test } from 'vitest'
import { createAutocache, memoryStore, type Store } from '../src/index.ts'
import { testScope } from '../src/testing.ts'
import { eachKind } from './call-support.ts'

describe.each(eachKind)('tags over %s', (_name, makeStore) => {
  const setUp = (options: object = {}) => {
    const scope = testScope({ store: makeStore(), ttl: '1h', version: '1', ...options })
    let runs = 0
    const count = (options: object) =>
      scope.cache.cached(async (_id: string) => (runs += 1), { name: 'count', ...options })
    return { ...scope, count }
  }

  test('end the entries that have them, and no others', async () => {
    const { cache, settle } = setUp()
    let runs = 0
    const fn = cache.cached(async (_id: string) => (runs += 1), {
      name: 'fn',
      tags: (_value, id) => [`id:${id}`, 'all'],
    })
    const round = async () => {
      const answers = [await fn('a'), await fn('b')]
      await settle()
      return answers
    }
    expect(await round()).toEqual([1, 2])
    expect(await round()).toEqual([1, 2])
    await cache.invalidateTags('id:a')
    expect(await round()).toEqual([3, 2])
    await cache.invalidateTags('id:c', 'id:b')
    expect(await round()).toEqual([3, 4])
    await cache.invalidateTags('all')
    expect(await round()).toEqual([5, 6])
    await cache.invalidateTags('none')
    expect(await round()).toEqual([5, 6])
  })

  test('of any length and any text are told apart', async () => {
    const { cache, settle, count } = setUp()
    const odd = [
      'x'.repeat(10_000),
      `${'x'.repeat(9999)}y`,
      ' ',
      '\0',
      'é',
      'e\u0301',
      '\ud800',
      '\ud801',
      '__proto__',
      '*',
    ]
    for (const tag of odd) {
      const fn = count({ tags: [tag], name: `of ${odd.indexOf(tag)}` })
      const first = await fn('a')
      await settle()
      for (const other of odd) if (other !== tag) await cache.invalidateTags(other)
      expect(await fn('a')).toBe(first)
      await settle()
      await cache.invalidateTags(tag)
      expect(await fn('a')).toBeGreaterThan(first)
      await settle()
    }
  })

  test('may be as many as 128', async () => {
    const { cache, settle, count } = setUp()
    const tags = Array.from({ length: 128 }, (_, n) => `tag ${n}`)
    for (const [name, given] of [
      ['known', tags],
      ['told', () => tags],
    ] as const) {
      const fn = count({ tags: given, name })
      const first = await fn('a')
      await settle()
      expect(await fn('a')).toBe(first)
      await cache.invalidateTags('tag 127')
      expect(await fn('a')).toBeGreaterThan(first)
      await settle()
    }
    expect(() => count({ tags: [...tags, 'one more'] })).toThrow('at most 128')
  })

  test('that are no tags are an error where they are written', () => {
    const { count } = setUp()
    for (const tags of ['text', [''], [1], [null], [['a']], {}, 1, null])
      expect(() => count({ tags: tags as never })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  const rubbish: readonly (readonly [string, () => unknown])[] = [
    [
      'throws',
      () => {
        throw new Error('mine')
      },
    ],
    ['returns nothing', () => undefined],
    ['returns a text', () => 'tag'],
    ['returns an empty tag', () => ['']],
    ['returns 129 tags', () => Array.from({ length: 129 }, (_, n) => `${n}`)],
    ['returns a promise', () => Promise.resolve(['a'])],
    ['returns a promise that rejects', () => Promise.reject(new Error('mine'))],
    [
      'returns a hostile list',
      () =>
        new Proxy([], {
          get() {
            throw new Error('mine')
          },
        }),
    ],
  ]
  for (const [how, tags] of rubbish) {
    test(`a function that ${how} fails no call and stores nothing`, async () => {
      const { count, settle, types } = setUp()
      const fn = count({ tags })
      expect([await fn('a'), await fn('a')]).toEqual([1, 2])
      await settle()
      expect(types().filter((type) => type === 'unstored')).toHaveLength(2)
      expect(await fn.peek('a')).toEqual({ state: 'miss' })
    })
  }

  test('`invalidateTags` with nothing ends nothing', async () => {
    const { cache, count, settle } = setUp()
    const fn = count({ tags: ['t'] })
    await fn('a')
    await settle()
    await cache.invalidateTags()
    expect(await fn('a')).toBe(1)
  })

  test('`invalidateTags` with what is no tag is an error, and ends nothing', async () => {
    const { cache, count, settle } = setUp()
    const fn = count({ tags: ['t'] })
    await fn('a')
    await settle()
    for (const tags of [[''], ['t', ''], [1], [undefined], [['t']]])
      await expect(cache.invalidateTags(...(tags as string[]))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect(await fn('a')).toBe(1)
  })
})

describe('`invalidateTags` before any function is cached', () => {
  test('reaches what other instances stored', async () => {
    const store = asyncMapStore({ holds: 'text' }) as Store
    const { cache, settle } = testScope({ store, ttl: '1h' })
    let runs = 0
    const fn = cache.cached(async () => (runs += 1), { name: 'fn', version: '1', tags: ['t'] })
    await fn()
    await settle()
    await createAutocache({ store: { ...store } as Store, namespace: 'test' }).invalidateTags('t')
    expect(await fn()).toBe(2)
  })

  test('reaches the namespace of its instance also where the functions of this process have others', async () => {
    const store = asyncMapStore({ holds: 'text' }) as Store
    const { cache, settle } = testScope({ store, ttl: '1h' })
    let runs = 0
    const fn = cache.cached(async () => (runs += 1), { name: 'fn', version: '1', tags: ['t'] })
    await fn()
    await settle()
    const worker = createAutocache({ store: { ...store } as Store, namespace: 'test', ttl: '1h' })
    worker.cached(async () => 1, { name: 'own', version: '1', namespace: 'own' })
    await worker.invalidateTags('t')
    expect(await fn()).toBe(2)
  })

  test('resolves where there is no store at all', async () => {
    await expect(createAutocache().invalidateTags('t')).resolves.toBeUndefined()
  })
})

describe('what a call is given that makes no sense', () => {
  for (const [name, makeStore] of [
    ['memory', () => memoryStore()],
    ['a shared store', () => mapStore({ holds: 'text' }) as Store],
  ] as const) {
    test(`a ttl of 0 keeps nothing, one of Infinity everything, over ${name}`, () => {
      for (const [ttl, runs] of [
        [0, 3],
        ['0ms', 3],
        [Infinity, 1],
      ] as const) {
        const { cache, clock } = testScope({ store: makeStore(), ttl })
        let ran = 0
        const fn = cache.cached(() => (ran += 1), { name: 'fn', version: '1', tags: ['t'] })
        for (let n = 0; n < 3; n++) {
          fn()
          clock.advance(1e12)
        }
        expect(ran).toBe(runs)
      }
    })

    test(`a ttl function that throws or gives no duration fails no call and stores nothing, over ${name}`, () => {
      for (const give of [
        () => {
          throw new Error('mine')
        },
        () => Number.NaN,
        () => -1,
        () => 'soon',
        () => Promise.resolve(1),
      ]) {
        const { cache, events } = testScope({ store: makeStore() })
        let ran = 0
        const fn = cache.cached(() => (ran += 1), { name: 'fn', version: '1', ttl: give as never, tags: ['t'] })
        expect([fn(), fn()]).toEqual([1, 2])
        expect(events).toContainEqual(expect.objectContaining({ type: 'unstored', reason: 'option-failed' }))
      }
    })

    test(`a clock that goes back or jumps an hour neither revives nor keeps what was ended, over ${name}`, async () => {
      const { cache, clock } = testScope({ store: makeStore(), ttl: '10m' })
      let now = 0
      const fn = cache.cached(() => now, { name: 'fn', version: '1', tags: ['t'] })
      const ends = [() => fn.invalidate(), () => fn.invalidateAll(), () => cache.invalidateTags('t')]
      for (const by of [-3_600_000, 3_600_000, -1, 1, -86_400_000, 86_400_000]) {
        for (const end of ends) {
          fn()
          now += 1
          await end()
          clock.advance(by)
          expect(fn()).toBe(now)
          clock.advance(-by)
          expect(fn()).toBe(now)
        }
      }
    })

    test(`listeners that throw or reject fail no call and no invalidation, over ${name}`, async () => {
      const { cache } = testScope({
        store: makeStore(),
        ttl: '1h',
        onEvent: () => {
          throw new Error('mine')
        },
      })
      cache.on('*', () => {
        throw new Error('mine')
      })
      cache.on('*', (async () => {
        throw new Error('mine')
      }) as never)
      let ran = 0
      const fn = cache.cached(() => (ran += 1), { name: 'fn', version: '1', tags: ['t'] })
      expect([fn(), fn()]).toEqual([1, 1])
      await cache.invalidateTags('t')
      await fn.invalidate()
      await fn.invalidateAll()
      expect(fn()).toBe(2)
    })

    test(`\`close\` twice is as once, and what comes after it works, over ${name}`, async () => {
      const { cache } = testScope({ store: makeStore(), ttl: '1h' })
      const fn = cache.cached((n: number) => n, { name: 'fn', version: '1', tags: ['t'] })
      fn(1)
      await Promise.all([cache.close(), cache.close()])
      await cache.close()
      expect(fn(2)).toBe(2)
      await cache.invalidateTags('t')
      expect(fn(2)).toBe(2)
    })
  }
})
