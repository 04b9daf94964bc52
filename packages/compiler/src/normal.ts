/**
 * Statements that say the same in other words become one form (section 4 of `docs/versions.md`): braces, `else` after a
 * `return`, a `return` by condition, `while`, dead code. Every rewrite keeps the order of evaluation; what is not provably
 * the same stays as it is written.
 */
import type { Node } from './parse.ts'
import type { Scopes, Variable } from './scopes.ts'
import { erased } from './walk.ts'

/** `if (test) yes; else no`, its negations taken into the order of the branches. */
interface Branch extends Node {
  readonly type: '$If'
  readonly test: Node
  readonly yes: readonly Node[]
  readonly no: readonly Node[]
}

export interface Surroundings {
  readonly scopes: Scopes
  /** Sloppy code hoists functions out of blocks. */
  readonly sloppy: boolean
  /** `return` awaits in an async generator, so that one of `undefined` is not the end of the function. */
  readonly returnsAwait: boolean
}

const at = (node: Node) => ({ start: node.start, end: node.end })

/** Whether an expression is `undefined`, written out or as `void 0`. */
export function isUndefined(written: Node | null, scopes: Scopes): boolean {
  if (written === null) return true
  const node = erased(written)
  if (node.type === 'Identifier') return node.name === 'undefined' && !scopes.of(node)
  return node.type === 'UnaryExpression' && node.operator === 'void' && node.argument.type === 'Literal'
}

const complements: Readonly<Record<string, string>> = { '!==': '===', '!=': '==' }

/** A test without its negations. Only equality has an exact complement: `<` and `>=` are both false for NaN. */
export function positive(test: Node): { readonly test: Node; readonly negated: boolean } {
  let node = erased(test)
  let negated = false
  for (;;) {
    if (node.type === 'UnaryExpression' && node.operator === '!') {
      node = erased(node.argument)
      negated = !negated
    } else if (node.type === 'BinaryExpression' && Object.hasOwn(complements, node.operator)) {
      return { test: { ...node, operator: complements[node.operator] } as Node, negated: !negated }
    } else return { test: node, negated }
  }
}

/** A conditional whose test is positive. */
export function conditional(node: Node, test: Node, consequent: Node, alternate: Node): Node {
  const { test: plain, negated } = positive(test)
  return {
    type: '$Cond',
    ...at(node),
    test: plain,
    yes: negated ? alternate : consequent,
    no: negated ? consequent : alternate,
  }
}

/** The truth of a test that is a literal. */
function constantTruth(test: Node): boolean | undefined {
  if (test.type !== 'Literal' || test.regex) return undefined
  return test.bigint ? BigInt(test.bigint.replaceAll('_', '')) !== 0n : Boolean(test.value)
}

const terminators = new Set(['ReturnStatement', 'ThrowStatement', 'BreakStatement', 'ContinueStatement'])

function terminates(list: readonly Node[]): boolean {
  const last = list.at(-1)
  if (!last) return false
  if (last.type === '$If') return terminates((last as Branch).yes) && terminates((last as Branch).no)
  return terminators.has(last.type)
}

/** The statements of a list in canonical form. `tail`: the function ends after them. */
export function normalise(list: readonly Node[], around: Surroundings, tail: boolean): readonly Node[] {
  let out: Node[] = []
  for (const node of functionsAsConstants(list, around)) {
    // Only declarations of functions are live after a jump: they are hoisted.
    if (terminates(out)) {
      if (node.type === 'FunctionDeclaration' && !isDead(node, around)) out.splice(lastJump(out), 0, node)
      continue
    }
    out.push(...canonical(node, around))
  }
  out = foldReturns(jumpsLast(withoutElse(out), around), around)
  return tail ? withoutEnd(out, around) : out
}

/** Where the jump that ends a list stands. */
const lastJump = (list: readonly Node[]) => list.length - 1

/** The nodes that one statement becomes. */
function canonical(node: Node, around: Surroundings): readonly Node[] {
  switch (node.type) {
    case 'EmptyStatement':
    case 'DebuggerStatement':
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
    case 'TSDeclareFunction':
      return []
    case 'BlockStatement': {
      const keeps = (node.body as Node[]).some(
        (inner) =>
          (inner.type === 'VariableDeclaration' && /using/.test(inner.kind)) ||
          (inner.type === 'FunctionDeclaration' && around.sloppy),
      )
      return keeps ? [node] : normalise(node.body, around, false)
    }
    case 'IfStatement':
      return branch(node, node.test, [node.consequent], node.alternate ? [node.alternate] : [], around)
    case 'ExpressionStatement':
      return node.directive ? [node] : expression(node, node.expression, around)
    case 'VariableDeclaration':
      if (node.declare) return []
      return (node.declarations as Node[])
        .filter((declarator) => !isDead(declarator, around))
        .map((declarator) => ({ ...node, declarations: [declarator] }))
    case 'FunctionDeclaration':
      return isDead(node, around) ? [] : [node]
    case 'ClassDeclaration':
    case 'TSEnumDeclaration':
    case 'TSModuleDeclaration':
      return node.declare && !node.const ? [] : [node]
    case 'WhileStatement':
      return [{ type: 'ForStatement', ...at(node), init: null, test: node.test, update: null, body: node.body }]
    case 'ReturnStatement':
      return !around.returnsAwait && isUndefined(node.argument, around.scopes)
        ? [{ type: 'ReturnStatement', ...at(node), argument: null }]
        : [node]
    default:
      return [node]
  }
}

function branch(
  node: Node,
  test: Node,
  consequent: readonly Node[],
  alternate: readonly Node[],
  around: Surroundings,
): readonly Node[] {
  const { test: plain, negated } = positive(test)
  const truth = constantTruth(plain)
  const [whenTrue, whenFalse] = negated ? [alternate, consequent] : [consequent, alternate]
  if (truth !== undefined) return normalise(truth ? whenTrue : whenFalse, around, false)
  return joined(node, plain, normalise(whenTrue, around, false), normalise(whenFalse, around, false), around)
}

function joined(
  node: Node,
  test: Node,
  yes: readonly Node[],
  no: readonly Node[],
  around: Surroundings,
): readonly Node[] {
  if (yes.length === 0 && no.length === 0) return expression({ type: 'ExpressionStatement', ...at(node) }, test, around)
  return [{ type: '$If', ...at(node), test, yes, no } as Branch]
}

/** A statement that is an expression: `c && s` is `if (c) s`. */
function expression(node: Node, written: Node, around: Surroundings): readonly Node[] {
  const inner = erased(written)
  const statement = (value: Node): Node => ({ type: 'ExpressionStatement', ...at(value), expression: value })
  switch (inner.type) {
    case 'Literal':
      return []
    case 'SequenceExpression':
      return (inner.expressions as Node[]).flatMap((part) => expression(node, part, around))
    case 'ConditionalExpression':
      return branch(inner, inner.test, [statement(inner.consequent)], [statement(inner.alternate)], around)
    case 'LogicalExpression':
      if (inner.operator === '&&') return branch(inner, inner.left, [statement(inner.right)], [], around)
      if (inner.operator === '||') return branch(inner, inner.left, [], [statement(inner.right)], around)
  }
  return [{ type: 'ExpressionStatement', start: inner.start, end: inner.end, expression: inner }]
}

/** `else` after a branch that jumps is what follows it. */
function withoutElse(list: readonly Node[]): Node[] {
  const out: Node[] = []
  for (const node of list) {
    if (terminates(out)) {
      if (node.type === 'FunctionDeclaration') out.splice(lastJump(out), 0, node)
      continue
    }
    if (node.type !== '$If') out.push(node)
    else {
      const { yes, no } = node as Branch
      if (no.length > 0 && terminates(yes)) out.push({ ...node, no: [] }, ...no)
      else if (yes.length > 0 && terminates(no)) out.push({ ...node, yes: [] }, ...yes)
      else out.push(node)
    }
  }
  return out
}

/** `if (!c) { A; return } B; return` is `if (c) { B; return } A; return`: where both sides jump, the positive one is inside. */
function jumpsLast(list: Node[], around: Surroundings): Node[] {
  if (!terminates(list)) return list
  let rest: Node[] = []
  for (const node of list.toReversed()) {
    const { yes, no } = node as Branch
    if (node.type !== '$If' || yes.length > 0 || !terminates(no)) rest.unshift(node)
    else rest = [{ ...node, yes: foldReturns(rest, around), no: [] } as Node, ...no]
  }
  return rest
}

const returned = (list: readonly Node[]): Node | undefined =>
  list.length === 1 && list[0]!.type === 'ReturnStatement' ? list[0] : undefined

const nothing = (node: Node): Node => ({ type: '$Undefined', ...at(node) })

/** `if (c) return A; return B` is `return c ? A : B`. */
function foldReturns(list: Node[], around: Surroundings): Node[] {
  while (list.length > 1) {
    const last = list.at(-1)!
    const before = list.at(-2) as Branch
    if (last.type !== 'ReturnStatement' || before.type !== '$If') return list
    const early = returned(before.yes) ?? returned(before.no)
    if (!early || before.yes.length + before.no.length !== 1) return list
    if (around.returnsAwait && (early.argument === null || last.argument === null)) return list
    const [a, b] = [early.argument ?? nothing(early), last.argument ?? nothing(last)]
    const value = before.yes.length === 1 ? { yes: a, no: b } : { yes: b, no: a }
    list.splice(-2, 2, {
      type: 'ReturnStatement',
      ...at(before),
      argument: { type: '$Cond', ...at(before), test: before.test, ...value },
    })
  }
  return list
}

/** A function that ends returns `undefined`. */
function withoutEnd(list: readonly Node[], around: Surroundings): readonly Node[] {
  if (around.returnsAwait) return list
  const out = [...list]
  for (;;) {
    const last = out.at(-1)
    if (last?.type === 'ReturnStatement' && last.argument === null) out.pop()
    else if (last?.type === '$If') {
      const { yes, no, test } = last as Branch
      const early = returned(yes) ?? returned(no)
      // `if (c) return A` at the end is `return c ? A : undefined`.
      if (early?.argument && yes.length + no.length === 1) {
        const absent = nothing(early)
        const value = yes.length === 1 ? { yes: early.argument, no: absent } : { yes: absent, no: early.argument }
        out[out.length - 1] = {
          type: 'ReturnStatement',
          ...at(last),
          argument: { type: '$Cond', ...at(last), test, ...value },
        }
        return out
      }
      const trimmed = [withoutEnd(yes, around), withoutEnd(no, around)] as const
      if (trimmed[0].length === yes.length && trimmed[1].length === no.length) {
        out[out.length - 1] = { ...last, yes: trimmed[0], no: trimmed[1] } as Branch
        return out
      }
      out.splice(-1, 1, ...joined(last, test, ...trimmed, around))
    } else return out
  }
}

/**
 * `function h() {}` in a list is `const h = function () {}` where nothing of the list can call it before that place: no
 * name of a function of the list stands, outside these functions themselves, before it.
 */
function functionsAsConstants(list: readonly Node[], around: Surroundings): readonly Node[] {
  const declarations = list.filter((node) => node.type === 'FunctionDeclaration' && node.id)
  if (declarations.length === 0 || around.sloppy) return list
  const variables = declarations.map((node) => around.scopes.of(node.id))
  if (variables.some((variable) => !variable || around.scopes.isModuleLevel(variable))) return list
  let first = Number.POSITIVE_INFINITY
  for (const variable of variables) {
    for (const { identifier } of variable!.references) {
      const place = (identifier as unknown as Node).range[0] as number
      if (!declarations.some((node) => within(place, node))) first = Math.min(first, place)
    }
  }
  return list.map((node) => {
    const index = declarations.indexOf(node)
    const variable = variables[index]
    if (index < 0 || !variable || node.start >= first || codeOf(variable).length !== 1) return node
    if (variable.references.some((reference) => reference.isWrite()) || isDead(node, around)) return node
    return {
      type: 'VariableDeclaration',
      ...at(node),
      kind: 'const',
      declarations: [
        {
          type: 'VariableDeclarator',
          ...at(node),
          id: node.id,
          init: { ...node, type: 'FunctionExpression', id: null } as Node,
        },
      ],
    } as Node
  })
}

const within = (place: number, node: Node) => place >= node.start && place < node.end

/** The definitions of a variable that are code: overloads declare a type. */
const codeOf = (variable: Variable) =>
  variable.defs.filter(({ node }) => (node as unknown as Node).type !== 'TSDeclareFunction')

const dead = new WeakMap<Variable, boolean>()

/** A local that nothing reads and whose initialiser does nothing; or a local function that nothing calls. */
export function isDead(declaration: Node, around: Surroundings): boolean {
  const { id } = declaration as { id?: Node }
  if (id?.type !== 'Identifier') return false
  const variable = around.scopes.of(id)
  return variable !== undefined && !around.scopes.isModuleLevel(variable) && isDeadVariable(variable, around.scopes)
}

function isDeadVariable(variable: Variable, scopes: Scopes): boolean {
  const known = dead.get(variable)
  if (known !== undefined) return known
  // While it is being decided it counts as alive: two that only use each other stay.
  dead.set(variable, false)
  const definitions = codeOf(variable)
  const [definition] = definitions
  const node = definition?.node as unknown as Node | undefined
  const removable =
    definitions.length === 1 &&
    node !== undefined &&
    !inLoopHead(definition!) &&
    (node.type === 'FunctionDeclaration' ||
      (node.type === 'VariableDeclarator' &&
        node.id.type === 'Identifier' &&
        !/using/.test((definition!.parent as unknown as Node | undefined)?.kind ?? '') &&
        (node.init === null || isPure(node.init, scopes))))
  const result =
    removable &&
    variable.references.every((reference) => {
      const identifier = reference.identifier as unknown as Node
      return (
        within(identifier.range[0], node!) ||
        enclosingDeclarations(reference.from, scopes).some(
          (outer) => outer !== variable && isDeadVariable(outer, scopes),
        )
      )
    })
  dead.set(variable, result)
  return result
}

/** `for (const x of xs)`: the declarator has no initialiser and is assigned all the same. */
const inLoopHead = (definition: Variable['defs'][number]) => {
  const node = definition.node as unknown as Node
  return (
    node.type === 'VariableDeclarator' &&
    node.init === null &&
    definition.parent !== null &&
    (definition.parent as unknown as Node).kind !== 'var' &&
    (definition.parent as unknown as Node).kind !== 'let'
  )
}

/** The local functions that a scope stands in. */
function enclosingDeclarations(scope: Variable['scope'], scopes: Scopes): Variable[] {
  const out: Variable[] = []
  for (let inner: Variable['scope'] | null = scope; inner; inner = inner.upper) {
    const block = inner.block as unknown as Node
    if (inner.type !== 'function') continue
    const own =
      block.type === 'FunctionDeclaration' && block.id ? scopes.of(block.id) : declaredWith(block, inner.upper)
    if (own && !scopes.isModuleLevel(own)) out.push(own)
  }
  return out
}

/** The variable whose initialiser is this function. */
function declaredWith(block: Node, scope: Variable['scope'] | null): Variable | undefined {
  for (let outer = scope; outer; outer = outer.upper) {
    const found = outer.variables.find(({ defs }) => (defs[0]?.node as unknown as Node | undefined)?.init === block)
    if (found) return found
    if (outer.type === 'function') return undefined
  }
  return undefined
}

/** Whether a name is a parameter, read in the body: among the defaults it may not have its value yet. */
function isParameterInBody(node: Node, scopes: Scopes): boolean {
  const definition = scopes.of(node)?.defs[0]
  if (definition?.type !== ('Parameter' as never)) return false
  const { body } = definition.node as unknown as { body: Node | null }
  return body !== null && node.start >= body.start && node.end <= body.end
}

/** Whether evaluating an expression does nothing and cannot throw. */
export function isPure(node: Node, scopes: Scopes): boolean {
  switch (node.type) {
    case 'Literal':
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return true
    case 'Identifier':
      return isUndefined(node, scopes) || isParameterInBody(node, scopes)
    case 'UnaryExpression':
      return node.operator !== 'delete' && node.argument.type === 'Literal' && !node.argument.bigint
    case 'TemplateLiteral':
      return node.expressions.every((inner: Node) => inner.type === 'Literal')
    case 'ArrayExpression':
      return node.elements.every((inner: Node | null) => inner === null || isPure(inner, scopes))
    case 'ObjectExpression':
      return node.properties.every(
        (property: Node) =>
          property.type === 'Property' &&
          !property.computed &&
          (property.kind !== 'init' || isPure(property.value, scopes)),
      )
    case 'ConditionalExpression':
      return [node.test, node.consequent, node.alternate].every((inner: Node) => isPure(inner, scopes))
    case 'LogicalExpression':
      return isPure(node.left, scopes) && isPure(node.right, scopes)
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
    case 'TSTypeAssertion':
      return isPure(node.expression, scopes)
    default:
      return false
  }
}
