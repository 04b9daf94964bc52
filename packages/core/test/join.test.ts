import { asyncMapStore } from '@autocache/conformance'
import { describe, expect, test, vi } from 'vitest'
import type { Store } from '../src/index.ts'
import { testScope } from '../src/testing.ts'
import { type Deferred, deferred, idle, steppedStore } from './call-support.ts'

describe('R18 a run that has landed and is being written is joined by no call that began after an invalidation', () => {
  test('by a tag that the result told, where the store is of one process: the function runs, once for all of them', async () => {
    const store: Store = { ...steppedStore('set'), lifetime: 'process' }
    const { cache } = testScope({ store, ttl: '1h' })
    let runs = 0
    const fn = cache.cached(async (_n: number) => (runs += 1), { name: 'fn', tags: () => ['t'] })
    expect(await fn(1)).toBe(1)
    expect(await fn(1)).toBe(1)
    await cache.invalidateTags('t')
    expect(await Promise.all([fn(1), fn(1)])).toEqual([2, 2])
    expect(await fn(1)).toBe(2)
  })

  test('by a tag of a nested call that is not acknowledged, though a call before it in the same turn does join', async () => {
    const rows = asyncMapStore({ holds: 'text' })
    const hung: Deferred<void>[] = []
    let hangs = false
    const set: typeof rows.set = (...args) => {
      if (!hangs) return rows.set(...args)
      const one = deferred()
      hung.push(one)
      return one.promise
    }
    const { setMany: _, ...rest } = rows
    const store: Store = { ...rest, set }
    const { cache, settle } = testScope({ store, ttl: '1h', version: '1', storeTimeout: Infinity })
    let runs = 0
    const inner = cache.cached(async (_n: number) => (runs += 1), { name: 'inner', tags: ['t'] })
    const outer = cache.cached(async (n: number) => inner(n), { name: 'outer' })
    // So that what is known of all calls is there.
    await outer(0)
    await settle()
    hangs = true
    expect(await outer(1)).toBe(2)
    const before = outer(1)
    const ended = cache.invalidateTags('t')
    const after = outer(1)
    expect(await before).toBe(2)
    expect(await after).toBe(3)
    for (const one of hung) one.reject(new Error('The connection was lost.'))
    await expect(ended).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  test('elsewhere, while the store is not asked', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1000)
    try {
      const store = steppedStore('set')
      const { cache, settle } = testScope({ store, ttl: '1h', version: '1' })
      let runs = 0
      const fn = cache.cached(async (_n: number) => (runs += 1), { name: 'fn' })
      store.held.clear()
      await fn(0)
      await settle()
      store.held.add('set')
      expect(await fn(1)).toBe(2)
      await idle()
      // The breaker opens here, and another process ends the call there.
      const get = store.get
      store.get = () => Promise.reject(new Error('The connection was lost.'))
      for (let n = 2; n < 7; n++) await fn(n)
      expect(cache.stats().stores[0]!.breaker).toBe('open')
      store.get = get
      const other = testScope({ store: { ...store } as Store, ttl: '1h', version: '1' })
      await other.cache.cached(async (_n: number) => 0, { name: 'fn' }).invalidate(1)
      const ran = runs
      expect(await fn(1)).toBe(ran + 1)
    } finally {
      clock.mockRestore()
    }
  })
})
