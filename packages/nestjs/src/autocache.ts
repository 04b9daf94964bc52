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
  type FunctionOptions,
  isAutocacheError,
  type Stats,
  type Store,
} from '@autocache/core'
import { Logger, type OnApplicationShutdown, type OnModuleDestroy, type Type } from '@nestjs/common'
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core'
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
  readonly #responses = new Map<object, Map<object, Defined>>()
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
    const { cached } = this.defineMember(member, object.constructor)
    return handleOf(cached, object, this.core) as unknown as CachedMember<TObject[TName], Store>
  }

  /**
   * The cached responses of a handler: `autocache.responses(UsersController, 'list').invalidateAll()`.
   * @throws AutocacheError `INVALID_OPTION` where they are not cached
   */
  responses(
    Class: Type<unknown>,
    method: string,
  ): Pick<AnyHandle, 'invalidateAll'> & Pick<Defined, 'label' | 'version'> {
    const handler: unknown = Class.prototype[method]
    const defined = typeof handler === 'function' ? this.#responses.get(Class)?.get(handler) : undefined
    if (!defined) {
      throw new AutocacheError('INVALID_OPTION', `Responses of \`${Class.name}.${method}\` are not cached.`)
    }
    const { label, version, cached } = defined
    return { label, version, invalidateAll: () => (cached as unknown as AnyHandle).invalidateAll() }
  }

  /** Ends every entry with one of these tags, of methods and responses. Rejects where the store did not acknowledge it. */
  invalidateTags(...tags: string[]): Promise<void> {
    return this.core.invalidateTags(...tags)
  }

  /** Notes the responses of a handler. @internal */
  noteResponses(Class: object, method: object, defined: Defined): void {
    const known = this.#responses.get(Class)
    if (known) known.set(method, defined)
    else this.#responses.set(Class, new Map([[method, defined]]))
  }

  /** The one object of a class, where Nest has made one for all requests. @internal */
  objectOf(Class: unknown): object | undefined {
    const found = new Set<object>()
    for (const { controllers, providers } of this.#application.modules.values())
      for (const wrapper of [...controllers.values(), ...providers.values()])
        if (wrapper.metatype === Class) {
          if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient) return undefined
          found.add(wrapper.instance as object)
        }
    return found.size === 1 ? [...found][0] : undefined
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
    const options: FunctionOptions = { ...member.options }
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
      if (!isRefusal(error)) return false
      try {
        handleOf(defined.cached, self, this.core).keyOf(...args)
        return false
      } catch (again) {
        // Refused before the method ran, and not by something that the method called.
        return isRefusal(again) && again.message === error.message
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

/** Whether core refused a call: a value is no key, or there is code behind an object that nobody knows. */
export function isRefusal(error: unknown): error is AutocacheError {
  return isAutocacheError(error) && (error.code === 'UNKEYABLE_VALUE' || error.code === 'UNVERSIONED_FUNCTION')
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

/** The handle of a function that core has cached, for a receiver. */
export interface AnyHandle {
  keyOf(...args: unknown[]): string
  refresh(...args: unknown[]): unknown
  invalidate(...args: unknown[]): Promise<void>
  invalidateAll(): Promise<void>
}

/** Core hands out the handle of a member of an object, so for a moment `cached` is one that nobody sees. */
export function handleOf(cached: AnyFunction, self: object | undefined, core: CoreAutocache<Store>): AnyHandle {
  if (self === undefined) return cached as unknown as AnyHandle
  const member = Symbol('member')
  const stand = Object.isExtensible(self) ? self : Object.create(self)
  Object.defineProperty(stand, member, { value: cached, configurable: true })
  try {
    return core.of(stand, member as never) as unknown as AnyHandle
  } finally {
    delete stand[member]
  }
}

/** `Class.method`; nothing where a name may be a minifier's. */
export function labelOf(Class: unknown, name: string | symbol | undefined): string | undefined {
  const of = typeof Class === 'function' ? Class.name : ''
  if (of.length < 3 && name !== undefined) return undefined
  return name === undefined ? of : `${of}.${String(name)}`
}
