/** Inherited by what the cached method calls through. */
export class Base {
  protected fee(): number {
    return 1
  }
}

/** What a class gives to its objects is in its version, and so is what its members read of the environment in their keys. */
export class Repository extends Base {
  private readonly scaled = (price: number): number => price * Number(process.env.SHOP_SCALE ?? 1)

  constructor() {
    super()
    this.find = this.find.bind(this)
  }

  async find(id: string): Promise<number[]> {
    return (id === '1' ? [3, 4, this.fee()] : []).map(this.scaled)
  }
}
