/**
 * What the encoder knows while it writes one definition: the stream, the numbers of local names, the slots, and what
 * happens to what they refer to (section 6). Where a local variable stands for something of the module
 * (`const c = CONFIG; c.rate = 2`), what happens to the local happens to that.
 */
import type { DiagnosticCode, Finding } from './diagnostics.ts'
import { globalObjects } from './knowledge.ts'
import { type Definition, type EnvRead, type Slot, type Target, Use } from './model.ts'
import type { Node } from './parse.ts'
import type { Scopes, Variable } from './scopes.ts'
import { quoted, Stream } from './stream.ts'

/** Where an expression stands, as far as what it refers to is concerned. */
export interface Context {
  /** Bits of `Use`. */
  readonly use: number
  /** The static members read from it, from the inside out. */
  readonly tail?: readonly string[]
  readonly method?: string
  /** The call it is an argument of. */
  readonly call?: readonly [slot: number, place: number]
  /** The argument only holds it: see `Slot.held`. */
  readonly held?: string | true
  /** The local variables its value goes to. */
  readonly flow?: readonly Flow[]
}

/**
 * A value on its way to a local variable. `part`: what gets there is one of the things that it holds, as by
 * `const [first] = list`. `copied`: a copy gets there, and what it holds is the same, as of `list.slice()`.
 */
export interface Flow {
  readonly to: Variable
  readonly copied: boolean
  readonly part: boolean
  /** The member of the variable that it becomes, as of `{ rates: RATES }`. */
  readonly under?: string | undefined
  /** It went through a function, which may have made something else of it. */
  readonly made?: boolean
}

export const flowTo = (variables: readonly Variable[], part = false): Flow[] =>
  variables.map((to) => ({ to, copied: false, part }))

/** The flow of a value through what copies its surface, or holds it under a name. */
export const copiedFlow = (flow: readonly Flow[] | undefined, under?: string): { readonly flow?: readonly Flow[] } =>
  flow
    ? { flow: flow.map(({ copied, ...flow }) => ({ ...flow, copied: !flow.part, under: copied ? undefined : under })) }
    : {}

/** Whether what happens to a value happens to something that it holds: `list[0].rate = 2`. */
export const isDeep = (context: Context): boolean => (context.tail?.length ?? 0) > 1

export const plain: Context = { use: Use.value }

/** What an encoder asks about the module around a definition. */
export interface ModuleView {
  readonly text: string
  readonly scopes: Scopes
  readonly sloppy: boolean
  /** The module-level definition or import of a variable. */
  targetOf(variable: Variable): Target | undefined
  /** The import behind a variable. */
  importOf(variable: Variable): { readonly specifier: string; readonly name: string } | undefined
  /** Whether a callee, or the expression of a decorator, is `cached` or a wrapper like it. */
  isWrapper(callee: Node): boolean
  /** The default export is one. */
  readonly isDefaultWrapper: boolean
  /** The number of a module that the code names. */
  request(specifier: string, kind: 'dynamic' | 'require' | 'asset' | 'glob', at: number): number
  /** Names of the module that JSX is turned into calls of: `React`, or the factory of a pragma. */
  readonly factories: readonly Node[]
  /** Called for every call of a wrapper, with the names around it. */
  readonly found: (call: Node, label: readonly string[]) => void
}

/** A function being written: whether it can be told from an arrow. */
export interface Frame {
  readonly arrow: boolean
  usesThis: boolean
  usesArguments: boolean
}

/** A member read from `this`: the path from the outside in, a private name with its `#`. */
export interface ReceiverUse {
  readonly path: readonly string[]
  /** It is called: the last name is a method. */
  readonly called: boolean
  /** Read from `super`. */
  readonly base: boolean
}

/** What a function does with `this` (R03, R04). */
export interface ReceiverLog {
  readonly uses: ReceiverUse[]
}

const receiverUse = (path: readonly string[], { method, use }: Context, base = false): ReceiverUse => ({
  path,
  called: path.length > 0 && ((method !== undefined && path.at(-1) === method) || (use & Use.call) !== 0),
  base,
})

const flowing = Use.write | Use.method | Use.argument
/** A call that something is an argument of, and how the argument holds it. */
type Passed = readonly [slot: number, place: number, held?: string | true]

export class Writer {
  readonly module: ModuleView
  readonly stream = new Stream()
  readonly names: string[] = []
  readonly kinds: string[] = []
  readonly slots: Slot[] = []
  readonly findings: Finding[] = []
  readonly env: EnvRead[] = []
  readonly globals = new Set<string>()
  readonly globalWrites = new Map<string, boolean>()
  readonly captures = new Map<Variable, (readonly string[])[]>()
  /** Captured variables that are called: functions, which no key can stand for. */
  readonly called = new Set<Variable>()
  /** Captured variables that a method is called on. */
  readonly receivers = new Set<Variable>()
  readonly frames: Frame[] = [{ arrow: false, usesThis: false, usesArguments: false }]
  /** What `@jsx` comments of the file say. */
  readonly pragmas: readonly string[]
  /** Names around the place being written, for labels. */
  readonly label: string[] = []
  readonly labels: string[] = []
  readonly privates: Map<string, number>[] = []
  receiver: ReceiverLog | undefined
  /** The frame whose `this` the receiver log is about. */
  receiverFrame: Frame | undefined
  /** What members of the class that is written do with `this`. */
  members: ReceiverLog | undefined
  /** Names that the pattern being initialised gives to members of `this`: `const { repo } = this`. */
  selfNames: ReadonlyMap<Variable, readonly string[]> | undefined
  readonly #selves = new Map<Variable, readonly string[]>()
  readonly #reads: (readonly [Variable, Context])[] = []
  /** The outermost function written, once it is. */
  root: Frame | undefined
  /** A method that uses a private name or `super`: its class is part of it. */
  needsOwner = false
  /** `eval` and the like: no name is safe from it, so that the text has to stand for the code. */
  raw = false
  /** In the expression of a decorator. */
  decorating = false
  observes = 0
  runs = false
  /** A statement at the top is written: what it declares with `var` is a name of the module. */
  statement = false
  /** Nested functions around the place being written that do not run with the definition. */
  depth = 0
  readonly #ranges: readonly Node[]
  readonly #locals = new Map<Variable, number>()
  readonly #localUse = new Map<Variable, number>()
  /** Members of a local that hold what is written to; `*` where the name is not known. */
  readonly #localDeep = new Map<Variable, Set<string>>()
  readonly #localCalls = new Map<Variable, readonly Passed[]>()
  readonly #flows: { readonly from: number | Variable; readonly to: readonly Flow[] }[] = []
  #privateCount = 0

  /** @param ranges the nodes that are written; what is bound outside them, in a function, is a capture */
  constructor(module: ModuleView, ranges: readonly Node[], pragmas: readonly string[] = []) {
    this.module = module
    this.pragmas = pragmas
    this.#ranges = ranges
  }

  finding(code: DiagnosticCode, what: string, node: Node): void {
    this.findings.push({ code, what, start: node.start, end: node.end })
  }

  /** The number of a local name, in the order of the canonical walk. */
  local(variable: Variable): number {
    let number = this.#locals.get(variable)
    if (number === undefined) this.#locals.set(variable, (number = this.#locals.size))
    return number
  }

  isNumbered(variable: Variable): boolean {
    return this.#locals.has(variable)
  }

  /** The variable that is bound in what is written, if the identifier means one. */
  isInside(variable: Variable): boolean {
    const place = (variable.identifiers[0] as unknown as Node | undefined)?.range[0] as number | undefined
    return place === undefined || this.#ranges.some((node) => place >= node.start && place < node.end)
  }

  slot(to: Target, at: number, context: Context, only?: Slot['only']): number {
    const slot: { -readonly [K in keyof Slot]: Slot[K] } = {
      to,
      use: context.use | (this.depth > 0 ? Use.inner : 0),
      at,
    }
    if (context.tail && context.tail.length > 0) slot.path = context.tail
    if (context.method !== undefined) slot.method = context.method
    if (context.call) slot.call = context.call
    if (context.call && context.held !== undefined) slot.held = context.held
    if (only) slot.only = only
    if (!only) this.stream.put('$')
    const index = this.slots.push(slot) - 1
    if (context.flow) this.#flows.push({ from: index, to: context.flow })
    return index
  }

  /** Writes a reference by name. @returns its slot, if it refers to something outside the definition */
  reference(node: Node, context: Context): number | undefined {
    const { scopes } = this.module
    const variable = scopes.of(node)
    if (!variable) {
      this.#global(node, context)
      return undefined
    }
    if (variable.name === 'arguments' && variable.defs.length === 0) {
      const frame = this.frames.at(-1)!
      frame.usesThis = true
      frame.usesArguments = true
      this.stream.put('Arguments;')
      return undefined
    }
    const target = this.module.targetOf(variable)
    if (target) {
      // A `var` of a statement at the top is a name of the module, and what it stands for is seen here.
      if (this.isInside(variable)) this.#useLocal(variable, context)
      return this.slot(target, node.start, context)
    }
    if (!this.isInside(variable)) this.#capture(variable, context)
    this.#useLocal(variable, context)
    this.stream.put(`L${this.local(variable)};`)
    if (context.use & Use.text) this.#text(variable)
    return undefined
  }

  /** `this` stands in the function that the receiver log is about. */
  useSelf(context: Context, base = false): void {
    const names = this.selfNames
    this.selfNames = undefined
    if (!this.receiver || this.frames.findLast(({ arrow }) => !arrow) !== this.receiverFrame) return
    const tail = context.tail ?? []
    if (names && tail.length === 0) for (const [variable, path] of names) this.#selves.set(variable, path)
    else this.receiver.uses.push(receiverUse(tail, context, base))
  }

  /** Writes a member of the class that is written; not of a class inside of it, nor one that has another `this`. */
  inMember(member: Node, write: () => void, frame?: Frame): void {
    const isLogged = this.members && this.frames.length === 1 && !member.static && member.kind !== 'constructor'
    if (isLogged) {
      this.receiver = this.members
      this.receiverFrame = frame
    }
    write()
    if (isLogged) {
      this.receiver = undefined
      this.receiverFrame = undefined
    }
  }

  /** What members did with `this`, under local names too. */
  memberUses(): readonly ReceiverUse[] {
    this.receiver = this.members
    const uses = this.receiverUses()
    this.receiver = undefined
    return uses
  }

  /** What has been done with `this`, under local names too. */
  receiverUses(): readonly ReceiverUse[] {
    const aliased = this.#reads.flatMap(([variable, context]) => {
      const path = this.#selves.get(variable)
      return path ? [receiverUse([...path, ...(context.tail ?? [])], context)] : []
    })
    return [...(this.receiver?.uses ?? []), ...aliased]
  }

  /** A local function that becomes a text: its source is seen. */
  #text(variable: Variable): void {
    for (const definition of variable.defs) {
      const node = definition.node as unknown as Node
      const named = node.type === 'VariableDeclarator' ? node.init : node
      const code = node.id === definition.name ? (named as Node | null) : null
      if (code && /Function|^Class/.test(code.type))
        this.stream.put(`Text ${quoted(this.module.text.slice(code.start, code.end))}`)
    }
  }

  #useLocal(variable: Variable, context: Context): void {
    if (this.receiver) this.#reads.push([variable, context])
    // Of `a.items.push(x)` it is what `a` holds that changes, and `a` itself only of `a.push(x)`.
    const inner = context.use & Use.write && isDeep(context) ? context.tail![0]! : undefined
    if (inner !== undefined) this.#deepen(variable, [inner])
    this.#localUse.set(variable, (this.#localUse.get(variable) ?? 0) | (context.use & flowing))
    if (context.call && context.use & Use.argument) {
      const passed: Passed = context.held === undefined ? context.call : [...context.call, context.held]
      this.#localCalls.set(variable, [...(this.#localCalls.get(variable) ?? []), passed])
    }
    if (context.flow) this.#flows.push({ from: variable, to: context.flow })
  }

  #capture(variable: Variable, context: Context): void {
    if (context.use & Use.assign || (context.use & Use.write && context.method === undefined)) {
      const node = variable.identifiers[0] as unknown as Node
      this.findings.push({ code: 'mutable-capture', what: variable.name, start: node.range[0], end: node.range[1] })
    }
    if (context.use & Use.call) this.called.add(variable)
    if (context.method !== undefined) this.receivers.add(variable)
    const paths = this.captures.get(variable)
    // What is called is read whole: the receiver of a method counts.
    const tail = context.method === undefined ? (context.tail ?? []) : (context.tail ?? []).slice(0, -1)
    if (paths) paths.push(tail)
    else this.captures.set(variable, [tail])
  }

  #global(node: Node, context: Context): void {
    const name = node.name as string
    const path = [name, ...(context.tail ?? [])]
    const named = globalObjects.has(name) ? (path[1] ?? name) : name
    if (named !== undefined) {
      this.globals.add(named)
      if (context.use & (Use.write | Use.assign)) {
        const top = this.depth === 0
        this.globalWrites.set(named, top || (this.globalWrites.get(named) ?? false))
        if (top) this.runs = true
      }
    }
    this.stream.put(name === 'undefined' ? 'Undefined;' : `Global ${quoted(name)}`)
  }

  /** Enters a class body: its private names get numbers of their own when they are first used. */
  enterClass(names: readonly string[]): void {
    this.privates.push(new Map(names.map((name) => [name, -1])))
  }

  privateName(name: string): void {
    for (let index = this.privates.length - 1; index >= 0; index -= 1) {
      const scope = this.privates[index]!
      let number = scope.get(name)
      if (number === undefined) continue
      if (number < 0) scope.set(name, (number = this.#privateCount++))
      this.stream.put(`P${number};`)
      return
    }
    // Outside what is written: a method on its own. Its class is a slot of it.
    this.needsOwner = true
    this.stream.put(`Private ${quoted(name)}`)
  }

  /** What happens to a local happens to what it stands for. */
  settle(): void {
    for (let changed = true; changed; ) {
      changed = false
      for (const { from, to } of this.#flows) {
        for (const variable of to) {
          if (this.#pass(variable, from)) changed = true
        }
      }
    }
  }

  #deepen(variable: Variable, members: Iterable<string>): boolean {
    const known = this.#localDeep.get(variable) ?? new Set()
    const before = known.size
    for (const member of members) known.add(member)
    this.#localDeep.set(variable, known)
    return known.size > before
  }

  /** What is done to the result of a call may be done to what it was given: not for certain, as by a method. */
  #passMade(all: number, from: number | Variable): boolean {
    if (!(all & flowing)) return false
    if (typeof from === 'number') {
      const slot = this.slots[from]! as { -readonly [K in keyof Slot]: Slot[K] }
      if (slot.use & Use.method) return false
      slot.use |= Use.method
      return true
    }
    const before = this.#localUse.get(from) ?? 0
    this.#localUse.set(from, before | Use.method)
    return !(before & Use.method)
  }

  #pass({ to: variable, copied, part, under, made }: Flow, from: number | Variable): boolean {
    const all = this.#localUse.get(variable) ?? 0
    if (made) return this.#passMade(all, from)
    const members = this.#localDeep.get(variable) ?? new Set<string>()
    // A change of the surface of what holds it is no change of it.
    const touched = !copied || (under === undefined ? members.size > 0 : members.has(under) || members.has('*'))
    const use = copied ? (touched ? Use.write : 0) | (all & Use.argument) : all
    const calls = this.#localCalls.get(variable) ?? []
    const passed = copied ? calls.map(([slot, place]): Passed => [slot, place, under ?? true]) : calls
    if (typeof from === 'number') {
      const slot = this.slots[from]! as { -readonly [K in keyof Slot]: Slot[K] }
      const joined = slot.use | (use & flowing)
      const [first] = passed
      if (!slot.call && first) {
        slot.call = [first[0], first[1]]
        if (first[2] !== undefined) slot.held = first[2]
      }
      if (joined === slot.use) return false
      slot.use = joined
      return true
    }
    const before = this.#localUse.get(from) ?? 0
    const known = this.#localCalls.get(from) ?? []
    const added = passed.filter(
      ([slot, place, how]) => !known.some((one) => one[0] === slot && one[1] === place && one[2] === how),
    )
    if (added.length > 0) this.#localCalls.set(from, [...known, ...added])
    // What is done to a part is done to what the whole holds.
    const inside = copied || part ? (touched && use & Use.write ? ['*'] : []) : members
    const deeper = this.#deepen(from, inside)
    if ((before | use) === before) return added.length > 0 || deeper
    this.#localUse.set(from, before | use)
    return true
  }

  /** Which of these parameters are mutated, and to which calls they are passed on. */
  parameters(lists: readonly (readonly Variable[])[]): Pick<Definition, 'mutates' | 'deepens' | 'passes'> {
    const mutates: number[] = []
    const deepens: (readonly [number, string])[] = []
    const passes: (readonly [number, number, number, (string | true)?])[] = []
    lists.forEach((variables, place) => {
      if (variables.some((variable) => (this.#localUse.get(variable) ?? 0) & Use.write)) mutates.push(place)
      for (const variable of variables) {
        for (const member of [...(this.#localDeep.get(variable) ?? [])].sort()) deepens.push([place, member])
        for (const [slot, at, held] of this.#localCalls.get(variable) ?? []) {
          passes.push(held === undefined ? [place, slot, at] : [place, slot, at, held])
        }
      }
    })
    return { mutates, deepens, passes }
  }
}
