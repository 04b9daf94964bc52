import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import sqlite3 from 'sqlite3'
import type { Database } from './database.ts'
import { seed } from './seed.ts'

/** SQLite in a file, for machines without PostgreSQL. */
export class SqliteDatabase implements Database {
  private constructor(private readonly connection: sqlite3.Database) {}

  static async open(file: string): Promise<SqliteDatabase> {
    mkdirSync(dirname(file), { recursive: true })
    const connection = await new Promise<sqlite3.Database>((resolve, reject) => {
      const opened: sqlite3.Database = new sqlite3.Database(file, (error) => (error ? reject(error) : resolve(opened)))
    })
    connection.configure('busyTimeout', 10_000)
    const database = new SqliteDatabase(connection)
    await database.query('BEGIN IMMEDIATE')
    await seed((sql, values) => database.query(sql, values))
    await database.query('COMMIT')
    return database
  }

  query<TRow>(sql: string, values: readonly unknown[] = []): Promise<TRow[]> {
    const numbered = sql.replace(/\$(\d+)/g, '?$1')
    return new Promise((resolve, reject) => {
      this.connection.all<TRow>(numbered, values, (error, rows) => (error ? reject(error) : resolve(rows)))
    })
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => this.connection.close((error) => (error ? reject(error) : resolve())))
  }
}
