import type { Bar, Verdict } from '../bars.ts'
import { verdictsOf } from '../bars.ts'
import type { Machine } from '../results.ts'
import type { Comparison } from '../statistics.ts'

/** What a hit costs in a Next application: `results.next.json`, from which RESULTS.next.md is made. */
export interface NextResults {
  readonly date: string
  readonly command: string
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly plan: NextPlan
  readonly contenders: readonly Comparison[]
}

export interface NextPlan {
  /** Servers that are started one after another. */
  readonly servers: number
  /** Rounds in each of them, after as many to warm up. */
  readonly rounds: number
}

export const fullNextPlan: NextPlan = { servers: 5, rounds: 40 }
export const quickNextPlan: NextPlan = { servers: 1, rounds: 20 }

export const ours = 'autocache'
export const reference = 'unstable_cache'

export const nextBars: readonly Bar<NextResults>[] = [
  {
    id: 'next-hit',
    title: 'hit of a function cached by @autocache/next',
    must: 'be at most',
    limit: 1.2,
    unit: 'x one of plain `unstable_cache`',
    measured: ({ contenders }) => contenders.find(({ name }) => name === ours)?.ratio.median,
  },
]

export const judgeNext = (results: NextResults): Verdict<NextResults>[] => verdictsOf(nextBars, results, new Map())
