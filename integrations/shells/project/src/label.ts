import { cache } from './cache.ts'
import { Euro } from './money.ts'

/** A class hierarchy. */
export const label = cache.cached(async (amount: number) => new Euro(amount).text())
