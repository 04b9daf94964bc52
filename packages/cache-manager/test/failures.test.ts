import { createAutocache, isAutocacheError } from '@autocache/core'
import { createCache, KeyvAdapter } from 'cache-manager'
import type { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { describe, expect, it, vi } from 'vitest'
import { type CacheManagerLike, cacheManagerStore } from '../src/index.ts'
import { pairs } from './support/backends.ts'
import { type Fault, FaultyAdapter } from './support/faulty-adapter.ts'

const faults: Fault[] = ['rejects', 'throws', 'emits']
const failed = (operation: string) =>
  expect.objectContaining({ code: 'STORE_FAILED', operation, store: 'FaultyAdapter', cause: expect.anything() })
/** As many turns of the loop as anything here takes. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const storeOf = (cache: CacheManagerLike) => cacheManagerStore(cache, { onWarning: () => {} })

for (const pair of pairs) {
  const { makeKeyv, makeCache, title } = pair
  /** A cache over some adapters, and its store. */
  const over = (adapters: FaultyAdapter[], settings = {}) => {
    const cache = makeCache(
      adapters.map((adapter) => makeKeyv(adapter)),
      settings,
    )
    return { cache, store: storeOf(cache) }
  }

  for (const fault of faults) {
    describe(`L6 a storage that ${fault}, ${title}`, () => {
      it('is neither a miss nor an acknowledgement, though cache-manager says so', async () => {
        const adapter = new FaultyAdapter()
        const { cache, store } = over([adapter])
        await store.set('here', 'x')
        adapter.fault = fault
        expect((await cache.get('here')) ?? undefined).toBeUndefined()
        const operations: Record<string, () => Promise<unknown>> = {
          get: () => store.get('here'),
          set: () => store.set('k', 'v'),
          delete: () => store.delete('here'),
          getMany: () => store.getMany(['here', 'k']),
          setMany: () => store.setMany([{ key: 'k', entry: 'v' }]),
        }
        for (const [name, run] of Object.entries(operations)) await expect(run()).rejects.toEqual(failed(name))
        await expect(store.deleteMany(['here', 'k'])).rejects.toEqual(failed('delete'))
        adapter.fault = undefined
        expect(await store.get('here')).toBe('x')
        expect(await store.get('absent')).toBeUndefined()
        expect(adapter.listenerCount('error')).toBe(1)
      })

      it('costs a run of the function and is told of, and an invalidation rejects', async () => {
        const adapter = new FaultyAdapter()
        const cache = createAutocache({ store: over([adapter]).store, namespace: 'test', ttl: '1m' })
        const events: string[] = []
        cache.on('store-error', ({ operation }) => events.push(operation))
        cache.on('unstored', ({ reason }) => events.push(reason))
        let runs = 0
        const look = cache.cached(async (id: string) => `${id}${runs++}`, { name: 'look', version: '1' })
        expect(await look('a')).toBe('a0')
        await cache.close()
        expect(await look('a')).toBe('a0')
        adapter.fault = fault
        expect(await look('a')).toBe('a1')
        // The entry and its epochs together, and then one by one: one failure of the store, far from opening its breaker.
        await vi.waitFor(() => expect(events).toEqual(['getMany', 'get', 'epochs-unknown']))
        await expect(look.invalidate('a')).rejects.toMatchObject({ code: 'STORE_FAILED' })
      })

      it('of two is no miss where it stands first, and the second answers for it', async () => {
        const [first, second] = [new FaultyAdapter(), new FaultyAdapter()]
        const { store } = over([first, second])
        await store.setMany([
          { key: 'a', entry: 'A' },
          { key: 'b', entry: 'B' },
        ])
        first.fault = fault
        expect(await store.get('a')).toBe('A')
        expect(await store.getMany(['a', 'b', 'a'])).toEqual(['A', 'B', 'A'])
        await expect(store.get('absent')).rejects.toEqual(failed('get'))
        await expect(store.getMany(['a', 'absent'])).rejects.toEqual(failed('getMany'))
      })

      it('of two rejects a write and a removal, which the other has taken all the same', async () => {
        const [first, second] = [new FaultyAdapter(), new FaultyAdapter()]
        const { store } = over([first, second])
        await store.set('a', 'old')
        second.fault = fault
        await expect(store.set('a', 'new')).rejects.toEqual(failed('set'))
        expect(await store.get('a')).toBe('new')
        await expect(store.delete('a')).rejects.toEqual(failed('delete'))
        expect(first.map.size).toBe(0)
        await expect(store.get('a')).rejects.toEqual(failed('get'))
      })
    })
  }

  describe(`several stores, ${title}`, () => {
    it('are read in their order until one has the entry, and nothing is copied to the earlier ones', async () => {
      const [first, second] = [new FaultyAdapter(), new FaultyAdapter()]
      const { cache, store } = over([first, second])
      await store.set('k', 'v')
      first.map.clear()
      expect(await store.get('k')).toBe('v')
      expect(first.map.size).toBe(0)
      second.calls.length = 0
      await cache.stores[0]?.set('k', 'nearer')
      expect(await store.get('k')).toBe('nearer')
      expect(second.calls).toEqual([])
    })

    it('are named in the error where more than one fails', async () => {
      const adapters = [new FaultyAdapter(), new FaultyAdapter(), new FaultyAdapter()]
      const { store } = over(adapters)
      for (const adapter of adapters.slice(1)) adapter.fault = 'rejects'
      const error = await store.set('k', 'v').catch((error: unknown) => error)
      expect(isAutocacheError(error)).toBe(true)
      expect(error).toMatchObject({
        message: expect.stringContaining('2 of the 3 stores of the cache failed in set: FaultyAdapter, FaultyAdapter'),
        cause: expect.objectContaining({ errors: [expect.anything(), expect.anything()] }),
      })
    })

    it('R20 fail a write only when all of them have settled, so that none of it lands after that', async () => {
      const [first, second] = [new FaultyAdapter(), new FaultyAdapter()]
      const { store } = over([first, second])
      first.fault = 'rejects'
      second.waiting = []
      let settled = false
      const write = store.set('k', 'v').catch(() => void (settled = true))
      await vi.waitFor(() => expect(second.waiting).toHaveLength(1))
      await turns()
      expect(settled).toBe(false)
      for (const land of second.waiting) land()
      await write
      expect(settled).toBe(true)
    })

    it('of which one hangs cost a call the storeTimeout, and fail none', async () => {
      const [first, second] = [new FaultyAdapter(), new FaultyAdapter()]
      const cache = createAutocache({
        store: over([first, second]).store,
        namespace: 'test',
        ttl: '1m',
        storeTimeout: 200,
      })
      let runs = 0
      const look = cache.cached(async (id: string) => `${id}${runs++}`, { name: 'look', version: '1' })
      expect(await look('a')).toBe('a0')
      await cache.close()
      expect(await look('a')).toBe('a0')
      // The one that says what was invalidated: what the first has is not believed without it.
      second.fault = 'hangs'
      expect([await look('a'), await look('b')]).toEqual(['a1', 'b2'])
      second.fault = undefined
      expect(await look('a')).toBe('a0')
      first.fault = 'hangs'
      expect(await look('a')).toBe('a3')
      expect(cache.stats().total['store-error']).toBeGreaterThan(0)
    })

    it('R18 a write that is still under way in one of them brings nothing back after an invalidation', async () => {
      const [first, second] = [new FaultyAdapter(), new FaultyAdapter()]
      const { store } = over([first, second])
      let now = 1
      const define = () =>
        createAutocache({ store, namespace: 'test', ttl: Infinity, storeTimeout: 2000 }).cached(async () => now, {
          name: 'look',
          version: '1',
        })
      const [one, other] = [define(), define()]
      first.waiting = []
      expect(await one()).toBe(1)
      await vi.waitFor(() => expect(first.waiting).toHaveLength(1))
      now = 2
      await other.invalidate()
      const late = first.waiting
      first.waiting = undefined
      for (const land of late) land()
      await turns()
      expect([await other(), await one()]).toEqual([2, 2])
    })
  })

  describe(`what cache-manager can be told, ${title}`, () => {
    it('nonBlocking has no effect here: the entry is found in whichever store has it, and failures are seen', async () => {
      const [first, second] = [new FaultyAdapter(), new FaultyAdapter()]
      const { cache, store } = over([first, second], { nonBlocking: true })
      await store.set('k', 'v')
      first.map.clear()
      expect((await cache.get('k')) ?? undefined).toBeUndefined()
      expect(await store.get('k')).toBe('v')
      second.fault = 'rejects'
      await expect(store.set('k', 'v')).rejects.toEqual(failed('set'))
    })

    it("a cache's own default ttl is not applied to entries, and a Keyv's is where they have no expiry", async () => {
      const cache = makeCache([makeKeyv(new Map(), { ttl: 30 })], { ttl: 1 })
      const store = storeOf(cache)
      const now = vi.spyOn(Date, 'now').mockReturnValue(1_000)
      await store.set('own', 'x', { expiresAt: 61_000 })
      await store.set('default', 'x')
      now.mockReturnValue(1_020)
      expect(await store.getMany(['own', 'default'])).toEqual(['x', 'x'])
      now.mockReturnValue(1_040)
      expect(await store.getMany(['own', 'default'])).toEqual(['x', undefined])
      now.mockRestore()
    })

    it('an expiry is rounded up to whole milliseconds and never 0, which would be for ever', async () => {
      const cache = makeCache([makeKeyv(new Map())])
      const set = vi.spyOn(cache.stores[0] as { set: (...args: unknown[]) => unknown }, 'set')
      const store = storeOf(cache)
      const now = vi.spyOn(Date, 'now').mockReturnValue(1_000)
      for (const expiresAt of [2_000.25, 1_000, 0, Number.POSITIVE_INFINITY]) await store.set('k', 'v', { expiresAt })
      now.mockRestore()
      expect(set.mock.calls.map(([, , ttl]) => ttl)).toEqual([1_001, 1, 1, undefined])
    })
  })
}

describe('an answer that proves nothing', () => {
  it('false from a write is no acknowledgement, and no reason is made up', async () => {
    for (const { makeKeyv, makeCache } of pairs) {
      const adapter = Object.assign(new FaultyAdapter(), { set: async () => false })
      const store = storeOf(makeCache([makeKeyv(adapter)]))
      const refused = {
        code: 'STORE_FAILED',
        message: expect.stringContaining('did not acknowledge'),
      }
      await expect(store.set('k', 'v')).rejects.toMatchObject(refused)
      await expect(store.setMany([{ key: 'k', entry: 'v' }])).rejects.toMatchObject(refused)
    }
  })

  it('nothing from a Keyv that never asked its storage is not believed', async () => {
    const keyv = new Keyv6({ store: new Map(), sanitize: { keys: true } }) as unknown as Keyv
    const store = storeOf(createCache({ stores: [keyv] }))
    await expect(store.get(';')).rejects.toMatchObject({ code: 'STORE_FAILED', operation: 'get' })
    await expect(store.set(';', 'x')).rejects.toMatchObject({ code: 'STORE_FAILED', operation: 'set' })
    await expect(store.delete(';')).rejects.toMatchObject({ code: 'STORE_FAILED', operation: 'delete' })
    await store.set('fine', 'x')
    expect(await store.get('fine')).toBe('x')
  })

  it('an expired entry that Keyv drops on the way is absent, and neither unreadable nor a failure', async () => {
    class ByBatch extends FaultyAdapter {
      async deleteMany(keys: string[]) {
        return (await Promise.all(keys.map((key) => this.delete(key)))).every(Boolean)
      }
    }
    for (const { makeKeyv, makeCache, adapter } of pairs.flatMap((pair) =>
      [new FaultyAdapter(), new ByBatch()].map((adapter) => ({ ...pair, adapter })),
    )) {
      const store = storeOf(makeCache([makeKeyv(adapter)]))
      const now = vi.spyOn(Date, 'now').mockReturnValue(1_000)
      await store.set('k', 'v', { expiresAt: 1_001 })
      now.mockReturnValue(1_010)
      expect(await store.get('k')).toBeUndefined()
      now.mockRestore()
      expect(adapter.map.size).toBe(0)
    }
  })
})

describe('a storage of the old kind, through KeyvAdapter', () => {
  it('works, and its failures are seen', async () => {
    const map = new Map<string, unknown>()
    let broken = false
    const ask = async <T>(work: () => T): Promise<T> => {
      if (broken) throw new Error('down')
      return work()
    }
    const old = {
      name: 'old',
      get: (key: string) => ask(() => map.get(key) ?? null),
      mget: (...keys: string[]) => ask(() => keys.map((key) => map.get(key) ?? null)),
      set: (key: string, value: unknown) => ask(() => void map.set(key, value)),
      mset: () => ask(() => undefined),
      del: (key: string) => ask(() => void map.delete(key)),
      mdel: (...keys: string[]) => ask(() => keys.forEach((key) => void map.delete(key))),
      ttl: async () => 0,
      keys: async () => [...map.keys()],
    }
    for (const { makeKeyv, makeCache, keyv } of pairs) {
      if (keyv === 6) continue
      broken = false
      const store = storeOf(makeCache([makeKeyv(new KeyvAdapter(old))]))
      await store.set('k', 'v')
      expect(await store.getMany(['none', 'k'])).toEqual([undefined, 'v'])
      await store.delete('k')
      expect(await store.get('k')).toBeUndefined()
      broken = true
      for (const run of [() => store.get('k'), () => store.set('k', 'v'), () => store.delete('k')]) {
        await expect(run()).rejects.toMatchObject({ code: 'STORE_FAILED', store: 'KeyvAdapter' })
      }
    }
  })
})
