import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { runInNewContext } from 'node:vm'
import { asyncMapStore, corruptingStore, mapStore, throwingStore } from '@autocache/conformance'
import { describe, expect, test } from 'vitest'
import { createHub } from '../src/events.ts'
import { type AutocacheEvent, createAutocache, type Store } from '../src/index.ts'
import { testScope } from '../src/testing.ts'
import { eachKind, idle } from './call-support.ts'

describe.each(eachKind)('over %s', (name, makeStore) => {
  test('the events of a miss, a join and a hit come in their order, with the label', async () => {
    const { cache, types, events, reset } = testScope({ store: makeStore(), ttl: Infinity })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    await load(1)
    await idle()
    expect(types()).toEqual(['miss', 'fill', 'write'])
    expect(events[0]).toMatchObject({ reason: 'absent' })
    expect((events[1] as { duration: number }).duration).toBeGreaterThanOrEqual(0)
    reset()
    await load(1)
    expect(types()).toEqual(['hit'])
    reset()
    await Promise.all([load(2), load(2)])
    await idle()
    // Of a store that others use every call reads for itself; what promises answers those of one turn together.
    const misses = name === 'sync shared text' ? ['miss', 'miss'] : ['miss']
    expect([...types()].sort()).toEqual(['fill', 'join', ...misses, 'write'])
    for (const event of events) expect(event.label).toBe('load')
    reset()
    await load.invalidate(2)
    expect(types()).toEqual(['invalidate'])
  })

  test('stats count every event, per label and together', async () => {
    const store = makeStore()
    const { cache } = testScope({ store, ttl: Infinity })
    const one = cache.cached(async (n: number) => n, { name: 'one', version: '1' })
    const two = cache.cached(
      async (): Promise<number> => {
        throw new Error('down')
      },
      { name: 'two', version: '1' },
    )
    for (let call = 0; call < 3; call++) {
      await one(1)
      await two().catch(() => {})
      await idle()
    }
    expect(cache.stats()).toEqual({
      total: { miss: 4, fill: 1, write: 1, hit: 2, 'fill-error': 3 },
      functions: { one: { miss: 1, fill: 1, write: 1, hit: 2 }, two: { miss: 3, 'fill-error': 3 } },
      stores: [{ store: store.name ?? 'The store', breaker: 'closed', owed: 0, writes: 0, refreshes: 0 }],
    })
  })
})

test('stats count the same whether anybody listens or not', () => {
  const run = (listens: boolean) => {
    const cache = createAutocache()
    if (listens) cache.on('*', () => {})
    const load = cache.cached((n: number) => n, { name: 'load' })
    for (const n of [1, 1, 1, 2, 1, 2]) load(n)
    return cache.stats()
  }
  expect(run(true)).toEqual(run(false))
  expect(run(false).total).toEqual({ miss: 2, fill: 2, write: 2, hit: 4 })
})

test('stats are a picture of their moment', () => {
  const { cache } = testScope()
  const load = cache.cached((n: number) => n)
  const before = cache.stats()
  load(1)
  expect(before.total).toEqual({})
  expect(cache.stats().total).toMatchObject({ miss: 1 })
})

test('labels such as __proto__ are counted like any other', () => {
  const { cache } = testScope()
  cache.cached((n: number) => n, { name: '__proto__' })(1)
  cache.cached((n: number) => n, { name: 'constructor' })(1)
  expect(Object.keys(cache.stats().functions).sort()).toEqual(['__proto__', 'constructor'])
  expect(({} as { miss?: number }).miss).toBeUndefined()
})

describe('listeners', () => {
  test('`on` hears one type or all, until it is ended', () => {
    const { cache } = testScope()
    const heard: string[] = []
    const endAll = cache.on('*', ({ type }) => heard.push(`*${type}`))
    const endHits = cache.on('hit', ({ type }) => heard.push(type))
    const load = cache.cached((n: number) => n)
    load(1)
    load(1)
    expect(heard).toEqual(['*miss', '*fill', '*write', 'hit', '*hit'])
    endHits()
    endHits()
    endAll()
    load(1)
    expect(heard.length).toBe(5)
  })

  test('`onEvent` hears the events of its function only', () => {
    const { cache } = testScope()
    const heard: AutocacheEvent[] = []
    const mine = cache.cached((n: number) => n, { name: 'mine', onEvent: (event) => void heard.push(event) })
    const other = cache.cached((n: number) => n, { name: 'other' })
    mine(1)
    other(1)
    expect(heard.map(({ label, type }) => `${label} ${type}`)).toEqual(['mine miss', 'mine fill', 'mine write'])
  })

  test('one that throws or rejects harms neither the call nor the others, and is reported', async () => {
    const bad: (() => unknown)[] = [
      () => {
        throw new Error('listener')
      },
      async () => {
        throw new Error('listener')
      },
      () => {
        throw undefined
      },
      () => Object.assign(Promise.reject(new Error('listener')), {}),
      // A promise of a library.
      // biome-ignore lint/suspicious/noThenProperty: that is the subject.
      () => ({ then: (_: unknown, reject: (error: unknown) => void) => reject(new Error('listener')) }),
    ]
    for (const listener of bad) {
      for (const place of ['on', 'onEvent', 'logger'] as const) {
        const cache = createAutocache({
          ...(place === 'onEvent' && { onEvent: listener as () => void }),
          ...(place === 'logger' && { logger: { debug: listener as () => void, warn: listener as () => void } }),
        })
        const heard: string[] = []
        if (place === 'on') cache.on('*', listener as () => void)
        cache.on('*', ({ type }) => heard.push(type))
        const load = cache.cached((n: number) => n)
        expect([load(1), load(1)]).toEqual([1, 1])
        await idle()
        expect(heard.filter((type) => type !== 'listener-error')).toEqual(['miss', 'fill', 'write', 'hit'])
        expect(cache.stats().total['listener-error']).toBe(4)
        expect(heard).toContain('listener-error')
      }
    }
  })

  test('one that rejects with a promise of another realm is reported', async () => {
    const { cache } = testScope()
    cache.on('miss', () => runInNewContext('Promise').reject(new Error('listener')))
    cache.cached((n: number) => n)(1)
    await idle()
    expect(cache.stats().total['listener-error']).toBe(1)
  })

  test('a listener may call cached functions and end itself', () => {
    const { cache } = testScope()
    const other = cache.cached((n: number) => n, { name: 'other' })
    let heard = 0
    const end = cache.on('miss', ({ label }) => {
      if (label === 'other') return
      heard += 1
      other(1)
      end()
    })
    const load = cache.cached((n: number) => n, { name: 'load' })
    expect([load(1), load(2)]).toEqual([1, 2])
    expect(heard).toBe(1)
  })

  test('a listener that subscribes anew at each event ends', () => {
    const hub = createHub(undefined, undefined)
    let heard = 0
    let end: () => void
    const listen = () => {
      if ((heard += 1) > 50) throw new Error('for ever')
      end()
      end = hub.on('*', listen)
    }
    end = hub.on('*', listen)
    hub.reporter('load', undefined)({ type: 'hit' })
    expect(heard).toBe(1)
  })
})

describe('the diagnostics channel', () => {
  test('`autocache` receives every event', () => {
    const received: unknown[] = []
    const listen = (message: unknown) => void received.push(message)
    subscribe('autocache', listen)
    try {
      const { cache, events } = testScope()
      const load = cache.cached((n: number) => n, { name: 'diagnosed' })
      load(1)
      load(1)
      expect(received).toEqual(events)
      expect(received.length).toBe(4)
    } finally {
      unsubscribe('autocache', listen)
    }
  })

  test('it alone is enough to be heard', () => {
    const received: AutocacheEvent[] = []
    const listen = (message: unknown) => void received.push(message as AutocacheEvent)
    const cache = createAutocache()
    const load = cache.cached((n: number) => n)
    load(1)
    subscribe('autocache', listen)
    try {
      load(1)
    } finally {
      unsubscribe('autocache', listen)
    }
    load(1)
    expect(received.map(({ type }) => type)).toEqual(['hit'])
  })
})

test('no line of the logger shows an argument, a value, an error or a key', async () => {
  const secrets = ['arg-secret', 'value-secret', 'error-secret', 'store-secret']
  const lines: string[] = []
  const logger = { debug: (line: string) => void lines.push(line), warn: (line: string) => void lines.push(line) }
  const stores: (() => Store)[] = [
    () => mapStore(),
    () => mapStore({ holds: 'text' }),
    () => asyncMapStore({ holds: 'text' }),
    () => throwingStore(asyncMapStore({ holds: 'text' }), { makeError: () => new Error('store-secret') }),
    () => corruptingStore(mapStore({ holds: 'text' }), { damage: 'flip' }),
  ]
  for (const makeStore of stores) {
    for (const keys of ['readable', 'digest'] as const) {
      const store = makeStore()
      const { cache } = testScope<Store>({ store, ttl: Infinity, keys, logger, errorTtl: 1 })
      const load = cache.cached((secret: string) => ({ value: `value-secret ${secret}`.slice(0, 20) }), {
        name: 'load',
        version: keys,
      })
      const fails = cache.cached(
        async (_secret: string) => {
          throw new Error('error-secret')
        },
        { name: 'fails', version: keys },
      )
      const unstorable = cache.cached(async (_secret: string) => ({ open: () => 'value-secret' }), {
        name: 'unstorable',
        version: keys,
      })
      for (let round = 0; round < 2; round++) {
        await load('arg-secret')
        await fails('arg-secret').catch(() => {})
        await unstorable('arg-secret')
        await load.many([['arg-secret'], ['arg-secret 2']])
        await Promise.resolve(load.peek('arg-secret'))
        await (async () => load.invalidate('arg-secret'))().catch(() => {})
        await load('arg-secret'.repeat(200_000))
        await idle()
      }
      lines.push('----')
      expect(lines.length).toBeGreaterThan(20)
      for (const line of lines) {
        for (const secret of [...secrets, load.keyOf('arg-secret').split(':').at(-1)!])
          expect(line).not.toContain(secret)
      }
    }
  }
  expect(lines.some((line) => line === 'autocache hit: load')).toBe(true)
})

test('events show a key only where its arguments are digested', async () => {
  for (const keys of ['readable', 'digest'] as const) {
    const { cache, events } = testScope({ store: asyncMapStore({ holds: 'text' }), ttl: Infinity, keys })
    const load = cache.cached(async (_secret: string) => 1, { name: 'load', version: '1' })
    await load('arg-secret')
    await idle()
    await load('arg-secret')
    await load.invalidate('arg-secret')
    expect(JSON.stringify(events)).not.toContain('arg-secret')
    for (const event of events)
      expect('key' in event && event.key).toBe(keys === 'digest' ? load.keyOf('arg-secret') : undefined)
  }
})

test('hits take the short way again once nobody listens any more', () => {
  const hub = createHub(undefined, undefined)
  const report = hub.reporter('load', undefined)
  expect(report.observed()).toBe(false)
  const ends = [hub.on('hit', () => {}), hub.on('hit', () => {}), hub.on('*', () => {})]
  for (const end of ends) {
    expect(report.observed()).toBe(true)
    end()
  }
  expect(report.observed()).toBe(false)
  // An end that is repeated ends nobody else's.
  const last = hub.on('hit', () => {})
  ends[0]!()
  expect(report.observed()).toBe(true)
  last()
  expect(report.observed()).toBe(false)
})

test('peek and explain are no hits and no misses', async () => {
  const { cache, reset, types } = testScope({ store: asyncMapStore({ holds: 'text' }), ttl: '1m' })
  const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
  await load(1)
  await idle()
  const before = cache.stats()
  reset()
  for (const n of [1, 2]) {
    await load.peek(n)
    await load.explain(n)
  }
  expect(types()).toEqual([])
  expect(cache.stats()).toEqual(before)
})
