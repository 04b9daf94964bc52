import { Injectable } from '@nestjs/common'
import { Database } from '../database/database.ts'

@Injectable()
export class AirlinesRepository {
  constructor(private readonly database: Database) {}

  /** What an airline asks for a mile, in dollars. */
  async perMile(tenant: string): Promise<number | undefined> {
    const [row] = await this.database.query<{ per_mile: number }>('SELECT per_mile FROM airlines WHERE tenant = $1', [
      tenant,
    ])
    return row?.per_mile
  }
}
