import { afterAll, describe, test } from 'vitest'
import { lives, memory, rows } from './life-model.ts'
import { checkTrouble, endTrouble, tiersOver } from './trouble-model.ts'

afterAll(endTrouble)

describe('R17 R18 R20 R21 L4 no trouble of a store makes an answer old, a failure its own or a wait long', {
  timeout: 3_600_000,
}, () => {
  test('over memory, with functions that promise', () => checkTrouble(memory, { numRuns: lives(100) }))

  test('over memory, with functions that answer at once', () =>
    checkTrouble(memory, { numRuns: lives(100), asynchronous: false }))

  test('over a shared store that promises', () => checkTrouble(() => rows(true), { numRuns: lives(100) }))

  test('over a shared store that answers at once', () =>
    checkTrouble(() => rows(false), { numRuns: lives(100), asynchronous: false }))

  test('R22 over memory in front of a shared store, with a bus', () =>
    checkTrouble(
      tiersOver(() => rows(true)),
      { numRuns: lives(100) },
    ))
})
