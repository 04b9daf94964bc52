/**
 * Members that leave what they are called on as it is, whatever their names say: `math.add(a, b)` adds to nothing if `add` is
 * a function in which `this` does not stand. What else it changes is a reference of its own, and seen as one.
 */
import type { Node } from './parse.ts'
import { erased, staticKey } from './walk.ts'

/** The names of such members of an object literal, or of the instances of a class. */
export function calmMembers(code: Node | undefined): readonly string[] {
  if (code?.type === 'ObjectExpression') {
    const properties = code.properties as Node[]
    // What is spread, or has a name that only the running program knows, may be in the place of any other.
    if (properties.some((property) => nameOf(property) === undefined)) return []
    return once(properties)
      .filter(({ kind, value }) => kind === 'init' && isCalm(value))
      .map((one) => nameOf(one)!)
  }
  if (code?.type !== 'ClassDeclaration' && code?.type !== 'ClassExpression') return []
  if (code.superClass) return []
  const own = (code.body.body as Node[]).filter((member) => !member.static)
  const set = own.filter(({ kind }) => kind === 'constructor').map(({ value }) => namesOfThis(value))
  return once(own.filter(({ kind }) => kind !== 'constructor'))
    .filter(
      ({ type, kind, value, decorators }) =>
        type === 'MethodDefinition' && kind === 'method' && !decorators?.length && isCalm(value),
    )
    .flatMap((member) => nameOf(member) ?? [])
    .filter((name) => set.every((names) => names !== undefined && !names.has(name)))
}

/** The names that code uses of `this`; nothing where it uses it otherwise, and so may set any. */
function namesOfThis(node: Node): Set<string> | undefined {
  const names = new Set<string>()
  const look = (at: Node): boolean => {
    if (at.type === 'ThisExpression') return false
    if (at.type === 'TSParameterProperty') {
      const parameter = at.parameter.type === 'AssignmentPattern' ? at.parameter.left : at.parameter
      names.add(parameter.name)
    }
    if (at.type === 'MemberExpression' && erased(at.object).type === 'ThisExpression') {
      const name = at.property.type === 'PrivateIdentifier' ? '#' : staticKey(at.property, at.computed)
      return name !== undefined && Boolean(names.add(name))
    }
    return partsOf(at).every(look)
  }
  return look(node) ? names : undefined
}

const nameOf = ({ key, computed }: Node): string | undefined => {
  if (!key || key.type === 'PrivateIdentifier') return undefined
  const name = staticKey(key, computed)
  return name === '__proto__' ? undefined : name
}

/** Those whose names no other has. */
function once(members: readonly Node[]): Node[] {
  const counts = new Map<string | undefined, number>()
  for (const member of members) counts.set(nameOf(member), (counts.get(nameOf(member)) ?? 0) + 1)
  return members.filter((member) => counts.get(nameOf(member)) === 1)
}

function isCalm(value: Node | null): boolean {
  const code = value ? erased(value) : undefined
  return (code?.type === 'FunctionExpression' || code?.type === 'ArrowFunctionExpression') && !mentionsThis(code)
}

const mentionsThis = (node: Node): boolean =>
  node.type === 'ThisExpression' || node.type === 'Super' || partsOf(node).some(mentionsThis)

const partsOf = (node: Node): Node[] => Object.values(node).flat().filter(isNode)

const isNode = (part: unknown): part is Node =>
  typeof part === 'object' && part !== null && typeof (part as { type?: unknown }).type === 'string'
