import type { Comparison } from './statistics.ts'

/** What is measured and what it came to: `results.json`, from which RESULTS.md and the plot are made. */
export interface Results {
  /** The day of the run, as `YYYY-MM-DD`. */
  readonly date: string
  readonly command: string
  readonly machine: Machine
  /** Version of every package that was measured, by name. */
  readonly versions: Readonly<Record<string, string>>
  readonly plan: Plan
  readonly groups: readonly GroupResult[]
  readonly heap?: HeapResult | undefined
  /** The smallest useful import, bundled: bytes after minifying and gzip, by export condition. */
  readonly size?: Readonly<Record<Condition, number>> | undefined
  readonly keying: readonly Keying[]
  /** What could not be measured, and why. */
  readonly skipped: readonly { readonly group: string; readonly reason: string }[]
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /** Running and waiting processes in the minute before: above the number of cores, others were at work. */
  readonly load: number
}

export interface Plan {
  /** Fresh processes for each group. */
  readonly processes: number
  /** Rounds in each of them. */
  readonly rounds: number
  /** Calls in the heap test. */
  readonly heapCalls: number
}

export interface GroupResult {
  readonly id: string
  readonly title: string
  /** The contender that the ratios are against. */
  readonly reference: string
  /** How many calls one figure is for. */
  readonly calls: number
  readonly contenders: readonly Comparison[]
}

export interface HeapResult {
  readonly calls: number
  /** Bytes of heap after each tenth of the calls, when everything unreachable has been collected. */
  readonly bytes: readonly number[]
}

export type Condition = 'browser' | 'node'

/** How a contender keys pairs of arguments that a function can tell apart. */
export interface Keying {
  readonly contender: string
  /** Pairs for which it answered the second call with the result of the first. */
  readonly collides: readonly string[]
  /** Pairs it threw at. */
  readonly refuses: readonly string[]
  /** Whether the same properties in another order are the same call. */
  readonly ordersProperties: boolean
}

/** Results with the groups of another run in place of theirs, in the order of all that there are. */
export function mergedInto(results: Results, { groups, ...rest }: Results, order: readonly string[]): Results {
  const all = [...results.groups.filter(({ id }) => !groups.some((group) => group.id === id)), ...groups]
  const at = ({ id }: GroupResult) => order.indexOf(id)
  const { date, machine, versions, skipped } = rest
  return { ...results, date, machine, versions, skipped, groups: all.sort((a, b) => at(a) - at(b)) }
}
