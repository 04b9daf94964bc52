import { describe, expect, test, vi } from 'vitest'
import {
  asyncMapStore,
  type Capabilities,
  corruptingStore,
  type Fault,
  hangingStore,
  keyFoldingStore,
  lossyStore,
  mapStore,
  reorderingStore,
  runStoreSuite,
  slowStore,
  throwingStore,
} from '../src/index.ts'
import { claims, clock } from './references.ts'

const text = () => asyncMapStore({ holds: 'text' })
const syncText = () => mapStore({ holds: 'text' })
const keys = Array.from({ length: 40 }, (_, index) => `k${index}`)

/** What a synchronous store answers for every key after all of them were set. */
function readBack(store: { get(key: string): unknown; set(key: string, entry: string): void }) {
  for (const key of keys) store.set(key, `the entry of ${key}`)
  return keys.map((key) => store.get(key))
}

describe('throwingStore', () => {
  test('a synchronous store throws, an asynchronous one rejects, and nothing reaches the storage', async () => {
    const rows = new Map()
    const sync = throwingStore(mapStore({ holds: 'text', rows }), { makeError: () => new RangeError('down') })
    expect(() => sync.set('a', '1')).toThrow(RangeError)
    expect(() => sync.scope('a').get('b')).toThrow(RangeError)
    expect(() => sync.keys('')).toThrow(RangeError)
    const async = throwingStore(asyncMapStore({ holds: 'text', rows }))
    await expect(async.set('a', '1')).rejects.toThrow('The storage is down.')
    await expect(async.getMany(['a'])).rejects.toThrow()
    await expect(async.keys('')[Symbol.asyncIterator]().next()).rejects.toThrow()
    expect(rows.size).toBe(0)
  })

  test('it is switched at run time, strikes the chosen operations, and counts', async () => {
    const store = throwingStore(text(), { operations: ['get'] })
    await store.set('a', '1')
    await expect(store.get('a')).rejects.toThrow()
    store.fault.on = false
    expect(await store.get('a')).toBe('1')
    expect(store.fault.calls).toMatchObject({ get: 2, set: 1, delete: 0 })
    expect(store.fault.struck).toBe(1)
  })

  test('it rejects over a store that returns promises without being an async function', async () => {
    const sound = text()
    const store = throwingStore({ ...sound, get: (key: string) => sound.get(key).then((held) => held) })
    await expect(store.delete('a')).rejects.toThrow()
    await expect(throwingStore(throwingStore(text())).get('a')).rejects.toThrow()
  })
})

test('a fault store has the traits of the store it wraps', () => {
  const wire = Object.freeze({}) as never
  const { get: _get, ...traits } = throwingStore({ ...syncText(), lifetime: 'process', maxKeyBytes: 99, wire })
  expect(traits).toMatchObject({ lifetime: 'process', holds: 'text', maxKeyBytes: 99 })
  expect(traits.wire).toBe(wire)
  expect('wire' in throwingStore(syncText())).toBe(false)
})

test('epochs are struck and counted like the operations of the store, and their batches row by row', async () => {
  const rows = new Map()
  const fronted = () => ({ ...text(), epochs: asyncMapStore({ holds: 'text', rows }) })
  const broken = throwingStore(fronted())
  for (const run of [
    () => broken.epochs.get('a'),
    () => broken.epochs.set('a', '1'),
    () => broken.epochs.getMany(['a']),
  ]) {
    await expect(run()).rejects.toThrow('The storage is down.')
  }
  expect([rows.size, broken.fault.calls.get]).toEqual([0, 1])
  broken.fault.on = false
  await broken.epochs.set('a', '1')
  expect([await broken.epochs.get('a'), await broken.get('a')]).toEqual(['1', undefined])
  expect('epochs' in throwingStore(text())).toBe(false)

  const damaging = corruptingStore(fronted(), { damage: 'truncate' })
  const [there, none] = await damaging.epochs.getMany(['a', 'none'])
  expect([there === '1', none]).toEqual([false, undefined])
})

describe('hangingStore', () => {
  test('operations hang until they are released and land in order', async () => {
    const store = hangingStore(text(), { operations: ['set'] })
    const settled = vi.fn()
    const writes = [store.set('a', '1'), store.set('a', '2')]
    for (const write of writes) void write.then(settled)
    store.fault.on = false
    await store.set('a', '0')
    expect(settled).not.toHaveBeenCalled()
    expect(store.fault.held).toBe(2)
    await store.fault.release()
    await Promise.all(writes)
    expect(await store.get('a')).toBe('2')
    expect(store.fault.held).toBe(0)
  })
})

describe('slowStore', () => {
  test('operations begin late', async () => {
    vi.useFakeTimers()
    try {
      const store = slowStore(text(), 100)
      const settled = vi.fn()
      void store.set('a', '1').then(settled)
      await vi.advanceTimersByTimeAsync(99)
      expect(settled).not.toHaveBeenCalled()
      await vi.advanceTimersByTimeAsync(1)
      expect(settled).toHaveBeenCalledOnce()
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('lossyStore', () => {
  test('a share of the writes is lost, the same ones for one seed', () => {
    const lost = (seed: number) => readBack(lossyStore(syncText(), { probability: 0.5, seed }))
    expect(lost(7)).toEqual(lost(7))
    expect(lost(7)).not.toEqual(lost(8))
    const missing = lost(7).filter((held) => held === undefined).length
    expect(missing).toBeGreaterThan(8)
    expect(missing).toBeLessThan(32)
  })

  test('removals and single entries of a batch can be lost too', async () => {
    const store = lossyStore(text(), { probability: 1, operations: ['delete'] })
    await store.set('a', '1')
    expect(await store.delete('a')).toBe(true)
    expect(await store.get('a')).toBe('1')
    const reads = lossyStore(text(), { probability: 0.5, operations: ['get'] })
    await reads.setMany(keys.map((key) => ({ key, entry: key })))
    const got = await reads.getMany(keys)
    expect(new Set(got.map((held) => held === undefined))).toEqual(new Set([true, false]))
    expect(reads.fault.calls).toMatchObject({ getMany: 1, setMany: 1, get: 0, set: 0 })
  })
})

describe('corruptingStore', () => {
  test.each(['truncate', 'flip', 'swap', 'rubbish'] as const)('%s damages each read and no stored entry', (damage) => {
    for (const store of [
      corruptingStore(mapStore({ holds: 'text' }), { damage }),
      corruptingStore(mapStore({ holds: 'text' }), { damage, seed: 5 }),
    ]) {
      const expected = keys.map((key) => `the entry of ${key}`)
      const got = readBack(store)
      expect(got.filter((held, index) => held === expected[index])).toEqual([])
      expect(store.fault.struck).toBe(keys.length)
      store.fault.on = false
      expect(keys.map((key) => store.get(key))).toEqual(expected)
    }
  })

  test('one seed damages alike, and one bit is one bit', () => {
    const flipped = () => readBack(corruptingStore(syncText(), { damage: 'flip', seed: 3 })) as string[]
    expect(flipped()).toEqual(flipped())
    for (const [index, key] of keys.entries()) {
      const differing = [...`the entry of ${key}`].filter((unit, at) => unit !== flipped()[index]?.[at])
      expect(differing).toHaveLength(1)
    }
  })

  test.each(['truncate', 'flip', 'swap'] as const)('%s damages bytes and references in kind', (damage) => {
    const bytes = corruptingStore(mapStore({ holds: 'bytes' }), { damage })
    for (const key of keys) bytes.set(key, new TextEncoder().encode(`the entry of ${key}`))
    expect(bytes.get('k1')).toBeInstanceOf(Uint8Array)
    expect(new TextDecoder().decode(bytes.get('k1'))).not.toBe('the entry of k1')
    expect(bytes.get('none')).toBeUndefined()

    const references = corruptingStore(mapStore(), { damage })
    const entry = (key: string) =>
      ({
        format: 2,
        key,
        createdAt: 1,
        codec: 'reference',
        outcome: 'value',
        promised: false,
        epochs: 0,
        body: key,
      }) as const
    for (const key of keys) references.set(key, entry(key))
    expect(references.get('k1')).not.toEqual(entry('k1'))
    expect(references.get('k1')?.body === 'k1').toBe(damage !== 'swap')
  })
})

describe('keyFoldingStore', () => {
  test('every operation meets the folded key', async () => {
    const rows = new Map()
    const store = keyFoldingStore(mapStore({ holds: 'text', rows }))
    store.set('User', '1')
    expect(store.get('uSER')).toBe('1')
    expect(store.getMany(['USER', 'other'])).toEqual(['1', undefined])
    expect(store.scope('US').get('er')).toBe('1')
    expect([...store.keys('USE')]).toEqual(['user'])
    store.setMany([{ key: 'USER', entry: '2' }])
    expect([...rows.keys()]).toEqual(['user'])
    store.clear('Us')
    expect(rows.size).toBe(0)
  })
})

describe('reorderingStore', () => {
  test('writes are acknowledged at once and applied in another order', async () => {
    const orders = new Set<string | undefined>()
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const store = reorderingStore(text(), { reorders: 'writes', window: 3, seed })
      await store.set('a', '1')
      await store.set('a', '2')
      expect(await store.get('a')).toBeUndefined()
      expect(await store.delete('b')).toBe(true)
      orders.add(await store.get('a'))
      expect(store.fault.held).toBe(0)
    }
    expect(orders).toEqual(new Set(['1', '2']))
  })

  test('acknowledgements come in another order, the writes in the right one', async () => {
    const orders = new Set<string>()
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const store = reorderingStore(text(), { reorders: 'acks', window: 3, seed })
      const order: number[] = []
      const acks = [1, 2, 3].map((n) => store.set('a', `${n}`).then(() => order.push(n)))
      await Promise.all(acks)
      expect(await store.get('a')).toBe('3')
      orders.add(order.join())
    }
    expect(orders.size).toBeGreaterThan(1)
  })

  test('what waits can be released; a synchronous store has no acknowledgements to reorder', async () => {
    const store = reorderingStore(syncText(), { reorders: 'writes', window: 9 })
    store.set('a', '1')
    expect(store.fault.held).toBe(1)
    await store.fault.release()
    expect(store.get('a')).toBe('1')
    expect(() => reorderingStore(syncText(), { reorders: 'acks' })).toThrow(/acknowledges at once/)
  })
})

describe('fault stores and the suite', () => {
  const { survivesReopen: _r, reportsFailures: _f, maxEntryBytes: _m, ...capabilities } = claims.text
  type Text = ReturnType<typeof text>
  const faulty: Record<string, (store: Text) => Text & { readonly fault: Fault }> = {
    throwing: (store) => throwingStore(store),
    lossy: (store) => lossyStore(store, { probability: 0.5 }),
    truncating: (store) => corruptingStore(store, { damage: 'truncate' }),
    flipping: (store) => corruptingStore(store, { damage: 'flip' }),
    swapping: (store) => corruptingStore(store, { damage: 'swap' }),
    rubbish: (store) => corruptingStore(store, { damage: 'rubbish' }),
    folding: (store) => keyFoldingStore(store),
    reordering: (store) => reorderingStore(store, { reorders: 'writes' }),
  }
  const failuresOf = async (wrap: (store: Text) => Text, claimed: Capabilities = capabilities) => {
    const make = () => {
      const time = clock()
      return { store: wrap(asyncMapStore({ holds: 'text', now: time.now })), ...time }
    }
    return (await runStoreSuite(make, claimed)).failed.map(({ clause }) => clause)
  }

  test.each(Object.entries(faulty))('the suite fails a %s store', async (_name, wrap) => {
    expect(await failuresOf(wrap)).not.toEqual([])
  })

  test.each(Object.entries(faulty))('the suite passes a %s store that is switched off', async (_name, wrap) => {
    const off = (sound: Text) => {
      const store = wrap(sound)
      store.fault.on = false
      return store
    }
    expect(await failuresOf(off)).toEqual([])
  })

  test('the suite passes a slow store and one that acknowledges out of order', { timeout: 30_000 }, async () => {
    expect(await failuresOf((store) => slowStore(store, 0))).toEqual([])
    expect(await failuresOf((store) => reorderingStore(store, { reorders: 'acks', window: 1 }))).toEqual([])
  })

  test('the suite passes a folding store that does not claim exact keys', async () => {
    expect(await failuresOf((store) => keyFoldingStore(store), { ...capabilities, exactKeys: false })).toEqual([])
  })
})
