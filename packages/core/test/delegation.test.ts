import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { createDelegation, type Delegate, type Gathered } from '../src/plumbing.ts'

/** A framework's cache as bad as one may be: stale at any age, no flights, tags by the instant of the write. */
function framework(clock: () => number, more: Partial<Delegate> = {}) {
  const kept = new Map<string, { text: string; at: number; tags: readonly string[] }>()
  const ended = new Map<string, number>()
  const fills = new AsyncLocalStorage<Gathered>()
  const delegate: Delegate = {
    async run(key, tags, ttl, compute) {
      const found = kept.get(key)
      const write = async () => {
        const parcel = await compute()
        kept.set(key, { text: JSON.stringify(parcel), at: clock(), tags })
        return parcel
      }
      if (!found || tags.some((tag) => (ended.get(tag) ?? -Infinity) > found.at)) return write()
      // The refresh of what is stale is nobody's business.
      if (ttl === 0 || clock() - found.at > ttl) write().catch(() => {})
      return JSON.parse(found.text) as unknown
    },
    async invalidate(tags) {
      for (const tag of tags) ended.set(tag, clock())
    },
    within: (gathered, run) => fills.run(gathered, run),
    gathering: () => fills.getStore(),
    ...more,
  }
  return { delegate, kept }
}

function setUp(more: Partial<Delegate> = {}) {
  let now = 1_000_000
  const clock = () => now
  const { delegate, kept } = framework(clock, more)
  const delegation = createDelegation(delegate, { clock })
  const events: string[] = []
  delegation.on('*', (event) => {
    events.push('reason' in event ? `${event.type} ${event.reason}` : event.type)
  })
  const define = (fn: (...args: any[]) => unknown, options: object = {}) =>
    delegation.define(fn, { name: `f${kept.size}${Math.random()}`, version: '1', ttl: '1m', ...options })
  return { define, kept, events, delegation, advance: (ms: number) => (now += ms) }
}

const deferred = <T>() => {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((done) => (resolve = done))
  return { promise, resolve }
}

test('R13 values have their types, and the first caller gets what later callers get', async () => {
  const { define, kept } = setUp()
  const value = {
    at: new Date(0),
    map: new Map([[1n, new Set(['a'])]]),
    none: undefined,
    zero: -0,
    list: [1, null, NaN],
  }
  const typed = define(() => value)
  const plain = define(() => ({ a: [1, 'x', null, { b: true }] }))
  for (const each of [typed, plain]) {
    const first = await each.call([])
    expect(await each.call([])).toStrictEqual(first)
    expect(await each.call([])).not.toBe(first)
  }
  expect(await typed.call([])).toStrictEqual(value)
  // Plain data is kept as it is: the framework's parse is the only one.
  expect([...kept.values()][1]!.text).toContain('{"a":[1,"x",null,{"b":true}]}')
})

test('R12 concurrent callers run once, and each gets its own copy', async () => {
  const { define, events } = setUp()
  const one = define(async () => ({ n: [1] }))
  const [a, b] = (await Promise.all([one.call([]), one.call([])])) as { n: number[] }[]
  a!.n.push(2)
  expect(b).toEqual({ n: [1] })
  expect(await one.call([])).toEqual({ n: [1] })
  expect(events.filter((event) => event === 'fill')).toHaveLength(1)
})

test('R25 what is older than ttl and staleTtl is awaited, however long the framework would serve it', async () => {
  const { define, advance } = setUp()
  let n = 0
  const strict = define(async () => (n += 1))
  let m = 0
  const lenient = define(async () => (m += 1), { staleTtl: '1h' })
  await strict.call([])
  await lenient.call([])
  advance(61_000)
  expect(await strict.call([])).toBe(2)
  expect(await strict.call([])).toBe(2)
  expect(await lenient.call([])).toBe(1)
  await new Promise((resolve) => setImmediate(resolve))
  expect(await lenient.call([])).toBe(2)
  advance(2 * 3_600_000)
  expect(await lenient.call([])).toBe(3)
})

test('R09 what is under the key and is not its entry is computed anew and overwritten', async () => {
  const { define, kept, events } = setUp()
  let n = 0
  const one = define(async () => (n += 1))
  await one.call([])
  const [key, entry] = [...kept][0]!
  for (const text of ['null', '{"a":1}', '[1,"another",1,null,[],0,7]', '[1,2]', entry.text.replace('[1,', '[2,')]) {
    kept.set(key, { ...entry, text })
    const expected = n + 1
    expect(await one.call([]), text).toBe(expected)
    expect(await one.call([]), text).toBe(expected)
  }
  expect(events).toContain('unreadable-entry')
})

test('R18 a fill that began before an invalidation does not answer after it, though it is written later', async () => {
  const { define, advance } = setUp()
  const first = deferred<string>()
  const answers = [first.promise, Promise.resolve('new')]
  const one = define((id: string) => (id === 'a' ? answers.shift() : 'other'))
  const early = one.call(['a'])
  await new Promise((resolve) => setImmediate(resolve))
  advance(1)
  await one.invalidate(['a'])
  advance(1)
  expect(await one.call(['a'])).toBe('new')
  first.resolve('old')
  expect(await early).toBe('old')
  expect(await one.call(['a'])).not.toBe('old')
})

test('R18 what the framework itself ended meanwhile does not answer, though it was written later, and nobody joins its run', async () => {
  const door = deferred<void>()
  let ended = -Infinity
  const asked: boolean[] = []
  const { define, advance, events } = setUp({
    hasEnded: (_, begun, refreshed) => {
      asked.push(refreshed)
      return ended >= begun
    },
  })
  let n = 0
  const one = define(async () => {
    n += 1
    if (n === 1) await door.promise
    return n
  })
  // After whatever other tests have ended.
  const begun = advance(1e9)
  const late = one.call([])
  ended = begun
  advance(1)
  expect(await one.call([]), 'joins nobody').toBe(2)
  door.resolve()
  // The value that the run of before left last is found, and refused.
  await late
  expect(await one.call([])).toBe(3)
  expect(events).toContain('miss invalidated')
  expect(await one.call([])).toBe(3)
  expect(asked).toContain(false)
})

test('R18 a run that begins in the millisecond of an end of the framework is after it', async () => {
  const ended = 3_000_000_000
  const { define, advance } = setUp({
    hasEnded: (_, begun) => ended >= begun,
    begin: (_, now) => Math.max(now, ended + 1),
  })
  advance(ended - 1_000_000)
  let n = 0
  const one = define(async () => (n += 1))
  expect([await one.call([]), await one.call([])]).toEqual([1, 1])
})

test('R16 a caller who gives up stops waiting, and fails nobody else', async () => {
  const door = deferred<void>()
  const { define, events, advance } = setUp()
  let n = 0
  const one = define(async ({ signal }: { signal: AbortSignal }) => {
    n += 1
    await door.promise
    signal.throwIfAborted()
    return n
  })
  const [gone, stays] = [new AbortController(), new AbortController()]
  const first = one.call([{ signal: stays.signal }])
  const second = one.call([{ signal: gone.signal }])
  const third = one.call([{}])
  const reason = new Error('gone')
  gone.abort(reason)
  await expect(second).rejects.toBe(reason)
  door.resolve()
  expect(await Promise.all([first, third])).toEqual([1, 1])
  // Who has given up before he asks is the function's affair.
  advance(61_000)
  await expect(one.call([{ signal: gone.signal }])).rejects.toBe(reason)
  expect(events).toContain('bypass aborted')
})

test('R17 an invalidation names the call and not the version', async () => {
  const { delegation, advance } = setUp()
  let runs = 0
  const make = (version: string) =>
    delegation.define(async (id: string) => `${id} ${(runs += 1)}`, { name: 'same', version, ttl: '1m' })
  const [old, now] = [make('1'), make('2')]
  expect([await old.call(['a']), await now.call(['a']), await old.call(['b'])]).toEqual(['a 1', 'a 2', 'b 3'])
  advance(1)
  await now.invalidate(['a'])
  expect([await old.call(['a']), await old.call(['b'])]).toEqual(['a 4', 'b 3'])
  advance(1)
  await now.invalidateAll()
  expect(await old.call(['b'])).toBe('b 5')
})

test('R21 what a cached call leaves: its invalidation and its end reach the outer entry', async () => {
  const { define, advance } = setUp()
  let n = 0
  const inner = define(async () => (n += 1), { ttl: '10s' })
  const outer = define(async () => ({ inner: await inner.call([]) }), { ttl: '1h' })
  expect(await outer.call([])).toEqual({ inner: 1 })
  advance(5)
  await inner.invalidate([])
  advance(5)
  expect(await outer.call([])).toEqual({ inner: 2 })
  advance(11_000)
  expect(await outer.call([])).toEqual({ inner: 3 })
})

describe('what is not kept reaches its caller', () => {
  test.each<[string, () => unknown, string]>([
    ['R14 a stream', () => new ReadableStream(), 'unstored one-shot'],
    ['a function', () => ({ call: () => 1 }), 'unstored unfaithful'],
    ['what is too large', () => 'x'.repeat(5000), 'unstored too-large'],
  ])('%s', async (_, make, event) => {
    const { define, kept, events } = setUp({ maxSize: 4000 })
    const made: unknown[] = []
    const one = define(async () => {
      made.push(make())
      return made.at(-1)
    })
    const [a, b] = await Promise.all([one.call([]), one.call([])])
    expect(made.slice(0, 2)).toEqual(expect.arrayContaining([a, b]))
    expect(kept.size).toBe(0)
    expect(events).toContain(event)
  })

  test('R15 what changed its own arguments', async () => {
    const { define, kept, events } = setUp()
    const one = define(async (list: number[]) => list.push(1))
    expect(await one.call([[]])).toBe(1)
    expect(kept.size).toBe(0)
    expect(events).toContain('unstored inputs-changed')
  })

  test('what the function throws, as the same object', async () => {
    const { define } = setUp()
    const error = new RangeError('no')
    await expect(
      define(async () => {
        throw error
      }).call([]),
    ).rejects.toBe(error)
  })

  test('what belongs to one request: the function runs again, outside of the cache', async () => {
    let within = false
    const { define, events } = setUp({
      within: (_, run) => {
        within = true
        try {
          return run()
        } finally {
          within = false
        }
      },
      gathering: () => undefined,
      isRefusal: (error) => error === 'refused',
    })
    const one = define(() => {
      if (within) throw 'refused'
      return 'for this request'
    })
    expect(await one.call([])).toBe('for this request')
    expect(events).toContain('bypass request-state')
  })
})

test.each([
  ['rejects', async () => Promise.reject(new Error('down'))],
  [
    'throws',
    () => {
      throw new Error('down')
    },
  ],
])('a framework that %s does not fail the call', async (_, run) => {
  const { define, events } = setUp({ run: run as Delegate['run'] })
  expect(await define(async (n: number) => n + 1).call([1])).toBe(2)
  expect(events).toContain('store-error')
})

test('a call that is apart shares its run with nobody', async () => {
  let apart = true
  const { define, events } = setUp({ isApart: () => apart, run: (_key, _tags, _ttl, compute) => compute() })
  const gate = deferred<void>()
  const one = define(async () => gate.promise)
  const calls = [one.call([]), one.call([])]
  apart = false
  calls.push(one.call([]), one.call([]))
  gate.resolve()
  await Promise.all(calls)
  expect(events.filter((event) => event === 'fill')).toHaveLength(3)
})

test('L1 nobody joins a run that is older than flightTimeout', async () => {
  const { define, advance, events } = setUp({ run: (_key, _tags, _ttl, compute) => compute() })
  const answers = [new Promise(() => {}), Promise.resolve(2)]
  const one = define(() => answers.shift(), { flightTimeout: '1s' })
  void one.call([])
  advance(2000)
  expect(await one.call([])).toBe(2)
  expect(events).not.toContain('join')
})

test.each([
  [{ ttl: () => 5 }, '`ttl` must be a duration above 0'],
  [{ ttl: 0 }, '`ttl` must be a duration above 0'],
  [{ ttl: undefined }, '`ttl` is missing'],
  [{ tags: () => ['a'] }, '`tags` must be a list'],
  [{ tags: Array.from({ length: 127 }, (_, at) => `t${at}`) }, '`tags` must be a list of at most 126 texts'],
  [{ cacheIf: () => true }, '`cacheIf` is not possible here'],
])('an option that the framework cannot honour is refused where it is written: %o', (options, message) => {
  expect(() => setUp().define(() => 1, options)).toThrow(message)
})

test('R01 a function without a version is refused', () => {
  expect(() => setUp().define(() => 1, { version: undefined })).toThrow('has no version')
})

test('arguments that are no key are refused, and too large ones go through', async () => {
  const { define, events } = setUp()
  const one = define(async () => 1)
  await expect(one.call([() => 1])).rejects.toThrow('args[0]')
  expect(await one.call(['x'.repeat(3_000_000)])).toBe(1)
  expect(events).toContain('bypass bounds')
})
