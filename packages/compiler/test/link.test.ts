import { describe, expect, test } from 'vitest'
import { Linker } from '../src/link.ts'
import { memoryProgram, same, versionIn } from './memory-program.ts'

type Files = Readonly<Record<string, string>>

const main = 'import { k } from "./i"; export const f = () => k'
const one = versionIn({ 'm.ts': 'const k = 1; export const f = () => k' }).version
const two = versionIn({ 'm.ts': 'const k = 2; export const f = () => k' }).version

describe('an import leads to the definition behind', () => {
  const ways: Readonly<Record<string, Files>> = {
    'a re-export': { 'm.ts': main, 'i.ts': 'export { k } from "./p"', 'p.ts': 'export const k = 1' },
    'a renaming re-export': { 'm.ts': main, 'i.ts': 'export { x as k } from "./p"', 'p.ts': 'export const x = 1' },
    'an import that is exported': {
      'm.ts': main,
      'i.ts': 'import { x } from "./p"; export { x as k }',
      'p.ts': 'export const x = 1',
    },
    'a default made a name': {
      'm.ts': main,
      'i.ts': 'export { default as k } from "./p"',
      'p.ts': 'const k = 1; export default k',
    },
    'a star': { 'm.ts': main, 'i.ts': 'export * from "./p"', 'p.ts': 'export const k = 1' },
    'stars of stars': {
      'm.ts': main,
      'i.ts': 'export * from "./q"; export * from "./r"',
      'q.ts': 'export * from "./p"',
      'r.ts': 'export * from "./p"',
      'p.ts': 'export const k = 1',
    },
    'a cycle of stars': {
      'm.ts': main,
      'i.ts': 'export * from "./q"; export * from "./p"',
      'q.ts': 'export * from "./i"',
      'p.ts': 'export const k = 1',
    },
    'a star that an explicit export shadows': {
      'm.ts': main,
      'i.ts': 'export * from "./p"; export const k = 1',
      'p.ts': 'export const k = 2',
    },
    'a namespace': {
      'm.ts': 'import * as n from "./i"; export const f = () => n.k',
      'i.ts': 'export const k = 1; export const z = 3',
    },
    'a namespace of a star': {
      'm.ts': 'import * as n from "./i"; export const f = () => n.k',
      'i.ts': 'export * from "./p"',
      'p.ts': 'export const k = 1',
    },
  }
  for (const [title, files] of Object.entries(ways)) {
    test(title, () => {
      expect(versionIn(files).version).toBe(one)
      const edited = Object.fromEntries(
        Object.entries(files).map(([file, text]) => [file, text.replace(/([kx]) = 1/, '$1 = 2')]),
      )
      expect(versionIn(edited).version).toBe(two)
      expect(versionIn(files).diagnostics).toEqual([])
    })
  }

  test('a chain of ten thousand re-exports', () => {
    const files: Record<string, string> = { 'm.ts': 'import { k } from "./c0"; export const f = () => k' }
    for (let index = 0; index < 10_000; index += 1) files[`c${index}.ts`] = `export { k } from "./c${index + 1}"`
    files['c10000.ts'] = 'export const k = 1'
    expect(versionIn(files).version).toBe(one)
  })

  test('a chain of five thousand modules that call each other', () => {
    const chain = (last: number) => {
      const files: Record<string, string> = {}
      for (let index = 0; index < 5000; index += 1) {
        files[`m${index}.ts`] = `import { f as g } from "./m${index + 1}"; export const f = () => g()`
      }
      files['m5000.ts'] = `export const f = () => ${last}`
      return files
    }
    expect(same(chain(1), chain(1))).toBe(true)
    expect(same(chain(1), chain(2))).toBe(false)
  })
})

describe('a name that leads nowhere', () => {
  const codes = (files: Files) =>
    versionIn(files).diagnostics.map(
      ({ code, position, path }) => `${code} ${position.file}:${position.line} ${path.join('>')}`,
    )

  test('is reported where two stars disagree', () => {
    const files = {
      'm.ts': main,
      'i.ts': 'export * from "./p"; export * from "./q"',
      'p.ts': 'export const k = 1',
      'q.ts': 'export const k = 2',
    }
    expect(codes(files)).toEqual(["unresolved m.ts:1 f>'k' of './i'"])
  })
  test('is reported where `default` would have to pass a star', () => {
    const files = {
      'm.ts': 'import k from "./i"; export const f = () => k',
      'i.ts': 'export * from "./p"',
      'p.ts': 'export default 1',
    }
    expect(codes(files)).toEqual(["unresolved m.ts:1 f>'default' of './i'"])
  })
  test('is reported where re-exports go round', () => {
    const files = { 'm.ts': main, 'i.ts': 'export { k } from "./p"', 'p.ts': 'export { k } from "./i"' }
    expect(codes(files)).toEqual(["unresolved m.ts:1 f>'k' of './i'"])
  })
  test('is reported with the specifier of a missing file, which is in the version', () => {
    const files = { 'm.ts': 'import { k } from "./gone"; export const f = () => k' }
    expect(codes(files)).toEqual(["unresolved m.ts:1 f>'k' of './gone'"])
    expect(same(files, { 'm.ts': 'import { k } from "./gone2"; export const f = () => k' })).toBe(false)
  })
  test('is not reported where only a type is named', () => {
    const files = {
      'm.ts':
        'import { T } from "./t"; export class f { constructor(private readonly t: T) {} go() { return this.t.go() } }',
      't.ts': 'export interface T { go(): void }',
    }
    expect(codes(files)).toEqual([])
  })
})

describe('a whole namespace', () => {
  const dynamic = (source: string): Files => ({
    'm.ts': 'import * as n from "./n"; export const f = (k) => n[k]',
    'n.ts': source,
  })
  test('holds the names and values of all exports, and not their order', () => {
    expect(
      same(dynamic('export const a = 1; export const b = 2'), dynamic('export const b = 2; export const a = 1')),
    ).toBe(true)
    expect(
      same(dynamic('export const a = 1; export const b = 2'), dynamic('export const a = 2; export const b = 1')),
    ).toBe(false)
    expect(same(dynamic('export const a = 1'), dynamic('export const c = 1'))).toBe(false)
    expect(same(dynamic('export const a = 1'), dynamic('export const a = 1; export const b = 2'))).toBe(false)
  })
  test('may hold itself', () => {
    const files = (k: number): Files => ({
      'm.ts': 'import * as n from "./m"; export const f = (k) => n[k]; export * as inner from "./n"',
      'n.ts': `export * as outer from "./m"; export const k = ${k}`,
    })
    expect(same(files(1), files(1))).toBe(true)
    expect(same(files(1), files(2))).toBe(false)
  })
  test('of a static glob holds the names of the files and what they export', () => {
    const files = (name: string, value: number): Files => ({
      'm.ts': 'const all = import.meta.glob("./p/*.ts"); export const f = () => all',
      [`p/${name}.ts`]: `export const v = ${value}`,
    })
    expect(same(files('a', 1), files('a', 2))).toBe(false)
    expect(same(files('a', 1), files('b', 1))).toBe(false)
    expect(same(files('a', 1), { ...files('a', 1), 'q/x.ts': 'export const v = 1' })).toBe(true)
  })
})

describe('JSON', () => {
  const json = (read: string, text: string): Files => ({
    'm.ts': `import c from "./c.json"; export const f = (x) => ${read}`,
    'c.json': text,
  })
  test('counts with the value that a static path leads to', () => {
    expect(same(json('c.a.b', '{"a":{"b":1,"c":1},"d":1}'), json('c.a.b', '{"d":2,"a":{"c":2,"b":1}}'))).toBe(true)
    expect(same(json('c.a.b', '{"a":{"b":1}}'), json('c.a.b', '{"a":{"b":2}}'))).toBe(false)
  })
  test('counts whole where the path is not static or not its own', () => {
    expect(same(json('c[x]', '{"a":1,"b":1}'), json('c[x]', '{"a":1,"b":2}'))).toBe(false)
    expect(same(json('c.gone', '{"a":1}'), json('c.gone', '{"gone":1,"a":1}'))).toBe(false)
    expect(same(json('c.toString()', '{"a":1}'), json('c.toString()', '{"a":1,"b":2}'))).toBe(false)
  })
  test('keeps the order of keys, the sign of zero, and numbers beyond a double', () => {
    expect(same(json('c', '{"a":1,"b":2}'), json('c', '{"b":2,"a":1}'))).toBe(false)
    expect(same(json('c', '[0]'), json('c', '[-0]'))).toBe(false)
    expect(same(json('c', '[1e400]'), json('c', '[null]'))).toBe(false)
    expect(same(json('c', '["1"]'), json('c', '[1]'))).toBe(false)
  })
  test('counts by name where a key is imported, by itself or from the namespace', () => {
    const named = (b: number): Files => ({
      'm.ts': 'import { a } from "./c.json"; export const f = () => a',
      'c.json': `{"a":1,"b":${b}}`,
    })
    expect(same(named(1), named(2))).toBe(true)
    const member = (a: number): Files => ({
      'm.ts': 'import * as c from "./c.json"; export const f = () => c.a',
      'c.json': `{"a":${a}}`,
    })
    expect(same(member(1), member(2))).toBe(false)
    const swap = (key: string): Files => ({
      'm.ts': 'import { a, b } from "./c.json"; (a as any).x = 2; export const f = () => (§ as any).x'.replace(
        '§',
        key,
      ),
      'c.json': '{"a":{"x":1},"b":{"x":1}}',
    })
    expect(same(swap('a'), swap('b'))).toBe(false)
  })
})

describe('a leaf', () => {
  const use = (specifier: string, name = 'x'): Files => ({
    'm.ts': `import { ${name} } from "${specifier}"; export const f = () => ${name}`,
  })
  test('of a package is its identity, subpath and export', () => {
    expect(same(use('p'), use('p'), { packages: { p: '1' } })).toBe(true)
    expect(versionIn(use('p'), { packages: { p: '1' } }).version).not.toBe(
      versionIn(use('p'), { packages: { p: '2' } }).version,
    )
    expect(same(use('p'), use('p/sub'), { packages: { p: '1' } })).toBe(false)
    expect(same(use('p'), use('p', 'y'), { packages: { p: '1' } })).toBe(false)
  })
  test('of a builtin is the same with and without its prefix, and has the engine only where asked', () => {
    expect(same(use('path', 'join'), use('node:path', 'join'))).toBe(true)
    expect(same(use('path', 'join'), use('url', 'join'))).toBe(false)
    const engine = (major: string) => versionIn(use('path', 'join'), { settings: { engine: major } }).version
    expect(engine('20')).not.toBe(engine('22'))
  })
  test('of an asset is its bytes and its query', () => {
    const asset = (bytes: string, query: string): Files => ({
      'm.ts': `import sql from "./q.sql${query}"; export const f = () => sql`,
      'q.sql': bytes,
    })
    expect(same(asset('a', '?raw'), asset('b', '?raw'))).toBe(false)
    expect(same(asset('a', '?raw'), asset('a', '?url'))).toBe(false)
  })
  test('of a CommonJS module is all of it', () => {
    const cjs = (text: string): Files => ({
      'm.ts': 'import { a } from "./c.cjs"; export const f = () => a',
      'c.cjs': text,
    })
    expect(same(cjs('exports.a = 1'), cjs('exports.a = 2'))).toBe(false)
    expect(same(cjs('const k = 1; exports.a = k'), cjs('const k = 2; exports.a = k'))).toBe(false)
  })
  test('of a file that cannot be parsed is its text', () => {
    const broken = (text: string): Files => ({
      'm.ts': 'import { a } from "./c"; export const f = () => a',
      'c.ts': text,
    })
    expect(same(broken('export const a = ;'), broken('export const a =  ;'))).toBe(false)
    expect(versionIn(broken('export const a = ;')).diagnostics.map(({ code }) => code)).toContain('parse-error')
  })
})

describe('a setting of the compiler', () => {
  const fields: Files = { 'm.ts': 'class A { x; } export const f = () => new A()' }
  const plain: Files = { 'm.ts': 'export const f = () => 1' }
  test('counts where the closure has what it decides about', () => {
    const version = (files: Files, on: boolean) =>
      versionIn(files, { options: { useDefineForClassFields: on } }).version
    expect(version(fields, true)).not.toBe(version(fields, false))
    expect(version(plain, true)).toBe(version(plain, false))
  })
  test('follows from the target where it is not given', () => {
    const at = (target: string) => versionIn(fields, { options: { target } }).version
    expect(at('ES2021')).not.toBe(at('es2022'))
    expect(at('ESNext')).toBe(at('es2022'))
    expect(at('es5')).toBe(at('es6'))
  })
  test('counts with what the source says beside it', () => {
    const jsx = (pragma: string): Files => ({ 'm.tsx': `/** ${pragma} */ export const f = () => <a/>` })
    expect(same(jsx('@jsx h'), jsx('@jsx k'))).toBe(false)
    const typed = (type: string): Files => ({
      'm.ts': `@inj class A { constructor(a: ${type}) {} } export const f = () => A`,
    })
    expect(same(typed('Foo'), typed('Bar'))).toBe(true)
    const options = { experimentalDecorators: true, emitDecoratorMetadata: true }
    expect(same(typed('Foo'), typed('Bar'), { options })).toBe(false)
  })
  test('leads to the runtime that JSX is compiled for', () => {
    const files: Files = { 'm.tsx': 'export const f = () => <a/>' }
    const version = (react: string, jsx: string) => versionIn(files, { packages: { react }, options: { jsx } }).version
    expect(version('18', 'react-jsx')).not.toBe(version('19', 'react-jsx'))
    expect(version('18', 'react')).toBe(version('19', 'react'))
    const pragma: Files = { 'm.tsx': '/** @jsxImportSource preact */ export const f = () => <a/>' }
    const preact = (at: string) => versionIn(pragma, { packages: { preact: at } }).version
    expect(preact('10')).not.toBe(preact('11'))
  })
  test('replaces an expression that occurs', () => {
    const files: Files = { 'm.ts': 'declare const __MODE__: string; export const f = () => __MODE__' }
    const version = (source: Files, text: string) =>
      versionIn(source, { settings: { define: { __MODE__: text } } }).version
    expect(version(files, '"a"')).not.toBe(version(files, '"b"'))
    expect(version(plain, '"a"')).toBe(version(plain, '"b"'))
  })
})

test('the origin of an import binding is found through re-exports and stars', () => {
  const linker = new Linker(
    memoryProgram({
      'm.ts': 'import { cached } from "./i"; cached',
      'i.ts': 'export * from "./c"',
      'c.ts': 'export { memo as cached } from "@autocache/core"',
    }),
  )
  expect(linker.origin('/m.ts', 0, 'cached')).toMatchObject({
    kind: 'package',
    name: 'memo',
    found: { name: '@autocache/core' },
  })
})
