import { existsSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import type { Analysis, AnalyzeOptions, FolderPlan, Manifest, VersionedFunction } from '@autocache/compiler'
import { codeOf, UserError } from './errors.ts'
import type { Io, Terminal } from './terminal.ts'
import { clean, similar } from './text.ts'

/** The options that every command takes. */
export interface CommonOptions {
  readonly root?: string
  readonly tsconfig?: string
  readonly cache: boolean
  readonly json?: boolean
  readonly color: boolean
  readonly debug?: boolean
}

/** What is used of the compiler. It is loaded when it is needed: `--help` does without. */
export interface Compiler {
  /** Changes when versions of unchanged sources change. */
  readonly compilerContract: number
  analyze(options: AnalyzeOptions): Analysis
  readManifest(text: string): Manifest
  writeManifest(manifest: Manifest): string
  planFolder(analysis: Analysis, folder: string, isSealed?: boolean): FolderPlan
}

/** What a command works with. */
export interface Context {
  readonly io: Io
  readonly terminal: Terminal
  readonly options: CommonOptions
  /** The folder that is analysed: absolute, without symbolic links. */
  readonly root: string
  readonly compiler: () => Promise<Compiler>
}

/** The folder given by `--root`, or the current one. @throws UserError */
export function resolveRoot(io: Io, root: string | undefined): string {
  const folder = resolve(io.cwd, root ?? '.')
  try {
    if (statSync(folder).isDirectory()) return realpathSync(folder)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') {
      throw new UserError(`The folder ${clean(folder)} cannot be read (${codeOf(error)}). Is it yours to read?`)
    }
    throw new UserError(`There is no folder ${clean(folder)}. Give --root the folder of the program.`)
  }
  throw new UserError(`${clean(folder)} is no folder. Give --root the folder of the program.`)
}

/** Where another state of the program lies. */
export interface Place {
  readonly root: string
  readonly name: string
  /** Turns a path of the user's into one of that state. */
  readonly moved?: (path: string) => string
}

/** Analyses the program as it lies on the disk, or another state of it. */
export async function analyse(
  context: Context,
  place?: Place,
  more: Pick<AnalyzeOptions, 'outputs'> = {},
): Promise<Analysis> {
  const { root, options, io, terminal } = context
  const { analyze } = await context.compiler()
  const progress = terminal.progress(`Analysing ${place?.name ?? 'files'}`)
  const tsconfig = options.tsconfig === undefined ? undefined : resolve(io.cwd, options.tsconfig)
  if (tsconfig !== undefined && !existsSync(tsconfig)) {
    throw new UserError(`There is no file ${clean(tsconfig)}. Give --tsconfig the path of a tsconfig.json.`)
  }
  try {
    return analyze({
      root: place?.root ?? root,
      ...(tsconfig === undefined ? {} : { tsconfig: place?.moved?.(tsconfig) ?? tsconfig }),
      ...cacheOf(context, place),
      ...more,
      onProgress: progress.update,
    })
  } finally {
    progress.end()
  }
}

/** Another state shares the cache of this one: it is addressed by content. */
function cacheOf({ options, root }: Context, place: Place | undefined): Pick<AnalyzeOptions, 'cache'> {
  if (!options.cache) return { cache: false }
  if (place === undefined) return {}
  return { cache: existsSync(join(root, 'node_modules')) && join(root, 'node_modules/.cache/autocache') }
}

/** The function that `<label|file#export>` means. @throws UserError where there is none, or more than one */
export function findFunction(analysis: Analysis, target: string): VersionedFunction {
  const found = analysis.functions.filter(({ label }) => label === target)
  if (found.length === 1) return found[0]!
  if (found.length > 1) {
    const places = found.map((one) => `  ${clean(one.file)}:${one.line}  ${clean(nameOf(one))}`)
    throw new UserError(
      `There are ${found.length} cached functions with the label ${clean(target)}:\n${places.join('\n')}\n` +
        'Name one by its file: <file>#<export>.',
    )
  }
  const { file, name } = splitTarget(target)
  if (file === undefined) {
    const near = similar(
      target,
      analysis.functions.map(({ label }) => label),
    )
    const hint =
      near.length > 0
        ? `Did you mean ${near.map(clean).join(', ')}?`
        : 'List them with `autocache list`, or name any export as <file>#<export>.'
    throw new UserError(`There is no cached function with the label ${clean(target)}. ${hint}`)
  }
  return versionOf(analysis, file, name)
}

/** `file#export`, divided at the last `#`; a label has no file. */
export function splitTarget(target: string): { file?: string; name: string } {
  const at = target.lastIndexOf('#')
  return at < 0 ? { name: target } : { file: target.slice(0, at), name: target.slice(at + 1) }
}

/** The version of any export. @throws UserError where the file or the export does not exist */
export function versionOf(analysis: Analysis, file: string, name: string): VersionedFunction {
  if (file === '' || name === '') {
    throw new UserError(`Name an export as <file>#<export>, such as src/price.ts#total.`)
  }
  const path = isAbsolute(file) ? file : join(analysis.root, file)
  if (!existsSync(path)) {
    throw new UserError(`There is no file ${clean(file)} in ${clean(analysis.root)}. Paths are relative to --root.`)
  }
  try {
    return analysis.versionOf(file, name)
  } catch (error) {
    if (!isCompilerError(error)) throw error
    const near = similar(name, namesIn(analysis, file))
    const hint = near.length > 0 ? ` Did you mean ${near.map(clean).join(', ')}?` : ''
    throw new UserError(`${clean(error.message)}${hint}`, { cause: error })
  }
}

function namesIn(analysis: Analysis, file: string): readonly string[] {
  try {
    return analysis.exportsOf(file)
  } catch {
    return []
  }
}

/** An error that the compiler raised for its user, as opposed to a bug in it. */
export function isCompilerError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'CompilerError'
}

/** How a function is named on the command line: by its export where it has one, else by its label. */
export function nameOf(one: { readonly label: string; readonly file: string; readonly export?: string }): string {
  return one.export === undefined ? one.label : `${one.file}#${one.export}`
}
