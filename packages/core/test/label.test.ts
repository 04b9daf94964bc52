import { describe, expect, test } from 'vitest'
import { cached, createAutocache, type UnversionedFunctionError } from '../src/index.ts'
import { putStamp } from '../src/plumbing.ts'
import { fromText, syncStore, thrown } from './version-support.ts'

const shared = () => createAutocache({ store: syncStore(), namespace: 'shop', ttl: Infinity })
const version = '1'

const needsName = (define: () => unknown) => {
  const error = thrown<UnversionedFunctionError>(define, 'UNVERSIONED_FUNCTION')
  expect(error.reason).toBe('no name')
  expect(error.message).toContain('`name`')
  return error
}

describe('the label', () => {
  test('is the option `name`, before everything', () => {
    const stamped = putStamp(function own() {}, { contract: 2, label: 'stamped', version: 's1-a' })
    expect(cached(stamped, { name: 'given' }).label).toBe('given')
  })

  test('is the label of the stamp, before the name of the function', () => {
    expect(cached(putStamp(function own() {}, { contract: 2, label: 'users.own', version: 's1-a' })).label).toBe(
      'users.own',
    )
  })

  test("is the function's own name", () => {
    const getUser = (id: string) => id
    expect(cached(getUser).label).toBe('getUser')
    expect(shared().cached(getUser, { version }).keyOf('1')).toMatch(/^shop:getUser:x-1:/)
  })

  test('is the name of the method', () => {
    class Prices {
      @cached
      quote() {}
    }
    expect((Prices.prototype.quote as unknown as { label: string }).label).toBe('quote')
  })

  test('is `anonymous` in process where there is no name at all', () => {
    expect(cached(fromText('(n) => n')).label).toBe('anonymous')
  })

  test('cannot imitate the separators of a key', () => {
    const fn = shared().cached(() => 0, { name: 'a:b c\n\u{1f600}é', version })
    expect(fn.keyOf()).toMatch(/^shop:[!-9;-~]+:x-1:[!-~]+$/)
    expect(fn.label).toBe('a:b c\n\u{1f600}é')
  })

  test('R09 is digested and never cut where it is long', () => {
    const { cached } = shared()
    const long = 'x'.repeat(300)
    const keys = [`${long}1`, `${long}2`].map((name) => cached(() => 0, { name, version }).keyOf())
    expect(keys[0]).not.toBe(keys[1])
    for (const key of keys) expect(key.length).toBeLessThanOrEqual(250)
  })
})

describe('R02 over a shared store a name that may not survive a build', () => {
  test('R02 is refused where the function has none', () => {
    expect(
      needsName(() =>
        shared().cached(
          (
            () => (n: number) =>
              n
          )(),
          { version },
        ),
      ).functionName,
    ).toBe('anonymous')
  })

  test.each([
    ['a name of one letter', 'function a(userId) { return userId + 1 }'],
    ['a name of two letters', 'function ab(userId) { return userId + 1 }'],
    ['text without spaces: a function', 'function abc(e){return e+1}'],
    ['text without spaces: a function of `a`', 'function abc(a){return a}'],
    ['text without spaces: an arrow', '({abc:e=>e+1}).abc'],
    ['text without spaces: an async arrow', '({abc:async e=>e+1}).abc'],
    ['text without spaces: a method', '({abc(e){return e+1}}).abc'],
    ['text without spaces that quotes an arrow', 'function abc(e){return"e => e"+e}'],
    ['text without spaces that quotes a body', 'function abc(e){return`f(x) {`+e}'],
  ])('R02 is refused as a minified one: %s', (_, text) => {
    needsName(() => shared().cached(fromText(text), { version }))
  })

  test.each([
    ['a function', 'function load(id) { return id }'],
    ['an async function', 'async function load(id) { return id }'],
    ['a function with defaults', 'function load(id = 1, { a } = {}) { return id }'],
    ['a function on several lines', 'function load(\n  id,\n) {\n  return id\n}'],
    ['an arrow', '({ load: (id) => id }).load'],
    ['an async arrow', '({ load: async (id) => id }).load'],
    ['a method', '({ load(id) { return id } }).load'],
    ['an async method', '({ async load(id) { return id } }).load'],
    ['without spaces, as tsx makes it', 'async function load(id){return id}'],
    ['without spaces: more parameters', 'function load(id,n){return id}'],
    ['without spaces: an arrow', '({load:async(id)=>id}).load'],
  ])('R02 is accepted as an author wrote it: %s', (_, text) => {
    expect(shared().cached(fromText(text), { version }).label).toBe('load')
  })

  test('R02 is not asked for where `name` or a stamp gives the label', () => {
    const { cached } = shared()
    expect(cached(fromText('e=>e+1'), { name: 'next', version })(1)).toBe(2)
    expect(cached(putStamp(fromText('e=>e+2'), { contract: 2, label: 'after', version: 's1-a' }))(1)).toBe(3)
  })

  test('R02 is not asked for in process', () => {
    expect(cached(fromText('e=>e+1'))(1)).toBe(2)
  })

  test('R02 is refused on an unstamped method, because two classes may have one of that name', () => {
    const { cached } = shared()
    const { functionName, message } = needsName(() => {
      class Prices {
        @cached({ version })
        quote(sku: string) {
          return sku
        }
      }
      return Prices
    })
    expect(functionName).toBe('quote')
    expect(message).toContain('class')
  })

  test('R02 is given by hand on a method', () => {
    const { cached } = shared()
    class Prices {
      @cached({ version, name: 'Prices.quote', key: (sku: string) => sku })
      quote(sku: string) {
        return `${sku}!`
      }
    }
    expect(new Prices().quote('a')).toBe('a!')
  })
})
