/** The top of a module: what it imports, exports and defines, before any of it is encoded. */
import type { Request, Target } from './model.ts'
import type { Node } from './parse.ts'
import type { Scopes, Variable } from './scopes.ts'
import { staticKey, variablesOf } from './walk.ts'
import type { Import } from './wrappers.ts'

/** A definition to be: what will be encoded together. */
export interface Plan {
  readonly kind: 'value' | 'pattern' | 'function' | 'class' | 'enum' | 'namespace' | 'statement'
  readonly name: string
  readonly nodes: Node[]
  /** The declaration a declarator stands in. */
  readonly declaration?: Node
}

export interface Outline {
  readonly plans: readonly Plan[]
  readonly requests: Request[]
  readonly imports: ReadonlyMap<Variable, Import>
  readonly targets: ReadonlyMap<Variable, Target>
  readonly exports: Record<string, Target>
  readonly names: Record<string, Target>
  readonly stars: readonly number[]
  /** `use client` and the like: frameworks act on them. */
  readonly directives: readonly string[]
}

/** Style sheets and the like: importing one for its effects has none that code can see. */
export function outline(program: Node, scopes: Scopes, sloppy: boolean): Outline {
  const plans: Plan[] = []
  const requests: Request[] = []
  const imports = new Map<Variable, Import>()
  const targets = new Map<Variable, Target>()
  const exports: Record<string, Target> = Object.create(null)
  const names: Record<string, Target> = Object.create(null)
  const stars: number[] = []
  const directives: string[] = []
  /** Exports of local names: resolved when all names are known. */
  const locals: (readonly [exported: string, local: string])[] = []
  const merged = new Map<Variable, number>()

  const request = (source: Node, kind: Request['kind'], bare = false, attributes?: readonly Node[]): number =>
    requests.push({ specifier: source.value + queryOf(source.value, attributes), kind, bare, at: source.start }) - 1

  const plan = (entry: Plan): number => plans.push(entry) - 1

  function declare(identifier: Node, target: Target): void {
    const variable = scopes.of(identifier)
    if (!variable) return
    if (!targets.has(variable)) targets.set(variable, target)
    names[variable.name] ??= target
  }

  function bind(identifier: Node, source: number, specifier: string, name: string): void {
    const variable = scopes.of(identifier)
    if (!variable) return
    imports.set(variable, { request: source, specifier, name })
    declare(identifier, { request: source, name })
  }

  /** Declarations of one name are one definition: blocks of an enum or namespace, a function and its namespace. */
  function merge(node: Node, kind: Plan['kind']): void {
    let id = node.id as Node
    while (id.type === 'TSQualifiedName') id = id.left
    if (id.type !== 'Identifier') return
    const variable = scopes.of(id)
    const known = variable && merged.get(variable)
    if (known !== undefined) {
      plans[known]!.nodes.push(node)
      return
    }
    const index = plan({ kind, name: id.name, nodes: [node] })
    if (variable) merged.set(variable, index)
    declare(id, { def: index })
  }

  function declared(node: Node): void {
    switch (node.type) {
      case 'VariableDeclaration':
        if (node.declare) return
        for (const declarator of node.declarations as Node[]) {
          const pattern = declarator.id as Node
          const simple = pattern.type === 'Identifier'
          if (identifiersOf(pattern).some((identifier) => targets.has(scopes.of(identifier)!))) {
            // `var` once more: the name is defined already, and this assigns it.
            const nodes = [{ ...node, declarations: [declarator] }]
            plan({ kind: 'statement', name: '(statement)', nodes })
            continue
          }
          const index = plan({
            kind: simple ? 'value' : 'pattern',
            name: simple ? pattern.name : '{...}',
            nodes: [declarator],
            declaration: node,
          })
          for (const [pick, identifier] of identifiersOf(pattern).entries()) {
            declare(identifier, simple ? { def: index } : { def: index, pick })
          }
        }
        return
      case 'FunctionDeclaration':
        return node.declare ? undefined : merge(node, 'function')
      case 'ClassDeclaration':
        return node.declare ? undefined : merge(node, 'class')
      case 'TSEnumDeclaration':
        return node.declare && !node.const ? undefined : merge(node, 'enum')
      case 'TSModuleDeclaration':
        return node.declare || node.global || !hasValues(node) ? undefined : merge(node, 'namespace')
      case 'TSImportEqualsDeclaration': {
        const reference = node.moduleReference as Node
        if (node.importKind === 'type') return
        if (reference.type === 'TSExternalModuleReference') {
          bind(node.id, request(reference.expression, 'require'), reference.expression.value, 'export=')
        } else plan({ kind: 'statement', name: node.id.name, nodes: [node] })
        return
      }
      case 'TSInterfaceDeclaration':
      case 'TSTypeAliasDeclaration':
      case 'TSDeclareFunction':
      case 'TSNamespaceExportDeclaration':
      case 'EmptyStatement':
      case 'DebuggerStatement':
        return
      default:
        if (node.directive) {
          // A module is strict anyway.
          if (node.directive !== 'use strict' || sloppy) directives.push(node.directive)
          return
        }
        plan({ kind: 'statement', name: '(statement)', nodes: [node] })
    }
  }

  function imported(node: Node): void {
    const specifiers = node.specifiers as Node[]
    const types =
      node.importKind === 'type' || (specifiers.length > 0 && specifiers.every((one) => one.importKind === 'type'))
    const index = request(node.source, types ? 'type' : 'import', specifiers.length === 0, node.attributes)
    for (const specifier of specifiers) {
      const name =
        specifier.type === 'ImportNamespaceSpecifier'
          ? '*'
          : specifier.type === 'ImportDefaultSpecifier'
            ? 'default'
            : exportedName(specifier.imported)
      bind(specifier.local, index, node.source.value, name)
    }
  }

  function exported(node: Node): void {
    if (node.exportKind === 'type') return
    if (node.declaration) {
      const inner = node.declaration as Node
      declared(inner)
      const ids =
        inner.type === 'VariableDeclaration'
          ? (inner.declarations as Node[]).flatMap((declarator) => identifiersOf(declarator.id))
          : inner.id
            ? [inner.id as Node]
            : []
      for (const id of ids) if (id.type === 'Identifier') locals.push([id.name, id.name])
      return
    }
    const specifiers = (node.specifiers as Node[]).filter((one) => one.exportKind !== 'type')
    const source = node.source as Node | null
    const index = source ? request(source, 'import', false, node.attributes) : undefined
    for (const specifier of specifiers) {
      const [local, name] = [exportedName(specifier.local), exportedName(specifier.exported)]
      if (index === undefined) locals.push([name, local])
      else exports[name] = { request: index, name: local }
    }
  }

  /** `export default x` hands out what x is at that moment, unlike `export { x as default }`. */
  function isReassigned(identifier: Node): boolean {
    const variable = scopes.of(identifier)
    return variable?.references.some((reference) => reference.isWrite() && !reference.init) === true
  }

  for (const node of program.body as Node[]) {
    switch (node.type) {
      case 'ImportDeclaration':
        imported(node)
        break
      case 'ExportNamedDeclaration':
        exported(node)
        break
      case 'ExportAllDeclaration': {
        if (node.exportKind === 'type') break
        const index = request(node.source, 'import', false, node.attributes)
        if (node.exported) exports[exportedName(node.exported)] = { request: index, name: '*' }
        else stars.push(index)
        break
      }
      case 'ExportDefaultDeclaration': {
        const inner = node.declaration as Node
        if (/^(?:TSInterface|TSDeclareFunction)/.test(inner.type)) break
        if (inner.id && /^(?:Function|Class)Declaration$/.test(inner.type)) {
          declared(inner)
          locals.push(['default', inner.id.name])
        } else if (inner.type === 'Identifier' && !isReassigned(inner)) locals.push(['default', inner.name])
        else {
          const kind =
            inner.type === 'FunctionDeclaration' ? 'function' : inner.type === 'ClassDeclaration' ? 'class' : 'value'
          exports.default = names.default = { def: plan({ kind, name: 'default', nodes: [inner] }) }
        }
        break
      }
      case 'TSExportAssignment':
        if (node.expression.type === 'Identifier') locals.push(['export=', node.expression.name])
        else exports['export='] = { def: plan({ kind: 'value', name: 'export=', nodes: [node.expression] }) }
        break
      default:
        declared(node)
    }
  }

  // `var` in a block, a loop or a `using` at the top: the statement is the definition.
  const tops = plans.flatMap(({ nodes }, index) => nodes.map((node) => ({ node, index })))
  const picks = new Map<number, number>()
  for (const variable of scopes.top) {
    const identifier = variable.identifiers[0] as unknown as Node | undefined
    if (!identifier || targets.has(variable) || !scopes.of(identifier)) continue
    const place = identifier.range[0] as number
    const home = tops.find(({ node }) => place >= node.start && place < node.end)
    if (!home) continue
    const pick = picks.get(home.index) ?? 0
    picks.set(home.index, pick + 1)
    declare(identifier, { def: home.index, pick })
  }
  const byName = new Map<string, Target>()
  for (const [variable, target] of targets) if (scopes.isModuleLevel(variable)) byName.set(variable.name, target)
  for (const [name, local] of locals) {
    const target = byName.get(local)
    if (target) exports[name] = target
  }
  return { plans, requests, imports, targets, exports, names, stars, directives }

  function identifiersOf(pattern: Node): Node[] {
    return variablesOf(pattern, scopes.of).flatMap((variable) => variable.identifiers[0] as unknown as Node)
  }
}

/** `with { type: 'text' }` makes a file another value, as a query does; `json` is what it is without. */
function queryOf(specifier: string, attributes: readonly Node[] | undefined): string {
  const type = attributes?.find(({ key }) => (key.name ?? key.value) === 'type')?.value.value as string | undefined
  if (type === undefined || type === 'json' || !/^\.{0,2}\//.test(specifier)) return ''
  return `${specifier.includes('?') ? '&' : '?'}with-type=${type}`
}

const exportedName = (node: Node): string => (node.type === 'Literal' ? node.value : node.name)

/** A namespace of types alone is no code. */
function hasValues(node: Node): boolean {
  const body = node.body as Node | null
  if (!body) return false
  if (body.type === 'TSModuleDeclaration') return hasValues(body)
  return (body.body as Node[]).some((inner) => {
    const declared = (inner.type === 'ExportNamedDeclaration' ? inner.declaration : inner) as Node | null
    if (!declared) return true
    if (declared.type === 'TSModuleDeclaration') return hasValues(declared)
    return !/^TS(?:Interface|TypeAlias)Declaration$|^TSDeclareFunction$/.test(declared.type) && !declared.declare
  })
}

/** The first static key of a member, for the table of an object or class. */
export const memberName = (member: Node): string | undefined =>
  member.key && member.key.type !== 'PrivateIdentifier' ? staticKey(member.key, member.computed) : undefined
