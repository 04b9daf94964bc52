import { cached } from '@autocache/next'
import { unstable_cache } from 'next/cache'

/** A row as a database gives it, plain data; and one with a Map and Dates, which plain `unstable_cache` cannot keep. */
const row = (id: number) => ({
  id,
  name: `user ${id}`,
  tags: ['a', 'b', 'c'],
  address: { city: 'Rome', zip: '00100' },
  scores: [1, 2, 3, 4, 5],
})

export const ours = cached(async (query: { id: number }) => row(query.id), { ttl: '1h' })
export const theirs = unstable_cache(async (query: { id: number }) => row(query.id), ['bench'], { revalidate: 3600 })
export const typed = cached(
  async (query: { id: number }) => ({ ...row(query.id), at: new Date(0), by: new Map([['a', 1]]) }),
  { ttl: '1h' },
)
