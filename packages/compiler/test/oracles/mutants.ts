/** Stryker's mutants, one by one: each is a small edit that changes what a function does, as a rule. */

import { extname } from 'node:path'
import { Instrumenter } from '@stryker-mutator/instrumenter'
import { versionOf } from '../../src/closure.ts'
import { Graph } from '../../src/graph.ts'
import type { Program } from '../../src/link.ts'
import type { ModuleSummary } from '../../src/model.ts'
import { createProject } from '../../src/project.ts'
import { summarise } from '../../src/summary.ts'
import { memoryRoot, readFrom } from '../memory-files.ts'
import { compilerOptions, type Sources } from './libraries.ts'

export interface Mutant {
  readonly mutator: string
  readonly start: number
  readonly end: number
  readonly replacement: string
  /** The source with the mutant in it. */
  readonly text: string
}

const silent: Record<string, () => unknown> = Object.fromEntries(
  ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].flatMap((level) => [
    [level, () => {}],
    [`is${level[0]!.toUpperCase()}${level.slice(1)}Enabled`, () => false],
  ]),
)

/** A case of a `switch` and a block stand as they are; an expression must not fall apart in the place it gets. */
const isExpression = (mutator: string, replacement: string) =>
  mutator !== 'BlockStatement' && !/^(?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:case\b|default\s*:)/.test(replacement)

export async function mutantsOf(file: string, text: string): Promise<Mutant[]> {
  const instrumenter = new Instrumenter(silent as never)
  const { mutants } = await instrumenter.instrument([{ name: file, mutate: true, content: text }], {
    plugins: null,
    ignorers: [],
    excludedMutations: [],
    noHeader: true,
  } as never)
  const lines = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.push(at + 1)
  return mutants.map(({ mutatorName, location, replacement }) => {
    const start = lines[location.start.line]! + location.start.column
    const end = lines[location.end.line]! + location.end.column
    const code = isExpression(mutatorName, replacement!) ? `(${replacement})` : replacement!
    return {
      mutator: mutatorName,
      start,
      end,
      replacement: replacement!,
      text: text.slice(0, start) + code + text.slice(end),
    }
  })
}

/** Asks for versions of a program in which one file at a time is another. */
export class Variants {
  readonly #project: ReturnType<typeof createProject>

  constructor(sources: Sources) {
    this.#project = createProject({
      root: memoryRoot,
      files: Object.keys(sources),
      read: readFrom(sources),
      cache: false,
      tsconfig: { compilerOptions },
    })
  }

  summary(file: string): ModuleSummary {
    return this.#project.load(this.#project.locate(file)).summary
  }

  /** The version of one definition of `file`, whose text is `text`. */
  version(file: string, summary: ModuleSummary, text: string, definition: number): string {
    const path = this.#project.locate(file)
    const program: Program = {
      ...this.#project,
      entries: [path],
      load: (other) => (other === path ? { summary, text } : this.#project.load(other)),
    }
    return versionOf(new Graph(program), { file: path, target: { def: definition } }).version
  }
}

/** The definition that holds an offset; the innermost where one stands in another. */
export function holder(summary: ModuleSummary, at: number): number {
  let found = -1
  summary.definitions.forEach(({ start, end }, index) => {
    if (start > at || at >= end) return
    const known = summary.definitions[found]
    if (known === undefined || known.end - known.start >= end - start) found = index
  })
  return found
}

export const summaryOf = (file: string, text: string): ModuleSummary => summarise({ text, extension: extname(file) })
