/** A change to a project, and what it must do to versions. Functions are named as {@link keyOf} does. */
export interface Edit {
  readonly title: string
  readonly file: string
  /** What is replaced, wherever it stands. */
  readonly from: string
  readonly to: string
  /** Functions that get another version. */
  readonly changes: readonly string[]
  /** Functions that keep theirs; `others`: all that no edit changes. */
  readonly keeps: readonly string[] | 'others'
}

export const keyOf = (file: string, label: string) => `${file}#${label}`

/** The text of a file after an edit. */
export function applied(text: string, { title, from, to }: Edit): string {
  const parts = text.split(from)
  if (parts.length < 2) throw new Error(`The edit "${title}" fits nowhere.`)
  return parts.join(to)
}

export type Versions = ReadonlyMap<string, string>

/** What is wrong with the versions after some edits at once; nothing where each did what it must. */
export function mistakes(edits: readonly Edit[], before: Versions, after: Versions): string[] {
  const found: string[] = []
  const changing = new Set(edits.flatMap(({ changes }) => changes))
  const same = (key: string) => before.get(key) === after.get(key)
  const about = (key: string) => {
    if (before.has(key) && after.has(key)) return true
    found.push(`${key} is no function of the project`)
    return false
  }
  for (const { title, changes, keeps } of edits) {
    for (const key of changes) if (about(key) && same(key)) found.push(`${title}: ${key} kept its version`)
    const kept = keeps === 'others' ? [...before.keys()] : keeps
    for (const key of kept) {
      if (!changing.has(key) && about(key) && !same(key)) found.push(`${title}: ${key} got another version`)
    }
  }
  return found
}

/** Edits that can be tried at once: those that say of every function what becomes of it. */
export function groupsOf(edits: readonly Edit[]): readonly (readonly Edit[])[] {
  return edits.every(({ keeps }) => keeps === 'others') ? [edits] : edits.map((edit) => [edit])
}
