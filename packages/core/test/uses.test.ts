import { mapStore } from '@autocache/conformance'
import { afterEach, expect, test, vi } from 'vitest'
import { createAutocache, memoryStore, type Store } from '../src/index.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

test('L7 an instance keeps no store alive that ends with the process, and every one that others use', async () => {
  // What the collector does when it likes, here when the test does.
  const gone = new Set<object>()
  class Weak<T extends object> {
    readonly #target: T
    constructor(target: T) {
      this.#target = target
    }
    deref() {
      return gone.has(this.#target) ? undefined : this.#target
    }
  }
  vi.stubGlobal('WeakRef', Weak)
  const cache = createAutocache({ namespace: 'test', ttl: '1h', version: '1' })
  const own = (store: Store) => cache.cached((n: number) => n, { store, name: 'fn', tags: ['t'] })
  const shared = mapStore({ holds: 'text' })
  own(shared)
  const held = own(memoryStore())
  for (let each = 0; each < 200; each++) {
    const store = memoryStore()
    own(store)(each)
    gone.add(store)
  }
  gone.add(shared)
  expect(cache.stats().stores).toHaveLength(2)
  expect(held(1)).toBe(1)
  await cache.invalidateTags('t')
  await cache.close()
  expect(cache.stats().total).toMatchObject({ fill: 201, 'invalidate-tags': 2 })
})
