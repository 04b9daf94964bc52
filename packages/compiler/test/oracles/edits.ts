/** Edits that a person makes, found in a source by TypeScript's own parser. */
import ts from 'typescript'

export interface Edit {
  readonly kind: 'statement deleted' | 'literal changed' | 'arguments swapped'
  readonly start: number
  readonly what: string
  readonly text: string
}

const parse = (file: string, text: string) =>
  ts.createSourceFile(file.replace(/\.mjs$/, '.js'), text, ts.ScriptTarget.ESNext, true)

const erasedStatement = (node: ts.Node) =>
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isEmptyStatement(node) ||
  (ts.isFunctionDeclaration(node) && !node.body) ||
  (ts.isExpressionStatement(node) && ts.isStringLiteral(node.expression))

/** A function that ends returns `undefined` anyway. */
const endsAnyway = (node: ts.Node) =>
  ts.isReturnStatement(node) &&
  (!node.expression || node.expression.getText() === 'undefined') &&
  ts.isBlock(node.parent) &&
  ts.isFunctionLike(node.parent.parent) &&
  node.parent.statements.at(-1) === node

/** Every statement in a function deleted, every literal changed, and the first two arguments of every call swapped. */
export function editsOf(file: string, text: string): Edit[] {
  const source = parse(file, text)
  const found: Edit[] = []
  const add = (kind: Edit['kind'], node: ts.Node, code: string) => {
    const [start, end] = [node.getStart(source), node.getEnd()]
    found.push({ kind, start, what: text.slice(start, end), text: text.slice(0, start) + code + text.slice(end) })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || erasedStatement(node))
      return
    if (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword))
      return
    // Where a statement is one of a list, the list can do without it.
    if (ts.isBlock(node) || ts.isCaseOrDefaultClause(node)) {
      for (const statement of node.statements)
        if (!erasedStatement(statement) && !endsAnyway(statement)) add('statement deleted', statement, '')
    }
    // `void 1` is `void 0`.
    if (ts.isVoidExpression(node)) return
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      if (!ts.isPropertyAssignment(node.parent) || node.parent.name !== node) {
        add('literal changed', node, JSON.stringify(`${node.text}~`))
      }
    } else if (ts.isNumericLiteral(node))
      add(
        'literal changed',
        node,
        `(${node.text} + 1)`.replace(/^\((\d+) \+ 1\)$/, (_, n) => `${Number(n) + 1}`),
      )
    else if (node.kind === ts.SyntaxKind.TrueKeyword) add('literal changed', node, 'false')
    else if (node.kind === ts.SyntaxKind.FalseKeyword) add('literal changed', node, 'true')
    if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && (node.arguments?.length ?? 0) > 1) {
      const [first, second] = node.arguments! as unknown as [ts.Expression, ts.Expression]
      const [a, b] = [first.getText(source), second.getText(source)]
      if (a !== b && !ts.isSpreadElement(first) && !ts.isSpreadElement(second)) {
        const [start, end] = [first.getStart(source), second.getEnd()]
        const between = text.slice(first.getEnd(), second.getStart(source))
        found.push({
          kind: 'arguments swapped',
          start,
          what: text.slice(start, end),
          text: text.slice(0, start) + b + between + a + text.slice(end),
        })
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** The declarations of functions at the top, overloads with their function. */
function functionsOf(source: ts.SourceFile) {
  const groups: { readonly name: string; readonly nodes: ts.FunctionDeclaration[]; readonly exported: boolean }[] = []
  for (const statement of source.statements) {
    if (!ts.isFunctionDeclaration(statement) || !statement.name) continue
    const modifiers = statement.modifiers?.map(({ kind }) => kind) ?? []
    if (modifiers.includes(ts.SyntaxKind.DefaultKeyword) || modifiers.includes(ts.SyntaxKind.DeclareKeyword)) continue
    const name = statement.name.text
    const known = groups.find((group) => group.name === name)
    if (known) known.nodes.push(statement)
    else groups.push({ name, nodes: [statement], exported: modifiers.includes(ts.SyntaxKind.ExportKeyword) })
  }
  return groups.filter(({ nodes }) => nodes.some(({ body }) => body))
}

const without = (text: string, nodes: readonly ts.Node[]) =>
  [...nodes]
    .sort((a, b) => b.getFullStart() - a.getFullStart())
    .reduce((rest, node) => `${rest.slice(0, node.getFullStart())}\n${rest.slice(node.getEnd())}`, text)

/** The same module with its functions in the opposite order, behind everything else: they are hoisted. */
export function shuffled(file: string, text: string): string {
  const groups = functionsOf(parse(file, text))
  const moved = groups.toReversed().map(({ nodes }) => nodes.map((node) => node.getFullText()).join('\n'))
  return [
    without(
      text,
      groups.flatMap(({ nodes }) => nodes),
    ),
    ...moved,
  ].join('\n')
}

/** The same module in two: every second function that needs nothing private moves to `part`, and is exported from there. */
export function split(
  file: string,
  text: string,
  part: string,
): { readonly rest: string; readonly moved: string } | undefined {
  const source = parse(file, text)
  const imports = source.statements.filter((node) => ts.isImportDeclaration(node) && node.importClause)
  const imported = new Set<string>()
  for (const node of imports as ts.ImportDeclaration[]) {
    const { name, namedBindings } = node.importClause!
    if (name) imported.add(name.text)
    if (namedBindings && ts.isNamespaceImport(namedBindings)) imported.add(namedBindings.name.text)
    else for (const { name: one } of namedBindings?.elements ?? []) imported.add(one.text)
  }
  const declared = new Map<string, boolean>()
  for (const statement of source.statements) {
    const exported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    if (ts.isVariableStatement(statement)) {
      const bind = (name: ts.BindingName): void => {
        if (ts.isIdentifier(name)) declared.set(name.text, Boolean(exported))
        else for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name)
      }
      for (const { name } of statement.declarationList.declarations) bind(name)
    } else if ('name' in statement && statement.name) {
      declared.set((statement.name as ts.Identifier).text, Boolean(exported))
    }
  }
  const groups = functionsOf(source)
  const namesIn = (nodes: readonly ts.Node[]) => {
    const names = new Set<string>()
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node)) names.add(node.text)
      ts.forEachChild(node, visit)
    }
    nodes.forEach(visit)
    return names
  }
  const candidates = groups.filter(({ nodes, name }) =>
    [...namesIn(nodes)].every((one) => one === name || declared.get(one) !== false),
  )
  const chosen = candidates.filter((_, index) => index % 2 === 0)
  if (chosen.length === 0) return undefined
  const names = new Set(chosen.map(({ name }) => name))
  const needed = [...namesIn(chosen.flatMap(({ nodes }) => nodes))].filter(
    (one) => declared.has(one) && !names.has(one),
  )
  const specifier = (path: string) => `'./${path.slice(path.lastIndexOf('/') + 1)}'`
  const moved = [
    ...imports.map((node) => node.getText(source)),
    needed.length > 0 ? `import { ${needed.join(', ')} } from ${specifier(file)}` : '',
    ...chosen.flatMap(({ nodes, exported }) =>
      nodes.map((node) => (exported ? node.getText(source) : `export ${node.getText(source)}`)),
    ),
  ]
  const outside = chosen.filter(({ exported }) => exported).map(({ name }) => name)
  const rest = [
    `import { ${[...names].join(', ')} } from ${specifier(part)}`,
    without(
      text,
      chosen.flatMap(({ nodes }) => nodes),
    ),
    outside.length > 0 ? `export { ${outside.join(', ')} }` : '',
  ]
  return { rest: rest.join('\n'), moved: moved.join('\n') }
}
