/** What the steps of a call hand to each other: a cached function, one call of it, and an entry that was found for it. */

import type { Opened, Sealer } from './entry.ts'
import type { Reporter } from './events.ts'
import type { Flight } from './flight.ts'
import type { State } from './freshness.ts'
import type { Inputs, InputsOf } from './inputs.ts'
import type { Lane } from './lane.ts'
import type { Names } from './names.ts'
import type { Gathering } from './nested.ts'
import type { AnyFunction, ResolvedOptions } from './options.ts'
import type { Reader } from './reader.ts'
import type { Identity } from './version.ts'

/** All that is fixed when a function is cached. */
export interface Definition {
  readonly fn: AnyFunction
  readonly identity: Identity
  /** The version with those of `deps`, and with those of the code behind the objects of a call (`Inputs.code`). */
  readonly version: (code?: string) => string
  readonly options: ResolvedOptions
  readonly enabled: boolean
  /** The lane of the calls that this code answers. */
  readonly lane: (code?: string) => Lane
  readonly inputsOf: InputsOf
  /** The end of the key, after the lane's prefix, for the text of some inputs. */
  readonly suffixOf: (text: string, lane: Lane) => string
  readonly sealer: Sealer
  /** Reads entries that end with the process, where a store that promises may hold them. */
  readonly reader: Reader | undefined
  readonly report: Reporter
  readonly clock: () => number
  /** The tags that are known before a run, the option's function otherwise, and what stands for either in an entry. */
  readonly tags: {
    readonly fixed: readonly string[]
    readonly of: ((value: unknown, ...args: unknown[]) => unknown) | undefined
    readonly policy: string | undefined
  }
  /** Whether an entry's body is the answer as it stands, in a memory store of ours: then hits take the short way. */
  readonly quick: boolean
}

/** Where the entry of some inputs is in a store, and what was last read there. */
export interface Address {
  readonly suffix: string
  /** The whole key. */
  readonly key: string
  /** The names of the call in the store, where others use that. */
  readonly names: Names | undefined
  /** The text that was last read, and what it is taken apart. */
  held: string | undefined
  opened: Opened | undefined
}

/** One call on its way. */
export interface Call {
  readonly self: unknown
  readonly args: readonly unknown[]
  readonly inputs: Inputs
  readonly suffix: string
  readonly lane: Lane
  /** Where its entry is, where calls of these inputs share that. */
  readonly address: Address | undefined
  /** Its names in the store, where others use that. */
  readonly names: Names | undefined
  /** The flight whose function makes it. */
  readonly inner: Flight | undefined
  /** The instant it began. */
  readonly begun: number
  /** What gathers for the cached function whose run makes it. */
  readonly outer: Gathering | undefined
}

/** An entry that may answer a call, at once or where the function fails. */
export interface Found {
  readonly opened: Opened
  readonly value: unknown
  readonly state: Exclude<State, 'miss'>
  /** Whether it answers without the function. */
  readonly answers: boolean
}
