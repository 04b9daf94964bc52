/**
 * The syntax there is: every type of node and every field of it. The encoder refuses what does not stand here, so that a
 * new version of the language or of a parser can never be ignored in silence; the text then stands for the definition.
 * A field listed here is encoded, or is erased by the language or by TypeScript; `encode.ts` says which.
 */
import type { Node } from './parse.ts'

const everywhere = ['type', 'start', 'end', 'range', 'loc', 'parent', 'sourceType']
const classFields =
  'decorators id typeParameters superClass superTypeArguments superTypeParameters implements body abstract declare'
const fnFields = 'id generator async declare typeParameters params returnType body expression'
const memberFields =
  'decorators key value kind computed static override optional accessibility typeAnnotation declare definite readonly'

const fields: Readonly<Record<string, string>> = {
  Program: 'body sourceType hashbang comments tokens',
  ArrayExpression: 'elements',
  ArrayPattern: 'elements decorators optional typeAnnotation',
  ArrowFunctionExpression: 'id generator async expression params body declare typeParameters returnType',
  AssignmentExpression: 'operator left right',
  AssignmentPattern: 'left right decorators optional typeAnnotation',
  AwaitExpression: 'argument',
  BinaryExpression: 'operator left right',
  BlockStatement: 'body',
  BreakStatement: 'label',
  CallExpression: 'callee arguments optional typeArguments typeParameters',
  CatchClause: 'param body',
  ChainExpression: 'expression',
  ClassBody: 'body',
  ClassDeclaration: classFields,
  ClassExpression: classFields,
  ConditionalExpression: 'test consequent alternate',
  ContinueStatement: 'label',
  DebuggerStatement: '',
  Decorator: 'expression',
  DoWhileStatement: 'body test',
  EmptyStatement: '',
  ExpressionStatement: 'expression directive',
  ForInStatement: 'left right body',
  ForOfStatement: 'left right body await',
  ForStatement: 'init test update body',
  FunctionDeclaration: fnFields,
  FunctionExpression: fnFields,
  Identifier: 'name decorators optional typeAnnotation',
  IfStatement: 'test consequent alternate',
  ImportExpression: 'source options phase',
  LabeledStatement: 'label body',
  Literal: 'value raw regex bigint',
  LogicalExpression: 'operator left right',
  MemberExpression: 'object property computed optional',
  MetaProperty: 'meta property',
  MethodDefinition: memberFields,
  NewExpression: 'callee arguments typeArguments typeParameters',
  ObjectExpression: 'properties',
  ObjectPattern: 'properties decorators optional typeAnnotation',
  ParenthesizedExpression: 'expression',
  PrivateIdentifier: 'name',
  Property: 'kind key value method shorthand computed optional',
  PropertyDefinition: memberFields,
  AccessorProperty: memberFields,
  RestElement: 'argument decorators optional typeAnnotation value',
  ReturnStatement: 'argument',
  SequenceExpression: 'expressions',
  SpreadElement: 'argument',
  StaticBlock: 'body',
  Super: '',
  SwitchCase: 'test consequent',
  SwitchStatement: 'discriminant cases',
  TaggedTemplateExpression: 'tag quasi typeArguments typeParameters',
  TemplateElement: 'value tail',
  TemplateLiteral: 'quasis expressions',
  ThisExpression: '',
  ThrowStatement: 'argument',
  TryStatement: 'block handler finalizer',
  UnaryExpression: 'operator prefix argument',
  UpdateExpression: 'operator prefix argument',
  VariableDeclaration: 'kind declarations declare',
  VariableDeclarator: 'id init definite',
  WhileStatement: 'test body',
  WithStatement: 'object body',
  YieldExpression: 'delegate argument',
  ImportDeclaration: 'specifiers source importKind attributes phase assertions',
  ImportSpecifier: 'imported local importKind',
  ImportDefaultSpecifier: 'local',
  ImportNamespaceSpecifier: 'local',
  ImportAttribute: 'key value',
  ExportNamedDeclaration: 'declaration specifiers source exportKind attributes assertions',
  ExportDefaultDeclaration: 'declaration exportKind',
  ExportAllDeclaration: 'exported source exportKind attributes assertions',
  ExportSpecifier: 'local exported exportKind',
  TSAsExpression: 'expression typeAnnotation',
  TSSatisfiesExpression: 'expression typeAnnotation',
  TSNonNullExpression: 'expression',
  TSTypeAssertion: 'expression typeAnnotation',
  TSInstantiationExpression: 'expression typeArguments typeParameters',
  TSEnumDeclaration: 'id body const declare members',
  TSEnumBody: 'members',
  TSEnumMember: 'id initializer computed',
  TSModuleDeclaration: 'id body kind declare global',
  TSModuleBlock: 'body',
  TSImportEqualsDeclaration: 'id moduleReference importKind isExport',
  TSExternalModuleReference: 'expression',
  TSQualifiedName: 'left right',
  TSExportAssignment: 'expression',
  TSNamespaceExportDeclaration: 'id',
  TSParameterProperty: 'accessibility decorators override parameter readonly static',
  TSDeclareFunction: fnFields,
  TSEmptyBodyFunctionExpression: fnFields,
  TSAbstractMethodDefinition: memberFields,
  TSAbstractPropertyDefinition: memberFields,
  TSAbstractAccessorProperty: memberFields,
  TSIndexSignature: 'parameters typeAnnotation accessibility readonly static',
  TSInterfaceDeclaration: 'id typeParameters extends body declare',
  TSTypeAliasDeclaration: 'id typeParameters typeAnnotation declare',
  JSXElement: 'openingElement children closingElement',
  JSXFragment: 'openingFragment children closingFragment',
  JSXOpeningFragment: 'attributes selfClosing',
  JSXClosingFragment: '',
  JSXOpeningElement: 'name typeArguments typeParameters attributes selfClosing',
  JSXClosingElement: 'name',
  JSXAttribute: 'name value',
  JSXSpreadAttribute: 'argument',
  JSXExpressionContainer: 'expression',
  JSXEmptyExpression: '',
  JSXSpreadChild: 'expression',
  JSXText: 'value raw',
  JSXIdentifier: 'name',
  JSXNamespacedName: 'namespace name',
  JSXMemberExpression: 'object property',
}

const known = new Map(
  Object.entries(fields).map(([type, names]) => [type, new Set([...everywhere, ...names.split(' ')])] as const),
)

/** A node that is not in the table. */
export class UnknownSyntax extends Error {
  readonly node: Node

  constructor(node: Node, field?: string) {
    super(field === undefined ? node.type : `${node.type}.${field}`)
    this.name = 'UnknownSyntax'
    this.node = node
  }
}

/**
 * Refuses a node whose type, or one of whose fields, is not in the table.
 * @throws UnknownSyntax
 */
export function assertKnown(node: Node): void {
  const names = known.get(node.type)
  if (!names) throw new UnknownSyntax(node)
  for (const field in node) {
    // What is absent says nothing: parsers fill in fields of newer syntax with `null`, `false` or an empty list.
    if (!names.has(field) && !isEmpty(node[field])) throw new UnknownSyntax(node, field)
  }
}

const isEmpty = (value: unknown) =>
  value === null || value === undefined || value === false || (Array.isArray(value) && value.length === 0)
