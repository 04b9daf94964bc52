import { Cached } from '@autocache/nestjs'
import { Injectable } from '@nestjs/common'
import { RoutesRepository } from '../airports/routes.repository.ts'

@Injectable()
export class CachedRoutes {
  constructor(private readonly routes: RoutesRepository) {}

  @Cached()
  async connections(from: string, to: string) {
    return this.routes.connections(from, to)
  }
}
