import { cached } from '@autocache/next'

const rate = 10

/** Has the name and the text of another function in `values.ts`, and means another `rate`. */
export const total = cached(async (n: number) => n * rate, { ttl: '1h' })
