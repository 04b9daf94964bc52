/**
 * Why two states of a function have different versions, or the same one although a file was edited.
 *
 * The rule: a version is a digest over the definitions reached, in order, with the leaves between them. So definitions
 * of both sides are paired, first those that are certainly the same, and what is left over or has another digest is the
 * cause. Where nothing is left over, the graph between the definitions or an option has changed, which is said as it is.
 */
import { type Definition, groupBy, type Pair, pairDefinitions } from './pairs.ts'
import type { FunctionState, State } from './state.ts'
import { Touched, type TouchedFile } from './stillness.ts'

type Package = FunctionState['packages'][number]

/** A definition at its place. */
export interface Site {
  readonly name: string
  readonly kind: string
  readonly file: string
  readonly line: number
}

/** One reason for another version. */
export type Cause =
  | {
      readonly kind: 'edited' | 'added' | 'removed'
      readonly definition: Site
      /** The definition before it was edited, where it stood elsewhere or had another name. */
      readonly before?: Site
      /** From the function to the definition, by name. */
      readonly path: readonly string[]
      readonly via: Definition['via']
    }
  | {
      readonly kind: 'package'
      readonly name: string
      readonly from?: string
      readonly to?: string
      /** Whether its version changed, or what the lockfile, a patch or its dependencies say of the same version. */
      readonly change: 'version' | 'identity' | 'added' | 'removed'
      readonly path: readonly string[]
    }
  /** Other references between the same definitions. */
  | { readonly kind: 'references'; readonly definition: Site; readonly path: readonly string[] }
  /** The compiler's own contract. */
  | { readonly kind: 'compiler'; readonly from: number; readonly to: number }
  /** The label, which is part of the key. */
  | { readonly kind: 'label'; readonly from: string; readonly to: string }
  /** Neither a definition nor a package: an option of the compiler. */
  | { readonly kind: 'options' }

/** Why `after` has another version than `before`, the most telling first. Empty where nothing differs. */
export function causesOf(before: FunctionState, after: FunctionState, contracts?: readonly [State, State]): Cause[] {
  const causes: Cause[] = []
  if (before.version !== after.version) {
    const [from, to] = contracts?.map(({ compiler }) => compiler) ?? []
    if (from !== undefined && to !== undefined && from !== to) causes.push({ kind: 'compiler', from, to })
    const { pairs, removed, added } = pairDefinitions(before.definitions, after.definitions)
    for (const pair of pairs) {
      if (pair.before.digest === pair.after.digest) continue
      const at = siteOf(pair.after)
      const was = siteOf(pair.before)
      const moved = was.name !== at.name || was.file !== at.file || was.kind !== at.kind || was.line !== at.line
      causes.push({
        kind: 'edited',
        definition: at,
        ...(moved ? { before: was } : {}),
        path: pathTo(after, pair.after),
        via: pair.after.via,
      })
    }
    for (const one of added) {
      causes.push({ kind: 'added', definition: siteOf(one), path: pathTo(after, one), via: one.via })
    }
    for (const one of removed) {
      causes.push({ kind: 'removed', definition: siteOf(one), path: pathTo(before, one), via: one.via })
    }
    causes.push(...packageCauses(before, after))
    if (causes.length === 0) causes.push(rewired(pairs, before, after) ?? { kind: 'options' })
  }
  if (before.label !== after.label) causes.push({ kind: 'label', from: before.label, to: after.label })
  return causes
}

const siteOf = ({ name, kind, file, line }: Definition): Site => ({ name, kind, file, line })

/** The names from the function to a definition of it. */
export function pathTo(state: FunctionState, definition: Definition): string[] {
  const path: string[] = []
  const seen = new Set<Definition>()
  for (let at: Definition | undefined = definition; at && !seen.has(at); at = state.definitions[at.parent]) {
    seen.add(at)
    path.push(at.name)
  }
  return path.reverse()
}

function packagePath(state: FunctionState, { name, path }: Package): string[] {
  const parent = state.definitions[path]
  return parent ? [...pathTo(state, parent), name] : [name]
}

function packageCauses(before: FunctionState, after: FunctionState): Cause[] {
  const causes: Cause[] = []
  const identities = (packages: readonly Package[]) =>
    packages
      .map(({ version, identity }) => `${version}\0${identity}`)
      .sort()
      .join('\0')
  const was = groupBy(before.packages, ({ name }) => name)
  const is = groupBy(after.packages, ({ name }) => name)
  for (const name of new Set([...was.keys(), ...is.keys()])) {
    const olds = was.get(name) ?? []
    const news = is.get(name) ?? []
    if (identities(olds) === identities(news)) continue
    const from = versionsIn(olds)
    const to = versionsIn(news)
    const [side, one] = news[0] ? ([after, news[0]] as const) : ([before, olds[0]!] as const)
    causes.push({
      kind: 'package',
      name,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      change: olds.length === 0 ? 'added' : news.length === 0 ? 'removed' : from === to ? 'identity' : 'version',
      path: packagePath(side, one),
    })
  }
  return causes
}

function versionsIn(packages: readonly Package[]): string | undefined {
  const versions = new Set(packages.flatMap(({ version }) => version ?? []))
  return versions.size === 0 ? undefined : [...versions].sort().join(', ')
}

/** The first definition that leads to others than before. */
function rewired(pairs: readonly Pair[], before: FunctionState, after: FunctionState): Cause | undefined {
  const counterpart = new Map(pairs.map((pair) => [pair.after, pair.before]))
  for (const [index, one] of after.definitions.entries()) {
    const other = before.definitions[index]
    if (counterpart.get(one) === other && one.via === other?.via && one.parent === other.parent) continue
    const parent = after.definitions[one.parent] ?? one
    return { kind: 'references', definition: siteOf(parent), path: pathTo(after, parent) }
  }
  return undefined
}

/** A function whose entries the change leaves behind, or that has none yet. */
export interface Cold {
  readonly change: 'changed' | 'renamed' | 'new' | 'removed'
  readonly before?: FunctionState
  readonly after?: FunctionState
  readonly causes: readonly Cause[]
  /** How many entries of its new version a store has, if one was asked. */
  readonly stored?: number
}

/** A function that keeps its entries although a file it reaches was edited. */
export interface Warm {
  readonly before: FunctionState
  readonly after: FunctionState
  readonly files: readonly TouchedFile[]
}

export interface Comparison {
  readonly cold: readonly Cold[]
  readonly warm: readonly Warm[]
  /** Functions that keep their entries and whose files nobody touched. */
  readonly untouched: number
}

/** Compares all cached functions of two states. */
export function compareStates(before: State, after: State): Comparison {
  const cold: Cold[] = []
  const warm: Warm[] = []
  let untouched = 0
  const { pairs, removed, added } = pairFunctions(before.functions, after.functions)
  const touched = new Touched(before, after)
  for (const [was, is] of pairs) {
    if (was.version !== is.version || was.label !== is.label) {
      const change = was.label === is.label ? 'changed' : 'renamed'
      cold.push({ change, before: was, after: is, causes: causesOf(was, is, [before, after]) })
      continue
    }
    const files = touched.filesOf(was, is)
    if (files.length > 0) warm.push({ before: was, after: is, files })
    else untouched += 1
  }
  for (const one of added) cold.push({ change: 'new', after: one, causes: [] })
  for (const one of removed) cold.push({ change: 'removed', before: one, causes: [] })
  const order = ['changed', 'renamed', 'new', 'removed']
  const keyOf = ({ before: was, after: is }: Cold) => `${(is ?? was)!.file}\0${(is ?? was)!.label}`
  cold.sort((a, b) => order.indexOf(a.change) - order.indexOf(b.change) || compareText(keyOf(a), keyOf(b)))
  warm.sort((a, b) => compareText(`${a.after.file}\0${a.after.label}`, `${b.after.file}\0${b.after.label}`))
  return { cold, warm, untouched }
}

export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Functions of two states that are one function, and those of one alone. */
export function pairFunctions(before: readonly FunctionState[], after: readonly FunctionState[]) {
  const pairs: [FunctionState, FunctionState][] = []
  let left = before
  let right = after
  const passes: ((one: FunctionState) => string)[] = [
    ({ label, file, version }) => `${label}\0${file}\0${version}`,
    ({ label, file }) => `${label}\0${file}`,
    ({ label, version }) => `${label}\0${version}`,
    ({ label }) => label,
    // Another label with the same code: the label is part of the key.
    ({ file, version }) => `${file}\0${version}`,
    ({ version }) => version,
  ]
  for (const keyOf of passes) {
    const waiting = groupBy(left, keyOf)
    const matched = new Set<FunctionState>()
    const rest: FunctionState[] = []
    for (const one of right) {
      const other = waiting.get(keyOf(one))?.shift()
      if (other === undefined) rest.push(one)
      else {
        matched.add(other)
        pairs.push([other, one])
      }
    }
    left = left.filter((one) => !matched.has(one))
    right = rest
  }
  return { pairs, removed: left, added: right }
}
