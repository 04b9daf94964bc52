import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mayNestDeeply, survivesParsing } from '../src/depth.ts'
import { inMemory } from './in-memory.ts'

const deep = (count: number): readonly (readonly [name: string, text: string])[] => [
  ['parentheses', `export const f = ${'('.repeat(count)}1${')'.repeat(count)}`],
  ['arrays', `export const f = ${'['.repeat(count)}${']'.repeat(count)}`],
  ['objects', `export const f = ${'{a:'.repeat(count)}1${'}'.repeat(count)}`],
  ['blocks', `export function f() ${'{'.repeat(count)}${'}'.repeat(count)}`],
  ['templates', `export const f = ${'`${'.repeat(count)}1${'}`'.repeat(count)}`],
  ['else', `export function f(x) { ${'if (x) 1; else '.repeat(count)}2 }`],
  ['else on lines', `export function f(x) { ${'if (x) {\n} else\n'.repeat(count)}2 }`],
  ['conditions', `export const f = (x) => ${'x ? 1 : '.repeat(count)}2`],
  ['conditions on lines', `export const f = (x) =>\n${'x\n? 1\n: '.repeat(count)}2`],
  ['arrows', `export const f = ${'x => '.repeat(count)}1`],
  ['assignments', `let a; export const f = () => ${'a = '.repeat(count)}1`],
  ['negations', `export const f = ${'!'.repeat(count)}1`],
  ['elements', `export const f = ${'<a>'.repeat(count)}${'</a>'.repeat(count)}`],
  ['new', `export const f = ${'new '.repeat(count)}Date`],
  ['await', `export const f = async () => ${'await '.repeat(count)}1`],
]

test.each(deep(20_000))('a source of 20,000 nested %s has a version and ends no process', (_, text) => {
  const analysis = inMemory({ 'f.tsx': text })
  const { version } = analysis.versionOf('f.tsx', 'f')
  expect(version).toMatch(/^s1-[a-z2-7]{26}$/)
})

test.each(deep(30))('a source of 30 nested %s is parsed', (_, text) => {
  expect(inMemory({ 'f.tsx': text }).diagnostics).toEqual([])
})

test('long chains that nest to the left are parsed', () => {
  for (const chain of ['1 + '.repeat(3000), '1, '.repeat(3000)]) {
    expect(mayNestDeeply(`export const f = (${chain}1)`)).toBe(false)
  }
})

test('a table of brackets is parsed after it was tried', () => {
  const text = `export const f = [${"':(', ".repeat(1000)}]`
  expect(mayNestDeeply(text)).toBe(true)
  expect(survivesParsing(text, '.ts')).toBe(true)
})

test('sources as people write them are not tried', () => {
  const folder = new URL('../src/', import.meta.url)
  const suspected = readdirSync(folder).filter((file) => mayNestDeeply(readFileSync(new URL(file, folder), 'utf8')))
  expect(suspected).toEqual([])
})
