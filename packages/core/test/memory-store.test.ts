import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Entry, estimateBytes, memoryStore } from '../src/index.ts'
import { testScope } from '../src/testing.ts'

const entry = (key: string, body: unknown = key): Entry => ({
  format: 2,
  key,
  createdAt: 0,
  codec: 'reference',
  outcome: 'value',
  promised: false,
  epochs: 0,
  body,
})

/** SIEVE as its paper tells it: a list from the oldest to the newest, marks, and a hand. */
class Sieve {
  readonly list: { key: string; marked: boolean; body: unknown }[] = []
  hand: { key: string; marked: boolean; body: unknown } | undefined
  readonly max: number
  constructor(max: number) {
    this.max = max
  }

  #drop(node: (typeof this.list)[number]) {
    const at = this.list.indexOf(node)
    if (this.hand === node) this.hand = this.list[at + 1]
    this.list.splice(at, 1)
  }

  find(key: string) {
    return this.list.find((node) => node.key === key)
  }

  get(key: string): unknown {
    const node = this.find(key)
    if (node) node.marked = true
    return node?.body
  }

  set(key: string, body: unknown) {
    const node = this.find(key)
    if (node) {
      node.body = body
      node.marked = true
      return
    }
    if (this.list.length >= this.max) {
      let at = this.hand ? this.list.indexOf(this.hand) : 0
      while (this.list[at]!.marked) {
        this.list[at]!.marked = false
        at = (at + 1) % this.list.length
      }
      const victim = this.list[at]!
      this.hand = this.list[at + 1]
      this.list.splice(at, 1)
      if (this.hand === victim) this.hand = undefined
    }
    this.list.push({ key, marked: false, body })
  }

  delete(key: string): boolean {
    const node = this.find(key)
    if (node) this.#drop(node)
    return node !== undefined
  }

  clear(prefix: string) {
    for (const node of [...this.list]) if (node.key.startsWith(prefix)) this.#drop(node)
  }
}

const step = fc.record({
  operation: fc.constantFrom('get', 'get', 'set', 'set', 'set', 'delete', 'clear', 'keys'),
  through: fc.constantFrom('store', 'a', 'b', 'twin'),
  prefix: fc.constantFrom('a:', 'b:'),
  rest: fc.constantFrom('1', '2', '3', '4', '5', '6'),
  all: fc.boolean(),
})

test('any operations, through the store and through handles, do what SIEVE does', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.array(step, { maxLength: 120 }), (max, steps) => {
      const store = memoryStore({ max })
      const model = new Sieve(max)
      const handles = { a: store.scope('a:'), b: store.scope('b:'), twin: store.scope('a:') }
      let count = 0
      for (const { operation, through, prefix, rest, all } of steps) {
        const handle = through === 'store' ? undefined : handles[through as keyof typeof handles]
        const start = through === 'store' ? prefix : through === 'b' ? 'b:' : 'a:'
        const key = start + rest
        if (operation === 'get') {
          const found = handle ? handle.get(rest) : store.get(key)
          expect(found?.body).toBe(model.get(key))
          if (found) expect(found.key).toBe(key)
        } else if (operation === 'set') {
          const body = (count += 1)
          if (handle) handle.set(rest, entry(key, body))
          else store.set(key, entry(key, body))
          model.set(key, body)
        } else if (operation === 'delete') {
          expect(handle ? handle.delete(rest) : store.delete(key)).toBe(model.delete(key))
        } else if (operation === 'clear') {
          if (!all) continue
          store.clear(start)
          model.clear(start)
        } else
          expect([...store.keys(start)].sort()).toEqual(
            model.list
              .map((node) => node.key)
              .filter((one) => one.startsWith(start))
              .sort(),
          )
        expect(store.size).toBe(model.list.length)
        expect(store.size).toBeLessThanOrEqual(max)
        expect([...store.keys('')].sort()).toEqual(model.list.map((node) => node.key).sort())
      }
    }),
    { numRuns: 2000 },
  )
})

test('the bytes it holds never exceed `maxBytes`, and what it holds is what was written last', () => {
  const write = fc.record({
    rest: fc.constantFrom('1', '2', '3', '4', '5'),
    size: fc.integer({ min: 0, max: 300 }),
    operation: fc.constantFrom('set', 'set', 'set', 'get', 'delete'),
    scoped: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1500 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(write, { maxLength: 80 }),
      (maxBytes, max, writes) => {
        const store = memoryStore({ max, maxBytes })
        const scope = store.scope('k:')
        const last = new Map<string, string>()
        for (const { rest, size, operation, scoped } of writes) {
          const key = `k:${rest}`
          if (operation === 'set') {
            const body = 'x'.repeat(size)
            if (scoped) scope.set(rest, entry(key, body))
            else store.set(key, entry(key, body))
            last.set(key, body)
          } else if (operation === 'get') {
            const found = scoped ? scope.get(rest) : store.get(key)
            if (found) expect(found.body).toBe(last.get(key))
          } else {
            if (scoped) scope.delete(rest)
            else store.delete(key)
            expect(scope.get(rest)).toBeUndefined()
          }
          let bytes = 0
          for (const one of store.keys('')) bytes += estimateBytes(last.get(one)) + 2 * one.length
          expect(bytes).toBeLessThanOrEqual(maxBytes)
          expect(store.size).toBeLessThanOrEqual(max)
        }
      },
    ),
    { numRuns: 1500 },
  )
})

test('an entry that was read survives those that were not', () => {
  const store = memoryStore({ max: 3 })
  for (const key of ['a', 'b', 'c']) store.set(key, entry(key))
  store.get('a')
  store.set('d', entry('d'))
  expect([...store.keys('')].sort()).toEqual(['a', 'c', 'd'])
  for (let n = 0; n < 20; n++) {
    store.get('a')
    store.set(`n${n}`, entry(`n${n}`))
  }
  expect(store.get('a')?.body).toBe('a')
})

test('what was just written is there, though others were read and bytes are short', () => {
  const size = estimateBytes('x'.repeat(100)) + 2
  const store = memoryStore({ maxBytes: size * 2 })
  for (const key of ['a', 'b']) {
    store.set(key, entry(key, 'x'.repeat(100)))
    store.get(key)
  }
  store.set('c', entry('c', 'x'.repeat(100)))
  expect(store.get('c')).toBeDefined()
})

test('what is larger than all the room is not kept, and what stood there is gone', () => {
  const store = memoryStore({ maxBytes: 200 })
  store.set('a', entry('a', 'small'))
  store.set('b', entry('b', 'small'))
  store.set('a', entry('a', 'x'.repeat(200)))
  expect(store.get('a')).toBeUndefined()
  expect(store.get('b')?.body).toBe('small')
})

describe('handles', () => {
  test('a handle sees what the store and other handles do', () => {
    const store = memoryStore({ max: 2 })
    const [one, two] = [store.scope('p:'), store.scope('p:')]
    one.set('a', entry('p:a', 1))
    expect([store.get('p:a')?.body, two.get('a')?.body]).toEqual([1, 1])
    store.set('p:a', entry('p:a', 2))
    expect([one.get('a')?.body, two.get('a')?.body]).toEqual([2, 2])
    expect(two.delete('a')).toBe(true)
    expect([one.get('a'), store.get('p:a'), one.delete('a')]).toEqual([undefined, undefined, false])
    one.set('a', entry('p:a', 3))
    one.set('b', entry('p:b', 3))
    store.set('q:c', entry('q:c', 3))
    expect(store.size).toBe(2)
    expect([one.get('a'), one.get('b'), store.get('q:c')].filter(Boolean).length).toBe(2)
    store.clear()
    expect([one.get('a'), one.get('b'), two.get('b'), store.size]).toEqual([undefined, undefined, undefined, 0])
  })

  test('prefixes that share text do not share entries', () => {
    const store = memoryStore()
    store.scope('a').set('bc', entry('abc', 1))
    expect(store.scope('ab').get('c')?.body).toBe(1)
    expect(store.scope('ab').get('bc')).toBeUndefined()
    expect(store.scope('').get('abc')?.body).toBe(1)
  })

  test('a cached function follows evictions, deletions and clears made through the store', () => {
    const store = memoryStore({ max: 3 })
    const { cache } = testScope({ store })
    let runs = 0
    const load = cache.cached((n: number) => n + 0 * (runs += 1))
    load(1)
    load(1)
    load(1)
    expect(runs).toBe(1)
    store.delete(load.keyOf(1))
    load(1)
    expect(runs).toBe(2)
    store.clear()
    load(1)
    load(1)
    expect(runs).toBe(3)
    store.set(load.keyOf(1), { ...entry(load.keyOf(1), 77), createdAt: Date.now() })
    expect(load(1)).toBe(77)
    for (let n = 2; n < 10; n++) load(n)
    expect(store.size).toBe(3)
    store.delete(load.keyOf(1))
    expect(load(1)).toBe(1)
  })
})

test.each([0, -1, Number.NaN, 'many' as never])('a bound of %s is refused where it is written', (bound) => {
  expect(() => memoryStore({ max: bound })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(() => memoryStore({ maxBytes: bound })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

test('`max` bounds what a program keeps, by default ten thousand entries', () => {
  const store = memoryStore()
  const { cache } = testScope({ store })
  const load = cache.cached((n: number) => n)
  for (let n = 0; n < 12_000; n++) load(n)
  expect(store.size).toBe(10_000)
})

describe('estimateBytes', () => {
  test('grows with what a value holds and counts every object once', () => {
    const shared = 'x'.repeat(1000)
    const part = { text: shared }
    expect(estimateBytes([part, part])).toBeLessThan(2 * estimateBytes(part))
    expect(estimateBytes(new Uint8Array(5000))).toBeGreaterThanOrEqual(5000)
    expect(estimateBytes(new Map([['k', shared]]))).toBeGreaterThan(2000)
    expect(estimateBytes(new Set([shared]))).toBeGreaterThan(2000)
  })

  test('ends on cycles and deep values and runs no getter', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(estimateBytes(cycle)).toBeGreaterThan(0)
    let deep: unknown = 1
    for (let n = 0; n < 100_000; n++) deep = [deep]
    expect(estimateBytes(deep)).toBeGreaterThan(100_000)
    expect(
      estimateBytes({
        get boom() {
          throw new Error('getter')
        },
      }),
    ).toBeGreaterThan(0)
  })
})

test('estimateBytes counts the whole buffer behind a view, once', () => {
  const buffer = new ArrayBuffer(1_000_000)
  const views = [new Uint8Array(buffer, 5, 1), new DataView(buffer, 0, 8), Buffer.from(buffer, 0, 2)]
  for (const view of views) expect(estimateBytes(view)).toBeGreaterThanOrEqual(1_000_000)
  expect(estimateBytes(views)).toBeLessThan(1_100_000)
})
