/**
 * At boot every cached method and response is defined, so that what cannot be cached is an error before the first
 * request, all of them in one; what is, is logged with its label and version.
 */
import { type AnyFunction, AutocacheError, cacheKey, encodeKey } from '@autocache/core'
import { Inject, Injectable, Logger, type Type } from '@nestjs/common'
import { DiscoveryService } from '@nestjs/core'
import { Autocache, handleOf, isRefusal } from './autocache.ts'
import { type Member, membersOf, stampOfMember } from './members.ts'
import { ownerOf, setOwner } from './owner.ts'
import { isOurs, responsesOf } from './responses.ts'

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number]

/** Runs when the modules are there. */
export class Boot {
  readonly #cache: Autocache
  readonly #discovery: DiscoveryService
  readonly #log = new Logger('Autocache')

  /** Nest makes it. */
  constructor(cache: Autocache, discovery: DiscoveryService) {
    this.#cache = cache
    this.#discovery = discovery
  }

  /** @throws AutocacheError for all that cannot be cached */
  run(): void {
    const problems: AutocacheError[] = []
    const attempt = (define: () => string | undefined): void => {
      try {
        const line = define()
        if (line !== undefined) this.#log.log(line)
      } catch (error) {
        problems.push(error as AutocacheError)
      }
    }
    void this.#cache.core
    const seen = new Set<object>()
    const wrappers = [...this.#discovery.getProviders(), ...this.#discovery.getControllers()]
    for (const wrapper of wrappers) {
      const { prototype, instance } = madeBy(wrapper)
      if (!prototype || (cacheSeenBy(wrapper.host) ?? this.#cache) !== this.#cache) continue
      const members = membersOf(prototype)
      // Made by a factory: Nest injects nothing into those.
      if (members.size > 0 && instance && ownerOf(instance) === undefined) setOwner(instance, this.#cache)
      if (seen.has(prototype)) continue
      seen.add(prototype)
      for (const member of members.values()) attempt(() => this.#method(member, prototype.constructor, instance))
      for (const [method, graphql] of this.#handlers(prototype))
        attempt(() => this.#responses(prototype.constructor as Type<unknown>, method, graphql))
    }
    const [first] = problems
    if (problems.length === 1) throw first
    if (first) {
      const list = [...new Set(problems.map(({ message }) => `- ${message}`))].join('\n')
      throw new AutocacheError(first.code, `${problems.length} methods cannot be cached:\n${list}`, { cause: first })
    }
  }

  #method(member: Member, Class: object, instance: object | undefined): string {
    const { label, version, cached } = this.#cache.defineMember(member, Class)
    if (instance && this.#isShared(member)) {
      if (stampOfMember(member.fn) && member.options.version === undefined) this.#checkStamped(label, cached, instance)
      else this.#checkReceiver(member, label, instance)
    }
    return `Cached {${label}} ${version}`
  }

  #isShared({ options }: Member): boolean {
    const { store, options: defaults } = this.#cache
    return (options.store ?? store).lifetime === 'shared' && defaults.enabled !== false && !options.key
  }

  /** What a stamp reads and calls through the object must be known: core says so when it makes a key. */
  #checkStamped(label: string, cached: AnyFunction, instance: object): void {
    try {
      handleOf(cached, instance, this.#cache.core).keyOf()
    } catch (error) {
      // A `partition` or `deps` that needs a request has nothing to say here.
      if (!isRefusal(error)) return
      const { path } = error as { path?: string }
      if (!/^this\b|`this\b/.test(path ?? error.message)) return
      if (path === undefined) throw error
      throw new AutocacheError(
        'UNKEYABLE_VALUE',
        `\`${label}\` reads something of its object that no key can be made of (${error.message}). A method that it ` +
          'inherits from another file and calls counts as reading the whole object where a class of that has no version, ' +
          'and so does `this` that is handed on. Give the option `key`, such as `key: (id: string) => id`, or give the class a `[cacheKey]()` that ' +
          'returns what its results depend on; the code of its providers stays in the version.',
        { cause: error },
      )
    }
  }

  /** Over a shared store, two objects of one class have to be told apart (R03). */
  #checkReceiver({ fn }: Member, label: string, instance: object): void {
    if (cacheKey in instance || !/\bthis\b|\bsuper\b/.test(Function.prototype.toString.call(fn))) return
    try {
      encodeKey(instance)
    } catch (error) {
      if (!isRefusal(error)) throw error
      throw new AutocacheError(
        'UNKEYABLE_VALUE',
        `\`${label}\` reads \`this\`, and nothing tells over a shared store which of the objects injected there its ` +
          'result depends on. Give the option `key`, such as `key: (id: string) => id`, or give the class a ' +
          '`[cacheKey]()` that returns what its results depend on; a stamped build knows it by itself.',
        { cause: error },
      )
    }
  }

  #responses(Class: Type<unknown>, method: AnyFunction, graphql: boolean): string | undefined {
    const { where, never, blind, sees, options, defined, self } = responsesOf(this.#cache, Class, method, graphql)
    if (never !== undefined || !defined) return undefined
    if (blind !== undefined && !sees && typeof options.vary !== 'function' && !options.shared) {
      this.#log.warn(
        `${where} takes ${blind}: its responses are not cached until \`vary\` or \`shared\` says what of it they depend on.`,
      )
      return undefined
    }
    const refused = refusalOf(this.#cache, defined.cached, self)
    if (refused !== undefined) {
      this.#log.warn(
        `${where} is answered without the cache: ${refused} Give \`@CachedResponse\` a \`version\` to say what its code is.`,
      )
      return undefined
    }
    return `Cached {${defined.label}} ${defined.version}`
  }

  /** The GET handlers and fields of Query that the interceptor stands on, and whether they are fields. */
  *#handlers(prototype: object): Iterable<[method: AnyFunction, graphql: boolean]> {
    const seen = new Set<string>()
    for (
      let at: object | null = prototype;
      at && at !== Object.prototype;
      at = Object.getPrototypeOf(at) as object | null
    )
      for (const name of Object.getOwnPropertyNames(at)) {
        if (seen.has(name)) continue
        seen.add(name)
        const method: unknown = Object.getOwnPropertyDescriptor(at, name)?.value
        if (typeof method !== 'function' || name === 'constructor') continue
        const isRoute = Reflect.hasMetadata('path', method) && Reflect.getMetadata('method', method) === 0
        const isField = Reflect.getMetadata('graphql:resolver_type', method) === 'Query'
        if (!isRoute && !isField) continue
        if (this.#cache.interceptorsOf(prototype.constructor, method).some(isOurs))
          yield [method as AnyFunction, isField]
      }
  }
}

/** Why a stamped handler can never be keyed, whatever the request: by what it reads of its controller. */
function refusalOf(cache: Autocache, cached: AnyFunction, self: object | undefined): string | undefined {
  if (!self) return undefined
  try {
    handleOf(cached, self, cache.core).keyOf(null)
  } catch (error) {
    if (isRefusal(error)) return error.message
  }
  return undefined
}

/**
 * The `Autocache` that Nest injects into what a module declares: an application may have several AutocacheModules, each for
 * those that import it.
 */
function cacheSeenBy(host: Wrapper['host'], asked = new Set<unknown>()): unknown {
  if (!host || asked.has(host)) return undefined
  asked.add(host)
  const own: unknown = host.providers.get(Autocache)?.instance
  if (own) return own
  for (const imported of host.imports) {
    if (imported.exports.has(Autocache)) return imported.providers.get(Autocache)?.instance
    const again = [...imported.imports].filter(({ metatype }) => imported.exports.has(metatype))
    for (const module of again) {
      const found = cacheSeenBy(module, asked)
      if (found) return found
    }
  }
  return undefined
}

/** The class behind a provider, and its one object where it has one by now. */
function madeBy(wrapper: Wrapper): { prototype?: object; instance?: object } {
  const instance: unknown = wrapper.isDependencyTreeStatic() && !wrapper.isTransient ? wrapper.instance : undefined
  const isObject = typeof instance === 'object' && instance !== null
  if (isObject && Object.getPrototypeOf(instance)) {
    return { prototype: Object.getPrototypeOf(instance) as object, instance }
  }
  const { metatype, inject } = wrapper
  if (typeof metatype !== 'function' || inject || !metatype.prototype) return {}
  return { prototype: metatype.prototype as object }
}

Injectable()(Boot)
Inject(Autocache)(Boot, undefined, 0)
Inject(DiscoveryService)(Boot, undefined, 1)
