import { asyncMapStore, describeStore } from '@autocache/conformance'
import { describe, expect, test, vi } from 'vitest'
import { type AsyncStore, type Bus, createAutocache, memoryStore, tieredStore } from '../src/index.ts'
import { deferred, idle, wait } from './call-support.ts'
import { race } from './race.ts'

/** A bus within this process, which can be cut off, and which can lose what is told without anybody's noticing. */
function busses() {
  const hearers = new Set<{ hear(message: string): void; gap(): void; n: number }>()
  const state = { cut: false, lossy: false, n: 0, published: 0, beats: 0 }
  const connect = (): Bus => ({
    async publish(message) {
      await null
      state.n += 1
      state.published += 1
      for (const one of hearers) {
        if (state.cut || state.lossy) continue
        if (one.n !== state.n - 1) one.gap()
        one.n = state.n
        one.hear(message)
      }
    },
    listen(hear, gap) {
      const one = { hear, gap, n: -1 }
      hearers.add(one)
      return () => void hearers.delete(one)
    },
    async beat() {
      state.beats += 1
      await null
      if (state.cut) throw new Error('cut off')
      for (const one of hearers) {
        if (one.n !== state.n) one.gap()
        one.n = state.n
      }
    },
  })
  return { state, connect, hearers }
}

/** Processes with memory of their own over one storage. */
function world(options: { bus?: boolean; heartbeat?: number; ttl?: number } = {}) {
  const far = { rows: new Map(), locks: new Map(), reads: 0 }
  const bus = busses()
  const state = { now: 1, runs: 0 }
  /** What is read may be told later, when it is no longer so. */
  const start = (told?: () => Promise<void> | undefined) => {
    const plain = asyncMapStore({ holds: 'text', ...far })
    const read = async <T>(answer: Promise<T>) => {
      far.reads += 1
      const found = await answer
      await told?.()
      return found
    }
    const counted: AsyncStore<'text'> = {
      ...plain,
      getMany: (keys) => read(plain.getMany(keys)),
      get: (key) => read(plain.get(key)),
    }
    const near = memoryStore({ max: 1000 })
    const own = options.bus ? { bus: bus.connect(), heartbeat: options.heartbeat ?? 1000, ttl: options.ttl } : {}
    const store = tieredStore([near, counted], own)
    const cache = createAutocache({ store, namespace: 'tiers', version: '1', ttl: '1h' })
    const load = cache.cached(
      async (id: number) => {
        state.runs += 1
        return `${id} of ${state.now}`
      },
      { name: 'load', tags: ['t'] },
    )
    return { cache, load, store, near }
  }
  /** A process of a release that has no memory in front, and so no bus. */
  const startPlain = () =>
    createAutocache({ store: asyncMapStore({ holds: 'text', ...far }), namespace: 'tiers', version: '1', ttl: '1h' })
  return { startPlain, start, far, bus, state }
}

/** Calls until the bus has beaten, so that what is kept here is believed. */
async function warm({ load, cache }: ReturnType<ReturnType<typeof world>['start']>, id = 1) {
  for (let n = 0; n < 4; n++) {
    await load(id)
    await cache.close()
    await wait(1)
  }
}

describe('tieredStore', () => {
  const rows = () => ({ rows: new Map(), locks: new Map() })
  const claims = {
    ...({ mode: 'async', lifetime: 'shared', holds: 'text', exactKeys: true } as const),
    ...({ survivesReopen: true, epochs: true, getMany: true, locks: true } as const),
  }
  describe.each([false, true])('keeps the contract (with a bus: %s)', (heard) => {
    describeStore(
      `tieredStore, ${heard ? 'with' : 'without'} a bus`,
      () => {
        const far = rows()
        const bus = busses()
        const make = () =>
          tieredStore([memoryStore(), asyncMapStore({ holds: 'text', ...far })], heard ? { bus: bus.connect() } : {})
        return { store: make(), reopen: make }
      },
      claims,
    )
  })

  test('what a tier or an option must be is said at once', () => {
    const far = asyncMapStore({ holds: 'text' })
    const make = tieredStore as (...args: unknown[]) => unknown
    expect(() => make([far, far])).toThrow(/first tier/)
    expect(() => make([memoryStore(), memoryStore()])).toThrow(/second tier/)
    expect(() => make([memoryStore(), tieredStore([memoryStore(), far])])).toThrow(/second tier/)
    expect(() => make([memoryStore(), far], { heartbeat: 1 })).toThrow(/heartbeat/)
    expect(() => make([memoryStore(), far], { ttl: 'soon' })).toThrow(/ttl/)
  })

  test('R22 without a bus each call reads the epochs, and nothing but them', async () => {
    const { start, state, far } = world()
    const [one, two] = [start(), start()]
    await warm(one)
    far.reads = 0
    await one.load(1)
    expect(far.reads).toBe(1)
    expect(await two.load(1)).toBe('1 of 1')
    state.now = 2
    await two.cache.invalidateTags('t')
    expect(await one.load(1)).toBe('1 of 2')
    expect(await two.load(1)).toBe('1 of 2')
    expect(state.runs).toBe(2)
  })

  test('R22 with a bus a hit asks nobody, and an invalidation reaches every process', async () => {
    const { start, state, far } = world({ bus: true })
    const [one, two] = [start(), start()]
    await warm(one)
    await warm(two)
    far.reads = 0
    for (let n = 0; n < 50; n++) expect(await one.load(1)).toBe('1 of 1')
    expect(far.reads).toBe(0)
    state.now = 2
    await two.cache.invalidateTags('t')
    expect(await one.load(1)).toBe('1 of 2')
    expect(await two.load(1)).toBe('1 of 2')
    state.now = 3
    await one.load.invalidate(1)
    expect(await two.load(1)).toBe('1 of 3')
    expect(state.runs).toBe(3)
  })

  test('R22 a bus that was cut off is not believed for longer than the heartbeat, and is again when it is back', async () => {
    const { start, state, bus, far } = world({ bus: true, heartbeat: 150 })
    const [one, two] = [start(), start()]
    await warm(one)
    await warm(two)
    bus.state.cut = true
    state.now = 2
    await two.cache.invalidateTags('t')
    // By the clock of the machine: a call that begins this much later does not believe what it was told before.
    await wait(151)
    expect(await one.load(1)).toBe('1 of 2')
    far.reads = 0
    await one.load(1)
    expect(far.reads).toBeGreaterThan(0)
    bus.state.cut = false
    await vi.waitFor(async () => {
      far.reads = 0
      expect(await one.load(1)).toBe('1 of 2')
      expect(far.reads).toBe(0)
    })
  })

  test('R22 what a bus lost unnoticed shows at its next beat', async () => {
    const { start, state, bus } = world({ bus: true, heartbeat: 150 })
    const [one, two] = [start(), start()]
    await warm(one)
    await warm(two)
    bus.state.lossy = true
    state.now = 2
    await two.cache.invalidateTags('t')
    bus.state.lossy = false
    // Which is at most so much later; where none comes round by then, nothing that was told before is believed.
    await wait(151)
    expect(await one.load(1)).toBe('1 of 2')
  })

  test('R22 what is told while epochs are read is not kept from that read', async () => {
    const heartbeat = 150
    const { start, state } = world({ bus: true, heartbeat })
    let late: Promise<void> | undefined
    const one = start()
    const two = start(() => late)
    expect(await one.load(1)).toBe('1 of 1')
    await one.cache.close()
    await warm(two, 2)
    const gate = deferred()
    late = gate.promise
    const reading = two.load(1)
    await idle()
    late = undefined
    state.now += 1
    await one.load.invalidate(1)
    await idle()
    gate.resolve()
    expect(await reading).toBe('1 of 1')
    await wait(heartbeat + 1)
    expect(await two.load(1)).toBe('1 of 2')
  })

  test('R22 what a process without the bus ends is seen when the near tier has kept what it has for its ttl', async () => {
    const { start, startPlain, state } = world({ bus: true, ttl: 100 })
    const one = start()
    await warm(one)
    state.now = 2
    await startPlain().invalidateTags('t')
    await vi.waitFor(async () => expect(await one.load(1)).toBe('1 of 2'))
  })

  test('R20 an invalidation that the bus did not take rejects, and counts here', async () => {
    const { start, state } = world({ bus: true })
    const one = start()
    await warm(one)
    const { epochs } = one.store
    state.now = 2
    vi.spyOn(epochs!, 'set').mockRejectedValueOnce(new Error('cut off'))
    await expect(one.cache.invalidateTags('t')).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect(await one.load(1)).toBe('1 of 2')
  })

  test('what the near tier has and no longer counts does not hide what the far one has', async () => {
    const { start, state } = world()
    const [one, two] = [start(), start()]
    await warm(one)
    await warm(two)
    state.now = 2
    await one.cache.invalidateTags('t')
    expect(await one.load(1)).toBe('1 of 2')
    await one.cache.close()
    expect(await two.load(1)).toBe('1 of 2')
    expect(state.runs).toBe(2)
  })

  test('a bus that throws at once fails no call and does not end the program, and is asked again', {
    timeout: 40_000,
  }, async () => {
    const bus = busses().connect()
    const state = { fails: false, refused: 0, beats: 0, left: 0 }
    const refuse = () => {
      state.refused += 1
      throw new Error('closed')
    }
    const moody: Bus = {
      publish: (message) => bus.publish(message),
      listen: (hear, gap) => {
        const leave = bus.listen(hear, gap)
        return () => {
          leave()
          state.left += 1
          throw new Error('closed')
        }
      },
      beat: () => {
        if (state.fails) refuse()
        state.beats += 1
        return bus.beat()
      },
    }
    const uncaught: unknown[] = []
    const note = (error: unknown) => void uncaught.push(error)
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', note)
    try {
      const store = tieredStore([memoryStore(), asyncMapStore({ holds: 'text' })], { bus: moody, heartbeat: 60 })
      const cache = createAutocache({ store, namespace: 'moody', version: '1', ttl: '1h' })
      const failures: unknown[] = []
      cache.on('store-error', ({ error }) => failures.push(error))
      const load = cache.cached(async (id: number) => id, { name: 'load' })
      state.fails = true
      expect(await load(1)).toBe(1)
      const asks = async () => expect(await load(1)).toBe(1)
      await vi.waitFor(async () => {
        await asks()
        expect(state.refused).toBeGreaterThan(2)
      }, 10_000)
      state.fails = false
      await vi.waitFor(async () => {
        await asks()
        expect(state.beats).toBeGreaterThan(2)
      }, 10_000)
      expect(failures).toEqual([])
      await vi.waitUntil(() => state.left > 0, { timeout: 10_000 })
      await wait(1)
      expect(uncaught).toEqual([])
    } finally {
      process.off('uncaughtException', note)
      for (const other of others) process.on('uncaughtException', other)
    }
  })

  test('it neither listens nor beats when nobody has asked it for a while', async () => {
    const { start, bus } = world({ bus: true, heartbeat: 60 })
    await warm(start())
    expect(bus.hearers.size).toBe(1)
    await vi.waitUntil(() => bus.hearers.size === 0, { timeout: 3000 })
    const { beats } = bus.state
    await wait(100)
    expect(bus.state.beats).toBe(beats)
  })

  test.each([false, true])(
    'R18 invalidations race fills over tiers (with a bus: %s)',
    { timeout: 120_000 },
    async (heard) => {
      const far = rows()
      const bus = busses()
      const stores = [0, 1, 2].map(() =>
        tieredStore([memoryStore(), asyncMapStore({ holds: 'text', ...far })], heard ? { bus: bus.connect() } : {}),
      )
      const { stale, hits } = await race(stores, 300)
      expect(stale).toEqual([])
      expect(hits).toBeGreaterThan(0)
    },
  )
})
