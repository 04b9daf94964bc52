import { structuredPatch } from 'diff'
import type { Cause } from './compare.ts'
import type { Definition } from './pairs.ts'
import type { FunctionState, State } from './state.ts'
import { sliceOf, withLf } from './stillness.ts'
import { cleanLine } from './text.ts'

/** How much is compared line by line before it is said to be too much. */
const limits = { characters: 400_000, milliseconds: 1000 }

/** One line of a diff. */
export interface DiffLine {
  readonly sign: '+' | '-' | ' ' | '@'
  readonly text: string
}

/** The change of a definition's source, or why it cannot be shown. */
export type SourceDiff = { readonly lines: readonly DiffLine[] } | { readonly missing: string }

/** The source diff of the definition that a cause names; nothing for causes without one. */
export function sourceDiff(
  cause: Cause,
  [before, was]: readonly [State, FunctionState],
  [after, is]: readonly [State, FunctionState],
): SourceDiff | undefined {
  if (cause.kind !== 'edited' && cause.kind !== 'added' && cause.kind !== 'removed') return undefined
  const find = (one: FunctionState, { name, kind, file, line }: typeof cause.definition) =>
    one.definitions.find((it) => it.name === name && it.kind === kind && it.file === file && it.line === line)
  const old = cause.kind === 'added' ? undefined : find(was, cause.before ?? cause.definition)
  const now = cause.kind === 'removed' ? undefined : find(is, cause.definition)
  const oldText = old && wholeLines(before, old)
  const newText = now && wholeLines(after, now)
  if ((old && oldText === undefined) || (now && newText === undefined)) {
    const digests = [old, now].map((one) => one?.digest ?? 'none')
    return { missing: `the source is not at hand; digest ${digests[0]}, now ${digests[1]}` }
  }
  return compareTexts(oldText ?? '', newText ?? '', old?.line ?? 1, now?.line ?? 1)
}

/** A definition with the rest of the lines it stands on, such as `export`. */
function wholeLines(state: State, definition: Definition): string | undefined {
  // JSON and assets: the whole file is the definition.
  if (definition.kind === 'asset') return undefined
  const text = state.text(definition.file)
  if (text === undefined) return undefined
  const source = withLf(text)
  if (definition.kind === 'json' || definition.end <= definition.start) return source
  const slice = sliceOf(state, definition)
  if (!slice) return undefined
  const start = source.lastIndexOf('\n', definition.start - 1) + 1
  const end = source.indexOf('\n', definition.end)
  return source.slice(start, end < 0 ? source.length : end)
}

function compareTexts(before: string, after: string, oldLine: number, newLine: number): SourceDiff {
  if (before.length + after.length > limits.characters)
    return { missing: 'it is too large to be compared line by line' }
  const patch = structuredPatch('', '', ended(before), ended(after), undefined, undefined, {
    context: 3,
    timeout: limits.milliseconds,
  })
  if (patch === undefined) return { missing: 'it is too large to be compared line by line' }
  const lines: DiffLine[] = []
  for (const hunk of patch.hunks) {
    const from = `-${hunk.oldStart + oldLine - 1},${hunk.oldLines}`
    const to = `+${hunk.newStart + newLine - 1},${hunk.newLines}`
    lines.push({ sign: '@', text: `${from} ${to} @@` })
    for (const line of hunk.lines) {
      const sign = line[0]
      if (sign === '+' || sign === '-' || sign === ' ') lines.push({ sign, text: cleanLine(line.slice(1)) })
    }
  }
  if (lines.length > 0) return { lines }
  return { missing: 'its text is the same; what it refers to, or how it is compiled, is not' }
}

const ended = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

/** As `diff -u` writes it, without the names of the files. */
export function diffText(diff: SourceDiff): string | undefined {
  if ('missing' in diff) return undefined
  return diff.lines.map(({ sign, text }) => (sign === '@' ? `@@ ${text}` : sign + text)).join('\n')
}
