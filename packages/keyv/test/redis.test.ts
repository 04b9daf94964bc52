import KeyvRedis, { createKeyv, createKeyvNonBlocking } from '@keyv/redis'
import KeyvValkey from '@keyv/valkey'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { describeWith, describeWithOwnRedis, RedisServer, redisUrl } from 'servers'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type KeyvLike, keyvStore } from '../src/index.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A server that is killed after the test, whatever became of that. */
async function startOwn() {
  const own = await RedisServer.start()
  closing.push(() => own.kill())
  return own
}

/** A Keyv over `adapter` that is closed after the test. */
function open<TKeyv extends { on(event: string, listener: () => void): unknown }>(
  keyv: TKeyv,
  adapter: KeyvRedis<unknown>,
) {
  keyv.on('error', () => {})
  closing.push(() => adapter.disconnect(true))
  return keyv
}

const makers = [
  {
    title: 'Keyv 5',
    make: (adapter: object, namespace: string): KeyvLike & Keyv => new Keyv({ store: adapter, namespace }),
  },
  {
    title: 'Keyv 6',
    make: (adapter: object, namespace: string) =>
      new Keyv6({ store: adapter, namespace }) as unknown as KeyvLike & Keyv,
  },
]

const describeServer = await describeWith(redisUrl)
describeServer('entries in Redis', () => {
  const namespace = `autocache_${process.pid}_${Date.now().toString(36)}`

  for (const { title, make } of makers) {
    it(`expire in the server itself: PTTL shows the ttl (${title})`, async () => {
      const adapter = new KeyvRedis(redisUrl)
      const keyv = open(make(adapter, namespace), adapter)
      const store = keyvStore(keyv)
      const client = (await adapter.getClient()) as unknown as {
        keys(p: string): Promise<string[]>
        pTTL(k: string): Promise<number>
      }
      const pttl = async (key: string) => client.pTTL((await client.keys(`${namespace}::*${key}`))[0] ?? 'none')
      closing.unshift(() => adapter.clear())

      await store.set('ten', 'x', { expiresAt: Date.now() + 10_000 })
      expect(await pttl('ten')).toBeGreaterThan(9_000)
      expect(await pttl('ten')).toBeLessThanOrEqual(10_000)
      await store.setMany([
        { key: 'twenty', entry: 'x', context: { expiresAt: Date.now() + 20_000.5 } },
        { key: 'ever', entry: 'x' },
      ])
      expect(await pttl('twenty')).toBeGreaterThan(19_000)
      expect(await pttl('twenty')).toBeLessThanOrEqual(20_001)
      expect(await pttl('ever')).toBe(-1)
      await store.set('past', 'x', { expiresAt: Date.now() - 5_000 })
      await new Promise((resolve) => setTimeout(resolve, 10))
      expect(await pttl('past')).toBe(-2)

      keyv.ttl = 5_000
      await store.set('default', 'x')
      expect(await pttl('default')).toBeGreaterThan(4_000)
      expect(await pttl('default')).toBeLessThanOrEqual(5_000)
    })
  }

  it('work through createKeyv, with and without a namespace', async () => {
    for (const options of [undefined, { namespace }]) {
      const keyv = createKeyv(redisUrl, options)
      open(keyv, keyv.store)
      const store = keyvStore(keyv)
      const key = `${namespace}:created`
      await store.set(key, 'x', { expiresAt: Date.now() + 10_000 })
      expect(await store.getMany([key, `${key}:absent`])).toEqual(['x', undefined])
      expect(store.maxKeyBytes).toBe(options === undefined ? 250 : 250 - `${namespace}::`.length)
      const listed: string[] = []
      for await (const one of store.keys?.(key) ?? []) listed.push(one)
      expect(listed).toEqual([key])
      expect(await store.delete(key)).toBe(true)
    }
  })

  it('work through @keyv/valkey, whose deleteMany keeps failures to itself', async () => {
    const adapter = new KeyvValkey(redisUrl)
    const keyv = new Keyv({ store: adapter, namespace })
    keyv.on('error', () => {})
    const store = keyvStore(keyv)
    await store.setMany([
      { key: 'a', entry: 'A', context: { expiresAt: Date.now() + 10_000 } },
      { key: 'b', entry: 'B' },
    ])
    expect(await store.getMany(['b', 'none', 'a'])).toEqual(['B', undefined, 'A'])
    await store.deleteMany(['a', 'none'])
    expect(await store.getMany(['a', 'b'])).toEqual([undefined, 'B'])
    expect(await store.delete('b')).toBe(true)
    await adapter.clear()
    adapter.redis.disconnect()
    adapter.redis.options.enableOfflineQueue = false
    await expect(store.deleteMany(['a', 'b'])).rejects.toMatchObject({ code: 'STORE_FAILED' })
    await expect(store.get('a')).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })
})

const describeOwn = describeWithOwnRedis()
describeOwn('a Redis that fails', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.kill())

  const failed = { code: 'STORE_FAILED', store: expect.any(String), cause: expect.anything() }
  const everything = (store: ReturnType<typeof keyvStore>) => [
    () => store.get('k'),
    () => store.set('k', 'v'),
    () => store.delete('k'),
    () => store.getMany(['k', 'l']),
    () => store.setMany([{ key: 'k', entry: 'v' }]),
    () => store.deleteMany(['k', 'l']),
  ]
  const noReconnect = (url: string) => ({ url, socket: { reconnectStrategy: false as const } })

  for (const { title, make } of makers) {
    it(`is no miss when nothing listens there (${title})`, async () => {
      const down = await RedisServer.reserve()
      for (const options of [{}, { throwOnConnectError: false }, { throwOnErrors: true }, { connectionTimeout: 100 }]) {
        const adapter = new KeyvRedis(noReconnect(down.url), options)
        const store = keyvStore(open(make(adapter, 'n'), adapter))
        for (const operation of everything(store)) await expect(operation()).rejects.toMatchObject(failed)
      }
    })

    it(`is no miss when it dies in mid-run, and works again when it is back (${title})`, async () => {
      const own = await startOwn()
      const adapter = new KeyvRedis({
        url: own.url,
        disableOfflineQueue: true,
        socket: { reconnectStrategy: () => 20 },
      })
      const store = keyvStore(open(make(adapter, 'n'), adapter))
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

    it(`is no miss when it dies while it is asked (${title})`, async () => {
      const own = await startOwn()
      const adapter = new KeyvRedis(noReconnect(own.url))
      const store = keyvStore(open(make(adapter, 'n'), adapter))
      await store.set('k', 'v')
      own.freeze()
      const asked = everything(store).map((operation) => operation())
      const settled = Promise.allSettled(asked)
      await new Promise((resolve) => setTimeout(resolve, 50))
      await own.kill()
      expect((await settled).map(({ status }) => status)).toEqual(asked.map(() => 'rejected'))
    })

    it(`keeps operations waiting while it hangs, and answers them truthfully after (${title})`, async () => {
      const adapter = new KeyvRedis(server.url)
      const store = keyvStore(open(make(adapter, `hang ${title}`), adapter))
      await store.set('k', 'v')
      server.freeze()
      const reads = Promise.all([store.get('k'), store.get('none'), store.delete('none')])
      const first = await Promise.race([reads, new Promise((resolve) => setTimeout(resolve, 100, 'waiting'))])
      expect(first).toBe('waiting')
      server.thaw()
      expect(await reads).toEqual(['v', undefined, false])
    })

    it(`fails what it refuses and nothing beside it: WRONGTYPE, out of memory (${title})`, async () => {
      const adapter = new KeyvRedis(server.url)
      const namespace = `refuses ${title}`
      const store = keyvStore(open(make(adapter, namespace), adapter))
      await store.set('good', 'x')
      const client = (await adapter.getClient()) as unknown as {
        keys(pattern: string): Promise<string[]>
        lPush(key: string, value: string): Promise<number>
        configSet(name: string, value: string): Promise<string>
      }
      const [place = ''] = await client.keys(`${namespace}*good`)
      await client.lPush(place.replace('good', 'list'), 'an item')
      const settled = await Promise.allSettled([
        store.get('none'),
        store.get('list'),
        store.get('good'),
        store.delete('none'),
      ])
      expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])

      await client.configSet('maxmemory', '1')
      const full = await Promise.allSettled([
        store.get('none'),
        store.set('more', 'x'),
        store.setMany([{ key: 'more', entry: 'x' }]),
        store.getMany(['none', 'good']),
        store.delete('none'),
      ])
      await client.configSet('maxmemory', '0')
      expect(full.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled', 'fulfilled'])
    })
  }

  it('is no miss through createKeyvNonBlocking, which tells Keyv to throw nothing', async () => {
    const own = await startOwn()
    const keyv = createKeyvNonBlocking(own.url)
    open(keyv, keyv.store)
    const store = keyvStore(keyv)
    await store.set('k', 'v')
    expect(await store.get('k')).toBe('v')
    expect(await store.get('none')).toBeUndefined()
    await own.kill()
    for (const operation of everything(store)) await expect(operation()).rejects.toMatchObject(failed)
  })
})
