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
import { hush, rescue } from './answer.ts'
import { AutocacheError } from './errors.ts'
import { bringNear, type KeptRow, type Near } from './near.ts'
import { createNearPath } from './near-path.ts'
import { type Duration, toMilliseconds } from './options.ts'
import type { SlotScope } from './slot.ts'
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

/** What the near tier holds of an entry: how the far one holds it, and until when, by `performance.now()`. */
interface Kept extends Entry {
  readonly body: string
  readonly keptUntil: number
}

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
    const kept: Kept = { ...facts, codec: 'tier', body: held, keptUntil: performance.now() + ttl }
    const until = Math.min(expiresAt ?? Infinity, Date.now() + ttl)
    near.set(key, kept, until === Infinity ? {} : { expiresAt: until })
  }
  /** Counted here as well: a store need not look at the time. */
  const kept = (key: string) => {
    const entry = near.get(key) as Kept | undefined
    return entry && performance.now() < entry.keptUntil ? entry.body : undefined
  }

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

  const rows = bus && new ToldRows(store, bus, heartbeat, ttl)
  const tiered: AsyncStore<'text', never> = {
    lifetime: 'shared',
    holds: store.holds,
    maxKeyBytes: store.maxKeyBytes,
    wire: store.wire,
    locks,
    epochs: rows ?? strictRows(store),
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
  if (rows) {
    const reach: Near = {
      vouching: rows.vouching,
      row: (key) => rows.row(key),
      scope: (prefix) => {
        const scope = near.scope?.(prefix)
        return scope && 'slot' in scope ? (scope as SlotScope) : undefined
      },
      kept: (entry) => ({ held: entry.body, until: (entry as Kept).keptUntil }),
      path: (...of) => createNearPath(reach, ...of),
    }
    bringNear(tiered, reach)
  }
  return tiered as ReturnType<typeof tieredStore<TFar>>
}

const nothing = (): void => {}

/** The epochs of a far tier as they are there. */
function strictRows(far: AsyncStore<'text', any>): EpochRows<'text'> {
  return {
    get: (key) => far.get(key),
    getMany: (keys) => many(far, keys),
    set: (...args) => far.set(...args),
  }
}

/** The epochs of a far tier, and what is kept of them here because a bus tells of changes. */
class ToldRows implements EpochRows<'text'> {
  readonly #far: EpochRows<'text'>
  readonly #bus: Bus
  readonly #heartbeat: number
  readonly #ttl: number
  readonly #rows = new Map<string, KeptRow>()
  /** The reads that are under way, and what was replaced meanwhile. */
  readonly #reading = new Set<Set<string>>()
  /** What was kept when the last beat began that came round is believed for a heartbeat from then on. */
  readonly vouching = { changes: 0, until: -Infinity, usedAt: -Infinity }
  #beating = false
  /** What the clock of the machine was ahead of that of the process. */
  #offset = 0
  #unlisten: (() => void) | undefined

  constructor(far: AsyncStore<'text', any>, bus: Bus, heartbeat: number, ttl: number) {
    this.#far = strictRows(far)
    this.#bus = bus
    this.#heartbeat = heartbeat
    this.#ttl = ttl
  }

  get(key: string) {
    return this.#far.get(key)
  }

  getMany(keys: readonly string[]) {
    return this.#far.getMany!(keys)
  }

  async set(key: string, row: string, context?: SetContext): Promise<void> {
    this.#drop(key)
    try {
      await this.#far.set(key, row, context)
      await this.#bus.publish(key)
    } finally {
      this.#drop(key)
    }
  }

  readonly recent = {
    get: async (key: string) => (await this.#recent([key]))[0],
    getMany: (keys: readonly string[]) => this.#recent(keys),
  }

  /** What is kept, to be believed while it is vouched for. */
  row(key: string): KeptRow | undefined {
    return this.#rows.get(key)
  }

  #drop(key: string): void {
    this.vouching.changes += 1
    this.#rows.delete(key)
    for (const changed of this.#reading) changed.add(key)
  }

  #dropAll(): void {
    this.vouching.changes += 1
    this.#rows.clear()
    this.#reading.clear()
  }

  /** Beats as long as somebody reads, and hears as long as it beats. */
  #use(): void {
    this.vouching.usedAt = performance.now()
    if (this.#beating) return
    this.#beating = true
    try {
      this.#unlisten ??= this.#bus.listen(
        (key) => this.#drop(key),
        () => this.#dropAll(),
      )
    } catch {
      this.#beating = false
      return
    }
    this.#beat()
  }

  #beat(): void {
    const began = performance.now()
    const pause = this.#heartbeat / beats
    if (began - this.vouching.usedAt > pause * idle) {
      this.#beating = false
      const leave = this.#unlisten
      this.#unlisten = undefined
      this.vouching.until = -Infinity
      this.#dropAll()
      hush(rescue(() => leave?.(), nothing))
      return
    }
    // The clock of the machine was set: what was fresh by it is judged again.
    const offset = Date.now() - began
    if (Math.abs(offset - this.#offset) > 100) this.vouching.changes += 1
    this.#offset = offset
    const round = () => {
      if (this.#beating) this.vouching.until = Math.max(this.vouching.until, began + this.#heartbeat)
    }
    // What the bus throws at once, because it was closed, is a beat that does not come round.
    hush(rescue(() => this.#bus.beat().then(round), nothing))
    later(pause, () => this.#beat())
  }

  async #recent(keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    this.#use()
    const now = performance.now()
    const trusted = now < this.vouching.until
    const held = keys.map((key) => {
      const one = trusted ? this.#rows.get(key) : undefined
      return one && now < one.until ? one.row : undefined
    })
    const missing = keys.filter((_, at) => held[at] === undefined)
    if (missing.length === 0) return held
    const changed = new Set<string>()
    this.#reading.add(changed)
    try {
      const found = await this.getMany(missing)
      const there = new Map(missing.map((key, at) => [key, found[at]]))
      for (const [key, row] of there) {
        // A gap has forgotten this read altogether.
        if (row === undefined || changed.has(key) || !this.#reading.has(changed)) continue
        this.#keep(key, row, now + this.#ttl)
      }
      return held.map((row, at) => row ?? there.get(keys[at]!))
    } finally {
      this.#reading.delete(changed)
    }
  }

  #keep(key: string, row: string, until: number): void {
    const rows = this.#rows
    const before = rows.get(key)?.row
    if (before !== undefined && before !== row) this.vouching.changes += 1
    rows.delete(key)
    if (rows.size >= mostRows) rows.delete(rows.keys().next().value as string)
    rows.set(key, { row, until })
  }
}

async function many(store: AsyncStore<'text', any>, keys: readonly string[]): Promise<readonly (string | undefined)[]> {
  if (store.getMany && keys.length > 1) return store.getMany(keys)
  return Promise.all(keys.map((key) => store.get(key)))
}

function wrong(what: string): AutocacheError {
  return new AutocacheError('INVALID_OPTION', `tieredStore([near, far], options): ${what}.`)
}
