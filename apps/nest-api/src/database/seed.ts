import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

type Query = (sql: string, values?: readonly unknown[]) => Promise<unknown[]>

/** Fills an empty database with the airports and routes of vega-datasets, two airlines, and three travellers. */
export async function seed(query: Query): Promise<void> {
  await query(`CREATE TABLE IF NOT EXISTS airports (
    iata TEXT PRIMARY KEY, name TEXT NOT NULL, city TEXT NOT NULL, state TEXT NOT NULL,
    latitude DOUBLE PRECISION NOT NULL, longitude DOUBLE PRECISION NOT NULL)`)
  await query(`CREATE TABLE IF NOT EXISTS routes (
    origin TEXT NOT NULL, destination TEXT NOT NULL, flights INTEGER NOT NULL, PRIMARY KEY (origin, destination))`)
  await query('CREATE TABLE IF NOT EXISTS airlines (tenant TEXT PRIMARY KEY, per_mile DOUBLE PRECISION NOT NULL)')
  await query('CREATE TABLE IF NOT EXISTS travellers (token TEXT PRIMARY KEY, id TEXT NOT NULL)')
  await query(
    'CREATE TABLE IF NOT EXISTS watched (traveller TEXT NOT NULL, iata TEXT NOT NULL, PRIMARY KEY (traveller, iata))',
  )
  if ((await query('SELECT 1 FROM airports LIMIT 1')).length > 0) return

  const airports = table('airports.csv').map((row) => [
    row.iata,
    row.name,
    row.city,
    row.state,
    Number(row.latitude),
    Number(row.longitude),
  ])
  const routes = table('flights-airport.csv').map((row) => [row.origin, row.destination, Number(row.count)])
  await insert(query, 'airports', airports)
  await insert(query, 'routes', routes)
  await insert(query, 'airlines', [
    ['blue', 0.11],
    ['green', 0.19],
  ])
  await insert(query, 'travellers', [
    ['token-ann', 'ann'],
    ['token-bob', 'bob'],
    ['token-eve', 'eve'],
  ])
  await insert(query, 'watched', [
    ['ann', 'SFO'],
    ['ann', 'JFK'],
    ['bob', 'ATL'],
  ])
}

/** Several rows at a time: databases take so many values in one statement. */
async function insert(query: Query, into: string, rows: readonly (readonly unknown[])[]): Promise<void> {
  const width = rows[0]?.length ?? 0
  const batch = Math.floor(900 / width)
  for (let start = 0; start < rows.length; start += batch) {
    const part = rows.slice(start, start + batch)
    const places = part.map((_, row) => `(${part[row]!.map((_, column) => `$${row * width + column + 1}`).join()})`)
    await query(`INSERT INTO ${into} VALUES ${places.join()}`, part.flat())
  }
}

function table(file: string): Record<string, string>[] {
  const folder = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '..', 'data')
  const [header, ...lines] = readFileSync(join(folder, file), 'utf8').trim().split(/\r?\n/).map(fields)
  return lines.map((line) => Object.fromEntries(header!.map((name, column) => [name, line[column] ?? ''])))
}

/** The fields of a CSV line; a quoted one may contain commas, and quotes twice. */
function fields(line: string): string[] {
  const parts = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)
  return Array.from(parts, ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '')
}
