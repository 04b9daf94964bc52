// Builds a project once and prints what its host says, in the host's own shape: node diagnose.mjs <host>, in the project.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [, , host] = process.argv
const root = process.cwd()
const configuration = async (file) => (await import(pathToFileURL(join(root, file)).href)).default
const plain = (log) => {
  const { message, loc, id, plugin, pluginCode, code } = log
  return { message, loc, id, plugin, pluginCode, code }
}

async function viaRollup(make, file, warnings) {
  const config = await configuration(file)
  const bundle = await make({ ...config, onwarn: (log) => warnings.push(plain(log)), onLog: undefined })
  await bundle.write(config.output)
  await bundle.close()
}

const viaCompiler = (make, config) =>
  new Promise((resolve) => {
    const compiler = make({ ...config, context: root })
    compiler.run((_error, stats) => {
      const { errors, warnings } = stats.toJson({ all: false, errors: true, warnings: true })
      compiler.close(() => resolve({ errors, warnings }))
    })
  })

const hosts = {
  async vite(warnings) {
    const { build, createLogger } = await import('vite')
    const customLogger = createLogger('silent')
    customLogger.warn = customLogger.warnOnce = (message) => warnings.push({ message })
    await build({ root, configFile: join(root, 'vite.config.js'), customLogger, build: { rollupOptions: { onwarn: (log) => warnings.push(plain(log)) } } })
  },
  async rollup(warnings) {
    await viaRollup((await import('rollup')).rollup, 'rollup.config.js', warnings)
  },
  async rolldown(warnings) {
    await viaRollup((await import('rolldown')).rolldown, 'rolldown.config.js', warnings)
  },
  async esbuild(warnings) {
    const { build } = await import('esbuild')
    const result = await build({ ...(await configuration('esbuild.config.js')), logLevel: 'silent' })
    warnings.push(...result.warnings)
  },
  webpack: async () => viaCompiler((await import('webpack')).default, await configuration('webpack.config.js')),
  rspack: async () => viaCompiler((await import('@rspack/core')).rspack, await configuration('rspack.config.js')),
}

const warnings = []
const errors = []
let said
try {
  said = await hosts[host](warnings)
} catch (error) {
  if (error.warnings) warnings.push(...error.warnings)
  errors.push(...(error.errors ?? [error]).map((each) => (each.text ? each : plain(each))))
}
console.log(JSON.stringify({ ok: true, value: said ?? { errors, warnings } }))
process.exit()
