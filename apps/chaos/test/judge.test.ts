import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asyncMapStore } from '@autocache/conformance'
import type { AsyncStore } from '@autocache/core'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { backAt } from '../src/fleet.ts'
import type { Breach, Report, WorkerPlan } from '../src/plan.ts'
import { instant, Register } from '../src/register.ts'
import { flat, growthOf } from '../src/scenarios/soak.ts'
import { Traffic } from '../src/traffic.ts'

const folder = mkdtempSync(join(tmpdir(), 'autocache-judge-'))
afterAll(() => rmSync(folder, { recursive: true }))
let made = 0
const newRegister = (keys: number) => new Register(join(folder, `${(made += 1)}`), keys)

describe('the register', () => {
  it('says what was acknowledged last before an instant', () => {
    const register = newRegister(2)
    expect(register.read(1)).toMatchObject({ now: 0 })
    expect(register.change(1)).toBe(1)
    expect(register.read(1).least(instant())).toBe(0)
    register.acknowledge(1, 1)
    const between = instant()
    register.change(1)
    register.change(1)
    register.acknowledge(1, 3)
    const truth = register.read(1)
    expect([truth.now, truth.least(between), truth.least(instant())]).toEqual([3, 1, 3])
    expect(truth.ended(0)).toBeLessThanOrEqual(between)
    expect(truth.ended(2)).toBeGreaterThan(between)
    expect(truth.ended(3)).toBeUndefined()
    expect(register.read(0)).toMatchObject({ now: 0 })
    register.close()
  })

  it('knows no more than the last acknowledgements, and then asks for less', () => {
    const register = newRegister(1)
    const before = instant()
    for (let n = 1; n <= 100; n++) register.acknowledge(0, register.change(0))
    expect(register.read(0).least(instant())).toBe(100)
    expect(register.read(0).least(before)).toBeLessThan(100)
    register.close()
  })
})

const keys = 10

/** Two processes over one storage, as far as autocache can tell: one changes data, the other sees the storage as `view` shows it. */
async function traffic(
  view: (store: AsyncStore<'text'>) => AsyncStore<'text'>,
  least: { hits: number; breaches: number; due?: number },
  other: Partial<WorkerPlan> = {},
): Promise<{ breaches: readonly Breach[]; due: number; stored: number }> {
  const register = newRegister(2 * keys)
  const storage = { rows: new Map(), locks: new Map() }
  const breaches: Breach[] = []
  const hits = [0, 0]
  const told = { due: 0, stored: 0 }
  const sayOf = (which: number) => (report: Report) => {
    if ('breach' in report) breaches.push(report.breach)
    if (!('window' in report)) return
    hits[which]! += report.window.hits
    if (which === 0) return
    told.due += report.window.due
    told.stored += report.window.stored
  }
  const plan: WorkerPlan = {
    ...{ store: { kind: 'sqlite', file: '' }, register: '', namespace: 'judge', index: 0, processes: 1, keys },
    ...{ callers: 4, pause: 1, own: 1, mutate: 5, options: { ttl: 3_600_000 }, release: '1', shift: 0, bound: 0 },
    ...{ announce: false, closes: true },
    ...other,
  }
  const honest = asyncMapStore({ holds: 'text', ...storage }) as AsyncStore<'text', never>
  const seen = view(asyncMapStore({ holds: 'text', ...storage })) as AsyncStore<'text', never>
  const both = [
    new Traffic(plan, honest, register, sayOf(0)),
    new Traffic({ ...plan, mutate: 0, closes: false }, seen, register, sayOf(1)),
  ]
  for (const one of both) one.start()
  const { due = 0 } = least
  const isEnough = () => Math.min(...hits) >= least.hits && breaches.length >= least.breaches && told.due >= due
  await vi.waitUntil(isEnough, { timeout: 20_000 })
  const totals = await Promise.all(both.map((one) => one.stop()))
  if (plan.mutate > 0) expect(totals[0]!.acknowledged).toBeGreaterThan(0)
  register.close()
  return { breaches, ...told }
}

describe('the judge', () => {
  it('has nothing to say where all is well', async () => {
    const { breaches } = await traffic((store) => store, { hits: 100, breaches: 0 })
    expect(breaches).toEqual([])
  })

  it('sees answers that are older than what was invalidated', async () => {
    const { breaches } = await traffic(
      (store) => {
        const first = new Map<string, unknown>()
        const old = async (key: string) => {
          if (!first.has(key)) {
            const found = await store.get(key)
            if (found === undefined) return undefined
            first.set(key, found)
          }
          return first.get(key) as string
        }
        return { ...store, get: old, getMany: (names) => Promise.all(names.map(old)) }
      },
      { hits: 1, breaches: 1 },
    )
    expect(breaches.length).toBeGreaterThan(0)
    expect(breaches[0]).toMatchObject({
      kind: 'wrong',
      text: expect.stringContaining('older than what was invalidated'),
    })
  })
  it('knows which answers a store must have, and sees one that forgets them', async () => {
    const still = { mutate: 0 }
    const well = await traffic((store) => store, { hits: 1, breaches: 0, due: 50 }, still)
    expect(well.stored).toBeGreaterThan(0)
    const forgets = (store: AsyncStore<'text'>) => ({
      ...store,
      get: async () => undefined,
      getMany: async (names: readonly string[]) => names.map(() => undefined),
    })
    const ill = await traffic(forgets, { hits: 0, breaches: 0, due: 50 }, still)
    expect(ill.stored).toBe(0)
  })
})

describe('a process has recovered', () => {
  const windows = (...told: (readonly [due: number, stored: number])[]) =>
    told.map(([due, stored], at) => ({ to: at, due, stored }))

  it('when 90 % of the last calls whose answer the store must have were answered by it, and not before it is asked for enough', () => {
    expect(backAt([])).toBeUndefined()
    expect(backAt(windows([19, 19]))).toBeUndefined()
    expect(backAt(windows([20, 18]))).toBe(0)
    expect(backAt(windows([20, 17], [1, 1]))).toBeUndefined()
    expect(backAt(windows([10, 10], [0, 0], [10, 10]))).toBe(2)
    // What it missed before does not count once enough was asked for since.
    expect(backAt(windows([100, 0], [19, 19], [1, 1]))).toBe(2)
    expect(backAt(windows([100, 0], [19, 19], [0, 0]))).toBeUndefined()
  })
})

describe('a soak', () => {
  const minutes = (heap: (minute: number) => number) => growthOf(Array.from({ length: 30 }, (_, at) => heap(at)))

  it('is flat where the heap goes up and down by itself, or fills up at first', () => {
    expect(minutes((at) => 20 + (at % 2) / 2).share).toBeLessThan(flat)
    expect(minutes((at) => 20 + Math.min(at, 5)).share).toBeLessThan(flat)
  })

  it('is not where a byte is left for every call', () => {
    expect(minutes((at) => 20 + (at * 100_000) / 2 ** 20).share).toBeGreaterThan(flat)
    expect(minutes((at) => 20 + (at * 100_000) / 2 ** 20 + (at % 2) / 2).share).toBeGreaterThan(flat)
  })
})
