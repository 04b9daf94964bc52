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

/** How long a name may be to be kept as it is. */
const longest = 100

/**
 * A name as it is kept: of a long one, which may be the text of large arguments, only what tells it apart. Two that should
 * meet in that are invalidated together, which costs a run and nothing else.
 */
function kept(name: string): string {
  if (name.length <= longest) return name
  let one = 0x811c9dc5
  let other = 0
  for (let at = 0; at < name.length; at++) {
    const unit = name.charCodeAt(at)
    one = Math.imul(one ^ unit, 0x01000193)
    other = Math.imul(other, 31) + unit
  }
  return `${name.length} ${one} ${other}`
}

/** When names were last invalidated. */
export class Instants {
  readonly #at = new Map<string, number>()
  /** Of all names that are not kept apart. */
  #floor = 0

  /** A name is invalidated now. */
  mark(name: string): void {
    const own = kept(name)
    this.#at.delete(own)
    this.#at.set(own, nextInstant())
    if (this.#at.size <= apart) return
    const [oldest, at] = this.#at.entries().next().value as [string, number]
    this.#at.delete(oldest)
    this.#floor = at
  }

  /** When a name was last invalidated, or a later instant; 0 for never. */
  of(name: string): number {
    return this.#at.size === 0 ? this.#floor : (this.#at.get(kept(name)) ?? this.#floor)
  }
}
