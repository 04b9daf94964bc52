/**
 * What was lately made from texts, so that what comes again is not made again. All of a process together keep so much and
 * no more, however many functions are cached (L7): when it is full everything goes, and what is in use is soon back.
 */

/** How many characters are kept in all, of texts and of what was made from them; about as many bytes. */
const most = 4_000_000

/** What one of them takes besides its characters. */
const overhead = 400

let kept = 0
/** Counts how often everything went. */
let age = 0

/** Makes room for some characters more, and says since when there is. */
function take(weight: number): void {
  kept += weight
  if (kept <= most) return
  age += 1
  kept = weight
}

/** What was lately made from texts of one kind. */
export class Recent<T> {
  #age = age
  readonly #made = new Map<string, T>()

  get(text: string): T | undefined {
    if (this.#age !== age) {
      this.#age = age
      this.#made.clear()
    }
    return this.#made.get(text)
  }

  /** Keeps what was made from a text, after `get` said that there is nothing. */
  keep(text: string, made: T): T {
    take(text.length + overhead)
    // Room was made for it by letting everything go, this included.
    this.get(text)
    this.#made.set(text, made)
    return made
  }

  /** Counts characters that something kept has come to hold. */
  static grow(characters: number): void {
    take(characters)
  }
}
