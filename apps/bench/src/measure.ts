import assert from 'node:assert/strict'
import { measure as mitata } from 'mitata'
import { type Answering, callsOf, examine, fresh, type Group, type Setting, verify } from './contender.ts'
import { distinct } from './inputs.ts'
import type { Keying } from './results.ts'
import type { Rounds } from './statistics.ts'

/** What one process measured of a group. */
export interface Measured {
  readonly rounds: Rounds
  readonly keying: readonly Keying[]
}

interface Running {
  readonly name: string
  readonly step: () => unknown
  /** How many turns of the loop one sample has. */
  batch: number
}

/** What a turn of the loop costs without a contender. Part of every figure, and shown beside them. */
export const loopAlone = 'the loop alone'

/**
 * Checks every contender of a group, then measures them in rounds: each round measures all of them one after another in
 * random order, so that whatever happens to the machine happens to all. The first two rounds warm up and do not count.
 */
export async function measureGroup(group: Group, rounds: number): Promise<Measured> {
  const keying: Keying[] = []
  for (const contender of group.contenders) {
    await verify(group, contender)
    if (contender.keys !== 'structure') continue
    const facts = await examine(group, contender)
    keying.push(facts)
    if (contender.name.startsWith('autocache'))
      assert.deepEqual(facts.collides, [], `${contender.name} mixes up arguments`)
  }

  const closing: (() => unknown)[] = []
  const running: Running[] = []
  const order = shuffled()
  const add = (name: string, answer: Answering) => {
    const step = fresh(group.loop)(answer, group.build ?? Number, order)
    running.push({ name, step, batch: 0 })
  }
  const setting: Setting = { fn: group.fn, calls: callsOf(group), onClose: (close) => closing.push(close) }
  for (const contender of group.contenders) {
    const answer = await contender.create(setting)
    for (const args of callsOf(group)) await answer(...args)
    add(contender.name, answer)
  }
  const promises = (setting.fn(...group.args(0)) as unknown) instanceof Promise
  if (!promises) add(loopAlone, (input) => input)

  const times = new Map<string, number[]>(running.map(({ name }) => [name, []]))
  for (let round = -2; round < rounds; round++) {
    for (const contender of inRandomOrder(running)) {
      if (promises) await wake(contender)
      if (round < 0) contender.batch = await batchFor(contender.step, group.sampleMilliseconds ?? 3)
      const nanoseconds = (await sample(contender)) / (group.calls ?? 1)
      if (round >= 0) times.get(contender.name)?.push(nanoseconds)
    }
  }
  for (const close of closing.reverse()) await close()
  return { rounds: Object.fromEntries(times), keying }
}

/**
 * The lower quartile of fifteen samples of some milliseconds each: long enough to contain the garbage collections that
 * the contender's calls cause, so that they count; and low, because what others do on the machine only ever adds time.
 */
async function sample({ step, batch }: Running): Promise<number> {
  const stats = await mitata(step, {
    batch_samples: batch,
    batch_unroll: 4,
    batch_threshold: Number.POSITIVE_INFINITY,
    warmup_threshold: Number.POSITIVE_INFINITY,
    min_samples: 19,
    max_samples: 19, // of which mitata drops two at either end
    min_cpu_time: 0,
    gc: globalThis.gc ? () => globalThis.gc?.() : false,
  })
  return stats.p25
}

/**
 * Lets a contender hear of its connections and timers, for which the samples of the others left no turn of the event loop, and
 * find again what it forgot while it was not asked.
 */
async function wake({ step }: Running): Promise<void> {
  await step()
  await new Promise((resolve) => setTimeout(resolve, 10))
  for (const end = performance.now() + 30; performance.now() < end; ) await step()
}

/** How often a step runs in the time of a sample. */
async function batchFor(step: () => unknown, milliseconds: number): Promise<number> {
  for (let turns = 4; ; turns *= 4) {
    const started = performance.now()
    for (let turn = 0; turn < turns; turn++) {
      const result = step()
      if (result instanceof Promise) await result
    }
    const took = performance.now() - started
    if (took >= 1) return Math.max(4, 4 * Math.round((turns * milliseconds) / took / 4))
  }
}

/** Which call comes when: 1024 draws, the same for every contender. */
function shuffled(): number[] {
  let state = 42
  return Array.from({ length: 1024 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 16) % distinct
  })
}

function inRandomOrder<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
