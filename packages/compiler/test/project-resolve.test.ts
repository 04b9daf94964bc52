import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { diskFiles, type Files, hostFiles } from '../src/files.ts'
import type { Request } from '../src/model.ts'
import { createResolver, type ResolverOptions } from '../src/resolve.ts'
import { createTsconfigs } from '../src/tsconfig.ts'
import { findWorkspace } from '../src/workspace.ts'
import { memoryRoot, readFrom } from './memory-files.ts'
import { type Link, onDisk } from './on-disk.ts'

type Tree = Readonly<Record<string, string | Link>>

function resolverOf(files: Files, root: string, entries: readonly string[], host?: ResolverOptions['host']) {
  const problem = (file: string, what: string) => {
    throw new Error(`${file}: ${what}`)
  }
  const tsconfigs = createTsconfigs(files, root, undefined, problem)
  const workspace = findWorkspace(files, root, entries, problem)
  const identify = (name: string) => ({ known: name === 'locked' })
  const resolve = createResolver({ files, root, workspace, tsconfigs, host, identify })
  return (specifier: string, importer = 'main.ts', kind: Request['kind'] = 'import') => {
    const found = resolve(specifier, join(root, importer), kind)
    const file = 'file' in found && found.file !== undefined ? { file: relative(root, found.file) } : {}
    return { ...found, ...file }
  }
}

/** The same project on the disk and in memory: both must resolve alike. */
const places: readonly (readonly [
  name: string,
  (tree: Tree, host?: ResolverOptions['host']) => ReturnType<typeof resolverOf>,
])[] = [
  ['on the disk', (tree, host) => resolverOf(diskFiles(), onDisk(tree), [], host)],
  [
    'in memory',
    (tree, host) => {
      const texts = Object.fromEntries(Object.entries(tree).filter(([, text]) => typeof text === 'string'))
      const entries = Object.keys(texts).map((file) => join(memoryRoot, file))
      return resolverOf(hostFiles(readFrom(texts as Record<string, string>)), memoryRoot, entries, host)
    },
  ],
]

describe.each(places)('a project %s', (_, project) => {
  test('a relative specifier finds the source with, without and with the emitted extension', () => {
    const at = project({ 'a.ts': '', 'b.tsx': '', 'c.mts': '', 'd.service.ts': '', 'e/index.ts': '', 'f.json': '{}' })
    expect(at('./a')).toEqual({ kind: 'source', file: 'a.ts' })
    expect(at('./a.ts')).toEqual({ kind: 'source', file: 'a.ts' })
    expect(at('./a.js')).toEqual({ kind: 'source', file: 'a.ts' })
    expect(at('./b.js')).toEqual({ kind: 'source', file: 'b.tsx' })
    expect(at('./b.jsx')).toEqual({ kind: 'source', file: 'b.tsx' })
    expect(at('./c.mjs')).toEqual({ kind: 'source', file: 'c.mts' })
    expect(at('./d.service')).toEqual({ kind: 'source', file: 'd.service.ts' })
    expect(at('./e')).toEqual({ kind: 'source', file: 'e/index.ts' })
    expect(at('./e/')).toEqual({ kind: 'source', file: 'e/index.ts' })
    expect(at('.', 'e/x.ts')).toEqual({ kind: 'source', file: 'e/index.ts' })
    expect(at('..', 'e/sub/x.ts')).toEqual({ kind: 'source', file: 'e/index.ts' })
    expect(at('./f')).toEqual({ kind: 'json', file: 'f.json' })
    expect(at('./g')).toEqual({ kind: 'unresolved' })
  })

  test('a file emitted beside its source is used by JavaScript and not by TypeScript', () => {
    const at = project({ 'a.ts': '', 'a.js': '' })
    expect(at('./a.js', 'main.ts')).toEqual({ kind: 'source', file: 'a.ts' })
    expect(at('./a.js', 'main.js')).toEqual({ kind: 'source', file: 'a.js' })
    expect(at('./a', 'main.js')).toEqual({ kind: 'source', file: 'a.js' })
  })

  test('a file comes before a folder of its name, unless a slash says folder', () => {
    const at = project({ 'a.ts': '', 'a/index.ts': '' })
    expect(at('./a')).toEqual({ kind: 'source', file: 'a.ts' })
    expect(at('./a/')).toEqual({ kind: 'source', file: 'a/index.ts' })
  })

  test('a declaration file is no module', () => {
    const at = project({ 'a.d.ts': '', 'b.d.mts': '', 'c.d.css.ts': '' })
    expect(at('./a')).toEqual({ kind: 'unresolved' })
    expect(at('./a.d.ts')).toEqual({ kind: 'unresolved' })
    expect(at('./b.mjs')).toEqual({ kind: 'unresolved' })
    expect(at('./c.css')).toEqual({ kind: 'unresolved' })
  })

  test('what is no source is an asset, with its query', () => {
    const at = project({ 'a.sql': '', 'b.ts': '', 'c.json': '', 'd e.txt': '', 'sub/f.png': '' })
    expect(at('./a.sql')).toEqual({ kind: 'asset', file: 'a.sql', query: '' })
    expect(at('./a.sql?raw')).toEqual({ kind: 'asset', file: 'a.sql', query: '?raw' })
    expect(at('./b.ts?raw')).toEqual({ kind: 'asset', file: 'b.ts', query: '?raw' })
    expect(at('./b?url')).toEqual({ kind: 'asset', file: 'b.ts', query: '?url', runs: true })
    expect(at('./b.ts?v=1')).toEqual({ kind: 'source', file: 'b.ts' })
    expect(at('./c.json?raw')).toEqual({ kind: 'asset', file: 'c.json', query: '?raw' })
    expect(at('./d%20e.txt')).toEqual({ kind: 'asset', file: 'd e.txt', query: '' })
    expect(at('sub/f.png', 'main.ts', 'asset')).toEqual({ kind: 'asset', file: 'sub/f.png', query: '' })
    expect(at('./b.ts', 'main.ts', 'asset')).toEqual({ kind: 'asset', file: 'b.ts', query: '', runs: true })
  })

  test('a specifier with a scheme is a module of the runtime, a file, or unresolved', () => {
    const at = project({ 'a.ts': '' })
    expect(at('node:fs')).toEqual({ kind: 'builtin', name: 'node:fs' })
    expect(at('fs/promises')).toEqual({ kind: 'builtin', name: 'node:fs/promises' })
    expect(at('bun:sqlite')).toEqual({ kind: 'builtin', name: 'bun:sqlite' })
    expect(at('https://example.org/a.js')).toEqual({ kind: 'unresolved' })
    expect(at('virtual:routes')).toEqual({ kind: 'unresolved' })
  })

  test('paths and baseUrl of the nearest tsconfig lead to sources', () => {
    const at = project({
      'tsconfig.json': `{
        // comments and trailing commas are usual here
        "extends": "./config/base.json", "compilerOptions": { "strict": true, },
      }`,
      'config/base.json': '{ "compilerOptions": { "paths": { "@/*": ["../app/*"], "exact": ["../exact.ts"] } } }',
      'app/a.ts': '',
      'exact.ts': '',
      'shared/b.ts': '',
      'sub/tsconfig.json': '{}',
    })
    expect(at('@/a')).toEqual({ kind: 'source', file: 'app/a.ts' })
    expect(at('exact')).toEqual({ kind: 'source', file: 'exact.ts' })
    expect(at('@/missing')).toEqual({ kind: 'unresolved' })
    expect(at('@/a', 'sub/main.ts')).toEqual({ kind: 'unresolved' })
  })

  test('baseUrl alone leads to sources', () => {
    const at = project({ 'tsconfig.json': '{ "compilerOptions": { "baseUrl": "./src" } }', 'src/shared/b.ts': '' })
    expect(at('shared/b')).toEqual({ kind: 'source', file: 'src/shared/b.ts' })
  })

  test('a project that a solution refers to governs its files', () => {
    const at = project({
      'tsconfig.json': '{ "files": [], "references": [{ "path": "./tsconfig.app.json" }, { "path": "./tool" }] }',
      'tsconfig.app.json': '{ "include": ["src"], "compilerOptions": { "paths": { "~/*": ["./src/*"] } } }',
      'tool/tsconfig.json': '{ "compilerOptions": { "paths": { "~/*": ["./lib/*"] } } }',
      'src/a.ts': '',
      'tool/lib/a.ts': '',
    })
    expect(at('~/a', 'src/main.ts')).toEqual({ kind: 'source', file: 'src/a.ts' })
    expect(at('~/a', 'tool/main.ts')).toEqual({ kind: 'source', file: 'tool/lib/a.ts' })
    expect(at('~/a', 'main.ts')).toEqual({ kind: 'unresolved' })
  })

  test('a package of the workspace leads to the source of what its exports name, built or not', () => {
    const tree = {
      'package.json': '{ "workspaces": ["packages/*"] }',
      'packages/lib/package.json': `{
        "name": "@acme/lib",
        "exports": {
          ".": { "types": "./dist/index.d.ts", "import": "./dist/esm/index.js", "require": "./dist/cjs/index.cjs" },
          "./deep": "./dist/deep.mjs",
          "./feature/*": { "import": "./dist/feature/*.js" },
          "./data.json": "./data.json",
          "./hidden": null
        }
      }`,
      'packages/lib/src/index.ts': '',
      'packages/lib/src/deep.ts': '',
      'packages/lib/src/feature/one.tsx': '',
      'packages/lib/data.json': '{}',
      'packages/app/package.json': '{ "name": "app" }',
    }
    const built = { ...tree, 'packages/lib/dist/esm/index.js': '', 'packages/lib/dist/deep.mjs': '' }
    for (const at of [project(tree), project(built)]) {
      const from = 'packages/app/main.ts'
      expect(at('@acme/lib', from)).toEqual({ kind: 'source', file: 'packages/lib/src/index.ts' })
      expect(at('@acme/lib/deep', from)).toEqual({ kind: 'source', file: 'packages/lib/src/deep.ts' })
      expect(at('@acme/lib/feature/one', from)).toEqual({ kind: 'source', file: 'packages/lib/src/feature/one.tsx' })
      expect(at('@acme/lib/data.json', from)).toEqual({ kind: 'json', file: 'packages/lib/data.json' })
      expect(at('@acme/lib/hidden', from)).toEqual({ kind: 'unresolved' })
      expect(at('@acme/lib/src/index.ts', from)).toEqual({ kind: 'unresolved' })
      expect(at('@acme/lib', 'packages/lib/test/a.ts')).toEqual({
        kind: 'source',
        file: 'packages/lib/src/index.ts',
      })
    }
  })

  test('an output folder is mapped by the tsconfig of its package', () => {
    const at = project({
      'pnpm-workspace.yaml': 'packages:\n  - libs/**\n  - "!libs/old"\n',
      'package.json': '{}',
      'libs/a/package.json': '{ "name": "a", "main": "target/code/main.js" }',
      'libs/a/tsconfig.json': '{ "compilerOptions": { "outDir": "target/code", "rootDir": "code" } }',
      'libs/a/code/main.ts': '',
      'libs/old/package.json': '{ "name": "old" }',
      'libs/old/index.js': '',
    })
    expect(at('a')).toEqual({ kind: 'source', file: 'libs/a/code/main.ts' })
    expect(at('old')).toEqual({ kind: 'unresolved' })
  })

  test('a package whose sources are elsewhere than its outputs falls back to what it ships', () => {
    const at = project({
      'package.json': '{ "workspaces": { "packages": ["a", "b", "c"] } }',
      'a/package.json': '{ "name": "a", "main": "lib/index.js" }',
      'a/lib/index.js': '',
      'b/package.json': '{ "name": "b", "module": "dist/b.esm.js", "main": "dist/b.cjs.js" }',
      'b/src/index.ts': '',
      'c/package.json': '{ "name": "c" }',
      'c/index.ts': '',
    })
    expect(at('a')).toEqual({ kind: 'source', file: 'a/lib/index.js' })
    expect(at('b')).toEqual({ kind: 'source', file: 'b/src/index.ts' })
    expect(at('c')).toEqual({ kind: 'source', file: 'c/index.ts' })
  })

  test('the imports of a package lead to its sources, to builtins and to packages', () => {
    const at = project({
      'package.json': `{ "imports": {
        "#lib/*": "./dist/*.js",
        "#platform": { "browser": "./browser.ts", "node": "./node.ts" },
        "#fs": "node:fs",
        "#dep": "dep"
      } }`,
      'src/a.ts': '',
      'node.ts': '',
      'node_modules/dep/package.json': '{ "name": "dep", "version": "1.0.0" }',
      'node_modules/dep/index.js': '',
    })
    expect(at('#lib/a')).toEqual({ kind: 'source', file: 'src/a.ts' })
    expect(at('#platform')).toEqual({ kind: 'source', file: 'node.ts' })
    expect(at('#fs')).toEqual({ kind: 'builtin', name: 'node:fs' })
    expect(at('#dep')).toEqual({ kind: 'package', name: 'dep', subpath: '', file: 'node_modules/dep/index.js' })
    expect(at('#none')).toEqual({ kind: 'unresolved' })
  })

  test('an installed package is a leaf with its name, subpath and file', () => {
    const at = project({
      'package.json': '{}',
      'node_modules/one/package.json': `{ "name": "one", "exports": {
        ".": { "import": "./esm.mjs", "require": "./cjs.cjs" }, "./sub": "./lib/sub.js" } }`,
      'node_modules/one/esm.mjs': '',
      'node_modules/one/cjs.cjs': '',
      'node_modules/one/lib/sub.js': '',
      'node_modules/@scope/two/package.json': '{ "name": "@scope/two", "main": "main.js" }',
      'node_modules/@scope/two/main.js': '',
      'node_modules/@scope/two/style.css': '',
      'node_modules/types/package.json': '{ "name": "types", "types": "index.d.ts" }',
      'sub/node_modules/one/package.json': '{ "name": "one", "version": "2.0.0" }',
      'sub/node_modules/one/index.js': '',
    })
    expect(at('one')).toEqual({ kind: 'package', name: 'one', subpath: '', file: 'node_modules/one/esm.mjs' })
    expect(at('one', 'main.cjs', 'require')).toEqual({
      kind: 'package',
      name: 'one',
      subpath: '',
      file: 'node_modules/one/cjs.cjs',
    })
    expect(at('one/sub')).toEqual({
      kind: 'package',
      name: 'one',
      subpath: '/sub',
      file: 'node_modules/one/lib/sub.js',
    })
    expect(at('@scope/two/style.css?inline')).toEqual({
      kind: 'package',
      name: '@scope/two',
      subpath: '/style.css?inline',
      file: 'node_modules/@scope/two/style.css',
    })
    expect(at('types')).toEqual({ kind: 'package', name: 'types', subpath: '' })
    expect(at('one', 'sub/main.ts')).toMatchObject({ file: 'sub/node_modules/one/index.js' })
    expect(at('../node_modules/one/lib/sub.js', 'src/main.ts')).toMatchObject({ kind: 'package', name: 'one' })
    expect(at('absent')).toEqual({ kind: 'unresolved' })
  })

  test('a package that only a lockfile knows is a leaf without a file', () => {
    expect(project({ 'package.json': '{}' })('locked/sub')).toEqual({
      kind: 'package',
      name: 'locked',
      subpath: '/sub',
    })
  })

  test('another release of a workspace package, installed from a registry, is what an import means', () => {
    const at = project({
      'package.json': '{ "workspaces": ["lib"] }',
      'lib/package.json': '{ "name": "lib", "version": "2.0.0" }',
      'lib/src/index.ts': '',
      'old/node_modules/lib/package.json': '{ "name": "lib", "version": "1.0.0" }',
      'old/node_modules/lib/index.js': '',
      'same/node_modules/lib/package.json': '{ "name": "lib", "version": "2.0.0" }',
      'same/node_modules/lib/index.js': '',
    })
    expect(at('lib')).toEqual({ kind: 'source', file: 'lib/src/index.ts' })
    expect(at('lib', 'old/main.ts')).toMatchObject({ kind: 'package', name: 'lib' })
    expect(at('lib', 'same/main.ts')).toEqual({ kind: 'source', file: 'lib/src/index.ts' })
  })

  test('R24 the host decides, and where it leaves a specifier alone the rules here do', () => {
    const answers: Record<string, string | false> = {
      alias: 'b.ts',
      './a': false,
      gone: '/nowhere/x.ts',
      os: 'node:fs',
    }
    const tree = { 'a.ts': '', 'b.ts': '', 'node_modules/dep/package.json': '{}', 'node_modules/dep/x.js': '' }
    const at = project(tree, (specifier, importer) => {
      const answer = answers[specifier]
      if (specifier === 'dep') return join(importer, '../node_modules/dep/x.js')
      if (typeof answer !== 'string' || answer.includes(':') || answer.startsWith('/')) return answer
      return `${join(importer, '..', answer)}?worker`
    })
    expect(at('alias')).toEqual({ kind: 'asset', file: 'b.ts', query: '?worker', runs: true })
    expect(at('./a')).toEqual({ kind: 'unresolved' })
    expect(at('./b')).toEqual({ kind: 'source', file: 'b.ts' })
    expect(at('gone')).toEqual({ kind: 'unresolved' })
    expect(at('os')).toEqual({ kind: 'builtin', name: 'node:fs' })
    expect(at('dep')).toEqual({ kind: 'package', name: 'dep', subpath: '', file: 'node_modules/dep/x.js' })
  })

  test('what is no name of a package is unresolved', () => {
    const at = project({ 'a.ts': '' })
    for (const specifier of [
      '',
      '@',
      '@/x',
      '@scope',
      '/x',
      'C:\\x',
      '\0virtual',
      '#',
      '%zz',
      './%zz',
      '?raw',
      'a\\b',
    ]) {
      expect(at(specifier), specifier).toEqual({ kind: 'unresolved' })
    }
  })
})

test('a link to a folder outside of node_modules is first-party source', () => {
  const outer = onDisk({
    'lib/package.json': '{ "name": "lib", "exports": "./dist/index.js" }',
    'lib/src/index.ts': '',
    'app/package.json': '{}',
    'app/node_modules/lib': { link: '../../lib' },
  })
  const at = resolverOf(diskFiles(), join(outer, 'app'), [])
  expect(at('lib')).toEqual({ kind: 'source', file: '../lib/src/index.ts' })
})

test('a member of a workspace above the root leads to its source, whatever node_modules links to', () => {
  const outer = onDisk({
    'other/lib/package.json': '{ "name": "lib", "main": "index.js" }',
    'other/lib/index.js': '',
    'repo/package.json': '{ "workspaces": ["packages/*"] }',
    'repo/packages/lib/package.json': '{ "name": "lib" }',
    'repo/packages/lib/src/index.ts': '',
    'repo/packages/app/package.json': '{ "name": "app" }',
    'repo/node_modules/lib': { link: '../../other/lib' },
  })
  const at = resolverOf(diskFiles(), join(outer, 'repo/packages/app'), [])
  expect(at('lib')).toEqual({ kind: 'source', file: '../lib/src/index.ts' })
})

test('links are followed, so that a module has one path', () => {
  const root = onDisk({ 'real/a.ts': '', linked: { link: 'real' }, 'b.ts': { link: 'real/a.ts' } })
  const at = resolverOf(diskFiles(), root, [])
  expect(at('./linked/a')).toEqual({ kind: 'source', file: 'real/a.ts' })
  expect(at('./b')).toEqual({ kind: 'source', file: 'real/a.ts' })
})

test('the store of pnpm is looked through by the name of the package', () => {
  const at = resolverOf(
    diskFiles(),
    onDisk({
      'node_modules/.pnpm/dep@1.0.0/node_modules/dep/package.json': '{ "name": "dep" }',
      'node_modules/.pnpm/dep@1.0.0/node_modules/dep/index.js': '',
      'node_modules/dep': { link: '.pnpm/dep@1.0.0/node_modules/dep' },
    }),
    [],
  )
  expect(at('dep')).toMatchObject({ kind: 'package', name: 'dep', subpath: '' })
})
