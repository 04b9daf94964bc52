import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { sleep, until } from 'servers/redis-server'
import type { Account } from './account.ts'
import type { Measured, Order, Phase, Report, Totals, Window, WorkerPlan } from './plan.ts'
import { instant } from './register.ts'

const program = fileURLToPath(new URL('worker.js', import.meta.url))

/** How long a process that has done everything may take to end by itself, in milliseconds. */
const patience = 5000

/** How many calls tell that a process has recovered, and the share of them that the store must have answered. */
export const enough = { calls: 20, share: 0.9 }

/**
 * When a process had recovered, by what it told since then: at the end of the first windows in a row that have enough calls
 * whose answer the store must have, with that share of them answered by it.
 */
export function backAt(windows: readonly Pick<Window, 'to' | 'due' | 'stored'>[]): number | undefined {
  for (const [end, { to }] of windows.entries()) {
    let [due, stored] = [0, 0]
    for (let at = end; at >= 0 && due < enough.calls; at--) {
      due += windows[at]!.due
      stored += windows[at]!.stored
    }
    if (due >= enough.calls && stored >= enough.share * due) return to
  }
  return undefined
}

/** A run of a function, where processes announce them. */
export interface Run {
  readonly by: number
  readonly slot: number
  readonly at: number
  readonly ended?: number | undefined
}

interface Member {
  readonly child: ChildProcess
  readonly plan: WorkerPlan
  ready: boolean
  alive: boolean
  window: Window | undefined
  /** All windows since a fault was mended, and when it had recovered from it. */
  since: Window[]
  back: number
  totals: Totals | undefined
  measured: Measured[]
}

/** The processes of a round. */
export class Fleet {
  readonly runs: Run[] = []
  readonly bursts: { readonly calls: number; readonly made: readonly string[]; readonly longest: number }[] = []
  readonly #members: Member[] = []
  readonly #account: Account

  constructor(account: Account) {
    this.#account = account
  }

  /** Starts a process with a plan; `within` is what it is started by, and `flags` are Node's. */
  add(plan: WorkerPlan, { within = [] as readonly string[], flags = [] as readonly string[] } = {}): void {
    const words = [...within, process.execPath, ...flags, program, JSON.stringify(plan)]
    const child = spawn(words[0]!, words.slice(1), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const member: Member = {
      child,
      plan,
      ready: false,
      alive: true,
      window: undefined,
      since: [],
      back: Number.POSITIVE_INFINITY,
      totals: undefined,
      measured: [],
    }
    const end = () => child.kill('SIGKILL')
    process.once('exit', end)
    child.once('exit', () => {
      member.alive = false
      process.off('exit', end)
    })
    child.on('message', (report: Report) => this.#hear(member, report))
    this.#members.push(member)
  }

  #hear(member: Member, report: Report): void {
    if ('ready' in report) member.ready = true
    else if ('window' in report) {
      this.#account.window((member.window = report.window))
      if (report.window.phase === 'after') member.since.push(report.window)
    } else if ('breach' in report) this.#account.breach(report.breach)
    else if ('run' in report) this.runs.push({ by: member.child.pid!, ...report.run })
    else if ('burst' in report) this.bursts.push(report.burst)
    else if ('measured' in report) member.measured.push(report.measured)
    else this.#account.done((member.totals = report.done))
  }

  #order(order: Order): void {
    for (const { child, alive } of this.#members) if (alive && child.connected) child.send(order)
  }

  async ready(): Promise<void> {
    await until(() => this.#members.every(({ ready, alive }) => ready || !alive), 60_000, 'all processes are there')
    const dead = this.#members.find(({ alive }) => !alive)
    if (dead) throw new Error(`A process of the fleet could not be started (${dead.child.exitCode}).`)
  }

  start(): void {
    this.#order({ do: 'start' })
  }

  phase(phase: Phase): void {
    this.#order({ do: 'phase', phase })
  }

  burst(key: number, calls: number): void {
    this.#order({ do: 'burst', key, calls })
  }

  /** Lets the storages of all take no writes, or take them again. */
  readOnly(on: boolean): void {
    this.#order({ do: 'read-only', on })
  }

  /** Lets nothing be changed any more, and waits until all that was not acknowledged has been made again. */
  async settle(): Promise<void> {
    this.#order({ do: 'rest' })
    const settled = () => this.#members.every(({ window, alive }) => !alive || !window || window.owed === 0)
    // Where it takes longer the claim fails that is made of it.
    await until(settled, 10_000, 'what was not acknowledged is made again').catch(() => {})
  }

  /** What each process holds now. */
  async measure(): Promise<readonly Measured[]> {
    const before = this.#members.map(({ measured }) => measured.length)
    this.#order({ do: 'measure' })
    await until(
      () => this.#members.every(({ measured, alive }, at) => !alive || measured.length > before[at]!),
      120_000,
      'all processes were measured',
    )
    return this.#members.flatMap(({ measured }) => measured.slice(-1))
  }

  /** Kills one process, by its number. */
  kill(pid: number): void {
    this.#members.find(({ child }) => child.pid === pid)?.child.kill('SIGKILL')
  }

  /** How long it takes until all processes have recovered, in milliseconds; `most` where one never has. */
  async recovered(most: number): Promise<number> {
    const began = instant()
    const members = this.#members.filter(({ alive }) => alive)
    for (const member of members) member.since = []
    while (members.some(({ back }) => back === Number.POSITIVE_INFINITY)) {
      if (instant() - began > most) return most
      await sleep(10)
      for (const member of members) {
        if (member.back !== Number.POSITIVE_INFINITY) continue
        member.back = backAt(member.since.filter(({ from }) => from >= began)) ?? Number.POSITIVE_INFINITY
      }
    }
    return Math.max(...members.map(({ back }) => back)) - began
  }

  /** The calls whose answer the store must have, and how many of them it answered, since each process had recovered. */
  answeredSince(): { readonly due: number; readonly stored: number } {
    const windows = this.#members.flatMap(({ since, back }) => since.filter(({ from }) => from >= back))
    const sum = (what: 'due' | 'stored') => windows.reduce((all, window) => all + window[what], 0)
    return { due: sum('due'), stored: sum('stored') }
  }

  /** Lets all finish, and waits until they have ended by themselves. */
  async stop(): Promise<{ readonly stayed: number }> {
    this.#order({ do: 'stop' })
    const alive = this.#members.filter((member) => member.alive)
    await until(() => alive.every(({ totals, alive }) => totals || !alive), 60_000, 'all callers were answered')
    let stayed = 0
    await Promise.all(
      alive.map(async (member) => {
        if (!member.alive) return
        const late = sleep(patience).then(() => 'late')
        if ((await Promise.race([once(member.child, 'exit'), late])) !== 'late' || !member.alive) return
        stayed += 1
        member.child.kill('SIGKILL')
      }),
    )
    return { stayed }
  }

  /** Ends what is left, whatever it does. */
  end(): void {
    for (const { child, alive } of this.#members) if (alive) child.kill('SIGKILL')
  }
}
