/**
 * One fill among processes: where a store has locks, a run takes that of its key first, and who does not get it waits for
 * what the holder writes (L5).
 *
 * The rule: a lock decides who works and never what is believed. Whoever waits gets an entry that he read after his call
 * began, held against epochs that he read with it, as any call does; and he waits at most `lockWait`. Everything else may
 * go wrong at the price of a run more: a lock that cannot be taken is none, one whose holder died is free after its lease,
 * one that was lost meanwhile harms nobody.
 *
 * A lock and a second read go out in this order in one turn. Whoever has the lock so knows what every holder before him
 * wrote. Nothing is put into the store for a run before its turn has come: epochs that two runs make for themselves would
 * replace each other.
 *
 * Decision: docs/decisions/0032-redis.md.
 */

import { after, later } from '#platform'
import { type Answer, hush } from './answer.ts'
import type { Call, Definition, Found } from './definition.ts'
import type { MissReason } from './events.ts'
import type { Flight, Landed, SharedLanding } from './flight.ts'
import type { Gate } from './gate.ts'
import type { Read, Seen } from './rows.ts'

/** How long a lock stands without being renewed, in milliseconds: what a holder that dies costs those who wait. */
const lease = 2000

/** How long who waits pauses between two looks, in milliseconds: a share of the time he has waited, within bounds. */
const pauses = { least: 20, most: 250, share: 1 / 8, watched: 500 } as const

/** What the note of a run begins with that stored nothing: nobody waits for the next one. */
const unstored = '!'

/** How long that is remembered, in milliseconds. */
const remembered = 1000

/** A lock that a run has. */
export interface Lock {
  readonly call: Call
  readonly note: string
}

/** What a run finds when its turn has come: an entry that answers instead, or what it is to know. */
export interface Turn {
  readonly landing?: SharedLanding
  readonly seen: Seen
  readonly over: Found | undefined
  readonly lock?: Lock | undefined
}

/** What turns need of the call they belong to. */
interface Means {
  nextInstant(): number
  read(call: Call): Answer<Read>
  decide(call: Call, read: Read, look: { reason?: MissReason }): Answer<Found | undefined>
  shown(call: Call): string | undefined
  landingOf(call: Call, found: Found): SharedLanding
}

/** How the runs of one function take turns with those of other processes. */
export interface Turns {
  /** Waits for the turn of a flight. Never throws but for the clock. */
  wait(call: Call, flight: Flight, seen: Seen, over: Found | undefined, background: boolean): Promise<Turn>
  /** Gives a lock back without a run. */
  leave(lock: Lock): void
  /** Runs under a lock that is kept until what the run came to is written. */
  under(lock: Lock, run: () => Promise<Landed>): Promise<Landed>
}

/** Puts together how the runs of one function take turns. */
export function createTurns(definition: Definition, { nextInstant, read, decide, shown, landingOf }: Means): Turns {
  const { options, report } = definition
  const { store, storeTimeout, flightTimeout, lockWait } = options
  const { locks } = store

  /** Asks for the lock; whoever has it, by his note, or `false` where it cannot be asked for. */
  function acquire(call: Call, note: string, instead: string | undefined): Promise<string | false | undefined> {
    const { gate } = call.lane
    const key = call.lane.keyOf(call.suffix)
    let asked: Promise<string | undefined> | undefined
    // One that lands after all would keep others waiting for nobody.
    const undo = async () => {
      if ((await asked) === undefined) await release({ call, note })
    }
    try {
      const answer = gate.ask('lock', storeTimeout, () => (asked = locks!.acquire(key, note, lease, instead)))
      return Promise.resolve(answer).catch((error: unknown) => {
        hush(undo())
        failed(gate, error)
        return false
      })
    } catch (error) {
      failed(gate, error)
      return Promise.resolve(false)
    }
  }

  function failed(gate: Gate, cause: unknown): void {
    const error = gate.failed('lock', cause)
    if (!error.refused) report({ type: 'store-error', operation: error.operation, error })
  }

  async function release({ call: { lane, suffix }, note }: Lock): Promise<void> {
    if (lane.locks.get(suffix) === note) lane.locks.delete(suffix)
    try {
      await locks!.release(lane.keyOf(suffix), note)
    } catch {
      // Its lease ends it.
    }
  }

  /** What the holder made is not kept: who waited for it runs the function at once, and not one after the other. */
  async function giveUp({ call: { lane, suffix }, note }: Lock): Promise<void> {
    if (lane.locks.get(suffix) === note) lane.locks.delete(suffix)
    try {
      await locks!.acquire(lane.keyOf(suffix), unstored + note, remembered, note)
    } catch {
      // Its lease ends it.
    }
  }

  /** Renews a lock until it is lost, or until this says that it is over. */
  function renewing({ call: { lane, suffix }, note }: Lock): () => void {
    let going = true
    const begun = performance.now()
    const renew = async () => {
      if (!going || performance.now() - begun > flightTimeout) return
      try {
        going &&= await locks!.renew(lane.keyOf(suffix), note, lease)
      } catch {
        // It may be there the next time.
      }
      if (going) later(lease / 4, () => void renew())
    }
    later(lease / 4, () => void renew())
    return () => {
      going = false
    }
  }

  /** Resolves when a lock was given back, as far as one hears of that, or when it is time to look again. */
  function pause(call: Call, waited: number, left: number): Promise<void> {
    return new Promise((resolve) => {
      const own = locks!.watch ? pauses.watched : Math.min(pauses.most, Math.max(pauses.least, waited * pauses.share))
      let unwatch: (() => void) | undefined
      const done = () => {
        cancel()
        unwatch?.()
        resolve()
      }
      const cancel = after(Math.min(own, left), done)
      try {
        unwatch = locks!.watch?.(call.lane.keyOf(call.suffix), done)
      } catch {
        // Then time alone wakes.
      }
    })
  }

  return {
    async wait(call, flight, seen, over, background) {
      const { lane, names, suffix } = call
      const stored = lane.epochs.space.stored
      if (!locks || lockWait === 0 || !stored || !names) return { seen, over }
      const began = performance.now()
      let known = seen
      let fallback = over
      let joined = false
      // A lock of this process is that of a run which this call could not wait for: it has begun too early, or makes the call.
      let instead = lane.locks.get(suffix)
      const join = () => {
        if (!joined && !background) report({ type: 'join', key: shown(call) })
        joined = true
      }
      for (;;) {
        if (lane.gate.isOpen || !flight.writable || flight.controller?.signal.aborted) break
        const note = stored.note(known, names)
        const asOf = nextInstant()
        const asked = acquire(call, note, instead)
        const again = Promise.resolve()
          .then(() => read(call))
          .then(async (one) => ({ one, found: await decide(call, one, {}) }))
        hush(again)
        const holder = await asked
        const lock = holder === undefined ? { call, note } : undefined
        if (lock) lane.locks.set(suffix, note)
        try {
          const { one, found } = await again
          if (one.seen) known = one.seen
          if (found && (background ? found.state === 'fresh' : found.answers)) {
            if (lock) void release(lock)
            join()
            return { landing: { ...landingOf(call, found), asOf }, seen: known, over: found }
          }
          fallback = found ?? fallback
        } catch {
          // The first read was good; what it told still holds for a run.
        }
        if (lock) return { seen: known, over: fallback, lock }
        if (holder === false || holder!.startsWith(unstored)) break
        instead = undefined
        if (stored.isPast(holder!, known, names)) {
          instead = holder
          continue
        }
        const waited = performance.now() - began
        if (waited >= lockWait) break
        join()
        await pause(call, waited, lockWait - waited)
      }
      return { seen: known, over: fallback }
    },

    leave(lock) {
      void release(lock)
    },

    async under(lock, run) {
      const { lane } = lock.call
      const stop = renewing(lock)
      const end = (written: boolean) => {
        stop()
        return written ? release(lock) : giveUp(lock)
      }
      let landed: Landed
      try {
        landed = await run()
      } catch (error) {
        hush(end(false))
        throw error
      }
      const { written } = landed
      const ended = written ? written.then(() => end(true)) : end(false)
      lane.gate.keep(ended, lane.gate.landings)
      return landed
    },
  }
}
