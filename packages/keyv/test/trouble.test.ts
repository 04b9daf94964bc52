import { describeWith } from 'servers'
import { afterAll, it } from 'vitest'
import { lives } from '../../core/test/life-model.ts'
import { checkTrouble, endTrouble } from '../../core/test/trouble-model.ts'
import { type KeyvLike, keyvStore } from '../src/index.ts'
import { backends, type Opened } from './support/backends.ts'

const runs = { Map: 40, SQLite: 5, Redis: 10 } as const

const opened: Opened[] = []
afterAll(async () => {
  await endTrouble()
  for (const { close } of opened) await close()
})

for (const backend of backends) {
  if (!(backend.name in runs)) continue
  const describeBackend = await describeWith(backend.url)
  describeBackend(`R17 R18 R20 R21 over Keyv ${backend.keyv} with ${backend.name}`, { timeout: 3_600_000 }, () => {
    it('no trouble of a store makes an answer old, a failure its own or a wait long', async () => {
      const one = await backend.open()
      opened.push(one)
      const { keyv, reopen } = one
      const stores = [keyvStore(keyv), keyvStore(reopen!())]
      let opens = 0
      const storage = () => ({
        // Two connections take turns; what a Map holds is of one process, and all its instances have one store.
        open: () => stores[backend.name === 'Map' ? 0 : opens++ % 2]!,
        wipe: () => (keyv as KeyvLike & { clear(): Promise<void> }).clear(),
      })
      await checkTrouble(storage, { numRuns: lives(runs[backend.name as keyof typeof runs]) })
    })
  })
}
