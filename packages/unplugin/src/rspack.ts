/**
 * The plugin for Rspack. It asks no plugin whether a module is still right, only whether the files that the loader declared have
 * changed. So in watch mode modules whose stamps became others are told to it as edited, and its persistent cache has a generation
 * (`ledger.ts`).
 */
import type { Compiler, RspackPluginInstance } from '@rspack/core'
import { generationOf, ledgerOf } from './ledger.ts'
import type { ShellOptions } from './options.ts'
import { applyLoader, type LikeCompiler, livingIn } from './webpack-like.ts'

export type { LoaderOptions, ShellOptions } from './options.ts'

/**
 * Stamps cached functions in a build of Rspack.
 * @example
 * ```js
 * // rspack.config.js
 * import autocache from '@autocache/unplugin/rspack'
 * export default { plugins: [autocache()] }
 * ```
 */
export default function autocache(options: ShellOptions = {}): RspackPluginInstance {
  return {
    apply(compiler: Compiler) {
      if (options.enabled === false) return
      const like = compiler as unknown as LikeCompiler
      const living = livingIn(like, options)
      const { cache, name, mode } = compiler.options
      const isPersistent = typeof cache === 'object' && cache.type === 'persistent'
      const cacheName = `rspack-${isPersistent && cache.name ? cache.name : `${name ?? ''}-${mode ?? ''}`}`
      if (isPersistent) {
        cache.version = `${cache.version ?? ''}|autocache:${generationOf(ledgerOf(living.root, cacheName), living)}`
      }
      const built = applyLoader(like, living, options, isPersistent ? { cacheName } : {})
      compiler.hooks.watchRun.tap('autocache', () => {
        const outdated = [...built].filter(([file, fingerprint]) => living.fingerprint(file) !== fingerprint)
        if (outdated.length > 0) {
          compiler.modifiedFiles = new Set([...(compiler.modifiedFiles ?? []), ...outdated.map(([file]) => file)])
        }
      })
    },
  }
}
