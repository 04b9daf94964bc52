import { asyncMapStore } from '@autocache/conformance'
import { describe, expect, test } from 'vitest'
import { testScope } from '../src/testing.ts'
import { type Deferred, deferred, idle } from './call-support.ts'

/** What ends an entry, and the tags that its function has. */
const ends = [
  ['invalidateAll', ['t']],
  ['invalidateTags', ['t']],
  ['invalidateTags, of a tag that the result gave', () => ['t']],
] as const

describe.each(ends)('over a store that promises and ends with the process, by %s', (how, tags) => {
  function setup(options: object = {}) {
    const store = asyncMapStore({ holds: 'text', lifetime: 'process' })
    const gate = { writes: undefined as Deferred<void> | undefined }
    const slow: typeof store = {
      ...store,
      async set(...args) {
        await gate.writes?.promise
        await store.set(...args)
      },
    }
    const { cache, clock } = testScope({ store: slow, ...options })
    const world = { now: 1, held: undefined as Deferred<void> | undefined }
    const look = cache.cached(
      async (_id: string) => {
        const { now, held } = world
        await held?.promise
        return now
      },
      { tags: tags as readonly string[] },
    )
    const invalidate = () => (how === 'invalidateAll' ? look.invalidateAll() : cache.invalidateTags('t'))
    return { clock, gate, world, look, invalidate }
  }

  test('R18 a call that begins after it does not join one that found an entry good before it', async () => {
    // Whichever step of the earlier call it comes after.
    for (let steps = 0; steps < 30; steps++) {
      const { world, look, invalidate } = setup()
      await look('a')
      await idle(1)
      const earlier = look('a')
      for (let step = 0; step < steps; step++) await undefined
      world.now = 2
      const done = invalidate()
      const later = look('a')
      expect([steps, await later]).toEqual([steps, 2])
      await Promise.all([earlier, done])
    }
  })

  test('R18 a call that begins after it does not join one that waits for an earlier refresh', async () => {
    const { clock, world, look, invalidate } = setup({ ttl: '1m', earlyRefresh: 0.5 })
    await look('a')
    await idle()
    clock.advance(40_000)
    const held = deferred()
    world.held = held
    await look('a')
    await idle()
    clock.advance(30_000)
    const earlier = look('a')
    await idle()
    world.now = 2
    await invalidate()
    world.held = undefined
    const later = look('a')
    await idle()
    held.resolve()
    expect([await earlier, await later]).toEqual([1, 2])
  })

  test('R18 a call between two of them does not get what began before both', async () => {
    for (let steps = 0; steps < 30; steps++) {
      const { world, look, invalidate } = setup()
      // It is known to promise.
      await look('b')
      const held = deferred()
      world.held = held
      const earlier = look('a')
      await idle()
      world.now = 2
      world.held = undefined
      await invalidate()
      const between = look('a')
      for (let step = 0; step < steps; step++) await undefined
      const done = invalidate()
      await idle()
      held.resolve()
      expect([steps, await between, await earlier]).toEqual([steps, 2, 1])
      await done
    }
  })

  test('R18 a call that begins after it, while what it ends is still being written, is answered anew', async () => {
    const { gate, world, look, invalidate } = setup()
    const writes = deferred()
    gate.writes = writes
    expect(await look('a')).toBe(1)
    world.now = 2
    await invalidate()
    expect(await look('a')).toBe(2)
    writes.resolve()
    await idle()
    expect(await look('a')).toBe(2)
  })
})

describe.each(ends)('in memory, by %s', (how, tags) => {
  /** A function whose first run is held. */
  function setup() {
    const { cache } = testScope()
    const held = deferred()
    const world = { now: 1, runs: 0 }
    const look = cache.cached(
      async () => {
        const { now } = world
        if ((world.runs += 1) === 1) await held.promise
        return now
      },
      { tags: tags as readonly string[] },
    )
    const other = cache.cached(async () => 0, { tags: ['other'] })
    const invalidate = () => (how === 'invalidateAll' ? look.invalidateAll() : cache.invalidateTags('t'))
    return { cache, held, world, look, other, invalidate }
  }

  test('R18 a call between two of them does not get what began before both', async () => {
    const { held, world, look, invalidate } = setup()
    const earlier = look()
    world.now = 2
    await invalidate()
    const between = look()
    await invalidate()
    held.resolve()
    expect([await earlier, await between]).toEqual([1, 2])
  })

  test('a call waits for a run that began before something else was invalidated, and before it was itself', async () => {
    const { cache, held, world, look, other, invalidate } = setup()
    const earlier = look()
    await cache.invalidateTags('other')
    other.invalidateAll()
    const later = look()
    held.resolve()
    expect([await earlier, await later, world.runs]).toEqual([1, 1, 1])
    await invalidate()
    expect([await look(), world.runs]).toEqual([1, 2])
  })
})
