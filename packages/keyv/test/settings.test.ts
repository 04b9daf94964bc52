import { createAutocache } from '@autocache/core'
import { Keyv, type KeyvStoreAdapter } from 'keyv'
import { KeyvHooks as Hooks6, Keyv as Keyv6, KeyvMemoryAdapter } from 'keyv6'
import { describe, expect, it, vi } from 'vitest'
import { type KeyvLike, keyvStore } from '../src/index.ts'
import { FaultyAdapter } from './support/faulty-adapter.ts'

const versions = [
  { keyv: 5, make: (options: object) => new Keyv(options) },
  { keyv: 6, make: (options: object) => new Keyv6(options) },
] as const

it('is called by the class of its storage adapter in `stats`, and by another where the adapter is changed', () => {
  const keyv = new Keyv({ store: new FaultyAdapter() })
  const store = keyvStore(keyv)
  const cache = createAutocache({ store, namespace: 'test', ttl: 1, version: '1' })
  cache.cached(async () => 1, { name: 'one' })
  expect(cache.stats().stores[0]!.store).toBe('FaultyAdapter')
  keyv.store = new Map()
  expect(store.name).toBe('Map')
})

/** Everything an object holds, itself and its settings, listeners and hooks, by value. */
function snapshot(value: unknown, seen = new Set<unknown>()): unknown {
  if (typeof value === 'function') return `function ${value.name}`
  if (typeof value !== 'object' || value === null) return value
  if (seen.has(value)) return 'seen before'
  seen.add(value)
  if (value instanceof Map) return [...value].map(([key, one]) => [key, snapshot(one, seen)])
  if (Array.isArray(value)) return value.map((one) => snapshot(one, seen))
  return Reflect.ownKeys(value).map((key) => [key, snapshot((value as Record<PropertyKey, unknown>)[key], seen)])
}

/** One of each operation, failing ones among them. */
async function exercise(keyv: KeyvLike, adapter: FaultyAdapter) {
  const store = keyvStore(keyv)
  for (const fault of [undefined, 'rejects', 'throws', 'emits', 'loses the connection'] as const) {
    adapter.faults = {}
    for (const method of ['get', 'set', 'delete', 'getMany', 'setMany', 'deleteMany']) {
      if (fault !== undefined) adapter.faults[method] = fault
    }
    await Promise.allSettled([
      store.set('a', 'A', { expiresAt: Date.now() + 1000 }),
      store.get('a'),
      store.getMany(['a', 'b']),
      store.setMany([{ key: 'b', entry: 'B' }]),
      store.delete('b'),
      store.deleteMany(['a', 'b']),
    ])
  }
  adapter.faults = {}
  adapter.calls.length = 0
}

describe('the settings of a Keyv', () => {
  it('are as they were after every operation, and so is everything else about it', async () => {
    const variants: object[] = [
      {},
      { namespace: 'mine', ttl: 5000 },
      { throwOnErrors: true, emitErrors: false, useKeyPrefix: false },
      { namespace: '' },
    ]
    for (const { make } of versions) {
      for (const variant of variants) {
        for (const shape of ['single', 'many'] as const) {
          const adapter = new FaultyAdapter(shape)
          const keyv = make({ store: adapter, ...variant })
          keyv.on('error', () => {})
          const before = snapshot(keyv)
          const identities = [keyv.store, (keyv as Keyv).opts, (keyv as Keyv).opts?.store]
          await exercise(keyv, adapter)
          adapter.map.clear()
          expect(snapshot(keyv)).toEqual(before)
          expect([keyv.store, (keyv as Keyv).opts, (keyv as Keyv).opts?.store]).toEqual(identities)
        }
      }
    }
  })

  it('bring the same events to its listeners as without autocache', async () => {
    const faults = ['rejects', 'throws', 'emits'] as const
    for (const { make } of versions) {
      const hear = async (wrap: boolean) => {
        const adapter = new FaultyAdapter('many')
        const keyv = make({ store: adapter })
        const heard: unknown[] = []
        keyv.on('error', (error: unknown) => heard.push((error as Error).message))
        const asked = (wrap ? keyvStore(keyv) : keyv) as KeyvLike
        for (const fault of faults) {
          for (const method of ['get', 'set', 'delete', 'getMany', 'deleteMany']) adapter.faults[method] = fault
          await Promise.resolve(asked.get('k')).catch(() => {})
          await Promise.resolve(asked.set('k', 'v')).catch(() => {})
          await Promise.resolve(asked.delete('k')).catch(() => {})
          await Promise.resolve(asked.getMany(['k'])).catch(() => {})
          await Promise.resolve(asked.deleteMany(['k'])).catch(() => {})
        }
        return heard
      }
      const bare = await hear(false)
      expect(bare.length).toBeGreaterThan(5)
      expect(await hear(true)).toEqual(bare)
    }
  })

  it('count hits and misses, and run the hooks, as without autocache', async () => {
    const five = new Keyv({ stats: true })
    const ran: string[] = []
    for (const hook of ['preGet', 'postGet', 'preSet', 'postSet', 'preDelete', 'postDelete']) {
      five.hooks.addHandler(hook, () => ran.push(hook))
    }
    const six = new Keyv6({ stats: true })
    for (const hook of [
      Hooks6.BEFORE_GET,
      Hooks6.AFTER_GET,
      Hooks6.BEFORE_SET,
      Hooks6.AFTER_SET,
      Hooks6.BEFORE_DELETE,
    ]) {
      six.onHook({ event: hook, handler: () => void ran.push(hook) })
    }
    for (const keyv of [five, six]) {
      const store = keyvStore(keyv)
      await store.set('a', 'A')
      await store.get('a')
      await store.get('none')
      await store.delete('a')
      const { hits, misses, sets, deletes } = keyv.stats
      expect({ hits, misses, sets, deletes }).toEqual({ hits: 1, misses: 1, sets: 1, deletes: 1 })
    }
    expect(ran.join(' ')).toBe(
      'preSet postSet preGet postGet preGet postGet preDelete postDelete ' +
        'before:set after:set before:get after:get before:get after:get before:delete',
    )
  })

  it('apply when they change later: namespace, storage, error settings', async () => {
    for (const { make } of versions) {
      const first = new Map<string, unknown>()
      const keyv = make({ store: first, namespace: 'one' })
      keyv.on('error', () => {})
      const store = keyvStore(keyv)
      await store.set('k', 'in one')
      keyv.namespace = 'two'
      expect(await store.get('k')).toBeUndefined()
      await store.set('k', 'in two')
      expect([...first.keys()].map((key) => key.replace('::', ':'))).toEqual(['one:k', 'two:k'])
      keyv.namespace = 'one'
      expect(await store.get('k')).toBe('in one')

      const faulty = new FaultyAdapter()
      keyv.store = faulty
      expect(await store.get('k')).toBeUndefined()
      faulty.faults.get = 'rejects'
      await expect(store.get('k')).rejects.toMatchObject({ code: 'STORE_FAILED', store: expect.any(String) })
      if (keyv instanceof Keyv) keyv.throwOnErrors = true
      await expect(store.get('k')).rejects.toMatchObject({ code: 'STORE_FAILED' })
    }
  })

  it("include the user's serializer and compression, and the text comes back as it was", async () => {
    const texts = ['', 'a1.{}', '日本 🦊', '"', ':base64:QQ==', 'x'.repeat(10_000)]
    const reverse = (text: string) => [...text].reverse().join('')
    const compression = {
      compress: async (value: string) => Buffer.from(value).toString('base64'),
      decompress: async (value: string) => Buffer.from(value, 'base64').toString(),
      serialize: JSON.stringify,
      deserialize: JSON.parse,
    }
    const serialize = {
      serialize: (data: object) => reverse(JSON.stringify(data)),
      deserialize: (text: string) => JSON.parse(reverse(text)),
    }
    const serialization = { stringify: serialize.serialize, parse: serialize.deserialize }
    const keyvs = [
      new Keyv({ ...serialize, store: new Map() } as object),
      new Keyv({ compression, store: new Map() }),
      new Keyv({ ...serialize, compression, store: new Map() } as object),
      new Keyv({ serialize: undefined, deserialize: undefined, store: new Map() } as object),
      new Keyv6({ serialization } as object),
      new Keyv6({ serialization, compression } as object),
      new Keyv6({ serialization: false } as object),
      new Keyv6({
        encryption: { encrypt: (text: string) => reverse(text), decrypt: (text: string) => reverse(text) },
      } as object),
    ]
    for (const keyv of keyvs) {
      const store = keyvStore(keyv)
      for (const [index, text] of texts.entries()) {
        await store.set(`${index}`, text, { expiresAt: Date.now() + 60_000 })
        expect(await store.get(`${index}`)).toBe(text)
      }
      await store.setMany(texts.map((entry, index) => ({ key: `${index}`, entry })))
      expect(await store.getMany(texts.map((_, index) => `${index}`))).toEqual(texts)
    }
  })

  it('include its default ttl, for what is set without an expiry only', async () => {
    for (const { make } of versions) {
      const store = keyvStore(make({ store: new Map(), ttl: 30 }))
      await store.set('default', 'x')
      await store.set('own', 'x', { expiresAt: Date.now() + 60_000 })
      await store.setMany([{ key: 'default of many', entry: 'x' }])
      await new Promise((resolve) => setTimeout(resolve, 60))
      expect(await store.getMany(['default', 'default of many', 'own'])).toEqual([undefined, undefined, 'x'])
    }
  })

  it('leave keys that begin with the namespace where single and batched operations both find them', async () => {
    for (const { make } of versions) {
      const store = keyvStore(make({ store: new Map(), namespace: 'shop' }))
      await store.set('shop:a', 'A')
      await store.setMany([{ key: 'shop:b', entry: 'B' }])
      expect(await store.get('shop:a')).toBe('A')
      expect(await store.getMany(['shop:b', 'shop:a', 'shop:c'])).toEqual(['B', 'A', undefined])
      await store.deleteMany(['shop:a', 'shop:b'])
      expect(await store.getMany(['shop:a', 'shop:b'])).toEqual([undefined, undefined])
    }
  })
})

describe('what somebody else put under a key', () => {
  it('is handed over as a text that is no entry, never as absent and never as a failure', async () => {
    for (const { make } of versions) {
      const keyv = make({ store: new Map() })
      const store = keyvStore(keyv)
      for (const value of [1, null, true, { a: 1 }, ['a'], Buffer.from('bytes')]) {
        await keyv.set('foreign', value)
        expect(await store.get('foreign')).toBe('')
        expect(await store.getMany(['foreign', 'absent'])).toEqual(['', undefined])
      }
    }
  })

  it('is such a text too where the serializer cannot read it, and fails none of its neighbours', async () => {
    for (const { keyv: version, make } of versions) {
      const adapter = new FaultyAdapter('many')
      const keyv = make({ store: adapter, namespace: 'n' })
      keyv.on('error', () => {})
      const store = keyvStore(keyv)
      await store.set('good', 'x')
      const place = [...adapter.map.keys()][0]?.replace('good', 'bad') ?? ''
      adapter.map.set(place, '{"value":')
      expect(await store.get('bad')).toBe('')
      const many = await store.getMany(['bad', 'good', 'absent'])
      expect(many).toEqual([version === 5 ? '' : undefined, 'x', undefined])
      await store.set('bad', 'overwritten')
      expect(await store.get('bad')).toBe('overwritten')
    }
  })
})

describe('the traits of a keyvStore', () => {
  it("say 'process' for a Map and 'shared' for anything else, unless told", () => {
    expect(keyvStore(new Keyv()).lifetime).toBe('process')
    expect(keyvStore(new Keyv({ store: new Map() })).lifetime).toBe('process')
    expect(keyvStore(new Keyv(new FaultyAdapter() as unknown as KeyvStoreAdapter)).lifetime).toBe('shared')
    expect(keyvStore(new Keyv6()).lifetime).toBe('process')
    expect(keyvStore(new Keyv6(new Map())).lifetime).toBe('process')
    expect(keyvStore(new Keyv6(new KeyvMemoryAdapter(new Map()))).lifetime).toBe('process')
    expect(keyvStore(new Keyv6(new FaultyAdapter())).lifetime).toBe('shared')
    expect(keyvStore(new Keyv(), { lifetime: 'shared' }).lifetime).toBe('shared')
    expect(keyvStore(new Keyv6(new FaultyAdapter()), { lifetime: 'process' }).lifetime).toBe('process')
    expect(keyvStore(new Keyv()).holds).toBe('text')
  })

  it('leave for a key what the prefixes do not take', () => {
    const of = (keyv: KeyvLike) => keyvStore(keyv, { lifetime: 'shared' }).maxKeyBytes
    const adapter = (members: object = {}) => Object.assign(new FaultyAdapter(), members) as unknown as KeyvStoreAdapter
    expect(keyvStore(new Keyv()).maxKeyBytes).toBeUndefined()
    expect(of(new Keyv({ store: adapter(), namespace: '' }))).toBe(250)
    expect(of(new Keyv({ store: adapter(), namespace: 'shop' }))).toBe(250 - 'shop::shop:'.length)
    expect(of(new Keyv({ store: adapter(), namespace: 'shop', useKeyPrefix: false }))).toBe(250 - 'shop::'.length)
    expect(of(new Keyv({ store: adapter(), namespace: 'é🦊' }))).toBe(250 - 2 * 6 - 3)
    expect(of(new Keyv({ store: adapter({ keyPrefixSeparator: '-->' }), namespace: 'shop' }))).toBe(
      250 - 'shop-->shop:'.length,
    )
    expect(of(new Keyv({ store: adapter({ redis: { options: { keyPrefix: 'app:' } } }), namespace: '' }))).toBe(246)
    expect(of(new Keyv({ store: adapter({ opts: { keySize: 100 } }), namespace: '' }))).toBe(100)
    expect(of(new Keyv({ store: adapter({ opts: { keySize: 1000 } }), namespace: '' }))).toBe(250)
    expect(of(new Keyv({ store: adapter(), namespace: 'n'.repeat(300) }))).toBe(0)
    expect(of(new Keyv6({ store: new Map() }))).toBe(250)
    expect(of(new Keyv6({ store: new Map(), namespace: 'shop' }))).toBe(250 - 'shop::'.length)
    expect(of(new Keyv6({ store: adapter({ opts: { keySize: 100 } }) }))).toBe(100)
  })

  it('follow the namespace when it changes', () => {
    const keyv = new Keyv({ namespace: 'a' })
    const store = keyvStore(keyv, { lifetime: 'shared' })
    const before = store.maxKeyBytes
    keyv.namespace = 'abc'
    expect(store.maxKeyBytes).toBe((before ?? 0) - 4)
  })

  it('offer keys only where the storage can list them', () => {
    expect(keyvStore(new Keyv()).keys).toBeTypeOf('function')
    expect(keyvStore(new Keyv6()).keys).toBeTypeOf('function')
    expect(keyvStore(new Keyv(new FaultyAdapter() as unknown as KeyvStoreAdapter)).keys).toBeUndefined()
    expect(keyvStore(new Keyv6(new FaultyAdapter())).keys).toBeUndefined()
    expect('clear' in keyvStore(new Keyv())).toBe(false)
  })

  it('are refused where they are wrong, at once', () => {
    for (const wrong of [undefined, null, {}, new Map(), 'redis://localhost', new FaultyAdapter()]) {
      expect(() => keyvStore(wrong as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
    expect(() => keyvStore(new Keyv(), { lifetime: 'forever' as never })).toThrow(/'process' or 'shared'/)
  })
})

describe('R18 one Keyv used by two modules', () => {
  it('R18 is one store for each lifetime', () => {
    for (const { make } of versions) {
      const keyv = make({})
      expect(keyvStore(keyv)).toBe(keyvStore(keyv))
      expect(keyvStore(keyv, { lifetime: 'process' })).toBe(keyvStore(keyv))
      expect(keyvStore(keyv, { lifetime: 'shared' })).not.toBe(keyvStore(keyv))
      expect(keyvStore(keyv, { lifetime: 'shared' })).toBe(keyvStore(keyv, { lifetime: 'shared' }))
      expect(keyvStore(make({}))).not.toBe(keyvStore(keyv))
    }
  })

  it('R18 an invalidation by one holds back the late write of the other', async () => {
    for (const { make } of versions) {
      const waiting: (() => void)[] = []
      let slow = true
      class SlowAdapter extends FaultyAdapter {
        override async set(key: string, value: unknown) {
          // The write of the entry; what stands beside it for invalidations is done at once.
          if (slow && !key.includes(':epochs:')) await new Promise<void>((resolve) => waiting.push(resolve))
          await super.set(key, value)
        }
      }
      const keyv = make({ store: new SlowAdapter() })
      keyv.on('error', () => {})
      let now = 1
      const look = async (_id: string) => now
      const define = () =>
        createAutocache({ store: keyvStore(keyv), namespace: 'test', ttl: Infinity, storeTimeout: 2000 }).cached(look, {
          name: 'look',
          version: '1',
        })
      const [one, other] = [define(), define()]
      expect(await one('a')).toBe(1)
      await vi.waitFor(() => expect(waiting.length).toBe(1))
      now = 2
      await other.invalidate('a')
      slow = false
      for (const land of waiting) land()
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect([await other('a'), await one('a')]).toEqual([2, 2])
    }
  })
})
