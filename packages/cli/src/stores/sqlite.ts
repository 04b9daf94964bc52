import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '../errors.ts'
import { clean } from '../text.ts'
import { loadClient } from './client.ts'
import { quotedTable } from './sql.ts'
import type { GcStore, StoreTarget } from './store.ts'

/** How long to wait for another process that writes, in milliseconds. */
const busyTimeout = 5000

interface Database {
  all(text: string, values: readonly unknown[]): Promise<Record<string, unknown>[]>
  /** The number of rows changed. */
  run(text: string, values: readonly unknown[]): Promise<number>
  close(): Promise<void>
}

/** An SQLite file, as `@keyv/sqlite` lays it out; by pages along the primary key, so that no lock is held for long. */
export async function openSqlite({ url, root, cwd, table, readOnly }: StoreTarget): Promise<GcStore> {
  const path = resolve(cwd, decodePath(url))
  const name = `sqlite:${clean(path)}`
  if (!existsSync(path)) {
    throw new UserError(`There is no SQLite file ${clean(path)}. A relative path starts from the current folder.`)
  }
  const database = await open(root, path, readOnly)
  const quoted = quotedTable(table, '"')
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      const message = String((error as Error).message)
      if (/no such (?:table|column)/.test(message)) {
        throw new UserError(
          `${name} has no table ${clean(table)} as Keyv makes it. If the entries are in another one, name it: --table <name>.`,
          { cause: error },
        )
      }
      if (/not a database|malformed/.test(message))
        throw new UserError(`${name} is no SQLite database.`, { cause: error })
      if (/SQLITE_BUSY|database is locked/.test(message)) {
        throw new UserError(`${name} is locked by another process for more than five seconds. Try again later.`, {
          cause: error,
        })
      }
      throw error
    }
  }
  return {
    name,
    async *pages() {
      for (let last: string | undefined; ; ) {
        const rows = await guard(
          last === undefined
            ? database.all(`SELECT key FROM ${quoted} ORDER BY key LIMIT 1000`, [])
            : database.all(`SELECT key FROM ${quoted} WHERE key > ? ORDER BY key LIMIT 1000`, [last]),
        )
        const keys = rows.map(({ key }) => String(key))
        yield keys
        if (keys.length < 1000) return
        last = keys.at(-1)
      }
    },
    async values(keys) {
      const marks = keys.map(() => '?').join(',')
      const rows = await guard(database.all(`SELECT key, value FROM ${quoted} WHERE key IN (${marks})`, keys))
      const values = new Map(rows.map(({ key, value }) => [key, value]))
      return keys.map((key) => {
        const value = values.get(key)
        return typeof value === 'string' ? value : undefined
      })
    },
    async remove(entries) {
      const same = entries.map(() => '(key = ? AND value = ?)').join(' OR ')
      const values = entries.flatMap(({ key, value }) => [key, value])
      return await guard(database.run(`DELETE FROM ${quoted} WHERE ${same}`, values))
    },
    close: () => database.close(),
  }
}

/** `sqlite:cache.sqlite`, and `sqlite://cache.sqlite` as Keyv writes it. */
function decodePath(url: string): string {
  const path = url.replace(/^sqlite:(?:\/\/)?/i, '')
  if (path === '' || path === ':memory:') {
    throw new UserError('Name the SQLite file: --store sqlite:<path>, such as sqlite:cache.sqlite.')
  }
  return path
}

async function open(root: string, path: string, readOnly: boolean): Promise<Database> {
  let driver: any
  try {
    driver = await loadClient(root, ['sqlite3'], '@keyv/sqlite', 'SQLite')
  } catch (error) {
    const builtIn = await nodeSqlite()
    if (builtIn === undefined || !(error instanceof UserError)) throw error
    return openBuiltIn(builtIn, path, readOnly)
  }
  const mode: number = readOnly ? driver.OPEN_READONLY : driver.OPEN_READWRITE
  const database = await new Promise<any>((resolve, reject) => {
    const opened = new driver.Database(path, mode, (error: Error | null) => (error ? reject(error) : resolve(opened)))
  })
  database.configure('busyTimeout', busyTimeout)
  return {
    all: (text, values) =>
      new Promise((resolve, reject) => {
        database.all(text, values, (error: Error | null, rows: Record<string, unknown>[]) =>
          error ? reject(error) : resolve(rows),
        )
      }),
    run: (text, values) =>
      new Promise((resolve, reject) => {
        database.run(text, values, function (this: { changes: number }, error: Error | null) {
          if (error) reject(error)
          else resolve(this.changes)
        })
      }),
    close: () =>
      new Promise((resolve, reject) => {
        database.close((error: Error | null) => (error ? reject(error) : resolve()))
      }),
  }
}

/** SQLite of Node itself, where it has one. */
async function nodeSqlite(): Promise<any> {
  try {
    // Not a literal: bundlers and older Nodes do not know the name.
    const name = 'node:sqlite'
    return await import(/* @vite-ignore */ name)
  } catch {
    return undefined
  }
}

function openBuiltIn({ DatabaseSync }: any, path: string, readOnly: boolean): Database {
  const database = new DatabaseSync(path, { readOnly })
  database.exec(`PRAGMA busy_timeout = ${busyTimeout}`)
  return {
    all: async (text, values) => database.prepare(text).all(...values),
    run: async (text, values) => Number(database.prepare(text).run(...values).changes),
    close: async () => database.close(),
  }
}
