/**
 * The testing kit: a clock to move, instances that share nothing, and checks of what a cached function did.
 */
import { type Autocache, createAutocache } from './autocache.ts'
import { AutocacheError } from './errors.ts'
import type { AutocacheEvent } from './events.ts'
import { encodeKey } from './key.ts'
import { type MemoryStore, memoryStore } from './memory-store.ts'
import type { AnyFunction, AutocacheOptions } from './options.ts'
import type { Store } from './store.ts'

/** A clock that moves only when told. Pass it as the option `clock`. */
export interface TestClock {
  (): number
  /** Moves the clock by so many milliseconds; backwards for a negative number. */
  advance(ms: number): void
}

/**
 * Creates a clock that stands still. It starts at the current instant, because stores that expire by themselves go by
 * the clock of the machine.
 * @param start epoch milliseconds. @default now
 */
export function testClock(start: number = Date.now()): TestClock {
  let now = start
  return Object.assign(() => now, {
    advance(ms: number) {
      now += ms
    },
  })
}

/** An instance for one test, with what there is to look at. */
export interface TestScope<TStore extends Store> {
  readonly cache: Autocache<TStore>
  readonly clock: TestClock
  /** Every event so far, in order. */
  readonly events: readonly AutocacheEvent[]
  /** The types of the events so far, in order. */
  types(): AutocacheEvent['type'][]
  /** Forgets the events so far. */
  reset(): void
  /** Waits for the refreshes and writes under way. */
  settle(): Promise<void>
}

/**
 * Creates an instance for one test: over a memory store of its own unless told otherwise, with a clock of its own, and
 * every event recorded. `enabled: false` is the off switch.
 * @example
 * ```ts
 * import { testScope } from '@autocache/core/testing'
 * const { cache, clock, types } = testScope({ ttl: '1m' })
 * const twice = cache.cached((n: number) => 2 * n)
 * twice(2)
 * clock.advance(60_000)
 * twice(2)
 * types() // ['miss', 'fill', 'write', 'miss', 'fill', 'write']
 * ```
 */
export function testScope<TStore extends Store = MemoryStore>(
  options: AutocacheOptions<TStore> = {},
): TestScope<TStore> {
  const { store = memoryStore(), clock = testClock(), namespace = 'test', ...rest } = options
  const events: AutocacheEvent[] = []
  const cache = createAutocache<TStore>({
    ...rest,
    namespace,
    store: store as TStore,
    clock,
  })
  cache.on('*', (event) => {
    events.push(event)
  })
  return {
    cache,
    clock: clock as TestClock,
    events,
    types: () => events.map(({ type }) => type),
    reset() {
      events.length = 0
    },
    settle: cache.close,
  }
}

/**
 * Checks that a call is answered from entries, fresh or stale, without running the function or any cached function it
 * calls. A refresh in the background is no part of the call.
 * @throws AutocacheError `EXPECTATION_FAILED` where something ran or the call did not go through the cache
 */
export async function expectHit<TResult>(
  scope: Pick<TestScope<Store>, 'events'>,
  call: () => TResult,
): Promise<Awaited<TResult>> {
  const { result, types } = await watch(scope, call)
  const ran = types.some((type) => type === 'fill' || type === 'fill-error' || type === 'bypass')
  if (ran || !types.some((type) => type === 'hit' || type === 'stale-hit' || type === 'join'))
    throw unexpected('a hit', types)
  return result
}

/**
 * Checks that a call runs the function.
 * @throws AutocacheError `EXPECTATION_FAILED` where it was answered without
 */
export async function expectMiss<TResult>(
  scope: Pick<TestScope<Store>, 'events'>,
  call: () => TResult,
): Promise<Awaited<TResult>> {
  const { result, types } = await watch(scope, call)
  if (!types.some((type) => type === 'miss' || type === 'bypass')) throw unexpected('a miss', types)
  return result
}

async function watch<TResult>({ events }: Pick<TestScope<Store>, 'events'>, call: () => TResult) {
  const before = events.length
  const result = await call()
  const own = events.slice(before).filter((event) => !('background' in event))
  return { result, types: own.map(({ type }) => type) }
}

function unexpected(expected: string, types: readonly string[]): AutocacheError {
  const seen = types.join(', ') || 'none'
  return new AutocacheError('EXPECTATION_FAILED', `Expected ${expected}; the call made these events: ${seen}.`)
}

/**
 * Checks that a function is fit to be cached for some arguments: that it answers the same twice, and leaves its arguments
 * as they were. It cannot show that a function is pure, only that it is not.
 * @throws AutocacheError where the answers differ or an argument was changed
 */
export async function expectPure<TFunction extends AnyFunction>(
  fn: TFunction,
  ...args: Parameters<TFunction>
): Promise<void> {
  const before = encodeKey(args)
  const first = encodeKey(await fn(...args), undefined, { root: 'result' })
  if (encodeKey(args) !== before) {
    throw new AutocacheError(
      'EXPECTATION_FAILED',
      `\`${fn.name}\` changes its arguments, so its calls cannot be told apart by them.`,
    )
  }
  if (encodeKey(await fn(...args), undefined, { root: 'result' }) !== first) {
    throw new AutocacheError(
      'EXPECTATION_FAILED',
      `\`${fn.name}\` answers the same arguments differently: it depends on something else.`,
    )
  }
}
