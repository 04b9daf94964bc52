import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkConfig, readConfig } from '../src/config.ts'
import { diskFiles, hostFiles } from '../src/files.ts'
import { globMatcher } from '../src/glob.ts'
import { createTsconfigs } from '../src/tsconfig.ts'
import { findWorkspace } from '../src/workspace.ts'
import { memoryRoot, readFrom } from './memory-files.ts'
import { onDisk } from './on-disk.ts'

const full = {
  wrappers: ['./lib/memo#memo', 'pkg#memo'],
  packages: { dayjs: 'content', left: 'version', right: 'ignore' },
  sideEffects: 'all',
  engine: 'major',
  define: { __DEV__: 'false' },
  diagnostics: { io: 'off', eval: 'warning' },
  exclude: ['scripts/**'],
}

test('a configuration is read from its own file or from package.json', () => {
  const own = { 'autocache.config.json': JSON.stringify({ $schema: 'x', ...full }), 'package.json': '{}' }
  const inside = { 'package.json': JSON.stringify({ name: 'app', autocache: full }) }
  for (const files of [own, inside]) {
    expect(readConfig(memoryRoot, hostFiles(readFrom(files))).config).toEqual(full)
    expect(readConfig(onDisk(files), diskFiles()).config).toEqual(full)
  }
  expect(readConfig(memoryRoot, hostFiles(readFrom({}))).config).toEqual({})
  expect(readConfig(memoryRoot, hostFiles(readFrom({ 'package.json': '{ broken' }))).config).toEqual({})
})

test.each([
  [[], /must be an object/],
  [{ wrapper: [] }, /'wrapper' is no setting\. There are wrappers, packages/],
  [{ wrappers: ['memo'] }, /'wrappers' must be a list of texts like/],
  [{ packages: { a: 'hash' } }, /'packages' must be an object, and 'a' in it one of 'content', 'version', 'ignore'/],
  [{ sideEffects: true }, /'sideEffects' must be one of/],
  [{ define: { a: 1 } }, /'a' in it a text/],
  [{ diagnostics: { nope: 'off' } }, /'nope' is none: eval/],
  [{ diagnostics: { eval: 'fatal' } }, /'eval' in it one of/],
  [{ exclude: 'a' }, /'exclude' must be a list of globs/],
  [{ toString: 1 }, /'toString' is no setting/],
])('the configuration %j is refused with what is wrong', (config, says) => {
  expect(() => checkConfig(config, 'autocache.config.json')).toThrow(says)
  expect(() => checkConfig(config, 'x')).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG', file: 'x' }))
})

test('a configuration that is no JSON, or stands in two places, is an error that names the file', () => {
  const read = (files: Record<string, string>) => readConfig(memoryRoot, hostFiles(readFrom(files)))
  expect(() => read({ 'autocache.config.json': '{ a: 1 }' })).toThrow(/^autocache\.config\.json is no JSON/)
  expect(() => read({ 'autocache.config.json': '{}', 'package.json': '{ "autocache": {} }' })).toThrow(
    /Keep one of them/,
  )
})

test.each([
  ['*.ts', ['a.ts', '.ts'], ['a/b.ts', 'a.tsx', 'ats']],
  ['**/*.ts', ['a.ts', 'a/b.ts', 'a/b/c.ts'], ['a.tsx']],
  ['src/**', ['src/a', 'src/a/b'], ['srca', 'other/src/a']],
  ['src/**/x/*.ts', ['src/x/a.ts', 'src/a/b/x/a.ts'], ['src/x/a/b.ts', 'srcx/a.ts']],
  ['{a,b/{c,d}}.js', ['a.js', 'b/c.js', 'b/d.js'], ['b.js', 'c.js']],
  ['a?[b-d].js', ['axb.js', 'a1d.js'], ['axe.js', 'a/b.js']],
  ['[!a].js', ['b.js'], ['a.js']],
  ['a.(b)+$^|.js', ['a.(b)+$^|.js'], ['axb.js']],
  ['{a}.js', ['{a}.js'], ['a.js']],
  ['{a', ['{a'], ['a']],
  ['[a', ['[a'], ['a']],
  ['./a/', ['a'], ['a/b']],
])('the glob %s matches as globs do', (pattern, matching, others) => {
  const matches = globMatcher([pattern])
  expect(matching.filter((path) => !matches(path))).toEqual([])
  expect(others.filter((path) => matches(path))).toEqual([])
})

test('globs with ! take away, and globs of folders take all below them', () => {
  const matches = globMatcher(['scripts', 'tools/*', '!tools/keep'], { folders: true })
  expect(['scripts/a.ts', 'scripts', 'tools/x/y.ts'].every(matches)).toBe(true)
  expect(['tools/keep/a.ts', 'scripts2/a.ts'].some(matches)).toBe(false)
  expect(globMatcher([])('a')).toBe(false)
})

describe('tsconfig', () => {
  const fail = (file: string, what: string) => {
    throw new Error(`${file} ${what}`)
  }
  const tree = {
    'tsconfig.json': '{ "extends": "base/tsconfig.json", "compilerOptions": { "jsx": "React-JSX" } }',
    'node_modules/base/package.json': '{ "name": "base" }',
    'node_modules/base/tsconfig.json': '{ "compilerOptions": { "target": "ES2020", "experimentalDecorators": true } }',
    'sub/tsconfig.json': '{ "extends": ["../tsconfig.json", "./more.json"] }',
    'sub/more.json': '{ "compilerOptions": { "useDefineForClassFields": false, "strict": true } }',
    'js/jsconfig.json': '{ "compilerOptions": { "target": "es2022" } }',
  }

  test('a tsconfig of an in-memory project is read as one on the disk', () => {
    const disk = onDisk(tree)
    for (const [root, files] of [[disk, diskFiles()] as const, [memoryRoot, hostFiles(readFrom(tree))] as const]) {
      const configs = createTsconfigs(files, root, undefined, fail)
      const base = { target: 'es2020', experimentalDecorators: true, jsx: 'react-jsx' }
      expect(configs.of(join(root, 'a/b.ts')).options).toEqual(base)
      expect(configs.of(join(root, 'sub/b.ts')).options).toEqual({ ...base, useDefineForClassFields: false })
      expect(configs.of(join(root, 'js/b.js')).options).toMatchObject({ target: 'es2022' })
      expect(configs.inputs).toContain(join(root, 'sub/more.json'))
    }
  })

  test('a tsconfig given governs all files, as a path or as settings', () => {
    const files = hostFiles(readFrom(tree))
    const of = (option: Parameters<typeof createTsconfigs>[2], file = 'a.ts') =>
      createTsconfigs(files, memoryRoot, option, fail).of(join(memoryRoot, file)).options
    expect(of('sub/more.json')).toEqual({ useDefineForClassFields: false })
    expect(of({ compilerOptions: { jsx: 'preserve', useDefineForClassFields: 'yes' } }, 'sub/a.ts')).toEqual({
      jsx: 'preserve',
    })
    expect(() => of('none.json')).toThrow(/There is no tsconfig at none\.json/)
  })

  test('a tsconfig that cannot be read is reported, and counts as absent', () => {
    for (const text of [
      '{ "compilerOptions": ',
      '[]',
      '',
      '{ "extends": "./none.json" }',
      '{ "extends": "./tsconfig.json" }',
    ]) {
      const problems: string[] = []
      const files = hostFiles(readFrom({ 'tsconfig.json': text }))
      const configs = createTsconfigs(files, memoryRoot, undefined, (file) => problems.push(file))
      expect(configs.of(join(memoryRoot, 'a.ts')).options).toEqual({})
      expect(configs.of(join(memoryRoot, 'b.ts')).options).toEqual({})
      expect(problems.length).toBeLessThanOrEqual(1)
    }
  })
})

describe('workspace', () => {
  const names = (tree: Record<string, string>, at = '.') => {
    const problems: string[] = []
    const disk = onDisk(tree)
    const entries = Object.keys(tree).map((file) => join(memoryRoot, file))
    const places = [
      findWorkspace(diskFiles(), join(disk, at), [], (file) => problems.push(file)),
      findWorkspace(hostFiles(readFrom(tree)), join(memoryRoot, at), entries, () => {}),
    ]
    const [onDiskNames, inMemoryNames] = places.map(({ members }) => members.map(({ name }) => name).sort())
    expect(inMemoryNames).toEqual(onDiskNames)
    return { names: onDiskNames, problems: problems.map((file) => file.slice(disk.length + 1)) }
  }

  test('members are those that the patterns of pnpm, npm, yarn and bun name', () => {
    const packages = {
      'a/package.json': '{ "name": "a" }',
      'libs/b/package.json': '{ "name": "b" }',
      'libs/b/node_modules/x/package.json': '{ "name": "x" }',
      'libs/deep/c/package.json': '{ "name": "c" }',
      'libs/no/package.json': '{ "name": "no" }',
      'package.json': '{ "name": "root" }',
    }
    const pnpm = { ...packages, 'pnpm-workspace.yaml': 'packages: ["a", "libs/**", "!libs/no"]' }
    expect(names(pnpm).names).toEqual(['a', 'b', 'c', 'root'])
    const npm = { ...packages, 'package.json': '{ "name": "root", "workspaces": ["./a/", "libs/*"] }' }
    expect(names(npm).names).toEqual(['a', 'b', 'no', 'root'])
    const yarn = { ...packages, 'package.json': '{ "workspaces": { "packages": ["libs/{b,no}"] } }' }
    expect(names(yarn).names).toEqual(['b', 'no', undefined])
  })

  test('the workspace above a root counts when it names it', () => {
    const tree = { 'package.json': '{ "workspaces": ["apps/*"] }', 'apps/a/package.json': '{ "name": "a" }' }
    expect(names({ ...tree, 'apps/b/package.json': '{ "name": "b" }' }, 'apps/b').names).toEqual(['a', 'b', undefined])
    expect(names({ ...tree, 'other/package.json': '{ "name": "other" }' }, 'other').names).toEqual(['other'])
  })

  test('files of a workspace that cannot be understood are reported and left out', () => {
    const { names: found, problems } = names({
      'pnpm-workspace.yaml': 'packages: ["*"]',
      'package.json': '{ "name": "root" }',
      'a/package.json': '{ "name": ',
      'b/package.json': '[]',
      'c/package.json': '{ "name": 7 }',
    })
    expect(found).toEqual(['root', undefined])
    expect(problems).toEqual(['a/package.json'])
    expect(names({ 'pnpm-workspace.yaml': 'packages: [', 'package.json': '{}' }).problems).toEqual([
      'pnpm-workspace.yaml',
    ])
    expect(names({ 'package.json': '{ "workspaces": 7 }' }).problems).toEqual([])
  })
})
