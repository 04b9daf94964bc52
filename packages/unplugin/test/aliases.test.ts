import { expect, test } from 'vitest'
import { type Alias, namedAliases, resolveAliases } from '../src/aliases.ts'
import { livingOf } from '../src/living.ts'
import { caller, helper, program } from './support/program.ts'

const resolved = (root: string, aliases: readonly Alias[], specifier: string) =>
  resolveAliases(aliases, root, undefined)?.(specifier, `${root}/src/f.ts`)

test('an alias leads to a file, as an import may write it', () => {
  const { root, path } = program({ 'src/lib/a.ts': '', 'src/lib/index.ts': '' })
  const aliases = [{ find: '@', replacement: path('src') }]
  expect(resolved(root, aliases, '@/lib/a')).toBe(path('src/lib/a.ts'))
  expect(resolved(root, aliases, '@/lib/a.js')).toBe(path('src/lib/a.ts'))
  expect(resolved(root, aliases, '@/lib')).toBe(path('src/lib/index.ts'))
  expect(resolved(root, aliases, '@/lib/a.ts?raw')).toBe(`${path('src/lib/a.ts')}?raw`)
})

test('what no alias matches goes by the usual rules, and what one leads nowhere is left alone', () => {
  const { root, path } = program({ 'src/a.ts': '' })
  const aliases = [{ find: '@', replacement: path('src') }]
  expect(resolved(root, aliases, './a')).toBeUndefined()
  expect(resolved(root, aliases, '@scope/package')).toBeUndefined()
  expect(resolved(root, aliases, '@/b')).toBe(false)
})

test('an alias may be a pattern, a whole specifier, a folder of the root, another package, or nothing', () => {
  const { root, path } = program({ 'src/a.ts': '', 'node_modules/b/package.json': '{}', 'node_modules/b/index.js': '' })
  expect(resolved(root, [{ find: /^~(.*)$/, replacement: path('src/$1') }], '~a')).toBe(path('src/a.ts'))
  expect(resolved(root, namedAliases({ a$: path('src/a.ts') }), 'a')).toBe(path('src/a.ts'))
  expect(resolved(root, namedAliases({ a$: path('src/a.ts') }), 'a/b')).toBeUndefined()
  expect(resolved(root, namedAliases({ x: './src' }), 'x/a')).toBe(path('src/a.ts'))
  expect(resolved(root, namedAliases({ x: 'b' }), 'x')).toBe(path('node_modules/b/index.js'))
  expect(resolved(root, namedAliases([{ name: 'x', alias: false }]), 'x')).toBe(false)
})

test('an answer of the user comes first', () => {
  const { root, path } = program({ 'src/a.ts': '', 'src/b.ts': '' })
  const resolve = resolveAliases([{ find: 'x', replacement: path('src/a.ts') }], root, (specifier) =>
    specifier === 'x' ? path('src/b.ts') : undefined,
  )
  expect(resolve?.('x', path('src/f.ts'))).toBe(path('src/b.ts'))
  expect(resolve?.('y', path('src/f.ts'))).toBeUndefined()
})

test('a function has one version whether its helper is found by an alias or by its path', () => {
  const { root, path, living, write } = program({ 'src/f.ts': caller('./helper'), 'src/helper.ts': helper(1) })
  const { version } = living.analysis.versionOf('src/f.ts', 'f')
  const file = write('src/f.ts', caller('#/helper'))
  const resolve = resolveAliases([{ find: '#', replacement: path('src') }], root, undefined)
  const aliased = livingOf({ root, resolve })
  expect(aliased.analysis.versionOf('src/f.ts', 'f').version).toBe(version)
  // Without it the import leads nowhere, which is another version.
  living.update([file])
  expect(living.analysis.versionOf('src/f.ts', 'f').version).not.toBe(version)
})
