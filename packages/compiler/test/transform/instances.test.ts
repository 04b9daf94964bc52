import { describe, expect, test } from 'vitest'
import { inMemory } from '../in-memory.ts'
import { pathOf, written } from './support.ts'

const stampsOf = (source: string, more = {}) =>
  written(`import { createAutocache } from '@autocache/core'\n${source}`, { more }).split('\n').slice(1).join('\n')

describe('R07 `key` and `deps` of an instance have versions, for whatever it caches', () => {
  test.each([
    ['a function', 'export const cache = createAutocache({ key: (user) => user.id })'],
    ['a method', 'export const cache = createAutocache({ key(user) { return user.id } })'],
    ['a function by name', 'const idOf = (user) => user.id\nexport const cache = createAutocache({ key: idOf })'],
    ['a function in short', 'const key = (user) => user.id\nexport const cache = createAutocache({ key })'],
    ['a list', 'const tax = (n) => n\nexport const cache = createAutocache({ deps: [tax, 1] })'],
    ['options by name', 'const options = { key: (user) => user.id }\nexport const cache = createAutocache(options)'],
    [
      'options that are spread',
      'const options = { key: (user) => user.id }\nexport const cache = createAutocache({ ...options })',
    ],
    ['an instance in a function', 'export const make = () => createAutocache({ key: (user) => user.id })'],
  ])('%s', (_, source) => {
    expect(stampsOf(source)).toMatchSnapshot()
  })

  test('their versions follow what they call', () => {
    const versionIn = (rate: string) => {
      const files = {
        'cache.ts':
          "import { createAutocache } from '@autocache/core'\nimport { idOf } from './id'\nexport const cache = createAutocache({ key: (user) => idOf(user) })",
        'id.ts': `export const idOf = (user) => user.${rate}`,
      }
      return /s1-\w+/.exec(inMemory(files).transform(files['cache.ts'], pathOf('cache.ts'))!.code)?.[0]
    }
    expect(versionIn('id')).toMatch(/^s1-/)
    expect(versionIn('id')).toBe(versionIn('id // as it is'))
    expect(versionIn('id')).not.toBe(versionIn('name'))
  })

  test.each([
    ['imported', "import { options } from './options'\nexport const cache = createAutocache(options)", '`options`'],
    ['given', 'export const make = (options) => createAutocache({ ...options, ttl: 1 })', '`options`'],
    ['made', 'const options = () => ({})\nexport const cache = createAutocache(options())', '`options()`'],
  ])('options that are %s are said to have none', (_, source, what) => {
    const files = {
      'cache.ts': `import { createAutocache } from '@autocache/core'\n${source}`,
      'options.ts': 'export const options = {}',
    }
    const said = inMemory(files).diagnostics.filter(({ code }) => code === 'unstamped')
    expect(said).toMatchObject([{ level: 'info', message: expect.stringContaining(`${what} holds options`) }])
  })
})
