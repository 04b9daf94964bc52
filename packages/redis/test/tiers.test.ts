import { createAutocache, memoryStore, tieredStore } from '@autocache/core'
import { describeWithOwnRedis, RedisServer, startCluster, until, Way } from 'servers'
import { afterEach, expect, it } from 'vitest'
import { redisBus, redisStore } from '../src/index.ts'
import { clusterMakes, type Make, makes } from './support/clients.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
const own = (server: RedisServer) => {
  closing.push(() => server.end())
  return server
}

const heartbeat = 300
const state = { now: 1 }

/** A process with memory of its own, over a server for its entries and a way to it for its subscriber. */
async function process(make: Make, port: number, heardAt = port) {
  const [{ client, close }, heard] = await Promise.all([make.connect(port), make.connect(heardAt)])
  closing.unshift(close, heard.close)
  const clients = { client, subscriber: heard.client }
  const store = tieredStore([memoryStore(), redisStore(clients)], { bus: redisBus(clients), heartbeat })
  const cache = createAutocache({ store, namespace: 'tiers', version: '1', ttl: '1h', storeTimeout: 2000 })
  const load = cache.cached(async (id: number) => `${id} of ${state.now}`, { name: 'load', tags: ['t'] })
  /** Calls until the bus has beaten, so that what is kept here is believed. */
  const warm = async () => {
    for (let n = 0; n < 6; n++) {
      await load(1)
      await cache.close()
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  return { cache, load, warm, store }
}

/**
 * How long a process goes on answering with what another has invalidated, in milliseconds: when the last call began that got it, by
 * the clock of who asks, so that a busy machine adds nothing.
 */
async function behind(one: Awaited<ReturnType<typeof process>>, other: Awaited<ReturnType<typeof process>>) {
  state.now += 1
  await other.cache.invalidateTags('t')
  const ended = performance.now()
  expect(await other.load(1)).toBe(`1 of ${state.now}`)
  for (let last = 0; ; ) {
    const began = performance.now()
    if ((await one.load(1)) === `1 of ${state.now}`) return last
    last = began - ended
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describeWithOwnRedis()('R22 tiers over a bus of Redis', { timeout: 60_000 }, () => {
  for (const make of [makes[0]!, makes[1]!, makes[4]!, makes[5]!, makes[6]!]) {
    it(`hits ask nobody, and invalidations reach every process, with ${make.name}`, async () => {
      const server = own(await RedisServer.start())
      const [one, two] = await Promise.all([process(make, server.port), process(make, server.port)])
      await one.warm()
      await two.warm()
      const reads = async () => Number(/cmdstat_mget:calls=(\d+)/.exec(await server.ask('INFO commandstats'))?.[1])
      const before = await reads()
      for (let n = 0; n < 100; n++) await one.load(1)
      expect((await reads()) - before).toBeLessThan(5)
      for (let round = 0; round < 5; round++) {
        expect(await behind(one, two)).toBeLessThan(heartbeat)
        expect(await behind(two, one)).toBeLessThan(heartbeat)
      }
    })
  }

  it('of a cluster', async () => {
    const servers = (await startCluster(3)).map(own)
    const make = clusterMakes[0]!
    const [one, two] = await Promise.all([0, 1].map((at) => process(make, servers[at]!.port)))
    await one!.warm()
    await two!.warm()
    for (let round = 0; round < 3; round++) expect(await behind(one!, two!)).toBeLessThan(heartbeat)
  })

  for (const make of [makes[0]!, makes[4]!]) {
    it(`a subscriber that is cut off or half-open is noticed within the heartbeat, with ${make.name}`, async () => {
      const server = own(await RedisServer.start())
      const way = await Way.to(server.port)
      closing.push(() => way.close())
      const port = Number(new URL(way.url).port)
      const [one, two] = await Promise.all([process(make, server.port, port), process(make, server.port)])
      await one.warm()
      await two.warm()
      way.mode = 'swallow'
      expect(await behind(one, two)).toBeLessThan(heartbeat)
      way.cut()
      way.mode = 'pass'
      await one.warm()
      expect(await behind(one, two)).toBeLessThan(heartbeat)
      // A message that falls between two connections shows at the next beat.
      for (let round = 0; round < 3; round++) {
        await one.warm()
        way.cut()
        expect(await behind(one, two)).toBeLessThan(heartbeat)
      }
    })
  }

  it('a server that comes back with what it had before an invalidation is a gap', async () => {
    const server = own(await RedisServer.start())
    const [one, two] = await Promise.all([process(makes[4]!, server.port), process(makes[4]!, server.port)])
    await one.warm()
    await two.warm()
    await server.ask('SAVE')
    state.now += 1
    await two.cache.invalidateTags('t')
    await server.kill()
    await server.start()
    await until(async () => (await one.load(1)) === `1 of ${state.now}`)
    await until(async () => (await two.load(1)) === `1 of ${state.now}`)
    for (let n = 0; n < 20; n++) {
      await one.warm()
      expect(await one.load(1)).toBe(`1 of ${state.now}`)
      expect(await two.load(1)).toBe(`1 of ${state.now}`)
    }
  })

  it('a counter of messages that was evicted shows none that was lost as one that was heard', async () => {
    const server = own(await RedisServer.start())
    const way = await Way.to(server.port)
    closing.push(() => way.close())
    const make = makes[4]!
    const [sender, hearer] = await Promise.all([make.connect(server.port), make.connect(Number(new URL(way.url).port))])
    closing.unshift(sender.close, hearer.close)
    const bus = redisBus({ client: sender.client, subscriber: hearer.client })
    const heard: string[] = []
    closing.unshift(
      bus.listen(
        (message) => heard.push(message),
        () => heard.push('gap'),
      ),
    )
    await until(async () => (await server.ask('PUBSUB CHANNELS')).startsWith('*2'))
    await server.ask('SET autocache:bus 0')
    await bus.publish('first')
    await bus.beat()
    heard.length = 0
    await bus.beat()
    expect(heard).toEqual([])
    way.mode = 'swallow'
    await server.ask('DEL autocache:bus')
    for (const lost of ['one', 'two']) await bus.publish(lost)
    way.cut()
    way.mode = 'pass'
    await until(async () => (await server.ask('PUBSUB CHANNELS')).startsWith('*2'))
    await bus.beat()
    expect(heard).toContain('gap')
    expect(heard).not.toContain('one')
  })

  it('a beat is heard by who asked for it, and by nobody else', async () => {
    const server = own(await RedisServer.start())
    const pairs = await Promise.all([0, 1].map(() => Promise.all([0, 1].map(() => makes[0]!.connect(server.port)))))
    const buses = pairs.map(([client, subscriber]) => {
      closing.unshift(client!.close, subscriber!.close)
      const bus = redisBus({ client: client!.client, subscriber: subscriber!.client })
      closing.unshift(
        bus.listen(
          () => {},
          () => {},
        ),
      )
      return bus
    })
    await until(async () => (await server.ask('PUBSUB CHANNELS')).startsWith('*3'))
    const watched = await makes[4]!.connect(server.port)
    closing.unshift(watched.close)
    const told: string[] = []
    const watcher = watched.client as unknown as {
      psubscribe(pattern: string): Promise<unknown>
      on(event: string, hear: (pattern: string, channel: string) => unknown): unknown
    }
    await watcher.psubscribe('autocache:bus*')
    watcher.on('pmessage', (_pattern, channel) => told.push(channel))
    for (let n = 0; n < 3; n++) await buses[0]!.beat()
    await buses[1]!.beat()
    await until(() => told.length === 4)
    expect(new Set(told.slice(0, 3)).size).toBe(1)
    expect(told[3]).not.toBe(told[0])
    for (const channel of new Set(told))
      expect(await server.ask(`PUBSUB NUMSUB ${channel}`)).toContain(`${channel}\r\n:1\r\n`)
    expect((await server.ask('PUBSUB NUMSUB autocache:bus')).includes(':2')).toBe(true)
  })
})
