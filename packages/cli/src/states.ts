import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Analysis } from '@autocache/compiler'
import { UserError } from './errors.ts'
import { type Extracted, nameOfRevision, Repository, type Revision } from './git.ts'
import { analyse, type Context, isCompilerError } from './program.ts'
import { analysedState, emptyState, loadManifest, manifestState, type State } from './state.ts'
import { clean } from './text.ts'

/** Opens states of the program and closes what they need on the disk. */
export class States {
  readonly #context: Context
  readonly #open: Extracted[] = []
  #repository: Repository | undefined

  constructor(context: Context) {
    this.#context = context
  }

  get repository(): Repository {
    return (this.#repository ??= Repository.open(this.#context.root, this.#context.io.env))
  }

  /** The files as they are on the disk. */
  async workingTree(): Promise<State> {
    const analysis = await analyse(this.#context)
    return analysedState('the working tree', analysis, (await this.#context.compiler()).compilerContract)
  }

  /** Whether a name given as a state is the path of a manifest. */
  isManifest(name: string): boolean {
    const path = resolve(this.#context.io.cwd, name)
    if (!/\.json$/i.test(name)) return existsSync(path) && statSync(path).isFile() && !this.#isRevision(name)
    return true
  }

  #isRevision(name: string): boolean {
    try {
      this.repository.resolve(name)
      return true
    } catch (error) {
      if (error instanceof UserError) return false
      throw error
    }
  }

  /** A revision or a manifest. */
  async open(name: string): Promise<State> {
    if (this.isManifest(name)) return manifestState(name, await loadManifest(this.#context, name))
    return await this.at(this.repository.resolve(name))
  }

  /** The program as it is in a revision, analysed under its own configuration. */
  async at(revision: Revision): Promise<State> {
    const name = nameOfRevision(revision)
    const progress = this.#context.terminal.progress(`Reading ${name} from git`, 0)
    progress.update()
    let extracted: Extracted
    try {
      extracted = this.repository.extract(revision)
    } finally {
      progress.end()
    }
    this.#open.push(extracted)
    const { root, missing, moved } = extracted
    for (const path of missing) {
      this.#context.terminal.note(
        `note: the commit of the submodule ${clean(path)} at ${name} is not here, so its files are missing from that state. Fetch it: git submodule update --init --recursive, or git fetch in it.`,
      )
    }
    if (root === undefined) {
      this.#context.terminal.note(`note: the folder of --root does not exist at ${name}; all of it counts as new.`)
      return emptyState(name)
    }
    let analysis: Analysis
    try {
      analysis = await analyse(this.#context, { root, name, moved })
    } catch (error) {
      if (!isCompilerError(error)) throw error
      // Its configuration, say: that of the working tree may be right.
      throw new UserError(`${clean(name)} cannot be analysed: ${clean(error.message)}`, { cause: error })
    }
    return analysedState(name, analysis, (await this.#context.compiler()).compilerContract)
  }

  close(): void {
    for (const extracted of this.#open.splice(0)) extracted.remove()
  }
}
