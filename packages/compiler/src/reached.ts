/** What a version is asked of, and what it is made of. */
import type { Diagnostic, Finding } from './diagnostics.ts'
import type { EnvRead, Target } from './model.ts'
import type { Module, Node, Subject } from './nodes.ts'

/** A definition, JSON file, asset or opaque module that a version is made of. */
export interface Reached {
  readonly name: string
  readonly kind: string
  /** Relative to the root, with `/`. */
  readonly file: string
  readonly line: number
  readonly start: number
  readonly end: number
  /** Digest of itself, without what it refers to. */
  readonly digest: string
  /** Place in the list of what leads to it; -1 for the root. */
  readonly parent: number
  readonly via: Via
}

export type Via = 'reference' | 'attached' | 'effect'

export interface ReachedPackage {
  readonly name: string
  readonly version?: string
  readonly identity: string
  /** Place in the list of definitions of what leads to it. */
  readonly path: number
}

export interface Version {
  readonly version: string
  /** In the order of the walk; the first is the root. */
  readonly definitions: readonly Reached[]
  readonly packages: readonly ReachedPackage[]
  readonly env: readonly EnvRead[]
  readonly diagnostics: readonly Diagnostic[]
  /** The definitions that read the environment, or are made by what differs from process to process (R05, R06). */
  readonly read: readonly Node[]
}

export interface Root {
  readonly file: string
  /** A name as the summary gives it, or one that the module exports, be it through a star or by CommonJS. */
  readonly target: Target | { readonly export: string }
  /** The definition of the option `key`. */
  readonly key?: number | undefined
  /** What the use is called. */
  readonly label?: string
  /** Findings about the use itself. */
  readonly findings?: readonly Finding[]
}

/** An entry of a walk, for the report. */
export interface ReachedSubject {
  readonly subject: Subject
  readonly parent: number
  readonly module: Module
  readonly at: number
}

/** Who leads to what, in numbers; negative where by an attachment that does not run by itself. */
export interface Leads {
  readonly from: number[]
  readonly to: number[]
}
