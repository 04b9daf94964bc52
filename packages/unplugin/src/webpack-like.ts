/** What the plugins of webpack and Rspack have in common: a rule for the loader, a look at the files when a build starts, a manifest. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { manifestFile } from '@autocache/compiler'
import { namedAliases, resolveAliases } from './aliases.ts'
import { isFirstParty, isSource, type Living, livingOf, real } from './living.ts'
import { openFor, type RuleOptions } from './loader.ts'
import type { ShellOptions } from './options.ts'

/** What of a compiler is used here. */
export interface LikeCompiler {
  readonly context: string
  readonly options: {
    readonly module: { readonly rules: unknown[] }
    readonly resolve: { readonly alias?: unknown }
  }
  readonly hooks: {
    readonly beforeRun: { tap(name: string, run: () => void): void }
    readonly watchRun: { tap(name: string, run: () => void): void }
    readonly done: { tap(name: string, run: (stats: { hasErrors(): boolean }) => void): void }
  }
}

/** The folder of the package's own files: the loader lies beside the plugins. */
const loader = fileURLToPath(new URL(`./loader${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))

/** The living analysis of a compiler: its context is the root, and its aliases are known. */
export function livingIn(compiler: LikeCompiler, options: ShellOptions): Living {
  const root = options.root ?? compiler.context
  const host = resolveAliases(namedAliases(compiler.options.resolve.alias), root, options.resolve)
  return livingOf({ ...options, root, ...(host !== undefined && { resolve: host }) })
}

/**
 * Adds the loader to a compiler, before all others.
 * @param more options of the loader for its host alone
 * @returns the fingerprints of the modules that it built, kept up to date
 */
export function applyLoader(
  compiler: LikeCompiler,
  living: Living,
  { resolve: _, manifest, ...options }: ShellOptions,
  more: Pick<RuleOptions, 'cacheName'> = {},
): ReadonlyMap<string, string> {
  const built = new Map<string, string>()
  const ruleOptions: RuleOptions = { ...options, ...more, root: living.root, living: openFor({ living, built }) }
  compiler.options.module.rules.unshift({
    enforce: 'pre',
    resource: (file: string) => isSource(file) && isFirstParty(living.root, real(file)),
    use: [{ loader, options: ruleOptions }],
  })
  compiler.hooks.beforeRun.tap('autocache', () => living.check())
  compiler.hooks.watchRun.tap('autocache', () => living.check())
  compiler.hooks.done.tap('autocache', (stats) => {
    if (!manifest || stats.hasErrors()) return
    writeFileSync(resolve(living.root, manifest === true ? manifestFile : manifest), living.manifest())
  })
  return built
}
