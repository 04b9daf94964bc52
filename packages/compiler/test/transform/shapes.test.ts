import { describe, expect, test } from 'vitest'
import { shown, transform, written } from './support.ts'

describe('calls', () => {
  test('an arrow', () => {
    expect(written('export const f = cached((a) => a, { ttl: 5 })')).toMatchInlineSnapshot(
      `"export const f = cached(_ac_putStamp((a) => a,{contract:2,label:"f",version:"s1-…",trailing:"drop"}), { ttl: 5 })"`,
    )
  })

  test('a function that is declared', () => {
    expect(written('function load(a) { return a }\nexport const f = cached(load)')).toMatchInlineSnapshot(`
      "function load(a) { return a }
      export const f = cached(_ac_putStamp(load,{contract:2,label:"f",version:"s1-…",trailing:"drop"}))"
    `)
  })

  test('a function of another module', () => {
    expect(
      written(
        "import { load } from './load'\nexport const f = cached(load)\nexport const g = cached(load, { name: 'other' })",
        {
          more: { 'load.ts': 'export const load = (a) => a' },
        },
      ),
    ).toMatchInlineSnapshot(`
      "import { load } from './load'
      export const f = cached(_ac_putStamp(load,{contract:2,label:"f",version:"s1-…",trailing:"keep"}))
      export const g = cached(_ac_putStamp(load,{contract:2,label:"other",version:"s1-…",trailing:"keep"}), { name: 'other' })"
    `)
  })

  test('a default export', () => {
    expect(written('export default cached(async (a) => a)')).toMatchInlineSnapshot(
      `"export default cached(_ac_putStamp(async (a) => a,{contract:2,label:"default",version:"s1-…",trailing:"drop"}))"`,
    )
  })

  test('a sequence', () => {
    expect(written('export const f = cached((0, (a) => a))')).toMatchInlineSnapshot(
      `"export const f = cached((_ac_putStamp((0, (a) => a),{contract:2,label:"f",version:"s1-…",trailing:"keep"})))"`,
    )
  })

  test('types, generics, `satisfies`', () => {
    expect(
      written(
        'export const f = cached(<T extends object>(a: T): T => a) satisfies unknown\nexport const g = cached(((a) => a) as any)',
      ),
    ).toMatchInlineSnapshot(`
      "export const f = cached(_ac_putStamp(<T extends object>(a: T): T => a,{contract:2,label:"f",version:"s1-…",trailing:"drop"})) satisfies unknown
      export const g = cached((_ac_putStamp((a) => a,{contract:2,label:"g",version:"s1-…",trailing:"drop"})) as any)"
    `)
  })

  test('JSX', () => {
    expect(written('export const f = cached(<T,>(a: T) => <b>{a}</b>)', { file: 'main.tsx' })).toMatchInlineSnapshot(
      `"export const f = cached(_ac_putStamp(<T,>(a: T) => <b>{a}</b>,{contract:2,label:"f",version:"s1-…",trailing:"drop"}))"`,
    )
  })

  test('generators and async functions', () => {
    expect(written('export const f = cached(async function* load(a) { yield a })')).toMatchInlineSnapshot(
      `"export const f = cached(_ac_putStamp(async function* load(a) { yield a },{contract:2,label:"f",version:"s1-…",trailing:"drop"}))"`,
    )
  })

  test('`arguments` and rest parameters keep what is missing', () => {
    expect(written('export const f = cached((...list) => list.length)')).toMatchInlineSnapshot(
      `"export const f = cached(_ac_putStamp((...list) => list.length,{contract:2,label:"f",version:"s1-…",trailing:"keep"}))"`,
    )
  })

  test('an instance that is taken apart, here and elsewhere', () => {
    const files = {
      'main.ts': "import { cached } from './cache'\nexport const f = cached((a) => a)",
      'cache.ts': "import { createAutocache } from '@autocache/core'\nexport const { cached } = createAutocache()",
    }
    expect(shown(transform(files).code)).toMatchInlineSnapshot(`
      "import{putStamp as _ac_putStamp}from"@autocache/core/plumbing";import { cached } from './cache'
      export const f = cached(_ac_putStamp((a) => a,{contract:2,label:"f",version:"s1-…",trailing:"drop"}))"
    `)
  })

  test('a wrapper of the configuration', () => {
    const files = {
      'main.ts': "import { memo } from './memo'\nexport const f = memo((a) => a, 1000)",
      'memo.ts': 'export const memo = (fn, max) => fn',
      'autocache.config.json': '{ "wrappers": ["./memo#memo"] }',
    }
    expect(shown(transform(files).code)).toMatchInlineSnapshot(`
      "import{putStamp as _ac_putStamp}from"@autocache/core/plumbing";import { memo } from './memo'
      export const f = memo(_ac_putStamp((a) => a,{contract:2,label:"f",version:"s1-…",trailing:"drop"}), 1000)"
    `)
  })

  test('a call in a call', () => {
    expect(written('export const f = cached((a) => cached((b) => a + b))')).toMatchInlineSnapshot(
      `"export const f = cached(_ac_putStamp((a) => cached(_ac_putStamp((b) => a + b,{contract:2,label:"f",version:"s1-…",captures:[()=>a],trailing:"drop"})),{contract:2,label:"f",version:"s1-…",trailing:"drop"}))"`,
    )
  })
})

describe('captures', () => {
  test('R05 are read by the paths that are read of them', () => {
    expect(
      written(
        "export const make = (ctx, list, n) => cached((a) => ctx.user.id + ctx['a-b'] + list[0] + n + ctx.user.id + a)",
      ),
    ).toMatchInlineSnapshot(
      `"export const make = (ctx, list, n) => cached(_ac_putStamp((a) => ctx.user.id + ctx['a-b'] + list[0] + n + ctx.user.id + a,{contract:2,label:"make",version:"s1-…",captures:[()=>ctx["a-b"],()=>ctx.user.id,()=>list["0"],()=>n],trailing:"drop"}))"`,
    )
  })

  test('R05 of a lexical `this` and `arguments`', () => {
    expect(
      written('export function make() { return cached((a) => this.tenant + arguments[0] + arguments.length + a) }'),
    ).toMatchInlineSnapshot(
      `"export function make() { return cached(_ac_putStamp((a) => this.tenant + arguments[0] + arguments.length + a,{contract:2,label:"make",version:"s1-…",captures:[()=>this.tenant,()=>[...arguments]],trailing:"keep"})) }"`,
    )
  })

  test('R05 that have another variable in front of them are refused', () => {
    const { code, diagnostics, stamps } = transform({
      'main.ts':
        "import { cached } from '@autocache/core'\nexport const make = (n) => { const f = () => n; { const n = 5; return [cached(f), n] } }",
    })
    expect(stamps).toEqual([])
    expect(code).not.toContain('plumbing')
    expect(diagnostics.map(({ code, level, position }) => `${code} ${level} ${position.line}`)).toEqual([
      'uncapturable error 2',
    ])
  })

  test('R05 that the options ignore are left out', () => {
    expect(
      written(
        "export const make = (logger, n) => cached((a) => (logger.info(a), n), { deps: { ignore: ['logger'] } })",
      ),
    ).toMatchInlineSnapshot(
      `"export const make = (logger, n) => cached(_ac_putStamp((a) => (logger.info(a), n),{contract:2,label:"make",version:"s1-…",captures:[()=>n],trailing:"drop"}), { deps: { ignore: ['logger'] } })"`,
    )
  })

  test('R05 that cannot be keyed are left out beside a `key`', () => {
    expect(
      written(
        'export const make = (db: Db, n) => cached((a) => db.find(a, n), { key: (a) => a })\ninterface Db { find(...a: any[]): any }',
      ),
    ).toMatchInlineSnapshot(`
      "export const make = (db: Db, n) => cached(_ac_putStamp((a) => db.find(a, n),{contract:2,label:"make",version:"s1-…",captures:[()=>n],trailing:"drop"}), { key: _ac_stampCode((a) => a,{contract:2,label:"make key",version:"s1-…"}) })
      interface Db { find(...a: any[]): any }"
    `)
  })
})

describe('environment', () => {
  test('R05 is read by the expression of the source', () => {
    expect(
      written('export const f = cached(() => [process.env.B, process.env["X-Y"], import.meta.env.A, process.env?.B])'),
    ).toMatchInlineSnapshot(
      `"export const f = cached(_ac_putStamp(() => [process.env.B, process.env["X-Y"], import.meta.env.A, process.env?.B],{contract:2,label:"f",version:"s1-…",captures:[()=>import.meta.env.A,()=>process.env.B,()=>process.env["X-Y"]],trailing:"drop"}))"`,
    )
  })

  test('R05 read with the module is a snapshot beside it', () => {
    expect(
      written(
        'const debug = 1\nexport const rate = Number(process.env.RATE)\nexport const f = cached((a) => a * rate)',
      ),
    ).toMatchInlineSnapshot(`
      "const debug = 1
      const _ac_0=_ac_snapshot(()=>process.env.RATE);export const rate = Number(process.env.RATE)
      export const f = cached(_ac_putStamp((a) => a * rate,{contract:2,label:"f",version:"s1-…",captures:[()=>_ac_0()],trailing:"drop"}))"
    `)
  })

  test('R05 of other modules: read here where it is the same here, else by name', () => {
    const files = {
      'main.ts':
        "import { cached } from '@autocache/core'\nimport { live, own, rate } from './config'\nexport const f = cached((a) => a * rate + live() + own())",
      'config.ts':
        "import { env } from 'node:process'\nexport const rate = process.env.RATE\nexport const live = () => process.env.LIVE\nexport const own = () => env.OWN",
    }
    expect(shown(transform(files).code)).toMatchInlineSnapshot(`
      "import{putStamp as _ac_putStamp,readInput as _ac_readInput}from"@autocache/core/plumbing";import { cached } from '@autocache/core'
      import { live, own, rate } from './config'
      export const f = cached(_ac_putStamp((a) => a * rate + live() + own(),{contract:2,label:"f",version:"s1-…",captures:[()=>process.env.LIVE,()=>_ac_readInput("…"),()=>_ac_readInput("…")],trailing:"drop"}))"
    `)
    expect(shown(transform(files, 'config.ts').code)).toMatchInlineSnapshot(`
      "import{putInput as _ac_putInput,snapshot as _ac_snapshot}from"@autocache/core/plumbing";_ac_putInput("…",()=>env.OWN);import { env } from 'node:process'
      const _ac_0=_ac_snapshot(()=>process.env.RATE);_ac_putInput("…",()=>_ac_0());export const rate = process.env.RATE
      export const live = () => process.env.LIVE
      export const own = () => env.OWN"
    `)
  })

  test('R05 is not read where `process` is something else', () => {
    const files = {
      'main.ts':
        "import { cached } from '@autocache/core'\nimport { live } from './config'\nconst process = { env: { LIVE: 'fake' } }\nexport const f = cached((a) => a + live() + process)",
      'config.ts': 'export const live = () => process.env.LIVE',
    }
    expect(transform(files).code).not.toContain('()=>process')
    expect(shown(transform(files, 'config.ts').code)).toMatchInlineSnapshot(
      `"import{putInput as _ac_putInput}from"@autocache/core/plumbing";_ac_putInput("…",()=>process.env.LIVE);export const live = () => process.env.LIVE"`,
    )
  })
  test('R05 what is told of a function stands between no two of its overloads', () => {
    const files = {
      'main.ts':
        "import { cached } from '@autocache/core'\nimport { own } from './config'\nexport const f = cached((a) => a + own('x'))",
      'config.ts':
        "import { env } from 'node:process'\nexport function own(a: string): string\nexport function own(a: any) { return env.OWN }",
    }
    expect(shown(transform(files, 'config.ts').code)).toMatchInlineSnapshot(`
      "import{putInput as _ac_putInput}from"@autocache/core/plumbing";_ac_putInput("…",()=>env.OWN);import { env } from 'node:process'
      export function own(a: string): string
      export function own(a: any) { return env.OWN }"
    `)
  })
})

describe('R06 impure initialisers', () => {
  test('R06 are captured by value', () => {
    expect(
      written('const started = Date.now(), other = 1\nexport const f = cached((a) => a + started + other)'),
    ).toMatchInlineSnapshot(`
      "const started = Date.now(), other = 1
      export const f = cached(_ac_putStamp((a) => a + started + other,{contract:2,label:"f",version:"s1-…",held:_ac_held([()=>started]),trailing:"drop"}))"
    `)
  })

  test('R06 of other modules by name', () => {
    const files = {
      'main.ts':
        "import { cached } from '@autocache/core'\nimport table, { salt } from './table'\nexport const f = cached((a) => table[a] + salt)",
      'table.ts':
        "import { readFileSync } from 'node:fs'\nexport const salt = Math.random()\nexport default JSON.parse(readFileSync('a', 'utf8'))",
    }
    expect(shown(transform(files).code)).toMatchInlineSnapshot(`
      "import{held as _ac_held,putStamp as _ac_putStamp,readInput as _ac_readInput}from"@autocache/core/plumbing";import { cached } from '@autocache/core'
      import table, { salt } from './table'
      export const f = cached(_ac_putStamp((a) => table[a] + salt,{contract:2,label:"f",version:"s1-…",held:_ac_held([()=>_ac_readInput("…"),()=>_ac_readInput("…")]),trailing:"drop"}))"
    `)
    expect(shown(transform(files, 'table.ts').code)).toMatchInlineSnapshot(`
      "import{putInput as _ac_putInput,readInput as _ac_readInput,snapshot as _ac_snapshot}from"@autocache/core/plumbing";_ac_putInput("…",()=>salt);import { readFileSync } from 'node:fs'
      export const salt = Math.random()
      const _ac_0=_ac_snapshot(()=>_ac_readInput(""));_ac_putInput("…",()=>_ac_0());export default JSON.parse(readFileSync('a', 'utf8'))"
    `)
  })

  test('R06 that are assigned by a statement', () => {
    expect(
      written(
        'let rates\nrates = await load()\nexport const f = cached((a) => rates[a])\nconst load = async () => ({ a: 1 })',
      ),
    ).toMatchInlineSnapshot(`
      "let rates
      rates = await load()
      export const f = cached(_ac_putStamp((a) => rates[a],{contract:2,label:"f",version:"s1-…",held:_ac_held([()=>rates]),trailing:"drop"}))
      const load = async () => ({ a: 1 })"
    `)
  })

  test('R06 that are switched off are the business of the user', () => {
    const files = {
      'main.ts':
        "import { cached } from '@autocache/core'\nconst db = await connect()\nexport const f = cached((a) => db.get(a))\nconst connect = async () => ({ get: (a) => a })",
    }
    const off = transform(files, 'main.ts', {
      config: { diagnostics: { 'impure-init': 'off', 'mutable-capture': 'off' } },
    })
    expect(shown(off.code)).not.toContain('held')
    expect(off.stamps).toHaveLength(1)
  })
})

describe('methods', () => {
  test.each([
    ['@cached', '@cached load(a) { return a }'],
    ['@cached()', '@cached() load(a) { return a }'],
    ['options', "@cached({ ttl: '5m' }) async load(a) { return a }"],
    ['static', '@cached static load(a) { return a }'],
    ['others around it', '@other @cached() @below load(a) { return a }'],
  ])('a decorator: %s', (_, member) => {
    expect(written(`const other = (m, c) => m, below = other\nexport class Users { ${member} }`)).toMatchSnapshot()
  })

  test('R03 R04 data, members and objects that it calls through', () => {
    expect(
      written(
        "export class Users { tenant = 'a'; constructor(private repo: Port) {}\n @cached() load(a) { return this.repo.find(a) + this.tenant + this.total() } total() { return 1 } }\ninterface Port { find(a): any }",
      ),
    ).toMatchInlineSnapshot(`
      "export class Users {static{_ac_putStamp(this,{contract:2,label:"Users",version:"s1-…",receiver:[_=>_.tenant],calls:_ac_through([["this.repo",_=>_.repo]])})} tenant = 'a'; constructor(private repo: Port) {}
       @cached() @_ac_stampMember({contract:2,label:"Users.load",version:"s1-…",receiver:[_=>_.tenant],calls:_ac_through([["this.repo",_=>_.repo],["this",_=>_,"s1-…"]]),trailing:"drop"}) load(a) { return this.repo.find(a) + this.tenant + this.total() } total() { return 1 } }
      interface Port { find(a): any }"
    `)
  })

  const dispatching =
    'export class Users { constructor(private repo: Port) {} @cached load(a) { return this.repo.find(a) } }\n'
  const classStamp = (source: string) =>
    written(dispatching + source)
      .split('\n')
      .at(-1)!

  test('R04 what members of a class read behind private names', () => {
    expect(classStamp('class Repo { #rate = 1; find(a) { return a * this.#rate } }')).toMatchInlineSnapshot(
      `"class Repo {static{_ac_putStamp(this,{contract:2,label:"Repo",version:"s1-…",receiver:[_=>_.#rate]})} #rate = 1; find(a) { return a * this.#rate } }"`,
    )
  })

  test('R04 all that it holds, where members of a class hand `this` on', () => {
    expect(classStamp('class Repo { find(a) { return other(this, a) } }')).toMatchInlineSnapshot(
      `"class Repo {static{_ac_putStamp(this,{contract:2,label:"Repo",version:"s1-…",receiver:[_ac_whole]})} find(a) { return other(this, a) } }"`,
    )
  })

  test('R04 functions that a class gives to its objects are noted, where nothing else can stand there', () => {
    expect(
      classStamp(
        "class Repo { rate = (a) => a; 'a b' = function () { return 1 }; load = (this.find.bind(this) as any); other = other.bind(this); constructor() { this.find = this.find.bind(this); this.load = this.find.bind(this, 1); { this['rate'] = this.rate.bind(this) } } find(a) { return a } }",
      ),
    ).toMatchInlineSnapshot(
      `"class Repo {static{_ac_putStamp(this,{contract:2,label:"Repo",version:"s1-…",given:{rate:0,"a b":0,load:0,find:0},receiver:[_ac_whole],calls:_ac_through([["this.find",_=>_.find]])})} rate = _ac_ownFunction(this,{rate:(a) => a}); 'a b' = _ac_ownFunction(this,{"a b":function () { return 1 }}); load = (_ac_ownBound(this,{load:this.find.bind(this)},{find:0}) as any); other = other.bind(this); constructor() { this.find = _ac_ownBound(this,{find:this.find.bind(this)}); this.load = this.find.bind(this, 1); { this['rate'] = _ac_ownBound(this,{rate:this.rate.bind(this)}) } } find(a) { return a } }"`,
    )
  })

  test('R04 what a class remembers is no input, and what it is given is', () => {
    expect(
      classStamp(
        'class Repo { seen = new Map(); rates = new Map(); find(a) { if (!this.seen.has(a)) this.seen.set(a, this.rates.get(a)); return other(this, this.seen.get(a)) } rate(a, b) { this.rates.set(a, b) } }',
      ),
    ).toMatchInlineSnapshot(
      `"class Repo {static{_ac_putStamp(this,{contract:2,label:"Repo",version:"s1-…",receiver:[_=>_.rates,_=>(({seen:_0,..._})=>_)(_ac_whole(_))],calls:_ac_through([["this.rates",_=>_.rates],["this.seen",_=>_.seen]])})} seen = new Map(); rates = new Map(); find(a) { if (!this.seen.has(a)) this.seen.set(a, this.rates.get(a)); return other(this, this.seen.get(a)) } rate(a, b) { this.rates.set(a, b) } }"`,
    )
  })

  test('R04 an object behind a private name', () => {
    expect(
      written(
        'class Repo { find(a) { return a } }\nexport class Users { #repo = new Repo()\n @cached load(a) { return this.#repo.find(a) } }',
      ),
    ).toMatchInlineSnapshot(`
      "class Repo {static{_ac_putStamp(this,{contract:2,label:"Repo",version:"s1-…"})} find(a) { return a } }
      let _ac_0;export class Users {static{_ac_putStamp(this,{contract:2,label:"Users",version:"s1-…",calls:_ac_through([["this.#repo",_=>_.#repo]])})}static{_ac_0=_=>_.#repo} #repo = new Repo()
       @cached @_ac_stampMember({contract:2,label:"Users.load",version:"s1-…",calls:_ac_through([["this.#repo",_=>_ac_0(_)]]),trailing:"drop"}) load(a) { return this.#repo.find(a) } }"
    `)
  })

  test('R04 an object of a type that a package declares', () => {
    const more = {
      'package.json': '{ "dependencies": { "orm": "1.0.0" } }',
      'node_modules/orm/package.json':
        '{ "name": "orm", "version": "1.0.0", "main": "index.js", "types": "index.d.ts" }',
      'node_modules/orm/index.js': 'exports.Repo = class {}',
      'node_modules/orm/index.d.ts': 'export declare class Repo {}',
    }
    expect(
      written(
        "import { Repo } from 'orm'\nexport class Users { constructor(private repo: Repo) {}\n @cached load(a) { return this.repo.find(a) } }",
        {
          more,
        },
      ),
    ).toMatchInlineSnapshot(`
      "import { Repo } from 'orm'
      export class Users {static{_ac_putStamp(this,{contract:2,label:"Users",version:"s1-…",calls:_ac_through([["this.repo",_=>_.repo,true]])})} constructor(private repo: Repo) {}
       @cached @_ac_stampMember({contract:2,label:"Users.load",version:"s1-…",calls:_ac_through([["this.repo",_=>_.repo,true]]),trailing:"drop"}) load(a) { return this.repo.find(a) } }"
    `)
  })

  test('R04 an object that a package made', () => {
    const more = {
      'package.json': '{ "dependencies": { "orm": "1.0.0" } }',
      'node_modules/orm/package.json': '{ "name": "orm", "version": "1.0.0", "main": "index.js" }',
      'node_modules/orm/index.js': 'exports.connect = () => ({})',
    }
    const code = written(
      "import { connect } from 'orm'\nimport * as orm from 'orm'\nconst own = () => ({ find: (a) => a })\nexport class Users { a = connect(); b = orm.connect().pool; c = own()\n @cached load(a) { return this.a.find(a) + this.b.find(a) + this.c.find(a) } }",
      { more },
    )
    expect(code).toContain('receiver:[_=>_.c],')
    expect(code).toContain('["this.a",_=>_.a,true],["this.b",_=>_.b,true],["this.c",_=>_.c]]')
  })

  test('R04 a decorated class is stamped as it is and as its decorators leave it', () => {
    expect(
      written(
        'const Injectable = () => (c) => c\n@Injectable() export class Users { find(a) { return a } }\nexport class Service { constructor(private users: Users) {}\n@cached load(a) { return this.users.find(a) } }',
      ),
    ).toMatchInlineSnapshot(`
      "const Injectable = () => (c) => c
      let _ac_0;@Injectable() export class Users {static{_ac_putStamp(this,_ac_0={contract:2,label:"Users",version:"s1-…"})} find(a) { return a } }_ac_putStamp(Users,_ac_0);
      export class Service {static{_ac_putStamp(this,{contract:2,label:"Service",version:"s1-…",calls:_ac_through([["this.users",_=>_.users]])})} constructor(private users: Users) {}
      @cached @_ac_stampMember({contract:2,label:"Service.load",version:"s1-…",calls:_ac_through([["this.users",_=>_.users]]),trailing:"drop"}) load(a) { return this.users.find(a) } }"
    `)
  })

  test('R04 a class is stamped for its `[cacheKey]`, and others only where something is called through', () => {
    expect(
      written(
        "import { cacheKey } from '@autocache/core'\nexport class Money { [cacheKey]() { return 1 } }\nexport class Other { m() {} }\nexport const f = cached((a) => a)",
      ),
    ).toMatchInlineSnapshot(`
      "import { cacheKey } from '@autocache/core'
      export class Money {static{_ac_putStamp(this,{contract:2,label:"Money",version:"s1-…"})} [cacheKey]() { return 1 } }
      export class Other { m() {} }
      export const f = cached(_ac_putStamp((a) => a,{contract:2,label:"f",version:"s1-…",trailing:"drop"}))"
    `)
  })

  test('R04 the objects of an arrow in a field are those of the object that it stands in', () => {
    expect(
      written(
        'export class Users { constructor(private repo: Port) {} load = cached((a) => this.repo.find(a)) }\ninterface Port { find(a): any }',
      ),
    ).toMatchInlineSnapshot(`
      "export class Users {static{_ac_putStamp(this,{contract:2,label:"Users",version:"s1-…",calls:_ac_through([["this.repo",_=>_.repo]])})} constructor(private repo: Port) {} load = cached(_ac_putStamp((a) => this.repo.find(a),{contract:2,label:"Users.load",version:"s1-…",calls:_ac_through([["this.repo",()=>this.repo]]),trailing:"drop"})) }
      interface Port { find(a): any }"
    `)
  })

  test('a call in a field', () => {
    expect(written('export class Users { tenant = 1; load = cached((a) => a + this.tenant) }')).toMatchInlineSnapshot(
      `"export class Users { tenant = 1; load = cached(_ac_putStamp((a) => a + this.tenant,{contract:2,label:"Users.load",version:"s1-…",captures:[()=>this.tenant],trailing:"drop"})) }"`,
    )
  })
})

describe('options', () => {
  test('R07 functions of `deps`, and `key`', () => {
    expect(
      written(
        "import { help } from './help'\nexport const f = cached((a) => a, { key: ({ id }) => id, deps: [help, 'v1', () => 5, 7] })\nexport const g = cached((a) => a, { key({ id }) { return id }, deps: () => [help] })",
        { more: { 'help.ts': 'export const help = (a) => a' } },
      ),
    ).toMatchInlineSnapshot(`
      "import { help } from './help'
      export const f = cached(_ac_putStamp((a) => a,{contract:2,label:"f",version:"s1-…",trailing:"drop"}), { key: _ac_stampCode(({ id }) => id,{contract:2,label:"f key",version:"s1-…"}), deps: [_ac_stampCode(help,{contract:2,label:"help",version:"s1-…"}), 'v1', _ac_stampCode(() => 5,{contract:2,label:"f dependency",version:"s1-…"}), 7] })
      export const g = cached(_ac_putStamp((a) => a,{contract:2,label:"g",version:"s1-…",trailing:"drop"}), { key:_ac_stampCode({key({ id }) { return id }}.key,{contract:2,label:"g key",version:"s1-…"}), deps: () => [_ac_stampCode(help,{contract:2,label:"help",version:"s1-…"})] })"
    `)
  })

  test('R07 a function of `deps` that captures has no version', () => {
    expect(written('export const make = (n) => cached((a) => a, { deps: [() => n] })')).toMatchInlineSnapshot(
      `"export const make = (n) => cached(_ac_putStamp((a) => a,{contract:2,label:"make",version:"s1-…",trailing:"drop"}), { deps: [() => n] })"`,
    )
  })
})

describe('modules', () => {
  test.each([
    [
      'a directive',
      "'use strict'\n'use server'\nimport { cached } from '@autocache/core'\nexport const f = cached(async (a) => a)",
    ],
    [
      'a comment and a shebang',
      "#!/usr/bin/env node\n// @vitest-environment node\n/* @jsx h */\nimport { cached } from '@autocache/core' // why\nexport const f = cached((a) => a) // here",
    ],
    [
      'a directive without an end',
      "'use client'\nimport { cached } from '@autocache/core'\nexport const f = cached((a) => a)",
    ],
    [
      'attributes of imports',
      "import rates from './rates.json' with { type: 'json' }\nimport { cached } from '@autocache/core'\nexport const f = cached((a) => rates[a])",
    ],
    [
      'no semicolons',
      "import { cached } from '@autocache/core'\nlet a = 1\nexport const rate = process.env.RATE\n;[1].map(cached((b) => b + rate + a))",
    ],
  ])('%s stays where it is', (_, source) => {
    const { code } = transform({ 'main.ts': source, 'rates.json': '{ "a": 1 }' })
    expect(shown(code)).toMatchSnapshot()
    // Each line begins or ends as it did, and none was added.
    expect(code.split('\n')).toHaveLength(source.split('\n').length)
  })

  test.each([
    [
      'CommonJS',
      'main.cjs',
      "'use strict'\nconst { cached } = require('@autocache/core')\nexports.f = cached((a) => a)",
    ],
    [
      'CommonJS by its content',
      'main.js',
      "const { cached } = require('@autocache/core')\nexports.f = cached((a) => a)",
    ],
    [
      'an import that runs',
      'main.mjs',
      "const { cached } = await import('@autocache/core')\nexport const f = cached((a) => a)",
    ],
    [
      'an import by assignment',
      'main.cts',
      "import core = require('@autocache/core')\nexport = core.cached((a: number) => a)",
    ],
  ])('%s', (_, file, source) => {
    expect(shown(transform({ [file]: source }).code)).toMatchSnapshot()
  })

  test('a name that the text has already is not used', () => {
    expect(written('const _ac_0 = 1\nexport const f = cached((a) => a + _ac_0)')).toMatchInlineSnapshot(`
      "const _ac_0 = 1
      export const f = cached(_ac1_putStamp((a) => a + _ac_0,{contract:2,label:"f",version:"s1-…",trailing:"drop"}))"
    `)
  })
})
