/**
 * What a table of times does not show. Each proof asks the cache of the running program and tells what it saw.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Autocache, CachedFunction } from '@autocache/core'
import type { KeyvStore } from '@autocache/keyv'
import type { Airport } from './data.ts'
import type { carbonForecast } from './reports/carbon-forecast.ts'
import type { typicalDelays } from './reports/typical-delays.ts'
import type { Storage } from './storage.ts'

/** A claim, whether it held, and what was seen. */
export interface Proof {
  readonly title: string
  readonly holds: boolean
  readonly facts: string
}

interface Stage {
  readonly cache: Autocache<KeyvStore>
  readonly storage: Storage
  readonly carbon: CachedFunction<typeof carbonForecast, KeyvStore>
  readonly delays: CachedFunction<typeof typicalDelays, KeyvStore>
  readonly findAirport: CachedFunction<(iata: string) => Airport | undefined, KeyvStore>
}

export async function* proofs({ cache, storage, carbon, delays, findAirport }: Stage): AsyncGenerator<Proof> {
  /** What `ask` answers, and how many functions ran for it, entries answered and store operations failed. */
  async function watch<TAnswer>(ask: () => Promise<TAnswer>) {
    const before = cache.stats().total
    const answer = await ask()
    await cache.close() // waits for writes under way
    const after = cache.stats().total
    const count = (type: 'fill' | 'hit' | 'store-error') => (after[type] ?? 0) - (before[type] ?? 0)
    return { answer, ran: count('fill'), stored: count('hit'), failed: count('store-error') }
  }

  await carbon.invalidate(430)
  const changed = await watch(() => carbon(430))
  const unchanged = await watch(() => carbon(450))
  yield {
    title: 'a changed argument',
    holds: changed.ran === 1 && unchanged.ran === 0 && unchanged.stored === 1,
    facts: `carbonForecast(430) ran ${times(changed.ran)}, carbonForecast(450) ${times(unchanged.ran)}`,
  }

  await findAirport.invalidate('ZZZ')
  const nowhere = await watch(() => findAirport('ZZZ'))
  const again = await watch(() => findAirport('ZZZ'))
  yield {
    title: 'a cached undefined',
    holds: nowhere.answer === undefined && nowhere.ran === 1 && again.answer === undefined && again.stored === 1,
    facts: `findAirport('ZZZ') is ${again.answer}; the first call ran ${times(nowhere.ran)}, the second ${times(again.ran)}`,
  }

  const question = { resamples: 200, seed: 1 }
  const kept = await watch(() => delays(question))
  const passing = await watch(() => carbon(450))
  const { findings } = kept.answer
  const { expected } = passing.answer.findings
  yield {
    title: 'a Map and a Date',
    holds: kept.stored === 1 && findings instanceof Map && passing.stored === 1 && expected instanceof Date,
    facts: `from the store came ${kindOf(findings)} of ${findings.size} and ${kindOf(expected)}, ${expected.toISOString().slice(0, 10)}`,
  }

  const copy = structuredClone(findings)
  findings.clear()
  const fresh = await watch(() => delays({ seed: 1, resamples: 200 }))
  yield {
    title: 'a mutated result',
    holds: fresh.stored === 1 && isDeepStrictEqual(fresh.answer.findings, copy),
    facts: `one caller emptied its Map (${findings.size} left), the next one got all ${fresh.answer.findings.size}`,
  }

  await findAirport('JFK')
  await cache.close()
  await storage.switchOff()
  const off = await watch(() => Promise.allSettled([carbon(450), findAirport('JFK'), findAirport('ZZZ')]))
  const rejected = off.answer.filter(({ status }) => status === 'rejected').length
  const [forecast, airport, none] = off.answer.map((call) => (call.status === 'fulfilled' ? call.value : call.reason))
  const right =
    isDeepStrictEqual(forecast.findings, passing.answer.findings) && airport.iata === 'JFK' && none === undefined
  yield {
    title: 'a store switched off',
    holds: rejected === 0 && right && off.stored === 0 && off.failed > 0,
    facts: `${off.answer.length} calls, ${rejected} failed; the functions ran ${times(off.ran)}, and ${off.failed} store operations were reported as errors`,
  }
}

const times = (count: number) => (count === 1 ? 'once' : count === 0 ? 'not at all' : `${count} times`)
const kindOf = (value: object) => `a ${value.constructor.name}`
