/** The names of what can be invalidated, as keys of a store that others use: under each of them stands its epoch. */

/** The names of one call by their keys in the store, and where it stands that something like them was invalidated. */
export interface Names {
  /** The activity of the function: replaced before `all` or a call's is. */
  readonly activity: string
  readonly all: string
  readonly call: string
  /** The activity of tags: replaced before a tag's is. */
  readonly tagActivity: string
  /** Those tags that are known before a run. */
  readonly tags: readonly string[]
  /** All of them. */
  readonly keys: readonly string[]
}

/** How many keys of tags are remembered. */
const remembered = 10_000

/** What makes the names of one namespace. */
export class Naming {
  readonly #prefixOf: (label: string) => string
  readonly #digest: (text: string) => string
  readonly #tags = new Map<string, string>()

  /** @param prefixOf the beginning of the keys of a label's names */
  constructor(prefixOf: (label: string) => string, digest: (text: string) => string) {
    this.#prefixOf = prefixOf
    this.#digest = digest
  }

  /** What makes the names of a function's calls, from what an invalidation names them by and its digest, if that is known. */
  of(label: string, tags: readonly string[]): (subject: string, digested?: string) => Names {
    const { activity, all } = this.ofAll(label)
    const fixed = { activity, all, tagActivity: this.tag(''), tags: tags.map((tag) => this.tag(tag)) }
    const beginning = `${this.#prefixOf(label)}~`
    return (subject, digested = this.#digest(subject)) => {
      const call = beginning + digested
      return { ...fixed, call, keys: [activity, all, call, fixed.tagActivity, ...fixed.tags] }
    }
  }

  /** The names of a function. */
  ofAll(label: string): Pick<Names, 'activity' | 'all'> {
    const prefix = this.#prefixOf(label)
    return { activity: `${prefix}a`, all: `${prefix}f` }
  }

  /** The key under which the epoch of a tag stands; that of `''`, which is no tag, is the activity of them all. */
  tag(tag: string): string {
    let key = this.#tags.get(tag)
    if (key === undefined) {
      if (this.#tags.size >= remembered) this.#tags.clear()
      // No label is empty.
      this.#tags.set(tag, (key = `${this.#prefixOf('')}~${this.#digest(tag)}`))
    }
    return key
  }
}
