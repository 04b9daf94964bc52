/**
 * A project as the graph asks for it: which files there are, what each says, where imports lead, which settings govern.
 * Everything is read at most once, and nothing throws for what a file holds: a file that cannot be understood has a
 * summary that stands for its bytes, and a finding that says so.
 */
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { dirname, extname, isAbsolute, join, relative, resolve } from 'node:path'
import { globSync } from 'tinyglobby'
import { type CompilerConfig, checkConfig, configFile, readConfig } from './config.ts'
import { mayNestDeeply, survivesParsing } from './depth.ts'
import { type Diagnostic, type DiagnosticCode, defaultLevels, type Finding } from './diagnostics.ts'
import { CompilerError } from './errors.ts'
import { decodeText, digestOf, diskFiles, type Files, hostFiles } from './files.ts'
import { globMatcher } from './glob.ts'
import type { GraphSettings, PackageIdentity, PackageResolution, Program, Resolution, SourceModule } from './link.ts'
import { messageOf } from './messages.ts'
import type { Layout, ModuleSummary, Request } from './model.ts'
import { createPackageIndex } from './packages.ts'
import { createResolver, isSource, sourceExtensions } from './resolve.ts'
import { type KnownWrappers, settleWrappers } from './settle.ts'
import { sameShape } from './shape.ts'
import { createStore, storeKey } from './store.ts'
import { opaque, summarise, summaryFormat, withoutReturns } from './summary.ts'
import { createTsconfigs, type Tsconfig } from './tsconfig.ts'
import { findWorkspace, inside, slashes } from './workspace.ts'
import type { WrapperKind } from './wrappers.ts'

export interface AnalyzeOptions {
  /** The folder of the project. Names of files in results are relative to it. */
  readonly root: string
  /**
   * The files the program starts from, absolute or relative to the root.
   * @default every source below the root but node_modules, folders with a dot, and what builds write
   */
  readonly files?: readonly string[]
  /** A tsconfig, or `compilerOptions`, for all files. @default the nearest tsconfig.json of each file */
  readonly tsconfig?: string | { readonly compilerOptions: Readonly<Record<string, unknown>> }
  /**
   * The host's own resolution: an absolute path, which may carry a `?query`; undefined for the default; false for what
   * the host leaves unresolved.
   */
  readonly resolve?: (specifier: string, importer: string) => string | false | undefined
  /** Reads a file; undefined: it does not exist. @default the disk */
  readonly read?: (file: string) => Uint8Array | string | undefined
  /** Settings that come before those of `autocache.config.json` and `package.json#autocache`. */
  readonly config?: CompilerConfig
  /** The folder that summaries are kept in. @default node_modules/.cache/autocache, where there is a node_modules */
  readonly cache?: string | false
  /** `t1` for versions that must never reach a shared store: those of a test runner. @default 's1' */
  readonly scheme?: 's1' | 't1'
  readonly onProgress?: (done: number, total: number) => void
  /** Folders below the root that a build writes, besides those that a tsconfig names. */
  readonly outputs?: readonly string[]
}

/** A finding about a file as such, whichever functions reach it. */
interface Problem {
  readonly file: string
  readonly finding: Finding
}

export interface Project extends Program {
  readonly root: string
  /** The files of the program that were loaded, sorted. */
  readonly modules: readonly string[]
  /** What is wrong with files as such, in the order of files and places; of one file, or of all that were loaded. */
  problems(file?: string): readonly Diagnostic[]
  /** A finding as a diagnostic, unless the configuration has it off. */
  diagnose(file: string, finding: Finding, path: readonly string[]): readonly Diagnostic[]
  /**
   * Reads a source again that may have been edited. Undefined where more than what stands in it may be different: then the
   * project has to be made anew.
   */
  refresh(file: string): SourceModule | 'same' | undefined
  /** Line and column, from 1, of an offset in the text of a file. */
  position(file: string, offset: number): { readonly line: number; readonly column: number }
  /** Whether a file is a module of the program. */
  isLoaded(file: string): boolean
  /** How a module names others, so that one can be added. @param layout of a file that is not of the program */
  style(file: string, layout?: Layout): 'import' | 'require'
  /** Whether there is such a file. */
  has(file: string): boolean
  /** The absolute path of a file as a user names it. */
  locate(file: string): string
  /** Absolute paths of everything that was read: what a watcher has to watch. */
  inputs(): readonly string[]
  /** A digest over every file read and every option that a version depends on. */
  inputDigest(): string
}

/** The largest source that is parsed. */
const sourceLimit = 5 * 1024 * 1024

const outputFolders = /(?:^|\/)(?:dist|coverage)\//
/** A folder of this name below `src` holds sources. */
const buildFolders = /^(?:(?!src\/)[^/]+\/)*(?:build|out)\//

const require = createRequire(import.meta.url)
let parsers: readonly string[] | undefined

/** What a summary depends on besides the file: another release of a parser may read it otherwise. */
const parserVersions = (): readonly string[] =>
  (parsers ??= [
    String(summaryFormat),
    ...['oxc-parser', '@typescript-eslint/scope-manager', '..'].map(
      (name) => (require(`${name}/package.json`) as { version: string }).version,
    ),
  ])

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Deeper than what walks a value by recursion bears. */
function isDeep(value: unknown): boolean {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > 1000) return true
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []))
  }
  return false
}

/** The order of diagnostics. */
export const byPlace = (a: Diagnostic, b: Diagnostic): number =>
  byName(a.position.file, b.position.file) ||
  a.position.line - b.position.line ||
  a.position.column - b.position.column ||
  byName(a.code, b.code)

function discover(root: string, files: Files, outputs: readonly string[]): string[] {
  if (files.kind(root) !== 'folder') return []
  const extensions = sourceExtensions.map((extension) => extension.slice(1)).join(',')
  return globSync(`**/*.{${extensions}}`, {
    cwd: root,
    ignore: ['**/node_modules/**', '**/.*/**', '**/dist/**', '**/coverage/**'],
    followSymbolicLinks: false,
    expandDirectories: false,
  })
    .filter((file) => isSource(file) && !outputFolders.test(file) && !buildFolders.test(file))
    .map((file) => join(root, file))
    .filter((file) => !outputs.some((output) => inside(output, file)))
}

/** @throws {CompilerError} for options and configuration that cannot be meant, and for nothing that a source says */
export function createProject(options: AnalyzeOptions): Project {
  if (typeof options.root !== 'string' || options.root === '') {
    throw new CompilerError('INVALID_OPTION', '`root` must be the folder of the project.')
  }
  const disk = diskFiles()
  const files = options.read === undefined ? disk : hostFiles(options.read)
  const root = files.real(resolve(options.root))
  if (files.disk && files.kind(root) !== 'folder') {
    throw new CompilerError('INVALID_OPTION', '`root` is no folder. Give the folder that holds the sources.')
  }
  // Asked for each definition of each version.
  const names = new Map<string, string>()
  const relativeName = (file: string): string => {
    let name = names.get(file)
    if (name === undefined) names.set(file, (name = slashes(relative(root, file)) || '.'))
    return name
  }

  const problems: Problem[] = []
  const report = (file: string, code: DiagnosticCode, what: string, start = 0) => {
    const known = problems.some((problem) => problem.file === file && problem.finding.code === code)
    if (!known) problems.push({ file, finding: { code, what, start, end: start } })
  }
  const misread = (file: string, what: string) => report(file, 'parse-error', what)

  const own = readConfig(root, files)
  const given = options.config === undefined ? {} : checkConfig(options.config, 'the option `config`')
  const config: CompilerConfig = { ...own.config, ...given }

  const locate = (file: string): string => files.real(isAbsolute(file) ? file : resolve(root, file))

  const tsconfigs = createTsconfigs(files, root, options.tsconfig, misread)
  const asked = options.files?.map((file) => (isAbsolute(file) ? file : resolve(root, file)))
  const workspace = findWorkspace(files, root, asked ?? [], misread)
  const excluded = config.exclude === undefined ? () => false : globMatcher(config.exclude, { folders: true })

  const outputs = [root, ...workspace.members.map((member) => member.folder)].flatMap((folder) => {
    const output = tsconfigs.at(folder, 'tsconfig.json')?.outDir
    // Sources compiled in place are sources.
    return output === undefined || inside(output, folder) ? [] : [output]
  })
  for (const output of options.outputs ?? []) outputs.push(locate(output))
  // A host that hands out the texts without naming files has them on the disk as well.
  const found = asked ?? discover(root, disk, outputs)
  if (options.read !== undefined && asked === undefined && disk.kind(root) !== 'folder') {
    throw new CompilerError('INVALID_OPTION', 'With a `read` of your own and no such folder on disk, name the `files`.')
  }
  const entries = [...new Set(found.map((file) => files.real(file)))]
    .filter((file) => !excluded(relativeName(file)) && (isSource(file) || files.kind(file) === 'folder'))
    .sort((a, b) => byName(relativeName(a), relativeName(b)))

  const packages = createPackageIndex({
    root: workspace.folder,
    read(file) {
      const contents = files.read(file)
      return contents !== undefined && 'bytes' in contents ? contents.bytes : undefined
    },
    ...(config.packages !== undefined && { config: { packages: config.packages } }),
  })

  const governing = new Map<string, Tsconfig>()
  const governed = {
    ...tsconfigs,
    of(file: string): Tsconfig {
      let found = governing.get(file)
      if (found === undefined) governing.set(file, (found = tsconfigs.of(file)))
      return found
    },
  }

  const resolveSpecifier = createResolver({
    files,
    root,
    workspace,
    tsconfigs: governed,
    host: options.resolve,
    identify(name, importer) {
      const { source, folder } = packages.identify(name, importer)
      return { known: source !== 'none', ...(folder !== undefined && { folder }) }
    },
  })

  const folderOf = (): string | false => {
    if (options.cache !== undefined) return options.cache === false ? false : resolve(root, options.cache)
    const modules = join(root, 'node_modules')
    return disk.kind(modules) === 'folder' ? join(modules, '.cache', 'autocache') : false
  }
  const store = createStore<ModuleSummary>(folderOf())

  const digests = new Map<string, string>()
  const modules = new Map<string, SourceModule>()
  const outside = new Set<string>()

  const read = (file: string): { readonly text: string } | { readonly summary: ModuleSummary } => {
    const contents = files.read(file, sourceLimit)
    const broken = (digest: string, what: string) => {
      digests.set(file, digest)
      return { summary: opaque(digest, { code: 'unreadable', what, start: 0, end: 0 }) }
    }
    if (contents === undefined) return broken('missing', 'it does not exist')
    if (!('bytes' in contents)) {
      if (!contents.large) return broken(digestOf(`${contents.failure}\0${contents.trace}`), contents.failure)
      const what = `${contents.failure}, and files of more than 5 MB are not parsed: its bytes are its version`
      return broken(files.digest(file) ?? contents.failure, what)
    }
    const text = decodeText(contents.bytes)
    if (text === undefined) return broken(digestOf(contents.bytes), 'it is not UTF-8 text: its bytes are its version')
    digests.set(file, digestOf(contents.bytes))
    return { text: withoutReturns(text) }
  }

  const summaryOf = (file: string, text: string, wrappers: KnownWrappers | undefined): ModuleSummary => {
    const extension = extname(file)
    const assumed = wrappers && [...wrappers].map(([name, role]) => `${name} ${role ?? ''}`).sort()
    const key = storeKey([...parserVersions(), extension, JSON.stringify(assumed ?? null), text])
    const kept = store.get(key)
    if (kept !== undefined) return kept
    if (mayNestDeeply(text) && !survivesParsing(text, extension)) {
      const finding = { code: 'parse-error' as const, what: 'it is nested too deeply for the parser', start: 0, end: 0 }
      const summary = opaque(text, finding)
      store.set(key, summary)
      return summary
    }
    try {
      // A name without a kind is one that is known to be no wrapper.
      const known = wrappers as ReadonlyMap<string, WrapperKind> | undefined
      const summary = summarise({ text, extension, ...(known && { wrappers: known }) })
      store.set(key, summary)
      return summary
    } catch (error) {
      // Nesting deeper than the stack, or a fault of the compiler: the file still has a version that every edit changes.
      const what = `the compiler gave up: ${(error as Error)?.message ?? error}`
      return opaque(text, { code: 'parse-error', what, start: 0, end: 0 })
    }
  }

  /** Which module named a file first. */
  const importers = new Map<string, string>()
  const load = (file: string): SourceModule => {
    let module = modules.get(file)
    if (module === undefined) {
      const found = read(file)
      module =
        'text' in found
          ? { text: found.text, summary: summaryOf(file, found.text, undefined) }
          : { text: '', summary: found.summary }
      modules.set(file, module)
      if (!inside(root, file)) {
        // Once for a package, not for each of its files.
        const place = workspace.holding(file)?.folder ?? dirname(file)
        if (!outside.has(place)) {
          outside.add(place)
          const importer = importers.get(file)
          const by = importer === undefined ? '' : ` (imported by ${relativeName(importer)})`
          report(file, 'outside-root', relativeName(file) + by)
        }
      }
    }
    return module
  }

  const globs = new Map<string, readonly string[]>()
  const glob = (pattern: string, importer: string): readonly string[] => {
    const folder = dirname(importer)
    const key = `${folder}\0${pattern}`
    let found = globs.get(key)
    if (found === undefined) {
      const absolute = resolve(
        pattern.startsWith('/') ? root : folder,
        `.${pattern.startsWith('/') ? pattern : `/${pattern}`}`,
      )
      const fixed = absolute.split(/[\\/]/)
      const magic = fixed.findIndex((part) => /[*?[{(!]/.test(part))
      const base = magic < 0 ? dirname(absolute) : fixed.slice(0, magic).join('/') || '/'
      const rest = slashes(relative(base, absolute))
      const names = globSync(rest, {
        cwd: base,
        ignore: pattern.includes('node_modules') ? [] : ['**/node_modules/**'],
        followSymbolicLinks: false,
        expandDirectories: false,
      })
      if (!files.disk) {
        // A host may have files that the disk has not, and need not have all that it has.
        const matches = globMatcher([rest])
        for (const file of asked ?? []) if (inside(base, file)) names.push(slashes(relative(base, file)))
        names.splice(
          0,
          names.length,
          ...new Set(names.filter((name) => matches(name) && files.kind(join(base, name)) === 'file')),
        )
      }
      found = names
        .map((name) => slashes(relative(folder, join(base, name))))
        .map((name) => (name.startsWith('../') ? name : `./${name}`))
        .sort(byName)
      globs.set(key, found)
    }
    // A module that globs its own folder does not import itself.
    return found.filter((name) => join(folder, name) !== importer)
  }

  const targets = (file: string, request: Request): Resolution[] =>
    request.kind === 'glob'
      ? glob(request.specifier, file).map((name) => resolveSpecifier(name, file, 'import'))
      : [resolveSpecifier(request.specifier, file, request.kind)]

  const values = new Map<string, { readonly value: unknown } | undefined>()
  const json = (file: string): unknown => {
    if (!values.has(file)) {
      const contents = files.read(file)
      let parsed: { readonly value: unknown } | undefined
      if (contents !== undefined && 'bytes' in contents) {
        digests.set(file, digestOf(contents.bytes))
        try {
          const text = decodeText(contents.bytes)
          if (text === undefined) misread(file, 'it is not UTF-8 text')
          else {
            const value: unknown = JSON.parse(text)
            if (isDeep(value)) misread(file, 'it is nested too deeply')
            else parsed = { value }
          }
        } catch (error) {
          misread(file, (error as Error).message.split('\n')[0]!)
        }
      }
      values.set(file, parsed)
    }
    return values.get(file)?.value
  }

  // The program: the entries and everything that they reach. A queue and no recursion: import chains have any length.
  const queue = [...entries]
  const queued = new Set(queue)
  for (let done = 0; done < queue.length; done++) {
    const file = queue[done]!
    for (const request of load(file).summary.requests) {
      if (request.kind === 'type') continue
      for (const found of targets(file, request)) {
        // Read here, and not when a version asks: what is said of a project does not depend on what was asked before.
        if (found.kind === 'json') json(found.file)
        const isModule = found.kind === 'source' || (found.kind === 'asset' && found.runs === true)
        if (!isModule || queued.has(found.file)) continue
        queued.add(found.file)
        queue.push(found.file)
        importers.set(found.file, file)
      }
    }
    options.onProgress?.(done + 1, queue.length)
  }
  /** What modules turned out to take for wrappers, where they had guessed wrong. */
  const settled = new Map<string, KnownWrappers>()
  settleWrappers({
    files: queue,
    load,
    resolve: resolveSpecifier,
    from: join(root, configFile),
    wrappers: config.wrappers ?? [],
    replace: (file, wrappers) => {
      settled.set(file, wrappers)
      const { text } = load(file)
      modules.set(file, { text, summary: summaryOf(file, text, wrappers) })
    },
  })
  store.sweep()

  const lineStarts = new Map<string, readonly number[]>()
  const position = (file: string, offset: number) => {
    let starts = lineStarts.get(file)
    if (starts === undefined) {
      const found = [0]
      const text = modules.get(file)?.text ?? ''
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) found.push(at + 1)
      lineStarts.set(file, (starts = found))
    }
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle
    }
    return { line: low + 1, column: offset - starts[low]! + 1 }
  }

  /** What the nearest package.json takes a `.js` file for. */
  const typeOf = (folder: string): 'import' | 'require' => {
    const contents = files.read(join(folder, 'package.json'))
    if (contents !== undefined && 'bytes' in contents) {
      try {
        const said = JSON.parse(decodeText(contents.bytes) ?? '') as { readonly type?: unknown } | null
        return said?.type === 'module' ? 'import' : 'require'
      } catch {
        return 'require'
      }
    }
    const parent = dirname(folder)
    return parent === folder ? 'require' : typeOf(parent)
  }
  const style = (file: string, layout?: Layout): 'import' | 'require' => {
    const { style } = layout ?? load(file).summary.layout
    if (style !== 'unknown') return style
    if (/\.c[jt]s$/.test(file)) return 'require'
    return file.endsWith('.js') ? typeOf(dirname(file)) : 'import'
  }

  const assets = new Map<string, string>()

  const diagnose = (file: string, { code, what, start }: Finding, path: readonly string[]): Diagnostic[] => {
    const level = config.diagnostics?.[code] ?? defaultLevels[code]
    if (level === 'off') return []
    return [
      {
        code,
        level,
        message: messageOf(code, what),
        position: { file: relativeName(file), ...position(file, start) },
        path,
      },
    ]
  }

  const settings: GraphSettings = {
    ...(config.sideEffects !== undefined && { sideEffects: config.sideEffects }),
    ...(config.engine === 'major' && { engine: process.versions.node.split('.')[0]! }),
    ...(config.define !== undefined && { define: config.define }),
    ...(config.diagnostics !== undefined && { diagnostics: config.diagnostics }),
  }

  let listed: readonly string[] = []
  let listedOf = -1
  /** Asked for each module that is transformed: made anew where something more was read since. */
  const inputs = (): readonly string[] => {
    const count = digests.size + tsconfigs.inputs.size + workspace.inputs.size + packages.inputs.size
    if (count !== listedOf) {
      listed = listInputs()
      listedOf = count
    }
    return listed
  }
  const listInputs = (): string[] => {
    const all = new Set([...digests.keys(), ...tsconfigs.inputs, ...workspace.inputs, ...packages.inputs])
    if (own.file !== undefined) all.add(own.file)
    return [...all].sort((a, b) => byName(relativeName(a), relativeName(b)))
  }

  const refresh = (file: string): SourceModule | 'same' | undefined => {
    const known = modules.get(file)
    // A host's files, and one that is also read as an asset or as part of a package, are others' to remember.
    if (known === undefined || !files.disk || !isSource(file) || assets.has(file)) return undefined
    if (packages.inputs.has(file)) return undefined
    const found = read(file)
    if (!('text' in found)) return undefined
    if (found.text === known.text) return 'same'
    const summary = summaryOf(file, found.text, settled.get(file))
    if (!sameShape(known.summary, summary)) return undefined
    const module = { text: found.text, summary }
    modules.set(file, module)
    lineStarts.delete(file)
    return module
  }

  return {
    root,
    refresh,
    scheme: options.scheme ?? 's1',
    entries,
    settings,
    modules: [...queue].sort((a, b) => byName(relativeName(a), relativeName(b))),
    load,
    resolve: resolveSpecifier,
    glob,
    identify(found: PackageResolution, importer: string): PackageIdentity {
      const { version, identity, findings } = packages.identify(found.name, importer, found.file)
      return { identity, ...(version !== undefined && { version }), findings }
    },
    json,
    asset(file) {
      let digest = assets.get(file)
      if (digest === undefined) {
        digest = files.digest(file)
        if (digest === undefined) {
          const contents = files.read(file, 0)
          const failure = contents === undefined || 'bytes' in contents ? 'it does not exist' : contents.failure
          const trace = contents === undefined || 'bytes' in contents ? '' : contents.trace
          report(file, 'unreadable', failure)
          digest = digestOf(`${failure}\0${trace}`)
        }
        digests.set(file, digest)
        assets.set(file, digest)
      }
      return digest
    },
    options: (file) => governed.of(file).options,
    relative: relativeName,
    locate,
    isLoaded: (file) => modules.has(file),
    style,
    has: (file) => files.kind(file) === 'file',
    position,
    diagnose,
    problems(only) {
      const all = problems.filter(({ file }) => only === undefined || file === only)
      for (const file of only === undefined ? queue : []) {
        for (const finding of load(file).summary.findings) all.push({ file, finding })
      }
      return all.flatMap(({ file, finding }) => diagnose(file, finding, [])).sort(byPlace)
    },
    inputs,
    inputDigest() {
      const hash = createHash('sha256')
      const add = (text: string) => hash.update(`${Buffer.byteLength(text)}:`).update(text)
      for (const file of inputs()) {
        add(relativeName(file))
        add(digests.get(file) ?? files.digest(file) ?? 'missing')
      }
      const tsconfig = typeof options.tsconfig === 'object' ? options.tsconfig : null
      for (const part of [...parserVersions(), options.scheme ?? 's1', JSON.stringify([config, tsconfig, settings])])
        add(part)
      return hash.digest('hex').slice(0, 32)
    },
  }
}
