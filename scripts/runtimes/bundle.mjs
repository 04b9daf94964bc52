// Bundles core's test files, as they are, for a runtime that Vitest does not run in.
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, resolve } from 'node:path'

const core = resolve('packages/core')
const pages = join(import.meta.dirname, 'page')

/** core's test files, relative to its folder. */
export const testFiles = () =>
  readdirSync(join(core, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${file}`)
    .sort()

const options = (outfile, conditions) => ({
  outfile,
  conditions,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  // Many test files in one bundle: a function keeps its name where its variable cannot.
  keepNames: true,
  logLevel: 'silent',
})

/** The test files and what runs them there. */
export async function bundleTests(esbuild, { runtime, outfile, conditions, files }) {
  const entryPoints = [join(pages, runtime === 'workerd' ? 'worker.mjs' : 'browser.mjs')]
  await esbuild.build({
    ...options(outfile, conditions),
    entryPoints,
    plugins: [coreTests(runtime, conditions, files)],
  })
}

/** A user's program over the built package, which is found and resolved as in a user's bundle. */
export async function bundleProgram(esbuild, { outfile, conditions, platform = 'neutral', entry = 'program.mjs' }) {
  await esbuild.build({
    ...options(outfile, conditions),
    platform,
    entryPoints: [join(pages, entry)],
    // Without our tsconfig, whose paths lead to sources.
    tsconfigRaw: '{}',
    plugins: [
      {
        name: 'as-installed',
        setup({ onResolve, resolve: find }) {
          onResolve({ filter: /^@autocache\// }, ({ path, kind, pluginData }) =>
            pluginData ? undefined : find(path, { kind, resolveDir: resolve('apps/quickstart'), pluginData: true }),
          )
        },
      },
    ],
  })
}

/** Globals of Node that test files use, and how they use them. */
const nodeGlobals = {
  Buffer: /\bBuffer[.(]/,
  Function: /\bnew Function\(/,
  process: /\bprocess\./,
  setImmediate: /\bsetImmediate\(/,
}

const coreTests = (runtime, conditions, files) => ({
  name: 'core-tests',
  setup({ onLoad, onResolve, resolve: find }) {
    const file = (path) => ({ path })
    const uses = (name, text) => nodeGlobals[name].test(text)
    const usingBuffer = files.filter((name) => uses('Buffer', readFileSync(join(core, name), 'utf8')))
    onResolve({ filter: /^autocache:files$/ }, () => ({ path: 'files', namespace: 'autocache' }))
    onLoad({ filter: /^files$/, namespace: 'autocache' }, () => ({
      contents: [
        `export const files = {${files.map((name) => `'${name}': () => import('./${name}')`).join()}}`,
        `export const usingBuffer = ${JSON.stringify(usingBuffer)}`,
      ].join('\n'),
      resolveDir: core,
    }))

    // Our packages by their sources; what differs by runtime as core's package.json says.
    onResolve({ filter: /^#/ }, ({ path }) => file(join(core, platformFile(path, conditions))))
    onResolve({ filter: /^@autocache\/conformance$/ }, () => file(resolve('packages/conformance/src/index.ts')))
    onResolve({ filter: /^@autocache\/core/ }, ({ path }) =>
      file(join(core, 'src', `${path.slice('@autocache/core/'.length) || 'index'}.ts`)),
    )

    const vitest = realpathSync('node_modules/vitest')
    onResolve({ filter: /^vitest$/ }, () => file(join(pages, 'vitest.mjs')))
    onResolve({ filter: /^(@vitest\/|chai$)/ }, ({ path, kind, importer, pluginData }) =>
      pluginData === vitest || importer.includes('node_modules')
        ? undefined
        : find(path, { kind, resolveDir: vitest, pluginData: vitest }),
    )

    // Node's own modules and the TypeScript compiler: whoever uses one of their functions is skipped.
    if (runtime === 'browser') onResolve({ filter: /^node:vm$/ }, () => file(join(pages, 'realm.mjs')))
    onResolve({ filter: /^(node:|typescript$)/ }, ({ path }) => ({ path, namespace: 'missing' }))
    onLoad({ filter: /./, namespace: 'missing' }, async ({ path }) => {
      const exported = isBuiltin(path) ? Object.keys(await import(path)).filter((name) => name !== 'default') : []
      const one = (name) => `export const ${name} = unavailable('${path} ${name}')`
      const lines = [`import { unavailable } from '${pages}/missing.mjs'`, `export default unavailable('${path}')`]
      return { contents: [...lines, ...exported.map(one)].join('\n'), resolveDir: pages }
    })

    onLoad({ filter: /packages\/core\/test\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      const globals = Object.keys(nodeGlobals).filter((name) => uses(name, text))
      return {
        contents: `import { ${globals.join()} } from '${pages}/globals.mjs';${text}`,
        loader: 'ts',
        resolveDir: dirname(path),
      }
    })
  },
})

function platformFile(name, conditions) {
  const choices = JSON.parse(readFileSync(join(core, 'package.json'), 'utf8')).imports[name]
  const chosen = Object.entries(choices).find(
    ([condition]) => condition === 'default' || conditions.includes(condition),
  )
  return chosen[1].replace('dist', 'src').replace(/js$/, 'ts')
}
