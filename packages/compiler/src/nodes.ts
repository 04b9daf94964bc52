/** What the graph is made of: definitions, leaves, and the links between them. */
import type { Definition, ModuleSummary } from './model.ts'
import type { PackageIdentity, PackageResolution, Resolution } from './program.ts'

/** A definition of the program. */
export interface Node {
  readonly kind: 'definition'
  readonly id: number
  readonly module: Module
  readonly def: Definition
  /** The start of its part of a stream. */
  readonly head: string
  /** What its slots lead to, found when first asked for. */
  links: readonly Edge[] | undefined
}

/** What is no definition and yet has an identity of its own, and state that code elsewhere can change. */
export interface Leaf {
  readonly kind: 'package' | 'builtin' | 'json' | 'asset' | 'module' | 'namespace' | 'unresolved'
  /** One for each leaf of a program; it is in no version. */
  readonly key: string
  /** What it is for people: a name, a specifier, a path. */
  readonly name: string
  /** The export meant, of a package or a builtin. */
  readonly member?: string
  /** Its part of the stream. Computed late: the identity of a package may be costly. */
  readonly content: () => string
  /** Where its state lives: one object for all exports of a package. */
  readonly state: Leaf | undefined
  readonly module?: Module
  readonly file?: string
  readonly identity?: () => PackageIdentity
  readonly importer?: string
}

export type Subject = Node | Leaf

/** What a reference leads to. */
export type Link =
  | { readonly kind: 'definition'; readonly node: Node; readonly pick?: number; readonly member?: string }
  /** `detail` is what of the leaf is meant: an export, a value inside of JSON. */
  | { readonly kind: 'leaf'; readonly leaf: Leaf; readonly detail: string; readonly digest?: string }
  | { readonly kind: 'list'; readonly links: readonly (readonly [name: string, link: Link])[] }
  | { readonly kind: 'token'; readonly token: string; readonly link?: Link }

/** A link with the use that is made of what it leads to; a member of a namespace is called where the source calls a method. */
export interface Edge {
  readonly link: Link
  readonly use: number
  readonly method: string | undefined
  /** The namespace that a called member receives as `this`. */
  readonly receiver: Link | undefined
}

export interface Module {
  readonly id: number
  readonly file: string
  readonly summary: ModuleSummary
  readonly text: string
  readonly nodes: readonly Node[]
  /** The module used whole: CommonJS, or a file that was not understood. */
  readonly whole: Leaf
  /** The object of `import * as`. */
  readonly namespace: Leaf
  readonly resolutions: (Resolution | undefined)[]
}

/** Where an import binding comes from, for `candidates`. */
export type Origin =
  | { readonly kind: 'source'; readonly file: string; readonly name: string }
  | { readonly kind: 'package'; readonly found: PackageResolution; readonly name: string }
