/** A database as this application asks it: `$1`, `$2`, ... stand for values. */
export abstract class Database {
  abstract query<TRow>(sql: string, values?: readonly unknown[]): Promise<TRow[]>
  abstract close(): Promise<void>
}
