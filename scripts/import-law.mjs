// The import law of ARCHITECTURE.md, for sources: `node scripts/import-law.mjs` prints every violation and exits 1.
// Type imports count. `test/import-law.test.ts` shows that each rule catches its violation.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** core/src from the bottom up: a file imports from its own layer (without a cycle) and from those before it. */
const layers = [
  ['errors', 'store', 'events', 'signals', 'digest', 'answer', 'instants', 'recent', 'platform/*'],
  [
    ...['kinds', 'key', 'whole-key', 'clone', 'storable', 'codec', 'entry', 'version', 'freshness', 'options'],
    ...['slot', 'memory-store', 'hit-path'],
  ],
  [
    ...['gate', 'debts', 'reader', 'token', 'rows', 'names', 'stored-epochs', 'epochs', 'nested'],
    ...['parcel', 'fences'],
  ],
  [
    ...['flight', 'lane', 'built', 'dispatch', 'module-values', 'inputs', 'definition', 'admit', 'judge', 'find'],
    ...['refresh', 'land', 'run', 'join', 'board', 'lock', 'quick', 'glance', 'near', 'near-path', 'tiered-store'],
    ...['wire', 'call', 'uses'],
  ],
  ['types', 'handle', 'define', 'autocache', 'delegate', 'delegation'],
  ['testing'],
]

/** Files of core that pass on what others define and hold no code. */
const reexporting = ['index', 'plumbing']

/** What a package or app may import besides itself, its declared dependencies and Node. */
const publicEntries = {
  '@autocache/core': ['.', './codec', './plumbing', './testing'],
  '@autocache/conformance': ['.'],
  '@autocache/keyv': ['.'],
  '@autocache/lru-cache': ['.'],
  '@autocache/cache-manager': ['.'],
  '@autocache/redis': ['.'],
  '@autocache/nestjs': ['.'],
  '@autocache/next': ['.', './cache-handler', './config'],
  '@autocache/compiler': ['.', './runtime'],
  '@autocache/unplugin': [
    ...['./bun', './esbuild', './loader', './register', './rolldown'],
    ...['./rollup', './rspack', './vite', './vitest', './webpack'],
  ],
}

/** Our packages that a package may import; an adapter knows core and its backend, and no other adapter. */
const knows = {
  'packages/core': [],
  'packages/conformance': ['@autocache/core'],
  'packages/keyv': ['@autocache/core'],
  'packages/lru-cache': ['@autocache/core'],
  'packages/cache-manager': ['@autocache/core'],
  'packages/redis': ['@autocache/core'],
  // The one adapter that uses another: Nest's cache is cache-manager's.
  'packages/nestjs': ['@autocache/core', '@autocache/cache-manager'],
  // Its `./config` hands the loader and the plugin to Next.
  'packages/next': ['@autocache/core', '@autocache/unplugin'],
  'packages/compiler': ['@autocache/core'],
  'packages/cli': ['@autocache/compiler'],
  'packages/unplugin': ['@autocache/compiler'],
}

/**
 * Checks sources given as repository path -> text.
 * @param {Record<string, string>} files
 * @returns {string[]} one line for each violation
 */
export function violations(files) {
  const found = []
  const graph = new Map()
  for (const [file, text] of Object.entries(files)) {
    const [group, name] = file.split('/')
    const home = `${group}/${name}`
    const edges = []
    graph.set(file, edges)
    for (const { fileName: specifier } of ts.preProcessFile(text, true, true).importedFiles) {
      const report = (reason) => found.push(`${file} imports '${specifier}': ${reason}`)
      if (specifier.startsWith('.')) {
        const target = join(dirname(file), specifier)
        edges.push(target)
        if (!target.startsWith(`${home}/`) && !target.startsWith('scripts/'))
          report('a relative import stays inside its package')
        else if (home === 'packages/core') checkLayer(file, target, report)
      } else if (specifier.startsWith('@autocache/')) {
        checkPackage(group, home, specifier, report)
      } else if (home === 'packages/core' && isNode(specifier) && !file.startsWith('packages/core/src/platform/')) {
        report('core imports from Node only in src/platform, behind `imports` of its package.json')
      }
    }
    if (home === 'packages/core' && reexporting.includes(stem(file))) checkReexport(file, text, found)
  }
  return [...found, ...cycles(graph)]
}

const isNode = (specifier) => specifier.startsWith('node:') || specifier === 'bun' || specifier.startsWith('bun:')
const stem = (file) => file.replace(/^packages\/core\/src\//, '').replace(/\.ts$/, '')
const layerOf = (name) =>
  layers.findIndex((layer) => layer.includes(name) || (name.startsWith('platform/') && layer.includes('platform/*')))

function checkLayer(file, target, report) {
  const [from, to] = [stem(file), stem(target)]
  if (reexporting.includes(to)) return report(`'${to}' is an entry; import from where the name is defined`)
  if (reexporting.includes(from)) return
  const [fromLayer, toLayer] = [layerOf(from), layerOf(to)]
  if (fromLayer < 0) report(`'${from}' has no layer; give it one in scripts/import-law.mjs`)
  else if (toLayer > fromLayer) report(`'${to}' stands above '${from}'`)
}

function checkPackage(group, home, specifier, report) {
  const [scope, name, ...rest] = specifier.split('/')
  const target = `${scope}/${name}`
  const entry = ['.', ...rest].join('/')
  if (group === 'packages' && !knows[home]?.includes(target)) report(`${home} may not know ${target}`)
  else if (!publicEntries[target]?.includes(entry)) report(`that is no public entry of ${target}`)
}

function checkReexport(file, text, found) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest)
  for (const statement of source.statements) {
    if (!ts.isExportDeclaration(statement))
      found.push(`${file} may only re-export: ${statement.getText(source).split('\n')[0]}`)
    else if (!statement.exportClause) found.push(`${file} names what it exports: ${statement.getText(source)}`)
  }
}

/** Every import cycle, once, as `a -> b -> a`. */
function cycles(graph) {
  const found = []
  const done = new Set()
  const visit = (file, path) => {
    const start = path.indexOf(file)
    if (start >= 0) found.push(`cycle: ${[...path.slice(start), file].join(' -> ')}`)
    if (start >= 0 || done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return found
}

/**
 * The sources of packages, and the sources and tests of apps and integrations, as {@link violations} takes them.
 * @param {string} root
 * @returns {Record<string, string>}
 */
export function sources(root) {
  const folders = { packages: ['src'], apps: ['src', 'test'], integrations: ['src', 'test'] }
  const files = {}
  for (const [group, parts] of Object.entries(folders))
    for (const name of readdirSync(join(root, group)))
      for (const part of parts)
        for (const path of listSources(join(root, group, name, part)))
          files[relative(root, path).replaceAll('\\', '/')] = readFileSync(path, 'utf8')
  return files
}

function listSources(folder) {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    return entries.filter((e) => e.isFile() && e.name.endsWith('.ts')).map((e) => join(e.parentPath, e.name))
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}

if (process.argv[1]?.endsWith('import-law.mjs')) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
  const found = violations(sources(root))
  for (const line of found) console.error(line)
  process.exitCode = found.length > 0 ? 1 : 0
}
