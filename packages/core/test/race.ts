import { type AnyFunction, createAutocache, type Store } from '../src/index.ts'

/** What a race came to. */
export interface Raced {
  readonly invalidations: number
  readonly fills: number
  readonly hits: number
  /** Answers that were older than an invalidation acknowledged before their call began. */
  readonly stale: readonly string[]
}

let raced = 0

/**
 * Invalidations race fills: some callers end what others compute, over all stores at once. The world of a key is a number
 * that grows with every invalidation made; what is acknowledged is the least that a later call may answer with.
 */
export async function race(stores: readonly Store[], rounds: number, asynchronous = true): Promise<Raced> {
  const keys = 50
  const world = new Array<number>(keys).fill(0)
  const least = new Array<number>(keys).fill(0)
  const stale: string[] = []
  let invalidations = 0
  let fills = 0
  const namespace = `race-${process.pid}-${(raced += 1)}`
  const caches = stores.map((store) => {
    const cache = createAutocache({ store, namespace, version: '1', ttl: '1h', storeTimeout: '30s' })
    const run = (key: number) => {
      fills += 1
      return world[key]!
    }
    const fn: AnyFunction = asynchronous
      ? async (key: number) => {
          const seen = run(key)
          await null
          return seen
        }
      : run
    const known = cache.cached(fn, { name: 'known', key: (key: number) => key, tags: ['any'] })
    const told = cache.cached(fn, { name: 'told', tags: (_value, key) => [`key:${key}`] })
    return { cache, known, told }
  })
  const done = () => invalidations >= rounds && fills >= rounds
  const pick = (below: number) => Math.floor(Math.random() * below)
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const caller = async () => {
    for (let n = 0; !done(); n++) {
      // Answers from memory alone would leave nobody else a turn.
      if (n % 4 === 0) await turn()
      const { known, told } = caches[pick(caches.length)]!
      const key = pick(keys)
      const floor = least[key]!
      const fn = pick(2) ? known : told
      const value: number = await fn(key)
      if (value < floor) stale.push(`${fn.label}(${key}): ${value} after ${floor}`)
    }
  }
  const ender = async (own: number) => {
    for (let n = 0; !done(); n++) {
      const { cache, known, told } = caches[pick(caches.length)]!
      // Each key is ended by one caller, so that its numbers come in order.
      const key = own + 5 * (n % (keys / 5))
      const made = (world[key]! += 1)
      if (n % 97 === 0) {
        await Promise.all([known.invalidateAll(), told.invalidateAll()])
      } else {
        await Promise.all([known.invalidate(key), cache.invalidateTags(`key:${key}`)])
      }
      invalidations += 1
      least[key] = made
      // The others fill in between.
      if (n % 3 === 0) await turn()
    }
  }
  await Promise.all([...Array.from({ length: 20 }, caller), ...Array.from({ length: 5 }, (_, own) => ender(own))])
  await Promise.all(caches.map(({ cache }) => cache.close()))
  const hits = caches.reduce((sum, { cache }) => sum + (cache.stats().total.hit ?? 0), 0)
  return { invalidations, fills, hits, stale }
}
