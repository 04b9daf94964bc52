import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import KeyvMysql from '@keyv/mysql'
import KeyvPostgres from '@keyv/postgres'
import KeyvRedis, { createClient } from '@keyv/redis'
import KeyvSqlite from '@keyv/sqlite'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { mysqlUrl, postgresUrl, redisUrl } from 'servers'
import type { KeyvLike } from '../../src/index.ts'

/** A Keyv over storage of its own, and what can be done with that. */
export interface Opened {
  readonly keyv: KeyvLike
  /** A second Keyv over the same storage, where that can be. */
  reopen?(): KeyvLike
  /** A Keyv over nothing yet, as another process has it, where what is stored ends with its process. */
  renew?(): KeyvLike & { clear(): Promise<void> }
  /** Makes the storage fail from now on. */
  breakIt?(): Promise<void>
  /** Removes everything. */
  close(): Promise<void>
}

/** What a test may change of a Keyv. */
export interface KeyvSettings {
  readonly namespace?: string
  readonly ttl?: number
  readonly useKeyPrefix?: boolean
}

/** A kind of storage that tests run over. */
export interface Backend {
  readonly name: string
  readonly keyv: 5 | 6
  /** Where the server is expected, for those that need one. */
  readonly url?: string
  open(settings?: KeyvSettings): Promise<Opened>
}

let opened = 0
const unique = () => `autocache_${process.pid}_${Date.now().toString(36)}_${opened++}`

function build(
  version: 5 | 6,
  store: object,
  settings: KeyvSettings,
): KeyvLike & { on(event: string, f: () => void): unknown } {
  const keyv = version === 5 ? new Keyv({ store, ...settings }) : new Keyv6({ store, ...settings })
  keyv.on('error', () => {})
  return keyv
}

function sqlite(version: 5 | 6): Backend {
  return {
    name: 'SQLite',
    keyv: version,
    async open(settings = {}) {
      const folder = mkdtempSync(join(tmpdir(), 'autocache keyv '))
      const adapters: KeyvSqlite[] = []
      const connect = () => {
        const adapter = new KeyvSqlite({ uri: `sqlite://${join(folder, 'cache.sqlite')}`, busyTimeout: 5000 })
        adapters.push(adapter)
        return build(version, adapter, settings)
      }
      return {
        keyv: connect(),
        reopen: connect,
        breakIt: async () => void (await adapters[0]?.query('DROP TABLE keyv')),
        async close() {
          for (const adapter of adapters) await adapter.disconnect()
          rmSync(folder, { recursive: true })
        },
      }
    },
  }
}

function redis(version: 5 | 6): Backend {
  return {
    name: 'Redis',
    keyv: version,
    url: redisUrl,
    async open(settings = {}) {
      const namespace = settings.namespace ?? unique()
      const adapters: KeyvRedis<unknown>[] = []
      const connect = () => {
        const adapter = new KeyvRedis(redisUrl)
        adapters.push(adapter)
        return build(version, adapter, { ...settings, namespace })
      }
      return {
        keyv: connect(),
        reopen: connect,
        async breakIt() {
          for (const adapter of adapters) {
            await adapter.disconnect(true)
            // Nothing listens there.
            const nowhere = createClient({ url: 'redis://127.0.0.1:1', socket: { reconnectStrategy: false } })
            adapter.client = nowhere as unknown as typeof adapter.client
          }
        },
        async close() {
          const sweeper = new KeyvRedis(redisUrl)
          sweeper.namespace = namespace
          await sweeper.clear()
          for (const adapter of [...adapters, sweeper]) await adapter.disconnect(true)
        },
      }
    },
  }
}

/** The SQL adapters keep one pool per process, so it stays open until the process ends; the table goes. */
function database(name: string, url: string, create: (table: string) => KeyvPostgres | KeyvMysql) {
  return (version: 5 | 6): Backend => ({
    name,
    keyv: version,
    url,
    async open(settings = {}) {
      const table = unique()
      const adapter = create(table)
      const drop = async () => void (await adapter.query(`DROP TABLE IF EXISTS ${table}`))
      // Two adapters that create one table at once disturb each other; the second comes when there is something in it.
      const reopen = () => build(version, create(table), settings)
      return { keyv: build(version, adapter, settings), reopen, breakIt: drop, close: drop }
    },
  })
}

const postgres = database('PostgreSQL', postgresUrl, (table) => new KeyvPostgres({ uri: postgresUrl, table }))
const mysql = database('MySQL', mysqlUrl, (table) => new KeyvMysql({ uri: mysqlUrl, table }))

function map(version: 5 | 6): Backend {
  return {
    name: 'Map',
    keyv: version,
    async open(settings = {}) {
      const rows = new Map()
      const connect = () => build(version, rows, settings)
      const renew = () => build(version, new Map(), settings) as unknown as ReturnType<NonNullable<Opened['renew']>>
      return { keyv: connect(), reopen: connect, renew, close: async () => {} }
    },
  }
}

export const backends: readonly Backend[] = ([5, 6] as const).flatMap((version) => [
  map(version),
  sqlite(version),
  redis(version),
  postgres(version),
  mysql(version),
])
