import { CacheModule } from '@nestjs/cache-manager'
import { Module } from '@nestjs/common'
import { RoutesRepository } from '../airports/routes.repository.ts'
import { AppModule } from '../app.module.ts'
import { readSettings } from '../settings.ts'
import { openKeyv } from '../store.ts'
import { BenchController } from './bench.controller.ts'
import { CachedRoutes } from './cached-routes.ts'

const { redisUrl, namespace } = readSettings()

/** The whole application, and one handler of it in four forms. Nest's own interceptor has a Keyv made as ours is. */
@Module({
  imports: [
    AppModule,
    CacheModule.registerAsync({
      useFactory: async () => ({
        ttl: 600_000,
        ...(redisUrl !== undefined && { stores: [await openKeyv(redisUrl, `${namespace}-nest`)] }),
      }),
    }),
  ],
  controllers: [BenchController],
  providers: [RoutesRepository, CachedRoutes],
})
export class BenchModule {}
