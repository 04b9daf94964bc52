import { broken, type Latency, type Results, type Round, type ScenarioResult } from './results.ts'

/** RESULTS.md, from the results and nothing else. */
export function report({ scenarios }: Results): string {
  const rounds = scenarios.flatMap(({ rounds }) => rounds).filter(({ skipped }) => skipped === undefined)
  const sum = (what: 'calls' | 'failed' | 'wrong' | 'unhandled' | 'acknowledged' | 'repeated') =>
    rounds.reduce((all, round) => all + round[what], 0).toLocaleString('en')
  const sections = [
    '# Results of chaos',
    'Made by `npm run chaos` from `results.json`; [README.md](README.md) says what is played and how an answer is judged.',
    '![Latency and hit ratio over time, with the faults](results.svg)',
    '## In all',
    `${rounds.length} rounds, ${sum('calls')} calls: **${sum('failed')} failed, ${sum('wrong')} with a wrong value, ` +
      `${sum('unhandled')} unhandled rejections**. ${sum('acknowledged')} invalidations were acknowledged at once, ${sum('repeated')} after a fault.`,
    '## Scenarios',
    table(
      ['scenario', 'played', 'calls', 'failed', 'wrong', 'unhandled', 'verdict'],
      scenarios.flatMap(({ name, rounds }) => rounds.map((round) => summary(name, round))),
    ),
    ...scenarios.flatMap(section),
  ]
  return `${sections.join('\n\n')}\n`
}

function summary(name: string, round: Round): string[] {
  if (round.skipped !== undefined) return [name, round.name, '', '', '', '', `not played: ${round.skipped}`]
  const { calls, failed, wrong, unhandled } = round
  const found = broken(round, true).length
  const counts = [calls, failed, wrong, unhandled].map((count) => count.toLocaleString('en'))
  return [`[${name}](#${name})`, round.name, ...counts, found === 0 ? 'kept' : `**${found} broken**`]
}

function section({ name, title, date, command, machine, seconds, rounds }: ScenarioResult): string[] {
  const played = rounds.filter(({ skipped }) => skipped === undefined)
  if (played.length === 0) return []
  const { cpu, cores, memoryGiB, node, server, load } = machine
  const latencies = played.flatMap((round) =>
    Object.entries(round.phases).map(([phase, latency]) => [round.name, phase, ...latencyCells(latency)]),
  )
  const claims = played.flatMap((round) =>
    round.claims.map(({ title, must, measured, met }) => [
      round.name,
      title,
      must,
      measured,
      met ? 'kept' : '**broken**',
    ]),
  )
  return [
    `## ${name}`,
    `${title}. ${played[0]!.processes} processes of ${played[0]!.callers} callers, ${seconds} s, on ${date} by \`${command}\` on ${cpu}, ${cores} cores, ` +
      `${memoryGiB} GiB, Node ${node}, ${server}; load when it began: ${load}.`,
    ...(latencies.length > 0
      ? [table(['', 'calls', 'number', 'hits', 'p50', 'p95', 'p99', 'longest'], latencies, 2)]
      : []),
    table(['', 'what', 'must be', 'was', ''], claims, 4),
  ]
}

const latencyCells = ({ calls, hitRatio, p50, p95, p99, most }: Latency) => [
  calls.toLocaleString('en'),
  `${Math.round(hitRatio * 100)} %`,
  ...[p50, p95, p99, most].map((ms) => `${ms} ms`),
]

/** @param texts how many columns hold text; the others hold figures */
function table(head: readonly string[], rows: readonly (readonly string[])[], texts = head.length): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const ruler = head.map((_, at) => (at < texts ? '---' : '--:'))
  return [line(head), line(ruler), ...rows.map(line)].join('\n')
}
