import { describe, expect, test } from 'vitest'
import { versionOf } from '../src/closure.ts'
import { Graph } from '../src/graph.ts'
import { type MemoryOptions, memoryProgram, same, versionIn } from './memory-program.ts'

type Files = Readonly<Record<string, string>>

const said = (files: Files, options?: MemoryOptions) =>
  versionIn(files, options).diagnostics.map(
    ({ code, position }) => `${code} ${position.file}:${position.line}:${position.column}`,
  )

describe('a version', () => {
  test('has a scheme, 26 characters, and changes only with the contract', () => {
    const files = {
      'm.ts': 'import { g } from "./n"; export const f = (a) => g(a)',
      'n.ts': 'export const g = (a) => a + 1',
    }
    expect(versionIn(files).version).toMatch(/^s1-[a-z2-7]{26}$/)
    expect(versionIn(files, { scheme: 't1' }).version).toMatch(/^t1-[a-z2-7]{26}$/)
    expect(versionIn(files, { scheme: 't1' }).version.slice(3)).not.toBe(versionIn(files).version.slice(3))
  })
  test('has no file name, path, or count of files in it', () => {
    const files = {
      'm.ts': 'import { g } from "./n"; export const f = (a) => g(a)',
      'n.ts': 'export const g = (a) => a + 1',
    }
    const moved = {
      'src/main.ts': 'import { h } from "../lib"; export const f = (b) => h(b)',
      'lib/index.ts': 'export * from "./g"',
      'lib/g.ts': 'function g(x) { return x + 1 } export { g as h }',
      'unrelated.ts': 'export const x = 1',
    }
    expect(same(files, moved)).toBe(true)
  })
  test('does not depend on the order in which files are given or roots are asked for', () => {
    const files = {
      'a.ts': 'import { g } from "./b"; export const f = () => g()',
      'b.ts': 'import "./c"; export const g = () => 1',
      'c.ts': 'export const h = () => 2',
    }
    const one = new Graph(memoryProgram(files))
    const other = new Graph(memoryProgram(Object.fromEntries(Object.entries(files).reverse())))
    const roots = [
      ['/a.ts', 'f'],
      ['/b.ts', 'g'],
      ['/c.ts', 'h'],
    ] as const
    const versions = (graph: Graph, order: typeof roots | readonly (typeof roots)[number][]) =>
      Object.fromEntries(
        order.map(([file, name]) => [name, versionOf(graph, { file, target: { export: name } }).version]),
      )
    expect(versions(one, roots)).toEqual(versions(other, [...roots].reverse()))
  })
  test('tells definitions of one text apart', () => {
    const files = (read: string) => ({
      'm.ts': `const a = new Map(); const b = new Map(); const put = () => a.set(1, 1); export const f = () => { put(); return ${read}.get(1) }`,
    })
    expect(same(files('a'), files('b'))).toBe(false)
  })
  test('tells members of a symmetric cycle apart', () => {
    const files = (root: string) => ({
      'm.ts': `const a = (n) => n ? b(n - 1) : 'a'; const b = (n) => n ? a(n - 1) : 'b'; export const f = (n) => ${root}(n)`,
    })
    expect(same(files('a'), files('b'))).toBe(false)
  })
  test('has the names of functions where the closure reads `.name`', () => {
    const files = (name: string, read: string) => ({
      'm.ts': `const ${name} = () => 1; export const f = () => ${name}${read}`,
    })
    expect(same(files('g', '()'), files('h', '()'))).toBe(true)
    expect(same(files('g', '.name'), files('h', '.name'))).toBe(false)
  })
  test('has the text of functions where the closure observes it', () => {
    const files = (space: string, read: string) => ({
      'm.ts': `const g = () =>${space}1; export const f = () => ${read}`,
    })
    expect(same(files('', 'g()'), files(' ', 'g()'))).toBe(true)
    expect(same(files('', 'g.toString()'), files(' ', 'g.toString()'))).toBe(false)
  })
  test('has every statement of the imports where all side effects are asked for', () => {
    const files = (text: string) => ({
      'm.ts': 'import { x } from "./n"; export const f = () => 1',
      'n.ts': `export const x = 1; console.log(${text})`,
    })
    expect(same(files('1'), files('2'))).toBe(true)
    expect(same(files('1'), files('2'), { settings: { sideEffects: 'all' } })).toBe(false)
  })
  test('lists env reads of the whole closure once', () => {
    const files = {
      'm.ts': 'import { g } from "./n"; export const f = () => g() + process.env.A',
      'n.ts': 'const mode = process.env.B; export const g = () => mode + process.env.A',
    }
    expect(versionIn(files).env).toEqual([
      { name: 'A', expression: 'process.env.A', module: false },
      { name: 'B', expression: 'process.env.B', module: true },
    ])
  })
})

describe('what a version lists', () => {
  test('is every definition with what leads to it, and how', () => {
    const files = {
      'm.ts':
        'import "./setup"\nimport { R } from "./r"\nimport c from "./c.json"\nexport const f = () => [R.get("a"), c.k]',
      'r.ts': 'export const R = new Map()',
      'setup.ts': 'import { R } from "./r"\n\nR.set("a", 1)\nArray.prototype.x = 1',
      'c.json': '{"k":1}',
    }
    const found = versionIn(files).definitions.map(({ name, kind, file, line, parent, via }) => [
      name,
      kind,
      `${file}:${line}`,
      parent,
      via,
    ])
    expect(found).toEqual([
      ['f', 'value', 'm.ts:4', -1, 'reference'],
      ['R', 'value', 'r.ts:1', 0, 'reference'],
      ['c.json', 'json', 'c.json:1', 0, 'reference'],
      ['(statement)', 'statement', 'setup.ts:3', 1, 'attached'],
      ['(statement)', 'statement', 'setup.ts:4', 0, 'effect'],
    ])
  })
  test('is every package once, with the definition that leads to it', () => {
    const files = {
      'm.ts': 'import { g } from "./n"; export const f = () => g()',
      'n.ts': 'import { a, b } from "p"; export const g = () => a(b)',
    }
    expect(versionIn(files, { packages: { p: '1.2.3' } }).packages).toEqual([
      { name: 'p', version: '1.2.3', identity: 'p@1.2.3', path: 1 },
    ])
  })
  test('has a digest for each definition, of itself alone', () => {
    const files = (k: number) => ({ 'm.ts': `const k = ${k}; export const f = () => k` })
    const [one, two] = [versionIn(files(1)).definitions, versionIn(files(2)).definitions]
    expect(one[0]?.digest).toBe(two[0]?.digest)
    expect(one[1]?.digest).not.toBe(two[1]?.digest)
  })
})

describe('mutable-capture', () => {
  test('is reported for a binding that a function assigns', () => {
    expect(said({ 'm.ts': 'let n = 0\nexport const bump = () => { n += 1 }\nexport const f = () => n' })).toEqual([
      'mutable-capture m.ts:1:5',
    ])
  })
  test('is reported for an object that a function of another module changes', () => {
    const files = {
      'm.ts': 'import { c } from "./c"; export const f = () => c.a',
      'c.ts': 'export const c: any = { a: 1 }',
      'n.ts': 'import { c } from "./c"; export const set = (v) => { c.a = v }',
    }
    expect(said(files)).toEqual(['mutable-capture c.ts:1:14'])
  })
  test('is reported for what the function changes itself', () => {
    expect(said({ 'm.ts': 'let n = 0\nexport const f = () => n++' })).toEqual(['mutable-capture m.ts:1:5'])
  })
  test('is not reported for what is written once', () => {
    expect(
      said({ 'm.ts': 'let c: any; const connect = () => ({}); export const f = () => (c ??= connect())' }),
    ).toEqual([])
  })
  test('is not reported for what only runs with the module', () => {
    expect(
      said({
        'm.ts':
          'const c: any = {}; function init() { put(1) } function put(v) { c.v = v } init(); export const f = () => c.v',
      }),
    ).toEqual([])
  })
  test('is not reported for state that only a function beside it uses', () => {
    const files = {
      'm.ts':
        'const c = new Map([[1, 2]]); let seen = 0; export const f = (x) => x; f; export const g = () => { seen++; return c.get(1) }; export const h = () => c.get(1)',
    }
    expect(versionIn(files, { name: 'h' } as MemoryOptions).diagnostics).toEqual([])
  })
  test('is not reported for a local that a function of the project made', () => {
    const files = { 'm.ts': 'const make = () => [1]; export const f = () => { const l = make(); l.push(2); return l }' }
    expect(said(files)).toEqual([])
  })
  test('is not reported for a test', () => {
    const files = {
      'm.ts': 'import { c } from "./c"; export const f = () => c.a',
      'c.ts': 'export const c: any = { a: 1 }',
      'c.test.ts': 'import { c } from "./c"; it("x", () => { c.a = 2 })',
    }
    expect(said(files)).toEqual([])
  })
})

describe('a diagnostic', () => {
  test('has the path from the root, and the place in the source', () => {
    const files = {
      'm.ts': 'import { g } from "./n"; export const f = () => g()',
      'n.ts': 'const now = () =>\r\n  Date.now()\r\nexport const g = () => now()',
    }
    const [first] = versionIn(files).diagnostics
    expect(first).toMatchObject({
      code: 'impure-time',
      level: 'warning',
      position: { file: 'n.ts', line: 2, column: 3 },
      path: ['f', 'g', 'now'],
    })
  })
  test('can be given another level, or none', () => {
    const files = { 'm.ts': 'export const f = () => Date.now()' }
    const level = (value: 'error' | 'off') =>
      versionIn(files, { settings: { diagnostics: { 'impure-time': value } } }).diagnostics.map((each) => each.level)
    expect(level('error')).toEqual(['error'])
    expect(level('off')).toEqual([])
  })
  test('says when code that the function does not import changes what it reads', () => {
    const files = {
      'm.ts': 'import { R } from "./r"; export const f = () => R.get("k")',
      'r.ts': 'export const R = new Map()',
      'entry.ts': 'import { R } from "./r"\nR.set("k", 1)',
    }
    expect(said(files)).toEqual(['foreign-mutation entry.ts:2:1'])
  })
})
