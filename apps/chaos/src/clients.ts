/** What a process connects by: the user's own clients, as a program would make them. */

import { type AsyncStore, memoryStore, tieredStore } from '@autocache/core'
import { type RedisClientLike, redisBus, redisStore } from '@autocache/redis'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import type { Make, StorePlan } from './plan.ts'

interface Emitter {
  on(event: 'error', listener: (error: unknown) => void): unknown
  eventNames(): readonly (string | symbol)[]
  listenerCount(event: string | symbol): number
}

/** A store that is connected, as far as it could be, and what ends it. */
export interface Connected {
  readonly store: AsyncStore<'text', never>
  close(): Promise<void>
  /** Takes no writes any more, or does again. */
  readOnly?(on: boolean): Promise<unknown>
  /** How many listeners there are on what it was made of. */
  listeners(): number
}

interface Client {
  readonly client: RedisClientLike & Emitter
  close(): void
}

/** How long a process waits for a server that may not be there, in milliseconds. */
const patience = 1000

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

async function connect(make: Make, url: string, cluster: boolean): Promise<Client> {
  const { hostname, port } = new URL(url)
  if (make === 'ioredis') {
    const retry = () => 50
    const client = cluster
      ? new Cluster([{ host: hostname, port: Number(port) }], { clusterRetryStrategy: retry })
      : new Redis(Number(port), hostname, { retryStrategy: retry })
    client.on('error', () => {})
    if (client.status !== 'ready')
      await Promise.race([new Promise<void>((resolve) => client.once('ready', () => resolve())), sleep(patience)])
    return { client, close: () => client.disconnect() }
  }
  if (cluster) {
    const client = createCluster({ rootNodes: [{ url }], defaults: { socket: { reconnectStrategy: () => 50 } } })
    client.on('error', () => {})
    await client.connect()
    return { client, close: () => client.isOpen && client.destroy() }
  }
  const client = createClient({ url, socket: { reconnectStrategy: () => 50 } })
  client.on('error', () => {})
  await Promise.race([client.connect().catch(() => {}), sleep(patience)])
  return { client, close: () => client.isOpen && client.destroy() }
}

/** Connects as a plan says. */
export async function open(plan: StorePlan): Promise<Connected> {
  if (plan.kind === 'sqlite') return openSqlite(plan.file)
  const { make, url, subscriberUrl = url, cluster = false, failover, heartbeat, near, otherFormat = false } = plan
  const clients = await Promise.all([connect(make, url, cluster), connect(make, subscriberUrl, cluster)])
  const pair = { client: clients[0].client, subscriber: clients[1].client }
  const far = redisStore(pair, { failover })
  const tiers = heartbeat && tieredStore([memoryStore(), far], { bus: redisBus(pair), heartbeat, ttl: near })
  return {
    store: tiers || (otherFormat ? inAnotherFormat(far) : far),
    async close() {
      for (const { close } of clients) close()
    },
    listeners: () =>
      clients
        .flatMap(({ client }) => client.eventNames().map((name) => client.listenerCount(name)))
        .reduce((sum, count) => sum + count, 0),
  }
}

async function openSqlite(file: string): Promise<Connected> {
  const [{ keyvStore }, { default: KeyvSqlite }, { Keyv }] = await Promise.all([
    import('@autocache/keyv'),
    import('@keyv/sqlite'),
    import('keyv'),
  ])
  // While it waits for a lock the driver holds up the whole process: 1 s for each operation, unless it is told otherwise.
  const adapter = new KeyvSqlite({ uri: `sqlite://${file}`, busyTimeout: 20 })
  const keyv = new Keyv({ store: adapter })
  keyv.on('error', () => {})
  return {
    store: keyvStore(keyv) as AsyncStore<'text', never>,
    close: () => keyv.disconnect(),
    async readOnly(on) {
      const set = () => adapter.query(`PRAGMA query_only = ${on ? 'ON' : 'OFF'}`)
      // The file may be locked at the moment.
      while (!(await set().then(Boolean, () => false))) await sleep(10)
    },
    listeners: () => 0,
  }
}

/** The head of an entry as text, and that of a format that no release has. */
const [ours, theirs] = ['a2.', 'z9.']

/** A store as a release would use it whose entries have another format: what it wrote the others cannot read, nor it theirs. */
function inAnotherFormat(store: ReturnType<typeof redisStore>): AsyncStore<'text', never> {
  const out = (text: string) => (text.startsWith(ours) ? theirs + text.slice(ours.length) : text)
  const back = (text: string | undefined) =>
    text?.startsWith(theirs) ? ours + text.slice(theirs.length) : text?.startsWith(ours) ? `?${text}` : text
  return {
    ...store,
    set: (key, entry, context) => store.set(key, out(entry), context),
    get: async (key) => back(await store.get(key)),
    getMany: async (keys) => (await store.getMany(keys)).map(back),
  }
}
