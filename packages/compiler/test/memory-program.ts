import { posix } from 'node:path'
import { versionOf } from '../src/closure.ts'
import { Graph } from '../src/graph.ts'
import type { GraphSettings, PackageIdentity, Program, Resolution, SourceOptions } from '../src/link.ts'
import type { Version } from '../src/reached.ts'
import { summarise, withoutReturns } from '../src/summary.ts'

export interface MemoryOptions {
  readonly entries?: readonly string[]
  readonly packages?: Readonly<Record<string, string>>
  readonly options?: SourceOptions
  readonly settings?: GraphSettings
  readonly scheme?: 's1' | 't1'
}

const extensions = ['', '.ts', '.tsx', '.js', '.mjs', '.cjs', '/index.ts']
const builtin = new Set(['fs', 'path', 'url', 'dns'])

/** A program of texts, with a resolution that is as plain as can be. */
export function memoryProgram(files: Readonly<Record<string, string>>, given: MemoryOptions = {}): Program {
  const loaded = new Map<string, ReturnType<Program['load']>>()
  const sources = Object.keys(files).filter((file) => /\.[cm]?[jt]sx?$/.test(file))
  return {
    scheme: given.scheme ?? 's1',
    entries: (given.entries ?? sources).map((file) => `/${file}`).sort(),
    load(file) {
      const known = loaded.get(file)
      if (known) return known
      const text = files[file.slice(1)]
      if (text === undefined) throw new Error(`no ${file}`)
      const module = { summary: summarise({ text, extension: posix.extname(file) }), text: withoutReturns(text) }
      loaded.set(file, module)
      return module
    },
    resolve(specifier, importer): Resolution {
      const [path = '', query = ''] = specifier.split('?')
      if (path.startsWith('.')) {
        for (const extension of extensions) {
          const file = posix.join(posix.dirname(importer), path + extension)
          if (files[file.slice(1)] === undefined) continue
          if (query) return { kind: 'asset', file, query: `?${query}` }
          if (file.endsWith('.json')) return { kind: 'json', file }
          return /\.[cm]?[jt]sx?$/.test(file) ? { kind: 'source', file } : { kind: 'asset', file, query: '' }
        }
        return { kind: 'unresolved' }
      }
      const bare = path.replace(/^node:/, '')
      if (builtin.has(bare)) return { kind: 'builtin', name: `node:${bare}` }
      const name = path.startsWith('@') ? path.split('/').slice(0, 2).join('/') : (path.split('/')[0] as string)
      if (given.packages?.[name] === undefined && !name.startsWith('@autocache')) return { kind: 'unresolved' }
      return { kind: 'package', name, subpath: path.slice(name.length), file: `/node_modules/${path}/index.js` }
    },
    glob: (pattern, importer) => {
      const matcher = new RegExp(`^${pattern.replace(/[.]/g, '\\.').replace(/\*/g, '[^/]*')}$`)
      return Object.keys(files).flatMap((file) => {
        const relative = posix.relative(posix.dirname(importer), `/${file}`)
        const specifier = relative.startsWith('.') ? relative : `./${relative}`
        return matcher.test(specifier) ? [specifier] : []
      })
    },
    identify: ({ name }): PackageIdentity => ({
      version: given.packages?.[name] ?? '0',
      identity: `${name}@${given.packages?.[name] ?? '0'}`,
    }),
    json: (file) => JSON.parse(files[file.slice(1)] ?? 'null'),
    asset: (file) => `bytes:${files[file.slice(1)]}`,
    options: () => given.options ?? {},
    relative: (file) => file.slice(1),
    settings: given.settings ?? {},
  }
}

/** The version of an export, `f` of the first file where nothing else is said. */
export function versionIn(
  files: Readonly<Record<string, string>>,
  given: MemoryOptions & { readonly name?: string; readonly file?: string } = {},
): Version {
  const program = memoryProgram(files, given)
  const file = `/${given.file ?? Object.keys(files)[0]}`
  const { summary } = program.load(file)
  const name = given.name ?? 'f'
  const target = summary.names[name] ?? { export: name }
  return versionOf(new Graph(program), { file, target })
}

/** Whether two programs give the function one version. */
export const same = (
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  given?: MemoryOptions,
): boolean => versionIn(before, given).version === versionIn(after, given).version
