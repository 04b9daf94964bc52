/** Calls: what runs, what is handed on, what the language's own functions do with it, and modules named in code. */

import { environmentQuestion } from './environment.ts'
import {
  callsBack,
  copies,
  globalObjects,
  importedMoment,
  isMutator,
  isStaticMutator,
  methodMoment,
  momentOf,
  onlyReads,
} from './knowledge.ts'
import { Observe, Use } from './model.ts'
import { isUndefined } from './normal.ts'
import type { Node } from './parse.ts'
import type { Variable } from './scopes.ts'
import { erased, memberChain, staticKey, variablesOf, type Walk } from './walk.ts'
import { type Context, copiedFlow, type Flow, flowTo, isDeep, plain } from './writer.ts'

const isFunction = (node: Node) => node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression'

export function call(walk: Walk, node: Node, context: Context): number | undefined {
  const { writer } = walk
  const { stream, module } = writer
  const callee = erased(node.callee)
  const list = node.arguments as Node[]
  if (node.type === 'CallExpression') {
    const isUse = list[0] !== undefined && module.isWrapper(callee)
    // Which function is cached shows at run time only: the call counts as any other.
    if (isUse && list[0]!.type === 'SpreadElement') module.found(node, [...writer.label])
    else if (isUse) {
      // A cached function answers what the function answers: the options are not code (R07).
      module.found(node, [...writer.label])
      const inner = erased(list[0]!)
      const name = writer.label.at(-1)
      if (isFunction(inner)) {
        walk.fn(inner, { name, constructable: inner.type === 'FunctionExpression' })
        return undefined
      }
      return walk.expression(inner, { ...context, use: context.use | Use.value })
    }
    if (namedModule(walk, node, callee, list, context)) return undefined
    if (environmentQuestion(writer, node)) return undefined
  }
  if (assetUrl(walk, node, callee, list)) return undefined

  const called = describe(walk, callee)
  moments(walk, node, callee, called, list)
  const runsAtOnce = isFunction(callee)
  if (writer.depth === 0) writer.runs = true
  stream.open(`${node.type === 'NewExpression' ? 'New' : 'Call'}${node.optional ? ' ?' : ''}`)

  const callbacks = list.map(erased).filter(isFunction)
  const flow = callbacks.flatMap((fn) =>
    (fn.params as Node[]).flatMap((parameter) => variablesOf(parameter, (inner) => module.scopes.of(inner))),
  )
  // What is done to the result may be done to what it came from.
  const fresh = called.method !== undefined && copies(called.method)
  const made = fresh || node.type === 'NewExpression'
  const through = made && !isDeep(context) ? 0 : context.use & (Use.write | Use.method)
  const result = (fresh ? copiedFlow(context.flow).flow : context.flow) ?? []
  const joined = [...flowTo(flow, true), ...result]
  const passes = joined.length > 0 ? { flow: joined } : {}
  const handedOn =
    joined.length > 0 ? { flow: [...flowTo(flow, true), ...result.map((to) => ({ ...to, made: true }))] } : {}

  let slot: number | undefined
  if (runsAtOnce) walk.fn(callee, { constructable: false, runs: true })
  // A function of the language, and a constructor, hand out nothing that is kept in them.
  else
    slot = target(
      walk,
      callee,
      called,
      called.global || (node.type === 'NewExpression' && !isDeep(context)) ? 0 : through,
      passes,
      node.type === 'NewExpression',
    )
  if (node.type === 'NewExpression' && callee.type !== 'ClassExpression') writer.observes |= Observe.kinds

  // Only functions that can be constructed have a `prototype` of their own.
  if (
    called.method !== undefined &&
    /^(?:ownKeys|getOwnPropertyNames|getOwnPropertyDescriptors)$/.test(called.method)
  ) {
    writer.observes |= Observe.kinds
  }
  // `@Inject(Repository)` of a framework names a class, and changes nothing about it.
  const named = writer.decorating && called.global === undefined && !called.own
  const reads = called.global !== undefined && onlyReads(called.global, called.method)
  const mutatesFirst = called.global !== undefined && isStaticMutator(called.global, called.method ?? called.global)
  const callsThem =
    runsAtOnce || called.own || (called.method !== undefined && callsBack(called.method)) || called.global === 'Promise'
  list.forEach((argument, place) => {
    const use = reads
      ? Use.value | (called.global === 'String' ? Use.text : 0)
      : Use.value | (named ? 0 : Use.argument) | (mutatesFirst && place === 0 ? Use.write : 0)
    const inner = erased(argument)
    if (isFunction(inner)) {
      walk.fn(inner, { constructable: inner.type === 'FunctionExpression', runs: callsThem })
      return
    }
    const carried = reads ? copiedFlow(passes.flow) : mutatesFirst ? passes : handedOn
    const at: readonly [number, number] = [slot ?? -1, place]
    walk.expression(argument, { use: use | through, ...carried, ...(reads ? {} : { call: at }) })
  })
  stream.close()
  return undefined
}

/** What is known of a callee. */
interface Called {
  /** The global it belongs to: `Object` of `Object.assign`, `fetch`. */
  readonly global: string | undefined
  /** The method called: `assign`, `push`. */
  readonly method: string | undefined
  /** Its dotted path from a global. */
  readonly path: string | undefined
  /** A function of the project: it may call what it is given. */
  readonly own: boolean
}

/** A variable that holds what a call or constructor made. */
function isMade(variable: Variable): boolean {
  const node = variable.defs[0]?.node as unknown as Node | undefined
  const init = node?.type === 'VariableDeclarator' && node.init ? erased(node.init) : undefined
  return init !== undefined && /^(?:Call|New|Await)Expression$/.test(init.type)
}

function describe(walk: Walk, callee: Node): Called {
  const { scopes, targetOf, importOf } = walk.writer.module
  const chain = memberChain(callee)
  const method =
    callee.type === 'MemberExpression' && callee.property.type !== 'PrivateIdentifier'
      ? staticKey(callee.property, callee.computed)
      : undefined
  if (chain?.base.type !== 'Identifier') return { global: undefined, method, path: undefined, own: false }
  const variable = scopes.of(chain.base)
  if (variable) {
    const origin = importOf(variable)
    const target = targetOf(variable)
    // `app.get('/', handler)` keeps its handler, as most objects that are made do; those that call it have the names for it.
    const keeps = method !== undefined && (origin ? origin.name !== '*' : isMade(variable))
    const own = target !== undefined && !keeps && (!origin || /^[./#~@]/.test(origin.specifier))
    return { global: undefined, method, path: undefined, own }
  }
  const path = [chain.base.name as string, ...chain.path]
  while (path.length > 1 && globalObjects.has(path[0]!)) path.shift()
  return { global: path[0], method: path.length > 1 ? path.at(-1) : undefined, path: path.join('.'), own: false }
}

/** Writes what is called. @returns its slot, where it is a definition or an import */
function target(
  walk: Walk,
  callee: Node,
  called: Called,
  through: number,
  passes: { readonly flow?: readonly Flow[] },
  constructed: boolean,
): number | undefined {
  const { stream, module } = walk.writer
  if (callee.type !== 'MemberExpression') {
    if (callee.type === 'Super') {
      walk.writer.frames.at(-1)!.usesThis = true
      walk.writer.needsOwner = true
      walk.writer.useSelf({ use: 0 }, true)
      stream.put('Super;')
      return undefined
    }
    return walk.expression(callee, { use: Use.call | through, ...(through ? passes : {}) })
  }
  const object = erased(callee.object)
  const variable = object.type === 'Identifier' ? module.scopes.of(object) : undefined
  const target = variable && module.targetOf(variable)
  if (target && 'request' in target && target.name === '*' && called.method !== undefined) {
    // A member of a namespace is a function of another module; it gets the namespace as `this`.
    return walk.writer.reference(object, {
      use: Use.call | through | Use.receiver,
      tail: [called.method],
      ...(through ? passes : {}),
    })
  }
  const { method } = called
  // `f.call(x)` calls `f`.
  const indirect = method === 'call' || method === 'apply' || method === 'bind'
  const use = indirect ? Use.call : method !== undefined && isMutator(method) ? Use.write | Use.method : Use.method
  const text = method === 'toString' ? Use.text : 0
  const computed = method === undefined && callee.property.type !== 'PrivateIdentifier'
  const hidden =
    callee.property.type === 'PrivateIdentifier' && object.type === 'ThisExpression'
      ? `#${callee.property.name}`
      : undefined
  if (method === 'prototype' || constructed) walk.writer.observes |= Observe.kinds
  stream.open(callee.optional ? 'Member ?' : 'Member')
  const context: Context = {
    use: use | through | text | Use.value,
    ...passes,
    ...(method === undefined ? {} : { method, tail: [method] }),
    ...(hidden === undefined ? {} : { method: hidden, tail: [hidden] }),
  }
  const slot = walk.expression(callee.object, context)
  if (computed || method !== undefined) walk.key(callee.property, callee.computed)
  else walk.writer.privateName(callee.property.name)
  stream.close()
  return indirect ? slot : undefined
}

/** Diagnostics that a call earns. */
function moments(walk: Walk, node: Node, callee: Node, called: Called, list: readonly Node[]): void {
  const { writer } = walk
  const { module } = writer
  const report = (code: Parameters<typeof writer.finding>[0], what: string) => {
    // What an initialiser reads once is not code of the call, and differs from process to process (R06).
    const once = writer.depth === 0 && code !== 'eval' && code !== 'locale-tz'
    writer.finding(once ? 'impure-init' : code, what, node)
  }
  const absent = (place: number) => list.length <= place || isUndefined(list[place]!, module.scopes)
  if (called.path !== undefined) {
    if (node.type === 'NewExpression') {
      if (called.path === 'Date' && list.length === 0) return report('impure-time', 'new Date()')
      if (called.path === 'Function') {
        writer.raw = true
        return report('eval', 'new Function()')
      }
      if (/^(?:XMLHttpRequest|WebSocket|EventSource)$/.test(called.path)) return report('io', `new ${called.path}()`)
      // Its parts are taken for local time.
      if (called.path === 'Date' && list.length > 1) return report('locale-tz', 'new Date(...)')
    }
    if (
      called.global === 'Intl' &&
      called.path !== 'Intl' &&
      (absent(0) || (called.path === 'Intl.DateTimeFormat' && !zoned(list[1])))
    ) {
      return report('locale-tz', `${called.path}()`)
    }
    if (node.type === 'NewExpression') return
    if (called.path === 'Function' || called.path === 'eval') {
      writer.raw = true
      return report('eval', `${called.path}()`)
    }
    if (called.path === 'Date') return report('impure-time', 'Date()')
    const code = momentOf(called.path)
    if (code) return report(code, `${called.path}()`)
  }
  const chain = memberChain(callee)
  const variable = chain?.base.type === 'Identifier' ? module.scopes.of(chain.base) : undefined
  const origin = variable && module.importOf(variable)
  if (origin) {
    const name = origin.name === '*' || origin.name === 'default' ? (chain?.path[0] ?? origin.name) : origin.name
    const code = importedMoment(origin.specifier, name)
    if (code) return report(code, `${origin.specifier}#${name}`)
  }
  if (called.method !== undefined && called.global !== 'Intl') {
    const compares = called.method === 'localeCompare'
    const dated = /^toLocale(?:Date|Time)String$/.test(called.method)
    const given = absent(compares ? 1 : 0) || (dated && !zoned(list[1])) ? 0 : list.length
    const code = methodMoment(called.method, given)
    if (code) report(code, `.${called.method}()`)
  }
}

/** Whether options of a date format name a time zone, as far as they can be seen. */
function zoned(options: Node | undefined): boolean {
  const inner = options && erased(options)
  if (!inner) return false
  if (inner.type !== 'ObjectExpression') return inner.type !== 'Identifier' || inner.name !== 'undefined'
  return (inner.properties as Node[]).some(
    (one) => one.type === 'SpreadElement' || staticKey(one.key, one.computed) === 'timeZone',
  )
}

/** `require('./x')`, `import.meta.glob('./x/*')`: modules named in a call. */
function namedModule(walk: Walk, node: Node, callee: Node, list: readonly Node[], context: Context): boolean {
  const { writer } = walk
  const { module, stream } = writer
  const [first] = list
  if (callee.type === 'Identifier' && callee.name === 'require' && first) {
    const variable = module.scopes.of(callee)
    if (variable && !isCreatedRequire(variable)) return false
    const specifier = staticKey(first, true)
    if (writer.depth === 0) writer.runs = true
    if (specifier === undefined) {
      writer.finding('dynamic-require', 'require(...)', node)
      return false
    }
    stream.put('Require ')
    writer.slot({ request: module.request(specifier, 'require', first.start), name: '*' }, node.start, context)
    return true
  }
  const chain = memberChain(callee)
  if (chain?.base.name === 'require' && chain.path.join('.') === 'context' && !module.scopes.of(chain.base)) {
    writer.finding('dynamic-require', 'require.context(...)', node)
    return false
  }
  if (chain?.base.type !== 'MetaProperty' || !/^(?:glob|globEager)$/.test(chain.path.join('.'))) return false
  const patterns = first?.type === 'ArrayExpression' ? (first.elements as Node[]) : first ? [first] : []
  stream.open('Glob')
  for (const pattern of patterns) {
    const specifier = staticKey(pattern, true)
    if (specifier === undefined) writer.finding('dynamic-import', 'import.meta.glob(...)', node)
    else writer.slot({ request: module.request(specifier, 'glob', pattern.start), name: '*' }, pattern.start, plain)
  }
  for (const option of list.slice(1)) walk.expression(option, plain)
  stream.close()
  return true
}

const isCreatedRequire = (variable: Variable) => {
  const init = (variable.defs[0]?.node as unknown as Node | undefined)?.init as Node | undefined
  return init?.type === 'CallExpression' && init.callee.name === 'createRequire'
}

/** `new URL('./x', import.meta.url)` is the file it names. */
function assetUrl(walk: Walk, node: Node, callee: Node, list: readonly Node[]): boolean {
  const { writer } = walk
  const { module, stream } = writer
  if (node.type !== 'NewExpression' || callee.name !== 'URL' || list.length !== 2) return false
  if (callee.type !== 'Identifier' || module.scopes.of(callee)) return false
  const base = memberChain(list[1]!)
  if (base?.base.type !== 'MetaProperty' || base.path.join('.') !== 'url') return false
  const specifier = staticKey(list[0]!, true)
  if (specifier === undefined || !/^\.{0,2}\//.test(specifier)) return false
  stream.put('Asset ')
  writer.slot({ request: module.request(specifier, 'asset', list[0]!.start), name: '*' }, node.start, plain)
  return true
}

/** `import('./x')`: the namespace of a module, or the names read from it. */
export function dynamicImport(walk: Walk, node: Node, context: Context): void {
  const { writer } = walk
  const { module, stream } = writer
  if (writer.depth === 0) writer.runs = true
  const source = erased(node.source)
  const specifier = staticKey(source, true)
  const options = node.options as Node | null
  stream.open('Import')
  if (specifier !== undefined) {
    const { method: _, ...rest } = context
    const tail = context.tail?.[0] === 'then' || context.tail?.[0] === 'catch' ? undefined : context.tail
    const { tail: __, ...whole } = rest
    const request = module.request(specifier, 'dynamic', source.start)
    writer.slot({ request, name: '*' }, node.start, tail ? { ...whole, tail } : whole)
  } else {
    const glob = pattern(source)
    if (glob === undefined) writer.finding('dynamic-import', 'import(...)', node)
    else writer.slot({ request: module.request(glob, 'glob', source.start), name: '*' }, source.start, plain)
    walk.expression(source, plain)
  }
  if (options && !isUndefined(options, module.scopes)) walk.expression(options, plain)
  stream.close()
}

/** `` `./locales/${name}.json` `` as a glob, where the folder is written out. */
function pattern(source: Node): string | undefined {
  if (source.type !== 'TemplateLiteral') return undefined
  const texts = (source.quasis as Node[]).map((quasi) => quasi.value.cooked as string)
  if (!/^\.{1,2}\/(?:[^*]*\/)?/.test(texts[0]!) || texts.some((text) => /[*?[\]{}]/.test(text))) return undefined
  return texts.join('*')
}
