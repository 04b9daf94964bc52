import { describe, expect, test } from 'vitest'
import { inMemory } from './in-memory.ts'

const core = "import { cached } from '@autocache/core'\n"
const use = (source: string) => inMemory({ 'main.ts': core + source }).functions.at(-1)!
const captures = (source: string) =>
  use(source).captures.map(({ name, paths }) => [name, ...paths.map((path) => path.join('.'))])
const codes = (source: string) => use(source).diagnostics.map(({ code }) => code)

const read: Record<string, readonly [source: string, captures: readonly (readonly string[])[]]> = {
  'a parameter': ['export function make(x) { return cached((k) => k + x) }', [['x', '']]],
  'a parameter of an arrow': ['export const make = (x) => cached((k) => k + x)', [['x', '']]],
  'the paths read': [
    'export function make(ctx) { return cached((k) => k + ctx.user.id + ctx.user.name) }',
    [['ctx', 'user.id', 'user.name']],
  ],
  'what is also used whole': [
    'const load = (c) => c; export function make(ctx) { return cached((k) => ctx.user.id + load(ctx)) }',
    [['ctx', '']],
  ],
  'the receiver of a method': [
    'export function make(ctx) { return cached((k) => ctx.list.map(String)) }',
    [['ctx', 'list']],
  ],
  'a computed member as far as it is known': [
    'export function make(ctx) { return cached((k) => ctx.list[k].x) }',
    [['ctx', 'list']],
  ],
  'a variable declared below': [
    'export function make() { const f = cached((k) => n * k); const n = Math.max(1, 2); return f }',
    [['n', '']],
  ],
  'a variable that is written': [
    'export function make() { let n = 5; n = 6; return cached((k) => n * k) }',
    [['n', '']],
  ],
  'a variable of a loop': ['export function make(xs) { for (const x of xs) cached((k) => k + x) }', [['x', '']]],
  patterns: [
    'export function make({ a, b: [c] }) { return cached((k) => a + c) }',
    [
      ['a', ''],
      ['c', ''],
    ],
  ],
  'what was caught': [
    'export function make(g) { try { g() } catch (e) { return cached(() => e.message) } }',
    [['e', 'message']],
  ],
  'every function around': [
    'export const make = (a) => (b) => cached((k) => a + b)',
    [
      ['a', ''],
      ['b', ''],
    ],
  ],
  'a default of a parameter': ['export function make(a) { return cached((k = a) => k) }', [['a', '']]],
  'what captured functions capture': [
    'export function make(rate) { const tax = (x) => x * rate; const twice = (x) => tax(x) * 2; return cached((k) => twice(k)) }',
    [['rate', '']],
  ],
  'what captured classes capture': [
    'export function make(rate) { class A { v() { return rate } } return cached((k) => new A().v()) }',
    [['rate', '']],
  ],
  'what a captured cached function captures': [
    'export function make(a) { const g = cached((k) => k + a); return cached((k) => g(k)) }',
    [['a', '']],
  ],
  'what a function by name captures': [
    'export function make(a) { function inner(k) { return k + a } return cached(inner) }',
    [['a', '']],
  ],
  'this of an arrow': ['export function make() { return cached(() => this.x + this.y.z) }', [['this', 'x', 'y.z']]],
  'arguments of an arrow': ['export function make() { return cached(() => arguments[0]) }', [['arguments', '']]],
  'nothing that is hidden': ['export function make(x) { return cached((x) => x) }', []],
  'nothing that is a constant': ['export function make() { const n = 5; return cached((k) => n * k) }', []],
  'nothing of the module': ['const x = 1; export function make() { return cached((k) => k + x) }', []],
  'nothing that is itself': ['export function make() { const f = cached((n) => (n ? f(n - 1) : 0)); return f }', []],
  'nothing to ignore': [
    "export function make(log) { return cached((k) => { log(k); return k }, { deps: { ignore: ['log'] } }) }",
    [],
  ],
}

describe('R05 captures are', () => {
  for (const [title, [source, expected]] of Object.entries(read)) {
    test(title, () => expect(captures(source)).toEqual(expected))
  }
})

const said: Record<string, readonly [source: string, codes: readonly string[]]> = {
  'a captured function of unknown code is uncapturable': [
    'export function make(load) { return cached((k) => load(k)) }',
    ['uncapturable'],
  ],
  'a captured instance is uncapturable': [
    'class Db {} export function make() { const db = new Db(); return cached((k) => db.rows) }',
    ['uncapturable'],
  ],
  'a function with state of its own is uncapturable': [
    'export function make() { function h(k) { return h.r } h.r = 1; return cached((k) => h(k)) }',
    ['uncapturable'],
  ],
  'an option key takes it on itself': [
    'export function make(load) { return cached((k) => load(k), { key: (k) => k }) }',
    [],
  ],
  'an ignored name takes it on itself': [
    "export function make(load) { return cached((k) => load(k), { deps: { ignore: ['load'] } }) }",
    [],
  ],
  'a built-in with a value can be captured': [
    'export function make() { const d = new Date(0); return cached((k) => d.getTime()) }',
    [],
  ],
  'a captured variable that is written is reported': [
    'export function make() { let n = 0; return cached((k) => { n++; return n }) }',
    ['mutable-capture'],
  ],
  'a captured object that is written is reported': [
    'export function make() { const o = { n: 0 }; return cached((k) => { o.n = k; return k }) }',
    ['mutable-capture'],
  ],
  'an ignored variable may be written': [
    "export function make() { let n = 0; return cached((k) => { n++; return k }, { deps: { ignore: ['n'] } }) }",
    [],
  ],
}

describe('what captures earn', () => {
  for (const [title, [source, expected]] of Object.entries(said))
    test(title, () => expect(codes(source)).toEqual(expected))
})

const different: Record<string, readonly [before: string, after: string]> = {
  'a captured function': [
    'export function make() { function h(k) { return k } return cached((k) => h(k)) }',
    'export function make() { function h(k) { return k + 1 } return cached((k) => h(k)) }',
  ],
  'a function behind it': [
    'export function make() { const g = (k) => k; const h = (k) => g(k); return cached((k) => h(k)) }',
    'export function make() { const g = (k) => k + 1; const h = (k) => g(k); return cached((k) => h(k)) }',
  ],
  'a captured constant': [
    'export function make() { const n = 1; return cached((k) => n + k) }',
    'export function make() { const n = 2; return cached((k) => n + k) }',
  ],
  'a captured class': [
    'export function make() { class A { v() { return 1 } } return cached((k) => new A().v()) }',
    'export function make() { class A { v() { return 2 } } return cached((k) => new A().v()) }',
  ],
  'a captured cached function': [
    'export function make() { const g = cached((k) => k); return cached((k) => g(k)) }',
    'export function make() { const g = cached((k) => k + 1); return cached((k) => g(k)) }',
  ],
  'names that eval can see': [
    'export function make() { const n = 1; return cached((k) => eval(k)) }',
    'export function make() { const n = 2; return cached((k) => eval(k)) }',
  ],
}

describe('the version changes with', () => {
  for (const [title, [before, after]] of Object.entries(different)) {
    test(title, () => expect(use(after).version).not.toBe(use(before).version))
  }
})

test('captures come in the order of the code, so that a rename and a swap cannot meet', () => {
  const [before, after] = [
    'export const make = (x, y) => cached(() => x - y)',
    'export const make = (y, x) => cached(() => y - x)',
  ]
  expect(use(after).version).toBe(use(before).version)
  expect(captures(before)).toEqual([
    ['x', ''],
    ['y', ''],
  ])
  expect(captures(after)).toEqual([
    ['y', ''],
    ['x', ''],
  ])
})

test('a variable that is not captured leaves the version alone', () => {
  const before = use('export function make() { const z = 1; const n = 1; return cached((k) => n + k) }')
  expect(use('export function make() { const z = 2; const n = 1; return cached((k) => n + k) }').version).toBe(
    before.version,
  )
})
