import { format } from 'vat-format'
import { cache } from './cache.ts'

/** An installed package. */
export const shown = cache.cached(async (net: number) => format(net))
