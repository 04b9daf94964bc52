import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common'
import { readSettings } from '../settings.ts'
import { Database } from './database.ts'
import { PostgresDatabase } from './postgres.ts'
import { SqliteDatabase } from './sqlite.ts'

const { databaseUrl, sqliteFile } = readSettings()

@Global()
@Module({
  providers: [
    {
      provide: Database,
      useFactory: () =>
        databaseUrl === undefined ? SqliteDatabase.open(sqliteFile) : PostgresDatabase.open(databaseUrl),
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
