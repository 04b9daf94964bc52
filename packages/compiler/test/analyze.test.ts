import { join } from 'node:path'
import { expect, test } from 'vitest'
import { analyze } from '../src/analyze.ts'
import { readManifest, writeManifest } from '../src/manifest.ts'
import { inMemory } from './in-memory.ts'
import { onDisk } from './on-disk.ts'

const shop = {
  'package.json': '{ "name": "shop" }',
  'src/users.ts': `import { cached } from '@autocache/core'
import { load as fetchUser } from './load.js'
import limits from './limits.json'

const getUser = cached((id: string) => fetchUser(id, limits.users), { ttl: '5m' })
export { getUser as readUser }
export class UserService {
  @cached({ ttl: 1 })
  find(id: string) {
    return fetchUser(id, 1)
  }
}
export default cached(async () => process.env.API_URL)
`,
  'src/load.ts':
    'export const load = (id: string, limit: number) => [id, limit, Date.now()]\nexport type Id = string\n',
  'src/limits.json': '{ "users": 10, "orders": 20 }',
}

test('functions are listed by file and place, with what they are called, exported as and cached by', () => {
  const { functions } = inMemory(shop)
  const found = functions.map(({ label, file, line, column, form, export: name }) => ({
    label,
    file,
    line,
    column,
    form,
    name,
  }))
  expect(found).toEqual([
    { label: 'getUser', file: 'src/users.ts', line: 5, column: 17, form: 'call', name: 'readUser' },
    {
      label: 'UserService.find',
      file: 'src/users.ts',
      line: 8,
      column: 3,
      form: 'decorator',
      name: 'UserService.find',
    },
    { label: 'default', file: 'src/users.ts', line: 13, column: 16, form: 'call', name: 'default' },
  ])
  expect(functions.every(({ version }) => /^s1-[a-z2-7]{26}$/.test(version))).toBe(true)
})

test('definitions say what leads to them, and where in the text they stand', () => {
  const [first] = inMemory(shop).functions
  const listed = first!.definitions.map(({ name, kind, file, parent, via }) => [name, kind, file, parent, via])
  expect(listed).toEqual([
    ['getUser', 'value', 'src/users.ts', -1, 'reference'],
    ['load', 'value', 'src/load.ts', 0, 'reference'],
    ['limits.json', 'json', 'src/limits.json', 0, 'reference'],
  ])
  const { start, end } = first!.definitions[1]!
  expect(shop['src/load.ts'].slice(start, end)).toBe('load = (id: string, limit: number) => [id, limit, Date.now()]')
})

test('a version is asked for by export, name or label, and of a use it is the version of that use', () => {
  const analysis = inMemory(shop)
  const [getUser, find, other] = analysis.functions
  expect(analysis.versionOf('src/users.ts', 'getUser')).toBe(getUser)
  expect(analysis.versionOf('src/users.ts', 'readUser')).toBe(getUser)
  expect(analysis.versionOf('src/users.ts', 'UserService.find')).toBe(find)
  expect(analysis.versionOf('src/users.ts', 'default')).toBe(other)
  expect(analysis.versionOf('src/users.ts', 'UserService')).toMatchObject({ form: 'export', export: 'UserService' })
  expect(analysis.versionOf('src/load.ts', 'load')).toMatchObject({ label: 'load', line: 1, column: 14 })
  expect(analysis.versionOf('src/load.ts', 'load')).toBe(analysis.versionOf(join(analysis.root, 'src/load.ts'), 'load'))
})

test('exports are those that exist at run time', () => {
  const analysis = inMemory({
    ...shop,
    'src/index.ts':
      "export * from './users.ts'\nexport * from './load.ts'\nexport * as all from './load.ts'\nexport type { Id as Key } from './load.ts'",
  })
  expect(analysis.exportsOf('src/load.ts')).toEqual(['load'])
  expect(analysis.exportsOf('src/index.ts')).toEqual(['UserService', 'all', 'load', 'readUser'])
  expect(analysis.versionOf('src/index.ts', 'load').definitions[0]).toMatchObject({ name: 'load', file: 'src/load.ts' })
})

test('a CommonJS module answers for the names that stand in it', () => {
  const analysis = inMemory({ 'a.cjs': 'exports.f = () => 1\nmodule.exports.g = () => 2' })
  expect(analysis.versionOf('a.cjs', 'f').version).toMatch(/^s1-/)
  expect(() => analysis.versionOf('a.cjs', 'h')).toThrow(/has no export h/)
})

test('the same project has the same versions on the disk, in memory, and with its files in any order', () => {
  const versions = (analysis: ReturnType<typeof analyze>) => analysis.functions.map(({ version }) => version)
  const disk = analyze({ root: onDisk(shop) })
  const sources = Object.keys(shop).filter((file) => file.endsWith('.ts'))
  expect(versions(disk)).toEqual(versions(inMemory(shop)))
  expect(versions(inMemory(shop, { files: sources.reverse() }))).toEqual(versions(disk))
})

test('the scheme of a test runner makes versions that are never equal to others', () => {
  const [ours] = inMemory(shop).functions
  const [theirs] = inMemory(shop, { scheme: 't1' }).functions
  expect(theirs!.version).toMatch(/^t1-/)
  expect(theirs!.version.slice(3)).not.toBe(ours!.version.slice(3))
})

test('diagnostics have a place, a path, a level and a text that says what to do, each place once', () => {
  const files = { ...shop, 'src/broken.ts': 'export const = 1' }
  const { diagnostics } = inMemory(files, { config: { diagnostics: { 'impure-time': 'error' } } })
  expect(diagnostics.map(({ code, level, path, position }) => ({ code, level, path, position }))).toEqual([
    {
      code: 'parse-error',
      level: 'error',
      path: [],
      position: { file: 'src/broken.ts', line: 1, column: 14 },
    },
    {
      code: 'impure-time',
      level: 'error',
      path: ['getUser', 'load'],
      position: { file: 'src/load.ts', line: 1, column: expect.any(Number) },
    },
  ])
  for (const { message } of diagnostics) expect(message).toMatch(/^[A-Z`].{30,}\.$/)
  expect(
    inMemory(files, { config: { diagnostics: { 'impure-time': 'off', 'parse-error': 'off' } } }).diagnostics,
  ).toEqual([])
})

test('settings given come before those of the configuration file', () => {
  const own = { ...shop, 'autocache.config.json': '{ "diagnostics": { "impure-time": "off" } }' }
  expect(inMemory(own).diagnostics).toEqual([])
  expect(inMemory(own, { config: { diagnostics: {} } }).diagnostics).toMatchObject([{ code: 'impure-time' }])
})

test('uses of one file come with what a stamp needs', () => {
  const analysis = inMemory(shop)
  const uses = analysis.usesIn('src/users.ts')
  expect(uses.map(({ versioned }) => versioned)).toEqual(analysis.functions)
  const { use } = uses[0]!
  expect(shop['src/users.ts'].slice(...use.fn)).toBe('(id: string) => fetchUser(id, limits.users)')
  expect(analysis.usesIn('src/load.ts')).toEqual([])
})

test('a manifest of an analysis is read back, and its inputs tell an edit of anything that was read', () => {
  const analysis = inMemory(shop)
  const manifest = analysis.manifest()
  expect(readManifest(writeManifest(manifest))).toEqual(JSON.parse(JSON.stringify(manifest)))
  expect(manifest.functions.map(({ version }) => version)).toEqual(analysis.functions.map(({ version }) => version))
  expect(writeManifest(inMemory(shop).manifest())).toBe(writeManifest(manifest))

  const inputs = (files: Record<string, string>, options = {}) => inMemory(files, options).manifest().inputs
  const edits: Record<string, string>[] = [
    { 'src/load.ts': `${shop['src/load.ts']}// a comment` },
    { 'src/limits.json': '{ "users": 10, "orders": 21 }' },
    { 'package.json': '{ "name": "shop", "version": "2.0.0" }' },
    { 'tsconfig.json': '{}' },
    { 'src/new.ts': '' },
  ]
  const all = [manifest.inputs, ...edits.map((edit) => inputs({ ...shop, ...edit }))]
  all.push(inputs(shop, { scheme: 't1' }), inputs(shop, { config: { engine: 'major' } }))
  all.push(inputs(shop, { tsconfig: { compilerOptions: { target: 'es2022' } } }))
  expect(new Set(all).size).toBe(all.length)
})

test('inputs name every file that was read', () => {
  const analysis = inMemory({ ...shop, 'tsconfig.json': '{}' })
  const names = analysis.inputs.map((file) => file.slice(analysis.root.length + 1))
  expect(names).toEqual(['package.json', 'src/limits.json', 'src/load.ts', 'src/users.ts', 'tsconfig.json'])
})
