import { putStamp, stampContract, stampMember, through } from '@autocache/core/plumbing'
import { Controller, Get, Inject, Injectable, UseInterceptors } from '@nestjs/common'
import { describe, expect, it } from 'vitest'
import { AutocacheInterceptor, Cached, CachedResponse, Invalidates } from '../src/index.ts'
import { start } from './support/application.ts'
import { sharedStore } from './support/stores.ts'

/** What the compiler writes. */
const stamp = (label: string, version: string, more: object = {}) => ({
  contract: stampContract,
  label,
  version,
  ...more,
})
const over = () => ({ store: sharedStore(), namespace: 'stamped', ttl: '1m' as const })
const throughRepo = { calls: through([['this.repo', (self: any) => self.repo]]) }

@Injectable()
class Repo {
  reads = 0
  async read(id: string) {
    this.reads += 1
    return { id, reads: this.reads }
  }
}
putStamp(Repo, stamp('Repo', 's1-repo'))

describe('a stamped method', () => {
  @Injectable()
  class Users {
    constructor(readonly repo: Repo) {}
    @Invalidates({ tags: ['never'] })
    @Cached()
    @stampMember(stamp('Users.find', 's1-find', throughRepo))
    async find(id: string) {
      return this.repo.read(id)
    }
  }

  it('needs neither version nor key over a shared store, under other decorators too', async () => {
    const { app, lines, cache } = await start({ providers: [Repo, Users] }, over())
    expect(await app.get(Users).find('a')).toEqual(await app.get(Users).find('a'))
    expect(app.get(Repo).reads).toBe(1)
    expect(lines.of('log Cached {Users.find} s1-find')).toHaveLength(1)
    expect(cache.of(app.get(Users), 'find').version).toBe('s1-find')
  })

  it('recomputes where another class is injected, and is refused at boot where that has no stamp', async () => {
    @Injectable()
    class OtherRepo extends Repo {}
    const store = sharedStore()
    const first = await start({ providers: [Repo, Users] }, { ...over(), store })
    await first.app.get(Users).find('a')
    const other = { provide: Repo, useClass: OtherRepo }
    await expect(start({ providers: [other, Users] }, { ...over(), store })).rejects.toThrow(/this\.repo/)
    putStamp(OtherRepo, stamp('OtherRepo', 's1-other'))
    const { app } = await start({ providers: [other, Users] }, { ...over(), store })
    await app.get(Users).find('a')
    expect(app.get(Repo).reads).toBe(1)
  })

  it('is answered where an object behind it is unknown only at the call', async () => {
    const { app, lines } = await start({ providers: [Repo, Users] }, over())
    const users = app.get(Users)
    Object.assign(users, {
      repo: new (class Unknown extends (class {} as any) {
        read = async (id: string) => ({ id, reads: 0 })
      })(),
    })
    expect(await users.find('a')).toEqual({ id: 'a', reads: 0 })
    expect(lines.of('Users.find is called without the cache')).toHaveLength(1)
  })
})

describe('a stamped method that reads all of its object', () => {
  /** As the compiler says of one that calls what its class inherits from another file. */
  const whole = { receiver: [(self: unknown) => self], ...throughRepo }

  it('is refused at boot over a shared store, with the remedy, and taken with `key`', async () => {
    @Injectable()
    class Reports {
      constructor(readonly repo: Repo) {}
      @Cached()
      @stampMember(stamp('Reports.of', 's1-of', whole))
      async of(id: string) {
        return this.repo.read(id)
      }
    }
    await expect(start({ providers: [Repo, Reports] }, over())).rejects.toThrow(
      /`Reports\.of` reads something of its object .*inherits from another file.*`key: \(id: string\) => id`/,
    )
    @Injectable()
    class Keyed {
      constructor(readonly repo: Repo) {}
      @Cached({ key: (id: string) => id })
      @stampMember(stamp('Keyed.of', 's1-of', whole))
      async of(id: string) {
        return this.repo.read(id)
      }
    }
    const { app } = await start({ providers: [Repo, Keyed] }, over())
    expect(await app.get(Keyed).of('a')).toEqual(await app.get(Keyed).of('a'))
  })
})

describe('a stamped response', () => {
  @Controller('users')
  @UseInterceptors(AutocacheInterceptor)
  class UsersController {
    constructor(readonly repo: Repo) {}
    @Get('one')
    @CachedResponse()
    @stampMember(stamp('UsersController.one', 's1-one', throughRepo))
    one() {
      return this.repo.read('one')
    }
  }

  it('has the version of its handler and of what its controller calls', async () => {
    const store = sharedStore()
    const { app, get, lines } = await start({ controllers: [UsersController], providers: [Repo] }, { ...over(), store })
    expect((await get('/users/one')).json).toEqual((await get('/users/one')).json)
    expect(app.get(Repo).reads).toBe(1)
    expect(lines.of('log Cached {UsersController.one#response} s1-one')).toHaveLength(1)

    @Injectable()
    class Edited extends Repo {}
    putStamp(Edited, stamp('Repo', 's1-edited'))
    const next = await start(
      { controllers: [UsersController], providers: [{ provide: Repo, useClass: Edited }] },
      { ...over(), store },
    )
    await next.get('/users/one')
    expect(next.app.get(Repo).reads).toBe(1)
  })
})

describe('a stamped handler that controllers inherit', () => {
  const whole = { receiver: [(self: any) => self.name], ...throughRepo }

  @UseInterceptors(AutocacheInterceptor)
  abstract class Base {
    abstract readonly of: string
    constructor(readonly repo: Repo) {}
    @Get('one')
    @CachedResponse()
    @stampMember(stamp('Base.one', 's1-base', { receiver: [(self: any) => self.of], ...throughRepo }))
    async one() {
      return { of: this.of, ...(await this.repo.read('one')) }
    }
  }
  const inherit = Inject(Repo) as (target: object, key: undefined, index: number) => void
  @Controller('cats')
  class Cats extends Base {
    readonly of = 'cats'
  }
  @Controller('dogs')
  class Dogs extends Base {
    readonly of = 'dogs'
  }
  for (const Class of [Cats, Dogs]) inherit(Class, undefined, 0)

  it('is cached for each of them, under a label of its own', async () => {
    const { get, lines, app } = await start({ controllers: [Cats, Dogs], providers: [Repo] }, over())
    for (let i = 0; i < 2; i += 1)
      for (const of of ['cats', 'dogs']) expect((await get(`/${of}/one`)).json).toMatchObject({ of })
    expect(app.get(Repo).reads).toBe(2)
    for (const name of ['Cats', 'Dogs'])
      expect(lines.of(`log Cached {Base.one(${name})#response} s1-base`)).toHaveLength(1)
  })

  it('is answered, and named at boot, where it reads what no key can be made of', async () => {
    @Controller('whole')
    class Whole {
      name = () => 'a function'
      constructor(readonly repo: Repo) {}
      @Get()
      @UseInterceptors(AutocacheInterceptor)
      @CachedResponse()
      @stampMember(stamp('Whole.one', 's1-whole', whole))
      one() {
        return this.repo.read(this.name())
      }
    }
    const { get, lines } = await start({ controllers: [Whole], providers: [Repo] }, over())
    expect(lines.of('warn Whole.one is answered without the cache')).toHaveLength(1)
    expect([(await get('/whole')).json.reads, (await get('/whole')).json.reads]).toEqual([1, 2])
  })
})

describe('a stamped method that classes inherit', () => {
  @Injectable()
  class Base {
    readonly of: string = 'base'
    constructor(readonly repo: Repo) {}
    @Cached()
    @stampMember(stamp('Base.find', 's1-base', { receiver: [(self: any) => self.of], ...throughRepo }))
    async find(id: string) {
      return { of: this.of, ...(await this.repo.read(id)) }
    }
  }
  const inject = Inject(Repo) as (target: object, key: undefined, index: number) => void
  @Injectable()
  class Red extends Base {
    override readonly of = 'red'
  }
  @Injectable()
  class Blue extends Base {
    override readonly of = 'blue'
  }
  @Injectable()
  class Plain extends Base {
    override async find(id: string) {
      return { ...(await super.find(id)), plain: true }
    }
  }
  @Injectable()
  class Both extends Base {
    @Cached({ key: (id: string) => id })
    @stampMember(stamp('Both.find', 's1-both', throughRepo))
    override async find(id: string) {
      return { ...(await super.find(id)), both: true }
    }
  }
  for (const Class of [Red, Blue, Plain, Both]) inject(Class, undefined, 0)

  it('answers for each class as it would without the cache, overridden or called through `super`', async () => {
    const { app, lines } = await start({ providers: [Repo, Red, Blue, Plain, Both] }, over())
    for (let i = 0; i < 2; i += 1) {
      expect(await app.get(Red).find('a')).toMatchObject({ of: 'red', id: 'a' })
      expect(await app.get(Blue).find('a')).toMatchObject({ of: 'blue', id: 'a' })
      expect(await app.get(Plain).find('a')).toEqual({ of: 'base', id: 'a', reads: 3, plain: true })
      expect(await app.get(Both).find('a')).toEqual({ of: 'base', id: 'a', reads: 3, both: true })
    }
    expect(app.get(Repo).reads).toBe(3)
    expect(lines.of('without the cache')).toEqual([])
  })
})
