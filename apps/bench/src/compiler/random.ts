/** Draws that are the same in every run, on every machine: a linear congruential generator over 32 bits. */
export class Draws {
  #state: number

  constructor(seed: number) {
    // Neighbouring seeds would begin alike.
    this.#state = Math.imul(seed + 1, 2_654_435_761) >>> 0
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    // The upper bits: the lower ones have short periods.
    return Math.floor((this.#state / 2 ** 32) * limit)
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  chance(probability: number): boolean {
    return this.below(1_000_000) < probability * 1_000_000
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }
}
