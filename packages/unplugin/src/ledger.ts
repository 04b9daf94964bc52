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
import { type Living, real } from './living.ts'

type Built = { readonly module: string; readonly fingerprint: string; readonly list: string; readonly content: string }
type Note =
  | { readonly generation: number }
  | { readonly checked: string }
  /** Files that a host was told of, named once for all modules that declare the same. */
  | { readonly list: string; readonly files: readonly string[] }
  | Built

/** Beyond this it is written anew, at a start. */
const largest = 4 * 1024 * 1024

const short = (text: string | Buffer): string => createHash('sha256').update(text).digest('base64url').slice(0, 22)

const digests = new Map<string, { readonly trace: string; readonly digest: string }>()

function digestOf(file: string): string {
  try {
    const { mtimeMs, size } = statSync(file)
    const trace = `${mtimeMs}:${size}`
    const known = digests.get(file)
    if (known?.trace === trace) return known.digest
    const digest = short(readFileSync(file))
    digests.set(file, { trace, digest })
    return digest
  } catch {
    return 'none'
  }
}

const contentOf = (files: readonly string[]): string => short(files.map(digestOf).join())

/** Where the notes of one cache are. */
export const ledgerOf = (root: string, name: string): string =>
  join(root, 'node_modules', '.cache', 'autocache', `built-${name.replaceAll(/[^\w.-]/g, '_')}.jsonl`)

function append(ledger: string, note: Note): void {
  mkdirSync(dirname(ledger), { recursive: true })
  appendFileSync(ledger, `${JSON.stringify(note)}\n`)
}

/** Lists that this process has written, with the ledger. */
const written = new Set<string>()

/**
 * Notes what a module was made of.
 * @param declared the files that the host was told of
 */
export function noteBuilt(ledger: string, module: string, fingerprint: string, declared: readonly string[]): void {
  const path = real(module)
  const files = [...new Set([path, ...declared])]
  const list = short(files.join('\0'))
  if (!written.has(ledger + list)) append(ledger, { list, files })
  written.add(ledger + list)
  append(ledger, { module: path, fingerprint, list, content: contentOf(files) })
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
  const built = new Map<string, Built>()
  const lists = new Map<string, readonly string[]>()
  for (const note of notes) {
    if ('generation' in note) {
      generation = note.generation
      built.clear()
    } else if ('module' in note) built.set(note.module, note)
    else if ('files' in note) lists.set(note.list, note.files)
  }
  const { inputs } = living.analysis.manifest()
  const last = notes.at(-1)
  if (last !== undefined && 'checked' in last && last.checked === inputs) return generation

  const unseen = [...built.values()].some(({ module, fingerprint, list, content }) => {
    if (living.fingerprint(module) === fingerprint) return false
    const files = lists.get(list)
    return files === undefined || contentOf(files) === content
  })
  if (unseen) {
    generation += 1
    built.clear()
  }
  if (unseen || statSizeOf(ledger) > largest) {
    mkdirSync(dirname(ledger), { recursive: true })
    const used = new Set([...built.values()].map(({ list }) => list))
    const named = [...lists].filter(([list]) => used.has(list)).map(([list, files]) => ({ list, files }))
    const kept: Note[] = [{ generation }, ...named, ...built.values()]
    const fresh = `${ledger}.${process.pid}`
    writeFileSync(fresh, kept.map((note) => `${JSON.stringify(note)}\n`).join(''))
    renameSync(fresh, ledger)
  }
  append(ledger, { checked: inputs })
  return generation
}

const statSizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
