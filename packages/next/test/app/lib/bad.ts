import * as next from '@autocache/next'
import { cached } from '@autocache/next'
import { cookies } from 'next/headers'
import { stamp } from './runs'

export const large = cached(async (length: number) => ({ run: stamp('large'), text: 'x'.repeat(length) }), {
  ttl: '1h',
})
export const session = cached(async () => ({ run: stamp('session'), user: (await cookies()).get('user')?.value }), {
  ttl: '1h',
})
export const stream = cached(async () => new Response(stamp('stream')), { ttl: '1h' })
export const unfaithful = cached(async () => ({ run: stamp('unfaithful'), call: () => 1 }), { ttl: '1h' })
export const failing = cached(
  async () => {
    throw new RangeError('no such thing')
  },
  { ttl: '1h' },
)

const name: string = 'cached'
/** Made by what the compiler does not see: it has no version. */
export const unstamped = (next as unknown as Record<string, typeof cached>)[name]!(
  async () => ({ run: stamp('unstamped') }),
  {
    ttl: '1h',
  },
)
