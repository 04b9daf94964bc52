/**
 * A bus over Redis pub/sub, for `tieredStore`. Pub/sub loses what is sent while a connection is down and says nothing of it. So
 * every message has a number, counted by the server in the script that sends it, and every beat has the number of the
 * last message and the server's incarnation: who heard all messages up to it knows, and who did not is told of a gap.
 *
 * A beat goes to who asked for it alone, on a channel of his own, so that a thousand processes are a thousand beats and not a
 * million. That it is heard on another channel than the messages does not matter: the number says whether one is missing.
 */

import { AutocacheError, type Bus } from '@autocache/core'
import { driverOf, type RedisClientLike } from './client.ts'
import { failed, refused } from './explain.ts'
import { signalsOf } from './signals.ts'

/** The clients of a bus: one that sends, and one that subscribes. */
export interface BusClients {
  readonly client: RedisClientLike
  readonly subscriber: RedisClientLike
}

/** What `redisBus` can be told. */
export interface RedisBusOptions {
  /** The channel, the beginning of the channels of beats, and the key of the counter; the same for all who share a far tier, and for nobody else. @default 'autocache:bus' */
  readonly channel?: string | undefined
}

/** A counter that was evicted or flushed begins at the server's time, so that no number comes twice. */
const publishScript = `local n = redis.call('INCR', KEYS[1])
if n == 1 then
  local now = redis.call('TIME')
  n = now[1] * 1000 + math.floor(now[2] / 1000)
  redis.call('SET', KEYS[1], n)
end
redis.call('PUBLISH', ARGV[1], n .. ' ' .. ARGV[2])`

const beatScript = `local life = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') or '-'
redis.call('PUBLISH', ARGV[1], (redis.call('GET', KEYS[1]) or '0') .. ' ' .. life .. ' ' .. ARGV[2])`

/** How long a beat may take, in milliseconds; one that takes longer is given up when the next but some is sent. */
const patience = 5000

/**
 * A bus for `tieredStore` over Redis pub/sub.
 * @throws AutocacheError with code `INVALID_OPTION` where a client is none.
 * @example
 * ```ts
 * import { createAutocache, memoryStore, tieredStore } from '@autocache/core'
 * import { redisBus, redisStore } from '@autocache/redis'
 * import { createClient } from 'redis'
 *
 * const client = await createClient({ url: process.env.REDIS_URL }).on('error', () => {}).connect()
 * const subscriber = await client.duplicate().on('error', () => {}).connect()
 * const clients = { client, subscriber }
 * const store = tieredStore([memoryStore({ max: 10_000 }), redisStore(clients)], { bus: redisBus(clients) })
 * const cache = createAutocache({ store, namespace: 'example', ttl: '10m' })
 * store.lifetime // 'shared'
 * await cache.close()
 * client.destroy()
 * subscriber.destroy()
 * ```
 */
export function redisBus({ client, subscriber }: BusClients, { channel = 'autocache:bus' }: RedisBusOptions = {}): Bus {
  if (typeof channel !== 'string' || channel === '')
    throw new AutocacheError('INVALID_OPTION', 'The channel of a redisBus() is a text that is not empty.')
  const driver = driverOf(client)
  const signals = signalsOf(subscriber)
  const waiting = new Map<string, { readonly at: number; resolve(): void; reject(error: unknown): void }>()
  const own = `${channel}:${crypto.randomUUID()}`
  let beats = 0

  async function run(script: string, to: string, text: string, operation: string): Promise<void> {
    const reason = driver.unavailable()
    if (reason !== undefined) throw refused(operation, reason)
    const [reply] = driver.send([{ key: channel, args: ['EVAL', script, '1', channel, to, text] }])
    try {
      await reply
    } catch (error) {
      throw failed(operation, error)
    }
  }

  return {
    publish: (message) => run(publishScript, channel, message, 'publish'),

    listen(hear, gap) {
      let last: number | undefined
      let life: string | undefined
      const ends = [
        signals.listen(channel, (message) => {
          const [number, ...rest] = message.split(' ')
          const n = Number(number)
          if (last === undefined || n !== last + 1) gap()
          last = n
          hear(rest.join(' '))
        }),
        signals.listen(own, (message) => {
          const [number, now, id] = message.split(' ')
          const n = Number(number)
          if (n !== last || now !== life) gap()
          last = n
          life = now
          waiting.get(id!)?.resolve()
        }),
      ]
      return () => {
        for (const end of ends) end()
      }
    },

    async beat() {
      const id = `${(beats += 1)}`
      const at = performance.now()
      for (const [late, one] of waiting) {
        if (at - one.at > patience) {
          waiting.delete(late)
          one.reject(refused('beat', 'The bus did not bring back its own beat.'))
        }
      }
      const heard = new Promise<void>((resolve, reject) => waiting.set(id, { at, resolve, reject }))
      try {
        await Promise.all([heard, run(beatScript, own, id, 'beat')])
      } finally {
        waiting.delete(id)
      }
    },
  }
}
