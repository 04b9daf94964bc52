import { Cached } from '@autocache/nestjs'
import { Injectable, NotFoundException } from '@nestjs/common'
import { AirportsRepository } from '../airports/airports.repository.ts'
import { distance } from '../geo/distance.ts'
import { ConnectionsService } from '../reports/connections.service.ts'
import { AirlinesRepository } from './airlines.repository.ts'

/** What a flight costs with an airline: a provider that asks a provider whose answers are cached as well. */
@Injectable()
export class FaresService {
  constructor(
    private readonly airlines: AirlinesRepository,
    private readonly airports: AirportsRepository,
    private readonly ways: ConnectionsService,
  ) {}

  @Cached({ ttl: '10m' })
  async quote(tenant: string, from: string, to: string) {
    const [perMile, origin, destination, ways] = await Promise.all([
      this.airlines.perMile(tenant),
      this.airports.find(from),
      this.airports.find(to),
      this.ways.connections(from, to),
    ])
    if (perMile === undefined) throw new NotFoundException(`No airline ${tenant}`)
    if (!origin || !destination) throw new NotFoundException('No such airport')
    const miles = Math.round(distance(origin, destination))
    return { tenant, from, to, miles, dollars: Math.round(miles * perMile), changes: ways.total }
  }
}
