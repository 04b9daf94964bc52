import { createAutocache, type Held, type SyncStore, UnversionedFunctionError } from '@autocache/core'
import { describe, expect, test, vi } from 'vitest'
import { sourceVersion } from '../src/runtime.ts'
import { fromText } from './source-version-support.ts'

type Rows = Map<string, Held<'text'>>

/** A cache as a process of its own would have it, over rows that outlive it. */
function release(rows: Rows) {
  const store: SyncStore<'text'> = {
    lifetime: 'shared',
    holds: 'text',
    get: (key) => rows.get(key),
    set: (key, held) => void rows.set(key, held),
    delete: (key) => rows.delete(key),
  }
  return createAutocache({ store, namespace: 'shop', ttl: Infinity, version: sourceVersion })
}

/** What a release does: its texts are its own, and what they refer to is given. */
function gross(rows: Rows, source: string, deps: Readonly<Record<string, unknown>> = {}) {
  return release(rows).cached(fromText(source, deps), { name: 'gross', version: sourceVersion.with({ deps }) })
}

describe('over a store that outlives the process', () => {
  test('a function with the version of its source needs no other', () => {
    const rows: Rows = new Map()
    const double = release(rows).cached(function double(n: number) {
      return n * 2
    })
    expect(double.version).toMatch(/^r1-[a-z2-7]{26}$/)
    expect(double.keyOf(1)).toContain(`:${double.version}:`)
    expect(double.explain(1).source).toBe('explicit')
    expect([double(2), double(2)]).toEqual([4, 4])
    expect([...rows.keys()].filter((key) => !key.includes(':epochs:'))).toHaveLength(1)
  })

  test('the next release finds what the last one stored, though it was reformatted', () => {
    const rows: Rows = new Map()
    const spy = vi.fn((net: number) => net * 2)
    vi.stubGlobal('structuredClone', spy)
    try {
      expect(gross(rows, '(net) => structuredClone(net)')(3)).toBe(6)
      expect(gross(rows, 'function gross(amount) {\n  // the same\n  return structuredClone(amount);\n}')(3)).toBe(6)
      expect(spy).toHaveBeenCalledTimes(1)
      expect(gross(rows, '(net) => structuredClone(net) + 1')(3)).toBe(7)
    } finally {
      vi.unstubAllGlobals()
    }
  })

  test.each<[string, string, Readonly<Record<string, unknown>>, string, Readonly<Record<string, unknown>>]>([
    ['its source', '(net) => net * 2', {}, '(net) => net * 3', {}],
    ['a value it refers to', '(net) => net * rate', { rate: 2 }, '(net) => net * rate', { rate: 3 }],
    [
      'a function it refers to',
      '(net) => by(net)',
      { by: fromText('(net) => net * 2') },
      '(net) => by(net)',
      { by: fromText('(net) => net * 3') },
    ],
    [
      'what it reads of the environment',
      '(net) => net * 3',
      { 'process.env.RATE': '2' },
      '(net) => net * 3',
      { 'process.env.RATE': '3' },
    ],
  ])('the next release computes again where it changed %s', (_, before, given, after, givenNow) => {
    const rows: Rows = new Map()
    gross(rows, before, given)(3)
    expect(gross(rows, after, givenNow).peek(3).state).toBe('miss')
    expect(gross(rows, after, givenNow)(3)).toBe(9)
    expect(gross(rows, before, given).peek(3).state).toBe('fresh')
  })

  test('a function whose source does not show everything is refused where it is defined', () => {
    const rows: Rows = new Map()
    const ran = vi.fn()
    const load = fromText('function load(id) { ran(id); return id }')
    vi.stubGlobal('ran', ran)
    try {
      expect(() => release(rows).cached(load)).toThrow(UnversionedFunctionError)
      expect(ran).not.toHaveBeenCalled()
    } finally {
      vi.unstubAllGlobals()
    }
  })

  test('closures of one factory meet only where what they were made with is equal', () => {
    const rows: Rows = new Map()
    const cache = release(rows)
    const factory = (rate: number) =>
      cache.cached((net: number) => net * rate, { name: 'gross', version: sourceVersion.with({ deps: { rate } }) })
    expect([factory(2)(3), factory(3)(3), factory(2)(3)]).toEqual([6, 9, 6])
    expect([...rows.keys()].filter((key) => !key.includes(':epochs:'))).toHaveLength(2)
  })

  test('a decorated method that does not use `this` has one; one that does is refused', () => {
    const cache = release(new Map())
    class Prices {
      @cache.cached({ name: 'Prices.round' })
      round(net: number) {
        return Math.round(net)
      }
    }
    expect(new Prices().round(1.5)).toBe(2)
    expect(() => {
      class Rates {
        rate = 2
        @cache.cached({ name: 'Rates.gross' })
        gross(net: number) {
          return net * this.rate
        }
      }
      return new Rates()
    }).toThrow('`this`')
  })

  test('the version of a helper may stand in the `deps` of core', () => {
    const rows: Rows = new Map()
    const of = (helper: string) =>
      release(rows).cached(fromText('(net) => net'), {
        name: 'gross',
        version: '1',
        deps: [sourceVersion(fromText(helper))],
      })
    expect(of('(n) => n + 1').keyOf(1)).toBe(of('(m) => m + 1').keyOf(1))
    expect(of('(n) => n + 1').keyOf(1)).not.toBe(of('(n) => n + 2').keyOf(1))
  })
})
