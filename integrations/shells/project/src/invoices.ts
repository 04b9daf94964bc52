import { cache } from './cache.ts'
import type { Ledger } from './ledger.ts'
import { provider } from './provider.ts'

/** A service as Nest has them: a decorated class whose constructor names what is injected. */
@provider
export class Invoices {
  constructor(private readonly ledger: Ledger) {}

  @cache.cached({ name: 'Invoices.due' })
  async due(customer: string): Promise<string> {
    return `${customer} owes ${await this.ledger.balance(customer)}`
  }
}
