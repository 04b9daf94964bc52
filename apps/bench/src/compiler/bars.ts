import type { AcceptedMisses, Bar, Verdict } from '../bars.ts'
import { verdictsOf } from '../bars.ts'
import type { CompilerResults, ProjectResult, StepId } from './results.ts'

/** Ids of bars of the compiler begin with this, so that the pages that accept misses can name them beside the others. */
export const prefix = 'compiler-'

const project = ({ projects }: CompilerResults, id: string): ProjectResult | undefined =>
  projects.find((each) => each.id === id)

const step = (results: CompilerResults, id: string, step: StepId) =>
  project(results, id)?.steps.find((each) => each.id === step)

const peak = (results: CompilerResults, id: string): number | undefined => {
  const sizes = project(results, id)?.memory.map(({ bytes }) => bytes / 2 ** 30) ?? []
  return sizes.length > 0 ? Math.max(...sizes) : undefined
}

const cold = (id: string): Bar<CompilerResults> => ({
  id: `${prefix}cold-${id}`,
  title: `cold, ${id}`,
  must: 'be at most',
  limit: 5,
  unit: 'x the oxc parse of the same files',
  measured: (results) => step(results, id, 'cold')?.ratio.median,
})

const warm = (id: string): Bar<CompilerResults> => ({
  id: `${prefix}warm-${id}`,
  title: `warm after a one-file edit, ${id}`,
  must: 'be at most',
  limit: 200,
  unit: 'ms',
  measured: (results) => step(results, id, 'warm-update')?.milliseconds.median,
})

const memory = (id: string): Bar<CompilerResults> => ({
  id: `${prefix}memory-${id}`,
  title: `peak memory, ${id}`,
  must: 'be at most',
  limit: 1.5,
  unit: 'GiB',
  measured: (results) => peak(results, id),
})

const ids = ['generated', 'rxjs']

export const compilerBars: readonly Bar<CompilerResults>[] = [
  ...ids.map(cold),
  ...ids.map(warm),
  ...ids.map(memory),
  {
    id: `${prefix}stamps`,
    title: 'throughput of `transform`, generated',
    must: 'be at least',
    limit: 0.5,
    unit: 'x the oxc parse of the same modules',
    measured: (results) => project(results, 'generated')?.stamps?.throughput.median,
  },
  {
    id: `${prefix}update`,
    title: 'update of one file by the dev server of Vite',
    must: 'be at most',
    limit: 50,
    unit: 'ms longer than without the plugin',
    measured: ({ shells }) => shells && Math.max(...shells.updates.map(({ extra }) => extra)),
  },
  {
    id: `${prefix}bytes`,
    title: 'what a cached function adds to a bundle',
    must: 'be at most',
    limit: 200,
    unit: 'bytes, minified and compressed',
    measured: ({ shells }) => shells?.bytes,
  },
  {
    id: `${prefix}growth`,
    title: 'growth of the cold time with modules',
    must: 'be at most',
    // Seven per cent more for each doubling is what noise and memory hierarchies do to what is linear.
    limit: 1.1,
    unit: 'as exponent (1 is linear)',
    measured: ({ growth }) => growth?.exponent,
  },
]

export function judgeCompiler(results: CompilerResults, accepted: AcceptedMisses): Verdict<CompilerResults>[] {
  return verdictsOf(compilerBars, results, new Map([...accepted].filter(([id]) => id.startsWith(prefix))))
}
