import { describe, expect, test } from 'vitest'
import { inMemory } from './in-memory.ts'
import { pathOf } from './transform/support.ts'

const core = "import { cached } from '@autocache/core'\n"
const load = 'const load = (id) => id, other = (id) => id + 1\n'

type Files = Readonly<Record<string, string>>
const filesOf = (source: string | Files): Files =>
  typeof source === 'string' ? { 'main.ts': core + load + source } : source

function told(source: string | Files, config = {}) {
  const files = filesOf(source)
  const analysis = inMemory(files, { config })
  const { diagnostics, stamps } = analysis.transform(files['main.ts']!, pathOf('main.ts'))!
  return {
    found: diagnostics.filter(({ code }) => code === 'dynamic-function'),
    stamps: stamps.map(({ label }) => label),
  }
}

const hidden: Record<string, string | Files> = {
  'what a function hands out': 'const pick = () => load\nexport const f = cached(pick())',
  'a computed member': 'const table = { load }\nexport const f = cached(table[process.argv[2]])',
  'a computed member in a function': 'const table = { load }\nexport const f = (name) => cached(table[name])',
  'an entry of a map': "const table = new Map([['a', load]])\nexport const f = cached(table.get('a'))",
  'an element of a list': 'const list = [load]\nexport const f = cached(list.at(-1))',
  'a parameter': 'export const f = (fn) => cached(fn)',
  'a member of a parameter': 'export const f = (api) => cached(api.load)',
  'a parameter, with a key': 'export const f = (fn) => cached(fn, { key: (id) => id })',
  'a parameter in a pattern': 'export const f = ({ fn }) => cached(fn)',
  'a parameter that is bound': 'export const f = (fn) => cached(fn.bind(null))',
  'a variable of a loop': 'for (const f of [load, other]) cached(f)',
  'one of two, where one is hidden': 'export const f = (fn) => cached(process.env.OLD ? load : fn)',
  'a variable that is set to one': 'let fn = load\nexport const set = (to) => { fn = to }\nexport const f = cached(fn)',
  'a constant of one': 'const pick = () => load\nconst picked = pick()\nexport const f = cached(picked)',
  'a spread list': 'const list = [load]\nexport const f = cached(...list)',
  'a constant of another module': {
    'main.ts': `${core}import { picked } from './picked'\nexport const f = cached(picked)`,
    'picked.ts': 'const pick = () => (id) => id\nexport const picked = pick()',
  },
  'a constant of another module, through others': {
    'main.ts': `${core}import { again } from './index'\nexport const f = cached(again)`,
    'index.ts': "export { picked as again } from './picked'",
    'picked.ts': 'const table = { a: (id) => id }\nexport const picked = table[process.argv[2]]',
  },
}

describe('a function that the code does not show is an error at its place, and has no stamp', () => {
  test.each(Object.entries(hidden))('%s', (_, source) => {
    const { found, stamps } = told(source)
    expect(found).toMatchObject([{ level: 'error', position: { file: 'main.ts' } }])
    expect(stamps).toEqual([])
  })

  test('with the label, the place and the remedy', () => {
    const [found] = told('const pick = () => load\nexport const api = { user: cached(pick()) }').found
    expect(found).toMatchObject({ path: ['api.user'], position: { file: 'main.ts', line: 4, column: 35 } })
    expect(found!.message).toBe(
      'Which function `pick()` is, only the running program knows, so no version follows its code and it gets no stamp. ' +
        'Name the function, choose it inside of one that is written out (`cached((id) => choose(id)(id))`), or give a `version` of your own.',
    )
  })

  test.each(['warning', 'info', 'off'])('as %s it has no stamp either', (level) => {
    const { found, stamps } = told('export const f = (fn) => cached(fn, { key: (id) => id })', {
      diagnostics: { 'dynamic-function': level },
    })
    expect(found.map((each) => each.level)).toEqual(level === 'off' ? [] : [level])
    expect(stamps).toEqual([])
  })
})

const shown: Record<string, string | Files> = {
  'a function by name': 'export const f = cached(load)',
  'one of two': 'export const f = cached(process.env.OLD ? load : other)',
  'a variable that is set to functions that are shown':
    'let fn\nif (process.env.OLD) fn = load\nelse fn = other\nexport const f = cached(fn)',
  'a member of an object': 'const api = { load }\nexport const f = cached(api.load)',
  'a member by a constant': "const key = 'load'\nconst api = { load }\nexport const f = cached(api[key])",
  'a member in a pattern': 'const { user } = { user: load }\nexport const f = cached(user)',
  'a static method': 'class A { static load(id) { return id } }\nexport const f = cached(A.load)',
  'a bound function': 'export const f = cached(load.bind(null, 1))',
  'what is made of one': 'const retried = (fn) => (id) => fn(id)\nexport const f = cached(retried(load))',
  'what is made of one by a package': {
    'main.ts': `${core}import { promisify } from 'node:util'\nimport { exec } from 'node:child_process'\nexport const f = cached(promisify(exec))`,
  },
  'a global function': 'export const f = cached(structuredClone)',
  'a function of another module': {
    'main.ts': `${core}import { load } from './load'\nexport const f = cached(load)`,
    'load.ts': 'export const load = (id) => id',
  },
  'what another module made of one': {
    'main.ts': `${core}import { load } from './load'\nexport const f = cached(load)`,
    'load.ts': 'const twice = (fn) => (id) => fn(fn(id))\nexport const load = twice((id) => id)',
  },
  'a member of a namespace': {
    'main.ts': `${core}import * as api from './api'\nexport const f = cached(api.load)`,
    'api.ts': 'export const load = (id) => id',
  },
  'a function cached twice': 'export const f = cached(cached(load))',
}

describe('a function that the code shows has its stamp', () => {
  test.each(Object.entries(shown))('%s', (_, source) => {
    const { found, stamps } = told(source)
    expect(found).toEqual([])
    expect(stamps).toContain('f')
  })
})

describe('nothing is said, and nothing stamped', () => {
  test('with a version of the user', () => {
    expect(told('export const f = (fn, version) => cached(fn, { version })')).toEqual({ found: [], stamps: [] })
  })

  test.each([
    ['a function', 'export const memo = (fn) => cached(fn)', './memo#memo'],
    ['a declaration', 'export function memo(fn) { return cached(fn, { ttl: 1 }) }', './memo#memo'],
    ['a default export', 'export default (fn) => cached(fn)', './memo#default'],
  ])('in a wrapper of the configuration that is %s', (_, source, wrapper) => {
    const name = wrapper.split('#')[1]
    const files = {
      'memo.ts': core + source,
      'main.ts': `import { ${name} as memo } from './memo'\nexport const f = memo((id) => id)`,
    }
    const analysis = inMemory(files, { config: { wrappers: [wrapper] } })
    expect(analysis.diagnostics.filter(({ level }) => level === 'error')).toEqual([])
    expect(analysis.transform(files['memo.ts'], pathOf('memo.ts'))!.stamps).toEqual([])
    expect(analysis.transform(files['main.ts'], pathOf('main.ts'))!.stamps).toMatchObject([{ label: 'f' }])
  })
})
