import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RedisServer } from 'servers/redis-server'
import { Way } from 'servers/way'
import { Account } from './account.ts'
import { Fleet } from './fleet.ts'
import type { StorePlan, WorkerPlan } from './plan.ts'
import { Register } from './register.ts'
import type { Round } from './results.ts'

/** How large everything is. */
export interface Scale {
  readonly short: boolean
  readonly processes: number
  readonly callers: number
  /** How long each phase is, in milliseconds. */
  readonly phase: number
  /** How long a soak is, in minutes. */
  readonly minutes: number
}

/** Something that can go wrong, with what must be so all the same. */
export interface Scenario {
  readonly name: string
  readonly title: string
  /** Played only when it is asked for by name. */
  readonly long?: true
  /** Why it cannot be played on this machine, if so. */
  missing?(): string | undefined
  play(stage: Stage): Promise<void>
}

/** How many keys each of the two functions is called with, if a scenario says nothing else. */
const usual = 60

/** One round under way: its processes, its servers, and what is seen. */
export class Playing {
  readonly folder = mkdtempSync(join(tmpdir(), 'autocache-chaos-'))
  readonly register: Register
  readonly fleet: Fleet
  readonly account: Account
  readonly scale: Scale
  readonly #keys: number
  readonly #closing: (() => unknown)[] = []

  constructor(account: Account, scale: Scale, keys: number) {
    this.account = account
    this.scale = scale
    this.#keys = keys
    this.fleet = new Fleet(account)
    this.register = new Register(this.#path, 2 * keys)
  }

  get #path(): string {
    return join(this.folder, 'register')
  }

  /** A register for processes that share nothing with the others. */
  another(): string {
    const path = join(this.folder, 'another')
    new Register(path, 2 * this.#keys).close()
    return path
  }

  /** A server that is ended with the round. */
  own<TServer extends RedisServer>(server: TServer): TServer {
    this.closing(() => server.end())
    return server
  }

  async server(...options: string[]): Promise<RedisServer> {
    return this.own(await RedisServer.start(...options))
  }

  /** A way to a server, to make bad. */
  async way(target: number): Promise<Way> {
    const way = await Way.to(target)
    this.closing(() => way.close())
    return way
  }

  /** What is done at the end, whatever happens. */
  closing(close: () => unknown): void {
    this.#closing.unshift(close)
  }

  /** The plan of one of the processes, and what differs in it from the usual. */
  plan(store: StorePlan, index: number, other: Partial<WorkerPlan> = {}): WorkerPlan {
    const { short, processes, callers } = this.scale
    return {
      store,
      register: this.#path,
      namespace: 'chaos',
      index,
      processes,
      keys: this.#keys,
      callers,
      pause: short ? 20 : 40,
      own: 5,
      mutate: 150,
      options: { ttl: 3_600_000 },
      release: '1',
      shift: 0,
      bound: 0,
      announce: false,
      closes: index % 2 === 0,
      ...other,
    }
  }

  async end(): Promise<void> {
    this.fleet.end()
    for (const close of this.#closing) await close()
    this.register.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Where scenarios are played. */
export class Stage {
  readonly rounds: Round[] = []
  readonly scale: Scale
  readonly #only: string | undefined
  readonly #follow: (account: Account) => () => void

  /**
   * @param only the one round that is played, if not all
   * @param follow shows how a round goes, until what it returns is called
   */
  constructor(scale: Scale, only: string | undefined, follow: (account: Account) => () => void) {
    this.scale = scale
    this.#only = only
    this.#follow = follow
  }

  /** Plays one round. What the harness itself stumbles over is a broken round, and the next one is played. */
  async round(name: string, body: (playing: Playing) => Promise<void>, keys = usual): Promise<void> {
    if (this.#only !== undefined && name !== this.#only) return
    const { processes, callers } = this.scale
    const account = new Account(name, processes, callers)
    const playing = new Playing(account, this.scale, keys)
    const unfollow = this.#follow(account)
    try {
      await body(playing)
    } catch (error) {
      account.claim('the round was played to its end', 'yes', String((error as Error).stack), false)
    } finally {
      await playing.end()
      unfollow()
    }
    this.rounds.push(account.round())
  }

  skip(name: string, reason: string): void {
    this.rounds.push({ ...new Account(name, 0, 0).round(), skipped: reason })
  }
}
