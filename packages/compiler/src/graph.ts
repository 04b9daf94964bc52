/** What all roots of a program share, computed once; `closure.ts` walks each of them. */
import { Attachments } from './attach.ts'
import { type Link, Linker, type Module, type Program } from './link.ts'
import { cyclesOf, type Evaluation, evaluationOf, Importers, programOf, programOrder } from './order.ts'
import type { Root } from './reached.ts'
import { Report } from './report.ts'

export class Graph {
  readonly linker: Linker
  readonly program: Program
  readonly report: Report
  #modules: readonly Module[] | undefined
  #attachments: Attachments | undefined
  #order: ReturnType<typeof programOrder> | undefined
  #cycles: ReadonlyMap<Module, number> | undefined
  #importers: Importers | undefined
  readonly #evaluations = new Map<Module, Evaluation>()

  constructor(program: Program) {
    this.program = program
    this.linker = new Linker(program)
    this.report = new Report(program, (file) => this.linker.module(file).text)
  }

  /** The source files of the program: the entries, and what they lead to. */
  get files(): readonly string[] {
    return this.modules.map((module) => module.file)
  }

  get modules(): readonly Module[] {
    this.#modules ??= programOf(this.linker, this.program.entries)
    return this.#modules
  }

  get attachments(): Attachments {
    this.#attachments ??= new Attachments(this.linker, this.modules)
    return this.#attachments
  }

  get order(): ReturnType<typeof programOrder> {
    this.#order ??= programOrder(this.linker, this.modules)
    return this.#order
  }

  /** Who imports what. */
  get importers(): Importers {
    this.#importers ??= new Importers(this.linker, this.modules, this.cycles)
    return this.#importers
  }

  /** The cycle of static imports that a module is part of. */
  get cycles(): ReadonlyMap<Module, number> {
    this.#cycles ??= cyclesOf(this.linker, this.modules)
    return this.#cycles
  }

  /** What evaluating the module evaluates. */
  evaluation(module: Module): Evaluation {
    const known = this.#evaluations.get(module)
    if (known) return known
    const found = evaluationOf(this.linker, [module])
    this.#evaluations.set(module, found)
    return found
  }

  link(module: Module, target: Root['target']): Link {
    if (!('export' in target)) return this.linker.target(module, target)
    return this.linker.export(module, target.export) ?? { kind: 'token', token: '?' }
  }
}
