/**
 * What every lockfile says, whatever its notation: packages, and which of them each one's imports lead to. From it comes
 * the identity of a package: its own entry and those of everything it depends on, as a set, so that cycles of packages
 * need no care and nothing depends on the order or the layout of the lockfile.
 */
import { createHash } from 'node:crypto'

export interface LockNode {
  /** The real name, where an alias leads to it. */
  readonly name: string
  /** Empty where the lockfile does not say (some git dependencies). */
  readonly version: string
  /** What fixes the bytes: the integrity, or else the commit or address. */
  readonly integrity: string
  /** Whether it is known by name and version alone: the installed one must then agree in both. */
  readonly registry: boolean
  /** It may be left out, as on platforms it is not for. */
  readonly optional?: boolean
  /** What the lockfile says of a patch: a hash, a file relative to the lockfile's folder. */
  readonly patch?: string
  readonly patchFiles?: readonly string[]
  /** First-party sources: a workspace, `link:` or `file:` folder, relative to the lockfile's folder. */
  readonly folder?: string
  /** Names its code imports, and where they lead. */
  edges: readonly Edge[]
}

export type Edge = readonly [name: string, node: number]

export interface Lockfile {
  readonly nodes: readonly LockNode[]
  /**
   * The nodes that `name` can lead to from a folder relative to the lockfile's, most often one. Several where the
   * lockfile does not tell which one an undeclared import finds.
   *
   * @param at where it is installed, relative to the lockfile's folder, if it is.
   */
  find(name: string, folder: string, at?: string): readonly number[]
  /** Whether the folder is a package of the workspace that was locked. */
  covers(folder: string): boolean
}

/** What a reader of lockfiles may ask for besides the text; paths are relative to the lockfile's folder. */
export interface LockContext {
  read(path: string): string | undefined
  /** A digest of a file's bytes. */
  hash(path: string): string | undefined
  list(path: string): readonly string[] | undefined
}

/** A digest of texts that no other texts have: each is written with its length. */
export function digestOf(parts: Iterable<string>): string {
  const hash = createHash('sha256')
  // UTF-16 keeps lone surrogates apart, which UTF-8 would not.
  for (const part of parts) {
    const plain = ascii.test(part)
    hash.update(`${part.length}${plain ? ':' : ';'}`, 'latin1').update(part, plain ? 'latin1' : 'utf16le')
  }
  return hash.digest('hex').slice(0, 32)
}

const ascii = /^[\x20-\x7f\n]*$/

/** Adds to what a lockfile says of a node: patches found beside it, the content of a first-party folder. */
export type Extra = (node: LockNode) => readonly string[]

/** Identities of the packages of one lockfile with one set of patches. */
export class LockIdentities {
  readonly #own: readonly string[]
  /** Of each node: its own digest with those of what it leads to, under the names it uses. */
  readonly #lines: readonly string[]
  /** Nodes in the order of their lines, so that a closure need not be sorted. */
  readonly #rank: Int32Array
  readonly #byRank: readonly string[]
  /** Edges of node n: `#targets` from `#first[n]` to `#first[n + 1]`. */
  readonly #first: Int32Array
  readonly #targets: Int32Array
  readonly #seen: Int32Array
  #walk = 0
  readonly #known = new Map<number, string>()

  constructor(nodes: readonly LockNode[], extra: Extra) {
    this.#targets = Int32Array.from(nodes.flatMap((node) => node.edges.map(([, target]) => target)))
    const reached = new Set(this.#targets)
    this.#own = nodes.map((node, index) =>
      node.folder === undefined
        ? digestOf(['package', node.name, node.version, node.integrity, node.patch ?? '', ...extra(node)])
        : // Packages seldom lead back to the workspace; what they reach there cannot be told, so it counts whole.
          digestOf(['first-party', node.name, ...(reached.has(index) ? extra(node) : [])]),
    )
    this.#lines = nodes.map((node, index) => {
      const edges = node.edges.map(([name, target]) => `${name}\n${this.#own[target]}`).sort()
      return digestOf(['entry', this.#own[index]!, ...edges])
    })
    const order = nodes.map((_, index) => index)
    order.sort((a, b) => (this.#lines[a]! < this.#lines[b]! ? -1 : this.#lines[a] === this.#lines[b] ? 0 : 1))
    this.#byRank = order.map((index) => this.#lines[index]!)
    this.#rank = new Int32Array(nodes.length)
    for (const [rank, index] of order.entries()) this.#rank[index] = rank
    this.#seen = new Int32Array(nodes.length)
    this.#first = new Int32Array(nodes.length + 1)
    for (const [index, node] of nodes.entries()) this.#first[index + 1] = this.#first[index]! + node.edges.length
  }

  /** Name, version, integrity and patch, without what it depends on. */
  own(node: number): string {
    return this.#own[node]!
  }

  /** The entry and all it depends on. */
  closure(root: number): string {
    const known = this.#known.get(root)
    if (known !== undefined) return known
    const present = new Uint8Array(this.#rank.length)
    for (const index of this.reach(root)) present[this.#rank[index]!] = 1
    let lines = ''
    let last = ''
    for (let rank = 0; rank < present.length; rank++) {
      if (present[rank] === 0 || this.#byRank[rank] === last) continue
      last = this.#byRank[rank]!
      lines += last
    }
    const identity = digestOf(['closure', this.#lines[root]!, lines])
    this.#known.set(root, identity)
    return identity
  }

  /** The nodes of a closure, its root first. */
  reach(root: number): readonly number[] {
    const walk = ++this.#walk
    const queue = [root]
    this.#seen[root] = walk
    for (let at = 0; at < queue.length; at++) {
      const node = queue[at]!
      for (let edge = this.#first[node]!; edge < this.#first[node + 1]!; edge++) {
        const target = this.#targets[edge]!
        if (this.#seen[target] === walk) continue
        this.#seen[target] = walk
        queue.push(target)
      }
    }
    return queue
  }
}

/** Collects nodes; what leads to one folder is one node. */
export class LockBuilder {
  readonly nodes: LockNode[] = []
  readonly #folders = new Map<string, number>()
  readonly #names = new Map<string, number[]>()

  add(node: Omit<LockNode, 'edges'>): number {
    const index = this.nodes.push({ ...node, edges: [] }) - 1
    const named = this.#names.get(node.name)
    if (named === undefined) this.#names.set(node.name, [index])
    else named.push(index)
    return index
  }

  addFolder(name: string, folder: string): number {
    const path = normalPath(folder)
    const key = `${name}\n${path}`
    let index = this.#folders.get(key)
    if (index === undefined) {
      index = this.add({ name, version: '', integrity: '', registry: false, folder: path })
      this.#folders.set(key, index)
    }
    return index
  }

  named(name: string): readonly number[] {
    return this.#names.get(name) ?? []
  }
}

/** The strongest digest of an SRI text: a lockfile may gain a weaker one beside it. */
export function strongest(integrity: string): string {
  const all = integrity.split(/\s+/).filter((part) => part !== '')
  return all.find((part) => part.startsWith('sha512-')) ?? all.sort().at(-1) ?? ''
}

/**
 * What fixes the bytes of a package. The address does not count where there is an integrity (a mirror serves the same),
 * except for a commit: archives of one commit have different digests on different machines.
 */
export function sourceOf(resolved: string, integrity: string, context: LockContext): string {
  if (/^(?:git[+:]|github:|gitlab:|bitbucket:)|[#/][0-9a-f]{40}$/.test(resolved) && !/\.tgz#/.test(resolved)) {
    return resolved
  }
  if (integrity !== '') return strongest(integrity)
  const file = resolved.startsWith('file:')
    ? context.hash(normalPath(resolved.slice(5).replace(/#.*$/, '')))
    : undefined
  return file ?? resolved
}

export function isArchive(path: string): boolean {
  return /\.(?:tgz|tar\.gz|tar)$/.test(path.replace(/(?:#|::).*$/, ''))
}

/** `a/./b/../c` as `a/c`; `` for the folder itself; a leading `..` stays. */
function normalPath(path: string): string {
  const absolute = path.startsWith('/')
  const out: string[] = []
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..' && out.length > 0 && out.at(-1) !== '..') out.pop()
    else if (part !== '..' || !absolute) out.push(part)
  }
  return (absolute ? '/' : '') + out.join('/')
}

export function joinPath(folder: string, path: string): string {
  return normalPath(
    /^(?:\/|[a-zA-Z]:[\\/])/.test(path) ? path : `${folder}/${path}`.replace(/^\//, folder === '' ? '' : '/'),
  )
}

/** The folder, those above it, and `` last. */
export function* foldersAbove(folder: string): Generator<string> {
  for (let at = folder; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) yield at
  yield ''
}

/** The name in `name@rest` and what follows; a scope's own `@` does not count. */
export function splitAt(descriptor: string): readonly [name: string, rest: string] {
  const at = descriptor.indexOf('@', 1)
  return at < 0 ? [descriptor, ''] : [descriptor.slice(0, at), descriptor.slice(at + 1)]
}

/** No path or key of a real lockfile is as long; walking up a longer one would take quadratic time. */
export const longestKey = 1024
