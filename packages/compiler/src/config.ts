/** What a project says about its analysis: `autocache.config.json`, or `autocache` in its package.json. */
import { join } from 'node:path'
import { type DiagnosticCode, defaultLevels, type Level } from './diagnostics.ts'
import { CompilerError } from './errors.ts'
import { decodeText, type Files } from './files.ts'
import type { PackageMode } from './packages.ts'

export interface CompilerConfig {
  /** Functions that wrap `cached`, by where they come from: `./lib/memo#memo`, `pkg#memo`. */
  readonly wrappers?: readonly string[]
  /** How much of a package joins the versions that reach it. */
  readonly packages?: Readonly<Record<string, PackageMode>>
  /** `all`: every statement that runs with a module joins, as in a bundle that keeps side effects. @default 'attached' */
  readonly sideEffects?: 'attached' | 'all'
  /** `major`: the major version of the engine joins. @default 'ignore' */
  readonly engine?: 'ignore' | 'major'
  /** Replacements that the build makes: an expression and the text it becomes. */
  readonly define?: Readonly<Record<string, string>>
  /** Levels that differ from the defaults, and codes that are off. */
  readonly diagnostics?: Readonly<Partial<Record<DiagnosticCode, Level | 'off'>>>
  /** Globs, relative to the root, of files that are no part of the program. */
  readonly exclude?: readonly string[]
}

/** The file that holds the configuration where package.json does not. */
export const configFile = 'autocache.config.json'

type Check = (value: unknown) => string | undefined

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const oneOf =
  (...allowed: readonly string[]): Check =>
  (value) =>
    allowed.includes(value as string) ? undefined : `one of ${allowed.map((item) => `'${item}'`).join(', ')}`

const listOf =
  (what: string, test: (item: string) => boolean): Check =>
  (value) =>
    Array.isArray(value) && value.every((item) => typeof item === 'string' && test(item)) ? undefined : what

const recordOf =
  (check: Check): Check =>
  (value) => {
    if (!isRecord(value)) return 'an object'
    for (const [key, item] of Object.entries(value)) {
      const wanted = check(item)
      if (wanted !== undefined) return `an object, and '${key}' in it ${wanted}`
    }
    return undefined
  }

const checks: Readonly<Record<keyof CompilerConfig, Check>> = {
  wrappers: listOf("a list of texts like './lib/memo#memo' or 'pkg#memo'", (item) => /^[^#]+#[^#]+$/.test(item)),
  packages: recordOf(oneOf('content', 'version', 'ignore')),
  sideEffects: oneOf('attached', 'all'),
  engine: oneOf('ignore', 'major'),
  define: recordOf((value) => (typeof value === 'string' ? undefined : 'a text')),
  diagnostics: (value) => {
    if (!isRecord(value)) return 'an object'
    const unknown = Object.keys(value).find((code) => !Object.hasOwn(defaultLevels, code))
    if (unknown !== undefined)
      return `an object of codes, and '${unknown}' is none: ${Object.keys(defaultLevels).join(', ')}`
    return recordOf(oneOf('error', 'warning', 'info', 'off'))(value)
  },
  exclude: listOf('a list of globs', () => true),
}

/**
 * The configuration, checked.
 * @param where the file or option that it stands in, for the message
 * @throws {CompilerError} `INVALID_CONFIG`
 */
export function checkConfig(value: unknown, where: string): CompilerConfig {
  const refuse = (text: string): never => {
    throw new CompilerError('INVALID_CONFIG', `${where}: ${text}`, { file: where })
  }
  if (!isRecord(value)) return refuse('the configuration must be an object.')
  for (const [key, item] of Object.entries(value)) {
    if (key === '$schema') continue
    if (!Object.hasOwn(checks, key)) refuse(`'${key}' is no setting. There are ${Object.keys(checks).join(', ')}.`)
    if (item === undefined) continue
    const wanted = checks[key as keyof CompilerConfig](item)
    if (wanted !== undefined) refuse(`'${key}' must be ${wanted}.`)
  }
  const { $schema: _, ...config } = value
  return config as CompilerConfig
}

/**
 * Reads the configuration of the project at `root`, if it has one.
 * @throws {CompilerError} `INVALID_CONFIG`, where it is not JSON, says what is not known, or stands in two places
 */
export function readConfig(root: string, files: Files): { readonly config: CompilerConfig; readonly file?: string } {
  const parse = (file: string): unknown => {
    const contents = files.kind(join(root, file)) === 'file' ? files.read(join(root, file)) : undefined
    if (contents === undefined) return undefined
    if (!('bytes' in contents)) {
      throw new CompilerError('INVALID_CONFIG', `${file} cannot be read: ${contents.failure}.`, { file })
    }
    try {
      return JSON.parse(decodeText(contents.bytes) ?? '')
    } catch (error) {
      // A broken package.json is reported by those who need it; here it only holds no configuration.
      if (file !== configFile) return undefined
      throw new CompilerError('INVALID_CONFIG', `${file} is no JSON: ${(error as Error).message}.`, {
        file,
        cause: error,
      })
    }
  }
  const own = parse(configFile)
  const manifest = parse('package.json')
  const inManifest = isRecord(manifest) && Object.hasOwn(manifest, 'autocache') ? manifest.autocache : undefined
  if (own !== undefined && inManifest !== undefined) {
    throw new CompilerError(
      'INVALID_CONFIG',
      `The configuration stands in ${configFile} and in package.json#autocache. Keep one of them.`,
      { file: configFile },
    )
  }
  if (own !== undefined) return { config: checkConfig(own, configFile), file: join(root, configFile) }
  if (inManifest !== undefined) {
    return { config: checkConfig(inManifest, 'package.json#autocache'), file: join(root, 'package.json') }
  }
  return { config: {} }
}
