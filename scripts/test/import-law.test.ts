import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { sources, violations } from '../import-law.mjs'

const core = (files: Record<string, string>) =>
  violations(Object.fromEntries(Object.entries(files).map(([name, text]) => [`packages/core/src/${name}.ts`, text])))

describe('the import law', () => {
  test('holds in this repository', () => {
    const files = sources(fileURLToPath(new URL('../..', import.meta.url)))
    expect(Object.keys(files)).toContain('packages/core/src/store.ts')
    expect(violations(files)).toEqual([])
  })

  test('allows what stands below, public entries and re-exports', () => {
    expect(
      violations({
        'packages/core/src/call.ts': "import { encodeKey } from './key.ts'\nimport { after } from '#platform'",
        'packages/core/src/key.ts': 'export const encodeKey = 1',
        'packages/core/src/index.ts': "export { encodeKey } from './key.ts'",
        'packages/core/src/platform/node.ts': "import 'node:fs'",
        'packages/keyv/src/index.ts': "import { StoreError } from '@autocache/core'\nimport type { Keyv } from 'keyv'",
        'apps/quickstart/src/main.ts': "import { keyvStore } from '@autocache/keyv'\nimport 'node:fs'",
      }),
    ).toEqual([])
  })

  test.each([
    ['a lower layer importing a higher one', core({ key: "import { x } from './call.ts'" })],
    ['the same by a type import', core({ store: "import type { x } from './key.ts'" })],
    ['the same by an import type', core({ errors: "export type X = import('./key.ts').X" })],
    ['the same by a dynamic import', core({ entry: "const x = await import('./autocache.ts')" })],
    ['anything importing the index', core({ call: "import { x } from './index.ts'" })],
    ['a file without a layer', core({ utils: "import { x } from './errors.ts'" })],
    ['node: outside src/platform', core({ version: "import { createHash } from 'node:crypto'" })],
    ['code in the index', core({ index: 'export const x = 1' })],
    ['export * in the index', core({ index: "export * from './key.ts'" })],
    ['a cycle, types included', core({ key: "import './codec.ts'", codec: "import type { x } from './key.ts'" })],
    ['core importing an adapter', core({ call: "import { keyvStore } from '@autocache/keyv'" })],
    ['an adapter reaching inside core', violations({ 'packages/keyv/src/a.ts': "import '@autocache/core/call'" })],
    ['an adapter reaching there by path', violations({ 'packages/keyv/src/a.ts': "import '../../core/src/call.ts'" })],
    ['an adapter importing another', violations({ 'packages/other/src/a.ts': "import '@autocache/keyv'" })],
    ['an app reaching inside core', violations({ 'apps/x/test/a.test.ts': "import '@autocache/core/call'" })],
  ])('catches %s', (_title, found) => {
    expect(found).toHaveLength(1)
  })
})
