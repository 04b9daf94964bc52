// `npm run chaos`: see README.md. Without arguments it plays every scenario and writes what RESULTS.md is made of.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { parseArgs } from 'node:util'
import { installed } from 'servers/redis-server'
import { plot } from './plot.ts'
import { follow } from './progress.ts'
import { report } from './report.ts'
import { broken, type Machine, type Results, type ScenarioResult } from './results.ts'
import { scenarios } from './scenarios.ts'
import { type Scale, Stage } from './stage.ts'

const file = (path: string) => new URL(`../${path}`, import.meta.url)
const say = (text: string) => console.log(`chaos: ${text}`)

// What was started ends with this process, however it ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

const settings = readArguments()
const given = process.argv.slice(2)
const command = ['npm run chaos', ...(given.length > 0 ? ['--', ...given] : [])].join(' ')
const found: ScenarioResult[] = []
for (const scenario of settings.render ? [] : settings.chosen) {
  const began = performance.now()
  const here = machine()
  const stage = new Stage(settings.scale, settings.round, (account) => follow(scenario.name, account))
  const missing = scenario.missing?.()
  if (missing === undefined) await scenario.play(stage)
  else stage.skip('', missing)
  const { name, title } = scenario
  const seconds = Math.round((performance.now() - began) / 1000)
  const date = new Date().toISOString().slice(0, 10)
  const result = { name, title, date, command, machine: here, seconds, rounds: stage.rounds }
  found.push(result)
  tell(result)
  if (settings.writes) write()
}

if (settings.render) write()
if (settings.json) writeFileSync(settings.json, JSON.stringify({ scenarios: found } satisfies Results))

const wrongs = found.flatMap(({ rounds }) => rounds.flatMap((round) => broken(round, !settings.scale.short)))
const skipped = found.flatMap(({ rounds }) => rounds.filter((round) => round.skipped !== undefined))
if (settings.writes) say('wrote results.json, RESULTS.md and results.svg in apps/chaos.')
say(`${found.length} scenarios, ${wrongs.length} breaches, ${skipped.length} rounds skipped.`)
// What a laptop lacks is an excuse on a laptop only.
if (wrongs.length > 0 || (process.env.CI && skipped.length > 0)) process.exitCode = 1

function tell({ name, rounds }: ScenarioResult): void {
  for (const round of rounds) {
    const { claims, skipped: reason } = round
    if (reason !== undefined) {
      say(`SKIPPED ${name}: ${reason}`)
      continue
    }
    for (const { title, must, measured, met } of claims)
      say(`${met ? 'ok' : 'BROKEN'} ${name}, ${round.name}: ${title}: ${measured} (must: ${must})`)
    for (const text of round.breaches.slice(0, 5)) say(`BROKEN ${name}, ${round.name}: ${text}`)
  }
}

/** Puts what was played in the place of what was played before, and leaves the rest. */
function write(): void {
  const path = file('results.json')
  const before: Results = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { scenarios: [] }
  const kept = scenarios.flatMap(
    ({ name }) => (found.find((one) => one.name === name) ?? before.scenarios.find((one) => one.name === name)) || [],
  )
  writeFileSync(path, `${JSON.stringify({ scenarios: kept }, null, 1)}\n`)
  writeFileSync(file('RESULTS.md'), report({ scenarios: kept }))
  writeFileSync(file('results.svg'), plot({ scenarios: kept }))
}

function machine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    server: installed()?.version ?? 'none',
    load: Number(loadavg()[0]!.toFixed(1)),
  }
}

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      round: { type: 'string' },
      short: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      processes: { type: 'string' },
      callers: { type: 'string' },
      minutes: { type: 'string', default: '30' },
      json: { type: 'string' },
    },
  })
  const names = scenarios.map(({ name }) => name)
  if (values.list) {
    for (const { name, title } of scenarios) console.log(`${name.padEnd(16)} ${title}`)
    process.exit(0)
  }
  const only = [...values.only.flatMap((list) => list.split(',')), ...positionals]
  const unknown = only.filter((name) => !names.includes(name))
  if (unknown.length > 0) stop(`there is no scenario ${unknown.join(', ')}. There are: ${names.join(', ')}.`)
  if (!installed()) stop('redis-server is not installed (apt-get install redis-server), nor is valkey-server.')
  const chosen = scenarios.filter(({ name, long }) => (only.length > 0 ? only.includes(name) : !long))
  const { short } = values
  // What is played in part, or at another scale, is no result.
  const writes = values.write || values.render || (only.length === 0 && !short)
  const scale: Scale = {
    short,
    processes: Number(values.processes ?? (short ? 3 : 4)),
    callers: Number(values.callers ?? (short ? 10 : 25)),
    phase: short ? 700 : 2500,
    minutes: Number(values.minutes),
  }
  return { chosen, scale, json: values.json, round: values.round, writes, render: values.render }
}

function stop(text: string): never {
  console.error(`chaos: ${text}`)
  process.exit(2)
}
