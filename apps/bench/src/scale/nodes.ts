/** A fleet of nodes in one process: the code of the packages as it is, over a server that counts. */

import { createAutocache, memoryStore, tieredStore } from '@autocache/core'
import { CountedServer, type Counts } from './server.ts'

/** How many of everything. */
export interface Fleet {
  readonly nodes: number
  /** Entries that are really made, from which the rows and bytes of one follow. */
  readonly entries: number
  /** For how long nodes that are asked beat, in seconds. */
  readonly seconds: number
}

/** What a fleet came to. */
export interface FleetResult extends Fleet {
  readonly cold: Counts & { readonly fills: number }
  readonly warm: Counts & { readonly calls: number }
  readonly invalidated: Counts
  readonly after: Counts & { readonly fills: number }
  /** Beats of all nodes in a second, with the default heartbeat. */
  readonly beatsPerSecond: number
  readonly rowsPerEntry: number
  /** Bytes of keys and rows for each entry: of the entry itself, and of its epoch. */
  readonly bytesPerEntry: number
  readonly valueBytes: number
}

/** Long, because all nodes share one event loop here; beats are as many times rarer than with the default of a second. */
const heartbeat = 10

const value = { text: 'x'.repeat(1000) }

/** Lets a fleet live through a cold key, hits, an invalidation and some seconds of rest. */
export async function runFleet({ nodes, entries, seconds }: Fleet): Promise<FleetResult> {
  const server = new CountedServer()
  let fills = 0
  const fleet = Array.from({ length: nodes }, () => {
    const { store, bus } = server.connect()
    const tiers = tieredStore([memoryStore({ max: 1000 }), store], { bus, heartbeat: heartbeat * 1000 })
    const cache = createAutocache({ store: tiers, namespace: 'scale', version: '1', ttl: '1h', storeTimeout: '1m' })
    const load = cache.cached(
      async (id: number) => {
        fills += 1
        await new Promise((resolve) => setTimeout(resolve, 100))
        return { id, ...value }
      },
      { name: 'load', tags: (_, id) => [`item:${id}`], lockWait: '1m' },
    )
    return { cache, load }
  })
  const all = (id: number) => Promise.all(fleet.map(({ load }) => load(id)))
  const settle = () => Promise.all(fleet.map(({ cache }) => cache.close()))
  const filled = () => {
    const taken = fills
    fills = 0
    return taken
  }

  // One node has called before, so that the function has its rows and only the key is cold.
  await fleet[0]!.load(0)
  await settle()
  server.take()
  filled()
  await all(1)
  await settle()
  const cold = { ...server.take(), fills: filled() }

  // Twice: what is read at first is kept.
  await all(1)
  await all(1)
  server.take()
  const rounds = 10
  for (let round = 0; round < rounds; round++) await all(1)
  const warm = { ...server.take(), calls: rounds * nodes }

  await fleet[0]!.cache.invalidateTags('item:1')
  const invalidated = server.take()
  filled()
  await all(1)
  await settle()
  const after = { ...server.take(), fills: filled() }

  const began = performance.now()
  while (performance.now() - began < seconds * 1000) {
    await all(1)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const { beats } = server.take()
  const beatsPerSecond = ((beats * heartbeat) / (performance.now() - began)) * 1000

  const before = { rows: server.rows.size, bytes: server.bytes }
  const one = createAutocache({ store: server.connect().store, namespace: 'scale', version: '1', ttl: '1h' })
  const many = one.cached(async (id: number) => ({ id, ...value }), { name: 'many', tags: ['all'], lockWait: 0 })
  for (let id = 0; id < entries; id += 500) {
    await many.many(Array.from({ length: Math.min(500, entries - id) }, (_, at) => [id + at]))
    await one.close()
  }
  return {
    nodes,
    entries,
    seconds,
    cold,
    warm,
    invalidated,
    after,
    beatsPerSecond,
    rowsPerEntry: (server.rows.size - before.rows) / entries,
    bytesPerEntry: (server.bytes - before.bytes) / entries,
    valueBytes: JSON.stringify(value).length,
  }
}
