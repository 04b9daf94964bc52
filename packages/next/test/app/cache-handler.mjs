import { keyvStore } from '@autocache/keyv'
import { cacheHandler } from '@autocache/next/cache-handler'
import KeyvRedis from '@keyv/redis'
import Keyv from 'keyv'

const keyv = new Keyv(new KeyvRedis(process.env.HANDLER))
keyv.on('error', () => {})
export default cacheHandler({ store: keyvStore(keyv), namespace: process.env.NAMESPACE })
