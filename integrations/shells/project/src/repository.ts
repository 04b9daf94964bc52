export class Repository {
  async find(id: string): Promise<number[]> {
    return id === '1' ? [3, 4] : []
  }
}
