/** Several instances of one build over one Redis, through the cache handler. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Program, pre, type Server } from './support/next.ts'

const redis = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'
const env = { HANDLER: redis, NAMESPACE: `next-test-${randomUUID()}` }
// Servers are started in it.
vi.setConfig({ testTimeout: 180_000 })

let program: Program
let one: Server
let two: Server

beforeAll(async () => {
  program = new Program('instances')
  // Next takes a handler into the bundles of edge routes as well, where there is no node:fs.
  program.remove('app/edge')
  await program.build({ env })
  ;[one, two] = await Promise.all([program.start(env), program.start(env)])
}, 900_000)
afterAll(async () => {
  await Promise.all([one?.stop(), two?.stop()])
  program?.dispose()
})

test('what one instance computes answers in the other, and an invalidation reaches both', async () => {
  const [first] = await one.calls('price,shared')
  expect(await two.calls('price,shared')).toEqual([first])

  await two.calls('invalidate,shared')
  const [after] = await one.calls('price,shared')
  expect(after.run).not.toBe(first.run)
  expect(await two.calls('price,shared')).toEqual([after])

  await one.calls('revalidateTag,prices')
  // Next tells its handler beside the response, whose end does not wait for it.
  await expect.poll(async () => (await two.calls('price,shared'))[0].run, { timeout: 10_000 }).not.toBe(after.run)
})

test('a page that one instance rendered is the page of the other', async () => {
  const page = pre(await one.text('/static/1'))
  expect(pre(await two.text('/static/1'))).toBe(page)
})

test('more than 2 MB is kept, because the store has no such limit', async () => {
  const [first] = await one.calls('large,3000000')
  expect(await two.calls('large,3000000')).toEqual([first])
})

test('a store that is down never fails a page', async () => {
  const alone = await program.start({ ...env, HANDLER: 'redis://127.0.0.1:1' })
  try {
    const [first, other] = await alone.calls('price,down', 'other,down')
    expect(first).toMatchObject({ sku: 'down' })
    expect(other).toMatchObject({ sku: 'down' })
    expect(await alone.calls('invalidate,down', 'price,down')).toMatchObject(['undefined', { sku: 'down' }])
    expect(JSON.parse(pre(await alone.text('/page')))).toMatchObject({ sku: 'ada' })
    expect((await fetch(`${alone.url}/static/1`)).status).toBe(200)
  } finally {
    await alone.stop()
  }
})
