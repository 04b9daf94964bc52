/**
 * One file to what it says (`model.ts`). It knows no other file, so that a summary can be kept under the digest of the
 * text and survives a move. A file that cannot be parsed is opaque: its text stands for all that it exports.
 */

import { calmMembers } from './calm.ts'
import type { Finding } from './diagnostics.ts'
import { digestOf } from './digest.ts'
import { Encoder } from './encode.ts'
import { isFound } from './found.ts'
import { layoutOf } from './layout.ts'
import { type ClassSource, type Definition, type ModuleSummary, type Request, Use } from './model.ts'
import { isUndefined } from './normal.ts'
import { outline, type Plan } from './outline.ts'
import { type Node, type Parsed, parseSource } from './parse.ts'
import { givenBy, hasCacheKey, receiverOfClass } from './receivers.ts'
import { resolveScopes, type Scopes } from './scopes.ts'
import { quoted } from './stream.ts'
import { UnknownSyntax } from './syntax.ts'
import type { UseInput } from './use-place.ts'
import { describeClass, describeInstance, describeUse, seesProcess } from './uses.ts'
import { erased, variablesOf } from './walk.ts'
import { findWrappers, type WrapperKind } from './wrappers.ts'
import { type ModuleView, plain, type ReceiverUse, Writer } from './writer.ts'

/** Raised whenever a summary of the same text changes: kept ones are then useless. */
export const summaryFormat = 11

export interface SummariseInput {
  readonly text: string
  /** `.ts`, `.mjs` ... */
  readonly extension: string
  /** Names of this module that are wrappers or instances, where that is known; else it is guessed. */
  readonly wrappers?: ReadonlyMap<string, WrapperKind | undefined>
  /** Another parser of the same ESTree. @default oxc-parser */
  readonly parse?: (text: string, extension: string) => Parsed
}

/** The text as the language sees it: line ends are LF even inside a template. */
export const withoutReturns = (text: string): string =>
  text.charCodeAt(0) === 0xfeff
    ? withoutReturns(text.slice(1))
    : text.includes('\r')
      ? text.replace(/\r\n?/g, '\n')
      : text

export function summarise(input: SummariseInput): ModuleSummary {
  const text = withoutReturns(input.text)
  const { program, commonjs, error } = (input.parse ?? parseSource)(text, input.extension)
  if (error) {
    return opaque(text, { code: 'parse-error', what: error.message, start: error.start, end: error.end })
  }
  return new Summariser(text, program, commonjs, input.wrappers, /^\.?[cm]?tsx?$/.test(input.extension)).summary()
}

/** What stands for a file that could not be understood. */
export function opaque(text: string, finding: Finding): ModuleSummary {
  return {
    requests: [],
    definitions: [],
    exports: {},
    names: {},
    stars: [],
    uses: [],
    classes: [],
    shared: [],
    layout: { style: 'unknown', statements: [], head: 0 },
    candidates: [],
    wrappers: {},
    commonjs: false,
    findings: [finding],
    opaque: digestOf(text),
  }
}

class Summariser {
  readonly #text: string
  readonly #program: Node
  readonly #commonjs: boolean
  readonly #scopes: Scopes
  readonly #outline: ReturnType<typeof outline>
  readonly #wrappers: ReturnType<typeof findWrappers>
  readonly #requests: Request[]
  readonly #isTyped: boolean
  readonly #dynamic = new Map<string, number>()
  readonly #uses = new Map<Node, readonly string[]>()
  /** What members of classes do with `this`. */
  readonly #members = new Map<Plan, readonly ReceiverUse[]>()
  readonly #known: ReadonlyMap<string, WrapperKind | undefined> | undefined
  readonly #pragmas: readonly string[]
  readonly #factories: readonly Node[]

  constructor(
    text: string,
    program: Node,
    commonjs: boolean,
    known: ReadonlyMap<string, WrapperKind | undefined> | undefined,
    isTyped: boolean,
  ) {
    this.#isTyped = isTyped
    this.#text = text
    this.#program = program
    this.#commonjs = commonjs
    this.#known = known
    this.#scopes = resolveScopes(program, commonjs)
    this.#outline = outline(program, this.#scopes, commonjs)
    this.#requests = this.#outline.requests
    this.#wrappers = findWrappers(this.#scopes, program, (variable) => this.#outline.imports.get(variable), known)
    this.#pragmas = pragmasOf(text)
    this.#factories = this.#factoryNames()
  }

  summary(): ModuleSummary {
    const { plans, exports, names, stars } = this.#outline
    const definitions: Definition[] = plans.map((plan) => this.#define(plan))
    const view = this.#view(() => {})
    const input = {
      view,
      program: this.#program,
      plans,
      definitions,
      add: (definition: Definition) => definitions.push(definition) - 1,
      write: (ranges: readonly Node[]) => new Writer(view, ranges, this.#pragmas),
      finish: (writer: Writer, plan: Parameters<UseInput['finish']>[1]) => this.#finish(writer, plan),
    }
    const inner = this.#innerClasses(input)
    const nested = new Map([...inner].map(([node, { def }]) => [node, def]))
    const uses = [...this.#uses].map(([node, label]) => describeUse({ ...input, node, label, nested }))
    const wrappers = this.#ownWrappers()
    const instances = this.#wrappers.instances.map((node) => describeInstance({ ...input, node, label: [], nested }))
    return {
      definitions,
      exports,
      names,
      stars,
      uses,
      classes: [...this.#classes(view), ...inner.values()],
      shared: instances.flatMap(({ shared }) => shared),
      layout: layoutOf(this.#program, this.#commonjs),
      candidates: this.#wrappers.candidates,
      wrappers,
      commonjs: this.#commonjs,
      findings: instances.flatMap(({ findings }) => findings),
      opaque: undefined,
      // Last: what was written above adds some.
      requests: this.#markElidable(definitions),
    }
  }

  /** The classes that stand at the top, by themselves or as the value of a constant. */
  #classes(view: ModuleView): ClassSource[] {
    return this.#outline.plans.flatMap((plan, def) => {
      const node = classOf(plan)
      const uses = this.#members.get(plan)
      if (!node || !uses) return []
      const input = { view, write: (ranges: readonly Node[]) => new Writer(view, ranges, this.#pragmas) }
      return { ...placeOf(node, plan.name, view), def, receiver: receiverOfClass(input, uses, node), captures: [] }
    })
  }

  /** Those that stand in functions, and in other values. */
  #innerClasses(input: Omit<UseInput, 'node' | 'label' | 'nested'>): Map<Node, ClassSource> {
    const top = new Set(this.#outline.plans.map(classOf))
    const found = new Map<Node, ClassSource>()
    for (const node of this.#wrappers.classes) {
      const described = top.has(node) ? undefined : describeClass({ ...input, node, label: [] })
      if (described) found.set(node, { ...placeOf(node, 'class', input.view), ...described })
    }
    return found
  }

  /** Instances and wrappers by their names in the module; `default` where the default export has none. */
  #ownWrappers(): Record<string, WrapperKind> {
    const { plans, targets, exports } = this.#outline
    const wrappers: Record<string, WrapperKind> = Object.create(null)
    for (const variable of targets.keys()) {
      const kind = this.#scopes.isModuleLevel(variable) ? this.#wrappers.kindOf(variable) : undefined
      if (kind) wrappers[variable.name] = kind
    }
    const fallback = Object.hasOwn(exports, 'default') ? exports.default! : undefined
    const anonymous = fallback && 'def' in fallback ? plans[fallback.def] : undefined
    if (anonymous?.kind === 'value' && !anonymous.declaration) {
      const kind = this.#wrappers.kindOfValue(anonymous.nodes[0]!)
      if (kind) wrappers.default = kind
    }
    return wrappers
  }

  /** Imports that stand in the text for types alone, whether or not they say so. */
  #markElidable(definitions: readonly Definition[]): readonly Request[] {
    if (!this.#isTyped) return this.#requests
    const { exports, stars, imports } = this.#outline
    const used = new Set(stars)
    for (const to of Object.values(exports)) if ('request' in to) used.add(to.request)
    for (const { slots } of definitions) {
      for (const { to, use } of slots) if ('request' in to && (use & Use.declared) === 0) used.add(to.request)
    }
    const binding = new Set([...imports.values()].map(({ request }) => request))
    return this.#requests.map((request, index) =>
      request.kind === 'import' && binding.has(index) && !used.has(index) ? { ...request, elidable: true } : request,
    )
  }

  #view(found: ModuleView['found']): ModuleView {
    return {
      text: this.#text,
      scopes: this.#scopes,
      sloppy: this.#commonjs,
      targetOf: (variable) => this.#outline.targets.get(variable),
      importOf: (variable) => this.#outline.imports.get(variable),
      isWrapper: (callee) => this.#wrappers.isWrapper(callee),
      isDefaultWrapper: this.#known?.get('default') === 'wrapper',
      request: (specifier, kind, at) => this.#request(specifier, kind, at),
      factories: this.#factories,
      found,
    }
  }

  #request(specifier: string, kind: Request['kind'], at: number): number {
    const key = `${kind} ${specifier}`
    let index = this.#dynamic.get(key)
    if (index === undefined) {
      index = this.#requests.push({ specifier, kind, bare: false, at }) - 1
      this.#dynamic.set(key, index)
    }
    return index
  }

  #define(plan: Plan): Definition {
    const writer = new Writer(
      this.#view((call, label) => this.#uses.set(call, label)),
      plan.nodes,
      this.#pragmas,
    )
    if (classOf(plan)) writer.members = { uses: [] }
    try {
      this.#encode(plan, writer)
      if (writer.members) this.#members.set(plan, writer.memberUses())
    } catch (error) {
      if (!(error instanceof UnknownSyntax)) throw error
      return this.#raw(plan, error.node, error.message)
    }
    if (writer.raw) return this.#raw(plan, undefined, '', writer.findings)
    return this.#finish(writer, plan)
  }

  #encode(plan: Plan, writer: Writer): void {
    const walk = new Encoder(writer)
    const { stream } = writer
    for (const directive of this.#outline.directives) stream.put(`Directive ${quoted(directive)}`)
    for (const node of plan.nodes) {
      switch (plan.kind) {
        case 'value':
        case 'pattern':
          this.#value(plan, node, writer, walk)
          break
        case 'function':
        case 'class':
          if (node.type === 'TSModuleDeclaration') walk.declaration(node)
          else {
            const name = (node.id?.name ?? plan.name) as string
            stream.open('Value')
            walk.named(name, () =>
              plan.kind === 'class' ? walk.classCode(node, name) : walk.fn(node, { name, constructable: true }),
            )
            stream.close()
          }
          break
        case 'enum':
        case 'namespace':
          walk.declaration(node)
          break
        case 'statement':
          writer.statement = true
          stream.open('Statement')
          if (node.type === 'TSImportEqualsDeclaration') walk.declaration(node)
          else walk.statements([node], false)
          stream.close()
      }
    }
  }

  #value(plan: Plan, node: Node, writer: Writer, walk: Encoder): void {
    const { stream } = writer
    if (!plan.declaration) {
      stream.open('Value')
      const inner = erased(node)
      walk.named(plan.name, () => walk.value(inner, plan.name, plain))
      return stream.close()
    }
    const pattern = node.id as Node
    const rewritten = variablesOf(pattern, this.#scopes.of).some((variable) =>
      variable.references.some((reference) => reference.isWrite() && !reference.init),
    )
    stream.open(plan.kind === 'value' ? 'Value' : 'Pattern')
    const kind = plan.declaration.kind as string
    if (kind !== 'const' && (kind !== 'let' || rewritten)) stream.put(`${kind};`)
    if (plan.kind === 'pattern') walk.pattern(pattern, 'declare')
    const name = plan.kind === 'value' ? plan.name : undefined
    walk.initialised(node, name)
    stream.close()
  }

  #finish(writer: Writer, plan: Pick<Plan, 'kind' | 'name' | 'nodes'> & { readonly cached?: boolean }): Definition {
    writer.settle()
    const [first] = plan.nodes
    const code = codeOf(plan)
    const given = code?.type === 'CallExpression' ? (code.arguments as Node[])[0] : undefined
    // Asked as the encoder asks: each question leaves a candidate behind.
    const isCached =
      given !== undefined && given.type !== 'SpreadElement' && this.#wrappers.isWrapper(erased(code!.callee))
    const { mutates, deepens, passes } = writer.parameters(
      code && isFunctionNode(code)
        ? (code.params as Node[]).map((parameter) => variablesOf(parameter, this.#scopes.of))
        : [],
    )
    const shape = isCached ? 'cached' : shapeOf(plan, code, this.#scopes)
    const maker = code?.type === 'NewExpression' ? erased((code as unknown as { callee: Node }).callee) : undefined
    const variable = maker?.type === 'Identifier' ? this.#scopes.of(maker) : undefined
    const made = variable && this.#outline.targets.get(variable)
    const text = plan.nodes.map((node) => this.#text.slice(node.start, node.end)).join('\n')
    return {
      name: plan.name,
      kind: plan.cached ? 'cached' : plan.kind === 'pattern' ? 'value' : plan.kind,
      start: first!.start,
      end: plan.nodes.at(-1)!.end,
      digest: digestOf(writer.stream.toString()),
      names: digestOf(writer.names.join('')),
      kinds: digestOf(writer.kinds.join('')),
      text: digestOf(text),
      slots: writer.slots,
      observes: writer.observes,
      runs: writer.runs || plan.kind === 'statement',
      // A cached function is a function: to call it changes nothing about it.
      shape,
      dynamic:
        shape === 'unknown' &&
        code !== undefined &&
        !isFound(
          code,
          this.#view(() => {}),
        ),
      usesThis: writer.root !== undefined && !writer.root.arrow && writer.root.usesThis,
      globals: [...writer.globals].sort(),
      globalWrites: [...writer.globalWrites].sort(([a], [b]) => (a < b ? -1 : 1)),
      mutates,
      deepens,
      passes,
      calm: calmMembers(code),
      ...(made && { made }),
      env: writer.env,
      findings: writer.findings,
    }
  }

  /** The text stands for the code, and every name of the module for what it may mean. */
  #raw(plan: Plan, node: Node | undefined, what: string, found: readonly Finding[] = []): Definition {
    const writer = new Writer(
      this.#view(() => {}),
      plan.nodes,
      this.#pragmas,
    )
    writer.stream.put(
      `Raw ${quoted(node ? this.#text.slice(plan.nodes[0]!.start, plan.nodes.at(-1)!.end) : this.#text)}`,
    )
    for (const [variable, target] of this.#outline.targets) {
      if (!this.#scopes.isModuleLevel(variable)) continue
      const all = plain.use | 1 | 4 | 8
      if ('def' in target && this.#outline.plans[target.def] === plan) continue
      writer.slot(target, plan.nodes[0]!.start, { use: all })
    }
    writer.findings.push(...found)
    if (node) writer.finding('unknown-syntax', what, node)
    writer.runs = plan.kind !== 'function'
    return { ...this.#finish(writer, plan), observes: 3 }
  }

  /** Names that JSX is compiled to calls of, where the module has them. */
  #factoryNames(): Node[] {
    if (!/<[A-Za-z>]/.test(this.#text)) return []
    const names = new Set(['React'])
    for (const pragma of this.#pragmas) {
      const [kind, value] = pragma.split(' ')
      if (kind === '@jsx' || kind === '@jsxFrag') names.add(value!.split('.')[0]!)
    }
    return [...names].flatMap((name) => {
      const variable = this.#scopes.module.set.get(name)
      return variable?.identifiers[0] ? [variable.identifiers[0] as unknown as Node] : []
    })
  }
}

/** The comments that decide what JSX means. */
function pragmasOf(text: string): string[] {
  if (!text.includes('@jsx')) return []
  const found: string[] = []
  for (const [comment] of text.matchAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g)) {
    for (const [, name, value] of comment.matchAll(/@(jsx|jsxFrag|jsxImportSource|jsxRuntime)\s+([^\s*]+)/g)) {
      found.push(`@${name} ${value}`)
    }
  }
  return [...new Set(found)].sort()
}

/** The class that a definition is. */
function classOf(plan: Plan): Node | undefined {
  const node = plan.nodes.length === 1 ? codeOf(plan) : undefined
  return node && /^Class(?:Declaration|Expression)$/.test(node.type) ? node : undefined
}

/** What a stamp needs to know of a class besides its code. */
function placeOf(node: Node, name: string, view: ModuleView): Omit<ClassSource, 'def' | 'receiver' | 'captures'> {
  const decorated = (node.decorators ?? []).length > 0
  return {
    name: (node.id?.name ?? name) as string,
    body: node.body.start + 1,
    behind: decorated && node.type === 'ClassDeclaration' && node.id ? node.end : undefined,
    runs: Boolean(node.superClass) || (node.body.body as Node[]).some(isRunning),
    hook: hasCacheKey(node),
    seesProcess: seesProcess(view, node.body.start + 1),
    given: givenBy(node),
  }
}

/** A member that can be called, or that a read of it runs; what a constructor or a field makes may be one. */
const isRunning = ({ type, kind, value }: Node): boolean => {
  if (type === 'MethodDefinition') return kind !== 'constructor' || value.body?.body.length > 0
  return Boolean(value) && erased(value).type !== 'Literal'
}

const isFunctionNode = (node: Node) =>
  node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'

/** The function, class or value that a definition is. */
function codeOf({ kind, nodes }: Pick<Plan, 'kind' | 'nodes'>): Node | undefined {
  const [node] = nodes
  if (kind === 'statement' || kind === 'pattern' || !node) return undefined
  if (node.type === 'VariableDeclarator') return node.init ? erased(node.init) : undefined
  return erased(node)
}

function shapeOf(plan: Pick<Plan, 'kind'>, code: Node | undefined, scopes: Scopes): Definition['shape'] {
  if (plan.kind === 'enum' || plan.kind === 'namespace') return 'object'
  if (!code) return 'unknown'
  switch (code.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return 'function'
    case 'ClassDeclaration':
    case 'ClassExpression':
      return 'class'
    case 'ArrayExpression':
      return 'array'
    case 'ObjectExpression':
      return 'object'
    case 'Literal':
      return code.regex ? 'unknown' : 'primitive'
    case 'TemplateLiteral':
      return 'primitive'
    case 'UnaryExpression':
      return 'primitive'
    case 'BinaryExpression':
      return code.operator === '+' ? 'unknown' : 'primitive'
    case 'Identifier':
      return isUndefined(code, scopes) ? 'primitive' : 'unknown'
    case 'NewExpression': {
      const { callee } = code as unknown as { callee: Node }
      if (callee.type !== 'Identifier' || scopes.of(callee)) return 'unknown'
      if (/^(?:Weak)?Map$/.test(callee.name)) return 'map'
      return /^(?:Weak)?Set$/.test(callee.name) ? 'set' : 'unknown'
    }
    default:
      return 'unknown'
  }
}
