import { afterEach, describe, expect, it } from 'vitest'
import type { PackageFinding, PackageIdentity, PackageMode } from '../src/packages.ts'
import { patchedName } from '../src/patches.ts'
import { locks, memoryIndex, tree } from './packages-fixtures.ts'

type Files = Record<string, string>

const identify = (files: Files, name: string, importer = 'src/a.ts'): PackageIdentity =>
  memoryIndex(files).identify(name, `/p/${importer}`)
const identity = (files: Files, name: string): string => identify(files, name).identity
const codes = (result: PackageIdentity): string[] => result.findings.map(({ code }) => code)

const trees: { remove: () => void }[] = []
afterEach(() => {
  for (const made of trees.splice(0)) made.remove()
})
const onDisk = (files: Files) => {
  const made = tree(files)
  trees.push(made)
  return made
}

/** A package-lock.json; a value is the version, or an entry. */
const npm = (packages: Record<string, unknown>): string =>
  JSON.stringify({
    lockfileVersion: 3,
    packages: Object.fromEntries(
      Object.entries(packages).map(([name, entry]) => [
        name.includes('/') && !name.startsWith('@') ? name : `node_modules/${name}`,
        typeof entry === 'string' ? { version: entry, integrity: `sha512-${name}${entry}` } : entry,
      ]),
    ),
  })

const installed = (name: string, version: string, files: Files = { 'index.js': 'exports.a = 1' }): Files =>
  Object.fromEntries(
    Object.entries({ 'package.json': JSON.stringify({ name, version }), ...files }).map(([file, text]) => [
      `node_modules/${name}/${file}`,
      text,
    ]),
  )

describe('closures', () => {
  it('tolerate cycles of packages, and see a bump anywhere in them', () => {
    const cycle = (version: string) => ({
      'package-lock.json': npm({
        a: { version: '1.0.0', dependencies: { b: '1' } },
        b: { version: '1.0.0', dependencies: { c: '1' } },
        c: { version, dependencies: { a: '1' } },
      }),
    })
    const ids = ['a', 'b', 'c'].map((name) => identity(cycle('1.0.0'), name))
    expect(new Set(ids).size).toBe(3)
    for (const name of ['a', 'b', 'c']) expect(identity(cycle('1.0.1'), name)).not.toBe(identity(cycle('1.0.0'), name))
  })

  it('change with the integrity under an equal version, and not with the address of a mirror', () => {
    const entry = (resolved: string, integrity: string) => ({
      'package-lock.json': npm({ a: { version: '1.0.0', resolved, integrity } }),
    })
    const here = entry('https://registry.npmjs.org/a/-/a-1.0.0.tgz', 'sha512-x')
    expect(identity(entry('https://mirror.example/a/-/a-1.0.0.tgz', 'sha512-x'), 'a')).toBe(identity(here, 'a'))
    expect(identity(entry('https://registry.npmjs.org/a/-/a-1.0.0.tgz', 'sha512-y'), 'a')).not.toBe(identity(here, 'a'))
  })

  it('tell which dependent finds which version apart', () => {
    const swap = (one: string, two: string) => ({
      'package-lock.json': npm({
        root: { version: '1.0.0', dependencies: { x: '*', y: '*' } },
        x: { version: '1.0.0', dependencies: { z: '*' } },
        y: { version: '1.0.0', dependencies: { z: '*' } },
        'node_modules/x/node_modules/z': { version: one },
        'node_modules/y/node_modules/z': { version: two },
      }),
    })
    expect(identity(swap('1.0.0', '2.0.0'), 'root')).not.toBe(identity(swap('2.0.0', '1.0.0'), 'root'))
  })

  it('do not depend on whether npm hoists a package', () => {
    const hoisted = { root: { version: '1.0.0', dependencies: { z: '*' } }, z: '1.0.0' }
    const nested = {
      root: { version: '1.0.0', dependencies: { z: '*' } },
      'node_modules/root/node_modules/z': { version: '1.0.0', integrity: 'sha512-z1.0.0' },
    }
    expect(identity({ 'package-lock.json': npm(hoisted) }, 'root')).toBe(
      identity({ 'package-lock.json': npm(nested) }, 'root'),
    )
  })

  it('count the packages of all platforms, wherever they are installed', () => {
    for (const [manager, { file, files }] of Object.entries(locks)) {
      if (/version [56]/.test(manager) && file === 'pnpm-lock.yaml') continue
      const before = identity(files, 'esbuild')
      expect(
        identity(
          { ...files, ...installed('@esbuild/linux-x64', '0.19.12'), ...installed('esbuild', '0.19.12') },
          'esbuild',
        ),
      ).toBe(before)
      const bumped = files[file]!.replaceAll('sha512-T1QyPSDCyMXa', 'sha512-T2QyPSDCyMXa').replace(
        'win32-x64@npm:0.19.12":\n  version: 0.19.12',
        'win32-x64@npm:0.19.12":\n  version: 0.19.13',
      )
      expect(identity({ ...files, [file]: bumped }, 'esbuild'), manager).not.toBe(before)
    }
  })

  it('fix git dependencies by their commit', () => {
    const at = (commit: string) => ({
      'package-lock.json': npm({
        g: {
          version: '1.0.0',
          resolved: `git+ssh://git@github.com/u/g.git#${commit.repeat(40)}`,
          integrity: 'sha512-any',
        },
      }),
    })
    expect(identify(at('a'), 'g')).toMatchObject({ version: '1.0.0', source: 'lockfile' })
    expect(identity(at('a'), 'g')).not.toBe(identity(at('b'), 'g'))
    const yarn = (commit: string) => ({
      'package.json': '{"dependencies":{"g":"u/g"}}',
      'yarn.lock': `g@u/g:\n  version "1.0.0"\n  resolved "https://codeload.github.com/u/g/tar.gz/${commit.repeat(40)}"\n`,
    })
    expect(identify(yarn('a'), 'g').source).toBe('lockfile')
    expect(identity(yarn('a'), 'g')).not.toBe(identity(yarn('b'), 'g'))
  })

  it('fix an archive without integrity by its bytes', () => {
    const files = {
      'package-lock.json': npm({ t: { version: '1.0.0', resolved: 'file:vendor/t.tgz' } }),
      'vendor/t.tgz': 'one',
    }
    expect(identify(files, 't')).toMatchObject({ source: 'lockfile' })
    expect(identity({ ...files, 'vendor/t.tgz': 'two' }, 't')).not.toBe(identity(files, 't'))
  })
})

describe('patches', () => {
  const npmFiles = {
    'package-lock.json': npm({ a: { version: '1.0.0', dependencies: { '@s/b': '1' } }, '@s/b': '2.0.0', c: '1.0.0' }),
  }
  const pnpmLock = (hash: string, path: string) => `lockfileVersion: '9.0'

patchedDependencies:
  is-odd@3.0.1: ${path === '' ? hash : `\n    hash: ${hash}\n    path: ${path}`}

importers:

  .:
    dependencies:
      is-odd:
        specifier: 3.0.1
        version: 3.0.1(patch_hash=${hash})

packages:

  is-odd@3.0.1:
    resolution: {integrity: sha512-odd}

snapshots:

  is-odd@3.0.1(patch_hash=${hash}): {}
`
  const berry = (hash: string) => `__metadata:
  version: 8
  cacheKey: 10c0

"is-odd@npm:3.0.1":
  version: 3.0.1
  resolution: "is-odd@npm:3.0.1"
  checksum: 10c0/89ee
  languageName: node
  linkType: hard

"is-odd@patch:is-odd@npm%3A3.0.1#~/.yarn/patches/x.patch":
  version: 3.0.1
  resolution: "is-odd@patch:is-odd@npm%3A3.0.1#~/.yarn/patches/x.patch::version=3.0.1&hash=${hash}"
  checksum: 10c0/882f
  languageName: node
  linkType: hard

"p@workspace:.":
  version: 0.0.0-use.local
  resolution: "p@workspace:."
  dependencies:
    is-odd: "patch:is-odd@npm%3A3.0.1#~/.yarn/patches/x.patch"
  languageName: unknown
  linkType: soft
`
  const bun = `{ "lockfileVersion": 1, "workspaces": { "": { "dependencies": { "is-odd": "3.0.1" } } },
  "patchedDependencies": { "is-odd@3.0.1": "patches/x.patch", },
  "packages": { "is-odd": ["is-odd@3.0.1", "", {}, "sha512-odd"], } }`

  it.each<[string, Files, string, string]>([
    ['patch-package', npmFiles, 'a', 'patches/a+1.0.0.patch'],
    ['patch-package of a dependency', npmFiles, 'a', 'patches/@s+b+2.0.0.patch'],
    ['patch-package of a nested dependency', npmFiles, 'a', 'patches/a++@s+b+2.0.0.patch'],
    [
      'patch-package with a folder of its own',
      { ...npmFiles, 'package.json': '{"scripts":{"postinstall":"patch-package --patch-dir tools/p"}}' },
      'a',
      'tools/p/a+1.0.0+001+why.patch',
    ],
    ['pnpm', { 'pnpm-lock.yaml': pnpmLock('abc', 'patches/x.patch') }, 'is-odd', 'patches/x.patch'],
    [
      'pnpm 11',
      {
        'pnpm-lock.yaml': pnpmLock('abc', ''),
        'pnpm-workspace.yaml': 'patchedDependencies:\n  is-odd@3.0.1: patches/x.patch\n',
      },
      'is-odd',
      'patches/x.patch',
    ],
    ['Yarn 4', { 'yarn.lock': berry('dd7f74') }, 'is-odd', '.yarn/patches/x.patch'],
    ['Bun', { 'bun.lock': bun }, 'is-odd', 'patches/x.patch'],
  ])('%s: an edit of the patch changes the identity, its line ends do not', (_, files, name, patch) => {
    const one = identify({ ...files, [patch]: '-a\n+b\n' }, name)
    expect(one).toMatchObject({ source: 'lockfile', findings: [] })
    expect(identity(files, name)).not.toBe(one.identity)
    expect(identity({ ...files, [patch]: '-a\n+c\n' }, name)).not.toBe(one.identity)
    expect(identity({ ...files, [patch]: '-a\r\n+b\r\n' }, name)).toBe(one.identity)
    const blind = memoryIndex({ ...files, 'patches/a+1.0.0.patch': '-a\n+b\n' }, '/p', '/p', { list: () => undefined })
    if (patch === 'patches/a+1.0.0.patch') expect(blind.identify('a', '/p/x.ts').identity).toBe(one.identity)
  })

  it('of other packages do not count', () => {
    expect(identity({ ...npmFiles, 'patches/c+1.0.0.patch': 'x', 'patches/readme.md': 'x' }, 'a')).toBe(
      identity(npmFiles, 'a'),
    )
  })

  it('count by the hash in the lockfile where the file is not there', () => {
    expect(identity({ 'pnpm-lock.yaml': pnpmLock('abc', '') }, 'is-odd')).not.toBe(
      identity({ 'pnpm-lock.yaml': pnpmLock('abd', '') }, 'is-odd'),
    )
    expect(identity({ 'yarn.lock': berry('dd7f74') }, 'is-odd')).not.toBe(
      identity({ 'yarn.lock': berry('dd7f75') }, 'is-odd'),
    )
  })

  it.each([
    ['a+1.0.0.patch', 'a'],
    ['@s+a+1.0.0.patch', '@s/a'],
    ['o++@s+i+1.0.0.dev.patch', '@s/i'],
    ['a-b+1.0.0-beta.1+002+fix-it.patch', 'a-b'],
    ['is-odd@3.0.1.patch', undefined],
    ['notes.txt', undefined],
  ])('%s is for %s', (file, name) => {
    expect(patchedName(file)).toBe(name)
  })
})

describe('what is installed', () => {
  const lock = {
    'package-lock.json': npm({ a: { version: '1.0.0', integrity: 'sha512-a', dependencies: { b: '1' } }, b: '1.0.0' }),
  }

  it('agrees with the lockfile, and then does not count', () => {
    const result = identify({ ...lock, ...installed('a', '1.0.0') }, 'a')
    expect(result).toEqual(identify(lock, 'a'))
  })

  it('R23 disagrees with the lockfile: an error, and its content counts', () => {
    const files = { ...lock, ...installed('a', '1.1.0') }
    const result = identify(files, 'a')
    expect(result).toMatchObject({ version: '1.1.0', source: 'content' })
    expect(codes(result)).toEqual(['lockfile-mismatch'])
    expect(result.findings[0]!.what).toBe('a is 1.1.0 in node_modules, but 1.0.0 in package-lock.json: install again')
    expect(identity({ ...files, 'node_modules/a/index.js': 'exports.a = 2' }, 'a')).not.toBe(result.identity)
    expect(
      codes(
        identify(
          { ...lock, ...installed('a', '1.0.0', { 'package.json': '{"name":"other","version":"1.0.0"}' }) },
          'a',
        ),
      ),
    ).toEqual(['lockfile-mismatch'])
  })

  it('R23 disagrees in a dependency, as the manager noted', () => {
    const hidden = (version: string) =>
      npm({ a: { version: '1.0.0', integrity: 'sha512-a', dependencies: { b: '1' } }, b: version })
    const files = { ...lock, ...installed('a', '1.0.0') }
    expect(identify({ ...files, 'node_modules/.package-lock.json': hidden('1.0.0') }, 'a')).toEqual(identify(lock, 'a'))
    const stale = identify({ ...files, 'node_modules/.package-lock.json': hidden('1.0.5') }, 'a')
    expect(codes(stale)).toEqual(['lockfile-mismatch'])
    expect(stale.source).toBe('installed')
    expect(stale.identity).not.toBe(identity(lock, 'a'))
  })

  it('may lack what other platforms need, and have another version of it', () => {
    const packages = (versions: Files) =>
      npm({
        a: { version: '1.0.0', integrity: 'sha512-a', optionalDependencies: { wasm: '1' } },
        ...Object.fromEntries(Object.entries(versions).map(([place, version]) => [place, { version, optional: true }])),
      })
    const full = packages({ wasm: '1.0.0', 'node_modules/wasm/node_modules/rt': '2.0.0', rt: '1.0.0' })
    const files = { 'package-lock.json': full, ...installed('a', '1.0.0') }
    const partial = { ...files, 'node_modules/.package-lock.json': packages({ rt: '1.0.0' }) }
    expect(identify(partial, 'a')).toEqual(identify({ 'package-lock.json': full }, 'a'))
  })

  it('may bring the lockfile of its author, which says nothing here', () => {
    const files = {
      ...lock,
      ...installed('a', '9.0.0', { 'index.js': "require('b')", 'package-lock.json': npm({ b: '7.0.0' }) }),
    }
    const other = { ...files, 'node_modules/a/package-lock.json': npm({ b: '8.0.0' }) }
    expect(identity(other, 'a')).toBe(identity(files, 'a'))
    expect(identify(other, 'b', 'node_modules/a/index.js').version).toBe('1.0.0')
  })

  it('counts without a lockfile, by what npm noted of it', () => {
    const files = { ...installed('a', '1.0.0'), 'node_modules/.package-lock.json': npm({ a: '1.0.0' }) }
    expect(identify(files, 'a')).toMatchObject({ version: '1.0.0', source: 'installed' })
    expect(codes(identify(files, 'a'))).toEqual(['no-lockfile'])
    expect(
      identity(
        { ...files, 'node_modules/.package-lock.json': npm({ a: { version: '1.0.0', integrity: 'sha512-z' } }) },
        'a',
      ),
    ).not.toBe(identity(files, 'a'))
  })

  it('counts without a lockfile by its reachable files, those of other packages included', () => {
    const files = {
      ...installed('a', '1.0.0', {
        'index.js': "require('./lib/x'); require('b/sub')",
        'lib/x.js': '1',
        'other.js': '1',
      }),
      ...installed('b', '1.0.0', { 'sub.js': "import '@s/c'", 'index.js': '1' }),
      ...installed('@s/c', '1.0.0', { 'index.js': "require('a')" }),
    }
    const before = identify(files, 'a')
    expect(before).toMatchObject({ version: '1.0.0', source: 'content' })
    expect(codes(before)).toEqual(['no-lockfile'])
    for (const file of ['a/lib/x.js', 'b/sub.js', '@s/c/index.js']) {
      expect(identity({ ...files, [`node_modules/${file}`]: '/* edited */' }, 'a'), file).not.toBe(before.identity)
    }
    for (const file of ['a/other.js', 'b/index.js']) {
      expect(identity({ ...files, [`node_modules/${file}`]: '/* edited */' }, 'a'), file).toBe(before.identity)
    }
    const dynamic = { ...files, 'node_modules/a/index.js': 'require(name)' }
    expect(identity({ ...dynamic, 'node_modules/a/other.js': '2' }, 'a')).not.toBe(identity(dynamic, 'a'))
  })

  it('counts the exports of a package without a lockfile under all conditions', () => {
    const json =
      '{"name":"a","version":"1.0.0","exports":{".":{"import":"./m.mjs","require":"./c.cjs"},"./*":"./lib/*.js"}}'
    const files = installed('a', '1.0.0', { 'package.json': json, 'm.mjs': '1', 'c.cjs': '1', 'z.js': '1' })
    expect(identity({ ...files, 'node_modules/a/m.mjs': '2' }, 'a')).not.toBe(identity(files, 'a'))
    expect(identity({ ...files, 'node_modules/a/c.cjs': '2' }, 'a')).not.toBe(identity(files, 'a'))
    expect(identity({ ...files, 'node_modules/a/z.js': '2' }, 'a')).toBe(identity(files, 'a'))
  })

  it('R23 is generated code: it counts by content, also through the package that it is generated for', () => {
    const files = {
      'package-lock.json': npm({ '@prisma/client': '5.0.0', other: '1.0.0' }),
      ...installed('@prisma/client', '5.0.0'),
      ...installed('other', '1.0.0'),
      'node_modules/.prisma/client/package.json': '{"name":".prisma/client","main":"index.js"}',
      'node_modules/.prisma/client/index.js': 'exports.model = 1; // from /p/prisma',
      'node_modules/.prisma/client/engine.so.node': 'binary',
    }
    const edited = { ...files, 'node_modules/.prisma/client/index.js': 'exports.model = 2; // from /p/prisma' }
    expect(identify(files, '.prisma/client')).toMatchObject({ source: 'content', findings: [] })
    for (const name of ['.prisma/client', '@prisma/client'])
      expect(identity(edited, name)).not.toBe(identity(files, name))
    expect(identity(edited, 'other')).toBe(identity(files, 'other'))
    const cache = { ...files, 'node_modules/.other/deps/package.json': '{"type":"module"}' }
    expect(identity(cache, 'other')).toBe(identity(files, 'other'))
    expect(
      identity({ ...files, 'node_modules/.prisma/client/engine.so.node': 'other platform' }, '@prisma/client'),
    ).toBe(identity(files, '@prisma/client'))
    const moved: Files = { ...files, 'node_modules/.prisma/client/index.js': 'exports.model = 1; // from /q/prisma' }
    expect(memoryIndex(moved, '/q').identify('.prisma/client', '/q/a.ts').identity).toBe(
      identity(files, '.prisma/client'),
    )
  })

  it('is not in the lockfile: its content counts', () => {
    const result = identify({ ...lock, ...installed('extra', '1.0.0') }, 'extra')
    expect(result).toMatchObject({ source: 'content', version: '1.0.0' })
    expect(codes(result)).toEqual(['no-lockfile'])
  })

  it('is nowhere: a finding, and an identity all the same', () => {
    const result = identify(lock, 'nowhere')
    expect(result.source).toBe('none')
    expect(codes(result)).toEqual(['unresolved'])
  })

  it('lies where pnpm links it', () => {
    const store = 'node_modules/.pnpm/a@1.0.0/node_modules'
    const made = onDisk({
      [`${store}/a/package.json`]: '{"name":"a","version":"1.0.0"}',
      [`${store}/a/index.js`]: "require('b')",
      'node_modules/.pnpm/b@1.0.0/node_modules/b/package.json': '{"name":"b","version":"1.0.0"}',
      'node_modules/.pnpm/b@1.0.0/node_modules/b/index.js': 'one',
    })
    made.write({
      [`${store}/b`]: `-> ${made.root}/node_modules/.pnpm/b@1.0.0/node_modules/b`,
      'node_modules/a': `-> ${made.root}/${store}/a`,
    })
    const before = made.index().identify('a', `${made.root}/x.ts`)
    expect(before).toMatchObject({ source: 'content', version: '1.0.0' })
    expect(made.index().identify('a', `${made.root}/x.ts`, `${made.root}/${store}/a/index.js`).version).toBe('1.0.0')
    made.write({ 'node_modules/.pnpm/b@1.0.0/node_modules/b/index.js': 'two' })
    expect(made.index().identify('a', `${made.root}/x.ts`).identity).not.toBe(before.identity)
  })
})

describe('first-party packages', () => {
  it('are folders that a lockfile links', () => {
    const result = identify({ 'package-lock.json': npm({ l: { resolved: 'libs/l', link: true } }) }, 'l')
    expect(result).toMatchObject({ firstParty: true, folder: '/p/libs/l', source: 'none' })
    const yarn = {
      'package.json': '{"dependencies":{"f":"file:./libs/f","k":"link:../k"}}',
      'yarn.lock': '# yarn lockfile v1\n\n"f@file:./libs/f":\n  version "1.0.0"\n',
    }
    expect(identify(yarn, 'f')).toMatchObject({ firstParty: true, folder: '/p/libs/f' })
    expect(identify(yarn, 'k')).toMatchObject({ firstParty: true, folder: '/k' })
    const berry =
      '__metadata:\n  version: 8\n\n"l@portal:../l::locator=a%40workspace%3Apackages%2Fa":\n  version: 0.0.0-use.local\n  resolution: "l@portal:../l::locator=a%40workspace%3Apackages%2Fa"\n  linkType: soft\n'
    expect(identify({ 'yarn.lock': berry }, 'l', 'packages/a/x.ts')).toMatchObject({
      firstParty: true,
      folder: '/p/packages/l',
    })
    const bun = '{"workspaces":{"":{}},"packages":{"l":["l@file:libs/l",{}]}}'
    expect(identify({ 'bun.lock': bun }, 'l')).toMatchObject({ firstParty: true, folder: '/p/libs/l' })
    const pnpm =
      "lockfileVersion: '9.0'\nimporters:\n  packages/a:\n    dependencies:\n      l:\n        specifier: file:../l\n        version: file:packages/l\npackages:\n  l@file:packages/l:\n    resolution: {directory: packages/l, type: directory}\nsnapshots:\n  l@file:packages/l: {}\n"
    expect(identify({ 'pnpm-lock.yaml': pnpm }, 'l', 'packages/a/x.ts')).toMatchObject({
      firstParty: true,
      folder: '/p/packages/l',
    })
  })

  it('are what node_modules links to, and what the host resolved to a source', () => {
    const made = onDisk({ 'libs/l/package.json': '{"name":"l"}', 'node_modules/.keep': '' })
    made.write({ 'node_modules/l': `-> ${made.root}/libs/l` })
    expect(made.index().identify('l', `${made.root}/a.ts`)).toMatchObject({
      firstParty: true,
      folder: `${made.root}/libs/l`,
    })
    const files = { 'package-lock.json': npm({ a: '1.0.0' }), 'stubs/package.json': '{}', 'stubs/a.ts': '' }
    expect(memoryIndex(files).identify('a', '/p/x.ts', '/p/stubs/a.ts')).toMatchObject({
      firstParty: true,
      folder: '/p/stubs',
    })
  })

  it('have an identity by content, for a host that takes a copy of one for a package', () => {
    const files = {
      'package.json': '{"dependencies":{"f":"file:./f"}}',
      'yarn.lock': '"f@file:./f":\n  version "1.0.0"\n',
      'f/package.json': '{"name":"f"}',
      ...installed('f', '1.0.0'),
    }
    const edited = { ...files, 'node_modules/f/index.js': 'exports.a = 2' }
    expect(identity(edited, 'f')).not.toBe(identity(files, 'f'))
    const back = {
      'package-lock.json': npm({ a: { version: '1.0.0', dependencies: { l: '*' } }, l: { resolved: 'l', link: true } }),
      'l/index.js': '1',
    }
    expect(identity({ ...back, 'l/index.js': '2' }, 'a')).not.toBe(identity(back, 'a'))
  })

  it('are reached by their own name', () => {
    expect(identify({ 'package.json': '{"name":"me"}' }, 'me')).toMatchObject({ firstParty: true, folder: '/p' })
  })
})

describe('overrides of packages', () => {
  const files = {
    'package-lock.json': npm({ a: { version: '1.0.0', dependencies: { b: '1' } }, b: '1.0.0' }),
    ...installed('a', '1.0.0'),
  }
  const bumped = { ...files, 'package-lock.json': files['package-lock.json'].replaceAll('b1.0.0', 'b1.0.9') }
  const edited = { ...files, 'node_modules/a/index.js': 'exports.a = 2' }
  const under = (mode: PackageMode | undefined, from: Files) =>
    memoryIndex(from, '/p', '/p', { config: mode === undefined ? {} : { packages: { a: mode } } }).identify(
      'a',
      '/p/x.ts',
    ).identity

  it.each<[PackageMode | undefined, boolean, boolean]>([
    [undefined, true, false],
    ['version', false, false],
    ['content', false, true],
    ['ignore', false, false],
  ])('%s: a bump of a dependency counts: %s, an edit of its files counts: %s', (mode, dependency, content) => {
    expect(under(mode, bumped) !== under(mode, files)).toBe(dependency)
    expect(under(mode, edited) !== under(mode, files)).toBe(content)
  })

  it('version sees the version, ignore does not', () => {
    const next = { 'package-lock.json': npm({ a: '2.0.0' }) }
    expect(under('version', next)).not.toBe(under('version', files))
    expect(under('ignore', next)).toBe(under('ignore', files))
  })
})

describe('the host', () => {
  it('may lead a name to another package', () => {
    const files = {
      'package-lock.json': npm({ react: '18.0.0', preact: '10.0.0' }),
      ...installed('preact', '10.0.0', { 'compat/index.js': '1' }),
      ...installed('react', '18.0.0'),
    }
    const result = memoryIndex(files).identify('react', '/p/x.ts', '/p/node_modules/preact/compat/index.js')
    expect(result).toMatchObject({ name: 'react', version: '10.0.0', identity: identity(files, 'preact') })
  })

  it('is asked for each file once, and told each finding once', () => {
    const reads: string[] = []
    const told: PackageFinding[] = []
    const files: Files = installed('a', '1.0.0')
    const index = memoryIndex(files, '/p', '/p', {
      read: (file) => {
        reads.push(file)
        return files[file.slice(3)]
      },
      findings: (finding) => told.push(finding),
    })
    for (const importer of ['/p/a.ts', '/p/src/b.ts', '/p/a.ts']) index.identify('a', importer)
    expect(new Set(reads).size).toBe(reads.length)
    expect(told).toHaveLength(1)
    expect([...index.inputs].sort()).toEqual(['/p/node_modules/a/index.js', '/p/node_modules/a/package.json'])
  })

  it('may fail to read', () => {
    const index = memoryIndex({}, '/p', '/p', {
      read: () => {
        throw new Error('EACCES')
      },
    })
    expect(index.identify('a', '/p/a.ts').source).toBe('none')
  })
})
