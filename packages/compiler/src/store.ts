/**
 * Summaries on disk, so that a second run parses only what was edited. An entry is addressed by all that the summary
 * depends on: the text and its extension, the wrappers assumed, the format of summaries and the versions of the parsers.
 * Entries are written beside their place and renamed, so that processes never see half of one, and carry a digest of
 * their body: a damaged one counts as absent. A store that fails is a slower compiler and nothing else.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What keeps the cache of summaries from growing for ever. */
export interface StoreLimits {
  /** @default 256 MB */
  readonly bytes?: number
  /** An entry not used for this long is dropped, in milliseconds. @default 30 days */
  readonly age?: number
  /** How often the folder is looked through, in milliseconds. @default one day */
  readonly interval?: number
}

export interface SummaryStore<TSummary> {
  get(key: string): TSummary | undefined
  set(key: string, summary: TSummary): void
  /** Drops what is old or too much, where that is due. */
  sweep(): void
}

const day = 24 * 60 * 60 * 1000

/** The key of an entry: equal parts, equal key, and no part can imitate another. */
export function storeKey(parts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part)
  return hash.digest('hex').slice(0, 40)
}

const sumOf = (key: string, body: string): string =>
  createHash('sha256').update(key).update(body).digest('hex').slice(0, 32)

function discard(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    // It could not be made either.
  }
}

/** A store in `folder`, which is made when the first entry is written; with `false` nothing is kept. */
export function createStore<TSummary>(folder: string | false, limits: StoreLimits = {}): SummaryStore<TSummary> {
  if (folder === false) return { get: () => undefined, set: () => {}, sweep: () => {} }
  const maxBytes = limits.bytes ?? 256 * 1024 * 1024
  const maxAge = limits.age ?? 30 * day
  const interval = limits.interval ?? day
  let writable = true
  let written = 0
  const made = new Set<string>()
  const shelf = (key: string) => join(folder, key.slice(0, 2))

  return {
    get(key) {
      try {
        const file = join(shelf(key), key.slice(2))
        const text = readFileSync(file, 'utf8')
        const body = text.slice(33)
        if (text[32] !== '\n' || text.slice(0, 32) !== sumOf(key, body)) return undefined
        const summary = JSON.parse(body) as TSummary
        // The age counts from the last use, to the day: a write for each read would cost more than the entry saves.
        const now = Date.now()
        if (now - statSync(file).mtimeMs > day) utimesSync(file, now / 1000, now / 1000)
        return summary
      } catch {
        return undefined
      }
    },
    set(key, summary) {
      if (!writable) return
      const place = shelf(key)
      const temporary = join(place, `.${process.pid}-${randomBytes(6).toString('hex')}.tmp`)
      try {
        if (!made.has(place)) {
          mkdirSync(place, { recursive: true })
          made.add(place)
        }
        const body = JSON.stringify(summary)
        writeFileSync(temporary, `${sumOf(key, body)}\n${body}`)
        renameSync(temporary, join(place, key.slice(2)))
        written += body.length
      } catch (error) {
        discard(temporary)
        // On Windows a rename fails while another process holds the entry; anything else will fail the next time too.
        const { code } = error as { code?: string }
        if (code !== 'EPERM' && code !== 'EBUSY' && code !== 'ENOENT') writable = false
        else if (code === 'ENOENT') made.delete(place)
      }
    },
    sweep() {
      if (!writable) return
      const marker = join(folder, 'swept')
      const now = Date.now()
      try {
        const last = statSync(marker, { throwIfNoEntry: false })?.mtimeMs
        if (written < maxBytes / 4 && last !== undefined && now - last < interval) return
        if (last === undefined && written === 0) return
        writeFileSync(marker, '')
        const entries: { file: string; size: number; used: number }[] = []
        for (const place of readdirSync(folder)) {
          if (!/^[0-9a-f]{2}$/.test(place)) continue
          for (const name of readdirSync(join(folder, place))) {
            const file = join(folder, place, name)
            const found = statSync(file, { throwIfNoEntry: false })
            if (found === undefined) continue
            // Left behind by a process that ended between write and rename.
            const limit = name.endsWith('.tmp') ? 60 * 60 * 1000 : maxAge
            if (now - found.mtimeMs > limit) rmSync(file, { force: true })
            else entries.push({ file, size: found.size, used: found.mtimeMs })
          }
        }
        let total = entries.reduce((sum, entry) => sum + entry.size, 0)
        if (total <= maxBytes) return
        // To below the bound, so that the next run does not sweep again.
        for (const { file, size } of entries.sort((a, b) => a.used - b.used)) {
          if (total <= maxBytes * 0.8) break
          rmSync(file, { force: true })
          total -= size
        }
      } catch {
        // Another process sweeps the same folder.
      }
    },
  }
}
