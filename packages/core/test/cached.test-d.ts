import { describe, expectTypeOf, test } from 'vitest'
import {
  type AsyncStore,
  type Autocache,
  type CachedFunction,
  cached,
  createAutocache,
  type Entry,
  type Explanation,
  type Handle,
  type IsAsync,
  type MemoryStore,
  memoryStore,
  type Peeked,
  type Store,
  type SyncStore,
} from '../src/index.ts'

declare const syncText: SyncStore<'text'>
declare const asyncText: AsyncStore<'text'>
declare const unknownStore: Store

const over = createAutocache({ store: asyncText, namespace: 'n', ttl: '1m', version: '1' })
const sync = createAutocache({ store: syncText, namespace: 'n', ttl: '1m', version: '1' })

interface User {
  readonly id: string
}
const load = (id: string, fresh?: boolean): User => ({ id: `${id}${fresh}` })
const loadLater = async (id: string, fresh?: boolean): Promise<User> => load(id, fresh)

describe('over a store that answers at once', () => {
  test('a synchronous function stays one', () => {
    expectTypeOf(cached(load)('1')).toEqualTypeOf<User>()
    expectTypeOf(sync.cached(load)('1', true)).toEqualTypeOf<User>()
    expectTypeOf(createAutocache().cached(load)('1')).toEqualTypeOf<User>()
    expectTypeOf(cached(load, { store: memoryStore() })('1')).toEqualTypeOf<User>()
    expectTypeOf(cached(load)).toExtend<typeof load>()
  })

  test('an async function stays one', () => {
    expectTypeOf(cached(loadLater)('1')).toEqualTypeOf<Promise<User>>()
    expectTypeOf(sync.cached(loadLater)).toExtend<typeof loadLater>()
  })

  test('a function that may do either stays one', () => {
    const either = cached((n: number): number | Promise<number> => n)
    expectTypeOf(either(1)).toEqualTypeOf<number | Promise<number>>()
  })

  test('a generic function stays generic', () => {
    const first = cached(<T>(list: readonly T[]): T | undefined => list[0])
    expectTypeOf(first([1, 2])).toEqualTypeOf<number | undefined>()
    expectTypeOf(first(['a'])).toEqualTypeOf<string | undefined>()
    const pick = cached(<T extends object, K extends keyof T>(value: T, key: K): T[K] => value[key])
    expectTypeOf(pick({ a: 1, b: 'x' }, 'b')).toEqualTypeOf<string>()
    // @ts-expect-error there is no such property
    pick({ a: 1 }, 'c')
  })

  test('an overloaded function keeps its overloads', () => {
    function parse(text: string): string
    function parse(value: number): number
    function parse(value: string | number): string | number {
      return value
    }
    const fn = cached(parse)
    expectTypeOf(fn('1')).toEqualTypeOf<string>()
    expectTypeOf(fn(1)).toEqualTypeOf<number>()
    // @ts-expect-error no overload takes a boolean
    fn(true)
  })

  test('`this` is preserved', () => {
    const fn = cached(function (this: { base: number }, n: number) {
      return this.base + n
    })
    expectTypeOf(fn.call({ base: 1 }, 2)).toEqualTypeOf<number>()
    // @ts-expect-error it needs a receiver
    fn(1)
    // @ts-expect-error with a base
    fn.call({}, 1)
    const object = { base: 1, fn }
    expectTypeOf(object.fn(1)).toEqualTypeOf<number>()
  })

  test('optional, default and rest parameters are preserved', () => {
    // With its type: inside the call of `cached` a bare `_b = 'x'` is typed by the constraint, as `any`.
    const fn = cached((_a: number, _b: string = 'x', ..._rest: boolean[]) => 0)
    fn(1)
    fn(1, 'y', true, false)
    // @ts-expect-error the first is needed
    fn()
    // @ts-expect-error the second is a text
    fn(1, 2)
  })

  test('a type predicate is preserved', () => {
    const isText = cached((value: unknown): value is string => typeof value === 'string')
    const value: unknown = 'x'
    if (isText(value)) expectTypeOf(value).toEqualTypeOf<string>()
  })

  test('the handle answers at once', () => {
    const fn = cached(load)
    expectTypeOf(fn.peek('1')).toEqualTypeOf<Peeked<User>>()
    expectTypeOf(fn.refresh('1')).toEqualTypeOf<User>()
    expectTypeOf(fn.prime(['1', true], { id: '1' })).toEqualTypeOf<void>()
    expectTypeOf(fn.invalidate('1')).toEqualTypeOf<void>()
    expectTypeOf(fn.explain('1')).toEqualTypeOf<Explanation>()
    expectTypeOf(fn.many([['1'], ['2', true]])).toEqualTypeOf<Promise<PromiseSettledResult<User>[]>>()
    expectTypeOf(fn.keyOf('1', undefined)).toEqualTypeOf<string>()
    expectTypeOf(fn.label).toEqualTypeOf<string>()
    expectTypeOf(fn.version).toEqualTypeOf<string>()
    expectTypeOf(fn.original).toEqualTypeOf<typeof load>()
  })

  test('the handle of an async function promises where it runs it', () => {
    const fn = cached(loadLater)
    expectTypeOf(fn.peek('1')).toEqualTypeOf<Peeked<User>>()
    expectTypeOf(fn.refresh('1')).toEqualTypeOf<Promise<User>>()
    expectTypeOf(fn.invalidate('1')).toEqualTypeOf<void>()
    expectTypeOf(fn.many([['1']])).toEqualTypeOf<Promise<PromiseSettledResult<User>[]>>()
    fn.prime(['1'], { id: '1' })
    fn.prime(['1'], Promise.resolve({ id: '1' }))
  })
})

describe('over a store that answers with promises', () => {
  test('a synchronous function promises', () => {
    expectTypeOf(over.cached(load)('1', true)).toEqualTypeOf<Promise<User>>()
    expectTypeOf(over.cached(load)).parameters.toEqualTypeOf<[id: string, fresh?: boolean]>()
    // @ts-expect-error an id is a text
    over.cached(load)(1)
  })

  test('an async function keeps its own type', () => {
    expectTypeOf(over.cached(loadLater)('1')).toEqualTypeOf<Promise<User>>()
    expectTypeOf(over.cached(loadLater)).toExtend<typeof loadLater>()
  })

  test('a function that may do either promises', () => {
    const either = over.cached((n: number): number | Promise<number> => n)
    expectTypeOf(either(1)).toEqualTypeOf<Promise<number>>()
  })

  test('a generic async function stays generic', () => {
    const first = over.cached(async <T>(list: readonly T[]): Promise<T | undefined> => list[0])
    expectTypeOf(first([1, 2])).toEqualTypeOf<Promise<number | undefined>>()
  })

  test('an overloaded async function keeps its overloads', () => {
    function parse(text: string): Promise<string>
    function parse(value: number): Promise<number>
    async function parse(value: string | number): Promise<string | number> {
      return value
    }
    const fn = over.cached(parse)
    expectTypeOf(fn('1')).toEqualTypeOf<Promise<string>>()
    expectTypeOf(fn(1)).toEqualTypeOf<Promise<number>>()
  })

  test('a generic synchronous function loses its type parameter: declare it async', () => {
    const first = over.cached(<T>(list: readonly T[]): T | undefined => list[0])
    expectTypeOf(first([1, 2])).toEqualTypeOf<Promise<unknown>>()
    const kept = over.cached(async <T>(list: readonly T[]) => list[0])
    expectTypeOf(kept([1, 2])).toEqualTypeOf<Promise<number | undefined>>()
  })

  test('an overloaded synchronous function keeps its last overload alone', () => {
    function parse(text: string): string
    function parse(value: number): number
    function parse(value: string | number): string | number {
      return value
    }
    const fn = over.cached(parse)
    expectTypeOf(fn(1)).toEqualTypeOf<Promise<number>>()
    // @ts-expect-error the overload that is lost
    fn('1')
  })

  test('`this` is preserved', () => {
    const fn = over.cached(function (this: { base: number }, n: number) {
      return this.base + n
    })
    expectTypeOf(fn.call({ base: 1 }, 2)).toEqualTypeOf<Promise<number>>()
    // @ts-expect-error with a base
    fn.call({}, 1)
  })

  test('the handle promises', () => {
    const fn = over.cached(load)
    expectTypeOf(fn.peek('1')).toEqualTypeOf<Promise<Peeked<User>>>()
    expectTypeOf(fn.refresh('1')).toEqualTypeOf<Promise<User>>()
    expectTypeOf(fn.prime(['1'], { id: '1' })).toEqualTypeOf<Promise<void>>()
    expectTypeOf(fn.invalidate('1')).toEqualTypeOf<Promise<void>>()
    expectTypeOf(fn.explain('1')).toEqualTypeOf<Promise<Explanation>>()
    expectTypeOf(fn.keyOf('1')).toEqualTypeOf<string>()
    expectTypeOf(fn.original).toEqualTypeOf<typeof load>()
  })
})

describe('which store it is', () => {
  test('is seen from what it answers', () => {
    expectTypeOf<IsAsync<MemoryStore>>().toEqualTypeOf<false>()
    expectTypeOf<IsAsync<SyncStore>>().toEqualTypeOf<false>()
    expectTypeOf<IsAsync<AsyncStore>>().toEqualTypeOf<true>()
  })

  test('one that is not known to answer at once counts as one that promises', () => {
    expectTypeOf<IsAsync<Store>>().toEqualTypeOf<true>()
    expectTypeOf<IsAsync<MemoryStore | AsyncStore>>().toEqualTypeOf<true>()
    expectTypeOf(createAutocache({ store: unknownStore }).cached(load)('1')).toEqualTypeOf<Promise<User>>()
    expectTypeOf(cached(load, { store: unknownStore })('1')).toEqualTypeOf<Promise<User>>()
  })

  test("a function's own store goes before that of its instance", () => {
    expectTypeOf(cached(load, { store: asyncText })('1')).toEqualTypeOf<Promise<User>>()
    expectTypeOf(over.cached(load, { store: memoryStore() })('1')).toEqualTypeOf<User>()
    expectTypeOf(over.cached(load, { store: syncText, ttl: 1 }).peek('1')).toEqualTypeOf<Peeked<User>>()
  })

  test('names what `createAutocache` returns', () => {
    expectTypeOf(createAutocache()).toEqualTypeOf<Autocache<MemoryStore>>()
    expectTypeOf(createAutocache({ ttl: 1 })).toEqualTypeOf<Autocache<MemoryStore>>()
    expectTypeOf(over).toEqualTypeOf<Autocache<AsyncStore<'text'>>>()
    expectTypeOf(over.cached(load)).toEqualTypeOf<CachedFunction<typeof load, AsyncStore<'text'>>>()
  })
})

describe('what a handle takes', () => {
  const fn = cached(load)

  test("the function's arguments", () => {
    // @ts-expect-error an id is a text
    fn.keyOf(1)
    // @ts-expect-error an id is needed
    fn.invalidate()
    // @ts-expect-error there is no third
    fn.peek('1', true, 5)
    // @ts-expect-error an id is a text
    fn.refresh(5)
    // @ts-expect-error arguments are a list
    fn.prime('1', { id: '1' })
    // @ts-expect-error an id is a text
    fn.prime([1], { id: '1' })
    // @ts-expect-error a list of lists
    fn.many(['1'])
    // @ts-expect-error an id is a text
    fn.many([[1]])
    // @ts-expect-error there is no such option
    fn.many([['1']], { parallel: 5 })
    // @ts-expect-error a number
    fn.many([['1']], { concurrency: '5' })
  })

  test("and the function's result", () => {
    // @ts-expect-error an id is a text
    fn.prime(['1'], { id: 1 })
    // @ts-expect-error the value is needed
    fn.prime(['1'])
    // @ts-expect-error it answers at once, so it is not primed with a promise
    fn.prime(['1'], Promise.resolve({ id: '1' }))
  })

  test('of every overload', () => {
    function parse(text: string): string
    function parse(value: number, radix: number): number
    function parse(value: string | number, _radix?: number): string | number {
      return value
    }
    const fn = cached(parse)
    fn.keyOf('1')
    fn.keyOf(1, 10)
    fn.invalidate('1')
    fn.prime([1, 10], 5)
    fn.many([['1'], [1, 10]])
    expectTypeOf(fn.peek('1')).toEqualTypeOf<Peeked<string | number>>()
    // @ts-expect-error no overload takes a boolean
    fn.keyOf(true)
    // @ts-expect-error the radix is needed for a number
    fn.keyOf(1)
  })

  test('gives by its states what there is', () => {
    const peeked = fn.peek('1')
    // @ts-expect-error a miss has no value
    peeked.value
    if (peeked.state === 'miss') {
      // @ts-expect-error a miss has no instant
      peeked.createdAt
    } else if (peeked.state === 'stale') {
      expectTypeOf(peeked.value).toEqualTypeOf<User>()
    } else if (peeked.outcome === 'value') {
      expectTypeOf(peeked.value).toEqualTypeOf<User>()
    } else {
      expectTypeOf(peeked.error).toEqualTypeOf<unknown>()
    }
  })

  test('cannot be written to', () => {
    // @ts-expect-error it follows the code
    fn.version = 'x-1'
    // @ts-expect-error it is in the keys
    fn.label = 'other'
  })
})

describe('`of`', () => {
  class Prices {
    rate = 2
    quote(sku: string): number {
      return sku.length * this.rate
    }
    async later(sku: string): Promise<number> {
      return sku.length
    }
    static scaled(n: number): number {
      return n
    }
  }
  const prices = new Prices()

  test('is typed by the method and the store', () => {
    const { of } = createAutocache()
    expectTypeOf(of(prices, 'quote')).toEqualTypeOf<Handle<Prices['quote'], false>>()
    expectTypeOf(of(prices, 'quote').peek('a')).toEqualTypeOf<Peeked<number>>()
    expectTypeOf(of(prices, 'later').refresh('a')).toEqualTypeOf<Promise<number>>()
    expectTypeOf(of(Prices, 'scaled').refresh(1)).toEqualTypeOf<number>()
    expectTypeOf(over.of(prices, 'later').peek('a')).toEqualTypeOf<Promise<Peeked<number>>>()
    expectTypeOf(over.of(prices, 'later').invalidate('a')).toEqualTypeOf<Promise<void>>()
    // @ts-expect-error there is no such method
    of(prices, 'nothing')
    // @ts-expect-error a sku is a text
    of(prices, 'quote').invalidate(5)
    // @ts-expect-error no method
    of(prices, 'rate').invalidate()
  })

  test('takes a function that is a property', () => {
    const api = { load: cached(load) }
    expectTypeOf(createAutocache().of(api, 'load').peek('1')).toEqualTypeOf<Peeked<User>>()
  })
})

describe('what cannot be cached', () => {
  test('is refused', () => {
    // @ts-expect-error no function
    cached(42)
    // @ts-expect-error no function
    cached('load')
    // @ts-expect-error a class is constructed, not called
    cached(class Own {})
    // @ts-expect-error it may not be there
    cached(undefined)
    // @ts-expect-error nothing to cache
    cached()
  })
})

test('a store is known by its contract', () => {
  const incomplete = {
    lifetime: 'process',
    holds: 'references',
    get: (_: string) => undefined,
    delete: () => true,
  } as const
  // @ts-expect-error it has no set
  createAutocache({ store: incomplete })
  // @ts-expect-error a Map is a client and no store
  createAutocache({ store: new Map() })
  // @ts-expect-error a lifetime is one of two
  createAutocache({ store: { ...memoryStore(), lifetime: 'forever' } })
  expectTypeOf<SyncStore<'references'>['get']>().returns.toEqualTypeOf<Entry | undefined>()
  expectTypeOf<AsyncStore<'bytes'>['get']>().returns.toEqualTypeOf<Promise<Uint8Array | undefined>>()
})
