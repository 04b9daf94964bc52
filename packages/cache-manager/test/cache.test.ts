import { createAutocache } from '@autocache/core'
import { KeyvCacheableMemory } from '@cacheable/memory'
import KeyvRedis from '@keyv/redis'
import { createCache } from 'cache-manager'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { LRUCache } from 'lru-cache'
import { describe, expect, it, vi } from 'vitest'
import { type CacheManagerLike, cacheManagerStore } from '../src/index.ts'
import { pairs } from './support/backends.ts'
import { FaultyAdapter } from './support/faulty-adapter.ts'

const onWarning = () => {}
const storeOf = (cache: CacheManagerLike) => cacheManagerStore(cache, { onWarning })

describe('the events of a cache', () => {
  const names = ['get', 'mget', 'set', 'mset', 'del', 'mdel'] as const
  const listen = (cache: ReturnType<typeof createCache>) => {
    const heard: unknown[] = []
    for (const name of names) cache.on(name as 'get', (data: object) => heard.push([name, data]))
    return heard
  }

  for (const { title, makeKeyv, makeCache, manager } of pairs) {
    it(`are those that cache-manager emits itself, ${title}`, async () => {
      const make = () => makeCache([makeKeyv(new Map()), makeKeyv(new Map())])
      const own = make()
      const bare = listen(own)
      await own.set('k', 'v')
      await own.get('k')
      await own.get('none')
      await own.mset([{ key: 'l', value: 'w', ttl: 1000 }])
      await own.mget(['k', 'none'])
      await own.del('k')
      await own.mdel(['l'])

      const cache = make()
      const heard = listen(cache)
      const store = storeOf(cache)
      await store.set('k', 'v')
      await store.get('k')
      await store.get('none')
      const now = vi.spyOn(Date, 'now').mockReturnValue(0)
      await store.setMany([{ key: 'l', entry: 'w', context: { expiresAt: 1000 } }])
      now.mockRestore()
      await store.getMany(['k', 'none'])
      await store.delete('k')
      await store.deleteMany(['l'])
      // cache-manager 6 names no store, and reads many by many single reads.
      if (manager === 7) expect(heard).toEqual(bare)
      else expect(heard).toEqual(expect.arrayContaining([bare.at(-1), ['set', { key: 'k', value: 'v' }]]))
    })

    it(`tell a failure with its error, ${title}`, async () => {
      const adapter = new FaultyAdapter()
      const cache = makeCache([makeKeyv(adapter)])
      const heard = listen(cache)
      const store = storeOf(cache)
      adapter.fault = 'rejects'
      await store.get('k').catch(() => {})
      await store.getMany(['k']).catch(() => {})
      await store.set('k', 'v').catch(() => {})
      await store.delete('k').catch(() => {})
      const error = expect.objectContaining({ code: 'STORE_FAILED' })
      expect(heard).toEqual([
        ['get', { key: 'k', error, store: 'primary' }],
        ['mget', { keys: ['k'], error }],
        ['set', { key: 'k', value: 'v', error }],
        ['del', { key: 'k', error }],
      ])
    })

    it(`fail no operation where a listener throws, ${title}`, async () => {
      const cache = makeCache([makeKeyv(new Map())])
      cache.on('set', () => {
        throw new Error('mine')
      })
      const store = storeOf(cache)
      await store.set('k', 'v')
      expect(await store.get('k')).toBe('v')
    })
  }
})

describe('wrap over Keyv 6', () => {
  for (const { title, makeKeyv, makeCache, keyv } of pairs) {
    it(`is named where the store is made, once for a cache, ${title}`, async () => {
      const cache = makeCache([makeKeyv(new Map())])
      const warnings: unknown[] = []
      const options = { onWarning: (warning: unknown) => void warnings.push(warning) }
      cacheManagerStore(cache, options)
      cacheManagerStore(cache, options)
      const warned = expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(/Keyv 6.*wrap/) })
      expect(warnings).toEqual(keyv === 6 ? [warned] : [])

      // What it says is so, and it does not concern what is cached here.
      let wrapped = 0
      for (let n = 0; n < 3; n++) await cache.wrap('wrapped', async () => ++wrapped, 60_000)
      expect(wrapped).toBe(keyv === 6 ? 3 : 1)
      expect((await cache.ttl('wrapped')) === undefined || (await cache.ttl('wrapped')) === null).toBe(keyv === 6)
      let runs = 0
      const look = createAutocache({ store: cacheManagerStore(cache) }).cached(async () => ++runs)
      for (let n = 0; n < 3; n++) expect(await look()).toBe(1)
    })
  }

  it('is a warning of the process where nobody takes it', () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    cacheManagerStore(createCache({ stores: [new Keyv6() as unknown as Keyv] }))
    expect(emitWarning).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('Keyv 6'), {
      type: 'AutocacheWarning',
      code: 'AUTOCACHE_CACHE_MANAGER',
    })
    emitWarning.mockRestore()
  })
})

describe('a Keyv in front of a shared one', () => {
  for (const { title, makeKeyv, makeCache } of pairs) {
    /** What two processes have: a Map of their own each, and a storage in common. */
    const processes = (front: { ttl?: number }) => {
      const shared = new Map<string, unknown>()
      return [1, 2].map(() => {
        const map = new Map()
        const warnings: string[] = []
        const cache = makeCache([makeKeyv(map, front), makeKeyv(new FaultyAdapter(shared))])
        const store = cacheManagerStore(cache, { onWarning: ({ message }) => void warnings.push(message) })
        return { map, store, warnings: warnings.filter((text) => !text.includes('wrap')) }
      }) as [Process, Process]
    }
    interface Process {
      readonly map: Map<unknown, unknown>
      readonly store: ReturnType<typeof cacheManagerStore>
      readonly warnings: string[]
    }

    it(`is left out and named where it is in memory without a ttl: it would answer with what was invalidated, ${title}`, async () => {
      const [one, other] = processes({})
      await one.store.set('k', 'v')
      await one.store.setMany([{ key: 'l', entry: 'w' }])
      await other.store.delete('k')
      expect(await one.store.get('k')).toBeUndefined()
      expect(await one.store.getMany(['k', 'l'])).toEqual([undefined, 'w'])
      expect(one.map.size).toBe(0)
      expect(one.warnings).toEqual([expect.stringContaining('new Keyv({ ttl: 5000 })')])
    })

    it(`is read first where it has a ttl, and is behind no longer than that, ${title}`, async () => {
      const [one, other] = processes({ ttl: 50 })
      expect(one.warnings).toEqual([])
      const now = vi.spyOn(Date, 'now').mockReturnValue(1_000)
      await one.store.set('k', 'v', { expiresAt: 61_000 })
      await one.store.setMany([{ key: 'l', entry: 'w', context: { expiresAt: 61_000 } }])
      await one.store.set('short', 's', { expiresAt: 1_005 })
      expect(one.map.size).toBe(3)
      await other.store.deleteMany(['k', 'l'])
      now.mockReturnValue(1_040)
      expect(await one.store.getMany(['k', 'l', 'short'])).toEqual(['v', 'w', undefined])
      now.mockReturnValue(1_060)
      expect(await one.store.getMany(['k', 'l', 'short'])).toEqual([undefined, undefined, undefined])
      await one.store.set('m', 'kept', { expiresAt: 61_000 })
      now.mockReturnValue(60_000)
      expect(await other.store.get('m')).toBe('kept')
      now.mockRestore()
    })
  }

  it('is left out as well where it is an LRUCache or a CacheableMemory', async () => {
    for (const front of [new LRUCache({ max: 10 }), new KeyvCacheableMemory()]) {
      const shared = new FaultyAdapter()
      const store = storeOf(createCache({ stores: [new Keyv({ store: front }), new Keyv({ store: shared })] }))
      await store.set('k', 'v')
      shared.map.clear()
      expect(await store.get('k')).toBeUndefined()
    }
  })

  it('that is a Map too is used as it is: all of them end with the process', async () => {
    const maps = [new Map(), new Map()]
    const store = storeOf(createCache({ stores: maps.map((map) => new Keyv({ store: map })) }))
    await store.set('k', 'v')
    expect(maps.map(({ size }) => size)).toEqual([1, 1])
  })

  it('is used as it is where all of them are said to end with the process', async () => {
    const map = new Map()
    const cache = createCache({ stores: [new Keyv({ store: map }), new Keyv({ store: new FaultyAdapter() })] })
    await cacheManagerStore(cache, { lifetime: 'process', onWarning: () => expect.fail() }).set('k', 'v')
    expect(map.size).toBe(1)
  })
})

describe('what somebody else put under a key', () => {
  for (const { title, makeKeyv, makeCache } of pairs) {
    it(`is handed over as a text that is no entry, never as absent and never as a failure, ${title}`, async () => {
      const adapter = new FaultyAdapter()
      const cache = makeCache([makeKeyv(adapter)])
      const store = storeOf(cache)
      for (const value of [1, true, { a: 1 }, ['a']]) {
        await cache.set('foreign', value)
        expect(await store.get('foreign')).toBe('')
        expect(await store.getMany(['foreign', 'absent'])).toEqual(['', undefined])
      }
      adapter.map.set([...adapter.map.keys()][0] as string, '{"value":')
      expect(await store.get('foreign')).toBe('')
      await store.set('foreign', 'overwritten')
      expect(await store.get('foreign')).toBe('overwritten')
    })
  }
})

describe('a cache and its Keyvs', () => {
  it('are as they were after every operation, failing ones among them', async () => {
    for (const { makeKeyv, makeCache } of pairs) {
      const adapter = new FaultyAdapter()
      const keyv = makeKeyv(adapter, { namespace: 'mine', ttl: 5000 })
      const cache = makeCache([keyv])
      const facts = () => ({
        stores: [...cache.stores],
        store: keyv.store,
        options: (keyv as Keyv).opts?.store,
        members: Object.keys(keyv),
        namespace: keyv.namespace,
        ttl: keyv.ttl,
        listeners: adapter.listenerCount('error'),
      })
      const before = facts()
      const store = storeOf(cache)
      for (const fault of [undefined, 'rejects', 'throws', 'emits'] as const) {
        adapter.fault = fault
        await Promise.allSettled([
          store.set('a', 'A', { expiresAt: Date.now() + 1000 }),
          store.get('a'),
          store.getMany(['a', 'b']),
          store.setMany([{ key: 'b', entry: 'B' }]),
          store.delete('b'),
          store.deleteMany(['a', 'b']),
        ])
      }
      const after = facts()
      expect(after).toEqual(before)
      expect([after.store, after.options, after.stores[0]]).toEqual([before.store, before.options, keyv])
    }
  })

  it('are found under keys that begin with the namespace, one by one and in batches', async () => {
    for (const { makeKeyv, makeCache } of pairs) {
      const store = storeOf(makeCache([makeKeyv(new Map(), { namespace: 'shop' })]))
      await store.set('shop:a', 'A')
      await store.setMany([{ key: 'shop:b', entry: 'B' }])
      expect(await store.getMany(['shop:b', 'shop:a', 'shop:c'])).toEqual(['B', 'A', undefined])
      await store.deleteMany(['shop:a', 'shop:b'])
      expect(await store.getMany(['shop:a', 'shop:b'])).toEqual([undefined, undefined])
    }
  })

  it('may get other Keyvs later', async () => {
    const [first, second] = [new Map(), new Map()]
    const cache = createCache({ stores: [new Keyv({ store: first })] })
    const store = storeOf(cache)
    cache.stores.push(new Keyv({ store: second }))
    await store.set('k', 'v')
    expect([first.size, second.size]).toEqual([1, 1])
  })

  it('may be a Keyv over a Keyv, whose failures are seen', async () => {
    const adapter = new FaultyAdapter()
    // Keyv 5 looks for `url` in the options of what it is put over.
    const inner = new Keyv({ store: adapter, url: '' } as object)
    inner.on('error', () => {})
    const outer = new Keyv({ store: inner })
    outer.on('error', () => {})
    const store = storeOf(createCache({ stores: [outer] }))
    await store.set('k', 'v')
    expect(await store.get('k')).toBe('v')
    adapter.fault = 'rejects'
    for (const run of [() => store.get('k'), () => store.set('k', 'v'), () => store.delete('k')]) {
      await expect(run()).rejects.toMatchObject({ code: 'STORE_FAILED' })
    }
  })
})

describe('an LRUCache as the storage of a Keyv', () => {
  it('takes no expiry, and that is a failed write and no acknowledgement', async () => {
    for (const { makeKeyv, makeCache } of pairs) {
      const store = storeOf(makeCache([makeKeyv(new LRUCache({ max: 10 }))]))
      await store.set('k', 'v')
      expect(await store.get('k')).toBe('v')
      await expect(store.set('k', 'v', { expiresAt: Date.now() + 1000 })).rejects.toMatchObject({
        code: 'STORE_FAILED',
        cause: expect.any(TypeError),
      })
    }
  })
})

describe('the traits of a cacheManagerStore', () => {
  it("say 'process' where every Keyv is over a collection in memory and 'shared' otherwise, unless told", () => {
    const lifetime = (...stores: unknown[]) => storeOf(createCache({ stores: stores as Keyv[] })).lifetime
    expect(storeOf(createCache()).lifetime).toBe('process')
    const collections = () => [new Map(), new LRUCache({ max: 10 }), new KeyvCacheableMemory()]
    for (const store of collections()) expect(lifetime(new Keyv({ store }), new Keyv())).toBe('process')
    for (const store of collections()) expect(lifetime(new Keyv6({ store }), new Keyv())).toBe('process')
    expect(lifetime(new Keyv(), new Keyv({ store: new FaultyAdapter() }))).toBe('shared')
    expect(lifetime(new Keyv6({ store: new FaultyAdapter() }))).toBe('shared')
    expect(lifetime(new Keyv({ store: new KeyvRedis() }))).toBe('shared')
    const cache = createCache({ stores: [new Keyv({ store: new FaultyAdapter() })] })
    expect(cacheManagerStore(cache, { lifetime: 'process' }).lifetime).toBe('process')
    expect(storeOf(createCache()).holds).toBe('text')
  })

  it('leave for a key what the prefixes of every Keyv do not take', () => {
    const of = (...stores: unknown[]) =>
      cacheManagerStore(createCache({ stores: stores as Keyv[] }), { lifetime: 'shared', onWarning }).maxKeyBytes
    const adapter = (members: object = {}) => Object.assign(new FaultyAdapter(), members)
    expect(storeOf(createCache()).maxKeyBytes).toBeUndefined()
    expect(of(new Keyv({ store: adapter(), namespace: '' }))).toBe(250)
    expect(of(new Keyv({ store: adapter(), namespace: 'shop' }))).toBe(250 - 'shop::shop:'.length)
    expect(of(new Keyv({ store: adapter(), namespace: '' }), new Keyv6({ store: new Map(), namespace: 'é' }))).toBe(246)
    expect(of(new Keyv({ store: adapter({ redis: { options: { keyPrefix: 'app:' } } }), namespace: '' }))).toBe(246)
    expect(of(new Keyv({ store: adapter({ opts: { keySize: 100 } }), namespace: '' }), new Keyv6())).toBe(100)
    expect(of(new Keyv({ store: adapter(), namespace: 'n'.repeat(300) }))).toBe(0)
  })

  it('are refused where they are wrong, at once', () => {
    const keyv = new Keyv()
    const old = { get() {}, set() {}, del() {}, wrap() {}, store: {} }
    const empty = { ...createCache(), stores: [] }
    for (const wrong of [undefined, null, {}, new Map(), keyv, [keyv], { stores: [keyv] }, old, empty]) {
      expect(() => cacheManagerStore(wrong as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
    expect(() => cacheManagerStore(createCache(), { lifetime: 'forever' as never })).toThrow(/'process' or 'shared'/)
    expect(() => cacheManagerStore(createCache(), { onWarning: true as never })).toThrow(/onWarning/)
  })

  it('R18 are those of one store for each cache and lifetime', () => {
    const cache = createCache()
    expect(cacheManagerStore(cache)).toBe(cacheManagerStore(cache))
    expect(cacheManagerStore(cache, { lifetime: 'process' })).toBe(cacheManagerStore(cache))
    expect(cacheManagerStore(cache, { lifetime: 'shared' })).not.toBe(cacheManagerStore(cache))
    expect(cacheManagerStore(createCache())).not.toBe(cacheManagerStore(cache))
  })
})
