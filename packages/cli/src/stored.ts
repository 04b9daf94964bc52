/**
 * What a store has of the versions that a change leads to: the part of `diff --store`. After a rollback, or where another
 * release computed them first, a function has another version than before and is warm all the same.
 */
import type { Cold, Comparison } from './compare.ts'
import { keyForms, readEntry, stampedVersion, versionsIn } from './entry-key.ts'
import { packageName } from './namespace.ts'
import type { Context } from './program.ts'
import { attempt, openStore } from './stores/open.ts'
import type { GcStore } from './stores/store.ts'

export interface StoredOptions {
  readonly store: string
  readonly namespace?: readonly string[]
  readonly table: string
}

/** How many values are fetched at once. */
const batch = 50

/** The comparison, with how many entries the store has of each version that a function would have. */
export async function withStored(context: Context, result: Comparison, options: StoredOptions): Promise<Comparison> {
  const { terminal, io, root } = context
  terminal.hide(options.store.includes('@') ? options.store : '')
  const namespaces = (options.namespace ?? [packageName(root)]).flatMap(keyForms)
  const wanted = new Set(result.cold.flatMap(({ after }) => after?.version ?? []))
  const target = { url: options.store, table: options.table, readOnly: true, root, cwd: io.cwd }
  const store = await openStore(target, terminal)
  try {
    if (store.note) terminal.note(`note: ${store.note}`)
    const now = (io.now ?? Date.now)()
    const counts = await attempt(store.name, () => countEntries(store, wanted, namespaces, now))
    const storedOf = ({ after }: Cold) =>
      after === undefined
        ? 0
        : keyForms(after.label).reduce((sum, label) => sum + (counts.get(`${label}:${after.version}`) ?? 0), 0)
    return { ...result, cold: result.cold.map((cold) => ({ ...cold, stored: storedOf(cold) })) }
  } finally {
    // An error that ended the work is the one to tell.
    await store.close().catch(() => {})
  }
}

/** Entries of some versions that would still be given, by label and version as they stand in keys. */
async function countEntries(
  store: GcStore,
  wanted: ReadonlySet<string>,
  namespaces: readonly string[],
  now: number,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  if (wanted.size === 0) return counts
  // SCAN may return a key twice.
  const seen = new Set<string>()
  for await (const page of store.pages()) {
    const keys = page.filter((key) => !seen.has(key) && versionsIn(key).some((version) => wanted.has(version)))
    for (const key of keys) seen.add(key)
    for (let at = 0; at < keys.length; at += batch) {
      const some = keys.slice(at, at + batch)
      const values = await store.values(some)
      for (const [index, key] of some.entries()) {
        const value = values[index]
        const entry = value === undefined ? undefined : readEntry(key, value)
        const version = entry && stampedVersion(entry.version)
        if (!entry || !version || !wanted.has(version) || !namespaces.includes(entry.namespace)) continue
        if (entry.expiresAt !== undefined && entry.expiresAt <= now) continue
        const place = `${entry.label}:${version}`
        counts.set(place, (counts.get(place) ?? 0) + 1)
      }
    }
  }
  return counts
}
