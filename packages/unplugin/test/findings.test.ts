import type { Diagnostic, Level } from '@autocache/compiler'
import { expect, test } from 'vitest'
import { findingsOf, inLine } from '../src/findings.ts'
import type { LoaderOptions } from '../src/options.ts'

const diagnostic = (level: Level, path: readonly string[] = ['f']): Diagnostic => ({
  code: 'io',
  level,
  message: `It is ${level}.`,
  position: { file: 'src/f.ts', line: 3, column: 7 },
  path,
})
const all = { diagnostics: (['info', 'warning', 'error'] as const).map((level) => diagnostic(level)), core: [] }
const shown = (options: LoaderOptions) =>
  findingsOf(all, '/root', options).map(({ fails, text }) => `${fails ? 'fails' : 'warns'} ${/is (\w+)/.exec(text)?.[1]}`)

test('errors fail and warnings are shown, unless the options say otherwise', () => {
  expect(shown({})).toEqual(['fails error', 'warns warning'])
  expect(shown({ failOn: 'warning' })).toEqual(['fails warning', 'fails error'])
  expect(shown({ failOn: 'never' })).toEqual(['warns warning', 'warns error'])
  expect(shown({ report: 'info' })).toEqual(['fails error', 'warns info', 'warns warning'])
  expect(shown({ report: 'none' })).toEqual(['fails error'])
  expect(shown({ report: 'none', failOn: 'never' })).toEqual([])
})

test('what is wrong with core fails as errors do', () => {
  const finding = { fails: true, text: 'two copies', file: '/f.ts', line: 1, column: 1, code: 'core-copies' }
  const fails = (options: LoaderOptions) =>
    findingsOf({ diagnostics: [], core: [finding] }, '/root', options).map((found) => found.fails)
  expect(fails({})).toEqual([true])
  expect(fails({ failOn: 'never' })).toEqual([false])
  expect(fails({ failOn: 'never', report: 'none' })).toEqual([])
})

test('a finding says the function, the way from it, the code and the place', () => {
  const [here] = findingsOf({ diagnostics: [diagnostic('error')], core: [] }, '/root', {})
  expect(inLine(here!)).toBe('/root/src/f.ts:3:7: `f`: It is error. (io)')
  const [there] = findingsOf({ diagnostics: [diagnostic('error', ['f', 'g'])], core: [] }, '/root', {})
  expect(there!.text).toBe('`f` (f -> g): It is error. (io)')
  const [file] = findingsOf({ diagnostics: [diagnostic('error', [])], core: [] }, '/root', {})
  expect(file!.text).toBe('It is error. (io)')
})
