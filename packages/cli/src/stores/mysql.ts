import { loadClient } from './client.ts'
import { missingTable, quotedTable } from './sql.ts'
import { connectTimeout, type GcStore, type StoreTarget } from './store.ts'

interface Connection {
  on(event: 'error', listener: () => void): unknown
  query(text: string, values: readonly unknown[]): Promise<[unknown, unknown]>
  end(): Promise<void>
}

/** MySQL and MariaDB, as `@keyv/mysql` lays them out; by pages along the primary key. */
export async function openMysql({ url, root, table }: StoreTarget, name: string): Promise<GcStore> {
  const mysql = await loadClient(root, ['mysql2'], '@keyv/mysql', 'MySQL')
  const address = new URL(url)
  const connection = await connectionOf(mysql, address)
  connection.on('error', () => {})
  const quoted = quotedTable(table, '`')
  const query = async (text: string, values: readonly unknown[]): Promise<any> => {
    try {
      return (await connection.query(text, values))[0]
    } catch (error) {
      throw missingTable(error, /^(?:ER_NO_SUCH_TABLE|ER_BAD_FIELD_ERROR)$/, table, name)
    }
  }
  return {
    name,
    async *pages() {
      for (let last: string | undefined; ; ) {
        const rows =
          last === undefined
            ? await query(`SELECT id FROM ${quoted} ORDER BY id LIMIT 1000`, [])
            : await query(`SELECT id FROM ${quoted} WHERE id > ? ORDER BY id LIMIT 1000`, [last])
        const keys = (rows as { id: unknown }[]).map(({ id }) => String(id))
        yield keys
        if (keys.length < 1000) return
        last = keys.at(-1)
      }
    },
    async values(keys) {
      const rows = (await query(`SELECT id, value FROM ${quoted} WHERE id IN (?)`, [keys])) as {
        id: string
        value: unknown
      }[]
      const values = new Map(rows.map(({ id, value }) => [id, value]))
      return keys.map((key) => {
        const value = values.get(key)
        return typeof value === 'string' ? value : undefined
      })
    },
    async remove(entries) {
      // The default collation folds case, so both sides are compared by their bytes.
      const same = '(id = ? AND CONVERT(value USING utf8mb4) COLLATE utf8mb4_bin = ?)'
      const result = (await query(
        `DELETE FROM ${quoted} WHERE ${entries.map(() => same).join(' OR ')}`,
        entries.flatMap(({ key, value }) => [key, value]),
      )) as { affectedRows?: number }
      return result.affectedRows ?? 0
    },
    close: () => connection.end(),
  }
}

async function connectionOf(mysql: any, address: URL): Promise<Connection> {
  const password = decodeURIComponent(address.password)
  const connection = mysql.createConnection({
    host: address.hostname.replace(/^\[|\]$/g, ''),
    ...(address.port === '' ? {} : { port: Number(address.port) }),
    user: decodeURIComponent(address.username),
    ...(password === '' ? {} : { password }),
    database: decodeURIComponent(address.pathname.slice(1)),
    charset: 'utf8mb4',
    connectTimeout,
    ...(/^(?:1|true|required?)$/i.test(address.searchParams.get('ssl') ?? address.searchParams.get('ssl-mode') ?? '')
      ? { ssl: {} }
      : {}),
  })
  await new Promise<void>((resolve, reject) => {
    connection.connect((error: Error | null) => (error ? reject(error) : resolve()))
  })
  return connection.promise() as Connection
}
