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
    return calm(properties, (one) => one.kind === 'init' && isCalm(one.value))
  }
  if (code?.type !== 'ClassDeclaration' && code?.type !== 'ClassExpression') return []
  const members = code.body.body as Node[]
  // A decorator may make another class of it, a constructor give another object, a static block change the prototype.
  if (code.superClass || code.decorators?.length) return []
  const isStatic = (one: Node) => Boolean(one.static) || one.type === 'StaticBlock'
  if (members.some((one) => isStatic(one) && mentionsThis(one))) return []
  const own = members.filter((member) => !isStatic(member))
  // An overload of a constructor has no body.
  const isOther = (one: Node) => (one.kind === 'constructor' ? returnsValue(one.value) : !isNamed(one))
  if (own.some(isOther)) return []
  return calm(
    own,
    ({ type, kind, value, decorators }) =>
      type === 'MethodDefinition' && kind === 'method' && !decorators?.length && isCalm(value),
  )
}

/** Members for which `is` holds, that are there once, and that no member puts another in the place of. */
function calm(members: readonly Node[], is: (member: Node) => boolean): readonly string[] {
  const set = members.flatMap((member) => [member.value, member.decorators].flat().filter(isNode)).map(namesOfThis)
  return once(members)
    .filter(is)
    .flatMap((member) => nameOf(member) ?? [])
    .filter((name) => set.every((names) => names !== undefined && !names.has(name)))
}

/** The names that code uses of `this`, besides calling them; nothing where it uses it otherwise, and so may set any. */
function namesOfThis(node: Node): Set<string> | undefined {
  const names = new Set<string>()
  const look = (at: Node, isCalled = false): boolean => {
    if (at.type === 'ThisExpression') return false
    if (at.type === 'TSParameterProperty') {
      const parameter = at.parameter.type === 'AssignmentPattern' ? at.parameter.left : at.parameter
      names.add(parameter.name)
    }
    if (at.type === 'MemberExpression' && erased(at.object).type === 'ThisExpression') {
      const name = at.property.type === 'PrivateIdentifier' ? '#' : staticKey(at.property, at.computed)
      return name !== undefined && (isCalled || Boolean(names.add(name)))
    }
    return partsOf(at).every((part) => look(part, at.type === 'CallExpression' && part === at.callee))
  }
  return look(node) ? names : undefined
}

const isNamed = (member: Node): boolean => member.key?.type === 'PrivateIdentifier' || nameOf(member) !== undefined

/** Whether a constructor has `return other`, which is then what `new` gives. */
const returnsValue = (method: Node): boolean => partsOf(method).some(returns)

const returns = (node: Node): boolean =>
  node.type === 'ReturnStatement'
    ? Boolean(node.argument)
    : !/^(?:Function|Class)/.test(node.type) && partsOf(node).some(returns)

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
