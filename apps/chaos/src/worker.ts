// One process of a fleet: `main.ts` starts it with its plan as argument, and orders come by IPC.
import { getHeapCodeStatistics } from 'node:v8'
import type { Order, Report, WorkerPlan } from './plan.ts'

const plan = JSON.parse(process.argv[2]!) as WorkerPlan
if (plan.shift !== 0) shiftDate(plan.shift)
const [{ open }, { Register, instant }, { Traffic }] = await Promise.all([
  import('./clients.ts'),
  import('./register.ts'),
  import('./traffic.ts'),
])

const say = (report: Report) => void (process.connected && process.send!(report))
const register = new Register(plan.register)
const connected = await open(plan.store)
const traffic = new Traffic(plan, connected.store, register, say)
process.on('unhandledRejection', (error) => traffic.unhandled(error))
process.on('uncaughtException', (error) => traffic.unhandled(error))
/** Callers of bursts, until they are answered. */
let calling: Promise<unknown> = Promise.resolve()

process.on('message', (order: Order) => {
  if (order.do === 'start') traffic.start()
  else if (order.do === 'phase') traffic.enter(order.phase)
  else if (order.do === 'burst') calling = burst(order.key, order.calls)
  else if (order.do === 'measure') void traffic.between(measure)
  else if (order.do === 'rest') traffic.rest()
  else if (order.do === 'read-only') void connected.readOnly?.(order.on)
  else void stop()
})
// Nobody is left who would hear.
process.once('disconnect', () => void (stopping || process.exit(1)))
let stopping = false
say({ ready: true })

async function burst(key: number, calls: number): Promise<void> {
  const began = instant()
  const made = await Promise.all(Array.from({ length: calls }, () => traffic.call(0, key)))
  say({ burst: { calls, made: [...new Set(made)], longest: instant() - began } })
}

/**
 * What is held when nothing is under way and all keys were asked for, so that it is the same each time: the least of what
 * collections leave. Turns of the loop come between, because what was looked at in one counts as reachable until its end; and
 * so many other keys that what core keeps of those asked for lately, which goes at once when it is full, has gone once. What the
 * engine compiled is not counted: it goes on doing that for as long as it likes.
 */
async function measure(): Promise<void> {
  let heap = Number.POSITIVE_INFINITY
  for (let n = 0; n < 25; n++) {
    await traffic.churn(500)
    await new Promise((resolve) => setTimeout(resolve, 10))
    globalThis.gc?.()
    const { code_and_metadata_size: code, bytecode_and_metadata_size: bytecode } = getHeapCodeStatistics()
    heap = Math.min(heap, process.memoryUsage().heapUsed - code - bytecode)
  }
  const { rss } = process.memoryUsage()
  const resources: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1
  say({ measured: { at: instant(), heap, rss, listeners: connected.listeners(), resources } })
}

/** Ends everything of its own; the process then ends by itself, or something was left that should not be. */
async function stop(): Promise<void> {
  stopping = true
  await calling
  const totals = await traffic.stop()
  await connected.close().catch(() => {})
  register.close()
  process.send!({ done: totals } satisfies Report, () => process.disconnect())
}

/** The clock of a machine that is set wrongly. */
function shiftDate(shift: number): void {
  const { now } = Date
  Date.now = () => now() + shift
  globalThis.Date = new Proxy(Date, {
    construct: (target, given, made) =>
      Reflect.construct(target, given.length > 0 ? given : [target.now()], made) as object,
    apply: (target) => new target(target.now()).toString(),
  })
}
