/**
 * Requests per second and p99 of one handler in four forms, in one run: `node dist/bench/main.js`, with `--write` into the
 * README as well.
 *
 * Each form has the whole application in a process of its own, so that nothing which one leaves behind weighs on another.
 * They take turns, forwards and backwards. Rounds are short and many: what else the machine does then falls on neighbours
 * alike. And all processes are started anew several times: two of the same program differ by as much as a tenth for as long as
 * they live (where its code and its heap came to lie; Mytkowicz et al., Producing Wrong Data Without Doing Anything Obviously
 * Wrong, ASPLOS 2009). So one start is one measurement: the median of its rounds, for a ratio the median of those within its
 * rounds. What is told is the median of the starts.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'

const { values: options } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    starts: { type: 'string', default: '7' },
    rounds: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '1' },
    redis: { type: 'string', default: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' },
    database: { type: 'string', default: process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/test' },
  },
})

const airports = ['BOS', 'SFO', 'ATL', 'ORD', 'DFW', 'LAX', 'PHX', 'DEN']
const pairs = airports.flatMap((from) => airports.filter((to) => to !== from).map((to) => `${from}/${to}`))
const connections = 32

/** What a form did in one round. */
interface Figure {
  readonly perSecond: number
  /** Milliseconds. */
  readonly p99: number
  /** Microseconds of processor time per request, which neighbours on the machine hardly change. */
  readonly cpu: number
}

/** A form of the handler, in an application of its own. */
class Contender {
  /** By start. */
  readonly figures: Figure[][] = []
  readonly store: string
  readonly form: string
  readonly #path: string
  readonly #env: Record<string, string>
  #child: ChildProcess | undefined
  #url = ''

  constructor(store: string, form: string, path: string, env: Record<string, string>) {
    this.store = store
    this.form = form
    this.#path = path
    this.#env = env
  }

  async start(): Promise<void> {
    const { REDIS_URL: _, ...inherited } = process.env
    const child = spawn(process.execPath, [fileURLToPath(new URL('server.js', import.meta.url))], {
      env: { ...inherited, NODE_ENV: 'production', DATABASE_URL: options.database, ...this.#env },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    this.#child = child
    for await (const line of createInterface({ input: child.stdout! })) {
      const url = /Listening at (\S+)/.exec(line)?.[1]
      if (!url) continue
      this.#url = url
      return
    }
    throw new Error(`The application for ${this.form} has ended.`)
  }

  async load(seconds: number): Promise<Figure> {
    const requests = pairs.map((pair) => ({ method: 'GET' as const, path: `/bench/${this.#path}/${pair}` }))
    const before = await this.#cpu()
    const result = await autocannon({ url: this.#url, connections, duration: seconds, requests })
    const spent = (await this.#cpu()) - before
    if (result.non2xx > 0 || result.errors > 0)
      throw new Error(`${this.form}: ${result.non2xx + result.errors} requests failed.`)
    return {
      perSecond: result.requests.total / result.duration,
      p99: result.latency.p99,
      cpu: spent / result.requests.total,
    }
  }

  async #cpu(): Promise<number> {
    const child = this.#child!
    child.send('cpu')
    const [{ user, system }] = (await once(child, 'message')) as [NodeJS.CpuUsage]
    return user + system
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
}

const quantile = (values: readonly number[], part: number) =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)]!
const median = (values: readonly number[]) => quantile(values, 0.5)

/** A table as the formatter of the repository leaves it: texts to the left, figures to the right. */
function aligned([head = [], ...body]: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, at) => Math.max(...[head, ...body].map((row) => row[at]!.length)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => (at < 2 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join(' | ')} |`
  const rule = widths.map((width, at) => (at < 2 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), line(rule), ...body.map(line)]
}

const redis = { REDIS_URL: options.redis, NAMESPACE: `nest-api-bench-${process.pid}` }
const ours = ['`@Cached`', '`AutocacheInterceptor`']
const contenders = (['Redis', 'memory'] as const).flatMap((store) =>
  [
    [ours[0]!, 'cached'],
    [ours[1]!, 'autocache'],
    ["Nest's `CacheInterceptor`", 'nest'],
    ['none', 'none'],
  ].map(([form, path]) => new Contender(store, form!, path!, store === 'Redis' ? redis : {})),
)
for (let start = 0; start < Number(options.starts); start += 1) {
  try {
    await Promise.all(contenders.map((one) => one.start()))
    for (const one of contenders) {
      one.figures.push([])
      await one.load(2)
    }
    for (let round = 0; round < Number(options.rounds); round += 1) {
      const turns = round % 2 === 0 ? contenders : contenders.toReversed()
      for (const one of turns) one.figures.at(-1)!.push(await one.load(Number(options.seconds)))
    }
  } finally {
    await Promise.all(contenders.map((one) => one.stop()))
  }
}

const rows = [
  ['entries in', 'form', 'requests per second', 'p99, ms', 'CPU per request, µs', 'requests beside `CacheInterceptor`'],
]
const missed: string[] = []
for (const { store, form, figures } of contenders) {
  const nest = contenders.find((other) => other.store === store && other.form.startsWith('Nest'))!
  const ratios = figures.map((rounds, start) =>
    median(rounds.map(({ perSecond }, round) => perSecond / nest.figures[start]![round]!.perSecond)),
  )
  const ratio = median(ratios)
  const spread = form.startsWith('Nest')
    ? ''
    : ` (${[0.25, 0.75].map((part) => quantile(ratios, part).toFixed(2)).join(' to ')})`
  const of = (field: keyof Figure) =>
    Math.round(median(figures.map((rounds) => median(rounds.map((figure) => figure[field])))))
  rows.push([store, form, `${of('perSecond')}`, `${of('p99')}`, `${of('cpu')}`, `${ratio.toFixed(2)}${spread}`])
  if (ours.includes(form) && ratio < 1) missed.push(`${form} over ${store}`)
}
const [cpu] = cpus()
const machine = `Node ${process.versions.node}, ${cpus().length} cores of ${cpu?.model}`
const date = new Date().toISOString().slice(0, 10)
const lines = [
  ...aligned(rows),
  '',
  `${date}, ${machine}, ${connections} connections, ${pairs.length} paths, ${options.starts} starts of ${options.rounds} rounds of ${options.seconds} s; in brackets the quartiles of the starts.`,
]
const table = lines.join('\n')
console.log(table)
if (options.write) {
  const readme = fileURLToPath(new URL('../../README.md', import.meta.url))
  const text = readFileSync(readme, 'utf8')
  writeFileSync(
    readme,
    text.replace(/(<!-- bench -->\n)[\s\S]*(\n<!-- \/bench -->)/, (_, start, end) => start + table + end),
  )
}
if (missed.length > 0) {
  console.error(`Slower than Nest's own: ${missed.join(', ')}.`)
  process.exitCode = 1
}
