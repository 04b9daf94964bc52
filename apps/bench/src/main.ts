// `npm run bench`: see README.md. Without arguments it measures everything and writes what RESULTS.md is made of.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fails, judge, readAcceptedMisses } from './bars.ts'
import { benchCompiler } from './compiler/command.ts'
import { rounded } from './figures.ts'
import { benchNext } from './next/command.ts'
import { benchOutages } from './outages/command.ts'
import { plot } from './plot.ts'
import { barTable, heapText, ratioTable, report, sizeText } from './report.ts'
import { mergedInto, type Results } from './results.ts'
import { fullPlan, parts, quickPlan, run } from './run.ts'
import { benchScale } from './scale/command.ts'
import { benchSize } from './size.ts'

const file = (path: string) => new URL(`../${path}`, import.meta.url)
const say = (text: string) => console.log(`bench: ${text}`)

const rest = process.argv.slice(3)
if (process.argv[2] === 'compiler') await benchCompiler(rest, file(''), say)
else if (process.argv[2] === 'next') await benchNext(rest, file(''), say)
else if (process.argv[2] === 'outages') await benchOutages(rest, file(''), say)
else if (process.argv[2] === 'scale') await benchScale(rest, say)
else if (process.argv[2] === 'size') await benchSize()
else await benchCalls()

async function benchCalls() {
  const { only, quick, check, render, merge } = readArguments()
  const command = ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' ')

  const stored = (): Results => JSON.parse(readFileSync(file('results.json'), 'utf8'))
  const measured = render ? stored() : rounded(await run(only, quick ? quickPlan : fullPlan, command, say))
  const results = merge ? mergedInto(stored(), measured, parts) : measured
  const verdicts = judge(
    results,
    readAcceptedMisses(fileURLToPath(new URL('../../../docs/decisions', import.meta.url))),
  )

  if (render || merge || (only.length === 0 && !quick && !check)) {
    writeFileSync(file('results.json'), `${JSON.stringify(results, null, 2)}\n`)
    writeFileSync(file('RESULTS.md'), report(results, verdicts))
    writeFileSync(file('results.svg'), plot(results))
    say('wrote results.json, RESULTS.md and results.svg in apps/bench.')
  }

  const { groups, heap, size, machine } = results
  if (groups.length > 0) console.log(`\n${ratioTable(groups)}`)
  if (heap) console.log(`\n${heapText(heap)}`)
  if (size) console.log(`\n${sizeText(size)}`)
  const judged = verdicts.filter(({ outcome }) => outcome !== 'not measured' || only.length === 0)
  if (judged.length > 0) console.log(`\n${barTable(judged)}`)
  for (const { group, reason } of results.skipped) say(`SKIPPED ${group}: ${reason}`)
  if (machine.load > machine.cores) say(`the machine was busy (load ${machine.load} on ${machine.cores} cores).`)

  if (check) {
    const failed = judged.filter(fails)
    const met = judged.filter(({ outcome }) => outcome === 'met').length
    const accepted = judged.filter(({ outcome }) => outcome === 'accepted').length
    say(
      `${met} bars met, ${accepted} accepted misses, ${failed.length} failed, ${results.skipped.length} groups skipped.`,
    )
    // A missing server is an excuse on a laptop only.
    if (failed.length > 0 || (process.env.CI && results.skipped.length > 0)) process.exitCode = 1
  }
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
      merge: { type: 'boolean', default: false },
    },
  })
  if (values.merge && values.quick) {
    console.error('bench: what is measured quickly is not written.')
    process.exit(2)
  }
  const unknown = values.only.filter((part) => !parts.includes(part))
  if (unknown.length > 0) {
    console.error(`bench: there is no group ${unknown.join(', ')}. There are: ${parts.join(', ')}.`)
    process.exit(2)
  }
  return values
}
