/** The servers of tests: those that answer already, by their URLs, and such as a test starts, starves and ends. */
export { answering, describeWith, describeWithOwnRedis, mysqlUrl, postgresUrl, redisUrl } from './answering.ts'
export { RedisServer, startCluster, until } from './redis-server.ts'
export { Way } from './way.ts'
