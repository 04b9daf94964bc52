/**
 * Hits in memory: answers a call from the slot of its entry where nothing asks for more than its value. The way to the slot
 * is in `hit-path.ts`; whatever is not plain goes the general way (`call.ts`).
 */

import type { Call, Definition } from './definition.ts'
import { gathering } from './flight.ts'
import { plainTtl } from './freshness.ts'
import { instant } from './instants.ts'
import type { Lane } from './lane.ts'
import { Gathering } from './nested.ts'
import type { Manner } from './run.ts'
import type { Slot } from './slot.ts'

/** What the hit path answers where the general one must. */
export const general = Symbol('general')

/** Answers from a slot, or with {@link general}. */
export type Quick = (slot: Slot | null | undefined, here: Lane) => unknown

/** Puts together the hits of one function, where it can have any such. */
export function createQuick({ options, report, clock, tags, quick }: Definition, manner: Manner): Quick | undefined {
  const { ttl, windows } = options
  if (!quick || typeof ttl !== 'number') return undefined
  const { counts } = report
  const plain = plainTtl(ttl, windows)

  /** Whether an entry in memory has the tags that the options of now give, as far as that is plain. */
  function isTagged({ tagPolicy, tags: own }: Slot['entry']): boolean {
    if (tagPolicy !== tags.policy) return false
    return tagPolicy !== undefined || (own === undefined ? tags.fixed.length === 0 : own === tags.fixed)
  }

  return (slot, here) => {
    if (!slot || !here.isQuiet || report.observed()) return general
    const { entry } = slot
    // After the entry: an LRUCache's slot sees only then that it is another one.
    if (slot.checked < here.epochs.space.latest) return general
    if (entry.outcome !== 'value' || entry.until !== undefined || !isTagged(entry)) return general
    if (plain !== Infinity && !(Math.abs(clock() - entry.createdAt) < plain)) return general
    if (Gathering.active > 0 && (plain !== Infinity || entry.tags !== undefined) && gathering()) return general
    slot.visited = true
    counts.hit = (counts.hit ?? 0) + 1
    return manner.isPromised(entry) ? Promise.resolve(entry.body) : entry.body
  }
}

/** Notes that an entry in memory still stands, so that the hit path need not look until something is invalidated again. */
export function check({ lane, inputs }: Call, slot: Slot): void {
  const { epochs, tags = [] } = slot.entry
  if (slot.checked >= lane.epochs.space.latest || typeof epochs !== 'number') return
  if (lane.epochs.changed(inputs.subject, tags) <= epochs) slot.checked = instant()
}
