/** The diagnostics of one version: findings of what it reaches, and what only the whole graph shows. */
import type { Attachments } from './attach.ts'
import { type Diagnostic, type DiagnosticCode, defaultLevels, type Finding, type Position } from './diagnostics.ts'
import type { Module, Node, Program } from './link.ts'
import { messageOf } from './messages.ts'
import type { Leads, ReachedSubject, Root } from './reached.ts'

interface Context {
  readonly root: Root
  readonly attachments: Attachments
  /** Whether the node is part of the program that the version is made of. */
  readonly counts: (node: Node) => boolean
  /** Whether the root's static imports evaluate the module. */
  readonly imports: (module: Module) => boolean
}

export class Report {
  readonly #program: Program
  readonly #text: (file: string) => string
  readonly #lines = new Map<string, readonly number[]>()

  constructor(program: Program, text: (file: string) => string) {
    this.#program = program
    this.#text = text
  }

  position(file: string, offset: number): Position {
    const starts = this.#starts(file)
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] as number) <= offset) low = middle
      else high = middle - 1
    }
    return { file: this.#program.relative(file), line: low + 1, column: offset - (starts[low] as number) + 1 }
  }

  /** The text of a file is another one now. */
  forget(file: string): void {
    this.#lines.delete(file)
  }

  #starts(file: string): readonly number[] {
    const known = this.#lines.get(file)
    if (known) return known
    const text = this.#text(file)
    const starts = [0]
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#lines.set(file, starts)
    return starts
  }

  diagnostics(reached: readonly ReachedSubject[], leads: Leads, context: Context): readonly Diagnostic[] {
    const found = new Map<string, Diagnostic>()
    const add = (code: DiagnosticCode, what: string, position: Position, path: readonly string[]) => {
      const level = this.#program.settings.diagnostics?.[code] ?? defaultLevels[code]
      const key = `${code} ${position.file}:${position.line}:${position.column}`
      if (level === 'off' || found.has(key)) return
      found.set(key, { code, level, message: messageOf(code, what), position, path })
    }
    const { root, attachments } = context
    const rootModule = root.file
    const rootName = nameOf(reached[0])
    for (const { code, what, start } of root.findings ?? [])
      add(code, what, this.position(rootModule, start), [root.label ?? rootName])

    const first = reached[0]?.subject
    const rootNode = first?.kind === 'definition' ? first : undefined
    let own: ReadonlySet<number> | undefined
    const modules = new Set<Module>()
    for (const [number, { subject, module: importer, at: named }] of reached.entries()) {
      const path = () => pathTo(reached, number)
      const module = subject.module
      if (module && subject.kind !== 'namespace' && !modules.has(module)) {
        modules.add(module)
        this.#findings(module.summary.findings, module.file, path, add)
      }
      if (subject.kind === 'definition') this.#findings(subject.def.findings, subject.module.file, path, add)
      else if (subject.kind === 'unresolved') {
        add('unresolved', subject.name, this.position(importer.file, named), path())
      } else if (subject.kind === 'package') {
        const place = this.position(importer.file, named)
        for (const { code, what } of subject.identity?.().findings ?? []) add(code, what, place, path())
      }
      const state = subject.kind === 'definition' ? subject : (subject.state ?? subject)
      const name = subject.kind === 'definition' ? subject.def.name : subject.name
      const change = attachments.changes(state, rootNode).find(({ by }) => context.counts(by))
      if (change) own ??= ownState(reached, leads)
      if (change && own?.has(number)) {
        const place = this.position(change.by.module.file, change.at)
        const where = subject.kind === 'definition' ? this.position(subject.module.file, subject.def.start) : place
        add('mutable-capture', `\`${name}\` (in \`${change.by.def.name}\`, ${place.file}:${place.line})`, where, path())
        continue
      }
      for (const { by, at } of attachments.topChanges(state)) {
        if (context.imports(by.module) || !context.counts(by)) continue
        const place = this.position(by.module.file, at)
        add('foreign-mutation', `\`${name}\` (${place.file}:${place.line})`, place, path())
      }
    }
    return [...found.values()].sort(byPlace)
  }

  #findings(
    findings: readonly Finding[],
    file: string,
    path: () => readonly string[],
    add: (code: DiagnosticCode, what: string, position: Position, path: readonly string[]) => void,
  ): void {
    for (const { code, what, start } of findings) add(code, what, this.position(file, start), path())
  }
}

const nameOf = (entry: ReachedSubject | undefined): string => {
  if (!entry) return ''
  return entry.subject.kind === 'definition' ? entry.subject.def.name : entry.subject.name
}

const pathTo = (reached: readonly ReachedSubject[], number: number): readonly string[] => {
  const path: string[] = []
  for (let at = number; at >= 0; at = reached[at]?.parent ?? -1) {
    const entry = reached[at]
    if (entry && entry.subject.kind !== 'namespace') path.unshift(nameOf(entry))
  }
  return path
}

/**
 * Entries whose value the function can see. What only an attached function reaches is not among them: that function is there
 * because it changes something, and for that something the same is said already.
 */
const ownState = (reached: readonly ReachedSubject[], { from, to }: Leads): ReadonlySet<number> => {
  const next = new Map<number, number[]>()
  const own = new Set<number>()
  for (const [index, parent] of from.entries()) {
    const number = to[index] as number
    if (number < 0) continue
    if (parent < 0) own.add(number)
    else {
      const known = next.get(parent)
      if (known) known.push(number)
      else next.set(parent, [number])
    }
  }
  if (reached.length > 0) own.add(0)
  for (const number of own) for (const each of next.get(number) ?? []) own.add(each)
  return own
}

const byPlace = (a: Diagnostic, b: Diagnostic): number =>
  (a.position.file < b.position.file ? -1 : a.position.file > b.position.file ? 1 : 0) ||
  a.position.line - b.position.line ||
  a.position.column - b.position.column ||
  (a.code < b.code ? -1 : a.code > b.code ? 1 : 0)
