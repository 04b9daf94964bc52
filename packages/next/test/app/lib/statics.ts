import { cached } from '@autocache/next'
import { stamp } from './runs'

export const listed = cached(async () => ['1', '2'], { ttl: '1h' })
export const static_ = cached(async (n: string) => ({ n, run: stamp(`static ${n}`) }), { ttl: '1h' })
