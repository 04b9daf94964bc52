import { fileURLToPath } from 'node:url'

/** What the environment says. */
export interface Settings {
  readonly port: number
  /** PostgreSQL; without it the data are in an SQLite file. */
  readonly databaseUrl: string | undefined
  readonly sqliteFile: string
  /** Redis for the entries; without it they are in this process. */
  readonly redisUrl: string | undefined
  readonly namespace: string
}

export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  return {
    port: Number(env.PORT ?? 3000),
    databaseUrl: env.DATABASE_URL,
    sqliteFile: env.SQLITE_FILE ?? fileURLToPath(new URL('../.cache/nest-api.sqlite', import.meta.url)),
    redisUrl: env.REDIS_URL,
    namespace: env.NAMESPACE ?? 'nest-api',
  }
}
