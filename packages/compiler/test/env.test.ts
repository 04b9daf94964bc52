import { describe, expect, test } from 'vitest'
import { inMemory } from './in-memory.ts'

const core = "import { cached } from '@autocache/core'\n"
const use = (code: string, before = '') =>
  inMemory({ 'main.ts': `${core}${before}\nexport const f = cached((k) => { ${code} })` }).functions.at(-1)!
const reads = (code: string, before?: string) =>
  use(code, before).env.map(({ name, expression, module }) => `${name} ${expression}${module ? ' module' : ''}`)
const codes = (code: string, before?: string) => use(code, before).diagnostics.map(({ code: each }) => each)

const fixed: Record<string, readonly [code: string, reads: readonly string[], before?: string]> = {
  'a member': ['return process.env.X', ['X process.env.X']],
  'a member in quotes': ['return process.env["X"]', ['X process.env["X"]']],
  'a member in a template': ['return process.env[`X`]', ['X process.env[`X`]']],
  'optional chains': ['return process?.env?.X?.trim()', ['X process?.env?.X']],
  'types in between': ['return (process as any).env.X!.trim()', ['X (process as any).env.X']],
  'the global object': ['return globalThis.process?.env?.X', ['X globalThis.process?.env?.X']],
  'the global object of Node': ['return global.process.env.X', ['X global.process.env.X']],
  'an empty default': ['return (process.env || {}).X', ['X (process.env || {}).X']],
  'a pattern': [
    'const { X, Y: y = "1", "Z": z } = process.env; return X + y + z',
    ['X process.env.X', 'Y process.env.Y', 'Z process.env.Z'],
  ],
  'a pattern of process': ['const { env: { X } } = process; return X', ['X process.env.X']],
  'an alias': ['const env = process.env; return env.X', ['X process.env.X']],
  'an alias of process': ['const p = process; return p.env.X', ['X process.env.X']],
  'a destructured alias': ['const { env } = process; return env.X', ['X process.env.X']],
  'an alias of the module': ['return env.X', ['X process.env.X'], 'const env = process.env'],
  'a question': ['return "X" in process.env', ['X process.env.X']],
  'a test before it': ['return typeof process !== "undefined" && process.env && process.env.X', ['X process.env.X']],
  'an import of env': ['return env.X', ['X env.X'], "import { env } from 'node:process'"],
  'an import of env by another name': ['const { X } = e; return X', ['X e.X'], "import { env as e } from 'process'"],
  'an import of process': ['return process.env.X', ['X process.env.X'], "import process from 'node:process'"],
  'an import of all of process': ['const { X } = p.env; return X', ['X p.env.X'], "import * as p from 'node:process'"],
  'the environment of a bundler': ['return import.meta.env.X', ['X import.meta.env.X']],
  'a pattern of it': ['const { X } = import.meta.env; return X', ['X import.meta.env.X']],
  'the environment of Bun': ['return Bun.env.X', ['X Bun.env.X']],
  'the environment of Deno': ['return Deno.env.get("X")', ['X Deno.env.get("X")']],
  'a read with the module': ['return x', ['X process.env.X module'], 'const x = process.env.X'],
  'a read with the module in an object': [
    'return c.x',
    ['X process.env.X module'],
    'const c = { x: process.env.X ?? "d" }',
  ],
  'a pattern with the module': ['return X', ['X process.env.X module'], 'const { X } = process.env'],
  'a read in a static field': ['return A.x', ['X process.env.X module'], 'class A { static x = process.env.X }'],
  'a read in a helper': ['return h()', ['X process.env.X'], 'const h = () => process.env.X'],
  'nothing that is only called so': ['const process = { env: { X: 1 } }; return process.env.X', []],
  'nothing that a parameter is called': ['return ((process) => process.env.X)(k)', []],
  'nothing else of process': ['return process.argv[2] + process.platform', []],
}

describe('R05 what is read of the environment is an input', () => {
  for (const [title, [code, expected, before]] of Object.entries(fixed)) {
    test(title, () => {
      expect(reads(code, before)).toEqual(expected)
      expect(codes(code, before)).toEqual([])
    })
  }
})

const hidden: Record<string, readonly [code: string, before?: string]> = {
  'a name that is not in the source': ['return process.env[k]'],
  'a name that is not in the source, of a bundler': ['return import.meta.env[k]'],
  'a name that is not in the source, of Bun': ['return Bun.env[k]'],
  'a name that is not in the source, of Deno': ['return Deno.env.get(k)'],
  'a name that is not in the source, of an import': ['return env[k]', "import { env } from 'node:process'"],
  'all of Deno': ['return Deno.env.toObject()'],
  'a spread': ['return { ...process.env }'],
  'a spread of an import': ['return { ...env }', "import { env } from 'node:process'"],
  'an argument': ['return g(process.env)', 'const g = (e) => e.X'],
  'an argument from an import': ['return g(p.env)', "import p from 'node:process'\nconst g = (e) => e.X"],
  'process as an argument': ['return g(process)', 'const g = (p) => p.env.X'],
  'a member of process that is not in the source': ['return process[k]'],
  'a result': ['return process.env'],
  'a result of a helper': ['return g().X', 'const g = () => process.env'],
  'a default': ['return g()', 'const g = (e = process.env) => e.X'],
  'a value in an object': ['return { env: process.env }'],
  'an element': ['return [process.env]'],
  keys: ['return Object.keys(process.env)'],
  'a loop': ['for (const x in process.env) return x'],
  'a rest': ['const { X, ...rest } = process.env; return rest'],
  'a computed pattern': ['const { [k]: x } = process.env; return x'],
  'a later assignment': ['let e; e = process.env; return e.X'],
  'a pattern that is assigned': ['let X; ({ X } = process.env); return X'],
  'an alias of the module, used whole': ['return g(env)', 'const env = process.env\nconst g = (e) => e.X'],
}

describe('what hides which of the environment is read is reported', () => {
  for (const [title, [code, before]] of Object.entries(hidden)) {
    test(title, () => expect(codes(code, before)).toContain('env-dynamic'))
  }

  test('an alias that another module imports is reported where it is made', () => {
    const { functions } = inMemory({
      'main.ts': `${core}import { env } from './env'\nexport const f = cached(() => env.X)`,
      'env.ts': 'export const env = process.env',
    })
    expect(functions[0]!.diagnostics).toMatchObject([
      { code: 'env-dynamic', position: { file: 'env.ts', line: 1, column: 20 }, path: ['f', 'env'] },
    ])
  })

  test('what the function does not reach is not', () => {
    expect(codes('return k', 'export const all = { ...process.env }')).toEqual([])
  })
})

describe('the version tells apart', () => {
  const version = (code: string) => use(code).version
  test('names', () => expect(version('return process.env.A')).not.toBe(version('return process.env.B')))
  test('names in patterns', () =>
    expect(version('const { A } = process.env; return A')).not.toBe(version('const { B } = process.env; return B')))
  test('environments', () =>
    expect(version('return process.env.A + import.meta.env.A')).not.toBe(
      version('return import.meta.env.A + process.env.A'),
    ))
  test('a question and a read', () =>
    expect(version('return "A" in process.env')).not.toBe(version('return process.env.A')))
  test('has and get', () => expect(version('return Deno.env.has("A")')).not.toBe(version('return Deno.env.get("A")')))
  test('but no spellings', () => expect(version("return process.env['A']")).toBe(version('return process.env.A')))
})
