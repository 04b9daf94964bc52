/**
 * Which names are `cached` (section 10): by binding, never by name alone. What another module exports is guessed from the
 * name here, and checked once all modules are known; a wrong guess means that the module is summarised again.
 */
import type { Candidate } from './model.ts'
import type { Node } from './parse.ts'
import type { Scopes, Variable } from './scopes.ts'
import { erased, staticKey } from './walk.ts'

export type WrapperKind = 'instance' | 'wrapper'

/** `CachedResponse` is the decorator of @autocache/nestjs for handlers whose responses are cached. */
export const isWrapperName = (name: string | undefined): boolean => /^(?:[cC]ached|CachedResponse)$/.test(name ?? '')

export interface Wrappers {
  isWrapper(callee: Node): boolean
  kindOf(variable: Variable): WrapperKind | undefined
  kindOfValue(node: Node): WrapperKind | undefined
  readonly candidates: readonly Candidate[]
  /** Every class of the module, those inside others after these. */
  readonly classes: readonly Node[]
  /** Every call of `createAutocache`. */
  readonly instances: readonly Node[]
}

export interface Import {
  readonly request: number
  readonly specifier: string
  readonly name: string
}

/** What an expression is, on the way to a wrapper: a function that makes instances, a module of ours as a whole. */
type Kind = WrapperKind | 'factory' | 'module'

const ours = (specifier: string) => specifier.startsWith('@autocache/')

/** What a member of a module of ours is. */
const exported = (name: string | undefined): Kind | undefined =>
  isWrapperName(name) ? 'wrapper' : name === 'createAutocache' ? 'factory' : undefined

/** An expression without what does not change what it is: types, `await`, the ends of optional chains. */
function bare(node: Node): Node {
  const inner = erased(node)
  if (inner.type === 'ChainExpression') return bare(inner.expression)
  return inner.type === 'AwaitExpression' ? bare(inner.argument) : inner
}

/** The name of a member, `#cache` for a private one. */
const keyOf = (key: Node, computed: boolean): string | undefined =>
  key.type === 'PrivateIdentifier' ? `#${key.name}` : staticKey(key, computed)

/**
 * @param importOf the import behind a variable
 * @param known what names of this module are, where that has been found out
 */
export function findWrappers(
  scopes: Scopes,
  program: Node,
  importOf: (variable: Variable) => Import | undefined,
  known: ReadonlyMap<string, WrapperKind | undefined> | undefined,
): Wrappers {
  const candidates = new Map<string, Candidate>()
  const kinds = new Map<Variable, Kind | undefined>()
  const { classes, calls } = classesAndCallsOf(program)
  /** Fields whose value is being looked for. */
  const asked = new Set<string>()

  function imported(origin: Import, variable: Variable, member: string | undefined): WrapperKind | undefined {
    const given = known?.get(variable.name)
    const name = origin.name === '*' ? member : origin.name
    let kind: WrapperKind | undefined
    if (known?.has(variable.name)) kind = given === 'instance' && isWrapperName(member) ? 'wrapper' : given
    else if (origin.name === '*') kind = ours(origin.specifier) && isWrapperName(member) ? 'wrapper' : undefined
    else if (member === undefined) kind = isWrapperName(name) ? 'wrapper' : undefined
    else kind = isWrapperName(member) ? 'wrapper' : undefined
    const key = JSON.stringify([origin.request, origin.name, member])
    candidates.set(key, { request: origin.request, name: origin.name, member, taken: kind === 'wrapper' })
    return kind
  }

  function kindOf(variable: Variable): Kind | undefined {
    if (kinds.has(variable)) return kinds.get(variable)
    kinds.set(variable, undefined)
    const kind = decide(variable)
    kinds.set(variable, kind)
    return kind
  }

  function decide(variable: Variable): Kind | undefined {
    const origin = importOf(variable)
    if (origin) {
      if (known?.has(variable.name)) return known.get(variable.name)
      if (ours(origin.specifier)) {
        if (/^(?:\*|default|export=)$/.test(origin.name)) return 'module'
        if (origin.name === 'createAutocache') return 'factory'
      }
      return imported(origin, variable, undefined)
    }
    if (scopes.isModuleLevel(variable) && known?.has(variable.name)) return known.get(variable.name)
    const node = variable.defs[0]?.node as unknown as Node | undefined
    // Of a parameter the node is the function that it belongs to.
    if (!node || variable.defs.length !== 1 || variable.defs[0]!.type === ('Parameter' as never)) return undefined
    const writes = variable.references.filter((reference) => reference.isWrite() && !reference.init)
    if (node.type === 'FunctionDeclaration') return writes.length === 0 && makes(node) ? 'factory' : undefined
    if (node.type !== 'VariableDeclarator') return undefined
    const { id, init } = node as unknown as { id: Node; init: Node | null }
    if (id.type === 'ObjectPattern') return writes.length === 0 && init ? destructured(id, init, variable) : undefined
    if (id.type !== 'Identifier') return undefined
    // `let cache`, set later: whatever it is set to has to be the same kind.
    const values = writes.map(({ writeExpr }) => writeExpr as unknown as Node | null | undefined)
    if (init && !isNothing(init)) values.push(init)
    const all = new Set(values.map((value) => (value ? kindOfExpression(value) : undefined)))
    return all.size === 1 ? [...all][0] : undefined
  }

  function destructured(pattern: Node, init: Node, variable: Variable): Kind | undefined {
    const property = (pattern.properties as Node[]).find(
      (one) => one.type === 'Property' && one.value === variable.identifiers[0],
    )
    const key = property && staticKey(property.key, property.computed)
    return key === undefined ? undefined : memberOf(init, key)
  }

  /** Whether every way out of a function hands out an instance. */
  function makes(fn: Node): boolean {
    const body = fn.body as Node
    if (body.type !== 'BlockStatement') return kindOfExpression(body) === 'instance'
    const results = returns(body)
    return results.length > 0 && results.every((result) => result !== null && kindOfExpression(result) === 'instance')
  }

  function kindOfExpression(node: Node): Kind | undefined {
    const it = bare(node)
    switch (it.type) {
      case 'Identifier': {
        const variable = scopes.of(it)
        return variable && kindOf(variable)
      }
      case 'MemberExpression': {
        const key = keyOf(it.property, it.computed)
        return key === undefined ? undefined : memberOf(it.object, key, it)
      }
      case 'CallExpression':
        if (isOurs(it)) return 'module'
        return kindOfExpression(it.callee) === 'factory' ? 'instance' : undefined
      case 'ImportExpression':
        return ours(staticKey(it.source, true) ?? '') ? 'module' : undefined
      case 'ArrowFunctionExpression':
      case 'FunctionExpression':
        return makes(it) ? 'factory' : undefined
      case 'AssignmentExpression':
        // `globalThis.cache ??= createAutocache()`
        return /^(?:\?\?|\|\|)?=$/.test(it.operator) ? kindOfExpression(it.right) : undefined
      case 'LogicalExpression':
        return it.operator === '&&' ? undefined : kindOfExpression(it.right)
      case 'ConditionalExpression': {
        const kind = kindOfExpression(it.consequent)
        return kind === kindOfExpression(it.alternate) ? kind : undefined
      }
      default:
        return undefined
    }
  }

  /** `require('@autocache/core')` */
  function isOurs(call: Node): boolean {
    const { callee } = call as unknown as { callee: Node }
    const [first] = call.arguments as Node[]
    if (callee.type !== 'Identifier' || callee.name !== 'require' || !first || scopes.of(callee)) return false
    return ours(staticKey(first, true) ?? '')
  }

  /** What the member of an expression is. @param place where it is read, for a field of `this` */
  function memberOf(object: Node, key: string, place?: Node): Kind | undefined {
    const it = bare(object)
    if (it.type === 'ThisExpression') return place && fieldOf(key, place)
    const variable = it.type === 'Identifier' ? scopes.of(it) : undefined
    const origin = variable && importOf(variable)
    const kind = origin && !ours(origin.specifier) ? undefined : kindOfExpression(it)
    if (kind === 'module') return exported(key)
    if (origin) return imported(origin, variable, key) === 'wrapper' ? 'wrapper' : undefined
    if (kind === 'instance') return isWrapperName(key) ? 'wrapper' : undefined
    const node = variable?.defs[0]?.node as unknown as Node | undefined
    if (!variable || !node || variable.defs.length !== 1 || variable.defs[0]!.type === ('Parameter' as never))
      return undefined
    if (variable.references.some((reference) => reference.isWrite() && !reference.init)) return undefined
    if (node.type === 'ClassDeclaration') return fieldValue(node, key, true)
    const init =
      node.type === 'VariableDeclarator' && node.id.type === 'Identifier' && node.init ? erased(node.init) : undefined
    if (init?.type !== 'ObjectExpression') return undefined
    const values = (init.properties as Node[]).filter(
      (one) => one.type !== 'Property' || staticKey(one.key, one.computed) === key,
    )
    // A spread may bring another one.
    return values.length === 1 && values[0]!.type === 'Property' ? kindOfExpression(values[0]!.value) : undefined
  }

  function fieldOf(key: string, place: Node): Kind | undefined {
    const around = classes.filter((node) => within(place, node))
    const owner = around.at(-1)
    return owner && (fieldValue(owner, key, false) ?? fieldValue(owner, key, true))
  }

  /** The value of a field of a class, or what its constructor sets it to. */
  function fieldValue(owner: Node, key: string, isStatic: boolean): Kind | undefined {
    // `this.parse = this.parse.bind(this)`: a field that is made of itself is none.
    const place = `${owner.start} ${key} ${isStatic}`
    if (asked.has(place)) return undefined
    asked.add(place)
    const kind = valueOfField(owner, key, isStatic)
    asked.delete(place)
    return kind
  }

  function valueOfField(owner: Node, key: string, isStatic: boolean): Kind | undefined {
    const members = owner.body.body as Node[]
    const member = members.find(
      (one) => one.key && Boolean(one.static) === isStatic && keyOf(one.key, one.computed) === key,
    )
    if (member?.value && member.type === 'PropertyDefinition') return kindOfExpression(member.value)
    if (isStatic) return undefined
    const start = members.find((one) => one.kind === 'constructor')?.value?.body as Node | undefined
    for (const statement of (start?.body ?? []) as Node[]) {
      const assigned = statement.type === 'ExpressionStatement' ? erased(statement.expression) : undefined
      if (assigned?.type !== 'AssignmentExpression' || assigned.operator !== '=') continue
      const left = erased(assigned.left)
      if (left.type !== 'MemberExpression' || left.object.type !== 'ThisExpression') continue
      if (keyOf(left.property, left.computed) === key) return kindOfExpression(assigned.right)
    }
    return undefined
  }

  /** `createAutocache` itself, and no function of the program that calls it. */
  function isMaker(callee: Node): boolean {
    if (callee.type === 'MemberExpression') return kindOfExpression(callee) === 'factory'
    const variable = callee.type === 'Identifier' ? scopes.of(callee) : undefined
    return variable !== undefined && importOf(variable) !== undefined && kindOf(variable) === 'factory'
  }

  const outward = (kind: Kind | undefined): WrapperKind | undefined =>
    kind === 'instance' || kind === 'wrapper' ? kind : undefined

  return {
    isWrapper: (callee) => kindOfExpression(callee) === 'wrapper',
    kindOf: (variable) => outward(kindOf(variable)),
    kindOfValue: (node) => outward(kindOfExpression(node)),
    classes,
    get instances() {
      return calls.filter((node) => isMaker(bare(node.callee)))
    },
    get candidates() {
      return [...candidates.values()]
    },
  }
}

const within = (inner: Node, outer: Node) => inner.start >= outer.start && inner.end <= outer.end

/** `let cache` and `let cache = undefined` are set later. */
const isNothing = (node: Node): boolean => {
  const inner = erased(node)
  return inner.type === 'Literal' ? inner.value === null && !inner.regex : inner.name === 'undefined'
}

const isNode = (value: unknown): value is Node =>
  value !== null && typeof value === 'object' && typeof (value as Node).type === 'string'

const childrenOf = (node: Node): Node[] =>
  Object.keys(node).flatMap((field) => {
    const value: unknown = node[field]
    return Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []
  })

/** What the `return` statements of a function body hand out, those of functions inside it left aside. */
function returns(node: Node): (Node | null)[] {
  if (node.type === 'ReturnStatement') return [node.argument]
  // None stands in an expression.
  if (/Function|^Class|Expression|Declaration/.test(node.type)) return []
  return childrenOf(node).flatMap(returns)
}

/** Every class and every call of a module, in the order in which they begin. One walk, which makes no lists: it visits every node. */
function classesAndCallsOf(root: Node): { classes: readonly Node[]; calls: readonly Node[] } {
  const classes: Node[] = []
  const calls: Node[] = []
  const pending: unknown[] = [root]
  while (pending.length > 0) {
    const value = pending.pop()
    if (Array.isArray(value)) {
      for (const item of value) if (item !== null && typeof item === 'object') pending.push(item)
    } else if (isNode(value)) {
      const { type } = value
      if (type === 'ClassDeclaration' || type === 'ClassExpression') classes.push(value)
      else if (type === 'CallExpression') calls.push(value)
      for (const field in value) {
        const part: unknown = value[field]
        if (part !== null && typeof part === 'object') pending.push(part)
      }
    }
  }
  const inOrder = (a: Node, b: Node) => a.start - b.start
  return { classes: classes.sort(inOrder), calls: calls.sort(inOrder) }
}
