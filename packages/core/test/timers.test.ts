import { asyncMapStore } from '@autocache/conformance'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { memoryStore } from '../src/index.ts'
import { testScope } from '../src/testing.ts'
import { idle } from './call-support.ts'

// Apart from stores that fail: what they owe is tried again by a timer.
afterEach(() => void vi.restoreAllMocks())

describe('L3 time-outs cost no timer per read', () => {
  test('L3 a thousand reads set a handful of timers', async () => {
    const { cache } = testScope({ store: asyncMapStore({ holds: 'text' }), ttl: Infinity })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    await Promise.all(Array.from({ length: 100 }, (_, n) => load(n)))
    await idle()
    const timer = vi.spyOn(globalThis, 'setTimeout')
    const began = performance.now()
    for (let round = 0; round < 10; round++) for (let n = 0; n < 100; n++) await load(n)
    const ticks = (performance.now() - began) / 20
    expect(timer.mock.calls.length).toBeLessThanOrEqual(ticks + 3)
  })

  test('L3 no timer keeps turning once nothing waits', async () => {
    const { cache } = testScope({ store: asyncMapStore({ holds: 'text' }), ttl: Infinity, flightTimeout: 1000 })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    await Promise.all([load(1), load(1), load(2)])
    await new Promise((resolve) => setTimeout(resolve, 50))
    const timer = vi.spyOn(globalThis, 'setTimeout')
    const until = performance.now() + 70
    while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve))
    expect(timer).not.toHaveBeenCalled()
  })

  test('L3 in memory a hit sets no timer, makes no promise of its own and reads no clock without need', () => {
    const timer = vi.spyOn(globalThis, 'setTimeout')
    const clock = vi.fn(() => 0)
    const { cache } = testScope({ store: memoryStore(), clock: clock as never })
    const load = cache.cached((n: number) => n)
    load(1)
    clock.mockClear()
    for (let n = 0; n < 100; n++) load(1)
    expect(timer).not.toHaveBeenCalled()
    expect(clock.mock.calls.length).toBeLessThanOrEqual(100)
  })
})
