/**
 * What is known of a handler before any request: how it is keyed, kept and versioned, and whether its responses are cached at
 * all. Read and defined once per application.
 */
import { type AnyFunction, AutocacheError, cacheKey } from '@autocache/core'
import { putStamp } from '@autocache/core/plumbing'
import { ClassSerializerInterceptor, type Type } from '@nestjs/common'
import type { Autocache, Defined } from './autocache.ts'
import { type Handler, readHandler } from './handlers.ts'
import { stampOfMember } from './members.ts'
import { bodyOf, type Kept, type Standing, unpacked } from './response.ts'

/** A handler whose responses are cached, as core has it. */
export interface Responses extends Handler {
  /** Whether no interceptor is outside, and the body is not for a template. */
  readonly outermost: boolean
  readonly defined: Defined | undefined
  /** The controller, where a stamp reads it. */
  readonly self: object | undefined
  /** Whether the store hands out what it holds. */
  readonly references: boolean
}

/** One request on its way: what it is keyed by, and how to answer it. */
export class Pending {
  ran = false
  /** When its own answer was made; what has another time is from the cache. */
  at: number | undefined
  /** What stood in the response when its own run began, where that failed. */
  failed: Standing | undefined
  /** Whether it has got its answer, while a run for it still refreshes what is stored. */
  isAnswered = false
  readonly key: unknown
  readonly raw: unknown
  readonly ttl: number | undefined
  readonly answer: () => Promise<Kept | string>

  constructor(key: unknown, raw: unknown, ttl: number | undefined, answer: () => Promise<Kept | string>) {
    this.key = key
    this.raw = raw
    this.ttl = ttl
    this.answer = answer
  }

  [cacheKey](): unknown {
    return this.key
  }
}

const known = new WeakMap<Autocache, WeakMap<object, Map<object, Responses>>>()

/**
 * A handler as it is cached in an application; read and defined once.
 * @throws AutocacheError where it cannot be cached
 */
export function responsesOf(cache: Autocache, Class: Type<unknown>, method: AnyFunction, graphql: boolean): Responses {
  let classes = known.get(cache)
  if (!classes) known.set(cache, (classes = new WeakMap()))
  let methods = classes.get(Class)
  if (!methods) classes.set(Class, (methods = new Map()))
  let found = methods.get(method)
  if (!found) methods.set(method, (found = defineResponses(cache, Class, method, graphql)))
  return found
}

function defineResponses(cache: Autocache, Class: Type<unknown>, method: AnyFunction, graphql: boolean): Responses {
  const chain = cache.interceptorsOf(Class, method)
  const handler = readHandler(Class, method, cache.options.response, {
    graphql,
    perRequest: cache.isMadePerRequest(Class),
    within: chain.slice(chain.findIndex(isOurs) + 1).some((one) => !isOurs(one) && !isSerializer(one)),
  })
  if (handler.never !== undefined)
    return { ...handler, defined: undefined, self: undefined, references: false, outermost: false }
  const {
    name,
    ttl,
    key: _,
    vary: __,
    shared,
    credentials,
    json,
    maxBytes,
    headers,
    noCache,
    tags,
    ...options
  } = handler.options
  // Who is answered before the run ends has no response any more that such a handler could set something on.
  const isApart = graphql || (!handler.within && handler.blind === undefined)
  const stamp = stampOfMember(method)
  // A handler that several controllers inherit is several, each with its own route and its own `this`.
  const isInherited = !Object.values(Object.getOwnPropertyDescriptors(Class.prototype)).some(
    ({ value }) => value === method,
  )
  const said = name ?? stamp?.label
  const label = `${said === undefined ? handler.where : isInherited ? `${said}(${Class.name})` : said}#response`
  const respond = async (pending: Pending): Promise<Kept | string> => {
    pending.ran = true
    return pending.answer()
  }
  const isStamped = stamp !== undefined && options.version === undefined
  const self = isStamped ? cache.objectOf(Class) : undefined
  if (isStamped) {
    if (!self && (stamp.receiver || stamp.calls)) {
      throw new AutocacheError(
        'UNVERSIONED_FUNCTION',
        `\`${label}\` reads its controller, of which there is not one for all requests, so that its stamp says too little. Give \`@CachedResponse\` a \`version\`.`,
      )
    }
    putStamp(respond, { ...stamp, label })
  }
  const given = handler.cacheTtl ?? ttl
  // For cache-manager `0` is for ever.
  const fixed = given === 0 && handler.cacheTtl === 0 ? Number.POSITIVE_INFINITY : given
  const cached = cache.core.cached(respond, {
    ...options,
    ...(!isApart && { staleTtl: 0, earlyRefresh: 1 }),
    name: label,
    ...(typeof fixed === 'function'
      ? { ttl: (_kept: unknown, pending: Pending) => pending.ttl ?? 0 }
      : fixed !== undefined && { ttl: fixed as number }),
    cacheIf: (kept: Kept | string) => typeof kept === 'string' || kept.keep,
    ...(tags && {
      tags:
        typeof tags === 'function' ? (kept: Kept | string, { raw }: Pending) => tags(bodyOf(opened(kept)), raw) : tags,
    }),
    errorTtl: 0,
    strict: false,
    // Copies are made here, see `copyOf`.
    clone: false,
  } as never)
  const { holds } = options.store ?? cache.store
  const defined = cache.claim(cached as AnyFunction, Class)
  cache.noteResponses(Class, method, defined)
  return {
    ...handler,
    defined,
    self,
    references: holds === 'references',
    outermost: !graphql && !Reflect.hasMetadata('__renderTemplate__', method) && isOurs(chain[0]),
  }
}

/** A response as a store has it. */
function opened(kept: Kept | string): Kept {
  return typeof kept === 'string' ? unpacked(kept) : kept
}

const classOf = (one: unknown): unknown => (typeof one === 'function' ? one : (one as object | undefined)?.constructor)

/** Whether an interceptor reads nothing but what the handler returned. */
function isSerializer(one: unknown): boolean {
  return classOf(one) === ClassSerializerInterceptor
}

/** Our interceptor, which says so where it is defined. */
export const interceptors = new WeakSet<object>()

/** Whether an interceptor, or the class of one, is ours. */
export function isOurs(one: unknown): boolean {
  for (let Class = classOf(one); typeof Class === 'function'; Class = Object.getPrototypeOf(Class) as unknown)
    if (interceptors.has(Class)) return true
  return false
}
