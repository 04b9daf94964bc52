/** A report, with the time it was made and how long that took: a later process can tell what it saved. */
export interface Report<TFindings> {
  readonly headline: string
  readonly findings: TFindings
  readonly madeAt: Date
  /** Milliseconds. */
  readonly took: number
}

/** Runs `find` and makes a report of what it finds. */
export function makeReport<TFindings>(
  find: () => TFindings,
  headline: (findings: TFindings) => string,
): Report<TFindings> {
  const madeAt = new Date()
  const started = performance.now()
  const findings = find()
  return { headline: headline(findings), findings, madeAt, took: performance.now() - started }
}
