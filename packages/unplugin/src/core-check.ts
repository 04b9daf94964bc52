/**
 * Which `@autocache/core` the stamped modules find. A stamp is a note to core: a core of another contract does not read it, and of two
 * copies one does not know the instances of the other. Both show themselves at run time only, and far from the cause.
 */
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Finding } from './findings.ts'

/** The core that modules in a folder import, or nothing where there is none on the disk: what is bundled or linked otherwise. */
function coreOf(folder: string, known: Map<string, string | undefined>): string | undefined {
  if (known.has(folder)) return known.get(folder)
  const place = join(folder, 'node_modules', '@autocache', 'core')
  const parent = dirname(folder)
  let found: string | undefined
  if (existsSync(join(place, 'package.json'))) found = realpathSync(place)
  else if (parent !== folder) found = coreOf(parent, known)
  known.set(folder, found)
  return found
}

/** The contract that a core reads; nothing where that cannot be told. */
function contractOf(core: string): number | undefined {
  try {
    const { stampContract } = createRequire(join(core, 'package.json'))('@autocache/core/plumbing') as {
      stampContract?: unknown
    }
    return typeof stampContract === 'number' ? stampContract : undefined
  } catch {
    return undefined
  }
}

/** Looks at the core behind each stamped module. */
export class CoreCheck {
  readonly #places = new Map<string, string | undefined>()
  readonly #contracts = new Map<string, number | undefined>()
  #first: string | undefined

  /**
   * What is wrong with the core that a module imports.
   * @param label of a function that is stamped in it
   * @param contract the number that is written into stamps
   */
  of(file: string, label: string, contract: number): readonly Finding[] {
    const core = coreOf(dirname(file), this.#places)
    if (core === undefined) return []
    this.#first ??= core
    const finding = (code: string, text: string): Finding => ({
      fails: true,
      text: `\`${label}\`: ${text} (${code})`,
      file,
      line: 1,
      column: 1,
      code,
    })
    const found: Finding[] = []
    if (core !== this.#first) {
      found.push(
        finding(
          'core-copies',
          `this module imports @autocache/core from ${core}, and others of the program from ${this.#first}. One copy does not know the instances of the other. Install one: \`npm dedupe\`, or the same version range in every package.`,
        ),
      )
    }
    if (!this.#contracts.has(core)) this.#contracts.set(core, contractOf(core))
    const read = this.#contracts.get(core)
    if (read !== undefined && read !== contract) {
      const remedy =
        read < contract
          ? 'Update @autocache/core.'
          : 'Update @autocache/unplugin and @autocache/compiler: all packages of autocache share a version.'
      found.push(
        finding(
          'core-contract',
          `@autocache/core in ${core} reads stamps of contract ${read}, and contract ${contract} is written here, so it would find none. ${remedy}`,
        ),
      )
    }
    return found
  }
}
