import { describe, expect, test } from 'vitest'

type MethodDecorator<T> = (method: T, context: ClassMethodDecoratorContext) => void

import { asyncMapStore } from '@autocache/conformance'
import { cacheKey, createAutocache } from '../src/index.ts'
import { createInputs } from '../src/inputs.ts'
import { resolveBounds, resolveOptions } from '../src/options.ts'
import {
  inherited,
  ownBound,
  ownFunction,
  putStamp,
  type Stamp,
  stampContract,
  stampMember,
  through,
  whole,
  wire,
} from '../src/plumbing.ts'
import { syncStore, thrown } from './version-support.ts'

const stamp: Stamp = { contract: stampContract, label: 'Service.load', version: 's1-service' }
const classStamp = (version: string, more: Partial<Stamp> = {}): Stamp => ({
  contract: stampContract,
  label: 'Repo',
  version,
  ...more,
})

/** The inputs of a function that calls through `this.repo`, for each receiver. */
function inputsOf(
  more: Partial<Stamp> = {},
  options: Record<string, unknown> = {},
  lifetime: 'shared' | 'process' = 'shared',
) {
  const calls = through([['this.repo', (self) => self.repo]])
  const fn = putStamp((id: string) => id, { ...stamp, calls, ...more })
  const resolved = resolveOptions(
    { store: syncStore(lifetime), ttl: 1, ...options } as never,
    {},
    () => syncStore() as never,
  )
  const inputs = createInputs(fn, resolved, resolveBounds(undefined), wire.digest)
  return (self: unknown, ...args: unknown[]) => inputs(self, args)
}

const repoClass = (version: string, more?: Partial<Stamp>) =>
  putStamp(class Repo {}, classStamp(version, more)) as new () => object

describe('R04 what a function calls through', () => {
  test('R04 joins the version by the stamp of its class, and not the key', () => {
    const read = inputsOf()
    const [one, same, other] = ['s1-a', 's1-a', 's1-b'].map((version) =>
      read({ repo: new (repoClass(version))() }, 'x'),
    )
    expect(one!.code).toMatch(/^\+c-[\w-]{22}$/)
    expect(same!.code).toBe(one!.code)
    expect(other!.code).not.toBe(one!.code)
    expect(new Set([one!.text, same!.text, other!.text]).size).toBe(1)
  })

  test('R04 an edit of the repository changes it, an edit of what is beside it does not', () => {
    const read = inputsOf()
    const self = (repo: string, mailer: string) => ({
      repo: new (repoClass(repo))(),
      mailer: new (repoClass(mailer))(),
    })
    expect(read(self('s1-a', 's1-m')).code).toBe(read(self('s1-a', 's1-n')).code)
    expect(read(self('s1-a', 's1-m')).code).not.toBe(read(self('s1-b', 's1-m')).code)
  })

  test('R04 base classes are part of it', () => {
    const read = inputsOf()
    const derive = (base: string, version: string) => {
      const Base = repoClass(base)
      return new (putStamp(class Derived extends Base {}, classStamp(version)))()
    }
    const codes = [derive('s1-a', 's1-d'), derive('s1-b', 's1-d'), derive('s1-a', 's1-e')].map(
      (repo) => read({ repo }).code,
    )
    expect(new Set(codes).size).toBe(3)
  })

  test('R04 what changes between two calls of one object is seen at the next', () => {
    const read = inputsOf()
    const Base = repoClass('s1-base')
    const Other = repoClass('s1-other')
    const derive = () => putStamp(class Derived extends Base {}, classStamp('s1-d'))
    const changes: Record<string, (Class: ReturnType<typeof derive>, repo: object) => void> = {
      'the prototype of the object': (_, repo) => void Object.setPrototypeOf(repo, Other.prototype),
      'what its class extends': (Class) => void Object.setPrototypeOf(Class.prototype, Other.prototype),
      'that it extends nothing': (Class) => void Object.setPrototypeOf(Class.prototype, Object.prototype),
      'the class of its prototype': ({ prototype }) => void (prototype.constructor = Other),
      'the stamp of its class': (Class) => void putStamp(Class, classStamp('s1-e')),
      'the stamp of the class below': () => void putStamp(Base, classStamp('s1-e')),
      'a method that takes the place of one of its class': (_, repo) =>
        void Object.defineProperty(repo, 'toString', { value: putStamp(() => 'x', classStamp('s1-spy')) }),
    }
    for (const [what, change] of Object.entries(changes)) {
      putStamp(Base, classStamp('s1-base'))
      const Class = derive()
      const repo = new Class()
      const [before, again] = [read({ repo }).code, read({ repo }).code]
      expect(again, what).toBe(before)
      change(Class, repo)
      expect(read({ repo }).code, what).not.toBe(before)
    }
  })

  test('R04 a class that is given no stamp any more is one that nobody knows', () => {
    const read = inputsOf()
    const Class = repoClass('s1-a')
    const repo = new Class()
    read({ repo })
    Class.prototype.constructor = class {}
    thrown(() => read({ repo }), 'UNVERSIONED_FUNCTION')
  })

  test('R04 what is known of a class in one place says nothing of it in another', () => {
    const Class = repoClass('s1-a')
    const repo = new Class()
    const paths = (known?: boolean | string) =>
      inputsOf({ calls: through([['this.repo', (self) => self.repo, known]]) })
    const codes = [undefined, 's1-a', true, undefined, 's1-a'].map((known) => paths(known)({ repo }).code)
    expect(codes[0]).not.toBe(codes[1])
    expect(codes.slice(2)).toEqual([codes[0], codes[0], codes[1]])
  })

  test('R04 what a repository calls through in turn is part of it', () => {
    const read = inputsOf()
    const of = (client: string) => {
      const Repo = putStamp(
        class Repo {
          client = new (repoClass(client))()
        },
        classStamp('s1-repo', { calls: through([['this.client', (self) => self.client]]) }),
      )
      return read({ repo: new Repo() }).code
    }
    expect(of('s1-a')).toBe(of('s1-a'))
    expect(of('s1-a')).not.toBe(of('s1-b'))
  })

  test('R04 answers of one code, and of data of one object, never answer for another, however often they take turns', async () => {
    for (const options of [{}, { keys: 'readable' }]) {
      const calls = through([['this.repo', (self) => self.repo]])
      const receiver = [(self: any) => self.table]
      const fn = putStamp(
        async function (this: any, id: string) {
          return `${this.table} ${this.repo.name} ${id}`
        },
        { ...stamp, calls, receiver },
      )
      const cache = createAutocache({ store: asyncMapStore({ holds: 'text' }), namespace: 'turns', ttl: 1000 })
      const load = cache.cached(fn, options as never)
      const selves = ['s1-a', 's1-b'].flatMap((version) =>
        ['red', 'blue'].map((table) => ({ table, repo: Object.assign(new (repoClass(version))(), { name: version }) })),
      )
      for (let turn = 0; turn < 4; turn += 1)
        for (const self of selves)
          for (const id of ['1', '2']) expect(await load.call(self, id)).toBe(`${self.table} ${self.repo.name} ${id}`)
      expect(cache.stats().total).toMatchObject({ fill: 8, hit: 24 })
      await (load as any).invalidateAll()
      expect(await load.call(selves[0], '1')).toBe('red s1-a 1')
      expect(cache.stats().total.fill).toBe(9)
      await cache.close()
    }
  })

  test.each([
    ['set', (repo: any, find: unknown) => Object.assign(repo, { find })],
    [
      'defined so that it is not enumerable, as instrumentations do',
      (repo: any, find: unknown) => Object.defineProperty(repo, 'find', { value: find, configurable: true }),
    ],
    [
      'set on an object that this one was made of',
      (repo: any, find: unknown) => Object.create(Object.assign(repo, { find })),
    ],
  ])('R04 a method that stands in the place of that of its class is code: %s', (_, replace) => {
    const Repo = putStamp(
      class Repo {
        find() {
          return 1
        }
      },
      classStamp('s1-a'),
    )
    const find = (version: string) => putStamp(() => 2, { ...classStamp(version), label: 'find' })
    const codeOf = (repo: unknown) => inputsOf()({ repo }).code
    const [one, same, other] = ['s1-f', 's1-f', 's1-g'].map((version) => codeOf(replace(new Repo(), find(version))))
    expect(one).toBe(same)
    expect(one).not.toBe(other)
    expect(one).not.toBe(codeOf(new Repo()))
  })

  describe('R04 functions that an object has been given', () => {
    class Plain {
      find() {
        return 1
      }
    }
    const Repo = putStamp(class Repo extends Plain {}, classStamp('s1-a'))
    putStamp(Plain, classStamp('s1-plain'))
    const find = Plain.prototype.find
    const codeOf = (repo: object) => inputsOf()({ repo }).code
    const bound = (repo: any, self = repo) => {
      repo.find = ownBound(repo, { find: repo.find.bind(self) })
      return repo
    }
    const named = (repo: any) => {
      repo.load = ownBound(repo, { load: repo.find.bind(repo) }, { find: 0 })
      return repo
    }
    const own = (repo: any, rate: unknown) => {
      repo.rate = ownFunction(repo, { rate })
      return repo
    }

    test.each([
      ['bound by its class', () => bound(new Repo())],
      ['bound twice', () => bound(bound(new Repo()))],
      ['bound by its class under another name', () => named(new Repo())],
      ['a field of its class', () => own(new Repo(), () => 1)],
    ])('are in the version of the class where it gave them: %s', (_, make) => {
      expect(codeOf(make())).toBe(codeOf(new Repo()))
    })

    test.each([
      ['bound by somebody else', () => Object.assign(new Repo(), { find: find.bind(new Repo()) })],
      ['bound by its class, and replaced', () => Object.assign(bound(new Repo()), { find: find.bind(new Repo()) })],
      ['what its class gave another object', () => Object.assign(new Repo(), { find: bound(new Repo()).find })],
      ['bound by its class after it was replaced', () => bound(Object.assign(new Repo(), { find: () => 2 }))],
      [
        'a field of its class, replaced',
        () =>
          Object.assign(
            own(new Repo(), () => 1),
            { rate: () => 2 },
          ),
      ],
      [
        'under another name',
        () =>
          Object.assign(
            own(new Repo(), () => 1),
            { find: own(new Repo(), () => 1).rate },
          ),
      ],
      ['of an object that this one was made of', () => Object.create(own(new Repo(), () => 1))],
      [
        'what copies properties',
        () => Object.assign(new Repo(), { rate: Object.assign(() => 2, own(new Repo(), () => 1).rate) }),
      ],
      ['of no field', () => Object.assign(new Repo(), { load: () => 2 })],
      ['an accessor', () => Object.defineProperty(new Repo(), 'load', { get: () => 2 })],
    ])('are known to this process alone else: %s', (_, make) => {
      const repo = make()
      expect(codeOf(repo)).toBe(codeOf(repo))
      expect(codeOf(repo)).not.toBe(codeOf(make()))
      expect(inputsOf({}, { deps: { ignore: ['this.repo.find', 'repo.rate', 'repo.load'] } })({ repo }).code).toBe(
        inputsOf({}, { deps: { ignore: ['this.repo.find', 'repo.rate', 'repo.load'] } })({ repo: make() }).code,
      )
    })

    test('one that was taken away, or is a value by now, is not one that is there', () => {
      const Given = putStamp(class Given {}, classStamp('s1-a', { given: { rate: 0 } }))
      const of = (change: (repo: any) => void) => {
        const repo = own(new Given(), () => 1)
        change(repo)
        const { text, code } = inputsOf({}, { keys: 'readable' })({ repo })
        return text + code
      }
      const values = [() => {}, (repo: any) => delete repo.rate, (repo: any) => Object.assign(repo, { rate: 2 })].map(
        of,
      )
      expect(new Set(values).size).toBe(3)
      expect(of(() => {})).toBe(values[0])
    })

    test('of a class of a package may be bound by it', () => {
      const known = inputsOf({ calls: through([['this.repo', (self) => self.repo, true]]) })
      class Client {
        constructor() {
          this.get = this.get.bind(this)
        }
        get() {
          return 1
        }
      }
      expect(known({ repo: new Client() })).toEqual(known({ repo: new Client() }))
    })
  })

  test('R04 all that an object holds is what is hidden and under symbols too, and what collections hold', () => {
    const symbol = Symbol('rate')
    const hidden = Object.defineProperty({ shown: 1, [symbol]: 2 }, 'hidden', { value: 3 })
    const lazy = () => 4
    Object.defineProperty(hidden, 'lazy', { get: lazy })
    expect(whole(hidden)).toEqual({ shown: 1, [symbol]: 2, hidden: 3, lazy })
    class Rates extends Map<string, number> {}
    expect(whole(new Rates([['a', 1]]))).toEqual({ '[0]': 'a', '[1]': 1 })
    expect(whole(new Set([5]))).toEqual({ '[0]': 5 })
    expect(whole(new Date(6))).toEqual({ '[0]': 6 })
    expect(Object.keys(whole(new Error('no')))).toEqual(['message'])
    for (const nothing of [undefined, null, 1]) expect(whole(nothing)).toEqual({})
  })

  test('R05 what a class of an argument reads besides is code, as the class is', () => {
    let rate = '1'
    class Argument {
      [cacheKey]() {
        return 1
      }
    }
    putStamp(Argument, classStamp('s1-a', { captures: [() => rate], held: () => 'held' }))
    const read = inputsOf({ calls: undefined })
    const [one, same] = [read({}, new Argument()), read({}, new Argument())]
    rate = '2'
    const other = read({}, new Argument())
    expect(one.code).toBe(same.code)
    expect(other.code).not.toBe(one.code)
    expect(other.text).toBe(one.text)
  })

  test('R04 a module that an object holds, or that stands for a package, fails no call', async () => {
    const module = await import('../src/digest.ts')
    const bare = Object.assign(Object.create(null), { slug: (text: string) => text })
    const Repo = repoClass('s1-a', { receiver: [(self) => self.helpers] })
    const declared = inputsOf({ calls: through([['this.repo', (self) => self.repo, true]]) })
    for (const helpers of [module, bare]) {
      const repo = Object.assign(new Repo(), { helpers })
      expect(inputsOf()({ repo }).code).toBe(inputsOf()({ repo }).code)
      expect(() => declared({ repo: helpers })).not.toThrow()
    }
  })

  test('R04 objects that lead back to themselves end, and each is known by its place', () => {
    const link = { calls: through([['this.next', (self) => self.next]]) }
    const [A, B] = [repoClass('s1-a', link), repoClass('s1-b', link)] as (new () => { next?: unknown })[]
    const [a, b] = [new A!(), new B!()]
    a.next = b
    b.next = a
    const back = inputsOf()({ repo: a }).code
    b.next = b
    expect(inputsOf()({ repo: a }).code).not.toBe(back)
  })

  test('R03 the data that members of the class read is in the key', () => {
    const pool = putStamp(() => {}, classStamp('s1-pool'))
    const Repo = putStamp(
      class Repo {
        table: string
        pool = pool
        rates = new Map([['eur', 1]])
        constructor(table: string) {
          this.table = table
        }
      },
      classStamp('s1-a', {
        receiver: [(self) => self.table, (self) => self.pool, (self) => self.rates, (self) => self.no.x],
      }),
    )
    const read = inputsOf({}, { keys: 'readable' })
    const [users, again, orders] = [new Repo('hunter'), new Repo('hunter'), new Repo('orders')].map((repo) =>
      read({ repo }),
    )
    expect(again!.text).toBe(users!.text)
    expect(orders!.text).not.toBe(users!.text)
    expect(orders!.code).toBe(users!.code)
    expect(users!.text).not.toContain('hunter')
  })

  describe('R04 what members of the class read and is no data is code', () => {
    const holding = (...held: readonly unknown[]) => {
      const Repo = putStamp(class Repo {}, classStamp('s1-repo', { receiver: held.map((each) => () => each) }))
      return new Repo()
    }
    const codeOf = (held: unknown, options = {}) => inputsOf({}, options)({ repo: holding(held) }).code
    const stamped = (version: string) => putStamp(() => {}, classStamp(version))
    const strategy = (version: string, rate = 1) =>
      Object.assign(new (repoClass(version) as new () => object)(), { rate, other: () => {} })

    test('a function, by its stamp', () => {
      expect(codeOf(stamped('s1-a'))).toBe(codeOf(stamped('s1-a')))
      expect(codeOf(stamped('s1-a'))).not.toBe(codeOf(stamped('s1-b')))
    })

    test.each([
      ['a function', () => () => {}],
      ['an object that holds one', () => ({ run: () => {} })],
      ['a map of them', () => new Map([['a', () => {}]])],
      ['a set of them', () => new Set([() => {}])],
      ['a list of them', () => [() => {}]],
      ['an object of a class without a stamp', () => new (class Strategy {})()],
    ])('%s without a stamp is known to this process alone', (_, make) => {
      const held = make()
      expect(codeOf(held)).toBe(codeOf(held))
      expect(codeOf(held)).not.toBe(codeOf(make()))
      expect(codeOf(make(), { deps: ['1'] })).toBe(codeOf(make(), { deps: ['1'] }))
    })

    test('a function that captured something, by that as well', () => {
      const capturing = (rate: number) => putStamp(() => rate, { ...classStamp('s1-a'), captures: [() => rate] })
      const of = (rate: number) => inputsOf({}, { keys: 'readable' })({ repo: holding(capturing(rate)) }).text
      expect(of(1)).toBe(of(1))
      expect(of(2)).not.toBe(of(1))
    })

    test('a function that reads its receiver, in this process', () => {
      const reading = () => putStamp(() => 1, { ...classStamp('s1-a'), receiver: [(self) => self.rate] })
      expect(codeOf(reading())).not.toBe(codeOf(reading()))
    })

    test('an object, with what its class calls through', () => {
      const clients = new WeakMap<object, object>()
      const calls = through([['this.client', (self) => clients.get(self)]])
      const of = (version: string) => {
        const held = new (repoClass('s1-held', { calls }) as new () => object)()
        clients.set(held, new (repoClass(version) as new () => object)())
        return codeOf(Object.assign(held, { other: parseInt }))
      }
      expect(of('s1-a')).toBe(of('s1-a'))
      expect(of('s1-b')).not.toBe(of('s1-a'))
    })

    test('a promise is known to this process alone', () => {
      expect(codeOf(Promise.resolve(1))).not.toBe(codeOf(Promise.resolve(1)))
    })

    test('an object, by the stamp of its class and by what it holds', () => {
      const shared = () => {}
      const of = (version: string, rate: number) => {
        const read = inputsOf({}, { keys: 'readable' })
        const { text, code } = read({ repo: holding(Object.assign(strategy(version, rate), { other: shared })) })
        return { text, code }
      }
      expect(of('s1-a', 1)).toEqual(of('s1-a', 1))
      expect(of('s1-b', 1).code).not.toBe(of('s1-a', 1).code)
      expect(of('s1-a', 2).text).not.toBe(of('s1-a', 1).text)
    })

    test('functions and handles of the platform are none', () => {
      const other = () => new WeakMap()
      for (const make of [() => parseInt, () => fetch, other]) expect(codeOf(make())).toBe(codeOf(make()))
    })

    test('what leads back to itself ends', () => {
      const ring: Record<string, unknown> = { run: stamped('s1-a') }
      ring.self = ring
      expect(codeOf(ring)).toBe(codeOf(ring))
    })

    test('in process it is itself, and in the key', () => {
      const read = inputsOf({}, { keys: 'readable' }, 'process')
      const [one, other] = [() => {}, () => {}].map((fn) => read({ repo: holding(fn) }))
      expect(one!.text).not.toBe(other!.text)
    })
  })

  test('R03 a class that says what it is keyed by is asked, and not its members', () => {
    const Repo = putStamp(
      class Repo {
        reads = 0
        table: string
        constructor(table: string) {
          this.table = table
        }
        [cacheKey]() {
          return this.table
        }
      },
      classStamp('s1-a', { receiver: [(self) => self.reads] }),
    )
    const read = inputsOf()
    const users = new Repo('users')
    const first = read({ repo: users }).text
    users.reads += 1
    expect(read({ repo: users }).text).toBe(first)
    expect(read({ repo: new Repo('orders') }).text).not.toBe(first)
  })

  test.each([
    ['an object literal', { find: () => 1 }],
    ['an object without a prototype', Object.create(null)],
    ['an instance of a class without a stamp', new (class Repo {})()],
    ['a function', () => 1],
    ['a class without a stamp', class Repo {}],
  ])('R04 %s is an error over a shared store, which names path and remedy', (_, repo) => {
    const error = thrown(() => inputsOf()({ repo }), 'UNVERSIONED_FUNCTION')
    for (const part of ['`Service.load`', '`this.repo`', '`deps`', "deps: { ignore: ['this.repo'] }"])
      expect(error.message).toContain(part)
  })

  test('R04 what has no stamp is itself over a store that ends with the process', () => {
    const read = inputsOf({}, {}, 'process')
    const [one, other] = [{ find: () => 1 }, { find: () => 1 }]
    expect(read({ repo: one })).toEqual(read({ repo: one }))
    expect(read({ repo: one }).text).not.toBe(read({ repo: other }).text)
    expect(read({ repo: one }).code).toBe(read({ repo: other }).code)
  })

  test('R04 what is declared as of a package needs no stamp, and keeps the one it has', () => {
    const read = inputsOf({ calls: through([['this.repo', (self) => self.repo, true]]) })
    const [plain, literal] = [new (class Repo {})(), { find: () => 1 }].map((repo) => read({ repo }).code)
    expect(literal).toBe(plain)
    expect(read({ repo: new (repoClass('s1-a'))() }).code).not.toBe(plain)
  })

  test('R03 what is declared as of a package is data as far as it can be', () => {
    const read = inputsOf({ calls: through([['this.repo', (self) => self.repo, true]]) })
    const of = (repo: unknown) => read({ repo }).text
    expect(of([1])).not.toBe(of([2]))
    expect(of([1])).toBe(of([1]))
    expect(of({ query: () => 1 })).toBe(of({ query: () => 2 }))
  })

  test.each([
    ['a map', new Map()],
    ['a list', []],
    ['a date', new Date(0)],
    ['a text', 'text'],
    ['nothing', undefined],
    ['null', null],
  ])('R04 what the platform defines needs no version: %s', (_, repo) => {
    expect(() => inputsOf()({ repo })).not.toThrow()
  })

  test('R04 a receiver that is nothing fails no call before the function does', () => {
    expect(inputsOf()(undefined).code).toBe(inputsOf()(null).code)
  })

  test('R04 `deps` answers for what has no version, and `ignore` leaves it out', () => {
    const repo = { find: () => 1 }
    expect(() => inputsOf({}, { deps: ['1'] })({ repo })).not.toThrow()
    for (const name of ['this.repo', 'repo']) expect(inputsOf({}, { deps: { ignore: [name] } })({ repo }).code).toBe('')
  })

  test('R04 `ignore` leaves out what a repository calls through in turn', () => {
    const Repo = repoClass('s1-a', { calls: through([['this.client', (self) => self.client]]) })
    const repo = Object.assign(new Repo(), { client: {} })
    const error = thrown(() => inputsOf()({ repo }), 'UNVERSIONED_FUNCTION')
    expect(error.message).toContain('`this.repo.client`')
    expect(() => inputsOf({}, { deps: { ignore: ['this.repo.client'] } })({ repo })).not.toThrow()
  })

  test('R04 a version given by hand answers for all code', () => {
    expect(inputsOf({}, { version: '1' })({ repo: {} }).code).toBe('')
  })

  test('R04 a key given by hand does not stand for code', () => {
    const read = inputsOf({}, { key: () => 1 })
    expect(read({ repo: new (repoClass('s1-a'))() }).code).not.toBe(read({ repo: new (repoClass('s1-b'))() }).code)
  })

  describe('its own members', () => {
    const own = (owner?: string) => inputsOf({ calls: through([['this', (self: unknown) => self, owner]]) })
    const Base = putStamp(
      class Base {},
      classStamp('s1-base', { receiver: [(self) => self.count] }),
    ) as new () => object
    const derived = (version: string, factor: number) => {
      const Derived = putStamp(
        class Derived extends Base {
          factor = factor
        },
        classStamp(version, { receiver: [(self) => self.factor] }),
      )
      return new Derived()
    }

    test('R04 the class that the function is a member of adds nothing', () => {
      expect(own('s1-base')(new Base())).toEqual({ ...own('s1-base')(new Base()), text: '' })
      expect(own('s1-base')(Object.assign(new Base(), { count: 5 })).text).toBe('')
    })

    test('R04 a class below it adds its code, and R03 the data that its members read', () => {
      const read = own('s1-base')
      expect(read(derived('s1-x', 1)).code).not.toBe(read(new Base()).code)
      expect(read(derived('s1-x', 1)).code).not.toBe(read(derived('s1-y', 1)).code)
      expect(read(derived('s1-x', 1)).text).not.toBe(read(derived('s1-x', 2)).text)
    })

    test('R04 a class that static members are called on counts like one of an object', () => {
      const Derived = putStamp(class Derived extends Base {}, classStamp('s1-x'))
      expect(own('s1-base')(Base).code).toBe(own('s1-base')(new Base()).code)
      expect(own('s1-base')(Derived).code).not.toBe(own('s1-base')(Base).code)
    })
  })

  test('R04 the class of an argument that says its own key is code, and its label part of the key', () => {
    const make = (label: string, version: string) => {
      const Money = putStamp(
        class Money {
          [cacheKey]() {
            return 5
          }
        },
        { contract: stampContract, label, version },
      )
      return new Money()
    }
    const read = inputsOf({ calls: undefined })
    const [one, other, renamed] = [make('Money', 's1-a'), make('Money', 's1-b'), make('Price', 's1-a')].map((it) =>
      read(undefined, it),
    )
    expect(other!.text).toBe(one!.text)
    expect(other!.code).not.toBe(one!.code)
    expect(renamed!.text).not.toBe(one!.text)
    expect(read(undefined, 5).code).toBe('')
  })

  test('R15 a reading within a reading leaves its code alone', () => {
    const read: ReturnType<typeof inputsOf> = inputsOf({
      captures: [
        () => {
          if (depth++ === 0) read({ repo: new (repoClass('s1-other'))() })
          return 1
        },
      ],
    })
    let depth = 0
    const repo = new (repoClass('s1-a'))()
    const first = read({ repo })
    expect(read({ repo }).code).toBe(first.code)
  })

  test('a function that calls through objects is on no way that looks at arguments alone', () => {
    const fn = putStamp(() => 0, { ...stamp, calls: through([['this', (self) => self]]) })
    const inputs = createInputs(
      fn,
      resolveOptions({ store: syncStore(), ttl: 1 } as never, {}, () => syncStore() as never),
      resolveBounds(undefined),
      wire.digest,
    )
    expect([inputs.plain, inputs.ignore({}), inputs(undefined, []).fixed]).toEqual([false, false, false])
  })
})

describe('R03 what counts of an object whose class uses members of one elsewhere', () => {
  const Base = putStamp(
    class Base {
      rate = 1
    },
    classStamp('s1-base', { receiver: [(self) => self.rate] }),
  )
  const Sub = putStamp(class Sub extends Base {}, classStamp('s1-sub'))
  const bare = class {}

  test('is told by its classes, where each has a stamp', () => {
    expect([inherited(new Base()), inherited(new Sub())]).toEqual([undefined, undefined])
  })

  test.each<[string, unknown]>([
    ['a class of it has no stamp', new (class extends Base {})()],
    ['a class below has none', new (putStamp(class extends bare {}, classStamp('s1-a')))()],
    ['one below is of the platform', new (putStamp(class extends Map {}, classStamp('s1-a')))()],
    ['another object is in between', Object.create(new Sub())],
    [
      'its class says itself what it is keyed by',
      new (class extends Sub {
        [cacheKey]() {
          return 1
        }
      })(),
    ],
    ['it is a class', Sub],
    ['it is a plain object', { rate: 1 }],
    ['it is of no class', Object.create(null)],
  ])('is all of it where %s', (_, object) => {
    expect(inherited(object)).toBe(object)
  })

  test('is looked at for every call', async () => {
    const fn = putStamp(
      function (this: { rate: number }, n: number) {
        return n * this.rate
      },
      { ...stamp, receiver: [inherited], calls: through([['this', (self) => self]]) },
    )
    const { cached } = createAutocache({ store: syncStore(), namespace: 'n', ttl: 1 })
    const sub = Object.assign(new Sub(), { times: cached(fn) })
    expect([sub.times(2), sub.times(2)]).toEqual([2, 2])
    sub.rate = 5
    expect(sub.times(2)).toBe(10)
  })
})

describe('a stamp on a decorated method', () => {
  const named: Stamp = { ...stamp, label: 'Prices.quote', trailing: 'drop' }

  test('is put below a decorator of TC39 and gives the label that R02 asks for', () => {
    const { cached } = createAutocache({ store: syncStore(), namespace: 'n', ttl: 1 })
    class Prices {
      @cached
      @stampMember(named)
      quote(sku: string) {
        return sku
      }
      @cached({ ttl: 5 })
      @(stampMember({ ...named, label: 'Prices.all' }) as MethodDecorator<typeof Prices.all>)
      static all() {
        return 1
      }
    }
    expect((Prices.prototype.quote as unknown as { label: string }).label).toBe('Prices.quote')
    expect((Prices.all as unknown as { label: string }).label).toBe('Prices.all')
    expect([new Prices().quote('a'), Prices.all()]).toEqual(['a', 1])
  })
})
