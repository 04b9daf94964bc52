import type { Autocache } from '@autocache/core'
import type { Report } from './reports/report.ts'

/** One call of a cached report. */
export interface Call {
  readonly report: Report<unknown>
  readonly milliseconds: number
  /** Whether the report's function ran for it. */
  readonly state: 'computed' | 'from store'
}

/** A report that was asked for twice. */
export interface Answer {
  readonly label: string
  readonly key: string
  readonly first: Call
  readonly second: Call
}

type CachedReport<TArgs extends unknown[]> = ((...args: TArgs) => Promise<Report<unknown>>) & {
  readonly label: string
  keyOf(...args: TArgs): string
}

/** Calls a cached report twice with the same arguments, and watches. */
export async function askTwice<TArgs extends unknown[]>(
  cache: Pick<Autocache, 'stats' | 'close'>,
  report: CachedReport<TArgs>,
  ...args: TArgs
): Promise<Answer> {
  const fills = () => cache.stats().functions[report.label]?.fill ?? 0
  const call = async (): Promise<Call> => {
    const before = fills()
    const started = performance.now()
    const answer = await report(...args)
    const milliseconds = performance.now() - started
    return { report: answer, milliseconds, state: fills() > before ? 'computed' : 'from store' }
  }
  const first = await call()
  await cache.close() // waits for the write, so that the second call really asks the store
  return { label: report.label, key: report.keyOf(...args), first, second: await call() }
}
