export { type BusClients, type RedisBusOptions, redisBus } from './bus.ts'
export type { IoredisLike, NodeRedisLike, RedisClientLike } from './client.ts'
export {
  type RedisClients,
  type RedisStore,
  type RedisStoreOptions,
  type RedisWrite,
  redisStore,
} from './redis-store.ts'
export type { Failover } from './rows.ts'
