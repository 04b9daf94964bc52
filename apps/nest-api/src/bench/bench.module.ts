import { AutocacheInterceptor, AutocacheModule, Cached } from '@autocache/nestjs'
import KeyvRedis from '@keyv/redis'
import { CacheInterceptor, CacheModule } from '@nestjs/cache-manager'
import { Controller, Get, Injectable, Module, Param, UseInterceptors } from '@nestjs/common'
import { Keyv } from 'keyv'
import { RoutesRepository } from '../airports/routes.repository.ts'
import { DatabaseModule } from '../database/database.module.ts'
import { readSettings } from '../settings.ts'
import { openStore } from '../store.ts'

const { redisUrl, namespace } = readSettings()

@Injectable()
class CachedRoutes {
  constructor(private readonly routes: RoutesRepository) {}

  @Cached({ key: (from: string, to: string) => [from, to] })
  async connections(from: string, to: string) {
    return this.routes.connections(from, to)
  }
}

@Controller('bench')
class BenchController {
  constructor(
    private readonly routes: RoutesRepository,
    private readonly cached: CachedRoutes,
  ) {}

  @Get('none/:from/:to')
  none(@Param('from') from: string, @Param('to') to: string) {
    return this.routes.connections(from, to)
  }

  @Get('cached/:from/:to')
  method(@Param('from') from: string, @Param('to') to: string) {
    return this.cached.connections(from, to)
  }

  @Get('autocache/:from/:to')
  @UseInterceptors(AutocacheInterceptor)
  autocache(@Param('from') from: string, @Param('to') to: string) {
    return this.routes.connections(from, to)
  }

  @Get('nest/:from/:to')
  @UseInterceptors(CacheInterceptor)
  nest(@Param('from') from: string, @Param('to') to: string) {
    return this.routes.connections(from, to)
  }
}

/** One handler of the application in four forms, over its database. */
@Module({
  imports: [
    DatabaseModule,
    AutocacheModule.forRootAsync({
      useFactory: async () => ({
        store: await openStore(redisUrl),
        namespace,
        version: '1',
        ttl: '1h',
        // Nest's interceptor says `X-Cache` too.
        response: { headers: true },
      }),
    }),
    CacheModule.register({
      ttl: 3_600_000,
      ...(redisUrl !== undefined && {
        stores: [new Keyv(new KeyvRedis(redisUrl), { namespace: `${namespace}-nest` })],
      }),
    }),
  ],
  controllers: [BenchController],
  providers: [RoutesRepository, CachedRoutes],
})
export class BenchModule {}
