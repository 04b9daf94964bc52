/**
 * The user's client, whichever it is: node-redis 5 and 6 (`createClient`, `createClientPool`, `createSentinel`,
 * `createCluster`) and ioredis 5 and 6 (`Redis`, also with sentinels, and `Cluster`). It is recognised by what it can do and
 * never by its class, because several copies may be loaded. Nothing of it is changed and nothing listens to it.
 */

import { AutocacheError } from '@autocache/core'
import { slotOf } from './slots.ts'

/** A node-redis client, pool, Sentinel or cluster, by what is used of it. */
export interface NodeRedisLike {
  readonly isOpen: boolean
  readonly isReady?: boolean
  sendCommand(...args: any[]): Promise<any>
}

/** An ioredis client or cluster, by what is used of it. */
export interface IoredisLike {
  readonly status: string
  call(command: string, ...args: any[]): Promise<any>
}

/** A client of the user's. */
export type RedisClientLike = NodeRedisLike | IoredisLike

/** What is sent: the words of a command, and the key that says where, in a cluster. */
export interface Command {
  readonly args: readonly string[]
  readonly key: string
}

/** A client, as the store uses it. */
export interface Driver {
  /** `line`: commands arrive in the order in which they are sent. `lines`: one server, several connections. */
  readonly kind: 'line' | 'lines' | 'cluster'
  /** What the client itself puts before keys. */
  readonly keyPrefix: string
  /** Sends commands; each answers for itself. */
  send(commands: readonly Command[]): readonly Promise<unknown>[]
  /** The node of a key, as a name; `''` where there is one. */
  nodeOf(key: string): string
  /** The masters of a cluster, or the one server, each as something to send to. */
  masters(): readonly ((args: readonly string[]) => Promise<unknown>)[]
  /** Why nothing should be sent now, in words, if so. */
  unavailable(): string | undefined
}

/** How long a cluster is not asked again who its masters are, in milliseconds. */
const pause = 250

type Members = Record<PropertyKey, any>

const closed =
  'The client is closed, or was never connected (what connect() rejected with says why). Connect it before the first call, and close it after the last.'
const away = 'The client has lost its connection and is reconnecting.'

const invalid = (message: string) => new AutocacheError('INVALID_OPTION', message)
const replicas = (option: string) =>
  invalid(
    `redisStore() was given a client that reads from replicas (\`${option}\`). A replica lags, so that it can answer with ` +
      'what was invalidated; give it a client that reads from masters.',
  )

/** Whether something is a client of node-redis. */
function isNodeRedis(client: unknown): client is NodeRedisLike {
  const members = client as Members | null
  return typeof members === 'object' && typeof members?.sendCommand === 'function' && 'isOpen' in members
}

/** Whether something is a client of ioredis. */
export function isIoredis(client: unknown): client is IoredisLike {
  const members = client as Members | null
  return typeof members === 'object' && typeof members?.call === 'function' && typeof members.status === 'string'
}

/** Whether something is a client of either. */
export function isClient(client: unknown): client is RedisClientLike {
  return isIoredis(client) || isNodeRedis(client)
}

/** The driver of a client. @throws AutocacheError where it is none, or one that reads from replicas */
export function driverOf(client: RedisClientLike): Driver {
  if (isIoredis(client)) return ioredisDriver(client)
  if (isNodeRedis(client)) return nodeRedisDriver(client)
  throw invalid(
    'redisStore() takes a client of node-redis (5 or 6) or ioredis (5 or 6), or { client, subscriber }: ' +
      'redisStore(await createClient().connect()), redisStore(new Redis()).',
  )
}

/** Replies as text, whatever the client is set to map them to. */
const asText = { typeMapping: {} }

function nodeRedisDriver(client: NodeRedisLike): Driver {
  const members = client as Members
  const isCluster = Array.isArray(members.masters) || typeof members.nodeClient === 'function'
  const isSentinel = !isCluster && typeof members.getSentinelNode === 'function'
  const isPool = !isCluster && !isSentinel && typeof members.execute === 'function' && 'idleClients' in members
  const options = (members._options ?? members.options ?? {}) as Members
  if (isCluster && options.useReplicas === true) throw replicas('useReplicas')
  let wasReady = false
  let askedAt = -Infinity
  /**
   * Version 5 goes on connecting to a master that is gone, and asks nobody for the new one until some other node says that
   * a key has moved. So it is made to ask, as it does then, and what would wait for that master fails.
   */
  const lost = (key: string): boolean => {
    const { client: own, connectPromise } = (members.slots?.[slotOf(key)]?.master ?? {}) as Members
    if (own?.isReady !== false || connectPromise) return false
    const living = (members.masters as Members[]).find(({ client }) => client?.isReady === true)?.client
    if (living && typeof members._slots?.rediscover === 'function' && performance.now() - askedAt > pause) {
      askedAt = performance.now()
      Promise.resolve(members._slots.rediscover(living)).catch(() => {})
    }
    return true
  }
  // Commands are declared to be no reads, so that no replica gets them.
  const one = ({ key, args }: Command): Promise<unknown> =>
    isCluster
      ? lost(key)
        ? Promise.reject(new Error('The client is offline: the node of the key is away.'))
        : client.sendCommand(key, false, args, asText)
      : isSentinel
        ? client.sendCommand(false, args, asText)
        : client.sendCommand(args, asText)
  return {
    kind: isCluster ? 'cluster' : isSentinel || isPool ? 'lines' : 'line',
    keyPrefix: '',
    send: (commands) => commands.map(one),
    nodeOf: (key) => {
      if (!isCluster) return ''
      const slot = slotOf(key)
      return (members.slots?.[slot]?.master?.address as string | undefined) ?? `slot ${slot}`
    },
    masters: () =>
      isCluster
        ? (members.masters as unknown[]).map(
            (node) => async (args: readonly string[]) => (await members.nodeClient(node)).sendCommand(args, asText),
          )
        : [(args) => one({ key: '', args })],
    unavailable() {
      if (!client.isOpen) return closed
      if (client.isReady === true) wasReady = true
      return wasReady && client.isReady === false ? away : undefined
    },
  }
}

function ioredisDriver(client: IoredisLike): Driver {
  const members = client as Members
  const isCluster = members.isCluster === true
  const options = (members.options ?? {}) as Members
  if (isCluster && options.scaleReads !== undefined && options.scaleReads !== 'master') throw replicas('scaleReads')
  if (!isCluster && options.sentinels && options.role === 'slave') throw replicas("role: 'slave'")
  const { keyPrefix = '' } = options
  let wasReady = false
  const one = ({ args: [name, ...rest] }: Command): Promise<unknown> => client.call(name!, ...rest)
  return {
    kind: isCluster ? 'cluster' : 'line',
    keyPrefix: String(keyPrefix),
    send(commands) {
      // In this order on one connection. While the client connects, or makes pipelines of its own, one may overtake another:
      // then together.
      const inOrder = client.status === 'ready' && options.enableAutoPipelining !== true
      if (isCluster || commands.length === 1 || inOrder) return commands.map(one)
      const all: Promise<[Error | null, unknown][]> = members
        .pipeline(commands.map(({ args: [name, ...rest] }) => [name!.toLowerCase(), ...rest]))
        .exec()
      return commands.map(async (_, at) => {
        const [error, reply] = (await all)[at]!
        if (error) throw error
        return reply
      })
    },
    nodeOf: (key) => {
      if (!isCluster) return ''
      const slot = slotOf(keyPrefix + key)
      return (members.slots?.[slot]?.[0] as string | undefined) ?? `slot ${slot}`
    },
    masters: () =>
      (isCluster ? (members.nodes('master') as IoredisLike[]) : [client]).map(
        (node) =>
          ([name, ...rest]: readonly string[]) =>
            node.call(name!, ...rest),
      ),
    unavailable() {
      const { status } = client
      if (status === 'end') return closed
      if (status === 'ready') wasReady = true
      const connecting = status === 'wait' || status === 'connecting' || status === 'connect'
      return status === 'ready' || (connecting && !wasReady) ? undefined : away
    },
  }
}
