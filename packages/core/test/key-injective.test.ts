/**
 * The proof that keys are injective: a reader of the grammar gives back exactly what was encoded, whatever that was.
 * Values are built from models, which are what the reader returns, so that nothing compares values by their keys.
 */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cacheKey, defaultKeyBounds, encodeArguments, encodeKey } from '../src/key.ts'

type Model =
  | { kind: 'leaf'; value: string | number | bigint | boolean | null | undefined }
  | { kind: 'hole' }
  | { kind: 'up'; levels: number }
  | { kind: 'list'; name: string; items: Model[] }
  | { kind: 'record'; name: string; properties: [string, Model][] }
  | { kind: 'key'; label: string | undefined; item: Model }

const leaf = (value: Extract<Model, { kind: 'leaf' }>['value']): Model => ({ kind: 'leaf', value })
const list = (name: string, ...items: Model[]): Model => ({ kind: 'list', name, items })

class Hooked {
  key: unknown
  readonly label: string | undefined
  constructor(label: string | undefined) {
    this.label = label
  }
  [cacheKey]() {
    return this.key
  }
}

const labelOf = (value: object) => (value as Partial<Hooked>).label
const encode = (value: unknown) => encodeKey(value, undefined, { labelOf })
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

/** The value that a model describes. */
function build(model: Model, ancestors: unknown[] = []): unknown {
  switch (model.kind) {
    case 'leaf':
      return model.value
    case 'up':
      return ancestors.at(-model.levels)
    case 'key': {
      const hooked = new Hooked(model.label)
      hooked.key = build(model.item, [...ancestors, hooked])
      return hooked
    }
    case 'record': {
      const value = model.name
        ? (Reflect.construct((globalThis as any)[model.name], model.name === 'AggregateError' ? [[]] : []) as object)
        : {}
      if (model.name === 'AggregateError') Reflect.deleteProperty(value, 'errors')
      for (const [name, item] of model.properties) {
        const built = build(item, [...ancestors, value])
        Object.defineProperty(value, name, { value: built, enumerable: true, configurable: true, writable: true })
      }
      return value
    }
    case 'list': {
      const { name, items } = model
      if (name === '') {
        const value: unknown[] = new Array(items.length)
        for (const [at, item] of items.entries()) {
          if (item.kind !== 'hole') value[at] = build(item, [...ancestors, value])
        }
        return value
      }
      if (name === 'Map') {
        const value = new Map()
        for (const pair of items) {
          const [key, item] = (pair as unknown as { items: [Model, Model] }).items
          value.set(build(key, [...ancestors, value, undefined]), build(item, [...ancestors, value, undefined]))
        }
        return value
      }
      if (name === 'Set') {
        const value = new Set()
        for (const item of items) value.add(build(item, [...ancestors, value]))
        return value
      }
      const [first, second, third] = items.map((item) => build(item)) as [any, any, any]
      const Class = (globalThis as any)[name]
      if (name === 'Symbol') return typeof first === 'symbol' ? Object(first) : Symbol.for(first)
      if (['Number', 'String', 'Boolean', 'BigInt'].includes(name)) return Object(first)
      if (name === 'RegExp') return Object.assign(new RegExp(first, second), { lastIndex: third })
      if (name === 'Date' || name === 'URL') return new Class(first)
      if (name === 'Headers' || name === 'URLSearchParams') return new Class(items.map((item) => build(item)))
      const bytes = Buffer.from(first, 'base64')
      if (name === 'Buffer') return bytes
      const buffer = new (name === 'SharedArrayBuffer' ? SharedArrayBuffer : ArrayBuffer)(bytes.length)
      new Uint8Array(buffer).set(bytes)
      return name.endsWith('ArrayBuffer') ? buffer : new Class(buffer)
    }
    default:
      throw new Error('A hole is built by its list.')
  }
}

/** The model without what keys ignore, and without what cannot be built: back-references to nothing. */
function normal(model: Model, ancestors: boolean[] = []): Model {
  switch (model.kind) {
    case 'up':
      return ancestors.at(-model.levels) && (model.levels > 1 || ancestors.at(-1) === true) ? model : leaf(null)
    case 'key': {
      const item = normal(model.item, [...ancestors, true])
      return { ...model, item: item.kind === 'up' && item.levels === 1 ? leaf(null) : item }
    }
    case 'record':
      return {
        ...model,
        properties: model.properties
          .map(([name, item]): [string, Model] => [name, normal(item, [...ancestors, true])])
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      }
    case 'list': {
      if (model.name === 'Map') {
        // The pairs of a Map are no objects to come back to.
        const items = model.items.map((pair) =>
          list('', ...(pair as { items: Model[] }).items.map((item) => normal(item, [...ancestors, true, false]))),
        )
        return { ...model, items }
      }
      return { ...model, items: model.items.map((item) => normal(item, [...ancestors, true])) }
    }
    default:
      return model
  }
}

/** Reads the text of one value, or a list of texts, back into models. */
function reader(text: string) {
  let at = 0
  const peek = (token: string) => text.startsWith(token, at)
  const take = (token: string): boolean => {
    if (!peek(token)) return false
    at += token.length
    return true
  }
  const expectToken = (token: string) => {
    if (!take(token)) throw new Error(`Expected ${token} at ${at} of ${text}`)
  }
  const match = (pattern: RegExp): string | undefined => {
    const found = new RegExp(pattern, 'y')
    found.lastIndex = at
    const [token] = found.exec(text) ?? []
    if (token !== undefined) at += token.length
    return token
  }
  const string = (): string => {
    const token = match(/"(?:[^"\\]|\\.)*"/)
    if (token === undefined) throw new Error(`Expected a string at ${at} of ${text}`)
    return JSON.parse(token)
  }
  function sequence<T>(end: string, item: () => T): T[] {
    const items: T[] = []
    if (take(end)) return items
    do items.push(item())
    while (take(','))
    expectToken(end)
    return items
  }
  const properties = () =>
    sequence('}', (): [string, Model] => {
      const name = string()
      expectToken(':')
      return [name, value()]
    })
  function value(): Model {
    if (peek('"')) return leaf(string())
    if (take('<hole>')) return { kind: 'hole' }
    if (take('^')) return { kind: 'up', levels: Number(match(/\d+/)) }
    if (take('[')) return list('', ...sequence(']', value))
    if (take('{')) return { kind: 'record', name: '', properties: properties() }
    const digits = match(/-?\d+n/)
    if (digits !== undefined) return leaf(BigInt(digits.slice(0, -1)))
    const number = match(/-?(?:\d+(?:\.\d+)?(?:e[+-]\d+)?|Infinity)|NaN/)
    if (number !== undefined) return leaf(Number(number))
    const name = match(/\w+/) ?? ''
    if (take('{')) return { kind: 'record', name, properties: properties() }
    if (take('(')) {
      if (name !== 'Key') return list(name, ...sequence(')', value))
      const first = value()
      const labelled = take(';')
      const model: Model = {
        kind: 'key',
        label: labelled ? (first as any).value : undefined,
        item: labelled ? value() : first,
      }
      expectToken(')')
      return model
    }
    const words: Record<string, null | undefined | boolean> = { null: null, undefined, true: true, false: false }
    if (!(name in words)) throw new Error(`Unknown word at ${at} of ${text}`)
    return leaf(words[name])
  }
  return {
    one(): Model {
      const model = value()
      if (at !== text.length) throw new Error(`More than one value: ${text}`)
      return model
    },
    many(): Model[] {
      const models: Model[] = []
      while (at < text.length) {
        if (models.length) expectToken(',')
        models.push(value())
      }
      return models
    },
  }
}

const pieces = [
  'a',
  'b',
  ',',
  '"',
  '\\',
  '\ud800',
  '\udc00',
  '[',
  ']',
  '(',
  ')',
  '{',
  '}',
  ':',
  ';',
  '~',
  '^1',
  '<hole>',
  'Map(',
  'Key(',
  '\n',
  '\u0000',
  'n',
  '1',
]
const text = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 4 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', '__proto__', 'constructor', '0', '10', 'é', '') },
  { weight: 1, arbitrary: text },
)
const number = fc.oneof(fc.constantFrom(0, -0, 1, NaN, Infinity, -Infinity, 1e21), fc.double(), fc.integer())
const primitive = fc
  .oneof(text, number, fc.boolean(), fc.constantFrom(null, undefined), fc.oneof(fc.constantFrom(0n, 1n), fc.bigInt()))
  .map(leaf)
const bytes = fc.uint8Array({ maxLength: 3 }).chain((some) => {
  const whole = new Uint8Array(8)
  whole.set(some)
  return fc.constantFrom(
    ...['Uint8Array', 'Int8Array', 'Uint8ClampedArray', 'Buffer', 'DataView', 'ArrayBuffer', 'SharedArrayBuffer'].map(
      (name) => list(name, leaf(base64(some))),
    ),
    ...['Int16Array', 'Uint32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'].map((name) =>
      list(name, leaf(base64(whole))),
    ),
  )
})
const special = fc.oneof(
  fc.oneof(fc.constantFrom(0, NaN, 1), fc.integer()).map((time) => list('Date', leaf(time))),
  fc
    .tuple(fc.constantFrom('a', '(?:)', 'b"', '\\/'), fc.constantFrom('', 'g', 'gi', 'dgimsuy'), fc.nat(2))
    .map((parts) => list('RegExp', ...parts.map(leaf))),
  text.map((key) => list('Symbol', leaf(key))),
  text.map((key) => list('Symbol', list('Symbol', leaf(key)))),
  number.map((value) => list('Number', leaf(value))),
  text.map((value) => list('String', leaf(value))),
  fc.boolean().map((value) => list('Boolean', leaf(value))),
  fc.bigInt().map((value) => list('BigInt', leaf(value))),
  fc.webUrl().map((url) => list('URL', leaf(new URL(url).href))),
  fc
    .array(fc.tuple(text, text), { maxLength: 2 })
    .map((pairs) =>
      list(
        'URLSearchParams',
        ...pairs.map((pair) => list('', ...pair.map((part) => leaf(part.replace(/\p{Surrogate}/gu, '\ufffd'))))),
      ),
    ),
  fc
    .uniqueArray(fc.constantFrom('a', 'b', 'c-d'), { maxLength: 3 })
    .map((names) => list('Headers', ...names.sort().map((name) => list('', leaf(name), leaf(`${name}, "x"`))))),
  bytes,
)

const { model: tree } = fc.letrec<{ model: Model }>((tie) => {
  const item = tie('model')
  const properties = fc.uniqueArray(fc.tuple(name, item), { maxLength: 4, selector: ([key]) => key })
  // What is an object is told from every other member; two equal primitives would be one.
  const member = fc.oneof(
    fc.array(item, { maxLength: 2 }).map((items) => list('', ...items)),
    properties.map((all): Model => ({ kind: 'record', name: '', properties: all })),
  )
  return {
    model: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      primitive,
      special,
      fc.nat(4).map((levels): Model => ({ kind: 'up', levels: levels + 1 })),
      fc
        .array(
          fc.oneof({ weight: 5, arbitrary: item }, { weight: 1, arbitrary: fc.constant<Model>({ kind: 'hole' }) }),
          { maxLength: 4 },
        )
        .map((items) => list('', ...items)),
      properties.map((all): Model => ({ kind: 'record', name: '', properties: all })),
      fc.tuple(fc.constantFrom('Error', 'TypeError', 'AggregateError'), properties).map(
        ([name, all]): Model => ({
          kind: 'record',
          name,
          properties: all.filter(([key]) => key !== 'stack'),
        }),
      ),
      fc
        .array(fc.tuple(member, item), { maxLength: 3 })
        .map((pairs) => list('Map', ...pairs.map((pair) => list('', ...pair)))),
      fc.array(member, { maxLength: 3 }).map((items) => list('Set', ...items)),
      fc
        .tuple(fc.option(text, { nil: undefined }), item)
        .map(([label, inner]): Model => ({ kind: 'key', label, item: inner })),
    ),
  }
})
/** Models as a key sees them, with the order of properties that they came with. */
const model = tree.filter((some) => some.kind !== 'hole')

/** The same model with another order of properties. */
function reordered(some: Model): Model {
  switch (some.kind) {
    case 'record':
      return {
        ...some,
        properties: some.properties.map(([key, item]): [string, Model] => [key, reordered(item)]).reverse(),
      }
    case 'list':
      return { ...some, items: some.items.map(reordered) }
    case 'key':
      return { ...some, item: reordered(some.item) }
    default:
      return some
  }
}

it('what is encoded can be read back exactly: no two different values share a key', () => {
  fc.assert(
    fc.property(model, (some) => {
      const expected = normal(some)
      const key = encode(build(expected))
      expect(reader(key).one()).toStrictEqual(expected)
      expect(key).not.toMatch(/\p{Surrogate}/u)
      expect(key).toMatch(/^[^~;]/)
    }),
    { numRuns: 3000 },
  )
})

it('the order of properties does not matter, and encoding twice gives one key', () => {
  fc.assert(
    fc.property(model, (some) => {
      const key = encode(build(normal(some)))
      expect(encode(build(normal(reordered(some))))).toBe(key)
      const shuffled = reordered(normal(some))
      expect(encode(build(shuffled))).toBe(key)
    }),
    { numRuns: 1000 },
  )
})

it('two values have one key exactly when they are equal', () => {
  const small = fc.oneof(
    model,
    fc.array(primitive, { maxLength: 2 }).map((items) => list('', ...items)),
    primitive,
  )
  const pair = fc
    .tuple(small, small, fc.boolean())
    .map(([a, b, same]): [Model, Model] => [normal(a), normal(same ? reordered(a) : b)])
  fc.assert(
    fc.property(pair, ([a, b]) => {
      expect(encode(build(a)) === encode(build(b))).toBe(isDeepStrictEqual(a, b))
    }),
    { numRuns: 3000 },
  )
})

it('a list of arguments can be read back exactly', () => {
  fc.assert(
    fc.property(fc.array(model, { maxLength: 4 }), (some) => {
      const expected = some.map((each) => normal(each))
      const key = encodeArguments(
        expected.map((each) => build(each)),
        defaultKeyBounds,
        { trailing: 'keep', signals: [], labelOf },
      )
      expect(reader(key).many()).toStrictEqual(expected)
    }),
    { numRuns: 1000 },
  )
})

it('trailing undefined is the only thing that dropping drops', () => {
  fc.assert(
    fc.property(fc.array(primitive, { maxLength: 4 }), (some) => {
      const args = some.map((each) => build(each))
      const dropped = encodeArguments(args, defaultKeyBounds, { trailing: 'drop', signals: [] })
      const last = args.findLastIndex((value) => value !== undefined)
      expect(dropped).toBe(
        encodeArguments(args.slice(0, last + 1), defaultKeyBounds, { trailing: 'keep', signals: [] }),
      )
    }),
  )
})

it('strings read as JSON writes them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (some) => {
      expect(encodeKey(some)).toBe(JSON.stringify(some))
      expect(encodeKey({ [some]: some })).toBe(JSON.stringify(Object.fromEntries([[some, some]])))
    }),
  )
})

it('whatever it is given, it answers or refuses', () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  })
  fc.assert(
    fc.property(anything, (value) => {
      try {
        expect(encodeKey(value)).toBe(encodeKey(value))
      } catch (error) {
        expect(error).toMatchObject({ code: 'UNKEYABLE_VALUE' })
      }
    }),
    { numRuns: 1000 },
  )
})
