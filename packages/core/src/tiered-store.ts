/**
 * Two stores as one: memory of this process in front of a store that others use.
 *
 * The rule: what the near tier holds is an entry like any other and is believed only with the epochs of the far one. So it
 * may keep what it likes for as long as it likes, and nobody has to find and remove it there.
 *
 * Without a bus the epochs are read from the far tier for every call: no call that begins after an acknowledged
 * invalidation gets an older value, and a hit spares the way of the value alone. With a bus they are kept here as well,
 * and whoever replaces one tells the others. What is kept then is true as of the last beat of the bus that came round: a
 * beat is heard after everything that was told before it, or else a gap is. So a hit is at most `heartbeat` behind, and where no
 * beat comes round, because the bus was cut off, the epochs are read from the far tier again. What somebody ends without telling
 * the bus is seen when they are read again: nothing is kept longer than the near tier keeps an entry. What is written is never
 * judged by what is kept: for that epochs are read where they stand (`EpochRows.recent`).
 *
 * Decision: docs/decisions/0033-tiers.md.
 */

import { later } from '#platform'
import { hush } from './answer.ts'
import { AutocacheError } from './errors.ts'
import { type Duration, toMilliseconds } from './options.ts'
import type { AsyncStore, Entry, EpochRows, SetContext, StoreLocks, SyncStore } from './store.ts'

/** By which the processes that use one far tier tell each other what was invalidated. */
export interface Bus {
  /** Tells everybody. Rejects where that was not acknowledged. */
  publish(message: string): Promise<void>
  /**
   * Hears what is told, also by oneself, in order, until what it returns is called; `gap` says that something may have been
   * missed before what is heard next.
   */
  listen(hear: (message: string) => void, gap: () => void): () => void
  /** Resolves when all that was told before it was called has been heard, or a gap was. */
  beat(): Promise<void>
}

/** What `tieredStore` can be told. */
export interface TieredOptions {
  /** Tells of invalidations. @default none: epochs are read for every call */
  readonly bus?: Bus | undefined
  /** How long what the bus told last is believed, and so how late an invalidation may be elsewhere. @default '1s' */
  readonly heartbeat?: Duration | undefined
  /**
   * How long the near tier keeps an entry and what says whether it counts, and so how late an invalidation may be that was made
   * without the bus, by a process that has none.
   * @default '1m'
   */
  readonly ttl?: Duration | undefined
}

/** A far tier: what is handed over to it is text or bytes. */
type Far = AsyncStore<'text', any> | AsyncStore<'bytes', any>

/** How many epochs are kept, the longest kept goes first. */
const mostRows = 100_000

/** How many beats there are in the time for which one is believed. */
const beats = 3

/** How long after the last read the bus is still asked to beat, in beats. */
const idle = 10

/**
 * Memory in front of a store that others use, as one store. `near` answers at once and holds references, such as
 * `memoryStore`; `far` is shared.
 * @throws AutocacheError with code `INVALID_OPTION` where a tier or an option is wrong.
 * @example
 * ```ts
 * import { type AsyncStore, createAutocache, memoryStore, tieredStore } from '@autocache/core'
 * const rows = new Map<string, string>() // in place of a server
 * const far: AsyncStore<'text'> = {
 *   lifetime: 'shared',
 *   holds: 'text',
 *   get: async (key) => rows.get(key),
 *   set: async (key, text) => void rows.set(key, text),
 *   delete: async (key) => rows.delete(key),
 * }
 * const store = tieredStore([memoryStore({ max: 1000 }), far])
 * const cache = createAutocache({ store, namespace: 'shop', ttl: '10m' })
 * store.lifetime // 'shared'
 * ```
 */
export function tieredStore<TFar extends Far>(
  [near, far]: readonly [near: SyncStore<'references', any>, far: TFar],
  options: TieredOptions = {},
): TFar extends AsyncStore<'text', any> ? AsyncStore<'text', never> : AsyncStore<'bytes', never> {
  const { bus } = options
  const heartbeat = toMilliseconds(options.heartbeat ?? '1s')
  const ttl = toMilliseconds(options.ttl ?? '1m')
  if (near?.holds !== 'references' || near.lifetime !== 'process')
    throw wrong('the first tier ends with the process and holds references, such as memoryStore()')
  if (far?.lifetime !== 'shared' || far.epochs !== undefined || (far.holds as string) === 'references')
    throw wrong('the second tier is a shared store of text or bytes that is no tieredStore() itself')
  if (!heartbeat || heartbeat < 50) throw wrong('`heartbeat` is a duration of at least 50 ms')
  if (ttl === undefined) throw wrong('`ttl` is a duration')
  const store = far as AsyncStore<'text', any>

  const keep = (key: string, held: string, expiresAt?: number) => {
    const facts = { format: 2, key, createdAt: 0, outcome: 'value', promised: false, epochs: 0 } as const
    const until = Math.min(expiresAt ?? Infinity, Date.now() + ttl)
    near.set(
      key,
      { ...facts, codec: 'tier', body: held } satisfies Entry,
      until === Infinity ? {} : { expiresAt: until },
    )
  }
  const kept = (key: string) => near.get(key)?.body as string | undefined

  async function getMany(keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    const held = keys.map(kept)
    const missing = keys.filter((_, at) => held[at] === undefined)
    if (missing.length === 0) return held
    const found = await many(store, missing)
    const there = new Map(missing.map((key, at) => [key, found[at]]))
    for (const [key, one] of there) if (one !== undefined) keep(key, one)
    return held.map((one, at) => one ?? there.get(keys[at]!))
  }

  /** Whoever takes a lock found nothing that counts here: what the far tier has may be newer. */
  const locks: StoreLocks = {
    async acquire(key, ...rest) {
      near.delete(key)
      return store.locks?.acquire(key, ...rest)
    },
    renew: async (...args) => store.locks?.renew(...args) ?? true,
    release: async (...args) => store.locks?.release(...args),
    ...(store.locks?.watch && { watch: store.locks.watch.bind(store.locks) }),
  }

  const tiered: AsyncStore<'text', never> = {
    lifetime: 'shared',
    holds: store.holds,
    maxKeyBytes: store.maxKeyBytes,
    wire: store.wire,
    locks,
    epochs: rowsOf(store, bus, heartbeat, ttl),
    getMany,
    get: async (key) => (await getMany([key]))[0],
    async set(key, entry, context) {
      await store.set(key, entry, context)
      keep(key, entry, context?.expiresAt)
    },
    async delete(key) {
      const there = near.delete(key)
      return (await store.delete(key)) || there
    },
  }
  return tiered as ReturnType<typeof tieredStore<TFar>>
}

/** The epochs of a far tier, and, where a bus tells of changes, what is kept of them here. */
function rowsOf(far: AsyncStore<'text', any>, bus: Bus | undefined, heartbeat: number, ttl: number): EpochRows<'text'> {
  const strict = { get: (key: string) => far.get(key), getMany: (keys: readonly string[]) => many(far, keys) }
  if (!bus) return { ...strict, set: (...args) => far.set(...args) }
  const told: Bus = bus
  const rows = new Map<string, { readonly row: string; readonly at: number }>()
  /** The reads that are under way, and what was replaced meanwhile. */
  const reading = new Set<Set<string>>()
  /** When the last beat began that came round. */
  let beatAt = -Infinity
  let usedAt = -Infinity
  let beating = false
  let unlisten: (() => void) | undefined

  const drop = (key: string) => {
    rows.delete(key)
    for (const changed of reading) changed.add(key)
  }
  const dropAll = () => {
    rows.clear()
    reading.clear()
  }

  /** Beats as long as somebody reads, and hears as long as it beats. */
  function use(): void {
    usedAt = performance.now()
    if (beating) return
    beating = true
    try {
      unlisten ??= told.listen(drop, dropAll)
    } catch {
      beating = false
      return
    }
    const next = () => {
      if (performance.now() - usedAt > (heartbeat / beats) * idle) {
        beating = false
        unlisten?.()
        unlisten = undefined
        beatAt = -Infinity
        dropAll()
        return
      }
      const began = performance.now()
      hush(
        told.beat().then(() => {
          if (beating) beatAt = Math.max(beatAt, began)
        }),
      )
      later(heartbeat / beats, next)
    }
    next()
  }

  async function recent(keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    use()
    const now = performance.now()
    const trusted = now - beatAt <= heartbeat
    const held = keys.map((key) => {
      const one = trusted ? rows.get(key) : undefined
      return one && now - one.at <= ttl ? one.row : undefined
    })
    const missing = keys.filter((_, at) => held[at] === undefined)
    if (missing.length === 0) return held
    const changed = new Set<string>()
    reading.add(changed)
    try {
      const found = await strict.getMany(missing)
      const there = new Map(missing.map((key, at) => [key, found[at]]))
      for (const [key, row] of there) {
        // A gap has forgotten this read altogether.
        if (row === undefined || changed.has(key) || !reading.has(changed)) continue
        rows.delete(key)
        if (rows.size >= mostRows) rows.delete(rows.keys().next().value as string)
        rows.set(key, { row, at: now })
      }
      return held.map((row, at) => row ?? there.get(keys[at]!))
    } finally {
      reading.delete(changed)
    }
  }

  return {
    ...strict,
    async set(key, row, context?: SetContext) {
      drop(key)
      try {
        await far.set(key, row, context)
        await told.publish(key)
      } finally {
        drop(key)
      }
    },
    recent: { get: async (key) => (await recent([key]))[0], getMany: recent },
  }
}

async function many(store: AsyncStore<'text', any>, keys: readonly string[]): Promise<readonly (string | undefined)[]> {
  if (store.getMany && keys.length > 1) return store.getMany(keys)
  return Promise.all(keys.map((key) => store.get(key)))
}

function wrong(what: string): AutocacheError {
  return new AutocacheError('INVALID_OPTION', `tieredStore([near, far], options): ${what}.`)
}
