/**
 * What is asked, and who asks. The first becomes the key; the second decides whether there is one: a response to
 * somebody's credentials is his alone until `vary` or `shared` says otherwise.
 */
import type { ExecutionContext } from '@nestjs/common'
import type { ResponseOptions } from './response-options.ts'
import { type ExpressSettings, settingsOf } from './sending.ts'

/** A request as Express and Fastify both have it. */
interface RawRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>
  readonly params?: unknown
  readonly query?: unknown
  readonly body?: unknown
  readonly rawBody?: unknown
  readonly hosts?: unknown
  readonly hostname?: string | undefined
  readonly ip?: unknown
  readonly url?: unknown
  readonly originalUrl?: unknown
  readonly cookies?: Readonly<Record<string, unknown>>
  readonly user?: unknown
  readonly route?: { readonly path?: unknown }
  readonly routeOptions?: { readonly url?: unknown }
}

/** A request for a response, or for a field of Query. */
export interface Request {
  readonly raw: RawRequest
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** What is asked for: route, params and query, or the arguments of a field. */
  readonly asked: readonly unknown[]
  /** Whom a guard or a context has found to ask. */
  readonly user: unknown
  /** Whether the request itself is unknown: a field whose context carries none. */
  readonly unseen: boolean
  readonly response: unknown
  /** The settings of the application of Express whose response it is, where it is one. */
  readonly settings: ExpressSettings | undefined
}

/** What the key of a request is made by. */
export interface Keying {
  readonly options: ResponseOptions
  /** What the handler reads that cannot be seen; what an interceptor within is found to read joins it. */
  blind: string | undefined
  /** Whether it or its class lists what it reads all the same. */
  readonly sees: boolean
  /** What its parameters read besides route, params and query. */
  readonly inputs: readonly ((request: Request) => unknown)[]
  /** The headers that `vary` names, in lower case. */
  readonly varied: readonly string[]
  /** The headers that say who asks, in lower case. */
  readonly credentials: readonly string[]
  /** Whether interceptors of the application are within. */
  readonly within: boolean
  /** `@CacheKey` of @nestjs/cache-manager: a value, or a function of the context. */
  readonly cacheKey: unknown
}

/** Headers that say who asks. */
export const alwaysCredentials: readonly string[] = ['authorization', 'proxy-authorization', 'cookie', 'x-api-key']

/** The request of a context that can be cached, or why it cannot. */
export function requestOf(context: ExecutionContext): Request | string {
  const type: string = context.getType()
  if (type === 'http') return fromHttp(context)
  if (type === 'graphql') return fromGraphql(context)
  return `a context of type ${type}`
}

function fromHttp(context: ExecutionContext): Request | string {
  const raw = context.getArgByIndex<RawRequest>(0)
  const { headers = {} } = raw
  if (raw.method !== 'GET') return `method ${raw.method}`
  if (headers.range !== undefined) return 'a Range'
  const response: unknown = context.getArgByIndex(1)
  const settings = settingsOf(response)
  // Where each platform has it: what looks like the other's may be the application's own.
  const route = settings ? raw.route?.path : (raw.routeOptions?.url ?? raw.route?.path)
  const asked = [String(route), raw.params ?? {}, raw.query ?? {}]
  return { raw, headers, asked, user: raw.user ?? undefined, unseen: false, response, settings }
}

/** Nest hands the arguments of a resolver over as they are: parent, arguments, context, info. */
function fromGraphql(context: ExecutionContext): Request | string {
  const [, fields, shared, info] = context.getArgs<[unknown, unknown, Record<string, unknown> | undefined, Info]>()
  if (info?.schema?.getQueryType?.() !== info?.parentType) return 'no field of Query'
  const raw = (shared?.req ?? shared?.request) as RawRequest | undefined
  const headers = raw?.headers ?? {}
  const user = raw?.user ?? shared?.user ?? undefined
  const asked = [info.fieldName, fields]
  return { raw: raw ?? {}, headers, asked, user, unseen: !raw?.headers, response: undefined, settings: undefined }
}

interface Info {
  readonly fieldName: string
  readonly parentType: unknown
  readonly schema?: { getQueryType?(): unknown }
}

/** Whether it is said what a response depends on, so that nobody has to find out. */
export function isSaid({ options, sees }: Keying): boolean {
  return sees || options.shared === true || typeof options.vary === 'function'
}

/** What a request is keyed by, or why its response is not cached. `asJson`: whether it is kept as JSON. */
export function keyOf(
  handler: Keying,
  request: Request,
  context: ExecutionContext,
  asJson: boolean,
): readonly unknown[] | string {
  const { options, cacheKey, varied } = handler
  const { raw, headers } = request
  const { vary } = options
  const asks: unknown = typeof vary === 'function' ? vary(raw, context) : undefined
  const covers = options.shared === true || asks !== undefined
  const open = covers ? undefined : openIn(handler, request)
  if (open !== undefined) return open
  const given = cacheKey ?? options.key
  const own: unknown = typeof given === 'function' ? (cacheKey === given ? given(context) : given(raw, context)) : given
  if (given !== undefined && (own === undefined || own === null || own === '')) return 'a key that is nothing'
  // Without its port: what a proxy is trusted to say of it, where the application trusts one.
  const host = raw.hostname ?? String(headers.host ?? headers[':authority'] ?? '').replace(/:\d+$/, '')
  const said = varied.length > 0 ? varied.map((name) => headers[name]) : undefined
  // Where headers cover him it is by what a guard made of them, or of more than them.
  const user = covers ? undefined : request.user
  const around = handler.within ? aroundOf(request, given === undefined) : undefined
  const inputs = handler.inputs.length > 0 ? handler.inputs.map((input) => input(request)) : undefined
  // Most requests have none of these: a number says which there are, because the key of each part takes its time.
  let parts = (given === undefined ? 0 : 1) + (asJson ? 2 : 0)
  const key: unknown[] = given === undefined ? [parts, ...request.asked, host] : [parts, own, host]
  const join = (part: unknown, sign: number) => {
    if (part === undefined) return
    parts += sign
    key.push(part)
  }
  join(inputs, 4)
  join(said, 8)
  join(asks, 16)
  join(user, 32)
  join(around, 64)
  key[0] = parts
  return key
}

/**
 * What else an interceptor within may read unnoticed: an address that is spelled in another way is another text to it, a host
 * has its port, and a GET may have a body.
 */
function aroundOf({ raw, headers }: Request, byAddress: boolean): readonly unknown[] {
  const around: unknown[] = [
    byAddress ? (raw.originalUrl ?? raw.url) : undefined,
    headers.host ?? headers[':authority'],
  ]
  if (raw.body !== undefined && raw.body !== null) around.push(raw.body, raw.rawBody)
  return around
}

/** What of a request its response may depend on, and no key has. */
function openIn(handler: Keying, { headers, unseen, user }: Request): string | undefined {
  const { blind, sees, varied, credentials } = handler
  if (unseen) return 'a context without a request'
  if (blind !== undefined && !sees) return blind
  let covered = false
  for (const name of credentials) {
    if (headers[name] === undefined) continue
    if (!varied.includes(name)) return `the header ${name}`
    covered = true
  }
  return !covered && user !== undefined ? 'request.user' : undefined
}

/** What a request's `Cache-Control` asks of a cache. */
export function controlOf({ headers }: Request): 'no-cache' | 'no-store' | undefined {
  const text = String(headers['cache-control'] ?? '').toLowerCase()
  if (/(?:^|[,\s])no-store(?:$|[,\s])/.test(text)) return 'no-store'
  return /(?:^|[,\s])no-cache(?:$|[,\s])/.test(text) || /(?:^|[,\s])max-age=0(?:$|[,\s])/.test(text)
    ? 'no-cache'
    : undefined
}
