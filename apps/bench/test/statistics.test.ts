import { expect, it } from 'vitest'
import { compare, median, spread } from '../src/statistics.ts'

it('the median is the middle figure, or the mean of the two in the middle, in whatever order they come', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 10, 1, 2])).toBe(3)
  expect(() => median([])).toThrow(RangeError)
})

it('a spread is least, middle and greatest', () => {
  expect(spread([10, 2, 9])).toEqual({ min: 2, median: 9, max: 10 })
})

it('ratios are taken round by round, so a slow machine does not change them', () => {
  const [ours] = compare({ ours: [20, 200, 2000], peer: [10, 100, 1000] }, 'peer')
  expect(ours?.nanoseconds).toEqual({ min: 20, median: 200, max: 2000 })
  expect(ours?.ratio).toEqual({ min: 2, median: 2, max: 2 })
})

it('the median of the ratios is not the ratio of the medians', () => {
  const [ours] = compare({ ours: [10, 30, 60], peer: [10, 10, 60] }, 'peer')
  expect(ours?.ratio).toEqual({ min: 1, median: 1, max: 3 })
})

it('the reference is compared with itself', () => {
  expect(compare({ peer: [3, 4] }, 'peer')[0]?.ratio).toEqual({ min: 1, median: 1, max: 1 })
})

it('a missing reference and a missing round are errors', () => {
  expect(() => compare({ ours: [1] }, 'peer')).toThrow(/not measured/)
  expect(() => compare({ ours: [1], peer: [1, 2] }, 'peer')).toThrow(/every round/)
})
