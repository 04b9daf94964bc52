import { describeWith } from 'servers'
import { afterAll, it } from 'vitest'
import { checkLife, lives } from '../../core/test/life-model.ts'
import { type KeyvLike, keyvStore } from '../src/index.ts'
import { backends, type Opened } from './support/backends.ts'

for (const backend of backends.filter(({ name }) => ['Map', 'SQLite', 'Redis'].includes(name))) {
  const describeBackend = await describeWith(backend.url)
  describeBackend(`over Keyv ${backend.keyv} with ${backend.name}`, { timeout: 3_600_000 }, () => {
    let opened: Opened | undefined
    afterAll(() => opened?.close())

    it('the life of an entry is what the oracle says after every step', async () => {
      const { keyv, reopen } = (opened = await backend.open())
      const stores = [keyvStore(keyv), keyvStore(reopen!())]
      let opens = 0
      const storage = () => ({
        // Two Keyvs over the same storage take turns, as two processes would; what a Map holds is of one.
        open: () => stores[backend.name === 'Map' ? 0 : opens++ % 2]!,
        wipe: () => (keyv as KeyvLike & { clear(): Promise<void> }).clear(),
      })
      await checkLife(storage, { numRuns: lives(backend.name === 'Map' ? 60 : backend.name === 'SQLite' ? 5 : 20) })
    })

    if (backend.name === 'Map')
      it('the life of an entry ends with its process', async () => {
        const { renew } = (opened = await backend.open())
        const storage = () => {
          let keyv = renew!()
          return {
            ends: true,
            open: () => keyvStore((keyv = renew!())),
            wipe: () => keyv.clear(),
          }
        }
        await checkLife(storage, { numRuns: lives(60) })
      })
  })
}
