import { cached } from './cache.js'
import rates from './rates.json' with { type: 'json' }
import { offset, region } from './region.js'
import { round } from './round.js'

const table: Record<string, number> = rates

/** A helper, and options with code in them. */
export const gross = cached(async (net: number): Promise<number> => round(net * 1.2), {
  ttl: '5m',
  key: (net: number) => [Math.floor(net)],
  deps: [round],
})

/** JSON. */
export const countryRate = cached(async (country: string) => table[country] ?? 0)

/** The environment: read for each call, and read with a module. */
export const shipping = cached(async function shipping(weight: number): Promise<string> {
  return `${region} ${weight * Number(process.env.SHOP_FEE) + offset}`
})

/** A factory: what the function captures joins its key. */
export function pricer(currency: string, terms: { readonly rate: number }) {
  return cached(async (net: number) => `${currency} ${round(net * terms.rate)}`, { name: 'pricer' })
}

export default cached((id: string) => Promise.resolve(`#${id}`), { name: 'numbered' })
