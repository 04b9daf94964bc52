import { asyncMapStore } from '@autocache/conformance'
import { afterAll, describe, test } from 'vitest'
import { lives, memory, rows, type Storage } from './life-model.ts'
import { checkTrouble, endTrouble, tiersOver } from './trouble-model.ts'

afterAll(endTrouble)

/** A store with locks, whose leases are counted by the clock that is moved by hand. */
function locked(): Storage {
  const [rows, locks] = [new Map(), new Map()]
  return {
    open: () => asyncMapStore({ holds: 'text', rows, locks, now: () => performance.now() }),
    wipe() {
      rows.clear()
      locks.clear()
    },
  }
}

describe('R17 R18 R20 R21 L4 no trouble of a store makes an answer old, a failure its own or a wait long', {
  timeout: 3_600_000,
}, () => {
  test('over memory, with functions that promise', () => checkTrouble(memory, { numRuns: lives(100) }))

  test('over memory, with functions that answer at once', () =>
    checkTrouble(memory, { numRuns: lives(100), asynchronous: false }))

  test('over a shared store that promises', () => checkTrouble(() => rows(true), { numRuns: lives(100) }))

  test('over a shared store that answers at once', () =>
    checkTrouble(() => rows(false), { numRuns: lives(100), asynchronous: false }))

  test('L5 over a shared store with locks', () => checkTrouble(locked, { numRuns: lives(100) }))

  test.each([
    ['a shared store', () => rows(true)],
    ['one with locks', locked],
  ])('R22 over memory in front of %s, with a bus', (_, far) => checkTrouble(tiersOver(far), { numRuns: lives(60) }))
})
