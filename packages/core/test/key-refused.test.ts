import { describe, expect, it, vi } from 'vitest'
import { isAutocacheError } from '../src/errors.ts'
import { cacheKey, encodeArguments, encodeKey } from '../src/key.ts'
import { argumentsOf, Point, refusal, User } from './key-support.ts'

describe('refused: what cannot be told apart', () => {
  const withSymbol = (value: object) => Object.assign(value, { [Symbol('s')]: 1 })
  function list(..._: unknown[]) {
    // biome-ignore lint/complexity/noArguments: arguments are the subject
    return arguments
  }
  class MyArray extends Array {}
  class MyMap extends Map {}
  class MyDate extends Date {}
  class MyError extends Error {}
  // The very name of a built-in does not make one.
  const impostor = { Error: class extends Error {}, Map: class extends Map {} }
  const kinds: [title: string, value: unknown][] = [
    ['a function', () => {}],
    ['a class', Point],
    ['an async function', async () => {}],
    ['a symbol that is not registered', Symbol('a')],
    ['a well-known symbol', Symbol.iterator],
    ['a boxed symbol that is not registered', Object(Symbol('a'))],
    ['R10 a symbol key', { [Symbol('a')]: 1 }],
    ['R10 a registered symbol key', { [Symbol.for('a')]: 1 }],
    ['R10 a hidden symbol key', Object.defineProperty({}, Symbol('a'), { value: 1 })],
    ['a promise', Promise.resolve(1)],
    ['a thenable', JSON.parse('{"then":1}', (key, value) => (key === 'then' ? () => {} : value))],
    ['a stream', new ReadableStream()],
    ['a Response', new Response('a')],
    ['a Blob', new Blob(['a'])],
    ['a generator', (function* () {})()],
    ['an async generator', (async function* () {})()],
    ['an iterator of a list', [1].values()],
    ['an iterator of a Map', new Map().entries()],
    ['a WeakMap', new WeakMap()],
    ['a WeakSet', new WeakSet()],
    ['a WeakRef', new WeakRef({})],
    ['an instance', new MyError()],
    ['an instance without a prototype chain', new (Object.assign(class {}, {}))()],
    ['an object that inherits data', Object.create({ a: 1 })],
    ['a module', Object.defineProperty(Object.create(null), Symbol.toStringTag, { value: 'Module' })],
    ['Math', Math],
    ['Intl', new Intl.NumberFormat()],
    ['R10 a subclass of Array', MyArray.from([1])],
    ['R10 a subclass of Map', new MyMap()],
    ['R10 a subclass of Date', new MyDate(0)],
    ['R10 a subclass of Error that takes its name', new impostor.Error()],
    ['R10 a subclass of Map that takes its name', new impostor.Map()],
    ['R10 a built-in with another prototype', Object.setPrototypeOf(new Map(), { size: 0 })],
    ['R10 a list with another prototype', Object.setPrototypeOf([1], null)],
    ['R10 a list with extra properties', Object.assign([1], { extra: 1 })],
    ['R10 an empty list with extra properties', Object.assign([], { extra: 1 })],
    ['R10 a list with a hole at its end and extra properties', Object.assign(new Array(2), { extra: 1 })],
    ['R10 a list with a property like an element', Object.assign([1, 2, 3], { '01': 1 })],
    ['R10 a list with a property past the last element', Object.assign([1], { 4294967295: 1 })],
    ['R10 a list with a symbol key', withSymbol([1])],
    ['R10 a match', 'abc'.match(/b/)],
    ['R10 the strings of a template', ((strings: TemplateStringsArray) => strings)`a`],
    ['R10 a Map with extra properties', Object.assign(new Map(), { extra: 1 })],
    ['R10 a Map written to like an object', Object.assign(new Map(), { 0: 1 })],
    ['R10 a Set with extra properties', Object.assign(new Set(), { extra: 1 })],
    ['R10 a Date with extra properties', Object.assign(new Date(0), { extra: 1 })],
    ['R10 a RegExp with extra properties', Object.assign(/a/, { extra: 1 })],
    ['R10 a RegExp with an element', Object.assign(/a/, { 0: 1 })],
    ['R10 a URL with extra properties', Object.assign(new URL('https://a.example'), { extra: 1 })],
    ['R10 a typed array with extra properties', Object.assign(new Uint8Array(2), { extra: 1 })],
    ['R10 a typed array with a symbol key', withSymbol(new Uint8Array(2))],
    ['R10 a large typed array with extra properties', Object.assign(new Float32Array(100_000), { extra: 1 })],
    ['R10 a large typed array with a symbol key', withSymbol(new Uint8Array(10_000))],
    ['R10 a Buffer with extra properties', Object.assign(Buffer.from('a'), { name: 'a.png' })],
    ['R10 an ArrayBuffer with extra properties', Object.assign(new ArrayBuffer(1), { extra: 1 })],
    ['R10 a boxed string with extra properties', Object.assign(Object('abc'), { extra: 1 })],
    ['R10 a boxed string with an element more', Object.assign(Object('abc'), { 7: 1 })],
    ['R10 an error with a symbol key', withSymbol(new Error('a'))],
    ['an arguments object', list(1, 2)],
  ]

  it.each(kinds)('%s', (_, value) => {
    const error = refusal(() => argumentsOf([{ filter: { it: value } }]))
    expect(error).toMatchObject({
      code: 'UNKEYABLE_VALUE',
      reason: 'kind',
      path: expect.stringMatching(/^args\[0\]\.filter\.it/),
    })
    expect(isAutocacheError(error)).toBe(true)
  })

  it('a detached buffer, which reads like an empty one', () => {
    const view = new Uint8Array(8)
    const { buffer } = view
    structuredClone(buffer, { transfer: [buffer] })
    for (const value of [buffer, view]) expect(refusal(() => encodeKey(value)).reason).toBe('kind')
  })

  it('R10 a tag of another kind fools nobody', () => {
    const tagged = (tag: string, prototype: object | null = {}) =>
      Object.create(Object.create(prototype, { [Symbol.toStringTag]: { value: tag } }))
    const names = [
      'Map',
      'Set',
      'Date',
      'RegExp',
      'Error',
      'Array',
      'Uint8Array',
      'DataView',
      'ArrayBuffer',
      'URL',
      'AbortSignal',
    ]
    for (const name of names) {
      const { prototype } = (globalThis as any)[name]
      expect(refusal(() => encodeKey(tagged(name))).reason).toBe('kind')
      expect(refusal(() => encodeKey(tagged(name, null))).reason).toBe('kind')
      expect(refusal(() => encodeKey({ [Symbol.toStringTag]: name })).reason).toBe('kind')
      // The genuine prototype without the slots behind it.
      expect(refusal(() => encodeKey(Object.create(prototype))).reason).toBe('kind')
      expect(refusal(() => encodeKey(new Proxy(Object.create(prototype), {}))).reason).toBe('kind')
    }
    expect(refusal(() => encodeKey(Object.setPrototypeOf(new Int8Array(1), Uint8Array.prototype))).reason).toBe('kind')
    expect(refusal(() => encodeKey(Object.setPrototypeOf(new Set(), Map.prototype))).reason).toBe('kind')
    expect(refusal(() => encodeKey(new Proxy(new Map(), {}))).reason).toBe('kind')
  })

  it('the message says where, why and what to do, and never the value', () => {
    const error = refusal(() => argumentsOf([{ 'api key': new Map([['s3cret-key', () => 's3cret']]) }]))
    expect(error.path).toBe('args[0]["api key"][0][1]')
    expect(error.message).toContain(error.path)
    expect(error.message).toContain('a function')
    for (const remedy of ['[cacheKey]', 'registerKeyer', '`key`']) expect(error.message).toContain(remedy)
    expect(error.message).not.toContain('s3cret')
    const symbol = refusal(() => argumentsOf([[Symbol('s3cret')]]))
    expect(symbol.message).not.toContain('s3cret')
  })

  it('paths read like code', () => {
    const f = () => {}
    const paths: [unknown[], string][] = [
      [[f], 'args[0]'],
      [[1, { filter: { fn: f } }], 'args[1].filter.fn'],
      [[0, [1, 2, f]], 'args[1][2]'],
      [[{ a: 1, $b_1: [{ '0': f }] }], 'args[0].$b_1[0]["0"]'],
      [[{ '': f }], 'args[0][""]'],
      [[new Set([1, f])], 'args[0][1]'],
      [[new Map([[f, 1]])], 'args[0][0][0]'],
      [[new Error('a', { cause: { f } })], 'args[0].cause.f'],
      [[[[], {}, new Map(), new User(1)], f], 'args[1]'],
    ]
    for (const [args, path] of paths) expect(refusal(() => argumentsOf(args)).path).toBe(path)
    expect(refusal(() => encodeKey({ a: [f] })).path).toBe('value.a[0]')
    expect(refusal(() => encodeKey({ a: [f] }, undefined, { root: 'captures' })).path).toBe('captures.a[0]')
  })
})

describe('R11 bounds are not kinds', () => {
  const tooMuch: [title: string, make: () => unknown][] = [
    ['nesting', () => Array.from({ length: 100_000 }).reduce((inner) => ({ inner }), 1)],
    ['nesting of lists', () => Array.from({ length: 100_000 }).reduce((inner) => [inner], 1)],
    ['nesting of Maps', () => Array.from({ length: 1000 }).reduce((inner) => new Map([[1, inner]]), 1)],
    ['elements', () => Array.from({ length: 10_001 }, () => 0)],
    ['elements altogether', () => Array.from({ length: 101 }, () => Array.from({ length: 100 }, () => 0))],
    ['properties', () => Object.fromEntries(Array.from({ length: 10_001 }, (_, at) => [at, at]))],
    ['entries', () => new Map(Array.from({ length: 10_001 }, (_, at) => [at, at]))],
    ['members', () => new Set(Array.from({ length: 10_001 }, (_, at) => at))],
    ['holes', () => new Array(2 ** 32 - 1)],
    ['holes altogether', () => Array.from({ length: 9000 }, () => new Array(9000))],
    ['characters', () => 'a'.repeat(1_000_001)],
    ['characters after escaping', () => '\u0000'.repeat(500_000)],
    ['characters altogether', () => Array.from({ length: 2000 }, () => 'a'.repeat(1000))],
    ['characters of a name', () => ({ ['a'.repeat(1_000_001)]: 1 })],
    ['bytes', () => new Uint8Array(800_000)],
    ['bytes of a buffer', () => new ArrayBuffer(1e8)],
    ['digits', () => 1n << 20_000_000n],
  ]

  it.each(tooMuch)('too many %s: refused quickly, as bounds', (_, make) => {
    const value = make()
    for (const read of [() => encodeKey(value), () => argumentsOf([value]), () => argumentsOf([{ value }])]) {
      const start = performance.now()
      expect(refusal(read).reason).toBe('bounds')
      expect(performance.now() - start).toBeLessThan(500)
    }
  })

  it('what is just small enough is encoded', () => {
    expect(encodeKey(Array.from({ length: 10_000 }, () => 0))).toHaveLength(20_001)
    expect(encodeKey('a'.repeat(999_998))).toHaveLength(1_000_000)
    expect(encodeKey(new Uint8Array(700_000)).length).toBeGreaterThan(900_000)
    expect(encodeKey(Array.from({ length: 64 }).reduce((inner) => [inner], 1))).toHaveLength(129)
  })

  it('bounds can be chosen', () => {
    const small = { depth: 2, nodes: 3, size: 10 }
    expect(encodeKey([[1]], small)).toBe('[[1]]')
    expect(encodeKey('12345678', small)).toBe('"12345678"')
    for (const value of [
      [[[]]],
      [1, 2, 3, 4],
      '123456789',
      ['1234', '5678'],
      { abcdefgh: 1 },
      12345678901,
      2n ** 40n,
    ]) {
      expect(refusal(() => encodeKey(value, small)).reason).toBe('bounds')
    }
    expect(refusal(() => encodeArguments([1, 2, 3, 4], small, { trailing: 'keep', signals: [] })).reason).toBe('bounds')
    const none = { depth: 500, nodes: Infinity, size: Infinity }
    expect(encodeKey([2n ** 70n, 'a', new Uint8Array(3)], none)).toBe(
      '[1180591620717411303424n,"a",Uint8Array("AAAA")]',
    )
  })

  it('the message names the bounds as the remedy', () => {
    expect(refusal(() => encodeKey('a'.repeat(2_000_000))).message).toContain('bounds')
  })
})

describe('R11 what cannot be read is neither', () => {
  const cause = new Error('mine')
  const fail = () => {
    throw cause
  }
  const unreadable: [title: string, value: unknown, path: string][] = [
    ['a getter that throws', { get a() { return fail() } }, 'value.x.a'], // biome-ignore format: one line each
    ['an element that throws', Object.defineProperty([1], 0, { get: fail, enumerable: true }), 'value.x[0]'],
    ['an error whose cause throws', Object.defineProperty(new Error('a'), 'cause', { get: fail }), 'value.x.cause'],
    ['a hook whose getter throws', Object.create({ get [cacheKey]() { return fail() } }), 'value.x'], // biome-ignore format: one line each
    ['a proxy that throws on reading', new Proxy({ a: 1 }, { get: fail }), 'value.x.a'],
    ['a proxy that throws on listing', new Proxy({ a: 1 }, { ownKeys: fail }), 'value.x'],
    ['a proxy that throws on everything', new Proxy([1], new Proxy({}, { get: () => fail })), 'value.x'],
  ]

  it.each(unreadable)('%s', (_, value, path) => {
    const error = refusal(() => encodeKey({ x: value }))
    expect(error).toMatchObject({ reason: 'unreadable', path })
    expect(error.cause).toBe(cause)
    expect(error.message).not.toContain('mine')
  })

  it('after a hook has answered, a getter that throws is still one', () => {
    expect(refusal(() => encodeKey([new User(1), { get a() { return fail() } }])).reason).toBe('unreadable') // biome-ignore format: one line
  })

  it('a revoked proxy', () => {
    for (const target of [{}, [], () => {}]) {
      const { proxy, revoke } = Proxy.revocable(target, {})
      revoke()
      expect(refusal(() => encodeKey([proxy]))).toMatchObject({
        reason: 'unreadable',
        path: 'value[0]',
        cause: expect.any(TypeError),
      })
    }
  })

  it('a proxy that behaves reads like what it stands for', () => {
    expect(encodeKey(new Proxy({ b: 1, a: [2] }, {}))).toBe('{"a":[2],"b":1}')
    expect(encodeKey(new Proxy([1, 2], {}))).toBe('[1,2]')
  })

  it('getters that do not throw are read', () => {
    expect(encodeKey({ get a() { return 1 } })).toBe('{"a":1}') // biome-ignore format: one line
  })
})

it('nothing is read twice as another value: one walk does not change what the next one sees', () => {
  refusal(() => encodeKey({ a: { b: [() => {}] } }))
  refusal(() => encodeKey([Array.from({ length: 20_000 })]))
  expect(encodeKey({ a: { b: [1] } })).toBe('{"a":{"b":[1]}}')
})

it('long property names are not remembered, and are held to the bounds', async () => {
  vi.resetModules()
  const fresh = await import('../src/key.ts')
  const set = vi.spyOn(Map.prototype, 'set')
  try {
    fresh.encodeKey({ short: 1, ['n'.repeat(100)]: 1 })
    expect(() => fresh.encodeKey({ ['n'.repeat(2_000_000)]: 1 })).toThrow(expect.objectContaining({ reason: 'bounds' }))
    const names = set.mock.calls.map(([name]) => name).filter((name) => typeof name === 'string')
    expect(names).toContain('short')
    expect(names.filter((name) => name.length > 64)).toEqual([])
  } finally {
    set.mockRestore()
    vi.resetModules()
  }
})
