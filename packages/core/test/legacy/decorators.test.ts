// biome-ignore-all lint/complexity/noStaticOnlyClass: a decorated static field is a case of its own
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test, vi } from 'vitest'
import { cached, createAutocache } from '../../src/index.ts'
import { entryKeys } from '../call-support.ts'
import { asyncStore, syncStore, thrown } from '../version-support.ts'

const { cached: own, of } = createAutocache()
const ran = vi.fn()
const sign: unique symbol = Symbol('sign')

class Prices {
  rate: number
  constructor(rate: number) {
    this.rate = rate
  }

  @own
  bare(n: number): number {
    ran('bare')
    return n * this.rate
  }

  @own({ ttl: '5m', name: 'Prices.optioned' })
  optioned(n: number): number {
    ran('optioned')
    return n * this.rate
  }

  @own
  async later(n: number): Promise<number> {
    ran('later')
    return n * this.rate
  }

  static factor = 10

  @own
  static scaled(n: number): number {
    ran('scaled')
    return n * Prices.factor
  }

  @own
  [sign](n: number): number {
    ran('symbol')
    return -n * this.rate
  }
}

class Discounted extends Prices {
  @own({})
  override bare(n: number): number {
    ran('override')
    return super.bare(n) - 1
  }
}

const counted = <T>(run: () => T): [T, string[]] => {
  ran.mockClear()
  const result = run()
  return [result, ran.mock.calls.map(([name]) => name)]
}

describe('the legacy decorator', () => {
  test('this file is compiled with experimentalDecorators', () => {
    const received: unknown[][] = []
    const probe = (...args: unknown[]) => void received.push(args)
    class Probe {
      @(probe as any)
      method() {}
    }
    expect(received).toEqual([[Probe.prototype, 'method', expect.objectContaining({ writable: true })]])
  })

  test('caches a method, bare and with options', () => {
    const prices = new Prices(3)
    expect(counted(() => [prices.bare(2), prices.bare(2), prices.bare(3)])).toEqual([
      [6, 6, 9],
      ['bare', 'bare'],
    ])
    expect(counted(() => [prices.optioned(2), prices.optioned(2)])).toEqual([[6, 6], ['optioned']])
    expect(of(prices, 'optioned').label).toBe('Prices.optioned')
  })

  test('R03 keys by its object', () => {
    expect(counted(() => [new Prices(3).bare(2), new Prices(4).bare(2)])).toEqual([
      [6, 8],
      ['bare', 'bare'],
    ])
  })

  test('caches a method that promises, a static one, and one named by a symbol', async () => {
    const prices = new Prices(3)
    const [answers, calls] = counted(() => [prices.later(2), prices.later(2)])
    expect(await Promise.all(answers)).toEqual([6, 6])
    expect(calls).toEqual(['later'])
    expect(counted(() => [Prices.scaled(2), Prices.scaled(2)])).toEqual([[20, 20], ['scaled']])
    expect(counted(() => [prices[sign](2), prices[sign](2)])).toEqual([[-6, -6], ['symbol']])
  })

  test('keeps name, length and descriptor of the method', () => {
    expect(Prices.prototype.bare.name).toBe('bare')
    expect(Prices.prototype.bare).toHaveLength(1)
    expect(Object.getOwnPropertyDescriptor(Prices.prototype, 'bare')).toMatchObject({
      enumerable: false,
      writable: true,
      configurable: true,
    })
  })

  test('an overriding method and the one it calls by `super` do not meet', () => {
    const prices = new Discounted(3)
    expect(counted(() => [prices.bare(2), prices.bare(2)])).toEqual([
      [5, 5],
      ['override', 'bare'],
    ])
  })

  test('its handle is taken from an object', () => {
    const prices = new Prices(3)
    prices.bare(2)
    expect(of(prices, 'bare').peek(2)).toMatchObject({ state: 'fresh', value: 6 })
    of(prices, 'bare').invalidate(2)
    expect(of(prices, 'bare').peek(2).state).toBe('miss')
    thrown(() => (Prices.prototype.bare as any).invalidate(2), 'INVALID_OPTION')
  })

  test('the bare `cached` decorates as well', () => {
    class Counter {
      count = 0
      @cached
      next(): number {
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
      async quote(sku: string): Promise<string> {
        ran('quote')
        return `${sku}!`
      }
    }
    ran.mockClear()
    expect(await new Prices().quote('a')).toBe('a!')
    await vi.waitFor(() => expect(entryKeys(store.rows).length).toBe(1))
    expect(await new Prices().quote('a')).toBe('a!')
    expect(ran).toHaveBeenCalledTimes(1)
  })

  test('R01 R02 over a shared store the class is refused where it is written', () => {
    const { cached } = createAutocache({ store: syncStore(), namespace: 'shop', ttl: '1m' })
    for (const options of [{}, { name: 'Prices.quote' }, { version: '1' }]) {
      thrown(() => {
        class Prices {
          @cached(options)
          quote(): void {}
        }
        return Prices
      }, 'UNVERSIONED_FUNCTION')
    }
  })

  const any = own as any
  const withOptions = own({ ttl: 1 }) as any
  test.each([
    [
      'a getter',
      () => {
        class X {
          @any get price() {
            return 1
          }
        }
        return X
      },
    ],
    [
      'a setter',
      () => {
        class X {
          @any set price(_: number) {}
        }
        return X
      },
    ],
    [
      'a field',
      () => {
        class X {
          @any price = 1
        }
        return X
      },
    ],
    [
      'a static field',
      () => {
        class X {
          @any static price = 1
        }
        return X
      },
    ],
    [
      'a getter, with options',
      () => {
        class X {
          @withOptions get price() {
            return 1
          }
        }
        return X
      },
    ],
    [
      'a field, with options',
      () => {
        class X {
          @withOptions price = 1
        }
        return X
      },
    ],
  ])('is refused on %s where it is written', (_, define) => {
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
  ])('is refused on a class, %s', (_, define) => {
    const { message } = thrown(define, 'INVALID_OPTION')
    expect(message).toMatch(/class/)
    expect(message).not.toContain('undefined')
  })

  test('is refused on a parameter', () => {
    const { message } = thrown(() => {
      class Price {
        quote(@any _: string) {}
      }
      return Price
    }, 'INVALID_OPTION')
    expect(message).toMatch(/method/)
  })

  test('its types hold, with the negatives of this folder', { timeout: 60_000 }, () => {
    const file = join(import.meta.dirname, 'tsconfig.json')
    const { config } = ts.readConfigFile(file, ts.sys.readFile)
    const { options, fileNames, errors } = ts.parseJsonConfigFileContent(config, ts.sys, import.meta.dirname)
    expect(errors).toEqual([])
    expect(options.experimentalDecorators).toBe(true)
    const problems = ts.getPreEmitDiagnostics(ts.createProgram(fileNames, options))
    expect(
      problems.map(
        ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
      ),
    ).toEqual([])
  })
})

/** Never run: what the compiler must refuse under experimentalDecorators. */
export function negatives() {
  const { cached } = createAutocache({ store: asyncStore(), namespace: 'shop', ttl: '1m', version: '1' })
  class Prices {
    // @ts-expect-error over an asynchronous store the method would answer with a promise
    @cached
    bare(n: number): number {
      return n
    }
    // @ts-expect-error the same with options
    @cached({ name: 'Prices.optioned' })
    optioned(n: number): number {
      return n
    }
    // @ts-expect-error `key` takes a number where the method takes a text
    @cached({ name: 'Prices.keyed', key: (n: number) => n })
    async keyed(sku: string): Promise<string> {
      return sku
    }
    @cached({ name: 'Prices.first', key: (sku: string) => sku })
    async first(sku: string, _connection: object): Promise<string> {
      return sku
    }
    // @ts-expect-error there is no such option
    @cached({ name: 'Prices.other', ttll: 1 })
    async other(): Promise<void> {}
    // @ts-expect-error a getter is no method
    @cached
    get price(): Promise<number> {
      return Promise.resolve(1)
    }
  }
  return Prices
}
