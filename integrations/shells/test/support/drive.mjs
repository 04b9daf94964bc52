// Builds a project again and again in one process, as a host that lives on does: node drive.mjs <host>, in the project.
// Each line on standard input is one build; the answer is one line of JSON.
import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const [, , host] = process.argv
const root = process.cwd()
const configuration = async (file) => (await import(pathToFileURL(join(root, file)).href)).default

/** Runs a compiler of webpack or Rspack; the sources that it built and did not take from its cache. */
const run = (compiler) =>
  new Promise((resolve, reject) => {
    const built = []
    compiler.hooks.compilation.tap('drive', ({ hooks }) =>
      hooks.buildModule.tap('drive', ({ resource }) => {
        if (/\.ts$/.test(resource)) built.push(resource)
      }),
    )
    compiler.run((error, stats) => {
      const failure = error ?? (stats.hasErrors() ? new Error(stats.toString({ all: false, errors: true })) : undefined)
      compiler.close(() => (failure ? reject(failure) : resolve(built)))
    })
  })

const node = promisify(execFile).bind(undefined, process.execPath)

/** A compiler that writes a folder and asks nobody, and the command that writes the stamps into it. */
const emits = (compile) => async () => {
  const folder = `out/${host}`
  return async () => {
    rmSync(join(root, folder), { recursive: true, force: true })
    await compile(folder)
    await node(['node_modules/@autocache/cli/dist/bin.js', 'stamp', folder])
  }
}

const builders = {
  tsc: emits((folder) =>
    node([
      'node_modules/typescript/bin/tsc',
      ...['--noCheck', '--noEmit', 'false', '--rootDir', '.', '--outDir', folder],
      ...['--rewriteRelativeImportExtensions', '--sourceMap', '--inlineSources'],
    ]),
  ),
  swc: emits((folder) => {
    const jsc = {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true },
      experimental: { keepImportAttributes: true },
      rewriteRelativeImportExtensions: true,
    }
    writeFileSync(join(root, '.swcrc'), JSON.stringify({ sourceMaps: true, module: { type: 'es6' }, jsc }))
    return node(['node_modules/@swc/cli/bin/swc.js', 'src', '-d', folder, '--strip-leading-paths', '--copy-files'])
  }),
  async vite() {
    const { build } = await import('vite')
    return () => build({ root, configFile: join(root, 'vite.config.js'), logLevel: 'error' })
  },
  async rollup() {
    const { rollup } = await import('rollup')
    const config = await configuration('rollup.config.js')
    return async () => {
      const bundle = await rollup(config)
      await bundle.write(config.output)
      await bundle.close()
    }
  },
  async rolldown() {
    const { rolldown } = await import('rolldown')
    const config = await configuration('rolldown.config.js')
    return async () => {
      const bundle = await rolldown(config)
      await bundle.write(config.output)
      await bundle.close()
    }
  },
  async webpack() {
    const { default: webpack } = await import('webpack')
    const config = await configuration('webpack.config.js')
    return () => run(webpack({ ...config, context: root }))
  },
  async rspack() {
    const { rspack } = await import('@rspack/core')
    const config = await configuration('rspack.config.js')
    return () => run(rspack({ ...config, context: root }))
  },
  async esbuild() {
    const { build } = await import('esbuild')
    const config = await configuration('esbuild.config.js')
    return () => build(config)
  },
}

const build = await builders[host]()
for await (const _ of createInterface({ input: process.stdin })) {
  try {
    const built = await build()
    console.log(JSON.stringify({ ok: true, ...(Array.isArray(built) && { built }) }))
  } catch (error) {
    console.log(JSON.stringify({ ok: false, error: String(error.stack ?? error) }))
  }
}
