import { randomUUID } from 'node:crypto'
import { createAutocache } from '@autocache/core'
import KeyvRedis from '@keyv/redis'
import { describeWithOwnRedis, RedisServer } from 'servers'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import { type CacheManagerLike, cacheManagerStore } from '../src/index.ts'
import { pairs } from './support/backends.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const storeOf = (cache: CacheManagerLike) => cacheManagerStore(cache, { onWarning: () => {} })
const failed = { code: 'STORE_FAILED', store: 'KeyvRedis', cause: expect.anything() }
const everything = (store: ReturnType<typeof storeOf>) => [
  () => store.get('k'),
  () => store.set('k', 'v'),
  () => store.delete('k'),
  () => store.getMany(['k', 'l']),
  () => store.setMany([{ key: 'k', entry: 'v' }]),
  () => store.deleteMany(['k', 'l']),
]

const describeOwn = describeWithOwnRedis()
for (const { title, makeKeyv, makeCache } of pairs) {
  describeOwn(`a cache over a Redis that fails, ${title}`, () => {
    let server: RedisServer
    beforeAll(async () => {
      server = await RedisServer.start()
    })
    afterAll(() => server.kill())

    /** A cache over Redis, behind as many Maps as is said, closed after the test. */
    const open = (url: string, settings: object = {}, maps = 0, front = {}) => {
      const adapter = new KeyvRedis({ url, ...settings })
      closing.push(() => adapter.disconnect(true))
      const before = Array.from({ length: maps }, () => makeKeyv(new Map(), front))
      return { adapter, cache: makeCache([...before, makeKeyv(adapter, { namespace: 'n' })]) }
    }
    const startOwn = async () => {
      const own = await RedisServer.start()
      closing.push(() => own.kill())
      return own
    }
    const reconnecting = { disableOfflineQueue: true, socket: { reconnectStrategy: () => 20 } }

    it('is no miss when nothing listens there', async () => {
      const down = await RedisServer.reserve()
      const store = storeOf(open(down.url, { socket: { reconnectStrategy: false } }).cache)
      for (const operation of everything(store)) await expect(operation()).rejects.toMatchObject(failed)
    })

    it('is no miss when it dies in mid-run, and works again when it is back', async () => {
      const own = await startOwn()
      const store = storeOf(open(own.url, reconnecting).cache)
      await store.set('k', 'v')
      expect(await store.get('k')).toBe('v')
      await own.kill()
      for (const operation of everything(store)) await expect(operation()).rejects.toMatchObject(failed)
      await own.start()
      await expect.poll(() => store.get('k').catch(() => 'failed'), { timeout: 5000 }).toBeUndefined()
      await store.set('k', 'again')
      expect(await store.get('k')).toBe('again')
      expect(await store.delete('none')).toBe(false)
    })

    it('fails what it refuses: out of memory is no acknowledgement', async () => {
      const { cache, adapter } = open(server.url)
      const store = storeOf(cache)
      await store.set('good', 'x')
      const client = (await adapter.getClient()) as unknown as {
        configSet(name: string, value: string): Promise<string>
        pTTL(key: string): Promise<number>
        keys(pattern: string): Promise<string[]>
      }
      await client.configSet('maxmemory', '1')
      const full: unknown[] = []
      for (const run of [
        () => store.get('none'),
        () => store.set('more', 'x'),
        () => store.setMany([{ key: 'more', entry: 'x' }]),
        () => store.getMany(['none', 'good']),
        () => store.delete('none'),
      ])
        full.push(
          await run().then(
            () => 'fulfilled',
            () => 'rejected',
          ),
        )
      await client.configSet('maxmemory', '0')
      expect(full).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled', 'fulfilled'])

      await store.set('ten', 'x', { expiresAt: Date.now() + 10_000 })
      const left = await client.pTTL((await client.keys('*ten'))[0] ?? 'none')
      expect(left).toBeGreaterThan(5_000)
      expect(left).toBeLessThanOrEqual(10_000)
      await store.deleteMany(['good', 'ten'])
    })

    it('keeps operations waiting while it hangs, and a call no longer than storeTimeout', async () => {
      const own = await startOwn()
      const store = storeOf(open(own.url).cache)
      const cache = createAutocache({ store, namespace: 'test', ttl: '1m', storeTimeout: 50 })
      let runs = 0
      const look = cache.cached(async (id: string) => `${id}${runs++}`, { name: 'look', version: '1' })
      expect(await look('a')).toBe('a0')
      await cache.close()
      own.freeze()
      const failures: string[] = []
      cache.on('store-error', ({ error }) => failures.push(error.message))
      // Nobody thaws it before the calls have answered: what waited for Redis itself would wait for ever.
      expect([await look('a'), await look('b')]).toEqual(['a1', 'b2'])
      expect(failures[0]).toContain('within 50 ms')
      own.thaw()
      await cache.close()
      await expect.poll(() => look('b')).toMatch(/^b/)
    })

    it('R18 behind a Map of each process answers with nothing that one of them invalidated, whatever was named', async () => {
      for (const front of [{}, { ttl: 3_600_000 }]) {
        const world = { value: 0 }
        const namespace = randomUUID()
        const processes = [1, 2].map(() => {
          const { cache, adapter } = open(server.url, {}, 1, front)
          const store = storeOf(cache)
          const instance = createAutocache({ store, namespace, ttl: Infinity, storeTimeout: 5000 })
          const look = instance.cached(async (id: string) => `${id}${world.value}`, {
            ...{ name: 'look', version: '1', tags: ['looks'] },
          })
          return { adapter, instance, look }
        })
        const [one, other] = processes as [(typeof processes)[0], (typeof processes)[0]]
        const ends = [
          () => other.look.invalidate('a'),
          () => other.look.invalidateAll(),
          () => other.instance.invalidateTags('looks'),
        ]
        for (const [round, end] of ends.entries()) {
          world.value = round
          for (const { look, instance } of [one, other]) {
            expect(await look('a')).toBe(`a${round}`)
            await instance.close()
          }
          world.value = round + 1
          const client = (await one.adapter.getClient()) as unknown as Record<'get' | 'mGet', () => unknown>
          const [get, mGet] = [vi.spyOn(client, 'get'), vi.spyOn(client, 'mGet')]
          // A hit in memory: one reading of rows.
          expect(await one.look('a')).toBe(`a${round}`)
          expect([get.mock.calls.length, mGet.mock.calls.length]).toEqual([0, 1])
          vi.restoreAllMocks()
          await end()
          expect([await one.look('a'), await other.look('a')]).toEqual([`a${round + 1}`, `a${round + 1}`])
          await one.instance.close()
        }
      }
    })

    it('behind a Map fails no call: all is computed, because nobody says what was invalidated, and it is back when it is', async () => {
      const own = await startOwn()
      const { cache } = open(own.url, reconnecting, 1)
      const events: string[] = []
      const instance = createAutocache({ store: storeOf(cache), namespace: 'test', ttl: '1m' })
      instance.on('store-error', ({ operation }) => events.push(operation))
      let runs = 0
      const look = instance.cached(async (id: string) => `${id}${runs++}`, { name: 'look', version: '1' })
      /** Whether an entry that is made stays. */
      const hits = async () => {
        const before = await look('a')
        await instance.close()
        return before === (await look('a'))
      }
      await expect.poll(hits, { timeout: 5000 }).toBe(true)
      await own.kill()
      const ran = runs
      expect([await look('a'), await look('b'), await look('b')]).toEqual([`a${ran}`, `b${ran + 1}`, `b${ran + 2}`])
      await expect(look.invalidate('a')).rejects.toMatchObject({ code: 'STORE_FAILED' })
      expect(await look('a')).toBe(`a${ran + 3}`)
      expect(events).toContain('get')
      await own.start()
      await expect
        .poll(
          () =>
            look.invalidate('a').then(
              () => true,
              () => false,
            ),
          { timeout: 5000 },
        )
        .toBe(true)
      await expect.poll(hits, { timeout: 5000 }).toBe(true)
    })
  })
}
