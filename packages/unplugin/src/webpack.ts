/**
 * The plugin for webpack. Its caches, in memory and on the disk, ask each module whether it must be built again: the answer is
 * here whether its stamps are still those it was built with.
 */
import type { Compiler, NormalModule, WebpackPluginInstance } from 'webpack'
import type { ShellOptions } from './options.ts'
import { applyLoader, type LikeCompiler, livingIn } from './webpack-like.ts'

export type { LoaderOptions, ShellOptions } from './options.ts'

/**
 * Stamps cached functions in a build of webpack.
 * @example
 * ```js
 * // webpack.config.js
 * import autocache from '@autocache/unplugin/webpack'
 * export default { plugins: [autocache()] }
 * ```
 */
export default function autocache(options: ShellOptions = {}): WebpackPluginInstance {
  return {
    apply(compiler: Compiler) {
      if (options.enabled === false) return
      const like = compiler as unknown as LikeCompiler
      const living = livingIn(like, options)
      applyLoader(like, living, options)
      compiler.hooks.compilation.tap('autocache', (compilation) => {
        const { needBuild } = compiler.webpack.NormalModule.getCompilationHooks(compilation)
        needBuild.tapPromise('autocache', async ({ buildInfo, resource }: NormalModule) => {
          const built: unknown = buildInfo?.autocache
          // Anything but true would end the question before others are asked.
          return typeof built === 'string' && living.fingerprint(resource) !== built ? true : (undefined as never)
        })
      })
    },
  }
}
