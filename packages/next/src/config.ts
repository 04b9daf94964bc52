/**
 * What a build of Next needs for versions: the loader for Turbopack, the plugin for webpack, and the name of the program in the
 * bundle.
 *
 * Turbopack keeps what a loader made from build to build, and asks only whether the files that it declared have changed. So the
 * loader's options carry the generation of that cache, which is another number where what was kept is outdated in a way
 * that no declared file shows; webpack asks the plugin for each module.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { cacheGeneration, type LoaderOptions } from '@autocache/unplugin/loader'
import webpackPlugin from '@autocache/unplugin/webpack'
import type { NextConfig } from 'next'

/** Options of {@link withAutocache}: those of the shells of `@autocache/unplugin`. */
export interface AutocacheNextOptions extends LoaderOptions {
  /** The first part of every key. @default the name in the program's package.json */
  readonly namespace?: string
  /** Writes the manifest after a build with webpack: `true` for `autocache.manifest.json`. @default false */
  readonly manifest?: boolean | string
}

/** A configuration of Next, or a function that makes one. */
type Configuration = NextConfig | ((phase: string, context: any) => NextConfig | Promise<NextConfig>)

type WebpackConfig = { plugins?: unknown[] }

/** The sources that could hold cached functions; types and JSON are not among them. */
const sources = '*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}'

/** Where nothing is built. */
const serving = 'phase-production-server'

/**
 * Lets a build of Next stamp the functions that `@autocache/next` caches, with Turbopack and with webpack.
 * @example
 * ```js
 * // next.config.mjs
 * import { withAutocache } from '@autocache/next/config'
 * export default withAutocache({ reactStrictMode: true })
 * ```
 */
export function withAutocache(
  nextConfig: Configuration = {},
  options: AutocacheNextOptions = {},
): (phase: string, context: unknown) => Promise<NextConfig> {
  return async (phase, context) => {
    const config = typeof nextConfig === 'function' ? await nextConfig(phase, context) : nextConfig
    const { namespace, manifest, ...loaderOptions } = options
    const root = resolve(options.root ?? process.cwd())
    const env = {
      ...config.env,
      AUTOCACHE_NEXT: options.enabled === false ? 'off' : 'on',
      AUTOCACHE_NAMESPACE: namespace ?? nameOf(root),
    }
    if (phase === serving || options.enabled === false) return { ...config, env }
    return {
      ...config,
      env,
      turbopack: turbopackWith(config, { ...loaderOptions, root }),
      webpack(given: WebpackConfig, hints: { isServer: boolean; dir: string }) {
        const made = (config.webpack?.(given, hints as never) ?? given) as WebpackConfig
        // What is cached is cached on the server.
        if (!hints.isServer) return made
        const plugin = webpackPlugin({ ...loaderOptions, ...(manifest !== undefined && { manifest }), root })
        return { ...made, plugins: [...(made.plugins ?? []), plugin] }
      },
    }
  }
}

function turbopackWith(
  config: NextConfig,
  options: LoaderOptions & { root: string },
): NonNullable<NextConfig['turbopack']> {
  const named = { ...options, cacheName: 'next-turbopack' }
  const loader = createRequire(import.meta.url).resolve('@autocache/unplugin/loader')
  // Turbopack takes JSON only.
  const loaders = [{ loader, options: JSON.parse(JSON.stringify({ ...named, generation: generationOf(named) })) }]
  const known: unknown = config.turbopack?.rules?.[sources]
  const ours = isOlder() ? { foreign: false, default: { loaders } } : { condition: { not: 'foreign' }, loaders }
  const rules = { ...config.turbopack?.rules, [sources]: known === undefined ? ours : [ours, known].flat() }
  return { ...config.turbopack, rules: rules as never }
}

/** The processes of one build read the configuration each for themselves, and must agree. */
function generationOf(options: LoaderOptions & { root: string; cacheName: string }): number {
  const name = '__AUTOCACHE_GENERATION'
  const known = process.env[name]
  if (known?.startsWith(`${options.root}#`)) return Number(known.slice(options.root.length + 1))
  const generation = cacheGeneration(options)
  process.env[name] = `${options.root}#${generation}`
  return generation
}

/** Next 15 writes conditions of a rule in another way. */
function isOlder(): boolean {
  try {
    const { version } = createRequire(join(process.cwd(), 'package.json'))('next/package.json') as { version: string }
    return Number.parseInt(version, 10) < 16
  } catch {
    return false
  }
}

function nameOf(root: string): string {
  try {
    const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { name?: unknown }
    return typeof name === 'string' && name !== '' ? name : 'app'
  } catch {
    return 'app'
  }
}
