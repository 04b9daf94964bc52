/** What the parts of the encoder ask of each other. `encode.ts` is the whole. */
import type { Node } from './parse.ts'
import type { Variable } from './scopes.ts'
import type { Context, Writer } from './writer.ts'

export interface Walk {
  readonly writer: Writer
  expression(node: Node, context: Context): number | undefined
  pattern(node: Node, role: PatternRole): void
  /** A list of statements in canonical form. `tail`: the function ends after them. */
  statements(list: readonly Node[], tail: boolean, returnsAwait?: boolean): void
  fn(node: Node, place: FunctionPlace): void
  classCode(node: Node, name: string | undefined): void
  /** The key of a property or member, by value where it is known. */
  key(node: Node, computed: boolean): void
  /** Runs `write` with a name on the path of labels. */
  named<T>(name: string | undefined, write: () => T): T
}

/** What a pattern does with its names: declares them, or assigns what they stand for. */
export type PatternRole = 'declare' | 'assign'

export interface FunctionPlace {
  /** The name the function gets from where it stands. */
  readonly name?: string | undefined
  /** Whether `new` may be used on it. */
  readonly constructable: boolean
  /** It runs where it stands: called at once, or by a method that calls back. */
  readonly runs?: boolean
}

/** Every variable that a pattern declares. */
export function variablesOf(node: Node | null, of: (identifier: Node) => Variable | undefined): Variable[] {
  if (!node) return []
  switch (node.type) {
    case 'Identifier': {
      const variable = of(node)
      return variable ? [variable] : []
    }
    case 'ObjectPattern':
      return (node.properties as Node[]).flatMap((property) =>
        variablesOf(property.type === 'Property' ? property.value : property.argument, of),
      )
    case 'ArrayPattern':
      return (node.elements as (Node | null)[]).flatMap((element) => variablesOf(element, of))
    case 'AssignmentPattern':
      return variablesOf(node.left, of)
    case 'RestElement':
      return variablesOf(node.argument, of)
    case 'TSParameterProperty':
      return variablesOf(node.parameter, of)
    default:
      return []
  }
}

const wrappers = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
  'ParenthesizedExpression',
])

/** An expression without what TypeScript erases around it. */
export function erased(node: Node): Node {
  let inner = node
  while (wrappers.has(inner.type)) inner = inner.expression
  return inner
}

/** The value of a key that is known without running: `'k'` of `o.k`, `o['k']`, `o[0]`. */
export function staticKey(key: Node, computed: boolean): string | undefined {
  if (!computed && key.type === 'Identifier') return key.name
  const node = erased(key)
  if (node.type === 'Literal') {
    if (node.bigint) return BigInt(node.bigint.replaceAll('_', '')).toString()
    if (typeof node.value === 'string') return node.value
    return typeof node.value === 'number' ? String(node.value) : undefined
  }
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0) {
    return node.quasis[0].value.cooked ?? undefined
  }
  return undefined
}

/** The chain of static members of an expression, from its base: `process.env.X`. */
export function memberChain(node: Node): { readonly base: Node; readonly path: readonly string[] } | undefined {
  const path: string[] = []
  let inner = erased(node)
  for (;;) {
    if (inner.type === 'ChainExpression') inner = inner.expression
    else if (inner.type === 'MemberExpression') {
      const key = inner.property.type === 'PrivateIdentifier' ? undefined : staticKey(inner.property, inner.computed)
      if (key === undefined) return undefined
      path.unshift(key)
      inner = erased(inner.object)
    } else return { base: inner, path }
  }
}
