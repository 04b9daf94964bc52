import { describe, expect, test } from 'vitest'
import { inMemory } from '../in-memory.ts'
import { generatedExpression, generatedFlow, generatedModule, type Random, randomFrom } from './generated.ts'
import { full } from './libraries.ts'
import { summaryOf } from './mutants.ts'

const shown = (value: unknown): string => {
  if (typeof value === 'function') return 'function'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'symbol' || value instanceof RegExp) return String(value)
  return Object.is(value, -0) ? '-0' : (JSON.stringify(value) ?? String(value))
}

const compiled = (text: string): ((...values: unknown[]) => unknown) =>
  new Function(`'use strict'; ${text.replace('export ', '')}; return f`)()

const failure = (error: unknown) => `threw ${error instanceof Error ? error.name : String(error)}`

/** All that a function of `generatedFlow` can be seen to do, for every way through its tests. */
function flows(text: string): string {
  const f = compiled(text)
  return Array.from({ length: 8 }, (_, bits) => {
    const trace: string[] = []
    const decide = (place: number) => {
      if (trace.length > 200) throw 'limit'
      trace.push(`c${place}`)
      return Boolean(bits & (1 << place))
    }
    const see = (value: unknown) => {
      trace.push(shown(value))
      return value
    }
    try {
      return `${shown(f(decide, see))} ${trace}`
    } catch (error) {
      return `${failure(error)} ${trace}`
    }
  }).join(';')
}

/** All that a function of `generatedExpression` does with values of every kind, with the conversions it asks for. */
function values(text: string): string {
  const f = compiled(text)
  const log: string[] = []
  const converted = (name: string, number: number, k: unknown) => ({
    toString: () => {
      log.push(`string ${name}`)
      return name
    },
    valueOf: () => {
      log.push(`value ${name}`)
      return number
    },
    k,
  })
  const [p, q] = [converted('p', 1, { k: 3 }), converted('q', 2, undefined)]
  const pairs = [
    [1, 2],
    ['a', ''],
    [null, undefined],
    [p, q],
    [Number.NaN, 0],
    [-0, true],
    [q, 'p'],
    [1n, 2n],
    [Symbol.iterator, 1],
  ]
  return pairs
    .map(([a, b]) => {
      log.length = 0
      try {
        const value = f(a, b)
        return `${typeof value} ${shown(value)} ${log}`
      } catch (error) {
        return `${failure(error)} ${log}`
      }
    })
    .join(';')
}

/** What `f` of a module answers once the module was evaluated. */
function state(text: string): string | undefined {
  Reflect.deleteProperty(globalThis, 'shared')
  try {
    return shown(compiled(text)())
  } catch {
    // A module that cannot be evaluated has no answer to compare.
    return undefined
  } finally {
    Reflect.deleteProperty(globalThis, 'shared')
  }
}

const codeOf = (text: string) => {
  const { definitions, findings } = summaryOf('f.mjs', text)
  expect(findings, text).toEqual([])
  return JSON.stringify([definitions[0]!.digest, definitions[0]!.slots.map(({ to, use }) => [to, use])])
}
const versionOf = (text: string) => inMemory({ 'f.mjs': text }).versionOf('f.mjs', 'f').version

const kinds: readonly {
  readonly what: string
  readonly make: (random: Random) => string
  readonly run: (text: string) => string | undefined
  readonly version: (text: string) => string
  readonly count: number
}[] = [
  { what: 'take the same way', make: generatedFlow, run: flows, version: codeOf, count: full ? 200_000 : 3_000 },
  {
    what: 'make the same value',
    make: generatedExpression,
    run: values,
    version: codeOf,
    count: full ? 200_000 : 3_000,
  },
  {
    what: 'see the same state of their module',
    make: generatedModule,
    run: state,
    version: versionOf,
    count: full ? 40_000 : 800,
  },
]

describe('generated functions of one version', () => {
  for (const { what, make, run, version, count } of kinds) {
    test(`all ${what}`, { timeout: 3_600_000 }, () => {
      const random = randomFrom(full ? 2 : 1)
      const known = new Map<string, { readonly text: string; readonly seen: string }>()
      let pairs = 0
      for (let index = 0; index < count; index += 1) {
        const text = make(random)
        const seen = run(text)
        if (seen === undefined) continue
        const key = version(text)
        const other = known.get(key)
        if (!other) known.set(key, { text, seen })
        else {
          pairs += 1
          if (other.seen !== seen)
            expect.fail(`These have one version:\n${other.text}\n----\n${text}\n${other.seen}\n----\n${seen}`)
        }
      }
      console.log(`${count} that ${what}: ${known.size} versions, ${pairs} pairs of one version, 0 unlike`)
      expect(pairs).toBeGreaterThan(count / 20)
    })
  }
})
