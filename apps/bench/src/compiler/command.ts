/** `npm run bench -- compiler`: what the analysis of a project costs. See README.md. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { fails, readAcceptedMisses } from '../bars.ts'
import { rounded } from '../figures.ts'
import { barTable } from '../report.ts'
import { describeMachine } from '../run.ts'
import { compare, spread } from '../statistics.ts'
import { judgeCompiler } from './bars.ts'
import { exponentOf } from './growth.ts'
import { type GrowthMeasured, inProcess, type RoundsMeasured } from './measure.ts'
import { compilerReport, shellsText, stampsText, stepTable } from './report.ts'
import {
  type CompilerPlan,
  type CompilerResults,
  fullCompilerPlan,
  type Growth,
  mergedInto,
  type ProjectResult,
  type ShellsResult,
  type StepId,
} from './results.ts'
import { releaseOf, type SubjectId, subjectIds, subjectOf } from './subjects.ts'

const quickCompilerPlan: CompilerPlan = { modules: 1_250, cached: 62, rounds: 3 }

/** @param args what follows `compiler` on the command line */
export async function benchCompiler(args: readonly string[], base: URL, say: (text: string) => void): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
      merge: { type: 'boolean', default: false },
    },
  })
  const { only, quick, check, render, merge } = values
  if (merge && quick) {
    console.error('bench: what is measured quickly is not written.')
    process.exit(2)
  }
  const unknown = only.filter(
    (part) => !['growth', 'shells'].includes(part) && !(subjectIds as readonly string[]).includes(part),
  )
  if (unknown.length > 0) {
    console.error(
      `bench: there is no project ${unknown.join(', ')}. There are: ${subjectIds.join(', ')}, growth, shells.`,
    )
    process.exit(2)
  }
  const file = (path: string) => new URL(path, base)
  const command = ['npm run bench -- compiler', ...args].join(' ')
  const stored = (): CompilerResults => JSON.parse(readFileSync(file('results.compiler.json'), 'utf8'))
  const measured = render
    ? stored()
    : rounded(await run(only, quick ? quickCompilerPlan : fullCompilerPlan, command, base, say))
  const results = merge ? mergedInto(stored(), measured) : measured
  const accepted = readAcceptedMisses(fileURLToPath(file('../../docs/decisions')))
  const verdicts = judgeCompiler(results, accepted)
  if (render || merge || (only.length === 0 && !quick && !check)) {
    writeFileSync(file('results.compiler.json'), `${JSON.stringify(results, null, 2)}\n`)
    writeFileSync(file('RESULTS.compiler.md'), compilerReport(results, verdicts))
    say('wrote results.compiler.json and RESULTS.compiler.md in apps/bench.')
  }
  for (const project of results.projects)
    console.log(`\n${project.title}\n\n${stepTable(project)}\n\n${stampsText(project)}`)
  if (results.shells) console.log(`\n${shellsText(results.shells)}`)
  const judged = verdicts.filter(({ outcome }) => outcome !== 'not measured' || only.length === 0)
  console.log(`\n${barTable(judged)}`)
  const { machine } = results
  if (machine.load > machine.cores) say(`the machine was busy (load ${machine.load} on ${machine.cores} cores).`)
  if (check) {
    const failed = judged.filter(fails)
    const count = (outcome: string) => judged.filter((verdict) => verdict.outcome === outcome).length
    say(`${count('met')} bars met, ${count('accepted')} accepted misses, ${failed.length} failed.`)
    if (failed.length > 0) process.exitCode = 1
  }
}

async function run(
  only: readonly string[],
  plan: CompilerPlan,
  command: string,
  base: URL,
  say: (text: string) => void,
): Promise<CompilerResults> {
  const wanted = (id: string) => only.length === 0 || only.includes(id)
  const machine = describeMachine()
  const projects: ProjectResult[] = []
  const checked: string[] = []
  for (const id of subjectIds.filter(wanted)) {
    const { title, modules } = subjectOf(id, plan)
    say(title)
    const measured = await inProcess<RoundsMeasured>({ kind: 'rounds', id, size: plan, rounds: plan.rounds })
    checked.push(...measured.checked)
    projects.push(resultOf(id, title, modules.length, measured))
  }
  let growth: Growth | undefined
  if (wanted('growth')) {
    const sizes = [8, 4, 2, 1]
      .map((part) => ({ modules: Math.round(plan.modules / part), cached: Math.round(plan.cached / part) }))
      // The known edits that are checked before timing need thirty cached functions.
      .filter(({ cached }) => cached >= 30)
    say(`Growth, ${sizes.map(({ modules }) => modules.toLocaleString('en')).join(', ')} modules`)
    const measured = await inProcess<GrowthMeasured>({ kind: 'growth', sizes, rounds: plan.rounds })
    const points = sizes.map(({ modules }) => ({ modules, milliseconds: spread(measured[modules]!) }))
    growth = { exponent: exponentOf(points.map((each) => [each.modules, each.milliseconds.median])), points }
  }
  let shells: ShellsResult | undefined
  if (wanted('shells')) {
    say('The shells')
    const script = fileURLToPath(new URL('../../integrations/shells/measure.mjs', base))
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--json'])
    shells = JSON.parse(stdout.trim().split('\n').at(-1)!) as ShellsResult
  }
  const { version } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.resolve('oxc-parser')), 'utf8'),
  ) as { version: string }
  return {
    date: new Date().toISOString().slice(0, 10),
    command,
    machine,
    versions: { 'oxc-parser': version, rxjs: releaseOf('rxjs') },
    plan,
    projects,
    growth,
    shells,
    checked,
  }
}

function resultOf(id: SubjectId, title: string, files: number, measured: RoundsMeasured): ProjectResult {
  const { lines, functions, largest, times, memory, stamps } = measured
  return {
    id,
    title,
    files,
    lines,
    functions,
    largest,
    steps: compare(times, 'parse')
      .map(({ name, nanoseconds, ratio }) => ({ id: name as StepId, milliseconds: nanoseconds, ratio }))
      .sort((a, b) => a.id.localeCompare(b.id)),
    memory: [
      { id: 'cold', bytes: memory.cold },
      { id: 'warm', bytes: memory.warm },
    ],
    ...(stamps && {
      stamps: {
        modules: stamps.modules,
        stamps: stamps.stamps,
        parse: spread(stamps.parse),
        transform: spread(stamps.transform),
        throughput: spread(stamps.parse.map((time, round) => time / stamps.transform[round]!)),
      },
    }),
  }
}
