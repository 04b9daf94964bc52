/**
 * The text of a running function to its code: the canonical stream of the same encoder that files go through, provided
 * that the text says everything. The rule: it names nothing but its own variables, the platform's globals and what is
 * given. Everything else is refused with its reason, because no text can show what stands behind it.
 */
import { Encoder } from './encode.ts'
import { globalObjects } from './knowledge.ts'
import { type Slot, Use } from './model.ts'
import type { Node } from './parse.ts'
import { parseJavaScript } from './parse-acorn.ts'
import { resolveScopes, type Scopes, type Variable } from './scopes.ts'
import { UnknownSyntax } from './syntax.ts'
import { type ToolReason, toolOf } from './tool-names.ts'
import { staticKey, variablesOf } from './walk.ts'
import { isWellKnown } from './well-known.ts'
import { type ModuleView, Writer } from './writer.ts'

/** Why a text cannot stand for the function. */
export type RefusalReason =
  | ToolReason
  | 'hidden source'
  | 'minified'
  | 'unreadable source'
  | 'class'
  | 'this'
  | 'free name'
  | 'environment'
  | 'import'
  | 'eval'
  | 'changed dependency'
  | 'dependency'

/** A text that cannot stand for its function. */
export class Refusal extends Error {
  readonly reason: RefusalReason

  /** @param remedy what to do about it, where that is not a version by hand */
  constructor(reason: RefusalReason, what: string, remedy?: string) {
    super(remedy === undefined ? what : `${what} ${remedy}`)
    this.reason = reason
  }
}

/** What a text says. */
export interface FunctionCode {
  readonly stream: string
  /** Names, and constructability, of its functions: part of the version where something observes them. */
  readonly names: string
  readonly kinds: string
  /** Bits of `Observe`. */
  readonly observes: number
  /** What stands in the holes of the stream, in order: something given by its name, or a module of the platform. */
  readonly holes: readonly Hole[]
  /** Places of parameters that it mutates. */
  readonly mutates: readonly number[]
}

export interface Hole {
  readonly given: string | undefined
  readonly module: string | undefined
  /** Its source is observed: `String(helper)`. */
  readonly asText: boolean
  /** The call it is an argument of: the hole of its function, and the place. */
  readonly call: readonly [hole: number, place: number] | undefined
}

/**
 * @param given names that the caller answers for; `process.env.X` is one where that is read
 * @throws Refusal
 */
export function readFunction(text: string, given: ReadonlySet<string>): FunctionCode {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) {
    throw new Refusal(
      'hidden source',
      'it is native, bound or a proxy, and hides its source.',
      'Give the function it was made from.',
    )
  }
  const { root, source } = parse(text)
  if (root.type === 'ClassExpression') throw new Refusal('class', 'it is a class, which is constructed and not called.')
  const program = { type: 'Program', start: 0, end: source.length, body: [statement(root)], sourceType: 'module' }
  const scopes = resolveScopes(program as unknown as Node, false)
  const look = inspect(root)
  const free = freeNames(scopes, given)
  checkTools(free, look)
  if (isMinified(root, scopes, source, given)) {
    throw new Refusal(
      'minified',
      'its source is minified, and the next release of a minifier may write it in another way.',
      'Leave its module out of minification; or, where only spaces were taken, name a variable by more than two letters.',
    )
  }
  checkNames(free, look, given)
  checkSyntax(look)
  const self = root.id ? scopes.of(root.id) : undefined
  if (self?.references.some(({ identifier }) => isChanged(identifier as unknown as Node, look.parents))) {
    throw changes(self.name)
  }
  return encode(root, source, scopes, given)
}

/** What makes an expression of the text, and where the function is in it. */
const attempts = [
  ['(', '\n)', (program: Node) => program.body[0].expression as Node],
  // A method, getter or setter of an object or class; a private one needs the class.
  ['({', '\n})', (program: Node) => program.body[0].expression.properties[0].value as Node],
  ['(class{', '\n})', (program: Node) => program.body[0].expression.body.body[0].value as Node],
] as const

function parse(text: string): { readonly root: Node; readonly source: string } {
  // Text from a CommonJS module or a script may be sloppy.
  for (const sourceType of ['module', 'script'] as const) {
    for (const [before, after, root] of attempts) {
      const source = before + text + after
      try {
        const found = root(parseJavaScript(source, sourceType))
        return { root: text.includes('__name') ? unwrapped(found) : found, source }
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error
      }
    }
  }
  throw new Refusal('unreadable source', 'its source cannot be parsed on its own.')
}

const statement = (expression: Node): Node => ({
  type: 'ExpressionStatement',
  start: expression.start,
  end: expression.end,
  range: [expression.start, expression.end],
  expression,
})

const children = function* (node: Node): Iterable<readonly [field: string, child: Node]> {
  for (const field in node) {
    const value: unknown = node[field]
    if (Array.isArray(value)) {
      for (const child of value) if (typeof child?.type === 'string') yield [field, child]
    } else if (typeof (value as Node | null)?.type === 'string') yield [field, value as Node]
  }
}

/** The name that esbuild keeps by `__name(code, 'name')`. */
function keptName(node: Node): Node | undefined {
  if (node.type !== 'CallExpression' || node.callee.name !== '__name') return undefined
  const [code, name] = node.arguments as Node[]
  return typeof name?.value === 'string' ? code : undefined
}

/** The tree without esbuild's `__name`, which changes a name and nothing else. */
function unwrapped(node: Node): Node {
  const kept = keptName(node)
  if (kept) return unwrapped(kept)
  const copy: Record<string, unknown> = { ...node }
  for (const field in node) {
    const value: unknown = node[field]
    if (Array.isArray(value)) {
      copy[field] = value.flatMap((child) => {
        if (typeof child?.type !== 'string') return [child]
        return isKeptStatement(child) ? [] : [unwrapped(child)]
      })
    } else if (typeof (value as Node | null)?.type === 'string') copy[field] = unwrapped(value as Node)
  }
  return copy as unknown as Node
}

/** `__name(inner, 'inner');` after a declaration, and `static { __name(this, 'Inner') }` in a class. */
function isKeptStatement(node: Node): boolean {
  if (node.type === 'StaticBlock') return node.body.length === 1 && isKeptStatement(node.body[0])
  return node.type === 'ExpressionStatement' && keptName(node.expression) !== undefined
}

/** What the syntax shows before any name is resolved. */
interface Look {
  readonly parents: ReadonlyMap<Node, Node>
  /** What belongs to the function itself, and not to one inside it: `this`, `super`, `new.target`. */
  readonly own: readonly Node[]
  readonly imports: readonly Node[]
  /** Private names of a class around the function. */
  readonly foreign: readonly string[]
  /** `import.meta` and `process.env`, where they stand. */
  readonly metas: readonly Node[]
}

function inspect(root: Node): Look {
  const parents = new Map<Node, Node>()
  const own: Node[] = []
  const imports: Node[] = []
  const foreign: string[] = []
  const metas: Node[] = []

  function visit(node: Node, mine: boolean, privates: readonly string[]): void {
    switch (node.type) {
      case 'ThisExpression':
      case 'Super':
        if (mine) own.push(node)
        break
      case 'MetaProperty':
        if (node.meta.name === 'import') metas.push(node)
        else if (mine) own.push(node)
        return
      case 'ImportExpression':
        imports.push(node)
        break
      case 'PrivateIdentifier':
        if (!privates.includes(node.name)) foreign.push(node.name)
        break
      case 'ClassBody': {
        const names = (node.body as Node[]).flatMap((member) =>
          member.key?.type === 'PrivateIdentifier' ? [member.key.name as string] : [],
        )
        descend(node, mine, [...privates, ...names])
        return
      }
      case 'StaticBlock':
        descend(node, false, privates)
        return
    }
    descend(node, mine, privates)
  }

  function descend(node: Node, mine: boolean, privates: readonly string[]): void {
    const inner = node !== root && (node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration')
    for (const [field, child] of children(node)) {
      parents.set(child, node)
      // A field is initialised with the `this` of its class.
      const field_ = field === 'value' && node.type === 'PropertyDefinition'
      visit(child, mine && !inner && !field_, privates)
    }
  }

  visit(root, true, [])
  return { parents, own, imports, foreign, metas }
}

/** The member that is read from an expression, where its name is written out. */
function memberOf(node: Node, parents: ReadonlyMap<Node, Node>): string | undefined {
  const parent = parents.get(node)
  if (parent?.type !== 'MemberExpression' || parent.object !== node) return undefined
  return parent.property.type === 'PrivateIdentifier' ? undefined : staticKey(parent.property, parent.computed)
}

const byHand = "Give `version: '1'` instead, and raise it whenever the result can change."

interface FreeName {
  readonly node: Node
  readonly name: string
  readonly written: boolean
}

/** The names that the text does not bind and nobody gave. */
function freeNames(scopes: Scopes, given: ReadonlySet<string>): readonly FreeName[] {
  return scopes.module.through
    .map((reference) => ({
      node: reference.identifier as unknown as Node,
      name: reference.identifier.name as string,
      written: reference.isWrite(),
    }))
    .filter(({ name }) => !given.has(name))
}

function checkTools(free: readonly FreeName[], { parents }: Look): void {
  for (const { node, name } of free) {
    const tool = toolOf(name)
    if (tool) {
      throw new Refusal(tool.reason, `its source is not the author's: \`${name}\` is one of the ${tool.what}.`, byHand)
    }
    if (isImportedCall(node, parents)) {
      throw new Refusal(
        'bundled',
        `its source is not the author's: \`(0, ${name}.…)\` is an import that a bundler rewrote.`,
        byHand,
      )
    }
  }
}

function checkNames(free: readonly FreeName[], { parents }: Look, given: ReadonlySet<string>): void {
  for (const { node, name, written } of free) {
    if (name === 'arguments')
      throw new Refusal(
        'this',
        'it uses the `arguments` of a function around it.',
        'Hand what it reads over as arguments of its own.',
      )
    if (name === 'require')
      throw new Refusal('import', 'it calls `require`, and the source does not show what it gets.', byHand)
    const read = globalObjects.has(name) ? memberOf(node, parents) : name
    if (read === undefined) {
      throw new Refusal(
        'free name',
        `it reads \`${name}\` by a name that its source does not show, and so any global.`,
        byHand,
      )
    }
    const holder = globalObjects.has(name) ? parents.get(node)! : node
    if (given.has(read)) continue
    if (read === 'Function' && parents.get(holder)?.operator === 'instanceof') continue
    if (read === 'eval' || read === 'Function') {
      throw new Refusal('eval', `it reaches \`${read}\`, and so code that its source does not show.`, byHand)
    }
    if (written || !isWellKnown(read)) throw freeName(read)
    if (isChanged(node, parents)) throw changes(name)
    if (read !== 'process') continue
    const member = memberOf(holder, parents)
    if (member === undefined || (member === 'env' && !isReadByName(parents.get(holder)!, parents))) {
      throw new Refusal('environment', 'it hands on `process` or its environment, which hides what it reads.', byHand)
    }
  }
}

/** Whether a member of it, at any depth, is assigned, counted up or deleted. */
function isChanged(node: Node, parents: ReadonlyMap<Node, Node>): boolean {
  let inner = node
  let outer = parents.get(inner)
  while (outer && (outer.type === 'ChainExpression' || (outer.type === 'MemberExpression' && outer.object === inner))) {
    inner = outer
    outer = parents.get(inner)
  }
  return (
    inner !== node &&
    ((outer?.type === 'AssignmentExpression' && outer.left === inner) ||
      outer?.type === 'UpdateExpression' ||
      (outer?.type === 'UnaryExpression' && outer.operator === 'delete'))
  )
}

const freeName = (name: string) =>
  new Refusal(
    'free name',
    `it refers to \`${name}\`, and its source does not show what that is.`,
    `Give it: \`sourceVersion.with({ deps: { ${name} } })\`.`,
  )

/** `(0, X.y)(...)`: how bundlers and transpilers call what was imported. */
function isImportedCall(node: Node, parents: ReadonlyMap<Node, Node>): boolean {
  const member = parents.get(node)
  const sequence = member && parents.get(member)
  const call = sequence && parents.get(sequence)
  return (
    member?.type === 'MemberExpression' &&
    member.object === node &&
    sequence?.type === 'SequenceExpression' &&
    sequence.expressions.length === 2 &&
    sequence.expressions[0].value === 0 &&
    (call?.callee === sequence || call?.tag === sequence)
  )
}

/**
 * Written without the spaces that people and formatters write, and without a variable of more than two letters. Its own
 * name says nothing: what is exported keeps it.
 */
function isMinified(root: Node, scopes: Scopes, source: string, given: ReadonlySet<string>): boolean {
  const locals: string[] = []
  let spaced = false
  const visit = (node: Node): void => {
    if (/^(?:Arrow)?Function/.test(node.type)) spaced ||= isSpaced(node, source)
    if (node.type === 'Identifier' && node !== root.id && scopes.of(node)) locals.push(node.name)
    for (const [, child] of children(node)) visit(child)
  }
  visit(root)
  const names =
    locals.length > 0
      ? locals
      : scopes.module.through.map(({ identifier }) => identifier.name as string).filter((name) => given.has(name))
  return !spaced && names.length > 0 && names.every((name) => name.length < 3)
}

function isSpaced(node: Node, source: string): boolean {
  const before = source.slice(node.start, node.body.start)
  return /\s$/.test(before) || (node.type === 'ArrowFunctionExpression' && /=>\s+\(*$/.test(before))
}

function checkSyntax({ own, imports, foreign, metas, parents }: Look): void {
  const [mine] = own
  if (mine) {
    const name = mine.type === 'Super' ? 'super' : mine.type === 'MetaProperty' ? 'new.target' : 'this'
    throw new Refusal(
      'this',
      `it uses \`${name}\`, and its source does not show the code behind that: another method, a getter, a base class.`,
      `Hand what it reads over as arguments, or give \`version: '1'\` and raise it whenever the result can change.`,
    )
  }
  if (foreign[0] !== undefined) {
    throw new Refusal('this', `it uses \`#${foreign[0]}\`, which only its class shows.`, byHand)
  }
  for (const node of imports) {
    const source = staticKey(node.source, true)
    if (source?.startsWith('node:')) continue
    throw new Refusal('import', 'it imports a module when it runs, and its source does not show what is in it.', byHand)
  }
  for (const node of metas) {
    const member = parents.get(node)
    if (member && memberOf(node, parents) === 'env' && isReadByName(member, parents)) continue
    throw new Refusal('environment', 'it reads `import.meta`, which its source does not show.', byHand)
  }
}

/** Whether each name that is read of an environment is written out. The encoder lists them. */
function isReadByName(node: Node, parents: ReadonlyMap<Node, Node>): boolean {
  const parent = parents.get(node)
  if (parent?.type === 'VariableDeclarator') return parent.init === node && parent.id.type === 'ObjectPattern'
  return memberOf(node, parents) !== undefined
}

/** Where the names of `deps` are bound: not in the text. */
const outside = { range: [-1, -1] }

function encode(root: Node, source: string, scopes: Scopes, given: ReadonlySet<string>): FunctionCode {
  const free = new Map<Node, Variable>()
  const variables = new Map<string, Variable>()
  for (const { identifier } of scopes.module.through) {
    const name = identifier.name as string
    if (!given.has(name)) continue
    let variable = variables.get(name)
    if (!variable)
      variables.set(
        name,
        (variable = { name, defs: [], identifiers: [outside], references: [] } as unknown as Variable),
      )
    free.set(identifier as unknown as Node, variable)
  }
  const own = new Set(variables.values())
  const modules: string[] = []
  const view: ModuleView = {
    text: source,
    scopes: { ...scopes, of: (identifier) => scopes.of(identifier) ?? free.get(identifier) },
    // The text does not say whether it is strict.
    sloppy: true,
    targetOf: (variable) => (own.has(variable) ? { request: 0, name: variable.name } : undefined),
    importOf: () => undefined,
    isWrapper: () => false,
    isDefaultWrapper: false,
    request: (specifier) => modules.push(specifier),
    factories: [],
    found: () => {},
  }
  const writer = new Writer(view, [root])
  try {
    new Encoder(writer).fn(root, { constructable: root.type === 'FunctionExpression' })
  } catch (error) {
    if (!(error instanceof UnknownSyntax)) throw error
    throw new Refusal('unreadable source', `it has syntax that is not known yet (${error.message}).`, byHand)
  }
  writer.settle()
  if (writer.raw) throw new Refusal('eval', 'it runs text as code.', byHand)
  checkEnvironment(writer, given)
  const { mutates } = writer.parameters(
    (root.params as Node[]).map((parameter) => variablesOf(parameter, (identifier) => scopes.of(identifier))),
  )
  return {
    stream: writer.stream.toString(),
    names: writer.names.join(''),
    kinds: writer.kinds.join(''),
    observes: writer.observes,
    holes: writer.slots.map((slot) => hole(slot, modules)),
    mutates,
  }
}

function hole({ to, use, call }: Slot, modules: readonly string[]): Hole {
  // How a class compiles is a setting of the compiler, and decided by now.
  const { request, name } = 'request' in to ? to : { request: -1, name: '' }
  if (use & (Use.assign | Use.write)) throw changes(name)
  return {
    given: request === 0 ? name : undefined,
    module: modules[request - 1],
    asText: (use & Use.text) !== 0,
    call,
  }
}

export const changes = (name: string) =>
  new Refusal(
    'changed dependency',
    `it changes \`${name}\`, so that its result depends on earlier calls.`,
    'State like that is no dependency: hand it over as an argument.',
  )

function checkEnvironment(writer: Writer, given: ReadonlySet<string>): void {
  const [hidden] = writer.findings.filter(({ code }) => code === 'env-dynamic')
  if (hidden)
    throw new Refusal('environment', 'it reads the environment by names that its source does not show.', byHand)
  for (const { name, expression } of writer.env) {
    const path = `${/^import/.test(expression) ? 'import.meta' : /^Bun/.test(expression) ? 'Bun' : 'process'}.env.${name}`
    if (given.has(path)) continue
    throw new Refusal(
      'environment',
      `it reads \`${path}\`, which is no code.`,
      `Give it: \`sourceVersion.with({ deps: { '${path}': ${path} } })\`.`,
    )
  }
}
