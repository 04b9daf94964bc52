import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { Condition } from './results.ts'

/** Bundles the smallest useful import as a browser and as Node would get it: bytes after minifying and gzip. */
export async function weighBundles(): Promise<Record<Condition, number>> {
  const smallest = '{ cached, memoryStore }'
  return { browser: (await bundle(smallest)).bytes, node: (await bundle(smallest, 'node')).bytes }
}

/** What is imported, in the order of the table. */
const imports = [
  '{ encodeKey }',
  '{ memoryStore }',
  '{ cached, memoryStore }',
  '{ createAutocache }',
  '{ createAutocache, tieredStore }',
]

/** `npm run bench -- size`: what each import weighs, and what the smallest useful one is made of. */
export async function benchSize(): Promise<void> {
  console.log(`\n| import from '@autocache/core' | min + gzip |\n|---|--:|`)
  for (const imported of imports) console.log(`| \`${imported}\` | ${kilobytes((await bundle(imported)).bytes)} |`)
  const { modules } = await bundle('{ cached, memoryStore }')
  const all = [...modules.values()].reduce((sum, bytes) => sum + bytes, 0)
  console.log(`\n| module of \`{ cached, memoryStore }\` | minified | share |\n|---|--:|--:|`)
  for (const [name, bytes] of [...modules].sort(([, one], [, other]) => other - one))
    console.log(`| ${name} | ${bytes} | ${((100 * bytes) / all).toFixed(1)} % |`)
}

/** What a bundler makes of an import of core: bytes after minifying and gzip, and minified bytes by module. */
export async function bundle(imported: string, platform: Condition = 'browser') {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `export ${imported} from '@autocache/core'`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    platform,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    metafile: true,
    logLevel: 'silent',
    // Without our tsconfig, whose `paths` lead to sources: users have no such thing.
    tsconfigRaw: {},
  })
  const [output] = Object.values(metafile.outputs)
  const modules = new Map<string, number>()
  for (const [path, { bytesInOutput }] of Object.entries(output!.inputs))
    if (bytesInOutput > 0 && path !== '<stdin>')
      modules.set(path.replace(/^.*\/(?:dist|node_modules)\//, ''), bytesInOutput)
  return { bytes: gzipSync(outputFiles[0]!.contents, { level: 9 }).length, modules }
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`
