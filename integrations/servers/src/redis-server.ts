import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './port.ts'

/** The servers that are looked for, the first that is installed is used. */
const programs = process.env.REDIS_SERVER ? [process.env.REDIS_SERVER] : ['redis-server', 'valkey-server']

/** The server that is installed, and what it says of itself; `undefined` where there is none. */
export function installed(): { readonly program: string; readonly version: string } | undefined {
  for (const program of programs) {
    const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
    if (status === 0) return { program, version: `${program} ${/v=(\S+)/.exec(stdout)?.[1] ?? ''}`.trim() }
  }
  return undefined
}

function wanted(): string {
  const found = installed()
  if (!found) throw new Error(`None is installed of ${programs.join(', ')}.`)
  return found.program
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Calls until the answer is true. */
export async function until(what: () => unknown, most = 10_000, words = String(what)): Promise<void> {
  const began = performance.now()
  while (!(await what())) {
    if (performance.now() - began > most) throw new Error(`Not within ${most} ms: ${words}`)
    await sleep(10)
  }
}

/** A Redis or Valkey server of our own, in a folder of its own. */
export class RedisServer {
  readonly port: number
  readonly host: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'autocache-redis-'))
  /** What it is started by: the network that it lives in. */
  readonly #within: readonly string[]
  readonly #options: readonly string[]
  readonly #sentinel: boolean
  #process: ChildProcess | undefined

  private constructor(
    port: number,
    options: readonly string[],
    { host = '127.0.0.1', within = [] as readonly string[], sentinel = false } = {},
  ) {
    this.port = port
    this.host = host
    this.#within = within
    this.#options = options
    this.#sentinel = sentinel
  }

  /** A server that is not started yet. */
  static async reserve(...options: string[]): Promise<RedisServer> {
    return new RedisServer(await freePort(), options)
  }

  static async start(...options: string[]): Promise<RedisServer> {
    const server = await RedisServer.reserve(...options)
    await server.start()
    return server
  }

  /** A server in a network of its own, which answers at an address there. */
  static async within(network: readonly string[], host: string): Promise<RedisServer> {
    const server = new RedisServer(6379, ['--protected-mode', 'no'], { host, within: network })
    await server.start()
    return server
  }

  /** A Sentinel that watches a master as `main`. */
  static async sentinel(master: RedisServer): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), [], { sentinel: true })
    const lines = [
      `port ${server.port}`,
      'bind 127.0.0.1',
      `dir ${server.#folder}`,
      `sentinel monitor main 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 2000',
    ]
    writeFileSync(join(server.#folder, 'sentinel.conf'), lines.join('\n'))
    await server.start()
    return server
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`
  }

  async start(): Promise<void> {
    const program = wanted()
    const own = ['--port', `${this.port}`, '--bind', this.host, '--dir', this.#folder, '--save', '']
    const words = this.#sentinel
      ? [join(this.#folder, 'sentinel.conf'), '--sentinel']
      : [...own, '--repl-diskless-sync-delay', '0', ...this.#options]
    const [first, ...rest] = [...this.#within, program, ...words] as [string, ...string[]]
    const child = spawn(first, rest, { stdio: 'ignore' })
    this.#process = child
    const end = () => child.kill('SIGKILL')
    process.once('exit', end)
    child.once('exit', () => process.off('exit', end))
    // From here nothing leads into another network.
    if (this.#within.length > 0) return sleep(500)
    await until(async () => /^(\+PONG|-NOAUTH)/.test(await this.ask('PING')), 10_000, `${program} answers`)
  }

  /** Writes what it has to its disk; a server that is started again begins with that. */
  async save(): Promise<void> {
    await this.ask('SAVE')
  }

  /** Kills it, as a machine that loses its power would. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  /** Removes what it wrote to its disk. */
  forget(): void {
    const file = join(this.#folder, 'dump.rdb')
    if (existsSync(file)) rmSync(file)
  }

  async end(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Leaves connections open and answers nothing, until it is thawed. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  /** What it answers to one line on a connection of its own; `''` where it does not. */
  ask(line: string): Promise<string> {
    return new Promise((resolve) => {
      let text = ''
      const socket = connect(this.port, this.host, () => socket.write(`${line}\r\nQUIT\r\n`))
      socket.on('data', (data) => (text += data))
      socket.setTimeout(2000, () => socket.destroy())
      socket.once('close', () => resolve(text.replace(/\+OK\r\n$/, '')))
      socket.once('error', () => resolve(''))
    })
  }
}

/** So many masters, each with a replica if asked for, that are one cluster. */
export async function startCluster(masters: number, replicas = 0): Promise<RedisServer[]> {
  const options = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '1000',
    '--cluster-require-full-coverage',
    'no',
  ]
  const servers = await Promise.all(
    Array.from({ length: masters * (1 + replicas) }, () => RedisServer.start(...options)),
  )
  const all = servers.map(({ port }) => `127.0.0.1:${port}`)
  const words = ['--cluster', 'create', ...all, '--cluster-replicas', `${replicas}`, '--cluster-yes']
  const made = spawnSync(wanted().replace('-server', '-cli'), words, { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`No cluster: ${made.stdout}${made.stderr}`)
  for (const server of servers) {
    const whole = async () =>
      (await server.ask('CLUSTER INFO')).includes('cluster_state:ok') &&
      (await server.ask('CLUSTER NODES')).split('\n').filter((line) => line.includes('connected')).length === all.length
    await until(whole, 20_000, 'the cluster is one')
  }
  return servers
}
