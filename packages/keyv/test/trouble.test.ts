import { afterAll, it, vi } from 'vitest'
import { lives } from '../../core/test/life-model.ts'
import { checkTrouble } from '../../core/test/trouble-model.ts'
import { type KeyvLike, keyvStore } from '../src/index.ts'
import { backends, describeWith, type Opened } from './support/backends.ts'

for (const backend of backends.filter(({ name }) => ['Map', 'SQLite', 'Redis'].includes(name))) {
  const describeBackend = await describeWith(backend.url)
  describeBackend(`R17 R18 R20 R21 over Keyv ${backend.keyv} with ${backend.name}`, { timeout: 3_600_000 }, () => {
    let opened: Opened | undefined
    afterAll(() => {
      vi.useRealTimers()
      return opened?.close()
    })

    it('no trouble of a store makes an answer old, a failure its own or a wait long', async () => {
      const { keyv, reopen } = (opened = await backend.open())
      const stores = [keyvStore(keyv), keyvStore(reopen!())]
      let opens = 0
      const storage = () => ({
        // Two connections take turns; what a Map holds is of one process, and all its instances have one store.
        open: () => stores[backend.name === 'Map' ? 0 : opens++ % 2]!,
        wipe: () => (keyv as KeyvLike & { clear(): Promise<void> }).clear(),
      })
      await checkTrouble(storage, { numRuns: lives(backend.name === 'Map' ? 40 : backend.name === 'SQLite' ? 5 : 15) })
    })
  })
}
