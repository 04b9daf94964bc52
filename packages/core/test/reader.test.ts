import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Gate } from '../src/gate.ts'
import type { Store } from '../src/index.ts'
import { Reader } from '../src/reader.ts'
import { idle } from './call-support.ts'

const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)
beforeAll(() => void process.on('unhandledRejection', note))
afterAll(async () => {
  await idle()
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

/** A store that answers each key with itself, and counts how it was asked; `together` says whether it fails for several. */
function counting(asynchronous: boolean) {
  const state = { batches: 0, singles: 0, fails: false }
  const answer = <T>(run: () => T): T | Promise<T> => (asynchronous ? Promise.resolve().then(run) : run())
  const store = {
    lifetime: 'shared',
    holds: 'text',
    get: (key: string) =>
      answer(() => {
        state.singles += 1
        return key
      }),
    getMany: (keys: readonly string[]) =>
      answer(() => {
        state.batches += 1
        if (state.fails) throw new Error('too much at a time')
        return [...keys]
      }),
    set: () => answer(() => {}),
    delete: () => answer(() => true),
  } as unknown as Store
  const gate = new Gate(store)
  gate.asynchronous = asynchronous
  const reader = new Reader(gate)
  return { state, gate, read: async () => (await reader.read(['a', 'b'], 1000)).held }
}

describe.each([
  ['promises', true],
  ['answers at once', false],
])('over a store that %s', (_name, asynchronous) => {
  test('keys that cannot be read together are read one by one', async () => {
    const { state, gate, read } = counting(asynchronous)
    state.fails = true
    for (let turn = 0; turn < 5; turn++) expect(await read()).toEqual(['a', 'b'])
    expect(state).toMatchObject({ batches: 1, singles: 10 })
    expect(gate.state).toBe('closed')
  })

  test('one failure of `getMany` alone does not end batches for good', async () => {
    const { state, read } = counting(asynchronous)
    state.fails = true
    await read()
    state.fails = false
    for (let turn = 0; turn < 100; turn++) expect(await read()).toEqual(['a', 'b'])
    expect(state.batches).toBeGreaterThan(90)
  })

  test('where `getMany` never works it is tried ever more rarely', async () => {
    const { state, read } = counting(asynchronous)
    state.fails = true
    for (let turn = 0; turn < 2000; turn++) expect(await read()).toEqual(['a', 'b'])
    expect(state.batches).toBeLessThan(10)
    state.fails = false
    for (let turn = 0; turn < 2000; turn++) await read()
    const { batches } = state
    state.fails = true
    await read()
    state.fails = false
    for (let turn = 0; turn < 100; turn++) await read()
    // What went well meanwhile counts.
    expect(state.batches).toBeGreaterThan(batches + 90)
  })
})

test('a first answer that fails leaves no rejection behind where the next key fails at once', async () => {
  let asked = 0
  const store = {
    lifetime: 'shared',
    holds: 'text',
    get() {
      asked += 1
      if (asked === 2) throw new Error('at once')
      return Promise.reject(new Error('later'))
    },
  } as unknown as Store
  const read = async () => new Reader(new Gate(store)).read(['a', 'b'], 1000)
  await expect(read()).rejects.toThrow()
  await idle()
  expect(asked).toBe(2)
  expect(unhandled).toEqual([])
})
