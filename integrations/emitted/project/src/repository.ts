/** Inherited by what the cached method calls through. */
export class Base {
  protected fee(): number {
    return 1
  }
}

export class Repository extends Base {
  async find(id: string): Promise<number[]> {
    return id === '1' ? [3, 4, this.fee()] : []
  }
}
