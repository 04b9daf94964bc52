/**
 * Refreshes: runs of the function that a hit starts and nobody waits for, while its entry goes on to answer. One for each
 * key at a time, begun after the current turn, so that the hit itself pays nothing; held back for a while where the
 * function failed; given up after `flightTimeout`. The races they run are in docs/decisions/0012-freshness.md.
 */

import { turn } from '#platform'
import { hush, isThenable } from './answer.ts'
import type { Reporter } from './events.ts'
import { Flight, type Landed, type Landing } from './flight.ts'
import { drained } from './gate.ts'
import type { Lane } from './lane.ts'
import type { ResolvedOptions } from './options.ts'

/** Hands over a promise that outlives its call to whoever keeps the runtime alive for it. */
export function outlive(work: () => Promise<unknown>, { waitUntil }: ResolvedOptions, report: Reporter): void {
  try {
    const kept: unknown = waitUntil?.(work())
    if (isThenable(kept)) kept.then(undefined, (error) => report({ type: 'listener-error', error }))
  } catch (error) {
    report({ type: 'listener-error', error })
  }
}

/** Starts a refresh of a key, unless one is under way. */
export type Refresh = (
  lane: Lane,
  suffix: string,
  key: string | undefined,
  reason: 'early' | 'stale',
  abortable: boolean,
  run: (flight: Flight) => Promise<Landed>,
) => void

/** Creates what starts the refreshes of one function. */
export function createRefresh(options: ResolvedOptions, report: Reporter, clock: () => number): Refresh {
  return (lane, suffix, key, reason, abortable, run) => {
    if (lane.refreshes.has(suffix) || lane.gate.isBusy) return
    const flight = new Flight(abortable, true)
    lane.enter(suffix, flight, lane.refreshes)
    report({ type: 'refresh', key, reason })
    const land = (landing: Landing): Landed => {
      flight.land(landing)
      return { landing }
    }
    const landed = turn()
      .then(() => {
        if (flight.writable || flight.isAwaited) return run(flight)
        // Something newer came before it began.
        return land({ shared: false, value: undefined })
      })
      .catch((error: unknown) => {
        // Only the clock gets here: what else could throw is part of the landing.
        report({ type: 'refresh-error', key, error })
        return land({ shared: true, outcome: 'error', createdAt: 0, take: () => error })
      })
    flight.landing = landed.then(({ landing }) => landing)
    hush(flight.landing)
    const ended = drained(
      landed.then(({ written }) => written),
      options.flightTimeout,
    ).then(() => {
      if (!flight.landed && flight.home) {
        flight.joinable = false
        flight.writable = false
        report({ type: 'flight-timeout', key })
        lane.fail(suffix, clock())
      }
      lane.retire(suffix, flight)
    })
    const over = ended.catch(() => lane.retire(suffix, flight))
    lane.watch(over)
    outlive(() => over, options, report)
  }
}
