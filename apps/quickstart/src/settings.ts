import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface Settings {
  readonly help: boolean
  readonly reset: boolean
  /** The SQLite file. */
  readonly file: string
  /** Redis instead of SQLite. */
  readonly redis: string | undefined
}

/** Something the user can put right: a sentence for them, and no stack. */
export class Trouble extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

export const help = `npm run quickstart [-- options]

  --redis URL   keep the entries in Redis, such as redis://127.0.0.1:6379, instead of an SQLite file
  --file PATH   the SQLite file; by default apps/quickstart/.cache/quickstart.sqlite
  --reset       throw the entries away
  --help        this text

NO_COLOR=1 switches colours off.`

/** Visible and ignored by git. Both src/ and dist/ stand in apps/quickstart. */
export const defaultFile = fileURLToPath(new URL('../.cache/quickstart.sqlite', import.meta.url))

/** @throws Trouble with exit code 2 for an option that does not exist or makes no sense */
export function readSettings(args: string[]): Settings {
  const wrong = (message: string) => new Trouble(`${message}\n\n${help}`, 2)
  const { values } = (() => {
    try {
      return parseArgs({
        args,
        options: {
          redis: { type: 'string' },
          file: { type: 'string' },
          reset: { type: 'boolean', default: false },
          help: { type: 'boolean', default: false },
        },
      })
    } catch (error) {
      throw wrong((error as Error).message)
    }
  })()
  const { reset, file, redis } = values
  if (redis !== undefined && file !== undefined) throw wrong('--redis and --file are two places; give one of them.')
  if (file === '') throw wrong('--file needs a path.')
  if (redis !== undefined && !(URL.canParse(redis) && /^rediss?:$/.test(new URL(redis).protocol))) {
    throw wrong('--redis needs a URL such as redis://127.0.0.1:6379.')
  }
  return { help: values.help, reset, file: file ?? defaultFile, redis }
}
