import { describe, expectTypeOf, test } from 'vitest'
import {
  type AsyncStore,
  type AutocacheError,
  type AutocacheEvent,
  cached,
  createAutocache,
  type Duration,
  type FunctionOptions,
  isAutocacheError,
  memoryStore,
  type SetOptionsOf,
  type SyncStore,
  UnkeyableValueError,
} from '../src/index.ts'

interface User {
  readonly id: string
}
const load = (id: string, _fresh?: boolean): User => ({ id })
const loadLater = async (id: string): Promise<User> => ({ id })

describe('the options of a function', () => {
  test('are typed by its arguments and result', () => {
    cached(load, {
      key(id, fresh) {
        expectTypeOf(id).toEqualTypeOf<string>()
        expectTypeOf(fresh).toEqualTypeOf<boolean | undefined>()
        return id
      },
      ttl(user, id, fresh) {
        expectTypeOf(user).toEqualTypeOf<User>()
        expectTypeOf(id).toEqualTypeOf<string>()
        expectTypeOf(fresh).toEqualTypeOf<boolean | undefined>()
        return '5m'
      },
      cacheIf: (user, id) => {
        expectTypeOf(user).toEqualTypeOf<User>()
        expectTypeOf(id).toEqualTypeOf<string>()
        return user.id === id
      },
    })
  })

  test('take windows as durations and shares, never functions', () => {
    cached(load, { staleTtl: '1h', staleIfError: Number.POSITIVE_INFINITY, earlyRefresh: 0.8, jitter: 0.1 })
    createAutocache({ staleTtl: 5000, staleIfError: '7d', earlyRefresh: 0.5, jitter: 1 })
    // @ts-expect-error it does not depend on the value
    cached(load, { staleTtl: () => 5 })
    // @ts-expect-error a share is a number
    cached(load, { jitter: '10%' })
  })

  test('are typed where the function is written in place', () => {
    cached((n: number) => `${n}`, {
      key: (n) => expectTypeOf(n).toEqualTypeOf<number>(),
      cacheIf: (text, n) => text === `${n}`,
      ttl: (text) => text.length,
    })
  })

  test('receive what a promise resolves to', () => {
    cached(loadLater, {
      cacheIf(user, id) {
        expectTypeOf(user).toEqualTypeOf<User>()
        return user.id === id
      },
      ttl: ({ id }) => (id === '1' ? '1m' : Number.POSITIVE_INFINITY),
    })
  })

  test('may name fewer parameters and no more', () => {
    cached(load, { key: () => 1, cacheIf: () => true, ttl: () => 5 })
    // @ts-expect-error there is no third argument
    cached(load, { key: (id: string, fresh: boolean | undefined, other: number) => [id, fresh, other] })
    // @ts-expect-error an id is a text
    cached(load, { key: (id: number) => id })
    // @ts-expect-error the value is a user
    cached(load, { cacheIf: (user: string) => user === '' })
  })

  test('refuse what an option is not', () => {
    // @ts-expect-error a duration
    cached(load, { ttl: 'soon' })
    // @ts-expect-error a function of the value that gives a duration
    cached(load, { ttl: () => 'soon' })
    // @ts-expect-error a promise is no verdict
    cached(load, { cacheIf: async () => true })
    // @ts-expect-error a duration and no function
    cached(load, { errorTtl: () => 5 })
    // @ts-expect-error one of two words
    cached(load, { keys: 'clear' })
    // @ts-expect-error a text or a function
    cached(load, { version: 1 })
    // @ts-expect-error a list, a thunk or what to ignore
    cached(load, { deps: 'config' })
    // @ts-expect-error a misspelt `ignore`
    cached(load, { deps: { ignored: ['logger'] } })
    // @ts-expect-error a thunk
    cached(load, { partition: 'acme' })
    // @ts-expect-error no client, a store
    cached(load, { store: new Map() })
  })

  test('refuse what does not exist', () => {
    // @ts-expect-error misspelt
    cached(load, { ttll: 5 })
    // @ts-expect-error belongs to an instance
    cached(load, { enabled: false })
    // @ts-expect-error belongs to an instance
    cached(load, { clock: () => 0 })
    // @ts-expect-error belongs to an instance
    cached({ logger: console })
    // @ts-expect-error misspelt
    cached({ ttll: 5 })
  })

  test('may be made elsewhere', () => {
    const policy = { ttl: '5m', cacheIf: (value: unknown) => value !== undefined } satisfies FunctionOptions
    cached(load, policy)
    cached(loadLater, policy)
    const typed: FunctionOptions<[id: string], User> = { key: (id) => id }
    cached((id: string) => ({ id }), typed)
    cached(load, { ttl: undefined, name: undefined, store: undefined })
  })

  test('receive events by their type', () => {
    cached(load, {
      onEvent(event) {
        expectTypeOf(event).toEqualTypeOf<AutocacheEvent>()
        if (event.type === 'fill') expectTypeOf(event.duration).toEqualTypeOf<number>()
        // @ts-expect-error only a fill has a duration
        event.duration
      },
    })
  })
})

describe('the options of an instance', () => {
  test('refuse what does not exist', () => {
    // @ts-expect-error misspelt
    createAutocache({ ttll: 5 })
    // @ts-expect-error belongs to a function
    createAutocache({ name: 'all' })
    // @ts-expect-error a bound that does not exist
    createAutocache({ keyBounds: { width: 5 } })
    // @ts-expect-error yes or no
    createAutocache({ enabled: 'yes' })
    // @ts-expect-error no options
    createAutocache(memoryStore())
  })

  test('are defaults of any function', () => {
    createAutocache({
      logger: console,
      key: (first) => first,
      ttl: (value) => value.ttl,
      cacheIf: (value) => value !== null,
      enabled: true,
    })
  })

  test('give listeners the event of a type', () => {
    const { on } = createAutocache()
    on('miss', (event) =>
      expectTypeOf(event.reason).toEqualTypeOf<
        | 'absent'
        | 'expired'
        | 'invalidated'
        | 'tags-changed'
        | 'unreadable'
        | 'unsettled'
        | 'store-error'
        | 'breaker-open'
      >(),
    )
    on('stale-hit', (event) => expectTypeOf(event.reason).toEqualTypeOf<'refresh' | 'error' | 'back-off'>())
    on('refresh', (event) => expectTypeOf(event.reason).toEqualTypeOf<'early' | 'stale'>())
    on('refresh-error', (event) => expectTypeOf(event.error).toEqualTypeOf<unknown>())
    on('*', (event) => expectTypeOf(event.type).toEqualTypeOf<AutocacheEvent['type']>())
    expectTypeOf(on('hit', () => {})).toEqualTypeOf<() => void>()
    // @ts-expect-error there is no such event
    on('hits', () => {})
  })
})

describe('a duration', () => {
  test('is a number or a number with a unit', () => {
    expectTypeOf<0 | 250 | '250ms' | '1s' | '5m' | '1.5h' | '7d' | '2w'>().toExtend<Duration>()
    // @ts-expect-error a unit that does not exist
    cached(load, { ttl: '5 parsecs' })
    // @ts-expect-error no unit
    cached(load, { ttl: '5' })
    // @ts-expect-error nothing
    cached(load, { ttl: '' })
    // What TypeScript takes for a number and the check at run time does not: '5 m', '-5m', '0x5m'.
    expectTypeOf<'5 m' | '-5m'>().toExtend<Duration>()
    // @ts-expect-error another case
    cached(load, { ttl: '5M' })
    // @ts-expect-error no number
    cached(load, { ttl: 'm' })
    // @ts-expect-error nothing
    cached(load, { ttl: null })
    // @ts-expect-error an object
    cached(load, { ttl: {} })
    // @ts-expect-error a bigint
    createAutocache({ storeTimeout: 5n })
    // @ts-expect-error any text
    createAutocache({ ttl: 'x' as string })
  })
})

describe('`setOptions`', () => {
  interface LruSetOptions {
    readonly size: number
  }
  const syncLru = {} as SyncStore<'references', LruSetOptions>
  const asyncLru = {} as AsyncStore<'text', LruSetOptions>

  test('is typed by the store', () => {
    expectTypeOf<SetOptionsOf<typeof syncLru>>().toEqualTypeOf<LruSetOptions>()
    expectTypeOf<SetOptionsOf<typeof asyncLru>>().toEqualTypeOf<LruSetOptions>()
    createAutocache({ store: syncLru, setOptions: { size: 1 } }).cached(load, { setOptions: { size: 2 } })
    createAutocache({ store: asyncLru, setOptions: { size: 1 } }).cached(load, { setOptions: { size: 2 } })
    cached(load, { store: syncLru, setOptions: { size: 2 } })
    // @ts-expect-error a number
    createAutocache({ store: syncLru, setOptions: { size: 'large' } })
    // @ts-expect-error a number
    createAutocache({ store: syncLru }).cached(load, { setOptions: { size: 'large' } })
    // @ts-expect-error there is no such option
    createAutocache({ store: asyncLru }).cached(load, { setOptions: { sizes: 2 } })
    // @ts-expect-error a number, by the function's own store
    cached(load, { store: syncLru, setOptions: { size: 'large' } })
    // @ts-expect-error the memory store takes none
    cached(load, { setOptions: { size: 2 } })
    // @ts-expect-error nor on a method
    cached({ setOptions: { size: 2 } })
    createAutocache({ store: syncLru }).cached({ setOptions: { size: 2 } })
  })
})

test('an error is known by its brand', () => {
  const error: unknown = undefined
  if (isAutocacheError(error)) {
    expectTypeOf(error).toEqualTypeOf<AutocacheError>()
    if (error.code === 'INVALID_OPTION') expectTypeOf(error.message).toEqualTypeOf<string>()
    // @ts-expect-error there is no such code
    if (error.code === 'NOTHING') return
  }
  if (error instanceof UnkeyableValueError) {
    expectTypeOf(error.code).toEqualTypeOf<'UNKEYABLE_VALUE'>()
    expectTypeOf(error.reason).toEqualTypeOf<'kind' | 'bounds' | 'unreadable'>()
    expectTypeOf(error.path).toEqualTypeOf<string>()
  }
})
