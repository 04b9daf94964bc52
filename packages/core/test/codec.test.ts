// biome-ignore-all lint/suspicious/noSparseArray: holes are a kind of value
// biome-ignore-all lint/suspicious/noThenProperty: so is what looks like a promise
// biome-ignore-all lint/suspicious/noShadowRestrictedNames: and a class that takes the name of a built-in one
// biome-ignore-all lint/complexity/noArguments: and an arguments object
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { type CodecType, codec, createCodec, decoder } from '../src/codec.ts'
import { AutocacheError, EntryFormatError, UnstorableValueError } from '../src/errors.ts'

const copyOf = <T>(value: T): T => codec.decode(codec.encode(value)) as T

/**
 * The first place where two values differ in anything a program can see: prototypes, own properties with their order
 * and visibility, holes, -0, contents by internal slot, and which parts are one and the same.
 */
function difference(a: unknown, b: unknown, path = 'value', pairs = new Map<unknown, unknown>()): string | undefined {
  if (Object.is(a, b)) return undefined
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return `${path}: not the same`
  if (pairs.has(a) || pairs.has(b)) return pairs.get(a) === b ? undefined : `${path}: identity`
  pairs.set(a, b).set(b, a)
  const prototype: unknown = Object.getPrototypeOf(a)
  if (prototype !== Object.getPrototypeOf(b)) return `${path}: prototype`
  const text = (value: object) => {
    if (value instanceof URL || value instanceof URLSearchParams || value instanceof RegExp) return String(value)
    if (value instanceof Headers) return JSON.stringify([...value])
    if (value instanceof Date) return String(value.getTime())
    if (value instanceof ArrayBuffer) return Buffer.from(value).toString('hex')
    if (value instanceof DataView) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
    if (/^(?:Number|String|Boolean|BigInt)$/.test(Object.prototype.toString.call(value).slice(8, -1))) {
      return Object.is(value.valueOf(), -0) ? '-0' : String(value)
    }
    return ''
  }
  if (text(a) !== text(b)) return `${path}: content`
  // Deno keeps the state of these under symbols of its own.
  if (a instanceof URL || a instanceof URLSearchParams || a instanceof Headers) return undefined
  const keys = Reflect.ownKeys(a)
  if (keys.join() !== Reflect.ownKeys(b).join())
    return `${path}: own keys ${keys.join()} / ${Reflect.ownKeys(b).join()}`
  for (const key of keys) {
    const [one, other] = [Object.getOwnPropertyDescriptor(a, key), Object.getOwnPropertyDescriptor(b, key)]
    if (one?.enumerable !== other?.enumerable) return `${path}.${String(key)}: enumerable`
    // From Node 22 on, an error shows its stack through an accessor of its own.
    const values = key === 'stack' ? [Reflect.get(a, key), Reflect.get(b, key)] : [one?.value, other?.value]
    const found = difference(values[0], values[1], `${path}.${String(key)}`, pairs)
    if (found !== undefined) return found
  }
  const members = (value: object) =>
    value instanceof Map
      ? [...value].flat()
      : value instanceof Set
        ? [...value]
        : value instanceof DataView
          ? [value.buffer]
          : []
  const [ones, others] = [members(a), members(b)]
  if (ones.length !== others.length) return `${path}: size`
  for (const [i, one] of ones.entries()) {
    const found = difference(one, others[i], `${path}<${i}>`, pairs)
    if (found !== undefined) return found
  }
  return undefined
}

/** fast-check likes to name properties `__proto__`, which are refused. */
function encodeUnlessProto(value: unknown): string {
  try {
    return codec.encode(value)
  } catch (error) {
    fc.pre(!(error instanceof UnstorableValueError && error.path.endsWith('__proto__')))
    throw error
  }
}

function refusal(value: unknown, by = codec): UnstorableValueError {
  try {
    by.encode(value)
  } catch (error) {
    expect(error).toBeInstanceOf(UnstorableValueError)
    return error as UnstorableValueError
  }
  return expect.unreachable('it was stored')
}

const cyclic: Record<string, unknown> = { list: [], map: new Map(), set: new Set() }
Object.assign(cyclic, { self: cyclic })
;(cyclic.list as unknown[]).push(cyclic)
;(cyclic.map as Map<unknown, unknown>).set(cyclic, cyclic)
;(cyclic.set as Set<unknown>).add(cyclic)
const shared = { a: 1 }
const systemError = Object.assign(new Error('ENOENT: no such file'), { errno: -2, code: 'ENOENT', syscall: 'open' })
const memory = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer
const sparse: unknown[] = []
sparse[60_000] = 'far'

/** Each value comes back as it was. */
const faithful: Record<string, unknown> = {
  undefined: undefined,
  null: null,
  booleans: [true, false],
  numbers: [0, -0, 1.5, NaN, Infinity, -Infinity, 5e-324, Number.MAX_SAFE_INTEGER, 1e21],
  bigints: [0n, -1n, 2n ** 200n],
  strings: ['', '\u0000', '\u2028\u2029', '</script><!--', '\ud800', 'a\udfffb', '😀', '"\\\b\f\n\r\t', '__proto__'],
  'odd keys': {
    '': 1,
    'a b': 2,
    '\ud800': 3,
    constructor: 4,
    toString: 5,
    then: 6,
    '~': 7,
    b: 8,
    2: 9,
    1: 10,
    hasOwnProperty: 11,
  },
  'undefined properties': { a: undefined, b: null },
  'null prototype': Object.assign(Object.create(null) as object, { b: 1, a: { c: 2 }, hasOwnProperty: 3 }),
  holes: [[, 1], [1, , 2], [1, ,], [undefined, ,], new Array(5)],
  sparse,
  dates: [new Date(0), new Date(8.64e15), new Date(-8.64e15), new Date(Number.NaN)],
  regexps: [/a/, /\//giu, /[\n\u2028]/, /(?<year>\d+)/dmsy, /(?:)/, /\ud800/],
  url: new URL('https://u:p@ex.ample:8080/a%20b?x=1&x=2#é'),
  search: new URLSearchParams([
    ['a', '1 2'],
    ['a', '&='],
    ['é', ''],
  ]),
  headers: new Headers([
    ['Set-Cookie', 'a=1'],
    ['Set-Cookie', 'b=2'],
    ['X-A', '1'],
    ['x-a', '2'],
  ]),
  maps: new Map<unknown, unknown>([
    [NaN, -0],
    [{}, []],
    ['a', new Map([[1, 2]])],
    [undefined, null],
  ]),
  sets: new Set<unknown>([1, '1', 1n, NaN, undefined, {}, new Set()]),
  'typed arrays': [
    new Int8Array([-1]),
    new Uint8Array([255]),
    new Uint8ClampedArray([300]),
    new Int16Array([-2]),
    new Uint16Array([2]),
    new Int32Array([-3]),
    new Uint32Array([3]),
    new Float32Array([0.5, -0, NaN]),
    new Float64Array([0.1, Infinity]),
    new BigInt64Array([-4n]),
    new BigUint64Array([4n]),
    new Uint8Array(0),
    new Uint8Array(10_000).fill(7),
  ],
  'array buffer': memory,
  'data view': new DataView(new ArrayBuffer(3)),
  'shared memory of whole views': [memory, new Uint8Array(memory), new Float64Array(memory), new DataView(memory)],
  errors: [
    new Error('a'),
    new TypeError('b', { cause: { why: [1] } }),
    new RangeError(),
    new SyntaxError(''),
    new EvalError('c'),
    new ReferenceError('d'),
    new URIError('e'),
    new AggregateError([new Error('f'), 1], 'g'),
    systemError,
    Object.assign(new Error('named'), { name: 'AbortError' }),
  ],
  'error without a stack': Object.defineProperty(new Error('quiet'), 'stack', { value: undefined }),
  'symbols of the registry': [Symbol.for('a'), Symbol.for(''), { s: Symbol.for('a') }, new Map([[Symbol.for('k'), 1]])],
  boxed: [Object(1), Object(-0), Object(NaN), Object(''), Object('ab'), Object(false), Object(1n)],
  'one part in two places': { a: shared, b: [shared], e: new Error('e', { cause: shared }) },
  'one error in two places': [systemError, { again: systemError }],
  cycles: cyclic,
  'an error within a cycle of its own cause': { cause: new Error('a', { cause: [new Error('b')] }) },
}

describe('a value comes back as it was', () => {
  test.each(Object.entries(faithful))('%s', (_, value) => {
    expect(difference(copyOf(value), value)).toBeUndefined()
    expect(codec.encode(copyOf(value)), 'and is stored as the same text again').toBe(codec.encode(value))
  })

  test('Buffer, without the rest of its pool', () => {
    const pooled = Buffer.from('secret-and-public').subarray(11)
    const copy = copyOf({ a: pooled, b: Buffer.alloc(2), c: new Uint8Array(pooled.buffer, pooled.byteOffset - 11, 3) })
    expect(Buffer.isBuffer(copy.a) && Buffer.isBuffer(copy.b)).toBe(true)
    expect(copy.a.toString()).toBe('public')
    expect(copy.a.buffer.byteLength).toBe(6)
    expect(copy.c).toEqual(new Uint8Array(Buffer.from('sec')))
  })

  test('a view of a part, over its own bytes alone', () => {
    const view = new Uint16Array(memory, 2, 2)
    const copy = copyOf(view)
    expect(copy).toEqual(view)
    expect([copy.byteOffset, copy.buffer.byteLength]).toEqual([0, 4])
  })

  test('a Date made under fake timers', () => {
    vi.useFakeTimers({ now: 5 })
    try {
      expect(copyOf(new Date()).getTime()).toBe(5)
    } finally {
      vi.useRealTimers()
    }
  })

  test('nested as deep as the bound, and refused one level deeper', () => {
    const nest = (levels: number) => {
      let value: unknown = 'core'
      for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { a: value }
      return value
    }
    expect(difference(copyOf(nest(500)), nest(500))).toBeUndefined()
    for (const levels of [501, 5_000, 50_000]) expect(refusal(nest(levels)).message).toContain('more than 500 levels')
  })

  test('values of another realm, as values of this one', () => {
    const source = `
      const error = new RangeError('r')
      for (const key of Reflect.ownKeys(error)) delete error[key]
      Object.defineProperty(error, 'message', { value: 'r' })
      const map = new Map([[new Date(5), new Set([/x/g])]])
      const bytes = [new Uint8Array([1, 2]), new DataView(new ArrayBuffer(1))]
      return { error, map, bytes, holes: [1, , 2], boxed: Object(1), bare: Object.create(null) }`
    const foreign = runInNewContext(`(() => {${source}})()`) as Record<string, unknown>
    expect(foreign.holes).not.toBeInstanceOf(Array)
    expect(difference(copyOf(foreign), new Function(source)())).toBeUndefined()
  })

  test.runIf('Temporal' in globalThis)('Temporal', () => {
    const { Temporal } = globalThis as unknown as { Temporal: Record<string, { from(text: unknown): object }> }
    const values = {
      Instant: '2026-11-22T00:00:00.123456789Z',
      PlainDate: '2026-11-22[u-ca=hebrew]',
      PlainTime: '12:00:00.5',
      PlainDateTime: '2026-11-22T12:00',
      PlainMonthDay: '11-22',
      PlainYearMonth: '2026-11',
      ZonedDateTime: '2026-11-22T12:00[Europe/Berlin]',
    }
    for (const [name, text] of Object.entries(values)) {
      const value = Temporal[name]!.from(text)
      const copy = copyOf(value)
      expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(value))
      expect(String(copy)).toBe(String(value))
    }
    const copy = copyOf(Temporal.Duration!.from({ milliseconds: 1_500 })) as unknown as {
      seconds: number
      milliseconds: number
    }
    expect([copy.seconds, copy.milliseconds]).toEqual([0, 1_500])
  })

  test('whatever it is made of (property)', () => {
    const leaves = fc.oneof(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withSparseArray: true,
        withNullPrototype: true,
        withBoxedValues: true,
        maxDepth: 4,
      }),
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.date({ noInvalidDate: false }),
      fc.string().map((text) => Buffer.from(text)),
      fc.string().map((text) => Object.assign(new TypeError(text, { cause: text }), { code: text })),
      fc.webUrl().map((text) => new URL(text)),
    )
    const values = fc.oneof(
      fc.jsonValue().map((json) => ({ json, list: [json, 1], empty: {} })),
      fc.tuple(leaves, leaves).map(([a, b]) => ({ a, b, again: [a, new Map([[a, b]]), new Set([b, a])] })),
    )
    fc.assert(
      fc.property(values, (value) => {
        const text = encodeUnlessProto(value)
        expect(difference(codec.decode(text), value)).toBeUndefined()
        const again = decoder(codec, text)
        const copies = [again(), again(), again(), again()]
        for (const copy of copies) expect(difference(copy, value), 'and so does each one after it').toBeUndefined()
        expect(/\p{Surrogate}/u.test(text), 'no surrogate stands alone').toBe(false)
        expect(JSON.parse(JSON.stringify(text))).toBe(text)
        expect(new TextDecoder().decode(new TextEncoder().encode(text))).toBe(text)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a value that would come back changed is refused, with its path', () => {
  class Money {
    cents = 5
  }
  class List extends Array {}
  class Table extends Map {}
  class Failure extends Error {}
  const extra = Object.assign([1], { total: 1 })
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const global = /a/g
  global.test('a')
  const loop = new Error('loop')
  loop.cause = { error: loop }
  const holder: Record<string, unknown> = {}
  holder.error = Object.assign(new Error('held'), { holder })
  const far: unknown[] = []
  far[4_000_000_000] = 1
  const pool = new ArrayBuffer(8)

  test.each<[string, unknown, string]>([
    ['a function', { rows: [1, { load: () => 1 }] }, 'value.rows[1].load'],
    ['a class', [Money], 'value[0]'],
    ['a symbol', Symbol('s'), 'value'],
    ['an instance', { rows: [{}, {}, {}, { connection: new Money() }] }, 'value.rows[3].connection'],
    ['an instance behind a strange key', { 'a b': { '"': new Money() } }, 'value["a b"]["\\""]'],
    [
      'a value of a Map',
      {
        m: new Map([
          [1, 2],
          [3, new Money() as never],
        ]),
      },
      'value.m.entries()[1][1]',
    ],
    ['a key of a Map', new Map([[new Money(), { a: 1 }]]), 'value.entries()[0][0]'],
    ['a member of a Set', new Set([1, [new Money()]]), 'value.values()[1][0]'],
    ['a cause', new Error('e', { cause: { at: new Money() } }), 'value.cause.at'],
    [
      'a property of an error',
      Object.assign(new Error('e'), { response: { body: new Money() } }),
      'value.response.body',
    ],
    ['one of several errors', new AggregateError([new Failure()]), 'value.errors[0]'],
    ['a subclass of Array', { a: new List() }, 'value.a'],
    ['a subclass of Map', { a: new Table() }, 'value.a'],
    ['a subclass of Set', { a: new (class extends Set {})() }, 'value.a'],
    ['a subclass of Date', { a: new (class extends Date {})() }, 'value.a'],
    ['a subclass of RegExp', { a: new (class extends RegExp {})('a') }, 'value.a'],
    ['a subclass of Uint8Array', { a: new (class extends Uint8Array {})(1) }, 'value.a'],
    ['a subclass of Error', { a: new Failure() }, 'value.a'],
    ['a subclass of URL', { a: new (class extends URL {})('a:b') }, 'value.a'],
    ['an object with a prototype of its own', { a: Object.create({}) }, 'value.a'],
    ['an array with properties', { a: extra }, 'value.a'],
    ['a match of a RegExp', { a: /a/.exec('a') }, 'value.a'],
    ['a template with its raw strings', { a: ((strings: unknown) => strings)`b` }, 'value.a'],
    ['a Map with properties', { a: Object.assign(new Map(), { b: 1 }) }, 'value.a'],
    ['a Date with properties', { a: Object.assign(new Date(), { b: 1 }) }, 'value.a'],
    ['a typed array with properties', { a: Object.assign(new Uint8Array(2), { b: 1 }) }, 'value.a'],
    [
      'a large typed array with a symbol',
      { a: Object.assign(new Uint8Array(9_999), { [Symbol.for('b')]: 1 }) },
      'value.a',
    ],
    ['a boxed string with properties', { a: Object.assign(Object('ab'), { b: 1 }) }, 'value.a'],
    ['a symbol as a key', { a: { [Symbol.for('k')]: 1 } }, 'value.a'],
    ['a hidden symbol as a key', { a: Object.defineProperty({}, Symbol('k'), { value: 1 }) }, 'value.a'],
    [
      'a getter',
      {
        a: {
          get b() {
            throw new Error('it ran')
          },
        },
      },
      'value.a.b',
    ],
    ['a setter', { a: { set b(_: unknown) {} } }, 'value.a.b'],
    ['a getter in an array', { a: Object.defineProperty([1], 0, { get: () => 1, enumerable: true }) }, 'value.a[0]'],
    ['a hidden property', { a: Object.defineProperty({}, 'b', { value: 1 }) }, 'value.a.b'],
    ['an own __proto__', JSON.parse('{"a":{"__proto__":{"admin":true}}}'), 'value.a.__proto__'],
    ['a promise', { a: Promise.resolve(1) }, 'value.a'],
    ['a thenable', { a: { then() {} } }, 'value.a.then'],
    ['a stream', { a: new ReadableStream() }, 'value.a'],
    ['a Response', { a: new Response('') }, 'value.a'],
    ['an iterator', { a: [].values() }, 'value.a'],
    ['a generator', { a: (function* () {})() }, 'value.a'],
    ['a WeakMap', { a: new WeakMap() }, 'value.a'],
    ['a WeakRef', { a: new WeakRef({}) }, 'value.a'],
    ['a formatter', { a: new Intl.NumberFormat() }, 'value.a'],
    [
      'arguments',
      {
        a: (function () {
          return arguments
        })(),
      },
      'value.a',
    ],
    ['a boxed symbol', { a: Object(Symbol.for('s')) }, 'value.a'],
    ['a Date in the prototype of objects', { a: Object.setPrototypeOf(new Date(), Object.prototype) }, 'value.a'],
    ['an object in the prototype of Date', { a: Object.create(Date.prototype) }, 'value.a'],
    ['an object in the prototype of Map', { a: Object.create(Map.prototype) }, 'value.a'],
    ['an object in the prototype of Error', { a: Object.create(Error.prototype) }, 'value.a'],
    ['an object in the prototype of URL', { a: Object.create(URL.prototype) }, 'value.a'],
    ['an object in the prototype of Uint8Array', { a: Object.create(Uint8Array.prototype) }, 'value.a'],
    [
      'a typed array under another prototype',
      { a: Object.setPrototypeOf(new Uint8Array(2), Uint16Array.prototype) },
      'value.a',
    ],
    ['an object that only says it is a Date', { a: { [Symbol.toStringTag]: 'Date' } }, 'value.a'],
    ['a class that only says it is a Map', { a: new { Map: class Map {} }.Map() }, 'value.a'],
    ['a revoked Proxy', { a: revoked.proxy }, 'value.a'],
    [
      'a Proxy that throws',
      {
        a: new Proxy(
          { b: 1 },
          {
            getOwnPropertyDescriptor() {
              throw new Error('no')
            },
          },
        ),
      },
      'value.a.b',
    ],
    [
      'a Proxy with a false length',
      {
        a: new Proxy([1], {
          getOwnPropertyDescriptor: (t, k) => Reflect.getOwnPropertyDescriptor(t, k),
          get: (_, k) => (k === 'length' ? 4e9 : 1),
        }),
      },
      'value.a',
    ],
    ['a search in progress', { a: global }, 'value.a'],
    ['shared memory', { a: new SharedArrayBuffer(1) }, 'value.a'],
    ['a view of shared memory', { a: new Uint8Array(new SharedArrayBuffer(1)) }, 'value.a'],
    ['memory that can grow', { a: Reflect.construct(ArrayBuffer, [1, { maxByteLength: 2 }]) }, 'value.a'],
    ['views that overlap', { a: new Uint8Array(pool, 0, 5), b: [new Uint8Array(pool, 4, 2)] }, 'value.b[0]'],
    ['a view of a part beside its buffer', { a: pool, b: new Uint8Array(pool, 0, 5) }, 'value.b'],
    ['an error that is its own cause', { a: loop }, 'value.a.cause.error'],
    ['an error that holds what it stands in', holder, 'value.error.holder'],
    ['a huge array of holes', { a: far }, 'value.a'],
  ])('%s', (_, value, path) => {
    const error = refusal(value)
    expect(error.path).toBe(path)
    expect(error.message).toContain(`Cannot store ${path}: `)
  })

  test('a Proxy is read once, and what it showed is what is stored', () => {
    let reads = 0
    const moody = new Proxy(
      { a: 1 },
      {
        getOwnPropertyDescriptor: () => ({
          value: reads++ === 0 ? 'first' : new Money(),
          enumerable: true,
          configurable: true,
        }),
      },
    )
    expect(copyOf({ moody })).toEqual({ moody: { a: 'first' } })
    expect(reads).toBe(1)
  })

  test('the error that a read threw is the cause', () => {
    const cause = new Error('no')
    expect(
      refusal(
        new Proxy(
          {},
          {
            ownKeys() {
              throw cause
            },
          },
        ),
      ).cause,
    ).toBe(cause)
  })

  test('encode neither runs a getter nor changes the value', () => {
    const value = Object.freeze({ a: Object.freeze([1]), d: Object.freeze(new Date(0)) })
    expect(copyOf(value)).toEqual(value)
    expect(Object.isFrozen(copyOf(value)), 'frozenness is lost, as documented').toBe(false)
  })
})

describe('registered types', () => {
  class Point {
    readonly x: number
    readonly meta: unknown
    constructor(x: number, meta?: unknown) {
      this.x = x
      this.meta = meta
    }
  }
  class Point3 extends Point {}
  const point: CodecType<Point> = {
    name: 'Point',
    class: Point,
    encode: ({ x, meta }) => [x, meta],
    decode: (data) => {
      const [x, meta] = data as [number, unknown]
      return new Point(x, meta)
    },
  }
  const failure: CodecType<DOMException> = {
    name: 'DOMException',
    test: (value) => value instanceof DOMException,
    encode: ({ message, name }) => ({ message, name }),
    decode: (data) => {
      const { message, name } = data as { message: string; name: string }
      return new DOMException(message, name)
    },
  }
  const typed = createCodec([point, failure])

  test('the id names the registered types in one order, so that another set of types is a miss', () => {
    expect([codec.id, typed.id, createCodec([failure, point]).id]).toEqual([
      'devalue1',
      'devalue1+DOMException,Point',
      'devalue1+DOMException,Point',
    ])
  })

  test('their instances come back as instances, and shared ones stay one', () => {
    const p = new Point(1, { at: new Date(0), inner: new Point(2) })
    const copy = typed.decode(typed.encode({ p, again: p, map: new Map([[p, p]]) })) as { p: Point; again: Point }
    expect(difference(copy, { p, again: p, map: new Map([[p, p]]) })).toBeUndefined()
    expect(typed.decode(typed.encode(new DOMException('m', 'AbortError')))).toMatchObject({
      message: 'm',
      name: 'AbortError',
    })
  })

  test('an instance of a subclass, unstorable data and a cycle through an instance are refused', () => {
    expect(refusal([new Point3(1)], typed).path).toBe('value[0]')
    expect(refusal({ p: new Point(1, { f: () => 1 }) }, typed).path).toBe('value.p[1].f')
    const value: unknown[] = []
    value.push(new Point(1, value))
    expect(refusal(value, typed).message).toContain('cycle')
    expect(refusal(new Point(1), createCodec([{ ...point, encode: (p: Point) => p }])).message).toContain('cycle')
    expect(refusal(new Point(1), createCodec([{ ...point, encode: (p: Point) => new Point(p.x) }])).message).toContain(
      'levels',
    )
    expect(
      refusal(
        new Point(1),
        createCodec([
          {
            ...point,
            encode: () => {
              throw new Error('no')
            },
          },
        ]),
      ).cause,
    ).toEqual(new Error('no'))
  })

  test('a decode that throws, and a type that is not registered, make the entry unreadable', () => {
    const text = typed.encode(new Point(1))
    expect(() => codec.decode(text)).toThrow(EntryFormatError)
    expect(() =>
      createCodec([
        {
          ...point,
          decode: () => {
            throw new Error('no')
          },
        },
      ]).decode(text),
    ).toThrow(/type Point does not decode/)
  })

  test('a name that is malformed or given twice is refused', () => {
    for (const types of [
      [point, point],
      [{ ...point, name: 'a,b' }],
      [{ ...point, name: '' }],
      [{ ...point, name: '~' }],
    ]) {
      expect(() => createCodec(types as CodecType[])).toThrow(AutocacheError)
    }
  })
})

/** Stored entries outlive releases. A change here needs a new FORMAT in codec.ts and a changeset that says "format". */
describe('the text of each kind stays as it is', () => {
  const bare = (error: Error, properties: PropertyDescriptorMap) => {
    for (const key of Reflect.ownKeys(error)) Reflect.deleteProperty(error, key)
    return Object.defineProperties(error, properties)
  }
  test.each<[unknown, string]>([
    [undefined, '-1'],
    [null, '[null]'],
    [true, '[true]'],
    [1.5, '[1.5]'],
    [NaN, '-3'],
    [Infinity, '-4'],
    [-Infinity, '-5'],
    [-0, '-6'],
    [12n, '[["BigInt","12"]]'],
    ['</script>\u2028\ud800é', '["\\u003C/script>\\u2028\\ud800é"]'],
    [{ b: 1, a: [undefined, -0] }, '[{"b":1,"a":2},1,[-1,-6]]'],
    [Object.assign(Object.create(null) as object, { a: 1 }), '[["null","a",1],1]'],
    [[1, , 2], '[[1,-2,2],1,2]'],
    [Object.assign([] as unknown[], { 99: 1 }), '[[-7,100,99,1],1]'],
    [new Date(0), '[["Date","1970-01-01T00:00:00.000Z"]]'],
    [new Date(NaN), '[["Date",""]]'],
    [/a"/gi, '[["RegExp","a\\"","gi"]]'],
    [new URL('https://a.example/?b=1'), '[["URL","https://a.example/?b=1"]]'],
    [new URLSearchParams('a=1&a=2'), '[["URLSearchParams","a=1&a=2"]]'],
    [new Headers({ B: '2', A: '1' }), '[["~",1],[2,3,4,5,6],"Headers","a","1","b","2"]'],
    [new Map([['a', 1]]), '[["Map",1,2],"a",1]'],
    [new Set(['a']), '[["Set",1],"a"]'],
    [new Uint8Array([1, 2]), '[["Uint8Array",1],["ArrayBuffer","AQI="]]'],
    [new Float64Array([1]), '[["Float64Array",1],["ArrayBuffer","AAAAAAAA8D8="]]'],
    [new DataView(new ArrayBuffer(1)), '[["DataView",1],["ArrayBuffer","AA=="]]'],
    [new ArrayBuffer(1), '[["ArrayBuffer","AA=="]]'],
    [Buffer.from('hi'), '[["~",1],[2,3],"Buffer",["ArrayBuffer","aGk="]]'],
    [Symbol.for('s'), '[["~",1],[2,3],"Symbol","s"]'],
    [Object('a'), '[["Object",1],"a"]'],
    [
      bare(new TypeError(), {
        stack: { value: 'S' },
        message: { value: 'm' },
        cause: { value: 1 },
        code: { value: 'E', enumerable: true },
      }),
      '[["~",1],[2,3,4,5,6,7,5,8,9,5,10,11,12,13],"Error","TypeError","stack",false,"S","message","m","cause",1,"code",true,"E"]',
    ],
  ])('%o', (value, text) => {
    expect(codec.encode(value)).toBe(text)
    expect(difference(codec.decode(text), value)).toBeUndefined()
  })

  test('a registered type', () => {
    class Id {
      readonly id: number
      constructor(id: number) {
        this.id = id
      }
    }
    const type: CodecType<Id> = { name: 'Id', class: Id, encode: ({ id }) => id, decode: (id) => new Id(id as number) }
    expect(createCodec([type]).encode(new Id(7))).toBe('[["~",1],[2,3],"+Id",7]')
  })
})
