import { describeStore } from '@autocache/conformance'
import { describeWith } from 'servers'
import { cacheManagerStore } from '../src/index.ts'
import { backends, pairs } from './support/backends.ts'

for (const pair of pairs) {
  for (const backend of backends) {
    const describe = await describeWith(backend.url)

    // Most of a clause is waiting for entries to expire.
    describe.concurrent(`the contract over ${backend.name}, ${pair.title}`, () => {
      describeStore(
        `cacheManagerStore over ${backend.name}`,
        async () => {
          const { cache, reopen, breakIt, close } = await backend.open(pair)
          const quiet = { onWarning: () => {} }
          return {
            store: cacheManagerStore(cache, quiet),
            close,
            reopen: () => cacheManagerStore(reopen(), quiet),
            ...(breakIt && { breakIt }),
          }
        },
        {
          mode: 'async',
          lifetime: backend.lifetime,
          holds: 'text',
          expires: true,
          exactKeys: true,
          survivesReopen: true,
          getMany: true,
          setMany: true,
          deleteMany: true,
          epochs: backend.epochs,
          // A Map cannot fail.
          reportsFailures: backend.lifetime === 'shared',
        },
      )
    })
  }
}
