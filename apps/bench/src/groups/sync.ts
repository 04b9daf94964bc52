import { cached } from '@autocache/core'
import fastMemoizeModule from 'fast-memoize'
import { LRUCache } from 'lru-cache'
import memoizee from 'memoizee'
import { memoize as microMemoize } from 'micro-memoize'
import moizeModule from 'moize'
import type { Contender, Group } from '../contender.ts'
import { buildQuery, distinct, record } from '../inputs.ts'

// Both are CommonJS, whose default import in Node is what their types call `default`.
const fastMemoize = fastMemoizeModule as unknown as typeof fastMemoizeModule.default
const moize = moizeModule as unknown as typeof moizeModule.default

/** Peers that keep one result unless told otherwise are told to keep all that the loop asks for. */
const maxSize = distinct

export const autocache: Contender = { name: 'autocache', keys: 'structure', create: ({ fn }) => cached(fn) }

const map: Contender = {
  name: 'Map.get',
  create({ fn, calls }) {
    const results = new Map(calls.map((args) => [args[0], fn(...args)]))
    return (key: string) => results.get(key)
  },
}

export const lru: Contender = {
  name: 'LRUCache.get',
  create({ fn, calls }) {
    const results = new LRUCache<string, object>({ max: 10_000 })
    for (const args of calls) results.set(args[0], fn(...args))
    return (key: string) => results.get(key)
  },
}

const memoizeePrimitive: Contender = {
  name: 'memoizee, primitive',
  create: ({ fn }) => memoizee(fn, { primitive: true }),
}
const fast: Contender = { name: 'fast-memoize', keys: 'structure', create: ({ fn }) => fastMemoize(fn) }
const moized: Contender = { name: 'moize', create: ({ fn }) => moize(fn, { maxSize }) }
const micro: Contender = { name: 'micro-memoize', create: ({ fn }) => microMemoize(fn, { maxSize }) }

const fromText = (key: string) => record(Number(key.slice(5)))
const texts = Array.from({ length: distinct }, (_, n) => `user-${n}`)

export const oneString: Group = {
  id: 'one-string',
  title: 'Hit, one string',
  reference: lru.name,
  fn: (key: string) => fromText(key),
  args: (n) => [texts[n]],
  build: (n) => texts[n],
  // The strings are there before and have their hash codes, which is the hardest case for a ratio: nothing around the
  // look-up makes it look smaller.
  loop: (answer, build, order) => {
    const strings = order.map(build)
    let at = 0
    let last: unknown
    return () => {
      at = (at + 1) & 1023
      last = answer(strings[at])
      return last
    }
  },
  contenders: [map, lru, memoizeePrimitive, moized, micro, fast, autocache],
}

export const oneNewString: Group = {
  id: 'one-new-string',
  title: 'Hit, one string built in the loop',
  reference: lru.name,
  fn: oneString.fn,
  args: (n) => [`user-${n}`],
  loop: (answer, _build, order) => {
    let at = 0
    let last: unknown
    return () => {
      at = (at + 1) & 1023
      last = answer(`user-${order[at]}`)
      return last
    }
  },
  contenders: oneString.contenders,
}

export const twoNumbers: Group = {
  id: 'two-numbers',
  title: 'Hit, two numbers',
  reference: memoizeePrimitive.name,
  fn: (a: number, b: number) => record(a + b),
  args: (n) => [n, 7 * n],
  loop: (answer, _build, order) => {
    let at = 0
    let last: unknown
    return () => {
      at = (at + 1) & 1023
      const n = order[at] as number
      last = answer(n, 7 * n)
      return last
    }
  },
  contenders: [memoizeePrimitive, moized, micro, fast, autocache],
}

export const nestedObject: Group = {
  id: 'nested-object',
  title: 'Hit, nested object built in the loop',
  reference: fast.name,
  fn: (query: ReturnType<typeof buildQuery>) => record(query.page.number),
  args: (n) => [buildQuery(n)],
  build: buildQuery,
  loop: (answer, build, order) => {
    let at = 0
    let last: unknown
    return () => {
      at = (at + 1) & 1023
      last = answer(build(order[at] as number))
      return last
    }
  },
  contenders: [
    fast,
    {
      name: 'memoizee, normalizer JSON',
      keys: 'structure',
      create: ({ fn }) => memoizee(fn, { normalizer: (args) => JSON.stringify(args) }),
    },
    {
      name: 'moize, isSerialized',
      keys: 'structure',
      create: ({ fn }) => moize(fn, { isSerialized: true, maxSize }),
    },
    {
      name: 'moize, isDeepEqual',
      keys: 'structure',
      create: ({ fn }) => moize(fn, { isDeepEqual: true, maxSize }),
    },
    autocache,
  ],
}
