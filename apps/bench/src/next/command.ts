/** `npm run bench -- next`: what a hit costs in a Next application. See README.md. */
import { spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { freePort } from 'servers/port'
import { fails } from '../bars.ts'
import { rounded } from '../figures.ts'
import { barTable } from '../report.ts'
import { describeMachine } from '../run.ts'
import { compare, type Rounds } from '../statistics.ts'
import { nextReport, nextTable } from './report.ts'
import { fullNextPlan, judgeNext, type NextPlan, type NextResults, quickNextPlan, reference } from './results.ts'

/** @param args what follows `next` on the command line */
export async function benchNext(args: readonly string[], base: URL, say: (text: string) => void): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
    },
  })
  const { quick, check, render } = values
  const file = (path: string) => new URL(path, base)
  const command = ['npm run bench -- next', ...args].join(' ')
  const results: NextResults = render
    ? JSON.parse(readFileSync(file('results.next.json'), 'utf8'))
    : rounded(await run(quick ? quickNextPlan : fullNextPlan, command, base, say))
  const verdicts = judgeNext(results)
  if (render || (!quick && !check)) {
    writeFileSync(file('results.next.json'), `${JSON.stringify(results, null, 2)}\n`)
    writeFileSync(file('RESULTS.next.md'), nextReport(results, verdicts))
    say('wrote results.next.json and RESULTS.next.md in apps/bench.')
  }
  console.log(`\n${nextTable(results)}\n\n${barTable(verdicts)}`)
  const { machine } = results
  if (machine.load > machine.cores) say(`the machine was busy (load ${machine.load} on ${machine.cores} cores).`)
  if (check && verdicts.some(fails)) process.exitCode = 1
}

async function run(plan: NextPlan, command: string, base: URL, say: (text: string) => void): Promise<NextResults> {
  const machine = describeMachine()
  const folder = fileURLToPath(new URL('next/', base))
  say('building the application')
  rmSync(`${folder}.next`, { recursive: true, force: true })
  await ended(start(folder, ['build']))
  const times: Record<string, number[]> = {}
  for (let server = 0; server < plan.servers; server++) {
    say(`server ${server + 1} of ${plan.servers}`)
    const measured = await inServer(folder, plan.rounds)
    for (const [name, list] of Object.entries(measured)) times[name] = [...(times[name] ?? []), ...list]
  }
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', base), 'utf8')) as {
    dependencies: Record<string, string>
  }
  return {
    date: new Date().toISOString().slice(0, 10),
    command,
    machine,
    versions: { next: dependencies.next!, react: dependencies.react! },
    plan,
    contenders: compare(times, reference),
  }
}

interface Running {
  readonly child: ReturnType<typeof spawn>
  log(): string
}

function start(folder: string, args: readonly string[]): Running {
  const next = fileURLToPath(import.meta.resolve('next/dist/bin/next'))
  const env = { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } as NodeJS.ProcessEnv
  const child = spawn(process.execPath, [next, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream!.on('data', (chunk) => (log += String(chunk)))
  return { child, log: () => log }
}

async function ended({ child, log }: Running): Promise<void> {
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`next ended with ${String(code)}:\n${log()}`)
}

/** Nanoseconds of a hit by name, from a server that has been warmed up. */
async function inServer(folder: string, rounds: number): Promise<Rounds> {
  const port = await freePort()
  const running = start(folder, ['start', '-p', String(port), '-H', '127.0.0.1'])
  try {
    while (!running.log().includes('Ready in')) {
      if (running.child.exitCode !== null) throw new Error(`next start ended:\n${running.log()}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    // Each on a connection of its own: while it measures, the server does not see that one is idle for too long.
    const ask = (count: number) =>
      new Promise<Rounds>((resolve, reject) => {
        const asked = get({ host: '127.0.0.1', port, path: `/hits?rounds=${count}`, agent: false }, async (answer) => {
          let text = ''
          for await (const chunk of answer) text += String(chunk)
          if (answer.statusCode === 200) resolve(JSON.parse(text) as Rounds)
          else reject(new Error(`The application answered ${answer.statusCode}:\n${running.log()}`))
        })
        asked.on('error', reject)
      })
    // What the first request computes is written when it has ended.
    await ask(0)
    await ask(rounds)
    return await ask(rounds)
  } finally {
    const exited = new Promise((resolve) => running.child.on('exit', resolve))
    if (running.child.exitCode === null) {
      running.child.kill()
      await exited
    }
  }
}
