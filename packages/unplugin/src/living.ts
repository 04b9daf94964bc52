/**
 * The living analysis of one folder: made once for a process, kept up to date, and shared by all shells and environments
 * that build from it.
 *
 * A stamp depends on files that the host does not connect with the module it asks for: an edit of a helper changes the
 * stamp of its callers. So what a transform was made of is looked at again whenever it is handed out, everything is
 * looked at when a build starts, and a host that watches says what it saw. None of the three is trusted alone.
 */
import { createHash } from 'node:crypto'
import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import {
  type Analysis,
  type AnalyzeOptions,
  analyze,
  stampContract,
  type Transformed,
  writeManifest,
} from '@autocache/compiler'
import { CoreCheck } from './core-check.ts'
import type { Finding } from './findings.ts'
import type { ShellOptions } from './options.ts'

/** A transform, and what tells it from the transform of the same text at another time. */
export interface Stamped extends Transformed {
  /** Equal for equal emitted code. */
  readonly fingerprint: string
  /**
   * What the functions of the module reach, and settings. Fewer than `dependencies`, which are the whole program: a module that was
   * not reached before can be what changes a stamp, and then it is edited itself, which a host sees that has it.
   */
  readonly reached: readonly string[]
  /** What is wrong with the core that the module imports. */
  readonly core: readonly Finding[]
}

/** The fingerprint of a module that has no stamp. */
export const unstamped = ''

const source = /\.[cm]?[jt]sx?$/
const types = /\.d\.(?:[^/.]+\.)?[cm]?ts$/
/** What decides how a program is read, besides its sources. */
const setting = /(?:^|[\\/])(?:[^\\/]*\.json|[^\\/]*lock[^\\/]*|pnpm-workspace\.yaml|\.npmrc|\.pnp\.[cd]?js)$/
const skipped = new Set(['node_modules', 'dist', 'coverage'])

const digestOf = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 22)

/** What can be seen of a file from outside: another when it was written since. */
function traceOf(file: string): string {
  try {
    const { mtimeMs, ctimeMs, size, ino } = statSync(file)
    return `${mtimeMs}:${ctimeMs}:${size}:${ino}`
  } catch {
    return 'none'
  }
}

/** The sources below a folder, as far as a build could make one of them part of the program. */
function sourcesBelow(root: string): Set<string> {
  const found = new Set<string>()
  const folders = [root]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    let entries: Dirent[]
    try {
      entries = readdirSync(folder, { withFileTypes: true })
    } catch {
      continue
    }
    for (const entry of entries) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.') && !skipped.has(entry.name)) folders.push(path)
      } else if (source.test(entry.name) && !types.test(entry.name)) found.add(path)
    }
  }
  return found
}

/** Whether a file belongs to the user and not to what was installed or built. */
export function isFirstParty(root: string, file: string): boolean {
  const way = relative(root, file)
  const inside = way !== '' && !way.startsWith(`..${sep}`) && way !== '..' && !isAbsolute(way)
  return !`${sep}${inside ? way : file}`.includes(`${sep}node_modules${sep}`)
}

/** Whether a module of a host, by its id without a query, is a source that could carry stamps. */
export const isSource = (file: string): boolean => isAbsolute(file) && source.test(file) && !types.test(file)

/** A fingerprint, when it was so, and what it was made of; nothing where it has no function and others decide. */
interface Known {
  readonly generation: number
  readonly fingerprint: string
  readonly reached: ReadonlySet<string> | undefined
}

export class Living {
  readonly root: string
  /** How often anything changed: what was computed before a change may be outdated. */
  generation = 0
  readonly #options: AnalyzeOptions
  #analysis: Analysis | undefined
  #traces = new Map<string, string>()
  #sources = new Set<string>()
  #fingerprints = new Map<string, Known>()
  /** The files of each change, where it left all modules as others see them: only what reaches one of them is different. */
  readonly #edits = new Map<number, ReadonlySet<string>>()
  readonly #core = new CoreCheck()
  #settings: { readonly generation: number; readonly files: readonly string[] } | undefined

  constructor(root: string, options: AnalyzeOptions) {
    this.root = root
    this.#options = options
  }

  get analysis(): Analysis {
    if (this.#analysis === undefined) {
      this.#sources = sourcesBelow(this.root)
      // Before they are read: an edit that comes in between is then seen as one.
      for (const file of this.#sources) this.#traces.set(file, traceOf(file))
      this.#take(analyze(this.#options))
    }
    return this.#analysis!
  }

  #take(analysis: Analysis): void {
    this.#analysis = analysis
    this.generation += 1
    for (const file of analysis.inputs) if (!this.#traces.has(file)) this.#traces.set(file, traceOf(file))
  }

  /** Brings the analysis up to date after edits that somebody saw: files written, made or removed. */
  update(files: readonly string[]): void {
    if (this.#analysis === undefined) return
    const inputs = new Set(this.#analysis.inputs)
    const concerned = files.map(real).filter((file) => inputs.has(file) || this.#couldMatter(file))
    if (concerned.length === 0) return
    for (const file of concerned) this.#traces.set(file, traceOf(file))
    const analysis = this.#analysis.update(concerned)
    const isSame = analysis === this.#analysis
    this.#take(analysis)
    if (isSame) this.#edits.set(this.generation, new Set(concerned))
  }

  /** A file that was not read so far: a new source, a setting, or what an import was looking for. */
  #couldMatter(file: string): boolean {
    const way = relative(this.root, file)
    if (way.split(sep).some((part) => skipped.has(part) || (part.startsWith('.') && part !== '..'))) return false
    if (source.test(file)) return !types.test(file)
    if (setting.test(file)) return true
    return this.#analysis!.diagnostics.some(({ code }) => code === 'unresolved' || code === 'unreadable')
  }

  /** Looks at everything that was read, and for new sources: what a build starts with. */
  check(): void {
    if (this.#analysis === undefined) return
    const now = sourcesBelow(this.root)
    const changed = this.#analysis.inputs.filter((file) => this.#isChanged(file))
    for (const file of now) if (!this.#sources.has(file)) changed.push(file)
    for (const file of this.#sources) if (!now.has(file)) changed.push(file)
    this.#sources = now
    if (changed.length > 0) this.update(changed)
  }

  #isChanged(file: string): boolean {
    const now = traceOf(file)
    const known = this.#traces.get(file)
    if (known === undefined) this.#traces.set(file, now)
    return known !== undefined && known !== now
  }

  /**
   * The stamped text of a module; undefined where it has no stamp and nothing is to be said.
   * @param isChecked whether a build has begun with {@link check}, or a watcher tells of edits: else all is looked at first
   */
  transform(code: string, file: string, isChecked = true): Stamped | undefined {
    const path = real(file)
    const { analysis } = this
    const changed = (isChecked ? [path] : [path, ...analysis.inputs]).filter((each) => this.#isChanged(each))
    if (changed.length > 0) this.update(changed)
    let found = this.analysis.transform(code, path)
    // Read by the host before an edit, or by the analysis: the text that lies there now settles it.
    if (found?.diagnostics.some((told) => told.code === 'other-text')) {
      this.update([path])
      found = this.analysis.transform(code, path)
    }
    if (found === undefined) return undefined
    const [first] = found.stamps
    const core = first === undefined ? [] : this.#core.of(path, first.label, stampContract)
    const { code: text, dependencies, diagnostics, stamps } = found
    return {
      code: text,
      get map() {
        return found.map
      },
      dependencies,
      diagnostics,
      stamps,
      fingerprint: digestOf(text),
      reached: this.#reachedFrom(path),
      core,
    }
  }

  #reachedFrom(file: string): readonly string[] {
    const { analysis, generation } = this
    if (this.#settings?.generation !== generation) {
      const files = analysis.inputs.filter((input) => !source.test(input) || !isFirstParty(this.root, input))
      this.#settings = { generation, files }
    }
    const reached = analysis.usesIn(file).flatMap(({ versioned: { definitions } }) => definitions)
    return [...new Set([...reached.map((each) => resolve(this.root, each.file)), ...this.#settings.files])]
  }

  /** Whether one of these files was written since it was read. */
  isBehind(files: readonly string[]): boolean {
    return files.some((file) => this.#isChanged(file))
  }

  /** The fingerprint that the module has as it lies on the disk. */
  fingerprint(file: string): string {
    const path = real(file)
    const known = this.#fingerprints.get(path)
    if (known !== undefined && this.#holds(known)) {
      this.#fingerprints.set(path, { ...known, generation: this.generation })
      return known.fingerprint
    }
    let stamped: Stamped | undefined
    try {
      stamped = this.transform(readFileSync(path, 'utf8'), path)
    } catch {
      // A file that is gone has none; the host says so itself.
    }
    const reached = stamped && stamped.stamps.length > 0 ? new Set([path, ...stamped.reached]) : undefined
    const fingerprint = stamped?.fingerprint ?? unstamped
    this.#fingerprints.set(path, { generation: this.generation, fingerprint, reached })
    return fingerprint
  }

  #holds({ generation, reached }: Known): boolean {
    for (let each = generation + 1; each <= this.generation; each++) {
      const files = this.#edits.get(each)
      if (reached === undefined || files === undefined) return false
      for (const file of files) if (reached.has(file)) return false
    }
    return true
  }

  manifest(): string {
    return writeManifest(this.analysis.manifest())
  }
}

const reals = new Map<string, string>()

/** The path without links: what the analysis names files by. */
export function real(file: string): string {
  let found = reals.get(file)
  if (found === undefined) {
    try {
      found = realpathSync.native(file)
      reals.set(file, found)
    } catch {
      found = resolve(file)
    }
  }
  return found
}

const known = new Map<string, Living>()
const resolvers = new Map<unknown, number>()

/** The living analysis of a folder under these options. */
export function livingOf(options: ShellOptions & { readonly root: string }): Living {
  const root = real(resolve(options.root))
  const { files, tsconfig, config, cache, scheme, resolve: host } = options
  if (host !== undefined && !resolvers.has(host)) resolvers.set(host, resolvers.size)
  const key = JSON.stringify([root, files, tsconfig, config, cache, scheme, host && resolvers.get(host)])
  let living = known.get(key)
  if (living === undefined) {
    living = new Living(root, {
      root,
      ...(files !== undefined && { files }),
      ...(tsconfig !== undefined && { tsconfig }),
      ...(config !== undefined && { config }),
      ...(cache !== undefined && { cache }),
      ...(scheme !== undefined && { scheme }),
      ...(host !== undefined && { resolve: host }),
    })
    known.set(key, living)
  }
  return living
}
