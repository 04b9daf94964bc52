/**
 * Joins the summaries of single files: what an import leads to, through re-exports, stars and aliases.
 */
import { isObject, Leaves, quote, settingToken } from './leaves.ts'
import { type Definition, type Request, type Slot, type Target, Use } from './model.ts'
import type { Edge, Link, Module, Node, Origin } from './nodes.ts'
import type { Program, Resolution, SourceModule } from './program.ts'

export type { Edge, Leaf, Link, Module, Node, Origin, Subject } from './nodes.ts'
export type {
  GraphSettings,
  PackageIdentity,
  PackageResolution,
  Program,
  Resolution,
  SourceModule,
  SourceOptions,
} from './program.ts'

const nothing: Link = { kind: 'token', token: '-' }

export class Linker {
  readonly program: Program
  readonly #modules = new Map<string, Module>()
  readonly #leaves: Leaves
  readonly #exports = new Map<string, Link | undefined>()
  readonly #names = new Map<Module, readonly (readonly [string, Link])[]>()
  #nodes = 0

  constructor(program: Program) {
    this.program = program
    this.#leaves = new Leaves(program)
  }

  module(file: string): Module {
    const known = this.#modules.get(file)
    if (known) return known
    const { summary, text } = this.program.load(file)
    const nodes: Node[] = []
    const name = this.program.relative(file)
    const module: Module = {
      id: this.#modules.size,
      file,
      summary,
      text,
      nodes,
      whole: {
        kind: 'module',
        key: `module ${file}`,
        name,
        file,
        state: undefined,
        content: () => (summary.opaque === undefined ? 'M' : `O${quote(summary.opaque)}`),
        get module() {
          return module
        },
      },
      namespace: {
        kind: 'namespace',
        key: `namespace ${file}`,
        name,
        file,
        state: undefined,
        content: () => 'N',
        get module() {
          return module
        },
      },
      resolutions: new Array(summary.requests.length),
    }
    for (const def of summary.definitions) {
      nodes.push({
        kind: 'definition',
        id: this.#nodes++,
        module,
        def,
        head: `D${quote(def.digest)}`,
        links: undefined,
      })
    }
    this.#modules.set(file, module)
    return module
  }

  /** Takes over an edit after which the module is to others what it was; see `sameShape`. */
  replace(file: string, { summary, text }: SourceModule): void {
    const module = this.#modules.get(file) as { -readonly [K in keyof Module]: Module[K] } | undefined
    if (module === undefined) return
    module.summary = summary
    module.text = text
    for (const [index, node] of module.nodes.entries()) {
      const changed = node as { -readonly [K in keyof Node]: Node[K] }
      changed.def = summary.definitions[index] as Definition
      changed.head = `D${quote(changed.def.digest)}`
    }
  }

  request(module: Module, index: number): Resolution {
    const known = module.resolutions[index]
    if (known) return known
    const request = module.summary.requests[index]
    const found: Resolution = request
      ? this.program.resolve(request.specifier, module.file, request.kind)
      : { kind: 'unresolved' }
    module.resolutions[index] = found
    return found
  }

  /** The source modules that a request evaluates. */
  requested(module: Module, index: number): readonly Module[] {
    const request = module.summary.requests[index]
    if (request?.kind === 'glob') {
      return this.program.glob(request.specifier, module.file).flatMap((specifier) => {
        const found = this.program.resolve(specifier, module.file, 'dynamic')
        return found.kind === 'source' ? [this.module(found.file)] : []
      })
    }
    const found = this.request(module, index)
    return found.kind === 'source' || (found.kind === 'asset' && found.runs) ? [this.module(found.file)] : []
  }

  links(node: Node): readonly Edge[] {
    node.links ??= node.def.slots.map((slot) => this.#edge(node.module, slot))
    return node.links
  }

  #edge(module: Module, slot: Slot): Edge {
    const { to, use, method } = slot
    const receiver = undefined
    if ('option' in to) return { link: this.#option(module, to.option, slot.path), use, method, receiver }
    if ('def' in to) return { link: this.target(module, to), use, method, receiver }
    const request = module.summary.requests[to.request]
    const reads = slot.path ?? []
    // Where nobody says which member of the object is read, the method called on it is.
    const path = reads.length === 0 && method !== undefined ? [method] : reads
    const quiet = slot.only !== undefined || (use & Use.declared) !== 0 || request?.kind === 'type'
    const found = this.#follow(module, to.request, to.name, path)
    if (!found.link)
      return { link: quiet ? nothing : this.#leaves.missing(request, to.name, path), use, method, receiver }
    // `ns.m()`: what looks like a method of `ns` is a call of the export `m`.
    const called = found.taken > 0 && found.taken === path.length && (use & Use.method) !== 0
    if (!called) return { link: found.link, use, method, receiver: found.receiver }
    return {
      link: found.link,
      use: (use & ~Use.method) | Use.call | Use.receiver,
      method: undefined,
      receiver: found.receiver,
    }
  }

  /** What a name of the module means, for roots and labels. */
  target(module: Module, to: Target): Link {
    if ('option' in to) return this.#option(module, to.option)
    if ('def' in to) {
      const node = module.nodes[to.def]
      if (!node) return nothing
      return to.pick === undefined ? { kind: 'definition', node } : { kind: 'definition', node, pick: to.pick }
    }
    return (
      this.#follow(module, to.request, to.name, []).link ??
      this.#leaves.missing(module.summary.requests[to.request], to.name, [])
    )
  }

  /** What the module exports under the name; nothing where it does not, or where two stars disagree. */
  export(module: Module, name: string): Link | undefined {
    const key = `${module.id} ${name}`
    if (this.#exports.has(key)) return this.#exports.get(key)
    const found = this.#search(module, name)
    this.#exports.set(key, found)
    return found
  }

  /** All exports of the module by name, in the order of the names. */
  exports(module: Module): readonly (readonly [name: string, link: Link])[] {
    const known = this.#names.get(module)
    if (known) return known
    const names = new Set<string>()
    const unknown = new Map<string, Link>()
    const seen = new Set<Module>()
    const work: Module[] = [module]
    for (let next = work.pop(); next; next = work.pop()) {
      if (seen.has(next)) continue
      seen.add(next)
      for (const name of Object.keys(next.summary.exports)) if (name !== 'default' || next === module) names.add(name)
      for (const star of next.summary.stars) {
        const found = this.request(next, star)
        if (found.kind === 'source') {
          const source = this.module(found.file)
          if (isWhole(source)) unknown.set(`${found.file} *`, this.#whole(source, '*'))
          else work.push(source)
        } else if (found.kind === 'json') {
          const { value } = this.#leaves.json(found.file)
          if (isObject(value)) for (const key of Object.keys(value)) if (key !== 'default') names.add(key)
        } else {
          const { link } = this.#follow(next, star, '*', [])
          unknown.set(
            `${next.summary.requests[star]?.specifier} *`,
            link ?? this.#leaves.missing(next.summary.requests[star], '*', []),
          )
        }
      }
    }
    const all: (readonly [string, Link])[] = []
    for (const name of [...names].sort()) {
      const link = this.export(module, name)
      if (link) all.push([name, link])
    }
    // A star over a package may add any name: it stands last, in source order, under a name no export has.
    for (const link of unknown.values()) all.push(['*', link])
    this.#names.set(module, all)
    return all
  }

  /** The module and the name there that an import binding leads to, through re-exports. */
  origin(file: string, request: number, name: string): Origin | undefined {
    let module = this.module(file)
    let at = request
    let wanted = name
    const seen = new Set<string>()
    for (;;) {
      const found = this.request(module, at)
      if (found.kind === 'package') return { kind: 'package', found, name: wanted }
      if (found.kind !== 'source') return undefined
      const next = this.module(found.file)
      const key = `${next.id} ${wanted}`
      if (seen.has(key)) return undefined
      seen.add(key)
      const step = this.#step(next, wanted)
      if (!step) return { kind: 'source', file: next.file, name: wanted }
      module = step.module
      at = step.request
      wanted = step.name
    }
  }

  #step(module: Module, name: string): { module: Module; request: number; name: string } | undefined {
    const { exports, stars } = module.summary
    if (Object.hasOwn(exports, name)) {
      const to = exports[name]
      return to && 'request' in to ? { module, request: to.request, name: to.name } : undefined
    }
    if (name === '*' || name === 'default') return undefined
    for (const star of stars) {
      const found = this.request(module, star)
      if (found.kind === 'package') {
        if (stars.length === 1) return { module, request: star, name }
      } else if (found.kind === 'source') {
        const source = this.module(found.file)
        if (this.export(source, name)) return { module, request: star, name }
      }
    }
    return undefined
  }

  /**
   * Follows an import and the members read from it while they are members of namespaces. `taken` is how many of `path` were
   * such members; the first of a namespace import is in no stream, and what is not taken is.
   */
  #follow(
    module: Module,
    index: number,
    name: string,
    path: readonly string[],
  ): { link: Link | undefined; taken: number; receiver?: Link } {
    const request = module.summary.requests[index]
    if (request?.kind === 'glob') return { link: this.#glob(module, request), taken: 0 }
    const found = this.request(module, index)
    const wide = name === '*' || name === 'export='
    const member = wide ? path[0] : undefined
    if (found.kind !== 'source') {
      if (found.kind === 'unresolved') return { link: undefined, taken: 0 }
      if (found.kind === 'json')
        return {
          link: this.#leaves.narrow(found.file, wide ? path : name === 'default' ? path : [name, ...path], wide),
          taken: 0,
        }
      const taken = wide && member !== undefined ? 1 : 0
      const link = this.#leaves.outer(found, member ?? name, module.file)
      if (found.kind !== 'asset' || !found.runs) return { link, taken }
      // A worker: its statements, and what these reach, are what it does.
      const whole = this.#whole(this.module(found.file), '*')
      return {
        link: {
          kind: 'list',
          links: [
            ['', link],
            ['', whole],
          ],
        },
        taken,
      }
    }
    const source = this.module(found.file)
    if (isWhole(source)) return { link: this.#whole(source, member ?? name), taken: member === undefined ? 0 : 1 }
    let link: Link | undefined
    if (name === 'export=' && Object.hasOwn(source.summary.exports, 'export=')) link = this.export(source, name)
    else if (wide) link = { kind: 'leaf', leaf: source.namespace, detail: '' }
    else link = this.export(source, name)
    let taken = 0
    let receiver: Link | undefined
    while (link?.kind === 'leaf' && link.leaf.kind === 'namespace' && link.leaf.module && taken < path.length) {
      receiver = link
      link = this.export(link.leaf.module, path[taken++] as string)
    }
    return receiver ? { link, taken, receiver } : { link, taken }
  }

  /** `ResolveExport` of the language, without recursion: explicit exports end a branch, stars fork it. */
  #search(module: Module, wanted: string): Link | undefined {
    const seen = new Set<string>()
    const work: { module: Module; name: string; star: boolean }[] = [{ module, name: wanted, star: false }]
    const hits = new Map<string, Link>()
    const weak = new Map<string, Link>()
    const hit = (link: Link | undefined, star: boolean) => {
      if (link) (star ? weak : hits).set(identityOf(link), link)
    }
    for (let next = work.pop(); next; next = work.pop()) {
      const key = `${next.module.id} ${next.name}`
      if (seen.has(key)) continue
      seen.add(key)
      const { summary } = next.module
      if (isWhole(next.module)) {
        hit(this.#whole(next.module, next.name), next.star)
        continue
      }
      const assigned = Object.hasOwn(summary.exports, 'export=')
      const own = Object.hasOwn(summary.exports, next.name)
      if (own || (assigned && next.name !== '*')) {
        const name = own ? next.name : 'export='
        const to = summary.exports[name] as Target
        const inside = own || next.name === 'default' ? undefined : next.name
        if ('request' in to) {
          const found = this.request(next.module, to.request)
          const plain = found.kind === 'source' && to.name !== '*' && to.name !== 'export=' && inside === undefined
          if (plain) work.push({ module: this.module(found.file), name: to.name, star: false })
          else hit(this.#follow(next.module, to.request, to.name, inside === undefined ? [] : [inside]).link, false)
        } else {
          const link = this.target(next.module, to)
          hit(link.kind === 'definition' && inside !== undefined ? { ...link, member: inside } : link, false)
        }
        continue
      }
      if (next.name === 'default') continue
      for (const star of summary.stars) {
        const found = this.request(next.module, star)
        if (found.kind === 'source') work.push({ module: this.module(found.file), name: next.name, star: true })
        else if (found.kind === 'json') {
          const { value } = this.#leaves.json(found.file)
          if (isObject(value) && Object.hasOwn(value, next.name))
            hit(this.#leaves.narrow(found.file, [next.name], false), false)
        } else if (found.kind === 'unresolved') {
          hit(this.#leaves.missing(next.module.summary.requests[star], next.name, []), true)
        } else hit(this.#leaves.outer(found, next.name, next.module.file), true)
      }
    }
    if (hits.size > 0) return hits.size === 1 ? [...hits.values()][0] : undefined
    if (weak.size < 2) return [...weak.values()][0]
    // Nobody can say which of several packages has the name: all of them count.
    return { kind: 'list', links: [...weak].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, link]) => ['', link]) }
  }

  #whole(module: Module, name: string): Link {
    return { kind: 'leaf', leaf: module.whole, detail: quote(name) }
  }

  #glob(module: Module, request: Request): Link {
    const links: (readonly [string, Link])[] = []
    for (const specifier of [...this.program.glob(request.specifier, module.file)].sort()) {
      const found = this.program.resolve(specifier, module.file, 'dynamic')
      if (found.kind === 'source') {
        links.push([specifier, this.#everything(this.module(found.file))])
      } else if (found.kind === 'json') links.push([specifier, this.#leaves.narrow(found.file, [], false)])
      else if (found.kind === 'unresolved')
        links.push([specifier, this.#leaves.missing({ ...request, specifier }, '*', [])])
      else links.push([specifier, this.#leaves.outer(found, '*', module.file)])
    }
    return { kind: 'list', links }
  }

  #option(module: Module, setting: 'fields' | 'decorators' | 'metadata' | 'jsx', says: readonly string[] = []): Link {
    const options = this.program.options(module.file)
    // What the source says beside the setting: a pragma, a type that is no definition.
    const token = settingToken(module.file, options, setting) + says.map(quote).join('')
    const pragma = says.map((each) => /^@?jsxImportSource (.+)/.exec(each)?.[1]).find((source) => source !== undefined)
    const jsx = pragma === undefined ? options.jsx : 'react-jsx'
    const source = pragma ?? options.jsxImportSource ?? 'react'
    if (setting !== 'jsx' || jsx === undefined || !(jsx.startsWith('react-jsx') || jsx === 'preserve')) {
      return { kind: 'token', token }
    }
    // The automatic runtime is an import that stands in no source.
    const found = this.program.resolve(`${source}/jsx-runtime`, module.file, 'import')
    if (found.kind === 'package') return { kind: 'token', token, link: this.#leaves.outer(found, '*', module.file) }
    return found.kind === 'source'
      ? { kind: 'token', token, link: this.#everything(this.module(found.file)) }
      : { kind: 'token', token }
  }

  #everything(module: Module): Link {
    return isWhole(module) ? this.#whole(module, '*') : { kind: 'leaf', leaf: module.namespace, detail: '' }
  }
}

/** CommonJS, or a file that was not understood: any export is the whole of it. */
export const isWhole = (module: Module): boolean => module.summary.commonjs || module.summary.opaque !== undefined

const identityOf = (link: Link): string => {
  if (link.kind === 'definition') return `d${link.node.id}.${link.pick ?? ''}.${link.member ?? ''}`
  if (link.kind === 'leaf') return `${link.leaf.key} ${link.detail}`
  if (link.kind === 'list') return link.links.map(([name, each]) => `${name}(${identityOf(each)})`).join()
  return link.token
}
