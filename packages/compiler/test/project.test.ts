import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { analyze } from '../src/analyze.ts'
import { createProject } from '../src/project.ts'
import { inMemory } from './in-memory.ts'
import { memoryRoot, readFrom } from './memory-files.ts'
import { onDisk, write } from './on-disk.ts'

const entriesOf = (root: string, options: Partial<Parameters<typeof createProject>[0]> = {}) => {
  const project = createProject({ root, ...options })
  return project.entries.map(project.relative)
}

describe('discovery', () => {
  const f = 'export const f = 1'

  test('takes every source below the root, and neither packages nor what builds write', () => {
    const root = onDisk({
      'a.ts': f,
      'b.tsx': f,
      'c.mjs': f,
      'd.cts': f,
      'types.d.ts': '',
      'style.d.css.ts': '',
      'sub/e.test.ts': f,
      'src/build/f.ts': f,
      'packages/x/src/out/g.ts': f,
      'node_modules/x/h.ts': f,
      'sub/node_modules/x/h.ts': f,
      '.hidden/i.ts': f,
      '.eslintrc.js': f,
      'dist/j.js': f,
      'packages/x/dist/j.js': f,
      'coverage/k.js': f,
      'build/l.js': f,
      'packages/x/out/m.js': f,
      'readme.md': '',
    })
    expect(entriesOf(root)).toEqual([
      'a.ts',
      'b.tsx',
      'c.mjs',
      'd.cts',
      'packages/x/src/out/g.ts',
      'src/build/f.ts',
      'sub/e.test.ts',
    ])
  })

  test('leaves out the outDir of the root and of members, and not a folder that holds the sources', () => {
    const root = onDisk({
      'package.json': '{ "workspaces": ["lib", "flat"] }',
      'tsconfig.json': '{ "compilerOptions": { "outDir": "./target" } }',
      'a.ts': f,
      'target/a.js': f,
      'lib/package.json': '{ "name": "lib" }',
      'lib/tsconfig.json': '{ "compilerOptions": { "outDir": "./js" } }',
      'lib/b.ts': f,
      'lib/js/b.js': f,
      'flat/package.json': '{ "name": "flat" }',
      'flat/tsconfig.json': '{ "compilerOptions": { "outDir": "." } }',
      'flat/c.ts': f,
    })
    expect(entriesOf(root)).toEqual(['a.ts', 'flat/c.ts', 'lib/b.ts'])
  })

  test('leaves out what the configuration excludes, which an import still reaches', () => {
    const root = onDisk({
      'autocache.config.json': '{ "exclude": ["scripts", "**/*.gen.ts"] }',
      'a.ts': "export * from './scripts/b.ts'",
      'scripts/b.ts': f,
      'x/c.gen.ts': f,
    })
    expect(entriesOf(root)).toEqual(['a.ts'])
    expect(analyze({ root }).exportsOf('a.ts')).toEqual(['f'])
  })

  test('takes the files that are given, absolute or relative, once and by their real path', () => {
    const root = onDisk({ 'a.ts': f, 'b.ts': { link: 'a.ts' }, 'dist/c.js': f, 'd.css': '' })
    expect(entriesOf(root, { files: ['dist/c.js', 'b.ts', join(root, 'a.ts'), './a.ts', 'd.css'] })).toEqual([
      'a.ts',
      'dist/c.js',
    ])
  })
})

describe('the program', () => {
  test('holds all that the entries reach by imports, requires, dynamic imports and globs', () => {
    const files = {
      'main.ts':
        "import './a.js'\nexport * from './b'\nexport const load = () => import('./c.ts')\nimport type { T } from './t.ts'",
      'a.ts': "export const all = import.meta.glob('./pages/*.ts')",
      'b/index.cjs': "require('../d.cjs')",
      'c.ts': 'export {}',
      'd.cjs': '',
      't.ts': 'export type T = 1',
      'unused.ts': '',
      'pages/one.ts': 'export {}',
      'pages/two.ts': 'export {}',
      'pages/deep/three.ts': 'export {}',
    }
    const modulesOf = (project: ReturnType<typeof createProject>) => project.modules.map(project.relative)
    const reached = ['a.ts', 'b/index.cjs', 'c.ts', 'd.cjs', 'main.ts', 'pages/one.ts', 'pages/two.ts']
    expect(modulesOf(createProject({ root: onDisk(files), files: ['main.ts'] }))).toEqual(reached)
    const memory = createProject({ root: memoryRoot, files: Object.keys(files), read: readFrom(files) })
    expect(memory.glob('./pages/*.ts', join(memoryRoot, 'a.ts'))).toEqual(['./pages/one.ts', './pages/two.ts'])
  })

  test('a glob is relative to its module, or to the root with a slash, and leaves out the module itself', () => {
    const root = onDisk({
      'src/a.ts': '',
      'src/b.ts': '',
      'src/x/c.ts': '',
      'lib/d.ts': '',
      'src/node_modules/p/e.ts': '',
    })
    const { glob } = createProject({ root })
    const importer = join(root, 'src/a.ts')
    expect(glob('./*.ts', importer)).toEqual(['./b.ts'])
    expect(glob('./**/*.ts', importer)).toEqual(['./b.ts', './x/c.ts'])
    expect(glob('../lib/*.{js,ts}', importer)).toEqual(['../lib/d.ts'])
    expect(glob('/lib/*.ts', importer)).toEqual(['../lib/d.ts'])
    expect(glob('./none/*.ts', importer)).toEqual([])
  })

  test('progress is told for each file, up to the number of all', () => {
    const told: [number, number][] = []
    const files = { 'a.ts': "import './b.ts'", 'b.ts': "import './c.ts'", 'c.ts': '' }
    inMemory(files, { files: ['a.ts'], onProgress: (done, total) => told.push([done, total]) })
    expect(told).toEqual([
      [1, 2],
      [2, 3],
      [3, 3],
    ])
  })

  test('what lies outside of the root is first-party, and said to be outside once for a package', () => {
    const outer = onDisk({
      'package.json': '{ "workspaces": ["app", "lib"] }',
      'lib/package.json': '{ "name": "lib", "main": "dist/index.js" }',
      'lib/src/index.ts': "export * from './other.ts'",
      'lib/src/other.ts': 'export const one = () => 1',
      'app/package.json': '{ "name": "app" }',
      'app/main.ts': "import { one } from 'lib'\nexport const f = () => one()",
    })
    const analysis = analyze({ root: join(outer, 'app') })
    expect(analysis.diagnostics).toMatchObject([
      {
        code: 'outside-root',
        level: 'warning',
        position: { file: '../lib/src/index.ts' },
        message: expect.stringMatching(/^\.\.\/lib\/src\/index\.ts \(imported by main\.ts\) lies outside the root\./),
      },
    ])
    const before = analysis.versionOf('main.ts', 'f')
    expect(before.definitions.map(({ file }) => file)).toEqual(['main.ts', '../lib/src/other.ts'])
    write(outer, { 'lib/src/other.ts': 'export const one = () => 2' })
    expect(analyze({ root: join(outer, 'app') }).versionOf('main.ts', 'f').version).not.toBe(before.version)
    expect(analyze({ root: outer }).diagnostics).toEqual([])
  })
})

describe('a host over the disk', () => {
  const tree = {
    'package.json': '{ "workspaces": ["lib", "app"] }',
    'lib/package.json': '{ "name": "lib" }',
    'lib/src/index.ts': 'export const one = () => 1',
    'linked/package.json': '{ "name": "linked", "main": "x.ts" }',
    'linked/x.ts': 'export const two = () => 2',
    'node_modules/linked': { link: '../linked' },
    'app/main.ts': "import { one } from 'lib'\nimport { two } from 'linked'\nexport const f = () => [one(), two()]",
    'app/pages/a.ts': 'export {}',
  }

  test('with edited texts has the versions that the disk would have with them', () => {
    const root = onDisk(tree)
    const edited = join(root, 'lib/src/index.ts')
    const read = (file: string) => (file === edited ? 'export const one = () => 3' : readFileSync(file))
    const before = analyze({ root }).versionOf('app/main.ts', 'f')
    const overlay = analyze({ root, read }).versionOf('app/main.ts', 'f')
    expect(overlay.definitions.map(({ file }) => file)).toEqual(['app/main.ts', 'lib/src/index.ts', 'linked/x.ts'])
    expect(overlay.version).not.toBe(before.version)
    write(root, { 'lib/src/index.ts': 'export const one = () => 3' })
    expect(analyze({ root }).versionOf('app/main.ts', 'f').version).toBe(overlay.version)
  })

  test('globs find its files and those of the disk that it has', () => {
    const root = onDisk(tree)
    const extra = join(root, 'app/pages/b.ts')
    const read = (file: string) => (file === extra ? '' : file.endsWith('/a.ts') ? undefined : readFileSync(file))
    const { glob } = createProject({ root, read, files: ['app/main.ts', extra] })
    expect(glob('./pages/*.ts', join(root, 'app/main.ts'))).toEqual(['./pages/b.ts'])
  })
})

test('the release of a package in the lockfile is in the versions that reach it, and in no others', () => {
  const files = (version: string) => ({
    'package.json': '{ "dependencies": { "dayjs": "^1.0.0" } }',
    'package-lock.json': JSON.stringify({
      lockfileVersion: 3,
      packages: {
        '': { dependencies: { dayjs: '^1.0.0' } },
        'node_modules/dayjs': { version, integrity: `sha512-${version}` },
      },
    }),
    'main.ts': "import dayjs from 'dayjs'\nexport const f = () => dayjs()\nexport const g = () => 1",
  })
  const [one, other] = ['1.0.0', '1.0.1'].map((version) => inMemory(files(version)))
  expect(one!.versionOf('main.ts', 'f').packages).toMatchObject([{ name: 'dayjs', version: '1.0.0', path: 0 }])
  expect(one!.versionOf('main.ts', 'f').version).not.toBe(other!.versionOf('main.ts', 'f').version)
  expect(one!.versionOf('main.ts', 'g').version).toBe(other!.versionOf('main.ts', 'g').version)
  const ignored = ['1.0.0', '1.0.1'].map((version) => {
    return inMemory(files(version), { config: { packages: { dayjs: 'ignore' } } }).versionOf('main.ts', 'f').version
  })
  expect(ignored[0]).toBe(ignored[1])
})

describe('wrappers', () => {
  const labels = (files: Record<string, string>, options = {}) =>
    inMemory(files, options).functions.map(({ label }) => label)
  const core = "import { cached, createAutocache } from '@autocache/core'\n"

  test('an instance or wrapper of another module is known by what it is, under any name and through re-exports', () => {
    expect(
      labels({
        'cache.ts': `${core}export const store = createAutocache({})\nexport const { cached: keep } = store\nexport default store`,
        'index.ts': "export * from './cache.ts'\nexport { keep as hold, default as shop } from './cache.ts'",
        'main.ts': `import { hold, keep, shop, store } from './index.ts'
          import dflt from './cache.ts'
          export const a = hold(() => 1)
          export const b = keep(() => 1)
          export const c = shop.cached(() => 1)
          export const d = store.cached(() => 1)
          export const e = dflt.cached(() => 1)
          export const f = store.of(() => 1)`,
      }),
    ).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  test('a function that is only called cached is none', () => {
    expect(
      labels({
        'own.ts': 'export const cached = (f) => f\nexport const cache = { cached }',
        'main.ts': `import { cached, cache } from './own.ts'
          export const a = cached(() => 1)
          export const b = cache.cached(() => 1)`,
      }),
    ).toEqual([])
  })

  test('a barrel over an @autocache package passes its wrapper on, installed or not', () => {
    expect(
      labels({
        'barrel.ts': "export { cached as memo } from '@autocache/core'",
        'main.ts': "import { memo } from './barrel.ts'\nexport const a = memo(() => 1)",
      }),
    ).toEqual(['a'])
  })

  test('a wrapper that the configuration names is one: of a file, of a package, and in its own module', () => {
    const config = { wrappers: ['./lib/memo#memo', 'keep#keep'] }
    const files = {
      'lib/memo.ts': 'export const memo = (fn) => fn\nexport const own = memo(() => 1)',
      'node_modules/keep/package.json': '{ "name": "keep" }',
      'node_modules/keep/index.js': '',
      'main.ts': `import { memo as m } from './lib/memo.js'
        import { keep } from 'keep'
        export const a = m(() => 1)
        export const b = keep(() => 1)`,
    }
    expect(labels(files, { config })).toEqual(['own', 'a', 'b'])
    expect(labels(files)).toEqual([])
  })

  test('a configured wrapper need not be exported: its options are in no version, and its function is', () => {
    const versionOf = (body: string, ttl: number) =>
      inMemory(
        { 'main.ts': `const cache = (fn, o) => fn; export const f = cache((a) => ${body}, { ttl: ${ttl} })` },
        { config: { wrappers: ['./main#cache'] } },
      ).versionOf('main.ts', 'f')
    expect(versionOf('a + 1', 10)).toMatchObject({ form: 'call', version: versionOf('a + 1', 20).version })
    expect(versionOf('a + 1', 10).version).not.toBe(versionOf('a + 2', 10).version)
  })

  test('instances that pass through several modules settle', () => {
    expect(
      labels({
        'a.ts': `${core}export const cache = createAutocache({})`,
        'b.ts': "import { cache } from './a.ts'\nexport const { cached } = cache",
        'c.ts': "import { cached } from './b.ts'\nexport const keep = cached",
        'd.ts': "import { keep } from './c.ts'\nexport const f = keep(() => 1)",
      }),
    ).toEqual(['f'])
  })
})

describe('the cache of summaries', () => {
  const files = { 'a.ts': "import { b } from './b.ts'\nexport const f = () => b", 'b.ts': 'export const b = 1' }
  const entries = (root: string) =>
    readdirSync(join(root, 'node_modules/.cache/autocache'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /^[0-9a-f]{2}.[0-9a-f]{38}$/.test(name),
    )

  test('stands in node_modules where there is one, and nowhere else', () => {
    const with_ = onDisk({ ...files, 'node_modules/x': '' })
    analyze({ root: with_ })
    expect(entries(with_)).toHaveLength(2)
    const without = onDisk(files)
    analyze({ root: without })
    expect(readdirSync(without).sort()).toEqual(['a.ts', 'b.ts'])
    const off = onDisk({ ...files, 'node_modules/x': '' })
    analyze({ root: off, cache: false })
    expect(readdirSync(join(off, 'node_modules'))).toEqual(['x'])
    analyze({ root: without, cache: 'mine' })
    expect(readdirSync(without)).toContain('mine')
  })

  test('gives the versions that parsing gives, and gets an entry for each text', () => {
    const root = onDisk({ ...files, 'node_modules/x': '' })
    const versionNow = (cache?: false) =>
      analyze({ root, ...(cache === false && { cache }) }).versionOf('a.ts', 'f').version
    const first = versionNow()
    expect(versionNow()).toBe(first)
    expect(versionNow(false)).toBe(first)
    write(root, { 'b.ts': 'export const b = 2' })
    expect(versionNow()).toBe(versionNow(false))
    expect(versionNow()).not.toBe(first)
    expect(entries(root)).toHaveLength(3)
    write(root, { 'c.js': 'export const b = 2', 'd.ts': 'export const b = 2' })
    versionNow()
    // `.js` and `.ts` are two languages; two files of one text are one entry.
    expect(entries(root)).toHaveLength(4)
  })

  test('that is damaged is parsed over', () => {
    const root = onDisk({ ...files, 'node_modules/x': '' })
    const first = analyze({ root }).versionOf('a.ts', 'f').version
    const folder = join(root, 'node_modules/.cache/autocache')
    for (const name of entries(root)) writeFileSync(join(folder, name), '{"definitions":[]}')
    expect(analyze({ root }).versionOf('a.ts', 'f').version).toBe(first)
  })
})
