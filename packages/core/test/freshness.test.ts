import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backOff, lifetime, plainTtl, type State, stateAt, type Windows } from '../src/freshness.ts'

const duration = fc.oneof(fc.constantFrom(0, 1, 1000, Infinity), fc.double({ min: 0, max: 1e9, noNaN: true }))
const share = fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true }))
const windows: fc.Arbitrary<Windows> = fc.record({
  staleTtl: duration,
  staleIfError: duration,
  earlyRefresh: share.map((value) => value || 1),
  jitter: share,
})
const instant = fc.integer({ min: 0, max: 4e12 })
const none: Windows = { staleTtl: 0, staleIfError: 0, earlyRefresh: 1, jitter: 0 }
const order: readonly State[] = ['fresh', 'early', 'stale', 'error-only', 'miss']
const rank = (state: State) => order.indexOf(state)

describe('the state of an entry', () => {
  test('without windows is fresh for the ttl and then a miss', () => {
    expect(stateAt('k', 1000, 100, none, 1099)).toBe('fresh')
    expect(stateAt('k', 1000, 100, none, 1100)).toBe('miss')
  })

  test('passes through early, stale and error-only in that order', () => {
    const all = { staleTtl: 50, staleIfError: 80, earlyRefresh: 0.5, jitter: 0 }
    const at = (age: number) => stateAt('k', 0, 100, all, age)
    expect([0, 49, 50, 99, 100, 149, 150, 179, 180].map(at)).toEqual([
      'fresh',
      'fresh',
      'early',
      'early',
      'stale',
      'stale',
      'error-only',
      'error-only',
      'miss',
    ])
  })

  test('is never error-only where `staleTtl` reaches further', () => {
    const at = (age: number) => stateAt('k', 0, 100, { ...none, staleTtl: 80, staleIfError: 50 }, age)
    expect([100, 179, 180].map(at)).toEqual(['stale', 'stale', 'miss'])
  })

  test('only gets worse with age', () => {
    fc.assert(
      fc.property(
        fc.string(),
        instant,
        duration,
        windows,
        fc.nat(2e9),
        fc.nat(2e9),
        (key, made, ttl, rules, one, more) => {
          const before = rank(stateAt(key, made, ttl, rules, made + one))
          expect(rank(stateAt(key, made, ttl, rules, made + one + more))).toBeGreaterThanOrEqual(before)
        },
      ),
    )
  })

  test('is the same for an entry from so far ahead as from so far behind', () => {
    fc.assert(
      fc.property(fc.string(), instant, duration, windows, fc.nat(2e9), (key, made, ttl, rules, age) => {
        expect(stateAt(key, made, ttl, rules, made - age)).toBe(stateAt(key, made, ttl, rules, made + age))
      }),
    )
  })

  test('is one of five for any numbers, and a miss for what is no number', () => {
    const any = fc.double()
    fc.assert(
      fc.property(fc.string(), any, any, windows, any, (key, made, ttl, rules, now) => {
        const state = stateAt(key, made, ttl, rules, now)
        expect(order).toContain(state)
        if (Number.isNaN(ttl) || Number.isNaN(now - made)) expect(state).toBe('miss')
      }),
    )
  })

  test.each([0, -1, Number.NaN])('is a miss for a ttl of %s, whatever the windows', (ttl) => {
    expect(stateAt('k', 0, ttl, { ...none, staleTtl: Infinity, staleIfError: Infinity }, 0)).toBe('miss')
  })

  test('is fresh for ever with a ttl of Infinity', () => {
    fc.assert(
      fc.property(fc.string(), instant, windows, instant, (key, made, rules, now) => {
        expect(stateAt(key, made, Infinity, rules, now)).toBe('fresh')
      }),
    )
  })
})

describe('jitter', () => {
  const lives = (keys: readonly string[], jitter: number) =>
    keys.map((key) => {
      let [low, high] = [0, 1000]
      while (low < high) {
        const middle = (low + high) >> 1
        if (stateAt(key, 5, 1000, { ...none, jitter }, 5 + middle) === 'fresh') low = middle + 1
        else high = middle
      }
      return low
    })

  test('shortens, by its share at most, and never lengthens', () => {
    fc.assert(
      fc.property(fc.string(), instant, share, (key, made, jitter) => {
        const rules = { ...none, jitter }
        expect(stateAt(key, made, 1000, rules, made + 1000)).toBe('miss')
        const least = Math.ceil(1000 * (1 - jitter)) - 1
        if (least >= 0) expect(stateAt(key, made, 1000, rules, made + least)).toBe('fresh')
      }),
    )
  })

  test('is an entry’s own: every reader comes to the same, and another entry to another', () => {
    expect(lives(['a', 'a'], 0.5)[0]).toBe(lives(['a'], 0.5)[0])
    const few = new Set(Array.from({ length: 50 }, (_, at) => lives([`key ${at}`], 0.5)[0]))
    expect(few.size).toBeGreaterThan(40)
  })

  test('is pinned: another release on another machine agrees', () => {
    expect(lives(['shop:load:x-1:[1]', 'shop:load:x-1:[2]', 'a'], 1)).toEqual([960, 903, 460])
  })

  test('depends on the instant too, so that an entry does not expire early each time', () => {
    const rules = { ...none, jitter: 1 }
    const states = new Set(Array.from({ length: 64 }, (_, made) => stateAt('k', made, 1000, rules, made + 500)))
    expect(states.size).toBe(2)
  })

  test('spreads evenly', () => {
    const spread = lives(
      Array.from({ length: 2000 }, (_, at) => `shop:load:x-1:[${at}]`),
      1,
    )
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = spread.filter((life) => Math.floor((life - 1) / 100) === tenth).length
      expect(share).toBeGreaterThan(140)
      expect(share).toBeLessThan(260)
    }
  })
})

test('below its plain ttl an entry is fresh, whatever its key', () => {
  fc.assert(
    fc.property(fc.string(), instant, duration, windows, fc.nat(2e9), (key, made, ttl, rules, age) => {
      if (age < plainTtl(ttl, rules)) expect(stateAt(key, made, ttl, rules, made + age)).toBe('fresh')
    }),
  )
})

test('past its lifetime an entry is a miss, so that a store may drop it', () => {
  fc.assert(
    fc.property(fc.string(), instant, duration, windows, fc.nat(2e9), (key, made, ttl, rules, age) => {
      if (age >= lifetime(ttl, rules)) expect(stateAt(key, made, ttl, rules, made + age)).toBe('miss')
    }),
  )
  expect(lifetime(100, { ...none, staleTtl: 20, staleIfError: 50 })).toBe(150)
  expect(lifetime(0, { ...none, staleTtl: 20, staleIfError: Infinity })).toBe(0)
})

test('the back-off doubles from a second to a minute', () => {
  expect([1, 2, 3, 6, 7, 50, 5000].map(backOff)).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000])
})
