/**
 * What was lately made from texts, so that what comes again is not made again. All of a process together keep so much and
 * no more, however many functions are cached (L7): when it is full everything goes, and what is in use is soon back.
 */

/** How many characters are kept in all, of texts and of what was made from them; about as many bytes. */
const most = 4_000_000

/** What one of them takes besides its characters. */
const overhead = 400

let kept = 0

/** Whoever keeps something now. */
const holders = new Set<{ clear(): void }>()

/** Makes room for some characters more. */
function take(weight: number): void {
  kept += weight
  if (kept <= most) return
  kept = weight
  // Also what nobody asks for any more: a function that is called no longer would hold its share for good.
  for (const holder of holders) holder.clear()
  holders.clear()
}

/** What was lately made from texts of one kind. */
export class Recent<T> {
  readonly #made = new Map<string, T>()

  get(text: string): T | undefined {
    return this.#made.get(text)
  }

  /** Keeps what was made from a text, after `get` said that there is nothing. */
  keep(text: string, made: T): T {
    take(text.length + overhead)
    holders.add(this.#made)
    this.#made.set(text, made)
    return made
  }

  /** Counts characters that something kept has come to hold. */
  static grow(characters: number): void {
    take(characters)
  }
}
