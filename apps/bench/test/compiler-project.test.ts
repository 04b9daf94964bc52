import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { analyze } from '@autocache/compiler'
import { parseSync } from 'oxc-parser'
import { expect, it, onTestFinished } from 'vitest'
import { applied, type Edit, groupsOf, keyOf, mistakes } from '../src/compiler/edit.ts'
import { generateProject, knownEdits, warmEdit } from '../src/compiler/project.ts'
import { type Subject, subjectOf, writeSubject } from '../src/compiler/subjects.ts'

const size = { modules: 700, cached: 35 }
const project = generateProject(size)

it('a project has exactly as many modules and cached functions as one asks for', () => {
  expect(project.modules).toHaveLength(size.modules)
  expect(new Set(project.modules).size).toBe(size.modules)
  expect(project.cached).toHaveLength(size.cached)
  const small = generateProject({ modules: 100, cached: 5 })
  expect([small.modules.length, small.cached.length]).toEqual([100, 5])
  expect(() => generateProject({ modules: 50, cached: 5 })).toThrow('at least 100')
})

it('the same numbers make the same project, and a larger one has the same features', () => {
  expect(generateProject(size).files).toEqual(project.files)
  const larger = generateProject({ modules: 1400, cached: 70 })
  const feature = [...project.files].filter(([file]) => file.startsWith('src/features/f0012/'))
  expect(feature).toHaveLength(21)
  for (const [file, text] of feature) {
    // Only where Windows has been is by the place of the module in the project.
    expect(larger.files.get(file)?.replaceAll('\r', '')).toBe(text.replaceAll('\r', ''))
  }
})

it('every module parses', () => {
  for (const file of project.modules) {
    const { errors } = parseSync(file, project.files.get(file)!, { sourceType: 'module' })
    expect(errors, file).toEqual([])
  }
})

it('modules are of every kind that projects have, and mostly between 50 and 300 lines', () => {
  const texts = project.modules.map((file) => project.files.get(file)!)
  const all = texts.join('\n')
  for (const part of ['export * from', 'export * as', 'class ', "from './settings.json'", "from 'acme-", "from '@/"]) {
    expect(all, part).toContain(part)
  }
  expect(project.modules.map((file) => file.split('.').at(-1))).toEqual(expect.arrayContaining(['ts', 'tsx', 'js']))
  const returns = texts.filter((text) => text.includes('\r\n')).length
  expect(returns / texts.length).toBeCloseTo(1 / 7, 1)
  const usual = texts.map((text) => text.split('\n').length).filter((lines) => lines >= 50 && lines <= 330)
  expect(usual.length / texts.length).toBeGreaterThan(0.65)
})

it('a known edit fits its file, and changes it', () => {
  for (const edit of [...knownEdits(project), warmEdit(project, 1)]) {
    const text = project.files.get(edit.file)!
    expect(applied(text, edit), edit.title).not.toBe(text)
  }
  const [first] = knownEdits(project)
  expect(() => applied('nothing of it', first!)).toThrow('fits nowhere')
})

it('versions of the generated project are what its known edits say', () => {
  const subject = subjectOf('generated', size)
  const { before, found, diagnostics } = aroundEdits(subject)
  expect([...before.keys()].sort()).toEqual(project.cached.map(({ file, label }) => keyOf(file, label)).sort())
  expect(found).toEqual([])
  expect(new Set(diagnostics)).toEqual(new Set(['mutable-capture']))
}, 180_000)

it('versions of a real library are what its known edits say', () => {
  const { before, found } = aroundEdits(subjectOf('rxjs', size))
  expect(before.size).toBeGreaterThan(500)
  expect(found).toEqual([])
}, 180_000)

it('a version that changes or stays against what an edit says is a mistake', () => {
  const edit: Edit = { title: 'an edit', file: 'a.ts', from: 'a', to: 'b', changes: ['a'], keeps: 'others' }
  const before = new Map(Object.entries({ a: '1', b: '2', c: '3' }))
  const after = (changed: Record<string, string>) => new Map([...before, ...Object.entries(changed)])
  expect(mistakes([edit], before, after({ a: '4' }))).toEqual([])
  expect(mistakes([edit], before, after({}))).toEqual(['an edit: a kept its version'])
  expect(mistakes([edit], before, after({ a: '4', b: '5' }))).toEqual(['an edit: b got another version'])
  expect(mistakes([{ ...edit, keeps: ['c'] }], before, after({ a: '4', b: '5' }))).toEqual([])
  expect(mistakes([{ ...edit, changes: ['x'] }], before, after({}))).toEqual(['x is no function of the project'])
})

/** Versions of a project on disk, and what its edits do to them against what they say. */
function aroundEdits(subject: Subject) {
  const root = mkdtempSync(join(tmpdir(), 'autocache-bench-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  writeSubject(subject, root)
  const analysis = analyze({ root, cache: false })
  const before = subject.versions(analysis)
  const found = groupsOf(subject.edits).flatMap((edits) => {
    const files = new Map(subject.files)
    for (const edit of edits) files.set(edit.file, applied(files.get(edit.file)!, edit))
    writeSubject({ ...subject, files }, root)
    return mistakes(edits, before, subject.versions(analyze({ root, cache: false })))
  })
  return { before, found, diagnostics: analysis.diagnostics.map(({ code }) => code) }
}
