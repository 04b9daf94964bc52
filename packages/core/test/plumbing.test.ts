import { describe, expect, test, vi } from 'vitest'
import { createAutocache } from '../src/index.ts'
import { putInput, putStamp, readInput, type Stamp, snapshot, stampContract, stampOf, wire } from '../src/plumbing.ts'
import { testScope } from '../src/testing.ts'
import { syncStore, thrown } from './version-support.ts'

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
    const fn = over().cached(putStamp(() => 0, { ...stamp, version }))
    expect(fn.version.split('+')[0]).toBe(version)
  })

  test('gives the version in process as well', () => {
    expect(createAutocache().cached(putStamp(() => 0, stamp)).version).toBe('s1-abcdef')
  })

  test('is put on the function, which is returned and has nothing on it', () => {
    const fn = (id: string) => id
    const before = Object.getOwnPropertyDescriptors(fn)
    expect(putStamp(fn, stamp)).toBe(fn)
    expect(Object.getOwnPropertyDescriptors(fn)).toEqual(before)
    expect(Reflect.ownKeys(fn)).toEqual(Reflect.ownKeys((id: string) => id))
    expect(stampOf(fn)).toBe(stamp)
    const next = { ...stamp, version: 's1-next' }
    putStamp(fn, next)
    expect(stampOf(fn)).toBe(next)
  })

  test('stands on a frozen function', () => {
    expect(
      stampOf(
        putStamp(
          Object.freeze(() => 0),
          stamp,
        ),
      ),
    ).toBe(stamp)
  })

  test('does not go over to a function that the properties of the first are copied to', () => {
    const other = Object.defineProperties(() => 1, Object.getOwnPropertyDescriptors(putStamp(() => 0, stamp)))
    expect(stampOf(other)).toBeUndefined()
  })

  test.each([[undefined], [null], ['load'], [{}]])(
    'is not put on what is no function, which `cached` refuses: %o',
    (value) => {
      expect(putStamp(value, stamp)).toBe(value)
      thrown(() => over().cached(putStamp(value, stamp) as never, {} as never), 'INVALID_OPTION')
    },
  )

  test('of another copy of this package is known, and the other way round', async () => {
    vi.resetModules()
    const other = await import('../src/plumbing.ts')
    expect(other.putStamp).not.toBe(putStamp)
    expect(stampOf(other.putStamp(() => 0, stamp))).toBe(stamp)
    expect(other.stampOf(putStamp(() => 0, stamp))).toBe(stamp)
    other.putInput('of the other', () => 5)
    expect(readInput('of the other')).toBe(5)
  })

  test.each([0, 1, 3, 99, '2', undefined])('of another contract is none: %s', (contract) => {
    const fn = putStamp(function load() {}, { ...stamp, contract: contract as never, captures: [() => 'never read'] })
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
        { ...stamp, captures: [() => rate] },
      ),
    )
    expect([fn(5), fn(5)]).toEqual([10, 10])
    rate = 3
    expect([fn(5), fn(5)]).toEqual([15, 15])
    rate = 2
    expect(fn(5)).toBe(10)
    expect(ran).toHaveBeenCalledTimes(2)
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
    const fn = cached(
      putStamp((n: number) => n, { ...stamp, captures: [() => 'hunter2', () => ({ token: 'hunter3' })] }),
    )
    fn(1)
    const text = JSON.stringify([...store.rows.keys(), fn.keyOf(1), fn.explain(1)])
    expect(text).toContain('n:users.load:s1-abcdef:')
    expect(text).not.toMatch(/hunter|token/)
  })

  test('R05 stand beside `key`, which does not replace them', () => {
    let rate = 2
    const fn = over().cached(
      putStamp((n: number) => n * rate, { ...stamp, captures: [() => rate] }),
      { key: () => 1 },
    )
    expect(fn(5)).toBe(10)
    rate = 3
    expect(fn(5)).toBe(15)
  })

  test('R05 that cannot be keys are refused with their path', () => {
    const fn = over().cached(putStamp(() => 0, { ...stamp, captures: [() => 1, () => ({ client: () => {} })] }))
    expect(thrown(fn, 'UNKEYABLE_VALUE')).toMatchObject({ path: 'captures[1].client', reason: 'kind' })
  })

  test('R05 that throw fail no call, and are told apart by what they threw', () => {
    let ctx: { user: { id?: string } | null } | null = null
    const fn = over().cached(putStamp(() => ctx?.user?.id ?? `${ctx}`, { ...stamp, captures: [() => ctx!.user!.id] }))
    expect(fn()).toBe('null')
    ctx = { user: null }
    const keys = new Set([fn.keyOf()])
    for (const next of [null, { user: {} }, { user: { id: 'a' } }]) {
      ctx = next
      keys.add(fn.keyOf())
    }
    expect(keys.size).toBe(4)
  })

  test('R05 of a variable before its declaration fail no call', () => {
    const fn = createAutocache().cached(putStamp((n: number) => n, { ...stamp, captures: [() => late] }))
    expect([fn(1), fn(1)]).toEqual([1, 1])
    const early = fn.keyOf(1)
    const late = 5
    expect(fn.keyOf(1)).not.toBe(early)
  })

  test('R05 that throw what has no text fail no call', () => {
    const captures = [
      () => {
        throw Object.create(null)
      },
    ]
    expect(over().cached(putStamp((n: number) => n, { ...stamp, captures }))(1)).toBe(1)
  })

  test('R05 that cannot be keys are themselves over a store that ends with the process', () => {
    const [one, other] = [new (class Db {})(), new (class Db {})()]
    let db = one
    const fn = createAutocache().cached(putStamp(() => db, { ...stamp, captures: [() => db] }))
    const first = fn()
    db = other
    const second = fn()
    db = one
    expect([first, second, fn()]).toEqual([one, other, one])
    expect(fn()).toBe(one)
  })

  test('R05 that cannot be keys are left to who gives a `key`', () => {
    const fn = over().cached(
      putStamp((n: number) => n, { ...stamp, captures: [() => () => {}] }),
      { key: (n) => n },
    )
    expect(fn(1)).toBe(1)
  })

  test('R05 that are empty differ from none in no key of another function', () => {
    const keys = [undefined, [], [() => []], [() => [], () => []]].map((captures) =>
      over()
        .cached(putStamp(() => 0, { ...stamp, captures }))
        .keyOf(),
    )
    expect(new Set(keys).size).toBe(4)
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
        { ...stamp, captures: [() => rate] },
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

describe('R06 values of modules', () => {
  test('R06 are inputs by what they hold', () => {
    let table: unknown = { rate: 2 }
    const fn = over().cached(putStamp((n: number) => n, { ...stamp, held: [() => table] }))
    const first = fn.keyOf(1)
    table = { rate: 3 }
    expect(fn.keyOf(1)).not.toBe(first)
    table = { rate: 2 }
    expect(fn.keyOf(1)).toBe(first)
  })

  test('R06 are read once for each value, which may be large', () => {
    const read = vi.fn(() => 5)
    const table = Object.defineProperty({}, 'rate', { get: read, enumerable: true })
    const fn = over().cached(putStamp((n: number) => n, { ...stamp, held: [() => table] }))
    fn(1)
    fn(2)
    expect(read).toHaveBeenCalledTimes(1)
  })

  test('R06 that cannot be keyed keep entries to the process, and fail no call', async () => {
    class Client {}
    const keys = []
    for (let process = 0; process < 2; process++) {
      vi.resetModules()
      const core = await import('../src/index.ts')
      const client = new Client()
      const { cached } = core.createAutocache({ store: syncStore(), namespace: 'n', ttl: 1 })
      const fn = cached(putStamp((n: number) => n, { ...stamp, held: [() => client] }))
      expect(fn(1)).toBe(1)
      expect(fn.keyOf(1)).toBe(fn.keyOf(1))
      keys.push(fn.keyOf(1))
    }
    expect(keys[0]).not.toBe(keys[1])
  })

  test('R05 an input of another module is read by its name', () => {
    let rate = 2
    putInput('config rate', () => rate)
    expect(readInput('config rate')).toBe(2)
    rate = 3
    expect(readInput('config rate')).toBe(3)
  })

  test('R05 an input that two copies of a module hold is known as long as they agree', () => {
    let other = 2
    putInput('held twice', () => 2)
    putInput('held twice', () => other)
    expect(readInput('held twice')).toBe(2)
    other = 3
    expect(readInput('held twice')).not.toBe(readInput('held twice'))
  })

  test('R06 objects that two copies of a module hold are known as long as they hold the same', () => {
    let table = { rate: 2 }
    putInput('table twice', () => ({ rate: 2 }))
    putInput('table twice', () => table)
    const ran = vi.fn((n: number) => n)
    const fn = over().cached(putStamp((n: number) => ran(n), { ...stamp, held: [() => readInput('table twice')] }))
    const alone = over().cached(putStamp((n: number) => n, { ...stamp, held: [() => ({ rate: 2 })] }))
    expect(fn.keyOf(1)).toBe(alone.keyOf(1))
    expect([fn(1), fn(1), ran.mock.calls.length]).toEqual([1, 1, 1])
    table = { rate: 3 }
    expect([fn(1), fn(1), ran.mock.calls.length]).toEqual([1, 1, 3])
  })

  test('L07 a module that is evaluated again and again does not add up', () => {
    const read = vi.fn(() => 5)
    for (let at = 0; at < 1000; at++) putInput('reloaded', read)
    expect(readInput('reloaded')).not.toBe(readInput('reloaded'))
    expect(read.mock.calls.length).toBeLessThan(250)
  })

  test('R05 an input that nobody gave is like no other: nothing is answered from the store', () => {
    const ran = vi.fn(() => 5)
    const fn = over().cached(putStamp(() => ran(), { ...stamp, captures: [() => readInput('never given')] }))
    expect([fn(), fn()]).toEqual([5, 5])
    expect(ran).toHaveBeenCalledTimes(2)
  })

  test('R05 a snapshot is read once, and nothing where it cannot be', () => {
    const read = vi.fn(() => 7)
    const held = snapshot(read)
    expect([held(), held()]).toEqual([7, 7])
    expect(read).toHaveBeenCalledTimes(1)
    const absent = snapshot(() => {
      throw new ReferenceError('process is not defined')
    })
    expect(absent()).toBeUndefined()
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
