/**
 * Names to bindings. The work is done by @typescript-eslint/scope-manager; this file answers the one question the
 * encoder has: which variable does this identifier mean?
 */
import { analyze, type Scope, type Variable } from '@typescript-eslint/scope-manager'
import type { Node } from './parse.ts'

export type { Scope, Variable }

export interface Scopes {
  /** The variable of an identifier; nothing for a global, an ambient declaration or a type. */
  of(identifier: Node): Variable | undefined
  /** The variable that a name would mean at a place; nothing for a global. */
  at(place: number, name: string): Variable | undefined
  /** The declaration of a name that is a type and no value. */
  typeOf(identifier: Node): Node | undefined
  /** Whether the variable belongs to the module, and not to a function or block in it. */
  isModuleLevel(variable: Variable): boolean
  readonly module: Scope
  /** The variables that belong to the module. */
  readonly top: readonly Variable[]
}

/** Resolves every identifier of a program. */
export function resolveScopes(program: Node, commonjs: boolean): Scopes {
  const manager = analyze(program as never, {
    sourceType: commonjs ? 'script' : 'module',
    globalReturn: commonjs,
    jsxPragma: null,
    jsxFragmentName: null,
    lib: [],
  })
  const variables = new Map<unknown, Variable>()
  const outerOf = new Map<Variable, Variable>()
  for (const scope of manager.scopes) {
    for (const variable of scope.variables) {
      // A class has a binding inside and one outside, for one name: they are the same value.
      const outer =
        scope.type === 'class' && variable.defs[0]?.node.type === 'ClassDeclaration'
          ? scope.upper?.set.get(variable.name)
          : undefined
      if (outer) outerOf.set(variable, outer)
      for (const identifier of variable.identifiers) variables.set(identifier, outer ?? variable)
    }
  }
  for (const scope of manager.scopes) {
    for (const { identifier, resolved } of scope.references) {
      if (resolved) variables.set(identifier, outerOf.get(resolved) ?? resolved)
    }
  }
  const [global] = manager.scopes
  const module = manager.scopes.find((scope) => scope.type === 'module') ?? global!
  const top = new Set<Scope>([global!, module])
  if (commonjs) {
    // With `globalReturn` the file is the body of a function.
    const body = manager.scopes.find((scope) => scope.type === 'function' && (scope.block as unknown) === program)
    if (body) top.add(body)
  }
  const ambient = new Map<Variable, boolean>()
  const isAmbient = (variable: Variable): boolean => {
    let known = ambient.get(variable)
    if (known === undefined) ambient.set(variable, (known = declaredOnly(variable)))
    return known
  }
  return {
    of(identifier) {
      const variable = variables.get(identifier)
      return variable && !isAmbient(variable) ? variable : undefined
    },
    typeOf(identifier) {
      const variable = variables.get(identifier)
      return variable && isAmbient(variable) ? (variable.defs[0]!.node as unknown as Node) : undefined
    },
    at(place, name) {
      let inner = global
      for (const scope of manager.scopes) {
        const [start, end] = scope.block.range
        if (place >= start && place < end && isWithin(scope.block.range, inner!.block.range)) inner = scope
      }
      for (let scope: Scope | null | undefined = inner; scope; scope = scope.upper) {
        const variable = scope.set.get(name)
        if (variable && !isAmbient(variable)) return outerOf.get(variable) ?? variable
      }
      return undefined
    },
    isModuleLevel: (variable) => top.has(variable.scope),
    module,
    top: [...top].flatMap(({ variables }) => variables),
  }
}

const isWithin = (inner: readonly [number, number], outer: readonly [number, number]) =>
  inner[0] >= outer[0] && inner[1] <= outer[1]

/** Declared for the type checker alone: `declare const x`, an interface, an overload without a body. */
function declaredOnly(variable: Variable): boolean {
  return (
    variable.defs.length > 0 &&
    variable.defs.every(({ node, parent }) => {
      const declaration = node as unknown as Node
      switch (declaration.type) {
        case 'TSInterfaceDeclaration':
        case 'TSTypeAliasDeclaration':
        case 'TSTypeParameter':
        case 'TSDeclareFunction':
          return true
        case 'TSEnumDeclaration':
          // The values of an ambient const enum are inlined: it is code.
          return declaration.declare && !declaration.const
        default:
          return Boolean(declaration.declare || (parent as unknown as Node | null)?.declare)
      }
    })
  )
}
