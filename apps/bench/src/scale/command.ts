/** `npm run bench -- scale`: the figures of docs/scaling.md. See README.md. */

import { parseArgs } from 'node:util'
import { figure } from '../figures.ts'
import { redisUrl, unreachable } from '../groups/keyv.ts'
import { table } from '../report.ts'
import { type FleetResult, runFleet } from './nodes.ts'
import { measureTags, type TagResult } from './tags.ts'

/** @param args what follows `scale` on the command line */
export async function benchScale(args: readonly string[], say: (text: string) => void): Promise<void> {
  const { quick } = parseArgs({ args: [...args], options: { quick: { type: 'boolean', default: false } } }).values
  const fleet = quick ? { nodes: 100, entries: 2000, seconds: 3 } : { nodes: 1000, entries: 20_000, seconds: 20 }
  say(`${fleet.nodes} nodes in one process, over a server that counts`)
  const result = await runFleet(fleet)
  console.log(`\n${fleetTable(result)}\n\n${totalTable(result)}`)
  const reason = await unreachable(redisUrl)
  if (reason) return say(`SKIPPED tags: ${reason}`)
  say(`entries of one tag, on the Redis at REDIS_URL`)
  console.log(`\n${tagTable(await measureTags(redisUrl, quick ? [100, 2000] : [1000, 100_000]))}`)
}

/** What the fleet was seen to do. */
function fleetTable({ nodes, cold, warm, invalidated, after, beatsPerSecond }: FleetResult): string {
  const rows: [string, number | string][] = [
    ['a cold key, called by every node at once: runs of the function', cold.fills],
    ['its reads (round trips)', cold.reads],
    ['its tries for the lock', cold.lockTries],
    ['its renewals and releases', cold.lockOthers],
    ['its writes', cold.writes],
    [`${warm.calls} hits: reads`, warm.reads],
    ['an invalidation: writes', invalidated.writes],
    ['its messages', invalidated.messages],
    ['messages that are brought to nodes for it', invalidated.deliveries],
    ['the key after it, called by every node at once: runs of the function', after.fills],
    ['its reads (round trips)', after.reads],
    ['its messages', after.messages],
    ['beats in a second, with a heartbeat of 1 s (a script and one message each)', figure(beatsPerSecond)],
  ]
  return table(
    [`${nodes} nodes, simulated`, 'count'],
    rows.map(([name, count]) => [name, `${count}`]),
    1,
  )
}

/** What follows for a number of entries that nobody made. */
function totalTable({ rowsPerEntry, bytesPerEntry, valueBytes, entries }: FleetResult): string {
  const total = 1e9
  // What Redis takes for a key besides its text and its value's: the entry of the table, two headers, and an expiry.
  const perRow = 100
  const bytes = total * (bytesPerEntry + perRow * rowsPerEntry)
  const perNode = 25e9
  const rows: [string, string][] = [
    ['keys for each entry', figure(rowsPerEntry)],
    [`bytes of keys and rows for each entry, of them ${valueBytes} of its value`, figure(bytesPerEntry)],
    ['keys', figure(total * rowsPerEntry)],
    [`memory, with ${perRow} bytes more for each key`, `${figure(bytes / 1e12)} TB`],
    ['masters of 25 GB', `${Math.ceil(bytes / perNode)}`],
  ]
  return table([`10^9 entries, computed from ${entries} that were made`, ''], rows, 1)
}

function tagTable(results: readonly TagResult[]): string {
  return table(
    ['entries of the tag, run', ...results.map(({ entries }) => `${entries}`)],
    [
      ['commands of an invalidation', ...results.map(({ commands }) => `${commands}`)],
      ['its time', ...results.map(({ milliseconds }) => `${figure(milliseconds)} ms`)],
      ['round trips of a hit', ...results.map(({ tripsOfOne }) => `${tripsOfOne}`)],
      ['round trips of 100 hits of one turn', ...results.map(({ tripsOfHundred }) => `${tripsOfHundred}`)],
      ['bytes for each entry in the server', ...results.map(({ bytesPerEntry }) => figure(bytesPerEntry))],
    ],
    1,
  )
}
