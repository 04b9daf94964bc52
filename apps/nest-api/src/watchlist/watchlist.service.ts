import { Cached, Invalidates } from '@autocache/nestjs'
import { Injectable } from '@nestjs/common'
import type { Airport } from '../airports/airports.repository.ts'
import { Database } from '../database/database.ts'

/** The airports that a traveller watches. */
@Injectable()
export class WatchlistService {
  constructor(private readonly database: Database) {}

  @Cached({ ttl: '10m' })
  async of(traveller: string): Promise<Airport[]> {
    return this.database.query<Airport>(
      'SELECT airports.* FROM airports JOIN watched ON watched.iata = airports.iata WHERE traveller = $1 ORDER BY airports.iata',
      [traveller],
    )
  }

  @Invalidates({ method: 'of', args: (_result, traveller: string) => [traveller] })
  async add(traveller: string, iata: string): Promise<void> {
    await this.database.query('INSERT INTO watched VALUES ($1, $2) ON CONFLICT DO NOTHING', [traveller, iata])
  }

  @Invalidates({ method: 'of', args: (_result, traveller: string) => [traveller] })
  async remove(traveller: string, iata: string): Promise<void> {
    await this.database.query('DELETE FROM watched WHERE traveller = $1 AND iata = $2', [traveller, iata])
  }
}
