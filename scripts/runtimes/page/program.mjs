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
const { cached: inMemory } = createAutocache({ flightTimeout: 100 })
const twice = inMemory((text) => text + text, { name: 'twice' })
/** Asks for itself after an await: where there is no async context it ends with flightTimeout, and it ends. */
const ring = inMemory(
  async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    depth += 1
    return depth < 2 ? ring() : 'end'
  },
  { name: 'ring' },
)
let depth = 0

export async function answer(id) {
  return {
    value: await load(id),
    key: load.keyOf({ at: new Date(0), tags: new Set(['é', 1n]) }),
    sync: twice(id),
    ring: await ring(),
  }
}

globalThis.answer = answer
export default { fetch: async (request) => Response.json(await answer(new URL(request.url).pathname.slice(1))) }
