/**
 * What code elsewhere does to a definition that stands in a version: section "Side effects and mutation" of the algorithm.
 * The index is built once for a program and asked per subject; each root then keeps what its imports evaluate.
 */

import { globalObjects } from './knowledge.ts'
import type { Edge, Linker, Module, Node, Subject } from './link.ts'
import { Observe, Use } from './model.ts'
import {
  calledBy,
  isCertain,
  isCode,
  isFunction,
  namedBy,
  resultStrength,
  runsAtTop,
  type Strength,
  strengthOf,
  subjectsOf,
} from './touch.ts'

/** A definition that belongs to every version that reaches the subject. */
export interface Attachment {
  readonly node: Node
  /**
   * `imports`: only where the static imports of the root evaluate it. `read`: also elsewhere in the program, if the closure has
   * something that reads the subject besides what changes it; a memo of a factory is the affair of the factory.
   */
  readonly scope: 'program' | 'read' | 'imports'
  /** It only hands the subject over, a plain function: nothing comes of it unless its properties can be read. */
  readonly idle: boolean
}

interface Touch {
  readonly by: Node
  readonly strength: Strength
  readonly top: boolean
  readonly slot: number
  /** It changes the subject itself, and more than once. */
  readonly certain: boolean
}

/** A reference to a definition, from the side of the definition. */
interface Reference {
  readonly by: Node
  readonly top: boolean
  /** It stands where it is evaluated with its module, be it a mere read. */
  readonly evaluated: boolean
  readonly called: boolean
}

/** Globals whose prototypes and statics every function relies on. */
const builtins = new Set(
  (
    'Array Object String Number Boolean BigInt Symbol Function Promise Date RegExp Map Set WeakMap WeakSet WeakRef Error TypeError ' +
    'RangeError SyntaxError AggregateError JSON Math Reflect Proxy Intl Temporal Iterator ArrayBuffer DataView Uint8Array ' +
    'Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array BigInt64Array BigUint64Array URL ' +
    'URLSearchParams TextEncoder TextDecoder structuredClone globalThis'
  ).split(' '),
)

/** Free names that are no globals in a CommonJS module. */
export const cjsGlobals: ReadonlySet<string> = new Set(['exports', 'module'])
const noGlobals: ReadonlySet<string> = new Set()

const none: readonly never[] = []

/** How an argument holds something: it is it, holds it under a name, or somehow. */
type Held = string | true | undefined

/** Whether a change of a member of an argument is one of what the argument holds. */
const concerns = (held: string | true, member: string | undefined): boolean =>
  member !== undefined && (held === true || member === held || member === '*')

export class Attachments {
  readonly #linker: Linker
  readonly #touches = new Map<Subject, Touch[]>()
  /** Who calls a definition, from anywhere inside. */
  readonly #callers = new Map<Node, Node[]>()
  /** Who calls it while its own module is evaluated. */
  readonly #starters = new Map<Node, Node[]>()
  readonly #references = new Map<Node, Reference[]>()
  /** Value definitions whose initialiser names the subject; `idle` where the subject is code that is only stored. */
  readonly #aliases = new Map<Subject, { readonly node: Node; readonly idle: boolean }[]>()
  readonly #mutated = new Map<Node, Map<number, Set<string | undefined>>>()
  readonly #callsOurs = new Set<Node>()
  readonly #globals: { readonly node: Node; readonly names: readonly string[]; readonly scope: Attachment['scope'] }[] =
    []
  readonly #running = new Map<Node, readonly Node[]>()
  readonly #reached = new Map<Node, readonly Node[]>()
  readonly #found = new Map<Subject, readonly Attachment[]>()
  /** What may run while some module is evaluated. */
  #started: ReadonlySet<Node> | undefined
  /** What running definitions that call something lead to. */
  #named: ReadonlySet<Node> | undefined

  constructor(linker: Linker, modules: readonly Module[]) {
    this.#linker = linker
    this.#findMutators(modules)
    for (const module of modules) for (const node of module.nodes) this.#read(node)
    for (const module of modules) for (const node of module.nodes) this.#readAssigned(node)
    for (const module of modules) for (const node of module.nodes) this.#readGlobals(node)
  }

  /** Everything that may have to join a version with the subject, unordered. */
  of(subject: Subject): readonly Attachment[] {
    const known = this.#found.get(subject)
    if (known) return known
    const found = this.#find(subject)
    this.#found.set(subject, found)
    return found
  }

  /** Definitions that change globals, with the names. */
  get globals(): readonly {
    readonly node: Node
    readonly names: readonly string[]
    readonly scope: Attachment['scope']
  }[] {
    return this.#globals
  }

  /** Where functions change the subject after its module was evaluated; not where they set it once. */
  changes(subject: Subject, root: Node | undefined): readonly { readonly by: Node; readonly at: number }[] {
    const touches = this.#touches.get(subject)
    if (!touches) return none
    return touches
      .filter(({ by, strength, slot, certain }) => {
        const inner = ((by.def.slots[slot]?.use ?? 0) & Use.inner) !== 0
        if (!certain || !inner || strength !== 'write' || this.#isInitialiser(by, root)) return false
        return !this.#isCalm(subject, by, slot)
      })
      .map(({ by, slot }) => ({ by, at: by.def.slots[slot]?.at ?? by.def.start }))
  }

  /** Where statements of modules change the subject as they are evaluated. */
  topChanges(subject: Subject): readonly { readonly by: Node; readonly at: number }[] {
    const touches = this.#touches.get(subject)
    if (!touches) return none
    return touches
      .filter(
        (touch) => touch.top && touch.by !== subject && (touch.strength === 'write' || touch.strength === 'method'),
      )
      .map((touch) => ({ by: touch.by, at: touch.by.def.slots[touch.slot]?.at ?? touch.by.def.start }))
  }

  /** `math.add(a, b)`, where the code shows that `add` leaves `math` alone, and nothing puts another function in its place. */
  #isCalm(subject: Subject, by: Node, slot: number): boolean {
    const { use, method, path } = by.def.slots[slot]!
    const isOwn = path === undefined || path.length === 0 || (path.length === 1 && path[0] === method)
    if (subject.kind !== 'definition' || method === undefined || (use & Use.assign) !== 0 || !isOwn) return false
    const made = subject.def.made && this.#linker.target(subject.module, subject.def.made)
    const holder = made ? made.kind === 'definition' && made.node : subject
    if (holder === false || !holder.def.calm.includes(method)) return false
    const isPatched = (node: Node) =>
      this.#withAliases(node).some((alias) =>
        (this.#touches.get(alias.subject) ?? none).some((touch) => {
          const written = touch.by.def.slots[touch.slot]
          return touch.strength === 'write' && written?.method === undefined
        }),
      )
    return !isPatched(subject) && !isPatched(holder)
  }

  #find(subject: Subject): readonly Attachment[] {
    const found = new Map<Node, Attachment>()
    const add = (node: Node, scope: Attachment['scope'], idle: boolean) => {
      if (node === subject) return
      const known = found.get(node)
      const wider = known?.scope === 'program' && !known.idle
      if (wider) return
      // Two reasons: what holds under the weaker condition decides, kept apart only where both are conditional.
      const reasons = known ? [{ scope, idle }, known] : [{ scope, idle }]
      const always = reasons.some((reason) => !reason.idle)
      const scopes = reasons.filter((reason) => !always || !reason.idle).map((reason) => reason.scope)
      found.set(node, { node, scope: widest(scopes), idle: !always })
    }
    const plain = subject.kind === 'definition' && isCode(subject) && subject.def.shape !== 'class'
    for (const { subject: at, idle } of this.#withAliases(subject)) {
      for (const touch of this.#touches.get(at) ?? none) {
        const { by, strength, top } = touch
        const handed = idle || (strength === 'argument' && plain)
        if (by !== at) {
          if (strength === 'write') add(by, 'program', idle)
          else if (top) add(by, strength === 'method' ? 'program' : 'imports', handed)
        }
        const anywhere = strength === 'write' || strength === 'method'
        for (const caller of this.#runners(by)) add(caller, anywhere ? 'read' : 'imports', handed)
        if (strength === 'write') for (const caller of this.#reaching(by)) add(caller, 'imports', idle)
      }
    }
    return [...found.values()]
  }

  /** Whether something that counts reads the subject, besides what changes it. */
  isRead(subject: Subject, counts: (node: Node) => boolean): boolean {
    if (subject.kind !== 'definition') return true
    const certain = (this.#touches.get(subject) ?? none).filter(({ strength }) => strength === 'write')
    const changing = new Set(certain.map(({ by }) => by))
    return (this.#references.get(subject) ?? none).some(({ by }) => !changing.has(by) && counts(by))
  }

  /** The subject and what is made of it: `const b = a.list`; `b.push(1)` changes `a`. */
  #withAliases(subject: Subject): readonly { readonly subject: Subject; readonly idle: boolean }[] {
    const found = new Map<Subject, boolean>([[subject, false]])
    for (const [at, idle] of found) {
      for (const alias of this.#aliases.get(at) ?? none) {
        const both = idle || alias.idle
        const known = found.get(alias.node)
        if (known === undefined) found.set(alias.node, both)
        else if (known && !both) {
          // Found again on a way that always counts: its own aliases are looked at once more.
          found.delete(alias.node)
          found.set(alias.node, false)
        }
      }
    }
    return [...found].map(([each, idle]) => ({ subject: each, idle }))
  }

  /** Definitions that run with their module and, while they do, may run the code of `node`. */
  #runners(node: Node): readonly Node[] {
    // Most code runs only later; without this, every search would go through all that could call it then.
    this.#started ??= forward(this.#starters.keys(), this.#calls)
    if (!this.#started.has(node)) return none
    const known = this.#running.get(node)
    if (known) return known
    const starters = new Set<Node>()
    const seen = new Set([node])
    for (const at of seen) {
      for (const each of this.#starters.get(at) ?? none) starters.add(each)
      for (const caller of this.#callers.get(at) ?? none) if (this.#started.has(caller)) seen.add(caller)
    }
    const found = [...starters]
    this.#running.set(node, found)
    return found
  }

  readonly #calls = (node: Node): readonly Node[] =>
    node.def.slots.flatMap((_, index) => calledBy(this.#linker, node, index))

  readonly #names = (node: Node): readonly Node[] =>
    this.#linker.links(node).flatMap(({ link }) => namedBy(this.#linker, link))

  get #firstNamed(): Iterable<Node> {
    return [...this.#callsOurs].flatMap((node) =>
      this.#linker.links(node).flatMap(({ link }, index) => {
        const slot = node.def.slots[index]
        return slot && runsAtTop(node, slot.use) ? namedBy(this.#linker, link) : none
      }),
    )
  }

  /** A function that nothing refers to but calls that run with modules: `function init() {}`, `init()`. */
  #isInitialiser(node: Node, root: Node | undefined): boolean {
    const seen = new Set([node])
    for (const at of seen) {
      const references = this.#references.get(at) ?? none
      if (!isFunction(at) || at === root || references.length === 0) return false
      for (const { by, top, called } of references) {
        if (!called) return false
        if (!top) seen.add(by)
      }
    }
    return true
  }

  /** Definitions that run, call something, and from whose own references `node` can be reached. */
  #reaching(node: Node): readonly Node[] {
    this.#named ??= forward(this.#firstNamed, this.#names)
    if (!this.#named.has(node)) return none
    const known = this.#reached.get(node)
    if (known) return known
    const starters = new Set<Node>()
    const seen = new Set([node])
    for (const at of seen) {
      for (const { by, top } of this.#references.get(at) ?? none) {
        if (this.#named.has(by)) seen.add(by)
        if (top && this.#callsOurs.has(by)) starters.add(by)
      }
    }
    const found = [...starters]
    this.#reached.set(node, found)
    return found
  }

  /**
   * What reads a definition while modules are evaluated, itself or through code that it calls.
   * @param within which definitions count: a reader outside of them is none, and nothing leads through it
   */
  readers(subject: Node, within: (node: Node) => boolean): readonly Node[] {
    const readers = new Set<Node>()
    const seen = new Set<Node>([subject])
    const work = [subject]
    for (let node = work.pop(); node; node = work.pop()) {
      for (const { by, evaluated } of this.#references.get(node) ?? none) {
        if (!within(by)) continue
        // Through other code it is read only by what runs that code.
        if (evaluated && by !== subject && !isFunction(by) && (node === subject || by.def.runs)) readers.add(by)
        if (seen.has(by)) continue
        seen.add(by)
        work.push(by)
      }
    }
    return [...readers]
  }

  /** Which parameters functions change, or what those hold, themselves or through what they pass them to. */
  #findMutators(modules: readonly Module[]): void {
    const passers = new Map<
      Node,
      { readonly node: Node; readonly parameter: number; readonly place: number; readonly held: Held }[]
    >()
    /** A parameter and what of it changes: itself (`undefined`), or what a member holds. */
    const work: (readonly [Node, number, string | undefined])[] = []
    for (const module of modules) {
      for (const node of module.nodes) {
        for (const parameter of node.def.mutates) work.push([node, parameter, undefined])
        for (const [parameter, member] of node.def.deepens) work.push([node, parameter, member])
        for (const [parameter, slot, place, held] of node.def.passes) {
          const link = this.#linker.links(node)[slot]?.link
          if (link?.kind === 'definition') push(passers, link.node, { node, parameter, place, held })
        }
      }
    }
    for (let next = work.pop(); next; next = work.pop()) {
      const [node, parameter, member] = next
      const places = this.#mutated.get(node) ?? new Map<number, Set<string | undefined>>()
      const known = places.get(parameter) ?? new Set()
      if (known.has(member)) continue
      this.#mutated.set(node, places.set(parameter, known.add(member)))
      for (const passer of passers.get(node) ?? none) {
        if (passer.place !== parameter) continue
        if (passer.held === undefined) work.push([passer.node, passer.parameter, member])
        // What is changed is held by the object passed: it is this parameter if it is held under that name.
        else if (concerns(passer.held, member))
          work.push([passer.node, passer.parameter, undefined], [passer.node, passer.parameter, '*'])
      }
    }
  }

  /** Whether a call changes what it is given at a place. */
  #changes(callee: Node, place: number, held: Held): boolean {
    const members = this.#mutated.get(callee)?.get(place)
    if (!members) return false
    return held === undefined || [...members].some((member) => concerns(held, member))
  }

  #read(node: Node): void {
    const edges = this.#linker.links(node)
    const holds = node.def.kind === 'value' && !isCode(node) && node.def.shape !== 'primitive'
    for (const [index, edge] of edges.entries()) {
      const slot = node.def.slots[index]
      if (!slot || slot.only !== undefined || 'option' in slot.to) continue
      const top = runsAtTop(node, slot.use)
      for (const named of namedBy(this.#linker, edge.link)) {
        const called = (edge.use & Use.call) !== 0 && (edge.use & Use.value) === 0
        if (named !== node)
          push(this.#references, named, { by: node, top, evaluated: (slot.use & Use.inner) === 0, called })
      }
      for (const called of calledBy(this.#linker, node, index)) {
        push(this.#callers, called, node)
        if (top) {
          push(this.#starters, called, node)
          this.#callsOurs.add(node)
        }
      }
      const given = (edge.use & Use.argument) !== 0 && slot.call !== undefined ? edges[slot.call[0]]?.link : undefined
      const changed =
        given?.kind === 'definition' && slot.call !== undefined && this.#changes(given.node, slot.call[1], slot.held)
      for (const subject of subjectsOf(this.#linker, edge)) {
        if (subject.kind === 'definition' && subject.def.shape === 'primitive' && (edge.use & Use.assign) === 0)
          continue
        const strength = changed ? 'write' : strengthOf(node, edge, subject)
        if (strength) {
          const certain = changed || (isCertain(edge) && (edge.use & Use.once) === 0)
          push(this.#touches, subject, { by: node, strength, top, slot: index, certain })
        }
        if (subject.kind === 'definition' && isCode(subject)) this.#touchResult(node, edge, subject, index, top)
        if (holds && (slot.use & Use.inner) === 0 && subject !== node) this.#alias(subject, node, edge.use)
      }
    }
  }

  #alias(subject: Subject, node: Node, use: number): void {
    // `const P = A.prototype`: what happens to it happens to every instance.
    const opened = subject.kind === 'definition' && !isFunction(subject) && (node.def.observes & Observe.kinds) !== 0
    if (subject.kind !== 'definition' || !isCode(subject) || opened) push(this.#aliases, subject, { node, idle: false })
    else if ((use & Use.call) === 0) push(this.#aliases, subject, { node, idle: true })
    else if (isFunction(subject)) {
      // `const store = getStore()`: not the accessor, but what it hands out. An instance is not its class.
      for (const state of this.#handedOut(subject)) push(this.#aliases, state, { node, idle: false })
    }
  }

  /** `getStore().set(k, v)` stands on the accessor, and changes what it hands out; it may be a copy, so that is not certain. */
  #touchResult(by: Node, edge: Edge, accessor: Node, slot: number, top: boolean): void {
    const strength = resultStrength(by, edge)
    if (!strength) return
    for (const state of this.#handedOut(accessor)) {
      push(this.#touches, state, { by, strength, top, slot, certain: false })
    }
  }

  /** State that a function refers to as a value, directly or through a function it calls, and so may return. */
  #handedOut(accessor: Node): readonly Node[] {
    const found = new Set<Node>()
    const inner = (node: Node, deep: boolean) => {
      for (const { link, use } of this.#linker.links(node)) {
        if (link.kind !== 'definition') continue
        const target = link.node
        if (target === accessor) {
          // `get.state ??= {}`
          if ((use & (Use.value | Use.write)) !== 0) found.add(target)
        } else if (!isCode(target)) {
          if (target.def.shape !== 'primitive' && (use & Use.value) !== 0) found.add(target)
        } else if (deep && target.def.shape === 'function' && (use & Use.call) !== 0) inner(target, false)
      }
    }
    inner(accessor, true)
    return [...found]
  }

  /** `y = x` and `y.part = x` make `y` another way to `x`. */
  #readAssigned(node: Node): void {
    if (node.def.kind !== 'statement') return
    const edges = this.#linker.links(node)
    const holders = edges.flatMap(({ link, use, method }) => {
      const assigned = (use & Use.assign) !== 0 || ((use & Use.write) !== 0 && method === undefined)
      return assigned && (use & Use.inner) === 0 && link.kind === 'definition' ? [link.node] : []
    })
    if (holders.length === 0) return
    for (const edge of edges) {
      if ((edge.use & Use.inner) !== 0 || (edge.use & (Use.value | Use.flow)) === 0) continue
      for (const subject of subjectsOf(this.#linker, edge)) {
        for (const holder of holders) if (holder !== subject) this.#alias(subject, holder, edge.use)
      }
    }
  }

  /** `const P = Array.prototype; P.last = ...` */
  #prototypeWrites(node: Node): readonly (readonly [name: string, top: boolean])[] {
    return this.#linker.links(node).flatMap(({ link, use }) => {
      if ((use & Use.write) === 0 || link.kind !== 'definition') return []
      const { def } = link.node
      // A value that is made, `new Map()`, is no prototype.
      if (def.kind !== 'value' || def.runs || def.shape !== 'unknown' || (def.observes & Observe.kinds) === 0) return []
      return def.globals.filter(isBuiltin).map((name) => [name, (use & Use.inner) === 0] as const)
    })
  }

  #readGlobals(node: Node): void {
    // The exports of a CommonJS module are state of the module, which whoever reads them has whole.
    const own = node.module.summary.commonjs ? cjsGlobals : noGlobals
    const globalWrites = [...node.def.globalWrites, ...this.#prototypeWrites(node)].filter(([name]) => !own.has(name))
    if (globalWrites.length === 0) return
    const top = globalWrites.filter(([, runs]) => runs).map(([name]) => name)
    if (top.length > 0) this.#globals.push({ node, names: top, scope: 'program' })
    const inner = globalWrites.filter(([, runs]) => !runs).map(([name]) => name)
    if (inner.length === 0) return
    for (const caller of this.#runners(node)) this.#globals.push({ node: caller, names: inner, scope: 'program' })
  }
}

/** Whether a write to the global counts for a closure that does not name it. */
export const isBuiltin = (name: string): boolean => builtins.has(name)

/** Globals that hosts provide: nobody sets them under a computed name. */
const provided = new Set(
  (
    'undefined NaN Infinity arguments require module exports console process Buffer performance crypto fetch Request Response Headers ' +
    'FormData Blob File AbortController AbortSignal Event EventTarget setTimeout setInterval setImmediate clearTimeout ' +
    'clearInterval clearImmediate queueMicrotask isNaN isFinite parseInt parseFloat encodeURI encodeURIComponent decodeURI ' +
    'decodeURIComponent escape unescape atob btoa eval EvalError URIError ReferenceError ReadableStream WritableStream ' +
    'TransformStream document navigator location history localStorage sessionStorage indexedDB WebAssembly Deno Bun'
  ).split(' '),
)

/** Whether a closure may read a global that was set under a computed name. */
export const readsUnknown = (names: ReadonlySet<string>): boolean =>
  readsAny(names) || [...names].some((name) => !builtins.has(name) && !provided.has(name))

/** Whether a closure has the global object itself, and so may read any global: `globalThis[key]`, `const root = globalThis`. */
export const readsAny = (names: ReadonlySet<string>): boolean => [...globalObjects].some((name) => names.has(name))

const widest = (scopes: readonly Attachment['scope'][]): Attachment['scope'] =>
  scopes.includes('program') ? 'program' : scopes.includes('read') ? 'read' : 'imports'

const push = <K, V>(map: Map<K, V[]>, key: K, value: V): void => {
  const known = map.get(key)
  if (known) known.push(value)
  else map.set(key, [value])
}

const forward = (starts: Iterable<Node>, next: (node: Node) => readonly Node[]): ReadonlySet<Node> => {
  const seen = new Set(starts)
  for (const node of seen) for (const each of next(node)) seen.add(each)
  return seen
}
