import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { describe } from 'vitest'

/** A Redis server of our own, to stop, freeze and starve. */
export class RedisServer {
  readonly port: number
  #process: ChildProcess | undefined

  private constructor(port: number) {
    this.port = port
  }

  /** A server that is not started yet, on a port that is free. */
  static async reserve(): Promise<RedisServer> {
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const { port } = probe.address() as { port: number }
    probe.close()
    return new RedisServer(port)
  }

  static async start(): Promise<RedisServer> {
    const server = await RedisServer.reserve()
    await server.start()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const options = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    this.#process = spawn('redis-server', [...options, '--dir', tmpdir()], { stdio: 'ignore' })
    const child = this.#process
    const end = () => child.kill('SIGKILL')
    process.once('exit', end)
    child.once('exit', () => process.off('exit', end))
    for (let attempt = 0; attempt < 200; attempt++) {
      if (await this.#answers()) return
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error('redis-server did not start')
  }

  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  /** Leaves connections open and answers nothing, until it is thawed. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write('PING\r\n'))
      socket.once('data', (data) => {
        socket.destroy()
        resolve(String(data).startsWith('+PONG'))
      })
      socket.once('error', () => resolve(false))
    })
  }
}

/** `describe`, or a loud skip where `redis-server` is not installed on a laptop. In CI that fails. */
export function describeWithOwnRedis() {
  if (process.env.CI || spawnSync('redis-server', ['--version']).status === 0) return describe
  console.warn('SKIPPED: redis-server is not installed. These tests fail in CI.')
  return describe.skip
}
