/** The plugin for esbuild, which has one hook for loading and none for what was loaded: another plugin that loads sources comes after it. */
import { readFile, writeFile } from 'node:fs/promises'
import { extname, relative, resolve } from 'node:path'
import { manifestFile } from '@autocache/compiler'
import type { Loader, PartialMessage, Plugin } from 'esbuild'
import { namedAliases, resolveAliases } from './aliases.ts'
import { type Finding, findingsOf } from './findings.ts'
import { isFirstParty, isSource, livingOf, real } from './living.ts'
import type { ShellOptions } from './options.ts'
import { withInlineMap } from './source-map.ts'

export type { LoaderOptions, ShellOptions } from './options.ts'

/**
 * Stamps cached functions in a build of esbuild.
 * @example
 * ```js
 * import { build } from 'esbuild'
 * import autocache from '@autocache/unplugin/esbuild'
 * await build({ entryPoints: ['src/main.ts'], bundle: true, outdir: 'out', plugins: [autocache()] })
 * ```
 */
export default function autocache(options: ShellOptions = {}): Plugin {
  return {
    name: 'autocache',
    setup(build) {
      if (options.enabled === false) return
      const { absWorkingDir = process.cwd(), alias, loader = {} } = build.initialOptions
      const root = resolve(absWorkingDir, options.root ?? '.')
      const host = resolveAliases(namedAliases(alias), root, options.resolve)
      const living = livingOf({ ...options, root, ...(host !== undefined && { resolve: host }) })
      build.onStart(() => living.check())

      build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path, suffix }) => {
        if (suffix !== '' || !isSource(path) || !isFirstParty(living.root, real(path))) return undefined
        const stamped = living.transform(await readFile(path, 'utf8'), path)
        if (stamped === undefined) return undefined
        const findings = findingsOf(stamped, living.root, options)
        const messages = (fails: boolean) =>
          Promise.all(findings.filter((found) => found.fails === fails).map((found) => messageOf(found, absWorkingDir)))
        return {
          contents: withInlineMap(stamped),
          loader: loader[extname(path)] ?? loaders[extname(path)] ?? 'default',
          watchFiles: [path, ...stamped.reached],
          errors: await messages(true),
          warnings: await messages(false),
        }
      })

      build.onEnd(async ({ errors }) => {
        const { manifest } = options
        if (!manifest || errors.length > 0) return
        await writeFile(resolve(living.root, manifest === true ? manifestFile : manifest), living.manifest())
      })
    },
  }
}

const loaders: Readonly<Record<string, Loader>> = { '.tsx': 'tsx', '.jsx': 'jsx' }
for (const extension of ['.ts', '.mts', '.cts']) Object.assign(loaders, { [extension]: 'ts' })
for (const extension of ['.js', '.mjs', '.cjs']) Object.assign(loaders, { [extension]: 'js' })

/** esbuild counts columns in bytes from 0, and shows the line it is given. */
async function messageOf({ text, file, line, column, code }: Finding, folder: string): Promise<PartialMessage> {
  const lines = await readFile(file, 'utf8').then(
    (source) => source.split(/\r?\n/),
    () => [],
  )
  const lineText = lines[line - 1] ?? ''
  return {
    id: code,
    text,
    location: { file: relative(folder, file), line, column: Buffer.byteLength(lineText.slice(0, column - 1)), lineText },
  }
}
