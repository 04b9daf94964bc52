import { describe, expectTypeOf, test } from 'vitest'
import {
  type AsyncStore,
  cached,
  createAutocache,
  type MethodDecorator,
  memoryStore,
  type Peeked,
  type Store,
} from '../src/index.ts'

declare const asyncText: AsyncStore<'text'>
declare const unknownStore: Store
const over = createAutocache({ store: asyncText, namespace: 'n', ttl: '1m', version: '1' })
const unknown = createAutocache({ store: unknownStore, namespace: 'n', ttl: '1m', version: '1' })

interface Quote {
  readonly sku: string
  readonly price: number
}

describe('over a store that answers at once a decorator takes any method', () => {
  class Prices {
    rate = 2
    @cached
    bare(sku: string): Quote {
      return { sku, price: this.rate }
    }
    @cached({ ttl: '5m' })
    optioned(sku: string): Quote {
      return { sku, price: this.rate }
    }
    @cached
    async later(sku: string): Promise<Quote> {
      return { sku, price: this.rate }
    }
    @cached({ ttl: '5m' })
    async laterOptioned(sku: string, _deep?: boolean): Promise<Quote> {
      return { sku, price: this.rate }
    }
    @cached
    static scaled(n: number): number {
      return n
    }
    @cached
    generic<T>(value: T): T {
      return value
    }
    @cached({ ttl: 5 })
    genericOptioned<T extends object>(value: T): T {
      return value
    }
    @cached
    #secret(n: number): number {
      return n
    }
    reveal(n: number): number {
      return this.#secret(n)
    }
    overloaded(text: string): string
    overloaded(value: number): number
    @cached
    overloaded(value: string | number): string | number {
      return value
    }
    @cached
    rest(..._parts: string[]): void {}
    @cached
    receiver(this: Prices, n: number): number {
      return n
    }
  }
  const prices = new Prices()

  test('and leaves its type', () => {
    expectTypeOf(prices.bare).toEqualTypeOf<(sku: string) => Quote>()
    expectTypeOf(prices.later('a')).toEqualTypeOf<Promise<Quote>>()
    expectTypeOf(prices.generic('a' as const)).toEqualTypeOf<'a'>()
    expectTypeOf(prices.genericOptioned({ a: 1 })).toEqualTypeOf<{ a: number }>()
    expectTypeOf(prices.overloaded('1')).toEqualTypeOf<string>()
    expectTypeOf(Prices.scaled(1)).toEqualTypeOf<number>()
    expectTypeOf(createAutocache().of(prices, 'laterOptioned').peek('a')).toEqualTypeOf<Peeked<Quote>>()
  })
})

describe('the options of a decorator fit its method', () => {
  class Prices {
    id = 'a'
    @cached({ key: (sku: string) => sku })
    fewer(sku: string, _connection: object): Quote {
      return { sku, price: 1 }
    }
    @cached({ key: () => 1 })
    none(sku: string): string {
      return sku
    }
    @cached({
      key(this: Prices, sku: string) {
        return [this.id, sku]
      },
    })
    receiver(sku: string): string {
      return this.id + sku
    }
    @cached({
      cacheIf: (quote: Quote) => quote.price > 0,
      ttl: (quote: Quote, sku: string) => quote.price + sku.length,
    })
    value(sku: string, _deep: boolean): Quote {
      return { sku, price: 1 }
    }
    @cached({ cacheIf: (quote: Quote) => quote.price > 0 })
    async later(sku: string): Promise<Quote> {
      return { sku, price: 1 }
    }
    @cached({ cacheIf: (value) => value !== undefined, ttl: (_, ...args) => args.length })
    untyped(sku: string): Quote | undefined {
      return { sku, price: 1 }
    }
    // @ts-expect-error the method takes a text
    @cached({ key: (n: number) => n })
    argument(sku: string): string {
      return sku
    }
    // @ts-expect-error the method gives a quote
    @cached({ cacheIf: (text: string) => text !== '' })
    result(sku: string): Quote {
      return { sku, price: 1 }
    }
    // @ts-expect-error there is no such option
    @cached({ ttll: 5 })
    unknown(): void {}
    // @ts-expect-error no duration
    @cached({ ttl: '5 parsecs' })
    duration(): void {}
  }
  test('in any order of overloads', () => {
    expectTypeOf(new Prices().fewer).parameters.toEqualTypeOf<[string, object]>()
    expectTypeOf(cached({ ttl: 5 })).toExtend<MethodDecorator<any, any, any>>()
  })
})

describe('over a store that answers with promises a decorator takes methods that promise', () => {
  class Prices {
    @over.cached
    async bare(sku: string): Promise<Quote> {
      return { sku, price: 1 }
    }
    @over.cached({ name: 'Prices.optioned' })
    async optioned(sku: string): Promise<Quote> {
      return { sku, price: 1 }
    }
    @over.cached({ name: 'Prices.generic' })
    async generic<T>(value: T): Promise<T> {
      return value
    }
    @over.cached({ name: 'Prices.value', cacheIf: (quote: Quote) => quote.price > 0, key: (sku: string) => sku })
    async value(sku: string, _connection: object): Promise<Quote> {
      return { sku, price: 1 }
    }
    // @ts-expect-error it would answer with a promise
    @over.cached
    direct(sku: string): string {
      return sku
    }
    // @ts-expect-error the same with options
    @over.cached({ name: 'Prices.directOptioned' })
    directOptioned(sku: string): string {
      return sku
    }
    // @ts-expect-error it may answer at once
    @over.cached
    either(sku: string): string | Promise<string> {
      return sku
    }
    // @ts-expect-error nothing is no promise
    @over.cached
    nothing(): void {}
    // @ts-expect-error a static one neither
    @over.cached
    static direct(sku: string): string {
      return sku
    }
    // @ts-expect-error a store that is not known to answer at once counts as one that promises
    @unknown.cached
    unknown(sku: string): string {
      return sku
    }
    @unknown.cached
    async known(sku: string): Promise<string> {
      return sku
    }
  }
  test('and leaves their type', () => {
    expectTypeOf(new Prices().generic(1)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(over.of(new Prices(), 'bare').peek('a')).toEqualTypeOf<Promise<Peeked<Quote>>>()
  })
})

describe("a decorator's own store goes before that of its instance", () => {
  class Prices {
    @cached({ store: asyncText, name: 'Prices.later', version: '1', ttl: '1m', namespace: 'n' })
    async later(sku: string): Promise<string> {
      return sku
    }
    @over.cached({ store: memoryStore() })
    direct(sku: string): string {
      return sku
    }
    // @ts-expect-error over that store it would answer with a promise
    @cached({ store: asyncText, name: 'Prices.refused', version: '1', ttl: '1m', namespace: 'n' })
    refused(sku: string): string {
      return sku
    }
    // @ts-expect-error no store
    @cached({ store: new Map() })
    client(sku: string): string {
      return sku
    }
  }
  test('and leaves the type of the method', () => {
    expectTypeOf(new Prices().direct('a')).toEqualTypeOf<string>()
    expectTypeOf(new Prices().later('a')).toEqualTypeOf<Promise<string>>()
  })
})

describe('on anything but a method a decorator is refused', () => {
  // @ts-expect-error a class
  @cached
  class Prices {
    // @ts-expect-error a field
    @cached
    field = 1
    // @ts-expect-error a field that holds a function
    @cached
    held = (n: number) => n
    // @ts-expect-error a getter
    @cached
    get price(): number {
      return 1
    }
    // @ts-expect-error a setter
    @cached
    set price(_: number) {}
    // @ts-expect-error an accessor
    @cached
    accessor stored = 1
    // @ts-expect-error a field, with options
    @cached({ ttl: 5 })
    fieldOptioned = 1
    // @ts-expect-error a getter, with options
    @cached({ ttl: 5 })
    get priceOptioned(): number {
      return 1
    }
  }
  // @ts-expect-error a class, with options
  @cached({ ttl: 5 })
  class Optioned {}
  test('where it is written', () => {
    expectTypeOf<Prices>().toBeObject()
    expectTypeOf<Optioned>().toBeObject()
  })
})
