/** What becomes of a body between the interceptor and the wire: it is what it would be without the cache. */
import { Controller, Get, type INestApplication, Param, Res, UseInterceptors } from '@nestjs/common'
import { describe, expect, it } from 'vitest'
import { AutocacheInterceptor, CachedResponse } from '../src/index.ts'
import { type Answer, type Platform, start } from './support/application.ts'
import { inMemory, sharedStore } from './support/stores.ts'

let runs = 0
const stores = {
  'references in memory': () => inMemory(),
  'text that is shared': () => ({ store: sharedStore(), namespace: 'sending', version: '1', ttl: '1m' as const }),
}

class Account {
  constructor(
    readonly name: string,
    readonly secret = 'hidden',
  ) {}
}

class Degrees {
  constructor(readonly degrees: number) {}
  toJSON() {
    return `${this.degrees}°C`
  }
}

const bodies: Record<string, () => unknown> = {
  object: () => ({ name: 'ann', at: new Date(0), nested: { list: [1, null, undefined, Number.NaN], none: undefined } }),
  list: () => [{ id: 1 }, { id: 2 }],
  empty: () => ({}),
  unicode: () => ({ text: 'é \u2028 </script> \ud800 \n' }),
  instance: () => new Account('ann'),
  date: () => new Date(0),
  degrees: () => new Degrees(20),
  map: () => ({ map: new Map([['a', 1]]), set: new Set([1]) }),
  text: () => '{"looks":"like json"}',
  null: () => null,
  error: () => ({ statusCode: 404, message: 'said, and not thrown' }),
}

@UseInterceptors(AutocacheInterceptor)
@Controller('send')
class Sent {
  @Get('body/:of')
  body(@Param('of') of: string) {
    runs += 1
    return bodies[of]!()
  }

  @Get('typed/:of')
  @CachedResponse({ vary: [] })
  typed(@Param('of') of: string, @Res({ passthrough: true }) response: any) {
    runs += 1
    response.header('content-type', 'application/hal+json')
    return bodies[of]!()
  }

  @Get('as-text/:of')
  @CachedResponse({ vary: [] })
  asText(@Param('of') of: string, @Res({ passthrough: true }) response: any) {
    runs += 1
    response.header('content-type', 'text/plain')
    return bodies[of]!()
  }

  @Get('less')
  @CachedResponse({ vary: [] })
  less(@Res({ passthrough: true }) response: any) {
    runs += 1
    response.removeHeader('x-before')
    return { less: true }
  }

  @Get('origin')
  @CachedResponse({ vary: [] })
  origin(@Res({ passthrough: true }) response: any) {
    runs += 1
    const { origin } = (response.req ?? response.request).headers
    response.header('access-control-allow-origin', origin)
    response.header('vary', 'Origin')
    return {}
  }
}

const seen = ({ status, headers, text }: Answer) => ({
  status,
  text,
  type: headers.get('content-type'),
  length: headers.get('content-length'),
  etag: headers.get('etag'),
})

type Configure = (app: INestApplication) => void

/** What the application does with what it sends, on each platform. */
const applications: Record<string, Partial<Record<Platform, Configure>>> = {
  'as it is': { express: () => {}, fastify: () => {} },
  'with a replacer': {
    express: (app) =>
      void (app as any).set('json replacer', (key: string, value: unknown) =>
        key === 'secret'
          ? undefined
          : value instanceof Map
            ? [...value]
            : value === undefined && key !== ''
              ? 'nothing'
              : value,
      ),
  },
  'with strong ETags': { express: (app) => void (app as any).set('etag', 'strong') },
  'with ETags of its own': {
    express: (app) => void (app as any).set('etag', (body: Buffer) => `"own-${body.length}"`),
  },
  'without ETags': { express: (app) => void (app as any).disable('etag') },
  indented: { express: (app) => void (app as any).set('json spaces', 2) },
  escaped: { express: (app) => void (app as any).set('json escape', true) },
  'through a middleware that knows classes': {
    express: (app) =>
      void app.use((_request: unknown, response: any, next: () => void) => {
        const { json } = response
        response.json = (body: unknown) => json.call(response, body instanceof Account ? { name: body.name } : body)
        next()
      }),
  },
  'through a method that the application has': {
    express: (app) => {
      const { response } = app.getHttpAdapter().getInstance()
      const { json } = response
      response.json = function (this: unknown, body: unknown) {
        return json.call(this, body instanceof Account ? { name: body.name } : body)
      }
    },
  },
  'through a hook': {
    fastify: (app) =>
      app
        .getHttpAdapter()
        .getInstance()
        .addHook('preSerialization', async (_request: unknown, _reply: unknown, body: unknown) =>
          body instanceof Account ? { name: body.name } : body,
        ),
  },
  'through a serializer': {
    fastify: (app) =>
      app
        .getHttpAdapter()
        .getInstance()
        .setReplySerializer((body: any) => JSON.stringify({ wrapped: body instanceof Account ? body.name : body })),
  },
  'through a serializer of the request': {
    fastify: (app) =>
      app
        .getHttpAdapter()
        .getInstance()
        .addHook('onRequest', async (_request: unknown, reply: any) => {
          reply.serializer((body: any) => JSON.stringify({ wrapped: body instanceof Account ? body.name : body }))
        }),
  },
}

for (const [held, options] of Object.entries(stores))
  for (const [how, platforms] of Object.entries(applications))
    for (const [platform, configure] of Object.entries(platforms))
      describe(`a body that is sent ${how} (${platform}, ${held})`, () => {
        it('is what it is without the cache, at the first request and the second', async () => {
          const own = { platform: platform as Platform, configure }
          const cached = await start({ controllers: [Sent] }, options(), own)
          const plain = await start({ controllers: [Sent] }, { ...options(), enabled: false }, own)
          for (const way of ['body', 'typed', 'as-text'])
            for (const of of Object.keys(bodies)) {
              const path = `/send/${way}/${of}`
              const expected = seen(await plain.get(path))
              for (let i = 0; i < 2; i += 1) expect(seen(await cached.get(path)), path).toEqual(expected)
            }
        })
      })

describe('the ETag of what is kept', () => {
  /** Counts what Express makes of them. */
  const counted = (kind: string) => {
    const made = { count: 0 }
    const configure = (app: INestApplication) => {
      const instance = app.getHttpAdapter().getInstance()
      instance.set('etag', kind)
      const make = instance.get('etag fn')
      instance.settings['etag fn'] = (...args: unknown[]) => {
        made.count += 1
        return make(...args)
      }
    }
    return { made, configure }
  }

  for (const [held, options] of Object.entries(stores))
    it(`is made once (${held})`, async () => {
      const { made, configure } = counted('weak')
      const { get } = await start({ controllers: [Sent] }, options(), { configure })
      const etags = []
      for (let i = 0; i < 3; i += 1) etags.push((await get('/send/body/object')).headers.get('etag'))
      expect(new Set(etags).size).toBe(1)
      expect(etags[0]).toMatch(/^W\//)
      expect(made.count).toBe(1)
    })

  it('is made anew by an application that makes them in another way', async () => {
    const options = stores['text that is shared']()
    const [weak, strong] = [counted('weak'), counted('strong')]
    await (await start({ controllers: [Sent] }, options, weak)).get('/send/body/object')
    const before = runs
    const { get } = await start({ controllers: [Sent] }, options, strong)
    expect((await get('/send/body/object')).headers.get('etag')).toMatch(/^"/)
    expect([runs, strong.made.count]).toEqual([before, 1])
  })

  it('gives way to one that the handler or a middleware has set', async () => {
    const configure = (app: INestApplication) =>
      void app.use((_request: unknown, response: any, next: () => void) => {
        response.setHeader('etag', '"theirs"')
        next()
      })
    const { get } = await start({ controllers: [Sent] }, inMemory(), { configure })
    for (let i = 0; i < 2; i += 1) expect((await get('/send/body/object')).headers.get('etag')).toBe('"theirs"')
  })
})

for (const platform of ['express', 'fastify'] as const)
  describe(`what is sent (${platform})`, () => {
    it('is answered with 304 where the client has it, and in full where it has not', async () => {
      const { get } = await start({ controllers: [Sent] }, inMemory(), { platform })
      const { headers, text } = await get('/send/body/object')
      const etag = headers.get('etag')
      if (!etag) return expect(platform).toBe('fastify')
      const before = runs
      // Without the second header `fetch` asks for a new one.
      const having = (tag: string) => get('/send/body/object', { 'if-none-match': tag, 'cache-control': 'max-age=9' })
      expect((await having(etag)).status).toBe(304)
      expect((await having('"other"')).text).toBe(text)
      expect(runs).toBe(before)
    })

    it('is run for once where it is plain data', async () => {
      for (const options of Object.values(stores)) {
        const { get } = await start({ controllers: [Sent] }, options(), { platform })
        const before = runs
        for (let i = 0; i < 3; i += 1) await get('/send/body/object')
        expect(runs).toBe(before + 1)
      }
    })

    it('is not kept where the handler took a header away, or allows one origin', async () => {
      const configure = (app: INestApplication) =>
        void app.use((_request: unknown, response: any, next: () => void) => {
          response.setHeader('x-before', 'middleware')
          next()
        })
      const { get } = await start({ controllers: [Sent] }, inMemory(), { platform, configure })
      for (const origin of ['http://one.example', 'http://two.example'])
        expect((await get('/send/origin', { origin })).headers.get('access-control-allow-origin')).toBe(origin)
      if (platform === 'fastify') return
      for (let i = 0; i < 2; i += 1) expect((await get('/send/less')).headers.get('x-before')).toBeNull()
    })
  })

@UseInterceptors(AutocacheInterceptor)
@CachedResponse({ headers: true })
@Controller('own')
class Own {
  @Get(['one', 'other'])
  either() {
    runs += 1
    return { runs }
  }
}

describe("what an application on Fastify has of its own, under names of Express's", () => {
  const startWith = (configure: (fastify: any) => void) =>
    start({ controllers: [Own] }, inMemory(), {
      platform: 'fastify',
      configure: (app) => configure(app.getHttpAdapter().getInstance()),
    })

  it.each([
    ['settings', { theme: 'dark' }],
    ['those of Express', { 'trust proxy fn': () => false, etag: 'weak' }],
  ])('an `app` with settings on the reply, %s, is no application of Express', async (_, settings) => {
    const { get } = await startWith((fastify) => fastify.decorateReply('app', { getter: () => ({ settings }) }))
    for (const cache of ['MISS', 'HIT']) {
      const { status, headers } = await get('/own/one')
      expect([status, headers.get('x-cache')]).toEqual([200, cache])
    }
  })

  it('a `route` on the request is not that of the handler', async () => {
    const { get } = await startWith((fastify) =>
      fastify.decorateRequest('route', { getter: () => ({ path: 'the same' }) }),
    )
    for (const path of ['/own/one', '/own/other']) expect((await get(path)).headers.get('x-cache')).toBe('MISS')
  })
})
