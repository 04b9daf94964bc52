/**
 * Callers, and who changes the data beneath them, in one process; and the judge of every answer.
 *
 * The rule by which an answer is judged: it is of the function and key that were asked for, whole and of the right types;
 * no newer than the data; no older than the last version before the call whose invalidation was acknowledged (in the process that
 * invalidates: that was begun), less the bound that the documentation states; and no older than its `ttl`. One exception is stated
 * (decision 0014, "Strength"): while the breaker is open a call may join a run that was under way when it began.
 */

import { type AsyncStore, type Autocache, createAutocache } from '@autocache/core'
import { codec } from '@autocache/core/codec'
import { type Histogram, note } from './histogram.ts'
import type { Breach, Phase, Report, Totals, Window, WorkerPlan } from './plan.ts'
import { instant, type Register, type Truth } from './register.ts'

/** What the functions return: all that is needed to judge it, with types that a sloppy store would lose. */
interface Answer {
  readonly of: string
  readonly key: number
  readonly version: number
  /** When its data was read, and when the run was done. */
  readonly at: number
  readonly done: number
  readonly by: number
  readonly run: number
  readonly types: readonly [Date, Map<number, bigint>, undefined, string]
}

type Load = (key: number) => Promise<Answer>

/** How many breaches a process tells in words; the others are counted. */
const told = 20
/** How many of its runs a process remembers the end of. */
const remembered = 1 << 14
/** How many keys are ended by one tag. */
const perGroup = 5
/** What clocks of one machine may differ by, in milliseconds. */
const slack = 20
/** How long after an answer what was made for it stands in the store at the latest, in milliseconds. */
const landed = 100
/** How often what happened is told, in milliseconds. */
const beat = 100

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const text = (key: number, version: number) => `${key}/${version} \u{1F9ED} ${'x'.repeat(key % 200)}`

/** The callers of one process. */
export class Traffic {
  #phase: Phase = 'cold'
  readonly #plan: WorkerPlan
  readonly #register: Register
  readonly #say: (report: Report) => void
  readonly #cache: Autocache<AsyncStore<'text', never>>
  readonly #functions: readonly ReturnType<Traffic['cached']>[]
  /** By slot: what this process has begun to end, acknowledged or not. */
  readonly #begun = new Map<number, number>()
  /** Invalidations that were not acknowledged when they were made. */
  #owed: (readonly [slot: number, version: number])[][] = []
  /** By slot of the first function: the first answer in this phase of the version that it has, and when it was there. */
  readonly #asked = new Map<number, { readonly version: number; readonly at: number; readonly answered: number }>()
  readonly #ends = new Float64Array(remembered)
  readonly #count = {
    calls: 0,
    failed: 0,
    wrong: 0,
    unhandled: 0,
    runs: 0,
    due: 0,
    stored: 0,
    joinedOlder: 0,
    acknowledged: 0,
    repeated: 0,
  }
  #behind = 0
  #lastOpen = Number.NEGATIVE_INFINITY
  #times: Histogram = new Map()
  #last = { at: instant(), calls: 0, hits: 0, misses: 0, due: 0, stored: 0, runs: 0, failed: 0, wrong: 0 }
  #going = true
  #rests = false
  #held: Promise<void> | undefined
  #calling = 0
  #working: Promise<unknown>[] = []
  #unheard: { peek(key: number): Promise<unknown> } | undefined
  #unheardOf = 0

  constructor(plan: WorkerPlan, store: AsyncStore<'text', never>, register: Register, say: (report: Report) => void) {
    this.#plan = plan
    this.#register = register
    this.#say = say
    const own = plan.codec === undefined ? {} : { codec: { ...codec, id: plan.codec } }
    const options = { store, namespace: plan.namespace, version: plan.release, ...plan.options, ...own }
    this.#cache = createAutocache(options)
    this.#cache.on('breaker', ({ state }) => {
      if (state === 'open') this.#lastOpen = Number.POSITIVE_INFINITY
      if (state === 'closed') this.#lastOpen = instant()
    })
    this.#functions = [this.cached('load', 0), this.cached('price', 1)]
  }

  cached(name: string, which: number) {
    const { own, keys, announce } = this.#plan
    const load: Load = async (key) => {
      const at = instant()
      const slot = which * keys + key
      const version = this.#register.now(slot)
      const run = (this.#count.runs += 1)
      this.#ends[run % remembered] = Number.POSITIVE_INFINITY
      if (announce) this.#say({ run: { slot, at } })
      await sleep(own)
      const ended = (this.#ends[run % remembered] = instant())
      if (announce) this.#say({ run: { slot, at, ended } })
      return this.#answer(name, key, version, at, run)
    }
    // One has tags that only its result tells, the other those that are known before it runs.
    if (which === 0)
      return this.#cache.cached(load, { name, tags: ({ key }) => [`group ${Math.floor(key / perGroup)}`] })
    return this.#cache.cached(load, { name, tags: ['prices'] })
  }

  #answer(of: string, key: number, version: number, at: number, run: number): Answer {
    const types = [new Date(version), new Map([[key, BigInt(version)]]), undefined, text(key, version)] as const
    return { of, key, version, at, done: instant(), by: process.pid, run, types }
  }

  /** From now on calls are of this phase. */
  enter(phase: Phase): void {
    this.tell()
    this.#phase = phase
    this.#asked.clear()
  }

  /** Begins to call, to change data and to tell. */
  start(): void {
    const { callers, pause, keys, mutate, hot } = this.#plan
    const caller = async (_: unknown, number: number) => {
      await sleep(Math.random() * pause)
      // Together they fill every key once.
      if (hot) return await this.#pour(pause)
      for (let slot = number; slot < 2 * keys && this.#going; slot += callers) await this.call(slot % 2, slot >> 1)
      while (this.#going) {
        await this.#held
        await this.call(Math.random() < 0.7 ? 0 : 1, Math.floor(Math.random() * keys))
        if (pause > 0) await sleep(pause * (0.5 + Math.random()))
      }
    }
    this.#working = Array.from({ length: callers }, caller)
    if (mutate > 0) this.#working.push(this.#change())
    const tell = async () => {
      while (this.#going) {
        await sleep(beat)
        this.tell()
      }
    }
    this.#working.push(tell())
  }

  /** Calls one key every so often on the average, however long a call takes. */
  async #pour(pause: number): Promise<void> {
    for (let next = instant(); this.#going; next += pause * (0.5 + Math.random())) {
      await sleep(next - instant())
      void this.call(0, 0)
    }
    while (this.#calling > 0) await sleep(10)
  }

  /** One call, and its judgement; who answered it, as `process.run`. */
  async call(which: number, key: number): Promise<string> {
    const { keys, bound } = this.#plan
    const slot = which * keys + key
    const began = instant()
    // Where a failover may lose invalidations, it loses those of this process as well.
    const { store } = this.#plan
    const keeps = store.kind === 'redis' && store.failover === 'keep'
    const begun = keeps ? 0 : (this.#begun.get(slot) ?? 0)
    const truth = this.#register.read(slot)
    const least = Math.max(begun, truth.least(began - bound))
    const due = which === 0 && this.#isDue(slot, truth, began)
    let made = ''
    this.#calling += 1
    try {
      const value = await this.#functions[which]!(key)
      made = `${value.by}.${value.run}`
      const wrong = this.#judge(which, key, value, { began, begun, least, truth })
      if (wrong !== undefined)
        this.#breach('wrong', `${wrong}: asked for ${key}, at least ${least}; got ${show(value)}`)
      if (due && value.done <= began) this.#count.stored += 1
      if (which === 0) this.#note(slot, truth, value)
    } catch (error) {
      this.#breach('failed', `${key}: ${error}`)
    }
    this.#calling -= 1
    this.#count.calls += 1
    if (due) this.#count.due += 1
    note(this.#times, instant() - began)
    return made
  }

  /**
   * Whether the store must have the answer of a call: this process has asked for the same in this phase, what was made for it
   * has had its time to land, and nothing has ended it since.
   * Of the second function the register does not know as much: what ends all its entries is noted for a few.
   */
  #isDue(slot: number, truth: Truth, began: number): boolean {
    const first = this.#asked.get(slot)
    if (!first || !isLast(first, truth)) return false
    return began >= first.answered + landed && began < first.at + this.#plan.options.ttl - slack
  }

  /** The first answer of its version counts, of a run after that was acknowledged. */
  #note(slot: number, truth: Truth, { version, at }: Answer): void {
    const first = this.#asked.get(slot)
    if (!first || first.version !== version || !isLast(first, truth))
      this.#asked.set(slot, { version, at, answered: instant() })
  }

  #judge(
    which: number,
    key: number,
    value: Answer,
    {
      began,
      begun,
      least,
      truth,
    }: { began: number; begun: number; least: number; truth: ReturnType<Register['read']> },
  ): string | undefined {
    const { of, version, at, types, by, run } = value
    if (of !== ['load', 'price'][which] || value.key !== key) return 'of another key'
    const [date, map, nothing, body] = types
    const whole = date instanceof Date && +date === version && map.get(key) === BigInt(version) && nothing === undefined
    if (!whole || body !== text(key, version)) return 'not what was stored'
    if (version > this.#register.now(which * this.#plan.keys + key)) return 'newer than the data'
    if (at < began - this.#plan.options.ttl - slack) return 'past its ttl'
    const ended = truth.ended(version)
    if (ended !== undefined && ended < began) this.#behind = Math.max(this.#behind, began - ended)
    if (version >= least) return undefined
    const joined = by === process.pid && this.#ends[run % remembered]! >= began
    if (joined && this.#lastOpen >= began && version >= begun && version >= truth.least(at)) {
      this.#count.joinedOlder += 1
      return undefined
    }
    return 'older than what was invalidated'
  }

  #breach(kind: Breach['kind'], words: string): void {
    this.#count[kind] += 1
    if (this.#count[kind] <= told) this.#say({ breach: { kind, text: words } })
  }

  unhandled(error: unknown): void {
    this.#breach('unhandled', String((error as Error | null)?.stack ?? error))
  }

  /** Changes data of keys that are this process's own, and ends what was made of them. */
  async #change(): Promise<void> {
    const { keys, index, processes, mutate } = this.#plan
    const groups = Math.floor(keys / perGroup)
    const own = Array.from({ length: groups }, (_, group) => group).filter((group) => group % processes === index)
    const change = (slots: readonly number[]) => slots.map((slot) => [slot, this.#register.change(slot)] as const)
    while (this.#going && !this.#rests) {
      await sleep(mutate * (0.5 + Math.random()))
      await this.#held
      const group = own[Math.floor(Math.random() * own.length)]
      if (group === undefined) return
      const members = Array.from({ length: perGroup }, (_, at) => group * perGroup + at)
      const one = members[Math.floor(Math.random() * perGroup)]!
      const dice = Math.random()
      const [load, price] = [this.#functions[0]!, this.#functions[1]!]
      const prices = members.map((key) => keys + key)
      const changed = change(dice < 0.6 ? [one] : dice < 0.9 ? members : prices)
      if (dice < 0.3) await this.#ended(changed, load.invalidate(one))
      else if (dice < 0.6) {
        const value = this.#answer('load', one, changed[0]![1], instant(), 0)
        if (!(await this.#ended(changed, load.prime([one], value), false)))
          await this.#ended(changed, load.invalidate(one))
      } else if (dice < 0.9) await this.#ended(changed, this.#cache.invalidateTags(`group ${group}`))
      else if (dice < 0.95) await this.#ended(changed, this.#cache.invalidateTags('prices'))
      else await this.#ended(changed, price.invalidateAll())
      this.#settle()
    }
  }

  /** Does something while no call is under way, and every key was asked for. */
  async between(what: () => Promise<void>): Promise<void> {
    let go = () => {}
    this.#held = new Promise((resolve) => (go = resolve))
    for (let n = 0; n < 500 && this.#calling > 0; n++) await sleep(10)
    const { keys } = this.#plan
    for (let round = 0; round < 3; round++) {
      for (let key = 0; key < keys; key += 25)
        await Promise.all(
          Array.from({ length: Math.min(25, keys - key) }, (_, at) => [
            this.call(0, key + at),
            this.call(1, key + at),
          ]).flat(),
        )
      await sleep(100)
    }
    await what()
    this.#held = undefined
    go()
  }

  /** Asks for so many keys that were never asked for, without a run. */
  async churn(count: number): Promise<void> {
    this.#unheard ??= this.#cache.cached(async (key: number) => key, { name: 'unheard' })
    await Promise.all(Array.from({ length: count }, () => this.#unheard!.peek((this.#unheardOf += 1))))
  }

  /** Changes nothing any more, and goes on calling. */
  rest(): void {
    this.#rests = true
  }

  /** Waits for an invalidation that has been begun, and says to all what is ended when it was acknowledged. */
  async #ended(changed: (readonly [number, number])[], done: Promise<unknown>, repeats = true): Promise<boolean> {
    for (const [slot, version] of changed) this.#begun.set(slot, version)
    try {
      await done
    } catch (error) {
      if ((error as { code?: string }).code !== 'STORE_FAILED') this.#breach('failed', `invalidation: ${error}`)
      if (repeats) this.#owed.push(changed)
      return false
    }
    this.#count.acknowledged += 1
    for (const [slot, version] of changed) this.#register.acknowledge(slot, version)
    return true
  }

  /** What was not acknowledged is made again by autocache, until it is. */
  #settle(): void {
    if (this.#owed.length === 0 || this.owed() > 0) return
    for (const changed of this.#owed) {
      this.#count.repeated += 1
      for (const [slot, version] of changed) this.#register.acknowledge(slot, version)
    }
    this.#owed = []
  }

  owed(): number {
    return this.#cache.stats().stores.reduce((sum, { owed }) => sum + owed, 0)
  }

  /** Tells what happened since it was told last. */
  tell(): void {
    this.#settle()
    const { calls, due, stored, runs, failed, wrong } = this.#count
    const { total, stores } = this.#cache.stats()
    const now = {
      at: instant(),
      calls,
      hits: total.hit ?? 0,
      misses: total.miss ?? 0,
      due,
      stored,
      runs,
      failed,
      wrong,
    }
    const last = this.#last
    const since = (what: Exclude<keyof typeof now, 'at'>) => now[what] - last[what]
    const window: Window = {
      from: last.at,
      to: now.at,
      calls: since('calls'),
      hits: since('hits'),
      misses: since('misses'),
      due: since('due'),
      stored: since('stored'),
      runs: since('runs'),
      failed: since('failed'),
      wrong: since('wrong'),
      times: [...this.#times],
      phase: this.#phase,
      breaker: stores[0]?.breaker ?? 'closed',
      owed: this.owed(),
    }
    this.#last = now
    this.#times = new Map()
    this.#say({ window })
  }

  /** Lets the callers finish. */
  async stop(): Promise<Totals> {
    this.#going = false
    await Promise.all(this.#working)
    this.tell()
    const { total } = this.#cache.stats()
    const owed = this.owed()
    if (this.#plan.closes) await this.#cache.close()
    const events = total as Readonly<Record<string, number>>
    const { due: _due, stored: _stored, ...count } = this.#count
    return { ...count, owed, behind: this.#behind, hits: total.hit ?? 0, misses: total.miss ?? 0, events }
  }
}

/** Whether a run read the data of now, and nothing that was acknowledged after it can have ended what it made. */
function isLast({ version, at }: { readonly version: number; readonly at: number }, truth: Truth): boolean {
  return version === truth.now && truth.least(at) === truth.now
}

function show({ of, key, version, by, run, at }: Answer): string {
  return `${of} ${key} of version ${version}, run ${run} of ${by} at ${at.toFixed(1)} (now ${instant().toFixed(1)})`
}
