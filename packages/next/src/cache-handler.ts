/**
 * Next's `cacheHandler` over any autocache store, so that several instances share what they render and what `unstable_cache` keeps.
 *
 * Tags are rows in the store, one for each that was ever revalidated: when it became stale, and when it expires. They are read
 * together with the entry, so an instance sees what another revalidated at its next read. What Next keeps by route belongs to
 * a build, because it names that build's files; what `unstable_cache` keeps does not, and is warm after a deploy.
 *
 * A store that fails, hangs or is down never fails a page: reads are misses, and an invalidation that was not acknowledged is made
 * again until it is; until then this instance does not believe what has the tag. Instants are those of the servers' clocks, as
 * in Next's own handlers.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AutocacheError, type Duration, type Store } from '@autocache/core'
import { codec } from '@autocache/core/codec'
import { Debts, digest, type Gate, gateOf, type Wire, wire } from '@autocache/core/plumbing'
import { asUnit } from './storages.ts'

/** Options of {@link cacheHandler}. */
export interface CacheHandlerOptions {
  /** Where entries live; one that several processes read. */
  readonly store: Store
  /** The first part of every key: keeps two programs apart. @default 'next' */
  readonly namespace?: string
  /** How long the store may take to answer before a page goes on without it, in milliseconds. @default 250 */
  readonly storeTimeout?: number
  /** How long an entry is kept that Next gives no time. @default '30d' */
  readonly keep?: Extract<Duration, string> | number
}

/** What Next reads and writes. */
interface Kept {
  readonly lastModified: number
  readonly value: Value | null
  readonly cacheControl?: CacheControl | undefined
}

interface Value {
  readonly kind?: string
  readonly headers?: Record<string, unknown>
  readonly data?: { readonly body?: unknown }
  readonly revalidate?: number | false
}

interface CacheControl {
  readonly revalidate?: number | false
  readonly expire?: number | undefined
}

interface GetContext {
  readonly kind?: string
  readonly tags?: readonly string[]
  readonly softTags?: readonly string[]
  readonly revalidate?: number | false | undefined
}

interface SetContext {
  readonly fetchCache?: boolean
  readonly tags?: readonly string[]
  readonly cacheControl?: CacheControl
}

/** When a tag became stale, when it expires, and when it last was over, in epoch milliseconds: later ones leave that as it is. */
interface Row {
  readonly stale?: number
  readonly expired?: number
  readonly over?: number
}

/** What several instances say of a tag, and one after the other: the latest of each. */
function joined(...rows: readonly (Row | undefined)[]): Row {
  const row: { stale?: number; expired?: number; over?: number } = {}
  for (const name of ['stale', 'expired', 'over'] as const) {
    const latest = Math.max(...rows.map((one) => one?.[name] ?? -Infinity))
    if (latest > -Infinity) row[name] = latest
  }
  return row
}

/** The same, where what has expired by now stays so whatever comes later. */
const settled = (row: Row | undefined, now: number): Row | undefined =>
  row?.expired !== undefined && row.expired <= now ? joined(row, { over: row.expired }) : row

/** The class that `cacheHandler` of a Next configuration names. */
export interface CacheHandlerClass {
  new (context: {
    readonly serverDistDir?: string
  }): {
    get(key: string, context: GetContext): Promise<Kept | null>
    set(key: string, value: unknown, context: SetContext): Promise<void>
    revalidateTag(tags: string | readonly string[], durations?: { readonly expire?: number }): Promise<void>
    resetRequestCache(): void
  }
}

const tagsHeader = 'x-next-cache-tags'
const day = 864e5

/**
 * A cache handler for Next over a store.
 * @throws AutocacheError `INVALID_OPTION` without a store
 * @example
 * ```js
 * // cache-handler.mjs, named by `cacheHandler` in next.config, together with `cacheMaxMemorySize: 0`
 * import { keyvStore } from '@autocache/keyv'
 * import { cacheHandler } from '@autocache/next/cache-handler'
 * import KeyvRedis from '@keyv/redis'
 * import Keyv from 'keyv'
 * export default cacheHandler({ store: keyvStore(new Keyv(new KeyvRedis(process.env.REDIS_URL))), namespace: 'shop' })
 * ```
 */
export function cacheHandler({
  store,
  namespace = 'next',
  storeTimeout = 250,
  keep = 30 * day,
}: CacheHandlerOptions): CacheHandlerClass {
  if (typeof store?.get !== 'function') {
    throw new AutocacheError(
      'INVALID_OPTION',
      'Option `store` must be a store, such as `keyvStore(keyv)` of @autocache/keyv.',
    )
  }
  const rows = new Rows(store, namespace, storeTimeout)
  const lasting = typeof keep === 'number' ? keep : 30 * day

  return class AutocacheHandler {
    readonly #build: string

    constructor({ serverDistDir }: { readonly serverDistDir?: string }) {
      this.#build = buildId(serverDistDir)
    }

    /** What `unstable_cache` and `fetch` keep outlives a build; what routes keep does not. */
    #keyOf(key: string, isData: boolean): string {
      return rows.keyOf(isData ? 'data' : `route:${this.#build}`, key)
    }

    // A store asks for the time, which a prerender takes for a reading of its own.
    get(key: string, context: GetContext): Promise<Kept | null> {
      return asUnit(undefined, () => this.#get(key, context))
    }

    set(key: string, value: unknown, context: SetContext): Promise<void> {
      return asUnit(undefined, () => this.#set(key, value, context))
    }

    revalidateTag(tags: string | readonly string[], durations?: { readonly expire?: number }): Promise<void> {
      return asUnit(undefined, () => this.#revalidateTag(tags, durations))
    }

    async #get(key: string, { kind, tags = [], softTags = [], revalidate }: GetContext): Promise<Kept | null> {
      const asked = [...tags, ...softTags]
      const isData = kind === 'FETCH'
      const [found, ...known] =
        (await rows.read([this.#keyOf(key, isData), ...asked.map((tag) => rows.tagKey(tag))])) ?? []
      const kept = found as Kept | undefined
      if (!kept) return null
      const own = isData ? [] : tagsOf(kept.value)
      const names = [...asked, ...own]
      const others = await rows.read(own.map((tag) => rows.tagKey(tag)))
      // Whether it was ended is not known.
      if (!others) return null
      const all = [...known, ...others]
      const begun = begunAt(kept)
      const now = Date.now()
      const merged = names.map((tag, at) => rows.merged(tag, all[at] as Row | undefined, now))
      if (merged.some(({ over = -Infinity }) => over >= begun)) return null
      if (!merged.some(({ stale = -Infinity }) => stale >= begun)) return kept
      // As old as Next must think it is to refresh it.
      const seconds = revalidate || kept.cacheControl?.revalidate || kept.value?.revalidate || 0
      return { ...kept, lastModified: Math.min(kept.lastModified, now - (seconds + 1) * 1000) }
    }

    async #set(key: string, value: unknown, { fetchCache, cacheControl }: SetContext): Promise<void> {
      const lastModified = Date.now()
      const kept: Kept = { lastModified, value: value as Value | null, ...(cacheControl && { cacheControl }) }
      // Twice the time, because what is stale still answers while it is refreshed.
      const seconds = cacheControl?.expire ?? (value as Value | null)?.revalidate
      const life = typeof seconds === 'number' && seconds * 2000 < lasting ? Math.max(seconds * 2000, 6e4) : lasting
      await rows.write(this.#keyOf(key, fetchCache === true), kept, lastModified + life)
    }

    async #revalidateTag(tags: string | readonly string[], durations?: { readonly expire?: number }): Promise<void> {
      const now = Date.now()
      const row: Row = durations
        ? { stale: now, ...(durations.expire !== undefined && { expired: now + durations.expire * 1000 }) }
        : { over: now }
      await Promise.all([tags].flat().map((tag) => rows.revalidate(tag, row, lasting)))
    }

    resetRequestCache(): void {}
  }
}

/** Entries and tags in the store; nothing here throws. */
class Rows {
  readonly #store: Store
  readonly #gate: Gate
  readonly #namespace: string
  readonly #timeout: number
  readonly #sealer: ReturnType<Wire['sealer']>
  /** What was revalidated here, until the store has acknowledged it. */
  readonly #owed = new Map<string, Row>()

  constructor(store: Store, namespace: string, timeout: number) {
    this.#store = store
    this.#gate = gateOf(store)
    this.#namespace = namespace
    this.#timeout = timeout
    this.#sealer = wire.sealer(store.holds === 'bytes' ? 'bytes' : 'text', codec)
  }

  keyOf(kind: string, key: string): string {
    return `${encodeURIComponent(this.#namespace)}:next:${encodeURIComponent(kind)}:${digest(`${kind} ${key}`)}`
  }

  tagKey = (tag: string): string => this.keyOf('tag', tag)

  /** What lies under keys, each `undefined` where it is absent or unreadable; nothing where the store does not answer. */
  async read(keys: readonly string[]): Promise<unknown[] | undefined> {
    if (keys.length === 0) return []
    try {
      const store = this.#store
      const found = await this.#gate.ask<readonly unknown[]>('get', this.#timeout, () =>
        store.getMany ? store.getMany(keys) : Promise.all(keys.map((key) => store.get(key) as unknown)),
      )
      return found.map((held, at) => this.#open(held, keys[at]!))
    } catch {
      return undefined
    }
  }

  #open(held: unknown, key: string): unknown {
    if (held === undefined) return undefined
    try {
      const body = this.#store.holds === 'references' ? (held as { body: unknown }).body : held
      return this.#sealer.open(body, key).take()
    } catch {
      return undefined
    }
  }

  #seal(key: string, value: unknown): unknown {
    const facts = { key, createdAt: Date.now(), outcome: 'value', promised: false, epochs: 0 } as const
    const held = this.#sealer.seal(value).held(facts)
    return this.#store.holds === 'references' ? { format: 2, ...facts, codec: 'next', body: held } : held
  }

  async write(key: string, value: unknown, expiresAt: number): Promise<void> {
    try {
      await this.#gate.ask('set', this.#timeout, () =>
        this.#store.set(key, this.#seal(key, value) as never, { expiresAt }),
      )
    } catch {
      // The next instance that asks renders it again.
    }
  }

  merged(tag: string, row: Row | undefined, now: number): Row {
    return joined(settled(row, now), settled(this.#owed.get(tag), now))
  }

  async revalidate(tag: string, row: Row, lasting: number): Promise<void> {
    const key = this.tagKey(tag)
    const next = joined(settled(this.#owed.get(tag), Date.now()), row)
    this.#owed.set(tag, next)
    // What others have said meanwhile stands beside it.
    const redo = async () => {
      const known = this.#open(await this.#store.get(key), key) as Row | undefined
      const now = Date.now()
      const whole = joined(settled(known, now), settled(next, now))
      await this.#store.set(key, this.#seal(key, whole) as never, { expiresAt: now + lasting + day })
      if (this.#owed.get(tag) === next) this.#owed.delete(tag)
    }
    try {
      await this.#gate.insist('set', this.#timeout, redo)
    } catch {
      Debts.of(this.#gate).owe(key, redo)
    }
  }
}

/** The tags that a route left with its entry. */
function tagsOf(value: Value | null): string[] {
  const header = value?.headers?.[tagsHeader]
  return typeof header === 'string' && header !== '' ? header.split(',') : []
}

/** When what is kept was begun: a fill of ours says so, else it is known when it was written. */
function begunAt({ lastModified, value }: Kept): number {
  const body = value?.data?.body
  const ours = typeof body === 'string' ? /^\[1,"[^"]{1,400}",(\d+),/.exec(body) : null
  return ours ? Math.min(Number(ours[1]), lastModified) : lastModified
}

/** The build that a server belongs to. */
function buildId(serverDistDir: string | undefined): string {
  try {
    return readFileSync(join(serverDistDir ?? '', '..', 'BUILD_ID'), 'utf8').trim()
  } catch {
    return 'none'
  }
}
