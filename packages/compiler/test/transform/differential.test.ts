import type { Held, SyncStore } from '@autocache/core'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { inMemory } from '../in-memory.ts'
import { type RunOptions, run, type Sources } from './support.ts'

/** A store that outlives the process, as far as a test goes. */
function sharedStore() {
  const rows = new Map<string, Held<'text'>>()
  const store: SyncStore<'text'> = {
    lifetime: 'shared',
    holds: 'text',
    get: (key) => rows.get(key),
    set: (key, held) => void rows.set(key, held),
    delete: (key) => rows.delete(key),
  }
  return Object.assign(store, { rows })
}

/** Every program imports its `cached` from here; the test decides what is behind it. */
const cacheModule = {
  'cache.ts':
    "import { createAutocache } from '@autocache/core'\nimport { options } from 'options'\nexport const { cached } = createAutocache(options)",
}

const runWith = (files: Sources, options: Record<string, unknown>, how: Partial<RunOptions> = {}) => {
  const all = { ...files, ...cacheModule }
  return run(all, { stamped: true, modules: { options: { options }, ...how.modules }, analysis: inMemory(all), ...how })
}

const before = { ...process.env }
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
  Object.assign(process.env, before)
})

/** Programs that test themselves: `main` answers with what it saw, and throws where something is not as it should be. */
const programs: Record<string, { readonly legacy?: boolean; readonly files: Sources }> = {
  'functions of every kind': {
    files: {
      'main.ts': `import { cached } from './cache'
import { area } from './shapes'
function declared(this: unknown, a: number, b = 2) { return [a, b, arguments.length] }
export const f = cached(declared)
export const g = cached(async (a: number) => a * 2, { name: 'double' })
export const h = cached(area)
export const both = [cached(area, { name: 'one' }), cached(area, { name: 'two' })]
export const list = cached((...all: number[]) => all.length)
const api = { rate: 3, total: cached(function total(this: { rate: number }, n: number) { return this.rate * n }) }
export async function main() {
  const shapes = [{ w: 1, h: 2 }, { w: 3, h: 4 }]
  return [f(1), f(1, undefined), f(1, 3), await g(4), await g(4), shapes.map((s) => h(s)), both.map((one) => one(shapes[0])),
    list(), list(1, 2), f.name, f.length, g.name, h.name, api.total(2), api.total.call({ rate: 5 }, 2)]
}`,
      'shapes.ts': 'export const area = ({ w, h }: { w: number; h: number }) => w * h',
    },
  },
  'functions that a class gives to its objects keep their names': {
    files: {
      'main.ts': `import { cached } from './cache'
interface Port { find(n: number): number }
class Repo implements Port {
  static make = () => new Repo()
  k = 2
  rate = (n: number) => n * this.k
  'a b' = function () { return 1 }
  named = function other() { return 2 }
  constructor() { this.find = this.find.bind(this) }
  find(n: number) { return this.rate(n) }
}
class Service { constructor(private repo: Port) {} @cached({ name: 'go' }) go(n: number) { return this.repo.find(n) } }
export async function main() {
  const repo = Repo.make()
  const { find, rate } = repo
  return [await new Service(repo).go(3), await new Service(repo).go(3), find(4), rate(4), Object.keys(repo), Repo.make.name,
    [repo.rate, repo['a b'], repo.named, repo.find].map((fn) => fn.name + fn.length)]
}`,
    },
  },
  'closures of a factory': {
    files: {
      'main.ts': `import { cached } from './cache'
const make = (ctx: any) => cached((n: number) => (ctx?.user ? ctx.user.rate * n : -n))
const counter = () => { let n = 0; return { next: () => (n += 1), read: cached(() => n) } }
export function main() {
  const contexts: any[] = [{ user: { rate: 2 } }, { user: { rate: 3 } }, {}, null, undefined, { user: null }]
  const all = contexts.map(make)
  const first = all.map((f) => f(5))
  contexts[0].user.rate = 7
  return [first, all.map((f) => f(5))]
}`,
    },
  },
  'classes, TC39': { files: classes() },
  'classes, legacy': { legacy: true, files: classes() },
  'modules that reach each other in a circle': {
    files: {
      'main.ts': `import { odd } from './odd'
import { cached } from './cache'
export function even(n: number): boolean { return n === 0 || memo(n - 1) }
export const memo = cached(odd)
export const main = () => [even(10), odd(7), even(3)]`,
      'odd.ts': `import { even } from './main'
export function odd(n: number): boolean { return n !== 0 && even(n - 1) }`,
    },
  },
  'frozen functions and things that are none': {
    files: {
      'main.ts': `import { cached } from './cache'
const frozen = Object.freeze((n: number) => n + 1)
export const f = cached(frozen)
export function main() {
  const seen: unknown[] = [f(1), Object.isFrozen(frozen), Reflect.ownKeys(frozen)]
  for (const wrong of [undefined, null, 5, class A {}] as any[]) {
    try { cached(wrong, {}); seen.push('accepted') } catch (error: any) { seen.push(error.name, error.message) }
  }
  return seen
}`,
    },
  },
  'environment and initialisers': {
    files: {
      'main.ts': `import { cached } from './cache'
import { debug, rate } from './config'
const started = [1, 2].map((n) => n + Math.round(Math.random() * 0))
export const f = cached((n: number) => [n * rate, debug(), started[0], process.env.HERE ?? 'none'])
export function main() {
  const seen = [f(2)]
  process.env.HERE = 'here'
  process.env.DEBUG = 'yes'
  process.env.RATE = '9'
  seen.push(f(2))
  return seen
}`,
      'config.ts': `export const rate = Number(process.env.RATE ?? 2)
export const debug = () => process.env.DEBUG ?? 'no'`,
    },
  },
}

function classes(): Sources {
  return {
    'main.ts': `import { cached } from './cache'
import { cacheKey } from '@autocache/core'
import { Users } from './users'
const order: string[] = []
const noted = (name: string) => { order.push(name); return (...all: any[]) => { order.push('applied ' + name) } }
class Base {
  factor = 2
  rate() { return 1 }
  @noted('above') @cached @noted('below') price(n: number) { return n * this.rate() * this.factor }
  @cached() static unit() { return this.name }
}
class Derived extends Base { extra = 5; rate() { return this.extra } }
class Money { constructor(readonly amount: number) {} [cacheKey]() { return this.amount } double() { return this.amount * 2 } }
class Service {
  #users: Users
  constructor(readonly tenant: string) { this.#users = new Users(tenant) }
  @cached() find(id: string) { return this.tenant + this.#users.find(id) }
  @cached() twice(money: Money) { return money.double() }
}
class Early { handler = cached((n: number) => n + this.start); constructor(readonly start: number) {} }
export function main() {
  const [base, derived, other] = [new Base(), new Derived(), Object.assign(new Derived(), { extra: 6 })]
  const services = [new Service('a'), new Service('b'), new Service('a')]
  return [
    [base, derived, other].map((each) => each.price(3)),
    [base, derived, other].map((each) => each.price(3)),
    Base.unit(),
    services.map((each) => each.find('x')),
    services[0]!.twice(new Money(4)),
    [new Early(1), new Early(2), new Early(1)].map((each) => each.handler(1)),
    Object.getOwnPropertyNames(Base), Reflect.ownKeys(Base.prototype), Base.name, new Derived() instanceof Base, order,
  ]
}`,
    'users.ts':
      'export class Users { constructor(private table: string) {} find(id: string) { return this.table + id } }',
  }
}

describe.each(Object.entries(programs))('%s', (_, { files, legacy = false }) => {
  const answer = async (options: Record<string, unknown>, how: Partial<RunOptions>) => {
    const saved = { ...process.env }
    try {
      return await runWith(files, options, { legacy, ...how }).main()
    } finally {
      for (const name of ['HERE', 'DEBUG', 'RATE']) delete process.env[name]
      Object.assign(process.env, saved)
    }
  }

  test('switched off, the transformed program behaves as the original', async () => {
    const original = await answer({ enabled: false }, { stamped: false })
    expect(await answer({ enabled: false }, { stamped: true })).toEqual(original)
    expect(await answer({ enabled: false }, { stamped: true, minify: true, target: 'es2020' })).toEqual(
      await answer({ enabled: false }, { stamped: false, minify: true, target: 'es2020' }),
    )
  })

  test('switched on, it answers as it does switched off', async () => {
    const original = await answer({ enabled: false }, { stamped: false })
    expect(await answer({}, { stamped: true })).toEqual(original)
  })
})

/** The keys of entries, without the rows that stand beside them for invalidations. */
const entriesOf = ({ rows }: { readonly rows: ReadonlyMap<string, unknown> }) =>
  [...rows.keys()].filter((key) => !key.includes(':epochs:'))

describe('the stamped path is the one taken', () => {
  const options = (store = sharedStore()) => ({ store, namespace: 'n', ttl: Infinity })

  test('over a shared store, which takes no function without a version', () => {
    const files = { 'main.ts': "import { cached } from './cache'\nexport const f = cached((n: number) => n + 1)" }
    expect(() => runWith(files, options(), { stamped: false })).toThrow('has no version')
    const { f } = runWith(files, options())
    expect([f.version.slice(0, 3), f.label, f.explain(1).source]).toEqual(['s1-', 'f', 'stamp'])
    expect(f.version).toBe(inMemory({ ...files, ...cacheModule }).functions[0]!.version)
  })

  test('R02 methods need no name', () => {
    const files = {
      'main.ts':
        "import { cached } from './cache'\nexport class A { @cached() f(n: number) { return n } }\nexport class B { @cached() f(n: number) { return -n } }",
    }
    for (const legacy of [false, true]) {
      const { A, B } = runWith(files, options(), { legacy })
      expect([A, B].map((Class) => Class.prototype.f.label)).toEqual(['A.f', 'B.f'])
      expect([new A().f(1), new B().f(1), new A().f(1)]).toEqual([1, -1, 1])
    }
  })

  test('a comment leaves entries warm, an edit of a helper makes them cold, a roll-back finds them again', () => {
    const store = sharedStore()
    const ran: string[] = []
    const release = (helper: string, comment = '') => {
      const files = {
        'main.ts': `import { cached } from './cache'\nimport { help } from './help'\nimport { ran } from 'ran' ${comment}\nexport const f = cached((n: number) => { ran(); return help(n) })`,
        'help.ts': `export const help = (n: number) => ${helper}`,
      }
      const program = runWith(files, options(store), {
        modules: { options: { options: options(store) }, ran: { ran: () => ran.push(helper) } },
      })
      return program.f(5)
    }
    expect([release('n * 2'), release('n * 2', '// here'), release('n * 3'), release('n * 2')]).toEqual([
      10, 10, 15, 10,
    ])
    expect(ran).toEqual(['n * 2', 'n * 3'])
  })

  test.each<[string, Sources]>([
    [
      'another module',
      {
        'main.ts':
          "import { cached } from './cache'\nimport { rate } from './config'\nexport const f = cached((n: number) => n * rate)",
        'config.ts': 'export const rate = Number(process.env.AC_RATE)',
      },
    ],
    [
      'its own module',
      {
        'main.ts':
          "import { cached } from './cache'\nconst rate = Number(process.env.AC_RATE)\nexport const f = cached((n: number) => n * rate)",
      },
    ],
  ])('R05 another value of the environment is another entry, as %s read it once', (_, files) => {
    const store = sharedStore()
    const start = (rate: string) => {
      process.env.AC_RATE = rate
      return runWith(files, options(store)).f
    }
    const two = start('2')
    expect(two(5)).toBe(10)
    process.env.AC_RATE = '3'
    expect(two(5)).toBe(10)
    expect(start('2')(5)).toBe(10)
    expect(entriesOf(store)).toHaveLength(1)
  })

  test('R05 secrets stand in no key', () => {
    const store = sharedStore()
    process.env.AC_TOKEN = 'hunter2'
    const files = {
      'main.ts':
        "import { cached } from './cache'\nexport const make = (secret: string) => cached((n: number) => n + secret.length + process.env.AC_TOKEN!.length)\nexport class A { token = 'hunter3'; @cached() f(n: number) { return n + this.token.length } }",
    }
    const { make, A } = runWith(files, { ...options(store), keys: 'readable' })
    expect([make('hunter4')(1), new A().f(1)]).toEqual([15, 8])
    expect(entriesOf(store)).toHaveLength(2)
    expect([...store.rows.keys()].join()).not.toContain('hunter')
  })
})

/** Random programs: a factory, a class, a helper, each reading some of what there is to read. */
const part = fc.constantFrom(
  'a',
  'ctx.rate',
  'ctx.user?.id',
  'ctx.list[0]',
  'HELP',
  'help(a)',
  'process.env.AC_X',
  'extra',
  '1',
)
const bodyOf = (parts: fc.Arbitrary<string>) =>
  fc.array(parts, { minLength: 1, maxLength: 5 }).map((list) => `[${list.join()}].join()`)
const helperPart = fc.constantFrom('a', 'HELP', 'process.env.AC_X', '1')

test('random programs answer over one store as they do without it', () => {
  fc.assert(
    fc.property(
      bodyOf(part),
      bodyOf(helperPart),
      fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.constantFrom('x', 'y')), { minLength: 1, maxLength: 12 }),
      (code, helper, calls) => {
        const files = {
          'main.ts': `import { cached } from './cache'
import { HELP, help } from './help'
export const make = (ctx: any, extra: number) => cached((a: number) => ${code})
export class A { constructor(readonly ctx: any, readonly extra: number) {} @cached() f(a: number) { const ctx = this.ctx, extra = this.extra; return ${code} } }`,
          'help.ts': `export const HELP = Number(process.env.AC_HELP ?? 4)\nexport const help = (a: number) => ${helper}`,
        }
        const store = sharedStore()
        const programs = [
          runWith(files, { enabled: false }, { stamped: false }),
          runWith(files, { store, namespace: 'n', ttl: Infinity }),
        ]
        const contexts = [
          { rate: 1, user: { id: 'a' }, list: [1] },
          { rate: 2, user: null, list: [1, 2] },
          { rate: 1, list: [] },
        ]
        for (const [which, a, env] of calls) {
          process.env.AC_X = env
          const [plain, cached] = programs.map(({ make, A }) => [
            make(contexts[which], which)(a),
            new A(contexts[which], which).f(a),
          ])
          expect(cached).toEqual(plain)
        }
        expect(programs[1].make({}, 1).version).toMatch(/^s1-/)
      },
    ),
    { numRuns: 60 },
  )
})
