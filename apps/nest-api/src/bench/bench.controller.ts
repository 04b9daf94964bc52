import { AutocacheInterceptor, CachedResponse } from '@autocache/nestjs'
import { CacheInterceptor } from '@nestjs/cache-manager'
import { Controller, Get, Param, UseInterceptors } from '@nestjs/common'
import { RoutesRepository } from '../airports/routes.repository.ts'
import { CachedRoutes } from './cached-routes.ts'

/** One handler in four forms, each as it comes: what the application says of headers is taken back here. */
@Controller('bench')
export class BenchController {
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
  @CachedResponse({ headers: false })
  autocache(@Param('from') from: string, @Param('to') to: string) {
    return this.routes.connections(from, to)
  }

  @Get('nest/:from/:to')
  @UseInterceptors(CacheInterceptor)
  nest(@Param('from') from: string, @Param('to') to: string) {
    return this.routes.connections(from, to)
  }
}
