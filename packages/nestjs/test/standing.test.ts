/** What stands in a request and a response before the handler runs, and what a run leaves there: each gets his own. */
import { request } from 'node:http'
import { CacheTTL } from '@nestjs/cache-manager'
import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  HttpException,
  Injectable,
  type NestInterceptor,
  Res,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common'
import { map } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { AutocacheInterceptor, CachedResponse } from '../src/index.ts'
import { type Platform, start } from './support/application.ts'
import { inMemory } from './support/stores.ts'

const tenant = Symbol('tenant')
let runs = 0
let asked = 0
let failing = false

/** Leaves who asks where guards and middlewares do. */
@Injectable()
class Finds implements CanActivate {
  canActivate(context: ExecutionContext) {
    const raw = context.switchToHttp().getRequest()
    const found = raw.headers['x-tenant']
    raw[tenant] = found
    raw._tenant = found
    if (found) context.switchToHttp().getResponse().header('x-request-id', found)
    asked += 1
    return true
  }
}

/** An interceptor that puts what it reads into the body. */
function reads(read: (raw: any, response: any) => unknown) {
  @Injectable()
  class Reads implements NestInterceptor {
    intercept(context: ExecutionContext, next: CallHandler) {
      const http = context.switchToHttp()
      return next.handle().pipe(map((data) => ({ data, read: read(http.getRequest(), http.getResponse()) ?? null })))
    }
  }
  return Reads
}

@Injectable()
class Accepts implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const http = context.switchToHttp()
    if (http.getRequest().headers['x-accepted']) http.getResponse().status(202)
    return next.handle()
  }
}

const run = () => ({ run: (runs += 1) })
const symbols = reads((raw) => raw[tenant])
const underscores = reads((raw) => raw._tenant)
const header = reads((_, response) => response.getHeader('x-request-id'))
const headers = reads((_, response) => response.getHeaders()['x-request-id'])
const host = reads((raw) => raw.headers.host)
const body = reads((raw) => raw.body)

@UseGuards(Finds)
@Controller()
class Responses {
  @Get('symbol')
  @UseInterceptors(AutocacheInterceptor, symbols)
  symbol() {
    return run()
  }

  @Get('underscore')
  @UseInterceptors(AutocacheInterceptor, underscores)
  underscore() {
    return run()
  }

  @Get('header')
  @UseInterceptors(AutocacheInterceptor, header)
  header() {
    return run()
  }

  @Get('headers')
  @UseInterceptors(AutocacheInterceptor, headers)
  headers() {
    return run()
  }

  @Get('host')
  @UseInterceptors(AutocacheInterceptor, host)
  host() {
    return run()
  }

  @Get('body')
  @UseInterceptors(AutocacheInterceptor, body)
  body() {
    return run()
  }

  @Get('accepts')
  @UseInterceptors(Accepts, AutocacheInterceptor)
  accepts() {
    return run()
  }

  @Get('adds')
  @UseInterceptors(AutocacheInterceptor)
  @CachedResponse({ vary: [] })
  adds(@Res({ passthrough: true }) response: any) {
    response.header('x-request-id', [response.getHeader('x-request-id'), 'more'])
    return run()
  }

  @Get('throws')
  @UseInterceptors(AutocacheInterceptor)
  @CachedResponse({ vary: [] })
  async throws(@Res({ passthrough: true }) response: any) {
    await vi.waitFor(() => expect(asked).toBeGreaterThan(1))
    // Until the other has joined.
    await new Promise((resolve) => setTimeout(resolve, 30))
    response.header('retry-after', '7')
    throw new HttpException('later', 503)
  }

  @Get('fails')
  @UseInterceptors(AutocacheInterceptor)
  @CachedResponse({ vary: [], ttl: '1m', staleIfError: '1h', headers: true })
  fails(@Res({ passthrough: true }) response: any) {
    if (failing) {
      response.status(500).header('retry-after', '7')
      throw new HttpException('later', 503)
    }
    response.status(203).header('x-total', String((runs += 1)))
    return { run: runs }
  }

  @Get('stale')
  @UseInterceptors(AutocacheInterceptor)
  @CachedResponse({ ttl: '1m', staleTtl: '1h', headers: true })
  async stale() {
    await new Promise((resolve) => setTimeout(resolve, 10))
    return run()
  }

  @Get('stale-header')
  @UseInterceptors(AutocacheInterceptor)
  @CachedResponse({ vary: [], ttl: '1m', staleTtl: '1h', earlyRefresh: 0.1, headers: true })
  async staleHeader(@Res({ passthrough: true }) response: any) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    response.status(203).header('x-total', String((runs += 1)))
    return { run: runs }
  }

  @Get('vary-throws')
  @UseInterceptors(AutocacheInterceptor)
  @CachedResponse({ vary: (raw: any) => raw.user.id })
  varyThrows() {
    return run()
  }

  @Get('key-throws')
  @UseInterceptors(AutocacheInterceptor)
  @CachedResponse({ key: (raw: any) => raw.user.id })
  keyThrows() {
    return run()
  }

  @Get('partition-throws')
  @UseInterceptors(AutocacheInterceptor)
  @CachedResponse({
    partition: () => {
      throw new Error('no tenant')
    },
  })
  partitionThrows() {
    return run()
  }

  @Get('ttl-throws')
  @UseInterceptors(AutocacheInterceptor)
  @CacheTTL(() => {
    throw new Error('no ttl')
  })
  ttlThrows() {
    return run()
  }
}

const platforms: Platform[] = ['express', 'fastify']

for (const platform of platforms)
  describe(`what stands there before (${platform})`, () => {
    let now = Date.now()
    const go = () => start({ controllers: [Responses] }, { ...inMemory(), clock: () => now }, { platform })
    const later = (minutes: number) => void (now += minutes * 60_000)

    it.each(['symbol', 'underscore', 'header', 'headers'])('%s: read within, it reaches nobody else', async (path) => {
      const { get } = await go()
      for (const name of ['one', 'two', 'one'])
        expect((await get(`/${path}`, { 'x-tenant': name })).json.read).toBe(name)
    })

    it('a port, or the body of a GET: read within, it is in the key', async () => {
      const { app } = await go()
      const { port } = new URL(await app.getUrl())
      const ask = (path: string, headers: Record<string, string>, sent = '') =>
        new Promise<any>((resolve, reject) => {
          const asking = request({ port, host: '127.0.0.1', path, headers }, async (response) => {
            resolve(JSON.parse(Buffer.concat(await response.toArray()).toString()))
          })
          asking.on('error', reject).end(sent)
        })
      for (const named of ['shop.example:1', 'shop.example:2'])
        expect((await ask('/host', { host: named })).read).toBe(named)
      const posted = async (sent: string) => {
        const { read } = await ask('/body', { 'content-type': 'application/json', 'content-length': '7' }, sent)
        return read
      }
      // Fastify reads no body of a GET.
      const one = await posted('{"a":1}')
      expect(one).toEqual(platform === 'express' ? { a: 1 } : null)
      expect(await posted('{"a":2}')).toEqual(platform === 'express' ? { a: 2 } : null)
    })

    it('a status that an interceptor outside has set is not that of the next response', async () => {
      const { get } = await go()
      const status = async (headers?: Record<string, string>) => (await get('/accepts', headers)).status
      expect([await status({ 'x-accepted': 'yes' }), await status(), await status({ 'x-accepted': 'yes' })]).toEqual([
        202, 200, 202,
      ])
    })

    it('a header that the handler adds to is everybody’s own', async () => {
      const { get } = await go()
      for (const name of ['one', 'two'])
        expect((await get('/adds', { 'x-tenant': name })).headers.get('x-request-id')).toBe(`${name}, more`)
    })

    it('headers that were set before an exception reach all who waited', async () => {
      asked = 0
      const { get } = await go()
      const both = await Promise.all([get('/throws'), get('/throws')])
      expect(both.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual([
        [503, '7'],
        [503, '7'],
      ])
    })

    it('what answers instead of a failure has its own status and headers, and none of the failure', async () => {
      failing = false
      const { get } = await go()
      const facts = async () => {
        const { status, headers, text } = await get('/fails')
        return [status, headers.get('x-total'), headers.get('retry-after'), text]
      }
      const first = await facts()
      expect(first).toEqual([203, String(runs), null, `{"run":${runs}}`])
      failing = true
      later(2)
      expect(await facts()).toEqual(first)
    })

    it('a stale response answers, and what refreshes it is kept', async () => {
      const { get } = await go()
      const { json: first } = await get('/stale')
      later(2)
      const { json, headers } = await get('/stale')
      expect([json, headers.get('x-cache'), headers.get('age')]).toEqual([first, 'HIT', '120'])
      await vi.waitFor(() => expect(runs).toBe(first.run + 1))
      await vi.waitFor(async () => expect((await get('/stale')).json.run).toBe(first.run + 1))
      expect((await get('/stale')).headers.get('x-cache')).toBe('HIT')
      expect(runs).toBe(first.run + 1)
    })

    it('a handler that has the response sets on none that is under way: what is stale is awaited', async () => {
      const { get } = await go()
      for (const minutes of [0, 2, 0.5, 2]) {
        later(minutes)
        const { status, headers, json } = await get('/stale-header')
        expect([status, headers.get('x-total'), json.run]).toEqual([203, String(runs), runs])
      }
    })

    it.each(['vary', 'key', 'partition', 'ttl'])('a `%s` that throws fails no request', async (option) => {
      const { get, lines } = await go()
      const { status, json } = await get(`/${option}-throws`)
      expect([status, json]).toEqual([200, { run: runs }])
      expect(lines.of('answers without the cache').length).toBe(1)
    })
  })
