import { createAutocache } from '@autocache/core'
import KeyvRedis from '@keyv/redis'
import { createCache } from 'cache-manager'
import { Keyv } from 'keyv'
import { cacheManagerStore } from '../../src/index.ts'

const manager = createCache({ stores: [new Keyv({ store: new KeyvRedis(process.env.REDIS_URL) })] })
const cache = createAutocache({ store: cacheManagerStore(manager), namespace: 'shop', ttl: '10m' })

const quote = cache.cached(async (sku: string) => ({ sku, at: new Date() }), { name: 'quote', version: '1' })

const first = await quote('sku-1')
const second = await quote('sku-1')
console.log(second.at instanceof Date, second.at.getTime() === first.at.getTime())

await quote.invalidate('sku-1')
await manager.disconnect()
