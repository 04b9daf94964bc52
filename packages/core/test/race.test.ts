import { asyncMapStore, mapStore } from '@autocache/conformance'
import { describe, expect, test } from 'vitest'
import { memoryStore, type Store } from '../src/index.ts'
import { race } from './race.ts'

/** Ten thousand over memory, and with `AUTOCACHE_LONG=1` everywhere. */
const long = Boolean(globalThis.process?.env.AUTOCACHE_LONG)
const rounds = long ? 10_000 : 1500

describe('R18 invalidations race fills, ten thousand of each, and no later call gets an older value', {
  timeout: 600_000,
}, () => {
  test.each<[string, () => Store[], number, boolean]>([
    ['memory', () => [memoryStore()], 10_000, true],
    ['memory, with functions that answer at once', () => [memoryStore()], 10_000, false],
    ['a text store', () => [asyncMapStore({ holds: 'text' })], rounds, true],
    ['a text store that answers at once', () => [mapStore({ holds: 'text' })], rounds, false],
  ])('over %s', async (_name, makeStores, rounds, asynchronous) => {
    const { invalidations, fills, hits, stale } = await race(makeStores(), rounds, asynchronous)
    expect(stale).toEqual([])
    expect(Math.min(invalidations, fills)).toBeGreaterThanOrEqual(rounds)
    expect(hits).toBeGreaterThan(0)
  })

  test('over two connections to one storage', async () => {
    const rows = asyncMapStore({ holds: 'text' })
    const { stale, hits } = await race([{ ...rows }, { ...rows }], rounds)
    expect(stale).toEqual([])
    expect(hits).toBeGreaterThan(0)
  })
})
