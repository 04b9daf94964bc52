/** Where a use of `cached` stands: what is asked about one, and the class and member around it. */
import type { Definition } from './model.ts'
import type { Plan } from './outline.ts'
import type { Node } from './parse.ts'
import { erased } from './walk.ts'
import type { ModuleView, Writer } from './writer.ts'

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

export const isFunction = (node: Node) =>
  /^(?:ArrowFunctionExpression|FunctionExpression|FunctionDeclaration)$/.test(node.type)

export interface Owner {
  readonly node: Node
  readonly member: Node
  /** The definition of the class, if it stands at the top of the module. */
  readonly definition: number | undefined
}

/** The method that a decorator stands on. */
export function ownerOf(input: UseInput): Owner {
  const found = search(input.program, input.node)
  const index = found.findLastIndex((node) =>
    /^(?:MethodDefinition|PropertyDefinition|AccessorProperty)$/.test(node.type),
  )
  return ownerAt(input, found, index)
}

/** The class that `this` of a call of `cached` is about: of a field, or of a method around it, as far as arrows reach. */
export function classAround(input: UseInput, node: Node, given: Node): Owner | undefined {
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
export function search(root: Node, wanted: Node): Node[] {
  const path: Node[] = []
  const visit = (node: Node, within: boolean): boolean => {
    if (within && (wanted.start < node.start || wanted.end > node.end)) return false
    path.push(node)
    if (node === wanted) return true
    for (const field of Object.keys(node)) {
      const value: unknown = node[field]
      for (const child of Array.isArray(value) ? value : [value]) {
        const isNode = child && typeof child === 'object' && typeof (child as Node).type === 'string'
        if (isNode && visit(child as Node, within)) return true
      }
    }
    path.pop()
    return false
  }
  // Decorators may stand before the node they belong to: positions do not nest there.
  if (!visit(root, true)) visit(root, false)
  return path
}
