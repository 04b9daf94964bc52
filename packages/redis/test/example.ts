import { createAutocache } from '@autocache/core'
import { createClient } from 'redis'
import { redisStore } from '../src/index.ts'

const client = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' })
client.on('error', (error) => console.error('The cache:', error))
await client.connect()
const subscriber = await client
  .duplicate()
  .on('error', () => {})
  .connect()

const store = redisStore({ client, subscriber })
const cache = createAutocache({ store, namespace: 'shop', ttl: '10m' })

const quote = cache.cached(async (sku: string) => ({ sku, at: new Date() }), {
  name: 'quote',
  version: '1',
  tags: ['prices'],
})

const first = await quote('sku-1')
const second = await quote('sku-1')
console.log(second.at instanceof Date, second.at.getTime() === first.at.getTime())

await cache.invalidateTags('prices')
const third = await quote('sku-1')
console.log(third.at.getTime() > first.at.getTime())

await cache.close()
client.destroy()
subscriber.destroy()
