// Bundles core's test files, as they are, for a runtime that Vitest does not run in.
import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { realpathSync } from 'node:fs'

const core = resolve('packages/core')
const here = import.meta.dirname

/** core's test files, relative to its folder. */
export const testFiles = readdirSync('packages/core/test', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => `test/${file}`)
  .sort()

/**
 * @param {typeof import('esbuild')} esbuild
 * @param {{ entry: string, outfile: string, conditions: string[], files: string[], strings: boolean }} options
 */
export async function bundle(esbuild, { entry, outfile, conditions, files, strings }) {
  await esbuild.build({
    entryPoints: [join(here, 'page', entry)],
    outfile,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions,
    logLevel: 'error',
    // So that classes and functions keep the names they have in the source.
    keepNames: true,
    plugins: [plugin(conditions, files, strings)],
  })
}

const nodeGlobals = Object.entries({
  Buffer: /\bBuffer[.(]/,
  Function: /\bnew Function\(/,
  process: /\bprocess\./,
  setImmediate: /\bsetImmediate\(/,
})

const plugin = (conditions, files, strings) => ({
  name: 'core-tests',
  setup({ onLoad, onResolve, resolve: find }) {
    const file = (path) => ({ path })
    onResolve({ filter: /^autocache:files$/ }, () => ({ path: 'files', namespace: 'autocache' }))
    onLoad({ filter: /^files$/, namespace: 'autocache' }, () => ({
      contents: `export const files = {${files.map((name) => `'${name}': () => import('./${name}')`).join()}}
export const usingBuffer = ${JSON.stringify(files.filter((name) => nodeGlobals[0][1].test(readFileSync(join(core, name), 'utf8'))))}`,
      resolveDir: core,
    }))

    // Our packages by their sources; what differs by runtime as core's package.json says.
    onResolve({ filter: /^#/ }, ({ path }) => file(join(core, platformFile(path, conditions))))
    onResolve({ filter: /^@autocache\/conformance$/ }, () => file(resolve('packages/conformance/src/index.ts')))
    onResolve({ filter: /^@autocache\/core/ }, ({ path }) =>
      file(join(core, 'src', `${path.slice('@autocache/core/'.length) || 'index'}.ts`)),
    )

    const vitest = realpathSync('node_modules/vitest')
    onResolve({ filter: /^vitest$/ }, () => file(join(here, 'page/vitest.mjs')))
    onResolve({ filter: /^(@vitest\/|chai$)/ }, ({ path, kind, importer, pluginData }) =>
      pluginData === vitest || importer.includes('node_modules')
        ? undefined
        : find(path, { kind, resolveDir: vitest, pluginData: vitest }),
    )

    // Node's own modules and the TypeScript compiler: whoever uses one of their functions is skipped.
    if (conditions.includes('browser') && !conditions.includes('workerd'))
      onResolve({ filter: /^node:vm$/ }, () => file(join(here, 'page/realm.mjs')))
    onResolve({ filter: /^(node:|typescript$)/ }, ({ path }) => ({ path, namespace: 'missing' }))
    onLoad({ filter: /./, namespace: 'missing' }, async ({ path }) => {
      const exported = isBuiltin(path) ? Object.keys(await import(path)).filter((name) => name !== 'default') : []
      const one = (name) => `export const ${name} = unavailable('${path} ${name}')`
      const lines = [`import { unavailable } from '${here}/page/missing.mjs'`, `export default unavailable('${path}')`]
      return { contents: [...lines, ...exported.map(one)].join('\n'), resolveDir: here }
    })

    onLoad({ filter: /packages\/core\/test\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      const globals = nodeGlobals.filter(([, use]) => use.test(text)).map(([name]) => name)
      return {
        contents: `import { ${globals.join()} } from '${here}/page/globals.mjs';${text}`,
        loader: 'ts',
        resolveDir: dirname(path),
      }
    })
  },
})

function platformFile(name, conditions) {
  const choices = JSON.parse(readFileSync(join(core, 'package.json'), 'utf8')).imports[name]
  const chosen = Object.entries(choices).find(([condition]) => condition === 'default' || conditions.includes(condition))
  return chosen[1].replace('dist', 'src').replace(/js$/, 'ts')
}
