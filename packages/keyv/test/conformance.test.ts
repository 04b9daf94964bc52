import { describeStore } from '@autocache/conformance'
import { describeWith } from 'servers'
import { keyvStore } from '../src/index.ts'
import { backends } from './support/backends.ts'

for (const backend of backends) {
  const describe = await describeWith(backend.url)
  const inProcess = backend.name === 'Map'
  const isMysql = backend.name === 'MySQL'

  // Most of a clause is waiting for entries to expire.
  describe.concurrent(`the contract over ${backend.name}, Keyv ${backend.keyv}`, () => {
    describeStore(
      `keyvStore over ${backend.name}`,
      async () => {
        const { keyv, reopen, breakIt, close } = await backend.open()
        return {
          store: keyvStore(keyv),
          close,
          ...(reopen && { reopen: () => keyvStore(reopen()) }),
          ...(breakIt && { breakIt }),
        }
      },
      {
        mode: 'async',
        lifetime: inProcess ? 'process' : 'shared',
        holds: 'text',
        expires: true,
        survivesReopen: true,
        getMany: true,
        setMany: true,
        deleteMany: true,
        keys: true,
        // A Map cannot fail.
        reportsFailures: !inProcess,
        // MySQL's default collation takes `a` and `A` for one key, and its TEXT column ends at 65,535 bytes.
        exactKeys: !isMysql,
        ...(isMysql && { maxEntryBytes: 60_000 }),
      },
    )
  })
}
