import { asyncMapStore } from '@autocache/conformance'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  type AsyncStore,
  createAutocache,
  type MemoryStoreOptions,
  memoryStore,
  type TieredOptions,
  tieredStore,
} from '../src/index.ts'
import { giveTimeBack, takeTime } from './hand-time.ts'
import { Lines } from './lines.ts'

const heartbeat = 900

/** Processes over one far tier, which counts what it is asked. */
function world(lines = new Lines(), memory: MemoryStoreOptions = {}, options: TieredOptions = {}) {
  const far = { rows: new Map(), locks: new Map(), reads: 0 }
  const values: number[] = []
  const start = () => {
    const plain = asyncMapStore({ holds: 'text', ...far })
    const counted: AsyncStore<'text'> = {
      ...plain,
      get: async (key) => {
        far.reads += 1
        return plain.get(key)
      },
      getMany: async (keys) => {
        far.reads += 1
        return plain.getMany(keys)
      },
    }
    const near = memoryStore(memory)
    const looks = vi.spyOn(near, 'get')
    const line = lines.connect()
    const store = tieredStore([near, counted], { bus: line, heartbeat, ...options })
    const cache = createAutocache({ store, namespace: 'near', version: '1', ttl: '10m' })
    const load = cache.cached(async (key: number) => ({ key, value: values[key] ?? 0 }), {
      name: 'load',
      tags: (_, key) => [`key:${key}`, 'any'],
    })
    return { cache, load, line, looks, near }
  }
  return { start, far, values, lines }
}

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

/** Calls until the bus has beaten, so that what is kept here is believed, and the short way knows the key. */
async function warm({ load, cache, line }: ReturnType<ReturnType<typeof world>['start']>, key = 1) {
  for (let n = 0; n < 4; n++) {
    const answer = load(key)
    await pass(1)
    await answer
    await pass(20)
    line.deliver()
    await pass(20)
  }
  await cache.close()
}

beforeEach(() => takeTime('performance', 'Date'))
afterEach(giveTimeBack)

describe('R22 a hit that the bus vouches for', () => {
  test('awaits nothing, looks nothing up, and gives each caller a value of its own', async () => {
    const { start, far } = world()
    const one = start()
    await warm(one)
    far.reads = 0
    one.looks.mockClear()
    let answered: unknown
    void one.load(1).then((value) => (answered = value))
    await null
    expect(answered).toEqual({ key: 1, value: 0 })
    const [first, second] = await Promise.all([one.load(1), one.load(1)])
    expect(first).toEqual(second)
    expect(first).not.toBe(second)
    first.value = 99
    expect(await one.load(1)).toEqual({ key: 1, value: 0 })
    expect(far.reads).toBe(0)
    expect(one.looks).not.toHaveBeenCalled()
    expect(one.cache.stats().total.fill).toBe(1)
  })

  test('is counted and reported as any other', async () => {
    const { start } = world()
    const one = start()
    await warm(one)
    const { hit = 0 } = one.cache.stats().total
    await one.load(1)
    expect(one.cache.stats().total.hit).toBe(hit + 1)
    const heard: string[] = []
    const off = one.cache.on('hit', ({ type }) => heard.push(type))
    await one.load(1)
    expect(heard).toEqual(['hit'])
    off()
  })

  test('ends with its ttl', async () => {
    const { start, values } = world()
    const one = start()
    await warm(one)
    values[1] = 1
    await pass(600_000)
    const answer = one.load(1)
    await pass(1)
    expect(await answer).toEqual({ key: 1, value: 1 })
  })

  test('ends with an invalidation of its process before that is acknowledged', async () => {
    const { start, values } = world()
    const one = start()
    await warm(one)
    values[1] = 1
    const ended = one.load.invalidate(1)
    const answer = one.load(1)
    await pass(1)
    await ended
    expect(await answer).toEqual({ key: 1, value: 1 })
  })

  test('is left by the short way where the near tier has let its entry go', async () => {
    const { start, far } = world(new Lines(), { max: 1 })
    const one = start()
    await warm(one, 1)
    await warm(one, 2)
    far.reads = 0
    const answer = one.load(1)
    await pass(1)
    expect(await answer).toEqual({ key: 1, value: 0 })
    expect(far.reads).toBeGreaterThan(0)
  })

  test.each(['scope', 'slot', 'entry'])(
    'fails no call where the near tier throws for its places: %s',
    async (where) => {
      const near = memoryStore()
      const fail = (): never => {
        throw new Error('broken')
      }
      const slot = () =>
        where === 'slot'
          ? fail()
          : {
              visited: false,
              checked: 0,
              indexes: undefined,
              get entry() {
                return fail()
              },
            }
      const broken = {
        ...near,
        scope: (prefix: string) => (where === 'scope' ? fail() : { ...near.scope!(prefix), slot }),
      }
      const far = asyncMapStore({ holds: 'text' })
      const store = tieredStore([broken as unknown as typeof near, far], { bus: new Lines().connect(), heartbeat })
      const cache = createAutocache({ store, namespace: 'near', version: '1', ttl: '10m' })
      const load = cache.cached(async (key: number) => key, { name: 'load' })
      for (let n = 0; n < 3; n++) {
        const answer = load(1)
        await pass(1)
        expect(await answer).toBe(1)
        await cache.close()
      }
      expect(cache.stats().total.fill).toBe(1)
    },
  )

  test('is kept by the near tier no longer than its own ttl says', async () => {
    const { start, far } = world(new Lines(), {}, { ttl: '1m' })
    const one = start()
    await warm(one)
    const get = async () => {
      far.reads = 0
      const answer = one.load(1)
      await pass(1)
      await answer
      return far.reads
    }
    expect(await get()).toBe(0)
    // The bus goes on to beat while it is asked.
    for (let past = 0; past < 60_000; past += 250) {
      await pass(250)
      one.line.deliver()
      await get()
    }
    one.line.deliver()
    expect(one.cache.stats().total.fill).toBe(1)
    await pass(59_000)
    expect(await get()).toBeGreaterThan(0)
    expect(one.cache.stats().total.fill).toBe(1)
  })

  test('is believed no longer than what says whether it counts is kept, however late the entry came', async () => {
    const { start, far, values } = world(new Lines(), {}, { ttl: 1000 })
    const one = start()
    await warm(one)
    const plain = createAutocache({
      store: asyncMapStore({ holds: 'text', ...far }),
      namespace: 'near',
      version: '1',
      ttl: '10m',
    })
    const on = async (ms: number) => {
      for (let done = 0; done < ms; done += 50) {
        await pass(50)
        one.line.deliver()
        const answer = one.load(1)
        await pass(1)
        await answer
      }
    }
    await on(600)
    // The entry is read again, and so kept for longer than its epochs.
    one.near.clear()
    await one.load(1)
    expect(await one.load(1)).toEqual({ key: 1, value: 0 })
    values[1] = 7
    // Nobody tells the bus.
    await plain.invalidateTags('any')
    await on(600)
    const answer = one.load(1)
    await pass(20)
    expect(await answer).toEqual({ key: 1, value: 7 })
    await Promise.all([one.cache.close(), plain.close()])
  })

  test('what a function that it answers depends on reaches the outer one', async () => {
    const { start, values } = world()
    const one = start()
    const outer = one.cache.cached(async (key: number) => (await one.load(key)).value, { name: 'outer' })
    await warm(one)
    const first = outer(1)
    await pass(1)
    expect(await first).toBe(0)
    values[1] = 1
    const ended = one.cache.invalidateTags('key:1')
    await pass(1)
    await ended
    const second = outer(1)
    await pass(1)
    expect(await second).toBe(1)
  })
})

/** What happens: who does it, and to which key. */
const steps = fc.array(
  fc.record({
    what: fc.constantFrom(
      ...(['load', 'load', 'load', 'load', 'load', 'load', 'load', 'load', 'many', 'many', 'deliver', 'wait'] as const),
      ...(['beat', 'beat', 'beat', 'call', 'tag', 'all', 'any', 'prime', 'refresh', 'cut', 'mend', 'mend'] as const),
    ),
    who: fc.nat(2),
    key: fc.nat(2),
    ms: fc.constantFrom(1, 50, 301, 1000),
  }),
  { minLength: 60, maxLength: 160, size: 'max' },
)

const long = globalThis.process?.env?.AUTOCACHE_LONG ? 10_000 : 60

test(`R22 no hit is older than its bound, whatever is cut off, late or let go (${long} worlds)`, {
  timeout: 3_600_000,
}, async () => {
  let short = 0
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const { start, values, far } = world(new Lines(), { max: list.length % 2 ? 5 : 2 })
      const processes = [start(), start(), start()]
      /** The least value of a key that each process may answer with, and from when on. */
      const least = processes.map(() => new Map<number, { value: number; from: number; told: boolean }[]>())
      const floor = (who: number, key: number) =>
        Math.max(
          0,
          ...(least[who]!.get(key) ?? []).filter(({ from }) => from <= performance.now()).map(({ value }) => value),
        )
      const settle = async <T>(work: Promise<T>): Promise<T> => {
        await pass(1)
        return work
      }
      const end = async (who: number, keys: readonly number[], work: () => Promise<unknown>) => {
        const made = keys.map((key) => ({ key, value: (values[key] = (values[key] ?? 0) + 1) }))
        await settle(work())
        const now = performance.now()
        for (const [at, table] of least.entries()) {
          for (const { key, value } of made) {
            const list = table.get(key) ?? []
            const told = !processes[at]!.line.cut
            table.set(key, [...list, { value, told, from: at === who ? now : now + heartbeat }])
          }
        }
      }
      /** What was told to a process counts there from now on. */
      const deliver = (who: number) => {
        processes[who]!.line.deliver()
        for (const [key, list] of least[who]!)
          least[who]!.set(
            key,
            list.map((one) => (one.told ? { ...one, from: Math.min(one.from, performance.now()) } : one)),
          )
      }
      const check = (who: number, key: number, { value, key: own }: { key: number; value: number }, least: number) => {
        expect(own).toBe(key)
        expect(value, `process ${who}, key ${key}`).toBeGreaterThanOrEqual(least)
        expect(value).toBeLessThanOrEqual(values[key] ?? 0)
      }
      const everyKey = [0, 1, 2]
      for (const { what, who, key, ms } of list) {
        const { load, cache, line, looks } = processes[who]!
        switch (what) {
          case 'load': {
            for (let again = 0; again < 3; again++) {
              const before = floor(who, key)
              const [reads, looked] = [far.reads, looks.mock.calls.length]
              const value = await settle(load(key))
              check(who, key, value, before)
              if (far.reads === reads && looks.mock.calls.length === looked) short += 1
            }
            break
          }
          case 'many': {
            const before = everyKey.map((key) => floor(who, key))
            const all = await settle(Promise.all(everyKey.map((key) => load(key))))
            for (const key of everyKey) check(who, key, all[key]!, before[key]!)
            break
          }
          case 'call':
            await end(who, [key], () => load.invalidate(key))
            break
          case 'tag':
            await end(who, [key], () => cache.invalidateTags(`key:${key}`))
            break
          case 'any':
            await end(who, everyKey, () => cache.invalidateTags('any'))
            break
          case 'all':
            await end(who, everyKey, () => load.invalidateAll())
            break
          case 'prime':
            await end(who, [key], () => load.prime([key], { key, value: values[key]! }))
            break
          case 'refresh':
            await end(who, [key], () => load.refresh(key))
            break
          case 'cut':
            line.cut = true
            break
          case 'mend':
            line.cut = false
            break
          case 'deliver':
            deliver(who)
            await pass(1)
            break
          case 'beat':
            await pass(301)
            for (const at of processes.keys()) deliver(at)
            await pass(1)
            break
          case 'wait':
            await pass(ms)
        }
      }
      await settle(Promise.all(processes.map(({ cache }) => cache.close())))
    }),
    { numRuns: long },
  )
  // It is the short way that was checked.
  expect(short).toBeGreaterThan(long)
})
