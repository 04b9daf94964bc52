import { setTimeout } from 'node:timers/promises'
import { memoryStore, type Store } from '@autocache/core'
import { keyvStore } from '@autocache/keyv'
import KeyvRedis from '@keyv/redis'
import { Logger } from '@nestjs/common'
import { Keyv } from 'keyv'

/** Redis through Keyv, or the memory of this process. */
export async function openStore(redisUrl: string | undefined): Promise<Store> {
  return redisUrl === undefined ? memoryStore() : keyvStore(await openKeyv(redisUrl))
}

/** A Keyv over Redis, connected where Redis is up. */
export async function openKeyv(redisUrl: string, namespace?: string): Promise<Keyv> {
  const socket = { connectTimeout: 1000, reconnectStrategy: (tries: number) => Math.min(50 * 2 ** tries, 2000) }
  const redis = new KeyvRedis({ url: redisUrl, socket, disableOfflineQueue: true }, { throwOnConnectError: false })
  const keyv = new Keyv(redis, namespace === undefined ? { useKeyPrefix: false } : { namespace })
  const log = new Logger('Redis')
  let told = ''
  keyv.on('error', (error: Error) => {
    if (error.message !== told) log.warn((told = error.message))
  })
  // So that the first requests find it connected; where it is down the application starts all the same.
  await Promise.race([redis.getClient().catch(() => {}), setTimeout(1000, undefined, { ref: false })])
  return keyv
}
