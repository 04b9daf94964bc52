/**
 * What tsc or swc wrote, as Node loads it: `node --import @autocache/unplugin/register dist/main.js`. The folder is looked at
 * as a whole when its first file is loaded, as `autocache stamp` does, and nothing is written: a watcher of the folder sees no change.
 */
import { join, relative, sep } from 'node:path'
import { type Analysis, type PlannedFile, planFolder, type StampedEmitted } from '@autocache/compiler'

/** A stamped text, with the map that belongs to it. */
export interface EmittedModule {
  readonly code: string
  readonly map: string | undefined
  readonly diagnostics: StampedEmitted['diagnostics']
}

export class EmittedFolders {
  readonly #warn: (text: string) => void
  readonly #folders = new Map<string, ReadonlyMap<string, PlannedFile>>()

  /** @param warn tells once why a folder is left as it is */
  constructor(warn: (text: string) => void) {
    this.#warn = warn
  }

  /** The text of an emitted file with its stamps; undefined where it is none, or has none. */
  stamp(analysis: Analysis, file: string, code: string): EmittedModule | undefined {
    if (!code.includes('sourceMappingURL=')) return undefined
    const [first, ...rest] = relative(analysis.root, file).split(sep)
    if (first === undefined || first === '..' || rest.length === 0) return undefined
    const planned = this.#folder(analysis, join(analysis.root, first)).get(file)
    if (planned === undefined || planned.code !== code) return undefined
    const { stamps, diagnostics } = planned.stamped
    return stamps.length === 0 && diagnostics.length === 0 && planned.stamped.code === code
      ? undefined
      : { code: planned.stamped.code, map: planned.stamped.map, diagnostics }
  }

  #folder(analysis: Analysis, folder: string): ReadonlyMap<string, PlannedFile> {
    let found = this.#folders.get(folder)
    if (found === undefined) {
      const { files, stale } = planFolder(analysis, folder)
      const [older] = stale
      if (older !== undefined)
        this.#warn(
          `${relative(analysis.root, older)} is older than its source: nothing in that folder has a version until it is built again.`,
        )
      found = new Map(older === undefined ? files.map((each) => [each.file, each]) : [])
      this.#folders.set(folder, found)
    }
    return found
  }
}
