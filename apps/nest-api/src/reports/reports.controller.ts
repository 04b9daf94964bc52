import { Controller, DefaultValuePipe, Get, Param, ParseIntPipe, Query } from '@nestjs/common'
import { ConnectionsService } from './connections.service.ts'
import { RemoteService } from './remote.service.ts'

@Controller('reports')
export class ReportsController {
  constructor(
    private readonly remotes: RemoteService,
    private readonly ways: ConnectionsService,
  ) {}

  @Get('remote/:state')
  remote(@Param('state') state: string, @Query('limit', new DefaultValuePipe(10), ParseIntPipe) limit: number) {
    return this.remotes.remote(state, limit)
  }

  @Get('connections/:from/:to')
  connections(@Param('from') from: string, @Param('to') to: string) {
    return this.ways.connections(from, to)
  }

  @Get('reach/:from')
  reach(@Param('from') from: string) {
    return this.ways.reach(from)
  }
}
