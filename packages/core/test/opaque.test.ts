import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { cacheKey, encodeKey, isOpaque, registerKeyer } from '../src/key.ts'

class Pool {
  open = true
}
class Named {
  [cacheKey]() {
    return 'named'
  }
}
class Registered {}
registerKeyer(Registered, () => 'registered')
class Inherits extends Map {}
const faked = new Pool()
Object.defineProperty(faked, 'constructor', { value: Date })

const values: Record<string, unknown> = {
  'an instance of a class': new Pool(),
  'one with another constructor of its own': faked,
  'one of a class with a hook': new Named(),
  'one with a hook of its own': Object.assign(new Pool(), { [cacheKey]: () => 'own' }),
  'one of a class with a keyer': new Registered(),
  'one of a subclass of that': new (class Below extends Registered {})(),
  'a subclass of a built-in': new Inherits(),
  'a function': () => 1,
  'a function with a hook': Object.assign(() => 1, { [cacheKey]: () => 'fn' }),
  'a class': Pool,
  'an object': { a: 1 },
  'an object with a function': { run: () => 1 },
  'an object without a prototype': Object.create(null),
  'an object of a prototype that is an object': Object.create({ inherited: 1 }),
  'a list': [1],
  'a list of handles': [new Pool()],
  'a Date': new Date(0),
  'a Date of another realm': runInNewContext('new Date(0)'),
  'an instance of another realm': runInNewContext('new (class Remote {})()'),
  'a Map': new Map(),
  'a Buffer': Buffer.from('a'),
  'a URL': new URL('http://a.example'),
  'a promise': Promise.resolve(1),
  'an Error': new TypeError('wrong'),
  'an Error of the program': new (class Wrong extends Error {})('wrong'),
  text: 'text',
  nothing: null,
}

test.each(Object.entries(values))('what is told to be no key is none: %s', (_name, value) => {
  const isKey = (() => {
    try {
      encodeKey(value)
      return true
    } catch {
      return false
    }
  })()
  if (isOpaque(value)) expect(isKey).toBe(false)
  if (isKey) expect(isOpaque(value)).toBe(false)
})

test('handles are told without asking for a key', () => {
  for (const name of ['an instance of a class', 'a function', 'a class', 'an instance of another realm'])
    expect(isOpaque(values[name]), name).toBe(true)
})
