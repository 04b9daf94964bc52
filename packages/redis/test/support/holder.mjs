/**
 * One of several processes over one Redis, whose runs end when it is told. `{ call }` makes a call, `{ now }` says what the data is
 * from then on, `{ end }` lets all runs end, `{ tag }` invalidates, `{ close }` waits for what is under way. Argument: the server.
 */
import { createAutocache } from '@autocache/core'
import { redisStore } from '@autocache/redis'
import { createClient } from 'redis'

const client = createClient({ url: process.argv[2] }).on('error', () => {})
await client.connect()
const cache = createAutocache({
  store: redisStore(client),
  namespace: 'holder',
  version: '1',
  ttl: '1h',
  storeTimeout: '10s',
  lockWait: '30s',
})
let now = 1
const ends = []
const load = cache.cached(
  async (key) => {
    const read = now
    process.send({ runs: key, read })
    await new Promise((resolve) => ends.push(resolve))
    return `${key} of ${read}`
  },
  { name: 'load', tags: ['t'] },
)
process.on('message', async (order) => {
  if (order.now !== undefined) now = order.now
  if (order.end) for (const end of ends.splice(0)) end()
  if (order.call !== undefined) process.send({ value: await load(order.call) })
  if (order.tag) process.send({ ended: await cache.invalidateTags(order.tag).then(() => true) })
  if (order.close) process.send({ closed: await cache.close().then(() => true) })
})
process.send({ ready: true })
