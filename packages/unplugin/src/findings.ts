/** Diagnostics as a host shows them: which fail the build, what each says, and where. */
import { isAbsolute, resolve } from 'node:path'
import type { Diagnostic } from '@autocache/compiler'
import type { LoaderOptions } from './options.ts'

/** A diagnostic on its way to a host. */
export interface Finding {
  readonly fails: boolean
  /** The function, what was found, the way to it, the remedy, and the code to look up. No place. */
  readonly text: string
  /** Absolute. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1; most hosts count from 0. */
  readonly column: number
  readonly code: string
}

const ranks = { info: 0, warning: 1, error: 2, none: 3, never: 3 } as const

/** What is said of a module: the diagnostics that are shown, those that fail the build first. */
export function findingsOf(
  { diagnostics, core }: { readonly diagnostics: readonly Diagnostic[]; readonly core: readonly Finding[] },
  root: string,
  { failOn = 'error', report = 'warning' }: LoaderOptions,
): Finding[] {
  const others = core.map((finding) => ({ ...finding, fails: failOn !== 'never' }))
  return diagnostics
    .filter(({ level }) => ranks[level] >= ranks[failOn] || ranks[level] >= ranks[report])
    .map(({ code, level, message, position: { file, line, column }, path }): Finding => ({
      fails: ranks[level] >= ranks[failOn],
      text: `${subject(path)}${message} (${code})`,
      file: isAbsolute(file) ? file : resolve(root, file),
      line,
      column,
      code,
    }))
    .concat(report === 'none' && failOn === 'never' ? [] : others)
    .sort((a, b) => Number(b.fails) - Number(a.fails))
}

/** `getUser` where it is found in the function itself, else with the way: `getUser -> load -> now`. */
function subject(path: readonly string[]): string {
  const [label] = path
  if (label === undefined) return ''
  return path.length === 1 ? `\`${label}\`: ` : `\`${label}\` (${path.join(' -> ')}): `
}

/** A finding with its place in front, for hosts that show a text only. */
export const inLine = ({ text, file, line, column }: Finding): string => `${file}:${line}:${column}: ${text}`
