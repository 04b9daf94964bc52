import type { CommonOptions, Duration, FunctionOptions } from '@autocache/core'
import { type CustomDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common'

/** What varies an answer: names of headers, or a function of the request that returns a keyable value. */
export type Vary = readonly string[] | ((request: any, context: ExecutionContext) => unknown)

/** The options of a cached response. Durations are milliseconds, or text such as `'5m'`. */
export interface ResponseOptions
  extends Pick<
    CommonOptions,
    'version' | 'deps' | 'partition' | 'staleTtl' | 'staleIfError' | 'earlyRefresh' | 'jitter' | 'onEvent'
  > {
  /** The label in the key. @default the class and method of the handler */
  readonly name?: string | undefined
  /** How long a response is fresh. `@CacheTTL` on the handler or its class comes before it. @default the module's `ttl` */
  readonly ttl?: Duration | undefined
  /** What to key by instead of route, params and query. `@CacheKey` comes before it. */
  readonly key?: ((request: any, context: ExecutionContext) => unknown) | undefined
  /**
   * What else of a request its response depends on. Names of headers cover those headers, an empty list says that there is
   * nothing else; a function covers whoever asks, unless it returns `undefined`. Names that the class or the module gives
   * are added, and a function that they give stays unless this is one.
   */
  readonly vary?: Vary | undefined
  /** Says that a response is the same for whoever asks: credentials do not keep it from being cached. @default false */
  readonly shared?: boolean | undefined
  /** Headers that say who asks, besides `authorization`, `proxy-authorization`, `cookie` and `x-api-key`. */
  readonly credentials?: readonly string[] | undefined
  /** Keeps what JSON makes of a body, so that class instances can be cached; the first caller gets that too. @default false */
  readonly json?: boolean | undefined
  /** The largest body that is kept, in bytes as estimated. @default 1048576 */
  readonly maxBytes?: number | undefined
  /** Whether responses say `X-Cache: HIT`, `MISS` or `BYPASS`, and hits their `Age` in seconds. @default false */
  readonly headers?: boolean | undefined
  /** Whether `Cache-Control: no-cache` and `no-store` of a request are respected. @default false */
  readonly noCache?: boolean | undefined
  /** What `invalidateTags` ends the response by: names, or a function of the body and the request. */
  readonly tags?: readonly string[] | ((body: any, request: any) => readonly string[]) | undefined
  /** The store of these responses instead of the module's. */
  readonly store?: FunctionOptions['store']
  readonly setOptions?: unknown
}

const optionsKey = 'autocache:response'
const bypassKey = 'autocache:no-cache'

/**
 * The options of `AutocacheInterceptor` for a handler, or for all handlers of a class. On a handler it is also where a
 * stamped build puts the version.
 */
export const CachedResponse = (options: ResponseOptions = {}): CustomDecorator => SetMetadata(optionsKey, options)

/** Keeps `AutocacheInterceptor` off a handler, or off all handlers of a class. */
export const NoCache = (): CustomDecorator => SetMetadata(bypassKey, true)

/** What the decorators of a handler say, put together. */
export interface SaidOptions extends ResponseOptions {
  readonly bypassed: boolean
  /** The headers that `vary` names, at whichever level. */
  readonly varies: readonly string[]
  /** Whether the handler or its class has a list in `vary`: a list of the module is not about what they take. */
  readonly sees: boolean
}

/**
 * What the decorators say of a handler: the module's defaults, those of the class over them, its own over those. What a
 * response varies by at one level it varies by at those below it as well.
 */
export function responseOptionsOf(Class: object, handler: object, defaults: ResponseOptions | undefined): SaidOptions {
  const read = (key: string, target: object): unknown => Reflect.getMetadata(key, target)
  const merged: { -readonly [TName in keyof ResponseOptions]: ResponseOptions[TName] } = {}
  const levels = [defaults, read(optionsKey, Class), read(optionsKey, handler)] as (ResponseOptions | undefined)[]
  const varies: string[] = []
  let sees = false
  for (const level of levels) {
    const { vary, credentials, ...options } = level ?? {}
    for (const [option, value] of Object.entries(options))
      if (value !== undefined) Object.assign(merged, { [option]: value })
    if (credentials) merged.credentials = [...(merged.credentials ?? []), ...credentials]
    if (typeof vary === 'function') merged.vary = vary
    else if (vary) {
      varies.push(...vary)
      merged.vary ??= varies
      sees ||= level !== defaults
    }
  }
  return { ...merged, varies, sees, bypassed: Boolean(read(bypassKey, handler) ?? read(bypassKey, Class)) }
}
