import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type AcceptedMisses, bars, fails, judge, readAcceptedMisses } from '../src/bars.ts'
import { groups } from '../src/groups/index.ts'
import type { Results } from '../src/results.ts'

const page = 'docs/decisions/0008-speed.md'

/** Results in which the middle ratio of everything is `ratio`. */
function resultsOf(ratio: number, rest: Partial<Results> = {}): Results {
  const same = { min: ratio, median: ratio, max: ratio }
  return {
    date: '2026-11-23',
    command: 'npm run bench',
    machine: { cpu: 'a cpu', cores: 2, memoryGiB: 8, system: 'Linux 6', node: '20.0.0', load: 0 },
    versions: {},
    plan: { processes: 1, rounds: 1, heapCalls: 1 },
    groups: groups.map(({ id, title, reference, contenders }) => ({
      id,
      title,
      reference,
      calls: 1,
      contenders: contenders.map(({ name }) => ({ name, nanoseconds: same, ratio: same })),
    })),
    keying: [],
    skipped: [],
    ...rest,
  }
}

const outcomes = (results: Results, accepted: AcceptedMisses = new Map()) =>
  Object.fromEntries(judge(results, accepted).map(({ bar, outcome }) => [bar.id, outcome]))

it('every ratio bar finds its figure in the groups as they are named', () => {
  const missing = judge(resultsOf(1), new Map()).filter(({ measured }) => measured === undefined)
  expect(missing.map(({ bar }) => bar.id)).toEqual(['heap', 'size-browser', 'size-node'])
})

it('"at most" includes the limit and "below" does not', () => {
  expect(outcomes(resultsOf(1))).toMatchObject({
    'encode-key': 'met',
    'two-numbers': 'missed',
    'nested-object': 'missed',
  })
  expect(outcomes(resultsOf(0.999))).toMatchObject({ 'two-numbers': 'met', 'nested-object': 'met' })
  expect(outcomes(resultsOf(3))).toMatchObject({ 'one-string': 'met', 'async-hit': 'missed', miss: 'missed' })
  expect(outcomes(resultsOf(3.001))).toMatchObject({ 'one-string': 'missed' })
})

it('throughput is the inverse of the time', () => {
  const [verdict] = judge(resultsOf(2), new Map()).filter(({ bar }) => bar.id === 'keyv-map-many-keys')
  expect(verdict?.measured).toBe(0.5)
  expect(outcomes(resultsOf(1 / 0.86))).toMatchObject({ 'keyv-map-many-keys': 'met' })
  expect(outcomes(resultsOf(1 / 0.84))).toMatchObject({ 'keyv-map-many-keys': 'missed' })
})

it('the heap is flat where the last figure is at most a tenth above the first', () => {
  const heap = (...bytes: number[]) => outcomes(resultsOf(1, { heap: { calls: 10, bytes } })).heap
  expect(heap(100, 500, 110)).toBe('met')
  expect(heap(100, 100, 111)).toBe('missed')
})

it('sizes are in units of 1000 bytes', () => {
  const results = resultsOf(1, { size: { browser: 7000, node: 7001 } })
  expect(outcomes(results)).toMatchObject({ 'size-browser': 'met', 'size-node': 'missed' })
})

it('what was not measured is neither met nor missed', () => {
  const results = resultsOf(1, { groups: [] })
  expect(new Set(Object.values(outcomes(results)))).toEqual(new Set(['not measured']))
  expect(judge(results, new Map()).some(fails)).toBe(false)
})

it('an accepted miss is accepted up to its figure, and fails beyond it', () => {
  const accepted: AcceptedMisses = new Map([
    ['miss', { figure: 1.9, page }],
    ['keyv-map-many-keys', { figure: 0.5, page }],
    ['two-numbers', { figure: 1.2, page }],
  ])
  const verdict = (ratio: number, id: string) => judge(resultsOf(ratio), accepted).find(({ bar }) => bar.id === id)!
  expect(verdict(1.9, 'miss')).toMatchObject({ outcome: 'accepted', page })
  expect(verdict(1.91, 'miss').outcome).toBe('worse than accepted')
  expect(verdict(1.5, 'miss').outcome).toBe('met')
  expect(verdict(2, 'keyv-map-many-keys').outcome).toBe('accepted')
  expect(verdict(2.1, 'keyv-map-many-keys').outcome).toBe('worse than accepted')
  expect(verdict(1.2, 'two-numbers').outcome).toBe('accepted')
  expect(fails(verdict(1.9, 'miss'))).toBe(false)
  expect(fails(verdict(1.91, 'miss'))).toBe(true)
})

it('accepting a miss of a bar that does not exist is an error', () => {
  expect(() => judge(resultsOf(1), new Map([['speed', { figure: 1, page }]]))).toThrow(/no bar speed/)
})

it('accepted misses are the rows of tables that say so in the decision pages, and of no other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'autocache-bench-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  expect(readAcceptedMisses(folder).size).toBe(0)
  write('0001-other.md', '| bar | figure |\n|---|---|\n| `heap` | 9 |\n')
  write('0007-size.md', '| accepted miss | figure |\n|---|--:|\n| `size-browser` | 17.2 kB |')
  write(
    '0008-speed.md',
    'Text.\n\n| accepted miss | figure | why |\n|---|--:|---|\n| `miss` | 1.9 x | a promise |\n\n| `heap` | 2 |\n',
  )
  expect([...readAcceptedMisses(folder)]).toEqual([
    ['size-browser', { figure: 17.2, page: 'docs/decisions/0007-size.md' }],
    ['miss', { figure: 1.9, page }],
  ])
  write('0009-broken.md', '| accepted miss | figure |\n|---|---|\n| `heap` | a bit |\n')
  expect(() => readAcceptedMisses(folder)).toThrow('0009-broken.md')
  write('0009-broken.md', '| accepted miss | figure |\n|---|---|\n| `miss` | 3 |\n')
  expect(() => readAcceptedMisses(folder)).toThrow('twice')
})

it('the ids of bars are distinct', () => {
  expect(new Set(bars.map(({ id }) => id)).size).toBe(bars.length)
})
