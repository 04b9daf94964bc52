/**
 * The loader for webpack, Rspack and hosts that run their loaders, such as Turbopack. The plugins of webpack and Rspack
 * add it; where there is no plugin, a rule names it, with options that are JSON.
 */
import { relative } from 'node:path'
import { type Finding, findingsOf, inLine } from './findings.ts'
import { generationOf, ledgerOf, noteBuilt } from './ledger.ts'
import { isFirstParty, isSource, livingOf, real, type Stamped, unstamped } from './living.ts'
import { openedAs } from './opened.ts'
import type { LoaderOptions } from './options.ts'

export type { LoaderOptions } from './options.ts'

/** What a rule gives to the loader. */
export interface RuleOptions extends LoaderOptions {
  /** The name of the host's persistent cache, with {@link cacheGeneration}. */
  readonly cacheName?: string
  /** Not read: it is in the options so that it is in the key of the host's cache. */
  readonly generation?: number
  /** The analysis that a plugin of this process made. */
  readonly living?: string
}

/** What the loader uses of a host's context. */
export interface LoaderHost {
  readonly resourcePath: string
  readonly resourceQuery?: string
  readonly rootContext?: string
  readonly _compiler?: { readonly webpack?: unknown; readonly rspack?: unknown } | undefined
  readonly _module?: {
    buildInfo?: Record<string, unknown> | undefined
    addError?(error: Error): unknown
    addWarning?(warning: Error): unknown
  }
  getOptions(): RuleOptions
  addDependency(file: string): void
  emitError(error: Error): void
  emitWarning(warning: Error): void
  callback(error: Error | null, code?: string | Buffer, map?: any): void
}

/**
 * The generation of a host's persistent cache, for hosts that have rules and no plugins. The host asks only whether the files that a
 * loader declared have changed, which is not all that a stamp depends on: put this number into the options of the rule,
 * beside `cacheName`, when the configuration is read. It costs an analysis of the program.
 * @example
 * ```js
 * const options = { cacheName: 'turbopack' }
 * const rule = { loader: '@autocache/unplugin/loader', options: { ...options, generation: cacheGeneration(options) } }
 * ```
 */
export function cacheGeneration({ cacheName = 'loader', ...options }: RuleOptions): number {
  const living = livingOf({ ...options, root: options.root ?? process.cwd() })
  living.check()
  return generationOf(ledgerOf(living.root, cacheName), living)
}

/** How often a module is stamped anew where somebody goes on writing; the next build is told by the ledger. */
const patience = 5

/** The loader. */
export default function autocacheLoader(this: LoaderHost, code: string | Buffer, map?: unknown): void {
  const options = this.getOptions()
  const file = this.resourcePath
  const root = options.root ?? this.rootContext ?? process.cwd()
  const pass = () => this.callback(null, code, map)
  if (options.enabled === false || this.resourceQuery || !isSource(file)) return pass()
  const shared = openedAs(options.living)
  const living = shared?.living ?? livingOf({ ...options, root })
  if (!isFirstParty(living.root, real(file))) return pass()
  let stamped: Stamped | undefined
  let declared: readonly string[] = []
  for (let time = 0; time < patience; time++) {
    // Without a plugin nobody says when a build begins.
    stamped = living.transform(String(code), file, shared !== undefined)
    declared = (shared === undefined ? stamped?.dependencies : stamped?.reached) ?? []
    if (stamped === undefined) break
    for (const dependency of declared) this.addDependency(dependency)
    // A host takes a file as it lies there once the loader has declared it: an edit that came between the reading and
    // this line would be no edit to it.
    if (shared !== undefined || !living.isBehind(declared)) break
  }
  const fingerprint = stamped?.fingerprint ?? unstamped
  shared?.built.set(file, fingerprint)
  if (this._module?.buildInfo) this._module.buildInfo.autocache = fingerprint
  if (options.cacheName !== undefined) noteBuilt(ledgerOf(living.root, options.cacheName), file, fingerprint, declared)
  if (stamped === undefined) return pass()
  for (const finding of findingsOf(stamped, living.root, options)) tell(this, finding, living.root)
  this.callback(null, stamped.code, JSON.parse(String(stamped.map)))
}

type WebpackError = new (message: string) => Error & { loc?: object; file?: string }

function tell(host: LoaderHost, finding: Finding, root: string): void {
  const { fails, text, file, line, column } = finding
  const isHere = real(host.resourcePath) === file
  const { webpack, rspack } = host._compiler ?? {}
  const module = host._module
  if (webpack !== undefined && rspack === undefined && module?.addError && module.addWarning) {
    // As webpack's own: with a place, which what a loader emits does not have.
    const { WebpackError } = webpack as { readonly WebpackError: WebpackError }
    const error = new WebpackError(isHere ? text : `${relative(root, file)}:${line}:${column}: ${text}`)
    error.name = 'AutocacheDiagnostic'
    if (isHere) error.loc = { start: { line, column: column - 1 } }
    error.file = file
    if (fails) module.addError(error)
    else module.addWarning(error)
    return
  }
  const error = new Error(inLine({ ...finding, file: relative(root, file) }))
  error.name = 'AutocacheDiagnostic'
  // What a stack of ours would say is of no use to whoever reads it.
  error.stack = ''
  if (fails) host.emitError(error)
  else host.emitWarning(error)
}
