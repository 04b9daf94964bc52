import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { type AcceptedMisses, bars, readAcceptedMisses } from '../src/bars.ts'
import { compilerBars, judgeCompiler, prefix } from '../src/compiler/bars.ts'
import { exponentOf } from '../src/compiler/growth.ts'
import { compilerReport } from '../src/compiler/report.ts'
import { type CompilerResults, fullCompilerPlan, mergedInto, type StepId } from '../src/compiler/results.ts'
import { subjectIds } from '../src/compiler/subjects.ts'

const same = (figure: number) => ({ min: figure, median: figure, max: figure })

/** Results in which everything takes as often as long, as many milliseconds, and as many GiB. */
function resultsOf(
  ratio: number,
  milliseconds: number,
  gibibytes: number,
  exponent: number,
  throughput = 0.5,
  [extra, bytes]: readonly [number, number] = [50, 200],
): CompilerResults {
  const steps: StepId[] = ['parse', 'cold', 'cold-uncached', 'warm-update', 'warm-call', 'warm-process']
  return {
    date: '2026-11-23',
    command: 'npm run bench -- compiler',
    machine: { cpu: 'a cpu', cores: 2, memoryGiB: 8, system: 'Linux 6', node: '20.0.0', load: 0 },
    versions: {},
    plan: { modules: 100, cached: 5, rounds: 1 },
    projects: subjectIds.map((id) => ({
      id,
      title: id,
      files: 1,
      lines: 1,
      functions: 1,
      largest: 1,
      steps: steps.map((step) => ({ id: step, milliseconds: same(milliseconds), ratio: same(ratio) })),
      memory: [
        { id: 'cold', bytes: gibibytes * 2 ** 30 },
        { id: 'warm', bytes: 1 },
      ],
      stamps: { modules: 1, stamps: 1, parse: same(1), transform: same(2), throughput: same(throughput) },
    })),
    growth: { exponent, points: [] },
    shells: {
      modules: 1,
      rounds: 1,
      updates: [{ name: 'a file', without: 1, with: 1 + extra, extra }],
      starts: [],
      bytes,
    },
    checked: [],
  }
}

const outcomes = (results: CompilerResults, accepted: AcceptedMisses = new Map()) =>
  new Set(judgeCompiler(results, accepted).map(({ outcome }) => outcome))

it('every bar finds its figure, and holds at its limit', () => {
  expect(outcomes(resultsOf(5, 200, 1.5, 1.1))).toEqual(new Set(['met']))
})

it('each bar is missed just above its limit', () => {
  const missed = (results: CompilerResults) =>
    judgeCompiler(results, new Map()).flatMap(({ bar, outcome }) => (outcome === 'missed' ? bar.id : []))
  const of = (kind: string) => subjectIds.map((id) => `${prefix}${kind}-${id}`)
  expect(missed(resultsOf(5.01, 200, 1.5, 1.1))).toEqual(of('cold'))
  expect(missed(resultsOf(5, 201, 1.5, 1.1))).toEqual(of('warm'))
  expect(missed(resultsOf(5, 200, 1.51, 1.1))).toEqual(of('memory'))
  expect(missed(resultsOf(5, 200, 1.5, 1.11))).toEqual([`${prefix}growth`])
  expect(missed(resultsOf(5, 200, 1.5, 1.1, 0.49))).toEqual([`${prefix}stamps`])
  expect(missed(resultsOf(5, 200, 1.5, 1.1, 0.5, [51, 200]))).toEqual([`${prefix}update`])
  expect(missed(resultsOf(5, 200, 1.5, 1.1, 0.5, [50, 201]))).toEqual([`${prefix}bytes`])
})

it('what was not measured is neither met nor missed', () => {
  const { shells: _, ...rest } = resultsOf(1, 1, 1, 1)
  expect(outcomes({ ...rest, projects: [], growth: undefined })).toEqual(new Set(['not measured']))
})

it('misses are accepted by pages that also accept those of calls, each where it belongs', () => {
  const miss = { figure: 1.2, page: 'docs/decisions/0001-x.md' }
  const accepted: AcceptedMisses = new Map([
    ['miss', miss],
    [`${prefix}growth`, miss],
  ])
  expect(outcomes(resultsOf(5, 200, 1.5, 1.15), accepted)).toEqual(new Set(['met', 'accepted']))
  expect(() => judgeCompiler(resultsOf(5, 200, 1.5, 1), new Map([[`${prefix}speed`, miss]]))).toThrow(/no bar/)
})

it('ids of bars are distinct, and begin with the prefix here and nowhere else', () => {
  expect(new Set(compilerBars.map(({ id }) => id)).size).toBe(compilerBars.length)
  expect(compilerBars.every(({ id }) => id.startsWith(prefix))).toBe(true)
  expect(bars.some(({ id }) => id.startsWith(prefix))).toBe(false)
})

it('the exponent of growth is that of the curve', () => {
  const sizes = [1250, 2500, 5000, 10_000]
  expect(exponentOf(sizes.map((size) => [size, 3 * size]))).toBeCloseTo(1)
  expect(exponentOf(sizes.map((size) => [size, 0.1 * size ** 2]))).toBeCloseTo(2)
  expect(exponentOf(sizes.map((size) => [size, 7]))).toBeCloseTo(0)
  expect(() => exponentOf([[1, 1]])).toThrow('two points')
})

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

it('RESULTS.compiler.md is what results.compiler.json makes of it (npm run bench -- compiler --render)', () => {
  const results: CompilerResults = JSON.parse(read('results.compiler.json'))
  const accepted = readAcceptedMisses(fileURLToPath(new URL('../../../docs/decisions', import.meta.url)))
  expect(read('RESULTS.compiler.md')).toBe(compilerReport(results, judgeCompiler(results, accepted)))
})

it('the committed results are those of a full run, and name no folder of the machine', () => {
  const results: CompilerResults = JSON.parse(read('results.compiler.json'))
  expect(results.plan).toEqual(fullCompilerPlan)
  expect(results.projects.map(({ id }) => id)).toEqual([...subjectIds])
  expect(results.growth?.points).toHaveLength(4)
  expect(JSON.stringify(results)).not.toMatch(/\/(?:tmp|home|root|work)\//)
})

it('what is measured again takes the place of what was there, and says when', () => {
  const kept = resultsOf(5, 200, 1.5, 1.1)
  const other = { ...resultsOf(4, 100, 1, 1), date: '2030-01-01', command: 'again', checked: ['rxjs: new'] }
  const [first, second] = kept.projects
  const measured = { ...other, projects: [other.projects[1]!], growth: undefined }
  const merged = mergedInto({ ...kept, checked: ['generated: old', 'rxjs: old'] }, measured)
  expect(merged.date).toBe(kept.date)
  expect(merged.projects[0]).toEqual(first)
  expect(merged.projects[1]).toMatchObject({ ...other.projects[1], id: second!.id, again: { date: '2030-01-01' } })
  expect(merged.growth).toEqual(kept.growth)
  expect(merged.shells).toMatchObject({ again: { command: 'again' } })
  expect(merged.checked).toEqual(['generated: old', 'rxjs: new'])
  expect(compilerReport(merged, [])).toContain('Measured on 2030-01-01 by `again`')
})
