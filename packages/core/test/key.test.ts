import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { defaultKeyBounds, encodeArguments, encodeKey } from '../src/key.ts'
import { argumentsOf, refusal, sparse, User } from './key-support.ts'

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
    ['hole', sparse(5, { 1: 1, 3: undefined }), '[<hole>,1,<hole>,undefined,<hole>]'],
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
    ['RegExp', [/a\/"b/gi, /(?:)/dgimsuy], '[RegExp("a\\\\/\\"b","gi",0),RegExp("(?:)","dgimsuy",0)]'],
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
      data: { a: { c: new Date(5) }, b: sparse(3, { 0: 1, 2: new Map([['k', new Set([1n])]]) }) },
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

  it('whatever hidden properties there are: what is not enumerable is not seen', () => {
    const hidden = { extra: { value: 1 } }
    for (const make of [() => ({ a: 1 }), () => [1], () => new Map(), () => new Date(0), () => new Uint8Array(1)]) {
      expect(encodeKey(Object.defineProperties(make(), hidden))).toBe(encodeKey(make()))
    }
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
      [[{ [Symbol.for('autocache.cacheKey')]: () => signal }], 'args[0][cacheKey]()'],
    ]
    for (const [args, path] of places) {
      expect(refusal(() => argumentsOf(args))).toMatchObject({ reason: 'kind', path })
    }
    expect(refusal(() => encodeKey(signal)).reason).toBe('kind')
  })
})
