/** The plugin for Rolldown. */
import type { Plugin } from 'rolldown'
import type { ShellOptions } from './options.ts'
import { commonHooks, Shell } from './rollup-like.ts'

export type { LoaderOptions, ShellOptions } from './options.ts'

/**
 * Stamps cached functions in a build of Rolldown. It comes before whatever rewrites sources.
 * @example
 * ```js
 * // rolldown.config.js
 * import autocache from '@autocache/unplugin/rolldown'
 * export default { input: 'src/main.js', output: { dir: 'out' }, plugins: [autocache()] }
 * ```
 */
export default function autocache(options: ShellOptions = {}): Plugin {
  return commonHooks(new Shell(options))
}
