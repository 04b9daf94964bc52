import { Readable, Transform } from 'node:stream'
import { asyncMapStore } from '@autocache/conformance'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { isOneShot } from '../src/entry.ts'
import { memoryStore, type Store } from '../src/index.ts'
import { testScope } from '../src/testing.ts'
import { copying, deferred, eachKind, idle, kinds } from './call-support.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const rich = () => ({
  date: new Date(86_400_000),
  map: new Map<unknown, unknown>([['a', { deep: new Set([1, 'one']) }]]),
  list: [1, undefined, null, Number.NaN, -0, 2n],
  bytes: new Uint8Array([1, 2, 255]),
  pattern: /a+/gi,
  link: new URL('https://a.example/?q=1'),
  text: 'é\ud83d\ude00',
  nothing: undefined,
})

describe.each(eachKind)('R13 over %s', (name, makeStore) => {
  test('R13 a miss and a hit give the same value, type for type', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached(
      async () => {
        runs += 1
        return rich()
      },
      { name: 'load', version: '1' },
    )
    const miss = await load()
    await idle()
    const hit = await load()
    expect(runs).toBe(1)
    for (const value of [miss, hit]) {
      expect(value).toStrictEqual(rich())
      expect(value.date).toBeInstanceOf(Date)
      expect(value.map).toBeInstanceOf(Map)
      expect(Object.is(value.list[4], -0)).toBe(true)
      expect('nothing' in value).toBe(true)
    }
    expect(hit === miss).toBe(!(copying as readonly string[]).includes(name))
  })

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['NaN', Number.NaN],
    ['-0', -0],
    ['0', 0],
    ['an empty text', ''],
    ['false', false],
  ])('%s is a value and is kept', async (_value, value) => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached(
      () => {
        runs += 1
        return value
      },
      { name: 'load', version: '1' },
    )
    const miss = await load()
    await idle()
    const hit = await load()
    expect(runs).toBe(1)
    expect([Object.is(miss, value), Object.is(hit, value)]).toEqual([true, true])
    expect(await load.peek()).toMatchObject({ state: 'fresh', outcome: 'value' })
  })

  test('R13 an async function answers with a promise on miss and hit', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const load = cache.cached(async () => 1, { name: 'load', version: '1' })
    const miss = load()
    expect(miss).toBeInstanceOf(Promise)
    await miss
    await idle()
    const hit = load()
    expect(hit).toBeInstanceOf(Promise)
    expect(await hit).toBe(1)
  })

  test('R13 what differs after a round trip is not stored: first and later callers get the original kind', async () => {
    class Money {
      readonly cents = 5
    }
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const load = cache.cached(async () => ({ price: new Money() }), { name: 'load', version: '1' })
    for (let call = 0; call < 3; call++) {
      expect((await load()).price).toBeInstanceOf(Money)
      await idle()
    }
  })

  test('R13 concurrent callers of what cannot be stored all get it', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const load = cache.cached(async () => ({ call: () => 1 }), { name: 'load', version: '1' })
    for (const { call } of await Promise.all([load(), load(), load()])) expect(call()).toBe(1)
  })

  test('R12 nobody’s mutation reaches another caller of a store that copies', async () => {
    if (!(copying as readonly string[]).includes(name)) return
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const original = { list: [1], map: new Map([['a', 1]]), at: new Date(0), bytes: new Uint8Array([1]) }
    const load = cache.cached(
      async () => {
        await idle(1)
        return original
      },
      { name: 'load', version: '1' },
    )
    const answers = await Promise.all([load(), load(), load()])
    await idle()
    answers.push(await load(), await load())
    expect(new Set([original, ...answers]).size).toBe(6)
    for (const answer of [original, ...answers]) {
      answer.list.push(2)
      answer.map.clear()
      answer.at.setTime(5)
      answer.bytes.fill(9)
    }
    const last = await load()
    expect(last).toEqual({ list: [1], map: new Map([['a', 1]]), at: new Date(0), bytes: new Uint8Array([1]) })
  })

  test('R12 a value is encoded before anybody receives it', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity, clone: true })
    const load = cache.cached(async () => ({ n: 1 }), { name: 'load', version: '1' })
    const first = load().then((value) => {
      value.n = 2
    })
    const second = load()
    await first
    expect(await second).toEqual({ n: 1 })
    await idle()
    expect(await load()).toEqual({ n: 1 })
  })

  test('R12 with `clone` each caller gets his own copy', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity, clone: true })
    const original = { ...rich(), link: undefined }
    const load = cache.cached(async () => original, { name: 'load', version: '1' })
    const answers = await Promise.all([load(), load()])
    await idle()
    answers.push(await load())
    answers.push(
      (await load.peek()).state === 'fresh' ? ((await load.peek()) as { value: typeof original }).value : original,
    )
    expect(new Set([original, ...answers]).size).toBe(5)
    for (const answer of answers) expect(answer).toStrictEqual({ ...rich(), link: undefined })
    for (const answer of [original, ...answers]) answer.list.length = 0
    expect((await load()).list).toEqual(rich().list)
  })

  test('R12 with `clone` what is primed is copied as well', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity, clone: true })
    const load = cache.cached(async () => ({ n: 0 }), { name: 'load', version: '1' })
    const value = { n: 1 }
    await load.prime([], Promise.resolve(value))
    value.n = 2
    expect(await load()).toEqual({ n: 1 })
  })

  test('R12 a shared reference is shared by declaration', async () => {
    if ((copying as readonly string[]).includes(name)) return
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const original = { list: [1] }
    const load = cache.cached(async () => original, { name: 'load', version: '1' })
    const [one, two] = await Promise.all([load(), load()])
    await idle()
    expect([one, two, await load()].every((answer) => answer === original)).toBe(true)
  })

  test('R12 in development a mutated shared value is reported, once, and nowhere else', async () => {
    const shares = !(copying as readonly string[]).includes(name)
    for (const [mode, clone, expected] of [
      ['development', false, shares ? 1 : 0],
      ['development', true, 0],
      ['production', false, 0],
    ] as const) {
      vi.stubEnv('NODE_ENV', mode)
      const { cache, types } = testScope({ store: makeStore(), ttl: Infinity, clone })
      const load = cache.cached(async () => ({ list: [1] }), { name: 'load', version: '1' })
      const value = await load()
      await idle()
      await load()
      expect(types()).not.toContain('mutated')
      value.list.push(2)
      await load()
      await load()
      expect(types().filter((type) => type === 'mutated').length).toBe(expected)
    }
  })

  const generator = function* () {
    yield 1
  }
  const asyncGenerator = async function* () {
    yield 1
  }
  test.each<[string, () => unknown]>([
    ['a web stream', () => new ReadableStream()],
    ['a writable web stream', () => new WritableStream()],
    ['a transform stream', () => new TransformStream()],
    ['a node stream', () => Readable.from(['a'])],
    ['a node transform', () => new Transform()],
    ['a generator', () => generator()],
    ['an async generator', () => asyncGenerator()],
    ['an array iterator', () => [1, 2][Symbol.iterator]()],
    ['a map iterator', () => new Map().entries()],
    ['a Response', () => new Response('body')],
    ['a Request', () => new Request('https://a.example', { method: 'POST', body: 'x' })],
    ['a stream in an envelope', () => ({ status: 200, body: new ReadableStream() })],
    ['a Response in a list', () => [new Response('a')]],
  ])('R14 %s is never stored and never handed to a second caller', async (_kind, make) => {
    const { cache, events } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached(
      async () => {
        runs += 1
        await idle(1)
        return make()
      },
      { name: 'load', version: '1' },
    )
    const calls = await Promise.all([load(), load(), load()])
    await idle()
    calls.push(await load())
    expect(runs).toBe(4)
    expect(new Set(calls).size).toBe(4)
    expect(events.filter(({ type }) => type === 'write')).toEqual([])
    expect(events).toContainEqual(expect.objectContaining({ type: 'unstored' }))
    expect(await load.peek()).toEqual({ state: 'miss' })
  })

  test('R14 a primed stream is refused and not shared', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    const load = cache.cached(async () => new ReadableStream(), { name: 'load', version: '1' })
    await expect((async () => load.prime([], Promise.resolve(new ReadableStream())))()).rejects.toMatchObject({
      code: 'UNSTORABLE_VALUE',
    })
    expect(await load.peek()).toEqual({ state: 'miss' })
  })

  test('a Response that was read whole can be stored as what was read', async () => {
    const { cache } = testScope({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached(
      async () => {
        runs += 1
        return new Response('{"a":1}').json() as Promise<{ a: number }>
      },
      { name: 'load', version: '1' },
    )
    expect(await load()).toEqual({ a: 1 })
    await idle()
    expect(await load()).toEqual({ a: 1 })
    expect(runs).toBe(1)
  })

  test('a thenable is asked once', async () => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    let asked = 0
    const load = cache.cached(
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: the subject of the test
        then(resolve: (value: number) => void) {
          asked += 1
          resolve(asked)
        },
      }),
      { name: 'load', version: '1' },
    )
    expect(await Promise.all([load(), load()])).toEqual([1, 1])
    await idle()
    expect(await load()).toBe(1)
    expect(asked).toBe(1)
  })

  test('a function that sometimes promises answers rightly each time', async () => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    const runs: number[] = []
    const load = cache.cached(
      (n: number) => {
        runs.push(n)
        return n % 2 ? Promise.resolve(n * 10) : n * 10
      },
      { name: 'load', version: '1' },
    )
    const asynchronous = load(0) instanceof Promise
    await idle()
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 6; n++) {
        const answer: unknown = load(n)
        expect(answer instanceof Promise).toBe(asynchronous || n % 2 === 1)
        expect(await answer).toBe(n * 10)
        await idle()
      }
    }
    // The first promise after values may be its caller's alone; everything else is computed once.
    expect(runs.length).toBeLessThanOrEqual(7)
  })
})

describe.each(['memory', 'sync shared text'])('sync over %s', (name) => {
  const makeStore = kinds[name]!

  test('R13 a sync function answers at once on miss and hit', () => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached(
      () => {
        runs += 1
        return rich()
      },
      { name: 'load', version: '1' },
    ) as unknown as () => ReturnType<typeof rich>
    expect(load()).toStrictEqual(rich())
    expect(load()).toStrictEqual(rich())
    expect(load()).toStrictEqual(rich())
    expect(runs).toBe(1)
  })

  test('R14 a generator function answers every caller with a generator of his own', () => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    const count = cache.cached(
      function* count(to: number) {
        for (let n = 0; n < to; n++) yield n
      },
      { name: 'count', version: '1' },
    ) as unknown as (to: number) => Generator<number>
    for (let call = 0; call < 3; call++) expect([...count(3)]).toEqual([0, 1, 2])
  })

  test('R13 an async function whose first call throws still answers with promises', async () => {
    const { cache } = testScope<Store>({ store: makeStore(), ttl: Infinity })
    let runs = 0
    const load = cache.cached(
      () => {
        runs += 1
        if (runs === 1) throw new Error('at once')
        return Promise.resolve(runs)
      },
      { name: 'load', version: '1' },
    )
    expect(() => load()).toThrow('at once')
    const answer = load()
    expect(answer).toBeInstanceOf(Promise)
    expect(await answer).toBe(2)
    expect(load()).toBeInstanceOf(Promise)
  })
})

test.each(['async text', 'async bytes', 'async references'])(
  'R13 a sync function answers with a promise every time over %s, thrown errors and unkeyable arguments included',
  async (name) => {
    const { cache } = testScope<Store>({ store: kinds[name]!(), ttl: Infinity, errorTtl: Infinity })
    const load = cache.cached(
      (n: unknown) => {
        if (n === 0) throw new Error('zero')
        return n
      },
      { name: 'load', version: '1' },
    ) as (n: unknown) => Promise<unknown>
    for (let round = 0; round < 2; round++) {
      await expect(load(0)).rejects.toThrow('zero')
      await expect(load(1)).resolves.toBe(1)
      await expect(load(() => {})).rejects.toMatchObject({ code: 'UNKEYABLE_VALUE', path: 'args[0]' })
      await expect(load('x'.repeat(2_000_000))).resolves.toHaveLength(2_000_000)
      await idle()
    }
  },
)

describe('R12 what `clone` copies', () => {
  test.each<[string, () => object]>([
    ['Buffer', () => Buffer.from('abc')],
    ['Uint8Array', () => new Uint8Array([1, 2])],
    ['Date', () => new Date(5)],
    ['Map', () => new Map([[{ a: 1 }, [1]]])],
    ['Set', () => new Set([[1]])],
    ['an array with holes', () => Object.assign(new Array(3), { 1: 'x' })],
    [
      'a cycle',
      () => {
        const a: { self?: object } = {}
        a.self = a
        return a
      },
    ],
    ['a null prototype', () => Object.assign(Object.create(null), { a: 1 })],
    ['an Error', () => new TypeError('m')],
  ])('%s', async (_kind, make) => {
    const { cache, events } = testScope({ clone: true })
    const original = make()
    const load = cache.cached(() => original)
    const [one, two] = [load(), load()]
    expect(one).toStrictEqual(make())
    expect(two).toStrictEqual(make())
    expect(new Set([original, one, two]).size).toBe(3)
    expect(Object.getPrototypeOf(one)).toBe(Object.getPrototypeOf(original))
    expect(events.map(({ type }) => type)).toContain('hit')
  })
})

test('a result whose `then` cannot be read is returned as it is', () => {
  const read = () => {
    throw new Error('read')
  }
  const results = [
    Object.defineProperty({}, 'then', { get: read, enumerable: true }),
    new Proxy({ open() {} }, { get: (target, name) => (name === 'then' ? read() : Reflect.get(target, name)) }),
  ]
  for (const kind of ['memory', 'sync shared text'] as const) {
    for (const [at, result] of results.entries()) {
      const { cache } = testScope<Store>({ store: kinds[kind]!(), ttl: Infinity })
      const load = cache.cached(() => result, { name: `load ${at}`, version: '1' })
      expect(load() === result).toBe(true)
      expect(load.refresh() === result).toBe(true)
    }
  }
})

describe('R14 what counts as readable only once', () => {
  test.each<[string, unknown]>([
    ['a ReadableStream', new ReadableStream()],
    ['a WritableStream', new WritableStream()],
    ['a TransformStream', new TransformStream()],
    ['a stream that decompresses', new DecompressionStream('gzip')],
    ['a Response', new Response('a')],
    ['a Request', new Request('http://localhost')],
    ['a stream of Node', Readable.from([])],
    ['a transform of Node', new Transform()],
    ['an iterator', [1].values()],
    ['a generator', (function* () {})()],
    ['an async generator', (async function* () {})()],
    ['an envelope around a stream', { status: 200, body: new ReadableStream() }],
    ['a list with a stream', [1, new ReadableStream()]],
  ])('R14 %s', (_, value) => {
    expect(isOneShot(value)).toBe(true)
  })

  test.each<[string, unknown]>([
    ['lists called `readable` and `writable`', { readable: ['a.txt'], writable: ['b.txt'] }],
    ['data named like the methods of a stream', { pipe: 'a', on: true, next: 2, write: 1, end: 5 }],
    ['a list', [[1], { a: 1 }]],
    ['a map', new Map([[1, 2]])],
  ])('R14 not %s', (_, value) => {
    expect(isOneShot(value)).toBe(false)
  })

  test('R14 no getter is run to find out', () => {
    const ran: string[] = []
    class Lazy {
      get next() {
        ran.push('next')
        return () => {}
      }
      get pipe() {
        ran.push('pipe')
        return () => {}
      }
      get [Symbol.toStringTag]() {
        ran.push('tag')
        return 'Lazy'
      }
      on() {}
    }
    const bag = {
      get body() {
        ran.push('body')
        return 1
      },
      lazy: new Lazy(),
    }
    expect([new Lazy(), [new Lazy()], bag].map(isOneShot)).toEqual([false, false, false])
    expect(ran).toEqual([])
  })

  test('R14 of a long list only the beginning is looked at', () => {
    let reads = 0
    const list: unknown[] = new Array(2_000_000).fill(0)
    list[150] = new ReadableStream()
    const counted = new Proxy(list, {
      get(target, name) {
        reads += 1
        return Reflect.get(target, name)
      },
      // To list its names is to read all of it.
      ownKeys: () => expect.unreachable(),
    })
    expect(isOneShot(counted)).toBe(false)
    expect(reads).toBeLessThan(300)
    list[50] = new ReadableStream()
    expect(isOneShot(counted)).toBe(true)
  })
})

test('R12 with `clone` what cannot be copied is computed for who asks, also where he joined another', async () => {
  const { cache } = testScope({ store: memoryStore() })
  const held = deferred()
  const load = async (_id: string) => {
    await held.promise
    return { open: () => 1 }
  }
  const [shares, copies] = [{}, { clone: true }].map((options) =>
    cache.cached(load, { name: 'load', version: '1', ...options }),
  )
  const both = [shares!('a'), copies!('a')]
  held.resolve()
  const [one, other] = await Promise.all(both)
  expect(one).not.toBe(other)
  expect([one!.open(), other!.open()]).toEqual([1, 1])
})

test('with `clone` the error of a refresh that a call waited for is the very one', async () => {
  const store = asyncMapStore({ holds: 'references' })
  const { cache, clock, settle } = testScope({ store, ttl: '1m', earlyRefresh: 0.5, clone: true })
  const error = Object.assign(new Error('down'), { code: 1 })
  const held = deferred()
  let runs = 0
  const load = cache.cached(async (_id: string) => {
    runs += 1
    if (runs === 1) return {}
    await held.promise
    throw error
  })
  await load('a')
  await settle()
  clock.advance(40_000)
  await load('a')
  await idle()
  clock.advance(30_000)
  const late = load('a')
  await idle()
  held.resolve()
  await expect(late).rejects.toBe(error)
  expect(runs).toBe(2)
})
