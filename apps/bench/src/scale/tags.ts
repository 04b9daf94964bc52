/** What an invalidation and the reads after it cost a real Redis, by how many entries have the tag. */

import { randomBytes } from 'node:crypto'
import { createAutocache } from '@autocache/core'
import { redisStore } from '@autocache/redis'
import { createClient } from 'redis'
import { record } from '../inputs.ts'
import { median } from '../statistics.ts'

/** One size that was measured. */
export interface TagResult {
  readonly entries: number
  /** Commands that the server executed for one invalidation of the tag all entries have. */
  readonly commands: number
  /** The middle of its times, in milliseconds. */
  readonly milliseconds: number
  /** Round trips of a hundred hits of one turn, and of a single hit. */
  readonly tripsOfHundred: number
  readonly tripsOfOne: number
  /** What the server says it uses for each entry, with the rows beside it. */
  readonly bytesPerEntry: number
}

/** Measures sizes one after another on the server at a URL, under a prefix of its own that is removed at the end. */
export async function measureTags(url: string, sizes: readonly number[]): Promise<TagResult[]> {
  const results: TagResult[] = []
  for (const entries of sizes) results.push(await measureSize(url, entries))
  return results
}

async function measureSize(url: string, entries: number): Promise<TagResult> {
  const client = createClient({ url })
  client.on('error', (error) => console.error(`bench: Redis: ${error}`))
  await client.connect()
  let trips = 0
  let commands = 0
  let turn = false
  const send = client.sendCommand.bind(client)
  client.sendCommand = ((...args: Parameters<typeof send>) => {
    commands += 1
    if (!turn) trips += 1
    turn = true
    setImmediate(() => (turn = false))
    return send(...args)
  }) as typeof client.sendCommand
  const prefix = `autocache-scale-${randomBytes(6).toString('hex')}:`
  const store = redisStore(client, { prefix })
  const cache = createAutocache({ store, namespace: 'scale', version: '1', ttl: '1h', storeTimeout: '1m' })
  const load = cache.cached(async (id: number) => record(id), { name: 'load', tags: ['all'], lockWait: 0 })
  const used = async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))![1])
  try {
    const before = await used()
    for (let id = 0; id < entries; id += 500) {
      await load.many(Array.from({ length: Math.min(500, entries - id) }, (_, at) => [id + at]))
      await cache.close()
    }
    const bytesPerEntry = ((await used()) - before) / entries
    const during = async (run: () => Promise<unknown>) => {
      await cache.close()
      await new Promise((resolve) => setImmediate(resolve))
      trips = commands = 0
      await run()
      return { trips, commands }
    }
    const { trips: tripsOfOne } = await during(() => load(1))
    const hundred = () => Promise.all(Array.from({ length: 100 }, (_, id) => load(id)))
    const { trips: tripsOfHundred } = await during(hundred)
    const times: number[] = []
    let sent = 0
    for (let round = 0; round < 21; round++) {
      const began = performance.now()
      sent = (await during(() => cache.invalidateTags('all'))).commands
      times.push(performance.now() - began)
    }
    return { entries, commands: sent, milliseconds: median(times), tripsOfHundred, tripsOfOne, bytesPerEntry }
  } finally {
    await cache.close()
    await store.clear()
    client.destroy()
  }
}
