import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import sqlite3 from 'sqlite3'
import type { Database } from './database.ts'
import { seed } from './seed.ts'

/** SQLite in a file, for machines without PostgreSQL. */
export async function openSqlite(file: string): Promise<Database> {
  mkdirSync(dirname(file), { recursive: true })
  const connection = await new Promise<sqlite3.Database>((resolve, reject) => {
    const opened: sqlite3.Database = new sqlite3.Database(file, (error) => (error ? reject(error) : resolve(opened)))
  })
  connection.configure('busyTimeout', 10_000)
  const all = promisify(connection.all.bind(connection) as (sql: string, values: unknown, done: Done) => void)
  const query = async <TRow>(sql: string, values: readonly unknown[] = []): Promise<TRow[]> =>
    (await all(sql.replace(/\$(\d+)/g, '?$1'), values)) as TRow[]
  await query('BEGIN IMMEDIATE')
  await seed(query)
  await query('COMMIT')
  return { query, close: promisify(connection.close.bind(connection)) }
}

type Done = (error: Error | null, rows: unknown) => void
