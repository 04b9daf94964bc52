import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAutocache } from '@autocache/core'
import { putStamp, stampContract } from '@autocache/core/plumbing'
import { type KeyvLike, keyvStore } from '@autocache/keyv'
import KeyvMysql from '@keyv/mysql'
import KeyvPostgres from '@keyv/postgres'
import KeyvRedis from '@keyv/redis'
import KeyvSqlite from '@keyv/sqlite'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { describeWith, mysqlUrl, postgresUrl, redisUrl } from 'servers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openStore } from '../src/stores/open.ts'
import { Terminal } from '../src/terminal.ts'
import { analysis, cachedFunction, compilerOf, manifest } from './support/analysis.ts'
import { run } from './support/io.ts'

const alive = `s1-${'a'.repeat(26)}`
const dead = `s1-${'b'.repeat(26)}`
const older = `s1-${'c'.repeat(26)}`
const day = 86_400_000
/** A namespace of this run: the servers have other users. */
const shop = `shop_${process.pid}_${Date.now().toString(36)}`

let opened = 0
const unique = () => `autocache_gc_${process.pid}_${Date.now().toString(36)}_${opened++}`

interface Opened {
  readonly keyv: KeyvLike & { clear(): Promise<void>; set(key: string, value: unknown): Promise<boolean> }
  /** Another Keyv over the same storage, without a namespace. */
  readonly bare: KeyvLike
  readonly url: string
  readonly table?: string
  /** Everything stored, by stored key. */
  rows(): Promise<Map<string, string>>
  close(): Promise<void>
}

interface Kind {
  readonly name: string
  readonly server?: string
  open(namespace: string): Promise<Opened>
}

const sink = { write: () => {} }

const silent = <T extends { on(event: string, listener: () => void): unknown }>(keyv: T): T => {
  keyv.on('error', () => {})
  return keyv
}

const kinds: readonly Kind[] = ([5, 6] as const).flatMap((version): Kind[] => {
  const keyvOver = (store: object, namespace: string | undefined): any => {
    const settings = namespace === undefined ? { store } : { store, namespace }
    return silent<any>(version === 5 ? new Keyv(settings) : new Keyv6(settings))
  }
  return [
    {
      name: `Redis, Keyv ${version}`,
      server: redisUrl,
      async open(namespace) {
        const adapter = new KeyvRedis(redisUrl)
        const bare = new KeyvRedis(redisUrl)
        const keyv = keyvOver(adapter, namespace)
        return {
          keyv,
          bare: keyvOver(bare, undefined),
          url: redisUrl,
          async rows() {
            const client: any = await adapter.getClient()
            const keys: string[] = await client.keys(`${namespace}:*`)
            return new Map(await Promise.all(keys.map(async (key) => [key, await client.get(key)] as const)))
          },
          async close() {
            const client: any = await adapter.getClient()
            const keys: string[] = await client.keys(`${namespace}:*`)
            if (keys.length > 0) await client.del(keys)
            await adapter.disconnect(true)
            await bare.disconnect(true)
          },
        }
      },
    },
    {
      name: `SQLite, Keyv ${version}`,
      async open(namespace) {
        const folder = mkdtempSync(join(tmpdir(), 'autocache gc '))
        const path = join(folder, 'cache.sqlite')
        const adapter = new KeyvSqlite({ uri: `sqlite://${path}`, busyTimeout: 5000 })
        // Each entry is a transaction of its own, and a test needs none of them on the disk.
        await adapter.query('PRAGMA synchronous = OFF')
        return {
          keyv: keyvOver(adapter, namespace),
          bare: keyvOver(adapter, undefined),
          url: `sqlite:${path}`,
          rows: async () => rowsOf((await adapter.query('SELECT key, value FROM keyv')) as unknown[]),
          async close() {
            await adapter.disconnect()
            rmSync(folder, { recursive: true })
          },
        }
      },
    },
    {
      name: `PostgreSQL, Keyv ${version}`,
      server: postgresUrl,
      async open(namespace) {
        const table = unique()
        const adapter = new KeyvPostgres({ uri: postgresUrl, table })
        return {
          keyv: keyvOver(adapter, namespace),
          bare: keyvOver(adapter, undefined),
          url: postgresUrl,
          table,
          rows: async () => rowsOf((await adapter.query(`SELECT key, value FROM ${table}`)) as unknown[]),
          close: async () => void (await adapter.query(`DROP TABLE IF EXISTS ${table}`)),
        }
      },
    },
    {
      name: `MySQL, Keyv ${version}`,
      server: mysqlUrl,
      async open(namespace) {
        const table = unique()
        const adapter = new KeyvMysql({ uri: mysqlUrl, table })
        return {
          keyv: keyvOver(adapter, namespace),
          bare: keyvOver(adapter, undefined),
          url: mysqlUrl,
          table,
          rows: async () => rowsOf((await adapter.query(`SELECT id AS \`key\`, value FROM ${table}`)) as unknown[]),
          close: async () => void (await adapter.query(`DROP TABLE IF EXISTS ${table}`)),
        }
      },
    },
  ]
})

function rowsOf(rows: readonly unknown[]): Map<string, string> {
  return new Map((rows as { key: string; value: string }[]).map(({ key, value }) => [key, value]))
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'autocache gc '))
  const kept = manifest([cachedFunction('getUser', { version: alive })])
  writeFileSync(join(folder, 'kept.json'), JSON.stringify(kept))
})
afterEach(() => rmSync(folder, { recursive: true }))

const compiler = compilerOf((root) => analysis(root, []))

for (const kind of kinds) {
  const describeKind = await describeWith(kind.server)
  describeKind(`gc of ${kind.name}`, () => {
    let store: Opened
    let prefix: string
    /** Instant at which entries are made. */
    let clock = 0
    beforeEach(async () => {
      prefix = unique()
      store = await kind.open(prefix)
      clock = Date.now() - 30 * day
    })
    afterEach(() => store.close())

    /** Whatever the first connection of a test takes: every entry is written. */
    const settings = () => ({ ttl: Infinity, clock: () => clock, storeTimeout: '30s' as const })
    const fill = async (label: string, version: string, ids: readonly string[], namespace = shop) => {
      const cache = createAutocache({ ...settings(), store: keyvStore(store.keyv), namespace })
      const fn = putStamp(async (id: string) => ({ id, text: 'é ￿ :' }), { contract: stampContract, label, version })
      const fetch = cache.cached(fn)
      for (const id of ids) await fetch(id)
      await cache.close()
    }
    const gc = (...more: string[]) =>
      run(
        [
          ...['gc', '--store', store.url, '--keep', 'kept.json', '--namespace', shop, '--json'],
          ...(store.table ? ['--table', store.table] : []),
          ...more,
        ],
        { cwd: folder, compiler },
      )
    /** The rows of entries, and those of the epochs beside them. */
    const rowsBy = async (epochs: boolean) =>
      new Map([...(await store.rows())].filter(([key]) => key.includes(':epochs:') === epochs))
    const versions = async () =>
      [...(await rowsBy(false)).keys()].map((key) => /(?:s1|x|r1|p)-[^:]+/.exec(key)?.[0] ?? key).sort()

    it('removes entries of versions that no manifest names, and only those', async () => {
      await fill('getUser', alive, ['1', '2'])
      await fill('getUser', dead, ['1', '2', '3'])
      await fill('a label: with é', older, ['1'])
      const epochs = await rowsBy(true)
      expect(epochs.size).toBeGreaterThan(4)
      const { code, json, err } = await gc()
      expect([code, err]).toEqual([0, ''])
      expect(json.versions).toEqual([
        { label: 'a label: with é', version: older, removed: 1, young: 0 },
        { label: 'getUser', version: dead, removed: 3, young: 0 },
      ])
      expect(json.removed).toBe(4)
      expect(await rowsBy(true)).toEqual(epochs)
      expect(await versions()).toEqual([alive, alive])
    })

    it('counts and removes nothing on a dry run', async () => {
      await fill('getUser', dead, ['1', '2'])
      const { json } = await gc('--dry-run')
      expect(json.versions).toEqual([{ label: 'getUser', version: dead, removed: 2, young: 0 }])
      expect(await versions()).toEqual([dead, dead])
    })

    it('keeps entries younger than the grace period', async () => {
      clock = Date.now() - 6 * day
      await fill('getUser', dead, ['young'])
      clock = Date.now() - 8 * day
      await fill('getUser', dead, ['old'])
      const { json } = await gc()
      expect(json.versions).toEqual([{ label: 'getUser', version: dead, removed: 1, young: 1 }])
      expect(await versions()).toEqual([dead])
      expect((await gc('--grace', '0s')).json.removed).toBe(1)
      expect(await versions()).toEqual([])
    })

    it('keeps what it is not sure of', async () => {
      const cache = createAutocache({ ...settings(), store: keyvStore(store.keyv), namespace: shop })
      await cache.cached(async () => 1, { name: 'explicit', version: '1' })()
      await cache.cached(async () => 1, { name: 'runtime', version: () => `r1-${'b'.repeat(26)}` })()
      const other = { contract: stampContract, label: 'test', version: `t1-${'b'.repeat(26)}` }
      await cache.cached(putStamp(async () => 1, other))()
      await cache.close()
      // Others use the server as well.
      const { kept: others } = (await gc('--dry-run')).json
      await fill('getUser', dead, ['1'], 'other')
      // Somebody else's, though the key reads like one of ours.
      await store.keyv.set(`${shop}:getUser:${dead}:~foreign`, 'text')
      // Ours once, but damaged, or moved to another key.
      await fill('getUser', dead, ['whole'])
      const { key, value } = [...(await store.rows())]
        .map(([key, value]) => ({ key, value }))
        .find((row) => row.key.includes(`${shop}:getUser:${dead}`) && row.value.includes('whole'))!
      const bare = key.slice(key.indexOf(`${shop}:getUser`))
      const text = JSON.parse(value).value as string
      await store.keyv.set(bare, text.replace('whole', 'holes'))
      await store.keyv.set(`${bare}x`, text)
      const before = await store.rows()
      const { json } = await gc()
      expect(json.removed).toBe(0)
      expect(json.kept).toMatchObject({
        otherNamespace: others.otherNamespace + 1,
        unreadable: others.unreadable + 3,
        current: others.current,
      })
      expect(await store.rows()).toEqual(before)
    })

    it('keeps an entry that was written again since it was read', async () => {
      await fill('getUser', dead, ['same', 'other'])
      const target = { url: store.url, table: store.table ?? 'keyv', readOnly: false, root: folder, cwd: folder }
      const opened = await openStore(target, new Terminal({ cwd: '', env: {}, out: sink, err: sink }, false))
      try {
        const rows = [...(await rowsBy(false))].map(([key, value]) => ({ key, value }))
        const stale = rows.map(({ key, value }) => ({
          key,
          value: value.includes('same') ? value : value.toUpperCase(),
        }))
        expect(await opened.remove(stale)).toBe(1)
        expect([...(await rowsBy(false)).values()]).toEqual([expect.stringContaining('other')])
      } finally {
        await opened.close()
      }
    })

    it('finds entries behind any prefix, and behind none', async () => {
      const cache = createAutocache({ ...settings(), store: keyvStore(store.bare), namespace: shop })
      const label = unique()
      const fn = putStamp(async () => 1, { contract: stampContract, label, version: older })
      await cache.cached(fn)()
      await cache.close()
      const { json } = await gc()
      expect(json.versions).toContainEqual({ label, version: older, removed: 1, young: 0 })
    })

    it('judges a joined version by the function it begins with', async () => {
      await fill('getUser', `${alive}+${dead}`, ['1'])
      await fill('getUser', `${dead}+${alive}`, ['1'])
      expect((await gc()).json.removed).toBe(1)
      expect(await versions()).toEqual([`${alive}+${dead}`])
    })

    it('is what `diff --store` looks into, and nothing is removed: of a version with entries it says that it is warm', async () => {
      const state = (versions: Record<string, string>) =>
        JSON.stringify(manifest(Object.entries(versions).map(([label, version]) => cachedFunction(label, { version }))))
      writeFileSync(join(folder, 'before.json'), state({ getUser: alive, listUsers: alive }))
      writeFileSync(join(folder, 'after.json'), state({ getUser: dead, listUsers: older }))
      await fill('getUser', `${dead}+c-x`, ['1', '2'])
      await fill('listUsers', dead, ['1'])
      await fill('listUsers', older, ['1'], 'other')
      const rows = await store.rows()
      const diff = (...more: string[]) =>
        run(
          [
            ...['diff', 'before.json..after.json', '--store', store.url, '--namespace', shop, ...more],
            ...(store.table ? ['--table', store.table] : []),
          ],
          { cwd: folder, compiler },
        )
      const { json } = await diff('--json')
      expect(json.cold.map(({ label, stored }: any) => [label, stored])).toEqual([
        ['getUser', 2],
        ['listUsers', 0],
      ])
      const { out, code } = await diff('--fail-on-cold')
      expect(out).toMatch(/^ {2}warm {2}getUser .* changed, and the store has 2 entries of this version$/m)
      expect(out).toMatch(/^ {2}cold {2}listUsers .* changed$/m)
      expect(out).toContain('1 function cold (1 changed), 1 function warm by entries in the store, 0 untouched.')
      expect(code).toBe(1)
      expect((await diff('--markdown')).out).toContain('<code>getUser</code> changed, with entries in the store')
      await fill('listUsers', older, ['1'])
      expect(await diff('--fail-on-cold')).toMatchObject({ code: 0, out: expect.stringContaining('Nothing goes cold') })
      expect(new Map([...(await store.rows())].filter(([key]) => rows.has(key)))).toEqual(rows)
    })

    it('reaches every entry of a store of several pages', async () => {
      const entries = Array.from({ length: 1100 }, (_, index) => String(index))
      const cache = createAutocache({ ...settings(), store: keyvStore(store.keyv), namespace: shop })
      const stamp = { contract: stampContract, label: 'many', version: dead }
      const fetch = cache.cached(putStamp(async (id: string) => id, stamp))
      await fetch.many(entries.map((id) => [id] as [string]))
      await cache.close()
      const { json } = await gc()
      expect(json.versions).toEqual([{ label: 'many', version: dead, removed: 1100, young: 0 }])
      expect(await versions()).toEqual([])
    })
  })
}
