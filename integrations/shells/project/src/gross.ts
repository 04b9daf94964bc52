import { cache } from './cache.ts'
import { round } from './round.ts'

const standard = 1.2

/** Helpers across files. */
export const gross = cache.cached(async (net: number) => round(net * standard))
