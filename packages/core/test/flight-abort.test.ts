import { getEventListeners } from 'node:events'
import { asyncMapStore } from '@autocache/conformance'
import { describe, expect, test } from 'vitest'
import type { Store } from '../src/index.ts'
import { testScope } from '../src/testing.ts'
import { deferred, eachKind, idle, isPending } from './call-support.ts'

interface Options {
  readonly limit?: number
  readonly signal?: AbortSignal
}

describe.each(eachKind)('R16 over %s', (_name, makeStore) => {
  /** A function that ends when told, or with the reason of its signal. */
  function loader(options: object = {}) {
    const scope = testScope({ store: makeStore(), ttl: Infinity, ...options })
    const runs: { signal: AbortSignal | undefined; finish(value: string): void }[] = []
    const work = (signal: AbortSignal | undefined): Promise<string> => {
      const { promise, resolve, reject } = deferred<string>()
      runs.push({ signal, finish: resolve })
      if (signal?.aborted) reject(signal.reason)
      signal?.addEventListener('abort', () => reject(signal.reason))
      return promise
    }
    const load = scope.cache.cached(async (_id: string, signal?: AbortSignal) => work(signal), {
      name: 'load',
      version: '1',
    })
    const loadWith = scope.cache.cached(async (_id: string, { signal }: Options = {}) => work(signal), {
      name: 'loadWith',
      version: '1',
    })
    return { ...scope, runs, load, loadWith }
  }

  test('R16 a signal is not part of the key, as an argument and in an options object', async () => {
    const { load, loadWith } = loader()
    const { signal } = new AbortController()
    expect(load.keyOf('a', signal)).toBe(load.keyOf('a', new AbortController().signal))
    expect(load.keyOf('a', signal)).toBe(load.keyOf('a'))
    expect(loadWith.keyOf('a', { limit: 1, signal })).toBe(loadWith.keyOf('a', { limit: 1 }))
    expect(loadWith.keyOf('a', { limit: 1, signal })).not.toBe(loadWith.keyOf('a', { limit: 2, signal }))
  })

  test('R16 callers with signals of their own share a flight and its entry', async () => {
    const { load, runs } = loader()
    const calls = [1, 2, 3].map(() => load('a', new AbortController().signal))
    await idle()
    expect(runs.length).toBe(1)
    runs[0]!.finish('done')
    expect(await Promise.all(calls)).toEqual(['done', 'done', 'done'])
    await idle()
    expect(await load('a', new AbortController().signal)).toBe('done')
    expect(runs.length).toBe(1)
  })

  test('R16 the function receives the signal of the flight, not the caller’s, and the rest of its arguments', async () => {
    const { load, loadWith, runs } = loader()
    const { signal } = new AbortController()
    const options = { limit: 5, signal }
    const calls = [load('a', signal), loadWith('a', options)]
    await idle()
    for (const run of runs) {
      expect(run.signal).toBeInstanceOf(AbortSignal)
      expect(run.signal).not.toBe(signal)
      run.finish('done')
    }
    await Promise.all(calls)
    expect(options.signal).toBe(signal)
  })

  test('R16 the flight is aborted only when every caller has gone', async () => {
    const { load, runs } = loader()
    const controllers = [1, 2, 3].map(() => new AbortController())
    const calls = controllers.map(({ signal }) => load('a', signal))
    for (const call of calls) call.catch(() => {})
    await idle()
    controllers[0]!.abort(new Error('first'))
    controllers[2]!.abort(new Error('third'))
    await expect(calls[0]).rejects.toThrow('first')
    await expect(calls[2]).rejects.toThrow('third')
    expect(runs[0]!.signal!.aborted).toBe(false)
    expect(await isPending(calls[1]!)).toBe(true)
    controllers[1]!.abort(new Error('second'))
    expect(runs[0]!.signal!.aborted).toBe(true)
    await expect(calls[1]).rejects.toThrow('second')
  })

  test('R16 one caller’s abort rejects him with his own reason and leaves the others their value', async () => {
    const { load, runs } = loader()
    const controller = new AbortController()
    const gone = load('a', controller.signal)
    const stays = load('a')
    gone.catch(() => {})
    await idle()
    const reason = { why: 'changed my mind' }
    controller.abort(reason)
    await expect(gone).rejects.toBe(reason)
    runs[0]!.finish('done')
    expect(await stays).toBe('done')
    await idle()
    expect(await load('a')).toBe('done')
    expect(runs.length).toBe(1)
  })

  test('R16 a later caller’s abort rejects only him though the first brought no signal', async () => {
    const { load, runs } = loader()
    const controller = new AbortController()
    const stays = load('a')
    await idle()
    const gone = load('a', controller.signal)
    gone.catch(() => {})
    await idle()
    controller.abort(new Error('his'))
    await expect(gone).rejects.toThrow('his')
    runs[0]!.finish('done')
    expect(await stays).toBe('done')
  })

  test('R16 what an aborted flight makes is not stored, and nobody joins it', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const gates = [deferred<string>(), deferred<string>()]
    let runs = 0
    const load = cache.cached(async (_signal?: AbortSignal) => gates[runs++]!.promise, { name: 'load', version: '1' })
    const controller = new AbortController()
    const aborted = load(controller.signal)
    await idle()
    controller.abort()
    const next = load()
    await idle()
    expect(runs).toBe(2)
    // This one heeds no signal: its caller gets what it makes.
    gates[0]!.resolve('partial')
    expect(await aborted).toBe('partial')
    await idle()
    gates[1]!.resolve('whole')
    expect(await next).toBe('whole')
    await idle()
    expect(await load.peek()).toMatchObject({ value: 'whole' })
  })

  test('R16 an abort is not kept as an error', async () => {
    const { load, runs } = loader({ errorTtl: Infinity })
    const controller = new AbortController()
    const gone = load('a', controller.signal)
    gone.catch(() => {})
    await idle()
    controller.abort(new Error('gone'))
    await expect(gone).rejects.toThrow('gone')
    await idle()
    expect(await load.peek('a')).toEqual({ state: 'miss' })
    const next = load('a')
    await idle()
    runs[1]!.finish('done')
    expect(await next).toBe('done')
  })

  test('R16 a call with an aborted signal goes straight through, and nothing is stored', async () => {
    const { load, runs, events } = loader()
    const first = load('a')
    await idle()
    runs[0]!.finish('done')
    await first
    await idle()
    const signal = AbortSignal.abort(new Error('early'))
    await expect(load('a', signal)).rejects.toThrow('early')
    expect(runs[1]!.signal).toBe(signal)
    expect(events).toContainEqual(expect.objectContaining({ type: 'bypass', reason: 'aborted' }))
    expect(await load('a')).toBe('done')
    await expect(load.refresh('a', signal)).rejects.toThrow('early')
    expect(await load('a')).toBe('done')
  })

  test('R16 an abort during the read of the store ends the call with the function’s answer to it', async () => {
    const { load, runs } = loader()
    const controller = new AbortController()
    const call = load('a', controller.signal)
    call.catch(() => {})
    controller.abort(new Error('while reading'))
    await expect(call).rejects.toThrow('while reading')
    const next = load('a')
    await idle()
    runs.at(-1)!.finish('done')
    expect(await next).toBe('done')
  })

  test('R16 listeners are removed when the call has ended, however it ended', async () => {
    const { load, runs } = loader()
    const stays = new AbortController()
    const goes = new AbortController()
    const calls = [load('a', stays.signal), load('a', goes.signal), load('a', stays.signal)]
    for (const call of calls) call.catch(() => {})
    await idle()
    goes.abort()
    await calls[1]!.catch(() => {})
    runs[0]!.finish('done')
    await Promise.all([calls[0], calls[2]])
    for (let n = 0; n < 20; n++) await load('a', stays.signal)
    expect(getEventListeners(stays.signal, 'abort')).toEqual([])
    expect(getEventListeners(goes.signal, 'abort')).toEqual([])
  })

  test('R16 two signals of one call both count', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const seen: AbortSignal[] = []
    const load = cache.cached(
      async (one: AbortSignal, { signal }: Options) =>
        new Promise<never>((_, reject) => {
          seen.push(one, signal!)
          one.addEventListener('abort', () => reject(one.reason))
        }),
      { name: 'load', version: '1' },
    )
    const second = new AbortController()
    const call = load(new AbortController().signal, { signal: second.signal })
    call.catch(() => {})
    await idle()
    expect(seen[0]).toBe(seen[1])
    second.abort(new Error('the second'))
    await expect(call).rejects.toThrow('the second')
  })

  test('R16 a signal under `key` is a signal all the same', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const { promise, resolve } = deferred<string>()
    let received: AbortSignal | undefined
    const load = cache.cached(
      async (_id: string, signal: AbortSignal) => {
        received = signal
        return promise
      },
      { name: 'load', version: '1', key: (id) => id },
    )
    const one = new AbortController()
    const gone = load('a', one.signal)
    gone.catch(() => {})
    const stays = load('a', new AbortController().signal)
    await idle()
    one.abort(new Error('gone'))
    await expect(gone).rejects.toThrow('gone')
    expect(received!.aborted).toBe(false)
    resolve('done')
    expect(await stays).toBe('done')
  })

  test('R16 a caller who waits after flightTimeout can still go', async () => {
    const { load, runs } = loader({ flightTimeout: 20 })
    const first = load('a')
    await idle()
    const controller = new AbortController()
    const waiter = load('a', controller.signal)
    waiter.catch(() => {})
    while (runs.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    controller.abort(new Error('gone'))
    await expect(waiter).rejects.toThrow('gone')
    runs[0]!.finish('done')
    expect(await first).toBe('done')
  })
})

test('R16 a sync function with a signal argument stays sync', () => {
  const { cache } = testScope()
  let runs = 0
  const add = cache.cached((a: number, _signal?: AbortSignal) => {
    runs += 1
    return a + 1
  })
  const { signal } = new AbortController()
  expect([add(1, signal), add(1, signal), add(1)]).toEqual([2, 2, 2])
  expect(runs).toBe(1)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

describe.each(eachKind)('R16 over %s', (_name, makeStore) => {
  /** A function that goes on until its signal aborts, and does `first` before it waits. */
  function endless(first: () => void = () => {}) {
    const scope = testScope<Store>({ store: makeStore(), ttl: Infinity })
    const load = scope.cache.cached(
      async (_id: string, signal: AbortSignal) => {
        first()
        return new Promise<string>((_, reject) => {
          if (signal.aborted) reject(signal.reason)
          signal.addEventListener('abort', () => reject(signal.reason))
        })
      },
      { name: 'endless', version: '1' },
    )
    return { ...scope, load }
  }

  test('R16 an abort during the synchronous part of the function reaches it', async () => {
    const controller = new AbortController()
    const { load } = endless(() => controller.abort(new Error('at once')))
    await expect(load('a', controller.signal)).rejects.toThrow('at once')
    await idle()
    expect(await load.peek('a', controller.signal)).toEqual({ state: 'miss' })
  })

  test('R16 after a stream was returned the caller’s abort still reaches the function', async () => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    let received: AbortSignal | undefined
    const open = cache.cached(
      async (signal: AbortSignal) => {
        received = signal
        return new ReadableStream()
      },
      { name: 'open', version: '1' },
    )
    const controller = new AbortController()
    await open(controller.signal)
    expect(received!.aborted).toBe(false)
    controller.abort(new Error('enough'))
    expect(received!.aborted).toBe(true)
    expect(received!.reason).toMatchObject({ message: 'enough' })
  })

  test('under `key` nothing of an argument is run or read', async () => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached(async (_: object) => (runs += 1), { name: 'load', version: '1', key: () => 'k' })
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    let reads = 0
    const lazy = {
      get data() {
        reads += 1
        throw new Error('read')
      },
    }
    for (const argument of [lazy, proxy, { proxy }]) expect(await load.refresh(argument)).toBeGreaterThan(0)
    expect([runs, reads]).toEqual([3, 0])
  })

  test('R16 an options object keeps symbol keys, hidden properties and getters when its signal is replaced', async () => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    const own = Symbol('own')
    let received: object | undefined
    const load = cache.cached(
      async (options: object) => {
        received = options
        return 1
      },
      { name: 'load', version: '1', key: () => 'k' },
    )
    let reads = 0
    const { signal } = new AbortController()
    const options = Object.defineProperties(
      { signal, [own]: { symbol: true } },
      {
        hidden: { value: 'hidden', enumerable: false },
        lazy: { get: () => (reads += 1), enumerable: true },
        [Symbol.for('signal')]: { value: signal, enumerable: false, configurable: true },
      },
    )
    await load(options)
    const { signal: replaced, ...others } = Object.getOwnPropertyDescriptors(received) as never as PropertyDescriptorMap
    const { signal: _, ...given } = Object.getOwnPropertyDescriptors(options) as never as PropertyDescriptorMap
    expect(replaced!.value).toBeInstanceOf(AbortSignal)
    expect(replaced!.value).not.toBe(signal)
    const second = Symbol.for('signal') as never as string
    expect(others[second]!.value).toBe(replaced!.value)
    expect(others).toEqual({ ...given, [second]: others[second] })
    expect(reads).toBe(0)
  })
})

test('R16 an abort during the batched read of `many` reaches the function', async () => {
  const gate = deferred()
  const inner = asyncMapStore({ holds: 'text' })
  const store: Store = {
    ...inner,
    async getMany(keys) {
      await gate.promise
      return inner.getMany(keys)
    },
  }
  const { cache } = testScope({ store, ttl: Infinity })
  // It begins with a signal that has aborted, as it would where its caller is called so: who takes a signal looks at it
  // first, as `fetch` does. That it is not left out is what a single call does as well, and its answer is the call's.
  const begun: boolean[] = []
  const load = cache.cached(
    async (_id: string, signal: AbortSignal) => {
      begun.push(signal.aborted)
      return signal.throwIfAborted() as never as string
    },
    { name: 'load', version: '1' },
  )
  const controller = new AbortController()
  const all = load.many([['a', controller.signal]])
  await idle()
  controller.abort(new Error('while reading'))
  gate.resolve()
  expect(await isPending(all)).toBe(false)
  expect(await all).toEqual([{ status: 'rejected', reason: expect.objectContaining({ message: 'while reading' }) }])
  expect(begun).toEqual([true])
})
