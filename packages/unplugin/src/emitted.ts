/**
 * What tsc or swc wrote, as Node loads it: `node --import @autocache/unplugin/register dist/main.js`. The folder is looked at
 * as a whole when its first file is loaded, as `autocache stamp` does, and nothing is written: a watcher of the folder sees no change.
 */
import { relative } from 'node:path'
import { type Analysis, outputFolder, planFile, planFolder, type StampedEmitted } from '@autocache/compiler'

/** A text with the map that belongs to it, where it does not carry that itself. */
export interface EmittedModule {
  readonly code: string
  readonly map: string | undefined
  readonly diagnostics: StampedEmitted['diagnostics']
}

/** What a file should hold, and the text that this was made of. */
interface Planned extends EmittedModule {
  readonly given: string
}

export class EmittedFolders {
  readonly #warn: (text: string) => void
  readonly #folders = new Map<string, ReadonlyMap<string, Planned>>()

  /** @param warn tells once why a folder has no versions */
  constructor(warn: (text: string) => void) {
    this.#warn = warn
  }

  /** The text of an emitted file with its stamps; undefined where it is none, or stays as it is. */
  stamp(analysis: Analysis, file: string, code: string): EmittedModule | undefined {
    if (!code.includes('sourceMappingURL=')) return undefined
    const { source } = planFile(analysis, file, code).stamped
    const planned = source === undefined ? undefined : this.#folder(analysis, outputFolder(source, file)).get(file)
    if (planned === undefined || planned.given !== code) return undefined
    return planned.code === code && planned.diagnostics.length === 0 ? undefined : planned
  }

  #folder(analysis: Analysis, folder: string): ReadonlyMap<string, Planned> {
    let found = this.#folders.get(folder)
    if (found === undefined) {
      const { files, stale } = planFolder(analysis, folder)
      const [older] = stale
      if (older !== undefined)
        this.#warn(
          `${relative(analysis.root, older)} is older than its source: nothing in that folder has a version until it is built again.`,
        )
      found = new Map(
        files.map(({ file, code, stamped }) => {
          // Stamps of an earlier build say nothing of this one.
          const now = older === undefined ? stamped : { ...stamped.plain, diagnostics: [] }
          return [file, { given: code, code: now.code, map: now.map, diagnostics: now.diagnostics }]
        }),
      )
      this.#folders.set(folder, found)
    }
    return found
  }
}
