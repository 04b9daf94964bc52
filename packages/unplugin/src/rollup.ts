/** The plugin for Rollup. */
import type { Plugin } from 'rollup'
import type { ShellOptions } from './options.ts'
import { commonHooks, Shell } from './rollup-like.ts'

export type { LoaderOptions, ShellOptions } from './options.ts'

/**
 * Stamps cached functions in a build of Rollup. It comes before whatever rewrites sources.
 * @example
 * ```js
 * // rollup.config.js
 * import autocache from '@autocache/unplugin/rollup'
 * export default { input: 'src/main.js', output: { dir: 'out' }, plugins: [autocache()] }
 * ```
 */
export default function autocache(options: ShellOptions = {}): Plugin {
  return commonHooks(new Shell(options))
}
