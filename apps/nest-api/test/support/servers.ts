import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'

export const postgresUrl = process.env.POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test'

/** Whether something listens there. */
export function isListening(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host })
    const settle = (up: boolean) => {
      socket.destroy()
      resolve(up)
    }
    socket.once('connect', () => settle(true)).once('error', () => settle(false))
  })
}

export async function until(holds: () => Promise<boolean>, what: string, patience = 20_000): Promise<void> {
  const end = Date.now() + patience
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what} took too long.`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** A Redis of the test's own. */
export class Redis {
  #child: ChildProcess | undefined
  readonly #folder = mkdtempSync(join(tmpdir(), 'nest api redis '))
  readonly port: number

  constructor(port: number) {
    this.port = port
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const quiet = ['--save', '', '--appendonly', 'no', '--bind', '127.0.0.1']
    this.#child = spawn('redis-server', ['--port', String(this.port), '--dir', this.#folder, ...quiet], {
      stdio: 'ignore',
    })
    await until(() => isListening(this.port), 'The start of Redis')
  }

  /** Stops it in the middle of what it does, as a machine that hangs: connections stay open, and nothing answers. */
  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  /** Lets it go on. */
  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Ends it at once, as a machine that is switched off. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  async close(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** The application in a process of its own. */
export class Api {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly url: string
  readonly #output: () => string

  private constructor(child: ChildProcess, url: string, output: () => string) {
    this.#child = child
    this.#ended = new Promise((resolve) => child.once('exit', resolve))
    this.url = url
    this.#output = output
  }

  static async start(env: Record<string, string>, folder: string): Promise<Api> {
    const inherited = { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' }
    const child = spawn(process.execPath, [join(folder, 'main.js')], {
      env: { ...inherited, PORT: '0', ...env } as never,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
    const url = () => /Listening at (\S+)/.exec(output)?.[1]
    await until(
      async () => {
        if (child.exitCode !== null) throw new Error(`The application has ended:\n${output}`)
        return url() !== undefined
      },
      'The start of the application',
      60_000,
    ).catch((error: Error) => {
      child.kill('SIGKILL')
      throw new Error(`${error.message}\n${output}`)
    })
    return new Api(child, url()!, () => output)
  }

  get output(): string {
    return this.#output()
  }

  async get(path: string, headers: Record<string, string> = {}) {
    const response = await fetch(this.url + path, { headers })
    return { status: response.status, cache: response.headers.get('x-cache'), body: (await response.json()) as any }
  }

  async graphql(query: string): Promise<any> {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${this.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
    return ((await response.json()) as { data: unknown }).data
  }

  /** How often each method ran since the start, and how often the store answered in its place. */
  async counts(): Promise<Record<string, { fill: number; hit: number }>> {
    const { functions } = (await this.get('/cache/stats')).body
    return Object.fromEntries(
      Object.entries(functions as Record<string, { fill?: number; hit?: number }>).map(
        ([label, { fill = 0, hit = 0 }]) => [label, { fill, hit }],
      ),
    )
  }

  /** Ends it as an orchestrator does: it finishes what is under way. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#ended
  }
}

/** `describe`, or a loud skip where Redis or PostgreSQL is missing on a laptop. In CI that fails. */
export async function describeWithServers() {
  const missing: string[] = []
  try {
    execFileSync('redis-server', ['--version'])
  } catch {
    missing.push('redis-server')
  }
  const { hostname, port } = new URL(postgresUrl)
  if (!(await isListening(Number(port), hostname))) missing.push(postgresUrl)
  if (missing.length === 0 || process.env.CI) return describe
  console.warn(`SKIPPED: ${missing.join(' and ')} missing. These tests fail in CI.`)
  return describe.skip
}
