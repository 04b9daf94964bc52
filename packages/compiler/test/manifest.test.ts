import { expect, test } from 'vitest'
import { type Manifest, readManifest, toManifest, writeManifest } from '../src/manifest.ts'
import type { Reached } from '../src/reached.ts'

const reached = (name: string, file: string, start: number, parent = -1): Reached => ({
  name,
  kind: 'function',
  file,
  line: start + 1,
  start,
  end: start + 5,
  digest: `digest of ${name}`,
  parent,
  via: parent < 0 ? 'reference' : 'attached',
})

const common = {
  line: 1,
  column: 14,
  form: 'call' as const,
  packages: [{ name: 'dayjs', version: '1.0.0', identity: 'dayjs@1.0.0', path: 0 }],
  env: [{ name: 'API', expression: 'process.env.API', module: false }],
  captures: [{ name: 'ctx', paths: [['user', 'id'], []] }],
  receiver: { fields: [['rate']], calls: [{ path: ['repo'] }] },
  diagnostics: [
    {
      code: 'io' as const,
      level: 'info' as const,
      message: 'fetch',
      position: { file: 'a.ts', line: 2, column: 1 },
      path: ['f', 'load'],
    },
  ],
}

const functions = [
  {
    ...common,
    label: 'g',
    file: 'b.ts',
    version: 's1-b',
    definitions: [reached('g', 'b.ts', 0), reached('shared', 'a.ts', 9, 0)],
  },
  {
    ...common,
    label: 'f',
    file: 'a.ts',
    export: 'f',
    version: 's1-a',
    definitions: [reached('f', 'a.ts', 0), reached('shared', 'a.ts', 9, 0), reached('g', 'b.ts', 0, 1)],
  },
]

const manifest = toManifest({ scheme: 's1', inputs: 'abc' }, functions)

test('definitions that several functions reach stand in the manifest once', () => {
  expect(manifest.definitions.map(({ name }) => name)).toEqual(['f', 'shared', 'g'])
  expect(manifest.functions.map(({ label, definitions }) => [label, definitions])).toEqual([
    [
      'f',
      [
        [0, -1, 'reference'],
        [1, 0, 'attached'],
        [2, 1, 'attached'],
      ],
    ],
    [
      'g',
      [
        [2, -1, 'reference'],
        [1, 0, 'attached'],
      ],
    ],
  ])
})

test('a manifest is read back as it was written, by either way of writing it', () => {
  expect(readManifest(writeManifest(manifest))).toEqual(manifest)
  expect(readManifest(JSON.stringify(manifest))).toEqual(manifest)
  expect(readManifest(`\uFEFF${writeManifest(manifest)}`)).toEqual(manifest)
})

test('the text does not depend on the order that functions and keys came in', () => {
  const shuffled = toManifest(
    { inputs: 'abc', scheme: 's1' },
    [...functions].reverse().map((listed) => {
      const entries = Object.entries(listed).reverse()
      return Object.fromEntries(entries) as (typeof functions)[number]
    }),
  )
  expect(writeManifest(shuffled)).toBe(writeManifest(manifest))
  expect(JSON.stringify(shuffled)).toBe(JSON.stringify(manifest))
})

test('an edit of one definition changes one line of definitions', () => {
  const edited = toManifest(
    { scheme: 's1', inputs: 'abc' },
    functions.map((listed) => ({
      ...listed,
      definitions: listed.definitions.map((each) => (each.name === 'shared' ? { ...each, digest: 'other' } : each)),
    })),
  )
  const lines = writeManifest(manifest).split('\n')
  const changed = writeManifest(edited)
    .split('\n')
    .filter((line, place) => line !== lines[place])
  expect(changed).toHaveLength(1)
})

test('a manifest without functions is one', () => {
  const empty = toManifest({ scheme: 't1', inputs: '' }, [])
  expect(readManifest(writeManifest(empty))).toEqual(empty)
})

const broken: readonly (readonly [name: string, text: string, says: RegExp])[] = [
  ['no text', '', /it is no JSON/],
  ['half of one', writeManifest(manifest).slice(0, 300), /it is no JSON/],
  ['a list', '[]', /it is no object/],
  ['null', 'null', /it is no object/],
  ['another JSON', '{"name":"app"}', /it has no format/],
  ['a later format', JSON.stringify({ ...manifest, format: 2 }), /format 2, and this release reads format 1/],
  ['a scheme of nobody', JSON.stringify({ ...manifest, scheme: 'z' }), /scheme is none of s1, t1/],
  ['no definitions', JSON.stringify({ ...manifest, definitions: undefined }), /definitions is no list/],
  ['a place out of range', JSON.stringify({ ...manifest, definitions: [] }), /functions\[0\].*out of range/],
  ['functions of another kind', JSON.stringify({ ...manifest, functions: [{}] }), /functions\[0\]\.label is no text/],
  ['inherited fields', '{"__proto__":{"format":1},"scheme":"s1"}', /it has no format/],
]

test.each(broken)('%s is refused with what is wrong', (_, text, says) => {
  expect(() => readManifest(text)).toThrow(says)
  expect(() => readManifest(text)).toThrow(expect.objectContaining({ name: 'CompilerError', code: 'INVALID_MANIFEST' }))
})

test('any one value replaced is refused or read, and never crashes', () => {
  const visit = (
    value: unknown,
    replace: (path: readonly (string | number)[]) => void,
    path: (string | number)[] = [],
  ) => {
    replace(path)
    if (typeof value !== 'object' || value === null) return
    for (const [key, item] of Object.entries(value)) visit(item, replace, [...path, key])
  }
  visit(manifest, (path) => {
    for (const bad of [null, 7.5, 'x', [], {}, true]) {
      const copy: any = { root: structuredClone(manifest) as Manifest }
      let at = copy
      const way = ['root', ...path]
      for (const key of way.slice(0, -1)) at = at[key]
      at[way.at(-1)!] = bad
      try {
        readManifest(JSON.stringify(copy.root))
      } catch (error) {
        expect(error).toMatchObject({ code: 'INVALID_MANIFEST' })
      }
    }
  })
})
