import { Cached } from '@autocache/nestjs'
import { Injectable } from '@nestjs/common'
import { RoutesRepository } from '../airports/routes.repository.ts'
import { Report } from './report.ts'

/** How one gets from one airport to another. */
@Injectable()
export class ConnectionsService extends Report {
  constructor(private readonly routes: RoutesRepository) {
    super()
  }

  @Cached({ ttl: '1h', key: (from: string, to: string) => [from, to] })
  async connections(from: string, to: string) {
    return this.shorten(await this.routes.connections(from, to), 5)
  }

  @Cached({ ttl: '1h' })
  async reach(from: string) {
    return { from, airports: await this.routes.reach(from) }
  }
}
