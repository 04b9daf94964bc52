import { readdirSync, readFileSync } from 'node:fs'
import type { Results } from './results.ts'

/** What must hold of a path: the bars of the project. */
export interface Bar<TResults = Results> {
  readonly id: string
  readonly title: string
  readonly limit: number
  readonly must: 'be at most' | 'be below' | 'be at least'
  readonly unit: string
  /** The figure, or nothing where it was not measured. */
  readonly measured: (results: TResults) => number | undefined
}

/** Bars that are known to be missed, by id: the figure that must not get worse, and the page that says why. */
export type AcceptedMisses = ReadonlyMap<string, { readonly figure: number; readonly page: string }>

export type Outcome = 'met' | 'missed' | 'accepted' | 'worse than accepted' | 'not measured'

export interface Verdict<TResults = Results> {
  readonly bar: Bar<TResults>
  readonly measured: number | undefined
  readonly outcome: Outcome
  readonly page?: string | undefined
}

/** The middle ratio of a contender's time per call to that of its group's reference. */
function ratioOf(group: string, contender: string): Bar['measured'] {
  return ({ groups }) =>
    groups.find(({ id }) => id === group)?.contenders.find(({ name }) => name === contender)?.ratio.median
}

/** The same as throughput: how many calls it answers in the time of one of the reference's. */
function throughputOf(group: string, contender: string): Bar['measured'] {
  const ratio = ratioOf(group, contender)
  return (results) => {
    const time = ratio(results)
    return time === undefined ? undefined : 1 / time
  }
}

const atMost = (limit: number) => ({ must: 'be at most', limit, unit: 'x' }) as const
const throughput = (id: string, title: string): Bar => ({
  id,
  title,
  must: 'be at least',
  limit: 0.85,
  unit: "x of keyv.get's throughput",
  measured: throughputOf(id, 'autocache over keyvStore'),
})
const size = (condition: 'browser' | 'node'): Bar => ({
  id: `size-${condition}`,
  title: `\`cached\` + \`memoryStore\`, min+gz, ${condition}`,
  must: 'be at most',
  limit: 7,
  unit: 'kB',
  measured: (results) => results.size && results.size[condition] / 1000,
})

export const bars: readonly Bar[] = [
  {
    id: 'one-string',
    title: 'sync hit, one string',
    ...atMost(3),
    unit: 'x LRUCache.get',
    measured: ratioOf('one-string', 'autocache'),
  },
  {
    id: 'lru-cache-hit',
    title: 'sync hit over an LRUCache, one string',
    ...atMost(3),
    unit: 'x LRUCache.get',
    measured: ratioOf('lru-cache-hit', 'autocache over lruCacheStore'),
  },
  {
    id: 'two-numbers',
    title: 'sync hit, two numbers',
    must: 'be below',
    limit: 1,
    unit: 'x memoizee (primitive)',
    measured: ratioOf('two-numbers', 'autocache'),
  },
  {
    id: 'nested-object',
    title: 'sync hit, nested object built in the loop',
    must: 'be below',
    limit: 1,
    unit: 'x fast-memoize',
    measured: ratioOf('nested-object', 'autocache'),
  },
  {
    id: 'encode-key',
    title: '`encodeKey` of a nested object',
    ...atMost(1),
    unit: 'x safe-stable-stringify',
    measured: ratioOf('encode-key', 'autocache, encodeKey'),
  },
  {
    id: 'digest-key',
    title: 'digest key (`keyOf`)',
    ...atMost(1.5),
    unit: 'x JSON.stringify + crypto.hash',
    measured: ratioOf('digest-key', 'autocache, keyOf'),
  },
  {
    id: 'async-hit',
    title: 'async hit in memory',
    ...atMost(2),
    unit: 'x an async function around Map.get',
    measured: ratioOf('async-hit', 'autocache'),
  },
  throughput('keyv-map-one-key', 'hit over Keyv Map, 64 callers of one key'),
  throughput('keyv-map-many-keys', 'hit over Keyv Map, 64 callers of 64 keys'),
  throughput('keyv-redis-one-key', 'hit over Keyv + Redis, 64 callers of one key'),
  throughput('keyv-redis-many-keys', 'hit over Keyv + Redis, 64 callers of 64 keys'),
  {
    id: 'miss',
    title: 'miss, trivial function, memory',
    ...atMost(1.5),
    unit: 'x p-memoize',
    measured: ratioOf('miss', 'autocache'),
  },
  {
    id: 'heap',
    title: 'heap after 10 million calls on a store of 10,000',
    ...atMost(1.1),
    unit: 'x the heap after the first tenth',
    measured: ({ heap }) => heap && heap.bytes.at(-1)! / heap.bytes[0]!,
  },
  size('browser'),
  size('node'),
]

/** Whether a figure is as good as a limit. */
function meets(must: Bar['must'], figure: number, limit: number): boolean {
  if (must === 'be at least') return figure >= limit
  return must === 'be below' ? figure < limit : figure <= limit
}

/** Misses of the compiler's bars stand in the same pages, and are judged with `compiler/bars.ts`. */
export function judge(results: Results, accepted: AcceptedMisses): Verdict[] {
  return verdictsOf(bars, results, new Map([...accepted].filter(([id]) => !id.startsWith('compiler-'))))
}

export function verdictsOf<TResults>(
  bars: readonly Bar<TResults>[],
  results: TResults,
  accepted: AcceptedMisses,
): Verdict<TResults>[] {
  for (const id of accepted.keys()) {
    if (!bars.some((bar) => bar.id === id)) throw new RangeError(`There is no bar ${id} to accept a miss of.`)
  }
  return bars.map((bar) => {
    const measured = bar.measured(results)
    const miss = accepted.get(bar.id)
    return { bar, measured, outcome: outcomeOf(bar, measured, miss?.figure), page: miss?.page }
  })
}

function outcomeOf(
  { must, limit }: Pick<Bar, 'must' | 'limit'>,
  measured: number | undefined,
  accepted: number | undefined,
): Outcome {
  if (measured === undefined) return 'not measured'
  if (meets(must, measured, limit)) return 'met'
  if (accepted === undefined) return 'missed'
  // The figure itself is as bad as it may get.
  return meets(must === 'be below' ? 'be at most' : must, measured, accepted) ? 'accepted' : 'worse than accepted'
}

/** Whether a run with this verdict fails. */
export const fails = ({ outcome }: Pick<Verdict, 'outcome'>) =>
  outcome === 'missed' || outcome === 'worse than accepted'

/**
 * Reads the accepted misses from the decision pages in a folder: the rows of a table whose first heading is
 * `accepted miss`, each with the id of a bar in backquotes, the figure, and whatever follows:
 *
 *     | accepted miss | figure | why |
 *     |---|--:|---|
 *     | `miss` | 1.9 | two promises are the floor |
 */
export function readAcceptedMisses(decisions: string): AcceptedMisses {
  const accepted = new Map<string, { figure: number; page: string }>()
  for (const name of readdirSync(decisions).filter((name) => name.endsWith('.md'))) {
    const page = `docs/decisions/${name}`
    const text = readFileSync(`${decisions}/${name}`, 'utf8')
    for (const [, rows] of text.matchAll(/^\| *accepted miss *\|.*\n\|[-:| ]+\n((?:\|.*(?:\n|$))+)/gm)) {
      for (const row of rows!.trim().split('\n')) {
        const [, id, figure] = /^\| *`([a-z0-9-]+)` *\| *(\d+(?:\.\d+)?)\b/.exec(row) ?? []
        if (id === undefined || accepted.has(id)) throw new SyntaxError(`${page}: not a row, or twice: ${row}`)
        accepted.set(id, { figure: Number(figure), page })
      }
    }
  }
  return accepted
}
