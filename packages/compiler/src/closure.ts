/**
 * The walk of one root over everything it reaches, in the order in which the canonical streams name it. Each thing gets a
 * number at its first visit, and what it is stands in the stream when its turn comes. Equal streams therefore mean equal
 * graphs, seen from the root: no name, path or count of files enters. Numbers and not digests stand for what is referred to,
 * because two empty maps have one digest and are two maps.
 */
import { createHash } from 'node:crypto'
import { type Attachment, cjsGlobals, isBuiltin, readsAny, readsUnknown } from './attach.ts'
import { encodeBase32 } from './base32.ts'
import type { Graph } from './graph.ts'
import { globalObjects } from './knowledge.ts'
import { quote, sha256 } from './leaves.ts'
import { isWhole, type Leaf, type Link, type Linker, type Module, type Node, type Subject } from './link.ts'
import { type EnvRead, Observe, Use } from './model.ts'
import { canonicalOrder, type Evaluation, evaluationOf, inOrder } from './order.ts'
import type { Leads, Reached, ReachedPackage, Root, Version, Via } from './reached.ts'
import { isCode, runsAtTop } from './touch.ts'

/** Bumped when the stream changes. */
const format = 1

/** Bare imports of these change what a page looks like and not what a function returns. */
const styles = /\.(?:css|scss|sass|less|styl|pcss|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|eot)$/
const tests = /(?:^|\/)(?:__\w+__|tests?|specs?|e2e)\/|\.(?:test|test-d|spec|e2e|bench|stories)\.[cm]?[jt]sx?$/

interface Entry {
  readonly subject: Subject
  readonly parent: number
  readonly via: Via
  /** Where the importing source names it. */
  readonly module: Module
  readonly at: number
  readonly digest: string
  tokens: string
  /** Digests of the values that are read from it, if it is JSON. */
  values: Set<string> | undefined
}

/** The version of a root, and all that it is made of. */
export const versionOf = (graph: Graph, root: Root): Version => new Walk(graph, root).run()

/** The walk from one root. */
class Walk {
  readonly #graph: Graph
  readonly #linker: Linker
  readonly #root: Root
  readonly #module: Module
  #evaluation: Evaluation
  #entries: Entry[] = []
  #numbers = new Map<Subject, number>()
  #leads: Leads = { from: [], to: [] }
  /** What was attached already: subjects that several leaves share. */
  #states = new Set<Subject>()
  /** Modules that dynamic imports evaluate. */
  #dynamic = new Set<Module>()
  /** Functions whose properties could be read; see `idle` of {@link Attachments}. */
  #valued = new Set<Subject>()
  #idle = new Set<Subject>()
  /** What code elsewhere in the program changes by a function; see `scope` of {@link Attachments}. */
  #changed = new Set<Subject>()
  #read = new Set<Subject>()
  #seenValued = new Set<Subject>()
  /** Classes that the root, or a class that it calls through, calls through. */
  #declared = new Set<Subject>()
  #seenDeclared = new Set<Subject>()
  #seenDynamic = new Set<Module>()
  #globals = new Set<string>()
  #text = false
  #at = 0

  constructor(graph: Graph, root: Root) {
    this.#graph = graph
    this.#linker = graph.linker
    this.#root = root
    this.#module = graph.linker.module(root.file)
    this.#evaluation = graph.evaluation(this.#module)
  }

  run(): Version {
    // What is known only at the end of a walk (dynamic imports, functions read as values) can attach more: then once again.
    let stream = ''
    for (;;) {
      stream = this.#walk()
      const idle = [...this.#idle].filter((subject) => this.#seenValued.has(subject))
      const dynamic = [...this.#seenDynamic].filter((module) => !this.#evaluation.modules.has(module))
      const declared = [...this.#seenDeclared].filter((subject) => !this.#declared.has(subject))
      const changed = [...this.#changed].filter((subject) =>
        this.#graph.attachments.isRead(subject, (node) => this.#numbers.has(node)),
      )
      if (idle.length === 0 && dynamic.length === 0 && declared.length === 0 && changed.length === 0) break
      for (const subject of changed) this.#read.add(subject)
      for (const subject of declared) this.#declared.add(subject)
      for (const subject of this.#seenValued) this.#valued.add(subject)
      for (const module of dynamic) this.#dynamic.add(module)
      if (dynamic.length > 0) this.#evaluation = evaluationOf(this.#linker, [this.#module, ...this.#dynamic])
    }
    return this.#result(stream)
  }

  #walk(): string {
    this.#entries = []
    this.#numbers = new Map()
    this.#leads = { from: [], to: [] }
    this.#states = new Set()
    this.#idle = new Set()
    this.#changed = new Set()
    this.#seenValued = new Set()
    this.#seenDynamic = new Set()
    this.#seenDeclared = new Set()
    this.#globals = new Set()
    this.#text = false
    this.#at = 0
    const { target, key } = this.#root
    let head = this.#emit(this.#graph.link(this.#module, target), -1, 'reference', 0, this.#module)
    if (key !== undefined)
      head += `k${this.#emit(this.#linker.target(this.#module, { def: key }), 0, 'reference', 0, this.#module)}`
    this.#drain()
    let effects = ''
    for (let more = true; more; ) {
      const found = this.#effects()
      effects += found
      more = this.#drain() || found !== ''
    }
    const order = this.#order()
    const { defines, observes, text } = this.#flags()
    const parts = this.#entries.map(({ subject, digest, tokens }) => {
      if (subject.kind !== 'definition') return `${digest}${tokens}`
      const { names, kinds, text: source } = subject.def
      const seen = `${observes & Observe.names ? quote(names) : ''};${observes & Observe.kinds ? quote(kinds) : ''};`
      return `${subject.head}${seen}${text ? quote(source) : ''}${tokens}`
    })
    return `${this.#graph.program.scheme}:${format}\n${head}\n${parts.join('\n')}\n${effects}\n${order}\n${defines}${this.#outside()}`
  }

  /**
   * What joined although nothing that the root imports evaluates it: `dayjs.extend` in the file that starts the program. An import
   * of it that comes or goes changes what has run, and with it what the function returns.
   */
  #outside(): string {
    let tokens = ''
    for (const [number, { subject, via }] of this.#entries.entries()) {
      if (subject.kind !== 'definition' || via === 'reference' || !subject.def.runs) continue
      if (this.#evaluation.sure.has(subject.module)) continue
      tokens += `${this.#graph.importers.standing(subject.module, this.#module)}${number};`
    }
    return tokens && `\n${tokens}`
  }

  /** What the closure as a whole looks at. */
  #flags(): { readonly defines: string; readonly observes: number; readonly text: boolean } {
    let observes = 0
    const read = new Set(this.#globals)
    for (const { subject } of this.#entries) {
      if (subject.kind !== 'definition') continue
      observes |= subject.def.observes
      for (const { expression } of subject.def.env) read.add(expression)
    }
    // A replacement of a path counts wherever its global is read: the stream does not tell which member was.
    const occurs = (key: string) =>
      read.has(key) || (!/^(?:process\.env|import\.meta)\./.test(key) && read.has(key.split('.')[0] as string))
    const defines = Object.entries(this.#graph.program.settings.define ?? {})
      .filter(([key]) => occurs(key))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `=${quote(key)}${quote(value)}`)
    return { defines: defines.join(''), observes, text: this.#text }
  }

  #drain(): boolean {
    const before = this.#at
    for (; this.#at < this.#entries.length; this.#at++) this.#expand(this.#at)
    return this.#at > before
  }

  /** The number of a subject; the first to ask queues it. */
  #visit(subject: Subject, parent: number, via: Via, at: number, module: Module): number {
    const known = this.#numbers.get(subject)
    const number = known ?? this.#entries.length
    this.#leads.from.push(parent)
    this.#leads.to.push(via === 'attached' && subject.kind === 'definition' && !subject.def.runs ? -1 : number)
    if (known !== undefined) return known
    this.#numbers.set(subject, number)
    const digest = subject.kind === 'definition' ? subject.def.digest : subject.content()
    this.#entries.push({ subject, parent, via, module, at, digest, tokens: '', values: undefined })
    return number
  }

  #emit(link: Link, parent: number, via: Via, at: number, module: Module): string {
    if (link.kind === 'definition') {
      const pick = link.pick === undefined ? '' : `.${link.pick}`
      const member = link.member === undefined ? '' : `!${quote(link.member)}`
      return `#${this.#visit(link.node, parent, via, at, module)}${pick}${member};`
    }
    if (link.kind === 'leaf') {
      const number = this.#visit(link.leaf, parent, via, at, module)
      if (link.digest !== undefined) this.#readValue(number, link.detail)
      return `#${number}${link.detail};`
    }
    if (link.kind === 'token') return `${link.token}${link.link ? this.#emit(link.link, parent, via, at, module) : ''};`
    return `[${link.links.map(([name, each]) => quote(name) + this.#emit(each, parent, via, at, module)).join('')}]`
  }

  #readValue(number: number, detail: string): void {
    const entry = this.#entries[number]
    if (entry) entry.values = (entry.values ?? new Set()).add(detail)
  }

  #expand(number: number): void {
    const entry = this.#entries[number] as Entry
    const { subject } = entry
    let tokens = ''
    if (subject.kind === 'definition') tokens = this.#slots(subject, number)
    else if (subject.kind === 'namespace' && subject.module) {
      for (const [name, link] of this.#linker.exports(subject.module)) {
        tokens += quote(name) + this.#emit(link, number, 'reference', 0, subject.module)
        if (link.kind === 'definition' && isCode(link.node)) this.#seenValued.add(link.node)
      }
    } else if (subject.kind === 'module' && subject.module) {
      for (const node of inOrder(subject.module))
        tokens += `#${this.#visit(node, number, 'reference', 0, subject.module)};`
    }
    entry.tokens = `${tokens}+${this.#attached(subject, number)}`
  }

  #slots(node: Node, number: number): string {
    const { def, module } = node
    for (const name of def.globals) this.#globals.add(name)
    let tokens = ''
    for (const [index, edge] of this.#linker.links(node).entries()) {
      const slot = def.slots[index]
      if (!slot) continue
      if (slot.only === 'metadata' && this.#graph.program.options(module.file).emitDecoratorMetadata !== true) {
        continue
      }
      const { link, use, receiver } = edge
      if (slot.only === 'declared') {
        // The types of a class count where it is called through, and are erased elsewhere.
        if (!this.#declared.has(node)) continue
        tokens += `r${quote(slot.path?.[0] ?? '')}`
      }
      if ((use & Use.declared) !== 0 && link.kind === 'definition') this.#seenDeclared.add(link.node)
      tokens += this.#emit(link, number, 'reference', slot.at, module)
      if ('request' in slot.to) this.#followDynamic(module, slot.to.request)
      if (link.kind !== 'definition') continue
      const target = link.node
      if ((use & Use.text) !== 0 && isCode(target)) this.#text = true
      if ((use & Use.value) !== 0 && isCode(target)) this.#seenValued.add(target)
      if ((use & Use.receiver) !== 0 && target.def.usesThis) {
        tokens += `t${receiver ? this.#emit(receiver, number, 'reference', slot.at, module) : ';'}`
      }
      // Before its definition ran, a `var` is undefined and a constant throws; a function is there all the same.
      const early =
        target.module === module &&
        target !== node &&
        target.def.kind !== 'function' &&
        slot.at < target.def.start &&
        runsAtTop(node, slot.use)
      if (early) tokens += `e${target.def.kind};`
    }
    if (module.summary.commonjs && def.globals.some((name) => cjsGlobals.has(name))) {
      tokens += `x#${this.#visit(module.whole, number, 'reference', def.start, module)};`
    }
    return tokens
  }

  #followDynamic(module: Module, index: number): void {
    const kind = module.summary.requests[index]?.kind
    if (kind !== 'dynamic' && kind !== 'glob' && kind !== 'asset') return
    for (const target of this.#linker.requested(module, index)) this.#seenDynamic.add(target)
  }

  /** What code elsewhere does to the subject, in canonical order. */
  #attached(subject: Subject, number: number): string {
    if (subject.kind !== 'definition') return this.#attachedTo(subject.state ?? subject, number)
    const own = this.#attachedTo(subject, number)
    // A definition of a CommonJS module can be changed through the module.
    return subject.module.summary.commonjs ? own + this.#attachedTo(subject.module.whole, number) : own
  }

  #attachedTo(subject: Subject, number: number): string {
    const attachments = this.#graph.attachments.of(subject)
    // Exports of one package share its state, which is looked at with the first of them.
    if (attachments.length === 0 || this.#states.has(subject)) return ''
    this.#states.add(subject)
    const nodes: Node[] = []
    for (const { node, scope, idle } of attachments) {
      if (!this.#counts(node, scope)) continue
      if (scope === 'read' && !this.#read.has(subject) && !this.#evaluation.modules.has(node.module)) {
        this.#changed.add(subject)
      } else if (idle && !this.#valued.has(subject)) this.#idle.add(subject)
      else nodes.push(node)
    }
    let tokens = ''
    for (const node of this.#sorted(nodes)) {
      tokens += `#${this.#visit(node, number, 'attached', node.def.start, node.module)};`
    }
    return tokens
  }

  #counts(node: Node, scope: Attachment['scope']): boolean {
    if (this.#evaluation.modules.has(node.module)) return true
    return scope !== 'imports' && !isTest(this.#graph, node.module)
  }

  #sorted(nodes: readonly Node[]): readonly Node[] {
    return nodes.length < 2 ? nodes : canonicalOrder(nodes, this.#evaluation, () => this.#graph.order)
  }

  /**
   * Who reads something before its definition, or before all that changes it, has run: `const y = o.x; o.x = 2`. The
   * ordinary order, in which readers come last, is not written, so that declarations can be moved about.
   */
  #order(): string {
    let tokens = ''
    for (const [number, { subject }] of this.#entries.entries()) {
      if (subject.kind !== 'definition') continue
      const runners = this.#graph.attachments
        .of(subject)
        .flatMap(({ node }) => (node.def.runs && this.#numbers.has(node) ? [node] : []))
      const early = this.#early(subject)
      const late = runners.length === 0 ? [] : this.#between(subject, new Set(runners))
      if (early.length + late.length > 0) tokens += `@${number}:${[...early, ...late].join()};`
    }
    return tokens
  }

  /** Readers that run before a definition, in its module or in one that imports it and that it imports; code is there from the start. */
  #early(subject: Node): readonly string[] {
    if (isCode(subject) && subject.def.kind === 'function') return []
    const { module, def } = subject
    const cycle = this.#graph.cycles.get(module)
    const isNear = (other: Module) => cycle !== undefined && this.#graph.cycles.get(other) === cycle
    const isRun = (other: Module) => this.#evaluation.modules.has(other) && this.#evaluation.modules.has(module)
    return this.#graph.attachments
      .readers(subject, (node) => this.#numbers.has(node) && (node.module === module || isNear(node.module)))
      .filter((reader) =>
        reader.module === module
          ? reader.def.start < def.start
          : isRun(reader.module) && this.#compare(reader, subject) < 0,
      )
      .map((reader) => `${this.#numbers.get(reader)}`)
      .sort()
  }

  /** Readers that run before some of what changes the subject, with how many of the changes they see. */
  #between(subject: Node, runners: ReadonlySet<Node>): readonly string[] {
    const readers = this.#graph.attachments
      .readers(subject, (node) => this.#numbers.has(node))
      .filter((reader) => !runners.has(reader))
    if (readers.length === 0) return []
    const found: string[] = []
    let seen = 0
    for (const node of [...runners, ...readers].sort((a, b) => this.#compare(a, b))) {
      if (runners.has(node)) seen += 1
      else if (seen < runners.size) found.push(`${this.#numbers.get(node)}<${seen}`)
    }
    return found.sort()
  }

  /** The order of evaluation: what the root imports, and then the rest of the program. */
  #compare(a: Node, b: Node): number {
    const { modules, compare } = this.#evaluation
    const [first, second] = [modules.has(a.module), modules.has(b.module)]
    if (first && second) return compare(a, b)
    return first ? -1 : second ? 1 : this.#graph.order.compare(a, b)
  }

  /** What no reference leads to: changed globals, bare imports, modules nobody understands. */
  #effects(): string {
    let tokens = ''
    const visit: Visit = (subject, parent, at = 0, module = this.#module) => {
      if (this.#numbers.has(subject)) return
      tokens += `#${this.#visit(subject, parent, 'effect', at, module)};`
    }
    const patches = this.#graph.attachments.globals.filter(({ node, names, scope }) => {
      if (this.#evaluation.modules.has(node.module)) return true
      if (!this.#counts(node, scope)) return false
      return names.some((name) =>
        globalObjects.has(name)
          ? readsUnknown(this.#globals)
          : isBuiltin(name) || this.#globals.has(name) || readsAny(this.#globals),
      )
    })
    for (const node of this.#sorted([...new Set(patches.map(({ node }) => node))])) visit(node, 0)
    for (const module of this.#evaluation.order) if (module.summary.opaque !== undefined) visit(module.whole, 0)
    if (this.#graph.program.settings.sideEffects === 'all') {
      for (const module of this.#evaluation.order) for (const node of inOrder(module)) if (node.def.runs) visit(node, 0)
    }
    const seen = new Set<Module>()
    for (const [number, { subject }] of [...this.#entries].entries()) {
      if (subject.kind === 'definition') this.#bare(subject.module, number, seen, visit)
      else if ((subject.kind === 'namespace' || subject.kind === 'module') && subject.module)
        this.#bare(subject.module, number, seen, visit)
    }
    return tokens
  }

  #bare(start: Module, parent: number, seen: Set<Module>, visit: Visit): void {
    if (seen.has(start)) return
    seen.add(start)
    // A module reached by a bare import alone runs after its own imports: left on the stack until those are through.
    const stack: { readonly module: Module; index: number; readonly whole: boolean }[] = [
      { module: start, index: 0, whole: false },
    ]
    for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
      const { module } = frame
      const request = module.summary.requests[frame.index]
      if (!request) {
        stack.pop()
        if (!frame.whole) continue
        if (isWhole(module)) visit(module.whole, parent)
        else for (const node of inOrder(module)) if (node.def.runs) visit(node, parent)
        continue
      }
      const index = frame.index++
      if (!request.bare || request.kind === 'type') continue
      const found = this.#linker.request(module, index)
      if (found.kind === 'source') {
        const target = this.#linker.module(found.file)
        if (seen.has(target)) {
          // It owns a definition of the closure, or is being evaluated; its statements still belong to the effects.
          if (!stack.some((each) => each.module === target)) {
            for (const node of inOrder(target)) if (node.def.runs) visit(node, parent)
          }
          continue
        }
        seen.add(target)
        stack.push({ module: target, index: 0, whole: true })
      } else if (
        found.kind !== 'json' &&
        found.kind !== 'builtin' &&
        !(found.kind === 'asset' && styles.test(found.file))
      ) {
        const link = this.#linker.target(module, { request: index, name: '*' })
        if (link.kind === 'leaf' && !styles.test(request.specifier)) visit(link.leaf, parent, request.at, module)
      }
    }
  }

  #result(stream: string): Version {
    const { report, program } = this.#graph
    const bits = createHash('sha256').update(stream, 'utf8').digest().subarray(0, 16)
    const definitions: Reached[] = []
    const packages = new Map<string, ReachedPackage>()
    // Namespaces and whole modules are no definitions: what they lead to hangs on what leads to them.
    const places: number[] = []
    for (const [number, entry] of this.#entries.entries()) {
      const { subject, parent, via } = entry
      const above = parent < 0 ? -1 : (places[parent] as number)
      places[number] = above
      if (subject.kind === 'definition') {
        places[number] = definitions.length
        const { name, kind, start, end, digest } = subject.def
        const { file, line } = report.position(subject.module.file, start)
        definitions.push({ name, kind, file, line, start, end, digest, parent: above, via })
      } else if (subject.kind === 'package') {
        const found = subject.identity?.()
        if (found && !packages.has(`${subject.name} ${found.identity}`)) {
          const { version, identity } = found
          const listed = { name: subject.name, identity, path: above }
          packages.set(`${subject.name} ${identity}`, version === undefined ? listed : { ...listed, version })
        }
      } else if (isFile(subject)) {
        places[number] = definitions.length
        const file = subject.file === undefined ? subject.name : program.relative(subject.file)
        const digest = sha256(subject.kind === 'json' ? [...(entry.values ?? [])].sort().join() : entry.digest)
        const name = file.slice(file.lastIndexOf('/') + 1)
        definitions.push({ name, kind: subject.kind, file, line: 1, start: 0, end: 0, digest, parent: above, via })
      }
    }
    return {
      version: `${program.scheme}-${encodeBase32(bits)}`,
      definitions,
      packages: [...packages.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
      env: this.#env(),
      read: this.#entries.flatMap(({ subject }) =>
        subject.kind === 'definition' && isInput(subject.def) ? [subject] : [],
      ),
      diagnostics: report.diagnostics(this.#entries, this.#leads, {
        root: this.#root,
        attachments: this.#graph.attachments,
        counts: (node) => this.#counts(node, 'program'),
        imports: (module) => this.#evaluation.modules.has(module),
      }),
    }
  }

  #env(): readonly EnvRead[] {
    const found = new Map<string, EnvRead>()
    for (const { subject } of this.#entries) {
      if (subject.kind !== 'definition') continue
      // By what is read, and not by how it is spelled: a respelling must not change the order of the values.
      for (const read of subject.def.env) found.set(`${read.name}\0${sourceOf(read)}\0${read.module}`, read)
    }
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, read]) => read)
  }
}

const isInput = ({ env, findings }: Node['def']): boolean =>
  env.length > 0 || findings.some(({ code }) => code === 'impure-init')

type Visit = (subject: Subject, parent: number, at?: number, module?: Module) => void

const sourceOf = ({ expression }: EnvRead): string => /^(?:import\.meta|Bun|Deno)/.exec(expression)?.[0] ?? 'process'

const isFile = (leaf: Leaf): boolean =>
  leaf.kind === 'json' || leaf.kind === 'asset' || (leaf.kind === 'module' && leaf.module?.summary.opaque !== undefined)

const isTest = (graph: Graph, module: Module): boolean => tests.test(graph.program.relative(module.file))
