/**
 * What the compiler knows of one use of `cached`: the function whose version it has, what it captures (R05), what it reads
 * and calls through `this` (R03, R04), and the source of its `key` (R07).
 */
import type { Finding } from './diagnostics.ts'
import { Encoder } from './encode.ts'
import { isFound } from './found.ts'
import type { CachedUse, ClassSource, ListedCode, Target } from './model.ts'
import type { Node } from './parse.ts'
import { receiverOfClass, shortest } from './receivers.ts'
import { withHelpers, writeFunction } from './use-code.ts'
import { depsCode, ignoredNames, keyCode, keyOf, nameOf, optionSources, optionsOf, property } from './use-options.ts'
import { classAround, isFunction, ownerOf, search, type UseInput } from './use-place.ts'
import { erased, staticKey } from './walk.ts'
import type { ModuleView } from './writer.ts'

export function describeUse(input: UseInput): CachedUse {
  const decorated = input.node.type === 'Decorator'
  const method = decorated ? ownerOf(input) : undefined
  const options = optionsOf(input.node)
  const first = method ? (method.member.value as Node) : (input.node.arguments as Node[])[0]!
  const given = erased(first.type === 'SpreadElement' ? first.argument : first)
  const path = pathOf(input, given)
  const label = nameOf(options) ?? path
  const owner = method ?? classAround(input, input.node, given)
  const written = writeFunction(input, given, owner, label)
  const key = keyOf(input, options, label)
  const root = reference(input, given) ?? (key === undefined ? whole(input) : undefined)
  const ignored = ignoredNames(options)
  const kept = ({ what }: Finding) => !ignored.has(what)
  const { definition } = written
  // With a key of his own the user answers for what no key can be made of.
  const keyed = property(options, 'key') !== undefined
  const refused = new Set(written.findings.map(({ what }) => what))
  const pinned = property(options, 'version') !== undefined
  const dynamic = !method && (first.type === 'SpreadElement' || !isFound(given, input.view))
  return {
    label,
    path,
    form: decorated ? 'decorator' : 'call',
    root: root ?? { def: input.add({ ...definition, findings: definition.findings.filter(kept) }) },
    key,
    start: input.node.start,
    end: input.node.end,
    fn: method ? [method.member.start, method.member.end] : [given.start, given.end],
    owner: owner && (owner.definition ?? input.nested.get(owner.node)),
    captures: written.captures.filter(({ name }) => !ignored.has(name) && !(keyed && refused.has(name))),
    receiver: written.receiver,
    trailing: written.trailing,
    lexical: written.lexical,
    listed: [...keyCode(options, key, label), ...depsCode(input, options, label)],
    sequence: given.type === 'SequenceExpression',
    seesProcess: seesProcess(input.view, input.node.start),
    dynamic,
    pinned,
    findings: dynamic ? (pinned ? [] : unfound(input, given)) : keyed ? [] : written.findings.filter(kept),
  }
}

/**
 * The options `key` and `deps` of an instance, which are those of whatever it caches, in whichever module. They get versions
 * where they are written; where options come from elsewhere nobody sees them here.
 */
export function describeInstance(input: UseInput): {
  readonly shared: readonly ListedCode[]
  readonly findings: readonly Finding[]
} {
  const [given] = input.node.arguments as Node[]
  if (!given) return { shared: [], findings: [] }
  const shared: ListedCode[] = []
  const findings: Finding[] = []
  for (const source of given.type === 'SpreadElement' ? [given.argument as Node] : optionSources(given, input)) {
    if (source.type !== 'ObjectExpression') {
      const text = input.view.text.slice(source.start, source.end).replace(/\s+/g, ' ')
      findings.push({ code: 'unstamped', what: `\`${text.slice(0, 60)}\``, start: source.start, end: source.end })
      continue
    }
    const label = 'createAutocache'
    for (const one of source.properties as Node[]) {
      const isKey = one.type === 'Property' && staticKey(one.key, one.computed) === 'key'
      if (!isKey || one.kind !== 'init') continue
      const def = keyOf(input, { ...source, properties: [one] }, label)
      const own = { ...source, properties: [one] }
      if (one.shorthand && def !== undefined) {
        const { start, end } = one
        shared.push({ label: `${label} key`, root: { def }, start, end, method: undefined, shorthand: 'key' })
      } else shared.push(...keyCode(own, def, label))
    }
    shared.push(...depsCode(input, source, label))
  }
  return { shared, findings }
}

/** A class that stands in a function: its code, with what it reads of that function. Undefined where no stamp can say it. */
export function describeClass(
  input: Omit<UseInput, 'nested'>,
): Pick<ClassSource, 'def' | 'receiver' | 'captures'> | undefined {
  const { node } = input
  const writer = withHelpers({ ...input, nested: new Map() }, [node], (inner) => {
    inner.members = { uses: [] }
    new Encoder(inner).classCode(node, undefined)
  })
  const inside = node.body.start + 1
  const isSeen = [...writer.captures.keys()].every((one) => input.view.scopes.at(inside, one.name) === one)
  if (writer.raw || !isSeen || writer.frames[0]!.usesThis) return undefined
  const name = (node.id?.name ?? 'class') as string
  const uses = writer.members ? writer.memberUses() : []
  return {
    def: input.add({ ...input.finish(writer, { kind: 'class', name, nodes: [node], cached: true }), runs: false }),
    receiver: receiverOfClass(input, uses, node),
    captures: [...writer.captures].map(([variable, paths]) => ({ name: variable.name, paths: shortest(paths) })),
  }
}

/**
 * A function that is not shown has no version; a wrapper of the configuration caches what its
 * own callers give it, and it is there that it is shown.
 */
function unfound({ node, program, view }: UseInput, given: Node): Finding[] {
  const around = search(program, node)
  const isWrapped = around.some((each, index) => {
    if (!isFunction(each)) return false
    const parent = around[index - 1]
    const name = each.id ?? (parent?.type === 'VariableDeclarator' ? parent.id : undefined)
    return name ? view.isWrapper(name) : parent?.type === 'ExportDefaultDeclaration' && view.isDefaultWrapper
  })
  if (isWrapped) return []
  const text = view.text.slice(given.start, given.end).replace(/\s+/g, ' ')
  const what = text.length > 60 ? `${text.slice(0, 59)}…` : text
  return [{ code: 'dynamic-function', what: `\`${what}\``, start: given.start, end: given.end }]
}

/** `process` is the global at a place, or what Node exports under that name. */
export function seesProcess(view: ModuleView, at: number): boolean {
  const variable = view.scopes.at(at, 'process')
  const origin = variable && view.importOf(variable)
  return !variable || (origin !== undefined && /^(?:node:)?process$/.test(origin.specifier) && origin.name !== 'env')
}

function pathOf({ label }: UseInput, code: Node): string {
  if (label.length > 0) return label.join('.')
  if (code.type === 'Identifier') return code.name
  return code.id?.name ?? 'anonymous'
}

/** `cached(fetchUser)` has the version of `fetchUser`. */
function reference({ view, node }: UseInput, code: Node): Target | undefined {
  if (node.type === 'Decorator' || code.type !== 'Identifier') return undefined
  const variable = view.scopes.of(code)
  return variable && view.targetOf(variable)
}

/** A definition that is the call and nothing else. */
export function whole({ node, plans }: UseInput): Target | undefined {
  if (node.type === 'Decorator') return undefined
  const index = plans.findIndex(({ kind, nodes }) => {
    const [one] = nodes
    if (kind !== 'value' || nodes.length !== 1 || !one) return false
    const value = one.type === 'VariableDeclarator' ? (one.init as Node | null) : one
    return value !== null && erased(value) === node
  })
  return index < 0 ? undefined : { def: index }
}
