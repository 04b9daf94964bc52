/** Why a version stayed although a file behind it was edited: told from the texts, for people; nothing is decided by it. */
import { type Definition, type Pair, pairDefinitions } from './pairs.ts'
import type { FunctionState, State } from './state.ts'

/** Why a file could be edited without a change of the version. */
export type Stillness =
  /** Only code that the function does not reach. */
  | 'unreached'
  | 'line-endings'
  | 'formatting'
  | 'comments'
  /** Names of locals, types, or another spelling of the same. */
  | 'equivalent'
  | 'renamed'
  | 'moved'

/** A file that was edited, and why that changed nothing. */
export interface TouchedFile {
  readonly file: string
  readonly why: readonly { readonly reason: Stillness; readonly definition?: string; readonly was?: string }[]
}

/** Compares the texts of two states, each file and definition once. */
export class Touched {
  readonly #before: State
  readonly #after: State
  readonly #files = new Map<string, boolean>()
  readonly #slices = new Map<string, Stillness | undefined>()

  constructor(before: State, after: State) {
    this.#before = before
    this.#after = after
  }

  filesOf(before: FunctionState, after: FunctionState): TouchedFile[] {
    if (!this.#before.hasSources || !this.#after.hasSources) return []
    const files = new Set([...before.definitions, ...after.definitions].map(({ file }) => file))
    const touched = [...files].filter((file) => this.#isTouched(file)).sort()
    if (touched.length === 0) return []
    const { pairs } = pairDefinitions(before.definitions, after.definitions)
    return touched.flatMap((file) => {
      const why = this.#whyStill(
        file,
        pairs.filter((pair) => pair.before.file === file || pair.after.file === file),
      )
      return { file, why }
    })
  }

  #isTouched(file: string): boolean {
    let touched = this.#files.get(file)
    if (touched === undefined) {
      touched = this.#before.text(file) !== this.#after.text(file)
      this.#files.set(file, touched)
    }
    return touched
  }

  #whyStill(file: string, pairs: readonly Pair[]): TouchedFile['why'] {
    const was = this.#before.text(file)
    const is = this.#after.text(file)
    if (was !== undefined && is !== undefined && withLf(was) === withLf(is)) return [{ reason: 'line-endings' }]
    const why: { reason: Stillness; definition?: string; was?: string }[] = []
    for (const { before, after } of pairs) {
      if (before.name !== after.name) why.push({ reason: 'renamed', definition: after.name, was: before.name })
      if (before.file !== after.file) why.push({ reason: 'moved', definition: after.name, was: before.file })
      const reason = this.#whySameDigest(before, after)
      if (reason !== undefined) why.push({ reason, definition: after.name })
    }
    return why.length > 0 ? why : [{ reason: 'unreached' }]
  }

  /** What differs between the texts of one definition whose digest stayed. */
  #whySameDigest(before: Definition, after: Definition): Stillness | undefined {
    const key = [before.file, before.start, before.end, after.file, after.start, after.end].join('\0')
    if (this.#slices.has(key)) return this.#slices.get(key)
    const was = sliceOf(this.#before, before)
    const is = sliceOf(this.#after, after)
    let reason: Stillness | undefined
    if (was !== undefined && is !== undefined && was !== is) {
      const [spaced, code] = [skeletons(was), skeletons(is)]
      reason =
        spaced.withComments === code.withComments
          ? 'formatting'
          : spaced.withoutComments === code.withoutComments
            ? 'comments'
            : 'equivalent'
    }
    this.#slices.set(key, reason)
    return reason
  }
}

/** A text as the compiler counts in it: lines end with LF, and there is no byte order mark. */
export const withLf = (text: string): string => text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')

/** The source text of a definition. */
export function sliceOf(state: State, { file, start, end }: Definition): string | undefined {
  const text = state.text(file)
  return text === undefined ? undefined : withLf(text).slice(start, end)
}

/**
 * A text without whitespace, and without comments as well. Strings and templates stay as they are. It knows no regular
 * expressions, so a quote in one may make it call a comment or a space something larger; it decides on a word in a
 * report and on nothing else.
 */
function skeletons(text: string): { withComments: string; withoutComments: string } {
  const token =
    /\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*|'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|\s+/g
  const dense = (comments: boolean) =>
    text.replace(token, (part) =>
      part.startsWith('/') ? (comments ? part.replace(/\s+/g, '') : '') : /^\s/.test(part) ? '' : part,
    )
  return { withComments: dense(true), withoutComments: dense(false) }
}
