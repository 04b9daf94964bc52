/** One store for all builds of this program: Redis where REDIS_URL says so, else a Map. */
import { createAutocache } from '@autocache/core'
import { keyvStore } from '@autocache/keyv'
import KeyvRedis from '@keyv/redis'
import { Keyv } from 'keyv'

const url = process.env.REDIS_URL
const redis = url ? new KeyvRedis(url, { namespace: process.env.SHOP_NAMESPACE ?? 'shop' }) : undefined

export const cache = createAutocache({
  store: keyvStore(redis ? new Keyv({ store: redis }) : new Keyv()),
  namespace: process.env.SHOP_NAMESPACE ?? 'shop',
  enabled: process.env.SHOP_CACHE !== 'off',
  ttl: '10m',
  storeTimeout: '10s',
})
export const { cached } = cache

export const close = async (): Promise<void> => {
  await cache.close()
  await redis?.disconnect()
}
