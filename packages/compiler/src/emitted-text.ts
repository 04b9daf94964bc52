/**
 * The text of an emitted file with stamps in it, and how to take them out again: a file that was stamped says in its last
 * line where, so that a second run starts from what the compiler wrote, and a file that the compiler wrote anew has no such
 * line. Nothing has to be kept beside the files.
 */
import { digestOf } from './digest.ts'
import type { Insertion } from './stamps.ts'

/** A part of a text that was inserted. */
export interface Inserted {
  /** Where, in the text without any of them. */
  readonly at: number
  readonly length: number
}

export interface Unstamped {
  readonly code: string
  /** In the order of their places; one for each place. */
  readonly inserted: readonly Inserted[]
  /** What the map of the stamped text carries as well; nothing where the text has no stamps. */
  readonly mark: string | undefined
}

const lastLine = /\n\/\/# autocacheStamps=([\w-]{16})((?:;\d+,\d+)+)\s*$/

/** @returns undefined for a stamped text that something else changed */
export function unstamped(text: string): Unstamped | undefined {
  const found = lastLine.exec(text)
  if (!found) return text.includes('\n//# autocacheStamps=') ? undefined : { code: text, inserted: [], mark: undefined }
  const [, mark, list] = found as unknown as [string, string, string]
  const inserted = list
    .slice(1)
    .split(';')
    .map((pair): Inserted => {
      const [at, length] = pair.split(',').map(Number) as [number, number]
      return { at, length }
    })
  let code = ''
  let added = 0
  let from = 0
  for (const { at, length } of inserted) {
    code += text.slice(from, at + added)
    added += length
    from = at + added
  }
  code += text.slice(from, found.index)
  return markOf(code) === mark ? { code, inserted, mark } : undefined
}

export interface Restamped {
  readonly code: string
  readonly inserted: readonly Inserted[]
  readonly mark: string
}

/** Writes into the text of an emitted file. @param found in the order of their places */
export function stampText(code: string, found: readonly Insertion[]): Restamped {
  const inserted: { at: number; length: number }[] = []
  let text = ''
  let from = 0
  for (const { at, text: each } of found) {
    text += code.slice(from, at) + each
    from = at
    const last = inserted.at(-1)
    if (last?.at === at) last.length += each.length
    else inserted.push({ at, length: each.length })
  }
  text += code.slice(from)
  const mark = markOf(code)
  const list = inserted.map(({ at, length }) => `;${at},${length}`).join('')
  return { code: `${text}\n//# autocacheStamps=${mark}${list}\n`, inserted, mark }
}

const markOf = (code: string): string => digestOf(code).slice(0, 16)

/** What tells a file of a folder from the same file at another build, whether it has stamps or not. */
export const traceOf = (text: string): string => lastLine.exec(text)?.[1] ?? markOf(text)
