import type { Entry } from '@autocache/core'
import { LRUCache } from 'lru-cache'
import { describe, it } from 'vitest'
import { checkLife, lives } from '../../core/test/life-model.ts'
import { lruCacheStore } from '../src/index.ts'

function storage() {
  const lru = new LRUCache<string, Entry>({ max: 10_000, allowStale: true })
  return { open: () => lruCacheStore(lru), wipe: () => lru.clear() }
}

describe('over an LRUCache', { timeout: 3_600_000 }, () => {
  it('the life of an entry is what the oracle says after every step, with a function that promises', () =>
    checkLife(storage, { numRuns: lives(100) }))

  it('and with one that answers at once', () => checkLife(storage, { numRuns: lives(100), asynchronous: false }))
})
