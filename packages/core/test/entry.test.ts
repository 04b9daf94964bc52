import { createHash } from 'node:crypto'
import { asyncMapStore, mapStore, type Rows } from '@autocache/conformance'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { referenceSealer, type Sealer } from '../src/entry.ts'
import { EntryFormatError } from '../src/errors.ts'
import type { Store } from '../src/index.ts'
import { testClock, testScope } from '../src/testing.ts'
import { wire } from '../src/wire.ts'
import { idle } from './call-support.ts'

const facts = {
  key: 'ns:label:x-1:"a"',
  createdAt: 1_700_000_000_000,
  outcome: 'value',
  promised: true,
  epochs: 'AAAAAAAAAAAAAAAAAAAAAA BBBBBBBBBBBBBBBBBBBBBB CCCCCCCCCCCCCCCCCCCCCC',
} as const
const more = { tags: ['user:1', 'é'], tagPolicy: 'policy', until: 1_700_000_060_000 } as const
const value = { n: 1, at: new Date(0), tags: new Set(['a', 'é😀']), nothing: undefined }
const sealers: [string, Sealer][] = [
  ['text', wire.sealer('text', undefined)],
  ['bytes', wire.sealer('bytes', undefined)],
  ['references', referenceSealer(false)],
  ['copied references', referenceSealer(true)],
]

/** A change here is a change of the format: entries that releases in use have written become misses. */
describe('golden entries', () => {
  const golden =
    'a2.O8NwvGzyThre7xn18uF2Nn.{"key":"ns:label:x-1:\\"a\\"","createdAt":1700000000000,"codec":"devalue1","outcome":"value","promised":true,"epochs":"AAAAAAAAAAAAAAAAAAAAAA BBBBBBBBBBBBBBBBBBBBBB CCCCCCCCCCCCCCCCCCCCCC"}\n[{"n":1,"at":2,"tags":3,"nothing":-1},1,["Date","1970-01-01T00:00:00.000Z"],["Set",4,5],"a","é😀"]'
  const goldenTagged =
    'a2.v70YGlAyJBlgc5Y-g2LZYL.{"key":"ns:label:x-1:\\"a\\"","createdAt":1700000000000,"codec":"devalue1","outcome":"value","promised":true,"epochs":"AAAAAAAAAAAAAAAAAAAAAA BBBBBBBBBBBBBBBBBBBBBB CCCCCCCCCCCCCCCCCCCCCC","tags":["user:1","é"],"tagPolicy":"policy","until":1700000060000}\n[{"n":1,"at":2,"tags":3,"nothing":-1},1,["Date","1970-01-01T00:00:00.000Z"],["Set",4,5],"a","é😀"]'

  test('a text entry reads like this', () => {
    expect(wire.sealer('text', undefined).seal(value).held(facts)).toBe(golden)
  })

  test('and with tags and an end of its own like this', () => {
    expect(
      wire
        .sealer('text', undefined)
        .seal(value)
        .held({ ...facts, ...more }),
    ).toBe(goldenTagged)
  })

  test('a bytes entry is the same in UTF-8', () => {
    const held = wire.sealer('bytes', undefined).seal(value).held(facts)
    expect(held).toBeInstanceOf(Uint8Array)
    expect(Buffer.from(held as Uint8Array).toString('utf8')).toBe(golden)
    expect((held as Uint8Array).length).toBe(Buffer.byteLength(golden))
  })

  test('a reference entry is this envelope around the value itself', () => {
    const held = referenceSealer(false)
      .seal(value)
      .held({ ...facts, ...more })
    expect(held).toEqual({ format: 2, ...facts, ...more, codec: 'reference', body: value })
    expect((held as { body: unknown }).body).toBe(value)
  })

  test('golden texts are read', () => {
    const opened = wire.sealer('text', undefined).open(golden, facts.key)
    const { key: _, ...told } = facts
    expect(opened).toMatchObject(told)
    expect(opened.take()).toStrictEqual(value)
    expect(wire.sealer('text', undefined).open(goldenTagged, facts.key)).toMatchObject({ ...told, ...more })
    const bytes = wire.sealer('bytes', undefined).open(new TextEncoder().encode(golden), facts.key)
    expect(bytes.take()).toStrictEqual(value)
  })

  test('a whole call writes this', async () => {
    const rows: Rows<'text'> = new Map()
    const { cache } = testScope({
      store: mapStore({ holds: 'text', rows }),
      ttl: Infinity,
      clock: testClock(1_700_000_000_000),
    })
    const load = cache.cached(async (id: string) => ({ id }), { name: 'load', version: '1' })
    await load('42')
    const name = createHash('sha256').update('"42"').digest('base64url')
    expect(name).toBe('gzTFVMcnb1lnSBC5L_9Rl81Gv2zL6HJ0L5sEyjHf49E')
    const texts = Object.fromEntries([...rows].map(([key, { held }]) => [key, held]))
    const nothing = createHash('sha256').update('').digest('base64url')
    const epochs = [`test:load:epochs:f`, `test:load:epochs:~${name}`]
    const activities = [`test:load:epochs:a`, `test::epochs:~${nothing}`]
    expect(Object.keys(texts).sort()).toEqual([...activities, ...epochs, `test:load:x-1:~${name}`].sort())
    for (const key of [...activities, ...epochs]) expect(texts[key]).toMatch(/^e1\.[\w-]{22}\.$/)
    const carried = epochs.map((key) => texts[key]!.slice(3, 25)).join(' ')
    const rest = `{"key":"test:load:x-1:~${name}","createdAt":1700000000000,"codec":"devalue1","outcome":"value","promised":true,"epochs":"${carried}"}\n[{"id":1},"42"]`
    const checksum = createHash('sha256').update(rest).digest('base64url').slice(0, 22)
    expect(texts[`test:load:x-1:~${name}`]).toBe(`a2.${checksum}.${rest}`)
  })

  test('an epoch whose entries end by themselves is dropped after them', async () => {
    const rows: Rows<'text'> = new Map()
    const clock = testClock(1_700_000_000_000)
    const { cache } = testScope({ store: mapStore({ holds: 'text', rows, now: clock }), ttl: 60_000, clock })
    const load = cache.cached((id: string) => id, { name: 'load', version: '1', tags: ['a'] })
    load('42')
    const ends = (text: RegExp) =>
      [...rows].filter(([key]) => text.test(key)).map(([, { held, expiresAt }]) => [held.slice(26), expiresAt])
    // Of one call four lives of its entry, of a tag a month at least, of a function never.
    expect(ends(/:load:epochs:~/)).toEqual([['1700000240000', 1_700_000_240_000]])
    const name = createHash('sha256').update('a').digest('base64url')
    expect(ends(new RegExp(`::epochs:~${name}`))).toEqual([['1702592000000', 1_702_592_000_000]])
    expect(ends(/:load:epochs:[af]$/)).toEqual([
      ['', undefined],
      ['', undefined],
    ])
  })
})

describe.each(sealers)('%s entries', (_form, sealer) => {
  test('what is sealed is opened, for values and errors', () => {
    for (const outcome of ['value', 'error'] as const) {
      for (const promised of [true, false]) {
        const { held, take } = sealer.seal(value)
        const { key, ...told } = { ...facts, ...more, outcome, promised }
        const opened = sealer.open(held({ key, ...told }), facts.key)
        expect(opened).toMatchObject(told)
        expect([take(), opened.take()]).toStrictEqual([value, value])
      }
    }
  })

  test('R09 the entry of another key is an EntryFormatError that quotes no key', () => {
    const held = sealer.seal(value).held(facts)
    for (const key of ['', 'ns', facts.key.toUpperCase(), `${facts.key} `, facts.key.slice(0, -1)]) {
      let error: unknown
      try {
        sealer.open(held, key)
      } catch (cause) {
        error = cause
      }
      expect(error).toBeInstanceOf(EntryFormatError)
      expect(String((error as Error).message)).not.toContain('label')
    }
  })
})

describe('damage', () => {
  const text = wire.sealer('text', undefined)
  const bytes = wire.sealer('bytes', undefined)
  const sealedText = text.seal(value).held(facts) as string
  const sealedBytes = bytes.seal(value).held(facts) as Uint8Array

  const outcome = (sealer: Sealer, held: unknown): unknown => {
    try {
      return sealer.open(held, facts.key).take()
    } catch (error) {
      if (error instanceof EntryFormatError) return 'miss'
      throw error
    }
  }

  test('every single flipped bit of bytes is a miss', () => {
    for (let at = 0; at < sealedBytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = sealedBytes.slice()
        damaged[at]! ^= 1 << bit
        if (outcome(bytes, damaged) !== 'miss') throw new Error(`Bit ${bit} of byte ${at} was not noticed.`)
      }
    }
  })

  test('every truncation, of text and bytes, is a miss', () => {
    for (let length = 0; length < sealedText.length; length++)
      expect(outcome(text, sealedText.slice(0, length))).toBe('miss')
    for (let length = 0; length < sealedBytes.length; length++) {
      expect(outcome(bytes, sealedBytes.slice(0, length))).toBe('miss')
    }
  })

  test('anything added is a miss', () => {
    for (const held of [
      `${sealedText} `,
      ` ${sealedText}`,
      `${sealedText}\n`,
      sealedText + sealedText,
      `\ufeff${sealedText}`,
    ]) {
      expect(outcome(text, held)).toBe('miss')
      expect(outcome(bytes, new TextEncoder().encode(held))).toBe('miss')
    }
  })

  test('bytes are read in view, whatever they are a view of', () => {
    const padded = new Uint8Array(sealedBytes.length + 20)
    padded.set(sealedBytes, 7)
    const view = padded.subarray(7, 7 + sealedBytes.length)
    expect(outcome(bytes, view)).toStrictEqual(value)
    expect(outcome(bytes, Buffer.from(view.buffer, 7, sealedBytes.length))).toStrictEqual(value)
    expect(outcome(bytes, new DataView(view.buffer, 7, sealedBytes.length))).toStrictEqual(value)
  })

  test('what a hostile writer sealed with a right checksum is a value or a miss', () => {
    const forge = (rest: string) => `a2.${wire.digest(rest).slice(0, 22)}.${rest}`
    const head = (fields: object) => JSON.stringify({ ...facts, codec: 'devalue1', ...fields })
    const refused = [
      { epochs: undefined },
      { epochs: null },
      { epochs: ['A'] },
      { tags: 'a' },
      { tags: [1] },
      { tags: { length: 1, 0: 'a' } },
      { tagPolicy: 1 },
      { until: '1' },
      { until: null },
    ]
    for (const rest of [
      '',
      '\n',
      'null\n[1]',
      '[]\n[1]',
      '"text"\n[1]',
      '{}\n[1]',
      head({}),
      `${head({})}\n`,
      `${head({})}\nrubbish`,
      `${head({ createdAt: '1' })}\n[1]`,
      `${head({ outcome: 'other' })}\n[1]`,
      `${head({ promised: 1 })}\n[1]`,
      `${head({ codec: 1 })}\n[1]`,
      ...refused.map((fields) => `${head(fields)}\n[1]`),
      `${head({}).replace('1700000000000', '1e999')}\n[1]`,
      `${head({}).replace('{', '{"__proto__":{"polluted":true},')}\n[{"__proto__":1},1]`,
    ]) {
      const found = outcome(text, forge(rest))
      expect(found === 'miss' || found === 1 || typeof found === 'object').toBe(true)
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    }
    for (const fields of refused) expect(outcome(text, forge(`${head(fields)}\n[1]`))).toBe('miss')
    expect(outcome(text, forge(`${head({})}\n[1]`))).toBe(1)
    expect(outcome(text, forge(`${head(more)}\n[1]`))).toBe(1)
  })
})

describe('any held thing is a value of the function or a miss, and changes nothing', () => {
  const world = () =>
    JSON.stringify([Object.prototype, Array.prototype, Map.prototype].map((one) => Object.getOwnPropertyNames(one)))
  const before = world()

  const damage = fc.oneof(
    fc.record({
      kind: fc.constant('flip' as const),
      at: fc.nat(),
      bit: fc.nat(7),
      times: fc.integer({ min: 1, max: 5 }),
    }),
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), to: fc.nat() }),
    fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), bytes: fc.uint8Array({ maxLength: 40 }) }),
    fc.record({ kind: fc.constant('replace' as const), bytes: fc.uint8Array({ maxLength: 400 }) }),
    fc.record({ kind: fc.constant('none' as const) }),
  )
  type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never
  const apply = (bytes: Uint8Array, how: Damage): Uint8Array => {
    if (how.kind === 'replace') return how.bytes
    const copy = bytes.slice()
    if (how.kind === 'flip') {
      for (let n = 0; n < how.times; n++) copy[(how.at * (n + 1)) % copy.length]! ^= 1 << how.bit
    }
    if (how.kind === 'cut') return copy.slice(how.at % copy.length, how.to % copy.length)
    if (how.kind === 'insert') {
      const at = how.at % copy.length
      return Uint8Array.from([...copy.slice(0, at), ...how.bytes, ...copy.slice(at)])
    }
    return copy
  }

  test.each(['text', 'bytes'] as const)('%s', async (holds) => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.array(damage, { maxLength: 3 }), async (answer, damages) => {
        const rows = new Map() as Rows<'text'> & Rows<'bytes'>
        const store = asyncMapStore({ holds, rows } as never) as unknown as Store
        const { cache } = testScope<Store>({ store, ttl: Infinity })
        let runs = 0
        const load = cache.cached(
          async () => {
            runs += 1
            return answer
          },
          { name: 'load', version: '1' },
        )
        const first = await load()
        await Promise.resolve()
        for (const [, row] of rows as Map<string, { held: unknown }>) {
          for (const how of damages) {
            const held = typeof row.held === 'string' ? Buffer.from(row.held) : (row.held as Uint8Array)
            const damaged = apply(held, how)
            row.held = holds === 'text' ? Buffer.from(damaged).toString('utf8') : damaged
          }
        }
        await idle(1)
        const second = await load()
        expect(second).toStrictEqual(first)
        expect(runs).toBeLessThanOrEqual(2)
      }),
      { numRuns: 600 },
    )
    expect(world()).toBe(before)
  })
})

describe('an instant that is no number', () => {
  /** A whole entry with a right checksum, with this text for its instant. */
  const dated = (createdAt: string, key: string = facts.key) => {
    const rest = `{"key":${JSON.stringify(key)},"createdAt":${createdAt},"codec":"devalue1","outcome":"value","promised":true,"epochs":"A"}\n[1]`
    return `a2.${createHash('sha256').update(rest).digest('base64url').slice(0, 22)}.${rest}`
  }

  test('an entry of 1e999 is unreadable, as text, bytes and reference', () => {
    const [text, bytes] = [wire.sealer('text', undefined), wire.sealer('bytes', undefined)]
    expect(text.open(dated('1e12'), facts.key).createdAt).toBe(1e12)
    for (const instant of ['1e999', '-1e999', 'null', '"1"']) {
      expect(() => text.open(dated(instant), facts.key)).toThrow(EntryFormatError)
      expect(() => bytes.open(new TextEncoder().encode(dated(instant)), facts.key)).toThrow(EntryFormatError)
    }
    const held = referenceSealer(false).seal(value).held(facts)
    for (const createdAt of [Infinity, -Infinity, NaN]) {
      expect(() => referenceSealer(false).open({ ...(held as object), createdAt }, facts.key)).toThrow(EntryFormatError)
    }
  })

  test('a call over such an entry runs the function', async () => {
    const rows: Rows<'text'> = new Map()
    const { cache, events } = testScope({ store: asyncMapStore({ holds: 'text', rows }), ttl: '1m' })
    const load = cache.cached(async (n: number) => n, { name: 'load', version: '1' })
    rows.set(load.keyOf(5), { held: dated('1e999', load.keyOf(5)), expiresAt: undefined })
    expect(await load(5)).toBe(5)
    expect(events).toContainEqual(expect.objectContaining({ type: 'miss', reason: 'unreadable' }))
  })
})
