import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Group } from './contender.ts'
import { groups } from './groups/index.ts'
import type { Measured } from './measure.ts'
import type { GroupResult, HeapResult, Keying, Machine, Plan, Results } from './results.ts'
import { weighBundles } from './size.ts'
import { compare } from './statistics.ts'

export const fullPlan: Plan = { processes: 5, rounds: 5, heapCalls: 10_000_000 }
export const quickPlan: Plan = { processes: 1, rounds: 5, heapCalls: 2_000_000 }

/** What `--only` takes. */
export const parts: readonly string[] = [...groups.map(({ id }) => id), 'heap', 'size']

/** Measures some parts or all of them, and says what it is at. */
export async function run(
  only: readonly string[],
  plan: Plan,
  command: string,
  say: (text: string) => void,
): Promise<Results> {
  const wanted = (id: string) => only.length === 0 || only.includes(id)
  const machine = describeMachine()
  const results: GroupResult[] = []
  const keying = new Map<string, Keying>()
  const skipped: Results['skipped'][number][] = []
  for (const group of groups.filter(({ id }) => wanted(id))) {
    const reason = await group.unavailable?.()
    if (reason !== undefined) {
      say(`SKIPPED ${group.id}: ${reason}`)
      skipped.push({ group: group.id, reason })
      continue
    }
    say(group.title)
    const measured: Measured[] = []
    for (let process = 0; process < plan.processes; process++) {
      measured.push(await inChild<Measured>(group.id, plan.rounds))
    }
    results.push(resultOf(group, measured))
    for (const facts of measured[0]!.keying) keying.set(facts.contender, facts)
  }
  let heap: HeapResult | undefined
  if (wanted('heap')) {
    say(`Heap, ${plan.heapCalls.toLocaleString('en')} calls`)
    heap = await inChild<HeapResult>('heap', plan.heapCalls)
  }
  const size = wanted('size') ? await weighBundles() : undefined
  const date = new Date().toISOString().slice(0, 10)
  return {
    date,
    command,
    machine,
    versions: readVersions(),
    plan,
    groups: results,
    heap,
    size,
    keying: [...keying.values()],
    skipped,
  }
}

function resultOf({ id, title, reference, calls = 1 }: Group, measured: readonly Measured[]): GroupResult {
  const rounds: Record<string, number[]> = {}
  for (const one of measured) {
    for (const [name, times] of Object.entries(one.rounds)) (rounds[name] ??= []).push(...times)
  }
  return { id, title, reference, calls, contenders: compare(rounds, reference) }
}

/** Runs `child.ts` in a fresh process, so that no group inherits what another one taught the engine. */
function inChild<T>(what: string, amount: number): Promise<T> {
  const child = fork(fileURLToPath(new URL('child.js', import.meta.url)), [what, String(amount)], {
    execArgv: ['--expose-gc'],
    env: { ...process.env, NODE_ENV: 'production' },
    serialization: 'advanced',
  })
  return new Promise((resolve, reject) => {
    let result: T | undefined
    child.on('message', (message) => (result = message as T))
    child.on('error', reject)
    child.on('exit', (status) => {
      if (result !== undefined) resolve(result)
      else reject(new Error(`Measuring ${what} ended with status ${status} and no result.`))
    })
  })
}

export function describeMachine(): Machine {
  const cores = cpus()
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release().split('-')[0]}`,
    node: process.versions.node,
    load: Math.round(loadavg()[0]! * 10) / 10,
  }
}

/** The exact versions that package.json pins. Our own packages stand in the repository; what has a bench of its own is told there. */
const elsewhere = ['oxc-parser', 'next', 'react', 'react-dom']

function readVersions(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const measured = ([name]: [string, string]) => !name.startsWith('@autocache/') && !elsewhere.includes(name)
  return Object.fromEntries(Object.entries<string>(dependencies).filter(measured))
}
