/**
 * A bus over Redis pub/sub, for `tieredStore`. Pub/sub loses what is sent while a connection is down and says nothing of it. So
 * every message has a number, counted by the server in the script that sends it, and every beat has the number of the
 * last message and the server's incarnation: who heard all messages up to it knows, and who did not is told of a gap.
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
  /** The channel, and the key of the counter; the same for all who share a far tier, and for nobody else. @default 'autocache:bus' */
  readonly channel?: string | undefined
}

const publishScript = `redis.call('PUBLISH', ARGV[1], redis.call('INCR', KEYS[1]) .. ' m ' .. ARGV[2])`

const beatScript = `local life = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') or '-'
redis.call('PUBLISH', ARGV[1], (redis.call('GET', KEYS[1]) or '0') .. ' b ' .. life .. ' ' .. ARGV[2])`

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
  const own = Math.random().toString(36).slice(2)
  let beats = 0

  async function run(script: string, text: string, operation: string): Promise<void> {
    const reason = driver.unavailable()
    if (reason !== undefined) throw refused(operation, reason)
    const [reply] = driver.send([{ key: channel, args: ['EVAL', script, '1', channel, channel, text] }])
    try {
      await reply
    } catch (error) {
      throw failed(operation, error)
    }
  }

  return {
    publish: (message) => run(publishScript, message, 'publish'),

    listen(hear, gap) {
      let last: number | undefined
      let life: string | undefined
      return signals.listen(channel, (message) => {
        const [number, kind, ...rest] = message.split(' ')
        const n = Number(number)
        if (kind === 'm') {
          if (last === undefined || n !== last + 1) gap()
          last = n
          hear(rest.join(' '))
        } else if (kind === 'b') {
          const [now, id] = rest
          if (n !== last || now !== life) gap()
          last = n
          life = now
          waiting.get(id!)?.resolve()
        }
      })
    },

    async beat() {
      const id = `${own}.${(beats += 1)}`
      const at = performance.now()
      for (const [late, one] of waiting) {
        if (at - one.at > patience) {
          waiting.delete(late)
          one.reject(refused('beat', 'The bus did not bring back its own beat.'))
        }
      }
      const heard = new Promise<void>((resolve, reject) => waiting.set(id, { at, resolve, reject }))
      try {
        await Promise.all([heard, run(beatScript, id, 'beat')])
      } finally {
        waiting.delete(id)
      }
    },
  }
}
