import { expect, it } from 'vitest'
import { cacheKey, encodeKey, registerKeyer } from '../src/key.ts'
import { argumentsOf, Point, refusal, User } from './key-support.ts'

it('cacheKey is a shared symbol, so that no import is needed', () => {
  expect(cacheKey).toBe(Symbol.for('autocache.cacheKey'))
  expect(encodeKey({ [Symbol.for('autocache.cacheKey')]: () => 1 })).toBe('Key(1)')
})

it('a hook may be inherited, own, static, or on an array', () => {
  class Admin extends User {}
  class Config extends Point {
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
  class MyMap extends Map<number, number> {}
  registerKeyer(MyMap, (map) => new Map(map))
  expect(encodeKey(new MyMap([[1, 2]]))).toBe('Key(Map([1,2]))')
})

it('plain objects and arrays take no keyer', () => {
  for (const Class of [Object, Array] as (abstract new () => object)[]) {
    expect(() => registerKeyer(Class, () => 1)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  }
})
