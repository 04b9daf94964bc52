import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asyncMapStore } from '@autocache/conformance'
import type { AsyncStore } from '@autocache/core'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type { Breach, Report, WorkerPlan } from '../src/plan.ts'
import { instant, Register } from '../src/register.ts'
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
  least: { hits: number; breaches: number },
): Promise<Breach[]> {
  const register = newRegister(2 * keys)
  const storage = { rows: new Map(), locks: new Map() }
  const breaches: Breach[] = []
  const hits = [0, 0]
  const sayOf = (which: number) => (report: Report) => {
    if ('breach' in report) breaches.push(report.breach)
    if ('window' in report) hits[which]! += report.window.hits
  }
  const plan: WorkerPlan = {
    ...{ store: { kind: 'sqlite', file: '' }, register: '', namespace: 'judge', index: 0, processes: 1, keys },
    ...{ callers: 4, pause: 1, own: 1, mutate: 5, options: { ttl: 3_600_000 }, release: '1', shift: 0, bound: 0 },
    ...{ announce: false, closes: true },
  }
  const honest = asyncMapStore({ holds: 'text', ...storage }) as AsyncStore<'text', never>
  const seen = view(asyncMapStore({ holds: 'text', ...storage })) as AsyncStore<'text', never>
  const both = [
    new Traffic(plan, honest, register, sayOf(0)),
    new Traffic({ ...plan, mutate: 0, closes: false }, seen, register, sayOf(1)),
  ]
  for (const one of both) one.start()
  await vi.waitUntil(() => Math.min(...hits) >= least.hits && breaches.length >= least.breaches, { timeout: 20_000 })
  const totals = await Promise.all(both.map((one) => one.stop()))
  expect(totals[0]!.acknowledged).toBeGreaterThan(0)
  register.close()
  return breaches
}

describe('the judge', () => {
  it('has nothing to say where all is well', async () => {
    expect(await traffic((store) => store, { hits: 100, breaches: 0 })).toEqual([])
  })

  it('sees answers that are older than what was invalidated', async () => {
    const breaches = await traffic(
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
})
