import { Injectable } from '@nestjs/common'
import { Database } from '../database/database.ts'

/** A row of `airports`. */
export interface Airport {
  readonly iata: string
  readonly name: string
  readonly city: string
  readonly state: string
  readonly latitude: number
  readonly longitude: number
}

@Injectable()
export class AirportsRepository {
  constructor(private readonly database: Database) {}

  async all(): Promise<Airport[]> {
    return this.database.query<Airport>('SELECT * FROM airports ORDER BY iata')
  }

  async find(iata: string): Promise<Airport | undefined> {
    const [found] = await this.database.query<Airport>('SELECT * FROM airports WHERE iata = $1', [iata])
    return found
  }
}
