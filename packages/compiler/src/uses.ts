/**
 * What the compiler knows of one use of `cached`: the function whose version it has, what it captures (R05), what it reads
 * and calls through `this` (R03, R04), and the source of its `key` (R07).
 */
import type { Finding } from './diagnostics.ts'
import { Encoder } from './encode.ts'
import { isFound } from './found.ts'
import { isMutator, isStaticMutator } from './knowledge.ts'
import {
  type CachedUse,
  type Capture,
  type ClassSource,
  type Definition,
  type ListedCode,
  type Receiver,
  type Target,
  Use,
} from './model.ts'
import { isPure, isUndefined } from './normal.ts'
import type { Plan } from './outline.ts'
import type { Node } from './parse.ts'
import { hasCacheKey, receiverOf, receiverOfClass, shortest } from './receivers.ts'
import type { Variable } from './scopes.ts'
import { quoted } from './stream.ts'
import { UnknownSyntax } from './syntax.ts'
import { erased, staticKey } from './walk.ts'
import { type ModuleView, plain, type Writer } from './writer.ts'

export interface UseInput {
  /** The call, or the decorator. */
  readonly node: Node
  /** The names around it. */
  readonly label: readonly string[]
  readonly view: ModuleView
  readonly program: Node
  readonly plans: readonly Plan[]
  readonly definitions: readonly Definition[]
  add(definition: Definition): number
  write(ranges: readonly Node[]): Writer
  finish(writer: Writer, plan: Pick<Plan, 'kind' | 'name' | 'nodes'> & { readonly cached?: boolean }): Definition
  /** The definitions of classes that stand in functions. */
  readonly nested: ReadonlyMap<Node, number>
}

const isFunction = (node: Node) =>
  /^(?:ArrowFunctionExpression|FunctionExpression|FunctionDeclaration)$/.test(node.type)

export function describeUse(input: UseInput): CachedUse {
  const decorated = input.node.type === 'Decorator'
  const method = decorated ? ownerOf(input) : undefined
  const options = optionsOf(input.node)
  const first = method ? (method.member.value as Node) : (input.node.arguments as Node[])[0]!
  const given = erased(first.type === 'SpreadElement' ? first.argument : first)
  const path = pathOf(input, given)
  const label = nameOf(options) ?? path
  const owner = method ?? classAround(input, input.node, given)
  const written = writeFunction(input, given, owner, label)
  const key = keyOf(input, options, label)
  const root = reference(input, given) ?? (key === undefined ? whole(input) : undefined)
  const ignored = ignoredNames(options)
  const kept = ({ what }: Finding) => !ignored.has(what)
  const { definition } = written
  // With a key of his own the user answers for what no key can be made of.
  const keyed = property(options, 'key') !== undefined
  const refused = new Set(written.findings.map(({ what }) => what))
  const pinned = property(options, 'version') !== undefined
  const dynamic = !method && (first.type === 'SpreadElement' || !isFound(given, input.view))
  return {
    label,
    path,
    form: decorated ? 'decorator' : 'call',
    root: root ?? { def: input.add({ ...definition, findings: definition.findings.filter(kept) }) },
    key,
    start: input.node.start,
    end: input.node.end,
    fn: method ? [method.member.start, method.member.end] : [given.start, given.end],
    owner: owner && (owner.definition ?? input.nested.get(owner.node)),
    captures: written.captures.filter(({ name }) => !ignored.has(name) && !(keyed && refused.has(name))),
    receiver: written.receiver,
    trailing: written.trailing,
    lexical: written.lexical,
    listed: [...keyCode(options, key, label), ...depsCode(input, options, label)],
    sequence: given.type === 'SequenceExpression',
    seesProcess: isProcess(input),
    dynamic,
    pinned,
    findings: dynamic ? (pinned ? [] : unfound(input, given)) : keyed ? [] : written.findings.filter(kept),
  }
}

/**
 * The options `key` and `deps` of an instance, which are those of whatever it caches, in whichever module. They get versions
 * where they are written; where options come from elsewhere nobody sees them here.
 */
export function describeInstance(input: UseInput): {
  readonly shared: readonly ListedCode[]
  readonly findings: readonly Finding[]
} {
  const [given] = input.node.arguments as Node[]
  if (!given) return { shared: [], findings: [] }
  const shared: ListedCode[] = []
  const findings: Finding[] = []
  for (const source of given.type === 'SpreadElement' ? [given.argument as Node] : optionSources(given, input)) {
    if (source.type !== 'ObjectExpression') {
      const text = input.view.text.slice(source.start, source.end).replace(/\s+/g, ' ')
      findings.push({ code: 'unstamped', what: `\`${text.slice(0, 60)}\``, start: source.start, end: source.end })
      continue
    }
    const label = 'createAutocache'
    for (const one of source.properties as Node[]) {
      const isKey = one.type === 'Property' && staticKey(one.key, one.computed) === 'key'
      if (!isKey || one.kind !== 'init') continue
      const def = keyOf(input, { ...source, properties: [one] }, label)
      const own = { ...source, properties: [one] }
      if (one.shorthand && def !== undefined) {
        const { start, end } = one
        shared.push({ label: `${label} key`, root: { def }, start, end, method: undefined, shorthand: 'key' })
      } else shared.push(...keyCode(own, def, label))
    }
    shared.push(...depsCode(input, source, label))
  }
  return { shared, findings }
}

/** The object literals that options are written in, and what is none. */
function optionSources(options: Node, input: UseInput, depth = 0): Node[] {
  const node = erased(options)
  switch (node.type) {
    case 'ObjectExpression':
      return [
        node,
        ...(node.properties as Node[]).flatMap((one) =>
          one.type === 'SpreadElement' ? optionSources(one.argument, input, depth) : [],
        ),
      ]
    case 'ConditionalExpression':
      return [...optionSources(node.consequent, input, depth), ...optionSources(node.alternate, input, depth)]
    case 'LogicalExpression':
      return [...optionSources(node.left, input, depth), ...optionSources(node.right, input, depth)]
    case 'Literal':
      return []
    case 'Identifier': {
      if (isUndefined(node, input.view.scopes)) return []
      const variable = input.view.scopes.of(node)
      const declared = variable?.defs[0]?.node as unknown as Node | undefined
      const isConstant =
        variable?.defs.length === 1 &&
        declared?.type === 'VariableDeclarator' &&
        declared.id.type === 'Identifier' &&
        declared.init &&
        !variable.references.some((one) => one.isWrite() && !one.init)
      return isConstant && depth < 8 ? optionSources(declared.init, input, depth + 1) : [node]
    }
    default:
      return [node]
  }
}

/** A class that stands in a function: its code, with what it reads of that function. Undefined where no stamp can say it. */
export function describeClass(
  input: Omit<UseInput, 'nested'>,
): Pick<ClassSource, 'def' | 'receiver' | 'captures'> | undefined {
  const { node } = input
  const writer = withHelpers({ ...input, nested: new Map() }, [node], (inner) => {
    inner.members = { uses: [] }
    new Encoder(inner).classCode(node, undefined)
  })
  const inside = node.body.start + 1
  const isSeen = [...writer.captures.keys()].every((one) => input.view.scopes.at(inside, one.name) === one)
  if (writer.raw || !isSeen || writer.frames[0]!.usesThis) return undefined
  const name = (node.id?.name ?? 'class') as string
  const uses = writer.members ? writer.memberUses() : []
  return {
    def: input.add({ ...input.finish(writer, { kind: 'class', name, nodes: [node], cached: true }), runs: false }),
    receiver: receiverOfClass(input, uses, node),
    captures: [...writer.captures].map(([variable, paths]) => ({ name: variable.name, paths: shortest(paths) })),
  }
}

/**
 * A function that is not shown has no version; a wrapper of the configuration caches what its
 * own callers give it, and it is there that it is shown.
 */
function unfound({ node, program, view }: UseInput, given: Node): Finding[] {
  const around = search(program, node)
  const isWrapped = around.some((each, index) => {
    if (!isFunction(each)) return false
    const parent = around[index - 1]
    const name = each.id ?? (parent?.type === 'VariableDeclarator' ? parent.id : undefined)
    return name ? view.isWrapper(name) : parent?.type === 'ExportDefaultDeclaration' && view.isDefaultWrapper
  })
  if (isWrapped) return []
  const text = view.text.slice(given.start, given.end).replace(/\s+/g, ' ')
  const what = text.length > 60 ? `${text.slice(0, 59)}…` : text
  return [{ code: 'dynamic-function', what: `\`${what}\``, start: given.start, end: given.end }]
}

/** `process` is the global here, or what Node exports under that name. */
function isProcess({ view, node }: UseInput): boolean {
  const variable = view.scopes.at(node.start, 'process')
  const origin = variable && view.importOf(variable)
  return !variable || (origin !== undefined && /^(?:node:)?process$/.test(origin.specifier) && origin.name !== 'env')
}

/** The options: the second argument of a call, the first of a decorator. */
function optionsOf(node: Node): Node | undefined {
  const inner = node.type === 'Decorator' ? erased(node.expression) : node
  const list = inner.type === 'CallExpression' ? (inner.arguments as Node[]) : []
  const found = node.type === 'Decorator' ? list[0] : list[1]
  return found && erased(found)
}

const propertyNode = (options: Node | undefined, name: string): Node | undefined =>
  (options?.type === 'ObjectExpression' ? (options.properties as Node[]) : []).find(
    (one) => one.type === 'Property' && staticKey(one.key, one.computed) === name,
  )

const property = (options: Node | undefined, name: string): Node | undefined => propertyNode(options, name)?.value

/** The option `name`, which is the label in the key, where it is a text. */
function nameOf(options: Node | undefined): string | undefined {
  const value = options && property(options, 'name')
  const name = value && erased(value)
  return name?.type === 'Literal' && typeof name.value === 'string' && name.value !== '' ? name.value : undefined
}

function pathOf({ label }: UseInput, code: Node): string {
  if (label.length > 0) return label.join('.')
  if (code.type === 'Identifier') return code.name
  return code.id?.name ?? 'anonymous'
}

interface Owner {
  readonly node: Node
  readonly member: Node
  /** The definition of the class, if it stands at the top of the module. */
  readonly definition: number | undefined
}

/** The method that a decorator stands on. */
function ownerOf(input: UseInput): Owner {
  const found = search(input.program, input.node)
  const index = found.findLastIndex((node) =>
    /^(?:MethodDefinition|PropertyDefinition|AccessorProperty)$/.test(node.type),
  )
  return ownerAt(input, found, index)
}

/** The class that `this` of a call of `cached` is about: of a field, or of a method around it, as far as arrows reach. */
function classAround(input: UseInput, node: Node, given: Node): Owner | undefined {
  const found = search(input.program, node)
  for (let index = found.length - 1; index > 0; index -= 1) {
    const inner = found[index]!
    if (inner.type === 'PropertyDefinition') return ownerAt(input, found, index)
    if (inner.type === 'MethodDefinition') {
      // A function of its own in a method is called on something else.
      return isFunction(given) && given.type !== 'ArrowFunctionExpression' ? undefined : ownerAt(input, found, index)
    }
    if (isFunction(inner) && inner.type !== 'ArrowFunctionExpression' && found[index - 1]?.type !== 'MethodDefinition')
      return undefined
  }
  return undefined
}

function ownerAt(input: UseInput, found: readonly Node[], index: number): Owner {
  const node = found[index - 2]!
  const definition = input.plans.findIndex(({ nodes }) =>
    nodes.some((one) => one === node || erased(one).init === node),
  )
  return { node, member: found[index]!, definition: definition < 0 ? undefined : definition }
}

/** The nodes from the root of a tree to one of its nodes. */
function search(root: Node, wanted: Node): Node[] {
  const path: Node[] = []
  const visit = (node: Node): boolean => {
    if (wanted.start < node.start || wanted.end > node.end) return false
    path.push(node)
    if (node === wanted) return true
    for (const field of Object.keys(node)) {
      const value: unknown = node[field]
      for (const child of Array.isArray(value) ? value : [value]) {
        if (child && typeof child === 'object' && typeof (child as Node).type === 'string' && visit(child as Node))
          return true
      }
    }
    path.pop()
    return false
  }
  // Decorators may stand before the node they belong to: positions do not nest there.
  return visit(root) ? path : exhaustive(root, wanted)
}

function exhaustive(root: Node, wanted: Node): Node[] {
  const path: Node[] = []
  const visit = (node: Node): boolean => {
    path.push(node)
    if (node === wanted) return true
    for (const field of Object.keys(node)) {
      const value: unknown = node[field]
      for (const child of Array.isArray(value) ? value : [value]) {
        if (child && typeof child === 'object' && typeof (child as Node).type === 'string' && visit(child as Node))
          return true
      }
    }
    path.pop()
    return false
  }
  visit(root)
  return path
}

/** `cached(fetchUser)` has the version of `fetchUser`. */
function reference({ view, node }: UseInput, code: Node): Target | undefined {
  if (node.type === 'Decorator' || code.type !== 'Identifier') return undefined
  const variable = view.scopes.of(code)
  return variable && view.targetOf(variable)
}

/** A definition that is the call and nothing else. */
function whole({ node, plans }: UseInput): Target | undefined {
  if (node.type === 'Decorator') return undefined
  const index = plans.findIndex(({ kind, nodes }) => {
    const [one] = nodes
    if (kind !== 'value' || nodes.length !== 1 || !one) return false
    const value = one.type === 'VariableDeclarator' ? (one.init as Node | null) : one
    return value !== null && erased(value) === node
  })
  return index < 0 ? undefined : { def: index }
}

/** The option `key` as code, wherever it comes from. */
function keyOf(input: UseInput, options: Node | undefined, label: string): number | undefined {
  const sources = options ? keySources(options, input) : []
  const [first] = sources
  if (!first) return undefined
  const writer = withHelpers(input, sources, (inner) => {
    const walk = new Encoder(inner)
    inner.stream.open('Key')
    for (const source of sources) walk.value(erased(source), undefined, plain)
    inner.stream.close()
  })
  return input.add({
    ...input.finish(writer, { kind: 'value', name: `${label} key`, nodes: [first], cached: true }),
    runs: false,
  })
}

/** The option `key`, where it is written out in the options. */
function keyCode(options: Node | undefined, key: number | undefined, label: string): ListedCode[] {
  const found = propertyNode(options, 'key')
  if (!found || key === undefined || found.shorthand || found.kind !== 'init') return []
  const { start, end } = found.method ? found : (found.value as Node)
  return [{ label: `${label} key`, root: { def: key }, start, end, method: found.method ? 'key' : undefined }]
}

/** The functions of a list given as `deps`, or of the list that a function given as `deps` returns. */
function depsCode(input: UseInput, options: Node | undefined, label: string): ListedCode[] {
  const given = property(options, 'deps')
  const deps = given && erased(given)
  const list = deps?.type === 'ArrowFunctionExpression' ? erased(deps.body) : deps
  if (list?.type !== 'ArrayExpression') return []
  return (list.elements as (Node | null)[]).flatMap((element) => {
    if (!element || element.type === 'SpreadElement') return []
    const code = erased(element)
    const variable = code.type === 'Identifier' ? input.view.scopes.of(code) : undefined
    const root = variable ? input.view.targetOf(variable) : isFunction(code) ? closed(input, code, label) : undefined
    if (!root) return []
    return [
      { label: variable?.name ?? `${label} dependency`, root, start: code.start, end: code.end, method: undefined },
    ]
  })
}

/** A function that captures nothing. */
function closed(input: UseInput, code: Node, label: string): Target | undefined {
  const writer = withHelpers(input, [code], (inner) => {
    inner.stream.open('Value')
    new Encoder(inner).fn(code, { constructable: code.type !== 'ArrowFunctionExpression' })
    inner.stream.close()
  })
  if (writer.captures.size > 0 || writer.root?.usesThis) return undefined
  const plan = { kind: 'value' as const, name: `${label} dependency`, nodes: [code], cached: true }
  return { def: input.add({ ...input.finish(writer, plan), runs: false }) }
}

/** What the option `key` may be: its value, or the whole of options that this file does not show. */
function keySources(options: Node, input: UseInput, depth = 0): Node[] {
  const { view, program } = input
  const node = erased(options)
  switch (node.type) {
    case 'ObjectExpression':
      return (node.properties as Node[]).flatMap((one) => {
        if (one.type === 'SpreadElement') return keySources(one.argument, input, depth)
        const name = staticKey(one.key, one.computed)
        return name === undefined ? [one.key, one.value] : name === 'key' ? [one.value] : []
      })
    case 'ConditionalExpression':
      return [...keySources(node.consequent, input, depth), ...keySources(node.alternate, input, depth)]
    case 'LogicalExpression':
      return [...keySources(node.left, input, depth), ...keySources(node.right, input, depth)]
    case 'Literal':
      return []
    case 'Identifier': {
      if (isUndefined(node, view.scopes)) return []
      const variable = view.scopes.of(node)
      const declared = variable?.defs[0]?.node as unknown as Node | undefined
      const init = declared?.type === 'VariableDeclarator' && declared.id.type === 'Identifier' && declared.init
      const constant =
        variable?.defs.length === 1 && init && !variable.references.some((one) => one.isWrite() && !one.init)
      // An object that is only ever handed on as options stays what it is written as.
      const kept =
        constant &&
        erased(init).type === 'ObjectExpression' &&
        depth < 8 &&
        variable.references.every((one) => {
          if (one.init) return true
          const around = search(program, one.identifier as unknown as Node).at(-2)
          return around?.type === 'SpreadElement' || around?.type === 'ExportSpecifier' || isOptions(around, view)
        })
      if (kept) return keySources(init, input, depth + 1)
      return [node]
    }
    default:
      return [node]
  }
}

/** A call of a wrapper, or of a decorator that is one. */
const isOptions = (call: Node | undefined, view: ModuleView) =>
  call?.type === 'CallExpression' && view.isWrapper(call.callee)

interface Written {
  readonly definition: Definition
  readonly captures: readonly Capture[]
  readonly receiver: Receiver
  readonly trailing: 'drop' | 'keep'
  readonly lexical: boolean
  readonly findings: readonly Finding[]
}

/**
 * Writes code on its own. What it uses of the functions around it is captured; where that is code and no state, it is
 * written behind it instead.
 */
function withHelpers(input: UseInput, nodes: readonly Node[], write: (writer: Writer) => void): Writer {
  const helpers: Node[] = []
  for (;;) {
    const writer = input.write([...nodes, ...helpers])
    try {
      write(writer)
      for (const helper of helpers) {
        writer.stream.open('Helper')
        new Encoder(writer).statements([helper], false)
        writer.stream.close()
      }
    } catch (error) {
      if (!(error instanceof UnknownSyntax)) throw error
      writer.finding('unknown-syntax', error.message, error.node)
      writer.raw = true
    }
    if (writer.raw) {
      // No name is safe from it: the whole module stands for the code.
      writer.stream.put(`Raw ${quoted(writer.module.text)}`)
      const all = Use.value | Use.call | Use.method | Use.argument
      for (const def of input.plans.keys()) writer.slot({ def }, nodes[0]!.start, { use: all })
      return writer
    }
    const more = [...writer.captures.keys()].flatMap((variable) => staticCode(variable, input) ?? [])
    if (more.length === 0) return writer
    helpers.push(...more)
  }
}

/** `h.rate = 2`, `A.prototype.find = ...`: a function or class that holds state is no code alone. */
function changesMember(program: Node, identifier: Node): boolean {
  const path = search(program, identifier)
  let at = path.length - 1
  while (at > 0 && path[at - 1]!.type === 'MemberExpression' && path[at - 1]!.object === path[at]) at -= 1
  const [node, around] = [path[at]!, path[at - 1]]
  if (!around) return false
  if (around.type === 'CallExpression' && around.arguments.includes(node)) {
    const callee = erased(around.callee)
    return (
      callee.type === 'MemberExpression' &&
      isStaticMutator(callee.object.name ?? '', staticKey(callee.property, callee.computed) ?? '')
    )
  }
  if (at === path.length - 1) return false
  if (around.type === 'UpdateExpression') return true
  if (around.type === 'AssignmentExpression') return around.left === node
  if (around.type === 'UnaryExpression') return around.operator === 'delete'
  if (around.type !== 'CallExpression' || around.callee !== node) return false
  return isMutator(staticKey(node.property, node.computed) ?? '')
}

const isParameter = (variable: Variable) => variable.defs[0]?.type === ('Parameter' as never)

/** The declaration of a captured variable that is code and no state: a function, a class, a literal. */
function staticCode(variable: Variable, { view, program }: UseInput): Node | undefined {
  const [definition] = variable.defs
  const node = definition?.node as unknown as Node | undefined
  // Of a parameter it is the function that it belongs to.
  if (!node || variable.defs.length !== 1 || isParameter(variable)) return undefined
  if (
    variable.references.some(
      (use) => (use.isWrite() && !use.init) || changesMember(program, use.identifier as unknown as Node),
    )
  )
    return undefined
  if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') return node
  if (node.type !== 'VariableDeclarator' || node.id.type !== 'Identifier' || !node.init) return undefined
  const init = erased(node.init)
  const [wrapped] = init.type === 'CallExpression' && view.isWrapper(init.callee) ? (init.arguments as Node[]) : []
  const code = wrapped ? erased(wrapped) : init
  if (!isFunction(code) && !(code.type === 'Literal' && isPure(code, view.scopes))) return undefined
  return { ...(definition!.parent as unknown as Node), start: node.start, end: node.end, declarations: [node] }
}

/** The function that a name stands for in this file. */
function declaredFunction({ view }: UseInput, code: Node): Node | undefined {
  const variable = code.type === 'Identifier' ? view.scopes.of(code) : undefined
  const node = variable?.defs[0]?.node as unknown as Node | undefined
  if (
    !node ||
    isParameter(variable!) ||
    variable!.defs.length !== 1 ||
    variable!.references.some((one) => one.isWrite() && !one.init)
  )
    return undefined
  if (node.type === 'FunctionDeclaration') return node
  const init =
    node.type === 'VariableDeclarator' && node.id.type === 'Identifier' && node.init ? erased(node.init) : undefined
  return init && isFunction(init) ? init : undefined
}

function writeFunction(input: UseInput, given: Node, owner: Owner | undefined, label: string): Written {
  const fn = isFunction(given) ? given : declaredFunction(input, given)
  const nested = owner && owner.definition === undefined ? [owner.node] : []
  let receiver: Receiver = { fields: [], calls: [] }
  let all = false
  const writer = withHelpers(input, [given, ...(fn && fn !== given ? [fn] : []), ...nested], (inner) => {
    const walk = new Encoder(inner)
    inner.receiver = { uses: [] }
    // What is no function is evaluated where it stands: `this` is that of the place.
    if (!fn) inner.receiverFrame = inner.frames[0]
    inner.stream.open('Value')
    if (fn) walk.fn(fn, { constructable: fn.type !== 'ArrowFunctionExpression' && input.node.type !== 'Decorator' })
    else walk.value(given, undefined, plain)
    inner.stream.close()
    const place = owner && { node: owner.node, isStatic: Boolean(owner.member.static) }
    ;({ receiver, whole: all } = receiverOf(input, inner.receiverUses(), place))
    inner.receiver = undefined
    if (owner) beside(input, inner, walk, owner, receiver)
    else if (receiver.calls.some(({ path }) => path.length === 0)) around(input, inner)
  })
  const place = (fn ?? given).start
  for (const { path, type } of receiver.calls) {
    if (!type) continue
    writer.stream.put(`Receiver ${path.map(quoted).join('')}`)
    writer.slot(type, place, { use: Use.declared })
  }
  made(input, writer, owner, receiver, place)
  const captures = [...writer.captures].map(([variable, paths]) => ({ name: variable.name, paths: shortest(paths) }))
  // `this` of an arrow, or of an expression, is that of the place: it is captured, whoever the call is made on.
  const lexical = fn
    ? fn.type === 'ArrowFunctionExpression' && writer.root?.usesThis === true
    : writer.frames[0]!.usesThis
  if (lexical) {
    if (receiver.fields.length > 0) captures.push({ name: 'this', paths: [...receiver.fields] })
    receiver = { ...receiver, fields: [] }
  }
  if (lexical && writer.root?.usesArguments) captures.push({ name: 'arguments', paths: [[]] })
  const findings = [...uncapturable(writer), ...hidden(input, writer)]
  // No reader can be made of it inside of the class.
  if (input.node.type === 'Decorator' && owner?.definition === undefined) {
    const closed = receiver.calls.find(({ path }) => path.some((name) => name.startsWith('#')))
    if (closed)
      findings.push({ code: 'uncapturable', what: `this.${closed.path.join('.')}`, start: given.start, end: given.end })
  }
  const at = { start: given.start, end: given.end }
  if (fn && fn !== given && lexical) {
    // It is the `this` of where the function stands, and not of where it is cached.
    findings.push({ code: 'uncapturable', what: 'this', ...at })
  }
  if (!fn && (lexical || writer.captures.size > 0)) {
    const what = input.view.text.slice(given.start, given.end)
    if (!findings.some((one) => one.what === what)) findings.push({ code: 'uncapturable', what, ...at })
  } else if (all && owner && !owner.node.superClass && !hasCacheKey(owner.node)) {
    findings.push({ code: 'uncapturable', what: 'this', ...at })
  }
  const keeps =
    !fn ||
    writer.root?.usesArguments === true ||
    (fn.params as Node[]).some((parameter) => parameter.type === 'RestElement')
  return {
    // It runs when it is called.
    definition: { ...input.finish(writer, { kind: 'value', name: label, nodes: [given], cached: true }), runs: false },
    captures,
    receiver,
    trailing: keeps ? 'keep' : 'drop',
    lexical,
    findings,
  }
}

/** A function of an object calls its neighbours through `this`: what defines the object is part of it. */
function around({ node, plans }: UseInput, writer: Writer): void {
  const def = plans.findIndex(({ nodes }) => nodes.some((one) => node.start >= one.start && node.end <= one.end))
  if (def < 0) return
  writer.stream.put('Around ')
  writer.slot({ def }, node.start, { use: Use.declared })
}

/** What stands beside a member and is part of what it does: decorators that are applied before, the class. */
function beside(input: UseInput, writer: Writer, walk: Encoder, owner: Owner, receiver: Receiver): void {
  const decorators = input.node.type === 'Decorator' ? ((owner.member.decorators ?? []) as Node[]) : []
  const below = decorators.slice(decorators.indexOf(input.node) + 1)
  if (below.length > 0) {
    writer.slot({ option: 'decorators' }, owner.member.start, plain)
    for (const decorator of below) walk.decorator(decorator)
  }
  if (!writer.needsOwner && !receiver.calls.some(({ path }) => path.length === 0)) return
  writer.stream.put('Owner ')
  if (owner.definition !== undefined) writer.slot({ def: owner.definition }, owner.member.start, { use: Use.declared })
  else walk.classCode(owner.node, undefined)
}

/** `repo = new Repository('users')`: what a field that is called through is made of is code of the class. */
function made(input: UseInput, writer: Writer, owner: Owner | undefined, receiver: Receiver, place: number): void {
  for (const { path } of receiver.calls) {
    const field = (owner?.node.body.body as Node[] | undefined)?.find(
      (member) => path.length > 0 && member.type === 'PropertyDefinition' && fieldName(member) === path[0],
    )
    if (!field?.value) continue
    const inner = input.write([field.value])
    inner.stream.open('Made')
    new Encoder(inner).value(erased(field.value), undefined, plain)
    inner.stream.close()
    const plan = { kind: 'value' as const, name: path[0]!, nodes: [field.value as Node], cached: true }
    writer.stream.put(`Made ${quoted(path[0]!)}`)
    writer.slot({ def: input.add({ ...input.finish(inner, plan), runs: false }) }, place, { use: Use.declared })
  }
}

const fieldName = ({ key, computed }: Node): string | undefined =>
  key.type === 'PrivateIdentifier' ? `#${key.name}` : staticKey(key, computed)

/** Captures that no key can stand for, as far as the code shows (R05). */
function uncapturable({ captures, called, receivers }: Writer): Finding[] {
  return [...captures.keys()].flatMap((variable) => {
    const node = variable.defs[0]?.node as unknown as Node | undefined
    const init = node?.type === 'VariableDeclarator' && node.init ? erased(node.init) : undefined
    const instance = init?.type === 'NewExpression' && !keyable.test(init.callee.name ?? '')
    if (!instance && !called.has(variable) && !(receivers.has(variable) && isNamedType(node, variable))) return []
    const [start, end] = (variable.identifiers[0] as unknown as Node).range as [number, number]
    return [{ code: 'uncapturable' as const, what: variable.name, start, end }]
  })
}

/** Captures that are read where another variable has their name: no thunk beside the use can reach them. */
function hidden({ view, node }: UseInput, { captures }: Writer): Finding[] {
  return [...captures.keys()].flatMap((variable) => {
    if (view.scopes.at(node.start, variable.name) === variable) return []
    const [start, end] = (variable.identifiers[0] as unknown as Node).range as [number, number]
    return [{ code: 'uncapturable' as const, what: variable.name, start, end }]
  })
}

/** A parameter of a declared type that is neither data of the language nor a list: what is called on it is code of that. */
function isNamedType(node: Node | undefined, variable: Variable): boolean {
  if (variable.defs[0]?.type !== ('Parameter' as never) || node === undefined) return false
  const { typeAnnotation } = (variable.identifiers[0] as unknown as Node).typeAnnotation ?? {}
  const name = typeAnnotation?.type === 'TSTypeReference' ? typeAnnotation.typeName : undefined
  return (
    name?.type === 'Identifier' && !keyable.test(name.name) && !/^(?:Readonly|Record|Partial|Pick|Omit)/.test(name.name)
  )
}

const keyable =
  /^(?:Map|Set|Date|URL|URLSearchParams|Headers|RegExp|Array|Object|(?:Big)?U?[Ii]nt\d+(?:Clamped)?Array|Float\d+Array)$/

/** `deps: { ignore: ['logger'] }` */
function ignoredNames(options: Node | undefined): Set<string> {
  const deps = property(options, 'deps')
  const list = deps?.type === 'ObjectExpression' ? property(deps, 'ignore') : undefined
  if (list?.type !== 'ArrayExpression') return new Set()
  return new Set((list.elements as Node[]).flatMap((one) => (one?.type === 'Literal' ? [String(one.value)] : [])))
}
