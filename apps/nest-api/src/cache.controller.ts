import { Autocache, AutocacheHealth } from '@autocache/nestjs'
import { Controller, Get } from '@nestjs/common'

/** What the cache has done, for people and for the tests. */
@Controller('cache')
export class CacheController {
  constructor(
    private readonly cache: Autocache,
    private readonly health: AutocacheHealth,
  ) {}

  @Get('stats')
  stats() {
    return this.cache.stats()
  }

  @Get('health')
  check() {
    return this.health.check('cache', { failing: 'degraded' })
  }
}
