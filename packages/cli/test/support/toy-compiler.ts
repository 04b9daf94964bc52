import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { VersionedFunction } from '@autocache/compiler'
import type { Compiler } from '../../src/program.ts'
import { analysis, cachedFunction, compilerOf, definition } from './analysis.ts'

/**
 * A compiler of few words, for tests of what surrounds one: each file of `src` is a function of its own name that
 * reaches the files it imports. Comments do not count; a file is cached where it says so.
 */
export const toyCompiler: Compiler = compilerOf((root) => {
  const source = join(root, 'src')
  const names = existsSync(source) ? readdirSync(source).filter((name) => name.endsWith('.ts')) : []
  const functions = names.sort().map((file) => reachedFrom(root, file.slice(0, -3)))
  const cached = functions.filter((one) => readFileSync(join(root, one.file), 'utf8').includes('cached('))
  return analysis(root, cached, {
    versionOf: (file: string, name: string) => {
      const found = functions.find((one) => one.file === file && one.export === name)
      if (found) return found
      throw Object.assign(new Error(`${file} has no export ${name}.`), { name: 'CompilerError' })
    },
    exportsOf: (file: string) => functions.filter((one) => one.file === file).map((one) => one.export!),
  })
})

function reachedFrom(root: string, name: string): VersionedFunction {
  const definitions: VersionedFunction['definitions'][number][] = []
  const visit = (current: string, parent: number): void => {
    const file = `src/${current}.ts`
    const path = join(root, file)
    if (definitions.some((one) => one.name === current) || !existsSync(path)) return
    const text = readFileSync(path, 'utf8')
    const digest = createHash('sha256')
      .update(text.replace(/\/\/.*/g, '').replace(/\s+/g, ''))
      .digest('hex')
      .slice(0, 8)
    const place = definitions.push(definition(current, digest, { file, parent, start: 0, end: text.length })) - 1
    for (const [, next] of text.matchAll(/'\.\/([^']+)'/g)) visit(next!, place)
  }
  visit(name, -1)
  const hash = createHash('sha256')
    .update(definitions.map(({ digest }) => digest).join())
    .digest('hex')
  return cachedFunction(name, {
    file: `src/${name}.ts`,
    export: name,
    version: `s1-${hash
      .replace(/[^a-f2-7]/g, '')
      .padEnd(26, 'a')
      .slice(0, 26)}`,
    definitions,
  })
}
