import { cached } from '@autocache/next'
import { read } from './data'
import { round } from './figures'

interface Row {
  readonly year: number
  readonly country: string
  readonly cluster: number
  readonly pop: number
  readonly life_expect: number
  readonly fertility: number
}

const regions = [
  'South Asia',
  'Europe and Central Asia',
  'Sub-Saharan Africa',
  'America',
  'East Asia and Pacific',
  'Middle East and North Africa',
]

export const slugOf = (name: string): string => name.toLowerCase().replaceAll(/[^a-z]+/g, '-')

/** Every region with its countries, in a Map, as the pages want it. */
export const atlas = cached(
  async () => {
    const rows = await read<Row[]>('gapminder.json')
    const names = new Set(rows.map(({ country }) => country))
    const byRegion = new Map<string, string[]>()
    for (const name of names) {
      const region = regions[rows.find(({ country }) => country === name)!.cluster]!
      byRegion.set(region, [...(byRegion.get(region) ?? []), name].sort())
    }
    return { regions: byRegion, computedAt: new Date() }
  },
  { ttl: '1d', tags: ['atlas'] },
)

/** One country through the years. */
export const country = cached(
  async (slug: string) => {
    const rows = (await read<Row[]>('gapminder.json')).filter((row) => slugOf(row.country) === slug)
    if (rows.length === 0) return undefined
    const years = rows.map(({ year, pop, life_expect, fertility }) => ({
      year: new Date(Date.UTC(year, 0)),
      people: BigInt(pop),
      life: round(life_expect, 1),
      fertility: round(fertility, 2),
    }))
    return { name: rows[0]!.country, region: regions[rows[0]!.cluster]!, years, computedAt: new Date() }
  },
  { ttl: '1d', tags: ['atlas'] },
)
