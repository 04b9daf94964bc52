import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable } from 'node:stream'
import { CacheKey, CacheTTL } from '@nestjs/cache-manager'
import {
  Body,
  type CallHandler,
  type CanActivate,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  Header,
  Headers,
  HttpCode,
  Inject,
  Injectable,
  NotFoundException,
  Param,
  Post,
  Query,
  Req,
  Res,
  Scope,
  StreamableFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common'
import { APP_INTERCEPTOR, REQUEST } from '@nestjs/core'
import { map, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AutocacheInterceptor, Cached, CachedResponse, NoCache } from '../src/index.ts'
import { type Platform, start } from './support/application.ts'
import { inMemory, sharedStore } from './support/stores.ts'

let runs = 0
const ran = async (run: () => Promise<unknown>) => {
  const before = runs
  await run()
  return runs - before
}

/** Reads `request.user` from a header, as guards do. */
@Injectable()
class UserGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest()
    const user = request.headers['x-user']
    if (user) request.user = { id: user }
    return user !== 'banned'
  }
}

const CurrentUser = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  return context.switchToHttp().getRequest().headers['x-user']
})

@UseInterceptors(AutocacheInterceptor)
@Controller('things')
class Things {
  @Get('item/:id')
  item(@Param('id') id: string, @Query() query: Record<string, string>) {
    return { id, query: { ...query }, run: (runs += 1) }
  }

  @Post('item/:id')
  change(@Param('id') id: string) {
    return { id, run: (runs += 1) }
  }

  @Get('language')
  language(@Headers('accept-language') language: string) {
    return { language, run: (runs += 1) }
  }

  @Get('me')
  @CachedResponse({ vary: ['authorization'] })
  me(@Req() request: any) {
    return { me: request.headers.authorization, run: (runs += 1) }
  }

  @Get('blind')
  blind(@Req() request: any) {
    return { me: request.headers['x-anything'], run: (runs += 1) }
  }

  @Get('custom')
  custom(@CurrentUser() user: string) {
    return { user, run: (runs += 1) }
  }

  @Get('public')
  @CachedResponse({ shared: true })
  shared() {
    return { run: (runs += 1) }
  }

  @Get('guarded')
  @UseGuards(UserGuard)
  guarded() {
    return { run: (runs += 1) }
  }

  @Get('by-user')
  @UseGuards(UserGuard)
  @CachedResponse({ vary: (request: any) => request.user?.id })
  byUser(@Req() request: any) {
    return { user: request.user?.id, run: (runs += 1) }
  }

  @Get('bypassed')
  @NoCache()
  bypassed() {
    return { run: (runs += 1) }
  }

  @Get('missing')
  missing() {
    runs += 1
    throw new NotFoundException('there is none')
  }

  @Get('accepted')
  @HttpCode(202)
  @Header('x-fixed', 'yes')
  accepted() {
    return { run: (runs += 1) }
  }

  @Get('teapot')
  @CachedResponse({ vary: [] })
  teapot(@Res({ passthrough: true }) response: any) {
    response.status(418)
    return { run: (runs += 1) }
  }

  @Get('headers')
  @CachedResponse({ vary: [] })
  headers(@Res({ passthrough: true }) response: any) {
    response.status(203)
    response.header('x-made', 'by the handler')
    return { run: (runs += 1) }
  }

  @Get('cookie')
  @CachedResponse({ vary: [] })
  cookie(@Res({ passthrough: true }) response: any) {
    response.header('set-cookie', `session=${(runs += 1)}`)
    return { run: runs }
  }

  @Get('stream')
  stream() {
    return new StreamableFile(Readable.from([`run ${(runs += 1)}`]))
  }

  @Get('big')
  @CachedResponse({ maxBytes: 1000 })
  big(@Query('size') size: string) {
    runs += 1
    return { text: 'x'.repeat(Number(size)) }
  }

  @Get('nothing')
  nothing() {
    runs += 1
  }

  @Get('text')
  text() {
    return `run ${(runs += 1)}`
  }

  @Get('later')
  later() {
    return of({ run: (runs += 1) })
  }

  @Get('private')
  @Header('cache-control', 'private')
  private() {
    return { run: (runs += 1) }
  }

  @Get('varies')
  @CachedResponse({ vary: [] })
  varies(@Res({ passthrough: true }) response: any) {
    response.header('vary', 'Origin, X-Theme')
    return { run: (runs += 1) }
  }

  @Get('varies-by-name')
  @CachedResponse({ vary: ['x-theme'] })
  variesByName(@Res({ passthrough: true }) response: any) {
    response.header('vary', 'Origin, X-Theme')
    return { run: (runs += 1) }
  }

  @Get('posted')
  posted(@Body() body: unknown) {
    return { body, run: (runs += 1) }
  }
}

const platforms: Platform[] = ['express', 'fastify']

for (const platform of platforms)
  describe(`a response (${platform})`, () => {
    const things = () => start({ controllers: [Things] }, inMemory(), { platform })

    it('is keyed by route, params and query', async () => {
      const { get } = await things()
      const first = await get('/things/item/1?a=1&b=2')
      expect((await get('/things/item/1?b=2&a=1')).json).toEqual(first.json)
      expect((await get('/things/item/2?a=1&b=2')).json.run).not.toBe(first.json.run)
      expect((await get('/things/item/1?a=1')).json.run).not.toBe(first.json.run)
      expect((await get('/things/item/1')).json.query).toEqual({})
    })

    it('is keyed by the host, so that tenants of one path do not meet', async () => {
      const { app, get } = await things()
      const port = (app.getHttpServer().address() as { port: number }).port
      const { request } = await import('node:http')
      const ask = (host: string) =>
        new Promise<string>((resolve, reject) => {
          request({ port, host: '127.0.0.1', path: '/things/item/9', headers: { host } }, (response) => {
            let text = ''
            response.on('data', (part) => (text += part)).on('end', () => resolve(text))
          })
            .on('error', reject)
            .end()
        })
      expect(await ask('a.example')).toBe(await ask('a.example'))
      expect(await ask('b.example')).not.toBe(await ask('a.example'))
      expect((await get('/things/item/9')).status).toBe(200)
    })

    it('is keyed by the headers that its parameters name', async () => {
      const { get } = await things()
      const [en, de] = [{ 'accept-language': 'en' }, { 'accept-language': 'de' }]
      expect((await get('/things/language', en)).json).toEqual((await get('/things/language', en)).json)
      expect((await get('/things/language', de)).json.language).toBe('de')
    })

    it('is not cached for other methods, nor where it is bypassed', async () => {
      const { app, get } = await things()
      const url = await app.getUrl()
      const post = () => fetch(`${url}/things/item/1`, { method: 'POST' })
      expect(await ran(async () => [await post(), await post()])).toBe(2)
      expect(await ran(async () => [await get('/things/bypassed'), await get('/things/bypassed')])).toBe(2)
    })

    it('is not cached for a request with credentials, unless `vary` covers them or it is shared', async () => {
      const { get, lines } = await things()
      for (const header of ['authorization', 'cookie', 'x-api-key', 'proxy-authorization']) {
        const twice = async () => [
          await get('/things/text', { [header]: 'a' }),
          await get('/things/text', { [header]: 'a' }),
        ]
        expect(await ran(twice), header).toBe(2)
      }
      expect(
        lines.of('Things.text answers without the cache: its response may depend on the header cookie'),
      ).toHaveLength(1)
      const [ann, bob] = await Promise.all(['ann', 'bob'].map((user) => get('/things/me', { authorization: user })))
      expect([ann?.json.me, bob?.json.me]).toEqual(['ann', 'bob'])
      expect((await get('/things/me', { authorization: 'ann' })).json).toEqual(ann?.json)
      // `vary: ['authorization']` says nothing of cookies.
      const both = { authorization: 'ann', cookie: 'a=1' }
      expect(await ran(async () => [await get('/things/me', both), await get('/things/me', both)])).toBe(2)
      const shared = await get('/things/public', { authorization: 'ann' })
      expect((await get('/things/public', { cookie: 'a=1' })).json).toEqual(shared.json)
    })

    it('is not cached where a guard has set `request.user`, unless a function covers him', async () => {
      const { get } = await things()
      const twice = (path: string, user?: string) => async () => {
        const headers: Record<string, string> = user ? { 'x-user': user } : {}
        return [await get(path, headers), await get(path, headers)]
      }
      expect(await ran(twice('/things/guarded', 'ann'))).toBe(2)
      expect(await ran(twice('/things/guarded'))).toBe(1)
      expect(await ran(twice('/things/by-user', 'ann'))).toBe(1)
      expect((await get('/things/by-user', { 'x-user': 'bob' })).json.user).toBe('bob')
      // The function returns nothing: nobody is covered, and the handler reads the request.
      expect(await ran(twice('/things/by-user'))).toBe(2)
    })

    it('is given to nobody whom a guard turns away', async () => {
      const { get } = await things()
      await get('/things/guarded')
      expect((await get('/things/guarded', { 'x-user': 'banned' })).status).toBe(403)
    })

    it('is not cached where nobody can see what the handler reads', async () => {
      const { get, lines } = await things()
      for (const path of ['/things/blind', '/things/custom'])
        expect(await ran(async () => [await get(path), await get(path)])).toBe(2)
      expect(lines.of('Things.blind takes @Req()')).toHaveLength(1)
      expect(lines.of('Things.custom takes a custom parameter decorator')).toHaveLength(1)
    })

    it('keeps status and headers for the second caller', async () => {
      const { get } = await things()
      for (const path of ['/things/accepted', '/things/headers']) {
        const [first, second] = [await get(path), await get(path)]
        expect(second.json).toEqual(first.json)
        expect(second.status).toBe(first.status)
        for (const name of ['x-fixed', 'x-made', 'content-type'])
          expect(second.headers.get(name)).toBe(first.headers.get(name))
      }
    })

    it('is not kept where it failed, is no success, or signs somebody in', async () => {
      const { get } = await things()
      for (const [path, status] of [
        ['/things/missing', 404],
        ['/things/teapot', 418],
        ['/things/cookie', 200],
      ] as const) {
        expect(
          await ran(async () => {
            expect((await get(path)).status).toBe(status)
            expect((await get(path)).status).toBe(status)
          }),
          path,
        ).toBe(2)
      }
      const cookies = await Promise.all(
        [1, 2, 3].map(async () => (await get('/things/cookie')).headers.get('set-cookie')),
      )
      expect(new Set(cookies).size).toBe(3)
    })

    it('is not kept where it says itself that it is private, or varies by what is not in the key', async () => {
      const { get } = await things()
      const twice = (path: string) => async () => [await get(path), await get(path)]
      expect(await ran(twice('/things/private'))).toBe(2)
      expect(await ran(twice('/things/varies'))).toBe(2)
      expect(await ran(twice('/things/varies-by-name'))).toBe(1)
    })

    it('is everybody’s own where it is a stream or a file', async () => {
      const { get } = await things()
      const texts = await Promise.all([1, 2, 3].map(async () => (await get('/things/stream')).text))
      expect(new Set(texts).size).toBe(3)
    })

    it('is answered and not kept where its body is over the bound', async () => {
      const { get } = await things()
      expect(await ran(async () => [await get('/things/big?size=100'), await get('/things/big?size=100')])).toBe(1)
      expect(await ran(async () => [await get('/things/big?size=1000'), await get('/things/big?size=1000')])).toBe(2)
    })

    it('is what was sent: text, nothing, or what an Observable emitted', async () => {
      const { get } = await things()
      for (const path of ['/things/text', '/things/nothing', '/things/later']) {
        const [first, second] = [await get(path), await get(path)]
        expect(second.text).toBe(first.text)
        expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'))
      }
    })

    it('is computed once for concurrent requests', async () => {
      const { get } = await things()
      expect(await ran(() => Promise.all([1, 2, 3, 4].map(() => get('/things/item/concurrent'))))).toBe(1)
    })
  })

describe('the decorators of @nestjs/cache-manager', () => {
  @UseInterceptors(AutocacheInterceptor)
  @CacheTTL(1000)
  @Controller('ttl')
  class Timed {
    @Get('class')
    inherits() {
      return { run: (runs += 1) }
    }
    @Get('own')
    @CacheTTL(10_000)
    own() {
      return { run: (runs += 1) }
    }
    @Get('forever')
    @CacheTTL(0)
    forever() {
      return { run: (runs += 1) }
    }
    @Get('made')
    @CacheTTL((context) => Number(context.switchToHttp().getRequest().query.ttl))
    made() {
      return { run: (runs += 1) }
    }
    @Get('key/:id')
    @CacheKey('one for all')
    key(@Param('id') id: string) {
      return { id, run: (runs += 1) }
    }
  }

  it('are honoured: the ttl of the class, of the handler, of a factory, and the key', async () => {
    let now = Date.now()
    const { get } = await start({ controllers: [Timed] }, { ...inMemory(), clock: () => now })
    const after = async (path: string, ms: number) => {
      const first = await get(path)
      now += ms
      return (await get(path)).json.run === first.json.run
    }
    expect(await after('/ttl/class', 900)).toBe(true)
    expect(await after('/ttl/class', 1100)).toBe(false)
    expect(await after('/ttl/own', 9000)).toBe(true)
    expect(await after('/ttl/own', 11_000)).toBe(false)
    expect(await after('/ttl/forever', 1e12)).toBe(true)
    expect(await after('/ttl/made?ttl=500', 400)).toBe(true)
    expect(await after('/ttl/made?ttl=500', 600)).toBe(false)
    expect((await get('/ttl/key/1')).json).toEqual((await get('/ttl/key/2')).json)
  })
})

describe('with `headers` and `noCache`', () => {
  it('a response says where it came from and how old it is', async () => {
    let now = Date.now()
    const options = { ...inMemory(), response: { headers: true }, clock: () => now }
    const { get } = await start({ controllers: [Things] }, options)
    const first = await get('/things/item/1')
    expect([first.headers.get('x-cache'), first.headers.get('age')]).toEqual(['MISS', null])
    now += 2500
    const second = await get('/things/item/1')
    expect([second.headers.get('x-cache'), second.headers.get('age')]).toEqual(['HIT', '2'])
    expect((await get('/things/item/1', { cookie: 'a=1' })).headers.get('x-cache')).toBe('BYPASS')
  })

  it('`Cache-Control` of a request is respected, and not otherwise', async () => {
    const asked = await start({ controllers: [Things] }, { ...inMemory(), response: { noCache: true } })
    const first = (await asked.get('/things/item/1')).json.run
    const again = (await asked.get('/things/item/1', { 'cache-control': 'no-cache' })).json.run
    expect(again).not.toBe(first)
    expect((await asked.get('/things/item/1')).json.run).toBe(again)
    expect((await asked.get('/things/item/1', { 'cache-control': 'no-store' })).json.run).not.toBe(again)
    expect((await asked.get('/things/item/1')).json.run).toBe(again)

    const deaf = await start({ controllers: [Things] }, inMemory())
    const only = (await deaf.get('/things/item/1')).json.run
    expect((await deaf.get('/things/item/1', { 'cache-control': 'no-cache' })).json.run).toBe(only)
  })
})

describe('beside other interceptors', () => {
  @Injectable()
  class Wrap {
    intercept(_context: ExecutionContext, next: CallHandler) {
      return next.handle().pipe(map((data) => ({ data })))
    }
  }
  class Account {
    name = 'ann'
    secret = 'hidden'
  }
  /** Shows of an account what may be seen; of anything else everything. */
  @Injectable()
  class Serializer {
    intercept(_context: ExecutionContext, next: CallHandler) {
      return next.handle().pipe(map((data) => (data instanceof Account ? { name: data.name } : data)))
    }
  }
  @Controller()
  class Both {
    @Get('inside')
    @UseInterceptors(Wrap, AutocacheInterceptor)
    inside() {
      return { run: (runs += 1) }
    }
    @Get('outside')
    @UseInterceptors(AutocacheInterceptor, Wrap)
    outside() {
      return { run: (runs += 1) }
    }
    @Get('instance')
    @UseInterceptors(AutocacheInterceptor)
    @CachedResponse({ version: '1', ttl: '1m' })
    instance() {
      runs += 1
      return new Account()
    }
    @Get('json')
    @UseInterceptors(AutocacheInterceptor)
    @CachedResponse({ version: '1', ttl: '1m', json: true })
    json() {
      runs += 1
      return new Account()
    }
  }

  it('answers the same in either order', async () => {
    const { get } = await start(
      { controllers: [Both] },
      { store: sharedStore(), namespace: 'order', version: '1', ttl: '1m' },
    )
    for (const path of ['/inside', '/outside']) {
      const [first, second] = [await get(path), await get(path)]
      expect(first.json).toEqual({ data: { run: expect.any(Number) } })
      expect(second.json).toEqual(first.json)
    }
  })

  it('never keeps a class instance as something else, unless JSON was asked for', async () => {
    const { get, cache } = await start(
      { controllers: [Both], providers: [{ provide: APP_INTERCEPTOR, useClass: Serializer }] },
      { store: sharedStore(), namespace: 'instances', version: '1', ttl: '1m' },
    )
    const unstored: unknown[] = []
    cache.on('unstored', ({ reason, path }) => unstored.push([reason, path]))
    let texts: string[] = []
    expect(await ran(async () => (texts = [(await get('/instance')).text, (await get('/instance')).text]))).toBe(2)
    expect(texts).toEqual(['{"name":"ann"}', '{"name":"ann"}'])
    expect(unstored[0]).toEqual(['unfaithful', expect.stringContaining('body')])
    expect(await ran(async () => (texts = [(await get('/json')).text, (await get('/json')).text]))).toBe(1)
    expect(texts[1]).toBe(texts[0])
  })

  it('keeps instances as JSON where no interceptor is outside, because that is what is sent', async () => {
    for (const options of [inMemory(), { store: sharedStore(), namespace: 'outermost' }]) {
      const { get } = await start({ controllers: [Both] }, { ...options, version: '1', ttl: '1m' })
      let texts: string[] = []
      expect(await ran(async () => (texts = [(await get('/instance')).text, (await get('/instance')).text]))).toBe(1)
      expect(texts).toEqual(['{"name":"ann","secret":"hidden"}', '{"name":"ann","secret":"hidden"}'])
    }
  })

  it('keeps what it keeps, whatever an interceptor outside of it does to a body', async () => {
    @Injectable()
    class Sign {
      intercept(context: ExecutionContext, next: CallHandler) {
        const { headers } = context.switchToHttp().getRequest()
        return next.handle().pipe(map((data) => Object.assign(data, headers['x-sign'] && { sign: headers['x-sign'] })))
      }
    }
    @Controller()
    class Signed {
      @Get('signed')
      @UseInterceptors(Sign, AutocacheInterceptor)
      signed() {
        return { run: (runs += 1) }
      }
    }
    const { get } = await start({ controllers: [Signed] }, inMemory())
    expect((await get('/signed', { 'x-sign': 'ann' })).json.sign).toBe('ann')
    expect((await get('/signed', { 'x-sign': 'bob' })).json.sign).toBe('bob')
    expect((await get('/signed')).json).toEqual({ run: runs })
  })

  it('works as a global interceptor, with @Cached beneath it', async () => {
    @Controller()
    class Global {
      @Get('global')
      @Cached()
      async global() {
        return { run: (runs += 1) }
      }
    }
    const { get, lines } = await start(
      { controllers: [Global], providers: [{ provide: APP_INTERCEPTOR, useClass: AutocacheInterceptor }] },
      inMemory(),
    )
    expect((await get('/global')).json).toEqual((await get('/global')).json)
    expect(lines.of('log Cached {Global.global}')).toHaveLength(1)
    expect(lines.of('log Cached {Global.global#response}')).toHaveLength(1)
  })
})

describe('the async context of a request', () => {
  const requests = new AsyncLocalStorage<string>()
  @Injectable()
  class Enter {
    intercept(context: ExecutionContext, next: CallHandler) {
      const name = String(context.switchToHttp().getRequest().headers['x-name'])
      return requests.run(name, () => next.handle())
    }
  }
  @Controller('context')
  class Context {
    @Get('middleware')
    @UseInterceptors(AutocacheInterceptor)
    @CachedResponse({ vary: ['x-name'] })
    async within() {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return { name: requests.getStore() ?? 'nobody' }
    }
    @Get('interceptor')
    @UseInterceptors(Enter, AutocacheInterceptor)
    @CachedResponse({ vary: ['x-name'] })
    async inside() {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return { name: requests.getStore() ?? 'nobody' }
    }
  }

  it('reaches the handler through the cache', async () => {
    const { get } = await start({ controllers: [Context] }, inMemory(), {
      configure: (app) =>
        app.use((request: any, _response: unknown, next: () => void) => requests.run(request.headers['x-name'], next)),
    })
    for (const path of ['/context/middleware', '/context/interceptor']) {
      const names = await Promise.all(
        ['ann', 'bob'].map(async (name) => (await get(path, { 'x-name': name })).json.name),
      )
      expect(names, path).toEqual(['ann', 'bob'])
    }
  })
})

describe('a controller made per request', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Who {
    constructor(@Inject(REQUEST) readonly request: { headers: Record<string, string> }) {}
  }
  @UseInterceptors(AutocacheInterceptor)
  @Controller('scoped')
  class Scoped {
    constructor(readonly who: Who) {}
    @Get()
    who_() {
      return { who: this.who.request.headers['x-name'], run: (runs += 1) }
    }
    @Get('said')
    @CachedResponse({ vary: ['x-name'] })
    said() {
      return { who: this.who.request.headers['x-name'], run: (runs += 1) }
    }
  }

  it('may read the request anywhere, so it is cached only where `vary` says so', async () => {
    const { get, lines } = await start({ controllers: [Scoped], providers: [Who] }, inMemory())
    expect((await get('/scoped', { 'x-name': 'ann' })).json.who).toBe('ann')
    expect((await get('/scoped', { 'x-name': 'bob' })).json.who).toBe('bob')
    expect(lines.of('Scoped.who_ takes providers made per request')).toHaveLength(1)
    const ann = await get('/scoped/said', { 'x-name': 'ann' })
    expect((await get('/scoped/said', { 'x-name': 'ann' })).json).toEqual(ann.json)
    expect((await get('/scoped/said', { 'x-name': 'bob' })).json.who).toBe('bob')
  })
})
