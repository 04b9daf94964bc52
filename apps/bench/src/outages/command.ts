/** `npm run bench -- outages`: what callers see of a Redis that fails, by p99 over that of the function alone. See README.md. */
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { RedisServer } from 'servers/redis-server'
import { Way } from 'servers/way'
import { figure } from '../figures.ts'
import { describeMachine } from '../run.ts'
import { own, startTraffic, type Traffic } from './traffic.ts'

/** Within which time calls are answered from the store again, in milliseconds. */
const soon = 2000

interface Outage {
  readonly name: string
  readonly title: string
  readonly atBoot?: true
  fail(server: RedisServer, way: Way): unknown
  mend(server: RedisServer, way: Way): unknown
}

const outages: readonly Outage[] = [
  {
    name: 'killed',
    title: 'killed, and back empty',
    fail: (server) => server.kill(),
    mend: (server) => server.start(),
  },
  { name: 'stopped', title: 'stopped (SIGSTOP)', fail: (server) => server.freeze(), mend: (server) => server.thaw() },
  {
    name: 'half-open',
    title: 'half-open connections',
    fail: (_, way) => {
      way.mode = 'swallow'
    },
    mend: (_, way) => {
      way.cut()
      way.mode = 'pass'
    },
  },
  {
    name: 'slow',
    title: '300 ms slow',
    fail: (_, way) => {
      way.delay = 300
    },
    mend: (_, way) => {
      way.delay = 0
    },
  },
  { name: 'at-boot', title: 'refusing at boot', atBoot: true, fail: () => {}, mend: (server) => server.start() },
]

/** The p99 of calls over that of the function alone in one phase. */
interface Ratio {
  readonly ratio: number | undefined
  readonly calls: number
}

interface Result {
  readonly title: string
  readonly well: Ratio | undefined
  readonly failing: Ratio
  readonly open: Ratio
  readonly opened: number
  readonly back: number
  readonly seen: Traffic['seen']
}

/** @param args what follows `outages` on the command line */
export async function benchOutages(args: readonly string[], base: URL, say: (text: string) => void): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
    },
  })
  const { only, quick, check } = values
  const names = outages.map(({ name }) => name)
  const unknown = only.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    console.error(`bench: there is no outage ${unknown.join(', ')}. There are: ${names.join(', ')}.`)
    process.exit(2)
  }
  const machine = describeMachine()
  const span = quick ? 1500 : 6000
  const results: Result[] = []
  for (const outage of outages) {
    if (only.length > 0 && !only.includes(outage.name)) continue
    say(outage.title)
    results.push(await play(outage, span))
  }
  const text = table(results)
  console.log(`\n${text}`)
  if (machine.load > machine.cores) say(`the machine was busy (load ${machine.load} on ${machine.cores} cores).`)
  const failed = results.filter(({ seen, back }) => seen.failed + seen.wrong + seen.unhandled > 0 || back > soon)
  say(`${results.length - failed.length} outages as they must be, ${failed.length} not.`)
  if (check && failed.length > 0) process.exitCode = 1
  if (only.length > 0 || quick || check) return
  const { cpu, cores, memoryGiB, system, node, load } = machine
  const facts = `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}, load ${load} when it began`
  writeFileSync(
    new URL('RESULTS.outages.md', base),
    `# Results of the bench of outages\n\nMade by \`npm run bench -- outages\`; \`README.md\` says how it is measured. ${facts}.\n\n${text}\n`,
  )
  say('wrote RESULTS.outages.md in apps/bench.')
}

async function play({ title, atBoot, fail, mend }: Outage, span: number): Promise<Result> {
  const server = await RedisServer.reserve()
  const way = await Way.to(server.port)
  if (!atBoot) await server.start()
  const traffic = startTraffic(way.url)
  try {
    let well: Ratio | undefined
    if (!atBoot) {
      await until(traffic.hits)
      traffic.phase()
      await sleep(span)
      well = ratioOf(traffic)
      await fail(server, way)
    }
    const opened = await until(traffic.isOpen)
    // Those who were waiting when it opened are of before.
    await sleep(600)
    const failing = ratioOf(traffic)
    await sleep(span)
    const open = ratioOf(traffic)
    await traffic.end()
    await sleep(300)
    await mend(server, way)
    const back = await until(traffic.hits)
    await traffic.end()
    await until(traffic.hits)
    return { title, well, failing, open, opened, back, seen: traffic.seen }
  } finally {
    server.thaw()
    await traffic.stop()
    way.close()
    await server.end()
  }
}

function ratioOf(traffic: Traffic): Ratio {
  const { cached, alone } = traffic.phase()
  const [mine, reference] = [p99(cached), p99(alone)]
  return { ratio: mine === undefined || reference === undefined ? undefined : mine / reference, calls: cached.length }
}

function p99(list: readonly number[]): number | undefined {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length * 0.99)]
}

/** How long it takes until something is so, in milliseconds. */
async function until(what: () => unknown): Promise<number> {
  const began = performance.now()
  while (!(await what())) {
    if (performance.now() - began > 60_000) throw new Error('It did not come to pass within a minute.')
    await sleep(5)
  }
  return performance.now() - began
}

function table(results: readonly Result[]): string {
  const cell = (one: Ratio | undefined) => (one?.ratio === undefined ? '' : figure(one.ratio))
  const rows = results.map(({ title, well, failing, open, opened, back, seen: { calls, failed, wrong, unhandled } }) =>
    [
      title,
      cell(well),
      cell(failing),
      cell(open),
      `${opened.toFixed(0)} ms`,
      `${back.toFixed(0)} ms`,
      calls,
      failed,
      wrong,
      unhandled,
    ].join(' | '),
  )
  return [
    `p99 of calls, over that of the function alone (${own} ms) in the same phase:`,
    '',
    '| Redis is | well | until the breaker opened | open | opened after | hits again after | calls | failed | wrong | unhandled |',
    '|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n')
}
