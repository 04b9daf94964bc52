import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import * as redis from 'redis'
import * as redis5 from 'redis5'
import type { RedisClientLike } from '../../src/index.ts'

/** A client that is connected, and what ends it. */
export interface Connected {
  readonly client: RedisClientLike
  close(): void
}

/** A make of client over one server. */
export interface Make {
  readonly name: string
  connect(port: number): Promise<Connected>
}

const quiet = <T extends { on(event: 'error', listener: () => void): unknown }>(client: T): T => {
  client.on('error', () => {})
  return client
}

function nodeRedis(version: 5 | 6): Make {
  const { createClient } = version === 5 ? (redis5 as unknown as typeof redis) : redis
  return {
    name: `node-redis ${version}`,
    async connect(port) {
      const client = quiet(createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: () => 50 } }))
      await client.connect()
      return { client, close: () => client.isOpen && client.destroy() }
    },
  }
}

function nodeRedisPool(version: 5 | 6): Make {
  const { createClientPool } = version === 5 ? (redis5 as unknown as typeof redis) : redis
  return {
    name: `a pool of node-redis ${version}`,
    async connect(port) {
      const pool = quiet(createClientPool({ url: `redis://127.0.0.1:${port}` }, { minimum: 2 }))
      await pool.connect()
      return { client: pool, close: () => pool.isOpen && pool.destroy() }
    },
  }
}

function ioredis(version: 5 | 6, settings: { keyPrefix?: string } = {}): Make {
  const Client = version === 5 ? (Redis5 as unknown as typeof Redis) : Redis
  return {
    name: `ioredis ${version}${settings.keyPrefix ? ' with a prefix of its own' : ''}`,
    async connect(port) {
      const client = quiet(new Client(port, '127.0.0.1', { retryStrategy: () => 50, ...settings }))
      return { client, close: () => client.disconnect() }
    },
  }
}

export const makes: readonly Make[] = [
  nodeRedis(6),
  nodeRedis(5),
  nodeRedisPool(6),
  nodeRedisPool(5),
  ioredis(6),
  ioredis(5),
  ioredis(6, { keyPrefix: 'app[1]:' }),
]

/** Clients of a cluster that one of its servers tells of. */
export const clusterMakes: readonly Make[] = [
  ...([6, 5] as const).map((version): Make => {
    const { createCluster } = version === 5 ? (redis5 as unknown as typeof redis) : redis
    return {
      name: `a cluster of node-redis ${version}`,
      async connect(port) {
        const cluster = quiet(createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }] }))
        await cluster.connect()
        return { client: cluster, close: () => cluster.isOpen && cluster.destroy() }
      },
    }
  }),
  ...([6, 5] as const).map((version): Make => {
    const Client = version === 5 ? (Cluster5 as unknown as typeof Cluster) : Cluster
    return {
      name: `a cluster of ioredis ${version}`,
      async connect(port) {
        const cluster = quiet(new Client([{ host: '127.0.0.1', port }], { keyPrefix: version === 6 ? '' : 'app:' }))
        return { client: cluster, close: () => cluster.disconnect() }
      },
    }
  }),
]

/** Clients that a Sentinel leads to the master `main`. */
export const sentinelMakes: readonly Make[] = [
  ...([6, 5] as const).map((version): Make => {
    const { createSentinel } = version === 5 ? (redis5 as unknown as typeof redis) : redis
    return {
      name: `node-redis ${version} with a Sentinel`,
      async connect(port) {
        const sentinel = quiet(createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port }] }))
        await sentinel.connect()
        return { client: sentinel, close: () => void sentinel.destroy() }
      },
    }
  }),
  {
    name: 'ioredis 6 with a Sentinel',
    async connect(port) {
      const client = quiet(new Redis({ sentinels: [{ host: '127.0.0.1', port }], name: 'main' }))
      return { client, close: () => client.disconnect() }
    },
  },
]
