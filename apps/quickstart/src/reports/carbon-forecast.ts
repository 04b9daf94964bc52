import { type CarbonMonth, carbonMonths } from '../data.ts'
import { makeReport, type Report } from './report.ts'
import { randomIndexes } from './typical-delays.ts'

/** When the air passes a level of carbon dioxide, by the trend of past measurements. */
export interface Passing {
  readonly expected: Date
  /** In 95 of 100 resamples it is between these. */
  readonly earliest: Date
  readonly latest: Date
}

const resamples = 20_000
/** Months that stay together in a resample, because a warm year follows a warm year. */
const block = 24

/** When does carbon dioxide pass `ppm`, if it goes on as since 1958? The seasons are taken out first. */
export function carbonForecast(ppm: number): Report<Passing> {
  return makeReport(
    () => {
      const months = carbonMonths()
      const { trend, residuals, solve } = decompose(months)
      const random = randomIndexes(months.length - block, 1)
      const resampled = new Float64Array(months.length)
      const moments = Array.from({ length: resamples }, () => {
        for (let month = 0; month < months.length; month += block) {
          const from = random()
          for (let step = 0; step < block && month + step < months.length; step += 1) {
            resampled[month + step] = residuals[from + step]!
          }
        }
        // The fit is linear: that of trend and errors is the sum of both.
        return passing(
          trend.map((coefficient, index) => coefficient + dot(solve[index]!, resampled)),
          ppm,
        )
      }).sort((a, b) => a - b)
      return {
        expected: dateOf(passing(trend, ppm)),
        earliest: dateOf(moments[Math.floor(0.025 * resamples)]!),
        latest: dateOf(moments[Math.floor(0.975 * resamples)]!),
      }
    },
    ({ expected, earliest, latest }) =>
      `Carbon dioxide passes ${ppm} ppm about ${month(expected)} (between ${month(earliest)} and ${month(latest)}).`,
  )
}

/** Time in units of 40 years around 1990, where the numbers of the fit stay small. */
const timeOf = (date: Date) => date.getTime() / (365.25 * 864e5) / 40 - 0.5
const dateOf = (time: number) => new Date((time + 0.5) * 40 * 365.25 * 864e5)
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let sum = 0
  for (let index = 0; index < a.length; index += 1) sum += a[index]! * b[index]!
  return sum
}

/** When the curve `a + b t + c t^2` rises through `ppm`. */
function passing([a, b, c]: readonly number[], ppm: number): number {
  return (-b! + Math.sqrt(Math.max(0, b! * b! - 4 * c! * (a! - ppm)))) / (2 * c!)
}

/** A bent line and four waves a year, fitted by least squares; `solve` gives each coefficient from measurements. */
export function decompose(months: readonly CarbonMonth[]) {
  const rows = months.map(({ date }) => {
    const time = timeOf(date)
    const waves = [1, 2, 3, 4].flatMap((wave) => {
      const turn = 2 * Math.PI * wave * time * 40
      return [Math.sin(turn), Math.cos(turn)]
    })
    return [1, time, time * time, ...waves]
  })
  const columns = rows[0]!.map((_, column) => rows.map((row) => row[column]!))
  const inverse = invert(columns.map((a) => columns.map((b) => dot(a, b))))
  const solve = inverse.map((line) => Float64Array.from(rows, (row) => dot(line, row)))
  const measured = months.map(({ ppm }) => ppm)
  const coefficients = solve.map((line) => dot(line, measured))
  const residuals = rows.map((row, index) => measured[index]! - dot(row, coefficients))
  const seasons = rows.map((row) => dot(row.slice(3), coefficients.slice(3)))
  return { trend: coefficients.slice(0, 3), seasons, residuals, solve: solve.slice(0, 3) }
}

/** The inverse of a matrix, by Gauss and Jordan. */
function invert(matrix: readonly (readonly number[])[]): number[][] {
  const size = matrix.length
  const work = matrix.map((row, index) => [...row, ...row.map((_, column) => (column === index ? 1 : 0))])
  for (let column = 0; column < size; column += 1) {
    let pivot = column
    for (let row = column; row < size; row += 1) {
      if (Math.abs(work[row]![column]!) > Math.abs(work[pivot]![column]!)) pivot = row
    }
    const lead = work[pivot]!
    work[pivot] = work[column]!
    work[column] = lead.map((value) => value / lead[column]!)
    work.forEach((row, index) => {
      if (index === column) return
      const factor = row[column]!
      work[index] = row.map((value, position) => value - factor * work[column]![position]!)
    })
  }
  return work.map((row) => row.slice(size))
}

const month = (date: Date) => date.toISOString().slice(0, 7)
