/** What one process of a fleet does, and what it says of it. */

/** Over what it caches. */
export type StorePlan =
  | {
      readonly kind: 'redis'
      readonly make: Make
      readonly url: string
      /** The way to the server for what subscribes. @default `url` */
      readonly subscriberUrl?: string | undefined
      readonly cluster?: boolean | undefined
      readonly failover?: 'cold' | 'keep' | undefined
      /** Memory in front of it, with a bus that has this heartbeat, in milliseconds. */
      readonly heartbeat?: number | undefined
      /** How long that memory keeps what it has, in milliseconds. @default a minute */
      readonly near?: number | undefined
      /** Writes and reads entries as a release with another format of entries would. */
      readonly otherFormat?: boolean | undefined
    }
  | { readonly kind: 'sqlite'; readonly file: string }

/** The client library. */
export type Make = 'node-redis' | 'ioredis'

/** What a process of a fleet is told when it is started. */
export interface WorkerPlan {
  readonly store: StorePlan
  readonly register: string
  readonly namespace: string
  /** Which of the processes that change data it is, and how many of them there are. */
  readonly index: number
  readonly processes: number
  readonly keys: number
  readonly callers: number
  /** How long a caller waits between two calls, in milliseconds; of a hot key, from one call to the next. */
  readonly pause: number
  /** How long the function takes, in milliseconds. */
  readonly own: number
  /** How often it changes data and invalidates, in milliseconds; 0 for never. */
  readonly mutate: number
  readonly options: {
    readonly ttl: number
    readonly earlyRefresh?: number
    readonly lockWait?: number
    readonly flightTimeout?: number
    readonly storeTimeout?: number
  }
  /** The pinned version of its functions: the release. */
  readonly release: string
  /** The name of a codec of its own, if not the default one. */
  readonly codec?: string | undefined
  /** How far its clock is off, in milliseconds. */
  readonly shift: number
  /** How late an acknowledged invalidation may be in another process, in milliseconds: what the documentation states. */
  readonly bound: number
  /** Says when each run begins and ends. */
  readonly announce: boolean
  /** Calls one function with one key only. */
  readonly hot?: boolean | undefined
  /** Closes its instance at the end, or leaves that out as a program may. */
  readonly closes: boolean
}

/** What is asked of a process. */
export type Order =
  | { readonly do: 'start' }
  | { readonly do: 'phase'; readonly phase: Phase }
  | { readonly do: 'burst'; readonly key: number; readonly calls: number }
  | { readonly do: 'measure' }
  | { readonly do: 'rest' }
  | { readonly do: 'read-only'; readonly on: boolean }
  | { readonly do: 'stop' }

/** When calls were made: while the cache was filled first, before the fault, during it, after it. */
export type Phase = 'cold' | 'before' | 'during' | 'after'
export const phases: readonly Phase[] = ['before', 'during', 'after']

/** What happened since the last window. */
export interface Window {
  readonly from: number
  readonly to: number
  readonly calls: number
  readonly hits: number
  readonly misses: number
  /** Calls that the store must have the answer of, and those of them that it answered. */
  readonly due: number
  readonly stored: number
  readonly runs: number
  readonly failed: number
  readonly wrong: number
  readonly times: readonly (readonly [number, number])[]
  readonly phase: Phase
  readonly breaker: string
  readonly owed: number
}

/** An answer or an error that no caller must get. */
export interface Breach {
  readonly kind: 'failed' | 'wrong' | 'unhandled'
  readonly text: string
}

/** What one process found when it was done. */
export interface Totals {
  readonly calls: number
  readonly hits: number
  readonly runs: number
  readonly failed: number
  readonly wrong: number
  readonly unhandled: number
  /** Calls that joined a run from before them while the store was not asked: stated, and bounded by the run's length. */
  readonly joinedOlder: number
  /** Invalidations: acknowledged at once, and those that were made again until they were. */
  readonly acknowledged: number
  readonly repeated: number
  /** Invalidations still to be made when it ended. */
  readonly owed: number
  /** The longest time after the acknowledgement of an invalidation at which an older value answered, in milliseconds. */
  readonly behind: number
  readonly misses: number
  readonly events: Readonly<Record<string, number>>
}

/** What a process holds, after everything unreachable has been collected. */
export interface Measured {
  readonly at: number
  readonly heap: number
  readonly rss: number
  readonly listeners: number
  readonly resources: Readonly<Record<string, number>>
}

/** What a process says. */
export type Report =
  | { readonly ready: true }
  | { readonly window: Window }
  | { readonly breach: Breach }
  | { readonly run: { readonly slot: number; readonly at: number; readonly ended?: number } }
  | { readonly burst: { readonly calls: number; readonly made: readonly string[]; readonly longest: number } }
  | { readonly measured: Measured }
  | { readonly done: Totals }
