import { cache } from './cache.ts'
import type { Repository } from './repository.ts'

/** A decorated method that calls through an injected collaborator. */
export class Orders {
  private readonly repository: Repository
  constructor(repository: Repository) {
    this.repository = repository
  }

  @cache.cached({ name: 'Orders.total' })
  async total(id: string): Promise<number> {
    return (await this.repository.find(id)).reduce((sum, price) => sum + price, 0)
  }
}
