/**
 * The settings of the compiler that govern a file: the nearest tsconfig.json, or the project it refers the file to.
 */
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { createFilesMatcher, createPathsMatcher, parseTsconfig, type TsConfigJsonResolved } from 'get-tsconfig'
import { CompilerError } from './errors.ts'
import { decodeText, type Files } from './files.ts'
import type { SourceOptions } from './link.ts'

export interface Tsconfig {
  /** Absolute; undefined for settings handed over as an object, and where no file was found. */
  readonly path: string | undefined
  readonly options: SourceOptions
  /** Absolute paths that `paths` and `baseUrl` send a specifier to, best first. */
  readonly paths: (specifier: string) => readonly string[]
  readonly conditions: readonly string[]
  /** Absolute, where the settings name it. */
  readonly outDir: string | undefined
  readonly rootDir: string | undefined
}

export interface Tsconfigs {
  /** The settings that govern a file. */
  of(file: string): Tsconfig
  /** The settings of a file of this name in a folder itself. */
  at(folder: string, name: string): Tsconfig | undefined
  /** Absolute paths of all that was read. */
  readonly inputs: ReadonlySet<string>
}

const none: Tsconfig = {
  path: undefined,
  options: {},
  paths: () => [],
  conditions: [],
  outDir: undefined,
  rootDir: undefined,
}

/**
 * The cache that get-tsconfig keeps its calls of `node:fs` in, answered from `files`: so a project that is not on the
 * disk has its tsconfig and `extends` read by the same code (test `a tsconfig of an in-memory project is read`).
 */
class ReadThrough extends Map<string, any> {
  readonly #files: Files
  readonly #inputs: Set<string>

  constructor(files: Files, inputs: Set<string>) {
    super()
    this.#files = files
    this.#inputs = inputs
  }

  #kind(path: string): 'file' | 'folder' | undefined {
    const kind = this.#files.kind(path)
    if (kind !== undefined || !/[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+$/.test(path)) return kind
    // A host without folders has those of packages: `extends` asks for them before it asks for a file.
    return this.#files.kind(join(path, 'package.json')) === 'file' ? 'folder' : undefined
  }

  override get(key: string): any {
    const method = key.slice(0, key.indexOf(':'))
    const path = key.slice(method.length + 1)
    if (method === 'existsSync') return this.#kind(resolve(path)) !== undefined
    if (method === 'statSync') {
      const kind = this.#kind(resolve(path))
      return { isFile: () => kind === 'file', isDirectory: () => kind === 'folder' }
    }
    if (method === 'readFileSync') {
      const file = resolve(path.replace(/:utf8$/, ''))
      const contents = this.#files.read(file)
      if (contents === undefined) throw new Error('it does not exist')
      if (!('bytes' in contents)) throw new Error(contents.failure)
      this.#inputs.add(file)
      return decodeText(contents.bytes) ?? ''
    }
    return method === 'realpathSync' ? this.#files.real(resolve(path)) : super.get(key)
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const flag = (value: unknown): boolean | undefined => (typeof value === 'boolean' ? value : undefined)

function sourceOptions(options: Readonly<Record<string, unknown>>): SourceOptions {
  const found = {
    target: text(options.target)?.toLowerCase(),
    useDefineForClassFields: flag(options.useDefineForClassFields),
    experimentalDecorators: flag(options.experimentalDecorators),
    emitDecoratorMetadata: flag(options.emitDecoratorMetadata),
    jsx: text(options.jsx)?.toLowerCase(),
    jsxFactory: text(options.jsxFactory),
    jsxFragmentFactory: text(options.jsxFragmentFactory),
    jsxImportSource: text(options.jsxImportSource),
    reactNamespace: text(options.reactNamespace),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

function toTsconfig(config: TsConfigJsonResolved, path: string, isFile: boolean): Tsconfig {
  const options = (config.compilerOptions ?? {}) as Readonly<Record<string, unknown>>
  const folder = (value: unknown) => (typeof value === 'string' ? resolve(dirname(path), value) : undefined)
  return {
    path: isFile ? path : undefined,
    options: sourceOptions(options),
    paths: createPathsMatcher({ path, config }) ?? none.paths,
    conditions: Array.isArray(options.customConditions) ? options.customConditions.filter((name) => text(name)) : [],
    outDir: folder(options.outDir),
    rootDir: folder(options.rootDir),
  }
}

interface Parsed {
  readonly settings: Tsconfig
  readonly covers: (file: string) => boolean
  readonly references: readonly string[]
}

/**
 * @param option a tsconfig for all files, or settings for all files; otherwise the nearest of each file
 * @param problem told of a file that cannot be read as a tsconfig: its settings then count as absent
 * @throws {CompilerError} `INVALID_OPTION` where `option` names a file that is not there
 */
export function createTsconfigs(
  files: Files,
  root: string,
  option: string | { readonly compilerOptions: Readonly<Record<string, unknown>> } | undefined,
  problem: (file: string, what: string) => void,
): Tsconfigs {
  const inputs = new Set<string>()
  const cache = new ReadThrough(files, inputs)
  const parsed = new Map<string, Parsed | undefined>()
  const nearest = new Map<string, Parsed | undefined>()

  const parse = (path: string): Parsed | undefined => {
    if (parsed.has(path)) return parsed.get(path)
    // Set first: a project that refers to itself ends here.
    parsed.set(path, undefined)
    if (files.kind(path) !== 'file') return undefined
    let result: Parsed | undefined
    try {
      const config = parseTsconfig(path, cache)
      const matches = createFilesMatcher({ path, config }, true)
      result = {
        settings: toTsconfig(config, path, true),
        covers: (file) => matches(file) !== undefined,
        references: (config.references ?? [])
          .map((reference) => (typeof reference?.path === 'string' ? resolve(dirname(path), reference.path) : ''))
          .filter((reference) => reference !== '')
          .map((reference) => (reference.endsWith('.json') ? reference : join(reference, 'tsconfig.json'))),
      }
    } catch (error) {
      const reason = String((error as Error)?.message ?? error)
      problem(path, reason.replaceAll(dirname(path), '.').replace(/\s+/g, ' '))
    }
    parsed.set(path, result)
    return result
  }

  const governing = (found: Parsed | undefined, file: string): Tsconfig => {
    if (found === undefined) return none
    if (found.references.length === 0 || found.covers(file)) return found.settings
    for (const reference of found.references) {
      const project = parse(reference)
      if (project?.covers(file)) return project.settings
    }
    return found.settings
  }

  const near = (folder: string): Parsed | undefined => {
    const passed: string[] = []
    let found: Parsed | undefined
    for (let at = folder; ; at = dirname(at)) {
      if (nearest.has(at)) {
        found = nearest.get(at)
        break
      }
      passed.push(at)
      const path = ['tsconfig.json', 'jsconfig.json']
        .map((name) => join(at, name))
        .find((candidate) => files.kind(candidate) === 'file')
      if (path !== undefined) {
        found = parse(path)
        break
      }
      if (dirname(at) === at) break
    }
    for (const at of passed) nearest.set(at, found)
    return found
  }

  const at = (folder: string, name: string) => parse(join(folder, name))?.settings

  if (typeof option === 'object') {
    const config = { compilerOptions: option.compilerOptions } as TsConfigJsonResolved
    const settings = toTsconfig(config, join(root, 'tsconfig.json'), false)
    return { of: () => settings, at, inputs }
  }
  if (typeof option === 'string') {
    const path = isAbsolute(option) ? option : resolve(root, option)
    const file = files.kind(path) === 'folder' ? join(path, 'tsconfig.json') : path
    if (files.kind(file) !== 'file') {
      throw new CompilerError(
        'INVALID_OPTION',
        `There is no tsconfig at ${option}. Give its path relative to the root.`,
      )
    }
    const found = parse(file)
    return { of: (source) => governing(found, source), at, inputs }
  }
  return { of: (file) => governing(near(dirname(file)), file), at, inputs }
}
