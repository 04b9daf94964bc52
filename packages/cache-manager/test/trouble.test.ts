import { describeWith } from 'servers'
import { afterAll, it } from 'vitest'
import { lives } from '../../core/test/life-model.ts'
import { checkTrouble, endTrouble } from '../../core/test/trouble-model.ts'
import { cacheManagerStore } from '../src/index.ts'
import { backends, type Opened, pairs } from './support/backends.ts'

const opened: Opened[] = []
afterAll(async () => {
  await endTrouble()
  for (const { close } of opened) await close()
})

for (const pair of pairs.filter(({ manager }) => manager === 7)) {
  for (const backend of backends) {
    const describeBackend = await describeWith(backend.url)
    describeBackend(`R17 R18 R20 R21 over ${backend.name}, ${pair.title}`, { timeout: 3_600_000 }, () => {
      it('no trouble of a store makes an answer old, a failure its own or a wait long', async () => {
        const one = await backend.open(pair)
        opened.push(one)
        const { cache, reopen } = one
        const caches = [cache, reopen()]
        let opens = 0
        const storage = () => ({
          // What stands in the memory of one, in front of what both have, stays there: it may only cost runs.
          open: () =>
            cacheManagerStore(caches[backend.lifetime === 'process' ? 0 : opens++ % 2]!, { onWarning: () => {} }),
          wipe: () => (cache as typeof cache & { clear(): Promise<unknown> }).clear(),
        })
        await checkTrouble(storage, { numRuns: lives(backend.name === 'a Map' ? 40 : 10) })
      })
    })
  }
}
