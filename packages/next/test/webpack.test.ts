/** The deploy story with webpack, and with Next 15. */
import { afterEach, expect, test } from 'vitest'
import { Program } from './support/next.ts'

let program: Program
afterEach(() => program.dispose())

test.each([
  ['Next 16 with webpack', 'next', true],
  ['Next 15 with Turbopack', 'next15', false],
])(
  '%s: after a helper was edited only what reaches it is computed again',
  async (_, next, webpack) => {
    program = new Program(`older-${next}`, { next })
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
