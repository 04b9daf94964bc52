/**
 * What a function reads and calls through `this` (R03, R04), its own methods and getters followed: their reads are its
 * reads. What cannot be followed (`this` handed on) counts as all of `this`, and so does a method of a base class elsewhere, unless the
 * classes of the object say when it runs what they read.
 */
import { Encoder } from './encode.ts'
import { typeName } from './encode-class.ts'
import { isMutator } from './knowledge.ts'
import type { GivenFunction, Receiver, Target } from './model.ts'
import { memberName } from './outline.ts'
import type { Node } from './parse.ts'
import { UnknownSyntax } from './syntax.ts'
import { erased, staticKey } from './walk.ts'
import type { ModuleView, ReceiverUse, Writer } from './writer.ts'

export interface ReceiverInput {
  readonly view: ModuleView
  write(ranges: readonly Node[]): Writer
}

/** A class, and whether `this` is the class itself. */
export interface Around {
  readonly node: Node
  readonly isStatic: boolean
}

interface Found {
  readonly in: Node
  /** Nothing: a name that no class on the way declares. */
  readonly member?: Node
  readonly parameter?: Node
  /** The class extends something that this file does not show. */
  readonly unknown?: boolean
}

const isFunction = (node: Node) =>
  /^(?:ArrowFunctionExpression|FunctionExpression|FunctionDeclaration)$/.test(node.type)

/**
 * @param follows whether what other members do counts as well
 * @returns the receiver, and whether all of `this` counts
 */
export function receiverOf(
  input: ReceiverInput,
  uses: readonly ReceiverUse[],
  around: Around | undefined,
  follows = true,
): { readonly receiver: Receiver; readonly whole: boolean } {
  const { view } = input
  const fields: (readonly string[])[] = []
  const calls = new Map<string, Receiver['calls'][number]>()
  let inherits = false
  const seen = new Set<Node>()
  const call = (path: readonly string[], { type, from }: Pick<Declared, 'type' | 'from'> = {}, handed = false) => {
    const key = JSON.stringify(path)
    const known = calls.get(key)
    if (handed && known) return
    if (type || from || !known || known.handed)
      calls.set(key, { path, ...(type && { type }), ...(from && { from }), ...(handed && { handed }) })
  }
  // No thunk outside of the class can read a private name: then all of `this` counts.
  const field = (path: readonly string[]) =>
    fields.push(follows && path.some((name) => name.startsWith('#')) ? [] : path)

  const pending = uses.map((use) => ({ use, from: around?.node }))
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { use, from } = next
    const { path, called, base } = use
    const [first] = path
    if (first === undefined) {
      call([])
      field([])
      continue
    }
    if (first === 'constructor' && path.length > 1 && around) {
      // The class itself, which is code; what it holds may change.
      call([])
      if (!called) field(path)
      continue
    }
    const found = find(view, base ? from : around?.node, first, around?.isStatic === true, base)
    const code = found?.member && codeOf(found.member)
    const holder = path.slice(0, -1)
    if (code) {
      call([])
      if (follows && !seen.has(code)) {
        seen.add(code)
        for (const inner of usesOf(input, code)) pending.push({ use: inner, from: found.in })
      }
      if (called && holder.length > 0) call(holder, declared(view, found))
    } else if (called && holder.length > 0) {
      const said = declared(view, found)
      call(holder, said)
      if (said.isData) field(holder)
    } else if (found?.unknown || base) {
      call([])
      if (called || base) inherits = true
      else field(path)
    } else {
      if (called) call([])
      field(path)
      const said = declared(view, found)
      if (said.type || said.from) call(path, said, true)
    }
  }
  const all = fields.some((path) => path.length === 0)
  const read = shortest(follows ? fields : fields.filter((path) => path.length > 0))
  return {
    receiver: {
      fields: read,
      ...(inherits && !all && { inherits }),
      calls: [...calls].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each),
    },
    whole: all || inherits,
  }
}

/**
 * What the members of a class do with `this`, whichever of them is called; those of a base class are asked there. The class
 * itself is known where this is asked.
 */
export function receiverOfClass(input: ReceiverInput, uses: readonly ReceiverUse[], node: Node): Receiver {
  const { receiver, whole } = receiverOf(input, uses, { node, isStatic: false }, false)
  const memory = remembered(input, node)
  return {
    fields: receiver.fields.filter((path) => !memory.has(JSON.stringify(path))),
    ...(receiver.inherits && { inherits: true }),
    calls: receiver.calls.filter(({ path }) => path.length > 0),
    ...(whole && {
      besides: [...memory].flatMap((key) => {
        const path = JSON.parse(key) as string[]
        return path.length === 1 && !path[0]!.startsWith('#') ? path : []
      }),
    }),
  }
}

/**
 * Collections of a class that hold what it remembers of earlier calls, and not what it was given: whatever member adds to one
 * looks into it as well, and whatever looks adds. A member that only adds is how a handler or a rate gets there, and one that only looks
 * is how it is used.
 */
function remembered(input: ReceiverInput, node: Node): ReadonlySet<string> {
  const found = new Map<string, boolean>()
  const lookers: (readonly string[])[] = []
  for (const member of node.body.body as Node[]) {
    const code = member.kind === 'constructor' ? undefined : codeOf(member)
    const uses = code ? usesOf(input, code) : []
    const added = uses.filter(({ path, called }) => called && path.length > 1 && isMutator(path.at(-1)!))
    const looked = uses.filter((use) => !added.includes(use)).map(({ path }) => path)
    for (const { path } of added) {
      const holder = path.slice(0, -1)
      const looks = looked.some((other) => isBelow(other, holder))
      const key = JSON.stringify(holder)
      found.set(key, looks && found.get(key) !== false)
    }
    if (added.length === 0) lookers.push(...looked)
  }
  for (const key of found.keys()) {
    const holder = JSON.parse(key) as string[]
    if (lookers.some((path) => isBelow(path, holder))) found.set(key, false)
  }
  return new Set([...found].flatMap(([key, isMemory]) => (isMemory ? key : [])))
}

const isBelow = (path: readonly string[], holder: readonly string[]): boolean =>
  holder.every((name, at) => path[at] === name)

/** Paths without those that a shorter one covers. */
export function shortest(paths: readonly (readonly string[])[]): (readonly string[])[] {
  const sorted = [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()].sort((a, b) =>
    a.length !== b.length ? a.length - b.length : JSON.stringify(a) < JSON.stringify(b) ? -1 : 1,
  )
  return sorted.filter(
    (path, index) => !sorted.slice(0, index).some((other) => other.every((key, at) => path[at] === key)),
  )
}

/** What another member does with `this`. */
function usesOf(input: ReceiverInput, code: Node): readonly ReceiverUse[] {
  const writer = input.write([code])
  writer.receiver = { uses: [] }
  try {
    new Encoder(writer).fn(code, { constructable: false })
  } catch (error) {
    if (!(error instanceof UnknownSyntax)) throw error
    return [{ path: [], called: false, base: false }]
  }
  return writer.receiverUses()
}

/** The function that a member is. */
function codeOf(member: Node): Node | undefined {
  const value = member.value ? erased(member.value) : undefined
  return value && isFunction(value) ? value : undefined
}

const nameOf = (member: Node): string | undefined =>
  member.key?.type === 'PrivateIdentifier' ? `#${member.key.name}` : memberName(member)

/** Where a name of `this` is declared. @param above starts with the class that `from` extends */
function find(
  view: ModuleView,
  from: Node | undefined,
  name: string,
  isStatic: boolean,
  above: boolean,
): Found | undefined {
  const seen = new Set<Node>()
  let node = from
  for (let skip = above; node && !seen.has(node); skip = false) {
    seen.add(node)
    const members = (node.body.body as Node[]).filter((member) => !member.declare)
    if (!skip) {
      const member = members.findLast((one) => Boolean(one.static) === isStatic && nameOf(one) === name)
      if (member) return { in: node, member }
      const parameter = isStatic ? undefined : parametersOf(members).get(name)
      if (parameter) return { in: node, parameter }
    }
    if (!node.superClass) return { in: node }
    const upper = classOf(view, node.superClass)
    if (!upper) return { in: node, unknown: true }
    node = upper
  }
  return node && { in: node, unknown: true }
}

function classOf(view: ModuleView, expression: Node): Node | undefined {
  const inner = erased(expression)
  if (inner.type !== 'Identifier') return undefined
  const variable = view.scopes.of(inner)
  const node = variable?.defs[0]?.node as unknown as Node | undefined
  if (!variable || variable.references.some((reference) => reference.isWrite() && !reference.init)) return undefined
  if (node?.type === 'ClassDeclaration') return node
  const init =
    node?.type === 'VariableDeclarator' && node.id.type === 'Identifier' && node.init ? erased(node.init) : undefined
  return init?.type === 'ClassExpression' ? init : undefined
}

/** Parameter properties: `constructor(private repo: Repo)`. */
const parametersOf = (members: readonly Node[]): ReadonlyMap<string, Node> =>
  new Map(
    members
      .filter((member) => member.kind === 'constructor')
      .flatMap((member) => (member.value.params as Node[]).filter((one) => one.type === 'TSParameterProperty'))
      .map((one) => {
        const inner = one.parameter.type === 'AssignmentPattern' ? one.parameter.left : one.parameter
        return [inner.name as string, one] as const
      }),
  )

interface Declared {
  readonly type?: Target
  /** What made it. */
  readonly from?: Target
  /** Its value can be keyed, or nothing is known of it: then core finds out. */
  readonly isData: boolean
}

/** What a name of `this` holds, as it is declared, injected or made. */
function declared(view: ModuleView, found: Found | undefined): Declared {
  if (!found || found.unknown) return { isData: true }
  const { member, parameter } = found
  const inner =
    parameter && (parameter.parameter.type === 'AssignmentPattern' ? parameter.parameter.left : parameter.parameter)
  const annotation = (member?.typeAnnotation ?? (member && codeOf(member))?.returnType ?? inner?.typeAnnotation) as
    | Node
    | undefined
  const said = annotation ? typed(view, annotation) : undefined
  if (said?.type) return said
  const injected = injectedBy(view, [
    ...((member?.decorators ?? []) as Node[]),
    ...((parameter?.decorators ?? []) as Node[]),
    ...((inner?.decorators ?? []) as Node[]),
  ])
  if (injected) return { type: injected, isData: false }
  if (said) return said
  const value = member?.value ? erased(member.value) : undefined
  if (value?.type === 'NewExpression') {
    const type = targetOf(view, value.callee)
    return type ? { type, isData: false } : { isData: true }
  }
  const made =
    value?.type === 'CallExpression'
      ? (value.arguments as Node[]).flatMap((one) => targetOf(view, one) ?? [])[0]
      : undefined
  if (made) return { type: made, isData: false }
  const from = value && maker(view, value)
  return from ? { from, isData: true } : { isData: true }
}

/** The function that a value comes from: `createClient` of `await redis.createClient()`. */
function maker(view: ModuleView, value: Node): Target | undefined {
  let node = erased(value)
  while (/^(?:AwaitExpression|ChainExpression|CallExpression|MemberExpression)$/.test(node.type)) {
    node = erased(node.argument ?? node.expression ?? node.callee ?? node.object)
  }
  return value.type === 'Identifier' ? undefined : targetOf(view, node)
}

/** The class that a decorator names: `@Inject(Repo)`, `@Inject(forwardRef(() => Repo))`. */
function injectedBy(view: ModuleView, decorators: readonly Node[]): Target | undefined {
  const pending = decorators.flatMap((decorator) => {
    const inner = erased(decorator.expression)
    return inner.type === 'CallExpression' ? (inner.arguments as Node[]) : []
  })
  for (let node = pending.pop(); node; node = pending.pop()) {
    const inner = erased(node)
    if (inner.type === 'CallExpression') pending.push(...(inner.arguments as Node[]))
    else if (inner.type === 'ArrowFunctionExpression' && inner.body.type !== 'BlockStatement') pending.push(inner.body)
    else {
      const target = targetOf(view, inner)
      if (target) return target
    }
  }
  return undefined
}

function targetOf(view: ModuleView, node: Node): Target | undefined {
  const inner = erased(node)
  const variable = inner.type === 'Identifier' ? view.scopes.of(inner) : undefined
  return variable && view.targetOf(variable)
}

const nothing = /^TS(?:Null|Undefined)Keyword$/

/** What a type says of the value. */
function typed(view: ModuleView, annotation: Node, depth = 0): Declared {
  let type = annotation.type === 'TSTypeAnnotation' ? (annotation.typeAnnotation as Node) : annotation
  if (type.type === 'TSUnionType') {
    const parts = (type.types as Node[]).filter((part) => !nothing.test(part.type))
    if (parts.length !== 1) return { isData: true }
    type = parts[0]!
  }
  const name = typeName(type)
  if (!name) return { isData: true }
  const variable = view.scopes.of(name)
  const target = variable && view.targetOf(variable)
  if (target) return { type: target, isData: false }
  const declaration = view.scopes.typeOf(name)
  if (declaration?.type === 'TSTypeAliasDeclaration' && depth < 8)
    return typed(view, declaration.typeAnnotation, depth + 1)
  // An interface of the file is a port: what stands behind it is known when the program runs.
  return { isData: declaration?.type !== 'TSInterfaceDeclaration' }
}

/** The functions that a class gives to its objects and that its version tells of. */
export function givenBy(node: Node): GivenFunction[] {
  const found: GivenFunction[] = []
  const give = (name: string | undefined, { start, end }: Node, bound: string | undefined, isStatic = false) => {
    if (name !== undefined && name !== '__proto__') found.push({ name, start, end, isStatic, bound })
  }
  for (const member of node.body.body as Node[]) {
    const value = member.value ? erased(member.value) : undefined
    if (!value) continue
    if (member.type === 'PropertyDefinition') {
      const bound = boundBy(value)
      if (bound !== undefined || isFunction(value)) give(memberName(member), value, bound, Boolean(member.static))
    }
    if (member.kind !== 'constructor') continue
    for (const { left, right } of assignments(value.body)) {
      const bound = boundBy(erased(right))
      if (bound !== undefined) give(ofThis(left), erased(right), bound)
    }
  }
  return found
}

/** The name of the method that `this.find.bind(this)` binds. */
export function boundBy(value: Node): string | undefined {
  if (value.type !== 'CallExpression' || value.optional) return undefined
  const callee = erased(value.callee)
  const [self, ...others] = (value.arguments as Node[]).map(erased)
  if (callee.type !== 'MemberExpression' || callee.optional || self?.type !== 'ThisExpression' || others.length > 0)
    return undefined
  return staticKey(callee.property, callee.computed) === 'bind' ? ofThis(callee.object) : undefined
}

/** The name of a member of `this`. */
function ofThis(node: Node): string | undefined {
  const inner = erased(node)
  if (inner.type !== 'MemberExpression' || inner.optional || erased(inner.object).type !== 'ThisExpression')
    return undefined
  return inner.property.type === 'PrivateIdentifier' ? undefined : staticKey(inner.property, inner.computed)
}

/** Assignments that run where a function runs. */
function assignments(root: Node | null): Node[] {
  const found: Node[] = []
  const pending: Node[] = root ? [root] : []
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node.type === 'AssignmentExpression' && node.operator === '=') found.push(node)
    if (/^Function|^Class|^ArrowFunction/.test(node.type)) continue
    for (const value of Object.values(node) as unknown[])
      for (const child of Array.isArray(value) ? value : [value])
        if (child !== null && typeof child === 'object' && typeof (child as Node).type === 'string')
          pending.push(child as Node)
  }
  return found
}

/** A computed key that names the hook: the class says itself what it is keyed by. */
export const hasCacheKey = (node: Node): boolean =>
  (node.body.body as Node[]).some((member) => {
    const key = member.computed ? erased(member.key) : undefined
    if (!key) return false
    const last = key.type === 'MemberExpression' ? staticKey(key.property, key.computed) : key.name
    return last === 'cacheKey'
  })
