import { isAutocacheError, StoreError } from '@autocache/core'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { LRUCache } from 'lru-cache'
import { describe, expect, it } from 'vitest'
import { keyvStore } from '../src/index.ts'
import { type Fault, FaultyAdapter } from './support/faulty-adapter.ts'

const faults: Fault[] = ['rejects', 'throws', 'emits', 'loses the connection']

/** Every way in which a user can have set up the reporting of errors. */
const settings = [
  { keyv: 5, title: 'Keyv 5', make: (store: object) => new Keyv({ store }), listens: true },
  { keyv: 5, title: 'Keyv 5 without a listener', make: (store: object) => new Keyv({ store }), listens: false },
  {
    keyv: 5,
    title: 'Keyv 5 that throws',
    make: (store: object) => new Keyv({ store, throwOnErrors: true }),
    listens: true,
  },
  {
    keyv: 5,
    title: 'Keyv 5 that is silent',
    make: (store: object) => new Keyv({ store, emitErrors: false }),
    listens: false,
  },
  { keyv: 6, title: 'Keyv 6', make: (store: object) => new Keyv6({ store }), listens: true },
] as const

for (const { title, make, listens } of settings) {
  for (const shape of ['single', 'many'] as const) {
    for (const fault of faults) {
      describe(`${title}, an adapter with ${shape} operations that ${fault}`, () => {
        const setUp = async (...methods: string[]) => {
          const adapter = new FaultyAdapter(shape)
          const keyv = make(adapter)
          const heard: unknown[] = []
          if (listens) keyv.on('error', (error: unknown) => heard.push(error))
          const store = keyvStore(keyv)
          await store.set('here', 'x')
          const listeners = adapter.listenerCount('error')
          for (const method of methods) adapter.faults[method] = fault
          return { adapter, store, heard, listeners }
        }
        const failed = (operation: string, method = operation) =>
          expect.objectContaining({
            code: 'STORE_FAILED',
            operation,
            store: expect.any(String),
            cause: expect.objectContaining({ message: `${method} failed` }),
          })

        it('a failed get rejects, and is no miss', async () => {
          const { adapter, store, listeners } = await setUp('get')
          await expect(store.get('here')).rejects.toEqual(failed('get'))
          await expect(store.get('absent')).rejects.toEqual(failed('get'))
          adapter.faults = {}
          expect(await store.get('here')).toBe('x')
          expect(await store.get('absent')).toBeUndefined()
          expect(adapter.listenerCount('error')).toBe(listeners)
        })

        it('a failed set rejects', async () => {
          const { adapter, store } = await setUp('set')
          await expect(store.set('other', 'y')).rejects.toEqual(failed('set'))
          adapter.faults = {}
          expect(await store.get('other')).toBeUndefined()
          await store.set('other', 'y')
        })

        it('a failed delete rejects, and is not "there was none"', async () => {
          const { adapter, store } = await setUp('delete')
          await expect(store.delete('here')).rejects.toEqual(failed('delete'))
          adapter.faults = {}
          expect(await store.delete('here')).toBe(true)
          expect(await store.delete('here')).toBe(false)
        })

        it('failed reads, writes and deletes of many reject', async () => {
          const many = shape === 'many'
          const { adapter, store, listeners } = await setUp('get', 'set', 'delete', 'getMany', 'setMany', 'deleteMany')
          await expect(store.getMany(['here', 'absent'])).rejects.toEqual(failed('getMany', many ? 'getMany' : 'get'))
          await expect(store.setMany([{ key: 'k', entry: 'v' }])).rejects.toEqual(
            failed('setMany', many ? 'setMany' : 'set'),
          )
          await expect(store.deleteMany(['here'])).rejects.toEqual(failed('deleteMany', many ? 'deleteMany' : 'delete'))
          adapter.faults = {}
          expect(await store.getMany(['here', 'absent'])).toEqual(['x', undefined])
          expect(adapter.listenerCount('error')).toBe(listeners)
        })

        if (fault === 'loses the connection') return
        it('a failed operation leaves those beside it alone', async () => {
          const { adapter, store } = await setUp('get', 'set', 'delete')
          adapter.faultyKey = 'bad'
          const settled = await Promise.allSettled([
            store.get('absent'),
            store.get('bad'),
            store.get('here'),
            store.set('good', 'x'),
            store.set('bad', 'x'),
            store.delete('absent'),
            store.delete('bad'),
          ])
          expect(settled.map(({ status }) => status === 'fulfilled')).toEqual([
            true,
            false,
            true,
            true,
            false,
            true,
            false,
          ])
        })
      })
    }
  }
}

describe('beneath a Keyv', () => {
  const silenced = (store: object, version: 5 | 6 = 5) => {
    const keyv = version === 5 ? new Keyv({ store }) : new Keyv6({ store })
    keyv.on('error', () => {})
    return keyv
  }

  it('the error is one of autocache, whose text holds no key', async () => {
    const adapter = new FaultyAdapter()
    adapter.faults.get = 'rejects'
    const error = await keyvStore(silenced(adapter))
      .get('secret-key')
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StoreError)
    expect(isAutocacheError(error)).toBe(true)
    expect((error as StoreError).store).toBe('FaultyAdapter')
    expect((error as StoreError).message).not.toContain('secret-key')
  })

  it('an adapter that refuses a write without an error is not believed', async () => {
    const adapter = Object.assign(new FaultyAdapter('many'), {
      set: async () => false,
      setMany: async () => [true, false],
    })
    for (const version of [5, 6] as const) {
      const store = keyvStore(silenced(adapter, version))
      await expect(store.set('k', 'v')).rejects.toMatchObject({ code: 'STORE_FAILED', operation: 'set' })
      const entries = [
        { key: 'a', entry: '1' },
        { key: 'b', entry: '2' },
      ]
      await expect(store.setMany(entries)).rejects.toMatchObject({ code: 'STORE_FAILED', operation: 'setMany' })
    }
  })

  it('an error event during an operation does not take back a proven answer', async () => {
    const adapter = new FaultyAdapter()
    const store = keyvStore(silenced(adapter))
    await store.set('here', 'x')
    const read = store.get('here')
    const removed = store.delete('here')
    adapter.connectionFails(new Error('socket closed'))
    expect(await read).toBe('x')
    expect(await removed).toBe(true)
  })

  it('an error event between operations concerns none of them', async () => {
    const adapter = new FaultyAdapter()
    const store = keyvStore(silenced(adapter))
    adapter.connectionFails(new Error('socket closed'))
    expect(await store.get('absent')).toBeUndefined()
  })

  it('deleting an expired entry may fail without making the miss a failure', async () => {
    for (const version of [5, 6] as const) {
      for (const fault of ['rejects', 'emits'] as const) {
        const adapter = new FaultyAdapter()
        const store = keyvStore(silenced(adapter, version))
        await store.set('short', 'x', { expiresAt: Date.now() + 5 })
        await new Promise((resolve) => setTimeout(resolve, 20))
        adapter.faults.delete = fault
        expect(await store.get('short')).toBeUndefined()
      }
    }
  })

  it('an operation that hangs holds up no other, and leaves nothing behind when it ends', async () => {
    const adapter = new FaultyAdapter()
    const { get } = adapter
    let release = (_: undefined) => {}
    adapter.get = function (key) {
      return key.endsWith('hangs') ? new Promise<undefined>((resolve) => (release = resolve)) : get.call(this, key)
    }
    const store = keyvStore(silenced(adapter))
    const listeners = adapter.listenerCount('error')
    await store.set('here', 'x')
    const hanging = store.get('hangs')
    expect(await store.get('here')).toBe('x')
    adapter.faults.get = 'emits'
    await expect(store.get('absent')).rejects.toMatchObject({ code: 'STORE_FAILED' })
    release(undefined)
    expect(await hanging).toBeUndefined()
    expect(adapter.listenerCount('error')).toBe(listeners)
  })

  it('a thousand operations at once add one listener, and none remains', async () => {
    const adapter = new FaultyAdapter('many')
    const store = keyvStore(silenced(adapter))
    const listeners = adapter.listenerCount('error')
    const reads = Promise.all(Array.from({ length: 1000 }, (_, index) => store.get(`${index}`)))
    expect(adapter.listenerCount('error')).toBe(listeners + 1)
    await reads
    expect(adapter.listenerCount('error')).toBe(listeners)
  })

  it('a failure in the Keyv beneath a Keyv 6 is seen', async () => {
    for (const version of [5, 6] as const) {
      const adapter = new FaultyAdapter()
      const store = keyvStore(silenced(silenced(adapter, version), 6))
      await store.set('here', 'x')
      expect(await store.get('here')).toBe('x')
      adapter.faults = { get: 'rejects', set: 'rejects', delete: 'emits' }
      await expect(store.get('here')).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await expect(store.set('here', 'x')).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await expect(store.delete('here')).rejects.toMatchObject({ code: 'STORE_FAILED' })
    }
  })

  it('an adapter with private fields works, and its failures are seen', async () => {
    class PrivateAdapter extends FaultyAdapter {
      #secret = 'kept'
      override get(key: string) {
        if (this.#secret !== 'kept') throw new Error('not itself')
        return super.get(key)
      }
      override set(key: string, value: unknown) {
        this.#secret = 'kept'
        return super.set(key, value)
      }
      override delete(key: string) {
        return this.#secret === 'kept' ? super.delete(key) : Promise.resolve(false)
      }
    }
    for (const version of [5, 6] as const) {
      for (const fault of faults) {
        const adapter = new PrivateAdapter()
        const store = keyvStore(silenced(adapter, version))
        await store.set('here', 'x')
        expect(await store.get('here')).toBe('x')
        expect(await store.delete('here')).toBe(true)
        adapter.faults = { get: fault, set: fault, delete: fault }
        await expect(store.get('here')).rejects.toMatchObject({ code: 'STORE_FAILED' })
        await expect(store.set('here', 'x')).rejects.toMatchObject({ code: 'STORE_FAILED' })
        await expect(store.delete('here')).rejects.toMatchObject({ code: 'STORE_FAILED' })
      }
    }
  })

  it('what an adapter keeps of an operation in its own fields stays in them', async () => {
    class CountingAdapter extends FaultyAdapter {
      gets = 0
      connection: object | undefined
      override get(key: string) {
        this.gets += 1
        this.connection ??= {}
        return super.get(key)
      }
    }
    const adapter = new CountingAdapter()
    const store = keyvStore(silenced(adapter))
    await store.get('a')
    const first = adapter.connection
    await store.get('b')
    expect(adapter.gets).toBe(2)
    expect(adapter.connection).toBeDefined()
    expect(adapter.connection).toBe(first)
  })

  it('an adapter that answers at once, and builds on that, works', async () => {
    class SynchronousAdapter extends FaultyAdapter {
      override get(key: string): never {
        return this.map.get(key) as never
      }
      override getMany = function (this: SynchronousAdapter, keys: string[]) {
        return keys.map((key) => this.get(key))
      }
    }
    const store = keyvStore(silenced(new SynchronousAdapter()))
    await store.set('a', 'A')
    expect(await store.get('a')).toBe('A')
    expect(await store.getMany(['none', 'a'])).toEqual([undefined, 'A'])
  })

  it('an lru-cache as storage works where entries have no expiry, and takes none that has one', async () => {
    for (const version of [5, 6] as const) {
      const store = keyvStore(silenced(new LRUCache({ max: 10 }), version))
      expect(store.lifetime).toBe('shared')
      await store.setMany([
        { key: 'a', entry: 'A' },
        { key: 'b', entry: 'B' },
      ])
      expect(await store.getMany(['b', 'none', 'a'])).toEqual(['B', undefined, 'A'])
      expect(await store.delete('a')).toBe(true)
      expect(await store.get('a')).toBeUndefined()
      await expect(store.set('a', 'A', { expiresAt: Date.now() + 60_000 })).rejects.toMatchObject({
        code: 'STORE_FAILED',
        cause: expect.any(TypeError),
      })
    }
  })

  it('a Keyv that never asks its storage adapter is not believed', async () => {
    const keyv = new Keyv6({ store: new Map(), sanitize: { keys: true } })
    const store = keyvStore(keyv)
    await expect(store.get(';')).rejects.toMatchObject({ code: 'STORE_FAILED', operation: 'get' })
    await expect(store.set(';', 'x')).rejects.toMatchObject({ code: 'STORE_FAILED', operation: 'set' })
    await expect(store.delete(';')).rejects.toMatchObject({ code: 'STORE_FAILED', operation: 'delete' })
    await store.set('fine', 'x')
    expect(await store.get('fine')).toBe('x')
  })

  it('a Keyv 6 without an error listener rejects, and the process lives', async () => {
    for (const fault of faults.slice(0, 3)) {
      const adapter = new FaultyAdapter('many')
      const store = keyvStore(new Keyv6({ store: adapter }))
      for (const method of ['get', 'set', 'delete', 'getMany', 'setMany', 'deleteMany']) adapter.faults[method] = fault
      await expect(store.get('k')).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await expect(store.set('k', 'v')).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await expect(store.delete('k')).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await expect(store.getMany(['k'])).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await expect(store.setMany([{ key: 'k', entry: 'v' }])).rejects.toMatchObject({ code: 'STORE_FAILED' })
      await expect(store.deleteMany(['k'])).rejects.toMatchObject({ code: 'STORE_FAILED' })
    }
  })

  it('a serializer that throws on writing fails the set', async () => {
    const serialize = () => {
      throw new Error('cannot serialize')
    }
    const five = keyvStore(new Keyv({ store: new Map(), serialize }))
    await expect(five.set('k', 'v')).rejects.toMatchObject({ code: 'STORE_FAILED', operation: 'set' })
    const six = keyvStore(
      silenced6(new Keyv6({ store: new Map(), serialization: { stringify: serialize, parse: JSON.parse } })),
    )
    await expect(six.set('k', 'v')).rejects.toMatchObject({ code: 'STORE_FAILED', operation: 'set' })
  })
})

function silenced6(keyv: Keyv6): Keyv6 {
  keyv.on('error', () => {})
  return keyv
}

describe('an adapter that throws a TypeError of its own', () => {
  for (const version of [5, 6] as const) {
    for (const how of ['throws', 'rejects'] as const) {
      it(`is asked once and stays watched: Keyv ${version}, one that ${how}`, async () => {
        class FetchingAdapter extends FaultyAdapter {
          down = true
          override set(key: string, value: unknown) {
            if (!this.down) return super.set(key, value)
            this.calls.push('set')
            const error = new TypeError('fetch failed')
            if (how === 'throws') throw error
            return Promise.reject(error)
          }
        }
        const adapter = new FetchingAdapter()
        const keyv = version === 5 ? new Keyv({ store: adapter }) : new Keyv6({ store: adapter })
        keyv.on('error', () => {})
        const store = keyvStore(keyv)
        await expect(store.set('k', 'v')).rejects.toMatchObject({ code: 'STORE_FAILED', operation: 'set' })
        expect(adapter.calls.filter((call) => call === 'set')).toEqual(['set'])
        adapter.down = false
        // What it keeps to itself is seen as before, and is told from what others cause.
        adapter.faults = { get: 'emits' }
        adapter.faultyKey = 'bad'
        adapter.map.clear()
        const [bad, good] = await Promise.allSettled([store.get('bad'), store.get('good')])
        expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FAILED' } })
        expect(good).toEqual({ status: 'fulfilled', value: undefined })
      })
    }
  }
})
