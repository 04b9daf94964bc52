/**
 * What the cached calls that a function makes leave with its own entry (R21): their tags, with the epochs they were found
 * under, and the moment at which the first of them expires. An outer entry is then invalidated by every tag of what it was
 * made from, and is fresh no longer than that.
 */

import type { Space } from './epochs.ts'

/** What an answer depends on besides its own names. */
export interface Depends {
  readonly space: Space
  readonly tags: readonly string[]
  /** The tokens of the tags in a store that others use, as far as they are known. */
  readonly tokens: readonly (string | undefined)[]
  /** Epoch milliseconds until which it is fresh. */
  readonly until: number
}

const none: ReadonlyMap<string, undefined> = new Map()

/** What one run of a function gathers. */
export class Gathering {
  readonly space: Space
  #tags: Map<string, string | undefined> | undefined
  until = Infinity
  /** Whether one tag was seen under two epochs: it was invalidated while the function ran. */
  torn = false

  constructor(space: Space) {
    this.space = space
  }

  /** Tags, with their tokens where those are of the same space. */
  get tags(): ReadonlyMap<string, string | undefined> {
    return this.#tags ?? none
  }

  /** A cached call of the run was answered. */
  add({ space, tags, tokens, until }: Depends): void {
    if (until < this.until) this.until = until
    if (tags.length === 0) return
    const gathered = (this.#tags ??= new Map())
    for (const [at, tag] of tags.entries()) {
      const token = space === this.space ? tokens[at] : undefined
      const known = gathered.get(tag)
      if (known !== undefined && token !== undefined && known !== token) this.torn = true
      // Once unknown it stays so: what is known of one call says nothing of another.
      gathered.set(tag, gathered.has(tag) && known === undefined ? undefined : token)
    }
  }

  /** How many runs gather now. */
  static active = 0

  /** What gathers for a run that answers at once, and so has no flight. */
  static running: Gathering | undefined

  /** Runs a function; what it calls before it answers is gathered here, or, where it has a flight, by that. */
  static during<T>(own: Gathering | undefined, run: () => T): T {
    const outer = Gathering.running
    Gathering.running = own
    try {
      return run()
    } finally {
      Gathering.running = outer
    }
  }
}
