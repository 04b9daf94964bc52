import {
  AutocacheError,
  cached,
  createAutocache,
  isAutocacheError,
  memoryStore,
  UnversionedFunctionError,
} from '@autocache/core'
import { putStamp } from '@autocache/core/plumbing'
import { describe, expect, test } from 'vitest'
import { sourceVersion } from '../src/runtime.ts'
import { fromText, refusal, versionOf } from './source-version-support.ts'

describe('the version of a source', () => {
  test('has the form that core knows: r1 and 128 bits in base32', () => {
    expect(sourceVersion((a: number) => a + 1)).toMatch(/^r1-[a-z2-7]{26}$/)
  })

  test('is the same in every process and release', () => {
    // Golden: to change one is to change a format, and empties every cache.
    expect(versionOf('(a, b) => a * b')).toBe('r1-dazpzgkds6kedk5q3j4e3wygpi')
    expect(versionOf('(n) => n * rate', { rate: 2 })).toBe('r1-usgbl77uzronm7iw22sbr7hnre')
    expect(versionOf('(n) => help(n)', { help: (n: number) => n + 1 })).toBe('r1-faonktmqsb6w3euuj35iqsraxm')
  })

  test.each([
    ['spaces, comments and semicolons', '(a, b) => { /* sum */ return a  +  b; }'],
    ['the names of variables', '(x, y) => x + y'],
    ['a function for an arrow', 'function add(a, b) { return a + b }'],
    ['a method for an arrow', '({ add(a, b) { return a + b } }).add'],
    ['a static method of a class', '(class { static add(a, b) { return a + b } }).add'],
    ['a computed method name', '({ ["a" + 1](a, b) { return a + b } }).a1'],
    ['a private method', '(class { static #add(a, b) { return a + b } static get() { return this.#add } }).get()'],
    [
      'what esbuild keeps names by',
      '(a, b) => { const sum = /* @__PURE__ */ __name((c, d) => c + d, "sum"); return a + b }',
    ],
  ])('does not depend on %s', (_, text) => {
    expect(versionOf(text)).toBe(versionOf('(a, b) => a + b'))
  })

  test.each([
    ['an operator', '(a, b) => a - b'],
    ['a constant', '(a, b) => a + b + 1'],
    ['the order of parameters', '(b, a) => a + b'],
    ['async', 'async (a, b) => a + b'],
    ['a generator', 'function* (a, b) { yield a + b }'],
    ['a default', '(a, b = 1) => a + b'],
  ])('depends on %s', (_, text) => {
    expect(versionOf(text)).not.toBe(versionOf('(a, b) => a + b'))
  })

  test('is that of the whole text: getters, setters, async generators and computed keys parse', () => {
    const { get, set } = Object.getOwnPropertyDescriptor(
      { get x() { return 1 }, set x(value: any) { value.y = 1 } } as object, // biome-ignore format: one line
      'x',
    )!
    const { make } = { async *make(n: number) { yield n } } // biome-ignore format: one line
    const key = 'a b'
    const { [key]: computed } = { async [key](n: number) { return await n } } // biome-ignore format: one line
    const versions = [get!, set!, make, computed].map((fn) => sourceVersion(fn))
    expect(new Set(versions).size).toBe(4)
  })

  test('has the names of functions in it only where something reads one', () => {
    expect(versionOf('() => { const f = () => 1; return f() }')).toBe(
      versionOf('() => { const g = () => 1; return g() }'),
    )
    expect(versionOf('() => { const f = () => 1; return f.name }')).not.toBe(
      versionOf('() => { const g = () => 1; return g.name }'),
    )
  })

  test('of a cached function without a version is refused: its options decide as well', () => {
    const area = cached((width: number, height: number) => width * height)
    const error = refusal(area)
    expect(error.reason).toBe('dependency')
    expect(error.message).toContain('`original`')
    expect(sourceVersion(area.original)).toMatch(/^r1-/)
  })

  test('of a cached function that has a version follows that', () => {
    const of = (version: string) => sourceVersion(createAutocache().cached((n: number) => n, { version }))
    expect(of('1')).toBe(of('1'))
    expect(of('1')).not.toBe(of('2'))
  })

  test('of a function that calls itself by its own name needs no deps', () => {
    expect(versionOf('function down(n) { return n > 0 ? down(n - 1) : 0 }')).toMatch(/^r1-/)
  })

  test('does not parse a text again that it has read', () => {
    const make = (rate: number) => sourceVersion.with({ deps: { rate } })((n: number) => n * rate + n * rate * rate)
    make(1)
    const started = performance.now()
    for (let rate = 0; rate < 1000; rate++) make(rate)
    const repeated = performance.now() - started
    const other = performance.now()
    for (let at = 0; at < 1000; at++) versionOf(`(n) => n * ${at} + n * ${at}`)
    expect(repeated).toBeLessThan(performance.now() - other)
  })
})

describe('what is given in `deps`', () => {
  const gross = '(net) => net * rate'

  test('joins by its content', () => {
    expect(versionOf(gross, { rate: 2 })).toBe(versionOf(gross, { rate: 2 }))
    expect(versionOf(gross, { rate: 2 })).not.toBe(versionOf(gross, { rate: 3 }))
    const table = '(k) => rates.get(k).value'
    expect(versionOf(table, { rates: new Map([['a', { value: 1 }]]) })).not.toBe(
      versionOf(table, { rates: new Map([['a', { value: 2 }]]) }),
    )
  })

  test('may be renamed', () => {
    expect(versionOf('(net) => net * tax', { tax: 2 })).toBe(versionOf(gross, { rate: 2 }))
    expect(versionOf('(n) => a(n) - b(n)', { a: (n: number) => n, b: (n: number) => -n })).toBe(
      versionOf('(n) => z(n) - y(n)', { y: (n: number) => -n, z: (n: number) => n }),
    )
  })

  test('is a function by its own source', () => {
    const text = '(n) => help(n)'
    expect(versionOf(text, { help: fromText('(n) => n + 1') })).toBe(
      versionOf(text, { help: fromText('function (m) { return m + 1 }') }),
    )
    expect(versionOf(text, { help: fromText('(n) => n + 1') })).not.toBe(
      versionOf(text, { help: fromText('(n) => n + 2') }),
    )
  })

  test('is a function by its stamp, where it has one', () => {
    const help = (version: string) => putStamp(fromText('(n) => hidden(n)'), { contract: 2, label: 'help', version })
    expect(versionOf('(n) => help(n)', { help: help('s1-a') })).not.toBe(
      versionOf('(n) => help(n)', { help: help('s1-b') }),
    )
  })

  test('is a cached function by its version, and none without one', () => {
    const text = '(n) => load(n)'
    const source = fromText('(n) => n + 1')
    const { cached } = createAutocache({ store: memoryStore() })
    expect(versionOf(text, { load: cached(source, { version: '1' }) })).not.toBe(
      versionOf(text, { load: cached(source, { version: '2' }) }),
    )
    const keyed = cached(source, { key: (n: number) => n % 2 })
    expect(refusal(fromText(text), { load: keyed }).message).toContain('`original`')
  })

  test('is the function itself, where it calls itself by another name', () => {
    const fact = fromText('(n) => (n > 1 ? n * self(n - 1) : 1)')
    expect(sourceVersion.with({ deps: { self: fact } })(fact)).toMatch(/^r1-/)
    expect(sourceVersion.with({ deps: { self: fact } })(fact)).not.toBe(
      sourceVersion.with({ deps: { self: () => 1 } })(fact),
    )
  })

  test('is a version in the place of a function that refers to more', () => {
    const rate = 2
    const round = fromText('(n) => Math.round(n * rate)')
    const error = refusal(fromText('(n) => round(n)'), { round })
    expect(error.reason).toBe('dependency')
    expect(error.message).toContain('`rate`')
    expect(error.message).toContain('round: sourceVersion.with({ deps: { … } })(round)')
    const of = (value: number) =>
      versionOf('(n) => round(n)', { round: sourceVersion.with({ deps: { rate: value } })(round) })
    expect(of(rate)).toBe(of(2))
    expect(of(rate)).not.toBe(of(3))
  })

  test('that is one object under two names is told from two that are equal', () => {
    const list: number[] = []
    expect(versionOf('() => a === b', { a: list, b: list })).not.toBe(versionOf('() => a === b', { a: list, b: [] }))
    const help = () => 1
    expect(versionOf('() => a === b', { a: help, b: help })).not.toBe(
      versionOf('() => a === b', { a: help, b: () => 1 }),
    )
  })

  test('joins even where the source does not name it', () => {
    expect(versionOf('() => 1', { schema: 1 })).not.toBe(versionOf('() => 1', { schema: 2 }))
    expect(versionOf('() => 1', { schema: 1 })).not.toBe(versionOf('() => 1'))
    expect(versionOf('() => 1', { a: 1, b: 2 })).toBe(versionOf('() => 1', { b: 2, a: 1 }))
  })

  test('stands before a global of that name', () => {
    expect(versionOf('() => fetch(1)', { fetch: fromText('(n) => n') })).not.toBe(versionOf('() => fetch(1)'))
  })

  test('may be what is read of the environment, by its whole name', () => {
    for (const text of [
      '() => process.env.RATE',
      '() => process?.env["RATE"]',
      '() => globalThis.process.env.RATE',
      '() => { const { RATE } = process.env; return RATE }',
    ]) {
      const error = refusal(fromText(text))
      expect(error.reason).toBe('environment')
      expect(error.message).toContain("{ 'process.env.RATE': process.env.RATE }")
      expect(versionOf(text, { 'process.env.RATE': '1' })).not.toBe(versionOf(text, { 'process.env.RATE': '2' }))
    }
  })

  test('has the names of functions in it where the other side reads one', () => {
    const nameOf = fromText('(fn) => fn.name')
    expect(versionOf('() => nameOf(function one() {})', { nameOf })).not.toBe(
      versionOf('() => nameOf(function other() {})', { nameOf }),
    )
    const of = (help: () => number) => versionOf('() => help.name', { help })
    expect(of(function one() { return 1 })).not.toBe(of(function other() { return 1 })) // biome-ignore format: one line
  })

  test('has what was put on a function', () => {
    const of = (digits: unknown) =>
      versionOf('(n) => round(n)', { round: Object.assign(fromText('(n) => n'), { digits }) })
    expect(of(1)).toBe(of(1))
    expect(of(1)).not.toBe(of(2))
    expect(() => of(() => 1)).toThrow('deps.round.digits')
    const own = (digits: number) =>
      sourceVersion(Object.assign(fromText('function round(n) { return n.toFixed(round.digits) }'), { digits }))
    expect(own(1)).not.toBe(own(2))
  })

  test('has its text in it where that is observed', () => {
    const of = (help: string) => versionOf('() => String(help)', { help: fromText(help) })
    expect(of('() => 1')).not.toBe(of('() =>  1'))
  })

  test('is read when the version is made, so that the list cannot change behind it', () => {
    const deps = { rate: 1 }
    const version = sourceVersion.with({ deps })
    const fn = fromText(gross)
    const before = version(fn)
    deps.rate = 2
    expect(version(fn)).toBe(before)
  })

  test.each([
    ['a class', { help: class {} }],
    ['an instance of a class', { help: new (class {})() }],
    ['a native function', { help: Math.max }],
    ['a promise', { help: Promise.resolve() }],
    ['a value that holds a function', { help: { inner: [() => 1] } }],
    ['a symbol of its own', { help: Symbol('x') }],
  ])('cannot be %s', (_, deps) => {
    const error = refusal(fromText('(n) => use(help)'), { ...deps, use: () => 1 })
    expect(error.reason).toBe('dependency')
    expect(error.message).toContain('deps.help')
    expect(error.message).toContain("help: '1'")
  })

  test.each([
    ['assigned', '() => { count = count + 1 }'],
    ['counted up', '() => count++'],
    ['given a member', '() => { count.n = 1 }'],
    ['deleted from', '() => delete count.n'],
    ['pushed to', '(n) => count.push(n)'],
    ['pushed to by another name', '(n) => { const list = count; list.push(n) }'],
    ['pushed to by a function that is given', '(n) => add(count, n)'],
    ['changed by `Object.assign`', '(n) => Object.assign(count, n)'],
  ])('is no state: a function is refused where it is %s', (_, text) => {
    const add = fromText('(list, n) => { list.push(n) }')
    const error = refusal(fromText(text), { count: [], add })
    expect(error.reason).toBe('changed dependency')
    expect(error.message).toContain('`count`')
  })

  test.each([
    [undefined],
    [null],
    [[]],
    ['rate'],
    [{ dep: {} }],
    [{ deps: [1] }],
    [{ deps: null }],
    [{ deps: {}, name: 'x' }],
  ])('is an object of names, or an error where it is written: %j', (options) => {
    try {
      sourceVersion.with(options as never)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(AutocacheError)
      expect((error as AutocacheError).code).toBe('INVALID_OPTION')
    }
  })
})

describe('what a source does not show is refused, with its reason and a remedy', () => {
  test('as an error of core, with the name of the function', () => {
    const loadUser = fromText('function loadUser(id) { return db.user(id) }')
    const error = refusal(loadUser)
    expect(error).toBeInstanceOf(UnversionedFunctionError)
    expect(isAutocacheError(error)).toBe(true)
    expect([error.code, error.functionName, error.reason]).toEqual(['UNVERSIONED_FUNCTION', 'loadUser', 'free name'])
    expect(error.message).toBe(
      '`loadUser` has no version by its source: it refers to `db`, and its source does not show what that is. ' +
        'Give it: `sourceVersion.with({ deps: { db } })`.',
    )
  })

  test.each([
    ['a name that is given nowhere', '() => rate', 'free name', '`rate`'],
    ['a name that is only tested', '() => typeof rate', 'free name', '`rate`'],
    ['a name in a default', '(a = rate) => a', 'free name', '`rate`'],
    ['a name in a nested function', '() => () => () => rate', 'free name', '`rate`'],
    ['a name in a class', '() => class extends Base {}', 'free name', '`Base`'],
    ['a shorthand', '() => ({ rate })', 'free name', '`rate`'],
    ['a name that is declared after a block', '() => { { let rate = 1 } return rate }', 'free name', '`rate`'],
    ['a method that names itself', '({ find(id) { return find(id) } }).find', 'free name', '`find`'],
    ['an arrow that calls itself', '(n) => down(n - 1)', 'free name', '`down`'],
    ['a member of the global object', '() => globalThis.rate', 'free name', '`rate`'],
    ['any member of the global object', '(key) => globalThis[key]', 'free name', 'any global'],
    ['the global object itself', '(fn) => fn(globalThis)', 'free name', 'any global'],
    ['a global that it assigns', '() => { total = 1 }', 'free name', '`total`'],
    ['a global of the platform that it assigns', '() => { URL = null }', 'free name', '`URL`'],
    ['a global of browsers that a module may have for itself', '() => name + location', 'free name', '`name`'],
    ['the whole environment', '(fn) => fn(process.env)', 'environment', 'environment'],
    ['the environment by a computed name', '(key) => process.env[key]', 'environment', 'environment'],
    [
      'the environment by another name',
      '() => { const env = process.env; return env.A }',
      'environment',
      'environment',
    ],
    ['the environment spread', '() => ({ ...process.env })', 'environment', 'environment'],
    [
      'the rest of the environment',
      '() => { const { A, ...rest } = process.env; return rest }',
      'environment',
      'environment',
    ],
    ['`process` itself', '(fn) => fn(process)', 'environment', '`process`'],
    ['`this`', 'function () { return this.rate }', 'this', '`this`'],
    ['`this` in an arrow', '() => this', 'this', '`this`'],
    ['`this` in an arrow of a function', 'function () { return () => this }', 'this', '`this`'],
    ['`this` in a default', 'function (a = this) { return a }', 'this', '`this`'],
    ['`this` in a computed key', 'function () { return class { [this.x]() {} } }', 'this', '`this`'],
    ['`super`', '({ m() { return super.m() } }).m', 'this', '`super`'],
    ['`new.target`', 'function () { return new.target }', 'this', '`new.target`'],
    ['a private name', '(class { static #n = 1; static m(o) { return #n in o } }).m', 'this', '`#n`'],
    ['`arguments` of a function around it', '(function () { return () => arguments[0] })()', 'this', '`arguments`'],
    ['state on a global', '() => { Math.calls = (Math.calls ?? 0) + 1 }', 'changed dependency', '`Math`'],
    [
      'state on itself',
      'function next() { return (next.count = (next.count ?? 0) + 1) }',
      'changed dependency',
      '`next`',
    ],
    ['a counter on a global', '() => globalThis.process.calls++', 'changed dependency', '`globalThis`'],
    ['a global that loses a member', '() => delete Array.prototype.at', 'changed dependency', '`Array`'],
    ['a module', '() => import("./rates.js")', 'import', 'imports'],
    ['a computed module', '(name) => import(name)', 'import', 'imports'],
    ['a package', '() => import("dayjs")', 'import', 'imports'],
    ['a required module', '() => require("./rates.js")', 'import', '`require`'],
    ['direct `eval`', '(text) => eval(text)', 'eval', '`eval`'],
    ['indirect `eval`', '(text) => (0, eval)(text)', 'eval', '`eval`'],
    ['`eval` by another name', '(text) => { const run = eval; return run(text) }', 'eval', '`eval`'],
    ['`eval` of the global object', '(text) => globalThis.eval(text)', 'eval', 'eval'],
    ['`new Function`', '(text) => new Function(text)()', 'eval', '`Function`'],
    ['`Function`', '(text) => Function(text)()', 'eval', '`Function`'],
    ['`Function` of the global object', '(text) => new globalThis.Function(text)()', 'eval', '`Function`'],
  ])('%s', (_, text, reason, names) => {
    const error = refusal(fromText(text))
    expect(error.reason).toBe(reason)
    expect(error.message).toContain(names)
    expect(error.message).toMatch(/\bGive\b|\bgive\b|Hand what|hand it over/)
  })

  test('`with`, whose names are those of its object', () => {
    expect(refusal(fromText('function (o) { with (o) { return rate } }'), { rate: 1 }).reason).toBe('unreadable source')
  })

  test('a text that only its place makes parse', () => {
    const fn = fromText('(n) => n')
    const printed = Function.prototype.toString
    // A runtime may print what it likes: Hermes prints bytecode.
    Function.prototype.toString = function () {
      return this === fn ? 'function () { [bytecode' : printed.call(this)
    }
    try {
      expect(refusal(fn).reason).toBe('unreadable source')
    } finally {
      Function.prototype.toString = printed
    }
  })

  test('`import.meta`, wherever the module lies', () => {
    const url = () => import.meta.url
    expect(['environment', 'bundled']).toContain(refusal(url).reason)
  })

  test.each([
    ['native', Math.max],
    ['bound', ((n: number) => n).bind(null)],
    ['a proxy', new Proxy((n: number) => n, {})],
  ])('a function that hides its source because it is %s', (_, fn) => {
    expect(refusal(fn).reason).toBe('hidden source')
  })

  test('a class', () => {
    expect(refusal(class Account {} as never).reason).toBe('class')
    expect(refusal((() => class extends Object {})() as never).reason).toBe('class')
  })

  test('what is no function at all, as an error where it is written', () => {
    for (const fn of [undefined, null, 'fn', {}]) {
      expect(() => sourceVersion(fn as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
  })
})

describe('what a source shows is accepted', () => {
  test.each([
    [
      'globals of the language and of the platform',
      '(a) => [Math.max(...a), JSON.stringify(a), new URL("a:b"), structuredClone(a), Date.now(), undefined, NaN]',
    ],
    ['members of the global object', '(a) => globalThis.Math.max(a) + globalThis["Number"](a)'],
    ['modules of the platform', 'async () => (await import("node:path")).sep'],
    [
      '`this` of functions and classes inside',
      '() => { class A { #n = 1; n = this.#n; static s = this; static { this.t = 1 } m() { return super.toString() + this.n } } return new A().m() + function () { return this }.call(1) }',
    ],
    ['`new.target` of a function inside', '() => function () { return new.target }'],
    ['its own `arguments`', 'function () { return () => arguments.length }'],
    ['`Function` only to test against', '(f) => f instanceof Function'],
    ['labels and names of properties', '(a) => { rate: for (;;) break rate; return { rate: a.rate } }'],
    ['`process` but for its environment', '() => process.platform'],
    ['the name of a global as a parameter', '(eval_, Function_, process) => process'],
  ])('%s', (_, text) => {
    expect(versionOf(text)).toMatch(/^r1-/)
  })

  test('with a remedy that works for every free name', () => {
    const fn = fromText('(n) => n * rate')
    expect(refusal(fn).message).toContain('sourceVersion.with({ deps: { rate } })')
    expect(sourceVersion.with({ deps: { rate: 2 } })(fn)).toMatch(/^r1-/)
  })
})

test('the memory of what was read is bounded', () => {
  // Twice what is kept: older ones are read again, and give the same version.
  const first = versionOf('(n) => n * 0.5')
  for (let at = 0; at < 1000; at++) versionOf(`(n) => n * ${at}`)
  expect(versionOf('(n) => n * 0.5')).toBe(first)
})

test('over memory alone it is as good as no version', () => {
  const { cached: own } = createAutocache({ store: memoryStore(), version: sourceVersion })
  const area = own((width: number, height: number) => width * height)
  expect([area(2, 3), area(2, 3)]).toEqual([6, 6])
})
