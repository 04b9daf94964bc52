import { cache } from './cache.ts'

/** The environment: its value joins the key. */
export const shipping = cache.cached(async (weight: number) => weight * Number(process.env.SHOP_FEE))
