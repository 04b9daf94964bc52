import { loadClient } from './client.ts'
import { missingTable, quotedTable } from './sql.ts'
import { connectTimeout, type GcStore, type StoreTarget } from './store.ts'

interface Client {
  on(event: 'error', listener: () => void): unknown
  connect(): Promise<void>
  query(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>
  end(): Promise<void>
}

/** PostgreSQL, as `@keyv/postgres` lays it out; by pages along the primary key. */
export async function openPostgres({ url, root, table }: StoreTarget, name: string): Promise<GcStore> {
  const { Client } = await loadClient(root, ['pg'], '@keyv/postgres', 'PostgreSQL')
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: connectTimeout,
    application_name: 'autocache gc',
  }) as Client
  client.on('error', () => {})
  await client.connect()
  const quoted = quotedTable(table.includes('.') ? table : `public.${table}`, '"')
  const query = async (text: string, values: readonly unknown[]) => {
    try {
      return await client.query(text, values)
    } catch (error) {
      // 42P01: undefined_table, 42703: undefined_column.
      throw missingTable(error, /^(?:42P01|42703)$/, table, name)
    }
  }
  return {
    name,
    async *pages() {
      for (let last: string | undefined; ; ) {
        const { rows } =
          last === undefined
            ? await query(`SELECT key FROM ${quoted} ORDER BY key LIMIT 1000`, [])
            : await query(`SELECT key FROM ${quoted} WHERE key > $1 ORDER BY key LIMIT 1000`, [last])
        const keys = rows.map(({ key }) => String(key))
        yield keys
        if (keys.length < 1000) return
        last = keys.at(-1)
      }
    },
    async values(keys) {
      const { rows } = await query(`SELECT key, value FROM ${quoted} WHERE key = ANY($1)`, [keys])
      const values = new Map(rows.map(({ key, value }) => [key, value]))
      return keys.map((key) => textOf(values.get(key)))
    },
    async remove(entries) {
      const pairs = [entries.map(({ key }) => key), entries.map(({ value }) => value)]
      const { rowCount } = await query(
        `DELETE FROM ${quoted} AS t USING unnest($1::text[], $2::text[]) AS d(k, v) WHERE t.key = d.k AND t.value = d.v`,
        pairs,
      )
      return rowCount ?? 0
    },
    close: () => client.end(),
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
