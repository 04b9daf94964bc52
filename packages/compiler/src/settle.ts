/**
 * Which imports are wrappers and instances. Summaries guess from names; here the guesses meet what the imports lead to,
 * and a module that guessed wrong is summarised again.
 */
import { CompilerError } from './errors.ts'
import type { Resolution, SourceModule } from './link.ts'
import type { ModuleSummary, Request } from './model.ts'
import { isWrapperName, type WrapperKind } from './wrappers.ts'

/** Names of a module; undefined for those that look like wrappers and are none. */
export type KnownWrappers = ReadonlyMap<string, WrapperKind | undefined>

export interface Settling {
  readonly files: readonly string[]
  readonly load: (file: string) => SourceModule
  readonly resolve: (specifier: string, importer: string, kind: Request['kind']) => Resolution
  /** Wrappers of the configuration, and the file that their specifiers are relative to. */
  readonly wrappers: readonly string[]
  readonly from: string
  /** Summarises a file again. */
  readonly replace: (file: string, wrappers: KnownWrappers) => void
}

/** The names in a module of what it exports under a name, or of what has that name and is not exported. */
function localNamesOf({ exports, names }: ModuleSummary, exported: string): readonly string[] {
  const to = Object.hasOwn(exports, exported) ? exports[exported] : undefined
  if (to === undefined) return Object.hasOwn(names, exported) ? [exported] : []
  if (!('def' in to)) return []
  return Object.entries(names)
    .filter(([, other]) => 'def' in other && other.def === to.def && other.pick === to.pick)
    .map(([local]) => local)
}

/** What an import binding is called in its module. */
function localNames(summary: ModuleSummary, request: number, name: string): readonly string[] {
  const found = Object.entries(summary.names).filter(
    ([, to]) => 'request' in to && to.request === request && to.name === name,
  )
  return found.length > 0 ? found.map(([local]) => local) : [name]
}

/** @throws {CompilerError} `INVALID_CONFIG` for a configured wrapper that leads nowhere */
export function settleWrappers(project: Settling): void {
  const { files, load, resolve } = project
  const configured = new Set<string>()
  for (const wrapper of project.wrappers) {
    const [specifier, name] = wrapper.split('#') as [string, string]
    const found = resolve(specifier, project.from, 'import')
    if (found.kind === 'source') configured.add(`${found.file}#${name}`)
    else if (found.kind === 'package') configured.add(`${found.name}${found.subpath}#${name}`)
    else {
      throw new CompilerError(
        'INVALID_CONFIG',
        `The wrapper '${wrapper}' leads nowhere: '${specifier}' is no module, seen from the root.`,
      )
    }
  }

  const roleOf = (
    importer: string,
    specifier: string,
    kind: Request['kind'],
    imported: string,
  ): WrapperKind | undefined => {
    const seen = new Set<string>()
    const ways: [importer: string, specifier: string, kind: Request['kind'], name: string][] = [
      [importer, specifier, kind, imported],
    ]
    for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
      const [from, request, by, name] = way
      // By name, since a workspace that develops these packages resolves them to their sources.
      if (/^@autocache\/[^/]+$/.test(request) && isWrapperName(name)) return 'wrapper'
      const found = resolve(request, from, by)
      if (found.kind === 'package' && configured.has(`${found.name}${found.subpath}#${name}`)) return 'wrapper'
      if (found.kind !== 'source' || seen.has(`${found.file}#${name}`)) continue
      seen.add(`${found.file}#${name}`)
      if (configured.has(`${found.file}#${name}`)) return 'wrapper'
      const { summary } = load(found.file)
      const local = localNamesOf(summary, name).find((each) => Object.hasOwn(summary.wrappers, each))
      if (local !== undefined) return summary.wrappers[local]
      const next = Object.hasOwn(summary.exports, name) ? summary.exports[name] : undefined
      if (next !== undefined) {
        if ('request' in next) {
          const { specifier: to, kind: as } = summary.requests[next.request]!
          ways.push([found.file, to, as, next.name])
        }
      } else if (name !== 'default') {
        for (const star of [...summary.stars].reverse()) {
          const { specifier: to, kind: as } = summary.requests[star]!
          ways.push([found.file, to, as, name])
        }
      }
    }
    return undefined
  }

  // What a module calls its own configured wrappers; the summary cannot know that they are some.
  const ownWrappers = (file: string, summary: ModuleSummary): readonly string[] =>
    [...configured]
      .filter((wrapper) => wrapper.startsWith(`${file}#`))
      .flatMap((wrapper) => localNamesOf(summary, wrapper.slice(file.length + 1)))

  // An instance made by a wrapper of another module shows only once that module is settled.
  const settled = new Map<string, string>()
  for (let round = 0, changed = true; changed && round < 8; round++) {
    changed = false
    for (const file of files) {
      const { summary } = load(file)
      const own = configured.size === 0 ? [] : ownWrappers(file, summary)
      if (summary.candidates.length === 0 && own.length === 0) continue
      const wrappers = new Map<string, WrapperKind | undefined>(own.map((name) => [name, 'wrapper']))
      let wrong = own.length > 0
      for (const { request, name, member, taken } of summary.candidates) {
        const { specifier, kind } = summary.requests[request]!
        const namespace = name === '*'
        const role = roleOf(file, specifier, kind, namespace ? (member ?? name) : name)
        // A member of a namespace that is a wrapper is called as a member of an instance is.
        const known = namespace && role === 'wrapper' ? 'instance' : namespace ? undefined : role
        for (const local of localNames(summary, request, name)) {
          if (known !== undefined || !wrappers.has(local)) wrappers.set(local, known)
        }
        const meant = known === 'wrapper' ? member === undefined : known === 'instance' && isWrapperName(member)
        if (meant !== taken) wrong = true
      }
      const assumed = JSON.stringify([...wrappers].map(([name, role]) => [name, role ?? '']).sort())
      if (!wrong || settled.get(file) === assumed) continue
      settled.set(file, assumed)
      project.replace(file, wrappers)
      changed = true
    }
  }
}
