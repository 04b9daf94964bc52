import { describe, expect, test } from 'vitest'
import { inMemory } from './in-memory.ts'

const core = "import { cached } from '@autocache/core'\n"
const labels = (source: string, file = 'main.ts') =>
  inMemory({ [file]: core + source }).functions.map(({ label }) => label)

const cases: Record<string, readonly [source: string, labels: readonly string[]]> = {
  'the variable': ['export const getUser = cached((a) => a)', ['getUser']],
  'the variable and not the name of the function': [
    'export const getUser = cached(function other(a) { return a })',
    ['getUser'],
  ],
  'the default export': ['export default cached((a) => a)', ['default']],
  'the way to a property': [
    "export const api = { user: cached((a) => a), 'by id': { x: cached(() => 1) } }",
    ['api.user', 'api.by id.x'],
  ],
  'class and method': ['export class Users { @cached find() { return 1 } }', ['Users.find']],
  'class and static method': ['export class Users { @cached static find() { return 1 } }', ['Users.find']],
  'class and private method': ['export class Users { @cached #find() { return 1 } }', ['Users.#find']],
  'class and field': ['export class Users { find = cached(() => 1) }', ['Users.find']],
  'an unnamed class that is exported': ['export default class { @cached find() { return 1 } }', ['default.find']],
  'the functions around': ['export function make() { const find = cached(() => 1); return find }', ['make.find']],
  'what is assigned': ['export const api = {}; api.user = cached((a) => a)', ['api.user']],
  'a field that the constructor sets': [
    'export class A { constructor() { this.find = cached(() => 1) } }',
    ['A.constructor.find'],
  ],
  'the function, where nothing else has a name': ['cached(function find() { return 1 })', ['find']],
  'a function by name, likewise': ['function find() { return 1 } cached(find)', ['find']],
  anonymous: ['cached(() => 1)', ['anonymous']],
}

describe('a label is', () => {
  for (const [title, [source, expected]] of Object.entries(cases))
    test(title, () => expect(labels(source)).toEqual(expected))

  test('the name of an export of a CommonJS module', () => {
    const source = (rest: string) =>
      inMemory({ 'main.cjs': `const { cached } = require('@autocache/core'); ${rest}` }).functions.map(
        ({ label }) => label,
      )
    expect(source('exports.find = cached((a) => a)')).toEqual(['find'])
    expect(source('module.exports.find = cached((a) => a)')).toEqual(['find'])
    expect(source('module.exports = cached((a) => a)')).toEqual(['default'])
  })
})

test('a label is in no version', () => {
  const version = (source: string) => inMemory({ 'main.ts': core + source }).functions[0]!.version
  expect(version('export const b = cached((a) => a)')).toBe(version('export const a = cached((a) => a)'))
  expect(version('export class B { @cached find() { return 1 } }')).toBe(
    version('export class A { @cached get1() { return 1 } }'),
  )
})
