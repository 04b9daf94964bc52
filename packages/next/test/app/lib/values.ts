import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { cached } from '@autocache/next'
import { after } from 'next/server'
import { price } from './prices'
import { stamp } from './runs'

const rate = 2

export const total = cached(async (n: number) => n * rate, { ttl: '1h' })

/** What JSON loses, each in its own way. */
export const kinds = cached(
  async () => ({
    numbers: [NaN, -0, Infinity, -Infinity, 1n],
    none: [undefined, null],
    holes: Object.assign(new Array<number>(3), { 0: 1, 2: 3 }),
    dates: [new Date(0), new Date(NaN)],
    pattern: /a+/gi,
    address: new URL('https://example.com/?q=1'),
    bytes: new Uint8Array([1, 255]),
    map: new Map<unknown, unknown>([[new Date(1), new Set([undefined, NaN])]]),
    error: new RangeError('no'),
    bare: Object.assign(Object.create(null), { a: 1 }) as object,
    run: stamp('kinds'),
  }),
  { ttl: '1h' },
)

class Point {
  x = 1
}
export const instance = cached(async () => ({ point: new Point(), run: stamp('instance') }), { ttl: '1h' })

/** Goes on once a file of that name lies in the folder of the program. */
export const held = cached(
  async (door: string) => {
    const run = stamp('held')
    console.log(`held ${door}`)
    while (!existsSync(join(process.cwd(), door))) await pause(10)
    return { run }
  },
  { ttl: '1h', tags: ['held'] },
)

/** Calls a cached function when the response is gone. */
export const later = async (sku: string) => after(async () => void (await price(sku)))
