import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './port.ts'

/** Calls until the answer is true. */
export async function until(what: () => unknown, most = 10_000): Promise<void> {
  const began = performance.now()
  while (!(await what())) {
    if (performance.now() - began > most) throw new Error(`Not within ${most} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** A Redis server of our own, in a folder of its own. */
export class RedisServer {
  readonly port: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'autocache-redis-'))
  readonly #options: readonly string[]
  readonly #sentinel: boolean
  #process: ChildProcess | undefined

  private constructor(port: number, options: readonly string[], sentinel = false) {
    this.port = port
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

  /** A Sentinel that watches a master as `main`. */
  static async sentinel(master: RedisServer): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), [], true)
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
    return `redis://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const own = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.#folder, '--save', '']
    const words = this.#sentinel
      ? [join(this.#folder, 'sentinel.conf'), '--sentinel']
      : [...own, '--repl-diskless-sync-delay', '0', ...this.#options]
    const child = spawn('redis-server', words, { stdio: 'ignore' })
    this.#process = child
    const end = () => child.kill('SIGKILL')
    process.once('exit', end)
    child.once('exit', () => process.off('exit', end))
    await until(async () => /^(\+PONG|-NOAUTH)/.test(await this.ask('PING')))
  }

  /** Kills it, as a machine that loses its power would. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
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
      const socket = connect(this.port, '127.0.0.1', () => socket.write(`${line}\r\nQUIT\r\n`))
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
  const made = spawnSync('redis-cli', words, { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`No cluster: ${made.stdout}${made.stderr}`)
  for (const server of servers) {
    await until(async () => (await server.ask('CLUSTER INFO')).includes('cluster_state:ok'))
    await until(
      async () =>
        (await server.ask('CLUSTER NODES')).split('\n').filter((line) => line.includes('connected')).length ===
        all.length,
    )
  }
  return servers
}
