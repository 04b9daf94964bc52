import { afterAll, it } from 'vitest'
import { checkLife, lives } from '../../core/test/life-model.ts'
import { cacheManagerStore } from '../src/index.ts'
import { backends, describeWith, type Opened, pairs } from './support/backends.ts'

for (const pair of pairs.filter(({ manager }) => manager === 7)) {
  for (const backend of backends) {
    const describeBackend = await describeWith(backend.url)
    describeBackend(`over ${backend.name}, ${pair.title}`, { timeout: 3_600_000 }, () => {
      let opened: Opened | undefined
      afterAll(() => opened?.close())

      it('the life of an entry is what the oracle says after every step', async () => {
        opened = await backend.open(pair)
        const { cache, reopen } = opened
        const stores = [cache, reopen()].map((one) => cacheManagerStore(one, { onWarning: () => {} }))
        let opens = 0
        const storage = () => ({
          // Two caches over the same storage take turns, as two processes would; what a Map holds is of one.
          open: () => stores[backend.lifetime === 'process' ? 0 : opens++ % 2]!,
          wipe: () => (cache as typeof cache & { clear(): Promise<unknown> }).clear(),
        })
        await checkLife(storage, { numRuns: lives(backend.name === 'a Map' ? 60 : 20) })
      })
    })
  }
}
