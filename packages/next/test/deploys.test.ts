/** What is warm after a deploy, with Turbopack and with webpack; with `AUTOCACHE_LONG=1` also with Next 15. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Program, type Server } from './support/next.ts'

let program: Program

beforeAll(() => {
  program = new Program('deploys')
  program.keepRoute()
})
afterAll(() => program.dispose())

/** Builds what lies there, and asks a new server. */
async function deployed<T>(ask: (server: Server) => Promise<T>): Promise<T> {
  await program.build()
  const server = await program.start()
  try {
    return await ask(server)
  } finally {
    await server.stop()
  }
}

const runs = (server: Server) => server.calls('price,kept', 'other,kept')

test('a deploy keeps what its edit cannot change, and a rollback finds what was there', async () => {
  const [price, other] = await deployed(runs)

  program.edit('lib/helper.ts', 'export const plus', '/** Adds one. */\nexport const plus')
  program.edit('lib/prices.ts', '/** Reached by no helper. */', '')
  expect(await deployed(runs), 'a comment').toEqual([price, other])

  program.edit('lib/helper.ts', 'n + 1', 'n + 2')
  const [changed, kept] = await deployed(runs)
  expect(changed, 'a helper, in what reaches it').toMatchObject({ price: price.price + 1 })
  expect(kept, 'a helper, in what does not').toEqual(other)

  program.edit('lib/helper.ts', 'n + 2', 'n + 1')
  expect(await deployed(runs), 'rolled back').toEqual([price, other])
}, 900_000)

/** Each builds three times, for a minute or more. */
const others = [
  ['Next 16 with webpack', 'next', true],
  ...(process.env.AUTOCACHE_LONG
    ? ([
        ['Next 15 with Turbopack', 'next15', false],
        ['Next 15 with webpack', 'next15', true],
      ] as const)
    : []),
] as const

test.each(others)(
  '%s: a deploy computes again what a helper reaches, keeps what only comments were changed of, and a rollback is warm',
  async (_, next, webpack) => {
    const program = new Program(`deploys-${next}-${webpack ? 'webpack' : 'turbopack'}`, { next })
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
    try {
      const [price, other] = await ask()
      program.edit('lib/prices.ts', '/** Reached by no helper. */', '/** A comment. */')
      program.edit('lib/helper.ts', 'n + 1', 'n + 2')
      const [changed, kept] = await ask()
      expect(changed).toMatchObject({ price: price.price + 1 })
      expect(kept).toEqual(other)
      program.edit('lib/helper.ts', 'n + 2', 'n + 1')
      expect((await ask()).slice(0, 2)).toEqual([price, other])
    } finally {
      program.dispose()
    }
  },
  900_000,
)
