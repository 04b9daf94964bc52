import { describe, expect, test, vi } from 'vitest'
import { createAutocache, UnkeyableValueError } from '../src/index.ts'
import { putStamp } from '../src/plumbing.ts'
import { testScope } from '../src/testing.ts'
import { asyncStore, fromText, syncStore, thrown } from './version-support.ts'

const shared = (keys?: 'readable' | 'digest') =>
  createAutocache({ store: syncStore(), namespace: 'shop', ttl: Infinity, version: '1', keys })

describe('the option `key`', () => {
  test('says what to key by instead of the arguments', () => {
    const { cached } = createAutocache()
    const ran = vi.fn()
    const fn = cached(
      (user: { id: number; connection: () => void }) => {
        ran()
        return user.id
      },
      { key: ({ id }) => id },
    )
    expect([fn({ id: 1, connection() {} }), fn({ id: 1, connection() {} }), fn({ id: 2, connection() {} })]).toEqual([
      1, 1, 2,
    ])
    expect(ran).toHaveBeenCalledTimes(2)
  })

  test('may return any keyable value', () => {
    const { cached } = createAutocache()
    const fn = cached((n: number) => n, { key: (n) => ({ even: n % 2 === 0, tags: new Set(['a']), at: new Date(0) }) })
    expect([fn(1), fn(2), fn(3), fn(4)]).toEqual([1, 2, 1, 2])
  })

  test('never meets a function that is keyed by the same value as its argument', () => {
    const store = syncStore()
    const { cached } = createAutocache({ store, namespace: 'shop', ttl: Infinity, version: '1' })
    const text = '(n) => n + 1'
    const [plain, keyed] = [
      cached(fromText(text), { name: 'fn' }),
      cached(fromText(text), { name: 'fn', key: () => 1 }),
    ]
    expect(plain.keyOf(1)).not.toBe(keyed.keyOf(1))
    expect([plain(1), keyed(5)]).toEqual([2, 6])
  })

  test('that throws reaches the caller as the same object, and the function does not run', async () => {
    const own = new Error('no session')
    const ran = vi.fn()
    const key = () => {
      throw own
    }
    const sync = createAutocache().cached(() => ran(), { key })
    expect(catchFrom(sync)).toBe(own)
    for (const call of [
      createAutocache().cached(async () => ran(), { key }),
      createAutocache({ store: asyncStore(), namespace: 'n', ttl: 1, version: '1' }).cached(() => ran(), {
        key,
        name: 'fn',
      }),
    ]) {
      const answer = call()
      expect(await answer.catch((error: unknown) => error)).toBe(own)
    }
    expect(ran).not.toHaveBeenCalled()
  })

  test('that throws what is no Error at all reaches the caller as it is', () => {
    const fn = createAutocache().cached(() => 0, {
      key() {
        throw undefined
      },
    })
    expect(() => fn()).toThrow(undefined)
    expect(catchFrom(fn)).toBe(undefined)
  })

  test.each<[string, () => unknown, string]>([
    ['a function', () => () => {}, 'key'],
    ['a promise', async () => 1, 'key'],
    ['a symbol', () => Symbol('own'), 'key'],
    ['an instance in a list', () => ({ parts: [new (class Own {})()] }), 'key.parts[0]'],
  ])('that returns %s is refused with its path, before the function runs', (_, key, path) => {
    const ran = vi.fn()
    const error = thrown<UnkeyableValueError>(() => createAutocache().cached(() => ran(), { key })(), 'UNKEYABLE_VALUE')
    expect(error).toBeInstanceOf(UnkeyableValueError)
    expect([error.path, error.reason]).toEqual([path, 'kind'])
    expect(ran).not.toHaveBeenCalled()
  })

  test('R11 that returns too much is bypassed', () => {
    const { cache, types } = testScope({ keyBounds: { nodes: 10 } })
    const fn = cache.cached(() => 'ran', { key: () => Array.from({ length: 100 }) })
    expect(fn()).toBe('ran')
    expect(types()).toEqual(['bypass'])
  })

  test('may stand on the instance, as a default', () => {
    const { cached } = createAutocache({ key: (first: unknown) => first })
    const fn = cached((a: number, b: number) => a + b)
    expect([fn(1, 2), fn(1, 3)]).toEqual([3, 3])
    expect(cached((a: number, b: number) => a + b, { key: (a, b) => [a, b] })(1, 3)).toBe(4)
  })
})

const catchFrom = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('did not throw')
}

describe('the option `deps`', () => {
  test('values of a list are inputs, read for every call', () => {
    const config = { rate: 2 }
    const fn = createAutocache().cached((n: number) => n * config.rate, { deps: [config] })
    expect([fn(5), fn(5)]).toEqual([10, 10])
    config.rate = 3
    expect(fn(5)).toBe(15)
    config.rate = 2
    expect(fn(5)).toBe(10)
  })

  test('values of a thunk are inputs, read for every call', () => {
    let rate = 2
    const ran = vi.fn()
    const fn = createAutocache().cached(
      (n: number) => {
        ran()
        return n * rate
      },
      { deps: () => [rate] },
    )
    expect([fn(5), fn(5)]).toEqual([10, 10])
    rate = 3
    expect([fn(5), fn(5)]).toEqual([15, 15])
    expect(ran).toHaveBeenCalledTimes(2)
  })

  test('an empty list or thunk changes no key', () => {
    const store = syncStore()
    const { cached } = createAutocache({ store, namespace: 'n', ttl: 1, version: '1' })
    const text = '(n) => n'
    const keys = [undefined, [], () => [], { ignore: ['logger'] }].map((deps) =>
      cached(fromText(text), { name: 'fn', deps }).keyOf(1),
    )
    expect(new Set(keys).size).toBe(1)
  })

  test.each(['process', 'shared'] as const)('a stamped function joins the version, over a %s store', (lifetime) => {
    const { cached } = createAutocache({ store: syncStore(lifetime), namespace: 'n', ttl: Infinity })
    const helper = (version: string) => putStamp((n: number) => n, { contract: 2, label: 'helper', version })
    const make = (version: string) => cached(function load() {}, { version: '1', deps: [helper(version)] }).version
    expect(make('s1-a')).toBe('x-1+s1-a')
    expect(make('s1-b')).toBe('x-1+s1-b')
  })

  test('an unstamped function is its own identity in process', () => {
    const { cached } = createAutocache()
    const [one, other] = [() => 1, () => 2]
    const version = (deps: (() => number)[]) => cached(function load() {}, { version: '1', name: 'n', deps }).version
    expect(version([one])).toBe(version([one]))
    expect(version([one])).not.toBe(version([other]))
    expect(version([one, other])).not.toBe(version([one]))
  })

  test('an unstamped function is refused over a shared store where it is written, with the remedy', () => {
    const error = thrown(
      () => shared().cached(function load() {}, { deps: [function helper() {}] }),
      'UNVERSIONED_FUNCTION',
    )
    expect(error.message).toContain('`helper`')
    expect(error.message).toContain('`deps`')
    expect(error).toMatchObject({ functionName: 'helper', reason: 'no version' })
  })

  test('a function of a thunk is read by its version too', () => {
    let strategy = () => 1
    const fn = createAutocache().cached(() => strategy(), { deps: () => [strategy] })
    expect(fn()).toBe(1)
    strategy = () => 2
    expect(fn()).toBe(2)
    const error = thrown(() => shared().cached(function load() {}, { deps: () => [() => 1] })(), 'UNVERSIONED_FUNCTION')
    expect(error.message).toContain('`deps`')
  })

  test('a text among the values never reads like the version of a function', () => {
    const helper = putStamp(() => 1, { contract: 2, label: 'helper', version: 's1-a' })
    const { cached } = shared()
    const text = '() => 1'
    const [one, other] = [() => [helper], () => ['s1-a']].map((deps) =>
      cached(fromText(text), { name: 'fn', deps }).keyOf(),
    )
    expect(one).not.toBe(other)
  })

  test.each<['readable' | 'digest' | undefined, 'process' | 'shared']>([
    [undefined, 'process'],
    ['readable', 'process'],
    ['digest', 'process'],
    [undefined, 'shared'],
    ['readable', 'shared'],
  ])('values never stand in clear in the key: keys %s over a %s store', (keys, lifetime) => {
    const store = syncStore(lifetime)
    const { cached } = createAutocache({ store, namespace: 'n', ttl: Infinity, version: '1', keys })
    const fn = cached((n: number) => n, { name: 'fn', deps: ['hunter2'] })
    fn(1)
    const text = JSON.stringify([...store.rows.keys(), fn.keyOf(1), fn.explain(1)])
    expect(text).toContain('n:fn:x-1:')
    expect(text).not.toContain('hunter2')
  })

  test('a value that cannot be a key is refused with its path', () => {
    const error = thrown<UnkeyableValueError>(
      () => shared().cached(function load() {}, { deps: [new (class Own {})()] })(),
      'UNKEYABLE_VALUE',
    )
    expect(error.path).toBe('deps[0]')
  })

  test('a value is found at its place in the list, whatever functions stand before it', () => {
    const helper = putStamp(() => 1, { contract: 2, label: 'helper', version: 's1-a' })
    const fn = shared().cached(function load() {}, { deps: [helper, new (class Own {})()] })
    expect(thrown<UnkeyableValueError>(fn, 'UNKEYABLE_VALUE').path).toBe('deps[1]')
  })

  test('what a thunk throws reaches the caller as the same object', () => {
    const own = new Error('no config yet')
    const fn = createAutocache().cached(() => 0, {
      deps() {
        throw own
      },
    })
    expect(catchFrom(fn)).toBe(own)
  })

  test('a thunk that returns no list is a clear error', () => {
    const fn = createAutocache().cached(() => 0, { deps: (() => 'all') as never })
    expect(thrown(fn, 'INVALID_OPTION').message).toContain('`deps`')
  })

  test.each([[{ rate: 2 }], [{}], [{ ignored: ['x'] }], [{ ignore: 'x' }], [new Map()], [new Set(['x'])]])(
    'anything but a list, a thunk or `{ ignore: [...] }` is refused where it is written, and not ignored: %j',
    (deps) => {
      const error = thrown(() => createAutocache().cached(() => 0, { deps: deps as never }), 'INVALID_OPTION')
      expect(error.message).toContain('`deps`')
    },
  )
})

describe('a missing argument at the end', () => {
  const keysOf = (fn: (...args: any[]) => unknown, key: string[] = []) => {
    const { keyOf } = createAutocache().cached(fn)
    for (const args of [[], [undefined], [undefined, undefined], [1], [1, undefined], [1, undefined, 2]]) {
      key.push(
        keyOf(...args)
          .split(':')
          .at(-1)!,
      )
    }
    return key
  }
  const dropped = ['', '', '', '1', '1', '1,undefined,2']
  const kept = ['', 'undefined', 'undefined,undefined', '1', '1,undefined', '1,undefined,2']

  test.each([
    ['a function', '(a, b) => a'],
    ['a function with defaults', '(a = 1, b = {}) => a'],
    ['a function that takes its argument apart', '({ a } = {}, [b] = []) => a'],
    ['a method', '({ load(a) { return a } }).load'],
  ])('is no other call where it cannot be told: %s', (_, text) => {
    expect(keysOf(fromText(text))).toEqual(dropped)
  })

  test.each([
    ['a rest parameter', '(...rest) => rest.length'],
    ['a rest parameter at the end', '(a, ...rest) => rest.length'],
    ['`arguments`', 'function load(a) { return arguments.length }'],
    ['eval', 'function load(a) { return eval("argu" + "ments.length") }'],
    ['an escaped word', 'function load(a) { return ar\\u0067uments.length }'],
    ['bound', '(function (...rest) { return rest.length }).bind(null)'],
    ['proxied', 'new Proxy((...rest) => rest.length, {})'],
  ])('is another call where the function may count its arguments: %s', (_, text) => {
    expect(keysOf(fromText(text))).toEqual(kept)
  })

  test('is what the stamp says', () => {
    const stamp = { contract: 2, label: 'fn', version: 's1-a' } as const
    expect(keysOf(putStamp((...rest) => rest.length, { ...stamp, trailing: 'drop' }))).toEqual(dropped)
    expect(keysOf(putStamp((a) => a, { ...stamp, trailing: 'keep' }))).toEqual(kept)
    expect(keysOf(putStamp((a) => a, stamp))).toEqual(dropped)
  })

  test('is read beneath a second wrapper as well', () => {
    const { cached } = createAutocache()
    const count = cached((...rest: unknown[]) => rest.length)
    const outer = cached(count)
    expect([outer(), outer(undefined), outer(1, undefined)]).toEqual([0, 1, 2])
  })
})

describe('the option `keyBounds`', () => {
  const text = 'x'.repeat(200)
  test.each<[object, unknown]>([
    [{ depth: 2 }, { a: { b: { c: 1 } } }],
    [{ nodes: 3 }, [1, 2, 3, 4]],
    [{ size: 100 }, text],
    [{ size: 100 }, { [text]: 1 }],
  ])('R11 %j: what is past it is bypassed with an event, and its neighbours are not', (keyBounds, value) => {
    const { cache, events } = testScope({ keyBounds })
    const ran = vi.fn((value: unknown) => value)
    const fn = cache.cached((value: unknown) => ran(value))
    expect([fn(value), fn(value)]).toEqual([value, value])
    expect(ran).toHaveBeenCalledTimes(2)
    expect(events[0]).toMatchObject({ type: 'bypass', reason: 'bounds', path: expect.stringMatching(/^args\[0\]/) })
    expect(events).toHaveLength(2)
    fn(1)
    fn(1)
    expect(ran).toHaveBeenCalledTimes(3)
  })

  test('leaves the others at their defaults', () => {
    const { cache, types } = testScope({ keyBounds: { depth: 100 } })
    cache.cached((value: unknown) => value)(Array.from({ length: 10_001 }, (_, at) => at))
    expect(types()).toEqual(['bypass'])
  })

  test('is told by `keyOf` as an error', () => {
    const { keyOf } = createAutocache({ keyBounds: { nodes: 3 } }).cached((value: unknown) => value)
    expect(thrown(() => keyOf([1, 2, 3, 4]), 'UNKEYABLE_VALUE')).toMatchObject({ reason: 'bounds' })
  })
})
