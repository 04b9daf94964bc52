import { type Airport, airports } from '../data.ts'
import { kilometres } from './great-circle.ts'
import { makeReport, type Report } from './report.ts'

/** An airport and how far it is to the next one. */
export interface LonelyAirport {
  readonly airport: Airport
  readonly nearest: Airport
  readonly kilometres: number
}

/** Which airports of the USA have the longest way to their nearest neighbour? Every pair is measured. */
export function loneliestAirports(howMany: number): Report<LonelyAirport[]> {
  return makeReport(
    () => loneliestOf(airports().filter(({ country }) => country === 'USA')).slice(0, howMany),
    ([first]) =>
      first
        ? `The loneliest airport of the USA is ${first.airport.name}: ${Math.round(first.kilometres)} km to ${first.nearest.name}.`
        : 'No airport was asked for.',
  )
}

/** Every airport with its nearest neighbour, the loneliest first. */
export function loneliestOf(all: readonly Airport[]): LonelyAirport[] {
  const nearest = all.map((airport) => ({ airport, nearest: airport, kilometres: Number.POSITIVE_INFINITY }))
  all.forEach((airport, index) => {
    for (let other = index + 1; other < all.length; other += 1) {
      const distance = kilometres(airport, all[other]!)
      const [here, there] = [nearest[index]!, nearest[other]!]
      if (distance < here.kilometres) Object.assign(here, { nearest: all[other], kilometres: distance })
      if (distance < there.kilometres) Object.assign(there, { nearest: airport, kilometres: distance })
    }
  })
  return nearest.sort((a, b) => b.kilometres - a.kilometres)
}
