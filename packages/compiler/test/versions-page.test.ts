/** `docs/versions.md`: every pair of code in it, and every diagnostic, is what the page says of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { VersionedFunction } from '../src/analyze.ts'
import { defaultLevels } from '../src/diagnostics.ts'
import type { Edit } from './cases/run.ts'
import shared from './cases/shared-edits.json' with { type: 'json' }
import { inMemory } from './in-memory.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/versions.md'), 'utf8')

type Sources = Readonly<Record<string, string>>

interface Fence {
  readonly language: string
  /** The word after the language: what the page says of it. */
  readonly says: string
  readonly code: string
  readonly section: string
}

const fences: readonly Fence[] = page.split(/^(?=#{2,3} )/m).flatMap((part) =>
  [...part.matchAll(/^```(\w+)(?: (\w+))?\n([\s\S]*?)^```$/gm)].map(([, language = '', says = '', code = '']) => ({
    language,
    says,
    code,
    section: part.split('\n')[0]!.replace(/^#+ /, ''),
  })),
)

const fencesOf = (language: string, says: string) =>
  fences.filter((fence) => fence.language === language && fence.says === says)

/** Lines with a name of a file begin that file; before the first it is `f.ts`. What follows a colon is a remark. */
function filesOf(lines: readonly string[]): Sources {
  const files: Record<string, string> = {}
  let file = 'f.ts'
  for (const line of lines) {
    const [, name] = /^\/\/ ((?:[\w@.-]+\/)*[\w@.-]+\.\w+)(?:: .*)?$/.exec(line) ?? []
    if (name !== undefined) files[(file = name)] = ''
    else files[file] = `${files[file] ?? ''}${line}\n`
  }
  return files
}

/** One side of a `diff`. */
const sideOf = (code: string, other: '+' | '-'): Sources =>
  filesOf(
    code
      .trimEnd()
      .split('\n')
      .filter((line) => line[0] !== other)
      .map((line) => line.slice(1)),
  )

/** Of `f`, or of the one method that is cached. */
function versionOf(files: Sources): string {
  const analysis = inMemory(files)
  const [method] = analysis.functions.filter(({ form }) => form === 'decorator')
  return (method ?? analysis.versionOf(Object.keys(files)[0]!, 'f')).version
}

describe('diffs of the page', () => {
  const words: Readonly<Record<string, 'same' | 'different'>> = {
    stays: 'same',
    unseen: 'same',
    changes: 'different',
    lost: 'different',
  }
  const diffs = fences.filter(({ language }) => language === 'diff')

  test('each says whether the version changes', () => {
    expect(diffs.length).toBeGreaterThan(15)
    expect(diffs.filter(({ says }) => words[says] === undefined)).toEqual([])
  })

  test.each(diffs.map((diff, at) => [`${at + 1}, ${diff.section}: the version is ${diff.says}`, diff] as const))(
    '%s',
    (_, { code, says }) => {
      const [before, after] = [sideOf(code, '+'), sideOf(code, '-')]
      expect(after).not.toEqual(before)
      if (words[says] === 'same') expect(versionOf(after)).toBe(versionOf(before))
      else expect(versionOf(after)).not.toBe(versionOf(before))
    },
  )
})

/** Every row of a table with a column of this name, as its cells by the names of their columns. */
function rowsWith(column: string): readonly Readonly<Record<string, string>>[] {
  return [...page.matchAll(/(?:^\|.*\|\n)+/gm)].flatMap(([table]) => {
    const [head = [], , ...rows] = table
      .trimEnd()
      .split('\n')
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      )
    if (!head.some((name) => name.startsWith(column))) return []
    return rows.map((row) => Object.fromEntries(head.map((name, at) => [name, row[at] ?? ''])))
  })
}

/** The codes in a cell: a function, or a whole module that exports `f`. */
const codesOf = (cell: string): readonly string[] =>
  [...cell.matchAll(/(`+) ?([\s\S]*?) ?\1(?!`)/g)].map(([, , code = '']) =>
    /\bexport\b/.test(code) ? code : `export const f = ${code}`,
  )

const versionOfCode = (code: string) => versionOf({ 'f.tsx': code })

describe('tables of the page', () => {
  const one = rowsWith('one version')

  test.each(one.map((row) => [row[Object.keys(row)[0]!]!, row] as const))('one version, and another: %s', (_, row) => {
    const equal = codesOf(row['one version']!)
    const others = codesOf(row['another version']!)
    expect(equal.length).toBeGreaterThan(1)
    expect(others.length).toBeGreaterThan(0)
    expect(new Set(equal.map(versionOfCode)).size).toBe(1)
    expect(new Set([equal[0]!, ...others].map(versionOfCode)).size).toBe(1 + others.length)
  })

  const two = rowsWith('two versions').filter((row) => row['two versions']!.includes('`'))

  test.each(two.map((row) => [row[Object.keys(row)[0]!]!, row] as const))('two versions: %s', (_, row) => {
    const codes = codesOf(row['two versions']!)
    expect(codes).toHaveLength(2)
    expect(new Set(codes.map(versionOfCode)).size).toBe(2)
  })

  test('there are rows', () => {
    expect(one.length).toBeGreaterThan(15)
    expect(two.length).toBeGreaterThan(10)
  })

  test('the number of pairs that are lost is that of the labelled ones', () => {
    const pairs = (shared as unknown as readonly Edit[]).filter(({ expect: label }) => label === 'may-change')
    const lost = pairs.filter(({ before, after }) => versionOf(before) !== versionOf(after))
    expect(page).toContain(`${lost.length} of ${pairs.length} change today`)
  })
})

describe('diagnostics of the page', () => {
  const sections = page
    .split(/^### (?=`)/m)
    .slice(1)
    .map((text) => {
      const [, code = '', level = ''] = /^`([\w-]+)`: (\w+)\n/.exec(text) ?? []
      return { code, level }
    })

  test('every code has a section with its level', () => {
    expect(Object.fromEntries(sections.map(({ code, level }) => [code, level]))).toEqual(defaultLevels)
  })

  const codeIn = ({ section }: Fence) => /`([\w-]+)`/.exec(section)![1]!

  /** What is said of `f`, or of whatever is cached, and of the files. */
  function diagnosticsOf(files: Sources) {
    const analysis = inMemory(files)
    const [file] = Object.keys(files)
    const own = analysis.functions.length > 0 ? [] : analysis.versionOf(file!, 'f').diagnostics
    return [...analysis.diagnostics, ...own]
  }

  test.each(fencesOf('ts', 'reports').map((fence) => [codeIn(fence), fence] as const))(
    '%s is reported where the page says',
    (code, fence) => {
      const files = filesOf(fence.code.trimEnd().split('\n'))
      const marks = Object.entries(files).flatMap(([file, text]) =>
        text.split('\n').flatMap((line, at) => (line.includes('// <--') ? [`${file}:${at + 1}`] : [])),
      )
      expect(marks).toHaveLength(1)
      const unmarked = Object.fromEntries(
        Object.entries(files).map(([file, text]) => [file, text.replace(/ *\/\/ <--/, '')]),
      )
      const found = diagnosticsOf(unmarked).filter((each) => each.code === code)
      expect([...new Set(found.map(({ position }) => `${position.file}:${position.line}`))]).toEqual(marks)
    },
  )

  test.each(fencesOf('ts', 'instead').map((fence) => [codeIn(fence), fence] as const))(
    '%s is not reported of what the page offers instead, and nothing worse is',
    (code, fence) => {
      const found = diagnosticsOf(filesOf(fence.code.trimEnd().split('\n')))
      expect(found.filter((each) => each.code === code || each.level === 'error')).toEqual([])
    },
  )

  test('levels are set as the page says', () => {
    const [config] = fencesOf('json', 'config')
    const analysis = inMemory({
      'autocache.config.json': config!.code,
      'f.ts': "export const f = () => fetch('https://example.com/' + Date.now())",
    })
    expect(analysis.versionOf('f.ts', 'f').diagnostics.map(({ code, level }) => [code, level])).toEqual([
      ['impure-time', 'error'],
    ])
  })
})

describe('inputs of the page', () => {
  const path = (parts: readonly string[]) => (parts.length === 0 ? 'this' : parts.join('.'))

  /** What a line may say: `env: RATE, module`, `captures: user.id`, `this: rate; calls: this, repository`. */
  const said = ({ env, captures, receiver }: VersionedFunction): readonly string[] => [
    ...env.map(({ name, module }) => `env: ${name}${module ? ', module' : ''}`),
    ...captures.flatMap(({ name, paths }) => paths.map((each) => `captures: ${[name, ...each].join('.')}`)),
    ...(receiver.fields.length === 0 && receiver.calls.length === 0
      ? []
      : [
          `this: ${receiver.fields.map(path).sort().join(', ')}; calls: ${receiver.calls
            .map((call) => path(call.path))
            .sort()
            .join(', ')}`,
        ]),
  ]

  test.each(fencesOf('ts', 'inputs').map((fence) => [fence.code.trim().split('\n').at(-1)!, fence] as const))(
    '%s',
    (_, { code }) => {
      const analysis = inMemory({ 'f.ts': code })
      expect(analysis.functions).toHaveLength(1)
      const remarks = [...code.matchAll(/\/\/ (.*)$/gm)].map(([, remark]) => remark!)
      expect([...said(analysis.functions[0]!)].sort()).toEqual(remarks.sort())
    },
  )
})
