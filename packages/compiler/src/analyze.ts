/**
 * The face of the compiler: from a folder of sources to the versions of its functions. Everything is read when
 * `analyze` is called; versions are computed when first asked for, and from then on the same.
 */

import { versionOf as versionIn } from './closure.ts'
import type { Diagnostic, Finding } from './diagnostics.ts'
import { type EmittedFile, type Sources, type StampedEmitted, stampEmitted } from './emitted.ts'
import { CompilerError } from './errors.ts'
import { Graph } from './graph.ts'
import { isWhole, type Module } from './link.ts'
import { type Manifest, toManifest } from './manifest.ts'
import type { CachedUse, Capture, EnvRead, ListedCode, ModuleSummary, Receiver, Target } from './model.ts'
import type { Node } from './nodes.ts'
import { type AnalyzeOptions, byPlace, createProject } from './project.ts'
import type { Reached, ReachedPackage, Root, Version } from './reached.ts'
import { isSource } from './resolve.ts'
import { anywhere, type Given, insertions, type StampedClass, type StampedModule } from './stamps.ts'
import { withoutReturns } from './summary.ts'
import { fileOf, insertInto, type Transformed } from './transform.ts'

export type { AnalyzeOptions } from './project.ts'

/** A function with its version, and with what the version was made of. */
export interface VersionedFunction {
  /** The path of names that leads to it: `getUser`, `UserService.find`. */
  readonly label: string
  /** Relative to the root, with `/`. */
  readonly file: string
  /** Where it is cached, from 1; for an export, where it is defined. */
  readonly line: number
  readonly column: number
  /** What other modules import it by, if it is exported. */
  readonly export?: string
  /** `s1-` or `t1-`, and 128 bits in base32. */
  readonly version: string
  /** How it is cached; `export` where it was asked for by name only. */
  readonly form: 'call' | 'decorator' | 'export'
  /** What the version is made of, in the order of the walk. The first is the function itself. */
  readonly definitions: readonly Reached[]
  readonly packages: readonly ReachedPackage[]
  /** Environment variables whose values join the key. */
  readonly env: readonly EnvRead[]
  /** Variables of enclosing functions whose values join the key. */
  readonly captures: readonly Capture[]
  readonly receiver: Receiver
  readonly diagnostics: readonly Diagnostic[]
}

/** A use of `cached` in a source, for those who write stamps. */
export interface CachedSource {
  /** Offsets in it count in the text with lines ended by LF and without a byte order mark. */
  readonly use: CachedUse
  readonly versioned: VersionedFunction
}

export interface Analysis {
  /** The folder of the project: absolute, without symbolic links. */
  readonly root: string
  /** Every use of `cached` in the program, by file and place. */
  readonly functions: readonly VersionedFunction[]
  /** The uses of `cached` in one file, by place. */
  usesIn(file: string): readonly CachedSource[]
  /**
   * The version of an export, of any name at the top of a module, or of a label: `f`, `default`, `UserService.find`.
   * @throws {CompilerError} `UNKNOWN_FILE`, `UNKNOWN_EXPORT`
   */
  versionOf(file: string, exportName: string): VersionedFunction
  /** Names of what a file exports at run time, sorted. @throws {CompilerError} `UNKNOWN_FILE` */
  exportsOf(file: string): readonly string[]
  /** Of all cached functions and of all files, each place once. */
  readonly diagnostics: readonly Diagnostic[]
  /** Absolute paths of everything read so far: an edit of another file changes no version. New files can. */
  readonly inputs: readonly string[]
  manifest(): Manifest
  /**
   * A module with the versions of its functions written into it, for a host that loads it: to be run on the text as it
   * stands in the file, before anything else changes it. Undefined where nothing is to be said or written. A function
   * with a diagnostic of level error gets no stamp.
   * @param id the path of the file, with the query that a bundler may add
   */
  transform(code: string, id: string): Transformed | undefined
  /**
   * A file that tsc or swc made of a module, with the versions of its functions written into it: versions of the source,
   * at the places that the source map tells. Stamps that it has already are replaced.
   */
  stampEmitted(emitted: EmittedFile): StampedEmitted
  /**
   * The analysis after edits. `files` are all that were written, made or removed since, as a watcher reports them. Where an
   * edit left a module as others see it, only what reaches it is done again, and this analysis is brought up to date and
   * returned; otherwise a new one is. What was taken from this analysis before stays as it was.
   */
  update(files: readonly string[]): Analysis
}

/** The text that a host handed over is not that of the file. */
const otherText: Finding = { code: 'other-text', what: '', start: 0, end: 0 }

/** Languages that a loader of the host makes modules from. */
const loaded = /\.(?:vue|svelte|astro|mdx)$/
const unseen: Finding = {
  code: 'unreadable',
  what: 'a loader makes it a module. Its bytes are in the version, and what it imports is not: import from a source instead',
  start: 0,
  end: 0,
}

const sameTarget = (a: Target | undefined, b: Target | undefined): boolean =>
  a !== undefined && b !== undefined && JSON.stringify(a) === JSON.stringify(b)

const ownTarget = (names: Readonly<Record<string, Target>>, name: string): Target | undefined =>
  Object.hasOwn(names, name) ? names[name] : undefined

const word = (name: string) => new RegExp(`(?<![\\w$])${name.replace(/[^\w]/g, '\\$&')}(?![\\w$])`)

/** What other modules import a label by: the class or variable that it begins with may be exported under another name. */
function exportOf({ names, exports }: ModuleSummary, label: string): string | undefined {
  const [head, ...rest] = label.split('.') as [string, ...string[]]
  const target = ownTarget(names, head) ?? (head === 'default' ? ownTarget(exports, head) : undefined)
  if (target === undefined) return undefined
  const found = Object.keys(exports)
    .filter((name) => sameTarget(exports[name], target))
    .sort()
  const name = found.includes(head) ? head : found[0]
  return name === undefined ? undefined : [name, ...rest].join('.')
}

/**
 * Analyses a project.
 * @throws {CompilerError} `INVALID_OPTION` and `INVALID_CONFIG`; what is wrong with sources is in `diagnostics`
 */
export function analyze(options: AnalyzeOptions): Analysis {
  const project = createProject(options)
  const graph = new Graph(project)
  const { linker } = graph

  /** What each function reads besides its arguments. */
  const inputsOf = new WeakMap<VersionedFunction, readonly Node[]>()

  const versioned = (
    root: Root,
    about: Pick<VersionedFunction, 'label' | 'form' | 'captures' | 'receiver'> & { readonly export?: string },
    start?: number,
  ): VersionedFunction => {
    const { version, definitions, packages, env, diagnostics, read } = versionIn(graph, root)
    const more = definitions.flatMap(({ kind, file }, place): readonly Diagnostic[] => {
      if (kind !== 'json' && kind !== 'asset') return []
      const path = pathTo(definitions, place)
      const known = project.problems(project.locate(file)).map((found) => ({ ...found, path }))
      return loaded.test(file) ? [...known, ...project.diagnose(project.locate(file), unseen, path)] : known
    })
    const [first] = definitions
    const file = project.relative(root.file)
    // An export of another module is defined there, and still asked for here.
    const offset = start ?? (first?.file === file ? first.start : 0)
    const { line, column } = project.position(project.locate(file), offset)
    const { label, form, captures, receiver } = about
    const found: VersionedFunction = {
      label,
      file,
      line,
      column,
      ...(about.export !== undefined && { export: about.export }),
      version,
      form,
      definitions,
      packages,
      env,
      captures,
      // Where a declared type comes from is of use while the version is made only.
      receiver: {
        fields: receiver.inherits ? [[]] : receiver.fields,
        calls: receiver.calls.flatMap(({ path, handed }) => (handed ? [] : { path })),
      },
      diagnostics: more.length === 0 ? diagnostics : [...diagnostics, ...more].sort(byPlace),
    }
    inputsOf.set(found, read)
    return found
  }

  /** The definition of another module that a function of a use is. */
  const foreign = (file: string, { root, form }: CachedUse) => {
    if (form !== 'call' || !('request' in root)) return undefined
    const link = linker.target(linker.module(file), root)
    return link.kind === 'definition' ? link.node.def : undefined
  }

  /** What only the other module shows: `this` is that of where a function is written, or nothing says which it is. */
  const foreignFindings = (file: string, use: CachedUse): readonly Finding[] => {
    const [start, end] = use.fn
    const found = foreign(file, use)
    if (found?.dynamic) return use.pinned ? [] : [{ code: 'dynamic-function', what: `\`${found.name}\``, start, end }]
    return found?.usesThis ? [{ code: 'uncapturable', what: 'this', start, end }] : []
  }

  const sources = new Map<string, readonly CachedSource[]>()
  const usesOf = (file: string): readonly CachedSource[] => {
    let found = sources.get(file)
    if (found === undefined) {
      const { summary } = project.load(file)
      found = [...summary.uses]
        .sort((a, b) => a.start - b.start)
        .map((use) => {
          const { label, path, form, root, key, captures, receiver, findings } = use
          const name = exportOf(summary, path)
          const about = { label, form, captures, receiver, ...(name !== undefined && { export: name }) }
          const all = [...findings, ...foreignFindings(file, use)]
          return { use, versioned: versioned({ file, target: root, key, label, findings: all }, about, use.start) }
        })
      sources.set(file, found)
    }
    return found
  }

  let functions: readonly VersionedFunction[] | undefined
  const allFunctions = () =>
    (functions ??= project.modules.flatMap((file) => usesOf(file).map(({ versioned }) => versioned)))

  const known = (file: string): { readonly file: string; readonly module: Module } => {
    const path = project.locate(file)
    if (!project.has(path)) {
      throw new CompilerError(
        'UNKNOWN_FILE',
        `There is no file ${file} in the project. Name it relative to the root.`,
        {
          file,
        },
      )
    }
    if (!isSource(path)) {
      throw new CompilerError(
        'UNKNOWN_FILE',
        `${file} is no source: functions are in TypeScript and JavaScript files.`,
        {
          file,
        },
      )
    }
    return { file: path, module: linker.module(path) }
  }

  const rootOf = (file: string, module: Module, name: string): Root | undefined => {
    const { summary, text } = module
    // CommonJS, and what was not understood, does not say what it exports: the name has to stand in it.
    if (isWhole(module))
      return name === 'default' || word(name).test(text) ? { file, target: { export: name } } : undefined
    const own = ownTarget(summary.exports, name) ?? ownTarget(summary.names, name)
    if (own !== undefined) return { file, target: own }
    return linker.export(module, name) === undefined ? undefined : { file, target: { export: name } }
  }

  const exported = new Map<string, VersionedFunction>()
  const versionOf = (name: string, exportName: string): VersionedFunction => {
    const { file, module } = known(name)
    const key = `${file}#${exportName}`
    let found = exported.get(key)
    if (found !== undefined) return found
    // A use inside a function or class of this name is labelled by it too, and is not what was asked for.
    const cached = isCode(module.summary, exportName)
      ? undefined
      : usesOf(file).find(
          ({ use, versioned }) =>
            use.path === exportName || use.label === exportName || versioned.export === exportName,
        )
    found = cached?.versioned
    if (found === undefined) {
      let root = rootOf(file, module, exportName)
      const [head, ...members] = exportName.split('.') as [string, ...string[]]
      if (root === undefined && members.length > 0) {
        // A member has no version apart from its class or object, as long as there is one of this name.
        const whole = rootOf(file, module, head)
        const link =
          whole && ('export' in whole.target ? linker.export(module, head) : linker.target(module, whole.target))
        const node = link?.kind === 'definition' ? link.node : undefined
        const text = node === undefined ? module.text : node.module.text.slice(node.def.start, node.def.end)
        if (members.every((member) => word(member).test(text))) root = whole
      }
      if (root === undefined) {
        throw new CompilerError(
          'UNKNOWN_EXPORT',
          `${name} has no export ${exportName}. It exports ${listed(module)}.`,
          {
            file: name,
          },
        )
      }
      const about = { label: exportName, form: 'export' as const, captures: [], receiver: { fields: [], calls: [] } }
      const byName = Object.hasOwn(module.summary.names, exportName) ? exportOf(module.summary, exportName) : exportName
      found = versioned(root, { ...about, ...(byName !== undefined && { export: byName }) })
    }
    exported.set(key, found)
    return found
  }

  const namesOf = (module: Module): readonly string[] =>
    isWhole(module)
      ? Object.keys(module.summary.exports).sort()
      : linker
          .exports(module)
          .map(([name]) => name)
          .filter((name) => name !== '*' && name !== 'export=')
          .sort()

  const listed = (module: Module): string => {
    const names = namesOf(module)
    if (names.length === 0) return 'nothing'
    return names.length > 20 ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more` : names.join(', ')
  }

  /** Whatever the level of its diagnostic: no version is about a function that nothing shows. */
  const isDynamic = (file: string, use: CachedUse) => use.dynamic || foreign(file, use)?.dynamic === true
  const isStamped =
    (file: string) =>
    ({ use, versioned }: CachedSource) =>
      versioned.diagnostics.every(({ level }) => level !== 'error') && !isDynamic(file, use)

  let given: ReadonlyMap<string, readonly Given[]> | undefined
  /** Of each file the definitions that stamped functions and classes of others read. */
  const allGiven = () => {
    if (given) return given
    const found = new Map<string, Given[]>()
    for (const file of project.modules) {
      const readers = [
        ...usesOf(file)
          .filter(isStamped(file))
          .map(({ use, versioned }) => ({ by: use, read: inputsOf.get(versioned) ?? [] })),
        ...classesOf(file).map(({ source, read }) => ({ by: source, read })),
        ...listedIn(file).map(({ read }) => ({ by: anywhere, read })),
      ]
      for (const { by, read } of readers) {
        for (const node of read) {
          const home = node.module.file
          if (home === file) continue
          const each = { node, by, style: project.style(file) }
          found.set(home, [...(found.get(home) ?? []), each])
        }
      }
    }
    given = found
    return given
  }

  type Code = Pick<Version, 'version' | 'read'>
  const codes = new Map<string, Code | undefined>()
  /** Code that is not cached itself; none where something is wrong with it that no version can answer for. */
  const codeOf = (file: string, target: Target): Code | undefined => {
    const key = `${file}#${JSON.stringify(target)}`
    if (!codes.has(key)) {
      const { version, read, diagnostics } = versionIn(graph, { file, target })
      codes.set(key, diagnostics.some(({ level }) => level === 'error') ? undefined : { version, read })
    }
    return codes.get(key)
  }

  const withVersions = (file: string, listed: readonly ListedCode[]) =>
    listed.flatMap((each) => {
      const code = codeOf(file, each.root)
      return code === undefined ? [] : { ...each, ...code }
    })

  /** Functions among the options in a file. */
  const listedIn = (file: string) =>
    withVersions(file, [
      ...usesOf(file)
        .filter(isStamped(file))
        .flatMap(({ use }) => use.listed),
      ...linker.module(file).summary.shared,
    ])

  let dispatches: boolean | undefined
  /** Whether a function of the program calls through an object, whose class is known when the program runs only (R04). */
  const isDispatching = () =>
    (dispatches ??= project.modules.some((file) =>
      project.load(file).summary.uses.some(({ receiver }) => receiver.calls.some(({ handed }) => !handed)),
    ))

  const classesOf = (file: string): readonly StampedClass[] =>
    project.load(file).summary.classes.flatMap((source) => {
      if (!source.hook && !(source.runs && isDispatching())) return []
      const code = codeOf(file, { def: source.def })
      return code === undefined
        ? []
        : { source: { ...source, receiver: packaged(file, source.receiver) }, label: source.name, ...code }
    })

  /** A receiver whose declared types are known to be those of packages, where they are. */
  const packaged = (file: string, { fields, inherits, calls, besides }: Receiver): Receiver => {
    const known = calls.flatMap(({ path, type, from, handed }) => {
      const said = type ?? from
      const link = said && linker.target(linker.module(file), said)
      const leaf = link?.kind === 'leaf' && (link.leaf.kind === 'package' || link.leaf.kind === 'builtin')
      return handed && !leaf ? [] : { path, leaf }
    })
    // What is called through and comes from a package need not be data: core takes what can be keyed of it.
    const isData = (path: readonly string[]) =>
      !known.some((call) => call.leaf && JSON.stringify(call.path) === JSON.stringify(path))
    const leaves = known.flatMap(({ path, leaf }) => (leaf && path.length === 1 ? path : []))
    return {
      fields: fields.filter(isData),
      ...(inherits && { inherits }),
      calls: known,
      ...(besides && { besides: [...new Set([...besides, ...leaves])] }),
    }
  }

  /** What is to be written into a module of the program. */
  const stampedModule = (file: string): StampedModule => {
    const module = linker.module(file)
    const stamped = usesOf(file)
      .filter(isStamped(file))
      .map(({ use, versioned }) => ({
        use: { ...use, receiver: packaged(file, use.receiver) },
        owner: use.owner === undefined ? undefined : codeOf(file, { def: use.owner })?.version,
        listed: withVersions(file, use.listed),
        label: versioned.label,
        version: versioned.version,
        read: inputsOf.get(versioned) ?? [],
      }))
    return {
      file,
      summary: module.summary,
      layout: module.summary.layout,
      style: project.style(file),
      text: module.text,
      stamped,
      classes: classesOf(file),
      shared: withVersions(file, module.summary.shared),
      bodies: new Map(module.summary.classes.map(({ def, body }) => [def, body])),
      given: allGiven().get(file) ?? [],
      isOff: (what) => project.settings.diagnostics?.[what] === 'off',
      relative: project.relative,
    }
  }

  const transform = (code: string, id: string): Transformed | undefined => {
    const named = fileOf(id)
    if (named === undefined) return undefined
    const file = project.locate(named)
    if (!isSource(file) || !project.isLoaded(file)) return undefined
    const uses = usesOf(file)
    const module = stampedModule(file)
    const found = insertions(module)
    if (uses.length === 0 && found.length === 0) return undefined
    const told = uses.flatMap(({ versioned }) => versioned.diagnostics)
    const isOther = withoutReturns(code) !== module.text
    if (isOther) told.push(...project.diagnose(file, otherText, []))
    const inserted = insertInto(code, file, isOther ? [] : found)
    return {
      code: inserted.code,
      // A shell that only compares what would be written asks for none.
      get map() {
        return inserted.map
      },
      dependencies: project.inputs(),
      diagnostics: [...once(told)],
      stamps: isOther ? [] : [...module.stamped, ...module.classes].map(({ label, version }) => ({ label, version })),
    }
  }

  const emittedSources: Sources = {
    locate: project.locate,
    has: project.has,
    isLoaded: project.isLoaded,
    module: stampedModule,
    diagnostics: (file) => [...once(usesOf(file).flatMap(({ versioned }) => versioned.diagnostics))],
    diagnose: (file, finding) => project.diagnose(file, finding, []),
    style: project.style,
  }

  let diagnostics: readonly Diagnostic[] | undefined
  const update = (changed: readonly string[]): boolean => {
    const edited = new Set<string>()
    for (const name of changed) {
      const file = project.locate(name)
      const module = project.refresh(file)
      if (module === undefined) return false
      if (module === 'same') continue
      linker.replace(file, module)
      graph.report.forget(file)
      edited.add(project.relative(file))
    }
    const isOutdated = ({ file, definitions, diagnostics }: VersionedFunction) =>
      edited.has(file) ||
      definitions.some((definition) => edited.has(definition.file)) ||
      diagnostics.some(({ position }) => edited.has(position.file))
    for (const [file, uses] of sources) {
      if (edited.has(project.relative(file)) || uses.some(({ versioned }) => isOutdated(versioned)))
        sources.delete(file)
    }
    for (const [key, found] of exported) if (isOutdated(found)) exported.delete(key)
    functions = undefined
    diagnostics = undefined
    given = undefined
    dispatches = undefined
    codes.clear()
    return true
  }

  const analysis: Analysis = {
    root: project.root,
    get functions() {
      return allFunctions()
    },
    usesIn: (file) => usesOf(known(file).file),
    versionOf,
    exportsOf: (file) => namesOf(known(file).module),
    get diagnostics() {
      if (diagnostics === undefined) {
        // Files come last: JSON and assets are read by walks only, and a diagnostic of a function says more.
        const all = [...allFunctions().flatMap(({ diagnostics: own }) => own), ...project.problems()]
        diagnostics = [...once(all)].sort(byPlace)
      }
      return diagnostics
    },
    get inputs() {
      return project.inputs()
    },
    manifest() {
      const all = allFunctions()
      return toManifest({ scheme: project.scheme, inputs: project.inputDigest() }, all)
    },
    transform,
    stampEmitted: (emitted) => stampEmitted(emittedSources, emitted),
    update: (files) => (update(files) ? analysis : analyze(options)),
  }
  return analysis
}

/** Names from the function to a definition. */
function pathTo(definitions: readonly Reached[], place: number): readonly string[] {
  const path: string[] = []
  for (let at = place; at >= 0; at = definitions[at]!.parent) path.unshift(definitions[at]!.name)
  return path
}

/** Each place once. */
function once(diagnostics: readonly Diagnostic[]): Iterable<Diagnostic> {
  const found = new Map<string, Diagnostic>()
  for (const diagnostic of diagnostics) {
    const { code, position, message } = diagnostic
    const key = `${position.file}:${position.line}:${position.column} ${code} ${message}`
    if (!found.has(key)) found.set(key, diagnostic)
  }
  return found.values()
}

/** Whether a name of a module is a function or class of its own. */
function isCode({ exports, names, definitions }: ModuleSummary, name: string): boolean {
  const target = ownTarget(exports, name) ?? ownTarget(names, name)
  const definition = target && 'def' in target ? definitions[target.def] : undefined
  return definition !== undefined && (definition.shape === 'function' || definition.shape === 'class')
}
