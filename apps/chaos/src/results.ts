import type { Phase } from './plan.ts'

/** What was played and what it came to: `results.json`, from which RESULTS.md and the plot are made. */
export interface Results {
  readonly scenarios: readonly ScenarioResult[]
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  readonly server: string
  /** Running and waiting processes in the minute before: above the number of cores, others were at work. */
  readonly load: number
}

/** One scenario, once. */
export interface ScenarioResult {
  readonly name: string
  readonly title: string
  /** The day of the run, as `YYYY-MM-DD`. */
  readonly date: string
  readonly command: string
  readonly machine: Machine
  /** How long it took, in seconds. */
  readonly seconds: number
  readonly rounds: readonly Round[]
}

/** A scenario with one client or over one store. */
export interface Round {
  readonly name: string
  /** Why it could not be played here, if so. */
  readonly skipped?: string | undefined
  readonly processes: number
  readonly callers: number
  readonly calls: number
  readonly hits: number
  readonly runs: number
  readonly failed: number
  readonly wrong: number
  readonly unhandled: number
  readonly joinedOlder: number
  readonly acknowledged: number
  readonly repeated: number
  readonly phases: Readonly<Partial<Record<Phase, Latency>>>
  readonly claims: readonly Claim[]
  readonly breaches: readonly string[]
  readonly timeline: readonly Moment[]
  readonly faults: readonly Fault[]
  /** What processes held, minute by minute, where that was measured. */
  readonly series: readonly Series[]
}

export interface Series {
  readonly title: string
  readonly mib: readonly number[]
}

/** What callers of one phase waited, in milliseconds. */
export interface Latency {
  readonly calls: number
  readonly hitRatio: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly most: number
}

/** What must be so, and what was found. */
export interface Claim {
  readonly title: string
  readonly must: string
  readonly measured: string
  readonly met: boolean
  /** A claim of time depends on the machine: the short form leaves it out of its verdict. */
  readonly timed?: boolean | undefined
}

/** A piece of the timeline, in seconds from its beginning. */
export interface Moment {
  readonly at: number
  readonly calls: number
  readonly hitRatio: number
  readonly p50: number
  readonly p99: number
}

export interface Fault {
  readonly title: string
  readonly from: number
  readonly to: number
}

/** What was broken in a round, in words. */
export function broken(round: Round, timed: boolean): string[] {
  if (round.skipped !== undefined) return []
  const counts = (['failed', 'wrong', 'unhandled'] as const)
    .filter((kind) => round[kind] > 0)
    .map((kind) => `${round[kind]} ${kind}: ${round.breaches.filter((text) => text.startsWith(kind))[0] ?? ''}`)
  const claims = round.claims
    .filter(({ met, timed: ofTime }) => !met && (timed || !ofTime))
    .map(({ title, must, measured }) => `${title}: must be ${must}, was ${measured}`)
  return [...counts, ...claims]
}
