import { describe, expect, it } from 'vitest'
import { type Airport, airports, carbonMonths, flights, routes } from '../src/data.ts'
import { carbonForecast, decompose } from '../src/reports/carbon-forecast.ts'
import { loneliestAirports, loneliestOf } from '../src/reports/loneliest-airports.ts'
import { hubsOf, legsOf, type Network, transferHubs } from '../src/reports/transfer-hubs.ts'
import { bands, delaysOf, typicalDelays } from '../src/reports/typical-delays.ts'

// Each report is computed again by another, simpler method.

describe('data', () => {
  it('has as many records as the files have lines', () => {
    expect(airports()).toHaveLength(3376)
    expect(routes()).toHaveLength(5366)
    expect(flights()).toHaveLength(200_000)
    expect(carbonMonths()).toHaveLength(741)
  })

  it('reads commas and quotes inside quoted fields', () => {
    expect(airports().find(({ iata }) => iata === 'DBN')?.name).toBe('W. H. "Bud" Barron')
    expect(airports().find(({ iata }) => iata === '35A')).toMatchObject({ city: 'Union', state: 'SC', country: 'USA' })
  })

  it('has no number that is none', () => {
    for (const { latitude, longitude } of airports()) {
      expect(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180).toBe(true)
    }
    for (const { date, ppm, adjusted } of carbonMonths()) {
      expect(date.getTime() + ppm + adjusted).not.toBeNaN()
    }
  })
})

describe('loneliestAirports', () => {
  const american = airports().filter(({ country }) => country === 'USA')

  it('agrees for every airport with the nearest one by straight lines through the earth', () => {
    const points = american.map((airport) => ({ airport, point: unitVector(airport) }))
    const found = new Map(loneliestOf(american).map((one) => [one.airport.iata, one]))
    expect(found.size).toBe(american.length)
    const wrong = points.filter(({ airport, point }) => {
      let chord = Number.POSITIVE_INFINITY
      for (const other of points) {
        if (other.airport === airport) continue
        const [x, y, z] = other.point
        chord = Math.min(chord, Math.hypot(x - point[0], y - point[1], z - point[2]))
      }
      return Math.abs(found.get(airport.iata)!.kilometres - 2 * 6371.0088 * Math.asin(chord / 2)) > 1e-6
    })
    expect(wrong).toEqual([])
  })

  it('returns as many as were asked for, the loneliest first', () => {
    const { findings } = loneliestAirports(10)
    expect(findings).toHaveLength(10)
    const distances = findings.map(({ kilometres }) => kilometres)
    expect(distances).toEqual([...distances].sort((a, b) => b - a))
    // Pagan and Saipan, in the Mariana Islands.
    expect(findings[0]).toMatchObject({ airport: { iata: 'TT01' }, nearest: { iata: 'GSN' } })
  })
})

describe('transferHubs', () => {
  it('agrees for every airport with counting the ways between all pairs', () => {
    const network = legsOf(routes(), airports(), 60)
    const expected = countThrough(network)
    const hubs = hubsOf(network)
    expect(hubs).toHaveLength(305)
    for (const { iata, share } of hubs) expect(share).toBeCloseTo(expected.get(iata)!, 10)
  })

  it('shares a trip among equally quick ways', () => {
    const both = (to: readonly number[]) => to.map((one) => ({ to: one, minutes: 1 }))
    // A diamond: a - (b or c) - d.
    const diamond = { names: ['a', 'b', 'c', 'd'], legs: [both([1, 2]), both([0, 3]), both([0, 3]), both([1, 2])] }
    // Twelve trips; those between a and d, and between b and c, have two ways.
    for (const { share } of hubsOf(diamond)) expect(share).toBeCloseTo(1 / 12, 12)
  })

  it('asks for fewer changes when changing takes longer', () => {
    const total = (minutesToChange: number) =>
      hubsOf(legsOf(routes(), airports(), minutesToChange)).reduce((sum, { share }) => sum + share, 0)
    expect(total(600)).toBeLessThan(total(0))
    expect(transferHubs({ minutesToChange: 60 }).findings).toHaveLength(10)
  })
})

describe('typicalDelays', () => {
  const { findings } = typicalDelays({ resamples: 200, seed: 1 })

  it('counts every flight once', () => {
    expect([...findings.keys()]).toEqual(Object.keys(bands))
    expect([...findings.values()].reduce((sum, band) => sum + band.flights, 0)).toBe(flights().length)
  })

  it('has the quantiles that counting gives', () => {
    for (const [name, [from, to]] of Object.entries(bands)) {
      const inBand = flights().filter(({ distance }) => distance >= from && distance < to)
      const { median, ninth, mean } = findings.get(name)!
      const upTo = (minutes: number) => inBand.filter(({ delay }) => delay <= minutes).length / inBand.length
      for (const [value, part] of [
        [median, 0.5],
        [ninth, 0.9],
      ] as const) {
        expect(upTo(value)).toBeGreaterThanOrEqual(part)
        expect(upTo(value - 1)).toBeLessThan(part)
      }
      let sum = 0
      for (const { delay } of inBand) sum += delay
      expect(mean).toBeCloseTo(sum / inBand.length, 9)
    }
  })

  it('has the interval of the mean that the normal distribution gives', () => {
    for (const [name, [from, to]] of Object.entries(bands)) {
      const delays = flights()
        .filter(({ distance }) => distance >= from && distance < to)
        .map(({ delay }) => delay)
      const { mean, between } = findings.get(name)!
      const variance = delays.reduce((sum, delay) => sum + (delay - mean) ** 2, 0) / (delays.length - 1)
      const half = 1.96 * Math.sqrt(variance / delays.length)
      expect(between[0]).toBeLessThan(mean)
      expect(between[1]).toBeGreaterThan(mean)
      expect((between[1] - between[0]) / (2 * half)).toBeGreaterThan(0.8)
      expect((between[1] - between[0]) / (2 * half)).toBeLessThan(1.2)
    }
  })

  it('is the same for the same seed and differs for another', () => {
    const delays = [3, -1, 40, 7, 7, 12]
    expect(delaysOf(delays, { resamples: 50, seed: 1 })).toEqual(delaysOf(delays, { resamples: 50, seed: 1 }))
    expect(delaysOf(delays, { resamples: 50, seed: 2 }).between).not.toEqual(
      delaysOf(delays, { resamples: 50, seed: 1 }).between,
    )
    expect(delaysOf(delays, { resamples: 50, seed: 1 })).toMatchObject({ flights: 6, median: 7, ninth: 40 })
  })
})

describe('carbonForecast', () => {
  const months = carbonMonths()

  it('fits by least squares: what is left is at right angles to the trend and adds up', () => {
    const { residuals, seasons, trend } = decompose(months)
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
    expect(sum(residuals)).toBeCloseTo(0, 6)
    expect(sum(residuals.map((value, index) => value * months[index]!.date.getTime())) / 1e12).toBeCloseTo(0, 6)
    expect(sum(residuals.map((value, index) => value * seasons[index]!))).toBeCloseTo(0, 6)
    expect(trend).toHaveLength(3)
  })

  it('finds the seasons that Scripps took out of the adjusted measurements', () => {
    const { seasons } = decompose(months)
    const differences = months.map(({ ppm, adjusted }, index) => seasons[index]! - (ppm - adjusted))
    const rms = Math.sqrt(differences.reduce((sum, value) => sum + value * value, 0) / months.length)
    // Seasons swing by six ppm.
    expect(rms).toBeLessThan(0.5)
  })

  it('dates what was passed already within a year of the running mean of twelve months', () => {
    for (const ppm of [340, 370, 400]) {
      const passed = months.findIndex((_, index) => {
        const year = months.slice(index, index + 12)
        return year.length === 12 && year.reduce((sum, month) => sum + month.ppm, 0) / 12 >= ppm
      })
      const { expected } = carbonForecast(ppm).findings
      expect(Math.abs(expected.getTime() - months[passed + 6]!.date.getTime()) / 864e5).toBeLessThan(365)
    }
  })

  it('has the interval that leaving out two years at a time gives', () => {
    const { expected, earliest, latest } = carbonForecast(450).findings
    expect(earliest.getTime()).toBeLessThan(expected.getTime())
    expect(latest.getTime()).toBeGreaterThan(expected.getTime())
    // The jackknife: the same level by other means, from what the fit says without one block of months.
    const blocks = Math.floor(months.length / 24)
    const without = Array.from({ length: blocks }, (_, block) =>
      passingOf(months.filter((_, index) => Math.floor(index / 24) !== block)),
    )
    const mean = without.reduce((sum, value) => sum + value, 0) / blocks
    const spread = Math.sqrt(((blocks - 1) / blocks) * without.reduce((sum, value) => sum + (value - mean) ** 2, 0))
    const ratio = (latest.getTime() - earliest.getTime()) / (2 * 1.96 * spread)
    expect(ratio).toBeGreaterThan(0.5)
    expect(ratio).toBeLessThan(2)
    expect(Math.abs(passingOf(months) - expected.getTime()) / 864e5).toBeLessThan(1)
  })

  it('has the interval that another generator and a fit of its own for each resample give', () => {
    const { residuals, seasons } = decompose(months)
    const times = months.map(({ date }) => date.getTime() / 864e5 / 365.25 - 20)
    const trend = months.map(({ ppm }, index) => ppm - seasons[index]! - residuals[index]!)
    let state = 42
    const random = (below: number) => Math.floor(((state = (state * 48271) % 2147483647) / 2147483647) * below)
    const moments = Array.from({ length: 4000 }, () => {
      const series = trend.slice()
      for (let month = 0; month < series.length; month += 24) {
        const from = random(residuals.length - 24)
        for (let step = 0; step < 24 && month + step < series.length; step += 1) {
          series[month + step]! += residuals[from + step]!
        }
      }
      const [a, b, c] = parabola(times, series)
      return ((-b + Math.sqrt(b * b - 4 * c * (a - 450))) / (2 * c) + 20) * 365.25 * 864e5
    }).sort((first, second) => first - second)
    const { earliest, latest } = carbonForecast(450).findings
    const days = (date: Date, instant: number) => Math.abs(date.getTime() - instant) / 864e5
    expect(days(earliest, moments[100]!)).toBeLessThan(15)
    expect(days(latest, moments[3900]!)).toBeLessThan(15)
  })

  /** When the trend of some months passes 450 ppm, day by day. */
  function passingOf(some: typeof months): number {
    const [a, b, c] = decompose(some).trend as [number, number, number]
    for (let instant = Date.UTC(2020, 0); ; instant += 864e5) {
      const time = instant / (365.25 * 864e5) / 40 - 0.5
      if (a + b * time + c * time * time >= 450) return instant
    }
  }
})

function unitVector({ latitude, longitude }: Airport): [number, number, number] {
  const [up, along] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180]
  return [Math.cos(up) * Math.cos(along), Math.cos(up) * Math.sin(along), Math.sin(up)]
}

/** Betweenness by its definition: all distances by Floyd and Warshall, then every airport against every pair. */
function countThrough({ names, legs }: Network): Map<string, number> {
  const size = names.length
  const distance = names.map((_, from) => names.map((_, to) => (from === to ? 0 : Number.POSITIVE_INFINITY)))
  legs.forEach((list, from) => {
    for (const { to, minutes } of list) distance[from]![to] = minutes
  })
  for (let via = 0; via < size; via += 1) {
    for (let from = 0; from < size; from += 1) {
      for (let to = 0; to < size; to += 1) {
        const around = distance[from]![via]! + distance[via]![to]!
        if (around < distance[from]![to]!) distance[from]![to] = around
      }
    }
  }
  const arriving = names.map((): { from: number; minutes: number }[] => [])
  legs.forEach((list, from) => {
    for (const { to, minutes } of list) arriving[to]!.push({ from, minutes })
  })
  const ways = names.map((_, start) => {
    const known = new Array<number>(size).fill(0)
    known[start] = 1
    const byDistance = names.map((_, index) => index).sort((a, b) => distance[start]![a]! - distance[start]![b]!)
    for (const end of byDistance) {
      if (end === start || distance[start]![end] === Number.POSITIVE_INFINITY) continue
      for (const { from, minutes } of arriving[end]!) {
        if (distance[start]![from]! + minutes === distance[start]![end]!) known[end]! += known[from]!
      }
    }
    return known
  })
  let trips = 0
  const through = new Array<number>(size).fill(0)
  for (let from = 0; from < size; from += 1) {
    for (let to = 0; to < size; to += 1) {
      if (from === to || ways[from]![to] === 0) continue
      trips += 1
      for (let via = 0; via < size; via += 1) {
        if (via === from || via === to) continue
        if (distance[from]![via]! + distance[via]![to]! !== distance[from]![to]!) continue
        through[via]! += (ways[from]![via]! * ways[via]![to]!) / ways[from]![to]!
      }
    }
  }
  return new Map(names.map((name, index) => [name, through[index]! / trips]))
}

/** The least-squares parabola through points, by Cramer's rule. */
function parabola(x: readonly number[], y: readonly number[]): [number, number, number] {
  const power = (n: number) => x.reduce((sum, value) => sum + value ** n, 0)
  const [s0, s1, s2, s3, s4] = [x.length, power(1), power(2), power(3), power(4)]
  const [t0, t1, t2] = [0, 1, 2].map((n) => x.reduce((sum, value, index) => sum + value ** n * y[index]!, 0))
  const det = (...[a, b, c, d, e, f, g, h, i]: (number | undefined)[]) =>
    a! * (e! * i! - f! * h!) - b! * (d! * i! - f! * g!) + c! * (d! * h! - e! * g!)
  const all = det(s0, s1, s2, s1, s2, s3, s2, s3, s4)
  return [
    det(t0, t1, t2, s1, s2, s3, s2, s3, s4) / all,
    det(s0, s1, s2, t0, t1, t2, s2, s3, s4) / all,
    det(s0, s1, s2, s1, s2, s3, t0, t1, t2) / all,
  ]
}
