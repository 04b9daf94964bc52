/** What the graph asks of its host: `project.ts` reads files, settings and lockfiles, and nothing else here does. */
import type { DiagnosticCode, Level } from './diagnostics.ts'
import type { ModuleSummary, Request } from './model.ts'

/** Where a specifier leads. Files are absolute, and stand for one module each: equal text, equal module. */
export type Resolution =
  | { readonly kind: 'source'; readonly file: string }
  | PackageResolution
  | { readonly kind: 'builtin'; readonly name: string }
  | { readonly kind: 'json'; readonly file: string }
  /** `runs`: a source that is handed out as a file, and may be run by its address. */
  | { readonly kind: 'asset'; readonly file: string; readonly query: string; readonly runs?: true }
  | { readonly kind: 'unresolved' }

export interface PackageResolution {
  readonly kind: 'package'
  readonly name: string
  /** What follows the name in the specifier, with its slash: `/esm/map`, or nothing. */
  readonly subpath: string
  readonly file?: string
}

export interface PackageIdentity {
  readonly version?: string
  /** One text for the package, its dependencies and its patches; empty where the configuration ignores the package. */
  readonly identity: string
  /** `no-lockfile`, `lockfile-mismatch`: the code and what was found. */
  readonly findings?: readonly { readonly code: DiagnosticCode; readonly what: string }[]
}

/** The settings of the compiler that decide what code means, as the tsconfig that governs the file says them. */
export interface SourceOptions {
  readonly target?: string
  readonly useDefineForClassFields?: boolean
  readonly experimentalDecorators?: boolean
  readonly emitDecoratorMetadata?: boolean
  readonly jsx?: string
  readonly jsxFactory?: string
  readonly jsxFragmentFactory?: string
  readonly jsxImportSource?: string
  readonly reactNamespace?: string
}

/** A source file of the program. */
export interface SourceModule {
  readonly summary: ModuleSummary
  /** The text that the offsets of the summary count in. */
  readonly text: string
}

/** What the graph asks of its host. Every answer must stay the same for the life of a `Graph`. */
export interface Program {
  readonly scheme: 's1' | 't1'
  /** Absolute paths of the source files the program starts from, sorted. */
  readonly entries: readonly string[]
  /** A source file; the host remembers it. An unreadable one has a summary with `opaque` and a finding. */
  load(file: string): SourceModule
  resolve(specifier: string, importer: string, kind: Request['kind']): Resolution
  /** The specifiers, relative to the importer, that a static glob matches. */
  glob(pattern: string, importer: string): readonly string[]
  identify(found: PackageResolution, importer: string): PackageIdentity
  /** The parsed value; undefined where the file is no JSON, which makes it an asset. */
  json(file: string): unknown
  /** A digest of the bytes. */
  asset(file: string): string
  options(file: string): SourceOptions
  /** The file as people know it: relative to the root, with `/`. It is in no version. */
  relative(file: string): string
  readonly settings: GraphSettings
}

/** The part of the configuration that versions and diagnostics depend on. */
export interface GraphSettings {
  readonly sideEffects?: 'attached' | 'all'
  /** The major version of the engine, where the configuration asks for it to count. */
  readonly engine?: string
  readonly define?: Readonly<Record<string, string>>
  readonly diagnostics?: Readonly<Partial<Record<DiagnosticCode, Level | 'off'>>>
}
