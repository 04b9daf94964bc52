/**
 * What the compiler has to say about a function besides its version.
 * `docs/versions.md` gives the meaning and the remedy of each code.
 */

/** The level of each code where the configuration says nothing else. */
export const defaultLevels = {
  eval: 'error',
  'env-dynamic': 'error',
  'mutable-capture': 'error',
  'request-context': 'error',
  uncapturable: 'error',
  'dynamic-function': 'error',
  'parse-error': 'error',
  unreadable: 'error',
  'lockfile-mismatch': 'error',
  'other-text': 'error',
  emitted: 'error',
  unresolved: 'warning',
  'dynamic-import': 'warning',
  'dynamic-require': 'warning',
  'impure-time': 'warning',
  'impure-random': 'warning',
  'impure-init': 'warning',
  'locale-tz': 'warning',
  'unknown-syntax': 'warning',
  'outside-root': 'warning',
  'location-dependent': 'warning',
  'foreign-mutation': 'warning',
  unstamped: 'info',
  'no-lockfile': 'info',
  io: 'info',
} as const

export type DiagnosticCode = keyof typeof defaultLevels
export type Level = 'error' | 'warning' | 'info'

/** A diagnostic at its place in one file, before it is known which functions reach it. */
export interface Finding {
  readonly code: DiagnosticCode
  /** What was found there: `Date.now()`. Never a value. */
  readonly what: string
  readonly start: number
  readonly end: number
}

/** A place in a file, lines and columns from 1. */
export interface Position {
  /** Relative to the root, with `/`. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A finding with the function that reaches it. */
export interface Diagnostic {
  readonly code: DiagnosticCode
  readonly level: Level
  /** What happened, where, and what to do. */
  readonly message: string
  readonly position: Position
  /** From the function to the definition that holds it: `['getUser', 'load', 'now']`. */
  readonly path: readonly string[]
}
