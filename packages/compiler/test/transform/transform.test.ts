import * as plumbing from '@autocache/core/plumbing'
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping'
import { parseSync } from 'oxc-parser'
import { describe, expect, test } from 'vitest'
import { analyze } from '../../src/analyze.ts'
import { stampContract } from '../../src/stamps.ts'
import { inMemory } from '../in-memory.ts'
import { onDisk, write } from '../on-disk.ts'
import { pathOf, type Sources, transform } from './support.ts'

const program: Sources = {
  'main.ts': [
    '#!/usr/bin/env node',
    "'use strict'",
    '// a comment',
    "import { cached } from '@autocache/core'",
    "import { live, rate } from './config'",
    'export const own = process.env.OWN, other = 1',
    "export const f = cached((a: number) => a * rate + live() + Number(own), { ttl: '5m', key: (a) => a })",
    'export class Users {',
    '  tenant = `a',
    'b`',
    '  constructor(private repo: Port) {}',
    '  @cached() async load(id: string) { return this.repo.find(id) + this.tenant }',
    '}',
    'interface Port { find(id: string): string }',
    'export const make = (ctx: any) => cached(((id) => ctx.user.id + id) as any) // the end',
    '',
  ].join('\n'),
  'config.ts': 'export const rate = process.env.RATE\nexport const live = () => 1',
}

/** The tokens of a text with their places, line from 1 and column from 0. */
function tokensOf(code: string): { readonly text: string; readonly line: number; readonly column: number }[] {
  return code
    .split('\n')
    .flatMap((text, at) =>
      [...text.matchAll(/[\w$#]+|[^\s\w$#]/g)].map((found) => ({ text: found[0], line: at + 1, column: found.index })),
    )
}

describe('source maps', () => {
  const variants: Record<string, (code: string) => string> = {
    'as it is': (code) => code,
    'with CRLF': (code) => code.replaceAll('\n', '\r\n'),
    'with a byte order mark': (code) => `\ufeff${code}`,
    'with both': (code) => `\ufeff${code.replaceAll('\n', '\r\n')}`,
    'with lone returns in it': (code) => code.replace('a\nb', 'a\r\nb'),
  }

  test.each(Object.entries(variants))(
    '%s every token of the source is found again, at its line and column',
    (_, vary) => {
      for (const name of Object.keys(program)) {
        const source = vary(program[name]!)
        const files = { ...program, [name]: source }
        const { code, map, stamps } = transform(files, name)
        expect(name === 'config.ts' || stamps.length === 4).toBe(true)
        const trace = new TraceMap(JSON.parse(map.toString()))
        expect(trace.sources).toEqual([pathOf(name)])
        expect(trace.sourcesContent).toEqual([source])
        const places = new Map(tokensOf(source).map((token) => [`${token.line}:${token.column}`, token.text]))
        const lines = code.split('\n')
        const found = new Map<string, string>()
        for (const [at, text] of lines.entries()) {
          for (let column = 0; column < text.length; column += 1) {
            const origin = originalPositionFor(trace, { line: at + 1, column })
            const place = `${origin.line}:${origin.column}`
            const token = places.get(place)
            // The last place that leads there is the token itself: what is inserted before it leads to no place of its own.
            if (token !== undefined && text.startsWith(token, column)) found.set(place, token)
          }
        }
        expect([...places].filter(([place]) => !found.has(place))).toEqual([])
      }
    },
  )

  test('nothing of the source is changed: without what is inserted it is the same', () => {
    const { code, map } = transform(program)
    const trace = new TraceMap(JSON.parse(map.toString()))
    const source = program['main.ts']!.split('\n')
    let rest = ''
    const seen = new Set<string>()
    for (const [at, text] of code.split('\n').entries()) {
      for (let column = 0; column < text.length; column += 1) {
        const { line, column: from } = originalPositionFor(trace, { line: at + 1, column })
        const place = `${line}:${from}`
        if (line !== null && !seen.has(place) && source[line - 1]![from!] === text[column]) {
          seen.add(place)
          rest += text[column]
        }
      }
      rest += '\n'
    }
    expect(rest.trimEnd()).toBe(program['main.ts']!.trimEnd())
  })

  test('the result is a program', () => {
    for (const name of Object.keys(program)) expect(parseSync(name, transform(program, name).code).errors).toEqual([])
  })
})

describe('the text', () => {
  const source = program['main.ts']!

  test('that is not that of the file gets no stamp, and an error', () => {
    const analysis = inMemory(program)
    const { code, stamps, diagnostics } = analysis.transform(`${source}// unsaved`, pathOf('main.ts'))!
    expect(code).toBe(`${source}// unsaved`)
    expect(stamps).toEqual([])
    expect(diagnostics.filter(({ code }) => code === 'other-text')).toMatchObject([
      { level: 'error', position: { file: 'main.ts', line: 1, column: 1 } },
    ])
  })

  test('of an edited file is written to after `update`', () => {
    const root = onDisk(program)
    const analysis = analyze({ root, cache: false })
    const before = analysis.transform(source, `${root}/main.ts`)!
    const edited = source.replace('a * rate', 'a / rate').replace('// a comment', '// a longer comment')
    write(root, { 'main.ts': edited })
    expect(analysis.transform(edited, `${root}/main.ts`)!.stamps).toEqual([])
    const after = analysis.update([`${root}/main.ts`]).transform(edited, `${root}/main.ts`)!
    expect(after.stamps.map(({ label }) => label)).toEqual(before.stamps.map(({ label }) => label))
    expect(after.stamps[0]!.version).not.toBe(before.stamps[0]!.version)
    expect(after.stamps.slice(1)).toEqual(before.stamps.slice(1))
    expect(parseSync('main.ts', after.code).errors).toEqual([])
    expect(after.code).toContain('cached(_ac_putStamp((a: number) => a / rate')
  })

  test('of a helper that was edited changes the stamps of who uses it', () => {
    const root = onDisk(program)
    const analysis = analyze({ root, cache: false })
    const before = analysis.transform(source, `${root}/main.ts`)!
    expect(before.dependencies).toContain(`${root}/config.ts`)
    write(root, { 'config.ts': program['config.ts']!.replace('=> 1', '=> 2') })
    const after = analysis.update([`${root}/config.ts`]).transform(source, `${root}/main.ts`)!
    expect(after.stamps[0]!.version).not.toBe(before.stamps[0]!.version)
    expect(after.stamps.slice(1)).toEqual(before.stamps.slice(1))
  })
})

describe('names of modules', () => {
  const analysis = inMemory({ ...program, 'plain.ts': 'export const a = 1' })
  const of = (id: string) => analysis.transform(program['main.ts']!, id)

  test.each(['?v=1a2b', '?t=1700000000000', '?import', '?import&t=5', '?'])(
    'may have what bundlers add: %s',
    (query) => {
      expect(of(pathOf(`main.ts${query}`))!.stamps).toHaveLength(4)
    },
  )

  test.each(['?raw', '?url', '?worker', '?vue&type=script', '?v=1&raw'])(
    'of something else made of the file are left alone: %s',
    (query) => {
      expect(of(pathOf(`main.ts${query}`))).toBeUndefined()
    },
  )

  test.each(['/elsewhere/main.ts', '\0virtual:main.ts', 'virtual:main', '', '?', '\0'])(
    'that are no file of the program are left alone: %j',
    (id) => {
      expect(of(id)).toBeUndefined()
    },
  )

  test('a module without anything to say is left alone', () => {
    expect(analysis.transform('export const a = 1', pathOf('plain.ts'))).toBeUndefined()
  })
})

describe('what is refused', () => {
  const one = (source: string, config = {}) =>
    transform({ 'main.ts': `import { cached } from '@autocache/core'\n${source}` }, 'main.ts', { config })

  test.each([
    ['eval', 'export const f = cached((a) => eval(a))'],
    ['uncapturable', 'export const memo = (fn) => cached((a) => fn(a))'],
    ['env-dynamic', 'export const f = cached((a) => process.env[a])'],
    ['mutable-capture', 'let n = 0\nexport const f = cached((a) => a + n)\nexport const more = () => { n += 1 }'],
  ])('a function with the error `%s` has no stamp, and its module is left as it is', (code, source) => {
    const found = one(source)
    expect(found.stamps).toEqual([])
    expect(found.code).not.toContain('plumbing')
    expect(found.diagnostics.map((each) => `${each.code} ${each.level}`)).toContain(`${code} error`)
    expect(one(source, { diagnostics: { [code]: 'warning' } }).stamps).toHaveLength(1)
  })

  test('a function beside one that is refused has its stamp', () => {
    expect(one('export const f = cached((a) => eval(a))\nexport const g = cached((a) => a)').stamps).toMatchObject([
      { label: 'g' },
    ])
  })
})

test('the contract is that of core', () => {
  expect(stampContract).toBe(plumbing.stampContract)
})

describe('R04 injected code', () => {
  const files = {
    'service.ts': [
      "import { cached } from '@autocache/core'",
      "import type { Users } from './port'",
      'export class Service {',
      '  constructor(private users: Users) {}',
      '  @cached() load(id: string) { return this.users.find(id) }',
      '}',
    ].join('\n'),
    'port.ts': 'export interface Users { find(id: string): string }',
    'sql-users.ts':
      "import { query } from './query'\nexport class SqlUsers { table = 'users'; find(id: string) { return query(this.table, id) } }",
    'query.ts': 'export const query = (table: string, id: string) => table + id',
    'mailer.ts': 'export class Mailer { send(to: string) { return to } }',
  }
  const stampsOf = (edited: Sources = {}) => {
    const all = { ...files, ...edited }
    const analysis = inMemory(all)
    return Object.fromEntries(
      Object.entries(all).flatMap(([name, text]) =>
        (analysis.transform(text, pathOf(name))?.stamps ?? []).map(({ label, version }) => [label, version]),
      ),
    )
  }
  const changed = (edited: Sources) => {
    const [before, after] = [stampsOf(), stampsOf(edited)]
    return Object.keys(before).filter((label) => before[label] !== after[label])
  }

  test('R04 every class that may stand behind a port has a version', () => {
    expect(Object.keys(stampsOf()).sort()).toEqual(['Mailer', 'Service', 'Service.load', 'SqlUsers'])
  })

  test('R04 an edit of the repository, or of what it uses, changes its version alone', () => {
    expect(changed({ 'sql-users.ts': files['sql-users.ts'].replace("'users'", "'people'") })).toEqual(['SqlUsers'])
    expect(changed({ 'query.ts': files['query.ts'].replace('table + id', 'id + table') })).toEqual(['SqlUsers'])
    expect(changed({ 'mailer.ts': files['mailer.ts'].replace('return to', 'return 1') })).toEqual(['Mailer'])
    expect(changed({ 'sql-users.ts': `${files['sql-users.ts']} // the users` })).toEqual([])
  })

  test('R04 a class that is declared is in the version of the function as well', () => {
    const declared = files['service.ts'].replace(
      "import type { Users } from './port'",
      "import { SqlUsers as Users } from './sql-users'",
    )
    const before = stampsOf({ 'service.ts': declared })
    const after = stampsOf({
      'service.ts': declared,
      'query.ts': files['query.ts'].replace('table + id', 'id + table'),
    })
    expect(
      Object.keys(before)
        .filter((label) => before[label] !== after[label])
        .sort(),
    ).toEqual(['Service.load', 'SqlUsers'])
  })
})
