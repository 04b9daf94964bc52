/**
 * The entry of a call: asks the store for it, and decides what it is worth to that call. Whatever goes wrong on the way is a
 * miss, told by an event; nothing here runs the function.
 */

import type { Admission } from './admit.ts'
import { type Answer, follow, isThenable, rescue } from './answer.ts'
import type { Call, Definition, Found } from './definition.ts'
import type { Opened, Sealer } from './entry.ts'
import { StoreError } from './errors.ts'
import type { MissReason } from './events.ts'
import type { Judge } from './judge.ts'
import { Recent } from './recent.ts'
import type { Read, Seen } from './rows.ts'

/** How long a text that a store holds may be to be kept. */
const mostHeld = 4000

/** What such a text and what is made of it take, for each of its characters. */
const kept = 6

/** A look at an entry that is no call: nothing is reported, and why it was none is noted here. */
export interface Look {
  reason?: MissReason
}

/** What finds the entries of one function. */
export interface Finder {
  /** Asks the store for a call's entry. @throws StoreError, at once or later */
  read(call: Call): Answer<Read>
  /** Asks a store that promises, and goes on with what it answers. @throws StoreError at once, where it is not asked */
  readThen<T>(call: Call, next: (read: Read) => Answer<T>, lost: (error: unknown) => Answer<T>): Answer<T>
  /**
   * What the store's answer is worth to a call, or `undefined` for a miss. It is reported, unless it is only looked at.
   */
  decide(call: Call, read: Read, look?: Look): Answer<Found | undefined>
  /** Takes an entry apart: once for all who read it in one turn. @throws EntryFormatError */
  open(call: Call, held: unknown, made: Map<string, unknown> | undefined): Opened
  /** Reports a hit. */
  hit(call: Call): void
  /** Reports a miss. */
  missed(call: Call, reason: MissReason): undefined
  /** Reports a failure of the store. */
  storeFailed(call: Call, operation: string, cause: unknown): void
  /** Reports a read that brought nothing but an error. */
  unread(call: Call, cause: unknown): undefined
}

/** Puts together what finds the entries of one function. */
export function createFinder(definition: Definition, judge: Judge, { keyOf, shown }: Admission): Finder {
  const { options, sealer, report, clock, tags, reader } = definition
  const { storeTimeout } = options
  const { counts } = report

  function read(call: Call): Answer<Read> {
    const { lane, suffix, names } = call
    if (!names) return follow(lane.get(suffix, storeTimeout), (held) => ({ held, seen: undefined, made: undefined }))
    const unsettled = !lane.trusts(suffix, Infinity)
    return readThen(
      call,
      (read) => (unsettled ? { ...read, unsettled } : read),
      (error) => Promise.reject(error),
    )
  }

  /** Where others use the store, the entry and the epochs it is held against are one round trip. */
  function readThen<T>(call: Call, next: (read: Read) => Answer<T>, lost: (error: unknown) => Answer<T>): Answer<T> {
    const { lane, names } = call
    const key = keyOf(call)
    const failed = (error: unknown) => storeFailed(call, 'getMany', error)
    if (names) return lane.epochs.space.stored!.read(key, names, storeTimeout, failed, next, lost)
    return reader!.one(key, storeTimeout, failed, (held, made) => next({ held, seen: undefined, made }), lost)
  }

  function decide(call: Call, read: Read, look?: Look): Answer<Found | undefined> {
    const { held, seen, made, unsettled } = read
    if (held === undefined || held === null) return missedBy(call, 'absent', look)
    const { lane, suffix, names } = call
    let opened: Opened
    try {
      opened = open(call, held, made)
    } catch (error) {
      return unreadable(call, error, look)
    }
    const stored = lane.epochs.space.stored
    if (unsettled || !lane.trusts(suffix, opened.createdAt) || (names && seen && stored!.owes(names, seen)))
      return missedBy(call, 'unsettled', look)
    if (opened.tagPolicy !== tags.policy || tags.fixed.some((tag, at) => opened.tags?.[at] !== tag))
      return missedBy(call, 'tags-changed', look)
    const good = stands(call, opened, seen)
    return isThenable(good)
      ? Promise.resolve(good).then((good) => taken(call, opened, good as boolean, look))
      : taken(call, opened, good as boolean, look)
  }

  /** What an entry is worth once it is known whether it stands. */
  function taken(call: Call, opened: Opened, good: boolean, look: Look | undefined): Found | undefined {
    if (!good) return missedBy(call, 'invalidated', look)
    let value: unknown
    try {
      value = opened.take()
    } catch (error) {
      return unreadable(call, error, look)
    }
    return weigh(call, opened, value, look)
  }

  /** Takes an entry apart: once for all who read it in one turn, and once for as long as the store holds the very text. */
  function open(call: Call, held: unknown, made: Map<string, unknown> | undefined): Opened {
    const { address } = call
    if (address?.opened && address.held === held) return address.opened
    const key = keyOf(call)
    const known = made?.get(key) as { readonly by: Sealer; readonly opened: Opened } | undefined
    if (known?.by === sealer) return known.opened
    const opened = sealer.open(held, key)
    if (address && typeof held === 'string' && held.length <= mostHeld) {
      Recent.grow(kept * held.length)
      address.held = held
      address.opened = opened
    } else made?.set(key, { by: sealer, opened })
    return opened
  }

  /** Whether nothing of what an entry depends on was invalidated since its fill began. */
  function stands(call: Call, opened: Opened, seen: Seen | undefined): Answer<boolean> {
    const { epochs, tags: own = [] } = opened
    const { lane, inputs, names } = call
    const { stored } = lane.epochs.space
    if (!stored || !names) return typeof epochs === 'number' && lane.epochs.changed(inputs.subject, own) <= epochs
    if (typeof epochs !== 'string' || !seen) return false
    const carried = (opened.carried ??= epochs.split(' '))
    if (own.length === tags.fixed.length) return stored.stand(carried, names, [], seen, storeTimeout)
    const others = own.slice(tags.fixed.length)
    if (others.some((tag) => stored.owesTag(tag, seen))) return false
    return rescue(
      () => stored.stand(carried, names, others, seen, storeTimeout),
      (error) => {
        storeFailed(call, 'get', error)
        return false
      },
    )
  }

  /** What an entry that stands is worth under the options of now. */
  function weigh(call: Call, opened: Opened, value: unknown, look: Look | undefined): Found | undefined {
    const { lane, suffix } = call
    const quietly = look !== undefined
    const state = judge.stateOf(call, opened, value)
    if (state === 'miss') return missedBy(call, 'expired', look)
    if (state === 'fresh') {
      if (!quietly) hit(call)
      return { opened, value, state, answers: true }
    }
    const heldBack = lane.isHeldBack(suffix, clock())
    const answers = state !== 'error-only' || heldBack
    if (!quietly) {
      if (state === 'early') hit(call)
      else if (answers) report({ type: 'stale-hit', key: shown(call), reason: heldBack ? 'back-off' : 'refresh' })
      else missed(call, 'expired')
    }
    return { opened, value, state, answers }
  }

  function hit(call: Call): void {
    if (report.observed()) report({ type: 'hit', key: shown(call) })
    else counts.hit = (counts.hit ?? 0) + 1
  }

  function missed(call: Call, reason: MissReason): undefined {
    report({ type: 'miss', key: shown(call), reason })
    return undefined
  }

  function missedBy(call: Call, reason: MissReason, look: Look | undefined): undefined {
    if (!look) return missed(call, reason)
    look.reason = reason
  }

  function unreadable(call: Call, error: unknown, look: Look | undefined): undefined {
    report({ type: 'unreadable-entry', key: shown(call), error })
    return missedBy(call, 'unreadable', look)
  }

  function storeFailed({ lane }: Call, operation: string, cause: unknown): void {
    const error = lane.gate.failed(operation, cause)
    // A store that is not asked has failed before, and that was told.
    if (!error.refused) report({ type: 'store-error', operation: error.operation, error })
  }

  return {
    read,
    readThen,
    decide,
    open,
    hit,
    missed,
    storeFailed,
    unread(call, cause) {
      storeFailed(call, 'get', cause)
      return missed(call, cause instanceof StoreError && cause.refused ? 'breaker-open' : 'store-error')
    },
  }
}
