/**
 * Where a specifier leads when the host does not say (R24). The rules are those of Node and TypeScript, with one
 * difference: a package of this workspace leads to its sources, not to what its build made of them, so that a version
 * is the same before a build and after it, and the same in a checkout without node_modules.
 */
import { isBuiltin } from 'node:module'
import { dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ResolverFactory } from 'oxc-resolver'
import type { Files } from './files.ts'
import type { Resolution } from './link.ts'
import type { Request } from './model.ts'
import { packageOf, targetsOf } from './package-map.ts'
import type { Tsconfig, Tsconfigs } from './tsconfig.ts'
import { inside, type Member, slashes, type Workspace } from './workspace.ts'

/** Extensions of files that are parsed. */
export const sourceExtensions = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs'] as const

const typescriptFirst = [...sourceExtensions, '.json']
const javascriptFirst = ['.js', '.mjs', '.cjs', '.jsx', '.ts', '.tsx', '.mts', '.cts', '.json']

/** What TypeScript may have emitted a file of this extension from. */
const emittedFrom: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
}

/** Queries that make a bundler hand out a file rather than run it. */
const assetQuery = /[?&](?:raw|url|inline|no-inline|worker|sharedworker|init|with-type)(?=[&=]|$)/

const workerQuery = /[?&](?:shared)?worker(?=[&=]|$)/
const textQuery = /[?&](?:raw|inline|init|with-type)(?=[&=]|$)/

/** A source whose address is asked for, most often to run it: `new Worker(new URL('./w.ts', import.meta.url))`. */
const isRun = (file: string, query: string): boolean =>
  isSource(file) && (workerQuery.test(query) || !textQuery.test(query))

/** Folders that builds write to, where no tsconfig says so. */
const outputFolders = new Set(['dist', 'build', 'out', 'lib', 'esm', 'cjs', 'es', 'output'])
const formatFolders = new Set(['esm', 'cjs', 'es', 'mjs', 'module', 'import', 'require', 'node', 'types', 'src'])

const isTypes = (file: string) => /\.d\.(?:[^/.]+\.)?[cm]?ts$/.test(file)

export const isSource = (file: string): boolean =>
  (sourceExtensions as readonly string[]).includes(extname(file)) && !isTypes(file)

export interface ResolverOptions {
  readonly files: Files
  readonly root: string
  readonly workspace: Workspace
  readonly tsconfigs: Tsconfigs
  /** The host's own resolution: a path, `false` for what it leaves alone, undefined for the rules here. */
  readonly host?: ((specifier: string, importer: string) => string | false | undefined) | undefined
  /** What lockfiles know of a package that is not installed. */
  readonly identify: (name: string, importer: string) => { readonly known: boolean; readonly folder?: string }
}

const unresolved: Resolution = { kind: 'unresolved' }

export function createResolver(options: ResolverOptions) {
  const { files, root, workspace, tsconfigs } = options
  const oxc = files.disk
    ? new ResolverFactory({
        conditionNames: ['node', 'import'],
        extensions: [...javascriptFirst, '.node'],
        mainFields: ['main', 'module'],
        nodePath: false,
      })
    : undefined
  const required = oxc?.cloneWithOptions({
    conditionNames: ['node', 'require'],
    extensions: [...javascriptFirst, '.node'],
    mainFields: ['main', 'module'],
    nodePath: false,
  })

  const isFile = (path: string) => files.kind(path) === 'file'
  const firstFile = (stem: string, extensions: readonly string[]) => {
    const extension = extensions.find((candidate) => isFile(stem + candidate))
    return extension === undefined ? undefined : stem + extension
  }

  /** Installed, and so a leaf: node_modules that the root itself lies in do not count. */
  const isInstalled = (file: string) =>
    `${sep}${inside(root, file) ? relative(root, file) : file}`.includes(`${sep}node_modules${sep}`)

  const classify = (found: string, query: string, asAsset: boolean): Resolution => {
    const file = files.real(found)
    if (isInstalled(file)) {
      const way = slashes(file)
      const [name, ...rest] = (way.slice(way.lastIndexOf('/node_modules/') + 14).match(/^(?:@[^/]+\/)?[^/]+|\/.*/g) ??
        []) as string[]
      return { kind: 'package', name: name ?? way, subpath: rest.join('') + query, file }
    }
    if (asAsset || assetQuery.test(query)) {
      return isRun(file, query) ? { kind: 'asset', file, query, runs: true } : { kind: 'asset', file, query }
    }
    if (isSource(file)) return { kind: 'source', file }
    if (isTypes(file)) return unresolved
    return file.endsWith('.json') ? { kind: 'json', file } : { kind: 'asset', file, query }
  }

  /** A path as an import may write it: without an extension, with that of the file emitted from it, or a folder. */
  const probe = (path: string, typescript: boolean): string | undefined => {
    const extensions = typescript ? typescriptFirst : javascriptFirst
    if (!path.endsWith('/') && !path.endsWith(sep)) {
      const extension = extname(path)
      const stem = path.slice(0, path.length - extension.length)
      const sources = emittedFrom[extension] ?? []
      const exact = isFile(path) ? path : undefined
      // A file emitted beside its source does not hide it from the source's own imports.
      const found =
        (typescript ? (firstFile(stem, sources) ?? exact) : (exact ?? firstFile(stem, sources))) ??
        firstFile(path, extensions)
      if (found !== undefined) return found
    }
    const folder = resolve(path)
    const member = workspace.at(folder)
    const main = member && resolveMember(member, '', typescript, ['import'])
    return main ?? firstFile(join(folder, 'index'), extensions)
  }

  /** The source that a build made `target`, a path in a package, from; or the target where it is no output. */
  const sourceOf = (member: Member, target: string): string | undefined => {
    const path = resolve(member.folder, target)
    if (!inside(member.folder, path)) return undefined
    const guesses: string[] = []
    const settings = ['tsconfig.json', 'tsconfig.build.json', 'tsconfig.lib.json'].map((name) =>
      tsconfigs.at(member.folder, name),
    )
    for (const config of settings) {
      if (config?.outDir === undefined || config.outDir === member.folder || !inside(config.outDir, path)) continue
      const rest = relative(config.outDir, path)
      for (const from of [config.rootDir ?? join(member.folder, 'src'), member.folder]) guesses.push(join(from, rest))
    }
    const [first, ...rest] = slashes(relative(member.folder, path)).split('/') as [string, ...string[]]
    if (outputFolders.has(first) && rest.length > 0) {
      guesses.push(join(member.folder, 'src', ...rest))
      if (rest.length > 1 && formatFolders.has(rest[0]!)) guesses.push(join(member.folder, 'src', ...rest.slice(1)))
      // An output beside its source: `lib/index.js` of `index.ts`.
      guesses.push(join(member.folder, ...rest))
    }
    for (const guess of guesses) {
      // Bundlers name by format: `index.cjs.js`, `index.esm.min.js`.
      const stems = [guess.replace(/(?:\.d)?\.[cm]?[jt]sx?$/, ''), guess.replace(/\.[^/\\]*$/, '')]
      for (const stem of stems) {
        const found = firstFile(stem, sourceExtensions) ?? firstFile(join(stem, 'index'), sourceExtensions)
        if (found !== undefined) return found
      }
      if (!isSource(guess) && isFile(guess)) return guess
    }
    if (isTypes(path)) return undefined
    if (isFile(path)) return path
    const extension = extname(path)
    return firstFile(path.slice(0, path.length - extension.length), emittedFrom[extension] ?? [])
  }

  function resolveMember(
    member: Member,
    subpath: string,
    typescript: boolean,
    wanted: readonly string[],
  ): string | undefined {
    const { json } = member
    const conditions = new Set(['source', 'node', 'import', 'module', 'module-sync', 'development', ...wanted])
    if (json.exports !== undefined && json.exports !== null) {
      const key = `.${subpath}`
      for (const target of [...targetsOf(json.exports, key, conditions), ...targetsOf(json.exports, key, undefined)]) {
        const found = sourceOf(member, target)
        if (found !== undefined) return found
      }
      // What a bundled entry is called says nothing of its source, which by convention is this one.
      return subpath === '' ? firstFile(join(member.folder, 'src', 'index'), sourceExtensions) : undefined
    }
    if (subpath !== '') {
      return probe(join(member.folder, subpath), typescript) ?? sourceOf(member, `.${subpath}`)
    }
    for (const field of ['source', 'module', 'main', 'types', 'typings']) {
      const target = json[field]
      if (typeof target !== 'string' || target === '') continue
      const found = sourceOf(member, target) ?? sourceOf(member, `${target.replace(/\/+$/, '')}/index.js`)
      if (found !== undefined) return found
      const bare = firstFile(resolve(member.folder, target), typescriptFirst)
      if (bare !== undefined) return bare
    }
    return (
      firstFile(join(member.folder, 'src', 'index'), sourceExtensions) ??
      firstFile(join(member.folder, 'index'), typescriptFirst)
    )
  }

  const installs = new Map<string, string | undefined>()
  /** The folder that an import of a package finds, with links followed. */
  const installed = (name: string, folder: string): string | undefined => {
    const key = `${folder}\0${name}`
    if (installs.has(key)) return installs.get(key)
    const candidate = join(folder, 'node_modules', name)
    let found: string | undefined
    if (isFile(join(candidate, 'package.json'))) found = files.real(candidate)
    else if (dirname(folder) !== folder) found = installed(name, dirname(folder))
    installs.set(key, found)
    return found
  }

  /** The file of a package that a host without a disk knows. */
  const entryOf = (folder: string, subpath: string, conditions: readonly string[]): string | undefined => {
    const member = workspace.at(folder)
    if (member === undefined) return undefined
    const { exports, main, module } = member.json
    const wanted = new Set(['node', ...conditions])
    const targets =
      exports !== undefined && exports !== null
        ? targetsOf(exports, `.${subpath}`, wanted)
        : [subpath === '' ? (main ?? module ?? './index.js') : `.${subpath}`]
    for (const target of targets) {
      if (typeof target !== 'string') continue
      const path = join(folder, target)
      const found = isFile(path)
        ? path
        : (firstFile(path, javascriptFirst) ?? firstFile(join(path, 'index'), javascriptFirst))
      if (found !== undefined) return found
    }
    return undefined
  }

  /**
   * What caches is no part of what is cached: in the workspace of autocache itself its packages are leaves, as they are where
   * they are installed. Else every edit of the cache would make every value cold.
   */
  const isLinkedOurs = (name: string, folder: string): boolean => {
    if (!name.startsWith('@autocache/')) return false
    const place = installed(name, folder)
    return place !== undefined ? !isInstalled(place) : workspace.member(name) !== undefined
  }

  const resolvePackage = (
    specifier: string,
    importer: string,
    kind: Request['kind'],
    typescript: boolean,
    query: string,
    config: Tsconfig,
  ): Resolution => {
    const parts = packageOf(specifier)
    if (parts === undefined) return unresolved
    const { name, subpath } = parts
    const folder = dirname(importer)
    const conditions = [kind === 'require' ? 'require' : 'import', ...config.conditions]
    const asAsset = kind === 'asset'
    const source = (member: Member): Resolution | undefined => {
      const found = resolveMember(member, subpath, typescript, conditions)
      return found === undefined ? undefined : classify(found, query, asAsset)
    }

    const holder = workspace.holding(importer)
    if (isLinkedOurs(name, folder)) return { kind: 'package', name, subpath: subpath + query }
    const member = workspace.member(name) ?? (holder?.name === name ? holder : undefined)
    const place = installed(name, folder)
    if (member !== undefined) {
      // Another release of a package of the workspace, installed from a registry, is what would run.
      const copy = place !== undefined && isInstalled(place) ? workspace.at(place) : undefined
      if (copy === undefined || copy.version === member.version) return source(member) ?? unresolved
    }
    if (place !== undefined) {
      if (!isInstalled(place)) {
        const linked = workspace.at(place)
        return (linked && source(linked)) ?? unresolved
      }
      const resolver = kind === 'require' ? required : oxc
      const file = resolver ? resolver.sync(folder, specifier).path : entryOf(place, subpath, conditions)
      return { kind: 'package', name, subpath: subpath + query, ...(file !== undefined && { file }) }
    }
    const { known, folder: linked } = options.identify(name, importer)
    const package_ = linked === undefined ? undefined : workspace.at(linked)
    if (package_ !== undefined) return source(package_) ?? unresolved
    return known ? { kind: 'package', name, subpath: subpath + query } : unresolved
  }

  const resolveDefault = (
    specifier: string,
    importer: string,
    kind: Request['kind'],
    external: boolean,
  ): Resolution => {
    const typescript = /\.[cm]?tsx?$/.test(importer)
    const asAsset = kind === 'asset'
    if (/^(?:node|bun|deno|cloudflare|workerd):/.test(specifier)) return { kind: 'builtin', name: specifier }
    if (specifier.startsWith('file:')) {
      try {
        const url = new URL(specifier)
        const found = probe(fileURLToPath(new URL(url.pathname, url)), typescript)
        return found === undefined ? unresolved : classify(found, url.search, asAsset)
      } catch {
        return unresolved
      }
    }
    if (/^[a-z][a-z0-9+.-]+:/i.test(specifier) && !isAbsolute(specifier)) return unresolved
    const cut = specifier.indexOf('?')
    const path = cut < 0 ? specifier : specifier.slice(0, cut)
    const query = cut < 0 ? '' : specifier.slice(cut)

    const at = (target: string): Resolution | undefined => {
      const found = probe(target, typescript)
      return found === undefined ? undefined : classify(found, query, asAsset)
    }
    const variants = (text: string): string[] => {
      const all = [text]
      const hash = text.indexOf('#', 1)
      if (hash > 0) all.push(text.slice(0, hash))
      if (/%[0-9a-f]{2}/i.test(text)) {
        try {
          all.push(decodeURIComponent(text))
        } catch {
          // Not an encoded path: the text itself is all there is to try.
        }
      }
      return all
    }

    if (asAsset || /^\.{1,2}(?:\/|$)/.test(path)) {
      if (external) return unresolved
      for (const variant of variants(path)) {
        // `join` keeps a trailing slash, which says that a folder is meant.
        const target = /(?:^|\/)\.{1,2}$/.test(variant) ? `${variant}/` : variant
        const base = isAbsolute(target) ? root : dirname(importer)
        const found = at(join(base, target))
        if (found !== undefined) return found
      }
      return unresolved
    }
    if (isAbsolute(path)) return at(path) ?? at(join(root, path)) ?? unresolved

    const config = tsconfigs.of(importer)
    const ours = packageOf(path)?.name
    if (!external && !(ours !== undefined && isLinkedOurs(ours, dirname(importer)))) {
      for (const candidate of config.paths(path)) {
        const found = at(candidate)
        if (found !== undefined) return found
      }
    }
    if (isBuiltin(path)) return { kind: 'builtin', name: `node:${path}` }
    if (path.startsWith('#')) {
      const holder = workspace.holding(importer)
      if (holder === undefined) return unresolved
      const wanted = ['node', kind === 'require' ? 'require' : 'import', 'source', 'development', ...config.conditions]
      const { imports } = holder.json
      for (const target of [...targetsOf(imports, path, new Set(wanted)), ...targetsOf(imports, path, undefined)]) {
        if (target.startsWith('./')) {
          const found = sourceOf(holder, target) ?? probe(join(holder.folder, target), typescript)
          if (found !== undefined) return classify(found, query, asAsset)
        } else if (isBuiltin(target)) {
          return { kind: 'builtin', name: target.startsWith('node:') ? target : `node:${target}` }
        } else if (!target.startsWith('#')) {
          const found = resolvePackage(target, importer, kind, typescript, query, config)
          if (found.kind !== 'unresolved') return found
        }
      }
      return unresolved
    }
    return resolvePackage(path, importer, kind, typescript, query, config)
  }

  const memo = new Map<string, Resolution>()
  const byImporter = options.host !== undefined
  const settings = new Map<Tsconfig, number>()

  return (specifier: string, importer: string, kind: Request['kind']): Resolution => {
    const config = tsconfigs.of(importer)
    if (!settings.has(config)) settings.set(config, settings.size)
    const from = byImporter ? importer : `${dirname(importer)}\0${extname(importer)}\0${settings.get(config)}`
    const way = kind === 'require' || kind === 'asset' ? kind : 'import'
    const key = `${from}\0${way}\0${specifier}`
    let found = memo.get(key)
    if (found === undefined) {
      const answer = options.host?.(specifier, importer)
      if (typeof answer === 'string') {
        // The host's answer may be what the specifier says already, or a name that its own plugins load.
        const cut = answer.indexOf('?', 1)
        const path = cut < 0 ? answer : answer.slice(0, cut)
        const query = cut < 0 ? '' : answer.slice(cut)
        if (isBuiltin(answer)) found = { kind: 'builtin', name: answer.startsWith('node:') ? answer : `node:${answer}` }
        else if (isAbsolute(path) && files.kind(path) === 'file') {
          found = classify(path, query, kind === 'asset')
          if (found.kind === 'package') {
            // The same package by the same name is the same leaf, whichever of its files this host prefers.
            const usual = resolveDefault(specifier, importer, kind, false)
            const own = usual.kind === 'package' && (usual.file === found.file || usual.name === found.name)
            if (own) found = { ...usual, ...(found.file !== undefined && { file: found.file }) }
          }
        } else found = unresolved
      } else found = resolveDefault(specifier, importer, kind, answer === false)
      memo.set(key, found)
    }
    return found
  }
}
