/**
 * The order of what happens in this process: fills and invalidations take the next of a row of numbers, so that which came
 * first needs no clock.
 */

let last = 0

/** The instant that is: what happens in this process is counted, so that its order needs no clock. */
export const instant = (): number => last

/** The next instant. */
export const nextInstant = (): number => (last += 1)

/** How many names are kept apart; older ones than these are taken together. */
const apart = 10_000

/** When names were last invalidated. */
export class Instants {
  readonly #at = new Map<string, number>()
  /** Of all names that are not kept apart. */
  #floor = 0

  /** A name is invalidated now. */
  mark(name: string): void {
    this.#at.delete(name)
    this.#at.set(name, nextInstant())
    if (this.#at.size <= apart) return
    const [oldest, at] = this.#at.entries().next().value as [string, number]
    this.#at.delete(oldest)
    this.#floor = at
  }

  /** When a name was last invalidated, or a later instant; 0 for never. */
  of(name: string): number {
    return this.#at.size === 0 ? this.#floor : (this.#at.get(name) ?? this.#floor)
  }
}
