/**
 * `unstable_cache` as a delegate. It gets a key that is a digest, a function whose text is constant and that takes no arguments,
 * so that its own way of making keys says nothing; one such wrapper is kept for each key that core remembers.
 */
import { StoreError } from '@autocache/core'
import { type Delegate, digest, type Gathered } from '@autocache/core/plumbing'
import * as nextCache from 'next/cache.js'
import { afterEnds, asUnit, cacheHere, siteNow, type Unit, type Work, wasEnded, workNow } from './storages.ts'
import { unkept, warnOnce } from './warnings.ts'

type Compute = () => Promise<unknown>

interface Wrapped {
  readonly tags: readonly string[]
  readonly ask: Compute
}

/** What Next throws where a cached function reads what belongs to one request. */
const refusal = /^Route .*(?:cookies|headers|connection).*unstable_cache\(/s

/** What `unstable_cache` puts into its key of every function. */
const text = () => 'autocache'

interface Context<T> {
  run<R>(store: T, run: () => R): R
  getStore(): T | undefined
}

/** Modules are bundled into pages and routes apart; what they must share hangs on the global object. */
function shared<T>(name: string, create: () => T): T {
  const key = Symbol.for(`autocache.next.${name}`)
  const host = globalThis as unknown as Record<symbol, T | undefined>
  return (host[key] ??= create())
}

const nothing: Context<Gathered> = { run: (_, run) => run(), getStore: () => undefined }

/** Next puts the class on the global object of each of its runtimes. */
const fills = shared('fills', (): Context<Gathered> => {
  const { AsyncLocalStorage } = globalThis as { AsyncLocalStorage?: new () => Context<Gathered> }
  return AsyncLocalStorage ? new AsyncLocalStorage() : nothing
})

/** On a request: what runs in it, from within the cached functions that are filled for it. */
const outermost = Symbol.for('autocache.next.outermost')

/** On what core computes with: the wrapper around it. A property, because this is on the way of every hit. */
const wrapped = Symbol('autocache.next.wrapped')

function wrap(key: string, tags: readonly string[], seconds: number | false, compute: Compute): Compute {
  const constant: Compute = () => compute()
  Object.defineProperty(constant, 'toString', { value: text })
  Object.defineProperty(constant, 'name', { value: 'autocache' })
  // Next writes and hashes its key anew for each call: a digest keeps that short.
  return nextCache.unstable_cache(constant, [digest(key)], { revalidate: seconds, tags: [...tags] })
}

const secondsOf = (ttl: number): number | false => (ttl === Infinity ? false : Math.ceil(ttl / 1000))

/** Entries that Next keeps on its own have at most 2 MiB, with their wrapping. */
const nextsOwn = 2 * 1024 * 1024 - 1024

export const delegate: Delegate = {
  get maxSize() {
    return cacheHere(workNow())?.hasCustomCacheHandler ? undefined : nextsOwn
  },

  run(key, tags, ttl, compute, site = siteNow()) {
    const { work, unit } = site as { work?: Work & { [outermost]?: Unit }; unit?: Unit }
    let ask: Compute
    if (ttl === 0) {
      // In a prerender the tiny time would become that of the page; the page itself is cached.
      if (unit?.type?.startsWith('prerender')) return compute()
      ask = wrap(key, tags, 0.001, compute)
    } else {
      const holder = compute as Compute & { [wrapped]?: Wrapped }
      let known = holder[wrapped]
      if (known?.tags !== tags) {
        known = { tags, ask: wrap(key, tags, secondsOf(ttl), compute) }
        holder[wrapped] = known
      }
      ask = known.ask
    }
    if (!work || !unit) return ask()
    if (unit.type !== 'unstable-cache') {
      if (work[outermost] !== unit) work[outermost] = unit
      return ask()
    }
    // Within another function of ours: Next would run this one anew each time.
    const outer = fills.getStore() && work[outermost]
    return outer ? asUnit(outer, ask) : ask()
  },

  async invalidate(tags) {
    const work = workNow()
    if (!work) {
      throw new StoreError(
        'Next',
        'invalidate',
        'Nothing can be invalidated here: Next ends entries in Server Actions and Route Handlers only. Do it there.',
      )
    }
    const { updateTag, revalidateTag } = nextCache as Partial<typeof nextCache>
    for (const tag of tags) {
      // In a Server Action what it renders next must see the change.
      if (updateTag && !work.page?.endsWith('/route')) updateTag(tag)
      // The second argument came with Next 16.
      else revalidateTag!(tag, { expire: 0 })
    }
  },

  within: (gathered, run) => fills.run(gathered, run),
  gathering: () => fills.getStore(),
  hasEnded: wasEnded,
  begin: afterEnds,
  isApart: () => workNow()?.isDraftMode === true,
  notice: (label, reason) => warnOnce(label, unkept[reason]),
  isRefusal: (error) => error instanceof Error && refusal.test(error.message),
}
