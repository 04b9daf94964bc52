import { describe, expect, test, vi } from 'vitest'
import { cached, cacheKey, createAutocache, registerKeyer, UnkeyableValueError } from '../src/index.ts'
import { putStamp } from '../src/plumbing.ts'
import { asyncStore, fromText, syncStore, thrown } from './version-support.ts'

const shared = (keys?: 'readable' | 'digest') =>
  createAutocache({ store: syncStore(), namespace: 'shop', ttl: Infinity, version: '1', keys })

describe('the wrapper', () => {
  test('keeps name and length', () => {
    expect(cached(function named(_a: number, _b: number, _c = 3) {}).name).toBe('named')
    expect(cached(function named(_a: number, _b: number, _c = 3) {})).toHaveLength(2)
    expect(cached((...rest: number[]) => rest)).toHaveLength(0)
    const symbol = Symbol('own')
    expect(cached({ [symbol]() {} }[symbol]!).name).toBe('[own]')
    expect(
      Object.getOwnPropertyDescriptor(
        cached(function named() {}),
        'name',
      ),
    ).toEqual(Object.getOwnPropertyDescriptor(function named() {}, 'name'))
  })

  test('passes `this` and every argument on', () => {
    const fn = cached(function (this: { base: number }, a: number, b: number) {
      return this.base + a + b
    })
    const object = { base: 100, fn }
    expect(object.fn(1, 2)).toBe(103)
    expect(fn.call({ base: 200 }, 1, 2)).toBe(203)
    expect(fn.apply({ base: 300 }, [1, 2])).toBe(303)
    expect(fn.bind({ base: 400 }, 1)(2)).toBe(403)
  })

  test('gives the function as many arguments as the caller gave', () => {
    const fn = cached(function () {
      // biome-ignore lint/complexity/noArguments: how many there are is the question
      return arguments.length
    } as (...args: unknown[]) => number)
    expect([fn(), fn(undefined), fn(1, 2, 3), fn(1, undefined)]).toEqual([0, 1, 3, 2])
  })

  test('offers the function it wraps', () => {
    const fn = (n: number) => n
    expect(cached(fn).original).toBe(fn)
  })

  test.each([[null], [undefined], [0], [''], [true], [1n]])('works for the receiver %o', (self) => {
    const fn = vi.fn()
    const ran = cached(function (this: unknown, n: number) {
      fn(this)
      return n
    })
    expect([ran.call(self, 1), ran.call(self, 1), ran.apply(self, [1]), ran.bind(self)(1)]).toEqual([1, 1, 1, 1])
    expect(fn.mock.calls).toEqual([[self]])
  })

  test('tells primitive receivers apart', () => {
    const fn = cached(function (this: unknown) {
      return `${typeof this} ${String(this)}`
    })
    const answers = [0, '0', 0n, false, 'false', undefined].map((self) => [fn.call(self), fn.call(self)])
    expect(answers).toEqual(
      ['number 0', 'string 0', 'bigint 0', 'boolean false', 'string false', 'undefined undefined'].map((text) => [
        text,
        text,
      ]),
    )
  })

  test('may wrap what hides its text: native, bound and proxied functions', () => {
    expect(cached(Math.max)(1, 3, 2)).toBe(3)
    const bound = cached(
      function (this: { base: number }, n: number) {
        return this.base + n
      }.bind({ base: 10 }),
    )
    expect([bound(1), bound(1), bound(2)]).toEqual([11, 11, 12])
    const proxied = cached(
      new Proxy((n: number) => n + 1, { apply: (fn, self, args) => 2 * Reflect.apply(fn, self, args) }),
    )
    expect([proxied(1), proxied(1)]).toEqual([4, 4])
  })

  test('may wrap a method that is called like a keyword', () => {
    const { class: own } = { class: (n: number) => n + 1 }
    expect(cached(own)(1)).toBe(2)
    expect(
      cached(
        {
          class(n: number) {
            return n + 2
          },
        }.class,
      )(1),
    ).toBe(3)
    expect(
      cached(
        {
          async(n: number) {
            return n + 3
          },
        }.async,
      )(1),
    ).toBe(4)
  })
})

describe('R03 over a store that ends with the process', () => {
  class Account {
    calls = 0
    rate: number
    constructor(rate: number) {
      this.rate = rate
    }
    @cached
    interest(amount: number) {
      this.calls += 1
      return amount * this.rate
    }
  }

  test('R03 an unstamped method is keyed by its object', () => {
    const [one, other] = [new Account(2), new Account(3)]
    expect([one.interest(5), other.interest(5), one.interest(5), other.interest(5)]).toEqual([10, 15, 10, 15])
    expect([one.calls, other.calls]).toEqual([1, 1])
  })

  test('R03 two objects of equal content do not meet', () => {
    const [one, other] = [new Account(2), new Account(2)]
    one.interest(5)
    other.interest(5)
    expect([one.calls, other.calls]).toEqual([1, 1])
  })

  test('R03 an object is told apart whatever its [cacheKey] says, because it lives in this process', () => {
    const fn = cached(function (this: { value: number }) {
      return this.value
    })
    const make = (value: number) => ({ value, [cacheKey]: () => 'same' })
    expect([fn.call(make(1)), fn.call(make(2))]).toEqual([1, 2])
  })

  test('R03 a method that uses `super` is keyed by its object', () => {
    class Base {
      rate = 1
      total(n: number) {
        return n * this.rate
      }
    }
    class Derived extends Base {
      @cached
      override total(n: number) {
        return super.total(n) + 1
      }
    }
    const [one, other] = [new Derived(), Object.assign(new Derived(), { rate: 10 })]
    expect([one.total(2), other.total(2)]).toEqual([3, 21])
  })

  test('R03 a method that reaches `this` through eval is keyed by its object', () => {
    const fn = cached(new Function('return eval("th" + "is.value")') as (this: { value: number }) => number)
    expect([fn.call({ value: 1 }), fn.call({ value: 2 })]).toEqual([1, 2])
  })

  test('R03 a wrapped method that hides its text is keyed by its object', () => {
    const fn = cached(
      new Proxy(function (this: { value: number }) {
        return this.value
      }, {}),
    )
    expect([fn.call({ value: 1 }), fn.call({ value: 2 })]).toEqual([1, 2])
  })

  test.each<[string, (n: number) => unknown]>([
    ['an arrow', (n) => [n]],
    ['an async arrow', async (n) => [n]],
    ['an arrow of one bare parameter', fromText('n => [n]')],
    ['a function that does not name it', (n) => [n]],
  ])('R03 %s does not see `this`, and shares its entries among objects', async (_, fn) => {
    const wrapped = cached(fn)
    expect(await wrapped.call({ n: 1 }, 1)).toBe(await wrapped.call({ n: 2 }, 1))
  })

  test('R03 an arrow that names its own `this` still answers rightly', () => {
    class Reader {
      value: number
      read = cached((n: number) => this.value + n)
      constructor(value: number) {
        this.value = value
      }
    }
    const [one, other] = [new Reader(10), new Reader(20)]
    expect([one.read(1), other.read(1), one.read(1)]).toEqual([11, 21, 11])
  })

  test('R03 `key` replaces `this`, and is called on it', () => {
    const ran = vi.fn()
    class Account {
      id: string
      constructor(id: string) {
        this.id = id
      }
      @cached({
        key(this: Account, n: number) {
          return [this.id, n]
        },
      })
      total(n: number) {
        ran()
        return `${this.id} ${n}`
      }
    }
    expect([new Account('a').total(1), new Account('a').total(1), new Account('b').total(1)]).toEqual([
      'a 1',
      'a 1',
      'b 1',
    ])
    expect(ran).toHaveBeenCalledTimes(2)
  })
})

describe('R03 over a shared store', () => {
  test('R03 a method of a class instance is refused at the call, with the remedies, before it runs', () => {
    const ran = vi.fn()
    class Account {
      rate = 2
      @(shared().cached({ name: 'Account.interest' }))
      interest(n: number) {
        ran()
        return this.rate * n
      }
    }
    const error = thrown<UnkeyableValueError>(() => new Account().interest(1), 'UNKEYABLE_VALUE')
    expect(error).toBeInstanceOf(UnkeyableValueError)
    expect([error.path, error.reason]).toEqual(['this', 'kind'])
    expect(error.message).toContain('`key`')
    expect(error.message).toContain('[cacheKey]')
    expect(ran).not.toHaveBeenCalled()
  })

  test('R03 over an asynchronous store the refusal is a rejection', async () => {
    const { cached } = createAutocache({ store: asyncStore(), namespace: 'shop', ttl: '1m', version: '1' })
    class Account {
      rate = 2
      @cached({ name: 'Account.interest' })
      async interest(n: number) {
        return this.rate * n
      }
    }
    await expect(new Account().interest(1)).rejects.toMatchObject({ code: 'UNKEYABLE_VALUE', path: 'this' })
  })

  test('R03 a class with [cacheKey] is keyed by what it returns', () => {
    const ran = vi.fn()
    class Account {
      id: string
      constructor(id: string) {
        this.id = id
      }
      [cacheKey]() {
        return this.id
      }
      @(shared().cached({ name: 'Account.describe' }))
      describe() {
        ran()
        return this.id
      }
    }
    expect([new Account('a').describe(), new Account('a').describe(), new Account('b').describe()]).toEqual([
      'a',
      'a',
      'b',
    ])
    expect(ran).toHaveBeenCalledTimes(2)
  })

  test('R03 a class with a keyer is keyed by it', () => {
    const ran = vi.fn()
    class Foreign {
      readonly id: string
      constructor(id: string) {
        this.id = id
      }
      @(shared().cached({ name: 'Foreign.describe' }))
      describe() {
        ran()
        return this.id
      }
    }
    registerKeyer(Foreign, ({ id }) => id)
    expect([new Foreign('a').describe(), new Foreign('a').describe(), new Foreign('b').describe()]).toEqual([
      'a',
      'a',
      'b',
    ])
    expect(ran).toHaveBeenCalledTimes(2)
  })

  test('R03 a plain object is keyed by its content', () => {
    const fn = shared().cached(
      function (this: { rate: number }, n: number) {
        return this.rate * n
      },
      { name: 'interest' },
    )
    expect([fn.call({ rate: 2 }, 5), fn.call({ rate: 3 }, 5), fn.call({ rate: 2 }, 5)]).toEqual([10, 15, 10])
    expect(fn.keyOf(5)).not.toBe('')
  })

  test('R03 a method that does not use `this` needs nothing', () => {
    class Prices {
      @(shared().cached({ name: 'Prices.quote' }))
      quote(sku: string) {
        return `${sku}!`
      }
    }
    expect(new Prices().quote('a')).toBe('a!')
  })

  test('R03 `key` replaces `this`', () => {
    class Account {
      id = 'a'
      @(
        shared().cached({
          name: 'Account.describe',
          key(this: Account) {
            return this.id
          },
        })
      )
      describe() {
        return this.id
      }
    }
    expect(new Account().describe()).toBe('a')
  })

  test('R03 the fields of the receiver never stand in a readable key', () => {
    const store = syncStore()
    const { cached } = createAutocache({ store, namespace: 'shop', ttl: Infinity, version: '1', keys: 'readable' })
    const fn = cached(
      function (this: { token: string }, n: number) {
        return this.token.length + n
      },
      { name: 'measure' },
    )
    fn.call({ token: 'hunter2' }, 1)
    const entries = () => [...store.rows.keys()].filter((key) => !key.includes(':epochs:'))
    const [key = ''] = entries()
    expect(key).toMatch(/1$/)
    expect([...store.rows.keys()].join()).not.toContain('hunter2')
    fn.call({ token: 'hunter3' }, 1)
    expect(entries()).toHaveLength(2)
  })
})

describe('R03 a stamped method', () => {
  class Account {
    rate: number
    log: string[] = []
    constructor(rate: number) {
      this.rate = rate
    }
  }
  const stamped = (receiver?: (self: any) => unknown) =>
    putStamp(
      function (this: Account, n: number) {
        this.log.push('ran')
        return this.rate * n
      },
      { contract: 2, label: 'Account.interest', version: 's1-a', receiver: receiver && [receiver] },
    )

  test.each(['process', 'shared'] as const)(
    'R03 is keyed by the fields of `this` it reads, over a %s store',
    (lifetime) => {
      const { cached } = createAutocache({ store: syncStore(lifetime), namespace: 'n', ttl: Infinity })
      const interest = cached(stamped((self) => self.rate))
      const [one, same, other] = [new Account(2), new Account(2), new Account(3)]
      expect([interest.call(one, 5), interest.call(same, 5), interest.call(other, 5)]).toEqual([10, 10, 15])
      expect([one.log, same.log, other.log]).toEqual([['ran'], [], ['ran']])
      one.rate = 7
      expect(interest.call(one, 5)).toBe(35)
    },
  )

  test('R03 that reads no field shares its entries among objects', () => {
    const { cached } = createAutocache({ store: syncStore(), namespace: 'n', ttl: Infinity })
    const fn = cached(stamped())
    expect([fn.call(new Account(2), 5), fn.call(new Account(3), 5)]).toEqual([10, 10])
  })

  test('R03 hides the fields it reads', () => {
    const fn = putStamp((_: number) => 0, { contract: 2, label: 'fn', version: 's1-a', receiver: [() => 'hunter2'] })
    const keys = [
      createAutocache().cached(fn).keyOf(1),
      createAutocache({ store: syncStore(), namespace: 'n', ttl: 1, keys: 'readable' }).cached(fn).keyOf(1),
    ]
    for (const key of keys) expect(key).toMatch(/^\w+:fn:s1-a:;t(~|#|%007e)[\w-]{43};1$/)
  })

  test('R03 `key` replaces its fields', () => {
    const { cached } = createAutocache()
    const receiver = vi.fn(() => [])
    const fn = cached(stamped(receiver), { key: (n) => n })
    expect([fn.call(new Account(2), 5), fn.call(new Account(3), 5)]).toEqual([10, 10])
    expect(receiver).not.toHaveBeenCalled()
  })
})
