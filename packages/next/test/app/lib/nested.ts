import { cached } from '@autocache/next'
import { unstable_cache } from 'next/cache'
import { stamp } from './runs'

export const inner = cached(async (n: number) => ({ n, run: stamp('inner') }), { ttl: '1h', tags: ['inner'] })
export const outer = cached(async (n: number) => ({ inner: (await inner(n)).run, run: stamp('outer') }), { ttl: '1h' })
/** Within somebody else's cache. */
export const within = unstable_cache(async (n: number) => (await inner(n)).run, ['within'], { revalidate: 1 })
