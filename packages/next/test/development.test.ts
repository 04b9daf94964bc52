/**
 * `next dev`: what was edited is computed anew at once, and nothing else is.
 *
 * Next replaces edited modules in the running server. Where a proxy shares a module with a route, Next 16.4 leaves the route with
 * the old code, also without autocache; `turbopackServerFastRefresh: false` is its way out.
 */
import { afterEach, expect, test } from 'vitest'
import { Program, type Server, shown } from './support/next.ts'

let program: Program
let server: Server

afterEach(async () => {
  await server?.stop()
  program?.dispose()
})

/** Two entries, which are never those of other code than what runs. */
async function runs() {
  const [price, other, plus] = await server.calls('price,dev', 'other,dev', 'plus,dev')
  expect(price.price, 'the entry is of the code that runs').toBe(plus)
  return [price, other]
}
/** It is a matter of milliseconds, on a machine that has nothing else to do. */
const patience = { timeout: 60_000, interval: 100 }

test.each([
  ['without a proxy', false, {}],
  ['with a proxy that shares the helper', true, { NO_SERVER_REFRESH: '1' }],
])(
  '%s an edited helper recomputes what reaches it, an edited function itself, and a comment nothing',
  async (_, hasProxy, env) => {
    program = new Program('development')
    if (!hasProxy) program.remove('proxy.ts')
    server = await program.start(env, 'dev')
    const [price, other] = await runs()
    expect(await runs()).toEqual([price, other])

    const before = shown(await server.text('/action'))
    const after = shown(await server.submit('/action'))
    expect(after, 'a Server Action').toEqual({ ...before, ada: expect.not.stringContaining(before.ada!) as unknown })
    expect(await runs()).toEqual([price, other])

    program.edit('lib/helper.ts', 'n + 1', 'n + 5')
    await expect.poll(async () => (await runs())[0].price, patience).toBe(price.price + 4)
    const [edited, kept] = await runs()
    expect(kept).toEqual(other)

    program.edit('lib/prices.ts', "run: stamp('other')", "edited: true, run: stamp('other')")
    await expect.poll(async () => (await runs())[1].edited, patience).toBe(true)
    const [, changed] = await runs()
    expect((await runs())[0]).toEqual(edited)

    program.edit('lib/prices.ts', '/** Reached by no helper. */', '/** A comment. */')
    program.edit('lib/helper.ts', 'n + 5', 'n + 1')
    await expect.poll(runs, patience).toEqual([price, changed])
  },
  240_000,
)

test('where Next goes on with the old code after an edit, so do its entries', async () => {
  program = new Program('development')
  server = await program.start({}, 'dev')
  const [price] = await runs()
  program.edit('lib/helper.ts', 'n + 1', 'n + 5')
  await expect.poll(() => server.log(), patience).toContain('Compiled in')
  const [after] = await runs()
  // Whichever of the two runs, `runs` has compared the entry with it.
  expect([price.price, price.price + 4]).toContain(after.price)
}, 240_000)
