import { AsyncLocalStorage } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { setTimeout as unheldTimeout } from 'node:timers'
import { digest as sha256 } from '../digest.ts'

/** SHA-256 at no cost in size. */
export const digest: ((text: string) => string) | undefined = sha256

/** The channel on which every event goes out. */
export const diagnostics: { readonly hasSubscribers: boolean; publish(event: unknown): void } | undefined =
  channel('autocache')

/** Runs a function outside the async context of whoever calls (R08). */
export const detached: <TResult>(run: () => TResult) => TResult = AsyncLocalStorage.snapshot()

/**
 * Whether async context costs every promise of the program, once something was run in it: before Node 24, where it is no
 * part of the engine. An ordinary request of NestJS takes a fifth more processor time then.
 */
const isDear = Number(process.versions.node?.split('.')[0]) < 24 && !process.versions.bun && !process.versions.deno
const storage = new AsyncLocalStorage<object>()

/** How long nothing has to run before async context is turned off, in milliseconds: to turn it on again is dear as well. */
const idle = 100
let resting = false

/** What runs now, carried across awaits; `rest` once nothing does: after a while it costs nothing until something is run again. */
export const context: {
  run<T>(store: object, run: () => T): T
  getStore(): object | undefined
  rest(isIdle: () => boolean): void
} = {
  run: (store, run) => storage.run(store, run),
  getStore: () => storage.getStore(),
  rest(isIdle) {
    if (!isDear || resting) return
    resting = true
    later(idle, () => {
      resting = false
      if (isIdle()) storage.disable()
    })
  },
}

/** Resolves one full turn of the event loop later. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Milliseconds between two turns of the wheel: how coarse a time-out is. */
const tick = 20
const wheel = new Map<number, Set<() => void>>()
let now = 0
let turning = false

/** Apart from the request that happens to need it first. */
function start(): void {
  detached(() => setTimeout(advance, tick))
}

function advance(): void {
  now += 1
  const due = wheel.get(now)
  wheel.delete(now)
  if (wheel.size > 0) start()
  else turning = false
  if (due) for (const run of due) run()
}

/**
 * Calls `run` after about `ms` milliseconds unless the returned function is called first. All waits share one coarse
 * timer that counts its own ticks, so a read costs no timer and no clock, and a blocked event loop does not age a wait
 * (L2, L3).
 */
export function after(ms: number, run: () => void): () => void {
  // One more, because the current tick is partly over.
  const at = now + Math.ceil(ms / tick) + 1
  let slot = wheel.get(at)
  if (!slot) wheel.set(at, (slot = new Set()))
  slot.add(run)
  if (!turning) {
    turning = true
    start()
  }
  return () => {
    slot.delete(run)
    if (slot.size === 0 && wheel.get(at) === slot) wheel.delete(at)
  }
}

/** Calls `run` after `ms` milliseconds, outside every async context, if the program still runs then. */
export function later(ms: number, run: () => void): void {
  detached(() => unheldTimeout(run, ms)).unref()
}

/** The name in the nearest package.json above the running program, or above the working directory under a runner. */
export function packageName(): string | undefined {
  const program = process.argv[1]
  const runner = program === undefined || program.includes(`${sep}node_modules${sep}`)
  for (const start of runner ? [process.cwd()] : [dirname(program), process.cwd()]) {
    for (let folder = start; ; folder = dirname(folder)) {
      try {
        const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown }
        if (typeof name === 'string' && name !== '') return name
      } catch {
        // No readable package.json here: the folder above may have one.
      }
      if (dirname(folder) === folder) break
    }
  }
  return undefined
}
