import type { Verdict } from '../bars.ts'
import { duration, figure } from '../figures.ts'
import { barTable, circumstances, table } from '../report.ts'
import { type Again, type CompilerResults, type ProjectResult, type ShellsResult, stepTitles } from './results.ts'

const count = (number: number) => number.toLocaleString('en')

/** RESULTS.compiler.md, from the results and nothing else. */
export function compilerReport(results: CompilerResults, verdicts: readonly Verdict<CompilerResults>[]): string {
  const { versions, plan, projects, growth, shells, checked } = results
  const sections = [
    '# Results of the bench of the compiler',
    'Made by `npm run bench -- compiler` from `results.compiler.json`; `README.md` says how it is measured.',
    circumstances(results, `${plan.rounds}, in random order`),
    '## Bars',
    barTable(verdicts),
    ...projects.flatMap((project) => [
      `## ${project.title}`,
      ...againText(project.again),
      `${count(project.files)} files, ${count(project.lines)} lines, ${count(project.functions)} versions; the largest is made of ${count(project.largest)} definitions.`,
      stepTable(project),
      ...(project.stamps ? [stampsText(project)] : []),
      `Peak memory of a process that only analyses: ${project.memory
        .map(({ id, bytes }) => `${count(Math.round(bytes / 2 ** 20))} MiB (${id})`)
        .join(', ')}.`,
    ]),
    ...(growth
      ? [
          '## Growth',
          ...againText(growth.again),
          `Cold, without a cache on disk. Time grows with the number of modules to the power of ${figure(growth.exponent)}.`,
          table(
            ['modules', 'min', 'median', 'max'],
            growth.points.map(({ modules, milliseconds: { min, median, max } }) => [
              count(modules),
              ...[min, median, max].map(milliseconds),
            ]),
            1,
          ),
        ]
      : []),
    ...(shells ? ['## The shells', ...againText(shells.again), shellsText(shells)] : []),
    '## Asserted before timing',
    checked.map((each) => `- ${each}`).join('\n'),
    '## Versions',
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(' · '),
  ]
  return `${sections.join('\n\n')}\n`
}

const milliseconds = (figure: number) => (figure >= 10_000 ? `${(figure / 1000).toFixed(1)} s` : duration(figure * 1e6))

/** What the plugin costs while one works, and in a bundle. */
/** Where a part was measured apart from the rest. */
const againText = (again: Again | undefined): readonly string[] =>
  again
    ? [
        `Measured on ${again.date} by \`${again.command}\`, at a load of ${again.machine.load} on ${again.machine.cores} cores of ${again.machine.cpu}.`,
      ]
    : []

export function shellsText({ modules, rounds, updates, starts, bytes }: ShellsResult): string {
  return [
    `A program of ${count(modules)} modules, every third with a cached function; medians of ${rounds} rounds, with and without in turn.`,
    table(
      ['update of the dev server of Vite', 'without', 'with', 'extra'],
      updates.map((each) => [each.name, ...[each.without, each.with, each.extra].map(milliseconds)]),
      1,
    ),
    table(
      ['start of the program', 'time'],
      starts.map(({ name, milliseconds: time }) => [name, milliseconds(time)]),
      1,
    ),
    `A cached function adds ${Math.round(bytes)} bytes to a bundle of esbuild, minified and compressed.`,
  ].join('\n\n')
}

/** What writing stamps costs. */
export function stampsText({ stamps }: ProjectResult): string {
  if (!stamps) return ''
  const { modules, parse, transform, throughput } = stamps
  return (
    `\`transform\` of the ${count(modules)} modules that it writes to, ${count(stamps.stamps)} stamps with exact source maps: ` +
    `${milliseconds(transform.median)}, beside ${milliseconds(parse.median)} for the oxc parse of the same. Throughput: ` +
    `${figure(throughput.median)} of the parse's (${figure(throughput.min)} to ${figure(throughput.max)}).`
  )
}

export function stepTable({ steps }: ProjectResult): string {
  const order = Object.keys(stepTitles)
  return table(
    ['', 'time', 'ratio: min', 'median', 'max'],
    [...steps]
      .sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id))
      .map(({ id, milliseconds: time, ratio }) => [
        stepTitles[id],
        milliseconds(time.median),
        figure(ratio.min),
        figure(ratio.median),
        figure(ratio.max),
      ]),
    1,
  )
}
