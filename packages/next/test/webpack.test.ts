/** The deploy story with webpack and, with `AUTOCACHE_LONG=1`, with Next 15. */
import { afterEach, expect, test } from 'vitest'
import { Program } from './support/next.ts'

let program: Program
afterEach(() => program.dispose())

const usual = [['Next 16 with webpack', 'next', true]] as const
const long = [
  ['Next 15 with Turbopack', 'next15', false],
  ['Next 15 with webpack', 'next15', true],
] as const

test.each([...usual, ...(process.env.AUTOCACHE_LONG ? long : [])])(
  '%s: after a helper was edited only what reaches it is computed again',
  async (_, next, webpack) => {
    program = new Program(`older-${next}-${webpack}`, { next })
    program.keepRoute()
    const ask = async () => {
      await program.build({ webpack })
      const server = await program.start()
      try {
        return await server.calls('price,kept', 'other,kept', 'invalidate,gone', 'price,gone')
      } finally {
        await server.stop()
      }
    }
    const [price, other] = await ask()
    program.edit('lib/helper.ts', 'n + 1', 'n + 2')
    const [changed, kept] = await ask()
    expect(changed).toMatchObject({ price: price.price + 1 })
    expect(kept).toEqual(other)
  },
  300_000,
)
