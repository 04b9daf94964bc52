/**
 * Which expressions are the environment, under whatever name: `process.env`, `import.meta.env`, `import { env } from
 * 'node:process'`, `const { env } = process`. A static read of it is an input of the call and not code (section 8); the
 * whole of it, or a name that only the running program knows, is a diagnostic and never silence.
 */
import { globalObjects } from './knowledge.ts'
import type { Node } from './parse.ts'
import type { Variable } from './scopes.ts'
import { quoted } from './stream.ts'
import { erased, staticKey } from './walk.ts'
import type { ModuleView, Writer } from './writer.ts'

/** Where a variable of the environment comes from: two of one name need not have one value. */
export type EnvironmentKind = 'process' | 'import.meta' | 'Bun' | 'Deno'

const inner = (node: Node): Node => (node.type === 'ChainExpression' ? inner(erased(node.expression)) : erased(node))

const keyOf = (node: Node) =>
  node.property.type === 'PrivateIdentifier' ? undefined : staticKey(node.property, node.computed)

const ofProcess = /^(?:node:)?process$/

/** A constant that is another name for what its initialiser is; `key`: the property it was destructured from. */
function aliased(variable: Variable): { readonly init: Node; readonly key: string | undefined } | undefined {
  const node = variable.defs[0]?.node as unknown as Node | undefined
  if (variable.defs.length !== 1 || node?.type !== 'VariableDeclarator' || !node.init) return undefined
  if (variable.references.some((reference) => reference.isWrite() && !reference.init)) return undefined
  const id = node.id as Node
  if (id.type === 'Identifier') return { init: node.init, key: undefined }
  if (id.type !== 'ObjectPattern') return undefined
  const property = (id.properties as Node[]).find((one) => one.value === variable.identifiers[0])
  const key = property && staticKey(property.key, property.computed)
  return key === undefined ? undefined : { init: node.init, key }
}

/** Whether an expression is the `process` of Node, or one of the objects beside it that hold an `env`. */
function holderOf(node: Node, module: ModuleView, depth = 0): EnvironmentKind | undefined {
  const it = inner(node)
  if (it.type === 'MetaProperty') return it.meta.name === 'import' ? 'import.meta' : undefined
  if (it.type === 'MemberExpression') {
    const owner = inner(it.object)
    const isGlobal = owner.type === 'Identifier' && globalObjects.has(owner.name) && !module.scopes.of(owner)
    return isGlobal ? named(keyOf(it)) : undefined
  }
  if (it.type === 'CallExpression') {
    const { callee } = it as unknown as { callee: Node }
    const [first] = it.arguments as Node[]
    const required = callee.type === 'Identifier' && callee.name === 'require' && !module.scopes.of(callee)
    return required && first && ofProcess.test(staticKey(first, true) ?? '') ? 'process' : undefined
  }
  if (it.type !== 'Identifier') return undefined
  const variable = module.scopes.of(it)
  if (!variable) return named(it.name)
  const origin = module.importOf(variable)
  if (origin)
    return ofProcess.test(origin.specifier) && /^(?:default|\*|export=)$/.test(origin.name) ? 'process' : undefined
  const alias = depth < 4 ? aliased(variable) : undefined
  return alias && alias.key === undefined ? holderOf(alias.init, module, depth + 1) : undefined
}

const named = (name: string | undefined): EnvironmentKind | undefined =>
  name === 'process' || name === 'Bun' || name === 'Deno' ? name : undefined

/** Whether an expression is the environment. */
export function environmentOf(node: Node, module: ModuleView, depth = 0): EnvironmentKind | undefined {
  const it = inner(node)
  if (it.type === 'MemberExpression') return keyOf(it) === 'env' ? holderOf(it.object, module) : undefined
  if (it.type === 'LogicalExpression') {
    const right = erased(it.right)
    const absent = it.operator !== '&&' && right.type === 'ObjectExpression' && right.properties.length === 0
    return absent ? environmentOf(it.left, module, depth) : undefined
  }
  if (it.type !== 'Identifier') return undefined
  const variable = module.scopes.of(it)
  if (!variable) return undefined
  const origin = module.importOf(variable)
  if (origin) return ofProcess.test(origin.specifier) && origin.name === 'env' ? 'process' : undefined
  const alias = depth < 4 ? aliased(variable) : undefined
  if (!alias) return undefined
  if (alias.key === undefined) return environmentOf(alias.init, module, depth + 1)
  return alias.key === 'env' ? holderOf(alias.init, module) : undefined
}

/**
 * Whether an expression hands on the environment, or what holds it, and so hides which of it is read. Another name for it
 * at the top of the module has its own diagnostic, which whoever reaches that name gets.
 */
export function isWholeEnvironment(node: Node, module: ModuleView): boolean {
  const variable = node.type === 'Identifier' ? module.scopes.of(node) : undefined
  const target = variable && module.targetOf(variable)
  if (target && 'def' in target) return false
  return environmentOf(node, module) !== undefined || holderOf(node, module) !== undefined
}

/** The environment as the source writes it, an alias as what it stands for: the name may not reach where it is read. */
function sourceOf(node: Node, module: ModuleView): string {
  const it = inner(node)
  const variable = it.type === 'Identifier' ? module.scopes.of(it) : undefined
  const alias = variable && !module.importOf(variable) ? aliased(variable) : undefined
  if (alias) return `${sourceOf(alias.init, module)}${alias.key === undefined ? '' : `.${alias.key}`}`
  if (it.type === 'MemberExpression' && erased(it.object).type === 'Identifier') {
    const before = sourceOf(it.object, module)
    const object = it.object as Node
    if (before !== module.text.slice(object.start, object.end)) return `${before}${it.optional ? '?.' : '.'}env`
  }
  return module.text.slice(node.start, node.end)
}

const isPlainName = (name: string) => /^[A-Za-z_$][\w$]*$/.test(name)

const memberOf = (source: string, name: string) =>
  isPlainName(name) ? `${source}.${name}` : `${source}[${JSON.stringify(name)}]`

function read(writer: Writer, kind: EnvironmentKind, name: string, expression: string): void {
  writer.env.push({ name, expression, module: writer.depth === 0 })
  writer.stream.put(`Env ${kind} ${quoted(name)}`)
}

/**
 * Writes `process.env.X`.
 * @returns `read`; `dynamic` where the name is not in the source, and the member is still to be written; else nothing
 */
export function environmentMember(writer: Writer, node: Node): 'read' | 'dynamic' | undefined {
  const { module } = writer
  const kind = environmentOf(node.object, module)
  if (!kind) return undefined
  const expression = module.text.slice(node.start, node.end)
  const name = keyOf(node)
  if (kind === 'Deno') {
    writer.finding('env-dynamic', expression, node)
    return 'dynamic'
  }
  if (name === undefined) {
    writer.finding('env-dynamic', expression, node)
    return 'dynamic'
  }
  const object = node.object as Node
  const source = sourceOf(object, module)
  read(writer, kind, name, source === module.text.slice(object.start, object.end) ? expression : memberOf(source, name))
  return 'read'
}

/** `Deno.env.get('X')`, `'X' in process.env`. */
export function environmentQuestion(writer: Writer, node: Node): boolean {
  const { module } = writer
  const expression = module.text.slice(node.start, node.end)
  if (node.type === 'BinaryExpression') {
    const kind = node.operator === 'in' ? environmentOf(node.right, module) : undefined
    const name = staticKey(node.left, true)
    if (!kind || kind === 'Deno' || name === undefined) return false
    writer.stream.put('In;')
    read(writer, kind, name, memberOf(sourceOf(node.right, module), name))
    return true
  }
  const callee = erased(node.callee)
  if (callee.type !== 'MemberExpression' || environmentOf(callee.object, module) !== 'Deno') return false
  const method = keyOf(callee)
  const list = node.arguments as Node[]
  const name = list.length === 1 ? staticKey(list[0]!, true) : undefined
  if ((method !== 'get' && method !== 'has') || name === undefined) return false
  writer.stream.put(`${method};`)
  read(writer, 'Deno', name, expression)
  return true
}

/**
 * Writes the initialiser of a pattern or name where it is the environment, or what holds it.
 * @returns whether it has been written
 */
export function environmentInitialiser(writer: Writer, pattern: Node, init: Node): boolean {
  const { module } = writer
  const kind = environmentOf(init, module)
  const source = sourceOf(init, module)
  if (kind) {
    if (pattern.type === 'ObjectPattern' && kind !== 'Deno') destructured(writer, pattern, source, init)
    // A local alias says nothing by itself: what is read through it does. Other modules may read one at the top.
    else if (!isLocalAlias(pattern, module)) writer.finding('env-dynamic', source, init)
    writer.stream.put(`Environment ${kind};`)
    return true
  }
  const holder = holderOf(init, module)
  if (!holder) return false
  if (holder === 'import.meta') {
    const keys =
      pattern.type === 'ObjectPattern'
        ? (pattern.properties as Node[]).map((one) => one.key && staticKey(one.key, one.computed))
        : []
    if (keys.length === 0 || keys.some((key) => key !== 'env')) writer.finding('location-dependent', source, init)
  }
  if (pattern.type !== 'ObjectPattern') {
    if (!isLocalAlias(pattern, module)) writer.finding('env-dynamic', source, init)
    writer.stream.put(`Holder ${holder};`)
    return true
  }
  for (const property of pattern.properties as Node[]) {
    const key = property.type === 'Property' ? staticKey(property.key, property.computed) : undefined
    if (key !== undefined && key !== 'env') continue
    const value = property.value as Node | undefined
    if (key === 'env' && value?.type === 'ObjectPattern' && holder !== 'Deno')
      destructured(writer, value, `${source}.env`, init)
    else if (key === undefined || !value || !isLocalAlias(value, module)) {
      writer.finding('env-dynamic', source, init)
    }
  }
  writer.stream.put(`Holder ${holder};`)
  return true
}

const isLocalAlias = (pattern: Node, module: ModuleView): boolean => {
  const variable = pattern.type === 'Identifier' ? module.scopes.of(pattern) : undefined
  return variable !== undefined && !module.targetOf(variable) && aliased(variable) !== undefined
}

function destructured(writer: Writer, pattern: Node, source: string, at: Node): void {
  for (const property of pattern.properties as Node[]) {
    const name = property.type === 'Property' ? staticKey(property.key, property.computed) : undefined
    if (name === undefined) writer.finding('env-dynamic', source, at)
    else writer.env.push({ name, expression: memberOf(source, name), module: writer.depth === 0 })
  }
}
