/** When a module is evaluated: the static imports of one module, and the order in which their statements run. */
import type { Linker, Module, Node } from './link.ts'
import type { Request } from './model.ts'

/** The modules that evaluating some module evaluates, with the place of each of their statements in that evaluation. */
export interface Evaluation {
  readonly modules: ReadonlySet<Module>
  /** Those of them that it evaluates for sure: not by an import that may be left out. */
  readonly sure: ReadonlySet<Module>
  /** The modules as they finish: imports before importers. */
  readonly order: readonly Module[]
  /** Compares two definitions of `modules`. */
  compare(a: Node, b: Node): number
}

/** A stretch of a module between two `require` calls. */
type Stretch = readonly [start: number, place: number]

interface Frame {
  readonly module: Module
  readonly next: readonly { readonly module: Module; readonly at: number; readonly elidable: boolean }[]
  index: number
}

/** Static imports run first, in source order; `require` runs where it stands. */
const staticRequests = (linker: Linker, module: Module): Frame['next'] => {
  const known = requests.get(module)
  if (known) return known
  const imports: Frame['next'][number][] = []
  const requires: Frame['next'][number][] = []
  for (const [index, request] of module.summary.requests.entries()) {
    if (request.kind !== 'import' && request.kind !== 'require') continue
    const list = request.kind === 'import' ? imports : requires
    const at = request.kind === 'import' ? -1 : request.at
    for (const target of linker.requested(module, index))
      list.push({ module: target, at, elidable: request.elidable === true })
  }
  const all = imports.concat(requires)
  requests.set(module, all)
  return all
}

/** A module that names another; `always` where its evaluation evaluates that one, which `import()` may never do, nor an
 * import for types that compilers leave out. */
interface Importer {
  readonly module: Module
  readonly always: boolean
}

/** Where a module stands that changes what others read: what has evaluated it when they run. */
export class Importers {
  readonly #named = new Map<Module, readonly Module[]>()
  readonly #of = new Map<Module, Importer[]>()
  readonly #cycles: ReadonlyMap<Module, number>
  readonly #standing = new Map<Module, (root: Module) => string>()

  constructor(linker: Linker, modules: readonly Module[], cycles: ReadonlyMap<Module, number>) {
    this.#cycles = cycles
    for (const module of modules) {
      const all = named(linker, module)
      this.#named.set(module, [...new Set(all.map(({ to }) => to))])
      for (const { to, kind, elidable } of all) {
        const importer = { module, always: (kind === 'import' && !elidable) || kind === 'require' }
        const known = this.#of.get(to)
        if (known) known.push(importer)
        else this.#of.set(to, [importer])
      }
    }
  }

  /**
   * Whether something that leads to the root evaluates the module for sure (`~`) or perhaps (`?`); else whether anything at all
   * does so: a framework may load both.
   */
  standing(module: Module, root: Module): string {
    let standing = this.#standing.get(module)
    if (standing === undefined) {
      const sure = this.#leading(module, true)
      const any = this.#leading(module, false)
      const beside = [this.#reached(sure), this.#reached(any)] as const
      const alone = this.#isOutside(sure, module) ? '+' : this.#isOutside(any, module) ? '-' : '!'
      standing = (from) => (beside[0].has(from) ? '~' : `${beside[1].has(from) ? '?' : ''}${alone}`)
      this.#standing.set(module, standing)
    }
    return standing(root)
  }

  /** Whether one of them is more than the module and those that import each other with it. */
  #isOutside(found: ReadonlySet<Module>, module: Module): boolean {
    const cycle = this.#cycles.get(module)
    return [...found].some((one) => one !== module && (cycle === undefined || this.#cycles.get(one) !== cycle))
  }

  /** The module, and those whose evaluation leads to it. */
  #leading(module: Module, isSure: boolean): ReadonlySet<Module> {
    const found = new Set([module])
    for (const at of found) {
      for (const { module: by, always } of this.#of.get(at) ?? []) if (always || !isSure) found.add(by)
    }
    return found
  }

  #reached(from: ReadonlySet<Module>): ReadonlySet<Module> {
    const found = new Set(from)
    for (const module of found) for (const to of this.#named.get(module) ?? []) found.add(to)
    return found
  }
}

/** The modules that a module names, to evaluate them now or later. */
const named = (linker: Linker, module: Module): (Pick<Request, 'kind' | 'elidable'> & { readonly to: Module })[] =>
  module.summary.requests.flatMap(({ kind, elidable }, index) =>
    kind === 'type' || kind === 'asset'
      ? []
      : linker.requested(module, index).map((to) => ({ to, kind, ...(elidable && { elidable }) })),
  )

const requests = new WeakMap<Module, Frame['next']>()

/** Walks by hand: import chains can be deeper than the stack. */
export function evaluationOf(linker: Linker, starts: readonly Module[]): Evaluation {
  const modules = new Set<Module>()
  const order: Module[] = []
  const places = new Map<Module, Stretch[]>()
  let place = 0
  for (const start of starts) {
    if (modules.has(start)) continue
    modules.add(start)
    const stack: Frame[] = [{ module: start, next: staticRequests(linker, start), index: 0 }]
    for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
      const next = frame.next[frame.index]
      if (!next) {
        stretch(places, frame.module, frame.next.at(-1)?.at ?? -1, place++)
        order.push(frame.module)
        stack.pop()
        continue
      }
      const before = frame.next[frame.index - 1]
      if (next.at >= 0 && next.at !== before?.at) stretch(places, frame.module, before?.at ?? -1, place++)
      frame.index += 1
      if (modules.has(next.module)) continue
      modules.add(next.module)
      stack.push({ module: next.module, next: staticRequests(linker, next.module), index: 0 })
    }
  }
  const placeOf = (node: Node): number => {
    let found = -1
    for (const [start, at] of places.get(node.module) ?? []) if (start <= node.def.start) found = at
    return found
  }
  let sure: Set<Module> | undefined
  return {
    modules,
    get sure() {
      if (sure === undefined) {
        sure = new Set(starts)
        for (const at of sure) for (const next of staticRequests(linker, at)) if (!next.elidable) sure.add(next.module)
      }
      return sure
    },
    order,
    compare: (a, b) => placeOf(a) - placeOf(b) || a.def.start - b.def.start || a.id - b.id,
  }
}

const stretch = (places: Map<Module, Stretch[]>, module: Module, start: number, place: number) => {
  const known = places.get(module)
  if (known) known.push([start, place])
  else places.set(module, [[start, place]])
}

/** Every module that the entries lead to in any way, in the order in which they are found. */
export function programOf(linker: Linker, entries: readonly string[]): readonly Module[] {
  const modules = new Set<Module>(entries.map((file) => linker.module(file)))
  for (const module of modules) {
    for (const [index, request] of module.summary.requests.entries()) {
      if (request.kind === 'type') continue
      for (const target of linker.requested(module, index)) modules.add(target)
    }
  }
  return [...modules]
}

/** Modules that import each other, by the number of their cycle; a module in no cycle has none. */
export function cyclesOf(linker: Linker, modules: readonly Module[]): ReadonlyMap<Module, number> {
  const cycles = new Map<Module, number>()
  const places = new Map<Module, number>()
  const low = new Map<Module, number>()
  const open: Module[] = []
  const isOpen = new Set<Module>()
  for (const start of modules) {
    if (places.has(start)) continue
    const stack: Frame[] = []
    const enter = (module: Module) => {
      low.set(module, places.size)
      places.set(module, places.size)
      open.push(module)
      isOpen.add(module)
      stack.push({ module, next: staticRequests(linker, module), index: 0 })
    }
    const lower = (module: Module, to: number) => low.set(module, Math.min(low.get(module) as number, to))
    enter(start)
    for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
      const { module } = frame
      const next = frame.next[frame.index++]?.module
      if (next) {
        if (!places.has(next)) enter(next)
        else if (isOpen.has(next)) lower(module, places.get(next) as number)
        continue
      }
      stack.pop()
      const above = stack.at(-1)
      if (above) lower(above.module, low.get(module) as number)
      if (low.get(module) !== places.get(module)) continue
      const members = open.splice(open.lastIndexOf(module))
      for (const member of members) {
        isOpen.delete(member)
        if (members.length > 1) cycles.set(member, places.get(module) as number)
      }
    }
  }
  return cycles
}

export interface ProgramOrder extends Evaluation {
  component(module: Module): number
}

/**
 * The order in which the program itself would be evaluated: from the modules nobody imports, then from those that only
 * import each other. `component` tells which start reached a module first; what two starts reach has no common order.
 */
export function programOrder(linker: Linker, modules: readonly Module[]): ProgramOrder {
  const imported = new Set<Module>()
  for (const module of modules) {
    for (const { module: target } of staticRequests(linker, module)) if (target !== module) imported.add(target)
  }
  const byFile = [...modules].sort((a, b) => (a.file < b.file ? -1 : 1))
  const starts = [...byFile.filter((module) => !imported.has(module)), ...byFile]
  const evaluation = evaluationOf(linker, starts)
  const components = new Map<Module, number>()
  // In post-order a start closes the run of all that it was the first to reach.
  let component = 0
  for (const module of evaluation.order) {
    components.set(module, component)
    if (!imported.has(module)) component += 1
  }
  return { ...evaluation, component: (module) => components.get(module) ?? 0 }
}

/**
 * The order of what is attached to one thing, whatever the names of files and the order of declarations: first what the
 * imports of the root evaluate, then what the rest of the program does, then functions.
 */
export function canonicalOrder(
  nodes: readonly Node[],
  { modules, compare }: Evaluation,
  program: () => ProgramOrder,
): readonly Node[] {
  const own = nodes.filter((node) => node.def.runs && modules.has(node.module)).sort(compare)
  const foreign = nodes.filter((node) => node.def.runs && !modules.has(node.module))
  const functions = nodes.filter((node) => !node.def.runs).sort(byDigest)
  if (foreign.length === 0) return [...own, ...functions]
  const order = program()
  const groups = new Map<number, Node[]>()
  for (const node of foreign.sort(order.compare)) {
    const component = order.component(node.module)
    const group = groups.get(component)
    if (group) group.push(node)
    else groups.set(component, [node])
  }
  const keyed = [...groups.values()].map((group) => ({ group, key: group.map((node) => node.def.digest).join() }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return [...own, ...keyed.flatMap(({ group }) => group), ...functions]
}

/** The definitions of a module as they stand there. */
export const inOrder = (module: Module): readonly Node[] =>
  [...module.nodes].sort((a, b) => a.def.start - b.def.start || a.id - b.id)

const byDigest = (a: Node, b: Node): number =>
  a.def.digest < b.def.digest ? -1 : a.def.digest > b.def.digest ? 1 : a.def.start - b.def.start || a.id - b.id
