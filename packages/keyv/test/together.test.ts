import { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import KeyvSqlite from '@keyv/sqlite'
import { Keyv } from 'keyv'
import { Keyv as Keyv6 } from 'keyv6'
import { afterAll, describe, expect, it } from 'vitest'
import { type KeyvLike, keyvStore } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'autocache-together-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** One connection of SQLite, as far as it goes: writes at a time are one transaction, which one of them can undo for all. */
class OneConnection extends EventEmitter {
  readonly opts = { dialect: 'sqlite' }
  readonly rows = new Map<string, unknown>()
  #undo: (() => void)[] = []
  #active = 0
  async get(key: string) {
    return this.rows.get(key)
  }
  async set(key: string, value: unknown) {
    this.#active += 1
    const before = this.rows.get(key)
    this.rows.set(key, value)
    this.#undo.push(() => this.rows.set(key, before))
    // Those that fail are told last.
    await new Promise((resolve) => setTimeout(resolve, key.endsWith('bad') ? 5 : 1))
    this.#active -= 1
    if (key.endsWith('bad')) for (const undo of this.#undo.splice(0)) undo()
    if (this.#active === 0) this.#undo = []
    if (key.endsWith('bad')) throw new Error('SQLITE_BUSY')
    return true
  }
  async setMany(entries: { key: string; value: unknown }[]) {
    return Promise.all(entries.map(({ key, value }) => this.set(key, value)))
  }
  async delete(key: string) {
    return this.rows.delete(key)
  }
  async clear() {}
}

describe.each([
  ['Keyv 5', (store: object) => new Keyv({ store }) as KeyvLike],
  ['Keyv 6', (store: object) => new Keyv6({ store }) as unknown as KeyvLike],
] as const)('R20 over one connection of SQLite, %s', (_, make) => {
  const quiet = (store: object) => {
    const keyv = make(store)
    ;(keyv as unknown as EventEmitter).on('error', () => {})
    return keyvStore(keyv)
  }

  it('a write is not acknowledged where one beside it undoes it', async () => {
    const store = quiet(new OneConnection())
    const [good, bad] = await Promise.allSettled([store.set('good', 'x'), store.set('bad', 'x')])
    expect(bad.status).toBe('rejected')
    expect(good).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FAILED' } })
    expect(await store.get('good')).toBeUndefined()
  })

  it('a write that comes later is not undone with those before it', async () => {
    const store = quiet(new OneConnection())
    const bad = store.set('bad', 'x')
    await Promise.resolve()
    const later = store.set('later', 'x')
    await expect(bad).rejects.toMatchObject({ code: 'STORE_FAILED' })
    await later
    expect(await store.get('later')).toBe('x')
  })

  it('a write that makes others waits for nobody', async () => {
    const store = quiet(new OneConnection())
    await store.setMany([
      { key: 'one', entry: 'x' },
      { key: 'two', entry: 'y' },
    ])
    expect(await store.getMany(['one', 'two'])).toEqual(['x', 'y'])
  })

  it('what was acknowledged is there, although another program locks the file now and then', async () => {
    const uri = `sqlite://${join(folder, `${_}.sqlite`)}`
    const adapter = new KeyvSqlite({ uri, busyTimeout: 1 })
    const store = quiet(adapter)
    await store.set('first', 'x')
    const other = new KeyvSqlite({ uri, busyTimeout: 5000 })
    await other.query('SELECT 1')
    let going = true
    const locking = (async () => {
      while (going) {
        await other.query('BEGIN EXCLUSIVE')
        await other.query('COMMIT')
      }
    })()
    const lost: string[] = []
    let acknowledged = 0
    for (let round = 0; round < 40; round++) {
      const writes = await Promise.allSettled([0, 1, 2, 3, 4].map((at) => store.set(`key ${at}`, `${round}`)))
      for (const [at, { status }] of writes.entries()) {
        if (status === 'rejected') continue
        acknowledged += 1
        const found = await adapter.get(`keyv:key ${at}`).catch(() => undefined)
        if (found !== undefined && !String(found).includes(`"${round}"`)) lost.push(`${round}: ${found}`)
      }
    }
    going = false
    await locking
    await Promise.all([adapter.disconnect(), other.disconnect()])
    expect(lost).toEqual([])
    expect(acknowledged).toBeGreaterThan(0)
  })
})
