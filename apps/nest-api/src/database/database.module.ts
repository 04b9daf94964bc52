import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common'
import { readSettings } from '../settings.ts'
import { Database } from './database.ts'
import { openPostgres } from './postgres.ts'
import { openSqlite } from './sqlite.ts'

const { databaseUrl, sqliteFile } = readSettings()

@Global()
@Module({
  providers: [
    {
      provide: Database,
      useFactory: () => (databaseUrl === undefined ? openSqlite(sqliteFile) : openPostgres(databaseUrl)),
    },
  ],
  exports: [Database],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(Database) private readonly database: Database) {}

  async onApplicationShutdown() {
    await this.database.close()
  }
}
