import { cached } from '@autocache/next'
import { plus } from './helper'
import { stamp } from './runs'

/** One entry, whoever calls it. */
export const price = cached(
  async (sku: string) => ({
    sku,
    price: plus(sku.length),
    at: new Date(0),
    big: 10n,
    map: new Map([[sku, new Set([1])]]),
    none: undefined,
    run: stamp('price'),
  }),
  { ttl: '1h', tags: ['prices'] },
)

/** Reached by no helper. */
export const other = cached(async (sku: string) => ({ sku, run: stamp('other') }), { ttl: '1h' })

export const short = cached(async () => ({ run: stamp('short') }), { ttl: '1s' })
export const stale = cached(async () => ({ run: stamp('stale') }), { ttl: '1s', staleTtl: '1h' })

export const options = cached(async (filter: Map<string, unknown>) => ({ size: filter.size, run: stamp('options') }), {
  ttl: '1h',
})

export const factory = (rate: number) =>
  cached(async (n: number) => ({ total: n * rate, run: stamp('factory') }), { ttl: '1h' })
