/** The fixture as a program of its own: copied into a folder of the workspace, built, started and edited. */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from 'servers/port'

const home = fileURLToPath(new URL('../../', import.meta.url))
/** Turbopack takes files below the folder of the lockfile only. */
const programs = join(home, '..', '..', '.cache', 'next')

export interface Server {
  readonly url: string
  /** What it has logged so far. */
  log(): string
  /** The answers of calls that the route makes, in order. */
  calls(...calls: string[]): Promise<any[]>
  text(path: string, init?: RequestInit): Promise<string>
  /** Sends the form of a page as a browser without JavaScript does; the page that its Server Action rendered. */
  submit(path: string): Promise<string>
  stop(): Promise<void>
}

type Env = Readonly<Record<string, string>>

export class Program {
  readonly folder: string
  readonly #next: string
  readonly #older: boolean
  readonly #running = new Set<ChildProcess>()

  /** @param next the package of Next: `next` or `next15` */
  constructor(name: string, { next = 'next', from = join(home, 'test', 'app') } = {}) {
    this.folder = join(programs, name)
    rmSync(this.folder, { recursive: true, force: true })
    cpSync(from, this.folder, {
      recursive: true,
      filter: (path) => !/node_modules|\.next|\.log$/.test(path.slice(from.length)),
    })
    const link = (target: string, as: string) => {
      const place = join(this.folder, 'node_modules', as)
      mkdirSync(dirname(place), { recursive: true })
      symlinkSync(realpathSync(target), place)
    }
    for (const ours of ['core', 'next', 'keyv']) link(join(home, '..', ours), `@autocache/${ours}`)
    for (const theirs of ['react', 'react-dom', 'keyv', '@keyv/redis', '@types/react'])
      link(join(home, 'node_modules', theirs), theirs)
    link(join(home, 'node_modules', next), 'next')
    link(join(home, '..', '..', 'node_modules', 'typescript'), 'typescript')
    link(join(home, '..', '..', 'node_modules', '@types', 'node'), '@types/node')
    this.#older = next === 'next15'
    if (this.#older) this.#asNext15()
    this.#next = join(this.folder, 'node_modules', 'next', 'dist', 'bin', 'next')
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8')
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true })
    writeFileSync(join(this.folder, file), text)
  }

  remove(...paths: string[]): void {
    for (const path of paths) rmSync(join(this.folder, path), { recursive: true })
  }

  /** Leaves one route of the program, which is built sooner: what a deploy keeps does not depend on the pages beside it. */
  keepRoute(): void {
    this.remove('app/page', 'app/action', 'app/draft', 'app/static', 'app/closures', 'app/edge')
  }

  edit(file: string, from: string, to: string): void {
    const text = this.read(file)
    if (!text.includes(from)) throw new Error(`${file} does not say ${from}`)
    this.write(file, text.replace(from, to))
  }

  /** What Next 15 calls otherwise. */
  #asNext15(): void {
    this.write('middleware.ts', this.read('proxy.ts').replace('function proxy', 'function middleware'))
    rmSync(join(this.folder, 'proxy.ts'))
    this.edit('app/route/route.ts', 'revalidateTag(arg, { expire: 0 })', 'revalidateTag(arg)')
  }

  #spawn(args: string[], env: Env): { readonly child: ChildProcess; log(): string } {
    const child = spawn(process.execPath, [this.#next, ...args], {
      cwd: this.folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, NEXT_TELEMETRY_DISABLED: '1', ...env } as never,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let log = ''
    for (const stream of [child.stdout, child.stderr]) stream!.on('data', (chunk) => (log += String(chunk)))
    this.#running.add(child)
    child.on('exit', () => this.#running.delete(child))
    return { child, log: () => log }
  }

  /** Builds the program; what the build said. */
  async build({ webpack = false, env = {} }: { webpack?: boolean; env?: Env } = {}): Promise<string> {
    // Next 16 takes Turbopack where nothing is said, Next 15 webpack.
    const bundler = webpack === this.#older ? [] : [webpack ? '--webpack' : '--turbopack']
    const { child, log } = this.#spawn(['build', ...bundler], env)
    const code = await new Promise((resolve) => child.on('close', resolve))
    if (code !== 0) throw new Error(`next build ended with ${String(code)}:\n${log()}`)
    return log()
  }

  async start(env: Env = {}, command: 'start' | 'dev' = 'start'): Promise<Server> {
    const port = await freePort()
    const { child, log } = this.#spawn([command, '-p', String(port), '-H', '127.0.0.1'], env)
    const url = `http://127.0.0.1:${port}`
    for (;;) {
      if (log().includes('Ready in')) break
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`next ${command} ended:\n${log()}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const text = async (path: string, init?: RequestInit) => {
      const response = await fetch(url + path, init)
      return response.text()
    }
    return {
      url,
      log,
      text,
      async submit(path) {
        const [, name] = /name="(\$ACTION_ID_[^"]+)"/.exec(await text(path))!
        const body = new FormData()
        body.set(name!, '')
        return text(path, { method: 'POST', body, headers: { origin: url } })
      },
      async calls(...calls) {
        const answer = await text(`/route?${calls.map((call) => `call=${encodeURIComponent(call)}`).join('&')}`)
        try {
          return JSON.parse(answer) as any[]
        } catch {
          throw new Error(`${answer.slice(0, 500)}\n${log()}`)
        }
      },
      async stop() {
        if (child.exitCode !== null || child.signalCode !== null) return
        const ended = new Promise((resolve) => child.on('exit', resolve))
        child.kill()
        await ended
      },
    }
  }

  dispose(): void {
    for (const child of this.#running) child.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The value in the `<pre>` of a page. */
export const pre = (html: string): string => /<pre>(.*?)<\/pre>/s.exec(html)![1]!.replaceAll('&quot;', '"')

/** What the page of the action shows: the runs that answered. */
export const shown = (html: string) =>
  Object.fromEntries([...html.matchAll(/<p id="(\w+)">(.*?)<\/p>/g)].map(([, id, run]) => [id!, run!]))
