import type { Machine } from '../results.ts'
import type { Spread } from '../statistics.ts'

/** What `npm run bench -- compiler` measured: `results.compiler.json`, from which RESULTS.compiler.md is made. */
export interface CompilerResults {
  /** The day of the run, as `YYYY-MM-DD`. */
  readonly date: string
  readonly command: string
  readonly machine: Machine
  /** Version of the parser and of the projects that are not generated, by name. */
  readonly versions: Readonly<Record<string, string>>
  readonly plan: CompilerPlan
  readonly projects: readonly ProjectResult[]
  readonly growth?: Growth | undefined
  readonly shells?: ShellsResult | undefined
  /** What was asserted before anything was timed. */
  readonly checked: readonly string[]
}

/** When and how a part was measured again after the rest. */
export interface Again {
  readonly date: string
  readonly command: string
  readonly machine: Machine
}

/** Results with the parts of another run in place of theirs. */
export function mergedInto(results: CompilerResults, other: CompilerResults): CompilerResults {
  const { date, command, machine } = other
  const again: Again = { date, command, machine }
  const projects = results.projects.map((project) => {
    const measured = other.projects.find(({ id }) => id === project.id)
    return measured ? { ...measured, again } : project
  })
  const checkedAgain = (line: string) => other.projects.some(({ id }) => line.startsWith(`${id}: `))
  return {
    ...results,
    projects,
    growth: other.growth ? { ...other.growth, again } : results.growth,
    shells: other.shells ? { ...other.shells, again } : results.shells,
    checked: [...results.checked.filter((line) => !checkedAgain(line)), ...other.checked],
  }
}

export interface CompilerPlan {
  readonly modules: number
  readonly cached: number
  /** Rounds of each project. */
  readonly rounds: number
}

export const fullCompilerPlan: CompilerPlan = { modules: 10_000, cached: 500, rounds: 3 }

/** Milliseconds; ratios are to `parse` of the same round. */
export interface ProjectResult {
  readonly id: string
  readonly title: string
  readonly files: number
  readonly lines: number
  /** Cached functions, or exports where there are none. */
  readonly functions: number
  /** Definitions that the largest of them reaches. */
  readonly largest: number
  readonly steps: readonly StepResult[]
  readonly memory: readonly MemoryResult[]
  /** Absent where nothing is cached. */
  readonly stamps?: StampsResult | undefined
  readonly again?: Again | undefined
}

/** The modules that are written to, transformed and parsed. */
export interface StampsResult {
  readonly modules: number
  readonly stamps: number
  /** Milliseconds. */
  readonly parse: Spread
  readonly transform: Spread
  /** The time of the parse over that of `transform`, of the same round. */
  readonly throughput: Spread
}

/** What `integrations/shells/measure.mjs` tells of a program with the plugin and without. Milliseconds, medians of its rounds. */
export interface ShellsResult {
  readonly again?: Again | undefined
  readonly modules: number
  readonly rounds: number
  /** Updates of the dev server of Vite. */
  readonly updates: readonly {
    readonly name: string
    readonly without: number
    readonly with: number
    readonly extra: number
  }[]
  readonly starts: readonly { readonly name: string; readonly milliseconds: number }[]
  /** What a cached function adds to a bundle, minified and compressed. */
  readonly bytes: number
}

export interface StepResult {
  readonly id: StepId
  readonly milliseconds: Spread
  readonly ratio: Spread
}

export type StepId = keyof typeof stepTitles

export const stepTitles = {
  parse: 'oxc parse, `.program` materialised (reference)',
  cold: 'cold, filling the cache on disk',
  'cold-uncached': 'cold, without a cache on disk',
  'warm-update': 'warm after an edit, `update` of the analysis before it',
  'warm-process': 'warm after an edit, in a new process',
  'warm-call': 'warm after an edit, a new call in the same process',
} as const

export interface MemoryResult {
  readonly id: 'cold' | 'warm'
  /** The greatest resident size of a process that only analyses, in bytes. */
  readonly bytes: number
}

/** Cold time by number of modules, and the exponent of the power of it that fits best: 1 is linear. */
export interface Growth {
  readonly again?: Again | undefined
  readonly exponent: number
  readonly points: readonly { readonly modules: number; readonly milliseconds: Spread }[]
}
