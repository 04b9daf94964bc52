/**
 * One definition to its canonical stream. Two definitions have one stream where they do the same, as far as the rewrites
 * of `normal.ts` and this file can tell: formatting, types, local names, spelling of literals. What they refer to is left
 * as a slot, to be filled by `graph.ts`.
 *
 * The world is closed: a type of node or a field that `syntax.ts` does not list throws, and the caller then takes the
 * text for the definition. `docs/versions.md` lists what is one and what is not, with the reasons.
 */
import { call, dynamicImport } from './encode-call.ts'
import { classCode } from './encode-class.ts'
import { jsx } from './encode-jsx.ts'
import { declaration, initialiser, statement } from './encode-statement.ts'
import { concatenation } from './encode-text.ts'
import { environmentMember, environmentOf, environmentQuestion, isWholeEnvironment } from './environment.ts'
import { globalObjects, momentOf } from './knowledge.ts'
import { Observe, Use } from './model.ts'
import { conditional, isUndefined, normalise } from './normal.ts'
import type { Node } from './parse.ts'
import type { Variable } from './scopes.ts'
import { numberToken, quoted } from './stream.ts'
import { assertKnown, UnknownSyntax } from './syntax.ts'
import { erased, type FunctionPlace, memberChain, type PatternRole, staticKey, variablesOf, type Walk } from './walk.ts'
import { type Context, copiedFlow, flowTo, isDeep, plain, type Writer } from './writer.ts'

/** What people call a place that is assigned: `user` of `api.user`, `f` of `exports.f`. */
function labelOf(target: Node): string | undefined {
  const chain = memberChain(target)
  if (chain?.base.type === 'ThisExpression') return chain.path.at(-1)
  if (chain?.base.type !== 'Identifier') return undefined
  const path = [chain.base.name as string, ...chain.path]
  if (path[0] === 'module' && path[1] === 'exports') path.shift()
  if (path[0] === 'exports') path.shift()
  return path.length > 0 ? path.join('.') : 'default'
}

/** What is read from an object literal is read from the value under that name, and from no other. */
function partOf({ tail, method, ...rest }: Context, under: string | undefined): Context {
  if (!tail || under === undefined || tail[0] !== under || tail.length === 1) return rest
  return { ...rest, tail: tail.slice(1), ...(method !== undefined && { method }) }
}

/** What is read from a promise says nothing of what is read from its value: the value counts whole. */
function awaited(argument: Node, context: Context): Context {
  if (/^(?:Import|Call)Expression$/.test(erased(argument).type)) return context
  const { tail: _, method: __, ...rest } = context
  return rest
}

/** What passes from a value to the object that holds it. */
const held = (context: Context, under?: string): Context => {
  const { flow, ...rest } = partOf(context, under)
  const through = isDeep(context) || !(context.use & (Use.write | Use.method)) ? rest : { ...rest, use: Use.value }
  return {
    ...through,
    ...copiedFlow(flow, under),
    // An object in an object: the name under which the outer one is held is not that of what is in it.
    ...(context.call ? { held: context.held === undefined ? (under ?? true) : true } : {}),
  }
}

export class Encoder implements Walk {
  readonly writer: Writer
  /** Places where the environment stands that need no diagnostic, or have one. */
  readonly #reported = new Set<Node>()

  constructor(writer: Writer) {
    this.writer = writer
  }

  named<T>(name: string | undefined, write: () => T): T {
    if (name === undefined) return write()
    this.writer.label.push(name)
    try {
      return write()
    } finally {
      this.writer.label.pop()
    }
  }

  /** @returns the slot of what the expression is, if it is a reference to something outside */
  expression(node: Node, context: Context): number | undefined {
    const { stream, module } = this.writer
    if (node.type[0] !== '$') assertKnown(node)
    switch (node.type) {
      case '$Undefined':
        stream.put('Undefined;')
        return undefined
      case '$Cond':
        stream.open('Cond')
        this.expression(node.test, { use: Use.value })
        this.#pick(node.yes, context)
        this.#pick(node.no, context)
        stream.close()
        return undefined
      case 'Identifier':
        this.#wholeEnvironment(node, context)
        if (!module.scopes.of(node)) this.#globalMoment(node, node.name, context)
        return this.writer.reference(node, context)
      case 'Literal':
        this.#literal(node)
        return undefined
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSNonNullExpression':
      case 'TSTypeAssertion':
      case 'TSInstantiationExpression':
      case 'ParenthesizedExpression':
        return this.expression(node.expression, context)
      case 'ConditionalExpression':
        return this.expression(conditional(node, node.test, node.consequent, node.alternate), context)
      case 'TemplateLiteral':
      case 'BinaryExpression':
        this.#binary(node, context)
        return undefined
      case 'MemberExpression':
        return this.#member(node, context)
      case 'ChainExpression':
        stream.open('Chain')
        this.expression(node.expression, context)
        stream.close()
        return undefined
      case 'CallExpression':
      case 'NewExpression':
        return call(this, node, context)
      case 'ArrowFunctionExpression':
        this.fn(node, { constructable: false })
        return undefined
      case 'FunctionExpression':
        this.fn(node, { constructable: true })
        return undefined
      case 'ClassExpression':
        this.classCode(node, undefined)
        return undefined
      case 'ImportExpression':
        dynamicImport(this, node, context)
        return undefined
      case 'JSXElement':
      case 'JSXFragment':
        jsx(this, node)
        return undefined
    }
    this.#composite(node, context)
    return undefined
  }

  /** A branch of a conditional: its value is the value of the whole. */
  #pick(node: Node, context: Context): void {
    this.expression(node, { ...context, use: context.use | Use.value })
  }

  #literal(node: Node): void {
    const { stream } = this.writer
    if (node.regex) {
      const { pattern, flags } = node.regex as { pattern: string; flags: string }
      stream.put(`Regex ${quoted(pattern)}${quoted([...flags].sort().join(''))}`)
    } else if (node.bigint) stream.put(`Big ${BigInt(node.bigint.replaceAll('_', ''))};`)
    else if (typeof node.value === 'string') {
      // `Reflect.get(fn, 'name')`, `'prototype' in fn`
      this.#observed(node.value)
      stream.put(quoted(node.value))
    } else if (typeof node.value === 'number') stream.put(numberToken(node.value))
    else stream.put(`${node.value};`)
  }

  /** Operators, texts made of parts. */
  #binary(node: Node, context: Context): void {
    const { stream, module } = this.writer
    const parts = concatenation(node, module.scopes)
    if (parts) {
      if (parts.length === 1 && typeof parts[0] === 'string') {
        this.#observed(parts[0])
        return stream.put(quoted(parts[0]))
      }
      stream.open('Concat')
      for (const part of parts) {
        if (typeof part === 'string') stream.put(quoted(part))
        else this.expression(part, { use: Use.value | Use.text })
      }
      return stream.close()
    }
    if (node.type === 'TemplateLiteral') return this.#template(node, false)
    if (environmentQuestion(this.writer, node)) return
    const { operator, left, right } = node as unknown as { operator: string; left: Node; right: Node }
    if (operator === 'instanceof') this.writer.observes |= Observe.kinds
    stream.open(`Binary ${operator}`)
    const use = { use: operator === '+' ? Use.value | Use.text : Use.value }
    if (left.type === 'PrivateIdentifier') this.writer.privateName(left.name)
    else this.expression(left, use)
    this.expression(right, context.flow ? { ...use, flow: context.flow } : use)
    stream.close()
  }

  #template(node: Node, tagged: boolean): void {
    const { stream } = this.writer
    stream.open('Template')
    ;(node.quasis as Node[]).forEach((quasi, index) => {
      assertKnown(quasi)
      const { raw, cooked } = quasi.value as { raw: string; cooked: string | null }
      stream.put(tagged ? quoted(raw) : quoted(cooked ?? raw))
      const inner = node.expressions[index] as Node | undefined
      if (inner) this.expression(inner, { use: Use.value | (tagged ? Use.argument : Use.text) })
    })
    stream.close()
  }

  #member(node: Node, context: Context): number | undefined {
    const { stream } = this.writer
    const { object, property, computed, optional } = node as unknown as {
      object: Node
      property: Node
      computed: boolean
      optional: boolean
    }
    const key = property.type === 'PrivateIdentifier' ? undefined : staticKey(property, computed)
    this.#observed(key)
    const base = erased(object)
    if (key !== undefined && this.#isNamespace(base)) {
      // `ns.foo` is `foo`.
      const tail = [key, ...(context.tail ?? [])]
      return this.writer.reference(base, { ...context, tail })
    }
    const environment = environmentMember(this.writer, node)
    if (environment === 'read') return undefined
    if (environment === 'dynamic') this.#reported.add(erased(object))
    this.#wholeEnvironment(node, context)
    stream.open(optional ? 'Member ?' : 'Member')
    // A private name is written by its number, and read from `this` all the same.
    const own = property.type === 'PrivateIdentifier' && base.type === 'ThisExpression' ? `#${property.name}` : key
    const tail = own === undefined ? undefined : [own, ...(context.tail ?? [])]
    const { tail: _, ...rest } = context
    const inner: Context = tail ? { ...rest, use: rest.use & ~Use.call, tail } : { ...rest, use: rest.use & ~Use.call }
    this.expression(object, { ...inner, use: inner.use | Use.value })
    if (property.type === 'PrivateIdentifier') this.writer.privateName(property.name)
    else this.key(property, computed)
    stream.close()
    this.#moment(node, context)
    return undefined
  }

  /** A function shows its name, and whether it can be constructed, under these keys. */
  #observed(key: string | undefined): void {
    if (key === 'name') this.writer.observes |= Observe.names
    if (key === 'prototype') this.writer.observes |= Observe.kinds
  }

  #isNamespace(node: Node): boolean {
    if (node.type !== 'Identifier') return false
    const variable = this.writer.module.scopes.of(node)
    const target = variable && this.writer.module.targetOf(variable)
    return target !== undefined && 'request' in target && target.name === '*'
  }

  /** A diagnostic that reading a member earns by itself: `import.meta.url`, `ids.map(crypto.randomUUID)`. */
  #moment(node: Node, context: Context): void {
    const chain = memberChain(node)
    if (!chain) return
    const { base, path } = chain
    if (base.type === 'MetaProperty' && path.length === 1 && /^(?:url|dirname|filename|resolve)$/.test(path[0]!)) {
      this.writer.finding('location-dependent', `import.meta.${path[0]}`, node)
    }
    if (base.type !== 'Identifier' || this.writer.module.scopes.of(base)) return
    const names = globalObjects.has(base.name) ? path : [base.name as string, ...path]
    if (names.length > 1 || names !== path) this.#globalMoment(node, names.join('.'), context)
  }

  /** What a global earns that is not called here, but may be wherever it goes. */
  #globalMoment(node: Node, path: string, context: Context): void {
    if (this.#reported.has(node)) return
    if (path === '__dirname' || path === '__filename') this.writer.finding('location-dependent', path, node)
    if (path === 'eval') this.writer.finding('eval', path, node)
    const code = context.use & Use.call ? undefined : momentOf(path)
    if (code) this.writer.finding(code, path, node)
  }

  key(node: Node, computed: boolean): void {
    const value = staticKey(node, computed)
    if (value !== undefined) this.writer.stream.put(quoted(value))
    else if (node.type === 'PrivateIdentifier') this.writer.privateName(node.name)
    else {
      this.writer.stream.open('Computed')
      this.expression(node, plain)
      this.writer.stream.close()
    }
  }

  classCode(node: Node, name: string | undefined): void {
    classCode(this, node, name)
  }

  /** What is made of parts, each written in its order. */
  #composite(node: Node, context: Context): void {
    const { writer } = this
    const { stream } = writer
    switch (node.type) {
      case 'ThisExpression':
        return this.#self(context)
      case 'Super':
        writer.frames.at(-1)!.usesThis = true
        writer.needsOwner = true
        writer.useSelf(context, true)
        return stream.put('Super;')
      case 'MetaProperty':
        if (node.meta.name === 'new') writer.frames.at(-1)!.usesThis = true
        else if (!context.tail?.length) writer.finding('location-dependent', 'import.meta', node)
        return stream.put(`Meta ${quoted(`${node.meta.name}.${node.property.name}`)}`)
      case 'ArrayExpression': {
        let isPlaced = true
        stream.open('Array')
        for (const [index, element] of (node.elements as (Node | null)[]).entries()) {
          isPlaced &&= element?.type !== 'SpreadElement'
          if (element) this.expression(element, held(context, isPlaced ? String(index) : undefined))
          else stream.put('Hole;')
        }
        return stream.close()
      }
      case 'ObjectExpression':
        return this.#object(node, context)
      case 'SpreadElement':
        stream.open('Spread')
        this.expression(node.argument, { ...context, ...copiedFlow(context.flow) })
        return stream.close()
      case 'SequenceExpression': {
        const list = node.expressions as Node[]
        stream.open('Sequence')
        for (const [index, inner] of list.entries()) this.expression(inner, index === list.length - 1 ? context : plain)
        return stream.close()
      }
      case 'LogicalExpression':
        // `process && process.env`: only whether there is one.
        if (node.operator === '&&') this.#tested(node.left)
        stream.open(`Logical ${node.operator}`)
        this.#pick(node.left, context)
        this.#pick(node.right, context)
        return stream.close()
      case 'UnaryExpression':
        return this.#unary(node)
      case 'UpdateExpression':
        this.#runs()
        stream.open(`Update ${node.prefix ? 'pre' : 'post'}${node.operator}`)
        this.target(node.argument, false)
        return stream.close()
      case 'AssignmentExpression':
        return this.#assignment(node, context)
      case 'AwaitExpression':
        this.#runs()
        if (writer.frames.length === 1) writer.finding('impure-init', 'await', node)
        stream.open('Await')
        this.expression(node.argument, awaited(node.argument, context))
        return stream.close()
      case 'YieldExpression':
        stream.open(node.delegate ? 'Yield *' : 'Yield')
        if (node.argument) this.expression(node.argument, plain)
        return stream.close()
      case 'TaggedTemplateExpression':
        this.#runs()
        stream.open('Tagged')
        this.expression(node.tag, { use: Use.call })
        assertKnown(node.quasi)
        this.#template(node.quasi, true)
        return stream.close()
      default:
        throw new UnknownSyntax(node)
    }
  }

  #runs(): void {
    if (this.writer.depth === 0) this.writer.runs = true
  }

  /** `this`, and what is read and called through it. */
  #self(context: Context): void {
    const { writer } = this
    writer.frames.at(-1)!.usesThis = true
    writer.useSelf(context)
    writer.stream.put('This;')
  }

  #object(node: Node, context: Context): void {
    const { stream } = this.writer
    stream.open('Object')
    for (const property of node.properties as Node[]) {
      if (property.type === 'SpreadElement') {
        this.expression(property, held(context))
        continue
      }
      assertKnown(property)
      const { key, value, kind, method, shorthand, computed } = property as unknown as {
        key: Node
        value: Node
        kind: string
        method: boolean
        shorthand: boolean
        computed: boolean
      }
      const name = staticKey(key, computed)
      // Only the plain form sets the prototype.
      if (name === '__proto__' && !computed && !shorthand && !method && kind === 'init') stream.put('Proto;')
      if (kind !== 'init') stream.put(`${kind};`)
      this.key(key, computed)
      this.named(name, () => {
        const inner = erased(value)
        if (isFunction(inner))
          this.fn(inner, { name, constructable: inner.type === 'FunctionExpression' && !method && kind === 'init' })
        else this.expression(value, held(context, name))
      })
    }
    stream.close()
  }

  #tested(node: Node): void {
    const inner = erased(node)
    this.#reported.add(inner)
    if (inner.type === 'LogicalExpression' && inner.operator === '&&') this.#tested(inner.right)
  }

  /** Handing on the whole environment hides which of it is read. */
  #wholeEnvironment(node: Node, context: Context): void {
    const { module } = this.writer
    if (this.#reported.has(node) || !isWholeEnvironment(node, module)) return
    // `process.argv` is no read of it.
    if (context.tail && context.tail.length > 0 && !environmentOf(node, module)) return
    this.writer.finding('env-dynamic', module.text.slice(node.start, node.end), node)
  }

  #unary(node: Node): void {
    const { stream, module } = this.writer
    const argument = erased(node.argument)
    const operator = node.operator as string
    if (isUndefined(node, module.scopes)) return stream.put('Undefined;')
    if (argument.type === 'Literal' && !argument.regex) {
      if (operator === '!' && !argument.bigint) return stream.put(`${!argument.value};`)
      if (operator === '-' && typeof argument.value === 'number') return stream.put(numberToken(-argument.value))
      if (operator === '+' && typeof argument.value === 'number') return stream.put(numberToken(argument.value))
    }
    if (operator === 'delete') {
      this.#runs()
      stream.open('Delete')
      this.target(argument, false)
      return stream.close()
    }
    if (operator === 'typeof' || operator === '!') this.#reported.add(argument)
    stream.open(`Unary ${operator}`)
    this.expression(argument, { use: Use.value })
    stream.close()
  }

  #assignment(node: Node, context: Context): void {
    const { stream } = this.writer
    const operator = node.operator as string
    this.#runs()
    stream.open(`Assign ${operator}`)
    this.target(node.left, operator === '??=' || operator === '||=')
    const flow = variablesOf(node.left, (inner) => this.writer.module.scopes.of(inner))
    const name = node.left.type === 'Identifier' ? node.left.name : undefined
    this.named(labelOf(node.left), () =>
      this.value(node.right, name, flow.length > 0 ? { ...context, flow: flowTo(flow) } : context),
    )
    stream.close()
  }

  /** A value that gets a name from where it stands, if it is a function or class without one. */
  value(node: Node, name: string | undefined, context: Context): void {
    const inner = erased(node)
    if (isFunction(inner)) this.fn(inner, { name, constructable: inner.type === 'FunctionExpression' })
    else if (inner.type === 'ClassExpression') this.classCode(inner, name)
    else this.expression(node, { ...context, use: context.use | Use.value })
  }

  /** What is assigned, deleted or counted up. */
  target(node: Node, once: boolean): void {
    const inner = erased(node)
    const use = Use.assign | (once ? Use.once : 0)
    if (inner.type === 'Identifier') this.writer.reference(inner, { use })
    else if (inner.type === 'MemberExpression' || inner.type === 'ChainExpression') {
      this.expression(inner, { use: Use.write | (once ? Use.once : 0) })
    } else this.pattern(inner, 'assign')
  }

  pattern(node: Node, role: PatternRole): void {
    const { writer } = this
    const { stream } = writer
    assertKnown(node)
    switch (node.type) {
      case 'Identifier':
        if (role === 'assign') this.writer.reference(node, { use: Use.assign })
        else this.#declared(node)
        return
      case 'MemberExpression':
        this.expression(node, { use: Use.write })
        return
      case 'ObjectPattern':
        stream.open('ObjectPattern')
        for (const property of node.properties as Node[]) {
          assertKnown(property)
          if (property.type === 'RestElement') this.pattern(property, role)
          else {
            this.#observed(staticKey(property.key, property.computed))
            this.key(property.key, property.computed)
            this.pattern(property.value, role)
          }
        }
        return stream.close()
      case 'ArrayPattern':
        stream.open('ArrayPattern')
        for (const element of node.elements as (Node | null)[]) {
          if (element) this.pattern(element, role)
          else stream.put('Hole;')
        }
        return stream.close()
      case 'AssignmentPattern': {
        stream.open('Default')
        this.pattern(node.left, role)
        const flow = variablesOf(node.left, (inner) => writer.module.scopes.of(inner))
        this.value(node.right, node.left.type === 'Identifier' ? node.left.name : undefined, {
          ...plain,
          flow: flowTo(flow),
        })
        return stream.close()
      }
      case 'RestElement':
        stream.open('Rest')
        this.pattern(node.argument, role)
        return stream.close()
      case 'TSAsExpression':
      case 'TSNonNullExpression':
      case 'TSSatisfiesExpression':
      case 'TSTypeAssertion':
        return this.target(node.expression, false)
      default:
        throw new UnknownSyntax(node)
    }
  }

  #declared(node: Node): void {
    const { writer } = this
    const variable = writer.module.scopes.of(node) as Variable
    const target = variable && writer.module.targetOf(variable)
    if (target && writer.statement) writer.reference(node, { use: Use.assign })
    else if (target && 'def' in target) writer.stream.put(`Bind ${target.pick ?? 0};`)
    else if (variable) writer.stream.put(`L${writer.local(variable)};`)
    else writer.stream.put(`Global ${quoted(node.name)}`)
  }

  fn(node: Node, place: FunctionPlace): void {
    const { writer } = this
    const { stream, module } = writer
    assertKnown(node)
    const arrow = node.type === 'ArrowFunctionExpression'
    const id = node.id as Node | null
    const self = id && node.type === 'FunctionExpression' ? module.scopes.of(id) : undefined
    const frame = { arrow, usesThis: false, usesArguments: false }
    writer.frames.push(frame)
    if (writer.frames.length === 2) writer.root ??= frame
    if (writer.receiver && !writer.receiverFrame) writer.receiverFrame = arrow ? writer.frames[0] : frame
    const depth = writer.depth
    if (!place.runs) writer.depth += 1
    const header = stream.reserve()
    for (const parameter of node.params as Node[]) this.#parameter(parameter)
    stream.put('Body;')
    const returnsAwait = Boolean(node.async && node.generator)
    if (node.body.type === 'BlockStatement') {
      assertKnown(node.body)
      this.statements(node.body.body, true, returnsAwait)
    } else {
      this.statements(
        [{ type: 'ReturnStatement', start: node.body.start, end: node.body.end, argument: node.body }],
        true,
      )
    }
    stream.close()
    writer.depth = depth
    writer.frames.pop()
    if (arrow && frame.usesThis) {
      const outer = writer.frames.at(-1)!
      outer.usesThis = true
      outer.usesArguments ||= frame.usesArguments
    }
    // An arrow and a function differ only for one who uses `this`, `arguments`, `super` or `new.target`.
    const mode = frame.usesThis ? (arrow ? 'lexical' : 'dynamic') : 'free'
    const recursion = self && writer.isNumbered(self) ? ` self${writer.local(self)}` : ''
    header(`(Fn ${mode}${node.async ? ' async' : ''}${node.generator ? ' generator' : ''}${recursion} `)
    writer.kinds.push(place.constructable && !node.async ? '1' : '0')
    writer.names.push(quoted(id?.name ?? place.name ?? ''))
  }

  #parameter(node: Node): void {
    const { stream } = this.writer
    if (node.type === 'Identifier' && node.name === 'this') return
    for (const decorator of (node.decorators ?? []) as Node[]) this.decorator(decorator)
    if (node.type === 'TSParameterProperty') {
      assertKnown(node)
      for (const decorator of node.decorators as Node[]) this.decorator(decorator)
      const inner = node.parameter.type === 'AssignmentPattern' ? node.parameter.left : node.parameter
      stream.open('ParameterProperty')
      stream.put(quoted(inner.name))
      this.pattern(node.parameter, 'declare')
      return stream.close()
    }
    this.pattern(node, 'declare')
  }

  /** @param cacheable it stands on a member that `cached` could wrap */
  decorator(node: Node, cacheable = false): void {
    const inner = erased(node.expression)
    if (cacheable && this.writer.module.isWrapper(inner.type === 'CallExpression' ? inner.callee : inner)) {
      this.writer.module.found(node, [...this.writer.label])
      return
    }
    assertKnown(node)
    this.#runs()
    this.writer.stream.open('Decorator')
    this.writer.decorating = true
    this.expression(node.expression, { use: Use.call | Use.value })
    this.writer.decorating = false
    this.writer.stream.close()
  }

  statements(list: readonly Node[], tail: boolean, returnsAwait = false): void {
    const { module } = this.writer
    for (const node of normalise(list, { scopes: module.scopes, sloppy: module.sloppy, returnsAwait }, tail)) {
      statement(this, node, returnsAwait)
    }
  }

  declaration(node: Node): void {
    declaration(this, node)
  }

  /** The value of a declarator at the top of a module. */
  initialised(declarator: Node, name: string | undefined): void {
    assertKnown(declarator)
    if (declarator.init) this.named(name, () => initialiser(this, declarator.id, declarator.init, name, []))
    else this.writer.stream.put('None;')
  }
}

export function isFunction(node: Node): boolean {
  return node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression'
}
