import { AutocacheModule } from '@autocache/nestjs'
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo'
import { Module } from '@nestjs/common'
import { GraphQLModule } from '@nestjs/graphql'
import { AirportsRepository } from './airports/airports.repository.ts'
import { AirportsResolver } from './airports/airports.resolver.ts'
import { RoutesRepository } from './airports/routes.repository.ts'
import { CacheController } from './cache.controller.ts'
import { DatabaseModule } from './database/database.module.ts'
import { AirlinesRepository } from './fares/airlines.repository.ts'
import { FaresController } from './fares/fares.controller.ts'
import { FaresService } from './fares/fares.service.ts'
import { ConnectionsService } from './reports/connections.service.ts'
import { RemoteService } from './reports/remote.service.ts'
import { ReportsController } from './reports/reports.controller.ts'
import { readSettings } from './settings.ts'
import { openStore } from './store.ts'
import { AuthGuard } from './watchlist/auth.guard.ts'
import { WatchlistController } from './watchlist/watchlist.controller.ts'
import { WatchlistService } from './watchlist/watchlist.service.ts'

const { redisUrl, namespace } = readSettings()

@Module({
  imports: [
    DatabaseModule,
    AutocacheModule.forRootAsync({
      useFactory: async () => ({
        store: await openStore(redisUrl),
        namespace,
        ttl: '10m',
        response: { headers: true },
      }),
    }),
    GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true, playground: false }),
  ],
  controllers: [ReportsController, FaresController, WatchlistController, CacheController],
  providers: [
    AirportsRepository,
    RoutesRepository,
    AirlinesRepository,
    AirportsResolver,
    RemoteService,
    ConnectionsService,
    FaresService,
    WatchlistService,
    AuthGuard,
  ],
})
export class AppModule {}
