/**
 * Epochs: what an invalidation changes, instead of looking for entries.
 *
 * Whatever can be invalidated has a name: a function (its label), one call of it (label and arguments) and a tag. Each
 * name has an epoch that every invalidation replaces, and an entry carries the epochs of its names as they were before
 * its function ran. It answers only while all of them still stand. So an invalidation is one write however many entries
 * it ends, it ends those of other versions too (R17), and a fill that began before it makes nothing that is believed
 * after it, whenever its write lands (R18). Nothing is compared but for equality or by the order of events: no clock
 * takes part (R19).
 *
 * Where entries end with this process, an epoch is the instant of the last invalidation (`instants.ts`). In a store
 * that others use it is a token that stands in the store, see `stored-epochs.ts`; the instants then say only what this
 * process knows: which flights began too early to be joined.
 */

import { Instants, instant, nextInstant } from './instants.ts'
import type { StoredEpochs } from './stored-epochs.ts'

/** The names of one namespace over one store. */
export class Space {
  readonly tags = new Instants()
  readonly #functions = new Map<string, FunctionEpochs>()
  /** When anything in it was last invalidated: whatever was found good after that still is. */
  latest = 0
  /** Where the store is used by others. */
  readonly stored: StoredEpochs | undefined

  constructor(stored: StoredEpochs | undefined) {
    this.stored = stored
  }

  /** The epochs of a label; of one definition alone where no other shares its entries. */
  of(label: string, shared: boolean): FunctionEpochs {
    if (!shared) return new FunctionEpochs(this, label)
    let found = this.#functions.get(label)
    if (!found) this.#functions.set(label, (found = new FunctionEpochs(this, label)))
    return found
  }

  /** Tags are invalidated now, as far as this process goes. */
  invalidateTags(tags: readonly string[]): void {
    // What depends on tags that nobody can name, such as a kept error, depends on all of them: on ''.
    for (const tag of [...tags, '']) this.tags.mark(tag)
    this.latest = instant()
  }
}

/** The epochs of one function, whatever its version. */
export class FunctionEpochs {
  readonly space: Space
  readonly label: string
  readonly #calls = new Instants()
  #all = 0

  constructor(space: Space, label: string) {
    this.space = space
    this.label = label
  }

  /** One call is invalidated now, as far as this process goes. */
  invalidate(subject: string): void {
    this.#calls.mark(subject)
    this.space.latest = instant()
  }

  /** Every call is invalidated now, as far as this process goes. */
  invalidateAll(): void {
    this.#all = this.space.latest = nextInstant()
  }

  /** When what depends on a call and some tags was last invalidated in this process. */
  changed(subject: string, tags: readonly string[]): number {
    let at = Math.max(this.#all, this.#calls.of(subject))
    for (const tag of tags) at = Math.max(at, this.space.tags.of(tag))
    return at
  }
}
