import { cache } from './cache.ts'
import rates from './rates.json' with { type: 'json' }

const table: Record<string, number> = rates

/** JSON. */
export const countryRate = cache.cached(async (country: string) => table[country] ?? 0)
