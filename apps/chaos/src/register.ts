/**
 * The register of truth: which version of the data each key has, and which versions are known to be ended by an
 * acknowledged invalidation, and since when. A file on a disk in memory, so that every process reads what any wrote before it,
 * at once and without asking anybody: a call takes its bound before it begins and is held against it when it has answered.
 *
 * Each key has a slot: the version of now, the greatest acknowledged one, and for the last of them when that was. One
 * process writes the slots of a key.
 */

import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'

/** How many acknowledgements of a key are remembered. */
const remembered = 32
const slotBytes = 8 * (2 + remembered)

/** Milliseconds on a clock that all processes of this machine share and nobody sets. */
export function instant(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}

/** What is known of a key. */
export interface Truth {
  /** The version of its data now. */
  readonly now: number
  /** No call that begins at this instant may be answered with an older one. */
  least(at: number): number
  /** When a version greater than this one was acknowledged first; `undefined` where none was. */
  ended(version: number): number | undefined
}

/** The register, as one process has it. */
export class Register {
  readonly #file: number
  readonly #slot = Buffer.alloc(slotBytes)
  readonly #number = Buffer.alloc(8)

  constructor(path: string, keys?: number) {
    this.#file = openSync(path, keys === undefined ? 'r+' : 'w+')
    if (keys !== undefined) ftruncateSync(this.#file, keys * slotBytes)
  }

  read(key: number): Truth {
    readSync(this.#file, this.#slot, 0, slotBytes, key * slotBytes)
    const slot = new Float64Array(this.#slot.buffer.slice(this.#slot.byteOffset, this.#slot.byteOffset + slotBytes))
    const acknowledged = slot[1]!
    const since = (version: number) => slot[2 + (version % remembered)]!
    const oldest = Math.max(0, acknowledged - remembered + 1)
    return {
      now: slot[0]!,
      least(at) {
        let version = acknowledged
        while (version > oldest && since(version) > at) version -= 1
        return version
      },
      ended(version) {
        if (version >= acknowledged) return undefined
        let first = since(acknowledged)
        for (let later = Math.max(version + 1, oldest + 1); later < acknowledged; later++)
          first = Math.min(first, since(later))
        return first
      },
    }
  }

  /** The version of a key's data now. */
  now(key: number): number {
    readSync(this.#file, this.#number, 0, 8, key * slotBytes)
    return this.#number.readDoubleLE()
  }

  /** Changes the data of a key; the version that it has then. */
  change(key: number): number {
    const version = this.now(key) + 1
    this.#write(key, 2 + (version % remembered), Number.POSITIVE_INFINITY)
    this.#write(key, 0, version)
    return version
  }

  /** From now on nobody may be answered with an older version of a key. */
  acknowledge(key: number, version: number): void {
    this.#write(key, 2 + (version % remembered), instant())
    readSync(this.#file, this.#number, 0, 8, key * slotBytes + 8)
    if (this.#number.readDoubleLE() < version) this.#write(key, 1, version)
  }

  close(): void {
    closeSync(this.#file)
  }

  #write(key: number, at: number, value: number): void {
    this.#number.writeDoubleLE(value)
    writeSync(this.#file, this.#number, 0, 8, key * slotBytes + 8 * at)
  }
}
