/** A server in memory of this process, for as many nodes as are asked for: it counts what it is asked, and what it tells. */

import type { AsyncStore, Bus, StoreLocks } from '@autocache/core'

/** What the server was asked and told, since it was last set to nothing. */
export interface Counts {
  /** Batches of reads, each a round trip. */
  reads: number
  keysRead: number
  writes: number
  lockTries: number
  lockOthers: number
  /** Messages that were published, and those that were brought to a node for them. */
  messages: number
  deliveries: number
  /** Beats: each is one script, and one message to who asked for it. */
  beats: number
}

const nothing = (): Counts => ({
  reads: 0,
  keysRead: 0,
  writes: 0,
  lockTries: 0,
  lockOthers: 0,
  messages: 0,
  deliveries: 0,
  beats: 0,
})

/** One server. Each node connects with a store and a bus of its own. */
export class CountedServer {
  readonly rows = new Map<string, string>()
  counts = nothing()
  readonly #locks = new Map<string, string>()
  readonly #wakes = new Map<string, Set<() => void>>()
  readonly #hearers = new Set<(message: string) => void>()

  /** What was counted, from now on anew. */
  take(): Counts {
    const taken = this.counts
    this.counts = nothing()
    return taken
  }

  /** How many bytes all keys and rows have, without what a server takes besides. */
  get bytes(): number {
    let bytes = 0
    for (const [key, row] of this.rows) bytes += key.length + row.length
    return bytes
  }

  connect(): { store: AsyncStore<'text'>; bus: Bus } {
    const { rows } = this
    const read = async (keys: readonly string[]) => {
      this.counts.reads += 1
      this.counts.keysRead += keys.length
      await trip()
      return keys.map((key) => rows.get(key))
    }
    const write = async (key: string, row: string) => {
      this.counts.writes += 1
      await trip()
      rows.set(key, row)
    }
    const store: AsyncStore<'text'> = {
      lifetime: 'shared',
      holds: 'text',
      locks: this.#lockTable(),
      get: async (key) => (await read([key]))[0],
      getMany: read,
      set: write,
      async setMany(entries) {
        await Promise.all(entries.map(({ key, entry }) => write(key, entry)))
      },
      delete: async (key) => {
        this.counts.writes += 1
        await trip()
        return rows.delete(key)
      },
    }
    const bus: Bus = {
      publish: async (message) => {
        this.counts.messages += 1
        await trip()
        for (const hear of this.#hearers) {
          this.counts.deliveries += 1
          hear(message)
        }
      },
      listen: (hear) => {
        this.#hearers.add(hear)
        return () => this.#hearers.delete(hear)
      },
      beat: async () => {
        this.counts.beats += 1
        await trip()
      },
    }
    return { store, bus }
  }

  #lockTable(): StoreLocks {
    const locks = this.#locks
    return {
      acquire: async (key, note, _lease, instead) => {
        this.counts.lockTries += 1
        const held = locks.get(key)
        if (held === undefined || held === instead) locks.set(key, note)
        await trip()
        return held === undefined || held === instead ? undefined : held
      },
      renew: async (key, note) => {
        this.counts.lockOthers += 1
        await trip()
        return locks.get(key) === note
      },
      release: async (key, note) => {
        this.counts.lockOthers += 1
        await trip()
        if (locks.get(key) !== note) return
        locks.delete(key)
        for (const wake of this.#wakes.get(key) ?? []) wake()
      },
      watch: (key, wake) => {
        const own = this.#wakes.get(key) ?? new Set()
        this.#wakes.set(key, own.add(wake))
        return () => own.delete(wake)
      },
    }
  }
}

/** What a round trip is to the order of things: something else may come between. */
const trip = () => new Promise<void>((resolve) => setImmediate(resolve))
