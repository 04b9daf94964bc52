import { describe, expect, test } from 'vitest'
import { inMemory } from './in-memory.ts'

type Sources = Readonly<Record<string, string>>

const versionOf = (files: Sources, name = 'main.ts') => inMemory(files).versionOf(name, 'f').version

const value = (code: string) => `import { T } from './patch'\nexport const use = ${code}`
const prototype = { 'patch.ts': 'Array.prototype.x = 1' }
const registry = {
  'registry.ts': 'export const registry: string[] = []',
  'patch.ts': "import { registry } from './registry'\nregistry.push('a')",
}
const typed = { 'patch.ts': 'Array.prototype.x = 1\nexport class T {}' }
const read = "import { registry } from './registry'\n"

/** Programs with an import for what it does, and without it, the module that it led to being there as before. */
const edits: Record<string, readonly [before: Sources, after: Sources, name?: string]> = {
  'a prototype': [
    { 'main.ts': "import './patch'\nexport const f = () => [1].x", ...prototype },
    { 'main.ts': 'export const f = () => [1].x', ...prototype },
  ],
  'a registry': [
    { 'main.ts': `${read}import './patch'\nexport const f = () => registry.join()`, ...registry },
    { 'main.ts': `${read}export const f = () => registry.join()`, ...registry },
  ],
  'behind another module': [
    {
      'main.ts': `${read}import './more'\nexport const f = () => registry.join()`,
      'more.ts': "import './patch'",
      ...registry,
    },
    {
      'main.ts': `${read}import './more'\nexport const f = () => registry.join()`,
      'more.ts': 'export {}',
      ...registry,
    },
  ],
  'in the file that starts the program': [
    {
      'start.ts': "import './patch'\nimport './main'",
      'main.ts': `${read}export const f = () => registry.join()`,
      ...registry,
    },
    { 'start.ts': "import './main'", 'main.ts': `${read}export const f = () => registry.join()`, ...registry },
    'main.ts',
  ],
  'by `require`': [
    { 'main.cjs': "require('./patch.cjs')\nexports.f = () => [1].x", 'patch.cjs': 'Array.prototype.x = 1' },
    { 'main.cjs': 'exports.f = () => [1].x', 'patch.cjs': 'Array.prototype.x = 1' },
    'main.cjs',
  ],
  'by `import()` with the module': [
    { 'main.ts': "await import('./patch')\nexport const f = () => [1].x", ...prototype },
    { 'main.ts': 'export const f = () => [1].x', ...prototype },
  ],
}

const main = { ...registry, 'main.ts': `${read}export const f = () => registry.join()` }
const start = "import './patch'\nimport './main'"

/** Programs whose module is evaluated for sure before an edit, and afterwards perhaps, or by something else alone. */
const weaker: typeof edits = {
  'an import that becomes one on a condition': [
    { ...main, 'start.ts': start },
    { ...main, 'start.ts': "import './main'\nif (process.env.X) await import('./patch')" },
  ],
  'an import that becomes one in a function': [
    { ...main, 'start.ts': start },
    { ...main, 'start.ts': "import './main'\nexport const later = () => import('./patch')" },
  ],
  'an import of an importer that goes': [
    { ...main, 'setup.ts': "import './patch'", 'start.ts': "import './setup'\nimport './main'" },
    { ...main, 'setup.ts': "import './patch'", 'start.ts': "import './main'" },
  ],
  'an import of a module that is in a cycle': [
    { ...main, 'q.ts': "import './patch'", 'patch.ts': `${registry['patch.ts']}\nimport './q'`, 'start.ts': start },
    {
      ...main,
      'q.ts': "import './patch'",
      'patch.ts': `${registry['patch.ts']}\nimport './q'`,
      'start.ts': "import './main'",
    },
  ],
  'an import that becomes one for a type, which compilers leave out': [
    { 'main.ts': "import './patch'\nexport const f = () => [1].x", ...typed },
    { 'main.ts': "import { T } from './patch'\nexport const f = (): T => [1].x", ...typed },
  ],
  'an import whose only value goes': [
    { 'main.ts': "import './more'\nexport const f = () => [1].x", 'more.ts': value('() => new T()'), ...typed },
    { 'main.ts': "import './more'\nexport const f = () => [1].x", 'more.ts': value('(): T | 0 => 0'), ...typed },
  ],
  'an import for a type in the file that starts the program': [
    { ...main, 'patch.ts': `${registry['patch.ts']}\nexport class T {}`, 'start.ts': `import './main'\n${value('T')}` },
    {
      ...main,
      'patch.ts': `${registry['patch.ts']}\nexport class T {}`,
      'start.ts': `import './main'\n${value('(t: T) => t')}`,
    },
  ],
}

describe('an import that may evaluate nothing any more changes the version', () => {
  test.each(Object.entries(weaker))('%s', (_, [before, after]) => {
    expect(versionOf(after)).not.toBe(versionOf(before))
  })
})

test('an importer that comes leaves the versions of what another leads to already', () => {
  expect(versionOf({ ...main, 'start.ts': start, 'more.ts': "import './patch'" })).toBe(
    versionOf({ ...main, 'start.ts': start }),
  )
  expect(versionOf({ ...main, 'start.ts': start, 'more.ts': "export const more = () => import('./start')" })).toBe(
    versionOf({ ...main, 'start.ts': start }),
  )
})

describe('an import that is taken away, whose module stays in the program, changes the version of what it had changed', () => {
  test.each(Object.entries(edits))('%s', (_, [before, after, name]) => {
    expect(versionOf(after, name)).not.toBe(versionOf(before, name))
  })
})

test('an import elsewhere of what changes nothing that a function reads leaves its version', () => {
  const files = { 'main.ts': 'export const f = () => [1].length', 'other.ts': 'export const other = []\nother.push(1)' }
  expect(versionOf({ ...files, 'start.ts': "import './other'" })).toBe(versionOf(files))
})
