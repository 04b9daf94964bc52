import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { plot } from '../src/plot.ts'
import { report } from '../src/report.ts'
import type { Results } from '../src/results.ts'
import { scenarios } from '../src/scenarios.ts'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const results: Results = JSON.parse(read('results.json'))

it('RESULTS.md and the plot are what results.json makes of them (npm run chaos -- --render)', () => {
  expect(read('RESULTS.md')).toBe(report(results))
  expect(read('results.svg')).toBe(plot(results))
})

it('every scenario has results, with the machine, the date and the command, and none has a failed call or a wrong value', () => {
  expect(results.scenarios.map(({ name }) => name)).toEqual(scenarios.map(({ name }) => name))
  for (const { name, machine, date, command, rounds } of results.scenarios) {
    expect(machine.cpu).not.toBe('')
    expect(date).toMatch(/^\d{4}-\d\d-\d\d$/)
    expect(command).toMatch(/^npm run chaos/)
    const counts = rounds.map(({ failed, wrong, unhandled }) => failed + wrong + unhandled)
    expect([name, ...counts]).toEqual([name, ...rounds.map(() => 0)])
  }
})

it('the plot stands alone and names what it shows', () => {
  const svg = read('results.svg')
  expect(svg).toContain('prefers-color-scheme: dark')
  expect(svg).toContain('killed, ')
  expect(svg).toContain('class="fault"')
  expect(svg).not.toMatch(/NaN|Infinity|undefined|@import|url\(|href/)
})

it('the README names every scenario', () => {
  const readme = read('README.md')
  expect(scenarios.filter(({ name }) => !readme.includes(`\`${name}\``)).map(({ name }) => name)).toEqual([])
})
