import { afterEach, describe, expect, test, vi } from 'vitest'
import { createAutocache, isAutocacheError, memoryStore, type Store, UnversionedFunctionError } from '../src/index.ts'
import { sharedBy } from '../src/lane.ts'
import { putStamp, stampContract } from '../src/plumbing.ts'
import { testScope } from '../src/testing.ts'
import { asyncStore, fromText, syncStore, thrown } from './version-support.ts'

const over = (store = syncStore(), namespace = 'shop') => createAutocache({ store, namespace, ttl: Infinity })

afterEach(() => {
  vi.restoreAllMocks()
  vi.resetModules()
})

describe('R01 a function without a version', () => {
  test('R01 is refused over a shared store where it is defined', () => {
    const ran = vi.fn()
    const error = thrown<UnversionedFunctionError>(
      () =>
        over().cached(function loadUser(id: string) {
          ran(id)
          return id
        }),
      'UNVERSIONED_FUNCTION',
    )
    expect(error).toBeInstanceOf(UnversionedFunctionError)
    expect(error.name).toBe('UnversionedFunctionError')
    expect(error.functionName).toBe('loadUser')
    expect(error.reason).toBe('no version')
    expect(isAutocacheError(error)).toBe(true)
    expect(ran).not.toHaveBeenCalled()
  })

  test('R01 is refused whether the shared store answers at once or with promises, whatever it holds', () => {
    const fn = function loadUser(id: string) {
      return id
    }
    for (const store of [syncStore(), syncStore('shared', 'text'), asyncStore(), asyncStore('shared', 'bytes')]) {
      thrown(() => createAutocache({ store, namespace: 'shop', ttl: '1m' }).cached(fn), 'UNVERSIONED_FUNCTION')
      thrown(() => createAutocache({ namespace: 'shop', ttl: '1m' }).cached(fn, { store }), 'UNVERSIONED_FUNCTION')
    }
  })

  test('R01 is told every remedy', () => {
    const { message } = thrown(() => over().cached(function loadUser() {}), 'UNVERSIONED_FUNCTION')
    for (const remedy of ["version: '1'", 'raise it', 'version: sourceVersion', '@autocache/compiler/runtime'])
      expect(message).toContain(remedy)
    expect(message).toContain('`loadUser`')
  })

  test('R01 is accepted over a store that ends with the process, of either kind', async () => {
    expect(createAutocache({ store: syncStore('process') }).cached((n: number) => n)(1)).toBe(1)
    expect(
      await createAutocache({ store: asyncStore('process'), namespace: 'n' }).cached(async (n: number) => n)(1),
    ).toBe(1)
  })

  test('R01 has 128 random bits and a number of its own as its version', () => {
    const { cached } = createAutocache()
    const versions = Array.from({ length: 50 }, () => cached(() => 0).version)
    const numbers = versions.map((version) => {
      const [, bits, number] = /^p-([\w-]{22})-(\d+)$/.exec(version) ?? []
      expect(bits).toBe(versions[0]!.slice(2, 24))
      return Number(number)
    })
    expect(new Set(numbers).size).toBe(50)
    expect(versions[0]!.slice(2, 24)).not.toMatch(/^(.)\1*$/)
  })

  test('R01 keeps its version', () => {
    const fn = createAutocache().cached(() => 0)
    expect(fn.version).toBe(fn.version)
    expect(fn.explain().version).toBe(fn.version)
    expect(fn.explain().source).toBe('process')
  })

  test('R01 is given another version in another process', async () => {
    const versionOf = async () => {
      vi.resetModules()
      const { createAutocache } = await import('../src/index.ts')
      return createAutocache()
        .cached(() => 0)
        .version.slice(2, 34)
    }
    expect(await versionOf()).not.toBe(await versionOf())
  })

  test('R01 never meets another closure of its factory, over one store', () => {
    const { cached } = createAutocache({ store: memoryStore() })
    const factory = (rate: number) => cached((n: number) => n * rate)
    const [double, triple] = [factory(2), factory(3)]
    expect([double(5), triple(5), double(5), triple(5)]).toEqual([10, 15, 10, 15])
    expect(double.label).toBe(triple.label)
    expect(double.keyOf(5)).not.toBe(triple.keyOf(5))
  })

  test('R01 never meets another instance over the same store', () => {
    const store = memoryStore()
    const make = (answer: string) => createAutocache({ store }).cached(() => answer)
    const [one, other] = [make('one'), make('other')]
    expect([one(), other(), one(), other()]).toEqual(['one', 'other', 'one', 'other'])
  })

  test('R01 draws no randomness where it is defined, because workers have none at start-up', async () => {
    const draw = vi.spyOn(globalThis.crypto, 'getRandomValues')
    const { cached, createAutocache } = await import('../src/index.ts')
    const { cached: own } = createAutocache({ store: memoryStore() })
    const fns = [cached((n: number) => n), own((n: number) => n), own((n: number) => n)]
    expect(draw).not.toHaveBeenCalled()
    for (const fn of fns) fn(1)
    expect(draw).toHaveBeenCalledTimes(1)
    expect(draw.mock.calls[0]![0]).toHaveLength(16)
  })
})

describe('an explicit version', () => {
  const named = function loadUser(id: string) {
    return id
  }

  test('reads `x-` and stands in the key', () => {
    const fn = over().cached(named, { version: '7' })
    expect(fn.version).toBe('x-7')
    expect(fn.keyOf('1')).toMatch(/^shop:loadUser:x-7:~/)
    expect(fn.explain('1').source).toBe('explicit')
  })

  test.each(['s1-abc', 't1-abc', `r1-${'a'.repeat(26)}`, `p-${'0'.repeat(32)}-1`, 'x-1', 'x-'])(
    'cannot imitate another scheme: %s',
    (version) => {
      expect(over().cached(named, { version }).version).toBe(`x-${version}`)
    },
  )

  test('cannot imitate the end of a version, where the versions of `deps` stand', () => {
    const helper = putStamp((n: number) => n, { contract: 2, label: 'helper', version: 's1-abc' })
    const store = syncStore()
    const plain = over(store).cached((_id: string) => 'plain', { name: 'load', version: '1+s1-abc' })
    const dependent = over(store).cached((_id: string) => 'dependent', { name: 'load', version: '1', deps: [helper] })
    expect(plain.version).not.toBe(dependent.version)
    expect([plain('1'), dependent('1')]).toEqual(['plain', 'dependent'])
  })

  test('cannot imitate the separators of a key', () => {
    const store = syncStore()
    const one = over(store).cached((_: string) => 'one', { name: 'a', version: '1:b' })
    const other = over(store, 'shop:a').cached((_: string) => 'other', { name: 'x-1', version: 'b' })
    expect([one('1'), other('1')]).toEqual(['one', 'other'])
    expect(one.keyOf('1').split(':')).toHaveLength(4)
  })

  test('of another text is another entry, of the same text the same', () => {
    const store = syncStore()
    const calls = vi.fn()
    const release = (version: string) =>
      over(store).cached(
        function loadUser(id: string) {
          calls(id)
          return id
        },
        { version },
      )
    release('1')('7')
    release('1')('7')
    expect(calls).toHaveBeenCalledTimes(1)
    release('2')('7')
    expect(calls).toHaveBeenCalledTimes(2)
  })

  test('may come from a function, which receives the function that was given', () => {
    const version = vi.fn(() => 'abc')
    expect(over().cached(named, { version }).version).toBe('x-abc')
    expect(version).toHaveBeenCalledExactlyOnceWith(named)
  })

  test('keeps the scheme of a source hash only from a function, and only in its exact form', () => {
    const source = `r1-${'ab7z'.repeat(6)}aa`
    const versionOf = (version: string) => over().cached(named, { version: () => version }).version
    expect(versionOf(source)).toBe(source)
    for (const other of [
      source.toUpperCase(),
      `${source}a`,
      source.slice(0, -1),
      `x${source}`,
      `${source}\n`,
      's1-abc',
      'p-1',
    ]) {
      expect(versionOf(other)).toBe(`x-${other}`)
    }
  })

  test.each([[undefined], [null], [7], [''], [Promise.resolve('1')]])(
    'from a function must be a text: %s is refused where it is written',
    (answer) => {
      const { message } = thrown(() => over().cached(named, { version: (() => answer) as never }), 'INVALID_OPTION')
      expect(message).toContain('`version`')
    },
  )

  test('that throws throws where it is written, unchanged', () => {
    const own = new Error('cannot read the source')
    expect(() =>
      over().cached(named, {
        version() {
          throw own
        },
      }),
    ).toThrow(own)
  })

  test('may stand on the instance', () => {
    const { cached } = createAutocache({ store: syncStore(), namespace: 'n', ttl: '1m', version: '3' })
    expect(cached(named).version).toBe('x-3')
    expect(cached(named, { version: '4' }).version).toBe('x-4')
  })
})

describe('R02 two functions without stamps under one label and version', () => {
  const one = () => 1
  const other = () => 2
  const options = { name: 'answer', version: '1' }

  test('R02 are an error at the second definition where their texts differ', () => {
    const { cached } = over()
    const first = cached(one, options)
    const error = thrown(() => cached(other, options), 'DUPLICATE_DEFINITION')
    expect(error.message).toContain('`answer`')
    expect(error.message).toContain('`name`')
    expect(error.message).toContain('`version`')
    expect(first()).toBe(1)
  })

  test('R02 are an error across instances over one store and namespace', () => {
    const store = syncStore()
    over(store).cached(one, options)
    thrown(() => over(store).cached(other, options), 'DUPLICATE_DEFINITION')
  })

  test('R02 do not make the refused one known: the first may be defined again', () => {
    const { cached } = over()
    cached(one, options)
    thrown(() => cached(other, options), 'DUPLICATE_DEFINITION')
    expect(cached(one, options)()).toBe(1)
  })

  test('R02 of equal text are an event with the version', () => {
    const { cache, events } = testScope({ store: syncStore(), ttl: '1m' })
    const define = () => cache.cached(() => 1, options)
    define()
    expect(events).toEqual([])
    define()
    expect(events).toEqual([{ type: 'duplicate-definition', label: 'answer', version: 'x-1' }])
  })

  test('R02 L07 of equal text are told of once, however often a handler defines them', () => {
    const { cache, types } = testScope({ store: syncStore(), ttl: '1m' })
    const define = () => cache.cached(() => 1, options)
    for (let at = 0; at < 100; at++) define()
    expect(types()).toEqual(['duplicate-definition'])
  })

  test('R02 of equal text share their entries', () => {
    const { cache, types } = testScope({ store: syncStore(), ttl: '1m' })
    const define = () => cache.cached(() => 1, options)
    define()()
    expect(define()()).toBe(1)
    expect(types()).toContain('hit')
  })

  test('R02 whose text is hidden are the same only where they are one function', () => {
    const { cached } = over()
    const bound = one.bind(null)
    cached(bound, options)
    cached(bound, options)
    thrown(() => cached(other.bind(null), options), 'DUPLICATE_DEFINITION')
  })

  test('R02 that are cached functions themselves are told apart by what they wrap', () => {
    const { cached } = over()
    const { cached: inner } = createAutocache()
    cached(inner(one), options)
    thrown(() => cached(inner(other), options), 'DUPLICATE_DEFINITION')
  })

  test('R02 do not meet in two stores, two namespaces, two labels or two versions', () => {
    const store = syncStore()
    const answers = [
      over(store).cached(one, options),
      over(store, 'other').cached(other, options),
      over(store).cached(other, { ...options, name: 'another' }),
      over(store).cached(other, { ...options, version: '2' }),
      over(syncStore()).cached(other, options),
    ].map((fn) => fn())
    expect(answers).toEqual([1, 2, 2, 2, 2])
  })

  test('R02 of which one has a stamp do not meet, because the schemes differ', () => {
    const { cached } = over()
    const stamped = putStamp(() => 2, { contract: 2, label: 'answer', version: 's1-1' })
    expect([cached(one, options)(), cached(stamped)()]).toEqual([1, 2])
  })
})

describe('a disabled instance', () => {
  test('R01 needs no version, because nothing is kept', () => {
    const store = syncStore()
    const { cached } = createAutocache({ store, namespace: 'n', ttl: '1m', enabled: false })
    const fn = cached((n: number) => n + 1)
    expect([fn(1), fn(1)]).toEqual([2, 2])
    expect(store.rows.size).toBe(0)
    expect(fn.version).toMatch(/^p-/)
  })

  test('R02 needs no name', () => {
    const { cached } = createAutocache({ store: syncStore(), namespace: 'n', ttl: '1m', enabled: false })
    class Prices {
      @cached({ version: '1' })
      quote(sku: string) {
        return `${sku}!`
      }
    }
    expect(new Prices().quote('a')).toBe('a!')
    expect(cached(fromText('e=>e+1'), { version: '1' })(1)).toBe(2)
  })
})

describe('a function under mutation testing', () => {
  const mutant = () =>
    fromText('function load(id) { if (stryMutAct_9fa48("0")) { {} } else { stryCov_9fa48("0"); return calls(id) } }')

  test('is not cached, in process or over a shared store, so that no mutant answers for another', () => {
    const calls = vi.fn((id: string) => `${id}!`)
    vi.stubGlobal('calls', calls)
    vi.stubGlobal('stryCov_9fa48', () => {})
    let active = false
    vi.stubGlobal('stryMutAct_9fa48', () => active)
    const shared = syncStore()
    for (const fn of [createAutocache().cached(mutant()), over(shared).cached(mutant(), { version: '1' })]) {
      active = false
      expect([fn('a'), fn('a')]).toEqual(['a!', 'a!'])
      active = true
      expect(fn('a')).toBeUndefined()
    }
    expect(calls).toHaveBeenCalledTimes(4)
    expect(shared.rows.size).toBe(0)
    vi.unstubAllGlobals()
  })

  test('needs no version over a shared store, because nothing is kept', () => {
    expect(over().cached(mutant()).version).toMatch(/^p-/)
  })
})

describe('R07 the source of `key`', () => {
  const load = function load(id: string, language: string) {
    return `${id} ${language}`
  }
  const options = { name: 'load', version: '1' }

  test('R07 the source of `key` is part of the version: definitions that differ in it share no entry', () => {
    for (const store of [syncStore(), syncStore('process'), syncStore('shared', 'text')]) {
      const { cached } = createAutocache<Store>({ store, namespace: 'shop', ttl: Infinity })
      const byId = cached(load, { ...options, key: (id) => id })
      const byLanguage = cached(load, { ...options, key: (_, language) => language })
      expect(byId.version).not.toBe(byLanguage.version)
      expect([byId('a', 'b'), byLanguage('x', 'a')]).toEqual(['a b', 'x a'])
      expect(byId.keyOf('a', 'b')).not.toBe(byLanguage.keyOf('x', 'a'))
    }
  })

  test('R07 the same source of `key` is the same version', () => {
    const key = (id: string) => id
    const store = syncStore()
    expect(over(store).cached(load, { ...options, key }).version).toBe(over().cached(load, { ...options, key }).version)
    expect(over().cached(load, options).version).toBe('x-1')
  })

  test('R07 a `key` that hides its source is refused over a shared store, and is its own in process', () => {
    const hidden = () => ((id: string) => id).bind(null)
    const error = thrown<UnversionedFunctionError>(
      () => over().cached(load, { ...options, key: hidden() }),
      'UNVERSIONED_FUNCTION',
    )
    expect(error.message).toContain('`key`')
    const { cached } = createAutocache({ store: syncStore('process'), namespace: 'shop' })
    const [one, other] = [hidden(), hidden()].map((key) => cached(load, { ...options, key }).version)
    expect(one).not.toBe(other)
  })
})

test('R12 two kinds of `keys` for one label and version in one store are refused, for they would not meet', () => {
  const fn = function load(id: string) {
    return id
  }
  for (const store of [syncStore(), syncStore('process')]) {
    over(store).cached(fn, { version: '1', keys: 'readable' })
    const { message } = thrown(() => over(store).cached(fn, { version: '1', keys: 'digest' }), 'DUPLICATE_DEFINITION')
    expect(message).toContain('`keys`')
    expect(() => over(store).cached(fn, { version: '2', keys: 'digest' })).not.toThrow()
  }
})

test('L7 `deps` with a function of its own for each definition leaves nothing in the store', () => {
  const store = memoryStore()
  const { cached } = createAutocache({ store })
  for (let n = 0; n < 50; n++) {
    const load = cached((id: string) => id, { name: 'load', version: '1', deps: [() => n] })
    expect([load('a'), load('a')]).toEqual(['a', 'a'])
  }
  expect(sharedBy(store, undefined).lanes.size).toBe(0)
})

test('R24 what is stamped under a test runner is its own in a shared store, and no other process reads it', async () => {
  const stamp = { contract: stampContract, label: 'load', version: 't1-aaaaaaaaaaaaaaaaaaaaaaaaaa' }
  const stamped = putStamp(async () => 1, stamp)
  const shared = testScope({ store: asyncStore(), ttl: 1000 }).cache.cached(stamped)
  expect(shared.version).toMatch(/^t1-a{26}\+.{22}$/)
  expect(testScope().cache.cached(stamped).version).toBe(stamp.version)
  expect(await shared()).toBe(1)
})
