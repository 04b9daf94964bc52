export abstract class Money {
  readonly amount: number
  constructor(amount: number) {
    this.amount = amount
  }
  text(): string {
    return `${this.sign()}${this.amount.toFixed(2)}`
  }
  protected abstract sign(): string
}

export class Euro extends Money {
  protected sign(): string {
    return '€'
  }
}
