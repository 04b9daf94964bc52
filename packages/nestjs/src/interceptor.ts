/**
 * Caches the responses of GET handlers and of fields of Query.
 *
 * The rule: a response answers another request only if everything it was made from is in its key; where that cannot be
 * known the request is answered as if this interceptor were not there. Guards run before any interceptor, so a hit is
 * given to nobody who may not ask.
 *
 * Interceptors within this one are part of what is cached, those outside of it see a hit like any other response. What
 * the inner ones read of a request is noted (`watch.ts`), and no response is kept that was made from what no key has.
 * Exceptions pass, and are not kept.
 *
 * Decisions: docs/decisions/0022-nestjs.md, 0031-nest-requests.md, 0038-nest-sending.md.
 */
import { AsyncResource } from 'node:async_hooks'
import type { AnyFunction } from '@autocache/core'
import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import { lastValueFrom, type Observable, of } from 'rxjs'
import { Autocache, handleOf } from './autocache.ts'
import { copyOf } from './copy.ts'
import type { Handler } from './handlers.ts'
import { controlOf, isSaid, keyOf, type Request, requestOf } from './request.ts'
import {
  aloneWith,
  isObjectText,
  isTouched,
  isWithin,
  type Kept,
  keptOf,
  ownValue,
  packed,
  type Ready,
  readied,
  type Standing,
  standingIn,
  unpacked,
} from './response.ts'
import { interceptors, Pending, type Responses, responsesOf } from './responses.ts'
import { type ExpressResponse, etagOf, lacksEtag, type Sending, sendingOf } from './sending.ts'
import { watch } from './watch.ts'

/** A request that may be answered from the cache. */
interface Prepared {
  readonly responses: Responses
  readonly request: Request
  readonly key: unknown
  readonly sending: Sending
}

/** What runs have thrown, and whether something had been set on a response by then: others who wait need that set on theirs. */
const thrown = new WeakMap<object, boolean>()

/** The ttl that a `@CacheTTL` factory gives a request. */
async function ttlFor({ cacheTtl }: Handler, context: ExecutionContext): Promise<number> {
  const ttl = Number(await (cacheTtl as (context: ExecutionContext) => unknown)(context))
  return ttl === 0 ? Number.POSITIVE_INFINITY : Math.max(ttl, 0) || 0
}

/**
 * Caches the responses of the handlers that it stands on, in the application's {@link Autocache}, as Nest's
 * `CacheInterceptor` does; see `@CachedResponse` for its options.
 * @example
 * ```ts
 * @UseInterceptors(AutocacheInterceptor)
 * @Controller('reports')
 * class ReportsController {}
 * ```
 */
export class AutocacheInterceptor implements NestInterceptor {
  readonly #cache: Autocache
  readonly #host: HttpAdapterHost

  /** Nest makes it. */
  constructor(cache: Autocache, host: HttpAdapterHost) {
    this.#cache = cache
    this.#host = host
  }

  /** Answers from the cache, or as the rest of the chain does. */
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const prepared = this.#prepare(context)
    if (typeof prepared === 'string') return next.handle()
    return of(await this.#answer(context, next, prepared))
  }

  /** All that has to be known before the cache is asked, or why it is not. */
  #prepare(context: ExecutionContext): Prepared | string {
    const cache = this.#cache
    const request = requestOf(context)
    if (typeof request === 'string') return request
    let responses: Responses
    try {
      const graphql = (context.getType() as string) === 'graphql'
      responses = responsesOf(cache, context.getClass(), context.getHandler() as AnyFunction, graphql)
    } catch (error) {
      // Said at boot, which refused to start; or the interceptor came later.
      cache.tell(`Responses of ${context.getClass().name} are not cached: ${(error as Error).message}`)
      return 'not defined'
    }
    const { never, options, where } = responses
    if (never !== undefined) return never
    if (options.noCache && controlOf(request) === 'no-store') return this.#bypass(options, request, 'no-store')
    const sending = sendingTo(responses, request)
    let keyed: ReturnType<typeof keyOf>
    try {
      keyed = keyOf(responses, request, context, sending !== 'seen')
    } catch (error) {
      cache.tell(`${where} answers without the cache: its \`vary\` or \`key\` threw ${String(error)}.`)
      return this.#bypass(options, request, 'no key')
    }
    if (typeof keyed !== 'string') return { responses, request, key: keyed, sending }
    cache.tell(
      `${where} answers without the cache: its response may depend on ${keyed}. Say so with \`vary\`, or \`shared: true\` where it does not.`,
    )
    return this.#bypass(options, request, keyed)
  }

  #now(): number {
    return (this.#cache.options.clock ?? Date.now)()
  }

  #bypass(options: Handler['options'], request: Request, why: string): string {
    if (options.headers) this.#set(request, 'X-Cache', 'BYPASS')
    return why
  }

  async #answer(
    context: ExecutionContext,
    next: CallHandler,
    { responses, request, key, sending }: Prepared,
  ): Promise<unknown> {
    const { options, defined, where, self, references } = responses
    const { response } = request
    // The rest of the chain belongs to the async context of this moment; the fill runs in another one.
    const scope = new AsyncResource('AutocacheInterceptor')
    const rest = (): Promise<unknown> =>
      scope.runInAsyncScope(() => lastValueFrom(next.handle(), { defaultValue: undefined }))
    const run = async (before: Standing): Promise<unknown> => {
      try {
        return await (responses.within && !isSaid(responses) ? this.#watched(rest, responses, request) : rest())
      } catch (error) {
        pending.failed = before
        if (typeof error === 'object' && error !== null)
          thrown.set(error, !pending.isAnswered && isTouched(response, before))
        throw error
      }
    }
    const answer = async (): Promise<Kept | string> => {
      const before = standingIn(response)
      const body = await run(before)
      const { isAnswered } = pending
      // A handler that has the response may have changed how it is sent.
      const isSame = isAnswered || sendingTo(responses, request) === sending
      const sentAsJson = isSame && sending !== 'seen'
      const at = this.#now()
      pending.at = at
      const kept = keptOf({ body, response, before, isAnswered, at, sentAsJson }, responses)
      if (kept.alone || !kept.keep) return kept
      if (!isSame || (responses.within && responses.blind !== undefined && !isSaid(responses))) return aloneWith(kept)
      const ready = sentAsJson
        ? readied(kept, (text) => (sending === 'text' ? etagOf(request.settings, text) : undefined))
        : undefined
      if (!isWithin(options, ready ? (ready.text ?? '') : kept.body)) return { ...kept, keep: false }
      if (ready) return references ? ready : packed(ready)
      if (!references) return kept
      const copied = copyOf(kept.body)
      if ('copy' in copied) return { ...kept, body: copied.copy }
      this.#cache.tell(
        `${where}: a response was not kept, because ${copied.path} is no plain data. \`json: true\` keeps what JSON makes of it.`,
      )
      return aloneWith(kept)
    }
    let ttl: number | undefined
    try {
      ttl = typeof responses.cacheTtl === 'function' ? await ttlFor(responses, context) : undefined
    } catch (error) {
      this.#cache.tell(`${where} answers without the cache: its \`@CacheTTL\` threw ${String(error)}.`)
      this.#bypass(options, request, 'no ttl')
      return rest()
    }
    const pending = new Pending(key, request.raw, ttl, answer)
    const { cached } = defined!
    const again = options.noCache === true && controlOf(request) === 'no-cache'
    let held: Kept | string
    try {
      const ask = again ? refreshing(cached, self, this.#cache.core) : cached
      held = (await ask.call(self, pending)) as Kept | string
      pending.isAnswered = true
    } catch (error) {
      if (pending.ran || typeof error !== 'object' || error === null) throw error
      const isTouching = thrown.get(error)
      if (isTouching) return rest()
      if (isTouching === false) throw error
      // Nobody ran: it is the cache's, or what a `partition` throws.
      this.#cache.tell(`${where} answers without the cache: ${(error as Error).message}`)
      this.#bypass(options, request, 'refused')
      return rest()
    }
    if (typeof held === 'string') return this.#send(unpacked(held), request, options, sending, pending)
    if ('text' in held) return this.#send(held as Ready, request, options, sending, pending)
    if (response) this.#giveBack(held, request, options, pending)
    // What is outside may write into a body: an interceptor, or a middleware that wraps `response.json`.
    if (!references || held.alone) return held.body
    const copied = copyOf(held.body)
    return 'copy' in copied ? copied.copy : held.body
  }

  /** The rest of the chain, where interceptors of the application are in it: what they read of a request is in no key. */
  async #watched(rest: () => Promise<unknown>, responses: Responses, { raw, response }: Request): Promise<unknown> {
    const end = watch(raw, response, ['host', ':authority', ...responses.keyed, ...responses.taken])
    try {
      return await rest()
    } finally {
      const read = end()
      if (read !== undefined && responses.blind === undefined) {
        responses.blind = `\`${read}\` of the request, which an interceptor within reads`
        this.#cache.tell(
          `${responses.where}: responses are not cached, because an interceptor within reads \`${read}\` of the request. ` +
            'Name what they depend on with `vary`, or say `vary: []` where that is nothing else.',
        )
      }
    }
  }

  /** Answers with a response that is kept as JSON, and sends its body as the text it is where that changes nothing. */
  #send(ready: Ready, request: Request, options: Handler['options'], sending: Sending, by: Pending): unknown {
    const { text, etag } = ready
    const { response, settings } = request
    if (response) this.#giveBack(ready, request, options, by)
    if (text === undefined) return undefined
    if (sending !== 'text' || !isObjectText(text)) return JSON.parse(text)
    const express = settings && (response as ExpressResponse)
    const type: unknown = express
      ? express.getHeader('content-type')
      : this.#host.httpAdapter.getHeader(response, 'Content-Type')
    // Under another type Nest itself looks at the body.
    if (type !== undefined && type !== null && !String(type).startsWith('application/json')) return JSON.parse(text)
    if (type === undefined || type === null) this.#set(request, 'Content-Type', 'application/json; charset=utf-8')
    // Express would make it of the same text again.
    if (express && etag !== undefined && lacksEtag(express, settings, etag)) express.setHeader('ETag', etag)
    return text
  }

  /** Sets a header, where there is a response. */
  #set({ response, settings }: Request, name: string, text: string): void {
    if (settings) (response as ExpressResponse).setHeader(name, text)
    else if (response) this.#host.httpAdapter.setHeader(response, name, text)
  }

  #giveBack(kept: Kept, request: Request, options: Handler['options'], { at, failed }: Pending): void {
    const { httpAdapter } = this.#host
    const { response } = request
    const hit = kept.at !== at
    if (hit) {
      if (failed) this.#putBack(response, failed)
      if (kept.status !== undefined && kept.status !== (response as { statusCode?: number }).statusCode)
        httpAdapter.status(response, kept.status)
      for (const [name, value] of kept.headers) httpAdapter.setHeader(response, name, ownValue(value) as string)
    }
    if (!options.headers || kept.alone) return
    this.#set(request, 'X-Cache', hit ? 'HIT' : 'MISS')
    if (hit) this.#set(request, 'Age', String(Math.max(0, Math.floor((this.#now() - kept.at) / 1000))))
  }

  /** What a run has set that failed is no part of what answers in its stead. */
  #putBack(response: unknown, { status, headers }: Standing): void {
    const { httpAdapter } = this.#host
    if (status !== undefined) httpAdapter.status(response, status)
    for (const name of Object.keys(standingIn(response).headers))
      if (headers[name] === undefined) (response as { removeHeader(name: string): void }).removeHeader(name)
    for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value as string)
  }
}

/** How a body goes from here to the wire, for a request. */
function sendingTo({ outermost }: Responses, { raw, response, settings }: Request): Sending {
  return outermost ? sendingOf(raw, response, settings) : 'seen'
}

/** What fills again whatever is stored, for a controller. */
function refreshing(cached: AnyFunction, self: object | undefined, core: Autocache['core']): AnyFunction {
  return (pending: Pending) => handleOf(cached, self, core).refresh(pending)
}

interceptors.add(AutocacheInterceptor)
Injectable()(AutocacheInterceptor)
Inject(Autocache)(AutocacheInterceptor, undefined, 0)
Inject(HttpAdapterHost)(AutocacheInterceptor, undefined, 1)
