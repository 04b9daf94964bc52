/**
 * Requests per second and p99 of one handler in four forms, in one run: `node dist/bench/main.js`, with `--write` into the
 * README as well. The application is a process of its own; forms take turns, and each figure is the median of its rounds.
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
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    redis: { type: 'string', default: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' },
    database: { type: 'string', default: process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/test' },
  },
})

const forms = {
  '`@Cached`': 'cached',
  '`AutocacheInterceptor`': 'autocache',
  "Nest's `CacheInterceptor`": 'nest',
  none: 'none',
}
const airports = ['BOS', 'SFO', 'ATL', 'ORD', 'DFW', 'LAX', 'PHX', 'DEN']
const pairs = airports.flatMap((from) => airports.filter((to) => to !== from).map((to) => `${from}/${to}`))

interface Figure {
  readonly perSecond: number
  readonly p99: number
}

async function startServer(env: Record<string, string>): Promise<{ url: string; child: ChildProcess }> {
  const server = fileURLToPath(new URL('server.js', import.meta.url))
  const child = spawn(process.execPath, [server], {
    env: { ...process.env, NODE_ENV: 'production', DATABASE_URL: options.database, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = /Listening at (\S+)/.exec(line)?.[1]
    if (url) return { url, child }
  }
  throw new Error('The application has ended.')
}

async function measure(url: string, form: string, seconds: number): Promise<Figure> {
  const requests = pairs.map((pair) => ({ method: 'GET' as const, path: `/bench/${form}/${pair}` }))
  const result = await autocannon({ url, connections: 32, duration: seconds, requests })
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${form}: ${result.non2xx + result.errors} requests failed.`)
  return { perSecond: result.requests.average, p99: result.latency.p99 }
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

async function measureAll(env: Record<string, string>): Promise<Map<string, Figure>> {
  const { url, child } = await startServer(env)
  try {
    const taken = new Map<string, Figure[]>()
    for (const form of Object.values(forms)) {
      await measure(url, form, 2)
      taken.set(form, [])
    }
    for (let round = 0; round < Number(options.rounds); round += 1)
      for (const form of Object.values(forms)) taken.get(form)!.push(await measure(url, form, Number(options.seconds)))
    return new Map(
      [...taken].map(([form, figures]) => [
        form,
        { perSecond: median(figures.map(({ perSecond }) => perSecond)), p99: median(figures.map(({ p99 }) => p99)) },
      ]),
    )
  } finally {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
}

const stores = {
  Redis: { REDIS_URL: options.redis, NAMESPACE: `nest-api-bench-${process.pid}` },
  'the memory of the process': { REDIS_URL: undefined as never },
}
const lines = [
  '| entries in | form | requests per second | p99, ms | beside `CacheInterceptor` |',
  '| --- | --- | ---: | ---: | ---: |',
]
let holds = true
for (const [store, env] of Object.entries(stores)) {
  const figures = await measureAll(env)
  const nest = figures.get('nest')!
  for (const [name, form] of Object.entries(forms)) {
    const { perSecond, p99 } = figures.get(form)!
    const ratio = perSecond / nest.perSecond
    lines.push(`| ${store} | ${name} | ${Math.round(perSecond)} | ${p99} | ${ratio.toFixed(2)} |`)
    if (form === 'autocache') holds &&= ratio >= 1
  }
}
const [cpu] = cpus()
lines.push('', `Node ${process.versions.node}, ${cpus().length} cores of ${cpu?.model}, 32 connections, 56 paths.`)
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
if (!holds) process.exitCode = 1
