import { cacheKey } from '@autocache/core'
import { Controller, Get, Injectable, Req, UseInterceptors } from '@nestjs/common'
import { ApiOperation, ApiQuery, DocumentBuilder, SwaggerModule } from '@nestjs/swagger'
import { HealthCheckService, TerminusModule } from '@nestjs/terminus'
import { describe, expect, it } from 'vitest'
import {
  Autocache,
  AutocacheHealth,
  AutocacheInterceptor,
  AutocacheModule,
  Cached,
  CachedResponse,
  Invalidates,
} from '../src/index.ts'
import { Lines, start } from './support/application.ts'
import { inMemory, sharedStore } from './support/stores.ts'

const over = (store = sharedStore()) => ({ store, namespace: 'boot', ttl: '1m' as const })

@Injectable()
class Plain {
  runs = 0
  @Cached({ version: '1' })
  async twice(n: number) {
    return n * 2
  }
}

describe('this suite', () => {
  it('runs on the Nest it is meant for', async () => {
    const { default: manifest } = await import('@nestjs/core/package.json', { with: { type: 'json' } })
    expect(manifest.version.split('.')[0]).toBe(process.env.NEST ?? '12')
  })
})

describe('at boot', () => {
  it('each cached method is one line with its label and version', async () => {
    @UseInterceptors(AutocacheInterceptor)
    @Controller()
    class Pages {
      @Get('page')
      @CachedResponse({ version: '7' })
      page() {
        return {}
      }
    }
    const { lines } = await start({ providers: [Plain], controllers: [Pages] }, over())
    expect(lines.of('Cached {')).toEqual(['log Cached {Plain.twice} x-1', 'log Cached {Pages.page#response} x-7'])
  })

  it('a missing CacheModule is an error that says what to import', async () => {
    await expect(start({ providers: [Plain] })).rejects.toThrow(/no CACHE_MANAGER[\s\S]*CacheModule\.register\(\)/)
  })

  it('a missing AutocacheModule is Nest’s own error', async () => {
    const { Test } = await import('@nestjs/testing')
    const lone = Test.createTestingModule({ providers: [Plain] })
      .setLogger(new Lines())
      .compile()
    await expect(lone).rejects.toThrow(/can't resolve dependencies of the Plain[\s\S]*Autocache/)
  })

  it('a wrong option is an error of the factory', async () => {
    await expect(start({}, { ...inMemory(), ttl: 'soon' as never })).rejects.toThrow(/Option `ttl` must be/)
  })

  it('all methods without a version over a shared store are one error that names each', async () => {
    @Injectable()
    class Bare {
      @Cached()
      async one() {
        return 1
      }
      @Cached()
      async two() {
        return 2
      }
    }
    @UseInterceptors(AutocacheInterceptor)
    @Controller()
    class Pages {
      @Get('page')
      page() {
        return {}
      }
    }
    const started = start({ providers: [Bare], controllers: [Pages] }, over())
    await expect(started).rejects.toThrow(
      /3 methods cannot be cached:\n- `Bare.one` has no version[\s\S]*- `Bare.two` has[\s\S]*- `Pages.page#response` has/,
    )
  })

  it('a method that reads `this` over a shared store needs `key` or a [cacheKey]', async () => {
    class Handle {
      #secret = 1
      read = () => this.#secret
    }
    @Injectable()
    class Reading {
      handle = new Handle()
      @Cached({ version: '1' })
      async find(id: number) {
        return id + this.handle.read()
      }
    }
    @Injectable()
    class Keyed extends Reading {
      [cacheKey]() {
        return 'one'
      }
    }
    await expect(start({ providers: [Reading] }, over())).rejects.toThrow(/`Reading.find` reads `this`[\s\S]*`key`/)
    const { app } = await start({ providers: [Keyed] }, over())
    expect(await app.get(Keyed).find(1)).toBe(2)
  })

  it('two classes of one name under one version are an error', async () => {
    const make = (n: number) => {
      @Injectable()
      class Twin {
        @Cached({ version: '1' })
        async value() {
          return n
        }
      }
      return Twin
    }
    await expect(start({ providers: [make(1), { provide: 'other', useClass: make(2) }] }, over())).rejects.toThrow(
      /Two methods are cached as `Twin.value`/,
    )
  })

  it('a store that is down lets the application start and answer', async () => {
    const store = sharedStore()
    store.broken = true
    @UseInterceptors(AutocacheInterceptor)
    @Controller()
    class Pages {
      constructor(readonly plain: Plain) {}
      @Get('page')
      async page() {
        return { n: await this.plain.twice(21) }
      }
    }
    const { get, cache } = await start({ providers: [Plain], controllers: [Pages] }, { ...over(store), version: '1' })
    expect((await get('/page')).json).toEqual({ n: 42 })
    expect(cache.stats().total['store-error']).toBeGreaterThan(0)
    store.broken = false
  })
})

describe('a decorator where it does not belong', () => {
  const wrong = (decorate: () => unknown) => {
    try {
      decorate()
    } catch (error) {
      return (error as Error).message
    }
    return 'no error'
  }

  it('names the place, and what to do', () => {
    for (const [name, decorator] of [
      ['Cached', () => Cached()],
      ['Invalidates', () => Invalidates()],
    ] as const) {
      const on = decorator as () => (...given: any[]) => unknown
      class Thing {
        static make() {}
        get size() {
          return 1
        }
        method() {}
      }
      const of = (target: object, key: string) => Object.getOwnPropertyDescriptor(target, key)
      expect(wrong(() => on()(Thing.prototype, 'size', of(Thing.prototype, 'size')))).toBe(
        `@${name}() stands on the accessor Thing.size. Make it a method.`,
      )
      expect(wrong(() => on()(Thing, 'make', of(Thing, 'make')))).toContain(
        `@${name}() stands on the static method Thing.make`,
      )
      expect(wrong(() => on()(Thing.prototype, 'constructor', of(Thing.prototype, 'constructor')))).toContain(
        `@${name}() stands on the constructor of Thing`,
      )
      expect(wrong(() => on()(Thing))).toContain(`@${name}() stands on the class Thing`)
      expect(wrong(() => on()(Thing.prototype, 'field', undefined))).toContain(
        `@${name}() stands on the property Thing.field`,
      )
      expect(wrong(() => on()(Thing.prototype.method, { kind: 'method', name: 'method' }))).toContain(
        'experimentalDecorators',
      )
    }
    expect(wrong(() => Cached('5m' as never))).toContain('@Cached(options) takes an object')
    expect(wrong(() => Invalidates({ args: () => [] } as never))).toContain('@Invalidates takes what to invalidate')
  })

  it('has an option that does not exist refused at boot', async () => {
    @Injectable()
    class Odd {
      @Cached({ tttl: 5 } as never)
      async odd() {
        return 1
      }
    }
    await expect(start({ providers: [Odd] }, inMemory())).rejects.toThrow(/no option `tttl`/)
  })
})

describe('an argument that cannot be keyed', () => {
  it('sends the call through, with a line, and the request is answered', async () => {
    let runs = 0
    @Controller()
    class Raw {
      @Get('raw')
      @Cached({ version: '1' })
      async raw(@Req() request: any) {
        runs += 1
        return { path: request.url }
      }
    }
    for (const options of [inMemory(), over()]) {
      const { get, lines } = await start({ controllers: [Raw] }, options)
      runs = 0
      expect((await get('/raw')).json).toEqual({ path: '/raw' })
      expect((await get('/raw')).json).toEqual({ path: '/raw' })
      expect(runs).toBe(2)
      expect(lines.of('Raw.raw is called without the cache')).toHaveLength(1)
    }
  })

  it('lets the method’s own error of that kind reach the caller, without a second run', async () => {
    @Injectable()
    class Outer {
      runs = 0
      constructor(readonly cache: Autocache) {}
      @Cached()
      async outer(n: number) {
        this.runs += 1
        const inner = this.cache.core.cached(async (f: unknown) => f)
        return [n, await inner(() => {})]
      }
    }
    const { app } = await start({ providers: [Outer] }, inMemory())
    await expect(app.get(Outer).outer(1)).rejects.toThrow(/args\[0\]/)
    expect(app.get(Outer).runs).toBe(1)
  })

  it('that is merely too large is bypassed with an event', async () => {
    const { app, cache } = await start({ providers: [Plain] }, { ...inMemory(), keyBounds: { size: 100 } })
    const paths: unknown[] = []
    cache.on('bypass', ({ reason }) => paths.push(reason))
    await (app.get(Plain).twice as (n: unknown) => Promise<unknown>)('x'.repeat(1000))
    expect(paths).toEqual(['bounds'])
  })
})

describe('Swagger', () => {
  it('describes cached handlers as if they were not cached', async () => {
    @Controller('docs')
    class Docs {
      @Cached()
      @ApiOperation({ summary: 'below' })
      @ApiQuery({ name: 'q', type: Number })
      @Get('below')
      async below() {
        return 1
      }
      @ApiOperation({ summary: 'above' })
      @Get('above')
      @Cached()
      async above() {
        return 1
      }
    }
    const { app } = await start({ controllers: [Docs] }, inMemory())
    const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build())
    expect(paths['/docs/below']?.get).toMatchObject({ summary: 'below', parameters: [{ name: 'q' }] })
    expect(paths['/docs/above']?.get).toMatchObject({ summary: 'above' })
  })
})

describe('AutocacheHealth', () => {
  it('tells terminus whether the store answers', async () => {
    const store = sharedStore()
    const { app } = await start(
      { imports: [TerminusModule.forRoot({ logger: false })], providers: [Plain] },
      over(store),
    )
    const [health, ours] = [app.get(HealthCheckService), app.get(AutocacheHealth)]
    const check = (failing?: 'degraded' | 'up') =>
      health.check([() => ours.check('cache', failing && { failing }) as never])
    expect(await check()).toMatchObject({ status: 'ok', info: { cache: { status: 'up', hit: 0 } } })
    store.broken = true
    await expect(check()).rejects.toMatchObject({
      response: { status: 'error', error: { cache: { status: 'down', message: 'The connection is closed.' } } },
    })
    expect(await check('up')).toMatchObject({ status: 'ok' })
  })

  it('does not wait for a store that hangs', async () => {
    const store = { ...sharedStore(), get: () => new Promise<never>(() => {}) }
    const { app } = await start({}, over(store as never))
    const result = await app.get(AutocacheHealth).check('cache', { timeout: 20 })
    expect(result.cache).toEqual({ status: 'down', message: 'The store has not answered within 20 ms.' })
    expect(AutocacheModule).toBeDefined()
  })
})
