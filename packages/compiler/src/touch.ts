/** What one reference does to what it names: whether it may change it, and how sure that is. */
import { isMutator } from './knowledge.ts'
import type { Edge, Leaf, Link, Linker, Node, Subject } from './link.ts'
import { Use } from './model.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/))

const plain = 'toString toLocaleString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable'
const list =
  'map filter slice join includes indexOf lastIndexOf some every reduce reduceRight flatMap flat find findIndex findLast ' +
  'findLastIndex forEach concat at entries keys values with toSorted toReversed toSpliced'

/** Methods that leave a receiver of the shape alone. A callback may still change it: `callers` look into those. */
const readOnly: Readonly<Record<string, ReadonlySet<string>>> = {
  array: words(`${plain} ${list}`),
  map: words(`${plain} get has keys values entries forEach`),
  set: words(
    `${plain} has keys values entries forEach union intersection difference isSubsetOf isSupersetOf isDisjointFrom`,
  ),
  function: words(`${plain} call apply bind`),
  unknown: words(
    `${plain} map filter slice join includes indexOf lastIndexOf some every reduce reduceRight flatMap flat findIndex ` +
      'startsWith endsWith trim split toUpperCase toLowerCase padStart padEnd charAt charCodeAt codePointAt toFixed toISOString getTime',
  ),
}
const iteration = words(`${list} sort from then catch finally`)

/**
 * Names under which packages offer to change their own state. Most methods of a package make something (`z.string()`), and
 * were they all taken for changes, every schema of a program would be in the version of every other.
 */
const setup =
  /^(?:set|add|register|extend|config|configure|init|initialize|install|setup|override|enable|disable|mixin|patch|use|on|once|subscribe|inject|plugin|reset|clear|remove|unregister)(?:[A-Z_].*)?$/
const isSetup = (name: string | undefined): boolean => name !== undefined && setup.test(name)

/**
 * `write` changes it for certain, `method` by all appearance, `maybe` perhaps; `argument` hands it to code that could.
 * A write counts wherever it stands, the others where they run with their module.
 */
export type Strength = 'write' | 'method' | 'maybe' | 'argument'

/** Whether something that stands in a definition is evaluated with the module. */
export const runsAtTop = (node: Node, use: number): boolean => node.def.runs && (use & Use.inner) === 0

export const isFunction = (node: Node): boolean =>
  node.def.shape === 'function' || node.def.shape === 'cached' || node.def.kind === 'function'
export const isCode = (node: Node): boolean =>
  isFunction(node) || node.def.shape === 'class' || node.def.kind === 'class'

/** What a slot does to the subject of its link. Of a call it says what is done to the callee; see {@link resultStrength}. */
export function strengthOf(by: Node, edge: Edge, subject: Subject): Strength | undefined {
  const { use, method } = edge
  if ((use & Use.assign) !== 0) return 'write'
  if (subject.kind === 'package' || subject.kind === 'builtin') return outerStrength(by, edge, subject)
  const shape = subject.kind === 'definition' ? subject.def.shape : 'unknown'
  if (shape === 'primitive') return undefined
  // The outcome of a statement is discarded, so the effect is what it is for.
  const apparent = by.def.kind === 'statement' ? 'method' : 'maybe'
  if ((use & Use.call) !== 0) {
    if (subject.kind === 'module') return apparent
    // `const next = counter()`; `next()`: what it closes over changes.
    return subject.kind === 'definition' && subject.def.kind !== 'cached' && !isCode(subject) ? apparent : undefined
  }
  if ((use & Use.write) !== 0) return 'write'
  if (
    subject.kind === 'definition' &&
    (subject.def.kind === 'cached' || (shape === 'cached' && (use & Use.method) !== 0))
  )
    return undefined
  if ((use & Use.method) !== 0 && !(method !== undefined && (readOnly[shape] ?? noMethods).has(method))) {
    return isSetup(method) || shape === 'map' || shape === 'set' || shape === 'array' ? 'method' : apparent
  }
  return (use & (Use.argument | Use.flow)) === 0 ? undefined : 'argument'
}

/** What is done to the result of a call, and so to the state that an accessor hands out: `getStore().set(k, v)`. */
export function resultStrength(by: Node, { use }: Edge): Strength | undefined {
  if ((use & Use.call) === 0) return undefined
  if ((use & Use.write) !== 0) return 'write'
  if ((use & Use.method) !== 0) return by.def.kind === 'statement' ? 'method' : 'maybe'
  return (use & Use.flow) === 0 ? undefined : 'argument'
}

/** Whether a write is one to the thing itself, and not to what a method or a call of it returned. */
export const isCertain = ({ use, method }: Edge): boolean =>
  (use & Use.assign) !== 0 ||
  ((use & Use.write) !== 0 && (use & Use.call) === 0 && (method === undefined || isMutator(method)))

const noMethods: ReadonlySet<string> = new Set()

const outerStrength = (by: Node, { use, method, link }: Edge, subject: Leaf): Strength | undefined => {
  const discarded = by.def.kind === 'statement' && (use & Use.inner) === 0 && subject.kind === 'package'
  const member = link.kind === 'leaf' ? link.leaf.member : undefined
  if ((use & Use.call) !== 0) return discarded || isSetup(member) ? 'method' : undefined
  if ((use & Use.write) !== 0 && (method === undefined || (isSetup(method) && !makers.has(method)))) return 'write'
  if ((use & (Use.method | Use.write)) !== 0) return discarded || isSetup(method) ? 'method' : undefined
  // `setup(dayjs)`; not `pipe(map, filter)`.
  return discarded && (use & Use.argument) !== 0 && wholeExports.has(member ?? '') ? 'argument' : undefined
}
/** `z.set()`, `_.reset()`: in a package as often the name of something that is made. */
const makers = words('set add use on once clear reset remove')
const wholeExports = words('default * export=')

/** The things that a change through the link would change. */
export function subjectsOf(linker: Linker, edge: Edge): readonly Subject[] {
  return subjectsOfLink(linker, edge.link, new Set())
}

const subjectsOfLink = (linker: Linker, link: Link, seen: Set<Leaf>): readonly Subject[] => {
  if (link.kind === 'definition') return [link.node]
  if (link.kind === 'list') return link.links.flatMap(([, each]) => subjectsOfLink(linker, each, seen))
  if (link.kind === 'token') return []
  const { leaf } = link
  if (leaf.kind === 'asset' || leaf.kind === 'unresolved') return []
  if (leaf.kind !== 'namespace') return [leaf.state ?? leaf]
  if (!leaf.module || seen.has(leaf)) return []
  seen.add(leaf)
  return linker.exports(leaf.module).flatMap(([, each]) => subjectsOfLink(linker, each, seen))
}

/**
 * Definitions whose code may run when the slot is evaluated: what is called, the receiver of a method, and functions that are
 * handed over. Without a slot of the callee a function goes to a local, a global, or a method: to those that iterate
 * (`[a, b].forEach(register)`) it counts, to those of other objects (`app.get('/', handler)`) it does not.
 */
export function calledBy(linker: Linker, by: Node, index: number): readonly Node[] {
  const edges = linker.links(by)
  const edge = edges[index]
  const slot = by.def.slots[index]
  if (!edge || !slot) return []
  const { use, method, link } = edge
  const called = codeOf(link)
  if (called.length === 0 || called[0]?.def.kind === 'cached') return []
  if ((use & Use.call) !== 0) return called
  if ((use & Use.method) !== 0) {
    const first = called[0] as Node
    const shape = link.kind === 'definition' ? first.def.shape : 'unknown'
    return method !== undefined && (readOnly[shape] ?? noMethods).has(method) && shape !== 'unknown' ? [] : called
  }
  if ((use & Use.argument) === 0) return []
  if (slot.call && slot.call[0] >= 0) {
    const callee = edges[slot.call[0]]
    return callee && isOurs(callee.link) ? called : []
  }
  const others = edges.some(
    (other) => (other.use & Use.method) !== 0 && other.method !== undefined && !iteration.has(other.method),
  )
  return others ? [] : called
}

const isOurs = (link: Link): boolean =>
  link.kind === 'definition' ||
  (link.kind === 'leaf' && (link.leaf.kind === 'module' || link.leaf.kind === 'namespace'))

const codeOf = (link: Link): readonly Node[] => {
  if (link.kind === 'definition') return [link.node]
  return link.kind === 'leaf' && link.leaf.kind === 'module' ? (link.leaf.module?.nodes ?? []) : []
}

/** Definitions a link names; a CommonJS module is all of its own. */
export function namedBy(linker: Linker, link: Link): readonly Node[] {
  if (link.kind === 'definition') return [link.node]
  if (link.kind === 'list') return link.links.flatMap(([, each]) => namedBy(linker, each))
  if (link.kind !== 'leaf' || !link.leaf.module) return []
  if (link.leaf.kind === 'module') return link.leaf.module.nodes
  return subjectsOfLink(linker, link, new Set()).flatMap((each) => (each.kind === 'definition' ? [each] : []))
}
