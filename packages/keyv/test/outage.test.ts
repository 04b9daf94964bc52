import { createAutocache } from '@autocache/core'
import KeyvRedis, { createClient } from '@keyv/redis'
import { Keyv } from 'keyv'
import { describeWithOwnRedis, RedisServer, Way } from 'servers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type KeyvLike, keyvStore } from '../src/index.ts'

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** How long the function takes, in milliseconds. */
const own = 5
const storeTimeout = 250

const closing: (() => unknown)[] = []
const unhandled: unknown[] = []
const note = (reason: unknown) => void unhandled.push(reason)
beforeEach(() => {
  unhandled.length = 0
  process.on('unhandledRejection', note)
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  process.off('unhandledRejection', note)
})

/** An instance over a server, with callers that go on calling, and what they saw. */
function traffic(url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: () => 100 } })
  const adapter = new KeyvRedis(client as never)
  const keyv = new Keyv({ store: adapter, namespace: 'outage' })
  keyv.on('error', () => {})
  const store = keyvStore(keyv as KeyvLike)
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
      await call(n % 20)
      await sleep(2)
    }
  })
  closing.unshift(async () => {
    going = false
    await Promise.all(callers)
    await adapter.disconnect(true).catch(() => {})
  })
  const p99 = () => {
    const sorted = took.splice(0).sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length * 0.99)] ?? 0
  }
  const until = async (what: () => unknown, most: number) => {
    const began = performance.now()
    while (!(await what())) {
      if (performance.now() - began > most) throw new Error(`Not within ${most} ms.`)
      await sleep(5)
    }
    return performance.now() - began
  }
  const breaker = () => cache.stats().stores[0]!.breaker
  /** Whether calls are answered from the store again. */
  const hits = async () => {
    const before = cache.stats().total.hit ?? 0
    await Promise.all([call(0), call(1)])
    return breaker() === 'closed' && (cache.stats().total.hit ?? 0) >= before + 2
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
  return { cache, seen, p99, until, breaker, hits, end }
}

type Traffic = ReturnType<typeof traffic>

/** An outage from beginning to end. */
async function outage(
  name: string,
  t: Traffic,
  { fail, mend, answers = false }: { fail: () => unknown; mend: () => unknown; answers?: boolean },
) {
  const { seen, p99, until, breaker, hits, end } = t
  expect(await end()).toBe('acknowledged')
  await until(hits, 2000)
  p99()
  await sleep(150)
  const well = p99()
  await fail()
  const opened = await until(() => breaker() !== 'closed', 5000)
  // Those who were waiting when it opened are of before.
  await sleep(2 * storeTimeout)
  const before = p99()
  await sleep(500)
  const after = p99()
  const told = await end()
  // One that is slow may have acknowledged it just in time.
  if (!answers) expect(told).toBe('STORE_FAILED')
  await sleep(200)
  await mend()
  const back = await until(hits, 5000)
  expect(t.cache.stats().stores[0]!.owed).toBe(0)
  expect(await end()).toBe('acknowledged')
  await until(hits, 2000)
  const ratio = (ms: number) => `${(ms / own).toFixed(1)}x`
  console.info(
    `${name}: ${seen.calls} calls; p99 ${ratio(well)} before, ${ratio(before)} until the breaker opened (${opened.toFixed(0)} ms), ` +
      `${ratio(after)} after; hits again after ${back.toFixed(0)} ms`,
  )
  expect(seen.failed).toEqual([])
  expect(seen.wrong).toEqual([])
  expect(unhandled).toEqual([])
  expect(back).toBeLessThan(2000)
  // Loose, so that a busy machine does not fail it: a call waits for the store once or twice at most, then not at all.
  expect(before).toBeLessThan(own + 3 * storeTimeout + 500)
  expect(after).toBeLessThan(own + storeTimeout)
}

describeWithOwnRedis()('L4 no call fails, hangs or gets an old value while a server', { timeout: 30_000 }, () => {
  const start = async () => {
    const server = await RedisServer.start()
    closing.push(() => server.kill())
    const proxy = await Way.to(server.port)
    closing.push(() => proxy.close())
    return { server, proxy, t: traffic(proxy.url) }
  }

  it('is killed and comes back empty', async () => {
    const { server, t } = await start()
    await outage('killed', t, { fail: () => server.kill(), mend: () => server.start() })
  })

  it('is stopped and goes on', async () => {
    const { server, t } = await start()
    closing.unshift(() => server.thaw())
    await outage('stopped', t, { fail: () => server.freeze(), mend: () => server.thaw() })
  })

  it('is behind a half-open connection', async () => {
    const { proxy, t } = await start()
    const mend = () => {
      proxy.cut()
      proxy.mode = 'pass'
    }
    await outage('half-open', t, { fail: () => (proxy.mode = 'swallow'), mend })
  })

  it('is 300 ms away', async () => {
    const { proxy, t } = await start()
    await outage('300 ms slow', t, { fail: () => (proxy.delay = 300), mend: () => (proxy.delay = 0), answers: true })
  })

  it('refuses connections at boot', async () => {
    const server = await RedisServer.reserve()
    closing.push(() => server.kill())
    const t = traffic(server.url)
    const { seen, p99, until, breaker, hits, end } = t
    const opened = await until(() => breaker() !== 'closed', 5000)
    await sleep(2 * storeTimeout)
    const before = p99()
    await sleep(500)
    const after = p99()
    expect(await end()).toBe('STORE_FAILED')
    await server.start()
    const back = await until(hits, 5000)
    console.info(
      `refusing at boot: ${seen.calls} calls; p99 ${(before / own).toFixed(1)}x until the breaker opened (${opened.toFixed(0)} ms), ` +
        `${(after / own).toFixed(1)}x after; hits after ${back.toFixed(0)} ms`,
    )
    expect(await end()).toBe('acknowledged')
    expect([seen.failed, seen.wrong, unhandled]).toEqual([[], [], []])
    expect(back).toBeLessThan(2000)
    expect(after).toBeLessThan(own + storeTimeout)
  })

  it('loses its client, closed under us', async () => {
    const server = await RedisServer.start()
    closing.push(() => server.kill())
    const client = createClient({ url: server.url })
    const adapter = new KeyvRedis(client as never)
    const keyv = new Keyv({ store: adapter, namespace: 'closed' })
    keyv.on('error', () => {})
    const cache = createAutocache({ store: keyvStore(keyv as KeyvLike), namespace: 'closed', ttl: '1h', storeTimeout })
    let runs = 0
    const fn = cache.cached(async () => (runs += 1), { name: 'fn', version: '1', tags: ['t'] })
    await fn()
    await cache.close()
    expect(await fn()).toBe(1)
    client.destroy()
    await adapter.disconnect(true).catch(() => {})
    for (let n = 0; n < 10; n++) expect(await fn()).toBeGreaterThanOrEqual(1)
    await cache.close()
    await cache.close()
    expect(unhandled).toEqual([])
  })
})
