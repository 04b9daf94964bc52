// biome-ignore-all lint/complexity/noThisInStatic: the receiver of a static method is a case of its own
// biome-ignore-all lint/complexity/noStaticOnlyClass: and so is a decorated static field
import { describe, expect, test, vi } from 'vitest'
import { cached, createAutocache } from '../src/index.ts'
import { entryKeys } from './call-support.ts'
import { asyncStore, syncStore, thrown } from './version-support.ts'

const { cached: own, of } = createAutocache()
const ran = vi.fn()
const sign: unique symbol = Symbol('sign')

class Prices {
  rate: number
  constructor(rate: number) {
    this.rate = rate
  }

  @own
  bare(n: number) {
    ran('bare')
    return n * this.rate
  }

  @own({ ttl: '5m', name: 'Prices.optioned' })
  optioned(n: number) {
    ran('optioned')
    return n * this.rate
  }

  @own
  async later(n: number) {
    ran('later')
    return n * this.rate
  }

  static factor = 10

  @own
  static scaled(n: number) {
    ran('scaled')
    return n * this.factor
  }

  @own
  [sign](n: number) {
    ran('symbol')
    return -n * this.rate
  }

  @own
  #secret(n: number) {
    ran('private')
    return n + this.rate
  }
  reveal(n: number) {
    return this.#secret(n)
  }

  @own
  empty() {
    ran('empty')
  }
}

class Discounted extends Prices {
  @own
  override bare(n: number) {
    ran('override')
    return super.bare(n) - 1
  }
}
class Inheriting extends Prices {}
class Replacing extends Prices {
  override optioned(n: number) {
    return n
  }
}

const counted = <T>(run: () => T): [T, string[]] => {
  ran.mockClear()
  const result = run()
  return [result, ran.mock.calls.map(([name]) => name)]
}

describe('the TC39 decorator', () => {
  test('caches a method, bare and with options', () => {
    const prices = new Prices(3)
    expect(counted(() => [prices.bare(2), prices.bare(2), prices.bare(3)])).toEqual([
      [6, 6, 9],
      ['bare', 'bare'],
    ])
    expect(counted(() => [prices.optioned(2), prices.optioned(2)])).toEqual([[6, 6], ['optioned']])
  })

  test('caches a method that promises', async () => {
    const prices = new Prices(3)
    const [answers, calls] = counted(() => [prices.later(2), prices.later(2)])
    expect(await Promise.all(answers)).toEqual([6, 6])
    expect(calls).toEqual(['later'])
    expect(prices.later(2)).toBeInstanceOf(Promise)
  })

  test('caches a static method, whose receiver is its class', () => {
    class Other extends Prices {
      static override factor = 100
    }
    expect(counted(() => [Prices.scaled(1), Prices.scaled(1), Other.scaled(1)])).toEqual([
      [10, 10, 100],
      ['scaled', 'scaled'],
    ])
  })

  test('caches a method named by a symbol', () => {
    const prices = new Prices(3)
    expect(counted(() => [prices[sign](2), prices[sign](2)])).toEqual([[-6, -6], ['symbol']])
    expect(of(prices, sign).label).toBe('Symbol(sign)')
  })

  test('caches a private method', () => {
    const prices = new Prices(3)
    expect(counted(() => [prices.reveal(2), prices.reveal(2)])).toEqual([[5, 5], ['private']])
  })

  test('caches `undefined`', () => {
    const prices = new Prices(3)
    expect(counted(() => [prices.empty(), prices.empty()])).toEqual([[undefined, undefined], ['empty']])
  })

  test('keeps name, length and place of the method', () => {
    expect(Prices.prototype.bare.name).toBe('bare')
    expect(Prices.prototype.bare).toHaveLength(1)
    expect(Prices.prototype[sign].name).toBe('[sign]')
    expect(Object.getOwnPropertyDescriptor(Prices.prototype, 'bare')).toMatchObject({
      enumerable: false,
      writable: true,
      configurable: true,
    })
    expect(Object.keys(new Prices(1))).toEqual(['rate'])
  })

  test('an inherited method is cached for its objects, each apart', () => {
    const [one, other] = [new Inheriting(3), new Inheriting(4)]
    expect(counted(() => [one.bare(2), one.bare(2), other.bare(2)])).toEqual([
      [6, 6, 8],
      ['bare', 'bare'],
    ])
  })

  test('an overriding method and the one it calls by `super` do not meet', () => {
    const prices = new Discounted(3)
    expect(counted(() => [prices.bare(2), prices.bare(2)])).toEqual([
      [5, 5],
      ['override', 'bare'],
    ])
    expect(new Prices(3).bare(2)).toBe(6)
  })

  test('an overriding method is not cached unless decorated', () => {
    thrown(() => of(new Replacing(3), 'optioned'), 'INVALID_OPTION')
    expect(new Replacing(3).optioned(2)).toBe(2)
  })

  test('two classes with a method of one name do not meet in process', () => {
    class One {
      @own
      name() {
        return 'one'
      }
    }
    class Other {
      @own
      name() {
        return 'other'
      }
    }
    expect([new One().name(), new Other().name(), new One().name()]).toEqual(['one', 'other', 'one'])
  })

  test('needs no instance: the bare `cached` decorates as well', () => {
    class Counter {
      count = 0
      @cached
      next() {
        return ++this.count
      }
      @cached({ ttl: 0 })
      always() {
        return ++this.count
      }
    }
    const counter = new Counter()
    expect([counter.next(), counter.next(), counter.always(), counter.always()]).toEqual([1, 1, 2, 3])
  })

  test('stands among other decorators', () => {
    const twice = (method: (this: any, ...args: any[]) => number, _: ClassMethodDecoratorContext) =>
      function (this: unknown, ...args: unknown[]) {
        return 2 * method.apply(this, args)
      }
    class Prices {
      rate = 3
      @own
      @twice
      outside(n: number) {
        ran('outside')
        return n * this.rate
      }
      @twice
      @own
      inside(n: number) {
        ran('inside')
        return n * this.rate
      }
    }
    const prices = new Prices()
    expect(counted(() => [prices.outside(1), prices.outside(1), prices.inside(1), prices.inside(1)])).toEqual([
      [6, 6, 6, 6],
      ['outside', 'inside'],
    ])
  })

  test('may be destructured from its instance', () => {
    const { cached } = createAutocache()
    class Counter {
      count = 0
      @cached
      next() {
        return ++this.count
      }
    }
    const counter = new Counter()
    expect([counter.next(), counter.next()]).toEqual([1, 1])
  })

  test('over an asynchronous store the method answers from it', async () => {
    const store = asyncStore()
    const { cached } = createAutocache({ store, namespace: 'shop', ttl: '1m', version: '1' })
    class Prices {
      @cached({ name: 'Prices.quote' })
      async quote(sku: string) {
        ran('quote')
        return { sku, at: new Date(0) }
      }
    }
    ran.mockClear()
    expect(await new Prices().quote('a')).toEqual({ sku: 'a', at: new Date(0) })
    await vi.waitFor(() => expect(entryKeys(store.rows).length).toBe(1))
    expect(await new Prices().quote('a')).toEqual({ sku: 'a', at: new Date(0) })
    expect(ran).toHaveBeenCalledTimes(1)
  })

  test('over a store of its own the method answers from that', async () => {
    const store = asyncStore('process', 'references')
    class Prices {
      @own({ store })
      async quote(sku: string) {
        return { sku }
      }
    }
    const prices = new Prices()
    const first = await prices.quote('a')
    await vi.waitFor(() => expect(entryKeys(store.rows).length).toBe(1))
    expect(await prices.quote('a')).toBe(first)
  })

  test('R01 R02 over a shared store the class is refused where it is written', () => {
    const { cached } = createAutocache({ store: syncStore(), namespace: 'shop', ttl: '1m' })
    for (const options of [{}, { name: 'Prices.quote' }, { version: '1' }]) {
      const { message } = thrown(
        () =>
          class {
            @cached(options)
            quote() {}
          },
        'UNVERSIONED_FUNCTION',
      )
      expect(message).toContain('quote')
    }
  })
})

describe('on anything but a method the decorator is refused where it is written', () => {
  const any = own as any
  const withOptions = own({ ttl: 1 }) as any
  test.each([
    [
      'a getter',
      () =>
        class {
          @any get price() {
            return 1
          }
        },
    ],
    [
      'a setter',
      () =>
        class {
          @any set price(_: number) {}
        },
    ],
    [
      'a field',
      () =>
        class {
          @any price = 1
        },
    ],
    [
      'a field that holds a function',
      () =>
        class {
          @any price = () => 1
        },
    ],
    [
      'an accessor',
      () =>
        class {
          @any accessor price = 1
        },
    ],
    [
      'a static field',
      () =>
        class {
          @any static price = 1
        },
    ],
    [
      'a getter, with options',
      () =>
        class {
          @withOptions get price() {
            return 1
          }
        },
    ],
    [
      'a field, with options',
      () =>
        class {
          @withOptions price = 1
        },
    ],
    [
      'an accessor, with options',
      () =>
        class {
          @withOptions accessor price = 1
        },
    ],
  ])('%s', (_, define) => {
    const { message } = thrown(define, 'INVALID_OPTION')
    expect(message).toContain('`price`')
    expect(message).toMatch(/method/)
  })

  test.each([
    [
      'bare',
      () => {
        @any
        class Price {}
        return Price
      },
    ],
    [
      'with options',
      () => {
        @withOptions
        class Price {}
        return Price
      },
    ],
  ])('a class, %s', (_, define) => {
    expect(thrown(define, 'INVALID_OPTION').message).toContain('`Price`')
  })
})

describe('the handle of a method', () => {
  test('is taken from an object', () => {
    const [one, other] = [new Prices(3), new Prices(4)]
    one.bare(2)
    other.bare(2)
    expect(of(one, 'bare').peek(2)).toMatchObject({ state: 'fresh', value: 6 })
    expect(of(other, 'bare').peek(2)).toMatchObject({ state: 'fresh', value: 8 })
    of(one, 'bare').invalidate(2)
    expect(of(one, 'bare').peek(2).state).toBe('miss')
    expect(of(other, 'bare').peek(2).state).toBe('fresh')
    of(one, 'bare').prime([2], 60)
    expect([one.bare(2), other.bare(2)]).toEqual([60, 8])
    expect(counted(() => of(one, 'bare').refresh(2))).toEqual([6, ['bare']])
    expect(of(one, 'bare').label).toBe('bare')
    expect(of(one, 'bare').version).toMatch(/^p-/)
    expect(of(one, 'bare').keyOf(2)).not.toBe(of(other, 'bare').keyOf(2))
  })

  test('answers many calls for that object', async () => {
    const prices = new Prices(3)
    prices.bare(1)
    ran.mockClear()
    const answers = await of(prices, 'bare').many([[1], [2]])
    expect(answers).toEqual([
      { status: 'fulfilled', value: 3 },
      { status: 'fulfilled', value: 6 },
    ])
    expect(ran).toHaveBeenCalledTimes(1)
  })

  test('is taken from the class for a static method, and from an object for an inherited one', () => {
    Prices.scaled(7)
    expect(of(Prices, 'scaled').peek(7)).toMatchObject({ state: 'fresh', value: 70 })
    const prices = new Inheriting(3)
    prices.bare(7)
    expect(of(prices, 'bare').peek(7)).toMatchObject({ state: 'fresh', value: 21 })
  })

  test('has the bare method as its original', () => {
    const { original } = of(new Prices(3), 'bare')
    expect(counted(() => [original.call(new Prices(5), 2), original.call(new Prices(5), 2)])).toEqual([
      [10, 10],
      ['bare', 'bare'],
    ])
  })

  test('without an object is refused, with the remedy', () => {
    const direct = Prices.prototype.bare as unknown as { [operation: string]: (...args: unknown[]) => unknown }
    for (const operation of ['keyOf', 'peek', 'refresh', 'invalidate', 'explain']) {
      const { message } = thrown(() => direct[operation]!(2), 'INVALID_OPTION')
      expect(message).toContain("of(object, 'bare')")
    }
    thrown(() => direct.prime!([2], 1), 'INVALID_OPTION')
    thrown(() => direct.many!([[2]]), 'INVALID_OPTION')
    expect((direct as unknown as { label: string }).label).toBe('bare')
  })

  test('over an asynchronous store promises', async () => {
    const { cached, of } = createAutocache({ store: asyncStore(), namespace: 'shop', ttl: '1m', version: '1' })
    class Prices {
      @cached({ name: 'Prices.quote' })
      async quote(sku: string) {
        return sku
      }
    }
    const handle = of(new Prices(), 'quote')
    await handle.prime(['a'], 'primed')
    expect(await new Prices().quote('a')).toBe('primed')
    await handle.invalidate('a')
    expect(await handle.peek('a')).toEqual({ state: 'miss' })
    expect(await new Prices().quote('a')).toBe('a')
  })
})
