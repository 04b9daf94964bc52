import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { estimateBytes, memoryStore } from '../src/index.ts'
import { testScope } from '../src/testing.ts'
import { deferred, idle } from './call-support.ts'

test('R16 a frozen options object with a signal is taken', async () => {
  const { cache } = testScope()
  const load = cache.cached(async ({ signal, n }: { signal: AbortSignal; n: number }) => n + Number(signal.aborted))
  expect(await load(Object.freeze({ signal: new AbortController().signal, n: 1 }))).toBe(1)
})

test('R16 a stream from a function that answers at once: the caller’s abort still reaches the first run', () => {
  const { cache } = testScope()
  const received: AbortSignal[] = []
  const open = cache.cached((signal: AbortSignal) => {
    received.push(signal)
    return new ReadableStream()
  })
  for (const at of [0, 1]) {
    const controller = new AbortController()
    open(controller.signal)
    controller.abort()
    expect(received[at]!.aborted, `run ${at}`).toBe(true)
  }
})

test('R18 definitions that share a helper in `deps` hold back each other’s late writes', async () => {
  const store = memoryStore()
  const { cache } = testScope({ store })
  const helper = () => 1
  let now = 1
  let gate = deferred()
  const look = async () => {
    const seen = now
    await gate.promise
    return seen
  }
  const define = () => cache.cached(look, { name: 'look', version: '1', deps: [helper] })
  const [one, other] = [define(), define()]
  expect(one.keyOf()).toBe(other.keyOf())
  const early = one()
  now = 2
  other.invalidate()
  gate.resolve()
  expect(await early).toBe(1)
  gate = deferred()
  gate.resolve()
  expect(await other()).toBe(2)
})

test('estimateBytes counts shared memory and buffers of other realms', async () => {
  await idle()
  expect(estimateBytes(new Uint8Array(new SharedArrayBuffer(5000)))).toBeGreaterThan(5000)
  expect(estimateBytes(runInNewContext('new Uint8Array(5000)'))).toBeGreaterThan(5000)
})

test('a refresh whose `cacheIf` throws does not leave the old value answering', () => {
  const { cache } = testScope()
  let now = 1
  const look = cache.cached(() => now, {
    name: 'l',
    version: '1',
    cacheIf: (v) => {
      if (v === 2) throw new Error('x')
      return true
    },
  })
  look()
  now = 2
  look.refresh()
  expect(look.peek()).toEqual({ state: 'miss' })
})
