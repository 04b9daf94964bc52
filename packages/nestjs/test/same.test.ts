/** An application answers with the cache as it does without it: handlers of every kind, asked in ways that look alike. */
import {
  type ArgumentsHost,
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  DefaultValuePipe,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Header,
  Headers,
  HostParam,
  HttpCode,
  type INestApplication,
  Injectable,
  Ip,
  Param,
  ParseIntPipe,
  type PipeTransform,
  Query,
  Redirect,
  Sse,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  VersioningType,
} from '@nestjs/common'
import { map, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AutocacheInterceptor, Cached } from '../src/index.ts'
import { type Platform, start } from './support/application.ts'
import { inMemory, sharedStore } from './support/stores.ts'

let runs = 0

/** A list, however it is written. */
@Injectable()
class Numbers implements PipeTransform {
  transform(value: unknown) {
    return value === undefined ? undefined : [value].flat().flatMap((part) => String(part).split(',').map(Number))
  }
}

/** Writes into what it is handed. */
@Injectable()
class Trim implements PipeTransform {
  transform(value: unknown) {
    if (typeof value === 'object' && value !== null)
      for (const [key, part] of Object.entries(value))
        Object.assign(value, { [key]: typeof part === 'string' ? part.trim() : part })
    return value
  }
}

/** Puts the tenant of a header where handlers look. */
@Injectable()
class Tenant implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest()
    request.params = { ...request.params, tenant: request.headers['x-tenant'] ?? 'none' }
    return true
  }
}

@Catch(BadRequestException)
class AsAnswer implements ExceptionFilter {
  catch(error: BadRequestException, host: ArgumentsHost) {
    const response = host.switchToHttp().getResponse()
    const { url } = host.switchToHttp().getRequest()
    response.status(200)
    response.send({ answered: error.message, url })
  }
}

/** Adds the version that was asked for, by whichever way. */
@Injectable()
class Stamped {
  intercept(context: ExecutionContext, next: CallHandler) {
    const { url } = context.switchToHttp().getRequest()
    return next.handle().pipe(map((data: object) => ({ ...data, url })))
  }
}

@UseInterceptors(AutocacheInterceptor)
@Controller({ path: 'same', version: ['1', '2'] })
class Same {
  @Get('items/:id')
  item(@Param('id') id: string, @Query('q') q: unknown) {
    runs += 1
    return { id, q, type: typeof q }
  }
  @Get('items/:id/numbers')
  numbers(@Param('id', ParseIntPipe) id: number, @Query('n', new DefaultValuePipe(1), ParseIntPipe) n: number) {
    return { id, n, sum: id + n }
  }
  @Get('lists')
  list(@Query('l', Numbers) l: number[] = []) {
    return { l }
  }
  @Get('files/*')
  file(@Param() params: Record<string, unknown>) {
    return { params: Object.fromEntries(Object.entries(params).map(([, value]) => ['path', value])) }
  }
  @Get('trim')
  @UsePipes(Trim)
  trim(@Query() query: Record<string, unknown>) {
    return { query: { ...query } }
  }
  @Get('tenant/:of')
  @UseGuards(Tenant)
  tenant(@Param('tenant') tenant: string, @Param('of') of: string) {
    return { tenant, of }
  }
  @Get('accept')
  accept(@Headers('accept') accept: string, @Headers('Accept-Language') language: string) {
    return { accept, language }
  }
  @Get('filtered')
  @UseFilters(AsAnswer)
  filtered(@Query('fail') fail: string) {
    if (fail) throw new BadRequestException(`failed ${fail}`)
    return { fine: true }
  }
  @Get('code')
  @HttpCode(203)
  @Header('x-always', 'set')
  @Header('cache-control', 'max-age=60')
  code(@Query('a') a: string) {
    return { a }
  }
  @Get('away')
  @Redirect('/same/items/1', 302)
  away(@Query('to') to: string) {
    return to ? { url: `/same/items/${to}`, statusCode: 301 } : undefined
  }
  @Get('ip')
  ip(@Ip() ip: string) {
    return { ip }
  }
  @Get('host')
  host(@HostParam() host: unknown) {
    return { host: host ?? null }
  }
  @Sse('events')
  events(@Query('n') n: string) {
    return of({ data: `event ${n}` })
  }
  @Get('several')
  several(@Query('a') a: string) {
    return of({ first: a }, { last: a })
  }
  @Get('url')
  @UseInterceptors(Stamped)
  url() {
    return {}
  }
  @Get('method')
  @Cached({ version: '1' })
  async method(@Query('a') a: unknown, @Headers('x-tenant') tenant: string) {
    return { a, tenant }
  }
}

const paths = [
  'items/1',
  'items/1/',
  'ITEMS/1',
  'items/%31',
  'items/01',
  'items/1?q=1',
  'items/1?q=1&q=2',
  'items/1?q=1,2',
  'items/1?q[]=1',
  'items/1?q[a]=1',
  'items/1?q=',
  'items/1?q',
  'items/1?Q=1',
  'items/1?q=%20',
  'items/1?q=+',
  'items/1?q=1&__proto__=2',
  'items/1?constructor=1',
  'items/a%2Fb',
  'items/a',
  'items/A',
  'items/é',
  'items/1/numbers',
  'items/1/numbers?n=2',
  'items/1/numbers?n=1',
  'items/x/numbers',
  'lists?l=1,2',
  'lists?l=12',
  'lists?l=1&l=2',
  'lists',
  'files/a/b',
  'files/a%2Fb',
  'files/a',
  'trim?a=%201&b=2',
  'trim?a=1&b=2',
  'filtered',
  'filtered?fail=1',
  'filtered?fail=2',
  'code?a=1',
  'code',
  'away',
  'away?to=2',
  'ip',
  'host',
  'events?n=1',
  'events?n=2',
  'several?a=1',
  'url',
  'url?',
  'url?a',
  'URL',
  'method',
  'method?a=1',
  'method?a=1&a=2',
  'none',
]
const asked: readonly [path: string, headers: Record<string, string>][] = [
  ...paths.map((path) => [path, {}] as [string, Record<string, string>]),
  ...['red', 'blue', 'red, blue'].flatMap((tenant) =>
    ['tenant/1', 'tenant/2', 'method?a=1'].map(
      (path) => [path, { 'x-tenant': tenant }] as [string, Record<string, string>],
    ),
  ),
  ...['application/json', 'text/html', '*/*'].flatMap((accept) =>
    ['en', 'de'].map(
      (language) => ['accept', { accept, 'accept-language': language }] as [string, Record<string, string>],
    ),
  ),
  ['ip', { 'x-forwarded-for': '10.0.0.1' }],
  ['ip', { 'x-forwarded-for': '10.0.0.2' }],
  ['items/1', { 'x-forwarded-host': 'one.example' }],
  ['items/1', { range: 'bytes=0-1' }],
]

/** How the routes are reached. */
const routings: Record<
  string,
  {
    configure: (app: INestApplication) => void
    prefixes: readonly string[]
    headers?: readonly Record<string, string>[]
  }
> = {
  'plain paths': { configure: () => {}, prefixes: ['/same/'] },
  'a prefix and versions in the path': {
    configure: (app) => {
      app.setGlobalPrefix('api')
      app.enableVersioning({ type: VersioningType.URI })
    },
    prefixes: ['/api/v1/same/', '/api/v2/same/'],
  },
  'versions in a header, behind a proxy that is trusted': {
    configure: (app) => {
      app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' })
      const instance = app.getHttpAdapter().getInstance()
      if (typeof instance.set === 'function') instance.set('trust proxy', true)
    },
    prefixes: ['/same/'],
    headers: [{ 'x-version': '1' }, { 'x-version': '2' }],
  },
}

for (const platform of ['express', 'fastify'] as Platform[])
  for (const [how, { configure, prefixes, headers: more = [{}] }] of Object.entries(routings))
    describe(`an application with ${how} (${platform})`, () => {
      it.each([
        ['references in memory', () => inMemory()],
        ['text that is shared', () => ({ store: sharedStore(), namespace: 'same', version: '1', ttl: '1m' as const })],
      ])(
        'answers as without the cache, over %s',
        async (_held, options) => {
          const cached = await start({ controllers: [Same] }, options(), { platform, configure })
          const plain = await start({ controllers: [Same] }, { ...options(), enabled: false }, { platform, configure })
          const ask = async (running: typeof cached, path: string, headers: Record<string, string>, method: string) => {
            const url = (await running.app.getUrl()).replace('[::1]', '127.0.0.1')
            const response = await fetch(url + path, { headers, method, redirect: 'manual' })
            const seen = Object.fromEntries(
              [...response.headers].filter(([name]) => !['date', 'keep-alive', 'connection'].includes(name)),
            )
            return { path, headers, method, status: response.status, seen, text: await response.text() }
          }
          const before = runs
          const all = prefixes.flatMap((prefix) =>
            more.flatMap((version) =>
              asked.flatMap(([path, headers]) => {
                // A stream of events is not what HEAD asks for.
                const methods = path.startsWith('events') ? ['GET'] : ['GET', 'HEAD']
                return methods.map((method) => [prefix + path, { ...headers, ...version }, method] as const)
              }),
            ),
          )
          const expected: unknown[] = []
          for (const one of all) expected.push(await ask(plain, ...one))
          for (let turn = 0; turn < 2; turn += 1)
            for (const [at, one] of all.entries()) expect(await ask(cached, ...one)).toEqual(expected[at])
          expect(runs).toBeGreaterThan(before)
        },
        120_000,
      )
    })
