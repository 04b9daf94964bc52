/** Each shell in the configuration of its host. */
import bun, { type BunPlugin } from '@autocache/unplugin/bun'
import esbuild from '@autocache/unplugin/esbuild'
import { cacheGeneration } from '@autocache/unplugin/loader'
import rolldown from '@autocache/unplugin/rolldown'
import rollup, { type ShellOptions } from '@autocache/unplugin/rollup'
import rspack from '@autocache/unplugin/rspack'
import vite from '@autocache/unplugin/vite'
import vitest from '@autocache/unplugin/vitest'
import webpack from '@autocache/unplugin/webpack'
import type { Configuration as Rspack } from '@rspack/core'
import type { BuildOptions } from 'esbuild'
import type { RolldownOptions } from 'rolldown'
import type { RollupOptions } from 'rollup'
import type { UserConfig } from 'vite'
import type { Configuration as Webpack } from 'webpack'

const options: ShellOptions = { failOn: 'warning', report: 'info', manifest: true }

export const hosts: {
  readonly bun: BunPlugin
  readonly esbuild: BuildOptions
  readonly rolldown: RolldownOptions
  readonly rollup: RollupOptions
  readonly rspack: Rspack
  readonly vite: UserConfig
  readonly vitest: UserConfig
  readonly webpack: Webpack
} = {
  bun: bun(options),
  esbuild: { plugins: [esbuild(options)] },
  rolldown: { plugins: [rolldown(options)] },
  rollup: { plugins: [rollup(options)] },
  rspack: { plugins: [rspack(options)] },
  vite: { plugins: [vite(options)] },
  vitest: { plugins: [vitest()] },
  webpack: { plugins: [webpack(options)] },
}
export const generation: number = cacheGeneration({ cacheName: 'host' })
// @ts-expect-error the scheme of a test runner is not chosen
export const refused = vitest({ scheme: 's1' })
