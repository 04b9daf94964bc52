import { describe, test } from 'vitest'
import { type AsyncStore, memoryStore, type Store } from '../src/index.ts'
import { checkLife, lives } from './life-model.ts'

/** Text stores over rows that outlive them. */
function rows(asynchronous: boolean) {
  const rows = new Map<string, string>()
  const open = (): Store => {
    const operations = {
      get: (key: string) => rows.get(key),
      set: (key: string, entry: string) => void rows.set(key, entry),
      delete: (key: string) => rows.delete(key),
    }
    if (!asynchronous) return { lifetime: 'shared', holds: 'text', ...operations }
    const store: AsyncStore<'text'> = {
      lifetime: 'shared',
      holds: 'text',
      get: async (key) => operations.get(key),
      set: async (key, entry) => operations.set(key, entry),
      delete: async (key) => operations.delete(key),
      getMany: async (keys) => keys.map(operations.get),
    }
    return store
  }
  return { open, wipe: () => rows.clear() }
}

function memory() {
  const store = memoryStore()
  return { open: () => store, wipe: () => store.clear() }
}

describe('the life of an entry is what the oracle says after every step', { timeout: 3_600_000 }, () => {
  test('over memory, with a function that promises', () => checkLife(memory, { numRuns: lives(150) }))

  test('over memory, with a function that answers at once', () =>
    checkLife(memory, { numRuns: lives(150), asynchronous: false }))

  test('over a shared store that promises', () => checkLife(() => rows(true), { numRuns: lives(150) }))

  test('over a shared store that answers at once', () =>
    checkLife(() => rows(false), { numRuns: lives(150), asynchronous: false }))
})
