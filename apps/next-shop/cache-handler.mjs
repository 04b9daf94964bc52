import { keyvStore } from '@autocache/keyv'
import { cacheHandler } from '@autocache/next/cache-handler'
import KeyvRedis from '@keyv/redis'
import Keyv from 'keyv'

const keyv = new Keyv(new KeyvRedis(process.env.REDIS_URL))
keyv.on('error', (error) => console.warn(`Redis: ${error.message}`))
export default cacheHandler({ store: keyvStore(keyv), namespace: 'next-shop' })
