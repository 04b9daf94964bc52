// biome-ignore-all lint/suspicious/noSparseArray: holes are a kind of value
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { clone } from '../src/clone.ts'
import { UnstorableValueError } from '../src/errors.ts'
import { testScope } from '../src/testing.ts'
import { thrown } from './version-support.ts'

describe('a copy', () => {
  test.each<[string, unknown]>([
    ['a number', 5],
    ['-0', -0],
    ['NaN', NaN],
    ['text', 'text'],
    ['a bigint', 5n],
    ['undefined', undefined],
    ['null', null],
    ['a boolean', true],
  ])('of %s is itself', (_, value) => {
    expect(Object.is(clone(value), value)).toBe(true)
  })

  test.each<[string, object]>([
    ['an object', { a: 1, b: { c: [1, 2, { d: 3 }] }, e: undefined }],
    ['an object without prototype', Object.assign(Object.create(null), { a: { b: 1 } })],
    ['an array', [1, [2], { a: 3 }]],
    ['an array with holes', [1, , 3, , ,]],
    ['an array with properties of its own', Object.assign([1, 2], { total: 3 })],
    [
      'a map',
      new Map<unknown, unknown>([
        [{ key: 1 }, { value: [1] }],
        ['b', new Map([[1, 2]])],
      ]),
    ],
    ['a set', new Set<unknown>([1, { a: 1 }, new Set([2])])],
    ['a date', new Date(1234)],
    ['an invalid date', new Date(NaN)],
    ['a regular expression', /a+/gi],
    ['bytes', new Uint8Array([1, 2, 3])],
    ['a view into the middle', new Uint16Array([1, 2, 3, 4]).subarray(1, 3)],
    ['a DataView', new DataView(new ArrayBuffer(8), 2, 4)],
    ['an ArrayBuffer', new Uint8Array([1, 2]).buffer],
    ['a Buffer', Buffer.from('abc')],
    ['an error', new RangeError('too far', { cause: { code: 5 } })],
    ['an own `__proto__`', JSON.parse('{"__proto__": {"admin": true}, "a": 1}') as object],
    ['symbol keys', { [Symbol.for('own')]: { a: 1 } }],
    ['boxed', Object(5)],
  ])('of %s is equal in kind, and another', (_, value) => {
    const copy = clone(value)
    expect(copy).toStrictEqual(value)
    expect(copy).not.toBe(value)
    expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(value))
    expect(Reflect.ownKeys(copy).map(String).sort()).toEqual(Reflect.ownKeys(value).map(String).sort())
  })

  test('shares nothing that can be changed', () => {
    const value = {
      list: [{ n: 1 }],
      map: new Map([['a', { n: 1 }]]),
      set: new Set([{ n: 1 }]),
      at: new Date(0),
      bytes: new Uint8Array(2),
    }
    const copy = clone(value)
    copy.list[0]!.n = 9
    copy.map.get('a')!.n = 9
    for (const item of copy.set) item.n = 9
    copy.at.setTime(9)
    copy.bytes[0] = 9
    expect(value).toEqual({
      list: [{ n: 1 }],
      map: new Map([['a', { n: 1 }]]),
      set: new Set([{ n: 1 }]),
      at: new Date(0),
      bytes: new Uint8Array(2),
    })
  })

  test('keeps rings and shared parts', () => {
    const shared = { n: 1 }
    const value: { self?: unknown; a: object; b: object; map: Map<unknown, unknown>; set: Set<unknown> } = {
      a: shared,
      b: shared,
      map: new Map(),
      set: new Set(),
    }
    value.self = value
    value.map.set(value.map, shared)
    value.set.add(value.set)
    const copy = clone(value)
    expect(copy.self).toBe(copy)
    expect(copy.a).toBe(copy.b)
    expect(copy.map.get(copy.map)).toBe(copy.a)
    expect(copy.set.has(copy.set)).toBe(true)
    expect(copy.a).not.toBe(shared)
  })

  test('keeps what is hidden or cannot be written', () => {
    const value = Object.defineProperties({}, { hidden: { value: { n: 1 } }, fixed: { value: 2, enumerable: true } })
    expect(Object.getOwnPropertyDescriptors(clone(value))).toEqual(Object.getOwnPropertyDescriptors(value))
  })

  test('of an own `__proto__` changes no prototype', () => {
    const copy = clone(JSON.parse('{"__proto__": {"admin": true}}') as { admin?: boolean })
    expect(copy.admin).toBeUndefined()
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
  })
})

describe('what cannot be copied faithfully is refused with its path', () => {
  class Own {
    n = 1
  }
  test.each<[string, unknown, string]>([
    ['a function', { fn() {} }, 'value.fn'],
    ['a symbol', [Symbol('own')], 'value[0]'],
    ['an instance', { rows: [new Own()] }, 'value.rows[0]'],
    ['a subclass of a map', new (class Sub extends Map {})(), 'value'],
    ['a subclass of an array', new (class Sub extends Array {})(), 'value'],
    ['a subclass of a date', { at: new (class Sub extends Date {})() }, 'value.at'],
    ['a subclass of an error', new (class Sub extends Error {})(), 'value'],
    ['an error with properties of its own', Object.assign(new Error('x'), { code: 5 }), 'value'],
    ['a date with properties of its own', Object.assign(new Date(0), { zone: 'x' }), 'value'],
    ['a map with properties of its own', Object.assign(new Map(), { total: 5 }), 'value'],
    ['a map with a symbol of its own', Object.assign(new Map(), { [Symbol.for('own')]: 5 }), 'value'],
    ['a set with a symbol of its own', { set: Object.assign(new Set(), { [Symbol.for('own')]: 5 }) }, 'value.set'],
    ['a map with a hidden property', Object.defineProperty(new Map(), 'total', { value: 5 }), 'value'],
    [
      'a getter',
      {
        get now() {
          return 1
        },
      },
      'value.now',
    ],
    ['a promise', { later: Promise.resolve() }, 'value.later'],
    ['a weak map', new WeakMap(), 'value'],
    ['a part of a map', new Map([['a', new Own()]]), 'value.entry(0)'],
    ['a key of a map', new Map([[new Own(), 1]]), 'value.key(0)'],
    ['an item of a set', new Set([1, new Own()]), 'value.item(1)'],
    ['an object of another realm', runInNewContext('({ a: new Date(0) })'), 'value'],
    ['a part of an error', new Error('x', { cause: new Own() }), 'value.cause'],
  ])('%s', (_, value, path) => {
    const error = thrown<UnstorableValueError>(() => clone(value), 'UNSTORABLE_VALUE')
    expect(error).toBeInstanceOf(UnstorableValueError)
    expect(error.path).toBe(path)
    expect(error.message).toContain(path)
  })

  test('the text never shows a value', () => {
    const { message } = thrown(
      () => clone({ a: Object.assign(new Date(0), { password: 'hunter2' }) }),
      'UNSTORABLE_VALUE',
    )
    expect(message).not.toContain('hunter2')
  })
})

describe('the option `clone`', () => {
  test('R12 gives each caller a copy of his own, the first one too', () => {
    const { cache, types } = testScope({ clone: true })
    const kept: { rows: number[] }[] = []
    const fn = cache.cached(() => {
      const value = { rows: [1] }
      kept.push(value)
      return value
    })
    const answers = [fn(), fn(), fn()]
    expect(new Set([...answers, ...kept]).size).toBe(4)
    for (const answer of [...answers, ...kept]) answer.rows.push(9)
    expect(fn()).toEqual({ rows: [1] })
    expect(types().filter((type) => type === 'fill')).toHaveLength(1)
  })

  test('R12 gives each waiter of a flight a copy of his own', async () => {
    const { cache } = testScope({ clone: true })
    const fn = cache.cached(async () => ({ rows: [1] }))
    const answers = await Promise.all([fn(), fn(), fn()])
    expect(new Set(answers).size).toBe(3)
    answers[0]!.rows.push(9)
    expect(answers[1]).toEqual({ rows: [1] })
    expect(await fn()).toEqual({ rows: [1] })
  })

  test('what cannot be copied is returned and not stored, with its path', () => {
    const { cache, events } = testScope({ clone: true })
    class Own {}
    const fn = cache.cached(() => ({ rows: [new Own()] }))
    expect(fn().rows[0]).toBeInstanceOf(Own)
    expect(events.at(-1)).toMatchObject({ type: 'unstored', reason: 'unfaithful', path: 'value.rows[0]' })
    expect(fn()).not.toBe(fn())
  })

  test('with `strict` that is an error', () => {
    const { cache } = testScope({ clone: true, strict: true })
    thrown(() => cache.cached(() => ({ fn() {} }))(), 'UNSTORABLE_VALUE')
  })

  test('a Buffer is copied and kept', () => {
    const { cache, types } = testScope({ clone: true })
    const fn = cache.cached(() => Buffer.from('abc'))
    fn()[0] = 0
    expect(fn().toString()).toBe('abc')
    expect(types()).toContain('hit')
  })
})

test.each<[string, object]>([
  ['a SharedArrayBuffer', new SharedArrayBuffer(8)],
  ['a view of one', new Uint8Array(new SharedArrayBuffer(8), 2, 2)],
  ['a DataView of one', new DataView(new SharedArrayBuffer(8))],
  ['a Buffer over one', Buffer.from(new SharedArrayBuffer(8))],
])('%s is refused: a copy would share its memory', (_, memory) => {
  expect(() => clone({ parts: [memory] })).toThrow(UnstorableValueError)
  expect(() => clone({ parts: [memory] })).toThrow('value.parts[0]')
})

test('R12 who asks for copies gets one from the flight of another definition too', async () => {
  const { cache, types } = testScope()
  const load = async () => ({ rows: [1] })
  const shares = cache.cached(load, { name: 'load', version: '1' })
  const copies = cache.cached(load, { name: 'load', version: '1', clone: true })
  const [first, own, other] = await Promise.all([shares(), copies(), copies()])
  expect(types().filter((type) => type === 'join').length).toBe(2)
  own.rows.push(9)
  expect([first, other]).toEqual([{ rows: [1] }, { rows: [1] }])
  expect(await shares()).toBe(first)
  expect(await copies()).not.toBe(first)
})
