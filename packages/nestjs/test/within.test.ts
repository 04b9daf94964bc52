/** Interceptors within: what they read of a request is in no key, so nobody else gets what they made of it. */
import {
  type CallHandler,
  ClassSerializerInterceptor,
  Controller,
  type ExecutionContext,
  Get,
  Headers,
  Injectable,
  Ip,
  type NestInterceptor,
  type Type,
  UseInterceptors,
} from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import { map } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AutocacheInterceptor, CachedResponse } from '../src/index.ts'
import { start } from './support/application.ts'
import { inMemory } from './support/stores.ts'

let runs = 0

/** An interceptor that adds to a body what it reads of a request or a response. */
function adding(read: (request: any, response: any) => unknown): Type<NestInterceptor> {
  @Injectable()
  class Adding {
    intercept(context: ExecutionContext, next: CallHandler) {
      const http = context.switchToHttp()
      return next
        .handle()
        .pipe(map((data: object) => ({ ...data, added: read(http.getRequest(), http.getResponse()) ?? null })))
    }
  }
  return Adding
}

/** A handler with an interceptor within, after a middleware that knows the tenant. */
async function application(
  within: Type<NestInterceptor>,
  platform: 'express' | 'fastify',
  vary?: readonly string[] | undefined,
) {
  @UseInterceptors(AutocacheInterceptor)
  @Controller('within')
  class Within {
    @Get(['page', 'Page'])
    @UseInterceptors(within)
    @CachedResponse(vary ? { vary } : {})
    page(@Headers('accept-language') language = 'none') {
      runs += 1
      return { language }
    }

    @Get('ip')
    @UseInterceptors(within)
    ip(@Ip() ip: string) {
      runs += 1
      return { ip }
    }
  }
  const configure = (app: any) => {
    const tell = (request: any, response: any) => {
      request.tenant = request.headers['x-tenant']
      response.locals = { ...response.locals, tenant: request.tenant }
    }
    if (platform === 'express')
      app.use((request: any, response: any, next: () => void) => {
        tell(request, response)
        next()
      })
    else
      app
        .getHttpAdapter()
        .getInstance()
        .addHook('onRequest', async (request: any, reply: any) => tell(request, reply))
  }
  return start({ controllers: [Within] }, inMemory(), { platform, configure })
}

const readings: Record<string, (request: any, response: any) => unknown> = {
  'a header': (request) => request.headers['x-tenant'],
  'a header, by a copy of all': (request) => ({ ...request.headers })['x-tenant'],
  'a header, by its destructured name': ({ headers: { 'x-tenant': tenant } }) => tenant,
  'whether there is a header': (request) => 'x-tenant' in request.headers && request.raw?.url,
  'what a middleware put on the request': (request) => request.tenant,
  'all that is on the request': (request) => ({ ...request }).tenant,
  'what a middleware put on the response': (_request, response) => response.locals.tenant,
  'the request of the response': (_request, response) => (response.req ?? response.request).headers['x-tenant'],
  'the headers as they came': (request) => {
    const raw: string[] = (request.raw ?? request).rawHeaders
    return raw[raw.findIndex((name) => name.toLowerCase() === 'x-tenant') + 1]
  },
  'a header, by a method': (request) => request.get?.('x-tenant') ?? request.headers['x-tenant'],
}

for (const platform of ['express', 'fastify'] as const)
  describe(`an interceptor within that reads (${platform})`, () => {
    for (const [what, read] of Object.entries(readings))
      it(`${what}: two tenants never share, first requests at once`, async () => {
        const { get, lines } = await application(adding(read), platform)
        const tenants = ['red', 'blue', 'red', 'blue']
        for (let i = 0; i < 2; i += 1) {
          const answers = await Promise.all(tenants.map((tenant) => get('/within/page', { 'x-tenant': tenant })))
          const plain = await application(adding(read), platform)
          const expected = await Promise.all(tenants.map((tenant) => plain.get('/within/page', { 'x-tenant': tenant })))
          expect(answers.map(({ json }) => json)).toEqual(expected.map(({ json }) => json))
        }
        expect(lines.of('responses are not cached, because an interceptor within reads')).toHaveLength(1)
      })

    it('the address in the way it is spelled: each gets his own', async () => {
      const { get } = await application(
        adding((request) => request.originalUrl ?? request.url),
        platform,
      )
      for (let i = 0; i < 2; i += 1)
        for (const path of ['/within/page?a=1&b=2', '/within/page?b=2&a=1', '/within/page?a=1&b=%32'])
          expect((await get(path)).json.added).toBe(path)
    })

    it('nothing, or what the key has: the response is cached', async () => {
      for (const [path, read] of [
        ['/within/page', () => 'nothing'],
        ['/within/page', (request: any) => request.headers['accept-language'] ?? request.method],
        ['/within/ip', (request: any) => request.ip],
      ] as const) {
        const { get } = await application(adding(read), platform)
        const before = runs
        expect((await get(path)).json).toEqual((await get(path)).json)
        expect(runs).toBe(before + 1)
      }
    })

    it('what `vary` names: it is cached by that', async () => {
      const { get } = await application(adding(readings['a header']!), platform, ['x-tenant'])
      const before = runs
      for (const tenant of ['red', 'blue', 'red', 'blue'])
        expect((await get('/within/page', { 'x-tenant': tenant })).json.added).toBe(tenant)
      expect(runs).toBe(before + 2)
    })

    it('leaves the request as it was', async () => {
      let held: any
      const { get } = await application(
        adding((request) => {
          held = request
          return undefined
        }),
        platform,
      )
      await get('/within/page', { 'x-tenant': 'red' })
      expect(held.tenant).toBe('red')
      for (const key of Object.keys(held)) expect(Object.getOwnPropertyDescriptor(held, key)?.get, key).toBeUndefined()
      expect(Object.getOwnPropertyDescriptor(held, 'headers')?.get).toBeUndefined()
    })
  })

describe('the serializer of Nest within', () => {
  it('does not keep a response from being cached', async () => {
    const transformerPackage = {
      classToPlain: (data: unknown) => data,
      plainToClass: (_: unknown, data: unknown) => data,
    }
    const serializer = new ClassSerializerInterceptor(new Reflector(), { transformerPackage } as never)
    const { get } = await application(serializer as never, 'express')
    const before = runs
    await get('/within/page')
    await get('/within/page')
    expect(runs).toBe(before + 1)
  })
})
