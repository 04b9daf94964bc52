import { taxOf } from '@shop/tax'
import { cache } from './cache.ts'

/** A package of the workspace. */
export const taxed = cache.cached(async (net: number) => net + taxOf(net))
