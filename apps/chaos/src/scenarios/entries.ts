import { createAutocache } from '@autocache/core'
import { codec } from '@autocache/core/codec'
import { redisStore } from '@autocache/redis'
import { Redis } from 'ioredis'
import type { Scenario } from '../stage.ts'

/** What is done to an entry as it stands in Redis, with another one beside it. */
const damages: readonly (readonly [string, (row: string, other: string) => string])[] = [
  ['truncated', (row) => row.slice(0, Math.floor(Math.random() * row.length))],
  ['a bit flipped', flipped],
  ['a byte more', (row) => `${row}x`],
  ['empty', () => ''],
  ['the entry of another key', (_, other) => other],
  ['another format', (row) => row.replace('a2.', 'a3.')],
  ['an earlier format', (row) => row.replace('a2.', 'a1.')],
  ['of another life of the server', (row) => `00000000${row.slice(8)}`],
  ['something else', () => JSON.stringify({ value: 'of another program' })],
  ['a header of somebody who forges', (row) => row.replace('"outcome":"value"', '"outcome":"error"')],
]

/** Any bit of its UTF-8 but those of the number of the server's life, which is tried apart. */
function flipped(row: string): string {
  const bytes = Buffer.from(row)
  const at = 9 + Math.floor(Math.random() * (bytes.length - 9))
  bytes[at] = bytes[at]! ^ (1 << Math.floor(Math.random() * 8))
  return bytes.toString('latin1')
}

export const entries: Scenario = {
  name: 'entries',
  title: 'Entries are damaged in Redis, or are of another format, codec, key or release',
  async play(stage) {
    await stage.round('ioredis', async (playing) => {
      const { account, scale } = playing
      const server = await playing.server()
      const client = new Redis(server.port)
      playing.closing(() => client.disconnect())
      const store = redisStore(client)
      let runs = 0
      const load = async (key: number) => {
        runs += 1
        return { key, when: new Date(key), text: `${key} \u{1F9ED} ${'x'.repeat(key % 100)}` }
      }
      const make = (release: string, id = codec.id) => {
        const own = { store, namespace: 'entries', version: release, ttl: '1h', codec: { ...codec, id } } as const
        const cache = createAutocache(own)
        return { cache, load: cache.cached(load, { name: 'load' }) }
      }
      const one = make('1')
      const count = scale.short ? 40 : 1000
      const keys = Array.from({ length: count }, (_, key) => key)
      const right = async (cached: typeof one.load) => {
        const values = await Promise.all(keys.map((key) => cached(key)))
        await one.cache.close()
        for (const [key, value] of values.entries()) {
          const ok = value.key === key && value.when instanceof Date && +value.when === key
          if (!ok || !value.text.startsWith(`${key} `)) account.breach({ kind: 'wrong', text: JSON.stringify(value) })
        }
        return values.filter(({ key }, at) => key !== at).length
      }
      await right(one.load)
      await right(one.load)
      const filled = runs
      account.claim('runs until all were there', `${count}`, `${filled}`, filled === count)

      for (const [name, damage] of damages) {
        const found = await client.keys('autocache:*')
        const rows = new Map<string, string>()
        for (const key of found) {
          const row = await client.getBuffer(key)
          if (row?.toString('latin1').includes(':a2.')) rows.set(key, row.toString('latin1'))
        }
        const all = [...rows]
        for (const [at, [key, row]] of all.entries()) {
          const other = all[(at + 1) % all.length]![1]
          await client.set(key, Buffer.from(damage(row, other), 'latin1'), 'KEEPTTL')
        }
        runs = 0
        const wrong = await right(one.load)
        account.claim(`${name}: wrong values`, '0', `${wrong}`, wrong === 0)
        account.claim(
          `${name}: misses, of ${all.length}`,
          `${count}`,
          `${runs}`,
          runs === count && all.length === count,
        )
        runs = 0
        await right(one.load)
        account.claim(`${name}: runs once they were written again`, '0', `${runs}`, runs === 0)
      }
      for (const [name, other] of [
        ['another codec', make('1', 'another')],
        ['another release', make('2')],
      ] as const) {
        runs = 0
        await right(other.load)
        await other.cache.close()
        account.claim(`${name}: misses`, `${count}`, `${runs}`, runs === count)
      }
    })
  },
}
