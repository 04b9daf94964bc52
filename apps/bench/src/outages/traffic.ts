/** Callers over Keyv and Redis that go on calling whatever happens, and what they saw. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createAutocache } from '@autocache/core'
import { keyvStore } from '@autocache/keyv'
import KeyvRedis, { createClient } from '@keyv/redis'
import Keyv from 'keyv'

/** How long the function takes, in milliseconds. */
export const own = 20

const callers = 16
const ids = 200

/** How long calls of one phase took, in milliseconds, beside the function itself, called in the same turns. */
interface Took {
  readonly cached: number[]
  readonly alone: number[]
}

export type Traffic = ReturnType<typeof startTraffic>

/** Starts the callers over a server. */
export function startTraffic(url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: () => 100 } })
  const adapter = new KeyvRedis(client as never)
  const keyv = new Keyv({ store: adapter, namespace: 'outages' })
  keyv.on('error', () => {})
  const cache = createAutocache({ store: keyvStore(keyv), namespace: 'outages', version: '1', ttl: '1h' })
  const world = { now: 1, least: 0 }
  const fn = async (id: number) => {
    const { now } = world
    await sleep(own)
    return `${id} of ${now}`
  }
  const load = cache.cached(fn, { name: 'load', tags: ['all'] })
  const seen = { calls: 0, failed: 0, wrong: 0, unhandled: 0 }
  const note = () => {
    seen.unhandled += 1
  }
  process.on('unhandledRejection', note)
  let took: Took = { cached: [], alone: [] }
  let going = true

  async function call(id: number): Promise<void> {
    const { least } = world
    const began = performance.now()
    seen.calls += 1
    try {
      const [of, at] = (await load(id)).split(' of ').map(Number)
      if (of !== id || at! < least) seen.wrong += 1
    } catch {
      seen.failed += 1
    }
    took.cached.push(performance.now() - began)
  }

  const working = Array.from({ length: callers }, async (_, caller) => {
    for (let n = caller * 7; going; n += 11) {
      await call(n % ids)
      if (n % 5 === 0) {
        const began = performance.now()
        await fn(n)
        took.alone.push(performance.now() - began)
      } else await sleep(2)
    }
  })

  const breaker = () => cache.stats().stores[0]?.breaker
  return {
    seen,
    /** What was seen since the last time. */
    phase(): Took {
      const before = took
      took = { cached: [], alone: [] }
      return before
    },
    isOpen: () => breaker() !== 'closed',
    /** Whether calls are answered from the store again. */
    async hits(): Promise<boolean> {
      const before = cache.stats().total.hit ?? 0
      await Promise.all([call(0), call(1)])
      return breaker() === 'closed' && (cache.stats().total.hit ?? 0) >= before + 2
    },
    /** Ends everything; in this process that counts at once, acknowledged or not. */
    async end(): Promise<void> {
      world.now += 1
      const { now } = world
      const ended = cache.invalidateTags('all').catch(() => {})
      world.least = now
      await ended
    },
    async stop(): Promise<void> {
      going = false
      await Promise.all(working)
      await cache.close()
      await adapter.disconnect(true).catch(() => {})
      process.off('unhandledRejection', note)
    },
  }
}
