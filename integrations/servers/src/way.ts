import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A way to a server that can be bad: a TCP proxy on a port of its own. */
export class Way {
  /** `pass` hands bytes on, `swallow` keeps connections open and hands nothing on, as a half-open connection does. */
  mode: 'pass' | 'swallow' = 'pass'
  /** How many milliseconds the server's answers come later. */
  delay = 0
  /** The port that new connections lead to. */
  target: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(target: number) {
    this.target = target
    this.#server = createServer((near) => {
      const far = connect(this.target, '127.0.0.1')
      for (const [from, to, late] of [
        [near, far, false],
        [far, near, true],
      ] as const) {
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

  /** Ends the connections of before, as a network that comes back does sooner or later. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}
