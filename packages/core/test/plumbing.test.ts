import { describe, expect, test, vi } from 'vitest'
import { createAutocache } from '../src/index.ts'
import { putStamp, type Stamp, stampContract, stampOf, wire } from '../src/plumbing.ts'
import { testScope } from '../src/testing.ts'
import { asyncStore, syncStore, thrown } from './version-support.ts'

const stamp: Stamp = { contract: stampContract, label: 'users.load', version: 's1-abcdef' }
const over = (store = syncStore()) => createAutocache({ store, namespace: 'shop', ttl: Infinity })

describe('a stamp', () => {
  test('gives label and version over a shared store, with nothing else to say', () => {
    const fn = over().cached(putStamp((id: string) => id, stamp))
    expect([fn.label, fn.version]).toEqual(['users.load', 's1-abcdef'])
    expect(fn.keyOf('1')).toMatch(/^shop:users\.load:s1-abcdef:~/)
    expect(fn.explain('1').source).toBe('stamp')
  })

  test.each(['s1-abc', 't1-abc'])('keeps its scheme: %s', (version) => {
    expect(over().cached(putStamp(() => 0, { ...stamp, version })).version).toBe(version)
  })

  test('gives the version in process as well', () => {
    expect(createAutocache().cached(putStamp(() => 0, stamp)).version).toBe('s1-abcdef')
  })

  test('is put on the function, which is returned and looks the same', () => {
    const fn = (id: string) => id
    const keys = Reflect.ownKeys(fn).length
    expect(putStamp(fn, stamp)).toBe(fn)
    expect(Object.keys(fn)).toEqual([])
    expect(Reflect.ownKeys(fn)).toHaveLength(keys + 1)
    expect(stampOf(fn)).toBe(stamp)
    const next = { ...stamp, version: 's1-next' }
    putStamp(fn, next)
    expect(stampOf(fn)).toBe(next)
  })

  test.each([0, 2, 99, '1', undefined])('of another contract is none: %s', (contract) => {
    const fn = putStamp(function load() {}, { ...stamp, contract: contract as never, captures: () => ['never read'] })
    expect(stampOf(fn)).toBeUndefined()
    thrown(() => over().cached(fn), 'UNVERSIONED_FUNCTION')
    const own = createAutocache().cached(fn)
    expect([own.label, own.version.slice(0, 2)]).toEqual(['load', 'p-'])
  })

  test('is none that a function inherits from another', () => {
    const base = putStamp(() => 0, stamp)
    const derived = Object.setPrototypeOf(function load() {}, base) as () => void
    expect(stampOf(derived)).toBeUndefined()
  })

  test('does not stand for the function bound to something', () => {
    expect(stampOf(putStamp((id: string) => id, stamp).bind(null))).toBeUndefined()
  })

  test('gives way to an explicit `version` and `name`', () => {
    const fn = over().cached(
      putStamp(() => 0, stamp),
      { version: '7', name: 'given' },
    )
    expect([fn.label, fn.version]).toEqual(['given', 'x-7'])
  })

  test('two functions of one label and version are one function', () => {
    const store = syncStore()
    const ran = vi.fn(() => 5)
    const define = () => over(store).cached(putStamp(() => ran(), stamp))
    expect([define()(), define()()]).toEqual([5, 5])
    expect(ran).toHaveBeenCalledTimes(1)
  })

  test('of another version is another entry', () => {
    const store = syncStore()
    const define = (version: string) => over(store).cached(putStamp(() => version, { ...stamp, version }))
    expect([define('s1-a')(), define('s1-b')(), define('s1-a')()]).toEqual(['s1-a', 's1-b', 's1-a'])
  })

  test('on a method gives its label where a decorator alone asks for `name`', () => {
    const { cached } = over()
    const stamped = (method: (this: any, sku: string) => string, _: ClassMethodDecoratorContext) =>
      putStamp(method, { ...stamp, label: 'Prices.quote' })
    class Prices {
      @cached
      @stamped
      quote(sku: string) {
        return sku
      }
    }
    expect((Prices.prototype.quote as unknown as { label: string }).label).toBe('Prices.quote')
    expect(new Prices().quote('a')).toBe('a')
  })
})

describe('R05 captures', () => {
  test('R05 are inputs, read for every call', () => {
    let rate = 2
    const ran = vi.fn()
    const fn = over().cached(
      putStamp(
        (n: number) => {
          ran()
          return n * rate
        },
        { ...stamp, captures: () => [rate] },
      ),
    )
    expect([fn(5), fn(5)]).toEqual([10, 10])
    rate = 3
    expect([fn(5), fn(5)]).toEqual([15, 15])
    rate = 2
    expect(fn(5)).toBe(10)
    expect(ran).toHaveBeenCalledTimes(2)
  })

  test('R05 are read on the `this` of the call', () => {
    const fn = over().cached(
      putStamp(
        function (this: { base: number }, n: number) {
          return this.base + n
        },
        {
          ...stamp,
          captures(this: unknown) {
            return [(this as { base: number }).base]
          },
        },
      ),
    )
    expect([fn.call({ base: 1 }, 1), fn.call({ base: 2 }, 1)]).toEqual([2, 3])
  })

  test.each<['readable' | 'digest' | undefined, 'process' | 'shared']>([
    [undefined, 'process'],
    ['readable', 'process'],
    ['digest', 'process'],
    [undefined, 'shared'],
    ['readable', 'shared'],
  ])('R05 never stand in clear in a key: keys %s over a %s store', (keys, lifetime) => {
    const store = syncStore(lifetime)
    const { cached } = createAutocache({ store, namespace: 'n', ttl: Infinity, keys })
    const fn = cached(putStamp((n: number) => n, { ...stamp, captures: () => ['hunter2', { token: 'hunter3' }] }))
    fn(1)
    const text = JSON.stringify([...store.rows.keys(), fn.keyOf(1), fn.explain(1)])
    expect(text).toContain('n:users.load:s1-abcdef:')
    expect(text).not.toMatch(/hunter|token/)
  })

  test('R05 stand beside `key`, which does not replace them', () => {
    let rate = 2
    const fn = over().cached(
      putStamp((n: number) => n * rate, { ...stamp, captures: () => [rate] }),
      { key: () => 1 },
    )
    expect(fn(5)).toBe(10)
    rate = 3
    expect(fn(5)).toBe(15)
  })

  test('R05 that cannot be keys are refused with their path', () => {
    const fn = over().cached(putStamp(() => 0, { ...stamp, captures: () => [1, { client: () => {} }] }))
    expect(thrown(fn, 'UNKEYABLE_VALUE')).toMatchObject({ path: 'captures[1].client', reason: 'kind' })
  })

  test('R05 that throw reach the caller as they are', async () => {
    const own = new ReferenceError('rate is not initialised')
    const captures = () => {
      throw own
    }
    expect(() => over().cached(putStamp(() => 0, { ...stamp, captures }))()).toThrow(own)
    const { cached } = createAutocache({ store: asyncStore(), namespace: 'n', ttl: 1 })
    await expect(cached(putStamp(() => 0, { ...stamp, captures }))()).rejects.toBe(own)
  })

  test('R05 that are empty differ from none in no key of another function', () => {
    const keys = [undefined, () => [], () => [[]]].map((captures) =>
      over()
        .cached(putStamp(() => 0, { ...stamp, captures }))
        .keyOf(),
    )
    expect(new Set(keys).size).toBe(3)
  })

  test('R15 that change while the function runs keep its result from the store', async () => {
    let rate = 2
    const { cache, types } = testScope()
    const fn = cache.cached(
      putStamp(
        async (n: number) => {
          await new Promise((resolve) => setImmediate(resolve))
          return n * rate
        },
        { ...stamp, captures: () => [rate] },
      ),
    )
    const answer = fn(5)
    rate = 3
    expect(await answer).toBe(15)
    rate = 2
    expect(await fn(5)).toBe(10)
    expect(types()).toContain('unstored')
    expect(types()).not.toContain('hit')
  })
})

describe('`wire`', () => {
  test('digests a text as SHA-256 in base64url', () => {
    expect(wire.digest('')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU')
    expect(wire.digest('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0')
  })

  test('R09 tells lone surrogates apart', () => {
    const texts = ['\ud800', '\ud801', '\udc00', '\ufffd', '\uffff', '\uffffd800']
    expect(new Set(texts.map((text) => wire.digest(text))).size).toBe(texts.length)
  })
})
