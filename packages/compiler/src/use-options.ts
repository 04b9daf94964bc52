/** What the options of a use say: its name, and the functions among them, which join its version (R07). */
import { Encoder } from './encode.ts'
import type { ListedCode, Target } from './model.ts'
import { isUndefined } from './normal.ts'
import type { Node } from './parse.ts'
import { withHelpers } from './use-code.ts'
import { isFunction, search, type UseInput } from './use-place.ts'
import { erased, staticKey } from './walk.ts'
import { type ModuleView, plain } from './writer.ts'

/** The object literals that options are written in, and what is none. */
export function optionSources(options: Node, input: UseInput, depth = 0): Node[] {
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

/** The options: the second argument of a call, the first of a decorator. */
export function optionsOf(node: Node): Node | undefined {
  const inner = node.type === 'Decorator' ? erased(node.expression) : node
  const list = inner.type === 'CallExpression' ? (inner.arguments as Node[]) : []
  const found = node.type === 'Decorator' ? list[0] : list[1]
  return found && erased(found)
}

const propertyNode = (options: Node | undefined, name: string): Node | undefined =>
  (options?.type === 'ObjectExpression' ? (options.properties as Node[]) : []).find(
    (one) => one.type === 'Property' && staticKey(one.key, one.computed) === name,
  )

export const property = (options: Node | undefined, name: string): Node | undefined =>
  propertyNode(options, name)?.value

/** The option `name`, which is the label in the key, where it is a text. */
export function nameOf(options: Node | undefined): string | undefined {
  const value = options && property(options, 'name')
  const name = value && erased(value)
  return name?.type === 'Literal' && typeof name.value === 'string' && name.value !== '' ? name.value : undefined
}

/** The option `key` as code, wherever it comes from. */
export function keyOf(input: UseInput, options: Node | undefined, label: string): number | undefined {
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
export function keyCode(options: Node | undefined, key: number | undefined, label: string): ListedCode[] {
  const found = propertyNode(options, 'key')
  if (!found || key === undefined || found.shorthand || found.kind !== 'init') return []
  const { start, end } = found.method ? found : (found.value as Node)
  return [{ label: `${label} key`, root: { def: key }, start, end, method: found.method ? 'key' : undefined }]
}

/** The functions of a list given as `deps`, or of the list that a function given as `deps` returns. */
export function depsCode(input: UseInput, options: Node | undefined, label: string): ListedCode[] {
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
export function closed(input: UseInput, code: Node, label: string): Target | undefined {
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

/** `deps: { ignore: ['logger'] }` */
export function ignoredNames(options: Node | undefined): Set<string> {
  const deps = property(options, 'deps')
  const list = deps?.type === 'ObjectExpression' ? property(deps, 'ignore') : undefined
  if (list?.type !== 'ArrayExpression') return new Set()
  return new Set((list.elements as Node[]).flatMap((one) => (one?.type === 'Literal' ? [String(one.value)] : [])))
}
