// Watches a project as a host does: node watch.mjs <host>, in the project. Prints one line of JSON after each build.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [, , host] = process.argv
const root = process.cwd()
const configuration = async (file) => (await import(pathToFileURL(join(root, file)).href)).default
const say = (error) => console.log(JSON.stringify({ ok: !error, ...(error && { error: String(error.stack ?? error) }) }))

/** Of Rollup, Rolldown and Vite. */
const listen = (watcher) =>
  watcher.on('event', (event) => {
    if (event.code === 'BUNDLE_END') void event.result?.close()
    if (event.code === 'END') say()
    if (event.code === 'ERROR') say(event.error)
  })

const told = (error, stats) => say(error ?? (stats.hasErrors() ? stats.toString({ all: false, errors: true }) : undefined))

const watchers = {
  async vite() {
    const { build } = await import('vite')
    listen(await build({ root, configFile: join(root, 'vite.config.js'), logLevel: 'error', build: { watch: {} } }))
  },
  async rollup() {
    const { watch } = await import('rollup')
    listen(watch(await configuration('rollup.config.js')))
  },
  async rolldown() {
    const { watch } = await import('rolldown')
    listen(watch(await configuration('rolldown.config.js')))
  },
  async webpack() {
    const { default: webpack } = await import('webpack')
    const config = await configuration('webpack.config.js')
    webpack({ ...config, mode: 'development', context: root }).watch({ aggregateTimeout: 20 }, told)
  },
  async rspack() {
    const { rspack } = await import('@rspack/core')
    const config = await configuration('rspack.config.js')
    rspack({ ...config, mode: 'development', context: root }).watch({ aggregateTimeout: 20 }, told)
  },
  async esbuild() {
    const { context } = await import('esbuild')
    const config = await configuration('esbuild.config.js')
    const plugins = [...config.plugins, { name: 'say', setup: (build) => build.onEnd(({ errors: [error] }) => say(error?.text)) }]
    await (await context({ ...config, plugins })).watch()
  },
}

await watchers[host]()
