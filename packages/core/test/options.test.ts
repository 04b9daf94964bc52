import { describe, expect, test, vi } from 'vitest'
import { codec } from '../src/codec.ts'
import { cached, createAutocache, type Duration, isAutocacheError, memoryStore, type Store } from '../src/index.ts'
import { toMilliseconds } from '../src/options.ts'
import { wire } from '../src/plumbing.ts'
import { testScope } from '../src/testing.ts'
import { entryKeys } from './call-support.ts'
import { asyncStore, syncStore, thrown } from './version-support.ts'

const fn = function load(id: string) {
  return id
}

describe('a duration', () => {
  test.each<[unknown, number]>([
    [0, 0],
    [-0, 0],
    [1, 1],
    [0.5, 0.5],
    [Infinity, Infinity],
    ['0ms', 0],
    ['250ms', 250],
    ['1s', 1000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['010s', 10_000],
  ])('%o is %d ms', (duration, expected) => {
    expect(toMilliseconds(duration)).toBeCloseTo(expected, 9)
  })

  test.each([
    [-1],
    [-Infinity],
    [NaN],
    ['5 parsecs'],
    ['5'],
    [''],
    [' '],
    ['5 m'],
    [' 5m'],
    ['5m '],
    ['5M'],
    ['-5m'],
    ['+5m'],
    ['.5m'],
    ['5.m'],
    ['1e3ms'],
    ['5mm'],
    ['5m5s'],
    ['1y'],
    ['m'],
    ['Infinity'],
    ['5m\n'],
    [{}],
    [[]],
    [[5]],
    [null],
    [undefined],
    [true],
    [5n],
    [new Date(0)],
    [() => 5],
    ['٥m'],
  ])('%o is none', (duration) => {
    expect(toMilliseconds(duration)).toBeUndefined()
  })
})

const secret = 'hunter2'

// Each with what the message must say besides the name of the option.
const wrong: [option: string, values: unknown[], takes: string][] = [
  ['ttl', [-1, NaN, '5 parsecs', '5', '', {}, null, true, [], secret], "'5m'"],
  ['errorTtl', [-1, NaN, '5 parsecs', '', {}, null, () => 5, secret], "'5m'"],
  ['staleTtl', [-1, NaN, '5 parsecs', '', {}, null, true, () => 5, secret], "'5m'"],
  ['staleIfError', [-1, NaN, '5 parsecs', '', {}, null, true, () => 5, secret], "'5m'"],
  [
    'earlyRefresh',
    [0, -0.5, 1.01, NaN, Infinity, '0.8', '80%', {}, null, true, () => 0.5, secret],
    'above 0 and up to 1',
  ],
  ['jitter', [-0.1, 1.01, NaN, Infinity, '0.1', '10%', {}, null, true, () => 0.5, secret], 'from 0 to 1'],
  ['storeTimeout', [-1, NaN, '5 parsecs', {}, null, () => 5, secret], "'250ms'"],
  ['flightTimeout', [-1, NaN, '5 parsecs', {}, null, secret], "'250ms'"],
  ['keys', ['x', '', null, true, secret], "'readable'"],
  ['version', ['', null, 1, {}, []], 'text'],
  ['namespace', ['', null, 1, {}], 'text'],
  ['key', ['id', null, ['id'], 1, secret], 'function'],
  ['cacheIf', [true, null, 'x', secret], 'function'],
  ['partition', ['acme', null, 1, secret], 'function'],
  ['onEvent', ['x', null, {}], 'function'],
  ['waitUntil', [true, null, {}], 'function'],
  ['clone', ['yes', null, 1, secret], 'true or false'],
  ['strict', ['yes', null, 0, secret], 'true or false'],
  ['codec', [null, 'json', secret, {}, { id: 'x' }, { id: 'x', encode() {} }], 'codec'],
  ['deps', [null, 'x', 1, secret, {}, { ignored: [] }, { ignore: 'x' }], 'list'],
  ['store', [null, 'redis://user:hunter2@host', new Map(), {}, 1, () => {}], 'keyvStore'],
]
const wrongInstance: typeof wrong = [
  ['enabled', ['yes', null, 0], 'true or false'],
  ['logger', [null, 'console', secret, () => {}], 'logger'],
  ['clock', [null, 0, new Date()], 'function'],
  ['keyBounds', [null, 5, secret], 'object'],
]
const cases = (list: typeof wrong) =>
  list.flatMap(([option, values, takes]) => values.map((value) => [option, value, takes] as const))

function check(run: () => unknown, option: string, value: unknown, takes?: string): void {
  const error = thrown(run, 'INVALID_OPTION')
  expect(isAutocacheError(error)).toBe(true)
  expect(error.message).toContain(`\`${option}\``)
  if (takes !== undefined) expect(error.message).toContain(takes)
  for (const part of [secret, 'parsecs']) if (String(value).includes(part)) expect(error.message).not.toContain(part)
}

describe('a wrong option is an error where it is written, which says what it takes and never the value', () => {
  test.each(cases(wrong))('of a function: %s: %o', (option, value, takes) => {
    check(() => createAutocache().cached(fn, { [option]: value }), option, value, takes)
    check(() => cached(fn, { [option]: value }), option, value, takes)
    const context = { kind: 'method', name: 'load', addInitializer() {} }
    check(() => (cached({ [option]: value }) as any)(fn, context), option, value, takes)
  })

  test.each(cases([...wrong, ...wrongInstance]))('of an instance: %s: %o', (option, value, takes) => {
    check(() => createAutocache({ [option]: value }), option, value, takes)
  })

  test.each([
    ['', 'empty'],
    [null, 'text'],
    [1, 'text'],
    [{}, 'text'],
  ])('of a function: name: %o', (name, takes) => {
    check(() => cached(fn, { name: name as never }), 'name', name, takes)
  })

  test.each(['ttll', 'TTL', 'maxAge', 'toString', 'constructor', 'hasOwnProperty', 'staleTTL', '0', ''])(
    'there is no option `%s`, for a function or an instance',
    (option) => {
      const options = { [option]: secret }
      check(() => cached(fn, options), option, secret)
      check(() => cached(options), option, secret)
      check(() => createAutocache().cached(fn, options), option, secret)
      check(() => createAutocache(options), option, secret)
    },
  )

  test('there is no option `__proto__` either', () => {
    const options = Object.defineProperty({}, '__proto__', { value: {}, enumerable: true })
    check(() => cached(fn, options), '__proto__', '')
  })

  test.each(['enabled', 'logger', 'keyBounds', 'clock'])('`%s` belongs to an instance', (option) => {
    const { message } = thrown(() => cached(fn, { [option]: undefined }), 'INVALID_OPTION')
    expect(message).toContain(`\`${option}\``)
  })

  test('`name` belongs to a function', () => {
    check(() => createAutocache({ name: 'all' } as never), 'name', '')
  })

  test.each([
    [{ foo: 1 }, 'keyBounds.foo'],
    [{ depth: 0 }, 'keyBounds.depth'],
    [{ depth: -1 }, 'keyBounds.depth'],
    [{ nodes: NaN }, 'keyBounds.nodes'],
    [{ size: null }, 'keyBounds.size'],
    [{ size: '5' }, 'keyBounds.size'],
    [{ size: {} }, 'keyBounds.size'],
    [{ toString: 5 }, 'keyBounds.toString'],
  ])('keyBounds %j', (keyBounds, option) => {
    check(() => createAutocache({ keyBounds: keyBounds as never }), option, '', 'number')
  })

  test('an option that is `undefined` is not there', () => {
    const all = [...wrong.map(([option]) => option), 'name', 'setOptions']
    const nothing = Object.fromEntries(all.map((option) => [option, undefined]))
    expect(cached(fn, nothing)('a')).toBe('a')
    const { name, ...rest } = nothing
    const all4 = { ...rest, enabled: undefined, logger: undefined, keyBounds: undefined, clock: undefined }
    expect(createAutocache(all4).cached(fn, { ttl: undefined })('a')).toBe('a')
  })

  test('an option of the function that is `undefined` leaves the default of the instance', () => {
    const { cache, clock, types } = testScope({ ttl: '1m' })
    const own = cache.cached((n: number) => n, { ttl: undefined })
    own(1)
    clock.advance(60_000)
    own(1)
    expect(types().filter((type) => type === 'fill')).toHaveLength(2)
  })

  test.each([[null], ['x'], [5], [() => {}]])('an instance takes options, not %o', (options) => {
    thrown(() => createAutocache(options as never), 'INVALID_OPTION')
  })

  test.each([[42], ['fetch'], [null], [Symbol('x')], [true], [1n]])('`cached` takes no %o', (subject) => {
    thrown(() => cached(subject as never), 'INVALID_OPTION')
  })

  test('`cached` of `undefined` is refused where it is written, as in a ring of imports', () => {
    thrown(() => cached(undefined as never), 'INVALID_OPTION')
    thrown(() => cached(undefined as never, { ttl: 1 }), 'INVALID_OPTION')
  })

  test.each([[null], [42], ['hunter2'], [true], [() => {}]])('`cached(fn, ...)` takes no %o for options', (options) => {
    const { message } = thrown(() => cached(fn, options as never), 'INVALID_OPTION')
    expect(message).toMatch(/option/i)
    expect(message).not.toContain('hunter2')
  })

  test('`cached({...})` is a decorator and not a wrapper to be called with a function', () => {
    const { message } = thrown(() => (cached({ ttl: '1m' }) as (fn: unknown) => unknown)(fn), 'INVALID_OPTION')
    expect(message).toContain('cached(fn')
    expect(message).not.toContain('undefined')
  })

  test.each([
    ['a class', class Own {}],
    ['a class without a name', class {}],
    ['a class that extends', class Own extends Map {}],
  ])('%s is constructed and not called', (_, Own) => {
    const { message } = thrown(() => cached(Own as never), 'INVALID_OPTION')
    expect(message).toContain('class')
  })
})

describe('the option `ttl`', () => {
  test('over a shared store must be given, with the ways to do so', () => {
    for (const store of [syncStore(), asyncStore()]) {
      const { cached } = createAutocache({ store: store as Store, namespace: 'n', version: '1' })
      const { message } = thrown(() => cached(fn), 'INVALID_OPTION')
      for (const way of ['`ttl`', "'10m'", 'Infinity', 'instance']) expect(message).toContain(way)
    }
  })

  test.each<[Duration | (() => Duration)]>([[Infinity], ['1m'], [0], [() => 5]])(
    'over a shared store may be %o, here or on the instance',
    (ttl) => {
      createAutocache({ store: syncStore(), namespace: 'n', version: '1' }).cached(fn, { ttl })
      createAutocache({ store: syncStore(), namespace: 'n', version: '1', ttl }).cached(fn)
    },
  )

  test('over a store of its own that is shared must be given too', () => {
    const { message } = thrown(
      () => createAutocache({ namespace: 'n', version: '1' }).cached(fn, { store: syncStore() }),
      'INVALID_OPTION',
    )
    expect(message).toContain('`ttl`')
  })

  test('in process is Infinity', () => {
    const { cache, clock, types } = testScope()
    const own = cache.cached((n: number) => n)
    own(1)
    clock.advance(1e15)
    own(1)
    expect(types()).toEqual(['miss', 'fill', 'write', 'hit'])
  })
})

describe('the windows of an entry', () => {
  test.each([
    { staleTtl: 0, staleIfError: 0, earlyRefresh: 1, jitter: 0 },
    { staleTtl: Infinity, staleIfError: Infinity, earlyRefresh: Number.MIN_VALUE, jitter: 1 },
    { staleTtl: '1.5h', staleIfError: '7d', earlyRefresh: 0.8, jitter: 0.1 },
  ] as const)('%o are taken by a function, a decorator and an instance', (windows) => {
    expect(cached((n: number) => n, windows)(1)).toBe(1)
    expect(createAutocache(windows).cached((n: number) => n)(1)).toBe(1)
    const context = { kind: 'method', name: 'load', addInitializer() {} }
    expect((cached(windows) as any)((n: number) => n, context)(1)).toBe(1)
  })
})

describe('a store', () => {
  const lacking = (part: string, value?: unknown) => ({ ...syncStore(), [part]: value }) as never
  test.each<[string, any]>([
    ['without get', lacking('get')],
    ['without set', lacking('set')],
    ['without delete', lacking('delete')],
    ['without lifetime', lacking('lifetime')],
    ['with another lifetime', lacking('lifetime', 'forever')],
    ['without holds', lacking('holds')],
    ['that holds something else', lacking('holds', 'json')],
    ['whose get is no function', lacking('get', {})],
    ['that is a Map', new Map()],
    ['that is empty', {}],
  ])('%s is refused where it is written, with its contract', (_, store) => {
    for (const run of [
      () => createAutocache({ store }),
      () => createAutocache().cached(fn, { store }),
      () => cached(fn, { store }),
    ]) {
      const { message } = thrown(run, 'INVALID_OPTION')
      for (const word of ['`store`', '`get`', '`set`', '`delete`', '`lifetime`', '`holds`', 'keyvStore'])
        expect(message).toContain(word)
    }
  })

  test('of a function goes before that of its instance, kept apart and synchronous', () => {
    const [one, other] = [syncStore('process'), syncStore('process')]
    const { cached } = createAutocache({ store: one })
    expect(cached(fn, { store: other })('a')).toBe('a')
    expect([one.rows.size, other.rows.size]).toEqual([0, 1])
    cached(fn)('a')
    expect([one.rows.size, other.rows.size]).toEqual([1, 1])
  })

  test('of a function may answer with promises where that of its instance does not, and the other way round', async () => {
    const store = asyncStore('process')
    const answer = createAutocache().cached(fn, { store })('a')
    expect(answer).toBeInstanceOf(Promise)
    expect(await answer).toBe('a')
    expect(createAutocache({ store }).cached(fn, { store: memoryStore() })('a')).toBe('a')
  })

  test('that holds text, or that others use, needs an instance: `cached` says so where it is written', () => {
    // Without an instance nothing would say in the store what was invalidated.
    for (const store of [
      syncStore('process', 'text'),
      asyncStore('process', 'bytes'),
      syncStore('shared', 'references'),
    ]) {
      const { message } = thrown(
        () => cached(fn, { store: store as never, name: 'fn', version: '1', ttl: 1 }),
        'INVALID_OPTION',
      )
      expect(message).toContain('createAutocache({ store })')
    }
  })

  test('that holds text and brings `wire` needs none', async () => {
    const value = { at: new Date(0), tags: new Set(['a']) }
    for (const store of [
      { ...syncStore('process', 'text'), wire },
      { ...syncStore('process', 'bytes'), wire },
    ]) {
      const own = cached((_: number) => value, { store })
      expect(own(1)).toEqual(value)
      expect(own(1)).toEqual(value)
      expect(own(1)).not.toBe(value)
      expect(store.rows.size).toBe(1)
    }
    const store = { ...asyncStore('shared', 'text'), wire }
    const own = cached(fn, { store, ttl: 1000, version: '1', namespace: 'n' })
    expect([await own('a'), await own('a')]).toEqual(['a', 'a'])
    expect(entryKeys(store.rows)).toEqual([own.keyOf('a')])
  })

  test("its `set` receives the caller's `setOptions` as they are", () => {
    const store = syncStore('process')
    const set = vi.spyOn(store, 'set')
    const setOptions = { size: 3 }
    createAutocache({ store, setOptions: { size: 1 } }).cached(fn, { setOptions })('a')
    createAutocache({ store, setOptions }).cached(fn)('a')
    for (const [, , context] of set.mock.calls) expect(context?.setOptions).toBe(setOptions)
    expect(set).toHaveBeenCalledTimes(2)
  })
})

describe('enabled: false', () => {
  const off = (store: Store = memoryStore()) =>
    createAutocache({ store, enabled: false, namespace: 'n', ttl: '1m', version: '1' })

  test('every call goes through, with `this` and every argument', () => {
    const ran = vi.fn()
    const own = off().cached(
      function (this: unknown, ...args: unknown[]) {
        ran(this, ...args)
        return args.length
      },
      { name: 'own' },
    )
    expect([own.call('self', 1), own.call('self', 1)]).toEqual([1, 1])
    expect(ran.mock.calls.map(([self, ...args]) => [String(self), ...args])).toEqual([
      ['self', 1],
      ['self', 1],
    ])
  })

  test('arguments that cannot be told apart go through as well, and nothing that makes keys is asked', () => {
    const asked = vi.fn(() => 0)
    const own = off().cached((fn: () => number) => fn(), {
      name: 'own',
      key: asked,
      partition: asked,
      deps: asked as never,
    })
    expect(own(() => 5)).toBe(5)
    expect(asked).not.toHaveBeenCalled()
  })

  test('the store is not written', async () => {
    const store = syncStore()
    const own = off(store).cached((n: number) => n, { name: 'own' })
    await own(1)
    await own.refresh(1)
    await own.prime([1], 5)
    await own.many([[1], [2]])
    expect(store.rows.size).toBe(0)
    expect(await own.peek(1)).toEqual({ state: 'miss' })
    expect((await own.explain(1)).state).toBe('miss')
  })

  test('the store is not read', async () => {
    const store = syncStore()
    const get = vi.spyOn(store, 'get')
    const own = off(store).cached(async (n: number) => n, { name: 'own' })
    await own(1)
    await own.many([[1]])
    await own.peek(1)
    expect(get.mock.calls.filter(([key]) => key !== 'autocache')).toEqual([])
  })

  test('over an asynchronous store a synchronous function still answers with a promise, thrown errors too', async () => {
    const { cached } = createAutocache({ store: asyncStore(), enabled: false, namespace: 'n', ttl: '1m' })
    const answer = cached(fn)('a')
    expect(answer).toBeInstanceOf(Promise)
    expect(await answer).toBe('a')
    const own = new Error('mine')
    const thrower = cached((): string => {
      throw own
    })
    await expect(thrower()).rejects.toBe(own)
  })

  test('over a synchronous store it answers at once, thrown errors too', () => {
    const own = new Error('mine')
    expect(off().cached(fn)('a')).toBe('a')
    expect(() =>
      off().cached(
        (): string => {
          throw own
        },
        { name: 'own' },
      )(),
    ).toThrow(own)
  })

  test('`invalidate` removes what an enabled instance stored', () => {
    const store = syncStore()
    const on = createAutocache({ store, namespace: 'n', ttl: '1m', version: '1' }).cached(fn)
    on('a')
    on('b')
    const { cached } = createAutocache({ store, enabled: false, namespace: 'n', ttl: '1m', version: '1' })
    cached(fn).invalidate('a')
    expect(entryKeys(store.rows)).toEqual([on.keyOf('b')])
  })

  test('a wrong option is an error all the same', () => {
    check(() => off().cached(fn, { ttl: -1 }), 'ttl', '')
  })
})

describe('`of`', () => {
  const { cached: own, of } = createAutocache()
  const api = {
    plain: (n: number) => n,
    load: own((n: number) => n),
    at: own(function (this: object, n: number) {
      return [this, n]
    }),
  }

  test('is the handle of a cached function, which may be a property', () => {
    api.load(1)
    expect(of(api, 'load').peek(1)).toMatchObject({ state: 'fresh', value: 1 })
    expect(of(api, 'load').keyOf(1)).toBe(api.load.keyOf(1))
  })

  test('is bound to its object', () => {
    api.at(1)
    expect(of(api, 'at').peek(1).state).toBe('fresh')
    expect(of({ ...api }, 'at').peek(1).state).toBe('miss')
    expect(api.at.peek(1).state).toBe('miss')
  })

  test('refuses a member that is not cached, or is not there', () => {
    const { message } = thrown(() => of(api, 'plain'), 'INVALID_OPTION')
    expect(message).toContain('`plain`')
    thrown(() => of(api as never, 'nothing' as never), 'INVALID_OPTION')
    thrown(() => of({ n: 1 } as never, 'n' as never), 'INVALID_OPTION')
  })

  test('refuses what is no object', () => {
    thrown(() => of(undefined as never, 'load' as never), 'INVALID_OPTION')
    thrown(() => of(null as never, 'load' as never), 'INVALID_OPTION')
  })

  test('knows the functions of another instance', () => {
    expect(createAutocache().of(api, 'load').label).toBe(api.load.label)
  })
})

describe('an instance', () => {
  test('needs no receiver: its parts may be taken apart', async () => {
    const { cached, of, stats, on, close } = createAutocache()
    const own = cached(fn)
    const events: string[] = []
    const end = on('*', ({ type }) => events.push(type))
    own('a')
    own('a')
    end()
    own('a')
    expect(events).toEqual(['miss', 'fill', 'write', 'hit'])
    expect(stats().total).toMatchObject({ hit: 2, miss: 1 })
    expect(of({ own }, 'own').label).toBe('load')
    await close()
  })

  test('has a store of its own', () => {
    const [one, other] = [createAutocache(), createAutocache()].map(({ cached }) =>
      cached(() => [], { name: 'own', version: '1' }),
    )
    expect(one!()).not.toBe(other!())
    expect(one!()).toBe(one!())
  })

  test('shares one store among every bare `cached`, under one namespace', () => {
    const key = cached(fn).keyOf('a')
    expect(key).toMatch(/^local:load:p-[\w-]{22}-\d+:"a"$/)
  })

  test.each(['process', 'shared'] as const)(
    'keys over a %s store are clear or digested as is its custom',
    (lifetime) => {
      const { cached } = createAutocache({ store: syncStore(lifetime), namespace: 'n', ttl: 1, version: '1' })
      const clear = 'n:load:x-1:"a"'
      const digested = expect.stringMatching(/^n:load:x-1:~[\w-]{43}$/)
      expect(cached(fn).keyOf('a')).toEqual(lifetime === 'process' ? clear : digested)
      expect(cached(fn, { keys: 'readable', store: syncStore(lifetime) }).keyOf('a')).toBe(clear)
      expect(cached(fn, { keys: 'digest', store: syncStore(lifetime) }).keyOf('a')).toEqual(digested)
    },
  )

  test('arguments never stand in the text of an error, a log line or the key of a shared store', () => {
    const lines: string[] = []
    const logger = { debug: (line: string) => void lines.push(line), warn: (line: string) => void lines.push(line) }
    const store = syncStore()
    const { cache } = testScope({ store, logger, namespace: 'n', ttl: '1m', version: '1' })
    const own = cache.cached((credentials: { password: string; fn?: () => void }) => credentials.password.length, {
      name: 'own',
    })
    own({ password: secret })
    own({ password: secret })
    const error = thrown(() => own({ password: secret, fn() {} }), 'UNKEYABLE_VALUE')
    own.invalidate({ password: secret })
    expect(lines.length).toBeGreaterThanOrEqual(4)
    expect(JSON.stringify([lines, [...store.rows.keys()], error.message, error])).not.toContain(secret)
  })

  test('the codec of a function goes before that of its instance', () => {
    const store = syncStore('shared', 'text')
    const shout = { ...codec, id: 'shout' }
    const own = createAutocache({ store, namespace: 'n', ttl: '1h', version: '1' }).cached(fn, { codec: shout })
    own('a')
    expect(store.rows.get(own.keyOf('a'))).toContain('"codec":"shout"')
  })
})

test.each([1001, Infinity, 1e6])('a keyBounds.depth of %s is refused: so deep nothing can be read', (depth) => {
  check(() => createAutocache({ keyBounds: { depth } }), 'keyBounds.depth', depth, '1000')
  expect(() => createAutocache({ keyBounds: { depth: 1000 } })).not.toThrow()
})
