/**
 * autocache: cache any function.
 *
 * `cached(fn)` returns a function that answers as `fn` does and computes each result once. It derives three things:
 *
 * - the version, from the function's code (`version.ts`): a stamp of the compiler, a text given by hand, or, over a
 *   store that ends with the process, one of its own;
 * - the key, from what the result depends on (`inputs.ts`, `key.ts`): namespace, label, version and arguments as one
 *   injective text;
 * - the life of the entry, over whatever store the user runs (`call.ts`): read, decide, fill once, write.
 *
 * Two rules outrank everything: never a wrong value, and never worse than no cache. A call fails only if the function
 * does, its arguments cannot be told apart, or its own `key`, `deps`, `partition` or clock throws.
 *
 * This file puts the parts together: an instance holds a store, a namespace and defaults; `cached` is the instance that
 * lives in process memory and needs no configuration. The same `cached` is a wrapper, a TC39 decorator and a legacy
 * TypeScript decorator; it tells them apart by what it receives.
 *
 * Decisions: docs/decisions/0001-core.md. Rules: each test in `test/` is named after the one it holds.
 */

import { diagnostics } from '#platform'
import { createDefine, type Defined, requireNamespace } from './define.ts'
import { AutocacheError } from './errors.ts'
import { createHub, type EventOf, type EventType, type Hub, type Stats } from './events.ts'
import { machineClock } from './freshness.ts'
import type { MemoryStore } from './memory-store.ts'
import {
  type AnyFunction,
  type AutocacheOptions,
  checkOptions,
  type FunctionOptions,
  invalidOption,
  isTags,
  resolveBounds,
  toMilliseconds,
} from './options.ts'
import type { Store } from './store.ts'
import type { CachedFunction, CachedMember, Handle, IsAsync } from './types.ts'
import { Uses } from './uses.ts'
import { cachedKey } from './version.ts'
import { type Wire, wire } from './wire.ts'

/**
 * Caches functions and methods.
 * @throws AutocacheError `INVALID_OPTION` for an option that does not exist or is out of its range
 * @throws UnversionedFunctionError over a shared store, for a function without a version or a lasting name
 */
export interface Cached<TStore extends Store> {
  /** Decorates a method of a class: `@cached`. */
  <TMethod extends IsAsync<TStore> extends true ? (...args: any[]) => Promise<any> : AnyFunction>(
    method: TMethod,
    context: ClassMethodDecoratorContext<any, TMethod>,
  ): TMethod
  /** Decorates a method of a class under `experimentalDecorators`: `@cached`. */
  <TMethod extends IsAsync<TStore> extends true ? (...args: any[]) => Promise<any> : AnyFunction>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<TMethod>,
  ): void
  /** Wraps a function. */
  <TFunction extends AnyFunction, TOwn extends Store = TStore>(
    fn: TFunction,
    // A decorator's context has a `name` too: without this, `@cached` on a getter would read as a wrapped function.
    options?: FunctionOptions<Parameters<TFunction>, Awaited<ReturnType<TFunction>>, TOwn> & {
      readonly addInitializer?: never
    },
  ): CachedFunction<TFunction, TOwn>
  /** Decorates a method of a class: `@cached({ ttl: '5m' })`, of either kind. */
  <TArgs extends any[] = any[], TResult = any, TOwn extends Store = TStore>(
    options: FunctionOptions<TArgs, TResult, TOwn>,
  ): MethodDecorator<TOwn, TArgs, TResult>
}

/** A decorator of both kinds, for methods whose arguments and result fit its options. */
export interface MethodDecorator<TStore extends Store, TArgs extends any[], TResult> {
  <
    TMethod extends (
      ...args: [...TArgs, ...any[]]
    ) => IsAsync<TStore> extends true ? Promise<TResult> : Promise<TResult> | TResult,
  >(
    method: TMethod,
    context: ClassMethodDecoratorContext<any, TMethod>,
  ): TMethod
  <
    TMethod extends (
      ...args: [...TArgs, ...any[]]
    ) => IsAsync<TStore> extends true ? Promise<TResult> : Promise<TResult> | TResult,
  >(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<TMethod>,
  ): void
}

/** An instance: a store, a namespace and defaults for the functions it caches. */
export interface Autocache<TStore extends Store = Store> {
  /** Caches functions and methods; needs no receiver: `const { cached } = createAutocache(...)`. */
  readonly cached: Cached<TStore>
  /**
   * The handle of a cached method for one object, or of a cached function.
   * @throws AutocacheError `INVALID_OPTION` where that member is not cached
   */
  of<TObject extends object, TName extends keyof TObject>(
    object: TObject,
    method: TName,
  ): CachedMember<TObject[TName], TStore>
  /**
   * Ends every entry with one of these tags, in every namespace and store that the instance uses: of every version, in every
   * process, by one write for each tag. What calls that begin afterwards get is newer.
   * @throws StoreError (as a rejection) where a store did not acknowledge it; it is then made again until it does, and
   * until then this process does not believe what has the tag
   * @example
   * ```ts
   * import { createAutocache } from '@autocache/core'
   * const cache = createAutocache()
   * const names = cache.cached(() => ['ada', 'bob'], { tags: ['users'] })
   * names() // ['ada', 'bob'], computed
   * await cache.invalidateTags('users') // undefined
   * names() // ['ada', 'bob'], computed again
   * ```
   */
  invalidateTags(...tags: string[]): Promise<void>
  /** Counts of events since the instance was created, and the state of its stores. */
  stats(): Stats
  /** Calls `listener` for every event of a type, or for every event (`'*'`). Returns what ends that. */
  on<TType extends EventType>(type: TType | '*', listener: (event: EventOf<TType>) => void): () => void
  /** Waits for the refreshes and writes under way, at most five seconds. It closes no connection: clients belong to who made them. */
  close(): Promise<void>
}

/**
 * Creates an instance over a store.
 * @throws AutocacheError `INVALID_OPTION` for an option that does not exist or is out of its range
 * @example
 * ```ts
 * import { createAutocache, memoryStore } from '@autocache/core'
 * const cache = createAutocache({ store: memoryStore({ max: 1000 }), ttl: '10m' })
 * const square = cache.cached((n: number) => n * n)
 * square(4) // 16, computed
 * square(4) // 16, from the store
 * cache.stats().total.hit // 1
 * ```
 */
export function createAutocache<TStore extends Store = MemoryStore>(
  options: AutocacheOptions<TStore> = {},
): Autocache<TStore> {
  return build(options, wire)
}

function build<TStore extends Store>(options: AutocacheOptions<TStore>, ownWire: Wire | undefined): Autocache<TStore> {
  checkOptions(options, 'instance')
  const { enabled = true, logger, keyBounds, clock = machineClock, ...defaults } = options
  const hub: Hub = createHub(logger, diagnostics)
  // A store is counted once there is something to say of it.
  const uses = new Uses((gate, state) =>
    hub.reporter(gate.name, undefined)({ type: 'breaker', state, owed: gate.owed }),
  )
  const define = createDefine({ defaults, enabled, clock, bounds: resolveBounds(keyBounds), hub, uses, wire: ownWire })

  function wrap(fn: AnyFunction, functionOptions: FunctionOptions, method?: string): AnyFunction {
    const defined = define(fn, functionOptions, method)
    const { caller } = defined
    const wrapper = function (this: unknown, ...args: unknown[]): unknown {
      return caller.call(this, args)
    }
    Object.defineProperties(wrapper, {
      name: { value: fn.name, configurable: true },
      length: { value: fn.length, configurable: true },
      [cachedKey]: { value: { defined, fn } },
      ...Object.getOwnPropertyDescriptors(handleOf(defined, fn, undefined, method)),
    })
    return wrapper
  }

  /** One export for three uses. A second argument tells the decorators apart: a context object, or a member's name. */
  function cached(...args: unknown[]): unknown {
    const [subject, second, descriptor] = args
    if (isDecoratorContext(second)) return decorate({}, subject, second)
    if (isMemberName(second) && (args.length > 2 || typeof subject === 'object')) {
      return decorateLegacy({}, second, descriptor as PropertyDescriptor | undefined)
    }
    if (typeof subject === 'function')
      return wrap(subject as AnyFunction, second === undefined ? {} : (second as FunctionOptions))
    if (args.length > 1 || (args.length === 1 && (typeof subject !== 'object' || subject === null))) {
      throw new AutocacheError(
        'INVALID_OPTION',
        '`cached` takes a function and its options, or as a decorator the options alone.',
      )
    }
    const functionOptions = subject ?? {}
    checkOptions(functionOptions, 'function')
    return (target: unknown, context: unknown, legacy?: PropertyDescriptor) => {
      if (isDecoratorContext(context)) return decorate(functionOptions, target, context)
      if (isMemberName(context)) return decorateLegacy(functionOptions, context, legacy)
      throw new AutocacheError(
        'INVALID_OPTION',
        '`@cached(options)` decorates methods, not a class. Wrap functions with `cached(fn, options)`.',
      )
    }
  }

  function decorate(
    functionOptions: FunctionOptions,
    method: unknown,
    context: ClassMethodDecoratorContext,
  ): AnyFunction {
    if (context.kind !== 'method') throw notAMethod(String(context.name))
    return wrap(method as AnyFunction, functionOptions, String(context.name))
  }

  function decorateLegacy(
    functionOptions: FunctionOptions,
    name: string | symbol,
    descriptor: PropertyDescriptor | undefined,
  ): PropertyDescriptor {
    const method: unknown = descriptor?.value
    if (typeof method !== 'function') throw notAMethod(String(name))
    return { ...descriptor, value: wrap(method as AnyFunction, functionOptions, String(name)) }
  }

  return {
    cached: cached as Cached<TStore>,

    of(object, method) {
      if ((typeof object !== 'object' && typeof object !== 'function') || object === null) {
        throw new AutocacheError('INVALID_OPTION', '`of` takes an object and the name of one of its cached methods.')
      }
      const member: unknown = object[method]
      const known =
        typeof member === 'function' && (member as { [cachedKey]?: { defined: Defined; fn: AnyFunction } })[cachedKey]
      if (!known) {
        throw new AutocacheError(
          'INVALID_OPTION',
          `\`${String(method)}\` of that object is not a cached method. Decorate or wrap it first.`,
        )
      }
      return handleOf(known.defined, known.fn, object, undefined) as never
    },

    async invalidateTags(...tags) {
      if (!tags.every((tag) => isTags([tag]))) throw invalidOption('tags', 'texts that are not empty')
      // An instance that caches nothing there, as in a worker that only writes, still has a store and a namespace.
      if (defaults.store && (defaults.namespace || !uses.has(defaults.store))) {
        const { store } = defaults
        const namespace = defaults.namespace ?? (store.lifetime === 'shared' ? requireNamespace() : 'local')
        uses.spaceOf(store, namespace, ownWire ?? (store.wire as Wire | undefined))
      }
      const all = uses.all.flatMap(({ gate, spaces }) =>
        [...spaces.values()].map((spaceIn) => ({ gate, space: spaceIn() })),
      )
      const renew = async ({ gate, space }: (typeof all)[number], last: boolean) => {
        space.invalidateTags(tags)
        await space.stored?.renewTags(tags, clock(), toMilliseconds(defaults.storeTimeout ?? 250)!)
        if (last) hub.reporter(gate.name, undefined)({ type: 'invalidate-tags', count: tags.length })
      }
      // What was made in one from what another still held is ended by the next round; so often as calls can be nested.
      const rounds = Math.max(1, all.filter(({ space }) => space.stored).length)
      for (let round = 1; round <= rounds; round++) {
        // All are asked before the first failure is told.
        const renewed = await Promise.allSettled(all.map((one) => renew(one, round === rounds)))
        const failed = renewed.find(({ status }) => status === 'rejected')
        if (failed) throw (failed as PromiseRejectedResult).reason
      }
    },

    stats: () => ({
      ...hub.stats(),
      stores: uses.all.map(({ gate }) => ({
        store: gate.name,
        breaker: gate.state,
        owed: gate.owed,
        writes: gate.writes.size,
        refreshes: gate.refreshes.size,
      })),
    }),
    on: hub.on,

    async close() {
      await Promise.all(uses.all.map(({ gate }) => gate.drain()))
    },
  }
}

/** The methods of a cached function, bound to a receiver where there is one. */
function handleOf(
  { operations, definition }: Defined,
  fn: AnyFunction,
  self: unknown,
  method: string | undefined,
): Handle<AnyFunction, true> {
  const on = <TAnswer>(run: (self: unknown) => TAnswer): TAnswer => {
    if (method !== undefined && self === undefined) {
      throw new AutocacheError(
        'INVALID_OPTION',
        `\`${method}\` is a method: take its handle from an object, \`cache.of(object, '${method}')\`.`,
      )
    }
    return run(self)
  }
  const handle = {
    label: definition.identity.label,
    original: fn,
    get version() {
      return definition.version()
    },
    keyOf: (...args: unknown[]) => on((self) => operations.keyOf(self, args)),
    peek: (...args: unknown[]) => on((self) => operations.peek(self, args)),
    refresh: (...args: unknown[]) => on((self) => operations.refresh(self, args)),
    prime: (args: unknown[], value: unknown) => on((self) => operations.prime(self, args, value)),
    invalidate: (...args: unknown[]) => on((self) => operations.invalidate(self, args)),
    // It is the same for every object.
    invalidateAll: () => operations.invalidateAll(),
    many: (calls: unknown[][], { concurrency = Infinity } = {}) =>
      on((self) => operations.many(self, calls, concurrency)),
    explain: (...args: unknown[]) => on((self) => operations.explain(self, args)),
  }
  return handle as unknown as Handle<AnyFunction, true>
}

function isMemberName(value: unknown): value is string | symbol {
  return typeof value === 'string' || typeof value === 'symbol'
}

function isDecoratorContext(value: unknown): value is ClassMethodDecoratorContext {
  return typeof value === 'object' && value !== null && 'kind' in value && 'addInitializer' in value
}

function notAMethod(name: string): AutocacheError {
  return new AutocacheError(
    'INVALID_OPTION',
    `\`${name}\` is not a method: \`@cached\` decorates methods, static or not. Wrap functions with \`cached(fn)\`.`,
  )
}

let common: Autocache<MemoryStore> | undefined

/**
 * Caches a function or method in this process, with nothing to configure: in one memory store of 10,000 entries for the
 * program. What it returns has the same signature, `name`, `length` and `this`.
 * @throws AutocacheError `INVALID_OPTION` for an option that does not exist or is out of its range
 * @example
 * ```ts
 * import { cached } from '@autocache/core'
 * const area = cached((shape: { width: number; height: number }) => shape.width * shape.height)
 * area({ width: 2, height: 3 }) // 6, computed
 * area({ height: 3, width: 2 }) // 6, from memory: the order of properties does not matter
 * ```
 */
export const cached: Cached<MemoryStore> = ((...args: Parameters<Cached<MemoryStore>>) =>
  (common ??= build<MemoryStore>({}, undefined)).cached(...args)) as Cached<MemoryStore>
