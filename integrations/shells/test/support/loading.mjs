// A host with rules and loaders and no plugins, whose cache outlives the process: node loading.mjs [--generation=N], in the project. As Turbopack
// does, it keeps what a loader made as long as the module, the options and the files that the loader declared are the same.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import autocacheLoader, { cacheGeneration } from '@autocache/unplugin/loader'

const root = process.cwd()
const options = { root, cacheName: 'loading' }
const given = process.argv.find((argument) => argument.startsWith('--generation='))?.split('=')[1]
const rule = { ...options, generation: given === undefined ? cacheGeneration(options) : Number(given) }

const digest = (file) =>
  createHash('sha256').update(existsSync(file) ? readFileSync(file) : 'none').digest('hex')

const cacheFile = join(root, 'out/loading/cache.json')
const cache = existsSync(cacheFile) ? JSON.parse(readFileSync(cacheFile, 'utf8')) : {}
const ran = []

function load(file) {
  const key = `${file} ${JSON.stringify(rule)}`
  const kept = cache[key]
  if (kept && Object.entries(kept.files).every(([name, content]) => digest(name) === content)) return kept.code
  ran.push(file)
  const files = { [file]: digest(file) }
  let code
  autocacheLoader.call(
    {
      resourcePath: file,
      rootContext: root,
      getOptions: () => rule,
      addDependency: (name) => void (files[name] = digest(name)),
      emitError: (error) => { throw error },
      emitWarning: () => {},
      callback: (_error, text) => void (code = String(text)),
    },
    readFileSync(file, 'utf8'),
  )
  cache[key] = { files, code }
  return code
}

const value = {}
for (const name of readdirSync(join(root, 'src'), { recursive: true })) {
  if (!name.endsWith('.ts')) continue
  const code = load(join(root, 'src', name))
  for (const [, label, version] of code.matchAll(/label:"([^"]*)",version:"([^"]*)"/g)) value[label] = version
}
mkdirSync(dirname(cacheFile), { recursive: true })
writeFileSync(cacheFile, JSON.stringify(cache))
console.log(JSON.stringify({ ok: true, built: ran, value }))
