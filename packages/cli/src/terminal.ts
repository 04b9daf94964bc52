import { createColors } from 'picocolors'
import { clean, guarded, jsonText, withoutSecrets } from './text.ts'

/** Where a command writes to. */
export interface Sink {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** What a command sees of the world. */
export interface Io {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly out: Sink
  readonly err: Sink
  /** The current instant in epoch milliseconds. @default Date.now */
  readonly now?: () => number
}

/** A line on a terminal that says how far long work has come. */
export interface Progress {
  update(done?: number, total?: number): void
  end(): void
}

/** How long work takes before it says anything, and how often it does then, in milliseconds. */
const patience = 300
const interval = 80

/** Writes for people and for programs. */
export class Terminal {
  /** Colours of standard output. */
  readonly color: ReturnType<typeof createColors>
  readonly #io: Io
  readonly #colors: boolean
  readonly #secrets = new Set<string>()

  constructor(io: Io, wanted: boolean) {
    this.#io = io
    this.#colors = wanted && wantsColor(io.out, io.env)
    this.color = createColors(this.#colors)
  }

  /** Never writes `secret`, wherever it should turn up. */
  hide(secret: string): void {
    if (secret !== '') this.#secrets.add(secret)
  }

  /** Lines of the result. */
  print(text = ''): void {
    this.#io.out.write(`${guarded(withoutSecrets(text, this.#secrets), this.#colors)}\n`)
  }

  /** The result as JSON. */
  json(value: unknown): void {
    this.#io.out.write(`${withoutSecrets(jsonText(value), this.#secrets)}\n`)
  }

  /** Something to know besides the result: on standard error, so that it is in no pipe. */
  note(text: string): void {
    this.#io.err.write(`${guarded(withoutSecrets(text, this.#secrets), false)}\n`)
  }

  /** Progress of long work: on a terminal only, and only when it is long; `0` for work that cannot say so later. */
  progress(what: string, after = patience): Progress {
    const { err } = this.#io
    const dumb = this.#io.env.TERM === 'dumb' || this.#io.env.CI
    if (!err.isTTY || dumb) return { update() {}, end() {} }
    let next = performance.now() + after
    let shown = false
    return {
      update(done, total) {
        const now = performance.now()
        if (now < next) return
        next = now + interval
        shown = true
        const numbers = total === undefined ? (done?.toLocaleString('en-US') ?? '...') : `${done}/${total}`
        err.write(`\r\x1b[2K${clean(`${what} ${numbers}`).slice(0, Math.max(20, (err.columns ?? 80) - 1))}`)
      },
      end() {
        if (shown) err.write('\r\x1b[2K')
        shown = false
      },
    }
  }
}

/** https://no-color.org: NO_COLOR says no when it is there and not empty. */
function wantsColor(out: Sink, env: Io['env']): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true
  return out.isTTY === true && env.TERM !== 'dumb'
}
