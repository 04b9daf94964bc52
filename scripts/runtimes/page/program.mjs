// A program as a user writes it, over the built package: everything is defined at module scope, where a worker may draw
// no randomness and start no timer.
import { createAutocache } from '@autocache/core'

const rows = new Map()
const { cached } = createAutocache({
  namespace: 'program',
  ttl: '1m',
  store: {
    lifetime: 'shared',
    holds: 'text',
    get: async (key) => rows.get(key),
    set: async (key, held) => void rows.set(key, held),
    delete: async (key) => rows.delete(key),
  },
})

let runs = 0
const load = cached(
  async (id) => {
    runs += 1
    await new Promise((resolve) => setTimeout(resolve, 200))
    return `${id}:${runs}`
  },
  { name: 'load', version: '1' },
)
/** Over memory, without a version: its random part is drawn at the first call. */
const twice = createAutocache().cached((text) => text + text, { name: 'twice' })

export async function answer(id) {
  twice(id)
  return { value: await load(id), key: load.keyOf({ at: new Date(0), tags: new Set(['é', 1n]) }) }
}

globalThis.answer = answer
export default { fetch: async (request) => Response.json(await answer(new URL(request.url).search)) }
