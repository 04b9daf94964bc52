import pg from 'pg'
import type { Database } from './database.ts'
import { seed } from './seed.ts'

const schema = 'nest_api'

/** PostgreSQL, with the tables in a schema of their own. */
export class PostgresDatabase implements Database {
  private constructor(private readonly pool: pg.Pool) {}

  static async open(url: string): Promise<PostgresDatabase> {
    const pool = new pg.Pool({ connectionString: url, max: 8, options: `-c search_path=${schema}` })
    // One process fills the tables while the others wait.
    const client = await pool.connect()
    try {
      await client.query('SELECT pg_advisory_lock(220022)')
      await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
      await seed(async (sql, values) => (await client.query(sql, values as unknown[])).rows)
    } finally {
      await client.query('SELECT pg_advisory_unlock(220022)')
      client.release()
    }
    return new PostgresDatabase(pool)
  }

  async query<TRow>(sql: string, values: readonly unknown[] = []): Promise<TRow[]> {
    return (await this.pool.query(sql, values as unknown[])).rows as TRow[]
  }

  async close(): Promise<void> {
    await this.pool.end()
  }
}
