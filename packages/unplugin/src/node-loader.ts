/** What the hooks of Node do with one module; `register.ts` puts them in place. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EmittedFolders } from './emitted.ts'
import { type Finding, findingsOf, inLine } from './findings.ts'
import { isFirstParty, isSource, type Living, livingOf } from './living.ts'
import type { LoaderOptions } from './options.ts'
import { withInlineMap } from './source-map.ts'

/** Options of the loader come from the environment: a module that is only imported has no other way to be told. */
export function optionsOf(env: Readonly<Record<string, string | undefined>>, main: string | undefined) {
  const oneOf = <TValue extends string>(name: string, ...values: readonly TValue[]): TValue | undefined => {
    const value = env[name]
    if (value === undefined || value === '') return undefined
    if ((values as readonly string[]).includes(value)) return value as TValue
    throw new Error(`${name} must be one of ${values.join(', ')}, and is ${value}.`)
  }
  const failOn = oneOf('AUTOCACHE_FAIL_ON', 'error', 'warning', 'never')
  const report = oneOf('AUTOCACHE_REPORT', 'info', 'warning', 'error', 'none')
  // Test runners put mocks under the sources: what they compute must not answer in production (R24).
  const isTest = env.NODE_TEST_CONTEXT !== undefined || env.VITEST !== undefined || env.JEST_WORKER_ID !== undefined
  return {
    root: env.AUTOCACHE_ROOT ? resolve(env.AUTOCACHE_ROOT) : packageOf(main),
    ...(failOn !== undefined && { failOn }),
    ...(report !== undefined && { report }),
    ...(isTest && { scheme: 't1' as const }),
  }
}

/**
 * The folder of the nearest package.json of the program. One without a name only says of what type the files beside it are,
 * as builds put it into their folders.
 */
function packageOf(main: string | undefined): string {
  if (main === undefined || main === '') return process.cwd()
  let nearest: string | undefined
  for (let folder = dirname(resolve(main)); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file)) {
      nearest ??= folder
      if (isNamed(file)) return folder
    }
    if (dirname(folder) === folder) return nearest ?? process.cwd()
  }
}

function isNamed(file: string): boolean {
  try {
    return 'name' in (JSON.parse(readFileSync(file, 'utf8')) as object)
  } catch {
    return false
  }
}

/** Stamps modules as Node loads them. */
export class NodeLoader {
  readonly #options: LoaderOptions & { readonly root: string }
  #living: Living | undefined
  readonly #emitted = new EmittedFolders((text) =>
    process.emitWarning(text, { type: 'AutocacheWarning', code: 'stale' }),
  )

  constructor(options: LoaderOptions & { readonly root: string }) {
    this.#options = options
  }

  /** The file of a URL, where it could carry stamps. */
  fileOf(url: string): string | undefined {
    if (!url.startsWith('file:')) return undefined
    let file: string
    try {
      file = fileURLToPath(url)
    } catch {
      return undefined
    }
    return isSource(file) && isFirstParty(this.#options.root, file) ? file : undefined
  }

  /**
   * The text of a module with its stamps; undefined where it has none.
   * @param given what would be run; absent where Node would read the file itself
   */
  stamp(file: string, given: string | undefined): string | undefined {
    const code = given ?? readFileSync(file, 'utf8')
    // Node is started for other programs too: what has no `cached` anywhere pays for no analysis beyond the first look.
    this.#living ??= livingOf(this.#options)
    const living = this.#living
    const stamped = living.transform(code, file)
    if (stamped !== undefined) {
      this.#tell(stamped, living.root)
      return withInlineMap(stamped)
    }
    const emitted = this.#emitted.stamp(living.analysis, file, code)
    if (emitted === undefined) return undefined
    this.#tell({ diagnostics: emitted.diagnostics, core: [] }, living.root)
    return emitted.map === undefined ? emitted.code : withInlineMap({ code: emitted.code, map: emitted.map })
  }

  #tell(stamped: Parameters<typeof findingsOf>[0], root: string): void {
    const findings = findingsOf(stamped, root, this.#options)
    for (const finding of findings) {
      if (finding.code === 'other-text') throw diagnosticError({ ...finding, text: order })
      if (finding.fails) continue
      process.emitWarning(finding.text, {
        type: 'AutocacheWarning',
        code: finding.code,
        detail: `    at ${finding.file}:${finding.line}:${finding.column}`,
      })
    }
    const [first, ...others] = findings.filter(({ fails }) => fails)
    // The program stops at the first error: it names the others.
    if (first !== undefined) throw diagnosticError({ ...first, text: [first.text, ...others.map(inLine)].join('\n') })
  }
}

/** A loader that was registered before this one has compiled the source already, and no place of it is known any more. */
const order =
  'The file was compiled before it could be stamped. Import @autocache/unplugin/register before the loader that compiles: ' +
  '`node --import @autocache/unplugin/register --import tsx`.'

/** An error as Node shows those of syntax: the place, the line, and a mark under it. */
function diagnosticError({ text, file, line, column, code }: Finding): Error {
  const error = new Error(text) as Error & { code?: string }
  error.name = 'AutocacheDiagnostic'
  error.code = code
  let source = ''
  try {
    source = readFileSync(file, 'utf8').split(/\r?\n/)[line - 1] ?? ''
  } catch {
    // A file that cannot be read has no line to show.
  }
  error.stack = `${file}:${line}:${column}\n${source}\n${' '.repeat(column - 1)}^\n\n${error.name}: ${text}`
  return error
}
