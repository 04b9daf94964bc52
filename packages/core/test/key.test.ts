import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { isAutocacheError, UnkeyableValueError } from '../src/errors.ts'
import { cacheKey, defaultKeyBounds, encodeArguments, encodeKey, registerKeyer } from '../src/key.ts'

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

class User {
  constructor(readonly id: unknown) {}
  [cacheKey](): unknown {
    return this.id
  }
}

/** The arguments of a call as text, with the signals that were found. */
function argumentsOf(args: unknown[], trailing: 'drop' | 'keep' = 'keep') {
  const signals: AbortSignal[] = []
  return { text: encodeArguments(args, defaultKeyBounds, { trailing, signals }), signals }
}

function refusal(read: () => unknown): UnkeyableValueError {
  try {
    read()
  } catch (error) {
    if (error instanceof UnkeyableValueError) return error
    throw error
  }
  throw new Error('Nothing was refused.')
}

const cyclic: { self?: unknown; list: unknown[] } = { list: [] }
cyclic.self = cyclic
cyclic.list.push(cyclic.list, cyclic)

const withProto = JSON.parse('{"__proto__":1,"b":2}')
const bytes = new Uint8Array([1, 2, 3, 250, 251, 252, 253, 254])
const shared = new SharedArrayBuffer(2)
new Uint8Array(shared).set([7, 8])

describe('golden: the text of each kind is fixed', () => {
  const vectors: [title: string, value: unknown, text: string][] = [
    ['string', 'abc', '"abc"'],
    ['empty string', '', '""'],
    ['string with what JSON escapes', 'a"b\\c\n\u0000\u007f\u2028é😀', '"a\\"b\\\\c\\n\\u0000\u007f\u2028é😀"'],
    ['lone surrogates', ['\ud800', '\udfff', '\udc00\ud800'], '["\\ud800","\\udfff","\\udc00\\ud800"]'],
    ['numbers', [0, 1, -1.5, 1e21, 1e-7, 2 ** 53], '[0,1,-1.5,1e+21,1e-7,9007199254740992]'],
    ['number specials', [-0, NaN, Infinity, -Infinity], '[-0,NaN,Infinity,-Infinity]'],
    ['bigint', [0n, -12n, 2n ** 70n], '[0n,-12n,1180591620717411303424n]'],
    ['simple', [undefined, null, true, false], '[undefined,null,true,false]'],
    ['hole', [, 1, , undefined, ,], '[<hole>,1,<hole>,undefined,<hole>]'], // biome-ignore lint/suspicious/noSparseArray: holes are the subject
    ['array', [1, '2', [3], []], '[1,"2",[3],[]]'],
    [
      'object',
      { b: 1, a: { d: [], c: undefined }, 10: 0, 9: 0, '': 0 },
      '{"":0,"10":0,"9":0,"a":{"c":undefined,"d":[]},"b":1}',
    ],
    ['object sorted by UTF-16 unit', { '\uff61': 1, '😀': 2, Z: 3, a: 4 }, '{"Z":3,"a":4,"😀":2,"\uff61":1}'],
    ['own __proto__', withProto, '{"__proto__":1,"b":2}'],
    ['null prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    [
      'Map',
      new Map<unknown, unknown>([
        ['a', 1],
        [{ b: 2 }, new Map()],
      ]),
      'Map(["a",1],[{"b":2},Map()])',
    ],
    ['Set', new Set([2, '1', [3]]), 'Set(2,"1",[3])'],
    ['Date', [new Date(0), new Date(-1), new Date(NaN)], '[Date(0),Date(-1),Date(NaN)]'],
    ['RegExp', [/a\/"b/gi, new RegExp('', 'yusmigd')], '[RegExp("a\\\\/\\"b","gi",0),RegExp("(?:)","dgimsuy",0)]'],
    ['RegExp under way', Object.assign(/a/g, { lastIndex: 3 }), 'RegExp("a","g",3)'],
    ['URL', new URL('https://a.example/?q=ü#h'), 'URL("https://a.example/?q=%C3%BC#h")'],
    ['URLSearchParams', new URLSearchParams('b=1&a=2&b=&c'), 'URLSearchParams(["b","1"],["a","2"],["b",""],["c",""])'],
    [
      'Headers',
      new Headers([
        ['X-B', '2'],
        ['a', '1'],
        ['x-b', '3'],
      ]),
      'Headers(["a","1"],["x-b","2, 3"])',
    ],
    ['Uint8Array', bytes, 'Uint8Array("AQID+vv8/f4=")'],
    ['empty Uint8Array', new Uint8Array(), 'Uint8Array("")'],
    ['Uint8ClampedArray', new Uint8ClampedArray([255]), 'Uint8ClampedArray("/w==")'],
    ['Int8Array', new Int8Array([-1]), 'Int8Array("/w==")'],
    ['Int16Array', new Int16Array([-2]), 'Int16Array("/v8=")'],
    ['Uint16Array', new Uint16Array([258]), 'Uint16Array("AgE=")'],
    ['Int32Array', new Int32Array([1]), 'Int32Array("AQAAAA==")'],
    ['Uint32Array', new Uint32Array([1]), 'Uint32Array("AQAAAA==")'],
    ['Float32Array', new Float32Array([1]), 'Float32Array("AACAPw==")'],
    ['Float64Array', new Float64Array([-0]), 'Float64Array("AAAAAAAAAIA=")'],
    ['BigInt64Array', new BigInt64Array([-1n]), 'BigInt64Array("//////////8=")'],
    ['BigUint64Array', new BigUint64Array([1n]), 'BigUint64Array("AQAAAAAAAAA=")'],
    ['Buffer', Buffer.from('abc'), 'Buffer("YWJj")'],
    ['DataView', new DataView(bytes.buffer, 1, 2), 'DataView("AgM=")'],
    ['ArrayBuffer', bytes.buffer, 'ArrayBuffer("AQID+vv8/f4=")'],
    ['SharedArrayBuffer', shared, 'SharedArrayBuffer("Bwg=")'],
    [
      'boxed',
      [Object(1), Object('a"'), Object(true), Object(1n)],
      '[Number(1),String("a\\""),Boolean(true),BigInt(1n)]',
    ],
    ['registered symbol', [Symbol.for('a"'), Object(Symbol.for('b'))], '[Symbol("a\\""),Symbol(Symbol("b"))]'],
    ['Error', new RangeError('no'), 'RangeError{"message":"no"}'],
    [
      'Error with all it can have',
      Object.assign(new AggregateError([new Error()], 'x', { cause: { a: 1 } }), { name: 'N', code: 'E' }),
      'AggregateError{"cause":{"a":1},"code":"E","errors":[Error{}],"message":"x","name":"N"}',
    ],
    ['cycles', cyclic, '{"list":[^1,^2],"self":^1}'],
    ['hook', [new User('42'), new User(new User(1))], '[Key("42"),Key(Key(1))]'],
  ]

  it.each(vectors)('%s', (_, value, text) => {
    expect(encodeKey(value)).toBe(text)
    expect(encodeArguments([value], defaultKeyBounds, { trailing: 'keep', signals: [] })).toBe(text)
  })

  it('is well-formed text: a lone surrogate never stands in it', () => {
    for (const [, value] of vectors) expect(encodeKey(value)).toBe(Buffer.from(encodeKey(value)).toString())
  })

  it('comes out the same with Uint8Array.prototype.toBase64, with Buffer and with neither', () => {
    const prototype = Uint8Array.prototype as { toBase64?: () => string }
    const own = Object.getOwnPropertyDescriptor(prototype, 'toBase64')
    const { Buffer } = globalThis
    const values = [bytes, bytes.subarray(1, 6), new Uint8Array(shared), new Uint8Array(100_000).fill(200)]
    const texts = values.map((value) => encodeKey(value))
    try {
      Object.defineProperty(prototype, 'toBase64', { value: undefined, configurable: true })
      expect(values.map((value) => encodeKey(value))).toEqual(texts)
      Reflect.deleteProperty(globalThis, 'Buffer')
      expect(values.map((value) => encodeKey(value))).toEqual(texts)
    } finally {
      globalThis.Buffer = Buffer
      if (own) Object.defineProperty(prototype, 'toBase64', own)
      else delete prototype.toBase64
    }
  })

  it.runIf('Temporal' in globalThis)('Temporal', () => {
    const { Temporal } = globalThis as any
    const zoned = Temporal.ZonedDateTime.from('2026-10-25T02:30:00+02:00[Europe/Berlin]')
    expect(
      encodeKey([
        Temporal.Instant.fromEpochMilliseconds(1),
        Temporal.PlainDate.from('2026-02-03'),
        Temporal.PlainDate.from('2026-02-03[u-ca=gregory]'),
        Temporal.PlainTime.from('01:02:03.000000004'),
        Temporal.PlainDateTime.from('2026-02-03T04:05'),
        Temporal.PlainYearMonth.from('2026-02'),
        Temporal.PlainMonthDay.from('02-03'),
        zoned,
        Temporal.Duration.from({ milliseconds: 1000 }),
        Temporal.Duration.from({ seconds: 1 }),
      ]),
    ).toBe(
      `[${[
        'Instant("1970-01-01T00:00:00.001Z",1000000n)',
        'PlainDate("2026-02-03[u-ca=iso8601]")',
        'PlainDate("2026-02-03[u-ca=gregory]")',
        'PlainTime("01:02:03.000000004")',
        'PlainDateTime("2026-02-03T04:05:00[u-ca=iso8601]")',
        'PlainYearMonth("2026-02-01[u-ca=iso8601]")',
        'PlainMonthDay("1972-02-03[u-ca=iso8601]")',
        'ZonedDateTime("2026-10-25T02:30:00+02:00[Europe/Berlin][u-ca=iso8601]",1792888200000000000n)',
        'Duration("PT1S",1000,0,0)',
        'Duration("PT1S",0,0,0)',
      ].join(',')}]`,
    )
  })
})

describe('what differs has another text', () => {
  const different: [title: string, ...values: unknown[]][] = [
    ['1, "1" and 1n', 1, '1', 1n],
    ['0 and -0', 0, -0],
    [
      'undefined, null, a hole and their names',
      [undefined],
      [null],
      new Array(1),
      ['undefined'],
      ['null'],
      ['<hole>'],
      [],
    ],
    ['one string and two', ['a,b'], ['a', 'b'], ['a","b']],
    ['lone surrogates, and what they are escaped to', '\ud800', '\ud801', '\\ud800', '\ufffd'],
    ['an undefined property and none', { a: undefined }, {}],
    ['an own __proto__ and none', withProto, { b: 2 }],
    ['the order of elements', [1, 2], [2, 1]],
    [
      'the order of entries',
      new Map([
        [1, 1],
        [2, 2],
      ]),
      new Map([
        [2, 2],
        [1, 1],
      ]),
    ],
    ['the order of members', new Set([1, 2]), new Set([2, 1])],
    ['Map, Set, array and object', new Map(), new Set(), [], {}],
    ['a Map and its entries', new Map([['a', 1]]), [['a', 1]], { a: 1 }, new Set([['a', 1]])],
    ['a date, its number, its text', new Date(0), 0, new Date(0).toISOString(), { getTime: 0 }],
    ['flags and where a RegExp stands', /a/g, /a/i, /a/, Object.assign(/a/g, { lastIndex: 1 }), '/a/g'],
    ['R10 boxed primitives', 1, Object(1), '1', Object('1'), 1n, Object(1n), true, Object(true)],
    ['R10 a registered symbol, boxed, and its key', Symbol.for('a'), Object(Symbol.for('a')), 'a', Symbol.for('"a"')],
    [
      'R10 Buffer, typed arrays, DataView and ArrayBuffer over the same bytes',
      Buffer.from(bytes),
      bytes,
      new Int8Array(bytes.buffer),
      new Uint8ClampedArray(bytes.buffer),
      new Float64Array(bytes.buffer),
      new DataView(bytes.buffer),
      bytes.buffer,
      [...bytes],
    ],
    [
      'R10 errors by class, name, message, cause and own properties',
      new Error('a'),
      new TypeError('a'),
      new Error('b'),
      Object.assign(new Error('a'), { code: 'E1' }),
      Object.assign(new Error('a'), { code: 'E2' }),
      new Error('a', { cause: 1 }),
      new Error('a', { cause: undefined }),
      new AggregateError([], 'a'),
      new AggregateError([1], 'a'),
      { message: 'a' },
      'Error{"message":"a"}',
    ],
    ['a hook and the bare key', new User('42'), '42', 'Key("42")', { id: '42' }, ['42']],
    [
      'URL, its text and its parameters',
      new URL('https://a.example/?b'),
      'https://a.example/?b',
      new URLSearchParams('b'),
    ],
    ['tags in user strings', new Map(), 'Map()', ['Map()'], { 'Map()': 1 }, { Map: [] }],
    ['cycles and copies', cyclic, { ...cyclic, self: { ...cyclic } }, { list: '^1', self: '^1' }],
  ]

  it.each(different)('%s', (_, ...values) => {
    expect(new Set(values.map((value) => encodeKey(value))).size).toBe(values.length)
  })

  it('labels are part of the tag of a hook, and cannot be imitated', () => {
    const labelOf = (value: object) => (value as { label?: string }).label
    const of = (label: string | undefined, id: unknown) =>
      encodeKey(Object.assign(new User(id), { label }), undefined, { labelOf })
    expect(of('User', '42')).toBe('Key("User";"42")')
    expect(of(undefined, 'User";"42')).not.toBe(of('User', '42'))
    expect(of('', 1)).not.toBe(of(undefined, 1))
  })
})

describe('what is equal has one text', () => {
  const realm = runInNewContext(`({
    data: { b: [1, , new Map([['k', new Set([1n])]])], a: Object.assign(Object.create(null), { c: new Date(5) }) },
    kinds: [/a/g, new Uint8Array([1]), new Float64Array([1]), new ArrayBuffer(1), new DataView(new ArrayBuffer(1)),
      Object(1), Object('a'), new TypeError('t', { cause: new AggregateError([1], 'm') }), Symbol.for('s')],
  })`)

  it('NaN and NaN', () => expect(encodeKey(-NaN)).toBe(encodeKey(0 / 0)))

  it('whatever the order of properties: the first deliberate inexactness', () => {
    expect(encodeKey({ a: 1, b: { d: 2, c: 3 } })).toBe(encodeKey({ b: { c: 3, d: 2 }, a: 1 }))
    const names = Array.from({ length: 200 }, (_, at) => `p${at}`)
    const forwards = Object.fromEntries(names.map((name) => [name, name]))
    const backwards = Object.fromEntries(names.toReversed().map((name) => [name, name]))
    expect(encodeKey(forwards)).toBe(encodeKey(backwards))
  })

  it('shared references and copies: the second deliberate inexactness', () => {
    const a = { x: 1 }
    expect(encodeKey([a, a, { a }])).toBe(encodeKey([{ x: 1 }, { x: 1 }, { a: { x: 1 } }]))
  })

  it('a null prototype and a plain object', () => {
    expect(encodeKey(Object.assign(Object.create(null), { a: 1 }))).toBe(encodeKey({ a: 1 }))
    // What node:querystring returns inherits from an empty object without prototype.
    expect(encodeKey(Object.assign(Object.create(Object.create(null)), { a: 1 }))).toBe(encodeKey({ a: 1 }))
  })

  it('the bytes in view, wherever they stand', () => {
    expect(encodeKey(bytes.subarray(1, 3))).toBe(encodeKey(new Uint8Array([2, 3])))
    expect(encodeKey(Buffer.from('xabcx').subarray(1, 4))).toBe(encodeKey(Buffer.from('abc')))
    expect(encodeKey(new DataView(bytes.buffer, 1, 2))).toBe(encodeKey(new DataView(new Uint8Array([2, 3]).buffer)))
    expect(encodeKey(new Uint16Array(new Uint8Array([0, 0, 1, 2]).buffer, 2))).toBe(encodeKey(new Uint16Array([513])))
  })

  it('R10 values of another realm', () => {
    const own = {
      // biome-ignore lint/suspicious/noSparseArray: holes are the subject
      data: { a: { c: new Date(5) }, b: [1, , new Map([['k', new Set([1n])]])] },
      kinds: [
        /a/g,
        new Uint8Array([1]),
        new Float64Array([1]),
        new ArrayBuffer(1),
        new DataView(new ArrayBuffer(1)),
        Object(1),
        Object('a'),
        new TypeError('t', { cause: new AggregateError([1], 'm') }),
        Symbol.for('s'),
      ],
    }
    expect(encodeKey(realm)).toBe(encodeKey(own))
  })

  it('errors with another stack', () => {
    const make = () => new Error('same')
    expect(encodeKey(make())).toBe(encodeKey([make()][0]))
    const stack = { value: 'mine', enumerable: true }
    expect(encodeKey(Object.defineProperty(new Error('a'), 'stack', stack))).toBe(encodeKey(new Error('a')))
    // What an engine adds, such as the line and column of JavaScriptCore, is hidden.
    expect(encodeKey(Object.defineProperty(new Error('a'), 'line', { value: 1 }))).toBe(encodeKey(new Error('a')))
  })
})

describe('arguments', () => {
  it('stand side by side, and the empty list is empty', () => {
    expect(argumentsOf([]).text).toBe('')
    expect(argumentsOf(['']).text).toBe('""')
    expect(argumentsOf([1, 'a', [2]]).text).toBe('1,"a",[2]')
    expect(argumentsOf(['a,b']).text).not.toBe(argumentsOf(['a', 'b']).text)
    expect(argumentsOf(['a","b']).text).not.toBe(argumentsOf(['a', 'b']).text)
    expect(argumentsOf([[1, 2]]).text).not.toBe(argumentsOf([1, 2]).text)
  })

  it('trailing undefined is dropped where the function cannot tell', () => {
    expect(argumentsOf([undefined], 'drop').text).toBe('')
    expect(argumentsOf([1, undefined, undefined], 'drop').text).toBe('1')
    expect(argumentsOf([undefined, 1, undefined], 'drop').text).toBe('undefined,1')
    expect(argumentsOf([null, undefined], 'drop').text).toBe('null')
    expect(argumentsOf([[undefined], undefined], 'drop').text).toBe('[undefined]')
  })

  it('trailing undefined is kept where it can', () => {
    expect(argumentsOf([undefined], 'keep').text).toBe('undefined')
    expect(argumentsOf([1, undefined], 'keep').text).toBe('1,undefined')
  })

  it('R16 an AbortSignal is not in the key, and is handed over', () => {
    const { signal } = new AbortController()
    const other = AbortSignal.abort()
    expect(argumentsOf([1, signal])).toEqual({ text: '1,undefined', signals: [signal] })
    expect(argumentsOf([1, signal, 2]).text).toBe(argumentsOf([1, undefined, 2]).text)
    expect(argumentsOf([1, signal], 'drop').text).toBe(argumentsOf([1], 'drop').text)
    expect(argumentsOf([{ a: 1, signal, b: 2 }, other])).toEqual({
      text: '{"a":1,"b":2},undefined',
      signals: [signal, other],
    })
    expect(argumentsOf([{ signal }]).text).toBe(argumentsOf([{}]).text)
    expect(argumentsOf([{ signal }]).text).not.toBe(argumentsOf([{ signal: undefined }]).text)
  })

  it('R16 an AbortSignal anywhere else is refused', () => {
    const { signal } = new AbortController()
    const places: [unknown[], string][] = [
      [[{ a: { signal } }], 'args[0].a.signal'],
      [[0, [signal]], 'args[1][0]'],
      [[new Map([['signal', signal]])], 'args[0][0][1]'],
      [[Object.assign(new Error('a'), { signal })], 'args[0].signal'],
      [[new User(signal)], 'args[0][cacheKey]()'],
      [[{ [cacheKey]: () => signal }], 'args[0][cacheKey]()'],
    ]
    for (const [args, path] of places) {
      expect(refusal(() => argumentsOf(args))).toMatchObject({ reason: 'kind', path })
    }
    expect(refusal(() => encodeKey(signal)).reason).toBe('kind')
  })
})

describe('hooks and keyers', () => {
  it('cacheKey is a shared symbol, so that no import is needed', () => {
    expect(cacheKey).toBe(Symbol.for('autocache.cacheKey'))
    expect(encodeKey({ [Symbol.for('autocache.cacheKey')]: () => 1 })).toBe('Key(1)')
  })

  it('a hook may be inherited, own, static, or on an array', () => {
    class Admin extends User {}
    class Config {
      static [cacheKey] = () => 'config'
    }
    expect(encodeKey(new Admin(1))).toBe('Key(1)')
    expect(encodeKey(Object.assign(new Point(1, 2), { [cacheKey]: () => 'p' }))).toBe('Key("p")')
    expect(encodeKey(Config)).toBe('Key("config")')
    expect(encodeKey(Object.assign([1], { [cacheKey]: () => 'list' }))).toBe('Key("list")')
  })

  it('what a hook returns is a value like others, and what it refuses has a path', () => {
    expect(encodeKey(new User({ b: 1, a: [new User(2)] }))).toBe('Key({"a":[Key(2)],"b":1})')
    expect(refusal(() => argumentsOf([{ user: new User({ f: () => {} }) }])).path).toBe('args[0].user[cacheKey]().f')
  })

  it('the error of a hook or keyer reaches the caller as the same object', () => {
    const mine = new Error('mine')
    class Broken {
      [cacheKey]() {
        throw mine
      }
    }
    class Foreign {}
    registerKeyer(Foreign, () => {
      throw mine
    })
    for (const value of [new Broken(), new Foreign(), [{ a: new Broken() }]]) {
      expect(() => encodeKey(value)).toThrow(mine)
      expect(() => argumentsOf([value])).toThrow(mine)
    }
  })

  it('the error of what a hook itself encodes reaches the caller as it is', () => {
    class Nested {
      [cacheKey]() {
        return encodeKey({ f: () => {} })
      }
    }
    expect(refusal(() => encodeKey({ a: new Nested() })).path).toBe('value.f')
    class Fine {
      [cacheKey]() {
        return encodeKey([this.constructor.name])
      }
    }
    expect(encodeKey([{ a: new Fine() }, [1]])).toBe('[{"a":Key("[\\"Fine\\"]")},[1]]')
  })

  it('a hook that leads nowhere is refused and does not hang', () => {
    const itself: object = { [cacheKey]: () => itself }
    expect(refusal(() => encodeKey(itself)).reason).toBe('kind')
    class Endless {
      [cacheKey](): unknown {
        return new Endless()
      }
    }
    expect(refusal(() => encodeKey(new Endless())).reason).toBe('bounds')
    const round: { id: number; me?: unknown } = { id: 1 }
    round.me = new User(round)
    expect(encodeKey(round)).toBe('{"id":1,"me":Key(^2)}')
  })

  it('a hook that is no function is none', () => {
    expect(refusal(() => encodeKey({ [cacheKey]: 'id' })).reason).toBe('kind')
  })

  it('a keyer holds for direct instances, before a hook, and not for subclasses', () => {
    class Vector extends Point {}
    registerKeyer(Point, (point) => [point.x, point.y])
    expect(encodeKey(new Point(1, 2))).toBe('Key([1,2])')
    expect(refusal(() => encodeKey(new Vector(1, 2))).reason).toBe('kind')
    registerKeyer(Vector, ({ x, y }) => ({ x, y }))
    expect(encodeKey(new Vector(1, 2))).toBe('Key({"x":1,"y":2})')
    class Both extends User {}
    registerKeyer(Both, () => 'keyer')
    expect(encodeKey(new Both('hook'))).toBe('Key("keyer")')
    class MyMap extends Map {}
    registerKeyer(MyMap, (map) => new Map(map))
    expect(encodeKey(new MyMap([[1, 2]]))).toBe('Key(Map([1,2]))')
  })

  it('plain objects and arrays take no keyer', () => {
    for (const Class of [Object, Array] as (abstract new () => object)[]) {
      expect(() => registerKeyer(Class, () => 1)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
  })
})

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
    ['a thenable', { then: () => {} }],
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
    ['R10 a Map with a hidden property', Object.defineProperty(new Map(), 'extra', { value: 1 })],
    ['R10 a Set with extra properties', Object.assign(new Set(), { extra: 1 })],
    ['R10 a Date with extra properties', Object.assign(new Date(0), { extra: 1 })],
    ['R10 a RegExp with extra properties', Object.assign(/a/, { extra: 1 })],
    ['R10 a RegExp with an element', Object.assign(/a/, { 0: 1 })],
    ['R10 a URL with extra properties', Object.assign(new URL('https://a.example'), { extra: 1 })],
    ['R10 a typed array with extra properties', Object.assign(new Uint8Array(2), { extra: 1 })],
    ['R10 a typed array with a symbol key', withSymbol(new Uint8Array(2))],
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
