/** What a class gives to its objects is in its version, and so is what its members read of the environment in their keys. */
export class Repository {
  private readonly scaled = (price: number): number => price * Number(process.env.SHOP_SCALE ?? 1)

  constructor() {
    this.find = this.find.bind(this)
  }

  async find(id: string): Promise<number[]> {
    return (id === '1' ? [3, 4] : []).map(this.scaled)
  }
}
