import { cached } from '@autocache/next'
import { unstable_cache } from 'next/cache'

/** A row as a database gives it: plain data, which all three keep as it is. `run` is another for each run. */
const row = (id: number) => ({
  id,
  run: crypto.randomUUID(),
  name: `user ${id}`,
  tags: ['a', 'b', 'c'],
  address: { city: 'Rome', zip: '00100' },
  scores: [1, 2, 3, 4, 5],
})

type Query = { readonly id: number }

const typed = async ({ id }: Query) => ({ ...row(id), at: new Date(id), by: new Map([['a', id]]) })

async function useCache({ id }: Query) {
  'use cache'
  return row(id)
}

/** By the names under which the figures are reported. */
export const candidates = {
  autocache: cached(async ({ id }: Query) => row(id), { ttl: '1h' }),
  'autocache, with a Date and a Map': cached(typed, { ttl: '1h' }),
  unstable_cache: unstable_cache(async ({ id }: Query) => row(id), ['bench'], { revalidate: 3600 }),
  "'use cache'": useCache,
}
