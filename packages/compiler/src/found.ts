/**
 * Whether the code shows which function an expression is. A version follows code; of `table[name]`, of a parameter and of
 * `pick()` only the running program knows which code that will be, and two of them would share a version.
 *
 * What another function makes of one that is shown, `withRetry(load)` or `load.bind(null, 1)`, is shown as well: both are in
 * the version.
 */
import { isUndefined } from './normal.ts'
import type { Node } from './parse.ts'
import type { Variable } from './scopes.ts'
import { erased, staticKey } from './walk.ts'
import type { ModuleView } from './writer.ts'

type View = Pick<ModuleView, 'scopes' | 'importOf' | 'isWrapper'>

/** What an expression is looked at as: a function, or what holds functions under names. */
type As = 'function' | 'holder'

const isCode = (node: Node) => /Function|^Class/.test(node.type)

/** Whether the function that an expression stands for can be found in the code. */
export function isFound(node: Node, view: View): boolean {
  /** Variables on the way: one that is made of itself is none. */
  const asked = new Set<Variable>()

  function shows(given: Node, as: As): boolean {
    const it = bare(given)
    if (isCode(it)) return true
    switch (it.type) {
      case 'Identifier': {
        const variable = view.scopes.of(it)
        // A function of the platform.
        return !variable || ofVariable(variable, as)
      }
      case 'ThisExpression':
      case 'Super':
        // Its class says what it is, and `this` is refused for itself where nothing does.
        return true
      case 'MemberExpression':
        return (it.property.type === 'PrivateIdentifier' || isFixed(it)) && shows(it.object, 'holder')
      case 'CallExpression':
        return ofCall(it, as)
      case 'NewExpression':
        return as === 'holder' || (it.arguments as Node[]).some(isGiven)
      case 'ConditionalExpression':
        return shows(it.consequent, as) && shows(it.alternate, as)
      case 'LogicalExpression':
        return shows(it.left, as) && shows(it.right, as)
      case 'AssignmentExpression':
        return shows(it.right, as)
      case 'SequenceExpression':
        return shows((it.expressions as Node[]).at(-1)!, as)
      case 'ImportExpression':
      case 'MetaProperty':
      case 'ObjectExpression':
        return as === 'holder'
      default:
        return false
    }
  }

  /** `o.k`, `o['k']`, and `o[k]` where `k` is a constant. */
  function isFixed({ property, computed }: Node): boolean {
    if (staticKey(property, computed) !== undefined) return true
    const key = erased(property)
    const variable = key.type === 'Identifier' ? view.scopes.of(key) : undefined
    const init = variable && constant(variable)
    return init !== undefined && staticKey(init, true) !== undefined
  }

  function ofVariable(variable: Variable, as: As): boolean {
    if (view.importOf(variable)) return true
    const [definition] = variable.defs
    const node = definition?.node as unknown as Node | undefined
    // Of a parameter the node is the function that it belongs to.
    if (!node || variable.defs.length !== 1 || definition!.type === ('Parameter' as never) || asked.has(variable))
      return false
    asked.add(variable)
    const written = variable.references.filter((one) => one.isWrite() && !one.init).map(({ writeExpr }) => writeExpr)
    const others = written.every((value) => value && shows(value as unknown as Node, as))
    asked.delete(variable)
    if (!others) return false
    if (node.type !== 'VariableDeclarator') return isCode(node) || as === 'holder'
    const init = node.init as Node | null
    if (!init) return written.length > 0
    if (node.id.type !== 'Identifier') return shows(init, 'holder')
    if (written.length > 0 && isNothing(erased(init))) return true
    asked.add(variable)
    const found = shows(init, as)
    asked.delete(variable)
    return found
  }

  function ofCall(node: Node, as: As): boolean {
    const list = node.arguments as Node[]
    const callee = bare(node.callee)
    if (as === 'holder') return true
    if (callee.type === 'Identifier' && callee.name === 'require' && !view.scopes.of(callee)) return true
    const method = callee.type === 'MemberExpression' ? staticKey(callee.property, callee.computed) : undefined
    if (method === 'bind') return shows(callee.object, 'function')
    return list.some(isGiven)
  }

  /** An argument that is a function, as far as one file can tell. */
  function isGiven(argument: Node): boolean {
    if (argument.type === 'SpreadElement') return false
    const it = bare(argument)
    if (it.type === 'Identifier' && !view.scopes.of(it)) return /^[a-z]/.test(it.name) && it.name !== 'undefined'
    return shows(it, 'function')
  }

  /** `let load = undefined` is set later. */
  const isNothing = (node: Node) =>
    (node.type === 'Literal' && node.value === null && !node.regex) || isUndefined(node, view.scopes)

  /** What a variable is made of, where nothing else is ever put there. */
  function constant(variable: Variable): Node | undefined {
    const node = variable.defs[0]?.node as unknown as Node | undefined
    const isOne = variable.defs.length === 1 && node?.type === 'VariableDeclarator' && node.id.type === 'Identifier'
    if (!isOne || !node.init || variable.references.some((one) => one.isWrite() && !one.init)) return undefined
    return erased(node.init)
  }

  return shows(node, 'function')
}

/** An expression without types, `await` and the ends of optional chains. */
function bare(node: Node): Node {
  const inner = erased(node)
  if (inner.type === 'ChainExpression') return bare(inner.expression)
  return inner.type === 'AwaitExpression' ? bare(inner.argument) : inner
}
