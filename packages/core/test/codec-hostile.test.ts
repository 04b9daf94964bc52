// biome-ignore-all lint/suspicious/noSparseArray: holes are a kind of value
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type CodecType, codec, createCodec } from '../src/codec.ts'
import { EntryFormatError } from '../src/errors.ts'

/** The properties of every intrinsic object that a text could reach. */
const intrinsics = [
  Object,
  Array,
  Map,
  Set,
  Error,
  TypeError,
  Date,
  RegExp,
  String,
  Function,
  URL,
  Headers,
  ArrayBuffer,
]
const world = () =>
  intrinsics
    .flatMap((intrinsic): object[] => [intrinsic, intrinsic.prototype])
    .flatMap((object) => Object.entries(Object.getOwnPropertyDescriptors(object)))
    .flatMap(([key, own]) => [key, own.value, own.get])
const before = world()
afterEach(() => {
  const after = world()
  expect(after.length).toBe(before.length)
  expect(after.findIndex((part, i) => !Object.is(part, before[i]))).toBe(-1)
})

/** Decodes and says which of the two permitted outcomes it was. */
function outcome(text: string, by = codec): 'value' | 'miss' {
  try {
    by.decode(text)
    return 'value'
  } catch (error) {
    if (error instanceof EntryFormatError) return 'miss'
    throw error
  }
}

const sample = codec.encode({
  rows: [{ id: 1, at: new Date(0), tags: new Set(['a', 'é😀']) }, , { id: 2n, by: new Map([[{ k: 1 }, /x/g]]) }],
  error: Object.assign(new TypeError('m', { cause: new AggregateError([new Error('n')]) }), { code: 'E' }),
  bytes: [Buffer.from('abc'), new Float64Array([1, 2]), new DataView(new ArrayBuffer(4))],
  web: [new URL('https://a.example/'), new URLSearchParams('a=1'), new Headers({ a: 'b' })],
  odd: [Symbol.for('s'), Object('boxed'), Object.create(null), Number.NaN, undefined],
})

describe('any text is decoded to a value or is an EntryFormatError, and changes nothing', () => {
  test('random strings', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => void outcome(text)),
      { numRuns: 5_000 },
    )
  })

  test('a text cut off at any place', () => {
    for (let end = 0; end < sample.length; end++) expect(outcome(sample.slice(0, end))).toBe('miss')
  })

  test('a text with one bit flipped, at any place', () => {
    for (let at = 0; at < sample.length; at++) {
      for (const bit of [0, 2, 5, 15]) {
        const flipped = String.fromCharCode(sample.charCodeAt(at) ^ (1 << bit))
        outcome(sample.slice(0, at) + flipped + sample.slice(at + 1))
      }
    }
  })

  test('lists that look like what encode writes', () => {
    const builtin =
      'Date Set Map RegExp Object BigInt null URL URLSearchParams ArrayBuffer DataView Uint8Array Float64Array'
    const tags = `${builtin} BigInt64Array Temporal.Instant Temporal.Duration ~ ~ ~ ~`.split(' ')
    const names =
      'Buffer Error Headers Symbol Duration TypeError AggregateError +T +U message stack cause __proto__'.split(' ')
    const scalar = fc.oneof(
      fc.integer({ min: -8, max: 12 }),
      fc.constantFrom(4_294_967_295, 2 ** 53, 1.5, -1e9),
      fc.constantFrom(...names, 'AQI=', '', '1'),
      fc.boolean(),
      fc.constant(null),
    )
    const key = fc.constantFrom(
      'a',
      'b',
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'then',
      'length',
      'valueOf',
    )
    const node = fc.oneof(
      scalar,
      fc.array(scalar),
      fc.dictionary(key, scalar),
      fc.constantFrom(...names),
      fc.tuple(fc.constantFrom(...tags), fc.array(scalar, { maxLength: 6 })).map(([tag, rest]) => [tag, ...rest]),
      fc.tuple(fc.constantFrom('Error', '~', '+T'), fc.json()).map(([tag, rest]) => [tag, rest]),
    )
    const type: CodecType<object> = {
      name: 'T',
      test: () => false,
      encode: (value) => value,
      decode: (data) => ({ data }),
    }
    const seen = { value: 0, miss: 0 }
    const typed = createCodec([type])
    fc.assert(
      fc.property(
        fc.array(node, { minLength: 1, maxLength: 12 }),
        (list) => void seen[outcome(JSON.stringify(list), typed)]++,
      ),
      { numRuns: 20_000 },
    )
    expect(seen.value, 'the lists are near enough to be read at times').toBeGreaterThan(500)
    expect(seen.miss).toBeGreaterThan(500)
  })

  test('a prototype named by the text', () => {
    const texts = [
      '[{"__proto__":1},{"polluted":2},true]',
      '[["null","__proto__",1],{"polluted":2},true]',
      '[{"constructor":1},{"prototype":2},{"polluted":3},true]',
      '[["~",1],[2,3,4,5,6],"Error","Error","__proto__",true,{"polluted":7},true]',
      '[["~",1],[2,3,4],"Headers","__proto__","x"]',
      '[["__proto__",1],{"polluted":2},true]',
    ]
    for (const text of texts) outcome(text)
    expect('polluted' in {}).toBe(false)
    const error = codec.decode('[["~",1],[2,2,3,4,5],"Error","__proto__",true,{"x":4}]') as object
    expect(Object.getPrototypeOf(error), 'a property of an error, and not its prototype').toBe(Error.prototype)
  })

  test('names of inherited properties are no tags', () => {
    for (const tag of [
      'constructor',
      'toString',
      '__proto__',
      '__defineGetter__',
      'hasOwnProperty',
      '+',
      '+toString',
      '',
    ]) {
      expect(outcome(`[["~",1],[2,2],${JSON.stringify(tag)}]`)).toBe('miss')
      expect(outcome(`[["${tag}",1],"x"]`)).toBe('miss')
    }
    for (const name of ['Function', 'Object', 'eval', 'Promise', 'Error2']) {
      expect(outcome(`[["~",1],[2,3],"Error",${JSON.stringify(name)}]`)).toBe('miss')
    }
  })

  test('a value that closes on itself where nothing can', () => {
    for (const text of [
      '[["~",0]]',
      '[["~",1],[2,3,4,5,0],"Error","Error","cause",false]',
      '[["Object",0]]',
      '[["Uint8Array",0]]',
      '[["~",1],["~",0]]',
    ]) {
      expect(outcome(text)).toBe('miss')
    }
  })

  test('what this runtime does not have', () => {
    const text = codec.encode(Buffer.from('a'))
    vi.stubGlobal('Buffer', undefined)
    try {
      expect(outcome(text)).toBe('miss')
    } finally {
      vi.unstubAllGlobals()
    }
    if (!('Temporal' in globalThis)) {
      expect(outcome('[["Temporal.Instant","2026-11-22T00:00:00Z"]]')).toBe('miss')
      expect(outcome('[["~",1],[2,3],"Duration",1]')).toBe('miss')
    }
  })

  test('an error says nothing of the text', () => {
    try {
      codec.decode('[{"password":hunter2}]')
      expect.unreachable()
    } catch (error) {
      expect(String(error)).not.toContain('hunter2')
      expect((error as Error).cause).toBeUndefined()
    }
  })
})

describe('a short text asks for little time and memory', () => {
  const deep = 200_000
  const chain = (link: (next: number) => unknown) =>
    JSON.stringify([...Array.from({ length: deep }, (_, i) => link(i + 1)), 'end'])
  const many = 50_000
  const times = (node: unknown, ...rest: unknown[]) => {
    const first = many + 2
    return JSON.stringify([
      Array.from({ length: many }, (_, i) => i + 1),
      ...new Array(many).fill(node),
      'unused',
      ...rest,
    ])
      .replaceAll('"$', '')
      .replaceAll('$"', '')
      .replaceAll('@', String(first))
  }

  test.each<[string, () => string]>([
    ['arrays nested in the text', () => '['.repeat(deep)],
    ['balanced arrays nested in the text', () => `${'['.repeat(deep)}${']'.repeat(deep)}`],
    ['a long chain of objects', () => chain((next) => ({ a: next }))],
    ['a long chain of Maps', () => chain((next) => ['Map', next, next])],
    ['a long chain of tags', () => chain((next) => ['~', next])],
    ['the longest array there can be', () => '[[-7,4294967295]]'],
    [
      'many of them',
      () => JSON.stringify([Array.from({ length: 999 }, (_, i) => i + 1), ...new Array(999).fill([-7, 4_294_967_295])]),
    ],
    ['a list of parts with 4 billion holes', () => '[["~",1],[-7,4294967295,0,2],"Headers"]'],
    ['a Buffer of a length', () => '[["~",1],[2,3],"Buffer",4000000000]'],
    ['a Buffer of what has a length', () => '[["~",1],[2,3],"Buffer",{"length":4},4000000000]'],
    ['a typed array of a length', () => '[["Uint8Array",1],4000000000]'],
    ['a view past the end', () => '[["Uint8Array",1,0,4000000000],["ArrayBuffer","AA=="]]'],
    [
      'one long list of properties for many errors',
      () => times(['~', '$@$'], [many + 3, many + 3, ...new Array(many).fill([many + 4, -1, -1]).flat()], 'Error', 'k'),
    ],
    [
      'one long list of headers for many values',
      () => times(['~', '$@$'], [many + 3, ...new Array(many).fill(many + 4)], 'Headers', 'a'),
    ],
    ['a number of a million digits', () => `[["BigInt","${'9'.repeat(1_000_000)}"]]`],
    ['a RegExp that would search for ever', () => '[["RegExp","(a+)+$"]]'],
    ['a million characters of base64', () => `[["ArrayBuffer","${'A'.repeat(1_000_000)}"]]`],
  ])('%s', (_, text) => {
    const hostile = text()
    const [heap, start] = [process.memoryUsage().rss, performance.now()]
    outcome(hostile)
    expect(performance.now() - start).toBeLessThan(2_000)
    expect(process.memoryUsage().rss - heap).toBeLessThan(256 * 2 ** 20)
  })
})
