/** `next dev`: what was edited is computed anew at once, and nothing else is. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Program, type Server } from './support/next.ts'

let program: Program
let server: Server

beforeAll(async () => {
  program = new Program('development')
  server = await program.start({}, 'dev')
}, 900_000)
afterAll(async () => {
  await server?.stop()
  program?.dispose()
})

const runs = () => server.calls('price,dev', 'other,dev')
/** It is a matter of milliseconds, on a machine that has nothing else to do. */
const patience = { timeout: 120_000, interval: 250 }

test('an edited helper recomputes what reaches it, an edited function itself, and a comment nothing', async () => {
  const [price, other] = await runs()
  expect(await runs()).toEqual([price, other])
  // What is edited while Next still writes its first cache may be missed by its watcher.
  await new Promise((resolve) => setTimeout(resolve, 12_000))

  program.edit('lib/helper.ts', 'n + 1', 'n + 5')
  await expect.poll(async () => (await runs())[0].price, patience).toBe(price.price + 4)
  const [edited, kept] = await runs()
  expect(kept).toEqual(other)

  program.edit('lib/prices.ts', "run: stamp('other')", "edited: true, run: stamp('other')")
  await expect.poll(async () => (await runs())[1].edited, patience).toBe(true)
  expect((await runs())[0]).toEqual(edited)

  program.edit('lib/helper.ts', 'n + 5', 'n + 1')
  await expect.poll(async () => (await runs())[0], patience).toEqual(price)
}, 900_000)
