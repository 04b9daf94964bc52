import type { Verdict } from './bars.ts'
import { duration, figure } from './figures.ts'
import type { GroupResult, HeapResult, Results } from './results.ts'

/** When, how and on what a report was measured. */
export function circumstances(
  { date, command, machine }: Pick<Results, 'date' | 'command' | 'machine'>,
  rounds: string,
): string {
  return table(
    ['', ''],
    [
      ['date', date],
      ['command', `\`${command}\``],
      ['machine', `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB`],
      ['system', machine.system],
      ['Node', machine.node],
      ['load when it began', `${machine.load} on ${machine.cores} cores`],
      ['rounds', rounds],
    ],
  )
}

/** RESULTS.md, from the results and nothing else. */
export function report(results: Results, verdicts: readonly Verdict[]): string {
  const { plan, versions } = results
  const sections = [
    '# Results of the bench',
    'Made by `npm run bench` from `results.json`; `README.md` says how it is measured and how to read it.',
    circumstances(results, `${plan.processes} processes for each group, ${plan.rounds} rounds in each`),
    '## Bars',
    'The middle ratio of all rounds must be what the bar says.',
    barTable(verdicts),
    '## Ratios',
    'Time per call as a multiple of the reference of the group, measured in the same round: least, middle and greatest of ' +
      'all rounds. Less is better. The time is the middle one, and says more about the machine than about the code.',
    ratioTable(results.groups),
    ...(results.heap ? ['## Heap', heapText(results.heap)] : []),
    ...(results.size ? ['## Size', sizeText(results.size)] : []),
    ...(results.keying.length > 0 ? ['## Keys', ...keyingSections(results)] : []),
    ...(results.skipped.length > 0
      ? ['## Not measured', results.skipped.map(({ group, reason }) => `- ${group}: ${reason}`).join('\n')]
      : []),
    '## Versions',
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(' · '),
  ]
  return `${sections.join('\n\n')}\n`
}

export function barTable<TResults>(verdicts: readonly Verdict<TResults>[]): string {
  return table(
    ['bar', 'must', 'measured', 'verdict'],
    verdicts.map(({ bar, measured, outcome, page }) => [
      bar.title,
      `${bar.must} ${bar.limit} ${bar.unit}`,
      measured === undefined ? '' : figure(measured),
      verdictText(outcome, page),
    ]),
  )
}

function verdictText(outcome: Verdict['outcome'], page: string | undefined): string {
  if (outcome === 'missed') return '**missed**'
  if (outcome === 'accepted') return `accepted miss (${page})`
  if (outcome === 'worse than accepted') return `**worse than the accepted miss** (${page})`
  return outcome
}

export function ratioTable(groups: readonly GroupResult[]): string {
  const rows = groups.flatMap(({ title, reference, contenders }) => [
    [`**${title}**`, '', '', '', ''],
    ...[...contenders]
      .sort((a, b) => a.ratio.median - b.ratio.median)
      .map(({ name, nanoseconds, ratio }) => [
        name.startsWith('autocache') ? `**${name}**` : name === reference ? `${name} (reference)` : name,
        duration(nanoseconds.median),
        figure(ratio.min),
        figure(ratio.median),
        figure(ratio.max),
      ]),
  ])
  return table(['', 'per call', 'min', 'median', 'max'], rows, 1)
}

export function heapText({ calls, bytes }: HeapResult): string {
  const mib = bytes.map((each) => (each / 2 ** 20).toFixed(1)).join(', ')
  return `${calls.toLocaleString('en')} calls over one store of 10,000 entries; heap after each tenth, in MiB: ${mib}.`
}

export function sizeText(size: NonNullable<Results['size']>): string {
  const parts = Object.entries(size).map(([condition, bytes]) => `${(bytes / 1000).toFixed(2)} kB (${condition})`)
  return `\`import { cached, memoryStore } from '@autocache/core'\`, min+gz: ${parts.join(', ')}.`
}

/** Facts about the peers' keys: who answers a call with the result of another. */
function keyingSections({ keying }: Results): string[] {
  const list = (titles: readonly string[]) => (titles.length > 0 ? titles.join(' · ') : 'none')
  return [
    'Pairs of arguments that a function can tell apart, given to everything that says it keys by content. *Same key*: ' +
      'the second call got the result of the first. *Refused*: it threw. Property order: whether `{a, b}` and `{b, a}` are one call.',
    table(
      ['', 'same key', 'refused', 'order ignored'],
      keying.map(({ contender, collides, refuses, ordersProperties }) => [
        contender,
        list(collides),
        list(refuses),
        ordersProperties ? 'yes' : 'no',
      ]),
    ),
  ]
}

/** A table in Markdown; columns from `numbersFrom` on are aligned to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbersFrom = head.length,
): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = `|${head.map((_, column) => (column >= numbersFrom ? '--:' : '---')).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}
