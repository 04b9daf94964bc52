import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A way to a server that can be bad: a TCP proxy on a port of its own. */
export class Way {
  /** `pass` hands bytes on, `swallow` keeps connections open and hands nothing on, as a half-open connection does. */
  mode: 'pass' | 'swallow' = 'pass'
  /** How many milliseconds the server's answers come later. */
  delay = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  /** The port that it leads to. */
  target: number

  private constructor(target: number) {
    this.target = target
    this.#server = createServer((near) => {
      const far = connect(this.target, '127.0.0.1')
      this.#lead(near, far, false)
      this.#lead(far, near, true)
    })
  }

  static async to(target: number): Promise<Way> {
    const way = new Way(target)
    way.#server.listen(0, '127.0.0.1')
    await once(way.#server, 'listening')
    return way
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as { port: number }).port}`
  }

  #lead(from: Socket, to: Socket, late: boolean): void {
    this.#sockets.add(from)
    from.on('data', (data) => {
      if (this.mode === 'swallow') return
      if (late && this.delay > 0) setTimeout(() => to.writable && to.write(data), this.delay)
      else to.write(data)
    })
    from.on('error', () => {})
    from.on('close', () => {
      this.#sockets.delete(from)
      if (this.mode === 'pass') to.destroy()
    })
  }

  /** Ends the connections there are, as a network that comes back does sooner or later. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}
