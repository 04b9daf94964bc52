/**
 * The short way of a hit that memory in front of a shared store answers: nothing is awaited, and no read is made.
 *
 * The rule: it believes what the long way would believe of the same entry and the same epochs, and looks at both anew or knows
 * that neither has changed. `answer` takes the entry and the kept epochs and lets the long way's own `decide` judge them.
 * What was found good is then noted with the count of changes under which it was; `from` believes that note while
 * the entry is the same one, the count is, the bus vouches for it, and nothing was invalidated in this process since.
 * Whatever is more than a plain hit (stale, early, an error that was kept, a flight or a fence of the key) goes the long way.
 *
 * Decision: docs/decisions/0044-hits-of-tiers.md. Tests: test/near-path.test.ts.
 */

import { hush, isThenable } from './answer.ts'
import type { Call, Definition, Found } from './definition.ts'
import type { Finder } from './find.ts'
import { gathering } from './flight.ts'
import { machineClock, plainTtl } from './freshness.ts'
import { instant } from './instants.ts'
import type { Judge } from './judge.ts'
import type { Lane } from './lane.ts'
import type { Near, NearPath } from './near.ts'
import { Gathering } from './nested.ts'
import type { Slot, SlotScope } from './slot.ts'
import type { Entry } from './store.ts'

/** What is noted with a place: an entry that was found good, by whom, and under what. */
interface Note {
  readonly by: Definition
  readonly entry: Entry
  readonly changes: number
  readonly checked: number
  /** Until when it and its epochs are kept, and it is sure to be fresh by the clock of the machine. */
  readonly until: number
  readonly createdAt: number
  readonly take: () => unknown
}

/** Puts the short way of one function together. */
export function createNearPath(near: Near, definition: Definition, judge: Judge, finder: Finder): NearPath {
  const { options, inputsOf, report, clock, tags } = definition
  const { ttl, windows } = options
  const { counts } = report
  const noting = inputsOf.plain && typeof ttl === 'number'
  const { vouching } = near
  const plain = plainTtl(ttl as number, windows)
  /** Whether one clock is as good as the other for how long an entry is fresh. */
  const timed = plain !== Infinity && clock !== machineClock
  const scopes = new WeakMap<Lane, { readonly places: SlotScope | undefined }>()

  function placesOf(lane: Lane): SlotScope | undefined {
    let scope = scopes.get(lane)
    if (!scope) scopes.set(lane, (scope = { places: near.scope(lane.prefix) }))
    return scope.places
  }

  /** Where the near tier has an entry; nothing where it throws for that, as it may: the long way hears of it as of any failure. */
  function placeOf(lane: Lane, suffix: string): { readonly slot: Slot; readonly entry: Entry } | undefined {
    try {
      const slot = placesOf(lane)?.slot(suffix)
      const entry = slot?.entry
      return entry && { slot: slot!, entry }
    } catch {
      return undefined
    }
  }

  /** Whether something of a call is under way that may be newer than its entry, or nobody but the long way can end it. */
  function isBusy({ lane, suffix, inputs }: Call): boolean {
    const { flights, refreshes, reading } = lane
    if (inputs.signals.length > 0 || !lane.trusts(suffix, Infinity)) return true
    return flights.has(suffix) || refreshes.has(suffix) || reading.has(suffix)
  }

  return {
    from(args, lane) {
      if (!noting || !lane.isQuiet || lane.refreshes.size > 0 || report.observed()) return undefined
      const slot = lane.hits.find(args)
      const note = slot?.note as Note | undefined
      if (note?.by !== definition || note.entry !== slot!.entry) return undefined
      if (note.changes !== vouching.changes || note.checked < lane.epochs.space.latest) return undefined
      const now = performance.now()
      vouching.usedAt = now
      if (!(now < vouching.until && now < note.until)) return undefined
      if (timed && !(Math.abs(clock() - note.createdAt) < plain)) return undefined
      if (Gathering.active > 0 && gathering()) return undefined
      let value: unknown
      try {
        value = note.take()
      } catch {
        return undefined
      }
      slot!.visited = true
      counts.hit = (counts.hit ?? 0) + 1
      return Promise.resolve(value)
    },

    answer(call) {
      const { lane, suffix, names, inputs } = call
      if (!names || isBusy(call)) return undefined
      const place = placeOf(lane, suffix)
      if (!place) return undefined
      const { slot, entry } = place
      const { held, until: keptUntil } = near.kept(entry)
      let until = keptUntil
      // Before anything is looked at: what changes from here on shows in them.
      const { changes } = vouching
      const checked = instant()
      const now = performance.now()
      vouching.usedAt = now
      if (!(now < vouching.until && now < until)) return undefined
      let found: Found | undefined
      try {
        // What is large is not taken apart twice.
        const made = new Map<string, unknown>()
        const opened = finder.open(call, held, made)
        const others = opened.tags?.slice(tags.fixed.length) ?? []
        const rowOf = (key: string) => {
          const kept = near.row(key)
          until = Math.min(until, kept?.until ?? until)
          return kept?.row
        }
        const seen = lane.epochs.space.stored!.atHand(rowOf, names, others)
        if (!seen || now >= until) return undefined
        const decided = finder.decide(call, { held, seen, made }, {})
        if (isThenable(decided)) {
          hush(decided)
          return undefined
        }
        found = decided as Found | undefined
      } catch {
        return undefined
      }
      if (found?.state !== 'fresh' || found.opened.outcome !== 'value') return undefined
      const { opened, value } = found
      finder.hit(call)
      slot.visited = true
      call.outer?.add(judge.dependsOf(call, opened, value))
      if (noting && inputs.fixed && opened.until === undefined) {
        const { createdAt, take } = opened
        const fresh = timed || plain === Infinity ? Infinity : now + plain - Math.abs(clock() - createdAt)
        const note: Note = { by: definition, entry, changes, checked, until: Math.min(until, fresh), createdAt, take }
        slot.note = note
        lane.hits.adopt(call.args, slot)
      }
      return Promise.resolve(value)
    },
  }
}
