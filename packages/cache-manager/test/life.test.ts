import { describeWith } from 'servers'
import { afterAll, it } from 'vitest'
import { checkLife, lives } from '../../core/test/life-model.ts'
import { cacheManagerStore } from '../src/index.ts'
import { backends, type Opened, pairs } from './support/backends.ts'

for (const pair of pairs.filter(({ manager }) => manager === 7)) {
  for (const backend of backends) {
    const describeBackend = await describeWith(backend.url)
    describeBackend(`over ${backend.name}, ${pair.title}`, { timeout: 3_600_000 }, () => {
      let opened: Opened | undefined
      afterAll(() => opened?.close())

      it('the life of an entry is what the oracle says after every step', async () => {
        opened = await backend.open(pair)
        const { cache, reopen, restart } = opened
        const caches = [cache, reopen()]
        let opens = 0
        const storage = () => ({
          // Two caches over the same storage take turns, as two processes would; what a Map holds is of one.
          // Each begins with no memory of its own: a copy there that has ended hides what others stored since (a miss, which
          // the oracle here would have to count; trouble.test.ts leaves such copies where they are, and asks for values).
          open: () => {
            const one = caches[backend.lifetime === 'process' ? 0 : opens++ % 2]!
            restart?.(one)
            return cacheManagerStore(one, { onWarning: () => {} })
          },
          wipe: () => (cache as typeof cache & { clear(): Promise<unknown> }).clear(),
        })
        await checkLife(storage, { numRuns: lives(backend.name === 'a Map' ? 60 : 20) })
      })
    })
  }
}
