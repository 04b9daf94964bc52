import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describeWith, describeWithOwnRedis, RedisServer } from 'servers'
import { expect, it } from 'vitest'
import { race } from '../../core/test/race.ts'
import { keyvStore } from '../src/index.ts'
import { backends } from './support/backends.ts'

/** How many of each there are: `AUTOCACHE_LONG=1` for ten thousand. */
const rounds = (fast: number) => (process.env.AUTOCACHE_LONG ? 10_000 : fast)

const timeout = 3_600_000

for (const backend of backends.filter(({ name }) => ['Map', 'SQLite', 'Redis'].includes(name))) {
  const describeBackend = await describeWith(backend.url)
  describeBackend(`R18 over Keyv ${backend.keyv} with ${backend.name}`, { timeout }, () => {
    it('invalidations race fills, and no later call gets an older value', async () => {
      const { keyv, reopen, close } = await backend.open()
      try {
        // What a Map holds ends with its process; elsewhere two connections are as two processes.
        const stores = backend.name === 'Map' ? [keyvStore(keyv)] : [keyvStore(keyv), keyvStore(reopen!())]
        const raced = rounds(backend.name === 'SQLite' ? 60 : 500)
        const { stale, invalidations, fills, hits } = await race(stores, raced)
        expect(stale).toEqual([])
        expect(Math.min(invalidations, fills)).toBeGreaterThanOrEqual(raced)
        expect(hits).toBeGreaterThan(0)
      } finally {
        await close()
      }
    })
  })
}

describeWithOwnRedis()('R18 two processes over one Redis', { timeout }, () => {
  it('end what the other computes, and no later call of either gets an older value', async () => {
    const server = await RedisServer.start()
    const program = fileURLToPath(new URL('support/race-process.mjs', import.meta.url))
    const each = rounds(400) / 2
    const children = [0, 1].map((own) => fork(program, [server.url, 'race', `${own}`, '2', `${each}`]))
    try {
      const results = await Promise.all(
        children.map(async (child) => {
          const [result] = await Promise.race([
            once(child, 'message'),
            once(child, 'exit').then(([code]) => Promise.reject(new Error(`It ended with ${code}.`))),
          ])
          return result as { invalidations: number; fills: number; hits: number; stale: string[] }
        }),
      )
      for (const { invalidations, fills, hits, stale } of results) {
        expect(stale).toEqual([])
        expect(invalidations).toBeGreaterThanOrEqual(each)
        expect(Math.min(fills, hits)).toBeGreaterThan(0)
      }
    } finally {
      for (const child of children) child.kill()
      await server.kill()
    }
  })
})
