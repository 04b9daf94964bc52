/** A Redis server of our own, and a way to it that can be bad. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** A server that is started, killed and frozen. */
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

  async start(): Promise<void> {
    const options = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    const child = spawn('redis-server', [...options, '--dir', tmpdir()], { stdio: 'ignore' })
    this.#process = child
    const end = () => child.kill('SIGKILL')
    process.once('exit', end)
    child.once('exit', () => process.off('exit', end))
    await once(child, 'spawn')
    for (let attempt = 0; attempt < 400; attempt++) {
      if (await this.#answers()) return
      await sleep(25)
    }
    throw new Error('redis-server did not start.')
  }

  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (!child) return
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

/** A TCP proxy on a port of its own. */
export class Way {
  /** `pass` hands bytes on, `swallow` keeps connections open and hands nothing on, as a half-open connection does. */
  mode: 'pass' | 'swallow' = 'pass'
  /** How many milliseconds the server's answers come later. */
  delay = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(target: number) {
    this.#server = createServer((near) => {
      const far = connect(target, '127.0.0.1')
      this.#hand(near, far, false)
      this.#hand(far, near, true)
    })
  }

  static async to(target: number): Promise<Way> {
    const way = new Way(target)
    way.#server.listen(0, '127.0.0.1')
    await once(way.#server, 'listening')
    return way
  }

  #hand(from: Socket, to: Socket, isAnswer: boolean): void {
    this.#sockets.add(from)
    from.on('data', (data) => {
      if (this.mode === 'swallow') return
      if (isAnswer && this.delay > 0) setTimeout(() => to.writable && to.write(data), this.delay)
      else to.write(data)
    })
    from.on('error', () => {})
    from.on('close', () => {
      this.#sockets.delete(from)
      if (this.mode === 'pass') to.destroy()
    })
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as { port: number }).port}`
  }

  /** Ends the connections of before, as a network that comes back does sooner or later. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}
