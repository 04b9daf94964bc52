/**
 * Classes. The name is always written: `constructor.name`, inspection and registries of serialisers observe it. Members
 * keep their order and kind; what TypeScript alone declares is left out.
 */
import { Observe, Use } from './model.ts'
import type { Node } from './parse.ts'
import { quoted } from './stream.ts'
import { assertKnown, UnknownSyntax } from './syntax.ts'
import { erased, staticKey, type Walk } from './walk.ts'
import { type Context, plain } from './writer.ts'

interface ClassWalk extends Walk {
  value(node: Node, name: string | undefined, context: Context): void
  decorator(node: Node, cacheable?: boolean): void
}

const declaredOnly = new Set([
  'TSIndexSignature',
  'TSAbstractMethodDefinition',
  'TSAbstractPropertyDefinition',
  'TSAbstractAccessorProperty',
])

export function classCode(walk: ClassWalk, node: Node, name: string | undefined): void {
  const { writer } = walk
  const { stream, module } = writer
  assertKnown(node)
  const id = node.id as Node | null
  const self = node.type === 'ClassExpression' && id ? module.scopes.of(id) : undefined
  for (const decorator of node.decorators as Node[]) walk.decorator(decorator)
  const header = stream.reserve()
  stream.put(quoted(id?.name ?? name ?? ''))
  if (node.superClass) {
    writer.observes |= Observe.kinds
    stream.put('Extends;')
    walk.expression(node.superClass, { use: Use.value | Use.call })
  }
  const members = (node.body.body as Node[]).filter((member) => !isDeclaredOnly(member))
  writer.enterClass(members.flatMap((member) => (member.key?.type === 'PrivateIdentifier' ? [member.key.name] : [])))
  if (members.some(isField) || members.some(hasParameterProperties)) option(walk, 'fields', node)
  if (node.decorators.length > 0 || members.some((member) => decoratorsOf(member).length > 0)) {
    option(walk, 'decorators', node)
    metadata(walk, node, members)
  }
  for (const inner of members) member(walk, inner)
  receivers(walk, node, members)
  writer.privates.pop()
  stream.close()
  header(`(ClassCode${self && writer.isNumbered(self) ? ` self${writer.local(self)}` : ''} `)
}

const isDeclaredOnly = (member: Node) =>
  declaredOnly.has(member.type) || member.declare || member.value?.type === 'TSEmptyBodyFunctionExpression'

const isField = (member: Node) => member.type === 'PropertyDefinition' || member.type === 'AccessorProperty'

const hasParameterProperties = (member: Node) =>
  member.kind === 'constructor' && member.value.params.some((inner: Node) => inner.type === 'TSParameterProperty')

const parametersOf = (member: Node): Node[] => member.value?.params ?? []

const decoratorsOf = (member: Node): Node[] => [
  ...((member.decorators ?? []) as Node[]),
  ...parametersOf(member).flatMap((inner) => (inner.decorators ?? []) as Node[]),
]

/** A setting that decides what this class means: written where the settings are known. */
function option(walk: Walk, name: 'fields' | 'decorators', node: Node): void {
  walk.writer.slot({ option: name }, node.start, plain)
}

/** What a class calls through its fields is code of it, as far as their declared types tell (R04). */
function receivers(walk: Walk, node: Node, members: readonly Node[]): void {
  const { writer } = walk
  const { scopes, targetOf, text } = writer.module
  const parameters = members
    .filter((member) => member.kind === 'constructor')
    .flatMap((member) => parametersOf(member).filter((inner) => inner.type === 'TSParameterProperty'))
    .map((inner) => (inner.parameter.type === 'AssignmentPattern' ? inner.parameter.left : inner.parameter))
  const fields = members.filter((member) => isField(member) && member.typeAnnotation)
  for (const field of [...fields, ...parameters]) {
    const key = (field.key ?? field) as Node
    const name = (
      field.key ? (key.type === 'PrivateIdentifier' ? key.name : staticKey(key, field.computed)) : key.name
    ) as string | undefined
    const type = typeName(field.typeAnnotation)
    const variable = type && scopes.of(type)
    const target = variable && targetOf(variable)
    if (!target || name === undefined || ('request' in target && target.name === '*')) continue
    // By the text: `this.repo.find()`, `const { repo } = this`. What is never read is called by nobody.
    const body = text.slice(node.body.start, node.body.end)
    const reads = body.split(new RegExp(`(?<![\\w$])${name.replace(/\W/g, '\\$&')}(?![\\w$])`)).length - 1
    if (reads < 2) continue
    writer.slot(target, key.start, { use: Use.declared, tail: [name] }, 'declared')
  }
}

/** With `emitDecoratorMetadata` the declared types are code: they are read at run time. */
function metadata(walk: Walk, node: Node, members: readonly Node[]): void {
  const decorated = node.decorators.length > 0
  for (const member of members) {
    if (decoratorsOf(member).length === 0 && !(decorated && member.kind === 'constructor')) continue
    const annotations = [member.typeAnnotation, member.value?.returnType]
    for (const parameter of parametersOf(member)) {
      const inner = parameter.type === 'TSParameterProperty' ? parameter.parameter : parameter
      annotations.push((inner.type === 'AssignmentPattern' ? inner.left : inner).typeAnnotation)
    }
    for (const annotation of annotations) if (annotation) metadataType(walk, annotation)
  }
}

function metadataType(walk: Walk, annotation: Node): void {
  const { writer } = walk
  const { scopes, targetOf, text } = writer.module
  const name = typeName(annotation)
  const variable = name && scopes.of(name)
  const target = variable && targetOf(variable)
  if (target) {
    writer.slot(target, annotation.start, plain, 'metadata')
  } else {
    // A type without a definition, such as `string`, says itself.
    const says = text.slice(annotation.start, annotation.end).replace(/\s+/g, ' ')
    writer.slot({ option: 'metadata' }, annotation.start, { use: 0, tail: [says] }, 'metadata')
  }
}

/** The name of a type that is one name: `Foo` of `a: Foo`. */
export function typeName(annotation: Node | null | undefined): Node | undefined {
  let type = annotation
  if (type?.type === 'TSTypeAnnotation') type = type.typeAnnotation as Node
  if (type?.type !== 'TSTypeReference') return undefined
  let name = type.typeName as Node
  while (name.type === 'TSQualifiedName') name = name.left
  return name.type === 'Identifier' ? name : undefined
}

function member(walk: ClassWalk, node: Node): void {
  const { writer } = walk
  const { stream } = writer
  assertKnown(node)
  if (node.type === 'StaticBlock') {
    const frame = { arrow: false, usesThis: false, usesArguments: false }
    writer.frames.push(frame)
    stream.open('StaticBlock')
    walk.statements(node.body, false)
    stream.close()
    writer.frames.pop()
    if (writer.depth === 0) writer.runs = true
    return
  }
  const key = node.key as Node
  const name = key.type === 'PrivateIdentifier' ? `#${key.name}` : staticKey(key, node.computed)
  const place = node.static ? 'static ' : ''
  walk.named(name, () => {
    const cacheable = node.kind === 'method' || /Function/.test(node.value ? erased(node.value).type : '')
    for (const decorator of (node.decorators ?? []) as Node[]) walk.decorator(decorator, cacheable)
    switch (node.type) {
      case 'MethodDefinition':
        stream.open(`Method ${place}${node.kind}`)
        walk.key(key, node.computed)
        writer.inMember(node, () => walk.fn(node.value, { name, constructable: false }))
        break
      case 'PropertyDefinition':
      case 'AccessorProperty':
        stream.open(`${node.type === 'PropertyDefinition' ? 'Field' : 'Accessor'} ${place}`.trim())
        walk.key(key, node.computed)
        fieldValue(walk, node, name)
        break
      default:
        throw new UnknownSyntax(node)
    }
    stream.close()
  })
}

/** The initialiser of a field runs with `this`: when the class is evaluated if it is static, else in the constructor. */
function fieldValue(walk: ClassWalk, node: Node, name: string | undefined): void {
  const { writer } = walk
  if (!node.value) return writer.stream.put('None;')
  const depth = writer.depth
  if (!node.static) writer.depth += 1
  const frame = { arrow: false, usesThis: false, usesArguments: false }
  const value = erased(node.value)
  writer.inMember(
    node,
    () => {
      writer.frames.push(frame)
      walk.value(value, name, plain)
      writer.frames.pop()
    },
    // A function of its own is called on the object; whatever else there is runs with the `this` of the field.
    value.type === 'FunctionExpression' ? undefined : frame,
  )
  writer.depth = depth
}
