import { Injectable } from '@nestjs/common'
import { Database } from '../database/database.ts'

/** A way from one airport to another with one change. */
export interface Connection {
  readonly via: string
  readonly flights: number
}

@Injectable()
export class RoutesRepository {
  constructor(private readonly database: Database) {}

  /** Where one can change planes between two airports, the busiest first. */
  async connections(from: string, to: string): Promise<Connection[]> {
    const rows = await this.database.query<{ via: string; flights: number | string }>(
      `SELECT one.destination AS via, MIN(one.flights + other.flights) AS flights
       FROM routes one JOIN routes other ON other.origin = one.destination
       WHERE one.origin = $1 AND other.destination = $2
       GROUP BY one.destination ORDER BY flights DESC, via`,
      [from, to],
    )
    return rows.map(({ via, flights }) => ({ via, flights: Number(flights) }))
  }

  /** How many airports can be reached from one with at most two changes. */
  async reach(from: string): Promise<number> {
    const [row] = await this.database.query<{ count: number | string }>(
      `SELECT COUNT(DISTINCT third.destination) AS count
       FROM routes one JOIN routes other ON other.origin = one.destination
       JOIN routes third ON third.origin = other.destination
       WHERE one.origin = $1`,
      [from],
    )
    return Number(row?.count ?? 0)
  }
}
