import { cached } from '@autocache/next'

export const dynamic = 'force-dynamic'

/** Cached where it is rendered: what it captures of its props is in the key. */
async function Total({ of, rate, currency }: { of: number; rate: number; currency: { sign: string } }) {
  const total = cached(async (n: number) => `${currency.sign}${n * rate}`, { ttl: '1h' })
  return <li>{await total(of)}</li>
}

export default function Page() {
  return (
    <ul>
      <Total of={2} rate={3} currency={{ sign: '$' }} />
      <Total of={2} rate={4} currency={{ sign: '$' }} />
      <Total of={2} rate={3} currency={{ sign: '€' }} />
      <Total of={2} rate={3} currency={{ sign: '$' }} />
    </ul>
  )
}
