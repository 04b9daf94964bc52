import { add, countOf, type Histogram, percentile } from './histogram.ts'
import { type Breach, type Phase, phases, type Totals, type Window } from './plan.ts'
import { instant } from './register.ts'
import type { Claim, Fault, Latency, Moment, Round, Series } from './results.ts'

/** How long one moment of a timeline is, in milliseconds, and how many there are at most. */
const moment = 100
const most = 240

interface Counted {
  calls: number
  hits: number
  misses: number
  due: number
  stored: number
  times: Histogram
}

const counted = (): Counted => ({ calls: 0, hits: 0, misses: 0, due: 0, stored: 0, times: new Map() })
const ratio = ({ hits, calls }: Counted) => (calls === 0 ? 0 : Math.min(1, hits / calls))

/** What was seen of one round, as it goes. */
export class Account {
  readonly began = instant()
  readonly claims: Claim[] = []
  readonly faults: Fault[] = []
  readonly series: Series[] = []
  readonly breaches: string[] = []
  readonly seen = { calls: 0, hits: 0, failed: 0, wrong: 0, unhandled: 0 }
  readonly #phases = new Map<Phase, Counted>()
  readonly #moments = new Map<number, Counted>()
  #totals: Totals[] = []
  #open: { title: string; from: number } | undefined

  readonly name: string
  readonly processes: number
  readonly callers: number

  constructor(name: string, processes: number, callers: number) {
    this.name = name
    this.processes = processes
    this.callers = callers
  }

  /** Seconds since it began. */
  now(): number {
    return (instant() - this.began) / 1000
  }

  window(window: Window): void {
    const at = Math.floor((window.to - this.began) / moment)
    for (const into of [entry(this.#phases, window.phase), entry(this.#moments, at)]) {
      into.calls += window.calls
      into.hits += window.hits
      into.misses += window.misses
      into.due += window.due
      into.stored += window.stored
      add(into.times, window.times)
    }
    this.seen.calls += window.calls
    this.seen.hits += window.hits
    this.seen.failed += window.failed
    this.seen.wrong += window.wrong
  }

  breach({ kind, text }: Breach): void {
    if (kind === 'unhandled') this.seen.unhandled += 1
    if (this.breaches.length < 50) this.breaches.push(`${kind}: ${text}`)
  }

  /** A fault begins: until `mended` its time is drawn. */
  fault(title: string): void {
    this.#open = { title, from: this.now() }
  }

  mended(): void {
    if (this.#open) this.faults.push({ ...this.#open, to: this.now() })
    this.#open = undefined
  }

  done(totals: Totals): void {
    this.#totals.push(totals)
  }

  claim(title: string, must: string, measured: string, met: boolean, timed?: true): void {
    this.claims.push({ title, must, measured, met, timed })
  }

  /** How long callers of a phase waited. */
  latency(phase: Phase): Latency | undefined {
    const one = this.#phases.get(phase)
    return one && latencyOf(one)
  }

  misses(phase: Phase): number {
    return this.#phases.get(phase)?.misses ?? 0
  }

  /** The calls of a phase whose answer the store must have, and how many of them it answered. */
  due(phase: Phase): { readonly due: number; readonly stored: number } {
    const { due, stored } = this.#phases.get(phase) ?? { due: 0, stored: 0 }
    return { due, stored }
  }

  /** How often the instances of all processes reported an event. */
  events(type: string): number {
    return this.#totals.reduce((sum, { events }) => sum + (events[type] ?? 0), 0)
  }

  sum(what: Exclude<keyof Totals, 'events'>): number {
    return this.#totals.reduce((sum, totals) => sum + totals[what], 0)
  }

  /** The longest time after its acknowledgement at which an invalidation was not seen somewhere, in milliseconds. */
  behind(): number {
    return Math.max(0, ...this.#totals.map(({ behind }) => behind))
  }

  round(): Round {
    const wide = Math.ceil(Math.max(1, ...this.#moments.keys()) / most)
    const joined = new Map<number, Counted>()
    for (const [at, one] of this.#moments) {
      const into = entry(joined, Math.floor(at / wide) * wide)
      into.calls += one.calls
      into.hits += one.hits
      add(into.times, one.times)
    }
    const timeline: Moment[] = [...joined]
      .sort(([a], [b]) => a - b)
      .map(([at, one]) => {
        const { calls, hitRatio, p50, p99 } = latencyOf(one)
        return { at: (at * moment) / 1000, calls, hitRatio, p50, p99 }
      })
    const found = phases.flatMap((phase) => {
      const latency = this.latency(phase)
      return latency ? [[phase, latency] as const] : []
    })
    const { failed, wrong, unhandled } = this.seen
    const sums = {
      calls: this.sum('calls'),
      hits: this.sum('hits'),
      runs: this.sum('runs'),
      joinedOlder: this.sum('joinedOlder'),
      acknowledged: this.sum('acknowledged'),
      repeated: this.sum('repeated'),
      failed: Math.max(failed, this.sum('failed')),
      wrong: Math.max(wrong, this.sum('wrong')),
      unhandled: Math.max(unhandled, this.sum('unhandled')),
    }
    const { name, processes, callers, claims, breaches, faults, series } = this
    return {
      name,
      processes,
      callers,
      ...sums,
      phases: Object.fromEntries(found),
      claims,
      breaches,
      timeline,
      faults,
      series,
    }
  }
}

function entry<TKey>(map: Map<TKey, Counted>, key: TKey): Counted {
  let one = map.get(key)
  if (!one) map.set(key, (one = counted()))
  return one
}

function latencyOf(one: Counted): Latency {
  const at = (share: number) => Number(percentile(one.times, share).toPrecision(3))
  const calls = countOf(one.times)
  return { calls, hitRatio: Number(ratio(one).toFixed(3)), p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) }
}
