/** Where packages are read: what the caller gives, or the disk; each file and folder once. */
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import type { PackageFiles } from './lockfiles.ts'

export interface HostOptions {
  /** Reads a file; undefined: it does not exist. */
  readonly read: (file: string) => Uint8Array | string | undefined
  /** Names in a folder; undefined: it is none. @default the disk */
  readonly list?: (folder: string) => readonly string[] | undefined
  /** The file behind symbolic links. @default the disk */
  readonly realpath?: (file: string) => string
}

export class PackageHost implements PackageFiles {
  /** All files that were read and exist. */
  readonly inputs = new Set<string>()
  readonly #options: HostOptions
  readonly #bytes = new Map<string, Uint8Array | undefined>()
  readonly #names = new Map<string, readonly string[] | undefined>()

  constructor(options: HostOptions) {
    this.#options = options
  }

  read(file: string): Uint8Array | undefined {
    if (!this.#bytes.has(file)) {
      const data = attempt(() => this.#options.read(file))
      this.#bytes.set(file, typeof data === 'string' ? encoder.encode(data) : data)
      if (data !== undefined) this.inputs.add(file)
    }
    return this.#bytes.get(file)
  }

  list(folder: string): readonly string[] | undefined {
    if (!this.#names.has(folder)) {
      const { list = (path: string) => readdirSync(path) } = this.#options
      this.#names.set(
        folder,
        attempt(() => list(folder)),
      )
    }
    return this.#names.get(folder)
  }

  /** The path behind symbolic links; the path itself where there is nothing. */
  real(path: string): string {
    const { realpath = realpathSync } = this.#options
    return slashed(attempt(() => realpath(path)) ?? path)
  }
}

/** Reads the disk, for a caller without a host of its own. */
export const readFromDisk = (file: string): Uint8Array | undefined => attempt(() => readFileSync(file))

export function slashed(path: string): string {
  return path.replaceAll('\\', '/').replace(/(?<=[^/:])\/+$/, '')
}

const encoder = new TextEncoder()

/** A file that cannot be read is one that is not there. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
