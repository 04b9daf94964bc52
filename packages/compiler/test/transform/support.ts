import { createRequire } from 'node:module'
import { join } from 'node:path'
import * as core from '@autocache/core'
import * as plumbing from '@autocache/core/plumbing'
import { transformSync } from 'esbuild'
import type { Analysis, AnalyzeOptions } from '../../src/analyze.ts'
import type { Transformed } from '../../src/transform.ts'
import { inMemory } from '../in-memory.ts'
import { memoryRoot } from '../memory-files.ts'

export type Sources = Readonly<Record<string, string>>

/** The absolute path of a file of {@link inMemory}. */
export const pathOf = (file: string): string => join(memoryRoot, file)

/** What `transform` makes of a module of a program. */
export function transform(
  files: Sources,
  name = Object.keys(files)[0]!,
  options?: Partial<AnalyzeOptions>,
): Transformed {
  return inMemory(files, options).transform(files[name]!, pathOf(name))!
}

/** The text without what differs with every edit of the compiler or the source: versions, and the names of inputs. */
export const shown = (code: string): string =>
  code.replace(/s1-[a-z2-7]{26}/g, 's1-…').replace(/(Input\(")[\w-]{16}"/g, '$1…"')

/** What is written into one module, after an import of `cached` that the test need not repeat. */
export function written(
  source: string,
  { file = 'main.ts', more = {} }: { file?: string; more?: Sources } = {},
): string {
  const head = "import { cached } from '@autocache/core'\n"
  const { code } = transform({ [file]: head + source, ...more })
  const at = code.indexOf(head)
  return shown(at < 0 ? code : code.slice(at + head.length))
}

export interface RunOptions {
  /** Whether the modules go through `transform`. */
  readonly stamped: boolean
  readonly legacy?: boolean
  readonly target?: string
  readonly minify?: boolean
  /** Where modules come from that are none of the files. */
  readonly modules?: Readonly<Record<string, unknown>>
  readonly analysis?: Analysis
}

const require = createRequire(import.meta.url)

/** Runs a program as a host would: transformed, compiled to what Node runs, module by module. @returns the exports of the first */
export function run(
  files: Sources,
  { stamped, legacy = false, target, minify = false, modules = {}, analysis }: RunOptions,
): any {
  const known = analysis ?? inMemory(files)
  const loaded = new Map<string, { exports: any }>()
  const given: Record<string, unknown> = { '@autocache/core': core, '@autocache/core/plumbing': plumbing, ...modules }
  const load = (name: string): any => {
    const cached = loaded.get(name)
    if (cached) return cached.exports
    const text = files[name]!
    const code = stamped ? (known.transform(text, pathOf(name))?.code ?? text) : text
    const compiled = transformSync(code, {
      loader: name.endsWith('x') ? 'tsx' : 'ts',
      format: 'cjs',
      target: target ?? 'es2022',
      minify,
      keepNames: minify,
      define: { 'import.meta.env': 'process.env' },
      tsconfigRaw: { compilerOptions: { experimentalDecorators: legacy, useDefineForClassFields: !legacy } },
    }).code
    const module = { exports: {} as any }
    loaded.set(name, module)
    new Function('require', 'module', 'exports', compiled)(resolve, module, module.exports)
    return module.exports
  }
  const resolve = (specifier: string): unknown => {
    if (Object.hasOwn(given, specifier)) return given[specifier]
    if (!specifier.startsWith('.')) return require(specifier)
    const name = specifier.replace(/^\.\//, '')
    const file = [name, `${name}.ts`, `${name}.js`].find((one) => Object.hasOwn(files, one))
    return load(file!)
  }
  return load(Object.keys(files)[0]!)
}
