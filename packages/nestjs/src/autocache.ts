/**
 * The cache of one application.
 *
 * Core does the caching; this file says to whom it belongs. Nest makes one `Autocache` per `AutocacheModule`, hands it to
 * every object that has cached methods (`owner.ts`), and a call asks the object whose it is. So applications that live
 * in one process never meet, and objects made per request are served like any other.
 *
 * The rules: a call that core refuses to key runs (it is no error of the caller's that Express hands out class
 * instances); an object that Nest did not make is not cached; and what cannot be cached at all is said at boot
 * (`boot.ts`), not at the first request.
 *
 * Decision: docs/decisions/0022-nestjs.md.
 */
import {
  type AnyFunction,
  AutocacheError,
  type CachedMember,
  type Autocache as CoreAutocache,
  createAutocache,
  type EventOf,
  type EventType,
  isAutocacheError,
  type Stats,
  type Store,
} from '@autocache/core'
import { Logger, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common'
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core'
import type { CachedOptions } from './cached.ts'
import { type Member, memberOf, stampOfMember } from './members.ts'
import type { AutocacheModuleOptions } from './module-options.ts'

/** A function as core has cached it, under the name it has in this application. */
export interface Defined {
  readonly label: string
  readonly version: string
  readonly cached: AnyFunction
}

/** What Nest knows of an application. */
export interface Application {
  readonly modules: ModulesContainer
  readonly config: ApplicationConfig
}

/** The cache of this application, by injection: handles of cached methods, tags, counts, events. */
export class Autocache implements OnModuleDestroy, OnApplicationShutdown {
  readonly #options: AutocacheModuleOptions
  readonly #manager: () => Store | undefined
  readonly #application: Application
  readonly #log = new Logger('Autocache')
  readonly #defined = new WeakMap<object, Map<Member, Defined>>()
  readonly #claims = new Map<string, unknown>()
  readonly #told = new Set<string>()
  #core: CoreAutocache<Store> | undefined
  #store: Store | undefined

  /** Nest makes it: see `AutocacheModule`. */
  constructor(options: AutocacheModuleOptions, manager: () => Store | undefined, application: Application) {
    this.#options = options
    this.#manager = manager
    this.#application = application
  }

  /**
   * The instance of `@autocache/core` behind it: `autocache.core.cached(fn, options)` caches a function.
   * @throws AutocacheError `INVALID_OPTION` where there is neither a `store` nor a CACHE_MANAGER
   */
  get core(): CoreAutocache<Store> {
    if (this.#core) return this.#core
    const { isGlobal: _, imports: __, response: ___, ...options } = this.#options
    const store = options.store ?? this.#manager()
    if (!store) {
      throw new AutocacheError(
        'INVALID_OPTION',
        'AutocacheModule has no store: none was given, and there is no CACHE_MANAGER. Import the CacheModule of ' +
          '@nestjs/cache-manager next to it (`CacheModule.register()`), or give one: `AutocacheModule.forRoot({ store: memoryStore() })`.',
      )
    }
    this.#store = store
    this.#core = createAutocache({ ...options, store })
    return this.#core
  }

  /** The store of the module. */
  get store(): Store {
    void this.core
    return this.#store!
  }

  /** The options of its module. */
  get options(): AutocacheModuleOptions {
    return this.#options
  }

  /**
   * What a cached method offers for one object: `autocache.of(reports, 'sales').invalidate(2024)`.
   * @throws AutocacheError `INVALID_OPTION` where that member is not cached
   */
  of<TObject extends object, TName extends keyof TObject>(
    object: TObject,
    method: TName,
  ): CachedMember<TObject[TName], Store> {
    const member = memberOf(object[method])
    if (!member) return this.core.of(object, method)
    const defined = this.defineMember(member, object.constructor)
    return answeringAs(defined.cached, () => this.core.of(object, method))
  }

  /** Counts of events since the application started, together and per label. */
  stats(): Stats {
    return this.core.stats()
  }

  /** Calls `listener` for every event of a type, or for every event (`'*'`). Returns what ends that. */
  on<TType extends EventType>(type: TType | '*', listener: (event: EventOf<TType>) => void): () => void {
    return this.core.on(type, listener)
  }

  /** Waits for the refreshes and writes under way. Nest calls it when the application is closed. */
  async onModuleDestroy(): Promise<void> {
    await this.#core?.close()
  }

  /** The same again, for requests that ended since. */
  async onApplicationShutdown(): Promise<void> {
    await this.#core?.close()
  }

  /**
   * A cached method as core has it, for objects of one class; at the first time it is defined.
   * @throws AutocacheError where it cannot be cached
   * @internal
   */
  defineMember(member: Member, Class: object): Defined {
    let known = this.#defined.get(Class)
    if (!known) this.#defined.set(Class, (known = new Map()))
    const found = known.get(member)
    if (found) return found
    const { target, name, fn } = member
    const options: CachedOptions = { ...member.options }
    const stamp = stampOfMember(fn)
    const isOwn = target.constructor === Class
    if (!stamp || isOwn) {
      // Without a stamp nothing says what overrides below the class change: each class has entries of its own.
      const declared = options.name ?? stamp?.label ?? labelOf(target.constructor, name)
      const own = declared && !isOwn ? `${declared}(${labelOf(Class as AnyFunction, undefined)})` : declared
      if (own !== undefined && !stamp) Object.assign(options, { name: own })
    }
    const decorate = this.core.cached(options) as unknown as (
      target: object,
      name: string | symbol,
      descriptor: PropertyDescriptor,
    ) => PropertyDescriptor
    const descriptor: PropertyDescriptor = { value: fn, writable: true, configurable: true }
    const cached = decorate(target, name, descriptor).value as AnyFunction & Defined
    const defined: Defined = this.claim(cached, stamp ? member : Class)
    known.set(member, defined)
    return defined
  }

  /**
   * Notes that a label under a version is somebody's. Core compares the texts of functions, which two methods can share.
   * @throws AutocacheError `DUPLICATE_DEFINITION` where it is somebody else's
   * @internal
   */
  claim(cached: AnyFunction & Partial<Defined>, owner: unknown): Defined {
    const label = cached.label as string
    const { core } = this
    const defined: Defined = {
      label,
      cached,
      get version() {
        void core
        return cached.version as string
      },
    }
    const claimed = this.#claims.get(label)
    if (claimed !== undefined && claimed !== owner) {
      throw new AutocacheError(
        'DUPLICATE_DEFINITION',
        `Two methods are cached as \`${label}\`, and would answer for each other. Give one of them another \`name\`.`,
      )
    }
    this.#claims.set(label, owner)
    return defined
  }

  /** A call of a cached method. @internal */
  call(member: Member, self: object, args: unknown[]): unknown {
    const { fn, name } = member
    let defined: Defined
    try {
      defined = this.defineMember(member, self.constructor)
    } catch (error) {
      // Said at boot, which refused to start; or there is no boot, as in a test of one module.
      if (!isAutocacheError(error)) throw error
      this.tell(`${String(name)} is not cached: ${error.message}`)
      return fn.apply(self, args)
    }
    const refused = (error: unknown): boolean => {
      if (!isUnkeyable(error)) return false
      try {
        answeringAs(defined.cached, () => this.core.of(self, name as never) as unknown as KeyOf).keyOf(...args)
        return false
      } catch (again) {
        // Refused before the method ran, and not by something that the method called.
        return isUnkeyable(again) && again.message === error.message
      }
    }
    const run = (error: unknown): unknown => {
      if (!refused(error)) throw error
      this.tell(`${defined.label} is called without the cache: ${(error as Error).message}`)
      return fn.apply(self, args)
    }
    try {
      const answer: unknown = defined.cached.apply(self, args)
      return answer instanceof Promise ? answer.then(undefined, run) : answer
    } catch (error) {
      return run(error)
    }
  }

  /** Whether Nest makes the objects of a class anew for requests, which they may then read. @internal */
  isMadePerRequest(Class: unknown): boolean {
    for (const { controllers, providers } of this.#application.modules.values())
      for (const wrapper of [...controllers.values(), ...providers.values()])
        if (wrapper.metatype === Class && !wrapper.isDependencyTreeStatic()) return true
    return false
  }

  /** The interceptors that a handler has, from the outermost one: classes and objects. @internal */
  interceptorsOf(Class: object, method: object): readonly unknown[] {
    const { config } = this.#application
    const on = (target: object) => (Reflect.getMetadata('__interceptors__', target) ?? []) as unknown[]
    const scoped = config.getGlobalRequestInterceptors().map(({ metatype }) => metatype)
    return [...config.getGlobalInterceptors(), ...scoped, ...on(Class), ...on(method)]
  }

  /** Says something once. @internal */
  tell(text: string): void {
    if (this.#told.has(text)) return
    // Bounded: texts name code and paths, of which a program has few.
    if (this.#told.size < 1000) this.#told.add(text)
    this.#log.warn(text)
  }
}

type KeyOf = { keyOf(...args: unknown[]): string }

/** Whether core refused to key a value because of its kind. */
export function isUnkeyable(error: unknown): error is AutocacheError {
  return isAutocacheError(error) && error.code === 'UNKEYABLE_VALUE'
}

let strangers: Set<string> | undefined

/** A call of a decorated method: in the cache of its object's application, or past any. */
export function callMember(owner: unknown, member: Member, self: unknown, args: unknown[]): unknown {
  if (owner instanceof Autocache) return owner.call(member, self as object, args)
  const name = labelOf(member.target.constructor, member.name) ?? String(member.name)
  strangers ??= new Set()
  if (!strangers.has(name)) {
    strangers.add(name)
    new Logger('Autocache').debug(`${name} is not cached: it was called on an object that Nest did not make.`)
  }
  return member.fn.apply(self, args)
}

let answering: AnyFunction | undefined

/** Runs `ask` while decorated methods answer for `cached` to whoever asks core for a handle. */
function answeringAs<T>(cached: AnyFunction, ask: () => T): T {
  answering = cached
  try {
    return ask()
  } finally {
    answering = undefined
  }
}

/** The function that a decorated method answers for at this moment. */
export function answeringFor(): AnyFunction | undefined {
  return answering
}

/** `Class.method`; nothing where a name may be a minifier's. */
export function labelOf(Class: unknown, name: string | symbol | undefined): string | undefined {
  const of = typeof Class === 'function' ? Class.name : ''
  if (of.length < 3 && name !== undefined) return undefined
  return name === undefined ? of : `${of}.${String(name)}`
}
