import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { Condition } from './results.ts'

/** Bundles the smallest useful import as a browser and as Node would get it: bytes after minifying and gzip. */
export async function weighBundles(): Promise<Record<Condition, number>> {
  return { browser: await weigh('browser'), node: await weigh('node') }
}

async function weigh(platform: Condition): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: "export { cached, memoryStore } from '@autocache/core'",
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    platform,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    // Without our tsconfig, whose `paths` lead to sources: users have no such thing.
    tsconfigRaw: {},
  })
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length
}
