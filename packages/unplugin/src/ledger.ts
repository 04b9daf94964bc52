/**
 * What a persistent cache of a host holds, for caches that ask only whether the files that a loader declared have changed.
 *
 * That is not enough: a new statement in a file that no module depended on can change a stamp. So the loader notes what it made of
 * each module, and when the next process starts, what it would make now is compared. Where a module differs and none of the
 * files it declared does, the host would hand out the old text: then the generation is raised, which is part of the cache's own key.
 *
 * One line is one note and is only ever appended, before the host can keep what it is about; so a process that dies, or
 * several that write, leave nothing behind that reads as newer than it is.
 */
import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Living, real, type Stamped, unstamped } from './living.ts'

type Note =
  | { readonly generation: number }
  | { readonly checked: string }
  | { readonly module: string; readonly fingerprint: string; readonly files: Readonly<Record<string, string>> }

/** Beyond this it is written anew, at a start. */
const largest = 4 * 1024 * 1024

const digests = new Map<string, { readonly trace: string; readonly digest: string }>()

function digestOf(file: string): string {
  try {
    const { mtimeMs, size } = statSync(file)
    const trace = `${mtimeMs}:${size}`
    const known = digests.get(file)
    if (known?.trace === trace) return known.digest
    const digest = createHash('sha256').update(readFileSync(file)).digest('base64url').slice(0, 22)
    digests.set(file, { trace, digest })
    return digest
  } catch {
    return 'none'
  }
}

/** Where the notes of one cache are. */
export const ledgerOf = (root: string, name: string): string =>
  join(root, 'node_modules', '.cache', 'autocache', `built-${name.replaceAll(/[^\w.-]/g, '_')}.jsonl`)

function append(ledger: string, note: Note): void {
  mkdirSync(dirname(ledger), { recursive: true })
  appendFileSync(ledger, `${JSON.stringify(note)}\n`)
}

/** Notes what a module was made of. */
export function noteBuilt(ledger: string, module: string, stamped: Stamped | undefined): void {
  const path = real(module)
  const files = Object.fromEntries(
    [...new Set([path, ...(stamped?.dependencies ?? [])])].map((file) => [file, digestOf(file)]),
  )
  append(ledger, { module: path, fingerprint: stamped?.fingerprint ?? unstamped, files })
}

function readNotes(ledger: string): Note[] {
  let text: string
  try {
    text = readFileSync(ledger, 'utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap((line): Note[] => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Note]
    } catch {
      // The end of a line that a dying process wrote: its module was not kept by the host either.
      return []
    }
  })
}

/** The generation of a cache: it changes where the host could not see that what it kept is outdated. */
export function generationOf(ledger: string, living: Living): number {
  const notes = readNotes(ledger)
  let generation = 0
  const built = new Map<string, Extract<Note, { module: string }>>()
  for (const note of notes) {
    if ('generation' in note) {
      generation = note.generation
      built.clear()
    } else if ('module' in note) built.set(note.module, note)
  }
  const { inputs } = living.analysis.manifest()
  const last = notes.at(-1)
  if (last !== undefined && 'checked' in last && last.checked === inputs) return generation

  const unseen = [...built.values()].some(
    ({ module, fingerprint, files }) =>
      living.fingerprint(module) !== fingerprint &&
      Object.entries(files).every(([file, digest]) => digestOf(file) === digest),
  )
  if (unseen) {
    generation += 1
    built.clear()
  }
  if (unseen || statSizeOf(ledger) > largest) {
    mkdirSync(dirname(ledger), { recursive: true })
    const kept: Note[] = [{ generation }, ...built.values()]
    const fresh = `${ledger}.${process.pid}`
    writeFileSync(fresh, kept.map((note) => `${JSON.stringify(note)}\n`).join(''))
    renameSync(fresh, ledger)
  }
  append(ledger, { checked: inputs })
  return generation
}

const statSizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
