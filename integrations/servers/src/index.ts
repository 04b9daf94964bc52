/** The servers of tests: those that answer already, by their URLs, and such as a test starts, starves and ends. */
export { answering, describeWith, mysqlUrl, postgresUrl, redisUrl } from './answering.ts'
export { describeWithOwnRedis, RedisServer, startCluster, until } from './redis-server.ts'
export { Way } from './way.ts'
