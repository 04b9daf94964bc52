import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { SaxesParser } from 'saxes'
import { expect, it } from 'vitest'
import { judge, readAcceptedMisses } from '../src/bars.ts'
import { duration, figure, rounded } from '../src/figures.ts'
import { groups } from '../src/groups/index.ts'
import { nextReport } from '../src/next/report.ts'
import { fullNextPlan, judgeNext, type NextResults } from '../src/next/results.ts'
import { plot } from '../src/plot.ts'
import { report } from '../src/report.ts'
import type { Results } from '../src/results.ts'
import { fullPlan } from '../src/run.ts'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const results: Results = JSON.parse(read('results.json'))
const accepted = readAcceptedMisses(fileURLToPath(new URL('../../../docs/decisions', import.meta.url)))

it('RESULTS.md and the plot are what results.json makes of them (npm run bench -- --render)', () => {
  expect(read('RESULTS.md')).toBe(report(results, judge(results, accepted)))
  expect(read('results.svg')).toBe(plot(results))
})

it('the committed results are those of a full run of all groups and contenders with the versions of package.json', () => {
  expect(results.plan).toEqual(fullPlan)
  expect(results.skipped).toEqual([])
  expect(results.groups.map(({ id }) => id)).toEqual(groups.map(({ id }) => id))
  for (const { id, contenders } of groups) {
    const measured = results.groups.find((group) => group.id === id)!.contenders.map(({ name }) => name)
    expect(measured).toEqual(expect.arrayContaining(contenders.map(({ name }) => name)))
  }
  expect(JSON.parse(read('package.json')).dependencies).toMatchObject(results.versions)
})

it('the plot is well-formed XML that stands alone and names what it shows', () => {
  const names: string[] = []
  let text = ''
  const parser = new SaxesParser({ xmlns: true })
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    names.push(name)
    expect(Object.keys(attributes)).not.toContain('href')
  })
  parser.on('text', (part) => (text += `${part}\n`))
  parser.write(read('results.svg')).close()
  expect(names[0]).toBe('svg')
  expect(names).toEqual(expect.arrayContaining(['title', 'desc', 'circle', 'text']))
  expect(text).toContain('prefers-color-scheme: dark')
  expect(text).toContain('autocache')
  expect(text).toContain(results.machine.cpu)
  expect(read('results.svg')).not.toMatch(/NaN|Infinity|undefined|@import|url\(/)
})

it('figures have three significant digits and no exponent', () => {
  expect([0.0234567, 1.5, 12.34, 123.4, 999.9, 1234].map(figure)).toEqual([
    '0.0235',
    '1.50',
    '12.3',
    '123',
    '1000',
    '1230',
  ])
  expect([7.281, 1410, 48_500, 2.5e6].map(duration)).toEqual(['7.28 ns', '1.41 µs', '48.5 µs', '2.50 ms'])
  expect(rounded({ a: [1.23456, 10_000_000], b: 'x' })).toEqual({ a: [1.235, 10_000_000], b: 'x' })
})

it('RESULTS.next.md is what results.next.json makes of it (npm run bench -- next --render), and that of a full run', () => {
  const next: NextResults = JSON.parse(read('results.next.json'))
  expect(read('RESULTS.next.md')).toBe(nextReport(next, judgeNext(next)))
  expect(next.plan).toEqual(fullNextPlan)
  expect(JSON.parse(read('package.json')).dependencies).toMatchObject(next.versions)
})
