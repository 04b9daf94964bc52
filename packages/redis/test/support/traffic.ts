import { createAutocache } from '@autocache/core'
import { until } from 'servers'
import { expect } from 'vitest'
import { type RedisClients, redisStore } from '../../src/index.ts'

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** How long the function takes, in milliseconds. */
export const own = 5
export const storeTimeout = 250

/** An instance over a client, with callers that go on calling, and what they saw. */
export function traffic(clients: RedisClients, keys = 20) {
  const store = redisStore(clients)
  const cache = createAutocache({ store, namespace: 'outage', version: '1', ttl: '1h', storeTimeout })
  const world = { now: 1, least: 0 }
  const load = cache.cached(
    async (id: number) => {
      const { now } = world
      await sleep(own)
      return `${id} of ${now}`
    },
    { name: 'load', tags: ['t'] },
  )
  const seen = { calls: 0, failed: [] as unknown[], wrong: [] as string[] }
  /** How long calls took, in milliseconds, since it was emptied. */
  const took: number[] = []
  let going = true
  const call = async (id: number) => {
    const { least } = world
    const began = performance.now()
    seen.calls += 1
    try {
      const value = await load(id)
      const [of, at] = value.split(' of ').map(Number)
      if (of !== id || at! < least) seen.wrong.push(`${id} after ${least}: ${value}`)
    } catch (error) {
      seen.failed.push(error)
    }
    took.push(performance.now() - began)
  }
  const callers = Array.from({ length: 8 }, async (_, caller) => {
    for (let n = caller; going; n += 3) {
      await call(n % keys)
      await sleep(2)
    }
  })
  const stop = async () => {
    going = false
    await Promise.all(callers)
    await cache.close()
  }
  const p99 = () => {
    const sorted = took.splice(0).sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length * 0.99)] ?? 0
  }
  const breaker = () => cache.stats().stores[0]!.breaker
  /** Whether calls are answered from the store again. */
  const hits = async () => {
    const before = cache.stats().total.hit ?? 0
    await Promise.all(Array.from({ length: keys }, (_, id) => call(id)))
    return breaker() === 'closed' && (cache.stats().total.hit ?? 0) >= before + keys
  }
  /** Ends everything; says whether that was acknowledged. In this process it counts at once, either way. */
  const end = async () => {
    world.now += 1
    const made = world.now
    const ended = cache.invalidateTags('t')
    world.least = made
    return ended.then(
      () => 'acknowledged',
      (error: { code?: string }) => error.code,
    )
  }
  const timed = async (what: () => unknown, most: number) => {
    const began = performance.now()
    await until(what, most)
    return performance.now() - began
  }
  return { cache, seen, p99, breaker, hits, end, stop, timed }
}

/** An outage from beginning to end. */
export interface Outage {
  fail(): unknown
  mend(): unknown
  /** Whether some operations are answered all the same, so that the breaker may stay closed. */
  readonly partly?: boolean
}

/** Plays an outage under traffic. No call fails or is wrong, none hangs, and the store is used again soon after. */
export async function play(
  name: string,
  t: ReturnType<typeof traffic>,
  { fail, mend, partly = false }: Outage,
): Promise<void> {
  const { seen, p99, breaker, hits, end, timed } = t
  await timed(hits, 20_000)
  expect(await end()).toBe('acknowledged')
  await timed(hits, 20_000)
  p99()
  await sleep(150)
  const well = p99()
  await fail()
  if (!partly) await timed(() => breaker() !== 'closed', 10_000)
  else await sleep(500)
  // Those who were waiting then are of before.
  await sleep(2 * storeTimeout)
  const before = p99()
  await sleep(500)
  const after = p99()
  const told = await end()
  if (!partly) expect(told).toBe('STORE_FAILED')
  await sleep(200)
  await mend()
  const back = await timed(hits, 20_000)
  await timed(() => t.cache.stats().stores[0]!.owed === 0, 5000)
  expect(await end()).toBe('acknowledged')
  await timed(hits, 20_000)
  const ratio = (ms: number) => `${(ms / own).toFixed(1)}x`
  console.info(
    `${name}: ${seen.calls} calls; p99 ${ratio(well)} before, ${ratio(before)} until it was seen, ${ratio(after)} after; ` +
      `hits again after ${back.toFixed(0)} ms`,
  )
  expect([seen.failed, seen.wrong]).toEqual([[], []])
  // What hangs, hangs for longer than a busy machine is late; how long calls took is for the bench (`npm run bench -- outages`).
  expect(Math.max(before, after)).toBeLessThan(own + 3 * storeTimeout + 10_000)
}
