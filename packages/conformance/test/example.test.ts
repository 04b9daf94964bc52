import type { AsyncStore } from '@autocache/core'
import { describeStore } from '../src/index.ts'

/** Your storage: any client with its own words for things. */
const createClient = (rows = new Map<string, { body: string; dies: number }>()) => ({
  read: async (key: string) => rows.get(key),
  write: async (key: string, body: string, dies: number) => void rows.set(key, { body, dies }),
  remove: async (key: string) => rows.delete(key),
})

/** Your adapter: three operations over the client. */
function clientStore(client: ReturnType<typeof createClient>): AsyncStore<'text'> {
  return {
    lifetime: 'shared',
    holds: 'text',
    async get(key) {
      const row = await client.read(key)
      return row && Date.now() < row.dies ? row.body : undefined
    },
    set: (key, text, context) => client.write(key, text, context?.expiresAt ?? Number.POSITIVE_INFINITY),
    delete: (key) => client.remove(key),
  }
}

/** And the suite: an empty store per clause, and what you claim of it. */
describeStore(
  'clientStore',
  () => {
    const rows = new Map()
    return { store: clientStore(createClient(rows)), reopen: () => clientStore(createClient(rows)) }
  },
  { mode: 'async', lifetime: 'shared', holds: 'text', exactKeys: true, expires: true, survivesReopen: true },
)
