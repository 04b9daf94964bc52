/** The code of a cached function on its own: what it captures of the functions around it, and what it does with `this`. */
import type { Finding } from './diagnostics.ts'
import { Encoder } from './encode.ts'
import { isMutator, isStaticMutator } from './knowledge.ts'
import { type Capture, type Definition, type Receiver, Use } from './model.ts'
import { isPure } from './normal.ts'
import type { Node } from './parse.ts'
import { hasCacheKey, receiverOf, shortest } from './receivers.ts'
import type { Variable } from './scopes.ts'
import { quoted } from './stream.ts'
import { UnknownSyntax } from './syntax.ts'
import { isFunction, type Owner, search, type UseInput } from './use-place.ts'
import { erased, staticKey } from './walk.ts'
import { plain, type Writer } from './writer.ts'

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
export function withHelpers(input: UseInput, nodes: readonly Node[], write: (writer: Writer) => void): Writer {
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

export function writeFunction(input: UseInput, given: Node, owner: Owner | undefined, label: string): Written {
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
    const { inherits, ...rest } = receiver
    const fields = inherits ? [[]] : [...rest.fields]
    if (fields.length > 0) captures.push({ name: 'this', paths: fields })
    receiver = { ...rest, fields: [] }
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
export function around({ node, plans }: UseInput, writer: Writer): void {
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
