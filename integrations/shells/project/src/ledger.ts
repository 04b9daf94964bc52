import { provider } from './provider.ts'
import type { Table } from './table.ts'

/** Injected into `Invoices`, and holds what is injected into it. */
@provider
export class Ledger {
  constructor(private readonly table: Table) {}

  async balance(customer: string): Promise<number> {
    return (await this.table.rows(customer)).reduce((sum, row) => sum + row, 0)
  }
}
