import { describe, test } from 'vitest'
import { memoryStore } from '../src/index.ts'
import { checkLife, lives, memory, rows, tiers } from './life-model.ts'

describe('the life of an entry is what the oracle says after every step', { timeout: 3_600_000 }, () => {
  test('over memory, with a function that promises', () => checkLife(memory, { numRuns: lives(150) }))

  test('over memory, with a function that answers at once', () =>
    checkLife(memory, { numRuns: lives(150), asynchronous: false }))

  test('over the memory of one process after the other', () => {
    const storage = () => {
      let store = memoryStore()
      return { ends: true, open: () => (store = memoryStore()), wipe: () => store.clear() }
    }
    return checkLife(storage, { numRuns: lives(100) })
  })

  test('over a shared store that promises', () => checkLife(() => rows(true), { numRuns: lives(150) }))

  test('over tiers whose hits ask nobody', () => checkLife(tiers, { numRuns: lives(100) }))

  test('over a shared store that answers at once', () =>
    checkLife(() => rows(false), { numRuns: lives(150), asynchronous: false }))
})
