abstract class Source {
  protected scale(rows: readonly number[]): number[] {
    return rows.map((row) => row * 2)
  }
}

/** The repository behind the service, and its base class. */
export class Table extends Source {
  async rows(customer: string): Promise<number[]> {
    return this.scale(customer === 'ann' ? [5, 6] : [])
  }
}
