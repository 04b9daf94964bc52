/** The plugin for Bun: its bundler, and its runtime through a preload. */
import { readFileSync, writeFileSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { manifestFile } from '@autocache/compiler'
import { findingsOf, inLine } from './findings.ts'
import { isFirstParty, livingOf, real } from './living.ts'
import type { ShellOptions } from './options.ts'
import { withInlineMap } from './source-map.ts'

export type { LoaderOptions, ShellOptions } from './options.ts'

/** A plugin as Bun takes it. */
export interface BunPlugin {
  readonly name: string
  setup(build: BunBuild): void
}

/** What is used of Bun's builder. */
export interface BunBuild {
  readonly config?: { readonly root?: string } | undefined
  onLoad(
    filter: { readonly filter: RegExp; readonly namespace?: string },
    load: (args: { readonly path: string }) => { readonly contents: string; readonly loader: 'js' | 'jsx' | 'ts' | 'tsx' },
  ): void
  onEnd?(run: () => void): void
}

/**
 * Stamps cached functions in a build of Bun, and, given to `Bun.plugin` in a preload, in what Bun runs.
 * @example
 * ```js
 * import autocache from '@autocache/unplugin/bun'
 * await Bun.build({ entrypoints: ['src/main.ts'], outdir: 'out', target: 'bun', plugins: [autocache()] })
 * ```
 */
export default function autocache(options: ShellOptions = {}): BunPlugin {
  return {
    name: 'autocache',
    setup(build) {
      if (options.enabled === false) return
      const living = livingOf({ ...options, root: resolve(options.root ?? build.config?.root ?? process.cwd()) })
      living.check()

      build.onLoad({ filter: /^(?!.*[\\/]node_modules[\\/]).*\.[cm]?[jt]sx?$/ }, ({ path }) => {
        const contents = readFileSync(path, 'utf8')
        const loader = loaderOf(path)
        const stamped = isFirstParty(living.root, real(path)) ? living.transform(contents, path) : undefined
        if (stamped === undefined) return { contents, loader }
        const findings = findingsOf(stamped, living.root, options)
        // Bun has no place for warnings.
        for (const finding of findings) if (!finding.fails) console.warn(`warn: ${inLine(finding)}`)
        const errors = findings.filter(({ fails }) => fails)
        if (errors.length > 0) throw new Error(errors.map(inLine).join('\n'))
        return { contents: withInlineMap(stamped), loader }
      })

      build.onEnd?.(() => {
        const { manifest } = options
        if (manifest) {
          writeFileSync(resolve(living.root, manifest === true ? manifestFile : manifest), living.manifest())
        }
      })
    },
  }
}

function loaderOf(path: string): 'js' | 'jsx' | 'ts' | 'tsx' {
  const extension = extname(path)
  if (extension === '.tsx' || extension === '.jsx') return extension === '.tsx' ? 'tsx' : 'jsx'
  // Bun reads JSX in `.js` as well.
  return extension.endsWith('ts') ? 'ts' : 'jsx'
}
