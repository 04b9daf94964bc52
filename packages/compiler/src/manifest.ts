/**
 * The manifest of a build: every cached function with its version and with what the version was made of. It is written
 * to be committed and compared: keys and entries in a fixed order, a line for each thing that changes by itself.
 */
import { type Diagnostic, type DiagnosticCode, defaultLevels, type Level } from './diagnostics.ts'
import { CompilerError } from './errors.ts'
import type { Capture, EnvRead, Receiver } from './model.ts'
import type { Reached, ReachedPackage, Via } from './reached.ts'

/** The name of the file, by convention. */
export const manifestFile = 'autocache.manifest.json'

/** Bumped when versions of unchanged sources change. */
export const compilerContract = 1

const format = 1

/** A definition that some function reaches; functions share the entry. */
export interface ManifestDefinition {
  readonly name: string
  readonly kind: string
  /** Relative to the root, with `/`. */
  readonly file: string
  readonly line: number
  /** Offsets in the text of the file, with lines ended by LF. */
  readonly start: number
  readonly end: number
  /** Digest of the definition by itself, without what it refers to. */
  readonly digest: string
}

export interface ManifestFunction {
  readonly label: string
  readonly file: string
  readonly line: number
  readonly column: number
  readonly export?: string
  readonly form: 'call' | 'decorator' | 'export'
  readonly version: string
  /** Place in the shared table, place in this list of the one that leads to it (-1 for the function), and how. */
  readonly definitions: readonly (readonly [definition: number, parent: number, via: Via])[]
  readonly packages: readonly ReachedPackage[]
  readonly env: readonly EnvRead[]
  readonly captures: readonly Capture[]
  readonly receiver: Receiver
  readonly diagnostics: readonly Diagnostic[]
}

export interface Manifest {
  readonly format: 1
  readonly scheme: 's1' | 't1'
  /** The contract of versions: manifests of different contracts cannot be compared function by function. */
  readonly compiler: number
  /** A digest over every file read, every lockfile and every option: equal inputs, equal manifest. */
  readonly inputs: string
  readonly definitions: readonly ManifestDefinition[]
  readonly functions: readonly ManifestFunction[]
}

type Listed = Omit<ManifestFunction, 'definitions'> & { readonly definitions: readonly Reached[] }

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0)

/** Joins functions to a manifest: definitions that several of them reach stand there once. */
export function toManifest(
  head: { readonly scheme: 's1' | 't1'; readonly inputs: string },
  functions: readonly Listed[],
): Manifest {
  const table = new Map<string, ManifestDefinition>()
  const keyOf = ({ file, start, end, name, kind, digest }: Reached) =>
    JSON.stringify([file, start, end, name, kind, digest])
  for (const { definitions } of functions) {
    for (const reached of definitions) {
      const key = keyOf(reached)
      if (table.has(key)) continue
      const { name, kind, file, line, start, end, digest } = reached
      table.set(key, { file, line, name, kind, start, end, digest })
    }
  }
  const sorted = [...table].sort(
    ([a, one], [b, other]) => compare(one.file, other.file) || compare(one.start, other.start) || compare(a, b),
  )
  const places = new Map(sorted.map(([key], place) => [key, place]))
  return {
    format,
    scheme: head.scheme,
    compiler: compilerContract,
    inputs: head.inputs,
    definitions: sorted.map(([, entry]) => entry),
    functions: functions
      .map((listed): ManifestFunction => {
        const { label, file, line, column, form, version, packages, env, captures, receiver, diagnostics } = listed
        return {
          label,
          file,
          line,
          column,
          ...(listed.export !== undefined && { export: listed.export }),
          form,
          version,
          definitions: listed.definitions.map((reached) => [places.get(keyOf(reached))!, reached.parent, reached.via]),
          packages: packages.map(({ name, version, identity, path }) => ({
            name,
            ...(version !== undefined && { version }),
            identity,
            path,
          })),
          env: env.map(({ name, expression, module }) => ({ name, expression, module })),
          captures: captures.map(({ name, paths }) => ({ name, paths })),
          receiver: { fields: receiver.fields, calls: receiver.calls },
          diagnostics: diagnostics.map(({ code, level, message, position, path }) => ({
            code,
            level,
            message,
            position: { file: position.file, line: position.line, column: position.column },
            path,
          })),
        }
      })
      .sort(
        (a, b) =>
          compare(a.file, b.file) ||
          compare(a.line, b.line) ||
          compare(a.column, b.column) ||
          compare(a.label, b.label),
      ),
  }
}

/** One line for one thing. */
const inLine = (value: unknown): string => JSON.stringify(value)

function list(items: readonly unknown[], indent: string): string {
  if (items.length === 0) return '[]'
  return `[\n${items.map((item) => `${indent}  ${inLine(item)}`).join(',\n')}\n${indent}]`
}

/** The text of a manifest; equal manifests have equal texts. */
export function writeManifest(manifest: Manifest): string {
  const functions = manifest.functions.map((listed) => {
    const lines = [
      ['label', inLine(listed.label)],
      ['file', inLine(listed.file)],
      ['line', inLine(listed.line)],
      ['column', inLine(listed.column)],
      ...(listed.export === undefined ? [] : [['export', inLine(listed.export)]]),
      ['form', inLine(listed.form)],
      ['version', inLine(listed.version)],
      ['definitions', inLine(listed.definitions)],
      ['packages', list(listed.packages, '      ')],
      ['env', list(listed.env, '      ')],
      ['captures', list(listed.captures, '      ')],
      ['receiver', inLine(listed.receiver)],
      ['diagnostics', list(listed.diagnostics, '      ')],
    ]
    return `    {\n${lines.map(([key, text]) => `      "${key}": ${text}`).join(',\n')}\n    }`
  })
  const lines = [
    `  "format": ${manifest.format}`,
    `  "scheme": ${inLine(manifest.scheme)}`,
    `  "compiler": ${manifest.compiler}`,
    `  "inputs": ${inLine(manifest.inputs)}`,
    `  "definitions": ${list(manifest.definitions, '  ')}`,
    `  "functions": ${functions.length === 0 ? '[]' : `[\n${functions.join(',\n')}\n  ]`}`,
  ]
  return `{\n${lines.join(',\n')}\n}\n`
}

type Shape = (value: unknown, at: string) => void

/**
 * Reads what {@link writeManifest} wrote, however it was formatted since.
 * @throws {CompilerError} `INVALID_MANIFEST`, where it is no manifest, or of a format that this release does not know
 */
export function readManifest(text: string): Manifest {
  const refuse = (what: string, cause?: unknown): never => {
    throw new CompilerError('INVALID_MANIFEST', `The manifest cannot be read: ${what}. Build it again.`, { cause })
  }
  let value: any
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    return refuse(`it is no JSON (${(error as Error).message})`, error)
  }
  const record = (item: unknown, at: string): Readonly<Record<string, unknown>> =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? (item as Readonly<Record<string, unknown>>)
      : refuse(`${at} is no object`)
  const known = record(value, 'it')
  if (known.format !== format) {
    const found = typeof known.format === 'number' ? `it has format ${known.format}` : 'it has no format'
    return refuse(`${found}, and this release reads format ${format}`)
  }
  const string: Shape = (item, at) => void (typeof item === 'string' || refuse(`${at} is no text`))
  const whole =
    (low: number, high = Number.MAX_SAFE_INTEGER): Shape =>
    (item, at) =>
      void (
        (Number.isSafeInteger(item) && (item as number) >= low && (item as number) <= high) ||
        refuse(`${at} is out of range`)
      )
  const flag: Shape = (item, at) => void (typeof item === 'boolean' || refuse(`${at} is neither true nor false`))
  const among =
    (allowed: readonly string[]): Shape =>
    (item, at) =>
      void (allowed.includes(item as string) || refuse(`${at} is none of ${allowed.join(', ')}`))
  const all =
    (shape: Shape): Shape =>
    (item, at) => {
      if (!Array.isArray(item)) refuse(`${at} is no list`)
      for (const [place, each] of (item as unknown[]).entries()) shape(each, `${at}[${place}]`)
    }
  const fields =
    (shapes: Readonly<Record<string, Shape>>, optional: Readonly<Record<string, Shape>> = {}): Shape =>
    (item, at) => {
      const found = record(item, at)
      for (const [key, shape] of Object.entries(shapes)) {
        shape(Object.hasOwn(found, key) ? found[key] : undefined, `${at}.${key}`)
      }
      for (const [key, shape] of Object.entries(optional))
        if (found[key] !== undefined) shape(found[key], `${at}.${key}`)
    }

  among(['s1', 't1'])(known.scheme, 'scheme')
  whole(1)(known.compiler, 'compiler')
  string(known.inputs, 'inputs')
  const definition = fields({
    name: string,
    kind: string,
    file: string,
    line: whole(1),
    start: whole(0),
    end: whole(0),
    digest: string,
  })
  all(definition)(known.definitions, 'definitions')
  const last = (known.definitions as unknown[]).length - 1
  const levels: readonly Level[] = ['error', 'warning', 'info']
  const codes = Object.keys(defaultLevels) as DiagnosticCode[]
  all((item, at) => {
    const { definitions } = record(item, at)
    const count = Array.isArray(definitions) ? definitions.length : 0
    fields(
      {
        label: string,
        file: string,
        line: whole(1),
        column: whole(1),
        form: among(['call', 'decorator', 'export']),
        version: string,
        definitions: all((step, place) => {
          if (!Array.isArray(step) || step.length !== 3) refuse(`${place} is no step of three parts`)
          const [entry, parent, via] = step as unknown[]
          whole(0, last)(entry, `${place}[0]`)
          whole(-1, count - 1)(parent, `${place}[1]`)
          among(['reference', 'attached', 'effect'])(via, `${place}[2]`)
        }),
        packages: all(
          fields({ name: string, identity: string, path: whole(-1, Math.max(count - 1, 0)) }, { version: string }),
        ),
        env: all(fields({ name: string, expression: string, module: flag })),
        captures: all(fields({ name: string, paths: all(all(string)) })),
        receiver: fields({ fields: all(all(string)), calls: all(fields({ path: all(string) })) }),
        diagnostics: all(
          fields({
            code: among(codes),
            level: among(levels),
            message: string,
            position: fields({ file: string, line: whole(1), column: whole(1) }),
            path: all(string),
          }),
        ),
      },
      { export: string },
    )(item, at)
  })(known.functions, 'functions')
  return value as Manifest
}
