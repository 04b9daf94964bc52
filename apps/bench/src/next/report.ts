import type { Verdict } from '../bars.ts'
import { barTable, circumstances, ratioTable } from '../report.ts'
import { type NextResults, reference } from './results.ts'

/** RESULTS.next.md, from the results and nothing else. */
export function nextReport(results: NextResults, verdicts: readonly Verdict<NextResults>[]): string {
  const { plan, versions } = results
  const sections = [
    '# Results of the bench of Next',
    'Made by `npm run bench -- next` from `results.next.json`; `README.md` says how it is measured.',
    circumstances(results, `${plan.servers} servers, ${plan.rounds} rounds in each`),
    '## Bars',
    'The middle ratio of all rounds, by the time of the processor, must be what the bar says.',
    barTable(verdicts),
    '## Ratios',
    nextTable(results),
    '## Versions',
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(' · '),
  ]
  return `${sections.join('\n\n')}\n`
}

export function nextTable({ contenders }: NextResults): string {
  return ratioTable([{ id: 'next', title: 'A hit in one request of one application', reference, calls: 1, contenders }])
}
