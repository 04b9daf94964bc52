/** A process of a host that answers with lines of JSON, and the program that it built. */
import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

export interface Answer {
  readonly ok: boolean
  readonly error?: string
  /** The modules that were built and not taken from a cache, where the host says so. */
  readonly built?: readonly string[]
  readonly value?: any
}

export interface Child {
  /** The next answer; with a request, the answer to it. */
  next(request?: string): Promise<Answer>
  stop(): Promise<void>
}

/** What a process of the project gets: no store but the one its test names, and no word of the runner of the tests. */
export function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { VITEST: _, NODE_ENV: __, REDIS_URL: ___, ...rest } = process.env
  return { ...rest, ...more } as NodeJS.ProcessEnv
}

/** Starts one of the scripts beside this file, in a project. */
export function start(script: string, args: readonly string[], root: string): Child {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), ...args], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environment(),
  })
  const said: string[] = []
  child.stderr.on('data', (data) => said.push(String(data)))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    async next(request) {
      if (request !== undefined) child.stdin.write(`${request}\n`)
      for (;;) {
        const { value, done } = await lines.next()
        if (done) throw new Error(`The process ended.\n${said.join('')}`)
        if (value.startsWith('{"ok"')) return JSON.parse(value) as Answer
      }
    },
    async stop() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** What the program says of one call. */
export interface Said {
  readonly label: string
  readonly version: string
  readonly key: string
  readonly value: unknown
  readonly from: 'store' | 'run'
}

const execute = promisify(execFile)

/** Runs the program and returns what it printed last. */
export async function runProgram(
  root: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  program = process.execPath,
): Promise<Record<string, Said>> {
  const { stdout } = await execute(program, [...args], { cwd: root, env: environment({ SHOP_FEE: '5', ...env }) })
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, Said>
}
