import { afterAll, describe, expect, it } from 'vitest'
import { createPackageIndex, type PackageIdentity } from '../src/packages.ts'
import { locks, memoryIndex, tree } from './packages-fixtures.ts'

/** Identities from the lockfile and package.json alone, as of an old revision without node_modules. */
const identify = (files: Record<string, string>, name: string, importer = 'src/a.ts'): PackageIdentity =>
  memoryIndex(files).identify(name, `/p/${importer}`)

describe.each(Object.entries(locks))('%s', (_, lock) => {
  const changed = (from: string | RegExp, to: string): Record<string, string> => {
    const text = lock.files[lock.file]!
    const next = text.replaceAll(from as string, to)
    expect(next).not.toBe(text)
    return { ...lock.files, [lock.file]: next }
  }

  it('identifies a package by its lockfile entry', () => {
    expect(identify(lock.files, 'debug')).toMatchObject({ version: '4.3.4', source: 'lockfile', findings: [] })
  })

  it('changes the identity with a transitive dependency', () => {
    const next = changed(lock.transitive[0], lock.transitive[1])
    expect(identify(next, 'debug').identity).not.toBe(identify(lock.files, 'debug').identity)
    expect(identify(next, 'debug').source).toBe('lockfile')
  })

  it('keeps the identity when an unrelated package changes', () => {
    const next = changed(lock.unrelated[0], lock.unrelated[1])
    expect(identify(next, 'debug').identity).toBe(identify(lock.files, 'debug').identity)
    expect(identify(next, 'react').identity).not.toBe(identify(lock.files, 'react').identity)
  })

  it('follows an alias to its package', () => {
    expect(identify(lock.files, 'lp')).toMatchObject({ name: 'lp', version: '1.3.0', source: 'lockfile', findings: [] })
  })

  it('resolves from the package of the importer', () => {
    expect(identify(lock.files, 'debug', 'packages/a/src/x.ts').version).toBe('2.6.9')
    expect(identify(lock.files, 'react', 'packages/a/src/x.ts').version).toBe('18.2.0')
  })

  it('leads workspace packages to their sources', () => {
    expect(identify(lock.files, '@x/b', 'packages/a/x.ts')).toMatchObject({
      firstParty: true,
      source: 'none',
      folder: '/p/packages/b',
    })
  })

  it('does not depend on line ends or on where the checkout lies', () => {
    const crlf = changed('\n', '\r\n')
    expect(identify(crlf, 'debug').identity).toBe(identify(lock.files, 'debug').identity)
    const moved = memoryIndex(lock.files, '/elsewhere/q').identify('debug', '/elsewhere/q/src/a.ts')
    expect(moved.identity).toBe(identify(lock.files, 'debug').identity)
  })

  it('does not depend on the order of the entries', () => {
    const next = { ...lock.files, [lock.file]: lock.reorder(lock.files[lock.file]!) }
    expect(next[lock.file]).not.toBe(lock.files[lock.file])
    expect(identify(next, 'debug')).toEqual(identify(lock.files, 'debug'))
  })

  it('counts peers where the lockfile resolves them', () => {
    const next = changed(lock.unrelated[0], lock.unrelated[1])
    const before = identify(lock.files, 'use-sync-external-store')
    expect(before.version).toBe('1.2.0')
    if (lock.peers) expect(identify(next, 'use-sync-external-store').identity).not.toBe(before.identity)
  })
})

describe('a damaged or hostile lockfile', () => {
  const installed = {
    'package.json': '{"dependencies":{"a":"1.0.0"}}',
    'node_modules/a/package.json': '{"name":"a","version":"1.0.0"}',
    'node_modules/a/index.js': 'exports.a = 1',
  }
  const deep = '['.repeat(200_000)
  const bomb = `lockfileVersion: '9.0'\na: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghij'].map((n, i) => `${n}: &${n} [${Array(9).fill(`*${'abcdefghij'[i]}`)}]`).join('\n')}\npackages: *j\n`
  it.each([
    ['package-lock.json', '{"lockfileVersion":3,'],
    ['package-lock.json', deep],
    ['package-lock.json', 'null'],
    [
      'package-lock.json',
      `{"lockfileVersion":1,"dependencies":${'{"a":{"version":"1.0.0","dependencies":'.repeat(5000)}{}${'}}'.repeat(5000)}}`,
    ],
    ['pnpm-lock.yaml', `lockfileVersion: '9.0'\nimporters: ${deep}`],
    ['pnpm-lock.yaml', `lockfileVersion: '9.0'\n<<<<<<< HEAD\npackages:\n=======\n`],
    ['pnpm-lock.yaml', bomb],
    ['pnpm-lock.yaml', Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['yarn.lock', '<<<<<<< HEAD\na@^1:\n  version "1.0.0"\n'],
    ['yarn.lock', '__metadata:\n  version: 8\n"a@npm:^1":\n   - {'],
    ['bun.lock', '{"packages": /* '],
    ['bun.lockb', '\u0000binary'],
  ])('%s is reported, and the installed content counts (%#)', (file, text) => {
    const started = performance.now()
    const result = identify({ ...installed, [file]: text }, 'a')
    expect(performance.now() - started).toBeLessThan(3000)
    expect(result).toMatchObject({ version: '1.0.0', source: 'content' })
    expect(result.findings.map(({ code }) => code)).toEqual([file === 'bun.lockb' ? 'no-lockfile' : 'unreadable'])
  })

  it('does not hang on places as deep as they can be', () => {
    const place = (depth: number) => `node_modules/${Array(depth).fill('a').join('/node_modules/')}`
    const dependencies = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`d${i}`, '1']))
    const packages = Object.fromEntries(
      Array.from({ length: 70 }, (_, i) => [place(i + 1), { version: '1.0.0', dependencies: {} }]),
    )
    packages[place(70)] = { version: '1.0.0', dependencies }
    const started = performance.now()
    expect(identify({ 'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }) }, 'a').source).toBe(
      'lockfile',
    )
    expect(performance.now() - started).toBeLessThan(3000)
  })

  it('takes names of the prototype for names', () => {
    const lock = `{"lockfileVersion":3,"packages":{"":{},"node_modules/constructor":{"version":"1.0.0","dependencies":{"__proto__":"1","toString":"1"}},"node_modules/__proto__":{"version":"1.0.0"},"__proto__":{"version":"1"}}}`
    const files = { 'package-lock.json': lock }
    expect(identify(files, 'constructor')).toMatchObject({ source: 'lockfile', version: '1.0.0' })
    expect(identify(files, '__proto__')).toMatchObject({ source: 'lockfile' })
    expect(identify(files, 'toString').source).toBe('none')
    expect(identify(files, 'hasOwnProperty').source).toBe('none')
  })

  it('reads a pnpm lockfile that a person reformatted', () => {
    const lock = `lockfileVersion: "9.0"
importers: {".": {dependencies: {a: {specifier: "1",
  version: 1.0.0}}}}
packages: {a@1.0.0: {resolution: {integrity: sha512-x}}}
snapshots: {a@1.0.0: {}}
`
    expect(identify({ 'pnpm-lock.yaml': lock }, 'a')).toMatchObject({ source: 'lockfile', version: '1.0.0' })
  })
})

describe('a pnpm lockfile', () => {
  it('may have a document for pnpm itself before', () => {
    const own =
      "---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    packageManagerDependencies:\n      pnpm:\n        specifier: 12.0.0\n        version: 12.0.0\npackages:\n  pnpm@12.0.0:\n    resolution: {integrity: sha512-p}\nsnapshots:\n  pnpm@12.0.0: {}\n---\n"
    const { files, file } = locks['pnpm, version 9']!
    expect(identify({ ...files, [file]: own + files[file] }, 'debug')).toEqual(identify(files, 'debug'))
  })

  it('has the versions that catalogs and overrides came to', () => {
    const lock = `lockfileVersion: '9.0'

catalogs:
  default:
    a:
      specifier: ^1.0.0
      version: 1.2.0

overrides:
  b: 2.0.0

importers:

  packages/x:
    dependencies:
      a:
        specifier: 'catalog:'
        version: 1.2.0

packages:

  a@1.2.0:
    resolution: {integrity: sha512-a}

  b@2.0.0:
    resolution: {integrity: sha512-b}

snapshots:

  a@1.2.0:
    dependencies:
      b: 2.0.0

  b@2.0.0: {}
`
    const before = identify({ 'pnpm-lock.yaml': lock }, 'a', 'packages/x/a.ts')
    expect(before).toMatchObject({ version: '1.2.0', source: 'lockfile' })
    const bumped = { 'pnpm-lock.yaml': lock.replaceAll('2.0.0', '2.0.1') }
    expect(identify(bumped, 'a', 'packages/x/a.ts').identity).not.toBe(before.identity)
  })
})

describe('several lockfiles', () => {
  const npm = (version: string, name = 'a') =>
    JSON.stringify({
      lockfileVersion: 3,
      packages: { [`node_modules/${name}`]: { version, integrity: `sha512-${version}` } },
    })
  const pnpm = `lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: '2'\n        version: 2.0.0\npackages:\n  a@2.0.0:\n    resolution: {integrity: sha512-2}\nsnapshots:\n  a@2.0.0: {}\n`

  it('takes the nearest one that knows the package', () => {
    const files = {
      'package-lock.json': npm('1.0.0'),
      'examples/e/package-lock.json': npm('3.0.0'),
      'examples/f/package-lock.json': npm('1.0.0', 'b'),
    }
    expect(identify(files, 'a', 'examples/e/x.ts').version).toBe('3.0.0')
    expect(identify(files, 'a', 'examples/f/x.ts').version).toBe('1.0.0')
    expect(identify(files, 'a').version).toBe('1.0.0')
  })

  it('prefers the one of packageManager, then a fixed order', () => {
    const files = { 'package-lock.json': npm('1.0.0'), 'pnpm-lock.yaml': pnpm }
    expect(identify(files, 'a').version).toBe('2.0.0')
    expect(identify({ ...files, 'package.json': '{"packageManager":"npm@11.0.0"}' }, 'a').version).toBe('1.0.0')
  })

  it('goes above the root only for a workspace that lists it', () => {
    const files = { 'package-lock.json': npm('1.0.0') }
    const above = memoryIndex(files, '/p', '/p/packages/a')
    expect(above.identify('a', '/p/packages/a/x.ts').source).toBe('none')
    const folder = memoryIndex({ ...files, 'package.json': '{}' }, '/p', '/p/packages/a')
    expect(folder.identify('a', '/p/packages/a/x.ts').version, 'a root that is a folder of the package').toBe('1.0.0')
    const lock = JSON.parse(files['package-lock.json'])
    lock.packages['packages/a'] = {}
    const listed = memoryIndex({ 'package-lock.json': JSON.stringify(lock) }, '/p', '/p/packages/a')
    expect(listed.identify('a', '/p/packages/a/x.ts').version).toBe('1.0.0')
  })
})

describe('a large lockfile', () => {
  it('of 3,000 packages is read and walked for 200 imports in about a second at most', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `package-${i}`)
    const lines = ["lockfileVersion: '9.0'", 'importers:', '  .:', '    dependencies:']
    for (const name of names.slice(0, 200))
      lines.push(`      ${name}:`, '        specifier: ^1.0.0', '        version: 1.0.0')
    lines.push('packages:')
    for (const name of names)
      lines.push(
        `  ${name}@1.0.0:`,
        `    resolution: {integrity: sha512-${name.repeat(6)}==}`,
        "    engines: {node: '>=12'}",
      )
    lines.push('snapshots:')
    for (const [i, name] of names.entries()) {
      lines.push(`  ${name}@1.0.0:`, '    dependencies:')
      for (const step of [1, 7, 61, 500]) lines.push(`      ${names[(i + step) % 3000]}: 1.0.0`)
    }
    const index = memoryIndex({ 'pnpm-lock.yaml': lines.join('\n') })
    // Time of the processor: that of the clock depends on what else runs.
    const started = process.cpuUsage()
    const found = new Set(names.slice(0, 200).map((name) => index.identify(name, '/p/a.ts').identity))
    expect(process.cpuUsage(started).user / 1000).toBeLessThan(1500)
    expect(found.size).toBe(200)
  })
})

const disk = tree({ 'a.txt': 'a' })
afterAll(disk.remove)

it('reads the disk through the callbacks it is given', () => {
  const read: string[] = []
  const index = createPackageIndex({ root: disk.root, read: (file) => void read.push(file) })
  expect(index.identify('a', `${disk.root}/a.ts`).source).toBe('none')
  expect(read.length).toBeGreaterThan(0)
  expect(index.inputs.size).toBe(0)
})
