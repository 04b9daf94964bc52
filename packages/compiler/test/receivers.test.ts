import { describe, expect, test } from 'vitest'
import { inMemory } from './in-memory.ts'

const core = "import { cached } from '@autocache/core'\n"
const repo = 'class Repo { find(k) { return k + 1 } }\n'
const inject = 'declare const Inject: any, inject: any, forwardRef: any\n'
const use = (source: string) => inMemory({ 'main.ts': core + repo + inject + source }).functions.at(-1)!
const receiver = (source: string) => {
  const { fields, calls } = use(source).receiver
  return { fields: fields.map((path) => path.join('.')), calls: calls.map(({ path }) => path.join('.')) }
}

const read: Record<string, readonly [body: string, fields: readonly string[], calls: readonly string[]]> = {
  'a field': ['constructor(private rate: number) {} @cached m(k) { return this.rate * k }', ['rate'], []],
  'an injected class': ['constructor(private repo: Repo) {} @cached m(k) { return this.repo.find(k) }', [], ['repo']],
  'a class that may be absent': [
    'constructor(private repo: Repo | undefined) {} @cached m(k) { return this.repo?.find(k) }',
    [],
    ['repo'],
  ],
  'a field with a class for its type': ['repo: Repo; @cached m(k) { return this.repo.find(k) }', [], ['repo']],
  'a field that makes an instance': ['repo = new Repo(); @cached m(k) { return this.repo.find(k) }', [], ['repo']],
  'a list, which is data that is called': [
    'constructor(private names: string[]) {} @cached m(k) { return this.names.includes(k) }',
    ['names'],
    ['names'],
  ],
  'a value of no known type': [
    'constructor(names) { this.names = names } @cached m(k) { return this.names.includes(k) }',
    ['names'],
    ['names'],
  ],
  'an element of a list': [
    'constructor(private repos: Repo[]) {} @cached m(k) { return this.repos[k].find() }',
    ['repos'],
    [],
  ],
  'a function in a field of unknown code': [
    'constructor(private load: () => number) {} @cached m() { return this.load() }',
    ['load'],
    [''],
  ],
  'what an own method reads': [
    'constructor(private rate: number) {} total(k) { return this.rate * k } @cached m(k) { return this.total(k) }',
    ['rate'],
    [''],
  ],
  'what an own getter reads': [
    'constructor(private rate: number) {} get total() { return this.rate } @cached m(k) { return this.total * k }',
    ['rate'],
    [''],
  ],
  'what an arrow in a field reads': [
    'rate = 2; total = (k) => this.rate * k; @cached m(k) { return this.total(k) }',
    ['rate'],
    [''],
  ],
  'what a private method reads': [
    'rate = 2; #total(k) { return this.rate * k } @cached m(k) { return this.#total(k) }',
    ['rate'],
    [''],
  ],
  'all of it, for a private field': ['#rate = 1; @cached m(k) { return this.#rate * k }', [''], []],
  'all of it, for a member by a computed name': ['@cached m(k) { return this[k] }', [''], ['']],
  'all of it, when it is handed on': ['@cached m(k) { return g(this) }', [''], ['']],
  'all of it, when it is returned': ['@cached m(k) { return this }', [''], ['']],
  'what is destructured': [
    'constructor(private repo: Repo, private rate: number) {} @cached m(k) { const { repo, rate } = this; return repo.find(k) * rate }',
    ['rate'],
    ['repo'],
  ],
  'all of it, destructured with a rest': [
    'constructor(private repo: Repo) {} @cached m(k) { const { repo, ...rest } = this; return rest }',
    [''],
    [''],
  ],
  'what is read under another name': [
    'constructor(private repo: Repo) {} @cached m(k) { const self = this; return self.repo.find(k) + self.a.b }',
    ['a.b'],
    ['repo'],
  ],
  'what nested arrows read': ['rate = 1; @cached m(ks) { return ks.map((k) => this.rate * k) }', ['rate'], []],
  'nothing that a nested function reads of its own': [
    'rate = 1; @cached m(ks) { return ks.map(function (k) { return this.rate * k }) }',
    [],
    [],
  ],
  'all of it, when a nested function gets it': [
    '@cached m(ks) { return ks.map(function (k) { return this.rate }, this) }',
    [''],
    [''],
  ],
  'static members for a static method': [
    'rate() { return 1 } static rate = 2; @cached static m(k) { return this.rate }',
    ['rate'],
    [],
  ],
  'a default of a parameter': ['rate = 1; @cached m(k = this.rate) { return k }', ['rate'], []],
  'a function in a field': ['rate = 2; m = cached(function (k) { return this.rate * k })', ['rate'], []],
}

describe('R03 a method reads and calls through this', () => {
  for (const [title, [body, fields, calls]] of Object.entries(read)) {
    test(title, () => expect(receiver(`const g = (s) => s; export class S { ${body} }`)).toEqual({ fields, calls }))
  }

  test('what a method of a base class in the file reads', () => {
    const base = 'class Base { total(k) { return this.tax * k } } export class S extends Base { @cached m(k) { return '
    expect(receiver(`${base}this.total(k) } }`)).toEqual({ fields: ['tax'], calls: [''] })
    expect(receiver(`${base}super.total(k) } }`)).toEqual({ fields: ['tax'], calls: [''] })
  })

  test('all of it, for a method of a base class that the file does not show', () => {
    const base = "import { Base } from './base'\nexport class S extends Base { @cached m(k) { return "
    expect(receiver(`${base}this.total(k) } }`)).toEqual({ fields: [''], calls: [''] })
    expect(receiver(`${base}super.total(k) } }`)).toEqual({ fields: [''], calls: [''] })
    expect(receiver(`${base}this.rate } }`)).toEqual({ fields: ['rate'], calls: [''] })
  })

  test('this of a function by name is that of the call', () => {
    expect(
      receiver('function find(k) { return this.rate * k } export const api = { rate: 2, find: cached(find) }').fields,
    ).toEqual(['rate'])
  })

  test('this of an arrow is captured, whoever the call is made on', () => {
    const { captures, receiver: own } = use('export class S { rate = 2; m = cached((k) => this.rate * k) }')
    expect(captures).toEqual([{ name: 'this', paths: [['rate']] }])
    expect(own.fields).toEqual([])
  })
})

describe('all of this is no key', () => {
  const codes = (source: string) =>
    use(source)
      .diagnostics.map(({ code }) => code)
      .filter((code) => code !== 'unresolved')

  test('it is reported', () => {
    expect(codes('export class S { @cached m(k) { return this[k] } }')).toEqual(['uncapturable'])
    expect(codes('export class S { constructor(repo) { this.repo = repo } m = cached(this.repo.find) }')).toEqual([
      'uncapturable',
    ])
  })

  test('unless the class or the option says what it is keyed by', () => {
    expect(
      codes(
        "import { cacheKey } from '@autocache/core'\nexport class S { [cacheKey]() { return 1 } @cached m(k) { return this[k] } }",
      ),
    ).toEqual([])
    expect(codes('export class S { @cached({ key: (k) => k }) m(k) { return this[k] } }')).toEqual([])
  })
})

const member = (call: string, helper: (answer: number) => string): readonly [string, string] => [
  `export class S { ${helper(1)} @cached m(k) { ${call} } }\nconst g = (s, k) => s.h(k)`,
  `export class S { ${helper(2)} @cached m(k) { ${call} } }\nconst g = (s, k) => s.h(k)`,
]
const method = (answer: number) => `h() { return ${answer} }`

const different: Record<string, readonly [before: string, after: string]> = {
  'an own method': member('return this.h()', method),
  'an own getter': member('return this.h', (answer) => `get h() { return ${answer} }`),
  'a private method': member('return this.#h()', (answer) => `#h() { return ${answer} }`),
  'a private getter': member('return this.#h', (answer) => `get #h() { return ${answer} }`),
  'a static method': member('return S.h()', (answer) => `static h() { return ${answer} }`),
  'a static method by the constructor': member(
    'return this.constructor.h()',
    (answer) => `static h() { return ${answer} }`,
  ),
  'a method under another name': member('const s = this; return s.h()', method),
  'a destructured method': member('const { h } = this; return h()', method),
  'a method by a name in quotes': member('return this["h"]()', method),
  'a method by a computed name': member('return this[k]()', method),
  'a method handed on': member('return [k].map(this.h)', method),
  'a bound method': member('return this.h.bind(this)()', method),
  'this handed on': member('return g(this)', method),
  'a method in an arrow': member('return (() => this.h())()', method),
  'a method of a base class': [
    'class B { h() { return 1 } } export class S extends B { @cached m() { return this.h() } }',
    'class B { h() { return 2 } } export class S extends B { @cached m() { return this.h() } }',
  ],
  'a method of super': [
    'class B { h() { return 1 } } export class S extends B { @cached m() { return super.h() } }',
    'class B { h() { return 2 } } export class S extends B { @cached m() { return super.h() } }',
  ],
  'a method of a class in a function': [
    'export function make() { class S { h() { return 1 } @cached m() { return this.h() } } return S }',
    'export function make() { class S { h() { return 2 } @cached m() { return this.h() } } return S }',
  ],
  'a method called in a field': [
    'export class S { h() { return 1 } m = cached(() => this.h()) }',
    'export class S { h() { return 2 } m = cached(() => this.h()) }',
  ],
  'a method called in a constructor': [
    'export class S { h() { return 1 } constructor() { this.m = cached(() => this.h()) } }',
    'export class S { h() { return 2 } constructor() { this.m = cached(() => this.h()) } }',
  ],
  'a neighbour in an object': [
    'export const api = { h() { return 1 }, m: cached(function () { return this.h() }) }',
    'export const api = { h() { return 2 }, m: cached(function () { return this.h() }) }',
  ],
  'an injected class without a type': [
    'class R { find() { return 1 } } export class S { @Inject(forwardRef(() => R)) r; @cached m() { return this.r.find() } }',
    'class R { find() { return 2 } } export class S { @Inject(forwardRef(() => R)) r; @cached m() { return this.r.find() } }',
  ],
  'an injected class by a call': [
    'class R { find() { return 1 } } export class S { r = inject(R); @cached m() { return this.r.find() } }',
    'class R { find() { return 2 } } export class S { r = inject(R); @cached m() { return this.r.find() } }',
  ],
}

describe('the version changes with', () => {
  for (const [title, [before, after]] of Object.entries(different)) {
    test(title, () => expect(use(after).version).not.toBe(use(before).version))
  }
})

describe('R04 dispatch is code', () => {
  const program = (answers: { repo?: number; db?: number; mail?: number } = {}) =>
    inMemory({
      'main.ts': `import { Repo } from './repo'\nimport type { Mail } from './mail'\n${core}export class S { constructor(private repo: Repo, private mail: Mail) {} @cached find(k) { return this.repo.find(k) } send() { this.mail.go() } }`,
      'repo.ts': `import { Db } from './db'\nexport class Repo { constructor(private db: Db) {} find(k) { return this.db.query(k) + ${answers.repo ?? 0} } }`,
      'db.ts': `export class Db { query(k) { return ${answers.db ?? 0} } }`,
      'mail.ts': `export class Mail { go() { return ${answers.mail ?? 0} } }`,
    }).versionOf('main.ts', 'S.find').version

  test('an edit of the declared repository makes the service cold', () =>
    expect(program({ repo: 1 })).not.toBe(program()))
  test('an edit of what the repository calls makes the service cold', () =>
    expect(program({ db: 1 })).not.toBe(program()))
  test('an edit of a provider that the method does not use leaves it warm', () =>
    expect(program({ mail: 1 })).toBe(program()))
})

test('what the method does not use leaves its version alone', () => {
  const at = (n: number) => use(`export class S { x = ${n}; h() { return ${n} } @cached m(k) { return k } }`).version
  expect(at(2)).toBe(at(1))
})

test('`this` of a function that another module defines is reported where it is cached', () => {
  const { functions } = inMemory({
    'rates.ts': 'export function rate(this: any, n: number) { return n * this.factor }',
    'main.ts':
      "import { cached } from '@autocache/core'\nimport { rate } from './rates'\nexport const f = cached(rate)",
  })
  expect(functions[0]!.diagnostics.map(({ code, position }) => [code, position.file, position.line])).toContainEqual([
    'uncapturable',
    'main.ts',
    3,
  ])
})
