import { cached } from './cache.js'
import type { Repository } from './repository.js'

/** Puts another class in the place of the decorated one, as frameworks do. */
function counted<TClass extends new (...args: any[]) => object>(target: TClass, _context?: unknown): TClass {
  return class extends target {}
}

@counted
export class Orders {
  readonly #unit = 'EUR'
  private readonly factor = 2
  private readonly repository: Repository

  constructor(repository: Repository) {
    this.repository = repository
  }

  /** A decorated method that calls through an injected collaborator, and reads a field. */
  @cached({ name: 'Orders.total', ttl: '5m' })
  async total(id: string): Promise<number> {
    return (await this.repository.find(id)).reduce((sum, price) => sum + price, 0) * this.factor
  }

  unit(): string {
    return this.#unit
  }
}
