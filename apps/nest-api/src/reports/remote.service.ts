import { Cached } from '@autocache/nestjs'
import { Injectable } from '@nestjs/common'
import { AirportsRepository } from '../airports/airports.repository.ts'
import { distance } from '../geo/distance.ts'
import { Report } from './report.ts'

/** The airports that are farthest from any other: every pair is measured. */
@Injectable()
export class RemoteService extends Report {
  constructor(private readonly airports: AirportsRepository) {
    super()
  }

  @Cached({ ttl: '1h', key: (state: string, limit: number) => [state, limit] })
  async remote(state: string, limit: number) {
    const all = await this.airports.all()
    const measured = all
      .filter((airport) => airport.state === state)
      .map((airport) => {
        const miles = all.reduce(
          (nearest, other) => (other.iata === airport.iata ? nearest : Math.min(nearest, distance(airport, other))),
          Infinity,
        )
        return { iata: airport.iata, city: airport.city, miles: Math.round(miles * 10) / 10 }
      })
    return this.shorten(
      measured.sort((one, other) => other.miles - one.miles || one.iata.localeCompare(other.iata, 'en')),
      limit,
    )
  }
}
