/** `'n=' + typeof a` is `` `n=${typeof a}` ``: only where every part is provably primitive, so that nothing can be run. */
import type { Node } from './parse.ts'
import type { Scopes } from './scopes.ts'
import { erased } from './walk.ts'

type Kind = 'string' | 'primitive' | undefined

const arithmetic = new Set(['-', '*', '/', '%', '**', '|', '&', '^', '<<', '>>', '>>>'])

/** What an expression is for certain, whatever its types say. */
function kindOf(node: Node, scopes: Scopes): Kind {
  const inner = erased(node)
  switch (inner.type) {
    case 'Literal':
      return inner.regex ? undefined : typeof inner.value === 'string' && !inner.bigint ? 'string' : 'primitive'
    case 'TemplateLiteral':
      return 'string'
    case 'UnaryExpression':
      return inner.operator === 'typeof' ? 'string' : 'primitive'
    case 'UpdateExpression':
      return 'primitive'
    case 'Identifier':
      return inner.name === 'undefined' && !scopes.of(inner) ? 'primitive' : undefined
    case 'BinaryExpression': {
      if (inner.operator !== '+') return 'primitive'
      const [left, right] = [kindOf(inner.left, scopes), kindOf(inner.right, scopes)]
      if (!left || !right) return undefined
      return left === 'string' || right === 'string' ? 'string' : 'primitive'
    }
    case 'ConditionalExpression':
      return both(inner.consequent, inner.alternate, scopes)
    case 'LogicalExpression':
      return both(inner.left, inner.right, scopes)
    default:
      return arithmetic.has(inner.operator) ? 'primitive' : undefined
  }
}

function both(a: Node, b: Node, scopes: Scopes): Kind {
  const [left, right] = [kindOf(a, scopes), kindOf(b, scopes)]
  if (!left || !right) return undefined
  return left === 'string' && right === 'string' ? 'string' : 'primitive'
}

/** The text of a literal in a concatenation. */
function literalText(node: Node): string | undefined {
  if (node.type !== 'Literal' || node.regex) return undefined
  return node.bigint ? BigInt(node.bigint.replaceAll('_', '')).toString() : String(node.value)
}

/**
 * The parts of a text made of provably primitive parts, constants joined.
 * @returns nothing where the expression is no such text
 */
export function concatenation(node: Node, scopes: Scopes): (string | Node)[] | undefined {
  const parts: (string | Node)[] = []
  if (!collect(node, scopes, parts)) return undefined
  const joined: (string | Node)[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part
    else joined.push(part)
  }
  const filled = joined.filter((part) => part !== '')
  return filled.length > 0 ? filled : ['']
}

/** Adds the parts of a node that is a text for certain. */
function collect(node: Node, scopes: Scopes, out: (string | Node)[]): boolean {
  const inner = erased(node)
  if (inner.type === 'TemplateLiteral') {
    const expressions = inner.expressions as Node[]
    if (expressions.some((part) => !kindOf(part, scopes))) return false
    ;(inner.quasis as Node[]).forEach((quasi, index) => {
      out.push(quasi.value.cooked)
      if (expressions[index]) add(expressions[index], scopes, out)
    })
    return true
  }
  if (inner.type !== 'BinaryExpression' || kindOf(inner, scopes) !== 'string') return false
  // The left side joins part by part only where it is a text itself: `1 + 2 + 'a'` adds first.
  add(inner.left, scopes, out)
  add(inner.right, scopes, out)
  return true
}

function add(node: Node, scopes: Scopes, out: (string | Node)[]): void {
  const inner = erased(node)
  const literal = literalText(inner)
  if (literal !== undefined) out.push(literal)
  else if (kindOf(inner, scopes) !== 'string' || !collect(inner, scopes, out)) out.push(inner)
}
