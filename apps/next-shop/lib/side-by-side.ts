/** The same four jobs, done by each of the three. */
import { cached } from '@autocache/next'
import { unstable_cache } from 'next/cache'

const sizeOf = async (filter: Map<string, string>) => ({ asked: [...filter.keys()].join(), computedAt: new Date() })
const dated = async () => ({ when: new Date(Date.UTC(2026, 0, 1)), computedAt: new Date() })

export const ours = {
  filter: cached(sizeOf, { ttl: '1h', name: 'filter', version: '1' }),
  price: (rate: number) => cached(async (n: number) => ({ total: n * rate, computedAt: new Date() }), { ttl: '1h' }),
  date: cached(async () => ({ when: new Date(Date.UTC(2026, 0, 1)), computedAt: new Date() }), { ttl: '1h' }),
}

export const plain = {
  filter: unstable_cache(sizeOf, ['filter'], { revalidate: 3600 }),
  price: (rate: number) =>
    unstable_cache(async (n: number) => ({ total: n * rate, computedAt: new Date() }), ['price'], { revalidate: 3600 }),
  date: unstable_cache(dated, ['date'], { revalidate: 3600 }),
}

export const useCache = {
  async filter(filter: Map<string, string>) {
    'use cache'
    return { asked: [...filter.keys()].join(), computedAt: new Date() }
  },
  price: (rate: number) =>
    async function price(n: number) {
      'use cache'
      return { total: n * rate, computedAt: new Date() }
    },
  async date() {
    'use cache'
    return { when: new Date(Date.UTC(2026, 0, 1)), computedAt: new Date() }
  },
}
