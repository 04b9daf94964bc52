import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type AnalyzeOptions, analyze } from '../src/analyze.ts'
import { inMemory } from './in-memory.ts'
import { memoryRoot, readFrom } from './memory-files.ts'
import { onDisk, write } from './on-disk.ts'

const main = "import * as other from './other.ts'\nexport const f = () => other.value"
const version = /^s1-[a-z2-7]{26}$/

/** Codes and places of what an analysis says, with the first words of each. */
const said = (analysis: ReturnType<typeof inMemory>) =>
  analysis.diagnostics.map(({ code, position: { file, line, column } }) => `${code} ${file}:${line}:${column}`)

describe('a file that is no text', () => {
  const bytes = (...values: number[]) => Uint8Array.from(values)
  test.each([
    ['of bytes that are no UTF-8', bytes(0xff, 0xfe, 0x00, 0x80), bytes(0xff, 0xfe, 0x00, 0x81)],
    ['with a NUL', 'export const value = "\0"', 'export const value = " \0"'],
    [
      'in UTF-16',
      Buffer.from('\ufeffexport const value = 1', 'utf16le'),
      Buffer.from('\ufeffexport const value = 2', 'utf16le'),
    ],
    ['of more than 5 MB', `export const value = 1 //${' '.repeat(6e6)}`, `export const value = 2 //${' '.repeat(6e6)}`],
  ])('%s is a finding, and its bytes are its version', (_, before, after) => {
    const analysis = inMemory({ 'main.ts': main, 'other.ts': before })
    const { version: first, diagnostics } = analysis.versionOf('main.ts', 'f')
    expect(first).toMatch(version)
    expect(diagnostics).toMatchObject([{ code: 'unreadable', level: 'error', position: { file: 'other.ts', line: 1 } }])
    expect(diagnostics[0]?.message).toMatch(/its bytes are its version/)
    expect(said(analysis)).toEqual(['unreadable other.ts:1:1'])
    expect(inMemory({ 'main.ts': main, 'other.ts': before }).versionOf('main.ts', 'f').version).toBe(first)
    expect(inMemory({ 'main.ts': main, 'other.ts': after }).versionOf('main.ts', 'f').version).not.toBe(first)
  })

  test('a file of more than 5 MB on the disk is hashed in pieces', () => {
    const root = onDisk({ 'main.ts': main, 'other.ts': `export const value = 1 //${' '.repeat(6e6)}` })
    const versionNow = () => analyze({ root }).versionOf('main.ts', 'f').version
    const first = versionNow()
    expect(versionNow()).toBe(first)
    write(root, { 'other.ts': `export const value = 2 //${' '.repeat(6e6)}` })
    expect(versionNow()).not.toBe(first)
  })
})

test('a byte order mark and the ends of lines are no part of a source', () => {
  const text = 'export const f = () => `a\nb`\nexport const g = 1'
  const versionOf = (source: string) => inMemory({ 'a.ts': source }).versionOf('a.ts', 'f').version
  expect(versionOf(`\ufeff${text}`)).toBe(versionOf(text))
  expect(versionOf(text.replaceAll('\n', '\r\n'))).toBe(versionOf(text))
  expect(inMemory({ 'a.ts': `\ufeff${text.replaceAll('\n', '\r\n')}` }).versionOf('a.ts', 'g')).toMatchObject({
    line: 3,
    column: 14,
  })
})

test('a file that does not parse is a finding at its place, and its text is its version', () => {
  const before = inMemory({ 'main.ts': main, 'other.ts': 'export const value = 1\nexport const = 2' })
  expect(said(before)).toEqual(['parse-error other.ts:2:14'])
  expect(before.versionOf('main.ts', 'f').diagnostics).toMatchObject([{ code: 'parse-error', path: ['f', 'other.ts'] }])
  const after = inMemory({ 'main.ts': main, 'other.ts': 'export const value = 2\nexport const = 2' })
  expect(after.versionOf('main.ts', 'f').version).not.toBe(before.versionOf('main.ts', 'f').version)
  expect(before.versionOf('other.ts', 'value').version).toMatch(version)
  expect(() => before.versionOf('other.ts', 'absent')).toThrow(/other\.ts has no export absent/)
})

test.each(['', ' ', '// nothing', '#!/usr/bin/env node\n', ';;;', '/*', '\u2028', 'return', 'export', '<<<<<<< HEAD'])(
  'a program of the file %j has an answer',
  (text) => {
    const analysis = inMemory({ 'main.ts': main, 'other.ts': text })
    expect(analysis.versionOf('main.ts', 'f').version).toMatch(version)
    expect(analysis.functions).toEqual([])
    expect(() => analysis.manifest()).not.toThrow()
  },
)

describe('a file that cannot be read', () => {
  const denied = (files: Record<string, string>, code: string) => (file: string) => {
    if (file.endsWith('other.ts')) throw Object.assign(new Error(code), { code })
    return readFrom(files)(file)
  }

  test.each([
    ['EACCES', 'permission denied'],
    ['ELOOP', 'a loop of symbolic links'],
    ['EIO', 'the disk reported an error'],
  ])('with %s is a finding that says so', (code, reason) => {
    const files = { 'main.ts': main }
    const analysis = analyze({ root: memoryRoot, files: ['main.ts'], read: denied(files, code) })
    const { version: found, diagnostics } = analysis.versionOf('main.ts', 'f')
    expect(found).toMatch(version)
    expect(diagnostics).toMatchObject([{ code: 'unreadable', level: 'error' }])
    expect(diagnostics[0]?.message).toContain(reason)
  })

  test('because it is gone, or the host says nothing of it, is unresolved', () => {
    for (const code of ['ENOENT', 'ENOTDIR', 'EISDIR']) {
      const analysis = analyze({ root: memoryRoot, files: ['main.ts'], read: denied({ 'main.ts': main }, code) })
      expect(analysis.versionOf('main.ts', 'f').diagnostics).toMatchObject([{ code: 'unresolved' }])
    }
  })

  test('for want of permission, on the disk, is a finding', () => {
    const root = onDisk({ 'main.ts': main, 'other.ts': 'export const value = 1' })
    chmodSync(root, 0o755)
    chmodSync(join(root, 'other.ts'), 0)
    expect(asNobody(() => said(analyze({ root })))).toEqual(['unreadable other.ts:1:1'])
  })

  test('that the program is to start from is a finding', () => {
    const root = onDisk({ 'main.ts': 'export const f = 1' })
    mkdirSync(join(root, 'folder.ts'))
    const analysis = analyze({ root, files: ['main.ts', 'gone.ts', 'folder.ts'] })
    expect(said(analysis)).toEqual(['unreadable folder.ts:1:1', 'unreadable gone.ts:1:1'])
    expect(analysis.diagnostics.map(({ message }) => message)).toEqual([
      expect.stringContaining('it is a folder'),
      expect.stringContaining('it does not exist'),
    ])
    expect(analysis.versionOf('main.ts', 'f').version).toMatch(version)
  })
})

/** Runs as a user whom permissions stop, where the tests run as one whom they do not. */
function asNobody<T>(run: () => T): T {
  if (process.getuid?.() !== 0) return run()
  process.seteuid!(65534)
  try {
    return run()
  } finally {
    process.seteuid!(0)
  }
}

describe('links, pipes and folders', () => {
  test('a loop of links is not followed, whether it is found or imported', () => {
    const root = onDisk({
      'main.ts': "import './loop.ts'\nimport './dir/self/self/a.ts'\nexport const f = 1",
      'loop.ts': { link: 'loop2.ts' },
      'loop2.ts': { link: 'loop.ts' },
      'dir/a.ts': 'export const a = 1',
      'dir/self': { link: '.' },
    })
    const analysis = analyze({ root })
    expect(analysis.versionOf('main.ts', 'f').version).toMatch(version)
    expect(analysis.exportsOf('dir/self/a.ts')).toEqual(['a'])
    expect(analysis.versionOf('dir/self/a.ts', 'a').file).toBe('dir/a.ts')
    expect(analysis.diagnostics.map(({ message }) => message)).toEqual([
      expect.stringContaining('a loop of symbolic links'),
    ])
  })

  test('a link that leads nowhere is no module', () => {
    const root = onDisk({ 'main.ts': main, 'other.ts': { link: 'gone.ts' } })
    expect(analyze({ root }).versionOf('main.ts', 'f').diagnostics).toMatchObject([{ code: 'unresolved' }])
  })

  test.skipIf(process.platform === 'win32')('a pipe is not waited for', () => {
    const root = onDisk({ 'main.ts': main })
    execFileSync('mkfifo', [join(root, 'other.ts')])
    const { diagnostics } = analyze({ root, files: ['main.ts'] }).versionOf('main.ts', 'f')
    expect(diagnostics[0]?.message).toContain('it is no regular file')
  })

  test('a folder with the extension of a source is looked into and is no source', () => {
    const root = onDisk({ 'main.ts': "export * from './lib.js'", 'lib.js/index.ts': 'export const f = 1' })
    const analysis = analyze({ root })
    expect(analysis.exportsOf('main.ts')).toEqual(['f'])
    expect(analysis.diagnostics).toEqual([])
  })
})

describe('JSON', () => {
  const reader = "import data from './data.json'\nexport const f = () => data"

  test('that is none is a finding, and its bytes are its version', () => {
    for (const [before, after] of [
      ['{ "a": 1', '{ "a": 2'],
      ['', ' '],
      ['{a: 1}', '{a: 2}'],
    ] as const) {
      const one = inMemory({ 'main.ts': reader, 'data.json': before })
      const other = inMemory({ 'main.ts': reader, 'data.json': after })
      expect(one.versionOf('main.ts', 'f').version).not.toBe(other.versionOf('main.ts', 'f').version)
      expect(said(one)).toEqual(['parse-error data.json:1:1'])
      expect(one.versionOf('main.ts', 'f').diagnostics).toMatchObject([
        { code: 'parse-error', path: ['f', 'data.json'] },
      ])
    }
    const cached = (data: string) =>
      inMemory({
        'main.ts': `import { cached } from '@autocache/core'\nimport data from './data.json'\nexport const f = cached(() => data)`,
        'data.json': data,
      })
    expect(said(cached('{ "a": 1'))).toEqual(['parse-error data.json:1:1'])
    expect(said(cached('{ "a": 1 }'))).toEqual([])
    expect(said(cached('\ufeff{ "a": 1 }'))).toEqual([])
  })

  test('that is nested beyond any stack is a finding', () => {
    const deep = (inner: string) => '['.repeat(50_000) + inner + ']'.repeat(50_000)
    const one = inMemory({ 'main.ts': reader, 'data.json': deep('1') })
    const other = inMemory({ 'main.ts': reader, 'data.json': deep('2') })
    expect(said(one)).toEqual(['parse-error data.json:1:1'])
    expect(one.versionOf('main.ts', 'f').version).not.toBe(other.versionOf('main.ts', 'f').version)
  })

  test('keeps names that objects have by themselves', () => {
    const versionOf = (data: string) =>
      inMemory({ 'main.ts': reader, 'data.json': data }).versionOf('main.ts', 'f').version
    const versions = ['{}', '{"__proto__":1}', '{"__proto__":2}', '{"constructor":1}', '{"toString":null}'].map(
      versionOf,
    )
    expect(new Set(versions).size).toBe(versions.length)
  })
})

test('names that objects have by themselves are names like others', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf']
  const analysis = inMemory({
    'a.ts': names.map((name, place) => `export const ${name} = () => ${place}`).join('\n'),
    'b.ts': "export * from './a.ts'",
    'empty.ts': 'export {}',
  })
  expect(analysis.exportsOf('a.ts')).toEqual([...names].sort())
  expect(analysis.exportsOf('b.ts')).toEqual([...names].sort())
  for (const file of ['a.ts', 'b.ts']) {
    expect(new Set(names.map((name) => analysis.versionOf(file, name).version)).size).toBe(names.length)
  }
  for (const name of names) {
    expect(() => analysis.versionOf('empty.ts', name)).toThrow(/empty\.ts has no export .* It exports nothing/)
  }
})

test('files have any name', () => {
  const names = [
    'a b.ts',
    'é.ts',
    '日本.ts',
    'a#b.ts',
    '100%.ts',
    '[id].ts',
    '(group)/x.ts',
    'a+b.ts',
    '{x}.ts',
    "it's.ts",
  ]
  const tree = Object.fromEntries(names.map((name, place) => [name, `export const f = () => ${place}`]))
  const index = names.map((name, place) => `import { f as f${place} } from ${JSON.stringify(`./${name}`)}`).join('\n')
  const source = `${index}\nexport const f = () => [${names.map((_, place) => `f${place}`)}]`
  for (const analysis of [
    inMemory({ ...tree, 'main.ts': source }),
    analyze({ root: onDisk({ ...tree, 'main.ts': source }) }),
  ]) {
    expect(said(analysis)).toEqual([])
    expect(analysis.versionOf('main.ts', 'f').definitions.map(({ file }) => file)).toEqual(['main.ts', ...names])
  }
})

test('import cycles and a module that imports itself have versions', () => {
  const analysis = inMemory({
    'a.ts': "import { b } from './b.ts'\nimport * as self from './a.ts'\nexport const a = () => [b, self.a]",
    'b.ts': "import { a } from './a.ts'\nexport const b = () => a\nexport * from './b.ts'\nexport * from './a.ts'",
  })
  expect(analysis.versionOf('a.ts', 'a').version).toMatch(version)
  expect(analysis.exportsOf('b.ts')).toEqual(['a', 'b'])
  expect(analysis.diagnostics).toEqual([])
})

test('a chain of 5,000 imports is followed to its end', () => {
  const count = 5000
  const chain = (last: string) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, place) => [
        `m${place}.ts`,
        place === count - 1
          ? `export const f = () => ${last}`
          : `import { f as g } from './m${place + 1}.ts'\nexport const f = () => g()`,
      ]),
    )
  const one = inMemory(chain('1')).versionOf('m0.ts', 'f')
  expect(one.definitions).toHaveLength(count)
  expect(inMemory(chain('2')).versionOf('m0.ts', 'f').version).not.toBe(one.version)
}, 180_000)

test('what only a loader understands is hashed by its bytes, and said to be', () => {
  const analysis = inMemory({
    'main.ts': "import view from './view.vue'\nexport const f = () => view",
    'view.vue': '<a />',
  })
  expect(analysis.versionOf('main.ts', 'f').diagnostics).toMatchObject([
    { code: 'unreadable', path: ['f', 'view.vue'] },
  ])
  expect(said(analysis)).toEqual([])
})

describe('files of the project that are not sources', () => {
  test('that cannot be understood are findings, and analysis goes on without them', () => {
    const analysis = inMemory({
      'main.ts': 'export const f = 1',
      'package.json': '{ "name": ',
      'tsconfig.json': '{ "extends": "./no.json" }',
    })
    expect(said(analysis)).toEqual(['parse-error package.json:1:1', 'parse-error tsconfig.json:1:1'])
    expect(analysis.versionOf('main.ts', 'f').version).toMatch(version)
  })
})

describe('options', () => {
  const refused: readonly (readonly [AnalyzeOptions, RegExp])[] = [
    [{ root: '' }, /`root` must be the folder/],
    [{ root: '/no/such/folder' }, /`root` is no folder/],
    [{ root: new URL(import.meta.url).pathname }, /`root` is no folder/],
    [{ root: '/no/such/folder', read: () => undefined }, /name the `files`/],
    [
      { root: '/project', files: ['a.ts'], read: () => undefined, tsconfig: 'no.json' },
      /There is no tsconfig at no\.json/,
    ],
    [
      { root: '/project', files: [], read: () => undefined, config: { wrapper: [] } as never },
      /'wrapper' is no setting/,
    ],
    [
      { root: '/project', files: [], read: () => undefined, config: { wrappers: ['./no#memo'] } },
      /'\.\/no#memo' leads nowhere/,
    ],
  ]

  test.each(refused)('%j are refused with what to do', (options, says) => {
    expect(() => analyze(options)).toThrow(says)
    expect(() => analyze(options)).toThrow(expect.objectContaining({ name: 'CompilerError' }))
  })

  test('a name that is asked for and does not exist is an error that names what does', () => {
    const analysis = inMemory({ 'a.ts': 'export const f = 1, g = 2\nconst h = 3', 'b.css': '' })
    expect(() => analysis.versionOf('a.ts', 'x')).toThrow('a.ts has no export x. It exports f, g.')
    expect(() => analysis.versionOf('a.ts', 'f.x')).toThrow(expect.objectContaining({ code: 'UNKNOWN_EXPORT' }))
    expect(() => analysis.versionOf('no.ts', 'f')).toThrow(expect.objectContaining({ code: 'UNKNOWN_FILE' }))
    expect(() => analysis.exportsOf('b.css')).toThrow(expect.objectContaining({ code: 'UNKNOWN_FILE' }))
    expect(analysis.versionOf('a.ts', 'h').version).toMatch(version)
  })
})
