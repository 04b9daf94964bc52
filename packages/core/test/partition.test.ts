import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test, vi } from 'vitest'
import { type Autocache, createAutocache, type MemoryStore } from '../src/index.ts'
import { entryKeys } from './call-support.ts'
import { asyncStore, syncStore, thrown } from './version-support.ts'

const tenants = new AsyncLocalStorage<string>()
const pause = () => new Promise((resolve) => setImmediate(resolve))
// Typed as one of them, since the tests await what they get.
const stores: [string, () => Autocache<MemoryStore>][] = [
  ['memory', () => createAutocache({ version: '1' })],
  [
    'a shared synchronous store',
    () => createAutocache({ store: syncStore('shared', 'text'), namespace: 'n', ttl: Infinity, version: '1' }) as never,
  ],
  [
    'an asynchronous store',
    () => createAutocache({ store: asyncStore(), namespace: 'n', ttl: Infinity, version: '1' }) as never,
  ],
]

describe.each(stores)('R08 over %s', (_, create) => {
  test('R08 a function runs apart from the async context of its caller, each time', async () => {
    const seen: (string | undefined)[] = []
    const { cached } = create()
    const fn = cached(
      (n: number) => {
        seen.push(tenants.getStore())
        return n
      },
      { name: 'fn' },
    )
    for (const n of [1, 2, 3]) await tenants.run('acme', async () => fn(n))
    await tenants.run('globex', async () => fn(4))
    expect(seen).toEqual([undefined, undefined, undefined, undefined])
  })

  test('R08 an async function runs apart from it, after its awaits too', async () => {
    const seen: (string | undefined)[] = []
    const fn = create().cached(
      async (n: number) => {
        seen.push(tenants.getStore())
        await pause()
        seen.push(tenants.getStore())
        return n
      },
      { name: 'fn' },
    )
    for (const n of [1, 2]) await tenants.run('acme', () => fn(n))
    expect(seen).toEqual([undefined, undefined, undefined, undefined])
  })

  test('R08 `refresh` and `many` run it apart as well', async () => {
    const seen: (string | undefined)[] = []
    const fn = create().cached(
      (n: number) => {
        seen.push(tenants.getStore())
        return n
      },
      { name: 'fn' },
    )
    await tenants.run('acme', async () => {
      await fn.refresh(1)
      await fn.refresh(1)
      await fn.many([[2], [3]])
    })
    expect(seen).toEqual([undefined, undefined, undefined, undefined])
  })

  test('R08 the caller keeps its own context', async () => {
    const fn = create().cached(async (n: number) => n, { name: 'fn' })
    const after = await tenants.run('acme', async () => {
      await fn(1)
      return tenants.getStore()
    })
    expect(after).toBe('acme')
  })

  test('R08 with `partition` the value is in the key, and the function runs in the context of the caller', async () => {
    const ran = vi.fn()
    const fn = create().cached(
      async (n: number) => {
        ran()
        await pause()
        return `${tenants.getStore()} ${n}`
      },
      { name: 'fn', partition: () => tenants.getStore() },
    )
    const call = (tenant: string) => tenants.run(tenant, () => fn(1))
    expect(await Promise.all([call('acme'), call('globex'), call('acme')])).toEqual(['acme 1', 'globex 1', 'acme 1'])
    expect([await call('globex'), await call('acme')]).toEqual(['globex 1', 'acme 1'])
    expect(ran).toHaveBeenCalledTimes(2)
  })

  test('R08 with `partition` a function that answers at once runs in it each time', async () => {
    const fn = create().cached((n: number) => `${tenants.getStore()} ${n}`, {
      name: 'fn',
      partition: () => tenants.getStore(),
    })
    const answers: unknown[] = []
    for (const n of [1, 2, 1])
      for (const tenant of ['acme', 'globex']) answers.push(await tenants.run(tenant, async () => fn(n)))
    expect(answers).toEqual(['acme 1', 'globex 1', 'acme 2', 'globex 2', 'acme 1', 'globex 1'])
  })

  test('R08 every operation goes by the partition of who asks', async () => {
    const fn = create().cached((n: number) => `${tenants.getStore()} ${n}`, {
      name: 'fn',
      partition: () => tenants.getStore(),
    })
    await tenants.run('acme', async () => fn(1))
    const state = (tenant: string) => tenants.run(tenant, async () => (await fn.peek(1)).state)
    await pause()
    expect([await state('acme'), await state('globex')]).toEqual(['fresh', 'miss'])
    await tenants.run('globex', async () => fn.invalidate(1))
    expect(await state('acme')).toBe('fresh')
    await tenants.run('acme', async () => fn.invalidate(1))
    expect(await state('acme')).toBe('miss')
  })
})

describe('the option `partition`', () => {
  test.each<['readable' | 'digest' | undefined, 'process' | 'shared']>([
    [undefined, 'process'],
    ['readable', 'process'],
    ['digest', 'process'],
    [undefined, 'shared'],
    ['readable', 'shared'],
  ])('never stands in clear in a key: keys %s over a %s store', (keys, lifetime) => {
    const store = syncStore(lifetime)
    const { cached } = createAutocache({ store, namespace: 'n', ttl: Infinity, version: '1', keys })
    let tenant = 'hunter2'
    const fn = cached((n: number) => n, { name: 'fn', partition: () => tenant })
    fn(1)
    tenant = 'hunter3'
    fn(1)
    expect(entryKeys(store.rows).length).toBe(2)
    const text = JSON.stringify([...store.rows.keys(), fn.keyOf(1), fn.explain(1)])
    expect(text).toContain('n:fn:x-1:')
    expect(text).not.toContain('hunter')
    if (keys === 'readable') expect(text).toMatch(/p(~|#|%007e)[\w-]{43};1/)
  })

  test('stands beside `key`, which does not replace it', () => {
    let tenant = 'acme'
    const fn = createAutocache().cached(() => tenant, { key: () => 1, partition: () => tenant })
    expect(fn()).toBe('acme')
    tenant = 'globex'
    expect(fn()).toBe('globex')
  })

  test('may stand on the instance', () => {
    let tenant = 'acme'
    const fn = createAutocache({ partition: () => tenant }).cached(() => tenant)
    expect(fn()).toBe('acme')
    tenant = 'globex'
    expect(fn()).toBe('globex')
  })

  test('tells `undefined` from no partition and from its name as a text', () => {
    const keys = [undefined, 'undefined', null].map((value) =>
      createAutocache({ version: '1' })
        .cached(function fn() {}, { partition: () => value })
        .keyOf(),
    )
    keys.push(
      createAutocache({ version: '1' })
        .cached(function fn() {})
        .keyOf(),
    )
    expect(new Set(keys.map((key) => key.split(':').at(-1))).size).toBe(4)
  })

  test('that throws reaches the caller as the same object', () => {
    const own = new Error('outside of a request')
    const fn = createAutocache().cached(() => 0, {
      partition() {
        throw own
      },
    })
    expect(() => fn()).toThrow(own)
  })

  test('that returns what cannot be a key is refused with its path', () => {
    const fn = createAutocache().cached(() => 0, { partition: () => ({ request: () => {} }) })
    expect(thrown(fn, 'UNKEYABLE_VALUE')).toMatchObject({ path: 'partition.request', reason: 'kind' })
  })

  test('R17 another `keys` from one release to the next is no other name of a call', async () => {
    for (const [before, after] of [
      ['readable', 'digest'],
      ['digest', 'readable'],
    ] as const) {
      const store = asyncStore()
      let runs = 0
      let tenant = 'acme'
      const release = (version: string, keys: 'readable' | 'digest') => {
        const cache = createAutocache({ store, namespace: 'n', ttl: Infinity, partition: () => tenant })
        const fn = cache.cached(async (_id: string) => (runs += 1), { name: 'fn', version, keys })
        return { cache, fn }
      }
      const [old, next] = [release('1', before), release('2', after)]
      const made = await old.fn('a')
      tenant = 'other'
      const others = await old.fn('a')
      await old.cache.close()
      tenant = 'acme'
      await next.fn.invalidate('a')
      expect(await old.fn('a')).not.toBe(made)
      tenant = 'other'
      expect(await old.fn('a')).toBe(others)
    }
  })
})
