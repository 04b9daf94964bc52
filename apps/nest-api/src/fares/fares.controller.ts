import { AutocacheInterceptor, CachedResponse } from '@autocache/nestjs'
import { BadRequestException, Controller, Get, Headers, Param, UseInterceptors } from '@nestjs/common'
import { FaresService } from './fares.service.ts'

/** Fares of an airline: the tenant is a header, which the parameter names, so that the interceptor keys by it. */
@UseInterceptors(AutocacheInterceptor)
@Controller('fares')
export class FaresController {
  constructor(private readonly fares: FaresService) {}

  @Get(':from/:to')
  @CachedResponse()
  async quote(@Headers('x-tenant') tenant: string | undefined, @Param('from') from: string, @Param('to') to: string) {
    if (!tenant) throw new BadRequestException('The header x-tenant is missing')
    return this.fares.quote(tenant, from, to)
  }
}
