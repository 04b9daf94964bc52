import { describe, test } from 'vitest'
import { checkLife, lives, memory, rows } from './life-model.ts'

describe('the life of an entry is what the oracle says after every step', { timeout: 3_600_000 }, () => {
  test('over memory, with a function that promises', () => checkLife(memory, { numRuns: lives(150) }))

  test('over memory, with a function that answers at once', () =>
    checkLife(memory, { numRuns: lives(150), asynchronous: false }))

  test('over a shared store that promises', () => checkLife(() => rows(true), { numRuns: lives(150) }))

  test('over a shared store that answers at once', () =>
    checkLife(() => rows(false), { numRuns: lives(150), asynchronous: false }))
})
