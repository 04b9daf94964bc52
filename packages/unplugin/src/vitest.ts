/**
 * The plugin for Vitest: that of Vite, with versions of the scheme `t1`. A mock is another program under the same sources,
 * so what a test computes must not answer in production (R24).
 */
import type { Plugin } from 'vite'
import type { ShellOptions } from './options.ts'
import vite from './vite.ts'

export type { LoaderOptions, ShellOptions } from './options.ts'

/**
 * Stamps cached functions under Vitest.
 * @example
 * ```js
 * // vitest.config.js
 * import autocache from '@autocache/unplugin/vitest'
 * export default { plugins: [autocache()] }
 * ```
 */
export default function autocache(options: Omit<ShellOptions, 'scheme'> = {}): Plugin {
  return vite({ ...options, scheme: 't1' })
}
