import { expect, test } from 'vitest'
import { createClock } from '../src/clock.ts'

/** A wall clock and a steady one, which a test moves apart. */
function clocks() {
  let wall = 1_700_000_000_000
  let steady = 5.25
  const clock = createClock(
    () => wall,
    () => steady,
  )
  return {
    clock,
    pass(ms: number) {
      wall += ms
      steady += ms
    },
    step: (ms: number) => (wall += ms),
    wall: () => wall,
  }
}

test('it is the wall clock, in whole milliseconds and never ahead of it', () => {
  const { clock, pass, wall } = clocks()
  for (let at = 0; at < 50; at++) {
    expect(clock()).toBe(wall())
    pass(73)
  }
})

test('a machine that slept, and a corrected clock, count after a second', () => {
  const { clock, pass, step, wall } = clocks()
  clock()
  step(8 * 3_600_000)
  pass(1001)
  expect(clock()).toBe(wall())
  step(-60_000)
  pass(1001)
  expect(clock()).toBe(wall())
})
