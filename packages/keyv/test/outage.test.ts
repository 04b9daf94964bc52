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
  const plain = keyvStore(keyv as KeyvLike)
  /** How often the store was asked to read. */
  const asked = { reads: 0 }
  const store = {
    ...plain,
    get: (key: string) => {
      asked.reads += 1
      return plain.get(key)
    },
    getMany: (keys: readonly string[]) => {
      asked.reads += 1
      return plain.getMany!(keys)
    },
  } as typeof plain
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
  let going = true
  const call = async (id: number) => {
    const { least } = world
    seen.calls += 1
    try {
      const value = await load(id)
      const [of, at] = value.split(' of ').map(Number)
      if (of !== id || at! < least) seen.wrong.push(`${id} after ${least}: ${value}`)
    } catch (error) {
      seen.failed.push(error)
    }
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
  const until = async (what: () => unknown) => {
    while (!(await what())) await sleep(5)
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
  /** Ends everything, again and again until a store that is well has acknowledged it: on a busy machine it may be late. */
  const endWell = () => until(async () => (await end()) === 'acknowledged')
  return { cache, seen, asked, until, breaker, hits, end, endWell }
}

type Traffic = ReturnType<typeof traffic>

/** An outage from beginning to end. */
async function outage(
  name: string,
  t: Traffic,
  { fail, mend, answers = false }: { fail: () => unknown; mend: () => unknown; answers?: boolean },
) {
  const { cache, seen, until, hits, end, endWell } = t
  await endWell()
  await until(hits)
  await fail()
  await opens(t)
  const told = await end()
  // One that is slow may have acknowledged it just in time.
  if (!answers) expect(told, name).toBe('STORE_FAILED')
  await sleep(200)
  await mend()
  await until(hits)
  await until(() => cache.stats().stores[0]!.owed === 0)
  await endWell()
  await until(hits)
  expect([seen.failed, seen.wrong, unhandled], name).toEqual([[], [], []])
}

/** The breaker opens after so few calls, and then none waits for the store: it is asked by probes alone, one in half a second. */
async function opens({ seen, asked, until, breaker }: Traffic): Promise<void> {
  await until(() => breaker() !== 'closed')
  // What was asked before is no probe.
  await sleep(2 * storeTimeout)
  const [calls, reads, began] = [seen.calls, asked.reads, performance.now()]
  await until(() => seen.calls > calls + 100)
  expect(asked.reads - reads).toBeLessThanOrEqual(1 + (performance.now() - began) / 500)
}

describeWithOwnRedis()('L4 no call fails, hangs or gets an old value while a server', { timeout: 120_000 }, () => {
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
    const { seen, until, hits, end, endWell } = t
    await opens(t)
    expect(await end()).toBe('STORE_FAILED')
    await server.start()
    await until(hits)
    await endWell()
    expect([seen.failed, seen.wrong, unhandled]).toEqual([[], [], []])
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
