import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { FunctionOptions, StoreLocks } from '../src/index.ts'
import { idle, isPending } from './call-support.ts'
import { giveTimeBack, takeTime } from './hand-time.ts'
import { world } from './lock-world.ts'

beforeAll(() => takeTime('performance', 'Date'))
afterAll(async () => {
  // What waits for a clock that is gone waits for ever.
  await vi.advanceTimersByTimeAsync(60_000)
  giveTimeBack()
})

/** Lets everything happen that needs no time, and some of that. */
async function pass(ms = 0): Promise<void> {
  for (let left = ms; left > 0; left -= 20) {
    await vi.advanceTimersByTimeAsync(Math.min(20, left))
    await idle(1)
  }
  for (let n = 0; n < 8; n++) {
    await vi.advanceTimersByTimeAsync(0)
    await idle(1)
  }
}

/** What a lease is. */
const lease = 2000

describe('L5 a holder that lost its lock', () => {
  test('L5 does not give back the lock of another when it returns', async () => {
    const { start, running, runs, table } = world()
    const [one, two, three] = [start('one'), start('two'), start('three')]
    const first = one.load(1)
    await pass()
    // As when its loop is blocked for longer than the lease.
    table.clear()
    const second = two.load(1)
    await pass(100)
    expect(runs).toEqual(['one', 'two'])
    const { note } = [...table.values()][0]!
    running[0]!.resolve(undefined)
    expect(await first).toBe('1 by one')
    await one.cache.close()
    await pass()
    expect([...table.values()].map((lock) => lock.note)).toEqual([note])
    // What it made is as good as what the other makes.
    expect(await three.load(1)).toBe('1 by one')
    running[1]!.resolve(undefined)
    expect(await second).toBe('1 by two')
    await two.cache.close()
    expect(table.size).toBe(0)
    expect(runs).toEqual(['one', 'two'])
  })

  test('L5 R18 brings back nothing from before an invalidation, and costs a run at the most', async () => {
    const { start, running, runs, table, data } = world()
    const [one, two, three] = [start('one'), start('two'), start('three')]
    const first = one.load(1)
    await pass()
    table.clear()
    data.now = ', anew'
    await two.cache.invalidateTags('t')
    const second = two.load(1)
    await pass(100)
    expect(runs).toEqual(['one', 'two'])
    running[1]!.resolve(undefined)
    expect(await second).toBe('1 by two, anew')
    await two.cache.close()
    running[0]!.resolve(undefined)
    expect(await first).toBe('1 by one')
    await one.cache.close()
    // What it wrote has taken the place of what is newer, and is nobody's answer.
    const answers = [one, two, three].map(({ load }) => load(1))
    await pass(100)
    for (const gate of running) gate.resolve(undefined)
    await pass(300)
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/, anew$/)
    expect(runs.length).toBeLessThanOrEqual(3)
  })

  test('L5 R18 brings back nothing either where the invalidation comes while the other runs', async () => {
    const { start, running, runs, table, data } = world()
    const [one, two, three] = [start('one'), start('two'), start('three')]
    const first = one.load(1)
    await pass()
    table.clear()
    const second = two.load(1)
    await pass(100)
    data.now = ', anew'
    await three.cache.invalidateTags('t')
    for (const gate of [...running]) gate.resolve(undefined)
    expect(await Promise.all([first, second])).toEqual(['1 by one', '1 by two'])
    await Promise.all([one.cache.close(), two.cache.close()])
    const third = three.load(1)
    await pass(100)
    expect(runs).toEqual(['one', 'two', 'three'])
    running[2]!.resolve(undefined)
    expect(await third).toBe('1 by three, anew')
    await three.cache.close()
    for (const { load } of [one, two, three]) expect(await load(1)).toBe('1 by three, anew')
  })

  test('L5 renews it no more, nor that of another', async () => {
    let fails = false
    let renewals = 0
    const { start, running, runs, table } = world({}, (locks) => ({
      async renew(...args) {
        renewals += 1
        if (fails) throw new Error('cut off')
        return locks.renew(...args)
      },
    }))
    const [one, two] = [start('one'), start('two')]
    const first = one.load(1)
    await pass(lease)
    expect(runs).toEqual(['one'])
    expect(table.size).toBe(1)
    const second = two.load(1)
    fails = true
    await pass(lease + 500)
    expect(runs).toEqual(['one', 'two'])
    fails = false
    await pass(lease)
    // It has learned that it lost it: from here one renews, four times in each lease.
    renewals = 0
    await pass(lease)
    expect(renewals).toBeLessThanOrEqual(5)
    expect(renewals).toBeGreaterThan(2)
    expect(table.size).toBe(1)
    for (const gate of running) gate.resolve(undefined)
    await Promise.all([first, second])
    await Promise.all([one.cache.close(), two.cache.close()])
    expect(runs).toEqual(['one', 'two'])
    expect(table.size).toBe(0)
  })
})

describe('L5 a lock that was never given back', () => {
  const lost = (): Partial<StoreLocks> => ({ release: () => Promise.reject(new Error('cut off')) })

  test('L5 keeps nobody from what its holder wrote', async () => {
    const { start, running, runs, table } = world({}, lost)
    const [one, two] = [start('one'), start('two')]
    const first = one.load(1)
    await pass()
    running[0]!.resolve(undefined)
    await first
    await one.cache.close()
    expect(table.size).toBe(1)
    for (const { load } of [one, two]) {
      const answer = load(1)
      await pass()
      expect(await isPending(answer)).toBe(false)
      expect(await answer).toBe('1 by one')
    }
    expect(runs).toEqual(['one'])
  })

  test('L5 R18 keeps nobody waiting after an invalidation', async () => {
    const { start, running, runs, table } = world({}, lost)
    const [one, two] = [start('one'), start('two')]
    // From the second run on epochs are known when it begins.
    for (const [at, key] of [2, 1].entries()) {
      const answer = one.load(key)
      await pass()
      running[at]!.resolve(undefined)
      await answer
      await one.cache.close()
    }
    await two.cache.invalidateTags('t')
    expect(table.size).toBe(2)
    const second = two.load(1)
    await pass()
    expect(runs).toEqual(['one', 'one', 'two'])
    running[2]!.resolve(undefined)
    expect(await second).toBe('1 by two')
  })

  test('L5 ends with its lease for who finds the entry expired', async () => {
    const now = { value: Date.now() }
    const { start, running, runs } = world({ ttl: 1000, clock: () => now.value } as FunctionOptions, lost)
    const [one, two] = [start('one'), start('two')]
    const first = one.load(1)
    await pass()
    running[0]!.resolve(undefined)
    await first
    await one.cache.close()
    now.value += 1000
    const second = two.load(1)
    await pass(lease / 2)
    expect(runs).toEqual(['one'])
    await pass(lease)
    expect(runs).toEqual(['one', 'two'])
    running[1]!.resolve(undefined)
    expect(await second).toBe('1 by two')
  })
})

describe('L5 while a lock is held', () => {
  test('L5 R19 a storage that is emptied costs a run more, and brings nothing back', async () => {
    const { start, running, runs, table, rows, data } = world()
    const [one, two, three] = [start('one'), start('two'), start('three')]
    const first = one.load(1)
    await pass()
    rows.clear()
    table.clear()
    const second = two.load(1)
    await pass(100)
    expect(runs).toEqual(['one', 'two'])
    data.now = ', anew'
    await three.cache.invalidateTags('t')
    for (const gate of [...running]) gate.resolve(undefined)
    expect(await Promise.all([first, second])).toEqual(['1 by one', '1 by two'])
    await Promise.all([one.cache.close(), two.cache.close()])
    const third = three.load(1)
    await pass(100)
    running[2]!.resolve(undefined)
    expect(await third).toBe('1 by three, anew')
    await three.cache.close()
    for (const { load } of [one, two, three]) expect(await load(1)).toBe('1 by three, anew')
    expect(runs).toEqual(['one', 'two', 'three'])
  })

  test.each([3_600_000, -3_600_000])('L5 a clock that jumps by %i ms wakes nobody early or late', async (jump) => {
    const now = { value: Date.now() }
    const { start, running, runs } = world({ ttl: '3h', clock: () => now.value } as FunctionOptions)
    const [one, two] = [start('one'), start('two')]
    const answers = [one.load(1)]
    await pass()
    answers.push(two.load(1))
    await pass(1000)
    now.value += jump
    await pass(3500)
    expect(runs).toEqual(['one'])
    // A wait of five seconds is one, whatever the clock says.
    await pass(1000)
    expect(runs).toEqual(['one', 'two'])
    for (const gate of running) gate.resolve(undefined)
    expect(await Promise.all(answers)).toEqual(['1 by one', '1 by two'])
  })

  test('L5 what stands as its note may be anything', async () => {
    for (const note of ['', ' ', '!', '!!', '- - - - -', 'x'.repeat(100_000), '\u0000\ud800\r\n', '{"__proto__":1}']) {
      const { start, running, runs, table } = world({ lockWait: 300 })
      const one = start('one')
      // So that epochs are known.
      const other = one.load(2)
      await pass()
      running[0]!.resolve(undefined)
      await other
      await one.cache.close()
      table.set(one.load.keyOf(1), { note, until: Number.POSITIVE_INFINITY })
      const answer = one.load(1)
      await pass(700)
      expect(runs).toEqual(['one', 'one'])
      running[1]!.resolve(undefined)
      expect(await answer).toBe('1 by one')
      await one.cache.close()
      expect(await one.load(1)).toBe('1 by one')
    }
  })
})

describe('L5 two halves of a storage that was parted', () => {
  test('L5 R19 fill twice, and believe nothing of each other that was ended', async () => {
    const [left, right] = [world(), world()]
    const [one, two] = [left.start('one'), right.start('two')]
    const answers = [one.load(1), two.load(1)]
    await pass(100)
    expect([left.runs, right.runs]).toEqual([['one'], ['two']])
    // The right half is the one that stays: what the left one has is gone, and who used that is led to the right one.
    const heal = () => {
      left.rows.clear()
      left.table.clear()
      const { get, set, delete: remove, getMany, locks } = two.store
      Object.assign(one.store, { get, set, delete: remove, getMany, locks })
    }
    left.data.now = right.data.now = ', anew'
    await two.cache.invalidateTags('t')
    const third = two.load(1)
    await pass(100)
    expect(right.runs).toEqual(['two', 'two'])
    heal()
    for (const gate of [...left.running, ...right.running]) gate.resolve(undefined)
    expect(await Promise.all([...answers, third])).toEqual(['1 by one', '1 by two', '1 by two, anew'])
    await Promise.all([one.cache.close(), two.cache.close()])
    const fourth = one.load(1)
    await pass(100)
    for (const gate of left.running) gate.resolve(undefined)
    expect(await fourth).toMatch(/, anew$/)
    await one.cache.close()
    const fifth = two.load(1)
    await pass(100)
    for (const gate of right.running) gate.resolve(undefined)
    expect(await fifth).toMatch(/, anew$/)
    // Two runs before, and at most one each after that.
    expect(left.runs.length + right.runs.length).toBeLessThanOrEqual(5)
  })
})
