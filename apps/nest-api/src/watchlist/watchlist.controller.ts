import { Controller, Delete, Get, HttpCode, Param, Put, UseGuards } from '@nestjs/common'
import { AuthGuard, Traveller } from './auth.guard.ts'
import { WatchlistService } from './watchlist.service.ts'

@UseGuards(AuthGuard)
@Controller('me/watchlist')
export class WatchlistController {
  constructor(private readonly watchlist: WatchlistService) {}

  @Get()
  async list(@Traveller() traveller: string) {
    return { traveller, airports: (await this.watchlist.of(traveller)).map(({ iata }) => iata) }
  }

  @Put(':iata')
  @HttpCode(204)
  add(@Traveller() traveller: string, @Param('iata') iata: string) {
    return this.watchlist.add(traveller, iata)
  }

  @Delete(':iata')
  @HttpCode(204)
  remove(@Traveller() traveller: string, @Param('iata') iata: string) {
    return this.watchlist.remove(traveller, iata)
  }
}
