/** What tells one request from another, attacked: each of these answered wrongly somewhere, or could. */
import { memoryStore } from '@autocache/core'
import {
  type CanActivate,
  Controller,
  type DynamicModule,
  type ExecutionContext,
  Get,
  HttpCode,
  Injectable,
  Module,
  Query,
  Req,
  Res,
  UseGuards,
  UseInterceptors,
  VERSION_NEUTRAL,
  Version,
  VersioningType,
} from '@nestjs/common'
import { RouteSchema } from '@nestjs/platform-fastify'
import { lastValueFrom, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AutocacheInterceptor, AutocacheModule, Cached, CachedResponse } from '../src/index.ts'
import { type Platform, start } from './support/application.ts'
import { inMemory, sharedStore } from './support/stores.ts'

let runs = 0
const platforms: Platform[] = ['express', 'fastify']
const stores = {
  'references in memory': () => inMemory(),
  'text that is shared': () => ({ store: sharedStore(), namespace: 'identity', version: '1', ttl: '1m' as const }),
}

@Injectable()
class GatewayGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest()
    const { 'x-user': id, 'x-entity': entity } = request.headers
    if (id) request.user = { id }
    if (entity) request.user = new Entity(entity)
    return true
  }
}

class Entity {
  constructor(readonly id: string) {}
}

class Celsius {
  constructor(readonly degrees: number) {}
  toJSON() {
    return `${this.degrees}°C`
  }
}

@UseInterceptors(AutocacheInterceptor)
@Controller('who')
class Who {
  @Get('gateway')
  @UseGuards(GatewayGuard)
  @CachedResponse({ vary: ['authorization'] })
  gateway(@Req() request: any) {
    return { user: request.user?.id, run: (runs += 1) }
  }

  @Get('locals')
  locals(@Res({ passthrough: true }) response: any) {
    return { theme: (response.req ?? response.request).headers['x-theme'], run: (runs += 1) }
  }

  @Get('page')
  page(@Query() query: Record<string, unknown>) {
    return { query: { ...query }, run: (runs += 1) }
  }

  @Get('gone')
  @HttpCode(410)
  gone() {
    return { run: (runs += 1) }
  }

  @Get('chunks')
  async *chunks() {
    yield `run ${(runs += 1)}`
  }

  @Get('web')
  web() {
    return new Response(`run ${(runs += 1)}`, { headers: { 'content-type': 'text/plain' } })
  }

  @Get('bytes')
  bytes() {
    runs += 1
    return new Uint8Array([104, 105])
  }

  @Get('mixed')
  mixed() {
    runs += 1
    return {
      at: new Date(0),
      list: [undefined, Number.NaN, -0],
      warm: new Celsius(20),
      gone: undefined,
      '2': 2,
      '1': 1,
    }
  }

  @Get('primitive')
  primitive(@Query('of') of: string) {
    runs += 1
    return { number: 5, nan: Number.NaN, big: 5n, no: false, nothing: null, text: 'text' }[of]
  }
}

for (const platform of platforms)
  for (const [held, options] of Object.entries(stores))
    describe(`a response (${platform}, ${held})`, () => {
      const who = () => start({ controllers: [Who] }, options(), { platform })

      it('is told apart by whom a guard found, also under one covered credential', async () => {
        const { get } = await who()
        const ask = async (user: string) =>
          (await get('/who/gateway', { authorization: 'Bearer of-the-gateway', 'x-user': user })).json
        const [ann, bob] = [await ask('ann'), await ask('bob')]
        expect([ann.user, bob.user]).toEqual(['ann', 'bob'])
        expect(await ask('ann')).toEqual(ann)
        const entity = async (id: string) =>
          (await get('/who/gateway', { authorization: 'Bearer of-the-gateway', 'x-entity': id })).json
        expect([(await entity('cat')).user, (await entity('dan')).user]).toEqual(['cat', 'dan'])
      })

      it('is not cached where the handler holds the response, which leads to the request', async () => {
        const { get, lines } = await who()
        expect((await get('/who/locals', { 'x-theme': 'dark' })).json.theme).toBe('dark')
        expect((await get('/who/locals', { 'x-theme': 'light' })).json.theme).toBe('light')
        expect(lines.of('warn Who.locals takes @Res()')).toHaveLength(1)
      })

      it('is keyed by the query in any order, with what is given twice', async () => {
        const { get } = await who()
        const ask = async (query: string) => (await get(`/who/page?${query}`)).json
        const first = await ask('a=1&b=2')
        expect(await ask('b=2&a=1')).toEqual(first)
        const runsOf = await Promise.all(
          ['a=1', 'a=1&a=2', 'a=1,2', 'a=', 'a', 'a=%31%2C2&b', 'a[]=1', 'a[b]=1', '__proto__=1'].map(ask),
        )
        for (const query of ['a=1', 'a=1&a=2', 'a=1,2', 'a[]=1', '__proto__=1'])
          expect((await ask(query)).query, query).toEqual((await ask(query)).query)
        expect(new Set([first, ...runsOf].map(({ query }) => JSON.stringify(query))).size).toBe(
          new Set([first, ...runsOf].map(({ run }) => run)).size,
        )
      })

      it('of HEAD and of GET do not answer for each other', async () => {
        const { app, get } = await who()
        const url = (await app.getUrl()).replace('[::1]', '127.0.0.1')
        for (let i = 0; i < 2; i += 1) {
          const head = await fetch(`${url}/who/page?head`, { method: 'HEAD' })
          expect([head.status, await head.text()]).toEqual([200, ''])
          expect((await get('/who/page?head')).json.query).toEqual({ head: '' })
        }
      })

      it('is not kept where its status is no success by decorator', async () => {
        const { get } = await who()
        const [one, other] = [await get('/who/gone'), await get('/who/gone')]
        expect([one.status, other.status]).toEqual([410, 410])
        expect(other.json.run).toBe(one.json.run + 1)
      })

      it('is what it is without the cache: chunks, web responses, bytes, dates, instances, primitives', async () => {
        const cached = await who()
        const plain = await start({ controllers: [Who] }, { ...options(), enabled: false }, { platform })
        const seen = ({ status, headers, text }: Awaited<ReturnType<typeof cached.get>>) => ({
          status,
          type: headers.get('content-type'),
          text: text.replace(/run \d+/, 'run'),
        })
        const primitives = ['number', 'nan', 'big', 'no', 'nothing', 'text', 'missing'].map(
          (of) => `primitive?of=${of}`,
        )
        for (const path of ['chunks', 'web', 'bytes', 'mixed', ...primitives]) {
          const expected = seen(await plain.get(`/who/${path}`))
          for (let i = 0; i < 2; i += 1) expect(seen(await cached.get(`/who/${path}`)), path).toEqual(expected)
        }
      })
    })

describe('a middleware that writes into what is sent', () => {
  it('writes into the body of its own request, and of no other', async () => {
    for (const options of Object.values(stores)) {
      let requests = 0
      const { get } = await start({ controllers: [Who] }, options(), {
        configure: (app) =>
          void app.use((_request: unknown, response: any, next: () => void) => {
            const { json } = response
            requests += 1
            const own = requests
            response.json = (body: any) => {
              const written = Object.keys(body).includes('for')
              body.for = own
              return json.call(response, { ...body, written })
            }
            next()
          }),
      })
      const asked = await Promise.all([get('/who/page?x'), get('/who/page?x'), get('/who/gone'), get('/who/gone')])
      for (const { json } of [...asked, await get('/who/page?x')]) expect(json.written).toBe(false)
    }
  })
})

describe('versioned routes', () => {
  @UseInterceptors(AutocacheInterceptor)
  @Controller({ path: 'cats', version: ['1', '2', VERSION_NEUTRAL] })
  class Cats {
    @Get()
    @Version('1')
    first() {
      return { version: 1 }
    }
    @Get()
    @Version('2')
    second() {
      return { version: 2 }
    }
  }

  it('by a header, or by the media type, do not answer for each other', async () => {
    for (const [versioning, header] of [
      [{ type: VersioningType.HEADER, header: 'x-version' }, (v: string) => ({ 'x-version': v })],
      [{ type: VersioningType.MEDIA_TYPE, key: 'v=' }, (v: string) => ({ accept: `application/json;v=${v}` })],
    ] as const) {
      const configure = (app: any) => void app.enableVersioning(versioning)
      const { get } = await start({ controllers: [Cats] }, inMemory(), { configure })
      for (let i = 0; i < 2; i += 1)
        for (const version of [1, 2]) expect((await get('/cats', header(`${version}`))).json).toEqual({ version })
    }
  })
})

describe('what a response varies by', () => {
  @CachedResponse({ vary: ['x-theme'] })
  @UseInterceptors(AutocacheInterceptor)
  @Controller('varies')
  class Varies {
    @Get()
    @CachedResponse({ vary: ['x-size'] })
    all() {
      return { run: (runs += 1) }
    }

    @Get('listed')
    @CachedResponse({ vary: [] })
    listed(@Req() _request: unknown) {
      return { run: (runs += 1) }
    }
  }

  it('is what the module, the class and the handler name, together', async () => {
    const { get } = await start({ controllers: [Varies] }, { ...inMemory(), response: { vary: ['accept-language'] } })
    const ask = async (headers: Record<string, string>) => (await get('/varies', headers)).json.run
    const all = { 'x-theme': 'dark', 'x-size': 'xl', 'accept-language': 'de' }
    const first = await ask(all)
    expect(await ask(all)).toBe(first)
    for (const name of Object.keys(all)) expect(await ask({ ...all, [name]: 'other' }), name).not.toBe(first)
  })

  it('is nothing where the list is empty, and credentials still are somebody’s', async () => {
    const { get } = await start({ controllers: [Varies] }, inMemory())
    const ask = async (headers = {}) => (await get('/varies/listed', headers)).json.run
    const first = await ask()
    expect(await ask()).toBe(first)
    expect(await ask({ cookie: 'a=1' })).not.toBe(first)
  })

  it('is not known of a handler that takes the request because the module names a header', async () => {
    @UseInterceptors(AutocacheInterceptor)
    @Controller('blind')
    class Blind {
      @Get()
      all(@Req() request: any) {
        return { user: request.headers['x-user'] }
      }
    }
    const { get } = await start({ controllers: [Blind] }, { ...inMemory(), response: { vary: ['accept-language'] } })
    for (const user of ['ann', 'bob']) expect((await get('/blind', { 'x-user': user })).json).toEqual({ user })
  })
})

describe('a context that is no request', () => {
  it('of a microservice or a socket runs the handler', async () => {
    class Handlers {
      handle() {}
    }
    const { app } = await start({ controllers: [] }, inMemory())
    const interceptor = app.get(AutocacheInterceptor)
    for (const type of ['rpc', 'ws'])
      for (let i = 0; i < 2; i += 1) {
        const context = {
          getType: () => type,
          getClass: () => Handlers,
          getHandler: () => Handlers.prototype.handle,
          getArgs: () => [{ id: 1 }, {}],
        } as unknown as ExecutionContext
        const answers: unknown[] = []
        const answered = await interceptor.intercept(context, { handle: () => of((runs += 1)) })
        answered.subscribe((answer) => answers.push(answer))
        expect(answers).toEqual([runs])
      }
  })
})

describe('a field of GraphQL', () => {
  it('is told apart by the user of its context, wherever that stands', async () => {
    class Fields {
      @UseInterceptors(AutocacheInterceptor)
      me() {}
    }
    Reflect.defineMetadata('graphql:resolver_type', 'Query', Fields.prototype.me)
    const { app } = await start({ providers: [Fields] }, inMemory())
    const interceptor = app.get(AutocacheInterceptor)
    const Query = {}
    const ask = async (user: string | undefined, inRequest: boolean) => {
      const holder = user === undefined ? {} : { user: { id: user } }
      const shared = { req: { headers: {}, ...(inRequest && holder) }, ...(!inRequest && holder) }
      const info = { fieldName: 'me', parentType: Query, schema: { getQueryType: () => Query } }
      const context = {
        getType: () => 'graphql',
        getClass: () => Fields,
        getHandler: () => Fields.prototype.me,
        getArgs: () => [undefined, {}, shared, info],
      } as unknown as ExecutionContext
      const answered = await interceptor.intercept(context, { handle: () => of({ user, run: (runs += 1) }) })
      return lastValueFrom(answered) as Promise<{ user: string | undefined; run: number }>
    }
    for (const inRequest of [true, false])
      for (const user of ['ann', 'bob', 'ann']) expect((await ask(user, inRequest)).user).toBe(user)
    const nobody = await ask(undefined, true)
    expect(await ask(undefined, true)).toEqual(nobody)
  })
})

describe('a schema of Fastify', () => {
  class Person {
    constructor(
      readonly first: string,
      readonly last: string,
    ) {}
    get name() {
      return `${this.first} ${this.last}`
    }
  }
  @UseInterceptors(AutocacheInterceptor)
  @Controller('people')
  class People {
    @Get()
    @RouteSchema({ response: { 200: { type: 'object', properties: { name: { type: 'string' } } } } })
    one() {
      runs += 1
      return new Person('Ann', 'Lee')
    }
  }

  it('gets what the handler made, getters too', async () => {
    for (const options of Object.values(stores)) {
      const { get } = await start({ controllers: [People] }, options(), { platform: 'fastify' })
      for (let i = 0; i < 2; i += 1) expect((await get('/people')).json).toEqual({ name: 'Ann Lee' })
    }
  })
})

describe('two modules with stores of their own', () => {
  @Injectable()
  class Local {
    @Cached()
    async read(id: string) {
      return { id, run: (runs += 1) }
    }
  }
  @Injectable()
  class Remote {
    @Cached({ version: '1', ttl: '1m' })
    async read(id: string) {
      return { id, run: (runs += 1) }
    }
  }
  @UseInterceptors(AutocacheInterceptor)
  @Controller('local')
  class LocalController {
    @Get()
    read() {
      return { run: (runs += 1) }
    }
  }
  const module = (name: string, imports: DynamicModule[], parts: object) => {
    const made = { [name]: class {} }[name]!
    Module({ imports, ...parts })(made)
    return made
  }

  it('keep to them, and neither asks a version of what is the other’s', async () => {
    const remote = sharedStore()
    const locals = module('Locals', [AutocacheModule.forRoot({ store: memoryStore(), isGlobal: false })], {
      providers: [Local],
      controllers: [LocalController],
    })
    const remotes = module('Remotes', [AutocacheModule.forRoot({ store: remote, namespace: 'two', isGlobal: false })], {
      providers: [Remote],
    })
    const { app, get, lines } = await start({ imports: [locals, remotes] }, inMemory())
    const [near, far] = [app.get(Local, { strict: false }), app.get(Remote, { strict: false })]
    expect(await near.read('a')).toEqual(await near.read('a'))
    expect(remote.rows.size).toBe(0)
    expect(await far.read('a')).toEqual(await far.read('a'))
    expect([...remote.rows.keys()].some((key) => key.includes('Remote.read'))).toBe(true)
    expect((await get('/local')).json).toEqual((await get('/local')).json)
    expect(lines.of('Cached {Local.read}')).toHaveLength(1)
    expect(lines.of('Cached {Remote.read}')).toHaveLength(1)
    expect(lines.of('Cached {LocalController.read#response}')).toHaveLength(1)
  })
})
