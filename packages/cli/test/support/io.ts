import type { Compiler } from '../../src/program.ts'
import { run as runCommand } from '../../src/run.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
  /** Standard output as JSON. */
  readonly json: any
}

export interface RunSettings {
  readonly cwd: string
  readonly env?: Record<string, string | undefined>
  readonly tty?: boolean
  readonly now?: () => number
  readonly compiler?: Compiler
}

/** Runs a command line in this process. */
export async function run(argv: readonly string[], settings: RunSettings): Promise<Ran> {
  const { cwd, env = {}, tty = false, now, compiler } = settings
  let out = ''
  let err = ''
  const code = await runCommand(
    argv,
    {
      cwd,
      env,
      out: { isTTY: tty, write: (text) => void (out += text) },
      err: { isTTY: tty, write: (text) => void (err += text) },
      ...(now && { now }),
    },
    compiler ? { compiler: async () => compiler } : {},
  )
  return {
    code,
    out,
    err,
    get json() {
      return JSON.parse(out)
    },
  }
}
