/** Statements and declarations, after `normal.ts` gave them their canonical form. */
import { environmentInitialiser } from './environment.ts'
import { Use } from './model.ts'
import { isUndefined, positive } from './normal.ts'
import type { Node } from './parse.ts'
import type { Variable } from './scopes.ts'
import { quoted } from './stream.ts'
import { assertKnown, UnknownSyntax } from './syntax.ts'
import { erased, staticKey, variablesOf, type Walk } from './walk.ts'
import { type Context, flowTo, plain } from './writer.ts'

interface StatementWalk extends Walk {
  value(node: Node, name: string | undefined, context: Context): void
  target(node: Node, once: boolean): void
}

export function statement(walk: StatementWalk, node: Node, returnsAwait: boolean): void {
  const { writer } = walk
  const { stream } = writer
  if (node.type[0] !== '$') assertKnown(node)
  const block = (list: readonly Node[]) => {
    stream.open('List')
    walk.statements(list, false, returnsAwait)
    stream.close()
  }
  switch (node.type) {
    case '$If':
      stream.open('If')
      walk.expression(node.test, { use: Use.value })
      for (const list of [node.yes, node.no] as Node[][]) {
        stream.open('List')
        // The lists are in canonical form already.
        for (const inner of list) statement(walk, inner, returnsAwait)
        stream.close()
      }
      return stream.close()
    case 'BlockStatement':
      return block(node.body)
    case 'ExpressionStatement':
      if (node.directive) return stream.put(`Directive ${quoted(node.directive)}`)
      stream.open('Do')
      walk.expression(node.expression, { use: Use.value })
      return stream.close()
    case 'ReturnStatement':
      if (node.argument === null) return stream.put('Return;')
      stream.open('Return')
      if (!returnsAwait && isUndefined(node.argument, writer.module.scopes)) stream.put('Undefined;')
      else walk.value(node.argument, undefined, plain)
      return stream.close()
    case 'ThrowStatement':
      stream.open('Throw')
      walk.expression(node.argument, plain)
      return stream.close()
    case 'VariableDeclaration':
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
    case 'TSEnumDeclaration':
    case 'TSModuleDeclaration':
      return declaration(walk, node)
    case 'ForStatement':
      return loop(walk, node, block)
    case 'ForInStatement':
    case 'ForOfStatement':
      return iteration(walk, node, block)
    case 'DoWhileStatement':
      stream.open('DoWhile')
      block([node.body])
      walk.expression(node.test, { use: Use.value })
      return stream.close()
    case 'SwitchStatement':
      return switched(walk, node, returnsAwait)
    case 'LabeledStatement':
      writer.labels.push(node.label.name)
      stream.open('Label')
      block([node.body])
      stream.close()
      writer.labels.pop()
      return
    case 'BreakStatement':
    case 'ContinueStatement': {
      const name = node.label?.name as string | undefined
      // Counted from the outside in: a rename of the label changes nothing.
      const label = name === undefined ? '' : ` ${writer.labels.lastIndexOf(name)}`
      return stream.put(`${node.type === 'BreakStatement' ? 'Break' : 'Continue'}${label};`)
    }
    case 'TryStatement':
      return attempt(walk, node, block)
    default:
      throw new UnknownSyntax(node)
  }
}

type Block = (list: readonly Node[]) => void

function loop(walk: StatementWalk, node: Node, block: Block): void {
  const { stream } = walk.writer
  stream.open('For')
  if (!node.init) stream.put('None;')
  else if (node.init.type === 'VariableDeclaration') {
    assertKnown(node.init)
    for (const declarator of node.init.declarations) declaration(walk, { ...node.init, declarations: [declarator] })
  } else walk.expression(node.init, { use: Use.value })
  const test = node.test as Node | null
  if (!test || (test.type === 'Literal' && test.value === true)) stream.put('None;')
  else {
    const { test: inner, negated } = positive(test)
    stream.put(negated ? 'Not;' : '')
    walk.expression(inner, { use: Use.value })
  }
  if (node.update) walk.expression(node.update, { use: Use.value })
  else stream.put('None;')
  block([node.body])
  stream.close()
}

function iteration(walk: StatementWalk, node: Node, block: Block): void {
  const { stream, module } = walk.writer
  stream.open(`${node.type === 'ForInStatement' ? 'ForIn' : 'ForOf'}${node.await ? ' await' : ''}`)
  const left = node.left as Node
  const declared = left.type === 'VariableDeclaration'
  const pattern = (declared ? left.declarations[0].id : left) as Node
  if (declared) {
    assertKnown(left)
    stream.put(`${kindOf(walk, left, pattern)};`)
    walk.pattern(pattern, 'declare')
  } else walk.target(left, false)
  // What happens to an element happens to the list, as far as the versions are concerned.
  const flow = node.type === 'ForInStatement' ? [] : variablesOf(pattern, (inner) => module.scopes.of(inner))
  walk.expression(node.right, flow.length > 0 ? { ...plain, flow: flowTo(flow, true) } : plain)
  block([node.body])
  stream.close()
}

function switched(walk: StatementWalk, node: Node, returnsAwait: boolean): void {
  const { stream } = walk.writer
  stream.open('Switch')
  walk.expression(node.discriminant, { use: Use.value })
  for (const part of node.cases as Node[]) {
    assertKnown(part)
    stream.open(part.test ? 'Case' : 'DefaultCase')
    if (part.test) walk.expression(part.test, { use: Use.value })
    // One scope for all cases: a function is visible in those before its own.
    const list = part.consequent as Node[]
    if (list.some((inner) => inner.type === 'FunctionDeclaration')) {
      stream.put('Hoisting;')
      for (const inner of list) {
        if (inner.type === 'FunctionDeclaration') declaration(walk, inner)
        else walk.statements([inner], false, returnsAwait)
      }
    } else walk.statements(list, false, returnsAwait)
    stream.close()
  }
  stream.close()
}

function attempt(walk: StatementWalk, node: Node, block: Block): void {
  const { stream, module } = walk.writer
  stream.open('Try')
  block(node.block.body)
  const handler = node.handler as Node | null
  if (handler) {
    assertKnown(handler)
    const parameter = handler.param as Node | null
    const variable = parameter?.type === 'Identifier' ? module.scopes.of(parameter) : undefined
    stream.put('Catch;')
    if (!parameter || (variable && variable.references.length === 0)) stream.put('None;')
    else walk.pattern(parameter, 'declare')
    block(handler.body.body)
  }
  if (node.finalizer) {
    stream.put('Finally;')
    block(node.finalizer.body)
  }
  stream.close()
}

/** `let` that is never assigned again is `const`; `var` has another scope and no dead zone. */
function kindOf(walk: Walk, node: Node, pattern: Node): string {
  const kind = node.kind as string
  if (kind !== 'let') return kind
  const variables = variablesOf(pattern, (inner) => walk.writer.module.scopes.of(inner))
  const written = variables.some((variable) =>
    variable.references.some((reference) => reference.isWrite() && !reference.init),
  )
  return written || variables.length === 0 ? 'let' : 'const'
}

/** A declaration, at the top of a module or anywhere else. */
export function declaration(walk: StatementWalk, node: Node): void {
  const { stream, module } = walk.writer
  assertKnown(node)
  switch (node.type) {
    case 'VariableDeclaration':
      for (const declarator of node.declarations as Node[]) {
        assertKnown(declarator)
        const pattern = declarator.id as Node
        stream.open(kindOf(walk, node, pattern))
        declarator_(walk, declarator)
        stream.close()
      }
      return
    case 'FunctionDeclaration': {
      stream.open('Function')
      walk.pattern(node.id, 'declare')
      const name = node.id.name as string
      walk.named(name, () => walk.fn(node, { name, constructable: true }))
      return stream.close()
    }
    case 'ClassDeclaration':
      stream.open('Class')
      walk.pattern(node.id, 'declare')
      walk.named(node.id.name, () => walk.classCode(node, node.id.name))
      return stream.close()
    case 'TSEnumDeclaration':
      stream.open(`Enum${node.const ? ' const' : ''}`)
      walk.pattern(node.id, 'declare')
      members(walk, node)
      return stream.close()
    case 'TSModuleDeclaration':
      stream.open('Namespace')
      namespace(walk, node)
      return stream.close()
    case 'TSImportEqualsDeclaration':
      // Inside a namespace: another name for a member of one.
      stream.open('Alias')
      walk.pattern(node.id, 'declare')
      qualified(walk, node.moduleReference)
      return stream.close()
    default:
      throw new UnknownSyntax(node)
  }
  function declarator_(inner: StatementWalk, declarator: Node): void {
    const pattern = declarator.id as Node
    inner.pattern(pattern, 'declare')
    if (!declarator.init) return stream.put('None;')
    const name = pattern.type === 'Identifier' ? (pattern.name as string) : undefined
    const flow = variablesOf(pattern, (identifier) => module.scopes.of(identifier))
    inner.named(name, () => initialiser(inner, pattern, declarator.init, name, flow))
  }
}

/** The value of a declarator. `const { A } = process.env` reads one name of the environment. */
export function initialiser(
  walk: StatementWalk,
  pattern: Node,
  init: Node,
  name: string | undefined,
  flow: readonly Variable[],
): void {
  if (environmentInitialiser(walk.writer, pattern, init)) return
  if (walk.writer.receiver && erased(init).type === 'ThisExpression') walk.writer.selfNames = selfNames(walk, pattern)
  const part = pattern.type !== 'Identifier'
  walk.value(init, name, flow.length > 0 ? { ...plain, flow: flowTo(flow, part) } : plain)
}

/** `const self = this`, `const { repo } = this`: other names for `this` and what it holds, if they are never changed. */
function selfNames({ writer }: Walk, pattern: Node): ReadonlyMap<Variable, readonly string[]> | undefined {
  const { scopes, targetOf } = writer.module
  const names = new Map<Variable, readonly string[]>()
  const add = (identifier: Node, path: readonly string[]): boolean => {
    const variable = identifier.type === 'Identifier' ? scopes.of(identifier) : undefined
    if (!variable || targetOf(variable) || variable.defs.length !== 1) return false
    if (variable.references.some((reference) => reference.isWrite() && !reference.init)) return false
    names.set(variable, path)
    return true
  }
  if (pattern.type === 'Identifier') return add(pattern, []) ? names : undefined
  if (pattern.type !== 'ObjectPattern') return undefined
  for (const property of pattern.properties as Node[]) {
    const key = property.type === 'Property' ? staticKey(property.key, property.computed) : undefined
    if (key === undefined || !add(property.value, [key])) return undefined
  }
  return names
}

function members(walk: Walk, node: Node): void {
  const { stream } = walk.writer
  const list = (node.body?.members ?? node.members) as Node[]
  for (const member of list) {
    assertKnown(member)
    walk.key(member.id, member.computed)
    if (member.initializer) walk.expression(member.initializer, plain)
    else stream.put('Next;')
  }
}

function namespace(walk: StatementWalk, node: Node): void {
  const { stream } = walk.writer
  qualified(walk, node.id, true)
  const body = node.body as Node
  if (body.type === 'TSModuleDeclaration') return namespace(walk, body)
  assertKnown(body)
  stream.open('List')
  for (const inner of body.body as Node[]) {
    const exported = inner.type === 'ExportNamedDeclaration'
    const declared = (exported ? inner.declaration : inner) as Node | null
    if (exported) assertKnown(inner)
    if (!declared || /^TS(?:Interface|TypeAlias)Declaration$/.test(declared.type) || declared.declare) continue
    if (exported) stream.put(`Export ${exportedNames(declared).map(quoted).join('')};`)
    if (/^(?:VariableDeclaration|FunctionDeclaration|ClassDeclaration|TS)/.test(declared.type)) {
      if (declared.type !== 'TSDeclareFunction') declaration(walk, declared)
    } else walk.statements([declared], false)
  }
  stream.close()
}

/** Names that a namespace exports are members of an object, and not local. */
function exportedNames(node: Node): string[] {
  if (node.type === 'VariableDeclaration') return node.declarations.map(({ id }: Node) => id.name ?? '')
  return [node.id?.name ?? '']
}

function qualified(walk: Walk, node: Node, declared = false): void {
  const { stream } = walk.writer
  if (node.type === 'TSQualifiedName') {
    qualified(walk, node.left, declared)
    stream.put(quoted(node.right.name))
  } else if (declared) walk.pattern(node, 'declare')
  else walk.expression(erased(node), plain)
}
