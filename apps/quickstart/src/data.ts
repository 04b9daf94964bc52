import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { cached } from '@autocache/core'

/** An airport of `airports.csv`. */
export interface Airport {
  readonly iata: string
  readonly name: string
  readonly city: string
  readonly state: string
  readonly country: string
  readonly latitude: number
  readonly longitude: number
}

/** A line of `flights-airport.csv`: how many flights went from one airport to another in 2008. */
export interface Route {
  readonly origin: string
  readonly destination: string
  readonly flights: number
}

/** A flight of `flights-200k.json`: minutes late at arrival, and miles. */
export interface Flight {
  readonly delay: number
  readonly distance: number
}

/** A month of `co2-concentration.csv`, in parts per million; `adjusted` by Scripps, without the seasons. */
export interface CarbonMonth {
  readonly date: Date
  readonly ppm: number
  readonly adjusted: number
}

const require = createRequire(import.meta.url)
const folder = join(dirname(require.resolve('vega-datasets')), '..')
const read = (file: string) => readFileSync(join(folder, file), 'utf8')

/** The data as a text that changes with them. */
export const dataVersion = (): string => `vega-datasets@${JSON.parse(read('package.json')).version}`

// The bare `cached` keeps values in this process and needs no options: each file is read once.

/** Every airport. */
export const airports = cached((): readonly Airport[] =>
  table('airports.csv').map((row) => ({
    iata: row.iata!,
    name: row.name!,
    city: row.city!,
    state: row.state!,
    country: row.country!,
    latitude: Number(row.latitude),
    longitude: Number(row.longitude),
  })),
)

/** Every route. */
export const routes = cached((): readonly Route[] =>
  table('flights-airport.csv').map((row) => ({
    origin: row.origin!,
    destination: row.destination!,
    flights: Number(row.count),
  })),
)

/** 200,000 flights. */
export const flights = cached((): readonly Flight[] => JSON.parse(read('data/flights-200k.json')))

/** Carbon dioxide in the air over Mauna Loa, month by month since 1958. */
export const carbonMonths = cached((): readonly CarbonMonth[] =>
  table('co2-concentration.csv').map((row) => ({
    date: new Date(`${row.Date}T00:00:00Z`),
    ppm: Number(row.CO2),
    adjusted: Number(row['adjusted CO2']),
  })),
)

function table(file: string): Record<string, string>[] {
  const [header, ...lines] = read(`data/${file}`).trim().split(/\r?\n/).map(fields)
  return lines.map((line) => Object.fromEntries(header!.map((name, column) => [name, line[column] ?? ''])))
}

/** The fields of a CSV line; a quoted one may contain commas, and quotes twice. */
function fields(line: string): string[] {
  const parts = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)
  return Array.from(parts, ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '')
}
