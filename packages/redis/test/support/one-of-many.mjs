/**
 * One of several processes that call one function over one Redis. It makes so many calls of a key at once when it is told
 * to, says when the function runs here, and what the calls came to. Its runs wait for a second word where that is asked for.
 *
 * Arguments: the server, the client (`node-redis` or `ioredis`), whether with a subscriber, calls, length of a run in ms.
 */
import { createAutocache } from '@autocache/core'
import { redisStore } from '@autocache/redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'

const [url, make, heard, calls, length] = process.argv.slice(2)
const connect = async () => {
  if (make === 'ioredis') return new Redis(url).on('error', () => {})
  const client = createClient({ url }).on('error', () => {})
  await client.connect()
  return client
}
const client = await connect()
const subscriber = heard === 'heard' ? await connect() : undefined
const store = redisStore(subscriber ? { client, subscriber } : client)
const cache = createAutocache({
  store,
  namespace: 'many',
  version: '1',
  ttl: '1h',
  storeTimeout: '10s',
  lockWait: '10s',
})
const load = cache.cached(
  async (key) => {
    process.send({ runs: key })
    await new Promise((resolve) => setTimeout(resolve, Number(length)))
    process.send({ ran: key, at: Date.now() })
    return `${key} by ${process.pid}`
  },
  { name: 'load', tags: ['t'] },
)
const waiting = async (key) => {
  const values = await Promise.all(Array.from({ length: Number(calls) }, () => load(key)))
  process.send({ values: [...new Set(values)], calls: values.length, at: Date.now() })
}
process.on('message', (key) => {
  void waiting(key)
})
await load.peek('warm')
process.send({ ready: true })
