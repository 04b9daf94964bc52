/**
 * The plugin for Vite: builds, the dev server with hot updates, and SSR.
 *
 * The dev server keeps what it transformed until the file itself changes, and softly invalidates importers, which keeps their
 * text. So after every change the modules whose stamps became others are invalidated here, and join the hot update.
 */
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import type { EnvironmentModuleGraph, EnvironmentModuleNode, Plugin, ResolvedConfig, ViteDevServer } from 'vite'
import { type Alias, resolveAliases } from './aliases.ts'
import type { ShellOptions } from './options.ts'
import { commonHooks, Shell } from './rollup-like.ts'

export type { LoaderOptions, ShellOptions } from './options.ts'

/**
 * Stamps cached functions in Vite. Under Vitest versions have the scheme `t1`, whichever entry the configuration names.
 * @example
 * ```js
 * // vite.config.js
 * import autocache from '@autocache/unplugin/vite'
 * export default { plugins: [autocache()] }
 * ```
 */
export default function autocache(options: ShellOptions = {}): Plugin {
  const shell = new Shell(options)
  const { transform: _, watchChange: __, ...common } = commonHooks(shell)
  let server: ViteDevServer | undefined

  const outdated = (environment: { readonly name: string; readonly moduleGraph: EnvironmentModuleGraph }) =>
    [...environment.moduleGraph.idToModuleMap.values()].filter(
      ({ id }) => id !== null && shell.isOutdated(id, environment.name),
    )

  return {
    ...common,
    ...underVitest(shell),
    enforce: 'pre',
    sharedDuringBuild: true,

    config({ root }) {
      const include = options.enabled === false ? [] : installedCore(options.root ?? root ?? process.cwd())
      return include.length === 0 ? undefined : { optimizeDeps: { include } }
    },

    configResolved(config) {
      if (options.root === undefined) shell.root = config.root
      const resolve = resolveAliases(aliasesOf(config), config.root, options.resolve)
      const scheme = options.scheme ?? (process.env.VITEST ? 't1' : undefined)
      shell.more = { ...(resolve !== undefined && { resolve }), ...(scheme !== undefined && { scheme }) }
    },

    configureServer(created) {
      server = created
    },

    transform: {
      order: 'pre',
      handler(code, id) {
        // A watched file of the plugin's would reload its importers whatever was edited in it.
        const addWatchFile = (file: string) =>
          server === undefined
            ? this.addWatchFile(file)
            : void (relative(server.config.root, file).startsWith('..') && server.watcher.add(file))
        const context = { warn: this.warn.bind(this), error: this.error.bind(this), addWatchFile }
        return shell.transform(context, code, id, this.environment?.name)
      },
    },

    watchChange(id) {
      shell.living.update([id])
      const { environment } = this
      if (environment?.mode !== 'dev') return
      for (const module of outdated(environment)) environment.moduleGraph.invalidateModule(module)
    },

    hotUpdate({ file, modules }): EnvironmentModuleNode[] | undefined {
      shell.living.update([file])
      const more = outdated(this.environment).filter((module) => !modules.includes(module))
      return more.length === 0 ? undefined : [...modules, ...more]
    },
  }
}

/**
 * What stamped code imports, for the dev server to bundle before it starts. No source names it, so it would be found when the
 * first page asks, and that page be loaded twice. A linked core is not bundled beforehand, and stays as it is.
 */
function installedCore(root: string): string[] {
  const names = ['@autocache/core', '@autocache/core/plumbing']
  try {
    const { resolve } = createRequire(join(root, 'package.json'))
    return names.every((name) => /[\\/]node_modules[\\/]/.test(resolve(name))) ? names : []
  } catch {
    return []
  }
}

/** What is used of the context that Vitest gives. */
interface VitestContext {
  experimental_defineCacheKeyGenerator?(key: (context: { readonly id: string }) => string | undefined): void
}

/** Vitest can keep transformed modules on the disk, by their own text: the fingerprint joins the key. */
const underVitest = (shell: Shell) => ({
  configureVitest(context: VitestContext) {
    context.experimental_defineCacheKeyGenerator?.(({ id }) => {
      const file = shell.fileOf(id)
      return file === undefined ? undefined : shell.living.fingerprint(file)
    })
  },
})

/** The aliases that the user gave; those of Vite itself lead to modules of its own. */
function aliasesOf({ resolve: { alias } }: ResolvedConfig): Alias[] {
  return alias
    .filter(({ find }) => !String(find).includes('@vite'))
    .map(({ find, replacement }) => ({ find, replacement }))
}
