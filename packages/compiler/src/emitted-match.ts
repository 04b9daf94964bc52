/**
 * Where the places of a source are in the text that tsc or swc made of it. A source map gives candidates, by the place that
 * an expression begins at; what stands there has to be the same thing by its syntax too. What cannot be found for certain
 * is not guessed: {@link Unmatched}.
 */
import { lineStarts, type Origin } from './emitted-map.ts'
import type { Definition, GivenFunction } from './model.ts'
import type { Node } from './parse.ts'
import { boundBy } from './receivers.ts'
import type { Scopes } from './scopes.ts'
import { erased, staticKey } from './walk.ts'

/** Something of the source has no certain place in the emitted text. */
export class Unmatched extends Error {
  /** Offset in the source. */
  readonly at: number

  constructor(what: string, at: number) {
    super(what)
    this.name = 'Unmatched'
    this.at = at
  }
}

export type Span = readonly [start: number, end: number]

export interface Sides {
  readonly source: { readonly text: string; readonly program: Node }
  readonly emitted: { readonly code: string; readonly program: Node; readonly scopes: Scopes }
  /** Those of the one source. */
  readonly origins: readonly Origin[]
}

const isClass = ({ type }: Node) => type === 'ClassDeclaration' || type === 'ClassExpression'
const isCallee = ({ type }: Node) => /^(?:Identifier|MemberExpression|SequenceExpression)$/.test(type)
const isFunction = /^(?:ArrowFunctionExpression|FunctionExpression)$/
const isCode = /^(?:ArrowFunctionExpression|FunctionExpression|Identifier|MemberExpression)$/

export class Match {
  readonly #sides: Sides
  /** Places of the emitted text by the place of the source that they were made from, and the other way round. */
  readonly #places = new Map<number, number[]>()
  readonly #originOf = new Map<number, number>()
  readonly #calls: readonly Node[]
  readonly #classes: readonly Node[]
  readonly #starting = new Map<number, Node[]>()
  readonly #sourceNodes: readonly Node[]
  readonly #privates: ReadonlySet<string>

  constructor(sides: Sides) {
    this.#sides = sides
    const lines = lineStarts(sides.source.text)
    for (const { at, line, column } of sides.origins) {
      const start = lines[line]
      if (start === undefined) continue
      const known = this.#places.get(start + column)
      if (known) known.push(at)
      else this.#places.set(start + column, [at])
      this.#originOf.set(at, start + column)
    }
    const nodes = nodesOf(sides.emitted.program)
    for (const node of nodes) {
      const known = this.#starting.get(node.start)
      if (known) known.push(node)
      else this.#starting.set(node.start, [node])
    }
    this.#calls = nodes.filter(({ type }) => type === 'CallExpression')
    this.#classes = nodes.filter(isClass)
    this.#privates = new Set(nodes.flatMap(({ type, name }) => (type === 'PrivateIdentifier' ? [name as string] : [])))
    this.#sourceNodes = nodesOf(sides.source.program)
  }

  /** A node of the source by its ends. */
  source(start: number, end: number, type: RegExp): Node {
    const found = this.#sourceNodes.find((node) => node.start === start && node.end === end && type.test(node.type))
    if (!found) throw new Unmatched('the source is not what was analysed', start)
    return found
  }

  sourceClass(body: number): Node {
    const found = this.#sourceNodes.find((node) => isClass(node) && node.body.start + 1 === body)
    if (!found) throw new Unmatched('the source is not what was analysed', body)
    return found
  }

  /** The emitted call of a call in the source. */
  call(call: Node): Node {
    const head = headOf(call.callee)
    const places = [...(this.#places.get(head.start) ?? []), ...(this.#places.get(call.callee.start) ?? [])]
    const arity = (call.arguments as Node[]).length
    const candidates = this.#calls.filter(
      (one) => isCallee(one.callee) && places.some((at) => at >= one.start && at < one.callee.end),
    )
    // Of `cached(f)(x)` both calls begin there: the inner one has the shorter callee.
    const inner = candidates.filter(
      (one) => !candidates.some((other) => other !== one && other.start === one.start && other.end < one.end),
    )
    const found = inner.filter((one) => one.arguments.length === arity && this.#agrees(one, call))
    if (found.length !== 1)
      throw new Unmatched(found.length === 0 ? 'it is not there' : 'it is there twice', call.start)
    return found[0]!
  }

  /** The first argument begins where it did, as far as the map says. */
  #agrees(emitted: Node, call: Node): boolean {
    const [given] = emitted.arguments as Node[]
    const [meant] = call.arguments as Node[]
    if (!given || !meant) return given === meant
    const origin = this.#originOf.get(given.start)
    return origin === undefined || (origin >= meant.start && origin < meant.end)
  }

  /** The emitted expression of a decorator: the function that it is. */
  decorator(decorator: Node): Node {
    const applied = this.#applied(decorator)
    if (applied) return applied
    const expression = erased(decorator.expression)
    if (expression.type === 'CallExpression') return this.call(expression)
    const found = this.#at(expression.start, isCode)
    if (!found) throw new Unmatched('it is not there', decorator.start)
    return found
  }

  /**
   * Of `__decorate([a(), b()], C.prototype, "m", null)` the element that stands where the decorator stood among those of its
   * member. swc maps none of them, and both write them in order and before anything of their own.
   */
  #applied(decorator: Node): Node | undefined {
    for (const owner of this.#sourceNodes.filter(isClass)) {
      const members = (owner.body.body as Node[]).filter((one) => (one.decorators ?? []).includes(decorator))
      const [member] = members
      const list = (member ? member.decorators : owner.decorators) as Node[] | undefined
      const place = list?.indexOf(decorator) ?? -1
      if (place < 0) continue
      const name = this.#nameOf(owner)
      const key = member && staticKey(member.key, member.computed)
      if (name === undefined || (member && key === undefined)) return undefined
      const found = this.#calls.filter((call) =>
        isDecorating(call, name, member && { key: key!, isStatic: member.static }),
      )
      const element = found.length === 1 ? (found[0]!.arguments[0].elements as Node[])[place] : undefined
      const expected = erased(decorator.expression)
      const isSame =
        element !== undefined &&
        (element.type === 'CallExpression') === (expected.type === 'CallExpression') &&
        element.arguments?.length === expected.arguments?.length
      return isSame ? element : undefined
    }
    return undefined
  }

  /** What the emitted text calls a class. */
  #nameOf(owner: Node): string | undefined {
    const emitted = this.class(owner)
    return emitted.id?.name ?? owner.id?.name
  }

  /** The widest expression that was made from one of the source. @param within where it has to be */
  expression(start: number, within: Node): Node {
    const found = this.#at(start, isCode, within)
    if (!found) throw new Unmatched('a function among its options is not there', start)
    return found
  }

  /** A function that the class with this body gives to its objects. */
  given(one: GivenFunction, body: number): GivenFunction | undefined {
    const owner = this.#classes.find((node) => node.body.start + 1 === body)!
    const inside = nodesOf(owner.body)
    const like =
      one.bound === undefined
        ? inside.filter(({ type }) => isFunction.test(type))
        : inside.filter((node) => boundBy(node) === one.bound)
    const [found, ...others] = like.filter((node) => this.#originOf.get(node.start) === one.start)
    if (!found || others.length > 0) return undefined
    const nameless =
      one.bound === undefined && !inside.some((node) => node.type === 'PropertyDefinition' && node.value === found)
    return { ...one, start: found.start, end: found.end, nameless }
  }

  /** The method of an object, as it is in the source. */
  method(start: number, within: Node): Node | undefined {
    return this.#at(start, /^Property$/, within)
  }

  #at(start: number, type: RegExp, within?: Node): Node | undefined {
    const found = (this.#places.get(start) ?? []).flatMap((at) =>
      (this.#starting.get(at) ?? []).filter(
        (node) => type.test(node.type) && (!within || (node.start >= within.start && node.end <= within.end)),
      ),
    )
    // `(0, m.f)` begins with a parenthesis, which is none of its nodes.
    return found.sort((a, b) => b.end - b.start - (a.end - a.start))[0]
  }

  /** The emitted class: by its members, or by its name where it has none that could be told. */
  class(node: Node): Node {
    const members = new Set(
      (node.body.body as Node[]).flatMap((member) => [member.start, member.key?.start as number | undefined]),
    )
    const own = this.#classes.filter((one) =>
      (one.body.body as Node[]).some((member) =>
        [member.start, member.key?.start as number | undefined].some(
          (at) => at !== undefined && members.has(this.#originOf.get(at)),
        ),
      ),
    )
    const named = own.length > 0 ? own : this.#classes.filter((one) => node.id && one.id?.name === node.id.name)
    if (named.length !== 1) throw new Unmatched('its class is not there as a class', node.start)
    return named[0]!
  }

  /** A place at or behind the beginning of what was made of a definition, in the same statement. */
  place({ start, end }: Pick<Definition, 'start' | 'end'>): number {
    const [exact] = this.#places.get(start) ?? []
    if (exact !== undefined) return exact
    const inside = this.#sides.origins.find(({ at }) => {
      const origin = this.#originOf.get(at)
      return origin !== undefined && origin >= start && origin < end
    })
    if (!inside) throw new Unmatched('a definition that it depends on is not there', start)
    return inside.at
  }

  /** Whether a name means a variable of a function at a place. */
  seesLocal(at: number, name: string): boolean {
    const { scopes } = this.#sides.emitted
    const variable = scopes.at(at, name)
    return variable !== undefined && !scopes.isModuleLevel(variable)
  }

  seesPrivate(name: string): boolean {
    return this.#privates.has(name)
  }

  /** Whether the text exports by members of `exports`. */
  seesExports(): boolean {
    return /^exports\.|[^\w.]exports\./m.test(this.#sides.emitted.code)
  }

  seesTop(name: string): boolean {
    return this.#sides.emitted.scopes.top.some((variable) => variable.name === name)
  }
}

/** A call of the helper that tsc and swc compile legacy decorators to. */
function isDecorating(call: Node, name: string, member: { key: string; isStatic: boolean } | undefined): boolean {
  if (!/decorate$/.test(headOf(call.callee).name ?? '')) return false
  const [list, target, key] = call.arguments as (Node | undefined)[]
  if (list?.type !== 'ArrayExpression' || !target) return false
  if (!member) return target.type === 'Identifier' && target.name === name && !key
  if (key?.type !== 'Literal' || String(key.value) !== member.key) return false
  if (member.isStatic) return target.type === 'Identifier' && target.name === name
  const { object, property } = target as { object?: Node; property?: Node }
  return target.type === 'MemberExpression' && object?.name === name && property?.name === 'prototype'
}

/** The name that ends a callee, which a map names by itself. */
function headOf(callee: Node): Node {
  const inner = erased(callee)
  if (inner.type === 'ChainExpression') return headOf(inner.expression)
  if (inner.type === 'SequenceExpression') return headOf(inner.expressions.at(-1))
  return inner.type === 'MemberExpression' && !inner.computed ? inner.property : inner
}

const isNode = (value: unknown): value is Node =>
  value !== null && typeof value === 'object' && typeof (value as Node).type === 'string'

/** Every node of a tree, parents first. */
function nodesOf(root: Node): Node[] {
  const found: Node[] = []
  const pending = [root]
  for (let node = pending.pop(); node; node = pending.pop()) {
    found.push(node)
    for (const field of Object.keys(node)) {
      const value: unknown = node[field]
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) pending.push(child)
    }
  }
  return found
}
