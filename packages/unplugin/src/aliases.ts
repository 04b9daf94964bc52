/** Aliases of a host as a resolution of the analysis (R24). What no alias matches goes by the rules of Node and TypeScript. */
import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { AnalyzeOptions } from '@autocache/compiler'

/** One alias: a whole specifier or the start of one, and what stands there instead. */
export interface Alias {
  readonly find: string | RegExp
  /** A path, absolute or relative to the root, or another specifier; `false`: an empty module. */
  readonly replacement: string | false
  /** It matches the whole specifier only. */
  readonly exact?: boolean
}

const extensions = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json']
const emittedFrom: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
}

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true

function probe(path: string): string | undefined {
  const cut = path.indexOf('?')
  const bare = cut < 0 ? path : path.slice(0, cut)
  const query = cut < 0 ? '' : path.slice(cut)
  const extension = /\.[cm]?jsx?$/.exec(bare)?.[0] ?? ''
  const stem = bare.slice(0, bare.length - extension.length)
  const found = [
    bare,
    ...(emittedFrom[extension] ?? []).map((other) => stem + other),
    ...extensions.map((other) => bare + other),
    ...extensions.map((other) => join(bare, `index${other}`)),
  ].find(isFile)
  return found === undefined ? undefined : found + query
}

/** A file of a package: which of its files matters to nobody, as its identity stands for it. */
function installed(specifier: string, importer: string): string | undefined {
  try {
    return createRequire(importer).resolve(specifier)
  } catch {
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0]
    for (let folder = dirname(importer); name !== undefined; folder = dirname(folder)) {
      const manifest = join(folder, 'node_modules', name, 'package.json')
      if (existsSync(manifest)) return manifest
      if (dirname(folder) === folder) break
    }
    return undefined
  }
}

function rewrite(specifier: string, { find, replacement, exact }: Alias): string | false | undefined {
  if (typeof find !== 'string') {
    find.lastIndex = 0
    if (!find.test(specifier)) return undefined
    find.lastIndex = 0
    return replacement === false ? false : specifier.replace(find, replacement)
  }
  if (specifier === find) return replacement
  if (exact || !specifier.startsWith(find.endsWith('/') ? find : `${find}/`)) return undefined
  return replacement === false ? false : replacement + specifier.slice(find.length)
}

/** The resolution that aliases make, before that of the user's own; undefined where there is neither. */
export function resolveAliases(
  aliases: readonly Alias[],
  root: string,
  own: AnalyzeOptions['resolve'],
): AnalyzeOptions['resolve'] {
  if (aliases.length === 0) return own
  return (specifier, importer) => {
    const answer = own?.(specifier, importer)
    if (answer !== undefined) return answer
    for (const alias of aliases) {
      const rewritten = rewrite(specifier, alias)
      if (rewritten === undefined) continue
      if (rewritten === false) return false
      if (isAbsolute(rewritten)) return probe(rewritten) ?? probe(join(root, rewritten)) ?? false
      if (rewritten.startsWith('.')) return probe(resolve(root, rewritten)) ?? false
      return installed(rewritten, importer) ?? false
    }
    return undefined
  }
}

/** Aliases as webpack, Rspack and esbuild write them: by name, with `$` at the end for the name alone. */
export function namedAliases(alias: unknown): Alias[] {
  if (Array.isArray(alias)) {
    return alias.flatMap(({ name, alias: target, onlyModule }) =>
      namedAliases({ [onlyModule ? `${name}$` : name]: target }),
    )
  }
  if (typeof alias !== 'object' || alias === null) return []
  return Object.entries(alias).flatMap(([name, target]): Alias[] => {
    const first: unknown = Array.isArray(target) ? target[0] : target
    if (typeof first !== 'string' && first !== false) return []
    const exact = name.endsWith('$')
    return [{ find: exact ? name.slice(0, -1) : name, replacement: first, exact }]
  })
}
