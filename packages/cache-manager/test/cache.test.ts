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

it('is called by the classes of its storages in `stats`', () => {
  const keyvs = [new Keyv(), new Keyv({ store: new FaultyAdapter() })]
  const store = storeOf(createCache({ stores: keyvs }))
  const cache = createAutocache({ store, namespace: 'test', ttl: 1, version: '1' })
  cache.cached(async () => 1, { name: 'one' })
  expect(cache.stats().stores[0]!.store).toBe('Map, FaultyAdapter')
})

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
  /** What two processes have: a Map of their own each, and a storage in common. */
  const processes = ({ makeKeyv, makeCache }: (typeof pairs)[number], front: { ttl?: number } = {}) => {
    const shared = new Map<string, unknown>()
    return [1, 2].map(() => {
      const map = new Map<string, unknown>()
      const common = new FaultyAdapter(shared)
      const store = storeOf(makeCache([makeKeyv(map, front), makeKeyv(common)]))
      const instance = createAutocache({ store, namespace: 'test', ttl: Infinity })
      const load = instance.cached(async (id: string) => `${id} ${world.value}`, {
        ...{ name: 'load', version: '1', tags: ['loaded'] },
      })
      return { map, common, store, instance, load }
    }) as unknown as [Process, Process]
  }
  const world = { value: 0 }
  interface Process {
    readonly map: Map<string, unknown>
    readonly common: FaultyAdapter
    readonly store: ReturnType<typeof cacheManagerStore>
    readonly instance: ReturnType<typeof createAutocache>
    readonly load: ((id: string) => Promise<string>) & {
      invalidate(id: string): Promise<void>
      invalidateAll(): Promise<void>
    }
  }
  const invalidations: Record<string, (one: Process) => Promise<void>> = {
    'of a call': ({ load }) => load.invalidate('a'),
    'of a function': ({ load }) => load.invalidateAll(),
    'of a tag': ({ instance }) => instance.invalidateTags('loaded'),
  }

  for (const pair of pairs) {
    for (const [what, invalidate] of Object.entries(invalidations)) {
      for (const front of [{}, { ttl: 3_600_000 }]) {
        it(`R18 answers with nothing that another process invalidated: ${what}, ${front.ttl ? 'with' : 'without'} a ttl, ${pair.title}`, async () => {
          const [one, other] = processes(pair, front)
          for (let round = 0; round < 3; round++) {
            world.value = round
            for (const { load, instance } of [one, other, one, other]) {
              expect(await load('a')).toBe(`a ${round}`)
              await instance.close()
            }
            world.value = round + 0.5
            // Found in memory, and believed.
            one.common.calls.length = 0
            expect(await one.load('a')).toBe(`a ${round}`)
            world.value = round + 1
            await invalidate(other)
            expect([await one.load('a'), await other.load('a')]).toEqual([`a ${round + 1}`, `a ${round + 1}`])
          }
        })
      }
    }

    it(`costs a hit one reading of rows from the shared one, and no reading of the entry, ${pair.title}`, async () => {
      const [{ load, store, instance, common }] = processes(pair)
      expect(await load('a')).toBe(`a ${world.value}`)
      await instance.close()
      common.calls.length = 0
      const [get, getMany] = [vi.spyOn(store, 'get'), vi.spyOn(store.epochs!, 'getMany' as 'get')]
      const rows = vi.spyOn(common, 'get')
      expect(await load('a')).toBe(`a ${world.value}`)
      expect(instance.stats().total.hit).toBe(1)
      expect(getMany).toHaveBeenCalledOnce()
      expect(get).toHaveBeenCalledOnce()
      // What Keyv makes of the one batch over an adapter without getMany: a get for each row.
      const entryKey = get.mock.calls[0]![0]
      expect(rows.mock.calls.map(([key]) => key).filter((key) => key.endsWith(entryKey))).toEqual([])
      expect(rows.mock.calls).toHaveLength((getMany.mock.calls[0]![0] as unknown as string[]).length)
    })

    it(`is not asked what was invalidated: rows stand in the last shared one alone, ${pair.title}`, async () => {
      const [region, common] = [new FaultyAdapter(), new FaultyAdapter()]
      const keyvs = [new Map(), region, common, new Map()].map((adapter) => pair.makeKeyv(adapter))
      const { epochs, ...store } = storeOf(pair.makeCache(keyvs))
      await epochs!.set('row', 'r')
      expect([region.map.size, common.map.size]).toEqual([0, 1])
      expect([await epochs!.get('row'), await epochs!.getMany!(['none', 'row'])]).toEqual(['r', [undefined, 'r']])
      await store.set('row', 'another')
      expect(await epochs!.get('row')).toBe('another')
      common.map.clear()
      expect([await epochs!.get('row'), await store.get('row')]).toEqual([undefined, 'another'])
      region.fault = 'rejects'
      await epochs!.set('row', 'r')
      common.fault = 'rejects'
      for (const run of [
        () => epochs!.get('row'),
        () => epochs!.set('row', 'r'),
        () => epochs!.getMany!(['row', 'none']),
      ])
        await expect(run()).rejects.toMatchObject({ code: 'STORE_FAILED' })
    })

    it(`keeps an entry no longer than its own ttl, ${pair.title}`, async () => {
      const [one, other] = processes(pair, { ttl: 50 })
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

  it('is left out where it comes later: the store had said that one Keyv is all there is', async () => {
    const shared = new FaultyAdapter()
    const cache = createCache({ stores: [new Keyv({ store: shared })] })
    const store = storeOf(cache)
    const map = new Map()
    cache.stores.unshift(new Keyv({ store: map }))
    await store.set('k', 'v')
    expect([map.size, shared.map.size, await store.get('k'), store.epochs]).toEqual([0, 1, 'v', undefined])
  })

  it('is used and named by nobody where all of them end with the process, by themselves or as is said', async () => {
    const maps = [new Map(), new Map()]
    const store = storeOf(createCache({ stores: maps.map((map) => new Keyv({ store: map })) }))
    await store.set('k', 'v')
    expect([...maps.map(({ size }) => size), store.epochs]).toEqual([1, 1, undefined])
    const map = new Map()
    const cache = createCache({ stores: [new Keyv({ store: map }), new Keyv({ store: new FaultyAdapter() })] })
    const said = cacheManagerStore(cache, { lifetime: 'process', onWarning: () => expect.fail() })
    await said.set('k', 'v')
    expect([map.size, said.epochs]).toEqual([1, undefined])
  })

  it('is used where it is an LRUCache or a CacheableMemory, and never asked for rows', async () => {
    for (const front of [new LRUCache({ max: 10 }), new KeyvCacheableMemory()]) {
      const shared = new FaultyAdapter()
      const store = storeOf(createCache({ stores: [new Keyv({ store: front }), new Keyv({ store: shared })] }))
      await store.set('k', 'v')
      await store.epochs!.set('row', 'r')
      expect([...shared.map.keys()]).toHaveLength(2)
      shared.map.clear()
      expect([await store.get('k'), await store.epochs!.get('row')]).toEqual(['v', undefined])
    }
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
