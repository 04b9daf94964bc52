/**
 * `autocache gc`: removes entries of versions that no build uses any more.
 *
 * The rule: an entry is removed only if everything about it is certain. It is one of ours (`entry-key.ts`), of a
 * namespace that was named, of a stamped version that no kept manifest names, and older than the grace period. Whatever
 * fails one of these is kept and counted. And it is removed only while it still holds what was read.
 */
import { compareText } from './compare.ts'
import { keyForms, readEntry, stampedVersion, unescaped, versionsIn } from './entry-key.ts'
import { exitCodes, UserError } from './errors.ts'
import { packageName } from './namespace.ts'
import type { Context } from './program.ts'
import { loadManifest } from './state.ts'
import { attempt, openStore } from './stores/open.ts'
import type { GcStore, StoredPair } from './stores/store.ts'
import type { Progress } from './terminal.ts'
import { clean, count } from './text.ts'

export interface GcOptions {
  readonly store: string
  readonly keep: readonly string[]
  readonly namespace?: readonly string[]
  readonly grace: string
  readonly table: string
  readonly dryRun?: boolean
}

/** How many values are fetched, and how many entries are removed, at once. */
const batch = 50

/** What became of the entries of one label and version. */
interface Tally {
  readonly label: string
  readonly version: string
  /** Removed, or what would be. */
  removed: number
  /** Kept because they are younger than the grace period. */
  young: number
}

interface Counts {
  scanned: number
  removed: number
  /** Entries of versions that a manifest names. */
  current: number
  young: number
  /** Keys that look like ours, with values that are not certainly so. */
  unreadable: number
  /** Ours, of other namespaces. */
  foreign: number
  /** Written again, or gone, before they could be removed. */
  changed: number
}

export async function gc(context: Context, options: GcOptions): Promise<number> {
  const { terminal, io, root } = context
  terminal.hide(options.store.includes('@') ? options.store : '')
  const grace = parseDuration(options.grace)
  const kept = await keptVersions(context, options.keep)
  const namespaces = options.namespace ?? [packageName(root)]
  const readOnly = options.dryRun === true
  const store = await openStore({ url: options.store, table: options.table, readOnly, root, cwd: io.cwd }, terminal)
  try {
    if (store.note) terminal.note(`note: ${store.note}`)
    const progress = terminal.progress(readOnly ? 'Looking through entries' : 'Removing entries')
    const until = (io.now ?? Date.now)() - grace
    try {
      const result = await attempt(store.name, () => sweep(store, { kept, namespaces, until, readOnly, progress }))
      progress.end()
      report(context, store, options, namespaces, result)
    } finally {
      progress.end()
    }
  } finally {
    // An error that ended the work is the one to tell.
    await store.close().catch(() => {})
  }
  return exitCodes.fine
}

interface SweepOptions {
  readonly kept: ReadonlySet<string>
  readonly namespaces: readonly string[]
  /** Entries made later than this are young. */
  readonly until: number
  readonly readOnly: boolean
  readonly progress: Progress
}

interface Swept {
  readonly counts: Counts
  readonly tallies: readonly Tally[]
}

async function sweep(store: GcStore, { kept, namespaces, until, readOnly, progress }: SweepOptions): Promise<Swept> {
  const counts: Counts = { scanned: 0, removed: 0, current: 0, young: 0, unreadable: 0, foreign: 0, changed: 0 }
  const tallies = new Map<string, Tally>()
  const named = new Set(namespaces.flatMap(keyForms))
  // SCAN may return a key twice; those looked at are few enough to be remembered.
  const seen = new Set<string>()

  const look = async (keys: readonly string[]) => {
    const values = await store.values(keys)
    const dead: (StoredPair & { readonly tally: Tally })[] = []
    for (const [index, key] of keys.entries()) {
      const value = values[index]
      if (value === undefined) continue
      const entry = readEntry(key, value)
      const version = entry && stampedVersion(entry.version)
      if (entry === undefined || version === undefined) counts.unreadable += 1
      else if (!named.has(entry.namespace)) counts.foreign += 1
      else if (kept.has(version)) counts.current += 1
      else {
        const tally = tallyOf(tallies, unescaped(entry.label), version)
        if (entry.createdAt > until) {
          counts.young += 1
          tally.young += 1
        } else dead.push({ key, value, tally })
      }
    }
    // By tally, so that the counts of each are what the store acknowledged.
    for (const tally of new Set(dead.map((one) => one.tally))) {
      const entries = dead.filter((one) => one.tally === tally)
      const removed = readOnly ? entries.length : await store.remove(entries)
      tally.removed += removed
      counts.removed += removed
      counts.changed += entries.length - removed
    }
  }

  for await (const page of store.pages()) {
    counts.scanned += page.length
    const candidates: string[] = []
    for (const key of page) {
      const versions = versionsIn(key)
      if (versions.length === 0 || seen.has(key)) continue
      // A key that names a kept version, wherever it stands in it, is not even looked at.
      if (versions.some((version) => kept.has(version))) counts.current += 1
      else {
        seen.add(key)
        candidates.push(key)
      }
    }
    for (let at = 0; at < candidates.length; at += batch) await look(candidates.slice(at, at + batch))
    progress.update(counts.scanned)
  }
  return { counts, tallies: [...tallies.values()].sort(byLabel) }
}

const byLabel = (a: Tally, b: Tally): number => compareText(a.label, b.label) || compareText(a.version, b.version)

function tallyOf(tallies: Map<string, Tally>, label: string, version: string): Tally {
  const key = `${version}:${label}`
  let tally = tallies.get(key)
  if (tally === undefined) tallies.set(key, (tally = { label, version, removed: 0, young: 0 }))
  return tally
}

/** The versions that manifests name. @throws UserError for a manifest that would keep nothing */
async function keptVersions(context: Context, files: readonly string[]): Promise<ReadonlySet<string>> {
  const kept = new Set<string>()
  for (const file of files) {
    const manifest = await loadManifest(context, file)
    if (manifest.scheme !== 's1') {
      throw new UserError(
        `${clean(file)} holds versions of the scheme ${clean(String(manifest.scheme))}, which are made for tests and are in no shared store. Give --keep the manifests of builds.`,
      )
    }
    if (manifest.functions.length === 0) {
      throw new UserError(
        `${clean(file)} names no function, so it would keep nothing. Was it written from the right folder? \`autocache list\` tells.`,
      )
    }
    for (const { version } of manifest.functions) kept.add(version)
  }
  return kept
}

const units = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 }

/** @throws UserError for what is no duration */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|[smhdw])$/.exec(text)
  if (match) return Number(match[1]) * units[match[2] as keyof typeof units]
  throw new UserError(`--grace takes a duration such as 7d, 12h or 0s; ${clean(text)} is none.`)
}

function report(
  { terminal, options: { json } }: Context,
  store: GcStore,
  { dryRun, grace }: GcOptions,
  namespaces: readonly string[],
  { counts, tallies }: Swept,
): void {
  if (json) {
    terminal.json({
      store: store.name,
      dryRun: dryRun === true,
      namespaces,
      scanned: counts.scanned,
      removed: counts.removed,
      kept: {
        current: counts.current,
        young: counts.young,
        otherNamespace: counts.foreign,
        unreadable: counts.unreadable,
        changed: counts.changed,
      },
      versions: tallies,
    })
    return
  }
  const { color } = terminal
  terminal.print(
    `${store.name}, ${namespaces.length === 1 ? 'namespace' : 'namespaces'} ${namespaces.map(clean).join(', ')}`,
  )
  for (const { label, version, removed, young } of tallies) {
    const parts = [
      ...(removed > 0 ? [color.red(`${count(removed, 'entry', 'entries')} ${dryRun ? 'to remove' : 'removed'}`)] : []),
      ...(young > 0 ? [`${count(young, 'entry', 'entries')} younger than ${clean(grace)}`] : []),
    ]
    terminal.print(`  ${color.bold(clean(label))}  ${color.cyan(clean(version))}  ${parts.join(', ') || 'kept'}`)
  }
  const kept = [
    [counts.current, 'of versions in use'],
    [counts.young, `younger than ${clean(grace)}`],
    [counts.foreign, 'of other namespaces'],
    [counts.unreadable, 'not certainly ours'],
    [counts.changed, 'changed meanwhile'],
  ].flatMap(([number, why]) => (Number(number) > 0 ? `${Number(number).toLocaleString('en-US')} ${why}` : []))
  terminal.print(
    `${dryRun ? 'Would remove' : 'Removed'} ${count(counts.removed, 'entry', 'entries')}${kept.length > 0 ? `; kept ${kept.join(', ')}` : ''}.`,
  )
}
