import { readFileSync, rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { livingOf } from '../src/living.ts'
import { caller, helper, program } from './support/program.ts'

const versionIn = (code: string | undefined) => /[st]1-[a-z2-7]{26}/.exec(code ?? '')?.[0]

test('one folder under one set of options has one analysis, and other options have another', () => {
  const { root, living } = program({})
  expect(livingOf({ root })).toBe(living)
  expect(livingOf({ root: `${root}/.`, failOn: 'never' })).toBe(living)
  expect(livingOf({ root, scheme: 't1' })).not.toBe(living)
  const resolve = () => undefined
  expect(livingOf({ root, resolve })).not.toBe(living)
  expect(livingOf({ root, resolve })).toBe(livingOf({ root, resolve }))
})

test('a module without a cached function is left alone', () => {
  const { living, path } = program({ 'f.ts': helper(1) })
  expect(living.transform(helper(1), path('f.ts'))).toBeUndefined()
})

test('an edit that a watcher tells of is in the next transform, and one that nobody told of after a check', () => {
  const { living, path, write } = program({ 'f.ts': caller(), 'helper.ts': helper(1) })
  const version = () => versionIn(living.transform(caller(), path('f.ts'))?.code)
  const first = version()
  expect(first).toMatch(/^s1-/)
  write('helper.ts', helper(2))
  expect(version()).toBe(first)
  living.update([path('helper.ts')])
  const second = version()
  expect(second).not.toBe(first)
  write('helper.ts', helper(33))
  living.check()
  expect(version()).not.toBe(second)
  write('helper.ts', helper(1))
  living.check()
  expect(version()).toBe(first)
})

test('without a build that begins, an edit that nobody told of is in the next transform', () => {
  const { living, path, write } = program({ 'f.ts': caller(), 'helper.ts': helper(1) })
  const version = () => versionIn(living.transform(caller(), path('f.ts'), false)?.code)
  const first = version()
  write('helper.ts', helper(22))
  expect(version()).not.toBe(first)
})

test('a module that was edited after it was read is read again before it is stamped', () => {
  const { living, path, write } = program({ 'f.ts': caller(), 'helper.ts': helper(1) })
  const first = versionIn(living.transform(caller(), path('f.ts'))?.code)
  const edited = caller().replace('helper(n)', 'helper(n) + 1')
  write('f.ts', edited)
  const stamped = living.transform(edited, path('f.ts'))
  expect(stamped?.diagnostics).toEqual([])
  expect(versionIn(stamped?.code)).not.toBe(first)
})

test('a text that is not that of the file is not stamped, and says so', () => {
  const { living, path } = program({ 'f.ts': caller(), 'helper.ts': helper(1) })
  const stamped = living.transform(caller().replace('n: number', 'n'), path('f.ts'))
  expect(versionIn(stamped?.code)).toBeUndefined()
  expect(stamped?.diagnostics.map(({ code, level }) => `${level} ${code}`)).toEqual(['error other-text'])
})

test('new and removed sources are seen by a check, and what builds write is not', () => {
  const { living, path, write } = program({ 'f.ts': caller(), 'helper.ts': helper(1) })
  const before = living.fingerprint(path('f.ts'))
  const { generation } = living
  write('dist/f.js', 'export const f = 1')
  write('.cache/f.js', 'export const f = 1')
  write('node_modules/a/f.js', 'export const f = 1')
  living.check()
  expect(living.generation).toBe(generation)
  write('late.ts', "import { cached } from '@autocache/core'\nexport const late = cached(() => 1)\n")
  living.check()
  expect(living.analysis.functions.map(({ label }) => label)).toEqual(['f', 'late'])
  rmSync(path('late.ts'))
  living.check()
  expect(living.analysis.functions.map(({ label }) => label)).toEqual(['f'])
  expect(living.fingerprint(path('f.ts'))).toBe(before)
})

test('files that no version depends on change nothing when they are edited', () => {
  const { living, path, write } = program({ 'f.ts': caller(), 'helper.ts': helper(1), 'style.css': '' })
  living.fingerprint(path('f.ts'))
  const { generation } = living
  living.update([write('style.css', 'a {}'), write('.git/index', ''), write('README.md', '')])
  expect(living.generation).toBe(generation)
})

test('a fingerprint becomes another exactly where the emitted code does', () => {
  const { living, path, write } = program({
    'f.ts': caller(),
    'helper.ts': helper(1),
    'other.ts': caller('./unrelated.ts').replace('const f', 'const g'),
    'unrelated.ts': helper(7),
  })
  const both = () => [living.fingerprint(path('f.ts')), living.fingerprint(path('other.ts'))]
  const edit = (file: string, text: string) => {
    const before = both()
    living.update([write(file, text)])
    const after = both()
    return before.map((fingerprint, place) => fingerprint !== after[place])
  }
  expect(edit('helper.ts', `// A comment.\n${helper(1)}`)).toEqual([false, false])
  expect(edit('helper.ts', helper(2))).toEqual([true, false])
  expect(edit('helper.ts', `${helper(2)}export const more = 1\n`)).toEqual([false, false])
  expect(edit('unrelated.ts', helper(8))).toEqual([false, true])
  expect(edit('f.ts', readFileSync(path('f.ts'), 'utf8').replace('helper(n)', '1'))).toEqual([true, false])
})

test('what a module reaches is watched, with settings; what it does not reach is not', () => {
  const { living, path } = program({ 'f.ts': caller(), 'helper.ts': helper(1), 'other.ts': helper(2) })
  const reached = living.transform(caller(), path('f.ts'))?.reached
  expect(reached).toContain(path('helper.ts'))
  expect(reached).toContain(path('package.json'))
  expect(reached).not.toContain(path('other.ts'))
})
