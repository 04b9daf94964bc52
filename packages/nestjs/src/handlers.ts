/**
 * What a handler takes in, read once from the metadata that Nest itself reads: its parameters, and what its decorators say
 * of the response. What a parameter names is keyed; what it hides (`@Req()`, a custom decorator) makes the handler blind:
 * nobody can see what its response depends on, and it is cached only where `vary` or `shared` says so.
 */
import type { Type } from '@nestjs/common'
import { alwaysCredentials, type Keying, type Request } from './request.ts'
import { type ResponseOptions, responseOptionsOf } from './response-options.ts'

/** A handler of a controller, or a field of a resolver. */
export interface Handler extends Keying {
  /** `Class.method`. */
  readonly where: string
  /** The headers that it is keyed by, in lower case. */
  readonly keyed: readonly string[]
  /** The properties of a request that it is keyed by besides. */
  readonly taken: readonly string[]
  /** Why its responses are never cached. */
  readonly never: string | undefined
  /** `@CacheTTL` of @nestjs/cache-manager: a value, or a function of the context. */
  readonly cacheTtl: unknown
}

/** The numbers of Nest's `RouteParamtypes`, which it keeps to itself. */
const parameters = {
  request: 0,
  response: 1,
  next: 2,
  body: 3,
  query: 4,
  param: 5,
  headers: 6,
  session: 7,
  file: 8,
  files: 9,
  host: 10,
  ip: 11,
  rawBody: 12,
  cookies: 14,
  signedCookies: 15,
}

const get = (key: string, target: object, property?: string): unknown =>
  property === undefined ? Reflect.getMetadata(key, target) : Reflect.getMetadata(key, target, property)

/** Reads a handler of a class. */
export function readHandler(
  Class: Type<unknown>,
  method: object & { readonly name: string },
  defaults: ResponseOptions | undefined,
  {
    graphql,
    perRequest,
    within,
  }: { readonly graphql: boolean; readonly perRequest: boolean; readonly within: boolean },
): Handler {
  const { bypassed, varies, sees, ...options } = responseOptionsOf(Class, method, defaults)
  const inputs: ((request: Request) => unknown)[] = []
  const lower = (names: readonly string[] = []) => names.map((header) => header.toLowerCase())
  const varied = lower(varies)
  const keyed = [...varied]
  let never: string | undefined = bypassed ? '@NoCache()' : undefined
  const taken: string[] = []
  let blind: string | undefined = perRequest ? 'providers made per request' : undefined
  const forbid = (why: string) => (never ??= why)
  const hide = (why: string) => (blind ??= why)
  if (graphql && within) hide('an interceptor within, which has the context')
  if (get('__sse__', method)) forbid('a stream of events')
  if (get('__redirect__', method)) forbid('@Redirect()')
  const code = get('__httpCode__', method)
  if (typeof code === 'number' && (code < 200 || code > 299)) forbid(`@HttpCode(${code})`)

  const name = nameIn(Class, method)
  const args = (get('__routeArguments__', Class, name) ?? {}) as Record<string, { data?: unknown }>
  for (const [key, { data }] of Object.entries(args)) {
    const [type = ''] = key.split(':')
    if (key.includes('__customRouteArgs__')) hide('a custom parameter decorator')
    else if (graphql) readField(Number(type))
    else readParameter(Number(type), data)
  }

  function readField(type: number): void {
    if (type === parameters.response) hide('@Context()')
    else if (type === parameters.next) hide('@Info()')
  }

  function readParameter(type: number, data: unknown): void {
    const part = typeof data === 'string' ? data : undefined
    if (type === parameters.request) hide('@Req()')
    else if (type === parameters.response) {
      if (!get('__responsePassthrough__', Class, name)) forbid('@Res() without passthrough')
      // `response.req`, `response.locals`: whoever has the response has the request.
      hide('@Res()')
    } else if (type === parameters.next) forbid('@Next()')
    else if (type === parameters.body) inputs.push(({ raw }) => raw.body)
    else if (type === parameters.rawBody) inputs.push(({ raw }) => raw.rawBody)
    else if (type === parameters.headers) {
      if (part === undefined) hide('all @Headers()')
      else {
        const header = part.toLowerCase()
        keyed.push(header)
        inputs.push(({ headers }) => headers[header])
      }
    } else if (type === parameters.session) hide('@Session()')
    else if (type === parameters.file || type === parameters.files) forbid('an uploaded file')
    else if (type === parameters.host) inputs.push(({ raw }) => raw.hosts)
    else if (type === parameters.ip) {
      taken.push('ip')
      inputs.push(({ raw }) => raw.ip)
    } else if (type === parameters.cookies && part !== undefined) inputs.push(({ raw }) => raw.cookies?.[part])
    else if (type !== parameters.query && type !== parameters.param) hide('a parameter that is new')
  }

  return {
    where: `${Class.name}.${name}`,
    options,
    never,
    blind,
    sees,
    inputs,
    varied,
    credentials: [...alwaysCredentials, ...lower(options.credentials)],
    keyed,
    taken,
    within,
    cacheKey: get('cache_module:cache_key', method),
    cacheTtl: get('cache_module:cache_ttl', method) ?? get('cache_module:cache_ttl', Class),
  }
}

/** The name that a method has in its class: a wrapper of another's may have lost its own. */
function nameIn(Class: Type<unknown>, method: object & { readonly name: string }): string {
  for (let at: object | null = Class.prototype; at; at = Object.getPrototypeOf(at) as object | null)
    for (const name of Object.getOwnPropertyNames(at))
      if (Object.getOwnPropertyDescriptor(at, name)?.value === method) return name
  return method.name
}
