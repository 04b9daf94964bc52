import { createAutocache, memoryStore, tieredStore } from '@autocache/core'
import fc from 'fast-check'
import { describeWithOwnRedis, RedisServer, until } from 'servers'
import { afterEach, expect, it } from 'vitest'
import { type IoredisLike, redisBus, redisStore } from '../src/index.ts'
import { type Make, makes } from './support/clients.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function server() {
  const own = await RedisServer.start()
  closing.push(() => own.end())
  return own
}

async function pair(make: Make, port: number) {
  const [client, subscriber] = await Promise.all([make.connect(port), make.connect(port)])
  closing.unshift(client!.close, subscriber!.close)
  return { client: client!.client, subscriber: subscriber!.client }
}

const heard = async (server: RedisServer, channel: string, count: number) =>
  until(async () => (await server.ask(`PUBSUB NUMSUB ${channel}`)).endsWith(`:${count}\r\n`))

const heartbeat = 300

describeWithOwnRedis()('R22 what is on the channel of a bus', { timeout: 60_000 }, () => {
  for (const make of [makes[0]!, makes[4]!]) {
    it(`of two buses of one subscriber each hears until it leaves, with ${make.name}`, async () => {
      const one = await server()
      const clients = await pair(make, one.port)
      const told: string[] = []
      const [leaves, stays] = ['leaves', 'stays'].map((name) =>
        redisBus(clients).listen(
          (message) => told.push(`${name} ${message}`),
          () => {},
        ),
      )
      await heard(one, 'autocache:bus', 1)
      const bus = redisBus(clients)
      await bus.publish('first')
      await until(() => told.length === 2)
      leaves!()
      await bus.publish('second')
      await until(() => told.includes('stays second'))
      expect(told).not.toContain('leaves second')
      stays!()
      await heard(one, 'autocache:bus', 0)
    })

    it(`nothing that anybody says there is believed for longer than the heartbeat, nor ends the program, with ${make.name}`, async () => {
      const one = await server()
      const clients = await Promise.all([0, 1].map(() => pair(make, one.port)))
      let now = 1
      const [asked, ends] = clients.map((own) => {
        const store = tieredStore([memoryStore(), redisStore(own)], { bus: redisBus(own), heartbeat })
        const cache = createAutocache({ store, namespace: 'bus', version: '1', ttl: '1h', storeTimeout: '10s' })
        closing.unshift(() => cache.close())
        return { cache, load: cache.cached(async (id: number) => `${id} of ${now}`, { name: 'load', tags: ['t'] }) }
      })
      const stranger = await makes[4]!.connect(one.port)
      closing.unshift(stranger.close)
      const say = (channel: string, message: string) =>
        (stranger.client as IoredisLike).call('PUBLISH', channel, message)
      const reads = async () => Number(/cmdstat_mget:calls=(\d+)/.exec(await one.ask('INFO commandstats'))?.[1] ?? 0)
      const channels = async () =>
        (await one.ask('PUBSUB CHANNELS autocache:bus*'))
          .split('\r\n')
          .filter((line) => line.startsWith('autocache:bus'))
      const last = async () =>
        Number(/\d+/.exec((await one.ask('GET autocache:bus')).split('\r\n')[1] ?? '0')?.[0] ?? 0)
      const message = fc.oneof(
        // What was said before: again, out of order, or of a number that nobody had.
        fc.record({ by: fc.integer({ min: -3, max: 3 }), text: fc.string() }),
        fc.record({
          text: fc.oneof(
            fc.string({ unit: 'binary' }),
            fc.constantFrom('', ' ', 'NaN x', 'Infinity x', '-1 ', '1e309 y', `1 ${'x'.repeat(100_000)}`),
          ),
        }),
      )
      await fc.assert(
        fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 20 }), async (messages) => {
          await asked!.load(1)
          for (const { text, ...rest } of messages) {
            const number = 'by' in rest ? `${(await last()) + rest.by} ` : ''
            for (const channel of await channels()) await say(channel, number + text)
          }
          now += 1
          await ends!.cache.invalidateTags('t')
          const acknowledged = performance.now()
          for (;;) {
            const began = performance.now()
            const answer = await asked!.load(1)
            if (answer === `1 of ${now}`) break
            expect(began - acknowledged).toBeLessThan(heartbeat)
            await new Promise((resolve) => setImmediate(resolve))
          }
        }),
        { numRuns: 25 },
      )
      // What is there now answers from memory again, when nobody disturbs.
      await until(async () => {
        const before = await reads()
        await asked!.load(1)
        return (await reads()) === before
      })
    })
  }

  it('what another namespace tells there ends nothing here, and costs no read', async () => {
    const one = await server()
    const clients = await pair(makes[4]!, one.port)
    const bus = redisBus(clients)
    const told: string[] = []
    closing.unshift(
      bus.listen(
        (message) => told.push(message),
        () => told.push('gap'),
      ),
    )
    await heard(one, 'autocache:bus', 1)
    await bus.publish('first')
    await until(() => told.includes('first'))
    await bus.beat()
    told.length = 0
    const other = redisBus(await pair(makes[0]!, one.port))
    await other.publish('of another namespace')
    await until(() => told.length === 1)
    await bus.beat()
    expect(told).toEqual(['of another namespace'])
  })
})
