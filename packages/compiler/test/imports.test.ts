import { describe, expect, test } from 'vitest'
import { inMemory } from './in-memory.ts'

type Sources = Readonly<Record<string, string>>

const versionOf = (files: Sources, name = 'main.ts') => inMemory(files).versionOf(name, 'f').version

const prototype = { 'patch.ts': 'Array.prototype.x = 1' }
const registry = {
  'registry.ts': 'export const registry: string[] = []',
  'patch.ts': "import { registry } from './registry'\nregistry.push('a')",
}
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

describe('an import that is taken away, whose module stays in the program, changes the version of what it had changed', () => {
  test.each(Object.entries(edits))('%s', (_, [before, after, name]) => {
    expect(versionOf(after, name)).not.toBe(versionOf(before, name))
  })
})

test('an import elsewhere of what changes nothing that a function reads leaves its version', () => {
  const files = { 'main.ts': 'export const f = () => [1].length', 'other.ts': 'export const other = []\nother.push(1)' }
  expect(versionOf({ ...files, 'start.ts': "import './other'" })).toBe(versionOf(files))
})
