import { type Airport, airports, type Route, routes } from '../data.ts'
import { kilometres } from './great-circle.ts'
import { makeReport, type Report } from './report.ts'

/** An airport and the part of all quickest trips that change planes there. */
export interface TransferHub {
  readonly iata: string
  readonly share: number
}

/** Where would people change planes, if everybody went from everywhere to everywhere by the quickest trip? */
export function transferHubs({ minutesToChange }: { minutesToChange: number }): Report<TransferHub[]> {
  return makeReport(
    () => hubsOf(legsOf(routes(), airports(), minutesToChange)).slice(0, 10),
    ([first]) => `${percent(first!.share)} of all quickest trips change planes at ${first!.iata}.`,
  )
}

/** Whole minutes from one airport to the next, by the place of each in `names`. */
export interface Network {
  readonly names: readonly string[]
  readonly legs: readonly (readonly { readonly to: number; readonly minutes: number }[])[]
}

/** A flight takes half an hour and then goes 800 km an hour; changing planes takes `minutesToChange`. */
export function legsOf(all: readonly Route[], places: readonly Airport[], minutesToChange: number): Network {
  const place = new Map(places.map((airport) => [airport.iata, airport]))
  const names = [...new Set(all.flatMap(({ origin, destination }) => [origin, destination]))]
  const index = new Map(names.map((name, position) => [name, position]))
  const legs = names.map((): { to: number; minutes: number }[] => [])
  for (const { origin, destination } of all) {
    const distance = kilometres(place.get(origin)!, place.get(destination)!)
    const minutes = Math.round(30 + (distance / 800) * 60 + minutesToChange)
    legs[index.get(origin)!]!.push({ to: index.get(destination)!, minutes })
  }
  return { names, legs }
}

/**
 * Betweenness by Brandes (2001): from each airport the quickest trips to all others (Dijkstra), counted, and then back
 * from the farthest one, each airport handing on what passes through it.
 */
export function hubsOf({ names, legs }: Network): TransferHub[] {
  const size = names.length
  const through = new Float64Array(size)
  let trips = 0
  for (let start = 0; start < size; start += 1) {
    const minutes = new Float64Array(size).fill(Number.POSITIVE_INFINITY)
    const ways = new Float64Array(size)
    const before = names.map((): number[] => [])
    const open = new Set<number>([start])
    const reached: number[] = []
    minutes[start] = 0
    ways[start] = 1
    while (open.size > 0) {
      let here = -1
      for (const one of open) if (here < 0 || minutes[one]! < minutes[here]!) here = one
      open.delete(here)
      reached.push(here)
      for (const leg of legs[here]!) {
        const arrival = minutes[here]! + leg.minutes
        if (arrival < minutes[leg.to]!) {
          minutes[leg.to] = arrival
          ways[leg.to] = 0
          before[leg.to] = []
          open.add(leg.to)
        }
        if (arrival === minutes[leg.to]!) {
          ways[leg.to]! += ways[here]!
          before[leg.to]!.push(here)
        }
      }
    }
    trips += reached.length - 1
    const passing = new Float64Array(size)
    for (const end of reached.reverse()) {
      if (end === start) continue
      through[end]! += passing[end]!
      for (const one of before[end]!) passing[one]! += (ways[one]! / ways[end]!) * (1 + passing[end]!)
    }
  }
  return names.map((iata, index) => ({ iata, share: through[index]! / trips })).sort((a, b) => b.share - a.share)
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
