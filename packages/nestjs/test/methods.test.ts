import { CacheModule } from '@nestjs/cache-manager'
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  ParseIntPipe,
  Query,
  Scope,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common'
import { ModuleRef, REQUEST } from '@nestjs/core'
import { describe, expect, it } from 'vitest'
import { Autocache, AutocacheInterceptor, AutocacheModule, Cached, CachedResponse, Invalidates } from '../src/index.ts'
import { start } from './support/application.ts'
import { inMemory, sharedStore } from './support/stores.ts'

@Injectable()
class Database {
  reads: unknown[] = []
  async read(...what: unknown[]) {
    this.reads.push(what)
    return { what, at: this.reads.length }
  }
}

@Injectable()
class Reports {
  constructor(readonly database: Database) {}

  @Cached({ ttl: '5m', version: '1', key: (year: number) => year })
  async sales(year: number) {
    return this.database.read('sales', year)
  }

  @Invalidates({ method: 'sales', args: (_result, year: number) => [year] })
  async correct(year: number, fail = false) {
    if (fail) throw new Error('refused')
    return year
  }
}

describe('@Cached on a method of a provider', () => {
  it('caches by arguments over an injected object', async () => {
    const { app } = await start({ providers: [Database, Reports] }, inMemory())
    const reports = app.get(Reports)
    expect(await reports.sales(2024)).toEqual(await reports.sales(2024))
    await reports.sales(2025)
    expect(app.get(Database).reads).toEqual([
      ['sales', 2024],
      ['sales', 2025],
    ])
  })

  it('is cached over the CACHE_MANAGER of a CacheModule beside the module, or given to it', async () => {
    for (const imports of [[CacheModule.register()], []]) {
      const options = imports.length === 0 ? { imports: [CacheModule.register()], ttl: '1m' as const } : {}
      const { app, cache } = await start({ imports, providers: [Database, Reports] }, options)
      const reports = app.get(Reports)
      await reports.sales(2024)
      await reports.sales(2024)
      expect(cache.stats().functions['Reports.sales']).toMatchObject({ miss: 1, fill: 1 })
    }
  })

  it('belongs to the application that made the object, where two live in one process', async () => {
    const [one, other] = [
      await start({ providers: [Database, Reports] }, inMemory()),
      await start({ providers: [Database, Reports] }, inMemory()),
    ]
    await one.app.get(Reports).sales(2024)
    await other.app.get(Reports).sales(2024)
    expect(other.app.get(Database).reads).toHaveLength(1)
    expect(one.cache.stats().total).toMatchObject({ fill: 1 })
    expect(one.cache.stats().total.hit).toBeUndefined()
  })

  it('runs as written on an object that Nest did not make', async () => {
    const database = new Database()
    const reports = new Reports(database)
    await reports.sales(1)
    await reports.sales(1)
    expect(database.reads).toHaveLength(2)
  })

  it('is cached on an object that a factory made', async () => {
    const made = { provide: Reports, inject: [Database], useFactory: (database: Database) => new Reports(database) }
    const { app } = await start({ providers: [Database, made] }, inMemory())
    await app.get(Reports).sales(1)
    await app.get(Reports).sales(1)
    expect(app.get(Database).reads).toHaveLength(1)
  })

  it('leaves objects as they look', async () => {
    const { app } = await start({ providers: [Database, Reports] }, inMemory())
    const reports = app.get(Reports)
    expect(Reflect.ownKeys({ ...reports })).toEqual(['database'])
    expect(Object.keys(reports)).toEqual(['database'])
    expect(reports.sales.name).toBe('sales')
    expect(reports.sales).toHaveLength(1)
  })

  it('is inherited, and an override without the decorator is not cached', async () => {
    @Injectable()
    class Special extends Reports {}
    @Injectable()
    class Plain extends Reports {
      override async sales(year: number) {
        return this.database.read('plain', year)
      }
    }
    const { app } = await start({ providers: [Database, Special, Plain] }, inMemory())
    for (const reports of [app.get(Special), app.get(Plain)]) {
      await reports.sales(1)
      await reports.sales(1)
    }
    expect(app.get(Database).reads).toEqual([
      ['sales', 1],
      ['plain', 1],
      ['plain', 1],
    ])
  })

  it('keeps apart subclasses that override what it calls, over a shared store', async () => {
    @Injectable()
    class Base {
      rate() {
        return 1
      }
      @Cached({ ttl: '1m', version: '1', key: (n: number) => n })
      async price(n: number) {
        return n * this.rate()
      }
    }
    @Injectable()
    class Double extends Base {
      override rate() {
        return 2
      }
    }
    const { app } = await start({ providers: [Base, Double] }, { store: sharedStore(), namespace: 'apart' })
    expect(await app.get(Base).price(10)).toBe(10)
    expect(await app.get(Double).price(10)).toBe(20)
    expect(await app.get(Base).price(10)).toBe(10)
  })

  it('tells objects made per request apart, and serves each from the application', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Mine {
      constructor(
        @Inject(REQUEST) readonly request: { headers: Record<string, string> },
        readonly database: Database,
      ) {}
      @Cached()
      async orders() {
        return this.database.read(this.request.headers['x-user'])
      }
    }
    @Controller()
    class Orders {
      constructor(readonly mine: Mine) {}
      @Get('orders')
      async orders() {
        return [await this.mine.orders(), await this.mine.orders()]
      }
    }
    const { app, get } = await start({ controllers: [Orders], providers: [Mine, Database] }, inMemory())
    const [ann, bob] = await Promise.all(['ann', 'bob'].map((user) => get('/orders', { 'x-user': user })))
    expect(ann?.json.map(({ what }: any) => what)).toEqual([['ann'], ['ann']])
    expect(bob?.json.map(({ what }: any) => what)).toEqual([['bob'], ['bob']])
    expect(app.get(Database).reads).toHaveLength(2)
  })

  it('reads an environment of its own per durable or transient object', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Counter {
      made = Math.random()
      @Cached()
      async value() {
        return this.made
      }
    }
    const { app } = await start({ providers: [Counter] }, inMemory())
    const [one, other] = [await app.resolve(Counter), await app.resolve(Counter)]
    expect(await one.value()).toBe(one.made)
    expect(await other.value()).toBe(other.made)
    expect(one.made).not.toBe(other.made)
  })
})

describe('@Cached on a route handler', () => {
  const Tag = SetMetadata('tag', 'kept')

  @Controller('years')
  class Years {
    runs = 0
    @Cached({ ttl: '1m' })
    @Get(':year')
    @Tag
    async below(@Param('year', ParseIntPipe) year: number, @Query('q') q?: string) {
      this.runs += 1
      return { year, q, type: typeof year }
    }
    @Get('above/:year')
    @Tag
    @Cached({ ttl: '1m' })
    async above(@Param('year', ParseIntPipe) year: number) {
      this.runs += 1
      return { year }
    }
  }

  for (const platform of ['express', 'fastify'] as const)
    it(`keeps routes, pipes, parameters and metadata, in either order (${platform})`, async () => {
      const { app, get } = await start({ controllers: [Years] }, inMemory(), { platform })
      for (let i = 0; i < 2; i += 1) {
        expect((await get('/years/2024?q=a')).json).toEqual({ year: 2024, q: 'a', type: 'number' })
        expect((await get('/years/above/7')).json).toEqual({ year: 7 })
      }
      expect((await get('/years/x')).status).toBe(400)
      expect(app.get(Years).runs).toBe(2)
      for (const method of [Years.prototype.below, Years.prototype.above])
        expect(Reflect.getMetadata('tag', method)).toBe('kept')
      expect(Reflect.getMetadata('design:paramtypes', Years.prototype, 'below')).toEqual([Number, String])
    })
})

describe('the Autocache of an application', () => {
  it('hands out the handle of a method for an object', async () => {
    const { app, cache } = await start({ providers: [Database, Reports] }, inMemory())
    const reports = app.get(Reports)
    const handle = cache.of(reports, 'sales')
    expect(handle.label).toBe('Reports.sales')
    await reports.sales(1)
    expect(await handle.peek(1)).toMatchObject({ state: 'fresh', value: { what: ['sales', 1] } })
    await handle.invalidate(1)
    await reports.sales(1)
    expect(app.get(Database).reads).toHaveLength(2)
    expect(() => cache.of(reports, 'database' as never)).toThrow(/not a cached method/)
  })

  it('is injected where it is asked for, and counts', async () => {
    @Injectable()
    class Admin {
      constructor(readonly cache: Autocache) {}
    }
    const { app, cache } = await start({ providers: [Admin] }, inMemory())
    expect(app.get(Admin).cache).toBe(cache)
    const seen: string[] = []
    const stop = cache.on('*', ({ type }) => seen.push(type))
    const square = cache.core.cached(async (n: number) => n * n)
    await square(3)
    stop()
    await square(3)
    expect(seen).toEqual(['miss', 'fill', 'write'])
    expect(cache.stats().total).toMatchObject({ hit: 1, miss: 1 })
  })

  it('is visible in every module unless `isGlobal` is false', async () => {
    @Module({ providers: [Database, Reports] })
    class Feature {}
    await start({ imports: [Feature] }, inMemory())
    await expect(start({ imports: [Feature] }, { ...inMemory(), isGlobal: false })).rejects.toThrow(
      /can't resolve dependencies of the Reports[\s\S]*Autocache/,
    )
  })

  it('takes options from a factory, a class or a provider', async () => {
    @Injectable()
    class Settings {
      createAutocacheOptions() {
        return { ...inMemory(), namespace: 'made' }
      }
    }
    @Module({ providers: [Settings], exports: [Settings] })
    class SettingsModule {}
    for (const options of [
      { useClass: Settings },
      { imports: [SettingsModule], useExisting: Settings },
      {
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: async (settings: Settings) => settings.createAutocacheOptions(),
      },
    ]) {
      const { cache } = await start({}, AutocacheModule.forRootAsync(options))
      expect(cache.options.namespace).toBe('made')
      await expect((cache as never as { core: unknown }).core).toBeDefined()
    }
  })

  it('waits for writes under way when the application closes', async () => {
    const store = sharedStore()
    const { set } = store
    let release = () => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    let landed = false
    store.set = (async (key: string, entry: never) => {
      if (key.includes('Reports.sales:x-1')) await released
      await set(key, entry)
      if (key.includes('Reports.sales:x-1')) landed = true
    }) as never
    const { app } = await start({ providers: [Database, Reports] }, { store, namespace: 'closing' })
    await app.get(Reports).sales(1)
    const closing = app.close()
    await new Promise((resolve) => setImmediate(resolve))
    expect(landed).toBe(false)
    release()
    await closing
    expect(landed).toBe(true)
  })

  it('sends every call through where it is switched off', async () => {
    const { app } = await start(
      { providers: [Database, Reports] },
      { store: sharedStore(), namespace: 'off', enabled: false },
    )
    await app.get(Reports).sales(1)
    await app.get(Reports).sales(1)
    expect(app.get(Database).reads).toHaveLength(2)
    expect(app.get(ModuleRef)).toBeDefined()
  })
})

describe('@Invalidates', () => {
  it('removes the entry once the method has succeeded, and not where it failed', async () => {
    const { app } = await start({ providers: [Database, Reports] }, inMemory())
    const reports = app.get(Reports)
    await reports.sales(1)
    await expect(reports.correct(1, true)).rejects.toThrow('refused')
    await reports.sales(1)
    expect(app.get(Database).reads).toHaveLength(1)
    expect(await reports.correct(1)).toBe(1)
    await reports.sales(1)
    expect(app.get(Database).reads).toHaveLength(2)
  })

  it('reaches a method of an injected object', async () => {
    @Injectable()
    class Imports {
      constructor(readonly reports: Reports) {}
      @Invalidates({ of: (self: Imports) => self.reports, method: 'sales', args: (years: number[]) => [years[0]] })
      async load() {
        return [2024]
      }
    }
    const { app } = await start({ providers: [Database, Reports, Imports] }, inMemory())
    await app.get(Reports).sales(2024)
    await app.get(Imports).load()
    await app.get(Reports).sales(2024)
    expect(app.get(Database).reads).toHaveLength(2)
  })

  it('removes every call of a method, or what has a tag, in methods and responses', async () => {
    @Injectable()
    class Users {
      constructor(readonly database: Database) {}
      @Cached({ tags: (_user, id: string) => [`user-${id}`], key: (id: string) => id })
      async find(id: string) {
        return this.database.read(id)
      }
      @Invalidates({ method: 'find' })
      async renameAll() {}
      @Invalidates<Users, [id: string]>({ tags: (_result, id) => [`user-${id}`] })
      async rename(_id: string) {}
    }
    @Controller('users')
    @UseInterceptors(AutocacheInterceptor)
    class UsersController {
      constructor(readonly database: Database) {}
      @Get(':id')
      @CachedResponse({ tags: (_body, request) => [`user-${request.params.id}`] })
      find(@Param('id') id: string) {
        return this.database.read('response', id)
      }
    }
    const { app, get, cache } = await start(
      { providers: [Database, Users], controllers: [UsersController] },
      inMemory(),
    )
    const [users, database] = [app.get(Users), app.get(Database)]
    const readAll = async () => {
      const before = database.reads.length
      for (const id of ['ann', 'bob']) {
        await users.find(id)
        await get(`/users/${id}`)
      }
      return database.reads.slice(before)
    }
    expect(await readAll()).toHaveLength(4)
    expect(await readAll()).toHaveLength(0)
    await users.rename('ann')
    expect(await readAll()).toEqual([['ann'], ['response', 'ann']])
    await users.renameAll()
    expect(await readAll()).toEqual([['ann'], ['bob']])
    await cache.invalidateTags('user-bob')
    expect(await readAll()).toEqual([['bob'], ['response', 'bob']])
    const responses = cache.responses(UsersController, 'find')
    expect(responses.label).toBe('UsersController.find#response')
    await responses.invalidateAll()
    expect(await readAll()).toEqual([
      ['response', 'ann'],
      ['response', 'bob'],
    ])
    expect(() => cache.responses(UsersController, 'other')).toThrow(/are not cached/)
  })

  it('logs what the store did not acknowledge, or rejects where it is strict', async () => {
    @Injectable()
    class Strict {
      constructor(readonly reports: Reports) {}
      @Invalidates({ of: (self: Strict) => self.reports, method: 'sales', args: () => [1], strict: true })
      async touch() {}
    }
    const store = sharedStore()
    const { app, lines } = await start({ providers: [Database, Reports, Strict] }, { store, namespace: 'strict' })
    await app.get(Reports).sales(1)
    store.broken = true
    expect(await app.get(Reports).correct(1)).toBe(1)
    expect(lines.of('has not invalidated sales')).toHaveLength(1)
    await expect(app.get(Strict).touch()).rejects.toThrow()
    store.broken = false
    await app.get(Reports).sales(1)
    expect(app.get(Database).reads).toHaveLength(2)
  })
})
